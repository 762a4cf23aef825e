"""Understanding a request about an existing account: the password, the modification, the deletion, and whom it concerns."""

from datetime import date

import pytest

from config.vocabulary import AccountType, EmailAddress, Operation
from intake.forms.port import Field
from provision.procedure.submission import ContractChange, Delete, Modify, ResetPassword, Target
from tests.unit.form_answers import (
    ACTIVATE,
    ASSIGN,
    DEACTIVATE,
    DELETE,
    ENERGY,
    MODIFY,
    ON_ACCOUNTS,
    RESET,
    SUSPEND,
    TERMINATE,
    UNIT,
    defective,
    on_account,
    problems,
    understood,
)


def modified(**changes: str | None) -> Modify:
    """The modification with changes."""
    result = understood(MODIFY, **changes)
    assert isinstance(result, Modify)
    return result


@pytest.mark.parametrize("base", ON_ACCOUNTS.values(), ids=ON_ACCOUNTS)
def test_whom_it_is_about_must_be_known(base: dict[str, str]) -> None:
    """The account, the document, or both; with neither the question of the account says what to write."""
    nobody = {"account": None, "document_type": None, "document_number": None}
    assert "número de su documento" in problems(base, **nobody)["account"]
    for known in ({"account": "ana"}, {"document_number": "1.020.345"}, {"account": "ana", "document_number": "1.020.345"}):
        result = on_account(base, **{**nobody, **known})
        assert result.operation is defective(base, **nobody).operation
        assert result.target == Target(known.get("account", ""), "1020345" if "document_number" in known else None)


@pytest.mark.parametrize("base", ON_ACCOUNTS.values(), ids=ON_ACCOUNTS)
def test_names_are_kept_to_be_read_and_never_wanted(base: dict[str, str]) -> None:
    """They find nobody; a text that is no name is a problem all the same."""
    assert on_account(base, given_names="ana", surnames="O'BRIEN PEÑA").target.name == "Ana O'Brien Peña"
    assert set(problems(base, given_names='=HYPERLINK("x")')) == {"given_names"}


@pytest.mark.parametrize("base", ON_ACCOUNTS.values(), ids=ON_ACCOUNTS)
def test_an_account_of_somewhere_else_is_a_problem(base: dict[str, str]) -> None:
    """The account is a login or an address of the institution."""
    assert "no es una dirección de la institución" in problems(base, account="ana@gmail.com")["account"]
    assert "no es una cuenta" in problems(base, account="la de Ana")["account"]


@pytest.mark.parametrize("base", [MODIFY, ASSIGN], ids=["modify", "assign"])
def test_what_puts_an_account_somewhere_needs_a_unit(base: dict[str, str]) -> None:
    """Where the account is to be, or the assignee's."""
    assert set(problems(base, unit=None)) == {"unit"}


@pytest.mark.parametrize("base", [RESET, DEACTIVATE, SUSPEND, TERMINATE, ACTIVATE, DELETE])
def test_what_leaves_an_account_where_it_is_needs_none(base: dict[str, str]) -> None:
    """The directory knows it; one that is typed is kept as a claim, and an unknown one is a problem."""
    assert understood(base).unit is None
    assert understood(base, unit="ogi").unit == UNIT
    assert set(problems(base, unit="Marte")) == {"unit"}


@pytest.mark.parametrize("base", ON_ACCOUNTS.values(), ids=ON_ACCOUNTS)
def test_the_type_of_account_is_needed_but_for_a_password(base: dict[str, str]) -> None:
    """Whoever forgot his password need not know how his account is called."""
    if base is RESET:
        assert understood(base).account_type is None
        assert understood(base, account_type="Operador").account_type is AccountType.OPERATOR
        assert set(problems(base, account_type="Marciano")) == {"account_type"}
    else:
        assert set(problems(base, account_type=None)) == {"account_type"}


def test_contract_operations_are_for_contracts() -> None:
    """An employee or a generic account has no contract to assign, suspend or terminate."""
    for base in (ASSIGN, SUSPEND, TERMINATE):
        for kind in ("Funcionario", "Genérica"):
            assert "contratistas u operadores" in problems(base, account_type=kind, account="ana")["account_type"]


def test_a_change_of_password() -> None:
    """Whose it is, where the user is, and a personal address that asks for a change of its own."""
    assert understood(RESET) == ResetPassword(Target("mpilar@entidad.gov.co"), on_premises=True)
    outside = understood(RESET, on_premises="no", personal_email="Ana@GMAIL.com")
    assert outside == ResetPassword(
        Target("mpilar@entidad.gov.co"), on_premises=False, other_address=EmailAddress("Ana@gmail.com")
    )


@pytest.mark.parametrize(
    ("changes", "question", "said"),
    [
        ({"on_premises": None}, "on_premises", "Responda Sí o No"),
        ({"on_premises": "a veces"}, "on_premises", "Responda Sí o No"),
        ({"personal_email": "ana@gmial.com"}, "personal_email", "¿quiso decir «gmail.com»?"),
        ({"personal_email": "ana"}, "personal_email", "No es una dirección de correo."),
        ({"personal_email": "ana@entidad.gov.co"}, "personal_email", "dirección de la institución"),
        (
            {"account_type": "Genérica", "account": None, "document_number": "1020345"},
            "account",
            "cuenta institucional o genérica",
        ),
    ],
)
def test_a_change_of_password_that_cannot_be(changes: dict[str, str | None], question: str, said: str) -> None:
    """One problem, in words that say what to write."""
    found = problems(RESET, **changes)
    assert set(found) == {question}
    assert said in found[question]


def test_a_generic_accounts_owner_may_be_where_its_access_data_goes() -> None:
    """His mailbox is in use; a document that was typed is his own and finds no account."""
    owner = "Ana@entidad.gov.co"
    result = understood(RESET, account_type="Genérica", personal_email=owner, owner_email=owner, document_number="1020345")
    assert isinstance(result, ResetPassword)
    assert (result.other_address, result.target.document_number) == (owner, None)


def test_a_modification() -> None:
    """What was said is changed, and what was not stays as it is."""
    assert modified() == Modify(
        Target("mpilar", "1020345"), AccountType.CONTRACTOR, ENERGY, position="Asesor", from_date=None, notes=""
    )
    whole = modified(
        reason="Traslado y prórroga.", notes="Urgente", mobile="3001234567", supervisor_email="j@entidad.gov.co",
        contract_number="CPS-1", contract_end="2026-12-31", from_date="2026-02-15",
    )  # fmt: skip
    assert whole == Modify(
        Target("mpilar", "1020345"), AccountType.CONTRACTOR, ENERGY, position="Asesor", mobile="+573001234567",
        supervisor_email=EmailAddress("j@entidad.gov.co"), from_date=date(2026, 2, 15), notes="Traslado y prórroga. Urgente",
        contract=ContractChange("CPS-1", None, date(2026, 12, 31)),
    )  # fmt: skip


def test_a_modification_of_a_generic_account() -> None:
    """Its name and its owner; a supervisor and a contract are none of it."""
    result = modified(
        account_type="Genérica", position=None, generic_name="Convocatorias 2026", owner_email="O@entidad.gov.co",
        supervisor_email="x@entidad.gov.co", contract_end="2020-01-01",
    )  # fmt: skip
    assert (result.generic_name, result.supervisor_email) == ("Convocatorias 2026", "O@entidad.gov.co")
    assert (result.contract, result.target) == (None, Target("mpilar", None, "Convocatorias 2026"))


def test_a_modification_says_what_is_to_be_modified() -> None:
    """Any answer that changes something will do; the unit alone could be where the account is already."""
    assert "Diga qué se debe modificar" in problems(MODIFY, position=None)["reason"]
    assert "Diga qué se debe modificar" in problems(MODIFY, position=None, account_type="Genérica", given_names="Ana")["reason"]
    for field, text in (
        ("reason", "traslado"), ("notes", "traslado"), ("mobile", "3001234567"), ("supervisor_email", "j@entidad.gov.co"),
        ("given_names", "Ana"), ("surnames", "Díaz"), ("contract_end", "2026-12-31"), ("contract_number", "CPS-1"),
    ):  # fmt: skip
        assert isinstance(understood(MODIFY, **{"position": None, field: text}), Modify)


def test_names_are_changed_only_where_the_answers_speak_of_names_or_of_nothing_else() -> None:
    """Whoever asks for a transfer types the names to say whose account it is, and often not all of them."""
    names = {"given_names": "Ana", "surnames": "DÍAZ"}
    assert (modified(**names).given_names, modified(**names).target.name) == (None, "Ana Díaz")
    for more in ({"position": None}, {"reason": "Cambio de apellidos por matrimonio"}, {"notes": "corregir el NOMBRE"}):
        result = modified(**names, **more)
        assert (result.given_names, result.surnames) == ("Ana", "Díaz")
    assert modified(position=None, surnames="Díaz").given_names is None


@pytest.mark.parametrize(
    ("changes", "question", "said"),
    [
        ({"contract_end": "2026-01-31"}, "contract_end", "ya terminó el 31/01/2026"),
        ({"contract_end": "2036-01-31"}, "contract_end", "más de cuatro años"),
        ({"contract_start": "2026-03-01"}, "contract_end", "nuevo último día"),
        ({"contract_start": "2026-03-01", "contract_end": "2026-02-02"}, "contract_end", "anterior"),
        ({"contract_start": "2027-06-01", "contract_end": "2027-12-31"}, "contract_start", "más de un año"),
        ({"reason": "Prórroga del contrato por dos meses"}, "contract_end", "nuevo último día"),
        ({"reason": "extensión de su contrato"}, "contract_end", "nuevo último día"),
        ({"from_date": "2027-06-01"}, "from_date", "es dentro de más de un año"),
        ({"from_date": "2024-06-01"}, "from_date", "hace más de un año"),
        ({"position": "=1+1"}, "position", "no parece un cargo"),
        ({"supervisor_email": "j@gmail.com"}, "supervisor_email", "no es una dirección de la institución"),
        ({"reason": "x" * 1001}, "reason", "escriba 1000 como máximo"),
    ],
)
def test_a_modification_that_cannot_be(changes: dict[str, str], question: str, said: str) -> None:
    """One problem, in words that say what to write."""
    found = problems(MODIFY, **changes)
    assert set(found) == {question}
    assert said in found[question]


def test_an_extension_of_the_telephone_is_none_of_the_contract() -> None:
    """Only what speaks of the contract needs its end."""
    assert modified(reason="Cambio de extensión telefónica").contract is None


def test_a_deletion() -> None:
    """Why, and the computer where somebody knows it: its name as the directory shows it."""
    target = Target("mpilar", "1020345")
    expected = Delete(target, AccountType.CONTRACTOR, None, reason="Retiro de la entidad")
    assert understood(DELETE) == expected
    for typed in ("UPME-PT-0123", "upme-pt-0123.upme.gov.co", "UPME\\upme-pt-0123$"):
        result = understood(DELETE, computer=typed, notes="Con backup.")
        assert result == Delete(target, AccountType.CONTRACTOR, None, "UPME-PT-0123", "Retiro de la entidad. Con backup.")
    assert "Diga por qué se elimina" in problems(DELETE, reason=None)["reason"]
    for typed in ("el portátil de Ana", "=1+1", "../x", "*", "PC 1"):
        assert "no es el nombre de un equipo" in problems(DELETE, computer=typed)["computer"]


@pytest.mark.parametrize("base", [MODIFY, SUSPEND, ACTIVATE, DELETE])
def test_the_reason_and_the_notes_are_kept_as_one_text(base: dict[str, str]) -> None:
    """Never longer than notes may be; a reason that the notes repeat is not said twice."""
    said = "reason" if base is DELETE else "notes"
    assert getattr(understood(base, reason="Por orden.", notes="Sí"), said) == "Por orden. Sí"
    assert getattr(understood(base, reason="Por orden.", notes="Por orden. Sí"), said) == "Por orden. Sí"
    assert getattr(understood(base, reason="r" * 900, notes="n" * 1900), said) == "n" * 1900


@pytest.mark.parametrize("base", ON_ACCOUNTS.values(), ids=ON_ACCOUNTS)
def test_every_problem_is_said_at_once(base: dict[str, str]) -> None:
    """In the order of the form; nothing stops at the first one."""
    found = defective(base, account="la de Ana", given_names="=1", document_number="¿?", from_date="ayer", on_premises=None)
    questions = [problem.question for problem in found.problems]
    assert {"account", "given_names", "document_number"} <= set(questions)
    assert ("from_date" in questions) == (base not in (RESET, DELETE))
    assert questions == [field.value for field in Field if field.value in questions]
    assert found.operation is not None


def test_a_defective_request_says_nothing_of_where_access_data_would_go() -> None:
    """But for a cession, whose assignee must not be the requester."""
    assert defective(RESET, on_premises=None, personal_email="ana@gmail.com").personal_email is None
    assert defective(ASSIGN, unit=None, personal_email="ana@gmail.com").personal_email == "juan@example.org"
    assert defective(DELETE, reason=None).operation is Operation.DELETE
