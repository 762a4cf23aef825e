"""Understanding a whole response: what each operation and account type needs, and every problem at once."""

import time
from datetime import date

import pytest

from config.vocabulary import AccountType, DocumentType, EmailAddress, Operation
from intake.forms.port import Answers, Field
from intake.submission import spoken_name, stored_answers, understand
from provision.procedure.submission import (
    AttendedByHand,
    Contract,
    CreateGenericAccount,
    CreatePersonalAccount,
    Defective,
    Person,
)
from tests.institution import an_institution

TODAY = date(2026, 2, 1)
POLICY = an_institution()
UNIT = "Oficina de Gestión de la Información"

CONTRACTOR = {
    "request_type": "Creación de cuenta de usuario",
    "account_type": "Contratista",
    "given_names": "MARÍA DEL PILAR",
    "surnames": "o'brien  muñoz",
    "document_type": "Cédula de ciudadanía",
    "document_number": "01.020.345",
    "personal_email": "mpilar@Gmail.com",
    "mobile": "300 123 4567",
    "unit": "OGI",
    "position": "Profesional, grado 17",
    "contract_number": "CPS-045-2026",
    "contract_start": "2026-01-15",
    "contract_end": "31/12/2026",
    "supervisor_email": "jefe@ENTIDAD.gov.co",
}
GENERIC = {
    "request_type": "Creación",
    "account_type": "Institucional o genérica",
    "generic_name": "Atención al Ciudadano",
    "owner_email": "responsable@entidad.gov.co",
    "personal_email": "responsable@entidad.gov.co",
    "unit": "OGI",
}
RESET = {
    "request_type": "Cambio de clave",
    "account_type": "Funcionario",
    "unit": "OGI",
    "account": "mpilar@entidad.gov.co",
    "on_premises": "Sí",
}


def answers(base: dict[str, str], **changes: str | None) -> Answers:
    """A response's answers; a change to None leaves the question unanswered."""
    return {Field(name): (text,) for name, text in {**base, **changes}.items() if text is not None}


def defective(base: dict[str, str], **changes: str | None) -> Defective:
    """The response with changes, which must be defective."""
    result = understand(answers(base, **changes), POLICY, TODAY)
    assert isinstance(result, Defective), result
    return result


def problems(base: dict[str, str], **changes: str | None) -> dict[str, str]:
    """Message by question of a response with changes."""
    return {problem.question: problem.message for problem in defective(base, **changes).problems}


def test_a_contractors_creation_is_normalised() -> None:
    """Names, document, addresses, telephone, unit and dates come out as they are to be shown and kept."""
    assert understand(answers(CONTRACTOR), POLICY, TODAY) == CreatePersonalAccount(
        account_type=AccountType.CONTRACTOR,
        person=Person("María del Pilar", "O'Brien Muñoz", DocumentType.CC, "01020345"),
        personal_email=EmailAddress("mpilar@gmail.com"),
        unit=UNIT,
        position="Profesional, grado 17",
        mobile="+573001234567",
        contract=Contract("CPS-045-2026", date(2026, 1, 15), date(2026, 12, 31)),
        supervisor_email=EmailAddress("jefe@entidad.gov.co"),
    )


@pytest.mark.parametrize("kind", ["Contratista", "Operador"])
def test_contractors_and_operators_need_a_contract_and_a_supervisor(kind: str) -> None:
    """Without them the four questions are named, and nothing else."""
    missing = dict.fromkeys(("contract_number", "contract_start", "contract_end", "supervisor_email"))
    found = problems(CONTRACTOR, account_type=kind, **missing)
    assert set(found) == set(missing)
    assert all(text.startswith("Falta esta respuesta.") for text in found.values())


def test_an_employee_needs_neither_contract_nor_supervisor() -> None:
    """A permanent employee has no end."""
    missing = dict.fromkeys(("contract_number", "contract_start", "contract_end", "supervisor_email"))
    result = understand(answers(CONTRACTOR, account_type="Funcionaria", **missing), POLICY, TODAY)
    assert isinstance(result, CreatePersonalAccount)
    assert (result.contract, result.supervisor_email, result.account_type) == (None, None, AccountType.EMPLOYEE)


def test_an_employee_may_have_an_end_without_a_number() -> None:
    """A provisional appointment ends; its beginning is needed with it."""
    temporary = answers(CONTRACTOR, account_type="Funcionario", contract_number="N/A")
    result = understand(temporary, POLICY, TODAY)
    assert isinstance(result, CreatePersonalAccount)
    assert result.contract == Contract("", date(2026, 1, 15), date(2026, 12, 31))
    assert set(problems(CONTRACTOR, account_type="Funcionario", contract_start=None)) == {"contract_start"}


def test_a_generic_account_is_understood() -> None:
    """Its owner's mailbox is in use, so access data may go there."""
    owner = EmailAddress("responsable@entidad.gov.co")
    assert understand(answers(GENERIC), POLICY, TODAY) == CreateGenericAccount("Atención al Ciudadano", owner, owner, UNIT)


def test_a_generic_accounts_access_data_goes_to_no_other_institutional_mailbox() -> None:
    """Only the owner's own, or a personal address."""
    assert set(problems(GENERIC, personal_email="otra@entidad.gov.co")) == {"personal_email"}
    assert set(problems(GENERIC, owner_email="alguien@gmail.com", personal_email="x@example.org")) == {"owner_email"}


def test_a_change_of_password_needs_little_and_keeps_no_free_text() -> None:
    """A password typed into the notes or the reason is neither used nor kept."""
    typed = answers(RESET, notes="mi clave: Secreta123", reason="quiero Secreta123")
    result = understand(typed, POLICY, TODAY)
    assert isinstance(result, AttendedByHand)
    assert (result.operation, result.account, result.unit) == (Operation.RESET_PASSWORD, "mpilar@entidad.gov.co", UNIT)
    assert result.reason == "El usuario se encuentra en las instalaciones."
    assert "Secreta" not in repr(result) + repr(stored_answers(typed, result.operation))


def test_a_response_that_may_be_a_change_of_password_keeps_no_free_text_either() -> None:
    """Not understood, but about a password, or about nothing; its text is not even quoted."""
    for request_type in ("Quiero cambiar mi clave a Secreta123", "???", None):
        typed = answers(RESET, request_type=request_type, notes="Secreta123")
        result = understand(typed, POLICY, TODAY)
        assert isinstance(result, Defective)
        assert "Secreta123" not in repr(result) + repr(stored_answers(typed, result.operation))
    several = {**answers(RESET, notes="Secreta123"), Field.REQUEST_TYPE: ("Cambio de clave", "Activación")}
    assert "Secreta123" not in repr(stored_answers(several, None))
    assert Field.NOTES in stored_answers(answers(CONTRACTOR, notes="hola"), Operation.CREATE)


def test_a_change_of_password_keeps_only_what_identifies_the_person() -> None:
    """Also where no password is expected."""
    typed = answers(CONTRACTOR, request_type="Cambio de clave", position="Secreta123", generic_name="Secreta123", account="ana")
    kept = stored_answers(typed, Operation.RESET_PASSWORD)
    assert "Secreta123" not in repr(kept)
    assert {Field.REQUEST_TYPE, Field.UNIT, Field.ACCOUNT, Field.DOCUMENT_NUMBER} <= set(kept)


def test_the_journal_gets_text_that_a_database_can_hold() -> None:
    """Zero bytes and halves of surrogate pairs go, and a megabyte is cut."""
    kept = stored_answers(answers(CONTRACTOR, notes="a\0b\ud800c", position="x" * 1_000_000), Operation.CREATE)
    assert kept[Field.NOTES] == ("abc",)
    assert len(kept[Field.POSITION][0]) == 10_001


@pytest.mark.parametrize(
    ("request_type", "operation"),
    [("Activación", Operation.ACTIVATE), ("Inactivación", Operation.DEACTIVATE), ("Eliminación", Operation.DELETE)],
)
def test_other_operations_are_attended_by_hand(request_type: str, operation: Operation) -> None:
    """They need the account or the document, and carry to the desk all that was said."""
    result = understand(
        answers(
            RESET, request_type=request_type, account=None, document_type="CC", document_number="1.020.345.678",
            given_names="ana", surnames="DÍAZ", reason="Vacaciones.", from_date="2026-03-01",
            until_date="15/03/2026", notes="Urgente",
        ),
        POLICY,
        TODAY,
    )  # fmt: skip
    assert isinstance(result, AttendedByHand)
    assert (result.operation, result.account) == (operation, "CC 1020345678")
    assert (
        result.reason
        == "Vacaciones. Usuario: Ana Díaz, CC 1020345678. Desde: 01/03/2026. Hasta: 15/03/2026. Observaciones: Urgente."
    )


def test_a_cession_names_the_assignee() -> None:
    """The desk reads who takes the contract over."""
    result = understand(
        answers(
            RESET, request_type="Cesión", account_type="Contratista", contract_number="45", assignee_given_names="JUAN",
            assignee_surnames="DE LA CRUZ", assignee_document_type="CC", assignee_document_number="1020345",
            assignee_personal_email="juan@example.org", assignee_mobile="3001234567",
        ),
        POLICY,
        TODAY,
    )  # fmt: skip
    assert isinstance(result, AttendedByHand)
    assert "Cesionario: Juan de la Cruz, CC 1020345, juan@example.org, +573001234567" in result.reason


def test_whom_it_is_about_must_be_known() -> None:
    """Neither account nor document: the question of the account says what to write."""
    assert "número de su documento" in problems(RESET, account=None)["account"]


def test_a_modification_says_what_is_to_be_modified() -> None:
    """Otherwise nobody can attend it."""
    assert "Diga qué se debe modificar" in problems(RESET, request_type="Modificación")["reason"]


def test_contract_operations_are_for_contracts() -> None:
    """An employee has no contract to assign or suspend."""
    assert "contratistas u operadores" in problems(RESET, request_type="Suspensión", account_type="Funcionario")["account_type"]


def test_an_account_of_somewhere_else_is_a_problem() -> None:
    """The account is a login or an address of the institution."""
    assert "no es una dirección de la institución" in problems(RESET, account="ana@gmail.com")["account"]
    assert "no es una cuenta" in problems(RESET, account="la de Ana")["account"]


def test_dates_in_the_wrong_order_are_a_problem() -> None:
    """Both kinds of periods."""
    found = problems(RESET, request_type="Inactivación", from_date="2026-03-02", until_date="2026-03-01")
    assert "anterior" in found["until_date"]
    assert "anterior" in problems(CONTRACTOR, contract_start="2026-06-02", contract_end="2026-06-01")["contract_end"]


@pytest.mark.parametrize(
    ("start", "end", "question", "said"),
    [
        ("2025-01-01", "2026-01-31", "contract_end", "ya terminó el 31/01/2026"),
        ("2026-01-01", "2036-01-31", "contract_end", "más de cuatro años"),
        ("2027-06-01", "2027-12-31", "contract_start", "más de un año"),
        ("31/02/2026", "2026-12-31", "contract_start", "no tiene día 31"),
        ("0206-01-01", "2026-12-31", "contract_start", "El año 0206"),
    ],
)
def test_a_contract_that_cannot_be_is_a_problem(start: str, end: str, question: str, said: str) -> None:
    """Over already, too long, too far, or a date that does not exist."""
    assert said in problems(CONTRACTOR, contract_start=start, contract_end=end)[question]


def test_a_contract_that_ends_today_can_still_be_worked() -> None:
    """The last day belongs to the contract."""
    assert isinstance(understand(answers(CONTRACTOR, contract_end="2026-02-01"), POLICY, TODAY), CreatePersonalAccount)


@pytest.mark.parametrize(
    ("kind", "number", "kept"),
    [
        ("CC", "1'020.345.678", "1020345678"),
        ("CC", "0012345", "0012345"),
        ("TI", "1020345678", "1020345678"),
        ("CE", "456 789", "456789"),
        ("PA", "ab-123456", "AB123456"),
        ("PPT", "1234567", "1234567"),
    ],
)
def test_documents_keep_their_zeros_and_lose_their_separators(kind: str, number: str, kept: str) -> None:
    """As the document says it."""
    result = understand(answers(CONTRACTOR, document_type=kind, document_number=number), POLICY, TODAY)
    assert isinstance(result, CreatePersonalAccount)
    assert result.person.document_number == kept


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("CC", "12345678901"), ("CC", "12"), ("CC", "1020345-6"), ("CC", "AB12345"), ("CC", "٤٥٦٧٨٩"), ("CC", "0000000"),
        ("PA", "A" * 17), ("PA", "A*(B)12345"), ("CE", "=1+1"), ("PPT", "ñ12345"),
    ],
)  # fmt: skip
def test_what_is_no_document_number_is_a_problem(kind: str, number: str) -> None:
    """Too long for the directory, too short, other characters."""
    assert set(problems(CONTRACTOR, document_type=kind, document_number=number)) == {"document_number"}


def test_every_problem_is_said_at_once_in_the_order_of_the_form() -> None:
    """One correction is enough to mend everything."""
    found = defective(
        CONTRACTOR, given_names="=1", surnames=None, document_number="x", personal_email="a@gmial.com", mobile="1", unit="zzz",
        position="=1", contract_number="-", contract_start="x", contract_end="x", supervisor_email="x",
    )  # fmt: skip
    questions = [problem.question for problem in found.problems]
    assert questions == [
        "given_names", "surnames", "document_number", "personal_email", "mobile", "unit", "position", "contract_number",
        "contract_start", "contract_end", "supervisor_email",
    ]  # fmt: skip
    assert (found.operation, found.account_type, found.unit) == (Operation.CREATE, AccountType.CONTRACTOR, None)
    assert found.personal_email is None


def test_a_defective_response_says_what_was_understood_all_the_same() -> None:
    """The board and the matrix need it."""
    found = defective(CONTRACTOR, contract_end=None)
    assert (found.unit, found.document_number, found.personal_email) == (UNIT, "01020345", "mpilar@gmail.com")
    assert found.user == "María del Pilar O'Brien Muñoz"
    assert [problem.label for problem in found.problems] == ["Fecha de terminación del contrato"]


def test_what_was_written_is_checked_even_when_the_type_is_not_known() -> None:
    """The requester does not learn of one mistake after the other."""
    found = problems(CONTRACTOR, account_type="Pasante", given_names="123", personal_email="a@gmial.com", contract_end="ayer")
    assert set(found) == {"account_type", "given_names", "personal_email", "contract_end"}


def test_several_answers_where_one_is_expected_are_a_problem() -> None:
    """The same answer twice is one answer."""
    several = {**answers(CONTRACTOR), Field.ACCOUNT_TYPE: ("Funcionario", "Contratista")}
    result = understand(several, POLICY, TODAY)
    assert isinstance(result, Defective)
    assert "elija una" in result.problems[0].message
    twice = {**answers(CONTRACTOR), Field.ACCOUNT_TYPE: ("Contratista", " contratista"), Field.UNIT: ("OGI", "OGI ", "")}
    assert isinstance(understand(twice, POLICY, TODAY), Defective)
    assert isinstance(
        understand({**twice, Field.ACCOUNT_TYPE: ("Operador", "Operador ")}, POLICY, TODAY), CreatePersonalAccount
    )


def test_an_account_type_that_is_not_offered_names_those_that_are() -> None:
    """By the institution's policy."""
    accounts = {kind: rules for kind, rules in POLICY.accounts.items() if kind is not AccountType.GENERIC}
    result = understand(answers(GENERIC), an_institution(accounts=accounts), TODAY)
    assert isinstance(result, Defective)
    assert "Funcionario, Contratista, Operador" in result.problems[0].message


def test_operations_that_are_not_offered() -> None:
    """A policy that never deletes says what to ask instead; another one names its operations."""
    never = an_institution(deletes_accounts=False)
    result = understand(answers(RESET, request_type="Eliminación"), never, TODAY)
    assert isinstance(result, Defective)
    assert "pida una inactivación" in result.problems[0].message
    few = an_institution(operations=(Operation.CREATE,))
    result = understand(answers(RESET), few, TODAY)
    assert isinstance(result, Defective)
    assert "no ofrece «Cambio de clave»" in result.problems[0].message


def test_an_empty_response_is_defective() -> None:
    """Type of request, type of account and unit are always needed."""
    result = understand({}, POLICY, TODAY)
    assert isinstance(result, Defective)
    assert [problem.question for problem in result.problems] == ["request_type", "account_type", "unit"]


def test_a_megabyte_in_every_answer_is_quick_and_a_problem() -> None:
    """No pattern and no normalisation is slow on hostile text: quadratic work would take minutes."""
    for piece in ("x", "á", "a\u0301", "\u0301\u0316", "@", "a.", " ", "'", "1", "l'"):
        huge = {field: (piece * (1_000_000 // len(piece)),) for field in Field}
        begun = time.perf_counter()
        assert isinstance(understand(huge, POLICY, TODAY), Defective)
        stored_answers(huge, None)
        assert time.perf_counter() - begun < 10
        for choice in ("Creación", "Inactivación"):
            long = {**huge, Field.REQUEST_TYPE: (choice,), Field.ACCOUNT_TYPE: ("Contratista",)}
            assert isinstance(understand(long, POLICY, TODAY), Defective)


def test_whom_a_response_is_about() -> None:
    """The names as shown; else the generic name or the account; never more than the board can show."""
    assert spoken_name(answers(CONTRACTOR)) == "María del Pilar O'Brien Muñoz"
    assert spoken_name(answers(GENERIC)) == "Atención al Ciudadano"
    assert spoken_name(answers(RESET)) == "mpilar@entidad.gov.co"
    assert spoken_name({}) == ""
    assert len(spoken_name(answers(CONTRACTOR, given_names="<" * 5000))) == 130
