"""The contract of FormSource, held by Google Forms (the real client on the fake server) and by the exported CSV."""

import csv
import io
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest

from intake.forms.csv_export import CsvExport
from intake.forms.google import GoogleForm
from intake.forms.port import Cursor, Field, FormSource, Response
from intake.forms.questions import DEFAULT_HEADERS
from intake.google_access import google_credentials
from tests.servers.google.gestion_form import GestionForm

START = datetime(2026, 3, 2, 13, 0, 0, tzinfo=UTC)
BOSS = "Jefe.Área+form@upme.gov.co"
PERSON = {
    Field.REQUEST_TYPE: "Creación de cuenta",
    Field.ACCOUNT_TYPE: "Contratista",
    Field.GIVEN_NAMES: "Íñigo Ñusta",
    Field.SURNAMES: "O'Brien Muñoz",
    Field.DOCUMENT_NUMBER: "0012345678",
}


class Answerers(Protocol):
    """People who fill the form in, whatever it is behind."""

    def submit(self, answers: Mapping[Field, str], at: datetime, requester: str = BOSS) -> str:
        """A new response. Returns its id."""
        ...

    def edit(self, response_id: str, answers: Mapping[Field, str], at: datetime) -> None:
        """The response submitted again."""
        ...

    def source(self) -> FormSource:
        """A source to read them with."""
        ...


class OnGoogle:
    """Responses on the fake Google."""

    def __init__(self, form: GestionForm, source: Callable[[], GoogleForm]) -> None:
        self._form = form
        self.source = source

    def submit(self, answers: Mapping[Field, str], at: datetime, requester: str = BOSS) -> str:
        """A new response."""
        return self._form.submit(answers, requester, at)

    def edit(self, response_id: str, answers: Mapping[Field, str], at: datetime) -> None:
        """Submitted again."""
        self._form.edit(response_id, answers, at)


class InCsv:
    """Responses in a file that is written anew each time, its rows in any order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[list[str]] = []
        self._requesters: dict[str, str] = {}
        self._write()

    def submit(self, answers: Mapping[Field, str], at: datetime, requester: str = BOSS) -> str:
        """A new row."""
        response_id = f"r{len(self._rows) + 1}"
        self._requesters[response_id] = requester
        self._add(response_id, answers, at)
        return response_id

    def edit(self, response_id: str, answers: Mapping[Field, str], at: datetime) -> None:
        """A second row of the same id."""
        self._add(response_id, answers, at)

    def source(self) -> CsvExport:
        """A source over the file."""
        return CsvExport(self._path, "Mesa de servicio")

    def _add(self, response_id: str, answers: Mapping[Field, str], at: datetime) -> None:
        local = at.astimezone(ZoneInfo("America/Bogota")).strftime("%d/%m/%Y %H:%M:%S")
        cells = [answers.get(field, "") for field in Field]
        self._rows.append([local, self._requesters[response_id], response_id, *cells])
        self._write()

    def _write(self) -> None:
        text = io.StringIO()
        writer = csv.writer(text)
        headers = [DEFAULT_HEADERS[field] for field in Field]
        writer.writerow(["Marca temporal", "Dirección de correo electrónico", "ID de respuesta", *headers])
        writer.writerows(random.Random(7).sample(self._rows, len(self._rows)))
        self._path.write_text(text.getvalue(), encoding="utf-8")


@pytest.fixture(params=["google", "csv"])
def answerers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Answerers]:
    """Each implementation in turn."""
    if request.param == "csv":
        yield InCsv(tmp_path / "respuestas.csv")
        return
    form: GestionForm = request.getfixturevalue("gestion_form")
    credentials = google_credentials(request.getfixturevalue("key_file"))
    endpoint = request.getfixturevalue("fake_google").url
    opened: list[GoogleForm] = []

    def source() -> GoogleForm:
        opened.append(GoogleForm(form.form_id, form.binding, credentials, attend_since=START, endpoint=endpoint, page_size=3))
        return opened[-1]

    yield OnGoogle(form, source)
    for one in opened:
        one.close()


def _read(answerers: Answerers, now: datetime, cursor: Cursor | None = None) -> tuple[tuple[Response, ...], Cursor]:
    source = answerers.source()
    try:
        batch = source.read(cursor, now)
    finally:
        source.close()
        source.close()
    assert batch.alarms == ()
    return batch.responses, batch.cursor


def _keys(responses: tuple[Response, ...]) -> set[tuple[str, str, datetime]]:
    return {(response.form_id, response.response_id, response.last_submitted_at) for response in responses}


def test_nothing_answered(answerers: Answerers) -> None:
    """A form without responses is an empty batch, with a cursor to go on from."""
    responses, cursor = _read(answerers, START)
    assert responses == ()
    assert _read(answerers, START, cursor)[0] == ()


def test_what_was_answered(answerers: Answerers) -> None:
    """Accents, quotes and leading zeros arrive as typed, unanswered questions are absent, times are aware UTC."""
    at = START + timedelta(minutes=1)
    answerers.submit(PERSON, at)
    [response], _ = _read(answerers, START + timedelta(hours=1))
    assert dict(response.answers) == {field: (text,) for field, text in PERSON.items()}
    assert response.requester == BOSS
    assert response.created_at == response.last_submitted_at == at
    assert response.last_submitted_at.utcoffset() == timedelta(0)
    assert not response.edited


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://malo.example";"clic")',
        "+57 300 123 4567",
        "línea uno\nlínea dos\n\n«cuatro»",
        'comillas " y, comas; y puntos\ty tabulador',
        "ñ" * 10_000,
        "00123",
        "2026-03-02",
        "nan",
        " con espacios ",
        "separador\u2028de línea",
        "😀 \u202eal revés",
    ],
)
def test_hostile_text_is_kept(answerers: Answerers, text: str) -> None:
    """Formulas, newlines, quotes, long and strange text are answers like any other: neither run nor changed."""
    answerers.submit({**PERSON, Field.NOTES: text}, START)
    [response], _ = _read(answerers, START + timedelta(hours=1))
    assert response.answers[Field.NOTES] == (text,)


def test_read_again_gives_the_same_keys(answerers: Answerers) -> None:
    """Without a cursor, or with an older one, the same responses come under the same keys: the journal can tell them."""
    for minute in range(10):
        answerers.submit({**PERSON, Field.GIVEN_NAMES: f"Ana {minute}"}, START + timedelta(minutes=minute))
    first, cursor = _read(answerers, START + timedelta(hours=1))
    again, _ = _read(answerers, START + timedelta(hours=2))
    since, _ = _read(answerers, START + timedelta(hours=2), cursor)
    assert len(first) == 10
    assert _keys(again) == _keys(first)
    assert _keys(since) <= _keys(first)


def test_new_responses_since_the_cursor(answerers: Answerers) -> None:
    """A response submitted after a poll is in the next one, and no response is ever skipped."""
    seen: set[tuple[str, str, datetime]] = set()
    cursor: Cursor | None = None
    for hour in range(8):
        at = START + timedelta(hours=hour)
        made = answerers.submit({**PERSON, Field.CONTRACT_NUMBER: str(hour)}, at)
        responses, cursor = _read(answerers, at + timedelta(minutes=5), cursor)
        assert made in {response.response_id for response in responses}
        seen |= _keys(responses)
    assert len(seen) == 8


def test_an_edit_is_seen_as_one(answerers: Answerers) -> None:
    """A response submitted again keeps its id and creation, has a new key, and says that it was edited."""
    made = answerers.submit(PERSON, START)
    [first], cursor = _read(answerers, START + timedelta(minutes=5))
    later = START + timedelta(hours=3)
    answerers.edit(made, {**PERSON, Field.SURNAMES: "Muñoz"}, later)
    [edited], _ = _read(answerers, later, cursor)
    assert edited.edited
    assert edited.response_id == first.response_id
    assert edited.created_at == first.created_at
    assert edited.last_submitted_at == later
    assert edited.answers[Field.SURNAMES] == ("Muñoz",)


def test_edit_removes_answers(answerers: Answerers) -> None:
    """An answer taken back in an edit is absent."""
    made = answerers.submit({**PERSON, Field.NOTES: "urgente"}, START)
    answerers.edit(made, PERSON, START + timedelta(minutes=1))
    [response], _ = _read(answerers, START + timedelta(hours=1))
    assert Field.NOTES not in response.answers


def test_order_of_arrival_does_not_matter(answerers: Answerers) -> None:
    """Responses come in order of submission, whatever order the source lists them in."""
    minutes = random.Random(3).sample(range(40), 20)
    for minute in minutes:
        answerers.submit(PERSON, START + timedelta(minutes=minute))
    responses, _ = _read(answerers, START + timedelta(hours=1))
    times = [response.last_submitted_at for response in responses]
    assert times == sorted(times)
    assert len(times) == 20


def test_cursor_is_what_was_seen(answerers: Answerers) -> None:
    """The cursor is the latest submission seen, never the clock, and never goes back."""
    at = START + timedelta(minutes=7)
    answerers.submit(PERSON, at)
    _, cursor = _read(answerers, START + timedelta(days=300))
    assert cursor.read_until == at
    ahead = replace(cursor, read_until=at + timedelta(days=1))
    assert _read(answerers, START + timedelta(days=300), ahead)[1].read_until == at + timedelta(days=1)


def test_requester_is_the_whole_address(answerers: Answerers) -> None:
    """user+x@ stays user+x@, and one who gave no address is nobody."""
    answerers.submit(PERSON, START, requester="user+x@upme.gov.co")
    answerers.submit(PERSON, START + timedelta(minutes=1), requester="")
    known, unknown = _read(answerers, START + timedelta(hours=1))[0]
    assert known.requester == "user+x@upme.gov.co"
    assert unknown.requester is None


def test_same_second(answerers: Answerers) -> None:
    """Two people who submit in the same second are two responses."""
    answerers.submit(PERSON, START, requester="uno@upme.gov.co")
    answerers.submit(PERSON, START, requester="dos@upme.gov.co")
    responses, _ = _read(answerers, START + timedelta(hours=1))
    assert {response.requester for response in responses} == {"uno@upme.gov.co", "dos@upme.gov.co"}
