"""An installation whose Google runs in a process of its own, so that it costs the measured process nothing but its replies."""

import contextlib
import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

from intake.forms.port import Field
from tests.e2e.office import Office
from tests.e2e.people import HEAD, STRANGER, contractor
from tests.servers.google.accounts import generate_key
from tests.servers.google.server import FakeGoogle
from tests.servers.mail import Exim
from tests.servers.samba import DomainController

Reply = TypeVar("Reply")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
GIVEN_NAMES = ("Ana", "Luis", "Sofía", "José Ángel", "María del Mar", "Iñaki", "Óscar", "Lucía", "Andrés", "Zoé")
SURNAMES = ("Díaz", "Rey", "O'Brien", "Muñoz Peña", "de la Cruz", "Ñáñez", "Gómez", "Cárdenas", "Rojas", "Arango", "Uribe")


class RemoteOffice:
    """The installation in a folder, as the measuring process sees it."""

    def __init__(self, folder: Path, line: Connection) -> None:
        self.folder = folder
        self.settings_file = folder / "gestion.toml"
        self._line = line

    def submit(self, first: int, count: int) -> None:
        """So many people's responses, a second apart, numbered from `first`; each has a name of their own."""
        self._ask("submit", first, count)

    def submit_refused(self) -> None:
        """A response of somebody who may not ask: its case is closed at once."""
        self._ask("submit_refused")

    def put_old_responses(self, count: int) -> None:
        """Responses of years ago."""
        self._ask("put_old_responses", count)

    def take_calls(self) -> list[str]:
        """The calls that Google answered since this was asked last."""
        calls, violations = self._ask("take_calls")
        if violations:
            raise RuntimeError(f"Google's rules were broken: {violations}")
        return [str(call) for call in calls]

    def _ask(self, *question: object) -> tuple[list[str], list[str]]:
        self._line.send(question)
        answer: tuple[list[str], list[str]] = self._line.recv()
        return answer


@contextlib.contextmanager
def remote_office(folder: Path, samba: DomainController | None = None, exim: Exim | None = None) -> Iterator[RemoteOffice]:
    """An installation without licences; what has no server here is embedded."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_serve, args=(theirs, folder, samba, exim), daemon=True)
    process.start()
    try:
        ours.recv()
        yield RemoteOffice(folder, ours)
        ours.send(("stop",))
    finally:
        process.join(timeout=10)
        if process.is_alive():
            process.kill()
            process.join()


def _serve(line: Connection, folder: Path, samba: DomainController | None, exim: Exim | None) -> None:
    with FakeGoogle(generate_key(), check_replies=False) as google:
        office = Office(folder, google, google.tokens.account, samba=samba, exim=exim, licences=False)
        if samba is not None:
            office.prepare_domain()
        google.calls.clear()
        line.send("ready")
        while True:
            match line.recv():
                case ("submit", int(first), int(count)):
                    _submit(office, first, count)
                case ("submit_refused",):
                    office.submit(person(0), STRANGER)
                case ("put_old_responses", int(count)):
                    _put_old_responses(office, count)
                case ("stop",):
                    return
            line.send(([call.method_id for call in google.calls], google.violations))
            google.calls.clear()


def _submit(office: Office, first: int, count: int) -> None:
    begun = datetime.now(UTC) - timedelta(seconds=count)
    for number in range(first, first + count):
        answers = person(number)
        office.submit(answers, HEAD, at=begun + timedelta(seconds=number - first))


def person(number: int) -> dict[Field, str]:
    """A contractor with a name and a document of their own."""
    tens, units = divmod(number, len(GIVEN_NAMES))
    surname = SURNAMES[tens % len(SURNAMES)]
    second = "" if tens < len(SURNAMES) else f" {_letters(tens // len(SURNAMES))}"
    given_names = GIVEN_NAMES[units]
    return contractor(
        given_names=given_names,
        surnames=surname + second,
        document_number=str(30_000_000 + number),
        personal_email=f"persona.{number}@correo.example",
    )


def _letters(number: int) -> str:
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(97 + rest) + text
    return text.title()


def _put_old_responses(office: Office, count: int) -> None:
    answers = {office.form.question_id(field): text for field, text in contractor().items()}
    for number in range(count):
        office.forms.add_response(office.form.form_id, answers, HEAD, LONG_AGO + timedelta(minutes=number))
