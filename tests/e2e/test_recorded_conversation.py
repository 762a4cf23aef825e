"""The program with its production addresses, held call by call to a recorded conversation (tests/cassettes/README.md)."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from vcr.cassette import Cassette
from vcr.errors import CannotOverwriteExistingCassetteException

from tests.cassettes.conversation import BOOK, CANARIES, FOLDER, POLLS, Conversation, recorder
from tests.cassettes.record import record
from tests.secrecy import delivered, password_in
from tests.servers.google.accounts import ServiceAccountKey
from tests.servers.google.server import FakeGoogle

TOKEN = "POST oauth2.googleapis.com/token"
FORM = "GET forms.googleapis.com/v1/forms/1PruebaGestionDeUsuarios"
BOOK_AT = f"sheets.googleapis.com/v4/spreadsheets/{BOOK}"
READ_BOARD, WRITE_BOARD = f"GET {BOOK_AT}/values:batchGet", f"POST {BOOK_AT}:batchUpdate"
IDLE = [TOKEN, FORM, f"{FORM}/responses"]
NEWS = [*IDLE, f"GET {BOOK_AT}/values/'Matriz'", READ_BOARD, WRITE_BOARD]
MAKING_THE_TAB = [f"GET {BOOK_AT}", READ_BOARD, f"GET {BOOK_AT}", WRITE_BOARD, WRITE_BOARD]
EXPECTED = {
    "first": [*NEWS[:4], *MAKING_THE_TAB],
    "three-responses": NEWS,
    "followed-up": [*IDLE, READ_BOARD],
    "signed-in": [*IDLE, READ_BOARD, f"GET {BOOK_AT}", WRITE_BOARD],
    "idle": IDLE,
}


def calls_in(cassette: Cassette) -> list[str]:
    """Every call in the order of its recording: method, host and path."""
    urls = [(request.method, urlsplit(request.uri)) for request in cassette.requests]
    return [f"{method} {url.netloc}{unquote(url.path)}" for method, url in urls]


def test_each_poll_makes_exactly_the_recorded_calls(service_account: ServiceAccountKey, tmp_path: Path) -> None:
    """An idle poll is three calls, four while a case is open, three responses are six, one more on a day's first write."""
    conversation = Conversation(tmp_path, service_account)
    machine = recorder(FOLDER, recording=False)
    opened = []
    for name in POLLS:
        with machine.use_cassette(f"{name}.yaml", allow_playback_repeats=False) as cassette:
            report = conversation.poll(name)
        assert (report.problems, report.exit_code) == ([], 0)
        assert calls_in(cassette) == EXPECTED[name]
        assert cassette.all_played
        opened.append(len(report.reception.opened))
    assert opened == [1, 3, 0, 0, 0]


def test_a_call_more_would_be_noticed(service_account: ServiceAccountKey, tmp_path: Path) -> None:
    """The same poll a second time finds no reply left."""
    machine = recorder(FOLDER, recording=False)
    conversation = Conversation(tmp_path, service_account)
    with machine.use_cassette("first.yaml", allow_playback_repeats=False):
        conversation.poll("first")
        with pytest.raises(CannotOverwriteExistingCassetteException):
            conversation.poll("idle")


@pytest.fixture(scope="module")
def recorded_anew(
    service_account: ServiceAccountKey, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, FakeGoogle, Conversation]:
    """The cassettes recorded by this very program: where they are, who answered, and who asked."""
    folder, installation = tmp_path_factory.mktemp("cintas"), tmp_path_factory.mktemp("instalación")
    google, conversation = record(folder, installation, service_account)
    assert google.violations == []
    return folder, google, conversation


def test_the_cassettes_are_what_recording_them_gives(recorded_anew: tuple[Path, FakeGoogle, Conversation]) -> None:
    """Nobody edited them, and the fake Google still answers so."""
    folder, *_ = recorded_anew
    for name in POLLS:
        assert (folder / f"{name}.yaml").read_bytes() == (FOLDER / f"{name}.yaml").read_bytes()


def test_no_cassette_holds_a_secret(
    recorded_anew: tuple[Path, FakeGoogle, Conversation], service_account: ServiceAccountKey
) -> None:
    """Neither key, assertion, token nor mailed password, nor what people answered about themselves, nor our own machine."""
    folder, google, conversation = recorded_anew
    pem = service_account.info("")["private_key"].splitlines()[1:-1]
    tokens = list(google.tokens._grants)
    passwords = [password for mail in delivered(conversation.world.path("correo")) if (password := password_in(mail))]
    assert (len(tokens), len(passwords)) == (len(POLLS), 4)
    signs = ("eyJ", "Authorization", "ya29", "PRIVATE KEY", "127.0.0.1")
    secrets = [*pem, service_account.key_id, *tokens, *passwords, *CANARIES, *signs]
    for file in (*folder.iterdir(), *FOLDER.glob("*.yaml")):
        text = file.read_text(encoding="utf-8").replace("\\\n", "").replace("\n", "")
        unfolded = " ".join(text.split())
        assert [secret for secret in secrets if secret.lower() in unfolded.lower()] == [], file.name
