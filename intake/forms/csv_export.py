"""Responses read from the CSV that a form exports ("Descargar respuestas"), without access to Google.

A CSV proves nobody's identity: anybody who can write the file can put any address into it. So a person must vouch for it, by
name, and every response carries that name. Google's export has no response id either: without the extra column "ID de
respuesta" an edited row cannot be told from a new response, and is read as one.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from config.errors import Misconfigured, Target
from config.vocabulary import EmailAddress
from intake.forms.csv_table import Row, Table, normalised_header, read_table
from intake.forms.csv_times import parse_form_timestamp
from intake.forms.port import Answers, Batch, Cursor, Field, Response, ResponseId
from intake.forms.questions import DEFAULT_HEADERS, QUESTIONS, QuestionKind

TIMESTAMP_HEADERS = ("Marca temporal", "Timestamp")
REQUESTER_HEADERS = (
    "Dirección de correo electrónico", "Nombre de usuario", "Correo electrónico", "Email Address", "Username",
)  # fmt: skip
"""In order of preference: Forms and Sheets name the column of the respondent's address differently."""
RESPONSE_ID_HEADER = "ID de respuesta"

_PLAIN_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_CHECKBOXES = frozenset(field for field, question in QUESTIONS.items() if question.kind is QuestionKind.CHECKBOX)
_MANDATORY = frozenset(field for field, question in QUESTIONS.items() if question.required)


class CsvExport:
    """A FormSource over a CSV file. Each read reads the whole file: the journal tells what is new.

    `vouched_by`: who answers for the requesters' identity; never empty. `headers`: the column of each field, compared without
    accents, capitals or repeated spaces. `zone`: of timestamps without an offset. `checkboxes`: fields whose cells hold
    several options, separated by ";" or ", ". `form_id`: its identity in the journal; by default the file's name, so that the
    file may be moved.
    """

    def __init__(
        self,
        path: Path,
        vouched_by: str,
        headers: Mapping[Field, str] = DEFAULT_HEADERS,
        zone: tzinfo | None = None,
        *,
        form_id: str | None = None,
        checkboxes: frozenset[Field] = _CHECKBOXES,
    ) -> None:
        """Nothing is read yet. Raises Misconfigured when nobody vouches, or two fields share a header."""
        if not vouched_by.strip():
            raise Misconfigured(
                Target.FORM,
                f"Las respuestas de {path} no prueban quién las envió: en un CSV cualquiera puede escribir cualquier correo.",
                remedy="Indique en la configuración (vouched_by) quién responde por la identidad de los solicitantes.",
            )
        self._path = path
        self._vouched_by = vouched_by.strip()
        self._titles = dict(headers)
        self._fields = {normalised_header(title): field for field, title in headers.items()}
        self._zone = zone or ZoneInfo("America/Bogota")
        self._form_id = form_id or f"csv:{path.name}"
        self._checkboxes = checkboxes
        if len(self._fields) != len(headers):
            raise Misconfigured(
                Target.FORM, "Dos campos del formulario tienen el mismo título de columna.", remedy="Corrija la configuración."
            )

    @property
    def form_id(self) -> str:
        """The export's identity in the journal."""
        return self._form_id

    def read(self, cursor: Cursor | None, now: datetime) -> Batch:
        """Every response of the file submitted until `now` (aware), each in its latest version. All of the file or an error.

        Rows that share an "ID de respuesta" are one response: created at the earliest, last submitted at the latest.
        Raises Misconfigured, with row numbers, for a file that is not the export of this form; Transient for a failing disk.
        """
        known = (*self._titles.values(), *TIMESTAMP_HEADERS, *REQUESTER_HEADERS, RESPONSE_ID_HEADER)
        table = read_table(self._path, frozenset(normalised_header(title) for title in known))
        columns = self._columns(table)
        versions: dict[ResponseId, list[Response]] = {}
        for response in self._responses(table, columns):
            if response.last_submitted_at <= now:
                versions.setdefault(response.response_id, []).append(response)
        responses = sorted((_latest(found) for found in versions.values()), key=_in_time)
        seen = [response.last_submitted_at for response in responses]
        before = [cursor.read_until] if cursor else []
        return Batch(
            responses=tuple(responses),
            cursor=Cursor(read_until=max([*before, *seen], default=datetime.fromtimestamp(0, UTC)), swept_at=now),
            alarms=columns.alarms,
            # Without ids an edited row is another response: what is not listed any more says nothing.
            listed=frozenset(versions) if columns.response_id is not None else None,
        )

    def close(self) -> None:
        """Nothing is held open."""

    def _responses(self, table: Table, columns: "_Columns") -> list[Response]:
        found: list[Response] = []
        unreadable: list[str] = []
        for row in table.rows:
            try:
                found.append(self._response(row, columns))
            except ValueError:
                unreadable.append(f"fila {row.number} («{row.cells[columns.timestamp][:40]}»)")
        if unreadable:
            more = f" y {len(unreadable) - 10} más" if len(unreadable) > 10 else ""
            raise Misconfigured(
                Target.FORM,
                f"En {self._path} hay fechas que no se entienden en «{table.header[columns.timestamp].strip()}»: "
                f"{', '.join(unreadable[:10])}{more}. No se leyó ninguna fila.",
                remedy="Deben estar como 19/06/2025 13:40:23 (día/mes/año). Descargue de nuevo las respuestas desde Google, "
                "o corrija esas filas.",
            )
        return found

    def _response(self, row: Row, columns: "_Columns") -> Response:
        """One row. Raises ValueError for its timestamp."""
        at = parse_form_timestamp(row.cells[columns.timestamp], self._zone)
        requester = row.cells[columns.requester].strip()
        given_id = row.cells[columns.response_id].strip() if columns.response_id is not None else ""
        rest = (cell for column, cell in enumerate(row.cells) if column not in columns.own)
        return Response(
            form_id=self._form_id,
            response_id=ResponseId(_plain_id(given_id) if given_id else _digest(at, requester, rest)),
            created_at=at,
            last_submitted_at=at,
            requester=EmailAddress(requester) if requester else None,
            vouched_by=self._vouched_by,
            answers=self._answers(row, columns),
        )

    def _answers(self, row: Row, columns: "_Columns") -> Answers:
        return {
            field: _options(row.cells[column]) if field in self._checkboxes else (row.cells[column],)
            for field, column in columns.fields.items()
            if row.cells[column].strip()
        }

    def _columns(self, table: Table) -> "_Columns":
        header = [normalised_header(title) for title in table.header]
        self._refuse_repeated(header, table)
        timestamp = _first(header, TIMESTAMP_HEADERS, taken=self._fields)
        requester = _first(header, REQUESTER_HEADERS, taken=self._fields)
        response_id = _first(header, (RESPONSE_ID_HEADER,), taken=self._fields)
        fields = {field: header.index(title) for title, field in self._fields.items() if title in header}
        absent = [self._titles[field] for field in Field if field in self._titles and field not in fields]
        missing = [title for title in absent if self._fields[normalised_header(title)] in _MANDATORY]
        missing += [
            names[0] for names, place in ((TIMESTAMP_HEADERS, timestamp), (REQUESTER_HEADERS, requester)) if place is None
        ]
        if timestamp is None or requester is None or missing:
            raise Misconfigured(
                Target.FORM,
                f"A {self._path} le faltan columnas: {', '.join(f'«{title}»' for title in missing)}.",
                remedy="Verifique que sea la exportación de este formulario y que los títulos sean los configurados; el correo "
                "del solicitante solo aparece si el formulario recopila direcciones de correo.",
            )
        own = frozenset({timestamp, requester} | ({response_id} if response_id is not None else set()))
        unknown = [
            title.strip()
            for place, title in enumerate(table.header)
            if place not in own | set(fields.values()) and title.strip()
        ]
        return _Columns(timestamp, requester, response_id, fields, own, _alarms(self._path, unknown, absent))

    def _refuse_repeated(self, header: list[str], table: Table) -> None:
        known = set(self._fields) | {normalised_header(title) for title in (*TIMESTAMP_HEADERS, *REQUESTER_HEADERS)}
        repeated = {
            table.header[place].strip() for place, title in enumerate(header) if header.count(title) > 1 and title in known
        }
        if repeated:
            raise Misconfigured(
                Target.FORM,
                f"En {self._path} se repiten columnas: {', '.join(f'«{title}»' for title in sorted(repeated))}.",
                remedy="Cada pregunta del formulario debe tener un título distinto.",
            )


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where everything stands. `own`: the columns that are no answers."""

    timestamp: int
    requester: int
    response_id: int | None
    fields: Mapping[Field, int]
    own: frozenset[int]
    alarms: tuple[str, ...]


def _first(header: list[str], names: tuple[str, ...], *, taken: Mapping[str, Field]) -> int | None:
    wanted = (normalised_header(name) for name in names)
    return next((header.index(name) for name in wanted if name in header and name not in taken), None)


def _alarms(path: Path, unknown: list[str], absent: list[str]) -> tuple[str, ...]:
    if not unknown:
        return ()
    found = [f"{path} tiene columnas que la configuración no conoce y que no se leen: {', '.join(unknown)}."]
    if absent:
        # A question that was renamed shows as one unknown and one absent column.
        found.append(f"En {path} no están las columnas: {', '.join(absent)}. ¿Cambió el título de alguna pregunta?")
    return tuple(found)


def _options(cell: str) -> tuple[str, ...]:
    # Forms separates the options of a check box with ";", Sheets with ", ".
    parts = cell.split(";") if ";" in cell else cell.split(", ")
    return tuple(part.strip() for part in parts if part.strip())


def _digest(at: datetime, requester: str, cells: Iterable[str]) -> str:
    """An id of a row's content: the same after columns were added, moved or renamed, or dates shown another way."""
    content = json.dumps(
        [at.isoformat(), requester, sorted(cell.strip() for cell in cells if cell.strip())], ensure_ascii=False
    )
    return "csv-" + hashlib.sha256(content.encode("utf-8")).hexdigest()[:32]


def _plain_id(given: str) -> str:
    """An id that somebody typed, fit for keys and logs."""
    return given if _PLAIN_ID.fullmatch(given) else "csv-" + hashlib.sha256(given.encode("utf-8")).hexdigest()[:32]


def _latest(versions: list[Response]) -> Response:
    """The last of several rows with one id (the lower one of two in the same second), created when the first was."""
    last = max(enumerate(versions), key=lambda pair: (pair[1].last_submitted_at, pair[0]))[1]
    created = min(version.created_at for version in versions)
    return Response(
        form_id=last.form_id,
        response_id=last.response_id,
        created_at=created,
        last_submitted_at=last.last_submitted_at,
        requester=last.requester,
        vouched_by=last.vouched_by,
        answers=last.answers,
    )


def _in_time(response: Response) -> tuple[datetime, str]:
    return response.last_submitted_at, response.response_id
