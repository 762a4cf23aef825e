"""Where the service desk watches every request: the tab "Seguimiento", and "Caso"/"Estado" beside the response."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from config.vocabulary import CaseNumber, EmailAddress

HEADERS = (
    "Caso", "Recibido", "Solicitante", "Operación", "Usuario", "Cuenta", "Dependencia", "Autorización", "Estado", "Paso",
    "En espera de", "Vence", "SLA", "Actualizado", "Detalle", "Acción", "Observación",
)  # fmt: skip
"""The columns of "Seguimiento", in order; the last two belong to the desk and are never overwritten, only cleared."""


@dataclass(frozen=True, slots=True)
class ResponseMark:
    """What tells one response's row on the form's own tab from all others, when it can be told at all."""

    submitted_at: datetime
    """Aware UTC; the sheet shows it in its own time zone with a precision of one second."""
    requester: EmailAddress
    answers: frozenset[str]
    """Every answer's text as typed; all must stand in the row."""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One request as the desk sees it: text as it is shown, never interpreted (a formula stays text)."""

    case: CaseNumber
    received: str
    requester: str
    operation: str
    user: str
    account: str
    unit: str
    authorisation: str
    state: str
    step: str
    waiting_for: str
    due: str
    sla: str
    updated: str
    detail: str
    mark: ResponseMark | None = None
    action_taken: bool = False
    """The action that was in "Acción" has been answered in Detalle: clear it with this write."""

    def cells(self) -> tuple[str, ...]:
        """The program's own fifteen columns, in the order of HEADERS."""
        return (
            str(self.case), self.received, self.requester, self.operation, self.user, self.account, self.unit,
            self.authorisation, self.state, self.step, self.waiting_for, self.due, self.sla, self.updated, self.detail,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class RequestedAction:
    """Something an agent chose on the board. `action` is the text of the cell: it may be none of DeskAction."""

    case: CaseNumber
    action: str
    note: str


class Board(Protocol):
    """One `read` and at most one `write` a run, however many requests changed.

    Raises Misconfigured, Unreachable or Transient (Target.SHEET); in a dry run `write` raises WriteRefused.
    """

    def read(self) -> tuple[RequestedAction, ...]:
        """Read the board once and return the actions found on it. The positions read are used by `write`."""
        ...

    def write(self, rows: Sequence[BoardRow]) -> tuple[str, ...]:
        """Show these requests: update the row of a known case where it stands now, add a row for a new one.

        One batched request over fixed ranges, RAW: repeating it after a failure changes nothing. Reads first if `read` was
        not called in this run. Returns, in Spanish, what could not be placed (an ambiguous response row).
        """
        ...

    def close(self) -> None:
        """Free connections. Idempotent."""
        ...
