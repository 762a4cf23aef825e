"""A year of the whole program: whatever people, agents, administrators and machines do to it, what must hold holds.

`pytest tests/year --hypothesis-profile=thorough` looks for longer, and elsewhere each time.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from config.errors import NotFound, Rejected
from config.vocabulary import CaseNumber, EmailAddress
from intake.forms.port import Field
from intake.forms.questions import DEFAULT_HEADERS
from provision.directory.embedded import EmbeddedDirectory
from provision.directory.port import AccountChanges, AccountId
from provision.journal.batches import Batches
from provision.procedure.desk import DeskAction, actions_of
from provision.procedure.model import Approver, DeskAsked, Request, State
from tests.year.office import MEMORY, moved_in
from tests.year.people import (
    APPROVER,
    HEAD,
    JOSE,
    KINDS,
    LUIS,
    NEWCOMERS,
    PEDRO,
    PEOPLE,
    REQUESTERS,
    SOFIA,
    TALENT,
    TENDERS,
    VARIANTS,
    Somebody,
    asked,
    moved_into,
)
from tests.year.witness import Witness

DAYS_AHEAD = (0, 0, 0, 0, 1, -1, -9, 3, 10, 45, 120)
LENGTHS = (0, 1, 5, 14, 40, 100, 300)
NOTES = ("", APPROVER, f"aprueba {APPROVER}.", HEAD, "=1+1", "ñ\n" * 9)
APPROVERS = (APPROVER, APPROVER, TALENT, HEAD)
ADDRESSES = ("jose.munoz@gmail.com", "otro.correo@hotmail.com", "ana.pena@gmail.com", "beatriz@gmail.com", HEAD, TALENT)
SPOILT = ({Field.DOCUMENT_NUMBER: "no sé"}, {Field.FROM_DATE: "32/13/2027"}, {Field.ACCOUNT: "nadie@upme.gov.co"})
MENDED = (
    {Field.PERSONAL_EMAIL: "nueva.direccion@gmail.com"},
    {Field.SUPERVISOR_EMAIL: HEAD, Field.SURNAMES: "Peña Díaz"},
    {Field.REASON: "Retiro", Field.UNTIL_DATE: ""},
    {Field.ACCOUNT: PEOPLE[0].account, Field.DOCUMENT_NUMBER: ""},
    {Field.UNIT: "OGI"},
)

some = st.integers(0, 11)
people = st.sampled_from(PEOPLE)
the_busy = st.sampled_from((JOSE, JOSE, JOSE, SOFIA, LUIS, TENDERS, PEDRO))
runs = st.sampled_from([True, True, True, False])
"""Whether the poller runs before the next thing happens."""


class Meanwhile(Enum):
    """What administrators, buyers and machines do."""

    BATCHES = "somebody decides on what was held beyond the cap"
    SEATS = "a seat is bought"
    SWITCHED = "an administrator enables or disables an account by hand"
    MOVED = "an administrator moves an account"
    REFUSED = "the mail server changes its mind about an address"
    DIES = "the process dies at a stop point to come"


class Year(RuleBasedStateMachine):
    """The office, and what happens in it."""

    @initialize(variant=st.sampled_from(sorted(VARIANTS)), xlsx=st.sampled_from([False] * 9 + [True]))
    def move_in(self, variant: str, xlsx: bool) -> None:
        """An office in which everybody uses the account that the program made."""
        self.folder = Path(tempfile.mkdtemp(prefix="gestion-year-", dir=MEMORY))
        self.office = moved_in(moved_into(variant), self.folder, xlsx=xlsx)
        self.witness = Witness(self.office)
        self.witness.look()

    def teardown(self) -> None:
        """No password lies about; and nothing is left behind."""
        if not hasattr(self, "folder"):
            return
        try:
            self.witness.search_for_secrets()
        finally:
            self.office.journal.close()
            shutil.rmtree(self.folder)

    def settle(self, *, now: bool = True) -> None:
        """Run until nothing is due soon; then everything must hold. Not now: the next one does."""
        if not now:
            self.office.clock.advance(timedelta(minutes=1))
            return
        self.office.settle()
        self.witness.look()
        self.witness.judge()

    def open_cases(self, *states: State) -> list[Request]:
        """Requests that are open, or in one of these states."""
        return [each for each in self.witness.requests.values() if (each.state in states if states else not each.state.closed)]

    @contextlib.contextmanager
    def directory(self) -> Iterator[EmbeddedDirectory]:
        """The directory, as an administrator or a user uses it."""
        directory = self.office.directory()
        try:
            yield directory
        finally:
            directory.close()

    # ── people ask ───────────────────────────────────────────────────────────────────────────────

    @rule(who=the_busy, kind=some, ahead=st.sampled_from(DAYS_AHEAD), long=st.sampled_from(LENGTHS), n=some, now=runs)
    def the_right_person_asks(self, who: Somebody, kind: int, ahead: int, long: int, n: int, now: bool) -> None:
        """Any operation that is for such an account."""
        day = self.witness.today + timedelta(days=ahead)
        kinds = who.kinds
        self.office.submit(asked(kinds[kind % len(kinds)], who, day, long, n), who.usual)
        self.settle(now=now)

    @rule(kind=some, ahead=st.sampled_from(DAYS_AHEAD), long=st.sampled_from(LENGTHS), n=some, now=runs)
    def they_ask_again_about_jose(self, kind: int, ahead: int, long: int, n: int, now: bool) -> None:
        """What meets on one account."""
        self.the_right_person_asks(JOSE, kind, ahead, long, n, now)

    @rule(kind=st.sampled_from(KINDS), who=people, by=st.sampled_from(REQUESTERS), n=some, spoilt=st.booleans())
    def anybody_asks(self, kind: str, who: Somebody, by: str, n: int, spoilt: bool) -> None:
        """By whoever it is, with answers that may make no sense."""
        answers = asked(kind, who, self.witness.today, n, n)
        self.office.submit({**answers, **(SPOILT[n % 3] if spoilt else {})}, by)
        self.settle()

    @rule(n=some, address=st.sampled_from(("", "", "otra@gmail.com")), now=runs)
    def a_newcomer(self, n: int, address: str, now: bool) -> None:
        """A creation, perhaps for somebody who has an account already."""
        answers = {**NEWCOMERS[n % len(NEWCOMERS)]}
        if address:
            answers[Field.PERSONAL_EMAIL] = address
        self.office.submit(answers, TALENT if answers[Field.ACCOUNT_TYPE] == "Funcionario" else HEAD)
        self.settle(now=now)

    @rule(n=st.integers(0, 60), mended=st.sampled_from(MENDED), by=st.sampled_from([None, None, HEAD, TALENT]))
    def somebody_edits_his_response(self, n: int, mended: dict[Field, str], by: str | None) -> None:
        """Any former response again, with something else in it."""
        row = self.office.rows[n % len(self.office.rows)]
        self._again(row, mended, by, response_id=row["ID de respuesta"])

    @precondition(lambda self: self.open_cases(State.NEEDS_CORRECTION))
    @rule(n=some, mended=st.sampled_from(MENDED), edits=st.booleans())
    def somebody_answers_a_correction(self, n: int, mended: dict[Field, str], edits: bool) -> None:
        """With the same response or with a new one that names the case."""
        waiting = self.open_cases(State.NEEDS_CORRECTION)
        request = waiting[n % len(waiting)]
        with self.office.journal.transaction() as connection:
            found = connection.exec_driver_sql(
                "SELECT response_id FROM response WHERE case_number = ? AND form_id NOT LIKE 'programa:%'"
                " ORDER BY last_submitted_at DESC",
                (request.case,),
            ).first()
        if found is None:
            return
        row = next(row for row in reversed(self.office.rows) if row["ID de respuesta"] == found[0])
        named: dict[Field, str] = {} if edits else {Field.CASE_NUMBER: request.case}
        self._again(row, {**mended, **named}, None, response_id=found[0] if edits else "")

    def _again(self, row: dict[str, str], mended: dict[Field, str], by: str | None, *, response_id: str) -> None:
        answers = {question: row.get(header, "") for question, header in DEFAULT_HEADERS.items()}
        requester = by or row["Dirección de correo electrónico"]
        self.office.clock.advance(timedelta(minutes=1))
        self.office.submit({**answers, **mended}, requester, response_id=response_id)
        self.settle()

    # ── the desk ─────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: self.open_cases())
    @rule(n=some, action=st.sampled_from([*DeskAction, "otra cosa"]), note=st.sampled_from(NOTES))
    def an_agent_chooses(self, n: int, action: str, note: str) -> None:
        """Any action on any row of the board."""
        cases = self.open_cases()
        if self.office.xlsx:
            self._ask(cases[n % len(cases)], action, note)
        else:
            self.office.page.choose(cases[n % len(cases)].case, action, note)
        self.settle()

    @precondition(lambda self: any(self.allowed(each) for each in self.open_cases()))
    @rule(n=some, which=st.sampled_from([0, 0, 0, 1, 2]), times=st.integers(1, 5))
    def an_agent_does_what_is_asked(self, n: int, which: int, times: int) -> None:
        """An action that a case allows; perhaps the next ones too."""
        cases = [each for each in self.open_cases() if self.allowed(each)]
        case = cases[n % len(cases)].case
        for _ in range(times):
            request = self.witness.requests[case]
            allowed = self.allowed(request)
            if not allowed:
                return
            self._ask(request, allowed[which % len(allowed)], f"lo aprueba {APPROVER}")
            self.settle()

    def allowed(self, request: Request) -> tuple[str, ...]:
        """The actions of the board's list for this case."""
        return actions_of(request, self.office.rules)

    def _ask(self, request: Request, action: str, note: str) -> None:
        approver = Approver(EmailAddress(APPROVER), 5) if APPROVER in note and action in {"Aprobar", "Rechazar"} else None
        asked_for = DeskAsked(action, "Mesa de servicio", note, approver)
        self.office.journal.ask(CaseNumber(request.case), asked_for, self.office.clock(), on_board=True)

    @precondition(lambda self: self.open_cases(State.WAITING, State.NEEDS_ATTENTION))
    @rule(n=some, by=st.sampled_from(APPROVERS), action=st.sampled_from(["Aprobar", "Aprobar", "Rechazar"]))
    def a_second_person_decides(self, n: int, by: str, action: str) -> None:
        """By command."""
        waiting = self.open_cases(State.WAITING, State.NEEDS_ATTENTION)
        approver = Approver(EmailAddress(by), 5) if by == APPROVER else None
        asked_for = DeskAsked(action, by, "visto", approver, at_command=True)
        case = CaseNumber(waiting[n % len(waiting)].case)
        self.office.journal.ask(case, asked_for, self.office.clock(), on_board=False)
        self.settle()

    # ── time, machines, administrators ───────────────────────────────────────────────────────────

    @rule(days=st.sampled_from([1, 1, 7, 7, 40]), poller_runs=st.sampled_from([True, True, False]))
    def days_pass(self, days: int, poller_runs: bool) -> None:
        """With the poller at work, or with the machine switched off."""
        self.office.pass_days(days, poller_runs=poller_runs)
        self.settle()

    @rule(n=some, new=st.integers(0, 10**6))
    def somebody_signs_in(self, n: int, new: int) -> None:
        """With the newest password mailed, which has to be changed."""
        logins = sorted({mail.login for mail in self.witness.access})
        mail = self.witness.newest_access(logins[n % len(logins)])
        assert mail is not None
        with self.directory() as directory, contextlib.suppress(Rejected):
            directory.change_password(mail.login, mail.password, f"Clave-{new:07}-Propia")
        self.settle()

    @rule(what=st.sampled_from(list(Meanwhile)), who=people, n=st.integers(0, 40))
    def meanwhile(self, what: Meanwhile, who: Somebody, n: int) -> None:
        """What happens outside the program."""
        match what:
            case Meanwhile.BATCHES:
                self._decide_on_batches(approves=n % 3 > 0)
            case Meanwhile.SEATS:
                licence = sorted(self.office.seats)[n % 3]
                self.office.seats = {**self.office.seats, licence: self.office.seats[licence] + 1}
            case Meanwhile.SWITCHED:
                self._switch(who, enables=n % 2 > 0)
            case Meanwhile.MOVED:
                self._move(who, n)
            case Meanwhile.REFUSED:
                self.office.refused ^= {ADDRESSES[n % len(ADDRESSES)]}
            case Meanwhile.DIES:
                self.office.dies_in = n + 1
                return
        self.settle()

    def _decide_on_batches(self, *, approves: bool) -> None:
        """What was held beyond the cap goes on exactly so, or is dismissed."""
        batches = Batches(self.office.journal)
        for batch in batches.open_batches():
            if approves:
                batches.approve(batch.digest, EmailAddress(APPROVER), self.office.clock())
            else:
                batches.refuse(batch.digest, DeskAsked("Cancelar", APPROVER, "lote rechazado"), self.office.clock())

    def _switch(self, who: Somebody, *, enables: bool) -> None:
        """By hand, outside the program."""
        with self.directory() as directory:
            account = directory.find_by_mail(who.account)
            if account is None or account.protected:
                return
            self.witness.switched_by_hand(account.id, enabled=account.enabled, enables=enables)
            (directory.enable if enables else directory.disable)(account.id)

    def _move(self, who: Somebody, n: int) -> None:
        """To another OU, perhaps one that the policy does not know."""
        ou = ("OU=Contratistas,OU=SEE,OU=Usuarios", "OU=Usuarios", "OU=Funcionarios,OU=SM,OU=Usuarios")[n % 3]
        with self.directory() as directory, contextlib.suppress(Rejected, NotFound):
            account = directory.find_by_mail(who.account)
            if account is not None:
                directory.change(AccountId(account.id), AccountChanges(ou=ou))


THOROUGH = settings.get_current_profile_name() == "thorough"
Year.TestCase.settings = (
    settings(max_examples=3000, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck))
    if THOROUGH
    else settings(
        max_examples=12,
        stateful_step_count=14,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
)
TestYear = Year.TestCase
