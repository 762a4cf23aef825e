"""A session of GLPI's legacy REST: begun at the first call, begun again once when it has expired, ended with killSession.

https://github.com/glpi-project/glpi/blob/main/apirest.md
"""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pydantic import JsonValue, TypeAdapter

from config.errors import Misconfigured, Target, TargetError, WriteRefused
from notify.desk.glpi_errors import forbidden, hidden_ticket, lacking, not_understood, refused, said_in
from notify.desk.glpi_http import GlpiHttp, Query, Reply
from notify.desk.glpi_rows import FullSession, Session, SessionToken, apart, parsed, utc_offset
from notify.desk.glpi_settings import GlpiSettings

Found = TypeVar("Found")

_PAGE = 200
_CONTENT_RANGE = re.compile(r"(\d+)-(\d+)/(\d+)")
_TOKEN = TypeAdapter(SessionToken)
_FULL_SESSION = TypeAdapter(FullSession)

_TICKET_RIGHTS = ((1024, "ver todos los tickets"), (4, "crear tickets"), (2, "actualizar tickets"))
_FOLLOWUP_RIGHTS = (
    (1, "ver los seguimientos públicos"),
    (8192, "ver los seguimientos privados"),
    (4096, "agregar seguimientos a todos los tickets"),
    (4, "agregar seguimientos a los tickets propios (para anotar en uno cerrado)"),
    (2, "actualizar los seguimientos propios"),
)


class GlpiSession:
    """Calls of the legacy REST with a live session. Raises Unreachable, Transient, Misconfigured, Rejected (Target.DESK).

    The rights of the profile are checked when the session begins, because GLPI answers an account that may not read with
    an empty list. With `writable` false each write raises WriteRefused.
    """

    def __init__(
        self,
        settings: GlpiSettings,
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
        self._session: Session | None = None
        self._began_at = datetime.min.replace(tzinfo=UTC)

    def session(self) -> Session:
        """Who we are in GLPI."""
        self._begun()
        if self._session is None:
            raise not_understood("la sesión")
        return self._session

    def get(self, path: str, adapter: TypeAdapter[Found], *, query: Query | None = None) -> Found | None:
        """One object or page; None when GLPI says that there is no such item."""
        reply = self._call("GET", path, query=query)
        if reply.status == 404 and "ERROR_ITEM_NOT_FOUND" in said_in(reply.body):
            return None
        if not reply.ok:
            raise _unreadable(path, reply)
        return parsed(adapter, reply.body, f"la lectura de {path.partition('/')[0]}")

    def pages(self, path: str, adapter: TypeAdapter[Found], *, query: Query | None = None) -> Iterator[Found]:
        """Each page of a list: GLPI gives 206 and a Content-Range when there is more than it sent."""
        start = 0
        while True:
            reply = self._call("GET", path, query={**(query or {}), "range": f"{start}-{start + _PAGE - 1}"})
            if start and reply.status == 400 and "ERROR_RANGE_EXCEED_TOTAL" in said_in(reply.body):
                return
            if not reply.ok:
                raise _unreadable(path, reply)
            yield parsed(adapter, reply.body, f"la lectura de {path.rpartition('/')[2]}")
            told = _CONTENT_RANGE.search(reply.headers.get("Content-Range", ""))
            end, total = (int(told[2]) + 1, int(told[3])) if told else (0, 0)
            if reply.status == 206 and not told:
                raise not_understood("una lista partida en páginas")
            if end >= total or end <= start:
                return
            start = end

    def write(self, method: str, path: str, given: dict[str, JsonValue], what: str) -> JsonValue:
        """POST or PUT of one item; `what` (Spanish, an infinitive) names it in an error. 207 is a failure too."""
        if not self._writable:
            raise WriteRefused(f"No se escribe en GLPI durante un ensayo: {what}.")
        reply = self._call(method, path, body={"input": given})
        if not reply.ok:
            raise refused(what, reply)
        return reply.body

    def instant(self, server_time: str) -> datetime:
        """A time of the server as aware UTC. Raises Misconfigured for what is no time."""
        try:
            return (datetime.fromisoformat(server_time) - self._offset()).replace(tzinfo=UTC)
        except ValueError as error:
            raise not_understood("una fecha") from error

    def server_time(self, at: datetime) -> str:
        """An aware instant of our clock as the server's clock writes it, however far that is from ours."""
        return (at.astimezone(UTC) + apart(self.session().now, self._began_at)).strftime("%Y-%m-%d %H:%M:%S")

    def close(self) -> None:
        """End the session, so that GLPI does not keep it until it expires, and free the connections."""
        self._end()
        self._http.close()

    def _end(self) -> None:
        if self._token:
            # Nothing is lost with a session that could not be ended: GLPI ends it by itself.
            with contextlib.suppress(TargetError):
                self._http.call("GET", f"{self._settings.url}/killSession", headers=self._headers())
        self._token, self._session = "", None

    def _offset(self) -> timedelta:
        return utc_offset(self.session().now, self._began_at)

    def _call(self, method: str, path: str, *, query: Query | None = None, body: JsonValue = None) -> Reply:
        self._begun()
        reply = self._send(method, path, query, body)
        if reply.status == 401 and "ERROR_SESSION_TOKEN_INVALID" in said_in(reply.body):
            # It expired, or GLPI was restarted: nothing was done, so asking once more is safe, for a write too.
            self._token, self._session = "", None
            self._begun()
            reply = self._send(method, path, query, body)
        return reply

    def _send(self, method: str, path: str, query: Query | None, body: JsonValue) -> Reply:
        return self._http.call(method, f"{self._settings.url}/{path}", headers=self._headers(), query=query, body=body)

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self._settings.app_token:
            headers["App-Token"] = self._settings.app_token
        if self._token:
            headers["Session-Token"] = self._token
        return headers

    def _begun(self) -> None:
        if self._session is not None:
            return
        # One that began and was found wanting, its rights for example.
        self._end()
        headers = self._headers() | {"Authorization": f"user_token {self._settings.user_token}"}
        reply = self._http.call("GET", f"{self._settings.url}/initSession", headers=headers)
        if not reply.ok:
            raise Misconfigured(
                Target.DESK,
                f"GLPI no dejó entrar a la cuenta del programa ({reply.status} {said_in(reply.body)}).",
                remedy="Revise app_token_file y user_token_file de [desk], las direcciones IP del cliente de la API, y que "
                "esté habilitado el inicio de sesión con token externo; vea docs/glpi.md.",
            )
        self._token = parsed(_TOKEN, reply.body, "el inicio de sesión").session_token
        # All that the profile can see, or a ticket that an agent moved to another entity would be opened again.
        entities = self._send("POST", "changeActiveEntities", None, {"entities_id": "all", "is_recursive": True})
        if not entities.ok:
            raise refused("la selección de entidades", entities)
        self._began_at = self._clock()
        full = self._send("GET", "getFullSession", None, None)
        if not full.ok:
            raise refused("la lectura de la sesión", full)
        session = parsed(_FULL_SESSION, full.body, "la lectura de la sesión").session
        _check(session)
        self._session = session


def _unreadable(path: str, reply: Reply) -> TargetError:
    # The profile's rights were seen when the session began, so a single ticket is refused for what it is itself.
    if path.startswith("Ticket/") and forbidden(reply):
        return hidden_ticket(path)
    return refused(f"la lectura de {'/'.join(part for part in path.split('/') if not part.isdecimal())}", reply)


def _check(session: Session) -> None:
    profile = session.profile
    if not session.user:
        raise not_understood("la lectura de la sesión")
    if profile.interface != "central":
        raise lacking(f"el perfil «{profile.name}» es de la interfaz simplificada y debe ser de la estándar")
    missing = [name for bit, name in _TICKET_RIGHTS if not profile.ticket & bit]
    missing += [name for bit, name in _FOLLOWUP_RIGHTS if not profile.followup & bit]
    if missing:
        raise lacking(", ".join(missing))
