"""Where the authorizer matrix comes from, and the rule that an invalid one stops the run."""

from typing import Protocol

from config.errors import Misconfigured, Target
from config.institution import Institution
from intake.matrix_rows import InvalidMatrix, Matrix
from intake.matrix_table import read_matrix

_SAID = 20


class MatrixSource(Protocol):
    """Raises Misconfigured (Target.MATRIX) for what cannot be read as a table, Unreachable or Transient for a sheet."""

    def read(self) -> list[list[str]]:
        """The whole table as the text of its cells, header first: all of it or an error, never a part. Reads only."""
        ...

    def close(self) -> None:
        """Free connections. Idempotent."""
        ...


def load_matrix(source: MatrixSource, policy: Institution) -> Matrix:
    """Read and check the whole matrix. Raises Misconfigured with the first 20 problems, and what `read` raises."""
    found = read_matrix(source.read(), policy)
    if isinstance(found, Matrix):
        return found
    raise Misconfigured(
        Target.MATRIX, _said(found), remedy="Corríjalos y ejecute de nuevo; mientras tanto nadie es autorizado."
    )


def _said(invalid: InvalidMatrix) -> str:
    count = len(invalid.problems)
    lines = "".join(f"\n  - {problem}" for problem in invalid.problems[:_SAID])
    more = f"\n  y {count - _SAID} más." if count > _SAID else ""
    return f"La matriz de autorizadores tiene {count} {'error' if count == 1 else 'errores'}:{lines}{more}\n"
