"""The Forms API by the official client: bounded retries, time limits, and every failure in the program's own words."""

import http.client
import json
import time
import zlib
from collections.abc import Callable
from datetime import datetime

import google.auth.exceptions
import google_auth_httplib2
import httplib2
from google.oauth2.service_account import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from pydantic import ValidationError

from config.errors import Misconfigured, Target, TargetError, Transient, Unreachable
from config.http_times import http_date, retry_after_seconds
from intake.forms.google_replies import FORM_FIELDS, FormReply, PageReply
from intake.google_access import (
    GuardedHttp,
    account_name,
    authentication_failure,
    certificate_refused,
    insecure_endpoint,
    untrusted_certificate,
)

_TRIES = 3
_LONGEST_WAIT_SECONDS = 20.0
_FIRST_WAIT_SECONDS = 1.0
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_QUOTA_REASONS = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"})


class BadRequest(Exception):
    """Google refused a parameter (400): in the middle of a listing, its page token."""


class FormsClient:
    """One form, for reading only unless `writable` (`gestion init`). Connects at the first call.

    Raises Misconfigured, Unreachable or Transient (Target.FORM), and BadRequest. What may pass by itself is tried three times,
    waiting as Google's Retry-After asks when that is at most 20 seconds; a longer one is left to the next run.
    """

    def __init__(
        self,
        form_id: str,
        credentials: Credentials,
        *,
        endpoint: str | None,
        timeout_seconds: float,
        sleep: Callable[[float], None] = time.sleep,
        writable: bool = False,
    ) -> None:
        self._form_id = form_id
        self._account = account_name(credentials)
        self._sleep = sleep
        problem = insecure_endpoint(endpoint) if endpoint else None
        if problem:
            raise Misconfigured(
                Target.FORM,
                f"La dirección de Google Forms no sirve: {problem}.",
                remedy="Corrija el «endpoint» del formulario.",
            )
        token_uri = str(getattr(credentials, "_token_uri", ""))
        # The source only reads, in every kind of run: its transport lets nothing else out.
        self._http = GuardedHttp(writable=writable, token_uri=token_uri, timeout_seconds=timeout_seconds)
        self._service = build(
            "forms",
            "v1",
            http=google_auth_httplib2.AuthorizedHttp(credentials, http=self._http),
            client_options={"api_endpoint": endpoint.rstrip("/") + "/"} if endpoint else None,
            static_discovery=True,
            cache_discovery=False,
        )

    def form(self) -> FormReply:
        """The form as it is now: one call."""
        request = self._service.forms().get(formId=self._form_id, fields=FORM_FIELDS)
        try:
            return FormReply.model_validate(self._reply(request.execute))
        except ValidationError as error:
            raise _not_google() from error

    def page(self, *, filter_text: str, page_token: str, page_size: int) -> PageReply:
        """One page of responses: one call. Raises BadRequest when Google refuses the filter or the token."""
        parameters: dict[str, object] = {"formId": self._form_id, "pageSize": page_size}
        if filter_text:
            parameters["filter"] = filter_text
        if page_token:
            parameters["pageToken"] = page_token
        request = self._service.forms().responses().list(**parameters)
        try:
            return PageReply.model_validate(self._reply(request.execute))
        except ValidationError as error:
            raise _not_google() from error

    @property
    def server_time(self) -> datetime | None:
        """What Google's clock said in its last reply (aware); None: it said nothing that can be read."""
        return http_date(self._http.server_date)

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self._http.close()

    def _reply(self, execute: Callable[[], object]) -> object:
        for attempt in range(1, _TRIES + 1):
            try:
                return self._once(execute)
            except (Transient, Unreachable) as error:
                # A connection that failed half-way must not carry the next request.
                self._http.close()
                asked = error.retry_after_seconds if isinstance(error, Transient) else None
                wait = asked if asked is not None else _FIRST_WAIT_SECONDS * attempt
                if attempt == _TRIES or wait > _LONGEST_WAIT_SECONDS or _from_authentication(error):
                    raise
                self._sleep(wait)
        raise AssertionError("unreachable: the last try returns or raises")

    def _once(self, execute: Callable[[], object]) -> object:
        try:
            return execute()
        except HttpError as error:
            raise self._refusal(error) from error
        except google.auth.exceptions.GoogleAuthError as error:
            raise authentication_failure(error, Target.FORM, self._account) from error
        except OSError as error:
            # Before ValueError: a refused certificate (SSLCertVerificationError) is both.
            raise _no_connection(error) from error
        except (ValueError, EOFError, zlib.error, httplib2.FailedToDecompressContent, http.client.IncompleteRead) as error:
            raise _not_google() from error
        except (httplib2.HttpLib2Error, http.client.HTTPException) as error:
            raise _no_connection(error) from error

    def _refusal(self, error: HttpError) -> TargetError | BadRequest:
        status = int(error.resp.status)
        reasons, message = _google_error(error)
        if status in _PASSING or (status == 403 and reasons & _QUOTA_REASONS):
            return Transient(
                Target.FORM,
                f"Google Forms respondió con el error {status}; se intentará de nuevo.",
                retry_after_seconds=retry_after_seconds(error.resp),
            )
        if status == 400:
            return BadRequest(message)
        if status == 403 and reasons & {"SERVICE_DISABLED", "accessNotConfigured"}:
            return Misconfigured(
                Target.FORM,
                "La API de Google Forms no está habilitada en el proyecto de la cuenta de servicio.",
                remedy="Habilítela en la consola de Google Cloud (API y servicios → Google Forms API).",
            )
        if status in (401, 403, 404):
            return Misconfigured(
                Target.FORM,
                f"Google no deja leer el formulario {self._form_id} (error {status}).",
                remedy=f"Comparta el formulario con la cuenta de servicio {self._account} y verifique que el id sea el de "
                "edición (el de la dirección …/forms/d/ID/edit), no el público.",
            )
        if 300 <= status < 400:
            return Misconfigured(
                Target.FORM,
                f"La dirección de Google Forms respondió con una redirección ({status}).",
                remedy="Revise el «endpoint» configurado y el proxy de salida.",
            )
        return Misconfigured(
            Target.FORM,
            f"Google Forms rechazó la lectura con el error {status}: {message}.",
            remedy="Revise la configuración del formulario.",
        )


def _no_connection(error: Exception) -> TargetError:
    if certificate_refused(error):
        return untrusted_certificate(Target.FORM)
    return Unreachable(Target.FORM, "No hay comunicación con Google Forms; se intentará de nuevo.")


def _not_google() -> Transient:
    return Transient(Target.FORM, "La respuesta de Google Forms llegó incompleta o no es de Google; se intentará de nuevo.")


def _from_authentication(error: TargetError) -> bool:
    # google-auth has its own three tries, with pauses: ours would multiply them.
    return isinstance(error.__cause__, google.auth.exceptions.RefreshError)


def _google_error(error: HttpError) -> tuple[set[str], str]:
    """Reasons and message of Google's JSON error; none when a gateway answered in HTML."""
    try:
        details = json.loads(error.content)["error"]
        reasons = {str(details.get("status", ""))}
        reasons |= {str(part.get("reason", "")) for key in ("details", "errors") for part in details.get(key, ())}
        return reasons, str(details.get("message", ""))[:200]
    except (ValueError, KeyError, TypeError, AttributeError):
        return set(), ""
