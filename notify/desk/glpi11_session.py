"""Calls of GLPI 11's high-level API v2 with an OAuth token, asked for at the first call and again once when it has expired.

https://github.com/glpi-project/glpi: src/Glpi/Api/HL/Router.php and src/Glpi/Api/HL/Controller/CoreController.php. An expired
token is answered with 401 or, since 11.0, with 400 «Invalid OAuth token».
"""

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import JsonValue, TypeAdapter

from config.errors import Misconfigured, Target, WriteRefused
from notify.desk.glpi11_rows import Session11, Token
from notify.desk.glpi_errors import not_understood, refused, said_in
from notify.desk.glpi_http import GlpiHttp, Query, Reply
from notify.desk.glpi_rows import parsed
from notify.desk.glpi_settings import Glpi11Settings

Found = TypeVar("Found")

_PAGE = 100
_CONTENT_RANGE = re.compile(r"(\d+)-(\d+)/(\d+)")
_TOKEN = TypeAdapter(Token)
_SESSION = TypeAdapter(Session11)
_ANYTHING: TypeAdapter[list[JsonValue]] = TypeAdapter(list[JsonValue])


class Glpi11Session:
    """Raises Unreachable, Transient, Misconfigured or Rejected (Target.DESK); with `writable` false each write WriteRefused.

    GLPI answers an account that may not read tickets with an empty list, and this interface does not tell the rights of a
    profile. So an account that sees no ticket at all is refused: what it does not find may well be there.
    """

    def __init__(
        self,
        settings: Glpi11Settings,
        *,
        clock: Callable[[], datetime],
        writable: bool,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._writable = writable
        self._http = GlpiHttp(ca_file=settings.ca_file, timeout_seconds=settings.timeout_seconds, sleep=sleep)
        self._token = ""
        self._session: Session11 | None = None
        self._apart = timedelta()

    def clocks_apart(self) -> timedelta:
        """How far GLPI's clock is ahead of ours."""
        self.session()
        return self._apart

    def session(self) -> Session11:
        """Who we are in GLPI, and its clock when we came in."""
        if self._session is None:
            reply = self._call("GET", "session", None, None)
            if not reply.ok:
                raise refused("la lectura de la sesión", reply)
            session = parsed(_SESSION, reply.body, "la lectura de la sesión")
            entity = self._settings.entity
            if entity is not None and session.active_entity.id != entity:
                # GLPI takes no notice of a header that asks for an entity that is not the account's.
                raise Misconfigured(
                    Target.DESK,
                    f"La cuenta del programa no puede trabajar en la entidad {entity} de GLPI.",
                    remedy="Revise «entity» en [desk], y dé a la cuenta su perfil en esa entidad.",
                )
            seen = self._call("GET", "Assistance/Ticket", {"limit": 1}, None)
            if not seen.ok:
                raise refused("la lectura de tickets", seen)
            if not parsed(_ANYTHING, seen.body, "la lectura de tickets"):
                raise Misconfigured(
                    Target.DESK,
                    "La cuenta del programa no ve ningún ticket en GLPI.",
                    remedy="Dé a su perfil el derecho «Ver todos los tickets» y la entidad que corresponde; si GLPI está "
                    "recién instalado y no tiene ninguno, registre a mano un ticket de prueba.",
                )
            self._apart = session.current_time - self._clock()
            self._session = session
        return self._session

    def get(self, path: str, adapter: TypeAdapter[Found], *, query: Query | None = None) -> Found | None:
        """One object or list; None when GLPI says that there is no such item."""
        self.session()
        reply = self._call("GET", path, query, None)
        if reply.status == 404 and "ERROR_ITEM_NOT_FOUND" in said_in(reply.body):
            return None
        if not reply.ok:
            raise refused(f"la lectura de {_named(path)}", reply)
        return parsed(adapter, reply.body, f"la lectura de {_named(path)}")

    def pages(self, path: str, adapter: TypeAdapter[Found], *, query: Query) -> Iterator[Found]:
        """Each page of a list: 206 and a Content-Range when there is more than was sent."""
        self.session()
        start = 0
        while True:
            reply = self._call("GET", path, {**query, "start": start, "limit": _PAGE}, None)
            if not reply.ok:
                raise refused(f"la lectura de {_named(path)}", reply)
            yield parsed(adapter, reply.body, f"la lectura de {_named(path)}")
            told = _CONTENT_RANGE.search(reply.headers.get("Content-Range", ""))
            if reply.status == 206 and not told:
                raise not_understood("una lista partida en páginas")
            start += _PAGE
            if not told or start >= int(told[3]):
                return

    def write(self, method: str, path: str, given: dict[str, JsonValue], what: str) -> JsonValue:
        """POST or PATCH; `what` (Spanish, an infinitive) names it in an error. GLPI answers 500 to what it declines."""
        if not self._writable:
            raise WriteRefused(f"No se escribe en GLPI durante un ensayo: {what}.")
        self.session()
        reply = self._call(method, path, None, given)
        if not reply.ok:
            raise refused(what, reply)
        return reply.body

    def close(self) -> None:
        """Forget the token and free the connections; this interface has no way to end a session."""
        self._token, self._session = "", None
        self._http.close()

    def _call(self, method: str, path: str, query: Query | None, body: JsonValue) -> Reply:
        known = bool(self._token)
        reply = self._send(method, path, query, body)
        if known and (reply.status == 401 or (reply.status == 400 and "OAuth token" in said_in(reply.body))):
            # It expired: nothing was done, so asking once more is safe, for a write too.
            self._token = ""
            reply = self._send(method, path, query, body)
        return reply

    def _send(self, method: str, path: str, query: Query | None, body: JsonValue) -> Reply:
        headers = {"Authorization": f"Bearer {self._entered()}", "Accept": "application/json"}
        if self._settings.entity is not None:
            headers |= {"GLPI-Entity": str(self._settings.entity), "GLPI-Entity-Recursive": "true"}
        return self._http.call(method, f"{self._settings.url}/v2/{path}", headers=headers, query=query, body=body)

    def _entered(self) -> str:
        if not self._token:
            grant = {
                "grant_type": "password",
                "client_id": self._settings.client_id,
                "client_secret": self._settings.client_secret,
                "username": self._settings.user,
                "password": self._settings.password,
                "scope": "api",
            }
            headers = {"Accept": "application/json"}
            reply = self._http.call("POST", f"{self._settings.url}/token", headers=headers, form=grant)
            if not reply.ok:
                raise Misconfigured(
                    Target.DESK,
                    f"GLPI no dejó entrar a la cuenta del programa ({reply.status} {said_in(reply.body)}).",
                    remedy="Revise client_id, client_secret_file, user y password_file de [desk], y que el cliente OAuth tenga "
                    "la concesión «Password» y el alcance «api»; vea docs/glpi.md.",
                )
            self._token = parsed(_TOKEN, reply.body, "el inicio de sesión").access_token
        return self._token


def _named(path: str) -> str:
    return "/".join(part for part in path.split("/") if not part.isdecimal())
