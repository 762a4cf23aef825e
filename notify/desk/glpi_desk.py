"""The service desk on a GLPI, whichever of its two interfaces reaches it: every write is looked for first and read back.

GLPI has no unique key for tickets, so two programs at once may open two: after opening, all are looked for again, the oldest
stays and the others are closed as its duplicates. Whoever comes second sees the first, whatever the order.
"""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from config.errors import Rejected, Target, WriteRefused
from config.stop_point import StopPoint
from config.vocabulary import CaseNumber
from notify.desk.glpi_api import EntryRow, GlpiApi, GlpiStatus, TicketRow, glpi_status, status_of
from notify.desk.glpi_errors import lacking, not_kept, unknown_ticket
from notify.desk.glpi_text import (
    fields_text,
    is_note_mark,
    note_mark,
    plain,
    rich,
    same_text,
    solution_mark,
    state_mark,
    storable,
    title,
    unmarked,
)
from notify.desk.port import NO_CASE, NewTicket, Reply, Ticket, TicketFields, TicketId, TicketStatus, refuse_closing

_CASE = re.compile(r"[A-Z]{2,8}-\d{4}-\d{6,12}", re.ASCII)
_NUMBER = re.compile(r"[1-9]\d{0,14}", re.ASCII)


class GlpiTickets:
    """A `Desk` over one connection to GLPI. With `writable` false nothing that changes GLPI is ever sent.

    `stop_point` is called after each write: "desk.created", "desk.noted", "desk.shown", "desk.solved", "desk.moved",
    "desk.settled".
    """

    def __init__(self, api: GlpiApi, *, zone: ZoneInfo, writable: bool, stop_point: StopPoint) -> None:
        self._api = api
        self._zone = zone
        self._writable = writable
        self._stop_point = stop_point

    def find(self, case: CaseNumber) -> Ticket | None:
        """The ticket of this case: the oldest, should there be several for a moment."""
        rows = self._tickets_of(_checked(case))
        return self._whole(rows[0]) if rows else None

    def create(self, ticket: NewTicket) -> Ticket:
        """Open the ticket; one of the same case is returned as it is, save for a requester that a crash left out."""
        case = _checked(ticket.case)
        self._writing(f"Se registraría el caso {case} en GLPI.")
        rows = self._tickets_of(case)
        if not rows:
            heading, content = title(ticket.subject) or case, rich(_opening(ticket))
            number = self._api.add_ticket(case, heading, content, ticket.requester)
            self._stop_point("desk.created")
            rows = self._tickets_of(case)
            ours = next((row for row in rows if row.number == number), None)
            if ours is None:
                # The next run would not see it either, and would open one more.
                raise lacking(f"el ticket {number}, que acaba de abrir para {case}, no aparece al buscarlo")
            if not same_text(plain(ours.content), storable(_opening(ticket))):
                raise not_kept(f"registró el texto de {case} en el ticket {number}")
        for younger in rows[1:]:
            self._close_duplicate(younger, of=rows[0])
        self._api.complete_requester(rows[0].number, ticket.requester)
        return self._whole(rows[0])

    def note(self, id: TicketId, key: str, text: str) -> None:
        """Add a private note: agents see it, the requester does not. The same key is noted once."""
        self._writing(f"Se anotaría en el ticket {id}: {text}")
        row = self._own(id)
        self._note(row, note_mark(CaseNumber(row.case), key), text)

    def set_fields(self, id: TicketId, fields: TicketFields) -> None:
        """Show where the case stands in one private followup that is kept up to date in its place.

        GLPI has no custom fields without a plugin; the title and the description are the request, and changing those would
        mail the requester. A closed ticket without such a followup gets none: adding to it could open it again.
        """
        self._writing(f"El ticket {id} diría: {fields.state}")
        row = self._own(id)
        mark = state_mark(CaseNumber(row.case))
        text = fields_text(fields, self._zone)
        shown = self._marked(row, mark)
        if shown is None:
            if row.solved:
                return
            self._api.add_followup(row.number, rich(text, mark))
        elif same_text(unmarked(shown.content)[0], text):
            return
        else:
            self._api.change_followup(row.number, shown.number, rich(text, mark))
        shown = self._marked(row, mark)
        if shown is None or not same_text(unmarked(shown.content)[0], text):
            raise not_kept(f"mostró el estado del caso en el ticket {row.number}")
        self._stop_point("desk.shown")
        self._keep_status(row)

    def changed_since(self, at: datetime) -> tuple[CaseNumber, ...]:
        """Cases whose tickets changed in GLPI at or after `at`, by `date_mod`; what this program wrote changes it too."""
        return tuple(dict.fromkeys(case for case in self._api.changed_since(at) if _CASE.fullmatch(case)))

    def set_status(self, id: TicketId, status: TicketStatus) -> None:
        """Move the ticket; from CLOSED this opens it again, and GLPI marks its solution as refused.

        Raises Rejected for CLOSED, which needs a solution.
        """
        refuse_closing(id, status)
        self._writing(f"El ticket {id} pasaría a «{status}».")
        row = self._own(id)
        if status_of(row.status) is not status:
            self._change_status(row, glpi_status(status))

    def close_with_solution(self, id: TicketId, solution: str) -> None:
        """Solve the ticket (activity 6); a solved or closed one stays as it is.

        A ticket that a person closed keeps that person's closing, and gets our solution as a note.
        """
        self._writing(f"Se cerraría el ticket {id}: {solution}")
        row = self._own(id)
        solutions = self._api.solutions(row.number)
        case = CaseNumber(row.case)
        mark = solution_mark(case)
        if row.solved:
            if not any(self._is_ours(each, case) and not each.refused for each in solutions):
                self._note(row, mark, solution)
            return
        last = solutions[-1] if solutions else None
        if last is None or last.refused or not self._says(last, case, solution):
            self._api.add_solution(row.number, rich(solution, mark))
            written = self._api.solutions(row.number)
            if not written or not self._says(written[-1], case, solution):
                raise not_kept(f"escribió la solución en el ticket {row.number}")
            self._stop_point("desk.solved")
        closed = self._own(id)
        if not closed.solved:
            # A crash of GLPI between writing the solution and changing the state.
            self._change_status(closed, GlpiStatus.SOLVED)

    def check(self) -> tuple[str, ...]:
        """Nothing, when the account may enter and search: its rights are looked at as it enters; a missing one is raised."""
        self.find(NO_CASE)
        return ()

    def close(self) -> None:
        """End the session with GLPI. Idempotent."""
        self._api.close()

    def _tickets_of(self, case: CaseNumber) -> tuple[TicketRow, ...]:
        # Anybody with the right to open tickets may write a case number in one of his own, and would get our notes.
        rows = self._api.tickets_of(case)
        return tuple(row for row in rows if row.opened_by in {None, self._api.own_user()})

    def _writing(self, what: str) -> None:
        if not self._writable:
            raise WriteRefused(what)

    def _own(self, id: TicketId) -> TicketRow:
        row = self._api.ticket(int(id)) if _NUMBER.fullmatch(id) else None
        if row is None or row.deleted or not _CASE.fullmatch(row.case):
            raise unknown_ticket(id)
        return row

    def _note(self, row: TicketRow, mark: str, text: str) -> None:
        if self._marked(row, mark) is not None:
            return
        self._api.add_followup(row.number, rich(text, mark))
        noted = self._marked(row, mark)
        if noted is None:
            raise lacking(f"la nota que acaba de escribir en el ticket {row.number} no se deja leer")
        if not same_text(unmarked(noted.content)[0], storable(text)):
            raise not_kept(f"anotó en el ticket {row.number}")
        self._stop_point("desk.noted")
        self._keep_status(row)

    def _marked(self, row: TicketRow, mark: str) -> EntryRow | None:
        entries = self._api.followups(row.number)
        case = CaseNumber(row.case)
        return next((each for each in entries if unmarked(each.content)[1] == mark and self._is_ours(each, case)), None)

    def _is_ours(self, entry: EntryRow, case: CaseNumber) -> bool:
        # An agent may quote a mark; the interface of GLPI 11.0.0 names no author, and there the mark must do.
        if entry.author is None:
            return unmarked(entry.content)[1].startswith(f"[{case}")
        return entry.author == self._api.own_user()

    def _says(self, entry: EntryRow, case: CaseNumber, text: str) -> bool:
        return self._is_ours(entry, case) and same_text(unmarked(entry.content)[0], storable(text))

    def _change_status(self, row: TicketRow, status: GlpiStatus) -> None:
        self._api.set_status(row.number, status)
        now = self._api.ticket(row.number)
        if now is None or status_of(now.status) is not status_of(status):
            raise not_kept(f"pasó el ticket {row.number} a «{status_of(status)}»")
        self._stop_point("desk.moved")

    def _keep_status(self, row: TicketRow) -> None:
        # GLPI opens a solved or waiting ticket again when its requester writes (needReopen), and this program may be that.
        now = self._api.ticket(row.number)
        if now is not None and now.status is not row.status and (row.solved or row.status is GlpiStatus.WAITING):
            self._change_status(now, row.status)

    def _close_duplicate(self, younger: TicketRow, *, of: TicketRow) -> None:
        if younger.solved:
            return
        text = f"Duplicado del ticket {of.number}, que atiende el mismo caso."
        try:
            self._api.add_solution(younger.number, rich(text, solution_mark(CaseNumber(younger.case))))
        except Rejected:
            # Another program closed it in the meantime, which is what was wanted.
            now = self._api.ticket(younger.number)
            if now is not None and not now.solved:
                raise
        now = self._api.ticket(younger.number)
        if now is not None and not now.solved:
            raise not_kept(f"cerró el ticket {younger.number}, duplicado del {of.number}")
        self._stop_point("desk.settled")

    def _whole(self, row: TicketRow) -> Ticket:
        followups, solutions = self._api.followups(row.number), self._api.solutions(row.number)
        case = CaseNumber(row.case)
        return Ticket(
            id=TicketId(str(row.number)),
            case=case,
            status=status_of(row.status),
            notes=tuple(text for text, mark in self._written(followups, case) if is_note_mark(mark)),
            solution=self._solution(followups, solutions, case),
            replies=self._replies(row, followups, solutions),
            closed_by=self._closed_by(row, solutions, case),
        )

    def _written(self, followups: tuple[EntryRow, ...], case: CaseNumber) -> list[tuple[str, str]]:
        return [unmarked(each.content) for each in followups if self._is_ours(each, case)]

    def _solution(self, followups: tuple[EntryRow, ...], solutions: tuple[EntryRow, ...], case: CaseNumber) -> str | None:
        ours = [each for each in solutions if self._is_ours(each, case)]
        standing = [unmarked(each.content)[0] for each in ours if not each.refused]
        noted = [text for text, mark in self._written(followups, case) if mark == solution_mark(case)]
        refused = [unmarked(each.content)[0] for each in ours]
        return next((texts[-1] for texts in (standing, noted, refused) if texts), None)

    def _replies(self, row: TicketRow, followups: tuple[EntryRow, ...], solutions: tuple[EntryRow, ...]) -> tuple[Reply, ...]:
        # Nor is whoever wrote by mail from an address that GLPI does not know, or of whom it does not say who he is
        # (docs/decisions/0026).
        others: frozenset[int | None] = self._api.outsiders(row.number) | {None, 0} if followups or solutions else frozenset()
        replies = [
            Reply(f"{kind}-{entry.number}", self._api.name_of(entry), entry.at or row.changed, plain(entry.content))
            for kind, entries in (("followup", followups), ("solution", solutions))
            for entry in entries
            if not self._is_ours(entry, CaseNumber(row.case)) and entry.author not in others
        ]
        return tuple(sorted(replies, key=lambda reply: (reply.at, reply.key)))

    def _closed_by(self, row: TicketRow, solutions: tuple[EntryRow, ...], case: CaseNumber) -> str | None:
        if not row.solved:
            return None
        last = next((each for each in reversed(solutions) if not each.refused), None)
        if last is not None:
            return None if self._is_ours(last, case) else self._api.name_of(last)
        if row.last_editor is None or row.last_editor in {0, self._api.own_user()}:
            return None
        return self._api.name_of_user(row.last_editor)


def _opening(ticket: NewTicket) -> str:
    return f"{ticket.body}\nSolicitante: {ticket.requester}" if ticket.requester not in ticket.body else ticket.body


def _checked(case: CaseNumber) -> CaseNumber:
    # What goes into a search is of an alphabet that means nothing to it.
    if not _CASE.fullmatch(case):
        raise Rejected(Target.DESK, f"«{storable(case)[:40]}» no es un número de caso.", remedy="Revise el número del caso.")
    return case
