"""The service desk on GLPI 11, through its high-level API v2 (off by default: Configuración → General → API).

Facts from GLPI's source (https://github.com/glpi-project/glpi, src/Glpi/Api/HL/Controller/ITILController.php,
AdministrationController.php and ResourceAccessor.php) and its issues (#22450: `{"status": {"id": …}}` was ignored with 200 by
11.0.3 and 11.0.4). No live GLPI was available when this was written: the tests run it against a stateful server built from
those documents (tests/servers/glpi).
"""

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import JsonValue, TypeAdapter

from config.errors import Misconfigured, Rejected, Target
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber, EmailAddress, same_address
from notify.desk.glpi11_rows import Entry11, Named, TeamMember, Ticket11, TimelineItem, User11
from notify.desk.glpi11_session import Glpi11Session
from notify.desk.glpi_api import EntryRow, GlpiStatus, TicketRow
from notify.desk.glpi_desk import GlpiTickets
from notify.desk.glpi_errors import not_kept, not_understood
from notify.desk.glpi_rows import Added, parsed
from notify.desk.glpi_settings import Glpi11Settings

_ADDED = TypeAdapter(Added)
_TICKET = TypeAdapter(Ticket11)
_TICKETS = TypeAdapter(list[Ticket11])
_TIMELINE: TypeAdapter[list[TimelineItem | Entry11]] = TypeAdapter(list[TimelineItem | Entry11])
_TEAM = TypeAdapter(list[TeamMember])
_USERS = TypeAdapter(list[User11])
_USER = TypeAdapter(User11)

_DEMAND = 2
_REQUESTER = 1
_MOST_ENTRIES = 1000
"""GLPI's timeline gives no more than these and does not say so."""
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+")
"""Addresses that mean nothing to RSQL; any other is not asked for, and stands in the description alone."""
_ROUNDING = timedelta(minutes=1)
_USER_NUMBER = re.compile(r"[?&]id=([0-9]+)")
_NOBODY = "alguien de la mesa (esta versión de GLPI no dice quién)"


class Glpi11Desk(GlpiTickets):
    """A `Desk` on GLPI 11's high-level API. Connects at the first call. `clock` gives aware UTC; `zone` is the agents'.

    One thread at a time.
    """

    def __init__(
        self,
        settings: Glpi11Settings,
        *,
        clock: Callable[[], datetime],
        zone: ZoneInfo,
        writable: bool = True,
        stop_point: StopPoint = let_go,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        session = Glpi11Session(settings, clock=clock, writable=writable, sleep=sleep)
        super().__init__(_HighLevelApi(settings, session), zone=zone, writable=writable, stop_point=stop_point)


class _HighLevelApi:
    """A `GlpiApi` over the high-level API."""

    def __init__(self, settings: Glpi11Settings, session: Glpi11Session) -> None:
        self._settings = settings
        self._session = session
        self._names: dict[int, str] = {}

    def own_user(self) -> int:
        return self._session.session().user_id

    def tickets_of(self, case: CaseNumber) -> tuple[TicketRow, ...]:
        # A filter that GLPI does not understand is ignored in silence, and the trash is listed like the rest.
        pages = self._session.pages("Assistance/Ticket", _TICKETS, query={"filter": f"external_id=={case}"})
        rows = (_row(each) for page in pages for each in page if each.external_id == case and not each.is_deleted)
        return tuple(sorted(rows, key=lambda row: row.number))

    def ticket(self, number: int) -> TicketRow | None:
        found = self._session.get(f"Assistance/Ticket/{number}", _TICKET)
        if found is not None and found.id != number:
            raise not_understood("la lectura de un ticket")
        return None if found is None else _row(found)

    def add_ticket(self, case: CaseNumber, title: str, content: str, requester: EmailAddress) -> int:
        del requester  # a call of its own: complete_requester
        given: dict[str, JsonValue] = {"name": title, "content": content, "external_id": case, "type": _DEMAND}
        if self._settings.category is not None:
            given["category"] = {"id": self._settings.category}
        added = self._session.write("POST", "Assistance/Ticket", given, "registrar un ticket")
        return parsed(_ADDED, added, "el registro de un ticket").id

    def complete_requester(self, number: int, requester: EmailAddress) -> None:
        # This interface cannot have a requester without a user: the description names the address anyway.
        if not requester or self._has_requester(number):
            return
        user = self._user_of(requester)
        if user:
            given: dict[str, JsonValue] = {"type": "User", "id": user, "role": _REQUESTER}
            self._session.write("POST", f"Assistance/Ticket/{number}/TeamMember", given, "agregar el solicitante")
            if not self._has_requester(number):
                raise not_kept(f"agregó el solicitante al ticket {number}")

    def followups(self, number: int) -> tuple[EntryRow, ...]:
        return self._entries(number, "Followup")

    def solutions(self, number: int) -> tuple[EntryRow, ...]:
        return self._entries(number, "Solution")

    def add_followup(self, number: int, content: str) -> None:
        given: dict[str, JsonValue] = {"content": content, "is_private": True}
        self._session.write("POST", f"Assistance/Ticket/{number}/Timeline/Followup", given, "anotar en un ticket")

    def change_followup(self, number: int, followup: int, content: str) -> None:
        path = f"Assistance/Ticket/{number}/Timeline/Followup/{followup}"
        self._session.write("PATCH", path, {"content": content}, "actualizar el estado del caso en un ticket")

    def add_solution(self, number: int, content: str) -> None:
        path = f"Assistance/Ticket/{number}/Timeline/Solution"
        self._session.write("POST", path, {"content": content}, "escribir la solución de un ticket")

    def set_status(self, number: int, status: GlpiStatus) -> None:
        path, what = f"Assistance/Ticket/{number}", "cambiar el estado de un ticket"
        self._session.write("PATCH", path, {"status": {"id": status.value}}, what)
        now = self.ticket(number)
        if now is not None and now.status is not status:
            # 11.0.3 and 11.0.4 answer 200 to the documented form and do nothing.
            self._session.write("PATCH", path, {"status": status.value}, what)

    def name_of(self, entry: EntryRow) -> str:
        if entry.author is None:
            return _NOBODY
        if entry.author not in self._names:
            self._names[entry.author] = self._read_name(entry.author) or entry.author_name
        return self._names[entry.author] or self.name_of_user(entry.author)

    def name_of_user(self, user: int) -> str:
        return f"el usuario {user} de GLPI"

    def changed_since(self, at: datetime) -> tuple[CaseNumber, ...]:
        # The database compares with the server's own time, which an offset in the text would spoil in MariaDB.
        since = at - _ROUNDING + self._session.clocks_apart()
        local = since.astimezone(self._session.session().current_time.tzinfo).strftime("%Y-%m-%dT%H:%M:%S")
        query = {"filter": f"date_mod=ge={local}", "sort": "date_mod:desc"}
        pages = self._session.pages("Assistance/Ticket", _TICKETS, query=query)
        return tuple(
            CaseNumber(each.external_id) for page in pages for each in page if each.external_id and each.date_mod >= since
        )

    def close(self) -> None:
        self._session.close()

    def _entries(self, number: int, kind: str) -> tuple[EntryRow, ...]:
        listed = self._session.get(f"Assistance/Ticket/{number}/Timeline/{kind}", _TIMELINE)
        if listed is None:
            raise not_understood(f"la lectura de un ticket ({kind})")
        if len(listed) >= _MOST_ENTRIES:
            raise Rejected(
                Target.DESK,
                f"El ticket {number} tiene tantas entradas que GLPI no las entrega todas.",
                remedy="Atienda este caso a mano en GLPI.",
            )
        entries = (each.item if isinstance(each, TimelineItem) else each for each in listed)
        return tuple(sorted((_entry(each) for each in entries), key=lambda row: row.number))

    def outsiders(self, number: int) -> frozenset[int]:
        users: dict[str, set[int]] = {}
        for member in self._team(number):
            found = _USER_NUMBER.search(member.href)
            if found and "user.form" in member.href:
                users.setdefault(member.role, set()).add(int(found[1]))
        observers = users.get("observer", set()) - users.get("assigned", set())
        return frozenset(users.get("requester", set()) | observers)

    def _has_requester(self, number: int) -> bool:
        return any(member.role == "requester" for member in self._team(number))

    def _team(self, number: int) -> list[TeamMember]:
        team = self._session.get(f"Assistance/Ticket/{number}/TeamMember", _TEAM)
        if team is None:
            raise not_understood("la lectura del equipo de un ticket")
        return team

    def _read_name(self, user: int) -> str:
        try:
            found = self._session.get(f"Administration/User/{user}", _USER)
        except Misconfigured:
            # Without the right to read users the account's name must do.
            return ""
        return " ".join(part for part in (found.firstname, found.realname) if part) if found is not None else ""

    def _user_of(self, address: EmailAddress) -> int:
        if not _PLAIN_ADDRESS.fullmatch(address):
            return 0
        try:
            pages = self._session.pages("Administration/User", _USERS, query={"filter": f"emails.email=={address}"})
            users = {
                user.id for page in pages for user in page if any(same_address(each.email, address) for each in user.emails)
            }
        except Misconfigured:
            # Without the right to read users the description alone names the requester.
            return 0
        return users.pop() if len(users) == 1 else 0


def _row(found: Ticket11) -> TicketRow:
    try:
        status = GlpiStatus(found.status.id)
    except ValueError as error:
        raise not_understood(f"el estado de un ticket ({found.status.id})") from error
    return TicketRow(found.id, found.external_id, status, found.is_deleted, found.content, found.date_mod)


def _entry(found: Entry11) -> EntryRow:
    # No word about the user is another thing than no user.
    user = found.user or Named()
    author = user.id if "user" in found.model_fields_set else None
    return EntryRow(found.id, found.content, author, user.name, found.date_creation)
