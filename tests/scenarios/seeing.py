"""What a scenario's world looks like at a moment: cases, accounts, mails, tickets, the board, seats, backups."""

from collections.abc import Collection
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

import openpyxl

from config.vocabulary import HOLD_LABELS, CaseNumber
from notify.desk.port import Ticket
from provision.cloud.embedded import EmbeddedCloud
from provision.directory.port import Account
from provision.journal.accounts import AccountRecord, Accounts
from provision.journal.batches import Batches
from provision.journal.views import Shown
from provision.procedure.holds import Hold
from tests.scenarios.acting import Stage
from tests.scenarios.arranging import ENOUGH
from tests.secrecy import delivered, password_in, plain_text
from tests.world import BASE_DN


@dataclass(frozen=True, slots=True)
class Mailed:
    """A mail that went out; `text` on one line."""

    to: str
    subject: str
    text: str
    password: str | None

    @property
    def line(self) -> str:
        """As a failure shows it."""
        return f"{self.to} | {self.subject}{' | (lleva una clave)' if self.password else ''}"


@dataclass(frozen=True, slots=True)
class Known:
    """An account and what journal and cloud know of it."""

    account: Account
    manager: str
    record: AccountRecord | None
    holds: tuple[Hold, ...]
    licences: tuple[str, ...]
    sessions_ended: int

    @property
    def ou(self) -> str:
        """Relative to the base."""
        return self.account.dn.split(",", 1)[1].removesuffix(f",{BASE_DN}")

    @property
    def groups(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(sorted(dn.split(",", 1)[0].removeprefix("CN=") for dn in self.account.group_dns))


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything at one moment. Accounts by login; whoever was deleted is not among them."""

    cases: tuple[Shown, ...]
    accounts: dict[str, Known]
    mails: tuple[Mailed, ...]
    tickets: dict[CaseNumber, Ticket]
    board: dict[str, dict[str, str]]
    batches: int
    free_seats: dict[str, int]

    def number(self, ordinal: int) -> CaseNumber | None:
        """The case opened as the first, second, … one; None: there is none."""
        return self.cases[ordinal - 1].request.case if 0 < ordinal <= len(self.cases) else None


def look(stage: Stage, *, logins: Collection[str] | None = None, with_board: bool = True) -> Sight:
    """See everything, or only these accounts and no board, once a run has seen all that happened."""
    stage.settle()
    world = stage.world
    desk, installation, sheet = world.desk(), world.installation(), world.path("seguimiento.xlsx")
    try:
        cloud = _cloud(stage)
        return Sight(
            cases=installation.views.cases(),
            accounts=_accounts(stage, Accounts(installation.journal), logins),
            mails=tuple(mailed(mail) for mail in delivered(world.path("correo"))) if "correo" not in stage.down else (),
            tickets={each.ticket.case: each.ticket for each in desk.tickets()} if "mesa" not in stage.down else {},
            board=board(sheet) if with_board and sheet.exists() else {},
            batches=len(Batches(installation.journal).open_batches()),
            free_seats={name: cloud.free_seats(name) for name in ENOUGH},
        )
    finally:
        installation.close()
        desk.close()


def board(path: Path) -> dict[str, dict[str, str]]:
    """The rows of the tab "Seguimiento", by case, as the file has them."""
    book = openpyxl.load_workbook(path, read_only=True)
    rows = [[str(value or "") for value in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    book.close()
    at = next(number for number, row in enumerate(rows) if "Caso" in row)
    found = [dict(zip(rows[at], row, strict=False)) for row in rows[at + 1 :]]
    return {row["Caso"]: row for row in found if row.get("Caso")}


def _cloud(stage: Stage) -> EmbeddedCloud:
    """The cloud to look at; looking brings nothing into it."""
    return EmbeddedCloud(stage.world.path("nube.db"), stage.world.seats, stage.world.clock, writable=False)


def accounts(stage: Stage, logins: Collection[str] | None = None) -> dict[str, Known]:
    """Every account of the directory, or those with these logins, by login."""
    installation = stage.world.installation()
    try:
        return _accounts(stage, Accounts(installation.journal), logins)
    finally:
        installation.close()


def _accounts(stage: Stage, register: Accounts, logins: Collection[str] | None) -> dict[str, Known]:
    if "directorio" in stage.down or (logins is not None and not logins):
        return {}
    directory, cloud = stage.world.directory(), _cloud(stage)
    try:
        rows = directory._accounts.query("SELECT login FROM account WHERE deleted = 0 ORDER BY login_folded")
        found: dict[str, Known] = {}
        for login in (row["login"] for row in rows if logins is None or row["login"] in logins):
            account = directory.find_by_login(login)
            assert account is not None
            manager = directory.manager_of(account.id)
            user = cloud.find_user(account.id)
            found[login] = Known(
                account=account,
                manager=manager.login if manager else "",
                record=register.known(account.id),
                holds=register.holds(account.id),
                licences=cloud.licences_of(user) if user else (),
                sessions_ended=cloud.sessions_ended(user) if user else 0,
            )
        return found
    finally:
        directory.close()


def mailed(mail: Message) -> Mailed:
    """A mail as a person reads it."""
    subject = " ".join(str(make_header(decode_header(str(mail["Subject"])))).split())
    return Mailed(str(mail["To"]), subject, " ".join(plain_text(mail).split()), password_in(mail))


def hold_text(hold: Hold, cases: tuple[Shown, ...]) -> str:
    """A hold in the words of a scenario: `Vacaciones desde el 23/11/2026 hasta el 04/12/2026 (caso 1), levantada el …`."""
    until = f" hasta el {hold.until_date:%d/%m/%Y}" if hold.until_date else ""
    ordinal = next(place for place, shown in enumerate(cases, 1) if shown.request.case == hold.case)
    ended = f", levantada el {hold.ended_on:%d/%m/%Y}" if hold.ended_on else ""
    return f"{HOLD_LABELS[hold.reason]} desde el {hold.from_date:%d/%m/%Y}{until} (caso {ordinal}){ended}"
