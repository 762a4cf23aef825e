"""Requests as values, whole and valid, for the tests of the procedure, the journal and the executor."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache

from config.calendar import BusinessCalendar
from config.institution import Institution
from config.vocabulary import AccountType, CaseNumber, DocumentType, EmailAddress, Operation
from provision.journal.receiving import ResponseVersion
from provision.journal.store import Journal
from provision.procedure.lifecycle import Received, open_request
from provision.procedure.model import Advance
from provision.procedure.steps import Rules
from provision.procedure.submission import (
    AttendedByHand,
    Authorisation,
    Contract,
    CreateGenericAccount,
    CreatePersonalAccount,
    Defective,
    Granted,
    Person,
    Problem,
    Refused,
    Submission,
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
BY_HAND = AttendedByHand(Operation.RESET_PASSWORD, AccountType.EMPLOYEE, UNIT, "ana.rios")


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
