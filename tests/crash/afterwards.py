"""All that can be seen of an installation once a course of events has come to its end, in a form that can be compared.

Random identifiers become logins, and the instants of writes are left out: a run that was killed is followed ten minutes later.
"""

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

from config.errors import Rejected
from config.vocabulary import CaseNumber
from intake.board.port import HEADERS
from provision.backup.manifest import read_manifest
from provision.backup.verification import verified
from provision.directory.embedded import EmbeddedDirectory
from provision.procedure.facts import BackupTaken
from tests.crash.office import DELIVERED, FETCHED, Office
from tests.secrecy import delivered, files_with, password_in, plain_text
from tests.world import BASE_DN

Value = object
MailSent = tuple[str, str, str]
"""To whom, its subject, and its text where that carries no access data."""


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What there is to see, by what it is of, and how often each mail went out."""

    seen: Mapping[str, Value]
    mails: Counter[MailSent]


OWN_PASSWORD = "La-Clave-Que-Escogi-2026"
NEXT_PASSWORD = "Otra-Clave-Distinta-42"
_TIMES = frozenset({"Recibido", "Vence", "SLA", "Actualizado"})
_DIRECTORY = (
    (
        "SELECT login, dn, marker, upn, mail, given_name, surname, display_name, employee_id, manager_dn, expires_at, title,"
        " department, mobile, enabled, deleted, must_change, password_set_at IS NULL, locked FROM account ORDER BY login"
    ),
    "SELECT login, group_folded FROM membership JOIN account ON id = account_id ORDER BY login, group_folded",
    "SELECT login, address FROM account_alias JOIN account ON id = account_id ORDER BY login, address",
    "SELECT name, c.enabled, c.deleted, login FROM computer c LEFT JOIN account a ON a.id = managed_by ORDER BY name",
)
_JOURNAL = {
    "bloqueos": "SELECT account_id, case_number, reason, from_date, until_date, ended_on, ended_by FROM hold ORDER BY 1, 2",
    "registro de cuentas": "SELECT * FROM account ORDER BY login",
    "cuentas tomadas": "SELECT case_number, account_id FROM account_claim ORDER BY 1",
    "nombres": "SELECT name, case_number FROM reserved_name ORDER BY 1",
    "personas": "SELECT document_number, case_number FROM reserved_person ORDER BY 1",
    "cupos": "SELECT case_number, licence FROM seat ORDER BY 1",
    "lotes": "SELECT digest, allowed, approved_by, approved_at IS NULL, refused_at FROM batch ORDER BY 1",
    "casos de lotes": "SELECT digest, case_number, line FROM batch_case ORDER BY 1, 2",
    "señales": "SELECT case_number, kind, consumed_at IS NULL FROM signal ORDER BY id",
    "efectos": "SELECT key, status FROM effect ORDER BY 1",
    "historia": "SELECT case_number, state, kind, title FROM history WHERE kind <> 'WAIT' ORDER BY case_number, id",
    "respuestas": "SELECT form_id, case_number FROM response ORDER BY 2, 1",
    "en manos de alguien": "SELECT case_number FROM request WHERE lease_owner IS NOT NULL",
    "sin mostrar": "SELECT case_number FROM request WHERE to_be_shown",
}
_IN_ORDER = frozenset({"historia", "señales"})
_CLOUD = (
    "SELECT account, deleted_at IS NULL, sessions_ended > 0 FROM user ORDER BY 1",
    "SELECT user, licence FROM assignment ORDER BY 1, 2",
    "SELECT user, disconnected_at IS NULL FROM mailbox ORDER BY 1",
    "SELECT user, part, name, sha256 FROM item ORDER BY user, number",
)
_DESK = (
    "SELECT case_number, subject, body, requester, status, solution, state, account, unit, waiting_for FROM ticket ORDER BY 1",
    "SELECT ticket, event FROM history WHERE event NOT LIKE 'Nota: %' AND event NOT LIKE 'Estado: %' ORDER BY ticket, position",
)


def afterwards(world: Office) -> Afterwards:
    """Everything that there is to see now."""
    logins, mails = _logins(world), _all_mails(world)
    seen: dict[str, Value] = {
        "directorio": [_rows(world.path("directorio.db"), text) for text in _DIRECTORY],
        "nube": [sorted(_named(_rows(world.path("nube.db"), text), logins), key=repr) for text in _CLOUD],
        "mesa": [_rows(world.path("mesa.db"), text) for text in _DESK],
        "notas de la mesa": sorted(_noted(world), key=repr),
        "casos": list(_cases(world, logins)),
        "backups": list(_backups(world)),
        "tablero": _board(world),
        "claves": _keys(world, mails),
        "secretos": list(_secrets_told(world, mails)),
    }
    with closing(sqlite3.connect(world.path("gestion.db"))) as journal:
        kept = {what: _named(journal.execute(text).fetchall(), logins) for what, text in _JOURNAL.items()}
    # What stands in the order of its identifiers has another one in each world; a story's order tells something.
    seen |= {what: rows if what in _IN_ORDER else sorted(rows, key=repr) for what, rows in kept.items()}
    return Afterwards(seen, Counter(map(_mail, mails)))


def differences(expected: Afterwards, found: Afterwards, repeatable: Collection[MailSent]) -> Iterator[str]:
    """What is otherwise than expected, one sentence each; `repeatable` mails may have gone out once more."""
    for what, value in expected.seen.items():
        if value != found.seen[what]:
            yield f"{what}: {_difference(value, found.seen[what])}"
    for mail in expected.mails | found.mails:
        times, wanted = found.mails[mail], expected.mails[mail]
        if not wanted <= times <= wanted + (mail in repeatable):
            yield f"correo {mail[:2]}: {times} veces en lugar de {wanted}"


def mails_of_newest_subject(world: Office) -> set[MailSent]:
    """The mail that went out last, and those of the same effect, which have its subject."""
    told = [_mail(mail) for mail in _all_mails(world)]
    return {mail for mail in told if mail[1] == told[-1][1]}


def _noted(world: Office) -> Iterator[tuple[Value, ...]]:
    """What a ticket was told: which lines share a note, and what was waited for, is a matter of when runs were.

    The first words of a line are its title, as the journal's story has it.
    """
    for ticket, text in _rows(world.path("mesa.db"), "SELECT ticket, text FROM note"):
        titles = (line.partition(": ")[0] for line in str(text).splitlines()[1:])
        yield from ((ticket, title) for title in titles if title != "En espera")


def _secrets_told(world: Office, mails: list[Message]) -> Iterator[str]:
    """Passwords that lie somewhere, and passwords mailed that still open an account though a newer one was mailed."""
    with closing(_directory_to_try(world)) as directory:
        former: dict[str, str] = {}
        for login, password in _passwords(mails):
            if found := files_with(world.folder, password):
                yield f"a password lies in {found}"
            if login in former and _accepts(directory, login, former[login]):
                yield f"a password of {login} mailed earlier still works"
            former[login] = password


def access_mails(world: Office) -> list[tuple[str, str]]:
    """Login and temporary password of each access mail, in the order in which they went out."""
    return list(_passwords(_all_mails(world)))


def mails_sent(world: Office) -> Counter[MailSent]:
    """How often each mail went out."""
    return Counter(map(_mail, _all_mails(world)))


def newest_password(world: Office, login: str) -> str:
    """The temporary password mailed last to the owner of this account."""
    return dict(access_mails(world))[login]


def _keys(world: Office, mails: list[Message]) -> dict[str, tuple[bool, bool]]:
    """For each account, whether the password mailed last opens it, and whether its owner's own one does."""
    newest = dict(_passwords(mails))
    with closing(_directory_to_try(world)) as directory:
        made = _rows(world.path("directorio.db"), "SELECT login FROM account WHERE marker IS NOT NULL")
        logins = [str(login) for (login,) in made]
        own = {login: directory.authenticate(login, OWN_PASSWORD) for login in logins}
        return {login: (login in newest and _accepts(directory, login, newest[login]), own[login]) for login in logins}


def _directory_to_try(world: Office) -> EmbeddedDirectory:
    """A copy of the directory: whoever tries whether a password works changes it."""
    tried = world.folder.with_name(f"{world.folder.name}.intento")
    shutil.copyfile(world.path("directorio.db"), tried)
    return EmbeddedDirectory(tried, BASE_DN, clock=world.clock)


def _accepts(directory: EmbeddedDirectory, login: str, password: str) -> bool:
    """Whether the person can choose a password of their own with this one, as at the logon screen."""
    try:
        directory.change_password(login, password, NEXT_PASSWORD)
    except Rejected:
        return False
    return True


def _passwords(mails: list[Message]) -> Iterator[tuple[str, str]]:
    for mail in mails:
        password = password_in(mail)
        if password is not None:
            yield next(line for line in plain_text(mail).splitlines() if line.startswith("Usuario: "))[9:], password


def _all_mails(world: Office) -> list[Message]:
    """Those that were fetched went out before those that were not."""
    fetched = delivered(world.path(FETCHED)) if world.path(FETCHED).exists() else []
    return [*fetched, *delivered(world.path(DELIVERED))]


def _mail(mail: Message) -> MailSent:
    subject = str(make_header(decode_header(str(mail["Subject"]))))
    if password_in(mail) is not None:
        return str(mail["To"]), subject.removesuffix(" (contraseña nueva)"), ""
    return str(mail["To"]), subject, plain_text(mail)


def _rows(path: Path, text: str) -> list[tuple[Value, ...]]:
    with closing(sqlite3.connect(path)) as file:
        return file.execute(text).fetchall()


def _logins(world: Office) -> dict[str, str]:
    pairs = _rows(world.path("directorio.db"), "SELECT id, login FROM account")
    return {str(identifier): str(login) for identifier, login in pairs}


def _named(rows: list[tuple[Value, ...]], logins: Mapping[str, str]) -> list[Value]:
    return [tuple(_login(cell, logins) for cell in row) for row in rows]


def _login(value: Value, logins: Mapping[str, str]) -> Value:
    return logins.get(value.removeprefix("nube-"), value) if isinstance(value, str) else value


def _cases(world: Office, logins: Mapping[str, str]) -> Iterator[Value]:
    for shown in world.cases():
        request = shown.request
        yield (
            request.case, request.content, request.course, request.state, request.because, request.round,
            sorted(request.done), request.waiting_for, _timeless(request.facts, logins),
            request.approval and request.approval.by, request.duplicate_of, request.follows, request.authorisation,
        )  # fmt: skip


def _timeless(value: Value, logins: Mapping[str, str]) -> Value:
    """A value without its instants and with logins for identifiers."""
    if isinstance(value, datetime):
        return "(instante)"
    if isinstance(value, BackupTaken):
        return value.items, value.bytes, value.not_converted
    if is_dataclass(value):
        return {field.name: _timeless(getattr(value, field.name), logins) for field in fields(value)}
    return _login(value, logins)


def _backups(world: Office) -> Iterator[Value]:
    """Each backup verified, with its items; what is not whole is told as such."""
    for folder in sorted(world.path("backups").glob("GU-*")):
        verified(world.path("backups"), CaseNumber(folder.name))
        found = read_manifest(folder)
        assert found is not None
        yield folder.name, found[0].items, sorted(path.name for path in folder.rglob("*"))


def _board(world: Office) -> dict[str, list[str]]:
    """What the board shows of each case, without what tells the time."""
    return {
        case: [text for header, text in zip(HEADERS, cells, strict=True) if header not in _TIMES]
        for case, cells in world.shown().items()
    }


def _difference(expected: Value, found: Value) -> str:
    """The parts of two values that differ."""
    if isinstance(expected, list) and isinstance(found, list):
        gone = [each for each in expected if each not in found]
        new = [each for each in found if each not in expected]
        if gone or new:
            return f"missing {_short(gone)}, unexpected {_short(new)}"
    return f"expected {_short(expected)}, found {_short(found)}"


def _short(value: Value) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)[:1500]
