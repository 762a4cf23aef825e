"""Google Forms when things go wrong: refused forms, changed questions, faults of the network, budgets of calls."""

import email.utils
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.errors import GestionError, Misconfigured, Transient, Unreachable
from intake.forms.google import GoogleForm
from intake.forms.google_client import FormsClient
from intake.forms.port import Batch, Cursor, Field
from intake.forms.questions import BoundQuestion, QuestionKind
from intake.google_access import google_credentials
from tests.servers.google import faults
from tests.servers.google.form_edits import question_item
from tests.servers.google.gestion_form import GestionForm
from tests.servers.google.server import FakeGoogle

START = datetime(2026, 3, 2, 13, 0, 0, 654321, tzinfo=UTC)
NOW = START + timedelta(hours=6)
GET, LIST = "forms.forms.get", "forms.forms.responses.list"
BOSS = "jefe@upme.gov.co"


@dataclass
class Poller:
    """A GoogleForm over a client whose waits are written down instead of waited for."""

    google: FakeGoogle
    form: GestionForm
    key_file: Path
    waits: list[float] = field(default_factory=list)
    timeout_seconds: float = 5
    opened: list[GoogleForm] = field(default_factory=list)

    def source(self, **settings: Any) -> GoogleForm:
        """A source of its own, with the test's settings over the usual ones."""
        credentials = google_credentials(self.key_file)
        client = FormsClient(
            self.form.form_id,
            credentials,
            endpoint=self.google.url,
            timeout_seconds=self.timeout_seconds,
            sleep=self.waits.append,
        )
        options = {"attend_since": START, "page_size": 3, "binding": self.form.binding, **settings}
        self.opened.append(GoogleForm(self.form.form_id, credentials=credentials, client=client, **options))
        return self.opened[-1]

    def read(self, cursor: Cursor | None = None, now: datetime = NOW, **settings: Any) -> Batch:
        """One poll by a new source."""
        return self.source(**settings).read(cursor, now)


@pytest.fixture
def poller(fake_google: FakeGoogle, gestion_form: GestionForm, key_file: Path) -> Iterator[Poller]:
    """A poller of the test's form."""
    poller = Poller(fake_google, gestion_form, key_file)
    yield poller
    for source in poller.opened:
        source.close()


def _submit(poller: Poller, count: int) -> None:
    for number in range(count):
        poller.form.submit({Field.GIVEN_NAMES: f"Ana {number}"}, BOSS, START + timedelta(seconds=number))


def test_idle_poll_is_three_calls(poller: Poller) -> None:
    """A poll without news is a token, forms.get and one page; the next poll of the same source needs no token."""
    source = poller.source()
    cursor = source.read(None, NOW).cursor
    assert [call.method_id for call in poller.google.calls] == ["token", GET, LIST]
    source.read(cursor, NOW)
    assert [call.method_id for call in poller.google.calls[3:]] == [GET, LIST]


def test_many_old_responses_cost_nothing(poller: Poller) -> None:
    """100,000 old responses change neither the calls nor the size of a filtered poll."""

    def poll() -> tuple[int, int, int]:
        before = (len(poller.google.calls), poller.google.bytes_sent)
        batch = poller.read(Cursor(read_until=START + timedelta(days=90), swept_at=NOW), now=NOW, page_size=5000)
        return len(batch.responses), len(poller.google.calls) - before[0], poller.google.bytes_sent - before[1]

    poller.form.submit({Field.GIVEN_NAMES: "Eva"}, BOSS, START + timedelta(days=90))
    few = poll()
    answers = {poller.form.question_id(Field.GIVEN_NAMES): "Ana"}
    for number in range(100_000):
        poller.form.api.add_response(poller.form.form_id, answers, BOSS, START + timedelta(seconds=number))
    assert poll() == few
    assert few[:2] == (1, 3)


@pytest.mark.parametrize("kind", ["RESPONDER_INPUT", "DO_NOT_COLLECT", "EMAIL_COLLECTION_TYPE_UNSPECIFIED", None])
def test_unverified_addresses_are_refused(poller: Poller, kind: str | None) -> None:
    """A form where anybody can type anybody's address is refused before any response is read, whatever poll it is."""
    source = poller.source()
    cursor = source.read(None, NOW).cursor
    poller.form.api.set_email_collection(poller.form.form_id, kind)
    poller.google.calls.clear()
    with pytest.raises(Misconfigured, match="Verificado"):
        source.read(cursor, NOW)
    assert poller.google.calls_of(LIST) == []


def test_missing_question_is_refused(poller: Poller) -> None:
    """A bound question that was deleted stops the reading, by name."""
    poller.form.api.remove_question(poller.form.form_id, poller.form.question_id(Field.DOCUMENT_NUMBER))
    with pytest.raises(Misconfigured, match="Número de documento"):
        poller.read()


def test_changes_are_alarms(poller: Poller) -> None:
    """A new title, another kind, a question nobody knows and a closed form are said, and the responses are read."""
    _submit(poller, 1)
    form = poller.form
    form.api.rename_question(form.form_id, form.question_id(Field.UNIT), "Área")
    question = form.form.question(form.question_id(Field.CONTRACT_END))["questionItem"]["question"]
    del question["dateQuestion"]
    question["textQuestion"] = {}
    form.form.document["items"].append(question_item("¿Color favorito?", "0badcafe"))
    form.form.document["publishSettings"]["publishState"]["isAcceptingResponses"] = False
    batch = poller.read()
    assert len(batch.responses) == 1
    assert len(batch.alarms) == 4
    for text in ("«Área»", "fecha con año", "¿Color favorito?", "no acepta respuestas"):
        assert any(text in alarm for alarm in batch.alarms), text


def test_bound_kind_goes_before_the_table(poller: Poller) -> None:
    """A form that asks for a date as text may be bound so, without an alarm."""
    form = poller.form
    question = form.form.question(form.question_id(Field.FROM_DATE))["questionItem"]["question"]
    del question["dateQuestion"]
    question["textQuestion"] = {"paragraph": True}
    bound = BoundQuestion(form.question_id(Field.FROM_DATE), "Desde", QuestionKind.TEXT)
    assert poller.read(binding={**form.binding, Field.FROM_DATE: bound}).alarms == ()


def test_legacy_form_without_publish_settings(poller: Poller) -> None:
    """Forms made before publish settings existed have none, and that is no alarm."""
    del poller.form.form.document["publishSettings"]
    assert poller.read().alarms == ()


def test_check_boxes_files_and_unbound_answers(poller: Poller) -> None:
    """A check box gives one text per option, an upload its file names, an unbound question nothing."""
    form = poller.form
    answers = {form.question_id(Field.UNIT): ["Uno, con coma", "Dos"], "0badcafe": "verde"}
    form.api.add_response(form.form_id, answers, BOSS, START, files={form.question_id(Field.NOTES): ["acta ñ.pdf", "b.pdf"]})
    [response] = poller.read().responses
    assert dict(response.answers) == {Field.UNIT: ("Uno, con coma", "Dos"), Field.NOTES: ("acta ñ.pdf", "b.pdf")}


def test_before_attend_since_is_not_ours(poller: Poller) -> None:
    """Responses last submitted before the start are dropped; one edited after it is not."""
    form = poller.form
    form.submit({Field.NOTES: "vieja"}, BOSS, START - timedelta(days=1))
    edited = form.submit({Field.NOTES: "vieja"}, BOSS, START - timedelta(days=2))
    form.edit(edited, {Field.NOTES: "corregida"}, START + timedelta(hours=1))
    assert [response.response_id for response in poller.read().responses] == [edited]


@pytest.mark.parametrize("semantics", ["lastSubmittedTime", "createTime"])
def test_edits_are_found_whatever_the_filter_means(poller: Poller, semantics: Any) -> None:
    """Where Google's filter does not see edits, the daily sweep does."""
    form = poller.form
    form.api.filter_on = semantics
    made = form.submit({Field.NOTES: "uno"}, BOSS, START)
    form.submit({Field.NOTES: "otra"}, BOSS, START + timedelta(hours=2))
    source = poller.source()
    cursor = source.read(None, NOW).cursor
    form.edit(made, {Field.NOTES: "dos"}, NOW + timedelta(minutes=30))
    soon = source.read(cursor, NOW + timedelta(hours=1))
    assert (made in {response.response_id for response in soon.responses}) == (semantics == "lastSubmittedTime")
    next_day = source.read(soon.cursor, NOW + timedelta(hours=24))
    assert next_day.cursor.swept_at == NOW + timedelta(hours=24)
    [response] = [response for response in next_day.responses if response.response_id == made]
    assert response.edited


def test_late_arrivals_are_within_the_overlap(poller: Poller) -> None:
    """A response that becomes visible after later ones is still found: polls look back ten minutes, inclusive."""
    poller.form.submit({Field.NOTES: "última"}, BOSS, START + timedelta(hours=1))
    cursor = poller.read().cursor
    edge = poller.form.submit({Field.NOTES: "tarde"}, BOSS, START + timedelta(minutes=50))
    poller.form.submit({Field.NOTES: "fuera"}, BOSS, START + timedelta(minutes=49))
    found = [response.response_id for response in poller.read(cursor).responses]
    assert (len(found), found[0]) == (2, edge)


def test_clock_set_back(poller: Poller) -> None:
    """A sweep dated in the future does not keep sweeps away."""
    cursor = poller.read().cursor
    assert poller.read(cursor, NOW - timedelta(days=30)).cursor.swept_at == NOW - timedelta(days=30)


def test_cursor_is_exact(poller: Poller) -> None:
    """The cursor keeps Google's microseconds."""
    poller.form.submit({Field.NOTES: "x"}, BOSS, START)
    assert poller.read().cursor.read_until == START


@pytest.mark.parametrize(
    "fault",
    [
        faults.rate_limited(2),
        faults.rate_limited(),
        faults.internal_error(),
        faults.unavailable(),
        faults.bad_gateway(),
        faults.Cut(0),
        faults.Cut(1),
        faults.Cut(30),
        faults.Truncated(25),
        faults.RawReply(200, b"<html>portal cautivo</html>"),
        faults.RawReply(200, b'{"status": "ok"}', "application/json"),
        faults.RawReply(200, b"[]", "application/json"),
        faults.RawReply(200, b'{"responses": [{"responseId": "ACYDBx"}]}', "application/json"),
        faults.RawReply(200, b'\xff\xfe"', "application/json"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("after_pages", [0, 2])
def test_a_fault_never_loses_responses(poller: Poller, fault: faults.Fault, after_pages: int) -> None:
    """After any fault on any page a read has everything, or is an error; the next read has everything."""
    _submit(poller, 8)
    poller.google.faults.add(LIST, fault, after_calls=after_pages)
    source = poller.source()
    try:
        batch = source.read(None, NOW)
    except (Transient, Unreachable):
        batch = source.read(None, NOW)
    assert len(batch.responses) == 8
    assert len(poller.google.calls_of("token")) == 1


def test_persistent_faults_give_up(poller: Poller) -> None:
    """Three tries, waiting what Google asks, then Transient with what it asked."""
    poller.google.faults.add(GET, faults.rate_limited(7), times=3)
    with pytest.raises(Transient, match="429") as caught:
        poller.read()
    assert caught.value.retry_after_seconds == 7
    assert poller.waits == [7, 7]
    assert len(poller.google.calls_of(GET)) == 3


def test_long_retry_after_is_left_to_the_next_run(poller: Poller) -> None:
    """Nobody waits ten minutes inside a run: one try, and the wish is passed on."""
    poller.google.faults.add(GET, faults.rate_limited(600))
    with pytest.raises(Transient) as caught:
        poller.read()
    assert caught.value.retry_after_seconds == 600
    assert poller.waits == []


def test_retry_after_as_a_date(poller: Poller) -> None:
    """Retry-After may be a date: the wait is counted from the reply's own Date, not from our clock."""
    later = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=10), usegmt=True)
    poller.google.faults.add(GET, faults.ErrorReply(503, retry_after=later))
    poller.read()
    assert 8 <= poller.waits[0] <= 10


@pytest.mark.parametrize("text", ["pronto", "Wed, 99 Foo 2026", "-5", "nan", "inf", "Wed, 02 Mar 2026 10:00:00 -0000"])
def test_strange_retry_after(poller: Poller, text: str) -> None:
    """A Retry-After that cannot be read, or lies in the past, keeps nobody waiting long."""
    poller.google.faults.add(GET, faults.ErrorReply(503, retry_after=text))
    poller.read()
    assert poller.waits[0] <= 1


def test_edited_while_the_pages_are_read(poller: Poller) -> None:
    """A response that stands on two pages, edited in between, is given once, as it is now."""
    old = {"responseId": "ACYDBa", "createTime": "2026-03-02T14:00:00.1Z", "lastSubmittedTime": "2026-03-02T14:00:00.100200Z"}
    new = {**old, "lastSubmittedTime": "2026-03-02T15:00:00.123456789Z", "respondentEmail": BOSS}
    for order in ([old, new], [new, old]):
        first = json.dumps({"responses": [order[0]], "nextPageToken": "p2"}).encode()
        second = json.dumps({"responses": [order[1]]}).encode()
        for page in (first, second):
            poller.google.faults.add(LIST, faults.RawReply(200, page, "application/json"))
        [response] = poller.read().responses
        assert (response.edited, response.requester) == (True, BOSS)
        assert response.last_submitted_at.microsecond == 123456


def test_slow_google(poller: Poller) -> None:
    """A reply that does not come in time is Unreachable after three tries."""
    poller.google.faults.add(GET, faults.Slow(30), times=3)
    poller.timeout_seconds = 0.2
    with pytest.raises(Unreachable):
        poller.read()
    assert len(poller.google.calls_of(GET)) == 3


def test_wrong_page_token_starts_again_once(poller: Poller) -> None:
    """A refused page token starts the listing again; refused again, it is Transient and no part is returned."""
    _submit(poller, 8)
    poller.google.faults.add(LIST, faults.wrong_page_token(), after_calls=1)
    assert len(poller.read().responses) == 8
    poller.google.faults.add(LIST, faults.wrong_page_token(), after_calls=1)
    poller.google.faults.add(LIST, faults.wrong_page_token(), after_calls=1)
    with pytest.raises(Transient, match="dos veces"):
        poller.read()


def _unshare(poller: Poller) -> None:
    poller.form.form.shared = False


def _forget(poller: Poller) -> None:
    del poller.form.api.forms[poller.form.form_id]


def _refuse_tokens(poller: Poller) -> None:
    poller.google.faults.add(GET, faults.ErrorReply(401, "UNAUTHENTICATED", "no"), times=9)


@pytest.mark.parametrize("spoil", [_unshare, _forget, _refuse_tokens])
def test_refused_access_names_the_account(poller: Poller, spoil: Callable[[Poller], None]) -> None:
    """401, 403 and 404 say whom to share the form with, and are not tried again."""
    spoil(poller)
    with pytest.raises(Misconfigured, match=r"Comparta el formulario con la cuenta de servicio gestion@gestion-pruebas"):
        poller.read()
    assert poller.waits == []


def test_disabled_api(poller: Poller) -> None:
    """An API that was not enabled is said as such."""
    body = {
        "error": {"code": 403, "message": "off", "status": "PERMISSION_DENIED", "details": [{"reason": "SERVICE_DISABLED"}]}
    }
    poller.google.faults.add(GET, faults.RawReply(403, json.dumps(body).encode(), "application/json"))
    with pytest.raises(Misconfigured, match="no está habilitada"):
        poller.read()


def test_redirections_are_not_followed(poller: Poller) -> None:
    """A redirection, which could carry the token elsewhere, is an error of configuration."""
    poller.google.faults.add(GET, faults.RawReply(302, b""))
    with pytest.raises(Misconfigured, match="redirección"):
        poller.read()


def test_endless_pages(poller: Poller) -> None:
    """A listing that gives the same page token again ends as an error."""
    page = b'{"responses": [], "nextPageToken": "otra"}'
    poller.google.faults.add(LIST, faults.RawReply(200, page, "application/json"), times=5)
    with pytest.raises(Transient, match="sin terminar"):
        poller.read()


@pytest.mark.parametrize(
    ("form_id", "binding"),
    [
        ("1FAIpQLSdpublico", None),
        (" ", None),
        ("1x", {}),
        ("1x", {Field.NOTES: BoundQuestion("0a", "A"), Field.UNIT: BoundQuestion("0a", "B")}),
    ],
)
def test_settings_that_cannot_be_right(poller: Poller, form_id: str, binding: dict[Field, BoundQuestion] | None) -> None:
    """The public id, no id, no questions, one question for two fields: refused before anything is sent."""
    credentials = google_credentials(poller.key_file)
    with pytest.raises(Misconfigured):
        GoogleForm(form_id, poller.form.binding if binding is None else binding, credentials, attend_since=START)
    assert poller.google.calls == []


def test_tokens_travel_encrypted_only(poller: Poller) -> None:
    """A plain http endpoint on another machine is refused."""
    with pytest.raises(GestionError, match="https"):
        GoogleForm(
            poller.form.form_id,
            poller.form.binding,
            google_credentials(poller.key_file),
            attend_since=START,
            endpoint="http://forms.example.org",
        )
