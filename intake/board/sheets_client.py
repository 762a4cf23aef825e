"""Google Sheets over HTTP by gspread: its plain client with a time limit, bounded retries and our own errors.

gspread's `BackOffHTTPClient` never gives up and repeats requests that are not idempotent, so it is not used; its plain client
has no time limit unless one is set, and its APIError cannot be made of every body that a gateway sends. Hence this one.
"""

import functools
import json
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import google.auth.exceptions
import google.auth.transport.requests
import gspread.http_client
import gspread.urls
import requests
import requests.auth
from google.auth.credentials import Credentials

from config.errors import CannotRun, Misconfigured, Target, Transient, Unreachable, WriteRefused
from config.http_times import retry_after_seconds
from intake.board.cells import Cell
from intake.board.tracking_look import MARK, TabLook
from intake.google_access import (
    account_name,
    authentication_failure,
    certificate_refused,
    insecure_endpoint,
    untrusted_certificate,
)

_GOOGLE = "https://sheets.googleapis.com"
_TRIES = 3
_LONGEST_WAIT_SECONDS = 20.0
_FIRST_WAIT_SECONDS = 1.0
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_READS = frozenset({"GET", "HEAD"})


class BadRequest(Exception):
    """Google refused a range or a body (400): a tab was renamed, rows are gone, a cell is protected. `message` is Google's."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class ReadRange:
    """A range as Google read it: `resolved` is the whole range asked for, clipped to the grid; `rows` lacks empty ends."""

    resolved: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of the spreadsheet."""

    sheet_id: int
    title: str
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class SpreadsheetInfo:
    """The spreadsheet's tabs and its time zone (a IANA name)."""

    time_zone: str
    tabs: tuple[Tab, ...]
    looks: Mapping[int, TabLook] = field(default_factory=dict)
    """By the tab's number (gid); empty unless it was asked for."""


class SheetsClient(gspread.http_client.HTTPClient):
    """One spreadsheet. Raises Misconfigured, Unreachable, Transient (Target.SHEET), BadRequest; WriteRefused in a dry run.

    Reads, and writes of values to fixed ranges, change nothing when repeated: they are tried up to three times, waiting as
    long as Google's Retry-After asks, up to 20 seconds. A change of the structure is sent once: it is not idempotent.
    """

    def __init__(
        self,
        spreadsheet_id: str,
        credentials: Credentials,
        *,
        endpoint: str | None,
        writable: bool,
        timeout_seconds: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        # Not gspread's own session: google-auth's AuthorizedSession also asks iamcredentials.googleapis.com for "allowed
        # locations" in a thread of its own, at an address that cannot be set and that a firewall may well not allow.
        super().__init__(credentials, session=requests.Session())
        self._credentials = credentials
        self.set_timeout(timeout_seconds)
        self._spreadsheet_id = quote(spreadsheet_id, safe="")
        self._endpoint = endpoint.rstrip("/") if endpoint else _GOOGLE
        self._writable = writable
        self._sleep = sleep
        self._account = account_name(credentials)
        if problem := insecure_endpoint(self._endpoint):
            raise CannotRun(f"La dirección de Google Sheets no es segura: {problem}.", remedy="Corríjala en la configuración.")

    def info(self, *, looks: bool = False) -> SpreadsheetInfo:
        """The spreadsheet's tabs and time zone, and if asked for their looks: one GET."""
        sheet_fields = f"{_PROPERTIES},{_LOOKS}" if looks else _PROPERTIES
        fields = f"properties.timeZone,sheets({sheet_fields})"
        reply = self._repeated(lambda: self.fetch_sheet_metadata(self._spreadsheet_id, params={"fields": fields}))
        sheets = reply.get("sheets", ())
        tabs = tuple(_tab(sheet["properties"]) for sheet in sheets)
        found = {tab.sheet_id: _look(sheet, tab) for sheet, tab in zip(sheets, tabs, strict=True)} if looks else {}
        return SpreadsheetInfo(reply.get("properties", {}).get("timeZone", ""), tabs, found)

    def read(self, ranges: Sequence[str]) -> tuple[ReadRange, ...]:
        """Unformatted cells of several ranges: one GET. Dates come as serial numbers."""
        params: gspread.http_client.ParamsType = {
            "valueRenderOption": "UNFORMATTED_VALUE",
            "dateTimeRenderOption": "SERIAL_NUMBER",
            "majorDimension": "ROWS",
        }
        reply = self._repeated(lambda: self.values_batch_get(self._spreadsheet_id, list(ranges), params=dict(params)))
        found = tuple(
            ReadRange(str(part.get("range", "")), tuple(tuple(row) for row in part.get("values", ())))
            for part in reply.get("valueRanges", ())
        )
        if len(found) != len(ranges):
            raise Transient(Target.SHEET, "Google devolvió una lectura incompleta de la hoja de cálculo.")
        return found

    def write(self, changes: Sequence[Mapping[str, Any]]) -> Mapping[int, str]:
        """Put cells, notes and choices into fixed places: one POST, all of it or nothing, safe to repeat.

        Returns the title that each tab (gid) has now: what was written by number was read by title.
        """
        body = {"requests": list(changes), "includeSpreadsheetInResponse": True}
        fields: gspread.http_client.ParamsType = {"fields": "updatedSpreadsheet.sheets.properties(sheetId,title)"}
        url = gspread.urls.SPREADSHEET_BATCH_UPDATE_URL % self._spreadsheet_id
        reply = self._repeated(lambda: self.request("post", url, params=fields, json=body).json())
        sheets = reply.get("updatedSpreadsheet", {}).get("sheets", ())
        return {each["properties"].get("sheetId", 0): each["properties"].get("title", "") for each in sheets}

    def restructure(self, changes: Sequence[Mapping[str, Any]]) -> None:
        """Add a tab, rows or columns, or what makes a tab's look: one POST, never repeated."""
        self._translated(lambda: self.batch_update(self._spreadsheet_id, {"requests": list(changes)}))

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self.session.close()

    def request(
        self,
        method: str,
        endpoint: str,
        params: gspread.http_client.ParamsType | None = None,
        data: bytes | None = None,
        json: Mapping[str, Any] | None = None,
        files: gspread.http_client.FileType = None,
        headers: MutableMapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one request to the configured host. In a dry run anything but a read is refused here, before it leaves."""
        if not self._writable and method.upper() not in _READS:
            raise WriteRefused(f"Simulación: no se escribe en la hoja de cálculo ({_summary(json)}).")
        if not endpoint.startswith(_GOOGLE + "/"):
            message = f"gspread wants a host that was not foreseen: {urlsplit(endpoint).netloc}"
            raise ValueError(message)
        url = self._endpoint + endpoint.removeprefix(_GOOGLE)
        response = self._sent(method, url, params, json, _Bearer(self._token()))
        if response.status_code == requests.codes.unauthorized:
            response = self._sent(method, url, params, json, _Bearer(self._token(renew=True)))
        if response.status_code != requests.codes.ok:
            raise _Refused(response)
        return response

    def _sent(
        self,
        method: str,
        url: str,
        params: gspread.http_client.ParamsType | None,
        body: Mapping[str, Any] | None,
        bearer: "_Bearer",
    ) -> requests.Response:
        # Compact and in UTF-8: `requests` would write each accented letter as six characters.
        octets = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() if body is not None else None
        return self.session.request(
            method.upper(),
            url,
            params=params,
            data=octets,
            headers={"Content-Type": "application/json"} if octets is not None else None,
            auth=bearer,
            timeout=self.timeout,
            allow_redirects=False,
        )

    def _token(self, *, renew: bool = False) -> str:
        """The token, fetched when the credentials (shared with the forms) have none that is valid, or when it was refused."""
        if renew or not self._credentials.valid:
            refresh: Callable[[object], None] = self._credentials.refresh
            with requests.Session() as session:
                try:
                    refresh(functools.partial(google.auth.transport.requests.Request(session), timeout=self.timeout))
                except TypeError as error:
                    # google-auth takes a proxy's page that comes with 200 for a token.
                    raise Transient(Target.SHEET, "El servicio de autenticación de Google devolvió otra cosa.") from error
        return str(self._credentials.token or "")

    def _repeated(self, call: Callable[[], Any]) -> Any:
        for attempt in range(1, _TRIES + 1):
            try:
                return self._translated(call)
            except (Transient, Unreachable) as error:
                asked = error.retry_after_seconds if isinstance(error, Transient) else None
                wait = asked if asked is not None else _FIRST_WAIT_SECONDS * 2 ** (attempt - 1)
                if attempt == _TRIES or wait > _LONGEST_WAIT_SECONDS:
                    raise
                self._sleep(wait)
        raise AssertionError(_TRIES)

    def _translated(self, call: Callable[[], Any]) -> Any:
        try:
            reply = call()
        except _Refused as error:
            raise self._error_of(error.response) from error
        except google.auth.exceptions.GoogleAuthError as error:
            raise authentication_failure(error, Target.SHEET, self._account) from error
        except requests.exceptions.SSLError as error:
            if certificate_refused(error):
                raise untrusted_certificate(Target.SHEET) from error
            raise Unreachable(Target.SHEET, "Se cortó la conexión segura con Google Sheets.", remedy=_NETWORK) from error
        except requests.exceptions.ConnectTimeout as error:
            raise Unreachable(Target.SHEET, "Google Sheets no contesta.", remedy=_NETWORK) from error
        except requests.exceptions.Timeout as error:
            raise Transient(Target.SHEET, f"Google Sheets tardó más de {self.timeout} segundos en contestar.") from error
        except requests.exceptions.JSONDecodeError as error:
            raise Transient(Target.SHEET, "Google Sheets devolvió una respuesta que no se entiende.") from error
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
            raise Transient(Target.SHEET, "La respuesta de Google Sheets llegó cortada.") from error
        except requests.exceptions.ConnectionError as error:
            raise Unreachable(Target.SHEET, "No se pudo conectar con Google Sheets.", remedy=_NETWORK) from error
        except requests.exceptions.RequestException as error:
            raise Misconfigured(Target.SHEET, "La dirección de Google Sheets no es válida.", remedy=_ENDPOINT) from error
        if not isinstance(reply, dict):
            raise Transient(Target.SHEET, "Google Sheets devolvió una respuesta que no se entiende.")
        return reply

    def _error_of(self, response: requests.Response) -> Exception:
        status, reason, message = response.status_code, *_google_error(response)
        limited = status == requests.codes.forbidden and "rate" in reason.casefold()
        if status in _TRANSIENT or limited:
            problem = f"Google Sheets no pudo atender la petición (HTTP {status})."
            return Transient(Target.SHEET, problem, retry_after_seconds=retry_after_seconds(response.headers))
        if status == requests.codes.bad_request and message:
            return BadRequest(message)
        if status == requests.codes.forbidden and ("has not been used" in message or "disabled" in message):
            remedy = "Habilite «Google Sheets API» en el proyecto de Google Cloud de la cuenta de servicio."
            return Misconfigured(Target.SHEET, "La API de Google Sheets no está habilitada.", remedy=remedy)
        if status in (requests.codes.unauthorized, requests.codes.forbidden):
            problem = f"Google no permite abrir la hoja de cálculo (HTTP {status})."
            return Misconfigured(Target.SHEET, problem, remedy=f"Comparta la hoja con {self._account}, como Editor.")
        if status == requests.codes.not_found:
            problem = "La hoja de cálculo configurada no existe."
            remedy = f"Revise su identificador en la configuración y comparta la hoja con {self._account}, como Editor."
            return Misconfigured(Target.SHEET, problem, remedy=remedy)
        return Misconfigured(Target.SHEET, f"Google Sheets rechazó la petición (HTTP {status}).", remedy=_ENDPOINT)


_NETWORK = "Revise la red, el proxy y el cortafuegos de este equipo."
_ENDPOINT = "Revise en la configuración la dirección de Google Sheets y el proxy."


class _Bearer(requests.auth.AuthBase):
    """The token of one request. As `auth`, not as a header: a password for the host in ~/.netrc would replace the header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Refused(Exception):
    """A reply other than 200. Kept apart from gspread's APIError, which cannot be made of every body."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(f"HTTP {response.status_code}")
        self.response = response


def _google_error(response: requests.Response) -> tuple[str, str]:
    """Canonical status and message of Google's JSON error; both empty for a page of HTML or another shape."""
    try:
        error = response.json()["error"]
        return f"{error.get('status', '')} {json.dumps(error.get('errors', error.get('details', '')))}", str(error["message"])
    except (requests.exceptions.JSONDecodeError, KeyError, TypeError, AttributeError):
        return "", ""


def _summary(body: Mapping[str, Any] | None) -> str:
    """What a refused request would have done, without its contents."""
    changes = (body or {}).get("requests")
    if not isinstance(changes, list):
        return "se modificaría"
    rows = {
        (change["updateCells"]["start"]["sheetId"], change["updateCells"]["start"]["rowIndex"] + number)
        for change in changes
        if change.get("updateCells", {}).get("fields") == "userEnteredValue"
        for number in range(len(change["updateCells"]["rows"]))
    }
    return f"se harían {len(changes)} cambios en {len(rows)} filas"


_PROPERTIES = "properties(sheetId,title,gridProperties(rowCount,columnCount))"
_LOOKS = (
    "developerMetadata(metadataKey,metadataValue),conditionalFormats,filterViews(filterViewId),"
    "protectedRanges(protectedRangeId,description),charts(chartId)"
)


def _tab(properties: Mapping[str, Any]) -> Tab:
    grid = properties.get("gridProperties", {})
    return Tab(properties.get("sheetId", 0), properties.get("title", ""), grid.get("rowCount", 0), grid.get("columnCount", 0))


def _look(sheet: Mapping[str, Any], tab: Tab) -> TabLook:
    marks = [each.get("metadataValue", "") for each in sheet.get("developerMetadata", ()) if each.get("metadataKey") == MARK]
    return TabLook(
        columns=tab.columns,
        mark=marks[0] if marks else None,
        rules=tuple(sheet.get("conditionalFormats", ())),
        filter_views=frozenset(view["filterViewId"] for view in sheet.get("filterViews", ())),
        protections={each["protectedRangeId"]: each.get("description", "") for each in sheet.get("protectedRanges", ())},
        charts=frozenset(chart["chartId"] for chart in sheet.get("charts", ())),
    )
