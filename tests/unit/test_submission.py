"""Understanding a whole response: what each operation and account type needs, and every problem at once."""

import time
from datetime import date

import pytest

from config.vocabulary import OPERATION_LABELS, AccountType, DocumentType, EmailAddress, Operation
from intake.forms.port import Field
from intake.submission import spoken_name, understand
from intake.submission_kept import stored_answers
from provision.procedure.submission import Contract, CreateGenericAccount, CreatePersonalAccount, Defective, Delete, Person
from tests.institution import an_institution
from tests.unit.form_answers import (
    CONTRACTOR,
    DEACTIVATE,
    DELETE,
    GENERIC,
    POLICY,
    RESET,
    TODAY,
    UNIT,
    answers,
    defective,
    problems,
)


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


def test_dates_in_the_wrong_order_are_a_problem() -> None:
    """Both kinds of periods."""
    found = problems(DEACTIVATE, from_date="2026-03-02", until_date="2026-03-01")
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
    """A policy names its operations, without a deletion that it never makes."""
    few = an_institution(operations=(Operation.CREATE, Operation.DELETE), deletes_accounts=False)
    result = understand(answers(RESET), few, TODAY)
    assert isinstance(result, Defective)
    assert result.problems[0].message == "EPN no ofrece «Cambio de clave». Elija uno de estos: Creación de cuenta."


def test_a_deletion_is_understood_where_accounts_are_never_deleted() -> None:
    """The procedure refuses it with the reason and offers an alternative; an institution that deletes may not offer it."""
    for operations in ((Operation.CREATE,), tuple(Operation)):
        never = an_institution(deletes_accounts=False, operations=operations)
        assert isinstance(understand(answers(DELETE), never, TODAY), Delete)
    not_here = understand(answers(DELETE), an_institution(operations=(Operation.CREATE,)), TODAY)
    assert isinstance(not_here, Defective)
    assert "no ofrece «Eliminación»" in not_here.problems[0].message


def test_an_empty_response_is_defective() -> None:
    """Type of request, type of account and unit are always needed."""
    result = understand({}, POLICY, TODAY)
    assert isinstance(result, Defective)
    assert [problem.question for problem in result.problems] == ["request_type", "account_type", "unit"]


def test_a_megabyte_in_every_answer_is_quick_and_a_problem() -> None:
    """No pattern and no normalisation is slow on hostile text: quadratic work would take minutes."""
    for number, piece in enumerate(("x", "á", "a\u0301", "\u0301\u0316", "@", "a.", " ", "'", "1", "l'")):
        huge = {field: (piece * (1_000_000 // len(piece)),) for field in Field}
        begun = time.perf_counter()
        assert isinstance(understand(huge, POLICY, TODAY), Defective)
        stored_answers(huge, None)
        assert time.perf_counter() - begun < 10
        for choice in list(OPERATION_LABELS.values())[number % 4 :: 4]:
            long = {**huge, Field.REQUEST_TYPE: (choice,), Field.ACCOUNT_TYPE: ("Contratista",)}
            assert isinstance(understand(long, POLICY, TODAY), Defective)


def test_whom_a_response_is_about() -> None:
    """The names as shown; else the generic name or the account; never more than the board can show."""
    assert spoken_name(answers(CONTRACTOR)) == "María del Pilar O'Brien Muñoz"
    assert spoken_name(answers(GENERIC)) == "Atención al Ciudadano"
    assert spoken_name(answers(RESET)) == "mpilar@entidad.gov.co"
    assert spoken_name({}) == ""
    assert len(spoken_name(answers(CONTRACTOR, given_names="<" * 5000))) == 130
