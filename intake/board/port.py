"""Where the service desk watches every request: the tab "Seguimiento", and "Caso"/"Estado" beside the response."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from config.vocabulary import CaseNumber, EmailAddress
from intake.board.dashboard import Dashboard

HEADERS = (
    "Caso", "Recibido", "Solicitante", "Operación", "Usuario", "Cuenta", "Dependencia", "Autorización", "Estado", "Paso",
    "En espera de", "Vence", "SLA", "Actualizado", "Detalle", "Acción", "Observación",
)  # fmt: skip
"""The columns of "Seguimiento", in order; the last two belong to the desk and are never overwritten, only cleared."""

MISPLACED = " (no aplicada: la fila se movió; elíjala de nuevo)"


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
    actions: tuple[str, ...] = ()
    """What "Acción" offers for this case: the actions that it allows now, in order; none for a closed one."""
    authorisation_note: str = ""
    """Beside "Autorización": the row of the matrix, its reason, and the versions it was decided by."""
    state_note: str = ""
    """Beside "Estado": what the state means."""
    turn: str = ""
    """Whose turn it is (intake.board.dashboard.TURNS); empty for a closed case."""
    due_on: date | None = None
    """The day of `due` in the institution's zone."""
    progress: float | None = None
    """Business hours that ran, as a share of those allowed: 1 is due, more is late. None: not measured."""

    def cells(self) -> tuple[str, ...]:
        """The program's own fifteen columns, in the order of HEADERS."""
        return (
            str(self.case), self.received, self.requester, self.operation, self.user, self.account, self.unit,
            self.authorisation, self.state, self.step, self.waiting_for, self.due, self.sla, self.updated, self.detail,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class RequestedAction:
    """Something an agent chose on the board. `action` is the text of the cell: it may be none of DeskAction.

    An action that stands on a row whose case was written over or moved apart from its key comes with MISPLACED behind it, so
    that it is answered and never taken: nobody can tell which case the agent meant.
    """

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

    def misplaced(self) -> tuple[CaseNumber, ...]:
        """Cases whose row said, when it was read last, that it was another case's: pass them to `write` even when closed."""
        ...

    def write(self, rows: Sequence[BoardRow], dashboard: Dashboard | None = None) -> tuple[str, ...]:
        """Show these requests: update the row of a known case where it stands now, add a row for a new one.

        One batched request over fixed ranges, plain text: repeating it after a failure changes nothing. Reads first if `read`
        was not called in this run. `dashboard` is what "Tablero" shows; None leaves it as it is. Returns, in Spanish, what
        could not be placed (an ambiguous response row) and what the desk has to mend.
        """
        ...

    def close(self) -> None:
        """Free connections. Idempotent."""
        ...
