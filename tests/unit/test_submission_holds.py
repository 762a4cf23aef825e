"""Understanding absences, returns, suspensions, terminations and cessions: their reasons, their days, their contracts."""

from datetime import date, timedelta

import pytest

from config.vocabulary import HOLD_LABELS, AccountType, DocumentType, EmailAddress, HoldReason, Operation
from intake.typed_reasons import DEACTIVATION_REASONS, read_deactivation_reason
from intake.typed_text import Wrong
from provision.procedure.submission import Activate, AssignContract, Contract, Deactivate, Person, Target
from tests.unit.form_answers import (
    ACTIVATE,
    ASSIGN,
    DEACTIVATE,
    NEW_CONTRACT,
    SUSPEND,
    TERMINATE,
    TODAY,
    UNIT,
    problems,
    understood,
)

MPILAR = Target("mpilar", "1020345")


def held(base: dict[str, str], **changes: str | None) -> Deactivate:
    """The hold that is asked for."""
    result = understood(base, **changes)
    assert isinstance(result, Deactivate)
    return result


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("vacaciones del 1 al 15 de marzo", HoldReason.VACATION),
        ("El funcionario sale a VACACIONES.", HoldReason.VACATION),
        ("Licencia de maternidad", HoldReason.LEAVE),
        ("licencia no remunerada por luto", HoldReason.LEAVE),
        ("Permiso no remunerado", HoldReason.LEAVE),
        ("permiso sindical", HoldReason.LEAVE),
        ("incapacidad médica", HoldReason.LEAVE),
        ("Comisión de estudios sin sueldo", HoldReason.LEAVE),
        ("Renunció", HoldReason.RETIREMENT),
        ("renuncia aceptada mediante resolución 123", HoldReason.RETIREMENT),
        ("Retiro por pensión de vejez", HoldReason.RETIREMENT),
        ("fallecimiento", HoldReason.RETIREMENT),
        ("fin de contrato", HoldReason.CONTRACT_ENDED),
        ("Se terminó: vence el contrato el 31", HoldReason.CONTRACT_ENDED),
        ("finalización del vínculo contractual", HoldReason.CONTRACT_ENDED),
        *((label, reason) for reason, label in HOLD_LABELS.items() if reason in DEACTIVATION_REASONS),
    ],
)
def test_a_reason_in_the_words_of_people(said: str, reason: HoldReason) -> None:
    """Loosely spoken, in a sentence, with or without accents."""
    assert read_deactivation_reason(said) is reason


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("ya no viene", "No se entiende por qué"),
        ("no es por vacaciones", "No se entiende por qué"),
        ("regreso de vacaciones", "No se entiende por qué"),
        ("Se reintegra de licencia", "No se entiende por qué"),
        ("cancelar las vacaciones", "No se entiende por qué"),
        ("fin de las vacaciones", "No se entiende por qué"),
        ("quitar la licencia de Office", "No se entiende por qué"),
        ("licencia de correo", "No se entiende por qué"),
        ("cambio de contrato", "No se entiende por qué"),
        ("permiso de acceso a la carpeta", "No se entiende por qué"),
        ("permiso", "No se entiende por qué"),
        ("vacaciones y luego retiro", "«Vacaciones» y «Retiro»"),
        ("Retiro por terminación del contrato", "«Retiro» y «Terminación del contrato»"),
        ("terminación anticipada del contrato", "«Terminación anticipada»"),
        ("suspensión por licencia", "«Suspensión de contrato»"),
        ("cesión", "«Cesión de contrato»"),
        ("=1+1", "No se entiende por qué"),
    ],
)
def test_a_reason_that_is_none_or_two_is_never_guessed(said: str, message: str) -> None:
    """And the message lists what can be written."""
    wrong = read_deactivation_reason(said)
    assert isinstance(wrong, Wrong)
    assert message in wrong.message
    for reason in DEACTIVATION_REASONS:
        assert HOLD_LABELS[reason] in wrong.message


def test_a_deactivation() -> None:
    """The reason as a type; the words that say more than it are kept with the notes."""
    assert held(DEACTIVATE) == Deactivate(
        Operation.DEACTIVATE, Target("mpilar"), AccountType.EMPLOYEE, None, HoldReason.VACATION, date(2026, 3, 1),
        date(2026, 3, 15),
    )  # fmt: skip
    assert held(DEACTIVATE, reason="Vacaciones según resolución 45", notes="Gracias").notes == (
        "Vacaciones según resolución 45. Gracias"
    )
    assert held(DEACTIVATE, reason="retiro", until_date=None).until_date is None


@pytest.mark.parametrize(
    ("changes", "question", "said"),
    [
        ({"reason": None}, "reason", "Escriba una de estas razones: «Vacaciones», «Licencia», «Retiro»"),
        ({"reason": "no sé"}, "reason", "No se entiende por qué"),
        ({"reason": "vacaciones " + "x" * 1000}, "reason", "escriba 1000 como máximo"),
        ({"from_date": None}, "from_date", "el primer día sin acceso"),
        ({"until_date": None}, "until_date", "el último día sin acceso"),
        ({"reason": "Licencia", "until_date": None}, "until_date", "el último día sin acceso"),
        ({"reason": "Retiro"}, "until_date", "Un retiro no tiene fecha de regreso"),
        ({"reason": "Fin del contrato"}, "until_date", "no tiene fecha de regreso"),
        ({"until_date": "2026-02-28"}, "until_date", "anterior"),
        ({"from_date": "2026-01-01", "until_date": "2026-01-31"}, "until_date", "ya terminó el 31/01/2026"),
        ({"until_date": "2036-02-28"}, "until_date", "más de cuatro años"),
        ({"from_date": "2027-02-03", "until_date": "2027-02-04"}, "from_date", "es dentro de más de un año"),
        ({"from_date": "2025-01-30"}, "from_date", "hace más de un año"),
        ({"from_date": "31/02/2026"}, "from_date", "no tiene día 31"),
    ],
)
def test_a_deactivation_that_cannot_be(changes: dict[str, str | None], question: str, said: str) -> None:
    """One problem, in words that say what to write."""
    found = problems(DEACTIVATE, **changes)
    assert set(found) == {question}
    assert said in found[question]


@pytest.mark.parametrize("base", [DEACTIVATE, SUSPEND])
def test_an_absence_may_have_begun_and_may_end_today(base: dict[str, str]) -> None:
    """A year back and a year ahead are the limits; today is a day without access."""
    assert held(base, from_date=str(TODAY - timedelta(days=366)), until_date=str(TODAY)).until_date == TODAY
    assert held(base, from_date=str(TODAY + timedelta(days=366)), until_date="2027-03-01").from_date == date(2027, 2, 2)


def test_a_suspension_and_a_termination() -> None:
    """The contract, the days, and why it ends before its time."""
    suspended, terminated = held(SUSPEND), held(TERMINATE)
    assert suspended == Deactivate(
        Operation.SUSPEND_CONTRACT, MPILAR, AccountType.CONTRACTOR, None, HoldReason.SUSPENSION, date(2026, 3, 1),
        date(2026, 3, 15), "CPS-045-2026",
    )  # fmt: skip
    assert terminated == Deactivate(
        Operation.TERMINATE_CONTRACT, MPILAR, AccountType.CONTRACTOR, None, HoldReason.TERMINATION, date(2026, 3, 1), None,
        "CPS-045-2026", "De común acuerdo",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("base", "changes", "question", "said"),
    [
        (SUSPEND, {"contract_number": None}, "contract_number", "Escriba el número del contrato"),
        (SUSPEND, {"from_date": None}, "from_date", "el primer día sin acceso"),
        (SUSPEND, {"until_date": None}, "until_date", "el último día sin acceso"),
        (SUSPEND, {"until_date": "2026-02-28"}, "until_date", "anterior"),
        (TERMINATE, {"contract_number": None}, "contract_number", "Escriba el número del contrato"),
        (TERMINATE, {"contract_number": "varios"}, "contract_number", "no es un número de contrato"),
        (TERMINATE, {"from_date": None}, "from_date", "el primer día sin acceso"),
        (TERMINATE, {"reason": None}, "reason", "por qué termina el contrato"),
        (TERMINATE, {"until_date": "2026-04-01"}, "until_date", "no tiene fecha de regreso"),
    ],
)
def test_a_suspension_or_termination_that_cannot_be(
    base: dict[str, str], changes: dict[str, str | None], question: str, said: str
) -> None:
    """One problem, in words that say what to write."""
    found = problems(base, **changes)
    assert set(found) == {question}
    assert said in found[question]


def test_an_activation() -> None:
    """From today, or from a day that is named; with a new contract, from its first day."""
    assert understood(ACTIVATE) == Activate(MPILAR, AccountType.CONTRACTOR, None, TODAY)
    assert understood(ACTIVATE, from_date="2026-02-05", supervisor_email="j@entidad.gov.co") == Activate(
        MPILAR, AccountType.CONTRACTOR, None, date(2026, 2, 5), supervisor_email=EmailAddress("j@entidad.gov.co")
    )
    contract = Contract("CPS-9-2026", date(2026, 2, 10), date(2026, 6, 30))
    assert understood(ACTIVATE, **NEW_CONTRACT) == Activate(
        MPILAR, AccountType.CONTRACTOR, None, date(2026, 2, 10), contract=contract
    )
    begun = understood(ACTIVATE, **{**NEW_CONTRACT, "contract_start": "2026-01-10"})
    assert isinstance(begun, Activate)
    assert begun.from_date == TODAY


def test_an_employee_comes_back_with_or_without_an_end() -> None:
    """And a contract is none of a generic account."""
    temporary = understood(ACTIVATE, account_type="Funcionario", **{**NEW_CONTRACT, "contract_number": None})
    assert isinstance(temporary, Activate)
    assert temporary.contract == Contract("", date(2026, 2, 10), date(2026, 6, 30))
    generic = understood(ACTIVATE, account_type="Genérica", **{**NEW_CONTRACT, "contract_end": "ayer"})
    assert isinstance(generic, Activate)
    assert (generic.contract, generic.from_date) == (None, TODAY)


@pytest.mark.parametrize(
    ("changes", "questions", "said"),
    [
        ({"contract_number": None}, {"contract_number"}, "Escriba el número del contrato"),
        ({"contract_start": None}, {"contract_start"}, "Escriba el primer día"),
        ({"contract_end": None}, {"contract_end"}, "Escriba el último día"),
        ({"contract_start": None, "contract_end": None}, {"contract_start", "contract_end"}, "deje en blanco su número"),
        ({"contract_start": "2026-01-02", "contract_end": "2026-01-31"}, {"contract_end"}, "ya terminó"),
        ({"from_date": "2026-02-09"}, {"from_date"}, "El contrato comienza el 10/02/2026"),
        ({"supervisor_email": "jefe"}, {"supervisor_email"}, "no es una dirección"),
    ],
)
def test_an_activation_with_a_contract_that_cannot_be(changes: dict[str, str | None], questions: set[str], said: str) -> None:
    """Its number, its first and its last day belong together, and access never begins before it."""
    found = problems({**ACTIVATE, **NEW_CONTRACT}, **changes)
    assert set(found) == questions
    assert all(said in message for message in found.values())


def test_a_cession() -> None:
    """The assignor's account, the assignee as a person, and what remains of the contract."""
    assert understood(ASSIGN, assignee_mobile="3001234567", position="Asesor", notes="Otrosí 2") == AssignContract(
        target=MPILAR,
        account_type=AccountType.CONTRACTOR,
        unit=UNIT,
        assignee=Person("Juan", "de la Cruz Ñáñez", DocumentType.CC, "79555444"),
        personal_email=EmailAddress("juan@example.org"),
        from_date=date(2026, 3, 1),
        contract=Contract("CPS-045-2026", date(2026, 3, 1), date(2026, 12, 31)),
        supervisor_email=EmailAddress("jefe@entidad.gov.co"),
        position="Asesor",
        mobile="+573001234567",
        notes="Otrosí 2",
    )
    assert isinstance(understood(ASSIGN, contract_end="2026-03-01"), AssignContract)


@pytest.mark.parametrize(
    "question",
    [
        "assignee_given_names", "assignee_surnames", "assignee_document_type", "assignee_document_number",
        "assignee_personal_email", "from_date", "contract_number", "contract_end", "supervisor_email", "unit", "account_type",
    ],
)  # fmt: skip
def test_what_a_cession_needs(question: str) -> None:
    """All of it; whatever is missing is named, and nothing else."""
    found = problems(ASSIGN, **{question: None})
    assert set(found) == {question}
    assert found[question].startswith("Falta esta respuesta. ")
    assert len(found[question]) > len("Falta esta respuesta. ")


@pytest.mark.parametrize(
    ("changes", "question", "said"),
    [
        ({"assignee_document_number": "1020345"}, "assignee_document_number", "el mismo documento de quien cede"),
        ({"contract_end": "2026-02-28"}, "contract_end", "antes de que lo reciba el cesionario"),
        ({"from_date": "2026-01-01", "contract_end": "2026-01-31"}, "contract_end", "ya terminó"),
        ({"contract_end": "2036-02-28"}, "contract_end", "más de cuatro años"),
        ({"from_date": "2027-06-01", "contract_end": "2027-07-01"}, "from_date", "más de un año"),
        ({"assignee_personal_email": "juan@entidad.gov.co"}, "assignee_personal_email", "dirección de la institución"),
        ({"assignee_personal_email": "juan@gmial.com"}, "assignee_personal_email", "¿quiso decir «gmail.com»?"),
        ({"assignee_given_names": "=1"}, "assignee_given_names", "no parece un nombre"),
        ({"assignee_mobile": "1"}, "assignee_mobile", "no es un número de teléfono"),
    ],
)
def test_a_cession_that_cannot_be(changes: dict[str, str], question: str, said: str) -> None:
    """One problem, in words that say what to write."""
    found = problems(ASSIGN, **changes)
    assert set(found) == {question}
    assert said in found[question]


def test_two_people_may_have_the_same_number_on_different_documents() -> None:
    """A passport and a citizen's card are numbered apart."""
    assert isinstance(understood(ASSIGN, assignee_document_type="PA", assignee_document_number="1020345"), AssignContract)
