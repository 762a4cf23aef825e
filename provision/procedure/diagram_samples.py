"""Requests of every kind, for whoever asks the procedure what it does with them: the diagram and the table of steps."""

from dataclasses import replace
from datetime import UTC, date, datetime

from config.calendar import BusinessCalendar
from config.institution import AccountRules, BusinessHours, Institution, Leaving, Mail, Unit
from config.vocabulary import AccountType, CaseNumber, DocumentType, EmailAddress, HoldReason, Operation
from provision.procedure.facts import Facts, Subject
from provision.procedure.lifecycle import Received, open_request
from provision.procedure.model import Origin, Request
from provision.procedure.steps import Rules
from provision.procedure.submission import (
    Activate,
    AssignContract,
    Authorisation,
    ChangeAddress,
    Contract,
    ContractChange,
    CreatePersonalAccount,
    Deactivate,
    Defective,
    Delete,
    Granted,
    Modify,
    Person,
    Problem,
    ResetPassword,
    Submission,
    Target,
)

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""10:00 of a Monday in Bogota; the samples are received at this moment."""
TODAY, LATER = date(2026, 3, 2), date(2026, 3, 9)
GRANTED = Granted(2, "jefe de área", "", "")
BY_TWO = replace(GRANTED, second_person=True)
"""The row of the matrix says that somebody else must approve what it grants."""
PROBLEM = Problem("personal_email", "Correo electrónico personal", "falta")
SOMEBODY = EmailAddress("jefe@entidad.gov.co")
_TYPE, _UNIT = AccountType.CONTRACTOR, "Oficina"
_ANA, _LUIS = (Person(name, "Díaz", DocumentType.CC, number) for name, number in (("Ana", "1"), ("Luis", "2")))
_PERSONAL = EmailAddress("ana@correo.example")
_OTHER = EmailAddress("otro@correo.example")
_NAMED = Target("ana.diaz")
_CONTRACT = Contract("1", date(2026, 1, 1), date(2026, 3, 31))
_POLICY = Institution(
    id="entidad",
    name="Entidad",
    short_name="Entidad",
    mail_domain="entidad.gov.co",
    upn_suffix="entidad.gov.co",
    deletes_accounts=True,
    accounts={_TYPE: AccountRules(ou="OU=Usuarios", licence="LICENCIA")},
    units=(Unit(name=_UNIT),),
    leaving=Leaving(back_up_and_remove_licence=True),
    mail=Mail(
        sender_name="Entidad",
        sender="cuentas@entidad.gov.co",
        signature=("Entidad",),
        help_contact="Mesa",
        form_url="https://entidad.gov.co",
    ),
)
_CALENDAR = BusinessCalendar(BusinessHours(), _POLICY.zone)
SUBJECT = Subject(
    account_id="1",
    login="ana.diaz",
    mail_address="ana.diaz@entidad.gov.co",
    display_name="Ana Díaz",
    account_type=_TYPE,
    unit=_UNIT,
    enabled=True,
    address_on_record=_PERSONAL,
)
UNRECORDED = replace(SUBJECT, address_on_record=None)
"""An account that the program did not make: no address of its person is on record."""

DEFECTIVE = Defective((PROBLEM,), operation=Operation.CREATE)
CREATE = CreatePersonalAccount(_TYPE, _ANA, _PERSONAL, _UNIT, contract=_CONTRACT)
CREATE_LATER = replace(CREATE, contract=replace(_CONTRACT, start=date(2026, 3, 16)))
RESET = ResetPassword(_NAMED, on_premises=False, other_address=_OTHER)
RESET_HERE = replace(RESET, on_premises=True)
CHANGE_ADDRESS = ChangeAddress(_NAMED, _OTHER, CaseNumber("GU-2026-000001"))
MODIFY = Modify(_NAMED, _TYPE, _UNIT, position="Asesora")
MODIFY_LATER = replace(MODIFY, from_date=LATER)
EXTEND = replace(MODIFY, contract=ContractChange(end=date(2026, 6, 30)), from_date=LATER)
ACTIVATE = Activate(_NAMED, _TYPE, _UNIT, TODAY)
ACTIVATE_LATER = replace(ACTIVATE, from_date=LATER, contract=_CONTRACT)
LEAVE = Deactivate(Operation.DEACTIVATE, _NAMED, _TYPE, _UNIT, HoldReason.LEAVE, LATER, date(2026, 3, 20))
RETIRE = Deactivate(Operation.DEACTIVATE, _NAMED, _TYPE, _UNIT, HoldReason.RETIREMENT, LATER)
RETIRE_NOW = replace(RETIRE, from_date=TODAY)
ENDED = replace(RETIRE_NOW, why=HoldReason.CONTRACT_ENDED)
ENDED_LATER = replace(ENDED, from_date=LATER)
ASSIGN = AssignContract(_NAMED, _TYPE, _UNIT, _LUIS, _PERSONAL, LATER, _CONTRACT, SOMEBODY)
DELETE = Delete(_NAMED, _TYPE, _UNIT)


def rules_at(now: datetime, policy: Institution = _POLICY) -> Rules:
    """The rules of the sample institution: it gives mailboxes, deletes accounts, and takes licences back."""
    return Rules(policy, _CALENDAR, now)


def without_mailboxes() -> Rules:
    """The rules of an institution that gives nobody a mailbox."""
    return rules_at(NOW, _POLICY.model_copy(update={"accounts": {_TYPE: AccountRules(ou="OU=Usuarios")}}))


def leaving_as(leaving: Leaving) -> Rules:
    """The rules of an institution with another policy for those who leave."""
    return rules_at(NOW, _POLICY.model_copy(update={"leaving": leaving}))


def received(
    content: Submission | Defective,
    authorisation: Authorisation = GRANTED,
    *,
    origin: Origin = Origin.FORM,
    facts: Facts = Facts(),
) -> Request:
    """A request as it stands at its reception, with what else is known of it."""
    arrived = Received(CaseNumber("GU-2026-000001"), SOMEBODY, None, NOW, content, authorisation, origin=origin)
    return replace(open_request(arrived, rules_at(NOW)).request, facts=facts)
