"""The service desk on GLPI 9.5 to 11, through its legacy REST.

Facts from https://github.com/glpi-project/glpi/blob/main/apirest.md and from GLPI's source (src/Glpi/Api/API.php,
src/CommonITILObject.php, src/ITILFollowup.php, src/ITILSolution.php). No live GLPI was available when this was written:
the tests run it against a stateful server built from those documents (tests/servers/glpi).
"""

import time
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import JsonValue, TypeAdapter

from config.errors import Misconfigured
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.glpi_api import EntryRow, GlpiStatus, TicketRow
from notify.desk.glpi_desk import GlpiTickets
from notify.desk.glpi_errors import not_kept, not_understood
from notify.desk.glpi_rows import (
    Added,
    EntryFound,
    TicketFound,
    TicketUser,
    UserFound,
    parsed,
)
from notify.desk.glpi_search import GlpiSearch
from notify.desk.glpi_session import GlpiSession
from notify.desk.glpi_settings import GlpiSettings

_ADDED = TypeAdapter(Added)
_TICKET = TypeAdapter(TicketFound)
_ENTRIES = TypeAdapter(list[EntryFound])
_TICKET_USERS = TypeAdapter(list[TicketUser])
_USER = TypeAdapter(UserFound)

_PLAIN: dict[str, str | int] = {"get_hateoas": 0, "expand_dropdowns": 0}
_DEMAND = 2
_REQUESTER, _ASSIGNED, _OBSERVER = 1, 2, 3
_REFUSED = 4


class GlpiDesk(GlpiTickets):
    """A `Desk` on GLPI's legacy REST. Connects at the first call. `clock` gives aware UTC; `zone` is the agents'.

    One thread at a time.
    """

    def __init__(
        self,
        settings: GlpiSettings,
        *,
        clock: Callable[[], datetime],
        zone: ZoneInfo,
        writable: bool = True,
        stop_point: StopPoint = let_go,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        session = GlpiSession(settings, clock=clock, writable=writable, sleep=sleep)
        super().__init__(_LegacyApi(settings, session), zone=zone, writable=writable, stop_point=stop_point)


class _LegacyApi:
    """A `GlpiApi` over the legacy REST."""

    def __init__(self, settings: GlpiSettings, session: GlpiSession) -> None:
        self._settings = settings
        self._session = session
        self._search = GlpiSearch(session)
        self._names: dict[int, str] = {}

    def own_user(self) -> int:
        return self._session.session().user

    def tickets_of(self, case: CaseNumber) -> tuple[TicketRow, ...]:
        # The search leaves the trash out. Its rows only say where to look: each ticket is read and compared.
        numbers = self._search.tickets_of(case)
        rows = (self.ticket(number) for number in numbers)
        return tuple(row for row in rows if row is not None and row.case == case and not row.deleted)

    def ticket(self, number: int) -> TicketRow | None:
        found = self._session.get(f"Ticket/{number}", _TICKET, query=_PLAIN)
        if found is None:
            return None
        if found.id != number:
            raise not_understood("la lectura de un ticket")
        return TicketRow(
            number=found.id,
            case=found.externalid,
            status=_status(found.status),
            deleted=bool(found.is_deleted),
            content=found.content,
            changed=self._session.instant(found.date_mod),
            last_editor=found.users_id_lastupdater,
            opened_by=found.users_id_recipient,
        )

    def add_ticket(self, case: CaseNumber, title: str, content: str, requester: EmailAddress) -> int:
        given: dict[str, JsonValue] = {
            "name": title,
            "content": content,
            "externalid": case,
            "type": _DEMAND,
            "entities_id": self._settings.entity,
            **self._requester(requester),
        }
        if self._settings.category is not None:
            given["itilcategories_id"] = self._settings.category
        added = self._session.write("POST", "Ticket", given, "registrar un ticket")
        return parsed(_ADDED, added, "el registro de un ticket").id

    def complete_requester(self, number: int, requester: EmailAddress) -> None:
        # Ticket and requester are one call of ours, but two writes of GLPI's.
        if not requester or self._has_requester(number):
            return
        user = self._search.user_of(requester)
        given: dict[str, JsonValue] = {"tickets_id": number, "type": _REQUESTER, "users_id": user, "use_notification": 0}
        if not user:
            given["alternative_email"] = requester
        self._session.write("POST", "Ticket_User", given, "agregar el solicitante")
        if not self._has_requester(number):
            raise not_kept(f"agregó el solicitante al ticket {number}")

    def followups(self, number: int) -> tuple[EntryRow, ...]:
        return self._entries(number, "ITILFollowup")

    def solutions(self, number: int) -> tuple[EntryRow, ...]:
        return self._entries(number, "ITILSolution")

    def add_followup(self, number: int, content: str) -> None:
        given: dict[str, JsonValue] = {"itemtype": "Ticket", "items_id": number, "content": content, "is_private": 1}
        self._session.write("POST", "ITILFollowup", given, "anotar en un ticket")

    def change_followup(self, number: int, followup: int, content: str) -> None:
        del number
        # Each change of state would be a mail to all technicians.
        given: dict[str, JsonValue] = {"content": content, "_disablenotif": True}
        self._session.write("PUT", f"ITILFollowup/{followup}", given, "actualizar el estado del caso en un ticket")

    def add_solution(self, number: int, content: str) -> None:
        given: dict[str, JsonValue] = {"itemtype": "Ticket", "items_id": number, "content": content}
        self._session.write("POST", "ITILSolution", given, "escribir la solución de un ticket")

    def set_status(self, number: int, status: GlpiStatus) -> None:
        self._session.write("PUT", f"Ticket/{number}", {"status": status.value}, "cambiar el estado de un ticket")

    def name_of(self, entry: EntryRow) -> str:
        return self.name_of_user(entry.author or 0)

    def name_of_user(self, user: int) -> str:
        if not user:
            return "alguien sin usuario en GLPI"
        if user not in self._names:
            self._names[user] = self._read_name(user)
        return self._names[user]

    def changed_since(self, at: datetime) -> tuple[CaseNumber, ...]:
        return tuple(CaseNumber(key) for key in self._search.keys_changed_since(at))

    def close(self) -> None:
        self._session.close()

    def _entries(self, number: int, itemtype: str) -> tuple[EntryRow, ...]:
        pages = self._session.pages(f"Ticket/{number}/{itemtype}", _ENTRIES, query=_PLAIN | {"sort": "id", "order": "ASC"})
        rows = (
            EntryRow(
                each.id,
                each.content,
                each.users_id,
                "",
                self._session.instant(each.date or each.date_creation or ""),
                itemtype == "ITILSolution" and each.status == _REFUSED,
            )
            for page in pages
            for each in page
        )
        return tuple(sorted(rows, key=lambda row: row.number))

    def outsiders(self, number: int) -> frozenset[int]:
        actors = self._actors(number)
        assigned = {each.users_id for each in actors if each.type == _ASSIGNED}
        observers = {each.users_id for each in actors if each.type == _OBSERVER} - assigned
        return frozenset(observers | {each.users_id for each in actors if each.type == _REQUESTER})

    def _has_requester(self, number: int) -> bool:
        return any(each.type == _REQUESTER for each in self._actors(number))

    def _actors(self, number: int) -> tuple[TicketUser, ...]:
        pages = self._session.pages(f"Ticket/{number}/Ticket_User", _TICKET_USERS, query=_PLAIN)
        return tuple(each for page in pages for each in page)

    def _requester(self, address: EmailAddress) -> dict[str, JsonValue]:
        # The program itself writes to the requester at every step; a second mail of GLPI's own would only confuse.
        if not address:
            return {}
        user = self._search.user_of(address)
        told: dict[str, JsonValue] = {"use_notification": [0], "alternative_email": [""] if user else [address]}
        return {"_users_id_requester": [user], "_users_id_requester_notif": told}

    def _read_name(self, user: int) -> str:
        try:
            found = self._session.get(f"User/{user}", _USER, query=_PLAIN)
        except Misconfigured:
            found = None
        if found is None:
            return f"el usuario {user} de GLPI"
        return " ".join(part for part in (found.firstname, found.realname) if part) or found.name


def _status(number: int) -> GlpiStatus:
    try:
        return GlpiStatus(number)
    except ValueError as error:
        raise not_understood(f"el estado de un ticket ({number})") from error
