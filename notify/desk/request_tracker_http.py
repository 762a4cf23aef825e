"""HTTP to a Request Tracker: verified TLS, a time limit, no redirects, and every failure in the program's own words.

The interface is REST2 (https://docs.bestpractical.com/rt/5.0.5/RT/REST2.html); what it really does was measured on RT 5.0.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import requests
from pydantic import JsonValue, TypeAdapter, ValidationError
from requests.utils import get_environ_proxies

from config.errors import Misconfigured, Rejected, Target, TargetError, Transient, Unreachable, WriteRefused
from config.http_times import retry_after_seconds
from config.redaction import shown_text
from config.trusted import machine_store

_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)
_PASSING = frozenset({408, 409, 412, 425, 429})
_ADDRESS = "Revise «url» en [desk]: la dirección de la página de inicio de Request Tracker, sin /REST/2.0."


@dataclass(frozen=True, slots=True)
class RequestTrackerReach:
    """Where a Request Tracker is, and as whom the program comes in. `url` is that of the web interface."""

    url: str
    token: str = field(repr=False)
    ca_file: Path | None = None
    timeout_seconds: float = 30


@dataclass(frozen=True, slots=True)
class Answered:
    """A success: the parsed body, and the path of what was made (`/transaction/88`), if anything was."""

    body: JsonValue
    location: str


class RequestTrackerHttp:
    """Calls of REST2. Raises Unreachable, Transient, Misconfigured, Rejected (Target.DESK); WriteRefused in a dry run.

    Nothing is sent twice: the executor tries again, and each write looks first whether it was done.
    """

    def __init__(self, reach: RequestTrackerReach, *, writable: bool = True) -> None:
        self._base = f"{reach.url.rstrip('/')}/REST/2.0"
        self._timeout_seconds = reach.timeout_seconds
        self._writable = writable
        self._verify = str(reach.ca_file) if reach.ca_file else machine_store()
        self._session = requests.Session()
        # With it ~/.netrc would replace our token, and REQUESTS_CA_BUNDLE the configured authority.
        self._session.trust_env = False
        self._session.headers["User-Agent"] = "gestion-de-usuarios"
        self._session.headers["Authorization"] = f"token {reach.token}"
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> JsonValue | None:
        """What is at a path; None: there is nothing (404)."""
        response = self._sent("GET", path, query=query)
        return None if response.status_code == requests.codes.not_found else self._answered(response).body

    def write(self, method: str, path: str, body: Mapping[str, JsonValue], *, what: str) -> Answered:
        """Change something. `what` is Spanish: what would be done, were this no dry run."""
        if not self._writable:
            raise WriteRefused(what)
        response = self._sent(method, path, body=body)
        if response.status_code == requests.codes.not_found:
            raise Misconfigured(Target.DESK, "La dirección de Request Tracker no es la de su interfaz REST2.", remedy=_ADDRESS)
        return self._answered(response)

    def close(self) -> None:
        """Free the connections. Idempotent."""
        self._session.close()

    def _sent(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, JsonValue] | None = None,
    ) -> requests.Response:
        url = f"{self._base}{path}"
        try:
            return self._session.request(
                method,
                url,
                params=None if query is None else dict(query),
                json=None if body is None else dict(body),
                timeout=self._timeout_seconds,
                verify=self._verify,
                proxies=get_environ_proxies(url, no_proxy=None) if url.startswith("https:") else {},
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _transport_error(error) from error

    def _answered(self, response: requests.Response) -> Answered:
        status = response.status_code
        parsed = _parsed(response)
        if status in {200, 201}:
            if parsed is None:
                remedy = f"{_ADDRESS} Si hay un inicio de sesión único delante, debe dejar pasar /REST/2.0."
                raise Misconfigured(Target.DESK, "Request Tracker contestó una página web en lugar de datos.", remedy=remedy)
            location = response.headers.get("Location", "").removeprefix("/REST/2.0").partition("/REST/2.0")
            return Answered(parsed, location[2] or location[0])
        raise _refusal(status, parsed, response.headers)


def _parsed(response: requests.Response) -> JsonValue:
    try:
        return _JSON.validate_json(response.content)
    except ValidationError:
        return None


def _refusal(status: int, parsed: JsonValue, headers: Mapping[str, str]) -> TargetError:
    message = parsed.get("message", "") if isinstance(parsed, dict) else ""
    said = shown_text(str(message), most=200)
    if 300 <= status < 400:
        problem = f"La dirección de Request Tracker responde con una redirección ({status})."
        return Misconfigured(Target.DESK, problem, remedy=f"{_ADDRESS} Escriba la definitiva, con https://.")
    if status in _PASSING or status >= 500:
        problem = f"Request Tracker no pudo atender ahora (respuesta {status}); se intentará de nuevo."
        return Transient(Target.DESK, problem, retry_after_seconds=retry_after_seconds(headers))
    if status == 401:
        remedy = "Cree otro token para la cuenta del programa y guárdelo en el archivo de token_file."
        return Misconfigured(Target.DESK, "Request Tracker no reconoce el token del programa.", remedy=remedy)
    if status == 403:
        remedy = "Dele los derechos que enumera docs/administrador.md, y revise «queue» en [desk]."
        return Misconfigured(
            Target.DESK, f"Request Tracker no permite esto a la cuenta del programa ({said or status}).", remedy=remedy
        )
    return Rejected(Target.DESK, f"Request Tracker no aceptó el cambio ({status} {said}).", remedy="Revise el ticket en RT.")


def _transport_error(error: requests.RequestException) -> TargetError:
    match error:
        case requests.exceptions.SSLError():
            remedy = "Indique en «ca_file» de [desk] la autoridad que lo firma; el programa siempre lo verifica."
            return Misconfigured(Target.DESK, "El certificado de Request Tracker no es de confianza.", remedy=remedy)
        case requests.exceptions.InvalidURL() | requests.exceptions.InvalidSchema():
            return Misconfigured(Target.DESK, "La dirección de Request Tracker no es válida.", remedy=_ADDRESS)
        case requests.exceptions.ReadTimeout() | requests.exceptions.ChunkedEncodingError():
            return Transient(
                Target.DESK, "Request Tracker no contestó a tiempo, o se cortó su respuesta; se intentará de nuevo."
            )
        case _:
            return Unreachable(Target.DESK, "No hay comunicación con Request Tracker.", remedy="Revise la red y el servicio.")
