"""The control point for an account that exists, on an embedded directory: who it is, and whether he who asks may."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from config.vocabulary import AccountType, EmailAddress, HoldReason
from intake.checking import CheckAccount
from intake.matrix import ALL, OWN_ACCOUNT_ROW, Matrix, MatrixRow, RefusalCode, Role
from provision.directory.embedded import EmbeddedDirectory, SeededAccount, seed
from provision.directory.port import AccountId
from provision.executor import Task
from provision.journal.accounts import Accounts
from provision.journal.store import Journal
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.holds import Hold
from provision.procedure.lifecycle import open_request
from provision.procedure.model import Course, Diverted, Done, Effect, Failed, NotYet, Origin, Outcome, StepKey
from provision.procedure.submission import ChangeAddress, Granted, OnAccount, Refused, ResetPassword, Target
from tests.cases import ACTIVATE, CESSION, DELETE, GRANTED, MODIFY, NOW, PROVISIONAL, UNIT, policy, received, rules, version_of

BASE = "DC=entidad,DC=test"
HEAD, HUMAN, SUPERVISOR, OTHER_HEAD, USER, STRANGER, LEAVING = (
    EmailAddress(address)
    for address in (
        "jefe@entidad.gov.co", "th@entidad.gov.co", "super@entidad.gov.co", "jefe.energia@entidad.gov.co",
        "ana.rios@entidad.gov.co", "curioso@gmail.com", "jefe.saliente@entidad.gov.co",
    )
)  # fmt: skip
ENERGY = "Subdirección de Energía Eléctrica"
MATRIX = Matrix(
    (
        MatrixRow(2, HUMAN, "Marta Ruiz", Role.HUMAN_RESOURCES, ALL),
        MatrixRow(3, HEAD, "Luis Pérez", Role.HEAD, frozenset({UNIT})),
        MatrixRow(4, OTHER_HEAD, "Eva Gil", Role.HEAD, frozenset({ENERGY})),
        MatrixRow(5, LEAVING, "Iván Ñame", Role.HEAD, frozenset({UNIT}), valid_until=NOW.date()),
    ),
    "m1",
)
ANA = "0052333444"
OGI_OU = "OU=Contratistas,OU=OGI,OU=Usuarios"


@dataclass
class Office:
    """The directory, the register, and the step."""

    directory: EmbeddedDirectory
    journal: Journal

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.journal)
        self.number = 0

    def check(
        self,
        content: OnAccount,
        requester: EmailAddress | None = HEAD,
        *,
        origin: Origin = Origin.FORM,
        at: datetime = NOW,
        now: datetime = NOW,
    ) -> Outcome:
        """A new case asked for this then; what the step decides now."""
        self.number += 1
        authorisation = PROVISIONAL if origin is Origin.FORM else GRANTED
        whole = replace(received(self.number, content, authorisation, at=at, requester=requester), origin=origin)
        opened = open_request(whole, rules(at))
        with self.journal.receiving(at) as receiving:
            receiving.enter(version_of(self.number, at), opened)
        effect = Effect(whole.case, Act.CHECK_ACCOUNT, StepKey(f"{Act.CHECK_ACCOUNT}.r1"), 1)
        step = CheckAccount(self.directory, self.accounts, lambda: MATRIX, policy())
        return step.perform(Task(opened.request, effect, 1, now))

    def id_of(self, login: str) -> AccountId:
        """The directory's id of an account."""
        account = self.directory.find_by_login(login)
        assert account is not None
        return account.id


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Ana, a contractor of the OGI whose boss is the head; an employee; others who are not to be touched."""
    people = [
        SeededAccount("jefe", "Luis Pérez", HEAD, OGI_OU),
        SeededAccount(
            "ana.rios", "Ríos, Ana", USER, OGI_OU, ANA,
            manager="jefe", department=UNIT, expires_at=datetime(2027, 1, 1, 5, tzinfo=UTC),
        ),
        SeededAccount("eva.sol", "Eva Sol", "eva.sol@entidad.gov.co", "OU=Funcionarios,OU=Energia,OU=Usuarios", "900"),
        SeededAccount("jefe.supremo", "Jefe Supremo", "supremo@entidad.gov.co", OGI_OU, "800", protected=True),
        SeededAccount("fuera", "Fuera de Lugar", "fuera@entidad.gov.co", "OU=Otras", "700"),
        SeededAccount("doble.uno", "Doble Uno", "doble1@entidad.gov.co", OGI_OU, "600"),
        SeededAccount("doble.dos", "Doble Dos", "doble2@entidad.gov.co", OGI_OU, "600", enabled=False),
        SeededAccount("mismo.uno", "Mismo Uno", "mismo@entidad.gov.co", OGI_OU),
        SeededAccount("mismo.dos", "Mismo Dos", "otro@entidad.gov.co", OGI_OU),
        SeededAccount("lejos.uno", "Lejos Uno", "lejos@entidad.gov.co", OGI_OU, deleted=True),
        SeededAccount(
            "op.uno", "Op Uno", "op@entidad.gov.co", "OU=Operadores,OU=Usuarios", "500",
            department="subdireccion de  ENERGIA eléctrica",
        ),
    ]  # fmt: skip
    ous = [OGI_OU, "OU=Funcionarios,OU=Energia,OU=Usuarios", "OU=Otras", "OU=Operadores,OU=Usuarios"]
    seed(tmp_path / "directorio.db", base_dn=BASE, ous=ous, groups=(), accounts=people)
    with closing(sqlite3.connect(tmp_path / "directorio.db")) as file, file:
        file.execute("UPDATE account SET mail_folded = 'mismo@entidad.gov.co' WHERE login = 'mismo.dos'")
    directory = EmbeddedDirectory(tmp_path / "directorio.db", BASE)
    journal = Journal.open(f"sqlite:///{tmp_path / 'gestion.db'}")
    yield Office(directory, journal)
    directory.close()
    journal.close()


def on(content: OnAccount, account: str = "ana.rios", document: str | None = None) -> OnAccount:
    """The request about another account."""
    return replace(content, target=Target(account, document, "Quien sea"))


RESET = ResetPassword(Target("ana.rios"), on_premises=False)


def refusal(outcome: Outcome) -> Refused:
    """The refusal that it is."""
    assert isinstance(outcome, Diverted), outcome
    assert outcome.course is Course.REFUSE
    assert isinstance(outcome.authorisation, Refused)
    assert outcome.reason == outcome.authorisation.reason
    return outcome.authorisation


@pytest.mark.parametrize("named", [("ana.rios", None), ("ANA.RIOS@Entidad.gov.co", None), ("", ANA), (USER, ANA)])
def test_the_account_is_found_by_login_by_address_or_by_document(office: Office, named: tuple[str, str | None]) -> None:
    """And described by what the directory knows: where it is, whose it is, until when."""
    outcome = office.check(on(DELETE, *named))
    assert isinstance(outcome, Done)
    assert isinstance(outcome.authorisation, Granted)
    subject = outcome.facts.subject
    assert subject is not None
    assert (subject.login, subject.account_type, subject.unit) == ("ana.rios", AccountType.CONTRACTOR, UNIT)
    assert (subject.manager_mail, subject.contract_end, subject.document_number) == (HEAD, date(2026, 12, 31), ANA)


def test_what_the_response_claims_of_unit_and_type_never_matters(office: Office) -> None:
    """Talento Humano does not get at a contractor by calling him an employee, nor a head at another unit's people."""
    claims = replace(DELETE, target=Target("ana.rios"), account_type=AccountType.EMPLOYEE, unit=ENERGY)
    assert refusal(office.check(claims, HUMAN)).code == RefusalCode.ACCOUNT_TYPE
    assert refusal(office.check(claims, OTHER_HEAD)).code == RefusalCode.UNIT
    granted = office.check(claims, HEAD)
    assert isinstance(granted, Done)
    assert granted.facts.subject is not None
    assert granted.facts.subject.account_type is AccountType.CONTRACTOR


def test_an_ou_that_units_share_is_told_apart_by_the_department(office: Office) -> None:
    """However it is spelt there."""
    outcome = office.check(on(DELETE, "op.uno"), OTHER_HEAD)
    assert isinstance(outcome, Done)
    assert outcome.facts.subject is not None
    assert (outcome.facts.subject.account_type, outcome.facts.subject.unit) == (AccountType.OPERATOR, ENERGY)


def test_a_refusal_tells_nothing_of_the_account(office: Office) -> None:
    """Neither its unit nor its type, which the requester did not say."""
    for requester in (HUMAN, OTHER_HEAD, STRANGER):
        reason = refusal(office.check(on(DELETE), requester)).reason
        assert not any(word in reason for word in ("ontratista", "Oficina", "Ana", "ana.rios", "Ríos"))


def test_who_may_not_ask_cannot_tell_whether_an_account_exists(office: Office) -> None:
    """The same words for one that is there, one that is not, and one that was deleted."""
    for content in (DELETE, MODIFY, ACTIVATE, RESET):
        reasons = {refusal(office.check(on(content, login), STRANGER)).reason for login in ("ana.rios", "nadie", "lejos.uno")}
        assert len(reasons) == 1, reasons


def test_who_may_ask_is_told_that_there_is_no_such_account(office: Office) -> None:
    """As a correction of that answer."""
    for named in (("nadie", None), ("nadie@entidad.gov.co", None), ("", "999"), ("lejos.uno", None)):
        outcome = office.check(on(DELETE, *named))
        assert isinstance(outcome, Diverted)
        assert outcome.course is Course.CORRECT
        assert [problem.question for problem in outcome.problems] == ["account"]


def test_an_account_and_a_document_that_disagree_are_a_correction(office: Office) -> None:
    """Leading zeros count; an account without a document is not contradicted."""
    for document in ("52333444", "900"):
        outcome = office.check(on(DELETE, "ana.rios", document))
        assert isinstance(outcome, Diverted)
        assert (outcome.course, [problem.question for problem in outcome.problems]) == (Course.CORRECT, ["document_number"])
    assert refusal(office.check(on(DELETE, "ana.rios", "900"), STRANGER)).reason
    assert isinstance(office.check(on(MODIFY, "jefe", "123"), HEAD), Diverted)  # his own account: refused


def test_two_accounts_with_one_document_ask_which(office: Office) -> None:
    """Enabled or not; with the account named there is no doubt."""
    outcome = office.check(on(DELETE, "", "600"))
    assert isinstance(outcome, Diverted)
    assert outcome.course is Course.CORRECT
    assert "varias cuentas" in outcome.reason
    assert isinstance(office.check(on(DELETE, "doble.dos", "600")), Done)


def test_two_accounts_with_one_address_are_for_the_administrator(office: Office) -> None:
    """Nobody guesses."""
    assert isinstance(office.check(on(DELETE, "mismo@entidad.gov.co")), Failed)


def test_a_protected_account_is_refused_to_everybody(office: Office) -> None:
    """Also to its head, and for its password."""
    for content, requester in ((DELETE, HEAD), (RESET, EmailAddress("supremo@entidad.gov.co"))):
        outcome = office.check(on(content, "jefe.supremo"), requester)
        assert isinstance(outcome, Diverted)
        assert outcome.course is Course.REFUSE
        assert "no se atiende por este medio" in outcome.reason


def test_an_account_outside_the_policys_ous_is_for_the_desk(office: Office) -> None:
    """Unless whoever asks may ask of nobody; with what the register knows it is placed all the same."""
    outcome = office.check(on(DELETE, "fuera"))
    assert isinstance(outcome, Failed)
    assert "unidad organizativa" in outcome.reason
    assert refusal(office.check(on(DELETE, "fuera"), STRANGER)).reason
    office.accounts.remember(office.id_of("fuera"), "fuera", account_type=AccountType.CONTRACTOR, unit=UNIT)
    assert isinstance(office.check(on(DELETE, "fuera")), Done)


def test_a_password_is_changed_for_the_user_the_boss_and_the_supervisor(office: Office) -> None:
    """The boss is the directory's, the supervisor the register's; neither needs a row."""
    assert refusal(office.check(RESET, SUPERVISOR)).reason
    office.accounts.remember(office.id_of("ana.rios"), "ana.rios", supervisor_email="Super@Entidad.gov.co")
    for requester in (USER, HEAD, SUPERVISOR):
        outcome = office.check(RESET, requester)
        assert isinstance(outcome, Done | Diverted)
        decision = outcome.authorisation
        assert isinstance(decision, Granted)
        assert decision.row == OWN_ACCOUNT_ROW
    for requester in (STRANGER, HUMAN, OTHER_HEAD, EmailAddress("ana.rios+x@entidad.gov.co")):
        assert refusal(office.check(RESET, requester)).reason


def test_nobody_asks_for_anything_else_about_his_own_account(office: Office) -> None:
    """A head who is the account's owner is refused his own deletion."""
    assert refusal(office.check(on(DELETE, "jefe"), HEAD)).code == RefusalCode.FOR_HIMSELF


def test_a_transfer_and_a_cession_need_the_right_for_the_other_unit_too(office: Office) -> None:
    """The head of the OGI does not put people into another unit."""
    assert refusal(office.check(replace(MODIFY, target=Target("ana.rios"), unit=ENERGY), HEAD)).code == RefusalCode.UNIT
    assert refusal(office.check(replace(CESSION, target=Target("ana.rios"), unit=ENERGY), HEAD)).code == RefusalCode.UNIT


@pytest.mark.parametrize("origin", [Origin.CASE, Origin.SWEEP, Origin.CAMPAIGN])
def test_what_the_program_opens_itself_was_decided_before(office: Office, origin: Origin) -> None:
    """The matrix is not asked; a protected account is refused all the same."""
    content = ChangeAddress(Target("ana.rios"), EmailAddress("nueva@gmail.com"), received(1).case)
    outcome = office.check(content, None, origin=origin)
    assert isinstance(outcome, Done)
    assert outcome.authorisation == GRANTED
    assert isinstance(office.check(on(content, "jefe.supremo"), None, origin=origin), Diverted)
    unknown = office.check(on(content, "nadie"), None, origin=origin)
    assert isinstance(unknown, Diverted)
    assert unknown.course is Course.CORRECT


def test_other_cases_of_the_account_are_met(office: Office) -> None:
    """A twin, a wait, a contradiction: with the case that was first."""
    assert isinstance(office.check(on(MODIFY)), Done)
    twin = office.check(on(MODIFY, USER))
    assert isinstance(twin, Diverted)
    assert (twin.course, twin.duplicate_of) == (Course.DUPLICATE, "GU-2026-000001")
    waits = office.check(replace(MODIFY, target=Target("", ANA), position="Otro cargo"))
    assert isinstance(waits, NotYet)
    assert waits.waiting_for is WaitingFor.OTHER_CASE
    assert isinstance(office.check(on(DELETE)), Done)
    late = office.check(RESET, USER)
    assert isinstance(late, Diverted)
    assert late.course is Course.REFUSE
    assert "GU-2026-000004" in late.reason


def test_an_activation_says_whether_the_desk_must_confirm(office: Office) -> None:
    """What the program made inactive explains itself; what somebody else did, does not."""
    content = on(ACTIVATE)
    ana = office.id_of("ana.rios")
    office.directory.disable(ana)
    by_hand = office.check(content)
    assert isinstance(by_hand, Done)
    assert by_hand.facts.activation_unexplained is True
    office.accounts.remember(ana, "ana.rios", disabled_by_us=True)
    office.accounts.place_hold(ana, Hold(received(1).case, HoldReason.VACATION, date(2026, 11, 1), date(2026, 12, 1)))
    twin = office.check(content)  # the first activation is open
    assert isinstance(twin, Diverted)
    assert twin.course is Course.DUPLICATE


def test_a_reset_of_an_inactive_account_asks_for_its_activation_first(office: Office) -> None:
    """With the hold's reason, told to somebody authorised."""
    ana = office.id_of("ana.rios")
    office.check(on(MODIFY))
    office.accounts.place_hold(ana, Hold(received(1).case, HoldReason.LEAVE, date(2026, 11, 1), date(2026, 12, 1)))
    outcome = office.check(RESET, HEAD)
    assert isinstance(outcome, Diverted)
    assert "Licencia desde el 01/11/2026" in outcome.reason
    assert "Licencia" not in refusal(office.check(RESET, STRANGER)).reason


def test_it_is_decided_on_the_day_on_which_it_was_asked(office: Office) -> None:
    """A row that was in force then counts, however long the case has waited since; one that came later does not."""
    later = NOW + timedelta(days=2)
    assert isinstance(office.check(on(MODIFY), LEAVING, at=NOW, now=later), Done)
    assert refusal(office.check(on(DELETE), LEAVING, at=later, now=later)).code == RefusalCode.NOT_IN_FORCE
