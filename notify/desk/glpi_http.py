"""HTTP to a GLPI: verified TLS, a time limit, no redirects, and every failure of transport in the program's own words."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import requests
from pydantic import ConfigDict, JsonValue, TypeAdapter, ValidationError
from requests.utils import get_environ_proxies

from config.errors import Misconfigured, Target, TargetError, Transient, Unreachable
from config.http_times import retry_after_seconds
from config.trusted import machine_store

_PASSING = frozenset({408, 425, 429, 502, 503, 504})
_TRIES = 3
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 20.0
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue, config=ConfigDict(hide_input_in_errors=True))

Query = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Reply:
    """What GLPI answered: always JSON (None for an empty body)."""

    status: int
    headers: Mapping[str, str]
    body: JsonValue

    @property
    def ok(self) -> bool:
        """200, 201, 204 or 206; 207 is GLPI's "partly", which is no success."""
        return self.status in {200, 201, 204, 206}


class GlpiHttp:
    """Calls of one GLPI. Raises Unreachable, Transient and Misconfigured (Target.DESK); any other status is returned.

    A reading that may pass by itself (429, 503) is tried three times, waiting as Retry-After asks when that is at most
    20 seconds. A write never is: whoever asked looks first whether it was done.
    """

    def __init__(self, *, ca_file: Path | None, timeout_seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._verify = str(ca_file) if ca_file else machine_store()
        self._timeout_seconds = timeout_seconds
        self._sleep = sleep
        self._session = requests.Session()
        # With it ~/.netrc would go before our token, and REQUESTS_CA_BUNDLE before the configured authority.
        self._session.trust_env = False
        self._session.headers["User-Agent"] = "gestion-de-usuarios"
        # GLPI sets a PHP session cookie, and would then know us by it after the session that we asked for has ended.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        query: Query | None = None,
        body: JsonValue = None,
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        """One call. GLPI answers 400 to a GET with a body, so a body is for the other methods only."""
        tries = _TRIES if method == "GET" else 1
        for attempt in range(1, tries + 1):
            response = self._send(method, url, headers, query, body, form)
            if response.status_code not in _PASSING:
                return _reply(response)
            wait = retry_after_seconds(response.headers)
            patience = _FIRST_WAIT_SECONDS * 2 ** (attempt - 1) if wait is None else wait
            if attempt == tries or patience > _LONGEST_WAIT_SECONDS:
                raise Transient(
                    Target.DESK,
                    f"GLPI no pudo atender ahora (respuesta {response.status_code}); se intentará de nuevo.",
                    retry_after_seconds=wait,
                )
            self._sleep(patience)
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """Free the connections. Idempotent."""
        self._session.close()

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        query: Query | None,
        body: JsonValue,
        form: Mapping[str, str] | None,
    ) -> requests.Response:
        try:
            return self._session.request(
                method,
                url,
                params=None if query is None else dict(query),
                headers=dict(headers),
                json=body,
                data=None if form is None else dict(form),
                timeout=self._timeout_seconds,
                verify=self._verify,
                # In the clear it goes to this very machine only: a proxy would carry the tokens out.
                proxies=get_environ_proxies(url, no_proxy=None) if url.startswith("https:") else {},
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _transport_error(error) from error


def _reply(response: requests.Response) -> Reply:
    status = response.status_code
    if 300 <= status < 400:
        raise Misconfigured(
            Target.DESK,
            f"La dirección de GLPI responde con una redirección ({status}).",
            remedy="Escriba en «url» de [desk] la dirección definitiva de la API, con https://.",
        )
    if not response.content.strip():
        return Reply(status, dict(response.headers), None)
    try:
        return Reply(status, dict(response.headers), _JSON.validate_json(response.content))
    except ValidationError as error:
        if status >= 500:
            raise Transient(Target.DESK, f"GLPI falló (respuesta {status}); se intentará de nuevo.") from error
        raise Misconfigured(
            Target.DESK,
            f"La dirección de GLPI no es la de su API: respondió {status} con algo que no son datos.",
            remedy="Revise «url» en [desk] y que la API esté habilitada en Configuración → General → API; vea docs/glpi.md.",
        ) from error


def _transport_error(error: requests.RequestException) -> TargetError:
    if isinstance(error, requests.exceptions.SSLError):
        return Misconfigured(
            Target.DESK,
            "El certificado de GLPI no es de confianza.",
            remedy="Indique en «ca_file» de [desk] la autoridad que lo firma; el programa siempre lo verifica.",
        )
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return Misconfigured(Target.DESK, "La dirección de GLPI no es válida.", remedy="Revise «url» en [desk].")
    if isinstance(error, requests.exceptions.ReadTimeout | requests.exceptions.ChunkedEncodingError):
        return Transient(Target.DESK, "La comunicación con GLPI se cortó antes de la respuesta; se intentará de nuevo.")
    return Unreachable(Target.DESK, "No hay comunicación con GLPI; se intentará de nuevo.")
