"""What a matrix must be as a whole: no repetitions, one name for one person, delegations that can count; and its version."""

import hashlib
import json
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import date

from config.vocabulary import AccountType, EmailAddress, Operation
from intake.matrix_rows import All, Everything, MatrixRow, Role
from intake.typed_text import folded, quoted


@dataclass(frozen=True, slots=True)
class Place:
    """A cell as its reader finds it."""

    row: int
    column: str

    def __str__(self) -> str:
        return f"Fila {self.row}, columna «{self.column}»"


def problems_between(rows: Sequence[MatrixRow], doubtful: Set[int], addresses: Set[str]) -> list[str]:
    """What can be wrong only between rows: repetition, one person under two names, delegation.

    `doubtful` are rows with problems of their own, `addresses` the small-letter addresses of all rows that have one.
    """
    problems: list[str] = []
    first_of: dict[MatrixRow, int] = {}
    people: dict[str, list[MatrixRow]] = {}
    for row in rows:
        people.setdefault(row.requester.lower(), []).append(row)
    for row in rows:
        alike = replace(row, row=0, requester=EmailAddress(row.requester.lower()))
        if alike in first_of and row.row not in doubtful and first_of[alike] not in doubtful:
            problems.append(f"Fila {row.row}: repite la fila {first_of[alike]}; borre una de las dos.")
        first_of.setdefault(alike, row.row)
        namesake = people[row.requester.lower()][0]
        if folded(namesake.name) != folded(row.name):
            problems.append(
                f"{Place(row.row, 'nombre')}: {row.requester} se llama {quoted(namesake.name)} en la fila {namesake.row}; "
                "escriba el mismo nombre en todas sus filas."
            )
        if row.role is Role.DELEGATE and row.delegate_of is not None:
            own = people.get(row.delegate_of.lower(), [])
            problems.extend(_delegation(row, row.delegate_of, own, doubtful=row.row in doubtful, known=addresses))
    return problems


def _delegation(
    row: MatrixRow, delegator: EmailAddress, own: Sequence[MatrixRow], *, doubtful: bool, known: Set[str]
) -> list[str]:
    """What is wrong with one delegation; `own` are the delegator's rows."""
    place = Place(row.row, "delegado_de")
    if delegator.lower() == row.requester.lower():
        return [f"{place}: nadie puede ser delegado de sí mismo."]
    if not own:
        # A delegator whose own row has problems is there: only those problems are said.
        return [] if delegator.lower() in known else [f"{place}: {delegator} no está en la matriz; agregue su fila."]
    if all(other.role is Role.DELEGATE for other in own):
        return [f"{place}: {delegator} es a su vez delegado, y un delegado no puede delegar."]
    if not row.operations and not doubtful and all(other.role is not Role.HEAD for other in own):
        hint = "Si debe poder delegar, escriba en la columna «operaciones» de esta fila cuáles delega."
        return [f"{place}: {delegator} no es jefe de área, y solo los jefes de área delegan. {hint}"]
    return []


def digest_of(rows: Sequence[MatrixRow]) -> str:
    """Twelve hexadecimal digits that change when a row, its place or its meaning does, and not with spaces or capitals."""
    digest = hashlib.sha256()
    for row in rows:
        fields: list[str | int | bool | list[str] | None] = [
            row.row, row.requester.lower(), row.name, row.role.value, _sorted(row.units), _sorted(row.operations),
            _sorted(row.account_types), row.delegate_of.lower() if row.delegate_of else None, _iso(row.valid_from),
            _iso(row.valid_until), row.approver,
        ]  # fmt: skip
        if row.needs_approval:
            # Only where it is said: the versions of matrices from before the word existed stay what they were.
            fields.append("needs_approval")
        digest.update(json.dumps(fields, ensure_ascii=False).encode())
    return digest.hexdigest()[:12]


def _sorted(cell: frozenset[str] | frozenset[Operation] | frozenset[AccountType] | Everything) -> list[str] | str:
    return "*" if isinstance(cell, All) else sorted(str(item) for item in cell)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
