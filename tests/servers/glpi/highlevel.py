"""GLPI 11's high-level API v2, as its source describes it (src/Glpi/Api/HL); never run beside a live GLPI.

Among what it does as GLPI does: a filter on a name that it does not know is ignored, the trash is listed, an account without
the right sees `[]`, an expired token gets 400, what is declined gets 500, the form of a state that 11.0.3 ignored gets 200.
"""

import re
import secrets
from datetime import datetime, timedelta, timezone

from pydantic import JsonValue

from tests.servers.glpi.office import OWN_USER, Actor, Declined, Entry, Office, TicketRecord
from tests.servers.glpi.server import Answer, Asked

CLIENT_ID = "cliente-de-gestion"
CLIENT_SECRET = "secreto-del-cliente-42"
USER = "gestion.usuarios"
PASSWORD = "clave-de-la-cuenta-42"

_TICKET = re.compile(r"Assistance/Ticket/(\d+)(?:/(.*))?")
_FOLLOWUP = re.compile(r"Timeline/Followup/(\d+)")
_TERM = re.compile(r"([\w.]+)(==|=ge=)(.*)")
_NOT_FOUND = Answer(404, {"status": "ERROR_ITEM_NOT_FOUND", "title": "Not found", "detail": None})
_NO_RIGHT = Answer(403, {"status": "ERROR_RIGHT_MISSING", "title": "You don't have permission to perform this action."})


class HighLevelApi:
    """The interface over one office, whose clock shows `offset` from UTC."""

    def __init__(self, office: Office, *, offset: timedelta = timedelta(hours=-5)) -> None:
        self.office = office
        self.zone = timezone(offset)
        self.tokens: set[str] = set()
        self.granted = 0
        self.violations: list[str] = []
        self.tells_authors = True
        self.understands = "both"
        """Which form of a state is taken: «id», «plain» or «both»; the other is answered 200 and ignored."""
        self.knows_external_id = True
        self.wraps = True

    def handle(self, asked: Asked) -> Answer:
        """One call."""
        with self.office.lock:
            return self._token(asked) if asked.path == "token" else self._authorised(asked)

    def expire(self) -> None:
        """End every token."""
        self.tokens.clear()

    def _token(self, asked: Asked) -> Answer:
        given = dict(part.split("=", 1) for part in asked.body.decode().split("&"))
        expected = {
            "grant_type": "password",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "username": USER,
            "password": PASSWORD,
            "scope": "api",
        }
        if given != expected:
            return Answer(400, {"error": "invalid_grant", "error_description": "The user credentials were incorrect."})
        token = secrets.token_hex(24)
        self.tokens.add(token)
        self.granted += 1
        return Answer(200, {"token_type": "Bearer", "expires_in": 3600, "access_token": token, "refresh_token": "x"})

    def _authorised(self, asked: Asked) -> Answer:
        bearer = asked.headers.get("authorization", "")
        if bearer.removeprefix("Bearer ") not in self.tokens:
            return Answer(400, {"status": "ERROR_INVALID_PARAMETER", "title": "Invalid OAuth token", "detail": "expired"})
        path = asked.path.removeprefix("v2/")
        if path == "session":
            now = self.office.clock().astimezone(self.zone).isoformat(timespec="seconds")
            entity = int(asked.headers.get("glpi-entity", "0"))
            active: JsonValue = {"id": entity if entity in self.office.entities else 0, "short_name": "…"}
            return Answer(200, {"user_id": OWN_USER, "current_time": now, "active_entity": active})
        if path.startswith("Administration/User"):
            return self._users(asked, path.removeprefix("Administration/User").strip("/"))
        if path == "Assistance/Ticket":
            return self._search(asked) if asked.method == "GET" else self._create(asked)
        found = _TICKET.fullmatch(path)
        ticket = self.office.tickets.get(int(found[1])) if found else None
        if found is None or ticket is None or not self.office.sees(ticket):
            return _NOT_FOUND
        return self._of_ticket(asked, ticket, found[2] or "")

    def _users(self, asked: Asked, number: str) -> Answer:
        if not self.office.reads_users:
            return _NO_RIGHT
        if number:
            person = self.office.people[int(number)]
            names: dict[str, JsonValue] = {"username": person.name, "realname": person.realname, "firstname": person.firstname}
            return Answer(200, {"id": person.id, **names})
        wanted = asked.query.get("filter", "").removeprefix("emails.email==").lower()
        rows: list[JsonValue] = [
            {"id": each.id, "username": each.name, "emails": [{"id": 1, "email": email} for email in each.emails]}
            for each in self.office.people.values()
            if any(email.lower() == wanted for email in each.emails)
        ]
        return _page(asked, rows)

    def _search(self, asked: Asked) -> Answer:
        tickets = [each for each in self.office.tickets.values() if self.office.sees(each)]
        for term in filter(None, asked.query.get("filter", "").split(";")):
            found = _TERM.fullmatch(term)
            if found is None:
                return Answer(400, {"status": "ERROR_INVALID_PARAMETER", "title": "RSQL query has an incomplete operator"})
            if found[1] == "external_id" and self.knows_external_id:
                tickets = [each for each in tickets if each.externalid.lower() == found[3].lower()]
            elif found[1] == "date_mod":
                since = datetime.fromisoformat(found[3]).replace(tzinfo=self.zone)
                tickets = [each for each in tickets if each.changed >= since]
        if asked.query.get("sort") == "date_mod:desc":
            tickets.sort(key=lambda each: each.changed, reverse=True)
        return _page(asked, [self._row(each) for each in tickets])

    def _create(self, asked: Asked) -> Answer:
        given = self._given(asked, {"name", "content", "external_id", "type", "category"})
        if not self.office.ticket_rights & 4:
            return _NO_RIGHT
        category = given.get("category")
        ticket = self.office.add_ticket(
            str(given.get("name", "")),
            str(given.get("content", "")),
            str(given.get("external_id", "")),
            entity=int(asked.headers.get("glpi-entity", "0")),
            category=int(str(category.get("id", 0))) if isinstance(category, dict) else 0,
        )
        return Answer(200, {"id": ticket.id, "href": f"/Assistance/Ticket/{ticket.id}"})

    def _of_ticket(self, asked: Asked, ticket: TicketRecord, rest: str) -> Answer:
        match asked.method, rest:
            case "GET", "":
                return Answer(200, self._row(ticket))
            case "PATCH", "":
                return self._patch(asked, ticket)
            case "GET", "TeamMember":
                return Answer(200, [_member(each) for each in ticket.actors])
            case "POST", "TeamMember":
                given = self._given(asked, {"type", "id", "role"})
                # The words for roles that the documentation lists are not turned into their numbers.
                role = given.get("role") if isinstance(given.get("role"), int) else 0
                ticket.actors.append(Actor(int(str(given.get("id"))), int(str(role))))
                return Answer(201, None)
            case "GET", ("Timeline/Followup" | "Timeline/Solution"):
                kind = rest.rpartition("/")[2]
                entries = self.office.followups if kind == "Followup" else self.office.solutions
                if kind == "Followup" and not self.office.followup_rights & 1:
                    return Answer(200, [])
                # A limit of the source, without a word about what is left out.
                return Answer(200, [self._entry(each, kind) for each in self.office.entries(entries, ticket.id)][:1000])
            case "POST", ("Timeline/Followup" | "Timeline/Solution"):
                return self._add_entry(asked, ticket, rest.rpartition("/")[2])
            case _:
                return self._patch_followup(asked, ticket, rest)

    def _add_entry(self, asked: Asked, ticket: TicketRecord, kind: str) -> Answer:
        given = self._given(asked, {"content", "is_private"} if kind == "Followup" else {"content"})
        content = str(given.get("content", ""))
        try:
            if kind == "Solution":
                entry = self.office.add_solution(ticket.id, content)
            else:
                entry = self.office.add_followup(ticket.id, content, is_private=given.get("is_private") is True)
        except Declined as error:
            messages: JsonValue = [{"priority": "error", "message": str(error)}]
            return Answer(500, {"status": "ERROR", "title": "Failed to create item(s)", "additional_messages": messages})
        return Answer(200, {"id": entry.id, "href": f"/Assistance/Ticket/{ticket.id}/Timeline/{kind}/{entry.id}"})

    def _patch(self, asked: Asked, ticket: TicketRecord) -> Answer:
        given = self._given(asked, {"status"})
        if ticket.status == 6 and "status" not in given:
            return Answer(500, {"status": "ERROR", "title": "Failed to update item(s)", "detail": None})
        match given.get("status"):
            case {"id": int(status)} if self.understands in {"id", "both"}:
                self.office.set_status(ticket.id, status)
            case int(status) if self.understands in {"plain", "both"}:
                self.office.set_status(ticket.id, status)
        return Answer(200, self._row(ticket))

    def _patch_followup(self, asked: Asked, ticket: TicketRecord, rest: str) -> Answer:
        found = _FOLLOWUP.fullmatch(rest)
        entry = self.office.followups.get(int(found[1])) if found else None
        if asked.method != "PATCH" or entry is None or entry.ticket != ticket.id:
            return _NOT_FOUND
        entry.content = str(self._given(asked, {"content"}).get("content"))
        self.office.touch(ticket, OWN_USER)
        return Answer(200, self._entry(entry, "Followup"))

    def _given(self, asked: Asked, known: set[str]) -> dict[str, JsonValue]:
        body = asked.json()
        given = body if isinstance(body, dict) else {}
        if given.keys() - known:
            self.violations.append(f"{asked.method} {asked.path}: {sorted(given.keys() - known)}")
        return given

    def _row(self, ticket: TicketRecord) -> JsonValue:
        return {
            "id": ticket.id,
            "name": ticket.name,
            "content": ticket.content,
            "external_id": ticket.externalid or None,
            "is_deleted": ticket.is_deleted,
            "status": {"id": ticket.status, "name": "…"},
            "date_mod": ticket.changed.astimezone(self.zone).isoformat(timespec="seconds"),
        }

    def _entry(self, entry: Entry, kind: str) -> JsonValue:
        row: dict[str, JsonValue] = {"id": entry.id, "content": entry.content, "itemtype": "Ticket", "items_id": entry.ticket}
        if kind == "Followup":
            row |= {"is_private": entry.is_private}
            row |= {"date_creation": entry.at.astimezone(self.zone).isoformat(timespec="seconds")}
        if self.tells_authors:
            person = self.office.people.get(entry.author)
            row["user"] = {"id": entry.author, "name": person.name if person else ""}
        return {"type": kind, "item": row} if self.wraps else row


def _member(actor: Actor) -> JsonValue:
    roles = {1: "requester", 2: "assigned", 3: "observer"}
    return {"role": roles.get(actor.kind, str(actor.kind)), "name": "…", "href": f"/front/user.form.php?id={actor.user}"}


def _page(asked: Asked, rows: list[JsonValue]) -> Answer:
    start, limit = int(asked.query.get("start", 0)), int(asked.query.get("limit", 100))
    page = rows[start : start + limit]
    headers = {"Content-Range": f"{start}-{max(0, start + limit - 1)}/{len(rows)}"}
    return Answer(206 if start + limit < len(rows) else 200, page, headers)
