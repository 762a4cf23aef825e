"""At reception: what a response claims of an account refuses nobody and grants nothing until the directory has named it."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from config.calendar import BusinessCalendar
from config.vocabulary import OPERATION_LABELS, EmailAddress, Operation
from intake.deciding import Deciding
from intake.forms.port import Answers, Field, Response, ResponseId
from intake.matrix import ALL, Matrix, MatrixRow, RefusalCode, Role
from provision.procedure.steps import Rules
from provision.procedure.submission import Authorisation, Defective, Granted, Provisional, Refused, ResetPassword
from tests.unit.form_answers import (
    ASSIGN,
    CONTRACTOR,
    DEACTIVATE,
    DELETE,
    ENERGY,
    MODIFY,
    ON_ACCOUNTS,
    POLICY,
    RESET,
    UNIT,
    answers,
)

AT = datetime(2026, 2, 2, 3, 0, tzinfo=UTC)
"""Still the first of February in Bogota."""
HEAD, HUMAN, USER = (EmailAddress(f"{name}@entidad.gov.co") for name in ("jefe", "th", "ana.rios"))
ROWS = (
    MatrixRow(2, HUMAN, "Marta Ruiz", Role.HUMAN_RESOURCES, ALL),
    MatrixRow(3, HEAD, "Luis Pérez", Role.HEAD, frozenset({UNIT})),
)


def a_response(typed: Answers, requester: EmailAddress | None = HEAD) -> Response:
    """A response with these answers, from the head of a unit or somebody else."""
    return Response("forma", ResponseId("R1"), AT, AT, requester, None, typed)


def decided(
    base: Mapping[str, str | None],
    requester: EmailAddress | None = HEAD,
    rows: tuple[MatrixRow, ...] = ROWS,
    **changes: str | None,
) -> Authorisation:
    """What is decided of the response with changes when it is received."""
    deciding = Deciding(Matrix(rows, "v1"), Rules(POLICY, BusinessCalendar(POLICY.business_hours, POLICY.zone), AT))
    response = a_response(answers(base, **changes), requester)
    return deciding.authorisation(response, deciding.content(response))


def code(decision: Authorisation) -> str:
    """Why it was refused."""
    assert isinstance(decision, Refused), decision
    return decision.code


@pytest.mark.parametrize("name", [name for name in ON_ACCOUNTS if name not in {"reset", "deactivate"}])
def test_who_may_ask_for_this_of_some_account_is_let_in(name: str) -> None:
    """Whatever unit and type the response claims: the directory says them, and by them it is decided."""
    for changes in ({}, {"unit": ENERGY}, {"account_type": "Operador"}):
        decision = decided({**ON_ACCOUNTS[name], **changes})
        assert isinstance(decision, Provisional)
        assert decision.matrix_version == "v1"
        assert "la fila 3 de la matriz (jefe de área) permite pedir" in decision.reason


def test_a_claimed_type_refuses_nobody_and_opens_nothing() -> None:
    """Talento Humano looks after employees; whether this account is one's the directory says."""
    assert isinstance(decided(DEACTIVATE, HUMAN), Provisional)
    assert isinstance(decided(DEACTIVATE, HUMAN, account_type="Contratista"), Provisional)
    assert isinstance(decided(DEACTIVATE), Provisional)


@pytest.mark.parametrize("name", [name for name in ON_ACCOUNTS if name != "reset"])
def test_who_may_not_ask_for_it_of_any_account_is_refused(name: str) -> None:
    """Nobody in the matrix, or one without the operation; with problems in the answers or without."""
    base = ON_ACCOUNTS[name]
    for changes in ({}, {"given_names": "=1"}):
        assert code(decided({**base, **changes}, USER)) == RefusalCode.UNKNOWN_REQUESTER
        assert code(decided({**base, **changes}, None)) == RefusalCode.NO_IDENTITY
        only = (MatrixRow(2, HEAD, "Luis Pérez", Role.HEAD, ALL, frozenset({Operation.CREATE})),)
        assert code(decided({**base, **changes}, rows=only)) == RefusalCode.OPERATION


@pytest.mark.parametrize("name", [name for name in ON_ACCOUNTS if name != "reset"])
def test_a_defective_request_is_let_in_the_same_way(name: str) -> None:
    """It goes on to its correction, with nothing granted."""
    assert isinstance(decided(ON_ACCOUNTS[name], given_names="=1", unit="Marte", account_type="?"), Provisional)


@pytest.mark.parametrize("requester", [USER, HEAD, HUMAN, EmailAddress("nadie@gmail.com")])
@pytest.mark.parametrize("changes", [{}, {"on_premises": None}, {"account_type": "Funcionario", "unit": ENERGY}])
def test_a_change_of_password_is_let_in_for_everybody_with_an_identity(
    requester: EmailAddress, changes: dict[str, str | None]
) -> None:
    """Also of one's own account: user, boss and supervisor are told by the directory and the journal (activity 1.b)."""
    for account in ("ana.rios", USER, HEAD):
        assert isinstance(decided({**RESET, **changes, "account": account}, requester), Provisional)


@pytest.mark.parametrize("requester", [None, EmailAddress(""), EmailAddress("  ")])
def test_without_an_identity_not_even_a_password(requester: EmailAddress | None) -> None:
    """A source that verifies nobody authorises nobody."""
    assert code(decided(RESET, requester)) == RefusalCode.NO_IDENTITY
    assert code(decided(RESET, requester, request_type="olvidé mi contraseña")) == RefusalCode.NO_IDENTITY


def test_a_password_in_other_words_is_corrected_and_not_refused() -> None:
    """The user is in no matrix; any other type of request that was not understood is for those who are."""
    assert isinstance(decided(RESET, USER, request_type="olvidé mi contraseña"), Provisional)
    assert code(decided(RESET, USER, request_type="ayuda")) == RefusalCode.UNKNOWN_REQUESTER
    assert isinstance(decided(RESET, HEAD, request_type="ayuda"), Provisional)


def test_a_creation_is_decided_at_once() -> None:
    """There is no account yet that could say more; nobody asks for his own."""
    assert isinstance(decided(CONTRACTOR), Granted)
    assert code(decided(CONTRACTOR, unit=ENERGY)) == RefusalCode.UNIT
    assert code(decided(CONTRACTOR, account_type="Funcionario")) == RefusalCode.ACCOUNT_TYPE
    assert code(decided(CONTRACTOR, given_names="Luis", surnames="Pérez")) == RefusalCode.FOR_HIMSELF
    assert code(decided(CONTRACTOR, given_names="Luis", surnames="Pérez", mobile="abc")) == RefusalCode.FOR_HIMSELF
    assert isinstance(decided(CONTRACTOR, mobile="abc"), Granted)


def test_a_change_of_ones_own_account_is_refused_at_once() -> None:
    """Where the response names it by its address; by its login or document when the directory has told whose it is."""
    for base in (MODIFY, DELETE, ASSIGN):
        assert code(decided(base, account="JEFE@entidad.gov.co")) == RefusalCode.FOR_HIMSELF
        assert isinstance(decided(base, account="jefe"), Provisional)


def test_nobody_cedes_a_contract_to_himself() -> None:
    """By the assignee's name or personal address; the assignor may be called like the requester."""
    assert code(decided(ASSIGN, assignee_given_names="Luis", assignee_surnames="PÉREZ")) == RefusalCode.FOR_HIMSELF
    assert isinstance(decided(ASSIGN, given_names="Luis", surnames="Pérez"), Provisional)
    assert isinstance(decided(ASSIGN, given_names="Luis", surnames="Pérez", unit=None), Provisional)


def test_the_day_is_the_institutions() -> None:
    """Three in the morning in UTC is the evening before in Bogota: by that day are answers and rows understood."""
    ends = (MatrixRow(3, HEAD, "Luis Pérez", Role.HEAD, ALL, valid_until=AT.date()),)
    begins = (MatrixRow(3, HEAD, "Luis Pérez", Role.HEAD, ALL, valid_from=AT.date()),)
    assert isinstance(decided(DELETE, rows=ends), Provisional)
    assert code(decided(DELETE, rows=begins)) == RefusalCode.NOT_IN_FORCE


def test_what_is_kept_follows_the_operation() -> None:
    """A change of password keeps no free text."""
    deciding = Deciding(Matrix(ROWS, "v1"), Rules(POLICY, BusinessCalendar(POLICY.business_hours, POLICY.zone), AT))
    response = a_response(answers(RESET, notes="Secreta123"))
    content = deciding.content(response)
    assert isinstance(content, ResetPassword)
    assert Field.NOTES not in deciding.kept(response, content)


def test_a_reason_for_the_desk_names_what_was_asked() -> None:
    """In the words of the form."""
    for base in ON_ACCOUNTS.values():
        decision = decided(base)
        assert isinstance(decision, Provisional)
        if base is not RESET:
            content = Deciding(Matrix(ROWS, "v1"), Rules(POLICY, BusinessCalendar(POLICY.business_hours, POLICY.zone), AT))
            understood = content.content(a_response(answers(base)))
            assert not isinstance(understood, Defective)
            assert f"«{OPERATION_LABELS[understood.operation]}»" in decision.reason
