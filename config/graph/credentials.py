"""The application's token, by msal: client credentials by certificate (preferred) or secret.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import requests

from config.errors import Misconfigured, Target, TargetError, Transient
from config.graph.session import GraphSession, transport_error

if TYPE_CHECKING:
    import msal

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
_KEPT_SECONDS = 60.0
"""For how long a token is handed out without asking msal, which gives none that has less than five minutes left."""
_ASKED = "la identificación de la aplicación"
_REMEDIES = {
    "AADSTS7000215": "El secreto no es el de la aplicación: copie su valor (no su identificador) en secret_file.",
    "AADSTS7000222": "El secreto venció: cree otro en Entra (o, mejor, use un certificado) y guárdelo en secret_file.",
    "AADSTS700027": "El certificado no es el que la aplicación conoce, o venció: suba a Entra su parte pública.",
    "AADSTS700016": "El client_id no es de una aplicación de este inquilino.",
    "AADSTS90002": "El tenant no existe en esta nube: revise «tenant» y «authority».",
    "AADSTS7000112": "La aplicación está desactivada: actívela en Entra (Aplicaciones empresariales).",
    "AADSTS53003": "Una política de acceso condicional bloquea la aplicación.",
}


class Credentials:
    """Hands out the token, from msal's memory while it is good. Thread-safe. No token is ever written anywhere."""

    def __init__(
        self,
        session: GraphSession,
        *,
        tenant: str,
        client_id: str,
        authority: str,
        scope: str,
        certificate_pem: str | None,
        secret: str | None,
    ) -> None:
        self._session = session
        self._client_id = client_id
        self._authority = f"{authority.rstrip('/')}/{tenant}"
        self._scope = scope
        self._certificate_pem = certificate_pem
        self._secret = secret
        self._lock = threading.Lock()
        self._made: msal.ConfidentialClientApplication | None = None
        self._kept = ("", 0.0)
        """The latest token, and the time of `time.monotonic` until which it is handed out."""

    def token(self, target: Target) -> str:
        """A token good for now. Raises Misconfigured, Unreachable or Transient for this target; never shows a secret."""
        token, until = self._kept
        if time.monotonic() < until:
            return token
        with self._lock:
            reply = self._guarded(lambda: self._application().acquire_token_for_client(scopes=[self._scope]), target)
            found = reply.get("access_token")
            if not isinstance(found, str) or not found:
                raise _refused(reply, target)
            self._kept = (found, time.monotonic() + _KEPT_SECONDS)
        return found

    def forget(self, target: Target) -> None:
        """Graph did not take the token: the next one is fetched anew."""
        with self._lock:
            self._kept = ("", 0.0)
            self._guarded(lambda: self._application().remove_tokens_for_client() or {}, target)

    def roles(self, target: Target) -> frozenset[str]:
        """The application permissions that an administrator consented to, as the token itself lists them.

        https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference ("roles"). A token that cannot be
        read (Microsoft promises its form to nobody) is Misconfigured.
        """
        parts = self.token(target).split(".")
        try:
            claims: object = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        except (IndexError, ValueError):
            # `from None`: the decoder's own error would carry the token.
            raise Misconfigured(
                target,
                "No se pueden leer los permisos en el token de la aplicación.",
                remedy="Revise «authority» en [microsoft]: debe ser la de Microsoft Entra.",
            ) from None
        found = claims.get("roles", ()) if isinstance(claims, dict) else ()
        return frozenset(str(role) for role in found)

    def _application(self) -> "msal.ConfidentialClientApplication":
        if self._made is None:
            # A fifth of a second to load, which a run without a call to Graph is spared.
            import msal

            # Without discovery: the authority comes from the settings, and asking Microsoft's public cloud about a
            # national one's or a test server's would be wrong and one more call.
            self._made = msal.ConfidentialClientApplication(
                self._client_id,
                authority=self._authority,
                client_credential=self._credential(),
                instance_discovery=False,
                http_client=self._session,
            )
        return self._made

    def _credential(self) -> str | dict[str, str]:
        if self._certificate_pem is None:
            return self._secret or ""
        key, certificate = _PRIVATE_KEY.search(self._certificate_pem), _CERTIFICATE.search(self._certificate_pem)
        if key is None or certificate is None:
            raise _wrong_certificate(Target.CLOUD)
        # Without `thumbprint` msal signs with PS256 and the certificate's SHA-256.
        return {"private_key": key[0], "public_certificate": certificate[0]}

    def _guarded(self, ask: Callable[[], Mapping[str, object]], target: Target) -> Mapping[str, object]:
        from msal.exceptions import MsalServiceError

        try:
            return ask()
        except MsalServiceError as error:
            # 5xx of the token's address; msal keeps what Retry-After said to itself.
            raise Transient(
                target, "El servicio de identidad de Microsoft respondió con un error; se intentará de nuevo."
            ) from error
        except requests.RequestException as error:
            raise transport_error(error, target, _ASKED) from error
        except ValueError as error:
            # Two things that msal does not tell apart by type: an authority that answers nothing of its kind, and a key or a
            # certificate that cannot be read. Not chained: the texts may quote what could not be read.
            wrong_key = self._certificate_pem is not None and "authority" not in str(error)
            raise (_wrong_certificate(target) if wrong_key else _wrong_authority(target)) from None


def _refused(reply: Mapping[str, object], target: Target) -> TargetError:
    """msal's dict of failure. Of its description only the AADSTS code is shown."""
    code = str(reply.get("error") or "sin código")
    said = re.search(r"AADSTS\d+", str(reply.get("error_description") or ""))
    if code in {"temporarily_unavailable", "server_error", "slow_down"} or (said and said[0] in {"AADSTS50196", "AADSTS90055"}):
        return Transient(target, "El servicio de identidad de Microsoft está ocupado; se intentará de nuevo.")
    remedy = _REMEDIES.get(said[0] if said else "", "Revise tenant, client_id y el certificado o secreto en [microsoft].")
    return Misconfigured(
        target,
        f"Microsoft Entra no aceptó la aplicación ({', '.join(each for each in (code, said[0] if said else '') if each)}).",
        remedy=remedy,
    )


def _wrong_certificate(target: Target) -> Misconfigured:
    return Misconfigured(
        target,
        "No se puede usar el certificado de la aplicación de Microsoft 365.",
        remedy="certificate_file debe tener la clave privada (sin contraseña) y su certificado, en formato PEM.",
    )


def _wrong_authority(target: Target) -> Misconfigured:
    return Misconfigured(
        target,
        "El servicio de identidad de Microsoft no reconoce el inquilino (tenant) configurado, o no es el de Microsoft.",
        remedy="Revise «tenant» y «authority» en [microsoft], y el proxy de salida.",
    )
