"""One HTTP session for Graph and for its tokens, and its failures in the program's words."""

import ssl
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from config.errors import Misconfigured, Target, TargetError, Transient, Unreachable
from config.trusted import machine_store

_POOL = 16


class GraphSession(requests.Session):
    """Verifies certificates by the given authority alone, and goes through the proxies of the environment.

    `trust_env` stays off: with it REQUESTS_CA_BUNDLE would go before the configured authority, and ~/.netrc before our token.
    msal passes its own `verify`, which must not matter either.
    """

    def __init__(self, ca_file: Path | None, timeout_seconds: float) -> None:
        super().__init__()
        self.trust_env = False
        self.headers["User-Agent"] = "gestion-de-usuarios"
        # No server needs to recognise us by anything but the token.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = _Verifying(str(ca_file) if ca_file else machine_store(), timeout_seconds)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, *, in_pieces: bool
    ) -> requests.Response:
        """One request and its reply, whose body is read unless it is wanted in pieces. No redirection is followed.

        `Session.request` would first merge settings that are the same each time: a fifth of what a mail's download costs.
        """
        prepared = requests.PreparedRequest()
        prepared.prepare(method=method, url=url, headers={**self.headers, **headers}, data=content)
        response = self.get_adapter(url).send(prepared, stream=in_pieces)
        if not in_pieces:
            _ = response.content
        return response


class _Verifying(HTTPAdapter):
    """Gives every request the authority, the proxies and the time limit, those of msal among them.

    The environment's proxies are read once for each server: requests would walk all of it four times for every mail copied.
    """

    def __init__(self, authority: str | bool, timeout_seconds: float) -> None:
        self._authority = authority
        self._timeout_seconds = timeout_seconds
        self._proxies: dict[str, dict[str, str]] = {}
        super().__init__(pool_connections=_POOL, pool_maxsize=_POOL, max_retries=0)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """As HTTPAdapter; whatever the caller says of certificates and proxies does not count."""
        limit = timeout if timeout is not None else self._timeout_seconds
        through = self._through(request.url or "")
        return super().send(request, stream=stream, timeout=limit, verify=self._authority, cert=None, proxies=through)

    def _through(self, url: str) -> dict[str, str]:
        place = urlsplit(url)
        server = f"{place.scheme}://{place.netloc}"
        if server not in self._proxies:
            # In the clear it goes to this very machine only: a proxy would carry the token out.
            self._proxies[server] = get_environ_proxies(server, no_proxy=None) if place.scheme == "https" else {}
        return self._proxies[server]


def transport_error(error: requests.RequestException, target: Target, asked: str) -> TargetError:
    """A request that got no reply: Unreachable when nobody answers, Transient when it broke off, Misconfigured by TLS."""
    if isinstance(error, requests.exceptions.SSLError) or _certificate_refused(error):
        return Misconfigured(
            target,
            "El certificado de Microsoft 365 (o del proxy que está en medio) no es de confianza.",
            remedy="Indique en [microsoft] ca_file la autoridad que lo firma; el programa siempre lo verifica.",
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return Unreachable(target, "El proxy de salida no deja llegar a Microsoft 365; se intentará de nuevo.")
    if isinstance(error, requests.exceptions.ReadTimeout) or broke_off(error):
        return Transient(target, f"La comunicación con Microsoft 365 se cortó durante {asked}; se intentará de nuevo.")
    if isinstance(
        error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | requests.exceptions.MissingSchema
    ):
        return Misconfigured(
            target, "Una dirección de Microsoft 365 no es válida.", remedy="Revise «endpoint» y «authority» en [microsoft]."
        )
    return Unreachable(target, "No hay comunicación con Microsoft 365; se intentará de nuevo.")


def broke_off(error: requests.RequestException) -> bool:
    """Whether the connection was there and ended in mid-course: the server may have done what was asked."""
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return True
    if not isinstance(error, requests.exceptions.ConnectionError) or isinstance(error, requests.exceptions.ConnectTimeout):
        return False
    return any(isinstance(each, ProtocolError | ReadTimeoutError) for each in (*error.args, error.__context__))


def _certificate_refused(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
