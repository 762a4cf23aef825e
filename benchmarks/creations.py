"""A hundred creations by the program, against the same LDAP operations and the same mails with nothing around them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import Measurement, in_turns, timed
from benchmarks.recording import Floor, Recording, recording
from benchmarks.remote_office import RemoteOffice, remote_office
from config.clock import system_clock
from config.log import configure
from config.settings import load_settings
from intake.run import run_once
from intake.wiring import Installation
from tests.servers.mail import Exim
from tests.servers.samba import DomainController, running_domain_controller


def creations(folder: Path, exim: Exim, repetitions: int, count: int = 100) -> Measurement:
    """Each repetition on a fresh domain, so that both sides meet the same one.

    The program's side is a whole run: reading the form, deciding, the journal, the board, the tickets, the log.
    """
    folder.mkdir()
    recorded = _recorded(folder / "recorded", exim, count)
    numbers = iter(range(1, 1000))

    def program() -> float:
        with _office(folder / str(next(numbers)), exim, count) as (office, _):
            return timed(lambda: _run(office, count))

    def floor() -> float:
        with _office(folder / str(next(numbers)), exim, 0) as (_, domain):
            return timed(Floor(domain, exim, recorded))

    ours, bare = in_turns(repetitions, program, floor)
    floor_is = "the same LDAP operations (ldap3) and the same mails (smtplib) in the same order, one connection each"
    each = {name: round(number / count, 2) for name, number in recorded.counts().items()}
    return Measurement(f"{count} creations", ours, bare, floor_is, at_most=1.25, notes={"a creation is": each})


def _recorded(folder: Path, exim: Exim, count: int) -> Recording:
    """The run that is written down; it also imports and compiles everything, for both sides."""
    with _office(folder, exim, count) as (office, _), recording() as kept:
        _run(office, count)
    return kept


@contextmanager
def _office(folder: Path, exim: Exim, count: int) -> Iterator[tuple[RemoteOffice, DomainController]]:
    """An installation with so many new responses, on a domain of its own."""
    folder.mkdir()
    with running_domain_controller() as domain, remote_office(folder, domain, exim) as office:
        _run(office, 0)
        office.submit(0, count)
        yield office, domain
    exim.settle()
    shutil.rmtree(folder)


def _run(office: RemoteOffice, expected: int) -> None:
    settings = load_settings(office.settings_file, {})
    installation = Installation(settings, settings.load_policy(), system_clock, configure(settings.log))
    try:
        report = run_once(installation)
    finally:
        installation.close()
    done = {advance.request.case for advance in report.work.advanced if advance.request.attended_at is not None}
    if report.exit_code or len(done) != expected:
        raise RuntimeError(f"{len(done)} creations of {expected} were done: {report.problems}")
