"""What is read of a Request Tracker: tickets by case and by number, what was written on them, and who wrote it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from pydantic import JsonValue

from config.errors import Misconfigured, Rejected, Target
from config.vocabulary import CaseNumber
from notify.desk import request_tracker_words as words
from notify.desk.port import Ticket, TicketId, TicketStatus
from notify.desk.request_tracker_history import History, replies, text_of
from notify.desk.request_tracker_http import RequestTrackerHttp
from notify.desk.request_tracker_rows import (
    AttachmentRow,
    QueueRow,
    TicketRow,
    TouchedRow,
    TransactionRow,
    UserRow,
    more_after,
    page,
    row,
)

_TICKET_FIELDS = "Status,Subject,Creator,Requestor,CustomFields"
_HISTORY_FIELDS = "Type,Creator,Created,Field,NewValue,Data"
_PAGE = 100
_MOST_PAGES = 50
_LARGEST_TEXT = 262_144
_ANY_ZONE = timedelta(hours=26)
"""RT reads a date in TicketSQL in its user's own zone, and leaves out the hour of one that names a zone."""
_TOKEN = re.compile(r"[0-9]+-(?P<user>[0-9]+)-.+")


class RequestTrackerTickets:
    """The tickets of this program in one RT: those whose key field holds a case number. Raises as `RequestTrackerHttp` does."""

    def __init__(self, http: RequestTrackerHttp, *, token: str, key_field: str) -> None:
        self._http = http
        self._user_id = _TOKEN.fullmatch(token)
        self._key_field = key_field
        self._own_name = ""
        self._staff: dict[str, str | None] = {}

    def fields_of_queue(self, name: str) -> frozenset[str] | None:
        """The custom fields of its tickets; None: there is no such queue for us."""
        body = self._http.get(f"/queue/{quote(name, safe='')}")
        return None if body is None else frozenset(field.name for field in row(QueueRow, body).fields)

    def changed_since(self, at: datetime) -> tuple[CaseNumber, ...]:
        """Cases whose tickets anybody, this program too, touched at or after `at`: one query, a page for each hundred."""
        since = (at.astimezone(UTC) - _ANY_ZONE).strftime("%Y-%m-%d %H:%M:%S")
        query: dict[str, str | int] = {
            "query": f"LastUpdated >= '{since}' AND 'CF.{{{self._key_field}}}' IS NOT NULL",
            "fields": "LastUpdated,CustomFields",
            "orderby": "LastUpdated",
            "order": "DESC",
        }
        found: list[CaseNumber] = []
        for number in range(1, _MOST_PAGES + 1):
            body = self._got("/tickets", {**query, "per_page": _PAGE, "page": number})
            rows = page(TouchedRow, body)
            touched = [each for each in rows if each.touched_at >= at]
            keys = (field.text for each in touched for field in each.fields if field.name == self._key_field)
            found += [CaseNumber(key) for key in keys if words.is_key(key)]
            if len(touched) < len(rows) or not more_after(body, _PAGE):
                break
        return tuple(dict.fromkeys(found))

    def of_case(self, key: str) -> tuple[TicketRow, ...]:
        """Our tickets of a case, oldest first; else one whose key RT dropped when it was made, known by its subject."""
        found = page(
            TicketRow,
            self._got(
                "/tickets",
                {
                    # Only what we opened: anybody may fill the first page with mails that name a case.
                    "query": f"Creator = {self._user()} AND ('CF.{{{self._key_field}}}' = '{key}' OR Subject LIKE '{key}')",
                    "fields": _TICKET_FIELDS,
                    "orderby": "id",
                    "per_page": _PAGE,
                },
            ),
        )
        ours = (each for each in found if each.creator.id == self.own())
        rows = sorted(ours, key=lambda each: each.id)
        keyed = tuple(each for each in rows if self.key_of(each) == key)
        return keyed or tuple(each for each in rows if not self.key_of(each) and each.subject.startswith(key))[:1]

    def key_of(self, ticket: TicketRow) -> str:
        """What its key field holds."""
        return ticket.value(self._key_field)

    def existing(self, id: TicketId) -> TicketRow:
        """The ticket of this id: the survivor of one that was merged, the original of a duplicate. Raises Rejected for none."""
        ticket = self.numbered(words.checked_id(id))
        original = words.original_of(self.key_of(ticket)) if ticket is not None else None
        if original is not None:
            ticket = self.numbered(original)
        if ticket is None or ticket.status == words.DELETED:
            raise words.unknown_ticket(id)
        return ticket

    def is_another_cases(self, ticket: TicketRow, id: TicketId) -> bool:
        """Whether somebody merged our ticket into one of another case, or of no case: its state is not ours to change."""
        return str(ticket.id) != words.checked_id(id) and not self._is_duplicate(id)

    def _is_duplicate(self, id: TicketId) -> bool:
        ticket = self.numbered(words.checked_id(id))
        return ticket is not None and words.original_of(self.key_of(ticket)) is not None

    def numbered(self, number: str) -> TicketRow | None:
        """The ticket of this number, or the survivor of the one it was merged into; None when we may not see it."""
        body = self._http.get(f"/ticket/{number}")
        return row(TicketRow, body) if body is not None else None

    def ticket(self, ticket: TicketRow, case: CaseNumber) -> Ticket:
        """The ticket as the port knows it, with all that was written on it."""
        history = self.history(ticket.id)
        attachments = self._attachments(ticket.id, all_ours=not history.words_of_others())
        solutions = history.solutions()
        by = history.closed_by() if words.status_of(ticket.status) is TicketStatus.CLOSED else None
        return Ticket(
            id=TicketId(str(ticket.id)),
            case=case,
            status=words.status_of(ticket.status),
            notes=tuple(text_of(attachments, number) for number in history.notes()),
            solution=text_of(attachments, solutions[-1]) if solutions else None,
            replies=replies(history, attachments, frozenset(each.id for each in ticket.requestors), self._staff_name),
            closed_by=(self._staff_name(by) or by) if by is not None else None,
        )

    def history(self, id: int) -> History:
        """All that happened to a ticket."""
        found: list[TransactionRow] = []
        for number in range(1, _MOST_PAGES + 1):
            query: dict[str, str | int] = {"fields": _HISTORY_FIELDS, "per_page": _PAGE, "page": number}
            body = self._got(f"/ticket/{id}/history", query)
            found += page(TransactionRow, body)
            if not more_after(body, _PAGE):
                return History(tuple(sorted(found, key=lambda each: each.id)), self.own())
        # Half a history would have a note written twice, or a reply lost.
        raise Rejected(Target.DESK, f"El ticket {id} tiene más de {_PAGE * _MOST_PAGES} movimientos.", remedy="Revíselo en RT.")

    def _attachments(self, id: int, *, all_ours: bool) -> tuple[AttachmentRow, ...]:
        """The texts of a ticket. What other people attached is not fetched with them, for it may be large."""
        found: list[AttachmentRow] = []
        for number in range(1, _MOST_PAGES + 1):
            query: dict[str, str | int] = {"per_page": _PAGE, "page": number}
            fields = "TransactionId,ContentType,ContentLength"
            rows: tuple[AttachmentRow, ...] = ()
            body: JsonValue = None
            if not all_ours:
                body = self._got(f"/ticket/{id}/attachments", {**query, "fields": fields})
                rows = page(AttachmentRow, body)
            if all(_is_text(each) for each in rows):
                body = self._got(f"/ticket/{id}/attachments", {**query, "fields": f"{fields},Content"})
                found += page(AttachmentRow, body)
            else:
                for transaction in sorted({each.transaction for each in rows if _is_text(each)}):
                    found += self._parts(transaction)
            if not more_after(body, _PAGE):
                break
        return tuple(found)

    def _parts(self, transaction: int) -> tuple[AttachmentRow, ...]:
        fields = "TransactionId,ContentType,ContentLength,Content"
        return page(AttachmentRow, self._got(f"/transaction/{transaction}/attachments", {"fields": fields}))

    def text(self, transaction: int) -> str:
        """What was written in one transaction."""
        return text_of(self._parts(transaction), transaction)

    def _user(self) -> str:
        """The number of the account that the token is of: digits only."""
        if self._user_id is None:
            raise Misconfigured(
                Target.DESK,
                "El token de Request Tracker no dice de qué cuenta es.",
                remedy="Guarde en token_file el token completo, como RT lo muestra al crearlo.",
            )
        return self._user_id["user"]

    def own(self) -> str:
        """The account that the token is of."""
        if not self._own_name:
            self._own_name = row(UserRow, self._got(f"/user/{self._user()}", {})).name
        return self._own_name

    def _staff_name(self, user: str) -> str | None:
        """How people know a user of the desk; None for who is not privileged, or cannot be looked up."""
        if user not in self._staff:
            body = None if user.isdigit() else self._http.get(f"/user/{quote(user, safe='@')}")
            found = row(UserRow, body) if body is not None else None
            is_staff = found is not None and found.privileged and found.name == user
            self._staff[user] = (found.real_name or user) if is_staff and found is not None else None
        return self._staff[user]

    def _got(self, path: str, query: Mapping[str, str | int]) -> JsonValue:
        """What must be there. A search that finds nothing is an empty list, never a 404."""
        body = self._http.get(path, query)
        if body is None:
            raise Misconfigured(
                Target.DESK,
                "La dirección de Request Tracker no es la de su interfaz REST2.",
                remedy="Revise «url» en [desk], y que sea RT 5.",
            )
        return body


def _is_text(part: AttachmentRow) -> bool:
    return (part.content_type or "").startswith("text/") and part.length <= _LARGEST_TEXT
