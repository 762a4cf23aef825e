"""GLPI's legacy REST, as apirest.md and src/Glpi/Api/API.php describe it; never run beside a live GLPI.

Among what it does as GLPI does: pages of 50 unless a range is asked for, 206 with Content-Range, rows that differ from the
key in letter case, `[]` for who may not read, unknown fields ignored, 400 with a code for what is declined, sessions that
expire with 401 ERROR_SESSION_TOKEN_INVALID.
"""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from tests.servers.glpi.office import OWN_USER, Actor, Declined, Entry, Office, TicketRecord
from tests.servers.glpi.server import Answer, Asked

USER_TOKEN = "ficha-de-usuario-0123456789"
APP_TOKEN = "ficha-de-aplicacion-9876543210"

_ITEM = re.compile(r"(\w+)(?:/(\d+))?(?:/(\w+))?")
_CRITERION = re.compile(r"criteria\[(\d+)\]\[(\w+)\]")
_TICKET_FIELDS = frozenset(
    {"name", "content", "externalid", "type", "entities_id", "itilcategories_id", "status"}
    | {"_users_id_requester", "_users_id_requester_notif"}
)
_KNOWN_FIELDS = {
    "Ticket": _TICKET_FIELDS,
    "ITILFollowup": frozenset({"itemtype", "items_id", "content", "is_private", "_disablenotif"}),
    "ITILSolution": frozenset({"itemtype", "items_id", "content"}),
    "Ticket_User": frozenset({"tickets_id", "type", "users_id", "use_notification", "alternative_email"}),
}
_NO_RIGHT = Answer(403, ["ERROR_RIGHT_MISSING", "Usted no tiene permisos para realizar esta acción."])
_NOT_FOUND = Answer(404, ["ERROR_ITEM_NOT_FOUND", "Elemento no encontrado"])


class LegacyRest:
    """The interface over one office. `server_offset` is how far the server's wall clock is from UTC."""

    def __init__(self, office: Office, *, server_offset: timedelta = timedelta(hours=-5)) -> None:
        self.office = office
        self.server_offset = server_offset
        self.sessions: set[str] = set()
        self.begun = 0
        self.killed = 0
        self.violations: list[str] = []
        self.key_searchtypes: list[JsonValue] = ["contains", "notcontains", "equals", "notequals", "empty"]
        self.encodes = False
        """GLPI 10 and before keep `<` as `&#60;`."""

    def handle(self, asked: Asked) -> Answer:
        """One call."""
        with self.office.lock:
            return self._handled(asked)

    def expire(self) -> None:
        """End every session, as time and restarts do."""
        self.sessions.clear()

    def _handled(self, asked: Asked) -> Answer:
        if asked.method == "GET" and asked.body:
            return Answer(400, ["ERROR", "GET con cuerpo"])
        if asked.headers.get("content-type") != "application/json":
            self.violations.append(f"{asked.path}: Content-Type")
        if asked.headers.get("app-token") != APP_TOKEN:
            return Answer(400, ["ERROR_WRONG_APP_TOKEN_PARAMETER", "el parámetro app_token parece equivocado"])
        if asked.path == "initSession":
            return self._begin(asked)
        if asked.headers.get("session-token", "") not in self.sessions:
            return Answer(401, ["ERROR_SESSION_TOKEN_INVALID", "session_token parece no ser válido"])
        endpoints: dict[str, Callable[[Asked], Answer]] = {
            "killSession": self._kill,
            "changeActiveEntities": lambda _: Answer(200, body=True),
            "getFullSession": self._session,
            "listSearchOptions/Ticket": lambda _: Answer(200, self._ticket_options()),
            "listSearchOptions/User": lambda _: Answer(200, _user_options()) if self.office.reads_users else _NO_RIGHT,
            "search/Ticket": self._search_tickets,
            "search/User": self._search_users,
        }
        endpoint = endpoints.get(asked.path)
        return endpoint(asked) if endpoint else self._item(asked)

    def _begin(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"user_token {USER_TOKEN}":
            return Answer(401, ["ERROR_GLPI_LOGIN_USER_TOKEN", "el parámetro user_token parece inválido"])
        token = secrets.token_hex(20)
        self.sessions.add(token)
        self.begun += 1
        return Answer(200, {"session_token": token})

    def _kill(self, asked: Asked) -> Answer:
        self.sessions.discard(asked.headers["session-token"])
        self.killed += 1
        return Answer(200, body=True)

    def _session(self, _asked: Asked) -> Answer:
        office = self.office
        profile: JsonValue = {
            "id": 9,
            "name": "Gestión de Usuarios",
            "interface": office.interface,
            "ticket": str(office.ticket_rights),
            "followup": office.followup_rights,
        }
        now = self._server_time(office.clock())
        session: JsonValue = {"glpiID": OWN_USER, "glpi_currenttime": now, "glpiactiveprofile": profile, "glpi_plugins": []}
        return Answer(200, {"session": session})

    def _ticket_options(self) -> JsonValue:
        def option(field: str, searchtypes: list[JsonValue]) -> JsonValue:
            return {"name": field, "table": "glpi_tickets", "field": field, "available_searchtypes": searchtypes}

        return {
            "common": {"name": "Características"},
            "1": option("name", ["contains"]),
            "2": option("id", ["contains", "equals"]),
            "19": option("date_mod", ["morethan", "lessthan"]),
            "87": option("externalid", self.key_searchtypes),
        }

    def _search_tickets(self, asked: Asked) -> Answer:
        columns: dict[int, Callable[[TicketRecord], str]] = {
            2: lambda each: str(each.id),
            19: lambda each: self._server_time(each.changed),
            87: lambda each: each.externalid,
        }
        live = [each for each in self.office.tickets.values() if not each.is_deleted and self.office.sees(each)]
        for field, searchtype, value in _criteria(asked):
            if searchtype not in {"equals", "contains", "morethan"} or field not in columns:
                return Answer(400, ["ERROR", "Bad field ID in search criteria"])
            live = [each for each in live if _matches(columns[field](each), searchtype, value)]
        shown = [int(value) for name, value in asked.query.items() if name.startswith("forcedisplay")]
        rows: list[JsonValue] = [{str(option): columns[option](each) or None for option in shown} for each in live]
        return _searched(asked, rows)

    def _search_users(self, asked: Asked) -> Answer:
        if not self.office.reads_users:
            return _NO_RIGHT
        (_, _, value), *_ = _criteria(asked)
        rows: list[JsonValue] = [
            {"2": each.id, "5": list(each.emails) if len(each.emails) > 1 else each.emails[0]}
            for each in self.office.people.values()
            if any(value.lower() in email.lower() for email in each.emails)
        ]
        return _searched(asked, rows)

    def _item(self, asked: Asked) -> Answer:
        found = _ITEM.fullmatch(asked.path)
        if found is None:
            return Answer(400, ["ERROR_RESOURCE_NOT_FOUND_NOR_COMMONDBTM", "recurso no encontrado"])
        itemtype, number, sub = found[1], int(found[2] or 0), found[3]
        match asked.method:
            case "GET" if sub:
                return self._sub_items(asked, number, sub)
            case "GET":
                return self._read(itemtype, number)
            case "POST" | "PUT":
                return self._write(asked, itemtype, number)
            case _:
                return Answer(405, ["ERROR_METHOD_NOT_ALLOWED", "Method Not Allowed"])

    def _read(self, itemtype: str, number: int) -> Answer:
        if itemtype == "User":
            person = self.office.people.get(number)
            if person is None:
                return _NOT_FOUND
            row: JsonValue = {"id": number, "name": person.name, "realname": person.realname, "firstname": person.firstname}
            return Answer(200, row) if self.office.reads_users else _NO_RIGHT
        ticket = self.office.tickets.get(number)
        if ticket is None:
            return _NOT_FOUND
        return Answer(200, self._row(ticket)) if self.office.sees(ticket) else _NO_RIGHT

    def _sub_items(self, asked: Asked, number: int, kind: str) -> Answer:
        office = self.office
        ticket = office.tickets.get(number)
        if ticket is None:
            return _NOT_FOUND
        if not office.sees(ticket):
            return _NO_RIGHT
        match kind:
            case "ITILFollowup":
                rows = [self._entry_row(each) for each in office.entries(office.followups, number)]
            case "ITILSolution":
                rows = [self._entry_row(each) for each in office.entries(office.solutions, number)]
            case "Ticket_User":
                rows = [{"users_id": each.user, "type": each.kind, "alternative_email": each.email} for each in ticket.actors]
            case _:
                return Answer(400, ["ERROR_RESOURCE_NOT_FOUND_NOR_COMMONDBTM", kind])
        start, end = _range(asked)
        if start > len(rows):
            return Answer(400, ["ERROR_RANGE_EXCEED_TOTAL", f"Provided range exceed total count of data: {len(rows)}"])
        last = min(end, len(rows) - 1)
        headers = {"Content-Range": f"{start}-{last}/{len(rows)}"} if rows else {}
        return Answer(206 if last - start + 1 < len(rows) else 200, rows[start : last + 1], headers)

    def _write(self, asked: Asked, itemtype: str, number: int) -> Answer:
        body = asked.json()
        given = body.get("input") if isinstance(body, dict) else None
        if not isinstance(given, dict):
            return Answer(400, ["ERROR_BAD_ARRAY", "El parámetro input debe ser una matriz de objetos"])
        unknown = given.keys() - _KNOWN_FIELDS.get(itemtype, frozenset())
        if unknown:
            # GLPI ignores what is no column of the table; a client that sends it did not mean to.
            self.violations.append(f"{itemtype}: {sorted(unknown)}")
        try:
            changed = self._added(itemtype, given) if asked.method == "POST" else self._updated(itemtype, number, given)
        except Declined as error:
            return Answer(400, ["ERROR_GLPI_ADD" if asked.method == "POST" else "ERROR_GLPI_UPDATE", str(error)])
        return changed

    def _added(self, itemtype: str, given: dict[str, JsonValue]) -> Answer:
        office = self.office
        added: int
        match itemtype:
            case "Ticket":
                if not office.ticket_rights & 4 or _int(given.get("entities_id")) not in office.entities:
                    raise Declined("You don't have permission to perform this action.")
                ticket = office.add_ticket(
                    str(given.get("name", "")),
                    self._kept(str(given.get("content", ""))),
                    str(given.get("externalid", "")),
                    entity=_int(given.get("entities_id")),
                    category=_int(given.get("itilcategories_id")),
                )
                ticket.actors += _requesters(given)
                added = ticket.id
            case "ITILFollowup" | "ITILSolution":
                target = office.tickets.get(_int(given.get("items_id")))
                if target is None or given.get("itemtype") != "Ticket":
                    raise Declined("You don't have permission to perform this action.")
                added = self._added_entry(itemtype, target, given).id
            case "Ticket_User":
                actor = Actor(_int(given.get("users_id")), _int(given.get("type")), str(given.get("alternative_email", "")))
                office.tickets[_int(given.get("tickets_id"))].actors.append(actor)
                added = 1
            case _:
                return Answer(400, ["ERROR_RESOURCE_NOT_FOUND_NOR_COMMONDBTM", itemtype])
        return Answer(201, {"id": added, "message": ""})

    def _added_entry(self, itemtype: str, target: TicketRecord, given: dict[str, JsonValue]) -> Entry:
        content = self._kept(str(given.get("content", "")))
        if itemtype == "ITILSolution":
            return self.office.add_solution(target.id, content)
        if target.status == 6 and not self.office.followup_rights & 4:
            raise Declined("You don't have permission to perform this action.")
        return self.office.add_followup(target.id, content, is_private=bool(given.get("is_private")))

    def _updated(self, itemtype: str, number: int, given: dict[str, JsonValue]) -> Answer:
        office = self.office
        if itemtype == "ITILFollowup":
            entry = office.followups[number]
            entry.content = self._kept(str(given["content"]))
            office.touch(office.tickets[entry.ticket], OWN_USER)
        else:
            ticket = office.tickets[number]
            if ticket.status == 6 and "status" not in given:
                raise Declined("")
            if "status" in given:
                office.set_status(number, _int(given["status"]))
        return Answer(200, [{str(number): True, "message": ""}])

    def _row(self, ticket: TicketRecord) -> JsonValue:
        return {
            "id": ticket.id,
            "name": ticket.name,
            "content": ticket.content,
            "externalid": ticket.externalid or None,
            "status": ticket.status,
            "is_deleted": int(ticket.is_deleted),
            "entities_id": ticket.entity,
            "date_mod": self._server_time(ticket.changed),
            "users_id_lastupdater": ticket.last_updater,
            "users_id_recipient": ticket.recipient,
        }

    def _entry_row(self, entry: Entry) -> JsonValue:
        at = self._server_time(entry.at)
        return {
            "id": entry.id,
            "content": entry.content,
            "users_id": entry.author,
            "is_private": int(entry.is_private),
            "date": at,
            "date_creation": at,
            "status": entry.status,
        }

    def _server_time(self, at: datetime) -> str:
        return (at.astimezone(UTC) + self.server_offset).strftime("%Y-%m-%d %H:%M:%S")

    def _kept(self, content: str) -> str:
        return content.replace("&", "&#38;").replace("<", "&#60;").replace(">", "&#62;") if self.encodes else content


def _requesters(given: dict[str, JsonValue]) -> list[Actor]:
    users, told = given.get("_users_id_requester", []), given.get("_users_id_requester_notif", {})
    if not isinstance(users, list) or not isinstance(told, dict):
        return []
    emails = told.get("alternative_email", [])
    addresses = emails if isinstance(emails, list) else []
    pairs = zip(users, addresses, strict=True)
    return [Actor(_int(user), 1, str(email)) for user, email in pairs if user or email]


def _criteria(asked: Asked) -> list[tuple[int, str, str]]:
    parts: dict[int, dict[str, str]] = {}
    for name, value in asked.query.items():
        found = _CRITERION.fullmatch(name)
        if found:
            parts.setdefault(int(found[1]), {})[found[2]] = value
    return [(int(each["field"]), each["searchtype"], each["value"]) for _, each in sorted(parts.items())]


def _matches(cell: str, searchtype: str, value: str) -> bool:
    # The database's collation does not tell letter case apart.
    cell, value = cell.lower(), value.lower()
    if searchtype == "morethan":
        return cell > value
    if searchtype == "equals":
        return cell == value
    start, end = value.startswith("^"), value.endswith("$")
    bare = value.removeprefix("^").removesuffix("$")
    return cell == bare if start and end else bare in cell


def _searched(asked: Asked, rows: list[JsonValue]) -> Answer:
    start, end = _range(asked)
    if start > len(rows):
        return Answer(400, ["ERROR_RANGE_EXCEED_TOTAL", f"Provided range exceed total count of data: {len(rows)}"])
    page = rows[start : end + 1]
    body: dict[str, JsonValue] = {"totalcount": len(rows), "count": len(page), "sort": [2], "order": ["ASC"]}
    if page:
        body["data"] = page
    headers = {"Content-Range": f"{start}-{min(end, len(rows) - 1)}/{len(rows)}"} if rows else {}
    return Answer(200 if len(page) >= len(rows) else 206, body, headers)


def _range(asked: Asked) -> tuple[int, int]:
    start, _, end = asked.query.get("range", "0-49").partition("-")
    return int(start), int(end)


def _user_options() -> JsonValue:
    return {
        "1": {"table": "glpi_users", "field": "name", "available_searchtypes": ["contains"]},
        "2": {"table": "glpi_users", "field": "id", "available_searchtypes": ["equals"]},
        "5": {"table": "glpi_useremails", "field": "email", "available_searchtypes": ["contains"]},
    }


def _int(value: JsonValue) -> int:
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() else 0
