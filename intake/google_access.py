"""Access to Google's APIs: the service account's credentials, and transports that refuse writes during a dry run.

One Credentials object serves Forms and Sheets, so that a run fetches one token. Google's console gives the key file
(IAM → cuentas de servicio → claves → JSON); delegation ("delegación de todo el dominio") acts for `subject`.
"""

import json
import os
import ssl
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import google.auth.exceptions
import httplib2
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from google.auth.credentials import DEFAULT_UNIVERSE_DOMAIN
from google.auth.crypt import RSASigner
from google.oauth2 import service_account

from config.errors import CannotRun, Misconfigured, Target, TargetError, Transient, Unreachable, WriteRefused

FORMS_READ_SCOPES = (
    "https://www.googleapis.com/auth/forms.body.readonly",
    "https://www.googleapis.com/auth/forms.responses.readonly",
)
FORMS_EDIT_SCOPES = ("https://www.googleapis.com/auth/forms.body",)
"""Only for making a form (`gestion init`)."""
SHEETS_SCOPES = ("https://www.googleapis.com/auth/spreadsheets",)
RUN_SCOPES = (*FORMS_READ_SCOPES, *SHEETS_SCOPES)
"""What a run needs; the list to allow in the administrator's console when delegation is used."""

_NEW_KEY = (
    "Descargue de nuevo la clave JSON de la cuenta de servicio en la consola de Google Cloud "
    "(IAM y administración → Cuentas de servicio → Claves)."
)
_REFUSED_SIGNS = ("invalid_grant", "unauthorized_client", "access_denied", "invalid_scope", "invalid_client")


class RunCredentials(service_account.Credentials):
    """A service account that talks to its token endpoint and to the API called, and to nobody else.

    google-auth 2.40+ also asks iamcredentials.googleapis.com, in a background thread and at an address that no setting
    changes, in which regions the account may be used; a run behind a proxy or against another cloud must not do that.
    """

    def _is_regional_access_boundary_lookup_required(self) -> bool:
        return False


def google_credentials(
    key_file: Path, subject: str | None = None, scopes: Iterable[str] = RUN_SCOPES, *, token_uri: str | None = None
) -> service_account.Credentials:
    """The service account's credentials; no token is fetched yet. `subject`: the user it acts for, by delegation.

    `token_uri` goes before the one in the key file. Raises CannotRun for a file that is missing, unreadable, no JSON or no
    service account's key, saying which; the file's contents are never part of a message.
    """
    info = _key_info(key_file)
    if token_uri:
        info["token_uri"] = token_uri
    problem = insecure_endpoint(info["token_uri"])
    if problem:
        raise CannotRun(f"La dirección de autenticación (token_uri) de {key_file} no es segura: {problem}.", remedy=_NEW_KEY)
    try:
        key = _private_key(info["private_key"])
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as error:
        # A TypeError: the key is encrypted, and Google's never are.
        raise CannotRun(f"La clave privada del archivo {key_file} está dañada.", remedy=_NEW_KEY) from error
    # google-auth leaves both untyped.
    signing: Callable[..., RSASigner] = RSASigner
    acting: Callable[..., service_account.Credentials] = RunCredentials
    return acting(
        signing(key, info.get("private_key_id")),
        info["client_email"],
        info["token_uri"],
        scopes=list(scopes),
        subject=subject or None,
        project_id=info.get("project_id"),
        universe_domain=info.get("universe_domain", DEFAULT_UNIVERSE_DOMAIN),
    )


def _private_key(pem: str) -> RSAPrivateKey:
    """The key, tried out. Raises what cryptography does for what is no key of RSA, and InvalidSignature for damage."""
    # OpenSSL's proof that a key's numbers are primes takes longer than all the calls of an idle poll. It is meant for keys
    # that a stranger hands in; what damage does to one's own shows in the first signature.
    key = load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA key")
    key.public_key().verify(key.sign(b"", PKCS1v15(), SHA256()), b"", PKCS1v15(), SHA256())
    return key


def _key_info(key_file: Path) -> dict[str, str]:
    try:
        raw = key_file.read_bytes()
    except FileNotFoundError as error:
        raise CannotRun(
            f"No existe el archivo de la cuenta de servicio de Google: {key_file}.",
            remedy="Revise la ruta en la configuración.",
        ) from error
    except OSError as error:
        raise CannotRun(
            f"No se puede leer el archivo de la cuenta de servicio de Google {key_file}: {error.strerror}.",
            remedy="Dé permiso de lectura sobre el archivo al usuario que ejecuta el programa, y a nadie más.",
        ) from error
    try:
        values = json.loads(raw.decode("utf-8-sig"))
    except ValueError as error:
        raise CannotRun(f"El archivo {key_file} no es JSON válido.", remedy=_NEW_KEY) from error
    if not isinstance(values, dict):
        raise CannotRun(f"El archivo {key_file} no es la clave de una cuenta de servicio.", remedy=_NEW_KEY)
    if "installed" in values or "web" in values or values.get("type") == "authorized_user":
        raise CannotRun(
            f"El archivo {key_file} es de un cliente OAuth o de un usuario, no de una cuenta de servicio.", remedy=_NEW_KEY
        )
    if values.get("type") != "service_account":
        raise CannotRun(f"El archivo {key_file} no es la clave de una cuenta de servicio.", remedy=_NEW_KEY)
    info = {key: value for key, value in values.items() if isinstance(key, str) and isinstance(value, str)}
    missing = [key for key in ("client_email", "private_key", "token_uri") if not info.get(key)]
    if missing:
        raise CannotRun(f"Al archivo {key_file} le falta: {', '.join(missing)}.", remedy=_NEW_KEY)
    return info


def insecure_endpoint(url: str) -> str | None:
    """Why tokens must not travel to this address, in Spanish; None when they may: https, or http on this machine."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        return f"«{url[:200]}» no es una dirección https completa"
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        return f"«{url[:200]}» no usa https"
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def account_name(credentials: object) -> str:
    """The address to share a form or a sheet with: the delegated user's, else the service account's."""
    for attribute in ("_subject", "service_account_email"):
        name = getattr(credentials, attribute, None)
        if isinstance(name, str) and name:
            return name
    return "la cuenta de servicio"


def authentication_failure(error: google.auth.exceptions.GoogleAuthError, target: Target, account: str) -> TargetError:
    """A failure to get a token, in our own words: Misconfigured when Google refuses the account, else it may pass by itself."""
    if certificate_refused(error):
        return untrusted_certificate(target)
    details = error.args[1] if len(error.args) > 1 else None
    code = details.get("error") if isinstance(details, Mapping) else None
    if code == "unauthorized_client":
        return Misconfigured(
            target,
            f"Google no autoriza a la cuenta de servicio a actuar en nombre de {account}.",
            remedy="Autorice la delegación de todo el dominio con estos permisos: " + " ".join(RUN_SCOPES) + ".",
        )
    if code in _REFUSED_SIGNS:
        return Misconfigured(
            target,
            f"Google no aceptó la clave de {account} ({code}).",
            remedy="Verifique que la clave siga vigente y que el reloj de este servidor esté en hora. " + _NEW_KEY,
        )
    if isinstance(error, google.auth.exceptions.TransportError):
        return Unreachable(target, "No hay comunicación con el servicio de autenticación de Google.")
    return Transient(target, "El servicio de autenticación de Google respondió con un error; se intentará de nuevo.")


def certificate_refused(error: BaseException) -> bool:
    """Whether a certificate that nobody we trust has signed is behind this error, at any depth."""
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            return False
        if isinstance(seen, ssl.SSLCertVerificationError):
            return True
        inner = next((part for part in seen.args if isinstance(part, BaseException)), None)
        reason = getattr(seen, "reason", None)
        seen = inner or (reason if isinstance(reason, BaseException) else None) or seen.__cause__ or seen.__context__
    return False


def untrusted_certificate(target: Target) -> Misconfigured:
    """The server shows a certificate that this machine does not trust: never worked around, always said."""
    return Misconfigured(
        target,
        f"El certificado del servidor de {target} no es de confianza para este equipo.",
        remedy="Si la salida a internet pasa por un proxy que inspecciona el tráfico, indique el archivo PEM de su autoridad "
        "certificadora en la variable de entorno REQUESTS_CA_BUNDLE. Los certificados siempre se verifican.",
    )


class SentAlready(httplib2.HttpLib2Error):
    """httplib2 was about to send again a write whose answer it lost."""


class _OnceHttp(httplib2.HTTPConnectionWithTimeout):
    _sent = False

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        """Begin the one request of this connection."""
        self._sent = _only_once(self._sent)
        super().putrequest(method, url, skip_host, skip_accept_encoding)


class _OnceHttps(httplib2.HTTPSConnectionWithTimeout):
    _sent = False

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        """Begin the one request of this connection."""
        self._sent = _only_once(self._sent)
        super().putrequest(method, url, skip_host, skip_accept_encoding)


def _only_once(sent: bool) -> bool:
    if sent:
        raise SentAlready("the answer to a write was lost; it is not sent again")
    return True


class GuardedHttp(httplib2.Http):
    """The transport of googleapiclient. Verifies certificates and follows no redirections, which could carry a token away.

    With `writable=False` whatever is not a read raises WriteRefused before anything leaves the process; only the exchange of
    the signed assertion for a token may be posted.
    """

    def __init__(self, *, writable: bool, token_uri: str, timeout_seconds: float) -> None:
        # httplib2 has a variable of its own, read at import: one for all our transports is enough, the one of requests.
        super().__init__(timeout=timeout_seconds, ca_certs=os.environ.get("REQUESTS_CA_BUNDLE") or None)
        self.follow_redirects = False
        self._writable = writable
        self._token_uri = token_uri
        self.server_date = ""
        """The Date header of the last reply; empty before there is any."""

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: dict[str, str] | None = None,
        redirections: int = httplib2.DEFAULT_MAX_REDIRECTS,
        connection_type: type | None = None,
    ) -> tuple[httplib2.Response, bytes]:
        """Send one request. Raises WriteRefused, TransportError for a token reply that is none, and httplib2's own errors."""
        is_token = method == "POST" and uri == self._token_uri
        if not self._writable and not is_token:
            _refuse_write(method, uri, headers or {})
        once = method not in {"GET", "HEAD"} and not is_token
        if once:
            # httplib2 repeats whatever it lost the answer of, and would make a second form: on a connection of its own, once.
            self.close()
            connection_type = _OnceHttps if uri.startswith("https:") else _OnceHttp
        try:
            response, content = super().request(uri, method, body, headers, redirections, connection_type)
        finally:
            if once:
                self.close()
        self.server_date = str(response.get("date", ""))
        if is_token and response.status == 200 and not _holds_token(content):
            # google-auth would fail with a TypeError on a proxy's page that comes with 200.
            raise httplib2.HttpLib2Error("no token in the reply of the token endpoint")
        return response, content


def _refuse_write(method: str, uri: str, headers: Mapping[str, str]) -> None:
    # A GET whose address would be too long travels as a POST with this header: Google reads it as the GET it is.
    override = next((value for name, value in headers.items() if name.lower() == "x-http-method-override"), method)
    if override.upper() not in ("GET", "HEAD"):
        raise WriteRefused(f"Es un simulacro y no se escribe en Google: {method} {uri.partition('?')[0]}")


def _holds_token(content: bytes) -> bool:
    try:
        values = json.loads(content)
    except ValueError:
        return False
    return isinstance(values, dict) and isinstance(values.get("access_token"), str)
