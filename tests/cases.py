"""Requests as values, whole and valid, for the tests of the procedure, the journal and the executor."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache

from config.calendar import BusinessCalendar
from config.institution import Institution
from config.vocabulary import AccountType, CaseNumber, DocumentType, EmailAddress, HoldReason, Operation
from provision.journal.receiving import ResponseVersion
from provision.journal.store import Journal
from provision.procedure.acts import Act
from provision.procedure.facts import Facts, Subject
from provision.procedure.lifecycle import Received, open_request
from provision.procedure.model import Advance, Effect
from provision.procedure.steps import Rules
from provision.procedure.submission import (
    Activate,
    AssignContract,
    Authorisation,
    ChangeAddress,
    Contract,
    ContractChange,
    CreateGenericAccount,
    CreatePersonalAccount,
    Deactivate,
    Defective,
    Delete,
    Granted,
    Modify,
    Person,
    Problem,
    Provisional,
    Refused,
    ResetPassword,
    Submission,
    Target,
)
from tests.institution import an_institution

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
"""Monday 08:00 in Bogota; no holiday in that week."""

BOSS = EmailAddress("jefe.ogi@entidad.gov.co")
UNIT = "Oficina de Gestión de la Información"
GRANTED = Granted(3, "jefe de área", "Fila 3 de la matriz.", "m1")
REFUSED = Refused("no-row", "Su correo no está autorizado para pedir esto.", "m1")
DEFECTIVE = Defective(
    (Problem("document_number", "Número de documento", "tiene letras."),), Operation.CREATE, AccountType.CONTRACTOR, UNIT
)
GENERIC = CreateGenericAccount("Convocatorias", EmailAddress("ana@entidad.gov.co"), EmailAddress("ana@correo.example"), UNIT)
TARGET = Target("ana.rios@entidad.gov.co", "52333444", "Ana Ríos")
SUBJECT = Subject(
    account_id="guid-ana",
    login="ana.rios",
    mail_address="ana.rios@entidad.gov.co",
    display_name="Ana Ríos",
    account_type=AccountType.CONTRACTOR,
    unit=UNIT,
    enabled=True,
    document_number="52333444",
    address_on_record=EmailAddress("ana@correo.example"),
)
"""The account that TARGET names, as the control point finds it."""
PROVISIONAL = Provisional("Puede pedirlo de las cuentas de su dependencia.", "m1")
RESET = ResetPassword(TARGET, on_premises=False)
CHANGE_OF_ADDRESS = ChangeAddress(TARGET, EmailAddress("nueva@correo.example"), CaseNumber("GU-2026-000007"))
MODIFY = Modify(TARGET, AccountType.CONTRACTOR, UNIT, position="Líder técnica")
EXTENSION = Modify(TARGET, AccountType.CONTRACTOR, UNIT, contract=ContractChange(end=date(2027, 3, 31)))
ACTIVATE = Activate(TARGET, AccountType.CONTRACTOR, UNIT, date(2026, 11, 23))
DELETE = Delete(TARGET, AccountType.CONTRACTOR, UNIT)
CESSION = AssignContract(
    TARGET,
    AccountType.CONTRACTOR,
    UNIT,
    Person("Luis", "Ñáñez O'Brien", DocumentType.CC, "79000111"),
    EmailAddress("luis@correo.example"),
    date(2026, 11, 23),
    Contract("CPS-1-2026", date(2026, 11, 23), date(2026, 12, 31)),
    BOSS,
)


@cache
def policy() -> Institution:
    """The small institution."""
    return an_institution(version="p1")


@cache
def _calendar() -> BusinessCalendar:
    return BusinessCalendar(policy().business_hours, policy().zone)


def rules(now: datetime = NOW) -> Rules:
    """What decides, at this instant."""
    return Rules(policy(), _calendar(), now)


def rules_of(now: datetime = NOW, **changes: object) -> Rules:
    """What decides in an institution that is the small one but for these fields."""
    return Rules(an_institution(version="p1", **changes), _calendar(), now)


def contractor(
    document: str = "0012345678",
    *,
    given_names: str = "José Ángel",
    personal_email: str = "jose@correo.example",
    start: date = date(2026, 11, 20),
    end: date = date(2026, 12, 31),
    account_type: AccountType = AccountType.CONTRACTOR,
) -> CreatePersonalAccount:
    """A creation that has nothing wrong with it."""
    return CreatePersonalAccount(
        account_type=account_type,
        person=Person(given_names, "Muñoz Peña", DocumentType.CC, document),
        personal_email=EmailAddress(personal_email),
        unit=UNIT,
        contract=Contract("CPS-1-2026", start, end),
        supervisor_email=BOSS,
    )


def inactive(
    why: HoldReason = HoldReason.VACATION,
    from_date: date = date(2026, 11, 23),
    until_date: date | None = date(2026, 11, 27),
    operation: Operation = Operation.DEACTIVATE,
) -> Deactivate:
    """An inactivation that has nothing wrong with it."""
    return Deactivate(operation, TARGET, AccountType.CONTRACTOR, UNIT, why, from_date, until_date)


RETIREMENT = inactive(HoldReason.RETIREMENT, until_date=None)
EVERY_OPERATION: tuple[Submission, ...] = (
    contractor(),
    GENERIC,
    RESET,
    CHANGE_OF_ADDRESS,
    MODIFY,
    EXTENSION,
    ACTIVATE,
    inactive(),
    RETIREMENT,
    inactive(HoldReason.SUSPENSION, operation=Operation.SUSPEND_CONTRACT),
    inactive(HoldReason.TERMINATION, until_date=None, operation=Operation.TERMINATE_CONTRACT),
    CESSION,
    DELETE,
)
"""Something of each operation that the program carries out."""


def taught_by(effect: Effect, at: datetime = NOW) -> Facts:
    """What a step teaches when everything is as it usually is."""
    if effect.step.endswith("sin-entregar"):
        return Facts()
    return {
        Act.REGISTER_TICKET: Facts(ticket="T-1"),
        Act.CHECK_ACCOUNT: Facts(subject=SUBJECT),
        Act.RESERVE_SEAT: Facts(licence="STANDARDPACK"),
        Act.RESERVE_NAME: Facts(login="jose.munoz", mail_address="jose.munoz@entidad.gov.co"),
        Act.CREATE_ACCOUNT: Facts(account_id="guid-1"),
        Act.AWAIT_SYNC: Facts(cloud_user="nube-1"),
        Act.ISSUE_ACCESS: Facts(access_sent_to="jose@correo.example", access_sent_at=at),
        Act.RESET_ACCESS: Facts(access_sent_to="ana@correo.example", access_sent_at=at),
        Act.PLACE_HOLD: Facts(hold_placed=True),
        Act.DELETE_ACCOUNT: Facts(account_deleted_at=at),
    }.get(effect.act, Facts())


def received(
    number: int = 1,
    content: Submission | Defective | None = None,
    authorisation: Authorisation = GRANTED,
    *,
    at: datetime = NOW,
    requester: EmailAddress | None = BOSS,
    duplicate_of: CaseNumber | None = None,
) -> Received:
    """A response as it enters the journal under this number."""
    return Received(
        case=CaseNumber(f"GU-2026-{number:06d}"),
        requester=requester,
        vouched_by=None,
        received_at=at,
        content=content if content is not None else contractor(str(1_000_000 + number)),
        authorisation=authorisation,
        duplicate_of=duplicate_of,
    )


def opened(
    number: int = 1,
    content: Submission | Defective | None = None,
    authorisation: Authorisation = GRANTED,
    at: datetime = NOW,
) -> Advance:
    """A request just opened."""
    return open_request(received(number, content, authorisation, at=at), rules(at))


def version_of(number: int, at: datetime = NOW, requester: str = BOSS) -> ResponseVersion:
    """The submission that the request came from."""
    answers = {"document_number": (str(1_000_000 + number),), "notes": ('=HYPERLINK("x")\nñ',)}
    return ResponseVersion("forma", f"R{number}", at, EmailAddress(requester), answers)


def enter(journal: Journal, numbers: Sequence[int], at: datetime = NOW) -> list[CaseNumber]:
    """These requests enter the journal, one second apart, in one transaction."""
    cases = []
    with journal.receiving(at) as receiving:
        for number in numbers:
            advance = opened(number, at=at + timedelta(seconds=number))
            receiving.enter(version_of(number, at + timedelta(seconds=number)), advance)
            cases.append(advance.request.case)
    return cases
