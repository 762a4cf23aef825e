"""The control point of activity 2: who may ask for what, and why not."""

from datetime import date

import pytest

from config.vocabulary import AccountType, EmailAddress, Operation
from intake.matrix import ALL, OWN_ACCOUNT_ROW, Claim, Matrix, MatrixRow, RefusalCode, Role, decide, explain
from intake.matrix_rows import Everything
from provision.procedure.submission import Authorisation, Granted, Refused

TODAY = date(2026, 2, 1)
OGI, TH = "Oficina de Gestión de la Información", "GIT de Talento Humano"
HEAD, BOSS, DELEGATE = (EmailAddress(f"{name}@entidad.gov.co") for name in ("jefe", "coordinadora", "delegado"))


def a_row(
    row: int = 2,
    requester: str = HEAD,
    role: Role = Role.HEAD,
    *,
    name: str = "Luis Pérez",
    units: frozenset[str] | Everything = frozenset({OGI}),
    operations: frozenset[Operation] | Everything = frozenset(),
    account_types: frozenset[AccountType] | Everything = frozenset(),
    delegate_of: EmailAddress | None = None,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> MatrixRow:
    """A head of one unit, with changes."""
    address = EmailAddress(requester)
    return MatrixRow(row, address, name, role, units, operations, account_types, delegate_of, valid_from, valid_until)


def a_claim(
    requester: EmailAddress | None = HEAD,
    operation: Operation | None = Operation.CREATE,
    account_type: AccountType | None = AccountType.CONTRACTOR,
    unit: str | None = OGI,
    *,
    personal_email: str | None = "ana@example.org",
    user_name: str | None = "Ana Díaz",
    on: date = TODAY,
    account: str | None = None,
) -> Claim:
    """A head asks for a contractor's account in his unit, with changes."""
    address = EmailAddress(personal_email) if personal_email else None
    return Claim(requester, operation, account_type, unit, address, user_name, on, account)


def decision(claim: Claim, *rows: MatrixRow) -> Authorisation:
    """The decision by these rows, which must be explained the same way."""
    matrix = Matrix(rows or (a_row(),), "v1")
    explained = explain(matrix, claim)
    assert explained.decision == decide(matrix, claim)
    assert explained.steps
    return explained.decision


def code(claim: Claim, *rows: MatrixRow) -> str | None:
    """Why the claim is refused; None: it is granted."""
    decided = decision(claim, *rows)
    return decided.code if isinstance(decided, Refused) else None


def test_a_decision_names_its_row_its_role_and_the_matrix() -> None:
    """An auditor finds the row again."""
    granted = decision(a_claim(), a_row(7))
    assert isinstance(granted, Granted)
    assert (granted.row, granted.role, granted.matrix_version, granted.delegated_by) == (7, "jefe de área", "v1", None)
    assert granted.reason == f"Fila 7 de la matriz (jefe de área): Creación de cuenta, Contratista, {OGI}."


PERSONAL = (AccountType.EMPLOYEE, AccountType.CONTRACTOR, AccountType.OPERATOR)


@pytest.mark.parametrize(
    ("role", "operation", "kinds"),
    [
        (Role.HUMAN_RESOURCES, Operation.CREATE, {AccountType.EMPLOYEE}),
        (Role.HUMAN_RESOURCES, Operation.DEACTIVATE, {AccountType.EMPLOYEE}),
        (Role.HUMAN_RESOURCES, Operation.RESET_PASSWORD, set()),
        (Role.HEAD, Operation.CREATE, {AccountType.CONTRACTOR, AccountType.OPERATOR, AccountType.GENERIC}),
        (Role.HEAD, Operation.RESET_PASSWORD, set(AccountType)),
        (Role.COORDINATOR, Operation.CREATE, {AccountType.CONTRACTOR, AccountType.OPERATOR, AccountType.GENERIC}),
        (Role.COORDINATOR, Operation.SUSPEND_CONTRACT, {AccountType.CONTRACTOR, AccountType.OPERATOR}),
        (Role.SUPERVISOR, Operation.CREATE, {AccountType.CONTRACTOR, AccountType.OPERATOR}),
        (Role.SUPERVISOR, Operation.RESET_PASSWORD, {AccountType.CONTRACTOR, AccountType.OPERATOR}),
        (Role.SUPERVISOR, Operation.ASSIGN_CONTRACT, {AccountType.CONTRACTOR, AccountType.OPERATOR}),
        (Role.SERVICE_DESK, Operation.CREATE, set()),
    ],
)
def test_what_a_role_may_ask_by_default(role: Role, operation: Operation, kinds: set[AccountType]) -> None:
    """Activity 1, a to c: employees by Talento Humano, contractors by their unit, generic accounts not by a supervisor."""
    allowed = {kind for kind in AccountType if code(a_claim(operation=operation, account_type=kind), a_row(role=role)) is None}
    assert allowed == kinds


def test_what_a_delegate_may_ask_by_default() -> None:
    """What a head may, but not the change of somebody's password, which is the boss's or the supervisor's."""
    rows = (a_row(), a_row(3, DELEGATE, Role.DELEGATE, delegate_of=HEAD, name="Eva Gil"))
    allowed = {kind for kind in AccountType if code(a_claim(DELEGATE, account_type=kind), *rows) is None}
    assert allowed == {AccountType.CONTRACTOR, AccountType.OPERATOR, AccountType.GENERIC}
    assert code(a_claim(DELEGATE, Operation.RESET_PASSWORD), *rows) == RefusalCode.OPERATION


def test_the_whole_address_is_the_identity() -> None:
    """Case does not matter; plus addresses, other domains and look-alikes of other alphabets are somebody else."""
    assert code(a_claim(EmailAddress("JEFE@Entidad.gov.co"))) is None
    for other in ("jefe+x@entidad.gov.co", "jefe@entidad.gov.co.example.org", "je.fe@entidad.gov.co", "jefе@entidad.gov.co"):
        assert code(a_claim(EmailAddress(other))) == RefusalCode.UNKNOWN_REQUESTER
    kelvin = a_row(requester="karla@entidad.gov.co")
    assert code(a_claim(EmailAddress("\u212aarla@entidad.gov.co")), kelvin) == RefusalCode.UNKNOWN_REQUESTER


@pytest.mark.parametrize("requester", [None, EmailAddress(""), EmailAddress("  ")])
def test_without_identity_nothing_is_granted(requester: EmailAddress | None) -> None:
    """A source that verifies nobody authorises nobody."""
    assert code(a_claim(requester)) == RefusalCode.NO_IDENTITY


def test_dates_are_inclusive() -> None:
    """From the first to the last day, and no other."""
    row = a_row(valid_from=date(2026, 2, 1), valid_until=date(2026, 2, 28))
    assert [code(a_claim(on=day), row) for day in (date(2026, 2, 1), date(2026, 2, 28))] == [None, None]
    for day in (date(2026, 1, 31), date(2026, 3, 1)):
        assert code(a_claim(on=day), row) == RefusalCode.NOT_IN_FORCE


def test_a_refusal_says_what_was_missing() -> None:
    """Operation, account type or unit, whichever comes first."""
    assert code(a_claim(operation=Operation.DELETE), a_row(operations=frozenset({Operation.CREATE}))) == RefusalCode.OPERATION
    assert code(a_claim(account_type=AccountType.EMPLOYEE)) == RefusalCode.ACCOUNT_TYPE
    assert code(a_claim(unit=TH)) == RefusalCode.UNIT
    assert code(a_claim(unit=TH), a_row(units=ALL)) is None


def test_a_refusal_shows_nothing_of_the_matrix() -> None:
    """The reason holds what the requester asked, and neither names, addresses, rows nor roles of others."""
    rows = (a_row(), a_row(3, BOSS, Role.COORDINATOR, units=frozenset({TH}), name="Marta Ruiz"))
    for claim in (a_claim(unit=TH), a_claim(EmailAddress("x@entidad.gov.co")), a_claim(account_type=AccountType.EMPLOYEE)):
        refused = decision(claim, *rows)
        assert isinstance(refused, Refused)
        for secret in ("Marta", "Luis", "@", "fila", "coordinador", "jefe"):
            assert secret.casefold() not in refused.reason.casefold()


def test_rows_are_a_union_and_the_first_that_allows_is_named() -> None:
    """Whatever their order in the matrix."""
    rows = (a_row(9, units=frozenset({TH})), a_row(5, operations=frozenset({Operation.DELETE})), a_row(4), a_row(3))
    granted = decision(a_claim(), *rows)
    assert isinstance(granted, Granted)
    assert granted.row == 3
    assert code(a_claim(unit=TH), *rows) is None


def test_what_is_not_known_yet_decides_nothing() -> None:
    """A response with problems goes on to its correction unless what is known is refused already."""
    assert code(a_claim(operation=None, account_type=None, unit=None, personal_email=None, user_name=None)) is None
    assert code(a_claim(account_type=None, unit=TH)) == RefusalCode.UNIT
    assert code(a_claim(operation=None, account_type=AccountType.EMPLOYEE), a_row(role=Role.SUPERVISOR)) is not None


def test_a_row_can_say_more_or_less_than_its_role() -> None:
    """Cells of operations and types go before the default; one of them alone never opens what the role has not."""
    human = a_row(role=Role.HUMAN_RESOURCES, units=ALL, account_types=frozenset({AccountType.CONTRACTOR}))
    assert code(a_claim(), human) is None
    assert code(a_claim(account_type=AccountType.EMPLOYEE), human) == RefusalCode.ACCOUNT_TYPE
    only_create = a_row(operations=frozenset({Operation.CREATE}))
    assert code(a_claim(account_type=AccountType.EMPLOYEE), only_create) == RefusalCode.ACCOUNT_TYPE
    employees = a_row(account_types=frozenset({AccountType.EMPLOYEE}))
    assert code(a_claim(account_type=AccountType.EMPLOYEE), employees) == RefusalCode.OPERATION
    both = a_row(account_types=frozenset({AccountType.EMPLOYEE}), operations=frozenset({Operation.CREATE}))
    assert code(a_claim(account_type=AccountType.EMPLOYEE), both) is None
    everything = a_row(role=Role.SERVICE_DESK, operations=ALL, account_types=ALL, units=ALL)
    assert code(a_claim(account_type=AccountType.EMPLOYEE, operation=Operation.DELETE, unit=TH), everything) is None
    all_operations = a_row(operations=ALL)
    assert code(a_claim(account_type=AccountType.EMPLOYEE), all_operations) == RefusalCode.ACCOUNT_TYPE


def test_nobody_asks_for_his_own_account() -> None:
    """By the personal address or by the name in the matrix, its words in any order, without case and accents."""
    assert code(a_claim(personal_email="JEFE@entidad.gov.co")) == RefusalCode.FOR_HIMSELF
    assert code(a_claim(user_name="PEREZ, luis")) == RefusalCode.FOR_HIMSELF
    assert code(a_claim(user_name="Luis Pérez Gómez")) is None
    assert code(a_claim(operation=Operation.DEACTIVATE, user_name="Luis Pérez")) is None
    assert code(a_claim(account_type=AccountType.GENERIC, personal_email=HEAD)) is None
    assert code(a_claim(user_name="", personal_email=None)) is None


def test_everybody_may_ask_for_a_change_of_his_own_password() -> None:
    """Activity 1.b: the user himself, told by his whole verified address, in the matrix or not."""
    user = EmailAddress("ana@entidad.gov.co")
    granted = decision(a_claim(user, Operation.RESET_PASSWORD, AccountType.EMPLOYEE, account="Ana@entidad.gov.co"))
    assert isinstance(granted, Granted)
    assert (granted.row, granted.role) == (OWN_ACCOUNT_ROW, "usuario")
    for account in ("ana", "otra@entidad.gov.co", "", None):
        assert code(a_claim(user, Operation.RESET_PASSWORD, account=account)) == RefusalCode.UNKNOWN_REQUESTER
    assert code(a_claim(user, Operation.DELETE, account=user)) == RefusalCode.UNKNOWN_REQUESTER


def a_delegation(
    head: MatrixRow | None = None,
    *,
    operations: frozenset[Operation] | Everything = frozenset(),
    account_types: frozenset[AccountType] | Everything = frozenset(),
    valid_from: date | None = None,
) -> tuple[MatrixRow, MatrixRow]:
    """A head and a delegate for every unit of the head, with changes to the delegate's row."""
    delegate = a_row(
        3, DELEGATE, Role.DELEGATE, delegate_of=HEAD, units=ALL, name="Eva Gil", operations=operations,
        account_types=account_types, valid_from=valid_from,
    )  # fmt: skip
    return head or a_row(), delegate


def test_a_delegate_acts_for_the_delegator() -> None:
    """The decision names the row of the delegate and who delegated."""
    granted = decision(a_claim(DELEGATE), *a_delegation())
    assert isinstance(granted, Granted)
    assert (granted.row, granted.role, granted.delegated_by) == (3, "delegado", HEAD)
    assert "por delegación de jefe@entidad.gov.co (fila 2)" in granted.reason


def test_a_delegate_never_may_more_than_the_delegator() -> None:
    """Neither units nor operations nor types beyond the delegator's own row, whatever the delegate's row says."""
    narrow = a_row(operations=frozenset({Operation.CREATE}), account_types=frozenset({AccountType.GENERIC}))
    rows = a_delegation(narrow, operations=ALL, account_types=ALL)
    assert code(a_claim(DELEGATE, account_type=AccountType.GENERIC), *rows) is None
    assert code(a_claim(DELEGATE, account_type=AccountType.GENERIC, unit=TH), *rows) == RefusalCode.UNIT
    assert code(a_claim(DELEGATE), *rows) == RefusalCode.ACCOUNT_TYPE
    assert code(a_claim(DELEGATE, Operation.DELETE), *rows) == RefusalCode.OPERATION


def test_a_delegation_ends_with_either_row() -> None:
    """Both must be in force on the day."""
    ended = a_row(valid_until=date(2026, 1, 31))
    assert code(a_claim(DELEGATE), *a_delegation(ended)) == RefusalCode.NOT_IN_FORCE
    assert code(a_claim(DELEGATE), *a_delegation(valid_from=date(2026, 2, 2))) == RefusalCode.NOT_IN_FORCE
    assert code(a_claim(DELEGATE), a_delegation()[1]) == RefusalCode.NOT_IN_FORCE


def test_a_delegate_of_a_delegate_is_nobodys() -> None:
    """However the rows are written."""
    second = a_row(4, BOSS, Role.DELEGATE, delegate_of=DELEGATE, units=ALL, operations=ALL, name="Marta Ruiz")
    assert code(a_claim(BOSS), *a_delegation(), second) == RefusalCode.NOT_IN_FORCE


def test_only_heads_delegate_unless_the_row_says_which_operations() -> None:
    """ "Jefe de área o su delegado" (activity 1.a); the matrix may say otherwise."""
    boss = a_row(role=Role.COORDINATOR)
    assert code(a_claim(DELEGATE), *a_delegation(boss)) == RefusalCode.NOT_IN_FORCE
    assert code(a_claim(DELEGATE), *a_delegation(boss, operations=frozenset({Operation.CREATE}))) is None


def test_an_explanation_goes_row_by_row() -> None:
    """For administrators: each of the requester's rows, with what stops it."""
    rows = (
        a_row(2, valid_until=date(2026, 1, 1)),
        a_row(3, operations=frozenset({Operation.DELETE})),
        a_row(4, account_types=frozenset({AccountType.GENERIC})),
        a_row(5, units=frozenset({TH})),
        a_row(6),
        *a_delegation()[1:],
    )
    steps = explain(Matrix(rows, "v1"), a_claim()).steps
    assert steps == (
        "Fila 2 (jefe de área): no concede, porque el 01/02/2026 no está vigente (hasta 01/01/2026).",
        "Fila 3 (jefe de área): no concede, porque no incluye la operación «Creación de cuenta».",
        "Fila 4 (jefe de área): no concede, porque no incluye esa operación para cuentas «Contratista».",
        f"Fila 5 (jefe de área): no concede, porque no incluye la dependencia «{OGI}».",
        "Fila 6 (jefe de área): concede.",
        "Autorizada por la fila 6.",
    )
