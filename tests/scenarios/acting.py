"""A scenario's steps, done: people answer the form, agents use the board, time passes and the scheduled runs go on."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from email.header import decode_header, make_header
from mailbox import Maildir
from pathlib import Path
from typing import Self

from config.errors import Rejected
from config.vocabulary import CaseNumber, EmailAddress
from intake.forms.port import Field
from intake.run import RunReport
from notify.render import Renderer
from provision.journal.batches import Batches
from provision.procedure.acts import WaitingFor
from provision.procedure.model import DeskAsked
from tests.delivery_reports import postfix
from tests.runs.seen import choose
from tests.scenarios.arranging import OLD_PASSWORD, add_accounts, arrange, matrix_text
from tests.scenarios.forms import FORMS
from tests.scenarios.post_office import PostOffice, post_office
from tests.scenarios.quick_board import QuickBoard
from tests.scenarios.reading import CameBack, Edit, Outside, Scenario, Step, Submission
from tests.secrecy import delivered, password_in, plain_text
from tests.world import World

_MOST_HOPS = 60
_SLOW = frozenset({WaitingFor.FIRST_USE, WaitingFor.SEAT, WaitingFor.OTHER_CASE})
"""Looked at again every few minutes or hours: a scenario that lets days pass looks in the morning, and at their end."""
_LONG = timedelta(hours=6)
_FILES = {"directorio": "directorio.db", "correo": "correo", "mesa": "mesa.db"}


@dataclass(slots=True)
class Answered:
    """A response as it was last submitted."""

    response_id: str
    by: str
    answers: Mapping[Field, str]


@dataclass
class Stage:
    """A world in which a scenario takes its steps; a context manager."""

    folder: Path
    scenario: Scenario
    empty_journal: Path
    renderers: dict[str, Renderer]
    """Of each policy's version, shared by all scenarios: a mail's templates are compiled once."""
    passwords: dict[str, str] = field(default_factory=dict)
    """What each person knows as his own password; whoever is not here has the old one."""
    signed_in: int = 0
    reports: list[RunReport] = field(default_factory=list)
    answered: dict[str, Answered] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    office: PostOffice | None = None

    def __enter__(self) -> Self:
        self._stack = contextlib.ExitStack()
        self.world: World = arrange(self.folder, self.scenario, self.empty_journal)
        self.world.board = QuickBoard(self.world.path("seguimiento.xlsx"), zone=self.world.policy.zone, title="Seguimiento")
        policy = self.world.policy
        self.world.renderer = self.renderers.setdefault(policy.version, Renderer(policy, None))
        self.unseen = True
        if any(step.mail_refuses is not None for step in self.scenario.steps):
            self.office = self._stack.enter_context(post_office(self.world.path("correo")))
            reach = {"kind": "smtp", "host": "127.0.0.1", "port": self.office.port, "security": "none"}
            self.world.sections = {**self.world.sections, "mail": reach}
        if any(step.came_back is not None for step in self.scenario.steps):
            self.world.sections = {**self.world.sections, "bounces": {"kind": "maildir", "path": "devueltos"}}
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def address(self, who: str) -> str:
        """A whole address; a login is somebody of the institution."""
        return who if "@" in who or not who else f"{who}@{self.world.policy.mail_domain}"

    def case(self, ordinal: int) -> CaseNumber:
        """The case that was opened as the first, second, … one."""
        cases = self.world.cases()
        assert 0 < ordinal <= len(cases), f"there are {len(cases)} cases, and no {ordinal}"
        return cases[ordinal - 1].request.case

    def take(self, step: Step) -> None:
        """Do what a step says, but for a check."""
        if step.submit is not None:
            self._submit(step.submit)
        elif step.edit is not None:
            self._edit(step.edit)
        elif step.wait is not None:
            self.pass_until(self.world.clock() + step.wait)
        elif step.until is not None:
            self.pass_until(step.until.replace(tzinfo=self.world.policy.zone).astimezone(UTC))
        elif step.outside is not None:
            self._outside(step.outside)
        else:
            self._change_conditions(step)

    def _change_conditions(self, step: Step) -> None:
        world = self.world
        if step.desk is not None:
            self.settle()
            choose(world, self.case(step.desk.case), step.desk.action, step.desk.note)
            self.unseen = True
        elif step.sign_in is not None:
            self.sign_in(step.sign_in)
        elif step.cannot_sign_in is not None:
            self.cannot_sign_in(step.cannot_sign_in)
        elif step.buy is not None:
            world.seats = {name: count + step.buy.get(name, 0) for name, count in world.seats.items()}
            self.unseen = True
        elif step.came_back is not None:
            self._return(step.came_back)
        elif step.mail_refuses is not None and self.office is not None:
            self.office.refused = {self.address(each).lower() for each in step.mail_refuses}
        elif step.matrix is not None:
            world.path("matriz.csv").write_text(matrix_text(world.institution, step.matrix), encoding="utf-8")
        elif step.down is not None:
            self._take_down(step.down)
        elif step.up is not None:
            self._bring_up(step.up)
        else:
            self._decide_on_batch(approved_by=step.approve_batch, refused_by=step.refuse_batch)

    def settle(self) -> None:
        """One run, if anything happened that no run has seen."""
        if self.unseen:
            self.run()

    def run(self) -> None:
        """One scheduled run."""
        self.reports.append(self.world.run())
        self.unseen = False

    def pass_until(self, target: datetime) -> None:
        """Let time pass, with a run whenever something is due, and one at the end."""
        self.settle()
        long = target - self.world.clock() > _LONG
        for _ in range(_MOST_HOPS):
            hop = self._next_hop(target, long=long)
            if hop is None:
                break
            self.world.clock.move_to(hop)
            self.run()
        else:
            raise AssertionError(f"more than {_MOST_HOPS} runs until {target}: {self.world.wakes()}")
        self.world.clock.move_to(target)
        if any(at <= target for _, at in self.world.wakes()):
            self.run()

    def _next_hop(self, target: datetime, *, long: bool) -> datetime | None:
        """When something is due before the target; None: nothing is."""
        now = self.world.clock()
        hops = [self._when(waits, at, now, long=long) for waits, at in self.world.wakes()]
        if "directorio" not in self.down:
            directory = self.world.directory()
            hops += [each.expires_at for each in directory.expiring(now, target) if each.expires_at]
            directory.close()
        due = min((max(hop, now + timedelta(minutes=1)) for hop in hops), default=None)
        return due if due is not None and due < target else None

    def _when(self, waits: WaitingFor | None, at: datetime, now: datetime, *, long: bool) -> datetime:
        """When a scenario looks at a case that wants to be looked at then."""
        if waits is WaitingFor.RETRY:
            return max(at, now + (timedelta(hours=2) if long else timedelta(minutes=5)))
        return self._next_morning(now) if long and waits in _SLOW else at

    def _next_morning(self, now: datetime) -> datetime:
        local = now.astimezone(self.world.policy.zone)
        opens = time.fromisoformat(self.world.policy.business_hours.opens)
        morning = datetime.combine(local.date(), opens, self.world.policy.zone)
        return (morning if morning > local else morning + timedelta(days=1)).astimezone(UTC)

    def _submit(self, submission: Submission) -> None:
        base = FORMS[self.scenario.institution][submission.form] if submission.form else {}
        answers = {question: text for question, text in {**base, **submission.answers}.items() if text}
        if submission.answers_case is not None:
            self.settle()
            answers[Field.CASE_NUMBER] = self.case(submission.answers_case)
        by = self.address(submission.by)
        self.answered[submission.named] = Answered(self.world.submit(answers, by), by, answers)
        self.unseen = True

    def _edit(self, edit: Edit) -> None:
        former = self.answered[edit.of]
        self.settle()
        self.world.clock.advance(timedelta(minutes=1))  # two versions of a response never have one time
        answers = {question: text for question, text in {**former.answers, **edit.answers}.items() if text}
        by = self.address(edit.by) or former.by
        self.world.submit(answers, by, response_id=former.response_id)
        self.answered[edit.of] = Answered(former.response_id, by, answers)
        self.unseen = True

    def mailed_password(self, login: str) -> str:
        """The temporary password in the newest mail that brought one for this login."""
        self.settle()
        for mail in reversed(delivered(self.world.path("correo"))):
            password = password_in(mail)
            if password is not None and f"Usuario: {login}" in [line.strip() for line in plain_text(mail).splitlines()]:
                return password
        raise AssertionError(f"no mail brought {login} a password")

    def sign_in(self, login: str) -> None:
        """The person changes the temporary password at the first logon."""
        self.signed_in += 1
        temporary, own = self.mailed_password(login), f"Clave-Mia-{self.signed_in}-Xy9"
        directory = self.world.directory()
        directory.change_password(login, temporary, own)
        directory.close()
        self.passwords[login] = own

    def cannot_sign_in(self, login: str) -> None:
        """The password mailed last opens nothing."""
        temporary = self.mailed_password(login)
        directory = self.world.directory()
        try:
            directory.change_password(login, temporary, "Otra-Que-No-Sirve-1")
        except Rejected:
            return
        finally:
            directory.close()
        raise AssertionError(f"the password mailed to {login} still works")

    def enters(self, login: str) -> bool:
        """Whether the person can log on with the password that he knows last."""
        directory = self.world.directory()
        try:
            return directory.authenticate(login, self.passwords.get(login, OLD_PASSWORD))
        finally:
            directory.close()

    def _outside(self, outside: Outside) -> None:
        directory = self.world.directory()
        try:
            for login, done in (
                (outside.disable, directory.disable),
                (outside.enable, directory.enable),
                (outside.delete, directory.delete),
            ):
                if login:
                    found = directory.find_by_login(login)
                    assert found is not None, f"nobody has the login {login}"
                    done(found.id)
            if outside.lock:
                directory.lock(outside.lock)
        finally:
            directory.close()
        add_accounts(self.world, outside.create)
        self.unseen = True

    def _return(self, came_back: CameBack) -> None:
        """A mail that went out is returned to the service mailbox."""
        self.settle()
        to = self.address(came_back.to)
        returned = [mail for mail in delivered(self.world.path("correo")) if mail["To"] == to]
        returned = [mail for mail in returned if came_back.subject in str(make_header(decode_header(str(mail["Subject"]))))]
        assert returned, f"no mail went to {to}"
        message_id = str(returned[-1]["Message-ID"])
        if came_back.forged:
            name, _, domain = message_id.partition("@")
            message_id = f"{name.rpartition('.')[0]}.{'0' * 24}@{domain}"
        Maildir(self.world.path("devueltos"), create=True).add(postfix(message_id, to, status=came_back.status))
        self.unseen = True

    def _take_down(self, name: str) -> None:
        """Put something unusable in the place of a system."""
        self.settle()
        path = self.world.path(_FILES[name])
        if path.exists():
            path.rename(self.world.path(f"{path.name}.caido"))
        if name == "correo":
            path.write_text("no es una carpeta", encoding="utf-8")
        else:
            path.mkdir()
        self.down.add(name)

    def _bring_up(self, name: str) -> None:
        self.settle()
        path = self.world.path(_FILES[name])
        away = self.world.path(f"{path.name}.caido")
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
        if away.exists():
            away.rename(path)
        self.down.discard(name)

    def _decide_on_batch(self, *, approved_by: str | None, refused_by: str | None) -> None:
        """Somebody decides on the only batch that waits."""
        self.settle()
        installation = self.world.installation()
        try:
            batches, now = Batches(installation.journal), self.world.clock()
            (batch,) = batches.open_batches()
            if approved_by is not None:
                batches.approve(batch.digest, EmailAddress(self.address(approved_by)), now)
            else:
                asked = DeskAsked("Cancelar", self.address(refused_by or ""), "Lote no aprobado.", at_command=True)
                batches.refuse(batch.digest, asked, now)
        finally:
            installation.close()
        self.unseen = True
