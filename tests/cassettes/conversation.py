"""An installation that polls three times at fixed instants, and what of its conversation with Google is kept in a cassette."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import vcr
from vcr.request import Request

from config.institution import built_in_policy
from intake.forms.port import Field
from intake.forms.questions import DEFAULT_HEADERS
from intake.run import RunReport
from tests.secrecy import delivered, password_in
from tests.servers.google.accounts import ServiceAccountKey, write_key_file
from tests.servers.google.forms import FormsApi
from tests.servers.google.gestion_form import FORM_ID, GestionForm
from tests.servers.google.grid import SheetTab, Spreadsheet, serial
from tests.servers.google.server import FakeGoogle
from tests.servers.google.sheets import SheetsApi
from tests.world import CONTRACTOR, MATRIX, MONDAY, World

FOLDER = Path(__file__).parent
POLLS = ("first", "three-responses", "followed-up", "signed-in", "idle")
"""One response and no tab "Seguimiento" yet; three new responses; nothing new while cases are followed up, ten minutes apart;
the next day, when everybody has used the access data; nothing new and no case open. Of one installation.
"""

BOOK = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"
TOKEN_URI = "https://oauth2.googleapis.com/token"
RESPONSES_GID = 987_654_321
REQUESTER = "jefe.ogi@upme.gov.co"
PEOPLE = (("Ana", "Díaz"), ("Luis", "Rey"), ("Sofía", "O'Brien Ñáñez"), ("María José", "Peña"))
CANARIES: Mapping[str, str] = {
    **{f"palabra.secreta.{number}@correo.example": f"persona.{number}@correo.example" for number in range(len(PEOPLE))},
    **{f"109876543{number}": f"100000000{number}" for number in range(len(PEOPLE))},
    "3119876543": "3000000000",
}
"""What people answered and nobody may read in a cassette → what stands there instead.

Both addresses look alike as the board shows them ("p•••@correo.example"): a replayed board must read what it would write.
"""

_HOSTS = (("/v1/forms/", "forms"), ("/v4/spreadsheets/", "sheets"), ("/token", "oauth2"))
_KEPT_HEADERS = frozenset({"content-type"})


def recorder(folder: Path, *, recording: bool) -> "vcr.VCR":
    """VCR that keeps what the program and Google said to each other, and no secret; replaying, each reply is given once."""
    machine = vcr.VCR(
        cassette_library_dir=str(folder),
        record_mode=vcr.mode.ALL if recording else vcr.mode.NONE,
        match_on=("method", "uri", "body"),
        before_record_request=without_secrets,
        before_record_response=reply_without_secrets,
        decode_compressed_response=True,
    )
    machine.register_matcher("body", _same_body)
    return machine


def without_secrets(request: Request) -> Request:
    """The request as if it went to Google itself, without assertion, token, people's data and versions of libraries."""
    parts = urlsplit(request.uri)
    service = next(name for prefix, name in _HOSTS if parts.path.startswith(prefix))
    request.uri = urlunsplit(("https", f"{service}.googleapis.com", parts.path, parts.query, ""))
    request.headers = {name: value for name, value in request.headers.items() if name.lower() in _KEPT_HEADERS}
    if request.body:
        text = request.body.decode("utf-8")
        request.body = re.sub(r"assertion=[^&]+", "assertion=(removed)", _replaced(text)).encode()
    return request


def reply_without_secrets(response: dict[str, Any]) -> dict[str, Any]:
    """The reply with its body and type alone, without the token and people's data."""
    response["headers"] = {name: value for name, value in response["headers"].items() if name.lower() in _KEPT_HEADERS}
    text = _replaced(response["body"]["string"].decode("utf-8"))
    response["body"]["string"] = re.sub(r'("access_token": *")[^"]+', r"\1removed", text).encode()
    return response


def _replaced(text: str) -> str:
    for secret, stand_in in CANARIES.items():
        text = text.replace(secret, stand_in)
    return text


def _same_body(one: Request, other: Request) -> bool:
    if one.body == other.body:
        return True
    try:
        same: bool = json.loads(one.body) == json.loads(other.body)
    except (TypeError, ValueError):
        return False
    return same


class Conversation:
    """The installation: Google's form, matrix and board; embedded directory, mail and desk; a clock that is told the time."""

    def __init__(self, folder: Path, account: ServiceAccountKey, google: FakeGoogle | None = None) -> None:
        """`google` None: the settings name Google's own addresses, as in production."""
        policy = built_in_policy("upme")
        assert policy is not None
        lines = policy.read_text(encoding="utf-8").splitlines(keepends=True)
        without_licences = "".join(line for line in lines if not line.startswith("licence = "))
        (folder / "politica.toml").write_text(without_licences, encoding="utf-8")
        write_key_file(account, folder / "cuenta.json", google.token_uri if google else TOKEN_URI)
        self._form = GestionForm(FormsApi())
        where = {"key_file": "cuenta.json", **({"endpoint": google.url} if google else {})}
        questions = {
            field.value: {"id": bound.question_id, "title": bound.title} for field, bound in self._form.binding.items()
        }
        begin = (MONDAY - timedelta(days=1)).isoformat()
        self.world = World(
            folder,
            institution="politica.toml",
            sections={
                "form": {"kind": "google", "form_id": FORM_ID, "attend_since": begin, **where},
                "form.questions": questions,
                "matrix": {"kind": "sheet", "spreadsheet_id": BOOK, **where},
                "board": {"kind": "google", "spreadsheet_id": BOOK, "responses_gid": RESPONSES_GID, **where},
            },
        )
        self._responses = SheetTab(RESPONSES_GID, "Respuestas de formulario 1", columns=40)
        self._responses.append(["Marca temporal", "Dirección de correo electrónico", *DEFAULT_HEADERS.values()])
        self._submitted = 0
        if google is not None:
            self._serve(google)

    def _serve(self, google: FakeGoogle) -> None:
        sheets, book = SheetsApi(), Spreadsheet()
        sheets.books[BOOK] = book
        book.add(self._responses)
        book.add(SheetTab(1, "Matriz", columns=12)).append(*(line.split(",") for line in MATRIX.splitlines()))
        google.add(self._form.api)
        google.add(sheets)

    def poll(self, name: str) -> RunReport:
        """The poll of this name: the responses that arrived before it, then one run; ten minutes later it is over."""
        for _ in range({"first": 1, "three-responses": 3}.get(name, 0)):
            self._submit()
        if name == "signed-in":
            self._sign_in()
            self.world.clock.advance(timedelta(days=1))
        report = self.world.run()
        self.world.clock.advance(timedelta(minutes=10))
        return report

    def _sign_in(self) -> None:
        """Everybody chooses a password with the one that was mailed."""
        logins = {str(each.request.facts.access_sent_to): str(each.request.facts.login) for each in self.world.cases()}
        directory = self.world.directory()
        for mail in delivered(self.world.path("correo")):
            password = password_in(mail)
            if password is not None:
                directory.change_password(logins[str(mail["To"])], password, "Otra-Clave-Distinta-42")
        directory.close()

    def _submit(self) -> None:
        number = self._submitted
        self._submitted += 1
        given_names, surnames = PEOPLE[number]
        answers = {
            **CONTRACTOR,
            Field.REQUEST_TYPE: "Creación de cuenta",
            Field.GIVEN_NAMES: given_names,
            Field.SURNAMES: surnames,
            Field.DOCUMENT_NUMBER: f"109876543{number}",
            Field.PERSONAL_EMAIL: f"palabra.secreta.{number}@correo.example",
            Field.MOBILE: "3119876543",
            Field.CONTRACT_START: "2026-11-20",
            Field.CONTRACT_END: "2026-12-31",
        }
        at = self.world.clock() - timedelta(minutes=5) + timedelta(seconds=number)
        self._form.submit(answers, REQUESTER, at)
        texts = [answers.get(field, "") for field in DEFAULT_HEADERS]
        self._responses.append([serial(at, "America/Bogota"), REQUESTER, *texts])
