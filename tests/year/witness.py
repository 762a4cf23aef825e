"""Somebody who looks at everything after each run, remembers it, and says what must never have happened."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.message import Message
from mailbox import Maildir

from config.vocabulary import same_address
from notify.desk.port import TicketStatus
from provision.directory.embedded_file import matches
from provision.directory.port import Password
from provision.journal.views import Views
from provision.procedure import sla
from provision.procedure.acts import WaitingFor
from provision.procedure.model import Origin, Request, State
from provision.procedure.submission import ChangeAddress, Delete, ResetPassword
from tests.secrecy import files_with, password_in
from tests.year.hold_model import CONFIRMED, EXTENDED, ISSUED, LIFTED, PLACED, RECORDED, UNDELIVERED, HoldModel
from tests.year.office import Office

APPROVED, PC_BACKUP, PC_WIPE, DELETED = (
    "Aprobada por una segunda persona",
    "Confirmar el backup del equipo",
    "Confirmar el borrado de la información del equipo",
    "Eliminar la cuenta en el Directorio Activo",
)
DISABLED = "Inactivar la cuenta en el Directorio Activo"
APPLIED = frozenset({DISABLED, "Activar la cuenta a su regreso", "Activar la cuenta en el Directorio Activo"})


@dataclass
class AccessMail:
    """A mail with a password."""

    case: str
    to: str
    login: str
    password: str


@dataclass
class Line:
    """A line of a case's story."""

    case: str
    title: str
    detail: str
    at: datetime


@dataclass
class Witness:
    """What was seen so far."""

    office: Office
    holds: HoldModel = field(default_factory=HoldModel)
    lines: list[Line] = field(default_factory=list)
    access: list[AccessMail] = field(default_factory=list)
    told: set[tuple[str, str]] = field(default_factory=set)
    """Case and address, in small letters."""
    submitted: Counter[str] = field(default_factory=Counter)
    on_record: dict[str, set[str]] = field(default_factory=dict)
    """Addresses on record by account id; the former one counts too in the run that changes it."""
    issued: set[str] = field(default_factory=set)
    by_hand: set[str] = field(default_factory=set)
    """Accounts that an administrator made inactive, and the desk did not confirm since."""
    meddled: set[str] = field(default_factory=set)
    """Accounts that an administrator enabled in spite of holds, until the program looked at them again."""
    secrets: list[str] = field(default_factory=list)
    _seen_mails: set[str] = field(default_factory=set)
    _last_line: int = 0

    def __post_init__(self) -> None:
        self.requests: dict[str, Request] = {}

    @property
    def today(self) -> date:
        """In the institution's zone."""
        return self.office.clock().astimezone(self.office.policy.zone).date()

    # ── looking ──────────────────────────────────────────────────────────────────────────────────

    def look(self) -> None:
        """Read what is new: the story, the mails, the requests."""
        self._read_requests()
        for line in self._new_lines():
            self.lines.append(line)
            request = self.requests[line.case]
            self.holds.hear(line.title, request, line.at.astimezone(self.office.policy.zone).date())
            self._hear(line, request)
        self._read_mails()

    def _read_requests(self) -> None:
        self.requests = {shown.request.case: shown.request for shown in Views(self.office.journal).cases()}

    def _new_lines(self) -> list[Line]:
        with closing(sqlite3.connect(self.office.path("gestion.db"))) as database:
            rows = database.execute(
                "SELECT id, case_number, title, detail, at FROM history WHERE id > ? ORDER BY id", (self._last_line,)
            ).fetchall()
        if rows:
            self._last_line = rows[-1][0]
        return [
            Line(case, title, detail, datetime.fromisoformat(at).replace(tzinfo=UTC)) for _, case, title, detail, at in rows
        ]

    def _hear(self, line: Line, request: Request) -> None:
        facts = request.facts
        if line.title == ISSUED and facts.account_id is not None and facts.access_sent_to is not None:
            self.issued.add(facts.account_id)
            self.on_record.setdefault(facts.account_id, set()).add(facts.access_sent_to.lower())
            self.on_record[facts.account_id] = {facts.access_sent_to.lower()}
        if line.title == RECORDED and isinstance(request.content, ChangeAddress) and facts.subject is not None:
            known = self.on_record.setdefault(facts.subject.account_id, set())
            known.add(request.content.new_address.lower())
        if line.title == CONFIRMED and facts.subject is not None:
            self.by_hand.discard(facts.subject.account_id)
        if line.title in APPLIED and facts.subject is not None:
            self.meddled.discard(facts.subject.account_id)

    def _read_mails(self) -> None:
        folder = self.office.path("correo") / "new"
        names = [path for path in folder.iterdir() if path.name not in self._seen_mails] if folder.exists() else []
        box = Maildir(self.office.path("correo"), create=True)
        for path in sorted(names, key=lambda each: each.stat().st_mtime_ns):
            self._seen_mails.add(path.name)
            self._read_mail(box[path.name])

    def _read_mail(self, mail: Message) -> None:
        case = str(mail["Message-ID"]).lstrip("<").partition(".")[0].upper()
        to = str(mail["To"]).lower()
        self.told.add((case, to))
        password = password_in(mail)
        if password is None:
            return
        request = self.requests[case]
        login = request.facts.login or (request.facts.subject.login if request.facts.subject else "")
        if isinstance(request.content, ResetPassword):
            assert request.facts.subject is not None
            known = self.on_record.get(request.facts.subject.account_id, set())
            assert to in known, f"{case}: a password change went to {to}, on record is {known}"
        self.access.append(AccessMail(case, to, login, password))
        self.secrets.append(password)

    def switched_by_hand(self, account: str, *, enabled: bool, enables: bool) -> None:
        """An administrator is about to switch an account himself."""
        if enables:
            self.by_hand.discard(account)
            if not enabled:
                self.meddled.add(account)
        elif enabled and account not in self.meddled:
            self.by_hand.add(account)

    def newest_access(self, login: str) -> AccessMail | None:
        """The newest mail with a password for a login."""
        return next((mail for mail in reversed(self.access) if mail.login == login), None)

    # ── judging ──────────────────────────────────────────────────────────────────────────────────

    def judge(self) -> None:
        """Everything that must hold whenever the program rests."""
        wrong = [*self._reports(), *self._responses(), *self._accounts(), *self._deletions(), *self._tickets()]
        wrong += [*self._passwords(), *self._told_requesters(), *self._seats(), *self._clocks(), *self._hold_rows()]
        wrong += [*self._shown(), *self._rest()]
        assert not wrong, "\n".join(wrong)

    def _reports(self) -> Iterator[str]:
        for report in self.office.reports:
            if report.exit_code not in {0, 1}:
                yield f"a run ended with {report.exit_code}: {[str(problem) for problem in report.problems]}"
            for alarm in report.reception.alarms:
                if "no está en una unidad organizativa" not in alarm:  # an administrator moved it
                    yield f"an alarm: {alarm}"
        self.office.reports.clear()
        for case, request in self.requests.items():
            if "Error interno" in request.reason:
                yield f"{case}: {request.reason}"

    def _responses(self) -> Iterator[str]:
        """Each response is one case's, and its newest version was taken; an older one may have been replaced unread."""
        with closing(sqlite3.connect(self.office.path("gestion.db"))) as database:
            rows = database.execute(
                "SELECT response_id, strftime('%d/%m/%Y %H:%M:%S', last_submitted_at, '-5 hours') FROM response"
                " WHERE form_id NOT LIKE 'programa:%' AND case_number IN (SELECT case_number FROM request)"
            ).fetchall()
        newest = {row["ID de respuesta"]: row["Marca temporal"] for row in self.office.rows}
        if len(rows) != len(set(rows)) or {response_id for response_id, _ in rows} != newest.keys():
            yield f"responses sent {sorted(newest)}, kept {sorted(rows)}"
        yield from (f"{each} is not in the journal" for each in newest.items() - set(rows))

    def _accounts(self) -> Iterator[str]:
        now = self.today
        with closing(sqlite3.connect(self.office.path("directorio.db"))) as directory:
            rows = directory.execute("SELECT id, login, enabled, marker, expires_at FROM account WHERE deleted = 0").fetchall()
        for account, login, enabled, marker, expires_at in rows:
            expired = expires_at is not None and datetime.fromisoformat(expires_at) <= self.office.clock()
            held = self.holds.held(account, now)
            stuck = any(self._is_stuck(account, request) for request in self.requests.values())
            if marker is not None and account not in self.issued and enabled and self._over(marker):
                yield f"{login} works and nobody was told its access data"
            if held and enabled and account not in self.meddled and not any(self._unapplied(each.case) for each in held):
                yield f"{login} works on {now} in spite of {held}"
            if enabled and account in self.by_hand:
                yield f"{login} works although somebody disabled it by hand"
            ours = marker is None or account in self.issued
            if not held and not enabled and ours and account not in self.by_hand and not stuck and not expired:
                yield f"{login} does not work on {now} and nothing says why: {self.holds.stretches.get(account)}"

    def _over(self, case: str) -> bool:
        return self.requests[case].state.closed

    def _unapplied(self, case: str) -> bool:
        """A hold whose case has not come to disabling: it waits to be let in, or for a person."""
        request = self.requests[case]
        return request.state is State.NEEDS_ATTENTION or request.waiting_for is WaitingFor.ADMISSION

    def _is_stuck(self, account: str, request: Request) -> bool:
        subject = request.facts.subject
        mine = account in {request.facts.account_id, subject.account_id if subject is not None else None}
        return mine and request.state is State.NEEDS_ATTENTION

    def _deletions(self) -> Iterator[str]:
        with closing(sqlite3.connect(self.office.path("directorio.db"))) as directory:
            gone = directory.execute("SELECT id, login FROM account WHERE deleted = 1").fetchall()
        for account, login in gone:
            cases = [
                request
                for request in self.requests.values()
                if isinstance(request.content, Delete)
                and request.facts.subject is not None
                and request.facts.subject.account_id == account
                and any(line.case == request.case and line.title == DELETED for line in self.lines)
            ]
            if len(cases) != 1:
                yield f"{login} was deleted by {[request.case for request in cases]}"
                continue
            yield from self._lawful(cases[0], login)

    def _lawful(self, request: Request, login: str) -> Iterator[str]:
        titles = [line.title for line in self.lines if line.case == request.case]
        before = titles[: titles.index(DELETED)]
        for needed in (APPROVED, PC_BACKUP, PC_WIPE, DISABLED):
            if needed not in before:
                yield f"{login} was deleted without «{needed}»"
        if request.facts.backup is None and not request.facts.no_mailbox:
            yield f"{login} was deleted without a backup"
        approval, subject = request.approval, request.facts.subject
        if approval is None or subject is None:
            yield f"{login} was deleted without an approval"
        elif same_address(approval.by, request.requester or "") or same_address(approval.by, subject.mail_address):
            yield f"{login} was deleted with the approval of {approval.by}"

    def _tickets(self) -> Iterator[str]:
        desk = self.office.desk()
        tickets = {str(each.ticket.case): each.ticket for each in desk.tickets()}
        count = len(desk.tickets())
        desk.close()
        if count != len(tickets):
            yield "a case has two tickets"
        for case, request in self.requests.items():
            ticket = tickets.get(case)
            # What was attended and needs a person all the same has its ticket open again.
            attended = request.attended_at is not None and request.state is not State.NEEDS_ATTENTION
            over = request.state.closed or attended
            if over and (ticket is None or ticket.status is not TicketStatus.CLOSED):
                yield f"{case} is {request.state} and its ticket {ticket and ticket.status}"
            if not over and ticket is not None and ticket.status is TicketStatus.CLOSED:
                yield f"{case} is {request.state} ({request.reason}) and its ticket is closed"

    def _passwords(self) -> Iterator[str]:
        with closing(sqlite3.connect(self.office.path("directorio.db"))) as directory:
            rows = directory.execute("SELECT login, salt, password_hash FROM account").fetchall()
        for login, salt, stored in rows:
            mine = [mail for mail in self.access if mail.login == login]
            for mail in mine[:-1][-3:]:
                if stored and matches(Password(mail.password), salt, stored):
                    yield f"{login}: the password mailed for {mail.case} still works though a newer one was mailed"

    def _told_requesters(self) -> Iterator[str]:
        for case, request in self.requests.items():
            over = request.state.closed or request.attended_at is not None
            if not over or request.requester is None or request.origin not in {Origin.FORM, Origin.CASE}:
                continue
            if (case, request.requester.lower()) not in self.told:
                yield f"{case} is {request.state} and {request.requester} was told nothing"

    def _seats(self) -> Iterator[str]:
        if not self.office.path("nube.db").exists():
            return
        with closing(sqlite3.connect(self.office.path("nube.db"))) as cloud:
            rows = cloud.execute("SELECT licence, count(*) FROM assignment GROUP BY licence").fetchall()
        for licence, count in rows:
            if count > self.office.seats.get(licence, 0):
                yield f"{count} seats of {licence} are assigned, {self.office.seats.get(licence, 0)} were bought"

    def _clocks(self) -> Iterator[str]:
        rules = self.office.rules
        for case, request in self.requests.items():
            clock = sla.measure(request, rules)
            if clock.elapsed_hours < 0 or clock.paused_hours < 0:
                yield f"{case}: the clock runs backwards: {clock}"
            ends: datetime | None = None
            for pause in request.pauses:
                if (ends is not None and pause.since < ends) or (pause.until is not None and pause.until < pause.since):
                    yield f"{case}: pauses overlap: {request.pauses}"
                ends = pause.until
            if any(pause.until is None for pause in request.pauses[:-1]):
                yield f"{case}: a pause in the middle is open: {request.pauses}"
            if (request.state.closed or request.attended_at is not None) and request.pauses[-1:] and not ends:
                yield f"{case}: it is over and its clock stands still: {request.pauses}"

    def _hold_rows(self) -> Iterator[str]:
        with closing(sqlite3.connect(self.office.path("gestion.db"))) as database:
            rows = database.execute(
                "SELECT case_number, account_id, reason, from_date, until_date, ended_on, ended_by FROM hold"
            ).fetchall()
        theirs = {(case, account, reason): (since, until, ended) for case, account, reason, since, until, ended, _ in rows}
        for case, account, reason, *_ in rows:
            request = self.requests[case]
            subject = request.facts.subject
            mine = request.facts.account_id if reason == "UNDELIVERED" else subject.account_id if subject else None
            if account != mine:
                yield f"{case} holds {account}, and concerns {mine}"
        for account, stretches in self.holds.stretches.items():
            for each in stretches:
                row = theirs.get((each.case, account, each.reason))
                wanted = (
                    each.since.isoformat(),
                    each.until and each.until.isoformat(),
                    each.lifted and each.lifted.isoformat(),
                )
                if row != wanted:
                    yield f"{each.case}: the table says {row}, the story {wanted}"

    def _shown(self) -> Iterator[str]:
        if self.office.xlsx:
            return
        rows = self.office.page.rows()
        for case, request in self.requests.items():
            if case not in rows or rows[case][8] != request.state.label:
                yield f"the board shows {case} as {rows.get(case)}; it is {request.state.label}"

    def _rest(self) -> Iterator[str]:
        """Nothing stands between two chairs: every open case waits for something, or for somebody."""
        for case, request in self.requests.items():
            if request.state.closed:
                continue
            if request.waiting_for is None:
                yield f"{case} is {request.state} and waits for nothing: {request.reason}"

    def search_for_secrets(self) -> None:
        """No password lies in any file but the mails."""
        for secret in self.secrets:
            found = files_with(self.office.folder, secret)
            assert not found, f"a password lies in {found}"


__all__ = ["DISABLED", "EXTENDED", "LIFTED", "PLACED", "UNDELIVERED", "Witness"]
