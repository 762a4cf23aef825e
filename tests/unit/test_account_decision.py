"""The control point for an account that exists: by what the directory says of it, and a refusal tells nothing of it."""

from dataclasses import replace
from datetime import date

import pytest

from config.vocabulary import AccountType, EmailAddress, Operation
from intake.matrix import (
    ALL,
    OWN_ACCOUNT_ROW,
    KnownAccount,
    Matrix,
    MatrixRow,
    RefusalCode,
    Relation,
    Role,
    decide_on_account,
    decide_without_account,
)
from provision.procedure.submission import Granted, Refused

TODAY = date(2026, 2, 1)
OGI, TH, ENERGY = "Oficina de Gestión de la Información", "GIT de Talento Humano", "Subdirección de Energía Eléctrica"
HEAD, HUMAN, USER = (EmailAddress(f"{name}@entidad.gov.co") for name in ("jefe", "th", "ana.rios"))
CHANGES = [operation for operation in Operation if operation not in {Operation.CREATE, Operation.RESET_PASSWORD}]

ROWS = (
    MatrixRow(2, HUMAN, "Marta Ruiz", Role.HUMAN_RESOURCES, ALL),
    MatrixRow(3, HEAD, "Luis Pérez", Role.HEAD, frozenset({OGI})),
    MatrixRow(4, HEAD, "Luis Pérez", Role.SUPERVISOR, frozenset({ENERGY})),
)


def an_account(
    *relations: Relation, mail: str = USER, account_type: AccountType = AccountType.CONTRACTOR, unit: str = OGI
) -> KnownAccount:
    """A contractor's account of the OGI, with changes."""
    return KnownAccount(mail, account_type, unit, frozenset(relations))


def decided(
    account: KnownAccount,
    operation: Operation = Operation.DEACTIVATE,
    requester: EmailAddress | None = HEAD,
    further_unit: str | None = None,
    *,
    assignee: tuple[str, EmailAddress] | None = None,
    rows: tuple[MatrixRow, ...] = ROWS,
) -> Granted | Refused:
    """What is decided of the account by these rows."""
    return decide_on_account(Matrix(rows, "v1"), requester, operation, account, TODAY, further_unit, assignee=assignee)


def code(decision: Granted | Refused) -> str | None:
    """Why it is refused; None: it is granted."""
    return decision.code if isinstance(decision, Refused) else None


def row_of(decision: Granted | Refused) -> int:
    """The row that grants it."""
    assert isinstance(decision, Granted), decision
    return decision.row


@pytest.mark.parametrize(
    ("relations", "role"),
    [
        ({Relation.SELF}, "usuario"),
        ({Relation.MANAGER}, "jefe inmediato, según el directorio"),
        ({Relation.SUPERVISOR}, "supervisor del contrato, según el registro de cuentas"),
        ({Relation.SUPERVISOR, Relation.MANAGER}, "jefe inmediato, según el directorio"),
    ],
)
def test_who_may_ask_for_a_password_without_a_row(relations: set[Relation], role: str) -> None:
    """Activity 1.b: the user, the immediate boss or the supervisor, in the matrix or not."""
    stranger = EmailAddress("pedro@entidad.gov.co")
    granted = decided(an_account(*relations), Operation.RESET_PASSWORD, stranger)
    assert isinstance(granted, Granted)
    assert (granted.row, granted.role, granted.matrix_version) == (OWN_ACCOUNT_ROW, role, "v1")
    assert granted.second_person is False


def test_the_whole_address_makes_the_account_ones_own() -> None:
    """Case does not matter; a plus address, a bare login and a look-alike are somebody else's."""
    reset = Operation.RESET_PASSWORD
    assert row_of(decided(an_account(), reset, EmailAddress("ANA.RIOS@Entidad.gov.co"))) == OWN_ACCOUNT_ROW
    for other in ("ana.rios+x@entidad.gov.co", "ana.rios", "ana.rios@entidad.gov.co.example.org", "аna.rios@entidad.gov.co"):
        assert code(decided(an_account(), reset, EmailAddress(other))) == RefusalCode.UNKNOWN_REQUESTER
    assert code(decided(an_account(mail="ana.rios"), reset, EmailAddress("ana.rios"))) == RefusalCode.UNKNOWN_REQUESTER


def test_anybody_elses_password_needs_a_row() -> None:
    """Of the account's own unit and type."""
    reset = Operation.RESET_PASSWORD
    assert row_of(decided(an_account(), reset)) == 3
    assert row_of(decided(an_account(unit=ENERGY), reset)) == 4
    assert code(decided(an_account(unit=TH), reset)) == RefusalCode.UNIT
    assert code(decided(an_account(account_type=AccountType.EMPLOYEE, unit=ENERGY), reset)) is not None
    assert code(decided(an_account(), reset, HUMAN)) == RefusalCode.OPERATION


@pytest.mark.parametrize("requester", [None, EmailAddress(""), EmailAddress(" ")])
def test_without_identity_nothing_is_granted(requester: EmailAddress | None) -> None:
    """Whatever somebody said the relation was."""
    for operation in (Operation.RESET_PASSWORD, Operation.DELETE):
        assert code(decided(an_account(*Relation, mail=""), operation, requester)) == RefusalCode.NO_IDENTITY


@pytest.mark.parametrize("operation", CHANGES)
def test_nobody_changes_his_own_account(operation: Operation) -> None:
    """By the directory's word or by the address, with or without a row that would allow it."""
    everything = (MatrixRow(2, USER, "Ana Ríos", Role.HEAD, ALL, ALL, ALL),)
    for account in (an_account(), an_account(Relation.SELF, mail="otra@entidad.gov.co")):
        for rows in (everything, ROWS):
            refused = decided(account, operation, USER, rows=rows)
            assert code(refused) == RefusalCode.FOR_HIMSELF
            assert "Nadie puede pedir cambios sobre su propia cuenta" in refused.reason
    assert code(decided(an_account(mail="otra@entidad.gov.co"), operation, USER, rows=everything)) is None


def test_being_boss_or_supervisor_opens_nothing_but_the_password() -> None:
    """Everything else is the matrix's."""
    for operation in CHANGES:
        related = an_account(Relation.MANAGER, Relation.SUPERVISOR)
        assert code(decided(related, operation, EmailAddress("x@entidad.gov.co"))) == RefusalCode.UNKNOWN_REQUESTER


def test_the_real_unit_and_type_decide() -> None:
    """Contractors by their unit, employees by Talento Humano."""
    assert row_of(decided(an_account())) == 3
    assert code(decided(an_account(unit=TH))) == RefusalCode.UNIT
    assert code(decided(an_account(unit=""))) == RefusalCode.UNIT
    assert code(decided(an_account(account_type=AccountType.EMPLOYEE))) == RefusalCode.ACCOUNT_TYPE
    assert row_of(decided(an_account(account_type=AccountType.EMPLOYEE, unit=""), requester=HUMAN)) == 2
    assert code(decided(an_account(), requester=HUMAN)) == RefusalCode.ACCOUNT_TYPE


def test_a_refusal_tells_nothing_of_the_account() -> None:
    """Neither its unit nor its type: the requester did not say them, and a refusal is no way to learn them."""
    for operation in Operation:
        for kind in AccountType:
            for unit in (OGI, TH, ENERGY):
                for requester in (HEAD, HUMAN, EmailAddress("x@gmail.com")):
                    refused = decided(an_account(account_type=kind, unit=unit), operation, requester)
                    if isinstance(refused, Refused):
                        for secret in (unit, "Funcionario", "Contratista", "genérica", "ana.rios", "Luis", "fila"):
                            assert secret not in refused.reason


def test_a_transfer_needs_both_units() -> None:
    """Rows are a union; the reason names both, and the destination that was typed may be named in a refusal."""
    both = decided(an_account(), Operation.MODIFY, further_unit=ENERGY)
    assert isinstance(both, Granted)
    assert both.row == 3
    assert "Fila 3 " in both.reason
    assert "Fila 4 " in both.reason
    assert decided(an_account(), Operation.MODIFY, further_unit=OGI) == decided(an_account(), Operation.MODIFY)
    refused = decided(an_account(), Operation.MODIFY, further_unit=TH)
    assert code(refused) == RefusalCode.UNIT
    assert TH in refused.reason
    assert code(decided(an_account(unit=TH), Operation.MODIFY, further_unit=OGI)) == RefusalCode.UNIT


def test_a_second_person_where_either_row_says_so() -> None:
    """And not where another row grants the same without."""
    needs = replace(ROWS[2], needs_approval=True)
    assert isinstance(both := decided(an_account(), Operation.MODIFY, further_unit=ENERGY, rows=(ROWS[1], needs)), Granted)
    assert both.second_person
    own = decided(an_account(), Operation.MODIFY, rows=(ROWS[1], needs))
    assert isinstance(own, Granted)
    assert not own.second_person


def test_the_assignee_of_a_cession_is_not_the_requester() -> None:
    """By name or by personal address; ceding needs no right of creating."""
    only = (MatrixRow(2, HEAD, "Luis Pérez", Role.SUPERVISOR, ALL, frozenset({Operation.ASSIGN_CONTRACT})),)
    for assignee, refused in (
        (("Juan de la Cruz", EmailAddress("juan@example.org")), None),
        (("PEREZ Luis", EmailAddress("juan@example.org")), RefusalCode.FOR_HIMSELF),
        (("Juan de la Cruz", HEAD), RefusalCode.FOR_HIMSELF),
    ):
        decision = decided(an_account(), Operation.ASSIGN_CONTRACT, further_unit=TH, assignee=assignee, rows=only)
        assert code(decision) == refused
        if refused:
            assert "su propia cuenta" in decision.reason


def test_an_account_that_is_not_there_is_told_only_to_who_may_ask() -> None:
    """Whoever may not reads the same as for an account that is there."""
    matrix, stranger = Matrix(ROWS, "v1"), EmailAddress("x@gmail.com")
    for operation in (Operation.RESET_PASSWORD, Operation.DEACTIVATE):
        assert decide_without_account(matrix, HEAD, operation, TODAY) is None
        refused = decide_without_account(matrix, stranger, operation, TODAY)
        assert refused == decided(an_account(), operation, stranger)
    assert decide_without_account(matrix, None, Operation.RESET_PASSWORD, TODAY) is not None
