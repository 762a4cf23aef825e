"""Request Tracker 5 as the desk, through REST2.

Measured on RT 5.0.3: an invalid state, an unknown field or custom field is answered with success; TicketSQL is text; nothing
is unique; RT mails the requester what a ticket is opened with and what is written as correspondence. So each write is read
back, a search names nothing but a case number, of two tickets of a case the older one stays, and this program only comments.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from config.errors import Misconfigured, Rejected, Target, TargetError, Transient
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber
from notify.desk import request_tracker_words as words
from notify.desk.port import NO_CASE, NewTicket, Ticket, TicketFields, TicketId, TicketStatus, refuse_closing
from notify.desk.request_tracker_http import RequestTrackerHttp, RequestTrackerReach
from notify.desk.request_tracker_reading import RequestTrackerTickets
from notify.desk.request_tracker_rows import MadeRow, TicketRow, row

_MADE = re.compile(r"/transaction/([0-9]{1,12})")


class RequestTrackerDesk:
    """A `Desk` over one queue. One worker at a time handles a case (the executor's lease); two that do all the same end with
    one ticket, because each looks again after making one, and what is made twice is resolved as a duplicate.

    `stop_point` is called after each write, with "desk.created", "desk.described", "desk.noted" and so on.
    """

    def __init__(
        self,
        reach: RequestTrackerReach,
        *,
        queue: str,
        key_field: str,
        zone: ZoneInfo,
        writable: bool = True,
        stop_point: StopPoint = let_go,
    ) -> None:
        self._http = RequestTrackerHttp(reach, writable=writable)
        self._tickets = RequestTrackerTickets(self._http, token=reach.token, key_field=key_field)
        self._queue = queue
        self._key_field = key_field
        self._zone = zone
        self._stop_point = stop_point

    def find(self, case: CaseNumber) -> Ticket | None:
        """The ticket of this case."""
        rows = self._tickets.of_case(words.checked_key(case))
        return self._tickets.ticket(rows[0], case) if rows else None

    def create(self, ticket: NewTicket) -> Ticket:
        """Open the ticket; one of the same case is returned as it is."""
        key = words.checked_key(ticket.case)
        rows = self._tickets.of_case(key)
        made = 0
        if not rows:
            self._check_queue()
            made = self._post(ticket, key)
            rows = self._tickets.of_case(key)
            if not rows:
                raise self._not_shown(made, key)
        if self._tickets.key_of(rows[0]) != key:
            rows = (self._keyed(rows[0], key),)
        # Whoever made the older ticket may not have seen the newer one, so each worker resolves its own; the oldest's all.
        mine = [each for each in rows[1:] if each.id == made]
        self._settle(key, rows[0], mine or rows[1:])
        if rows[0].id == made or not self._tickets.history(rows[0].id).has_note(words.REQUEST):
            self._comment(rows[0].id, words.REQUEST, ticket.body)
            self._stop_point("desk.described")
        return self._tickets.ticket(rows[0], ticket.case)

    def note(self, id: TicketId, key: str, text: str) -> None:
        """Comment, once for each key; found again by the comment's subject."""
        ticket = self._tickets.existing(id)
        mark = words.note_mark(key)
        if not self._tickets.history(ticket.id).has_note(mark):
            self._comment(ticket.id, mark, text)
            self._stop_point("desk.noted")

    def set_fields(self, id: TicketId, fields: TicketFields) -> None:
        """Show where the case stands in custom fields. Raises Misconfigured when one of docs/administrador.md is missing."""
        ticket = self._tickets.existing(id)
        wanted = words.custom_fields(fields, self._zone)
        missing = sorted(wanted.keys() - {field.name for field in ticket.fields})
        if missing:
            raise _no_fields(missing, self._queue)
        if self._tickets.is_another_cases(ticket, id):
            return
        changed: dict[str, JsonValue] = {name: text for name, text in wanted.items() if ticket.value(name) != text}
        if changed:
            self._put(ticket.id, {"CustomFields": changed}, f"El ticket {id} mostraría el estado «{fields.state}».")
            kept = self._tickets.existing(id)
            if any(kept.value(name) != text for name, text in wanted.items()):
                raise _not_kept(id, "los campos del caso")
            self._stop_point("desk.shown")

    def changed_since(self, at: datetime) -> tuple[CaseNumber, ...]:
        """Cases whose tickets anybody, this program too, touched at or after `at`: one query, a page for each hundred."""
        return self._tickets.changed_since(at)

    def set_status(self, id: TicketId, status: TicketStatus) -> None:
        """Move the ticket; from CLOSED this opens it again. Raises Rejected for CLOSED, which needs a solution."""
        refuse_closing(id, status)
        ticket = self._tickets.existing(id)
        if not self._tickets.is_another_cases(ticket, id):
            self._move(ticket, words.status_named(status), f"El ticket {id} pasaría a «{status}».")

    def close_with_solution(self, id: TicketId, solution: str) -> None:
        """Comment the solution and resolve (activity 6); a ticket that is closed with one of ours stays as it is."""
        ticket = self._tickets.existing(id)
        history = self._tickets.history(ticket.id)
        closed = words.status_of(ticket.status) is TicketStatus.CLOSED
        since_opened = history.solutions_since_opened()
        if closed and since_opened:
            return
        if not since_opened or not words.same_text(self._tickets.text(since_opened[-1]), words.storable(solution)):
            self._comment(ticket.id, words.SOLUTION, solution)
            self._stop_point("desk.solved")
        if not closed and not self._tickets.is_another_cases(ticket, id):
            self._move(ticket, words.RESOLVED, f"Se resolvería el ticket {id}.")

    def check(self) -> tuple[str, ...]:
        """The account and its search, the queue and its fields."""
        self.find(NO_CASE)
        try:
            self._check_queue(words.FIELD_NAMES)
        except Misconfigured as error:
            return (str(error),)
        return ()

    def close(self) -> None:
        """Free the connections. Idempotent."""
        self._http.close()

    def _check_queue(self, others: frozenset[str] = frozenset()) -> None:
        fields = self._tickets.fields_of_queue(self._queue)
        if fields is None:
            problem = f"La cola «{self._queue}» no existe en Request Tracker, o la cuenta del programa no la ve."
            raise Misconfigured(Target.DESK, problem, remedy="Revise «queue» en [desk] y el derecho SeeQueue.")
        missing = sorted(({self._key_field} | others) - fields)
        if missing:
            raise _no_fields(missing, self._queue)

    def _post(self, ticket: NewTicket, key: str) -> int:
        """Open a ticket: its number."""
        body: dict[str, JsonValue] = {
            "Queue": self._queue,
            "Subject": words.subject_of(key, ticket.subject),
            # RT mails this to the requester: what was asked, and the matrix's word on it, is a comment.
            "Content": f"Solicitud registrada con el caso {key}.",
            "ContentType": "text/plain",
            "CustomFields": {self._key_field: key},
        }
        requester = words.sole_address(ticket.requester)
        if requester is not None:
            body["Requestor"] = requester
        what = f"Se abriría un ticket en Request Tracker para el caso {key}."
        made = row(MadeRow, self._http.write("POST", "/ticket", body, what=what).body)
        self._stop_point("desk.created")
        return made.id

    def _not_shown(self, made: int, key: str) -> TargetError:
        """Why a search does not find what was just opened: later it may, or never, and then nothing more must be opened."""
        if self._tickets.numbered(str(made)) is not None:
            return Transient(
                Target.DESK, f"Request Tracker no muestra todavía el ticket {made} del caso {key} en sus búsquedas."
            )
        return Misconfigured(
            Target.DESK,
            f"La cuenta del programa abrió el ticket {made} del caso {key} en Request Tracker y no puede verlo.",
            remedy=f"Dele el derecho ShowTicket sobre la cola «{self._queue}»; después elimine en RT ese ticket, que se abrirá "
            "de nuevo.",
        )

    def _keyed(self, ticket: TicketRow, key: str) -> TicketRow:
        """Give the key to a ticket that RT made without it."""
        self._put(ticket.id, {"CustomFields": {self._key_field: key}}, f"Se escribiría el caso {key} en el ticket {ticket.id}.")
        kept = self._tickets.existing(TicketId(str(ticket.id)))
        if kept.value(self._key_field) != key:
            raise Misconfigured(
                Target.DESK,
                f"Request Tracker abrió el ticket {ticket.id} y no guardó en él el número de caso.",
                remedy=f"Dé a la cuenta del programa los derechos SeeCustomField, ModifyCustomField y SetInitialCustomField "
                f"sobre el campo «{self._key_field}» de la cola «{self._queue}».",
            )
        return kept

    def _settle(self, key: str, kept: TicketRow, duplicates: Sequence[TicketRow]) -> None:
        """Resolve what was made twice, so that no search for the case finds it any more."""
        for duplicate in duplicates:
            text = f"Duplicado del ticket {kept.id}: el caso {key} se atiende allí."
            mark = words.note_mark("duplicado")
            if not self._tickets.history(duplicate.id).has_note(mark):
                self._comment(duplicate.id, mark, text)
            body: dict[str, JsonValue] = {
                "Status": words.RESOLVED,
                "CustomFields": {self._key_field: words.duplicate_key(key, kept.id)},
            }
            self._put(duplicate.id, body, text)
            kept_as = self._tickets.numbered(str(duplicate.id))
            still_found = duplicate.id in {each.id for each in self._tickets.of_case(key)}
            if still_found or kept_as is None or kept_as.status != words.RESOLVED:
                raise _not_kept(TicketId(str(duplicate.id)), "que es un duplicado")
            self._stop_point("desk.settled")

    def _comment(self, id: int, mark: str, text: str) -> None:
        said = words.storable(text) or "—"
        body: Mapping[str, JsonValue] = {"Subject": mark, "Content": said, "ContentType": "text/plain"}
        made = self._http.write("POST", f"/ticket/{id}/comment", body, what=f"Se comentaría en el ticket {id}: {said}")
        transaction = _MADE.fullmatch(made.location)
        if transaction is None or not words.same_text(self._tickets.text(int(transaction[1])), said):
            raise _not_kept(TicketId(str(id)), "el comentario")

    def _move(self, ticket: TicketRow, status: str, what: str) -> None:
        if ticket.status == status:
            return
        answered = self._put(ticket.id, {"Status": status}, what)
        kept = self._tickets.existing(TicketId(str(ticket.id)))
        if kept.status != status:
            raise _not_kept(TicketId(str(ticket.id)), f"el estado «{status}»", answered)
        self._stop_point("desk.moved")

    def _put(self, id: int, body: Mapping[str, JsonValue], what: str) -> str:
        answered = self._http.write("PUT", f"/ticket/{id}", body, what=what).body
        return " ".join(each for each in answered if isinstance(each, str)) if isinstance(answered, list) else ""


def _no_fields(missing: list[str], queue: str) -> Misconfigured:
    return Misconfigured(
        Target.DESK,
        f"En Request Tracker falta, o la cuenta del programa no ve, lo siguiente en la cola «{queue}»: {', '.join(missing)}.",
        remedy="Cree cada uno como campo personalizado de tickets, de tipo «Enter one value», aplíquelo a la cola y dé los "
        "derechos SeeCustomField, ModifyCustomField y SetInitialCustomField; vea docs/administrador.md.",
    )


def _not_kept(id: TicketId, what: str, answered: str = "") -> Rejected:
    said = f" RT dijo: {answered[:200]}" if answered else ""
    return Rejected(
        Target.DESK,
        f"Request Tracker respondió con éxito, pero en el ticket {id} no quedó {what}.{said}",
        remedy="Revise el ciclo de vida de la cola, los campos y los derechos de la cuenta del programa.",
    )


__all__ = ["RequestTrackerDesk", "RequestTrackerReach"]
