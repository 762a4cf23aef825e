"""What must hold for every matrix and every claim."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import event, given, settings
from hypothesis import strategies as st

from config.vocabulary import AccountType, EmailAddress, Operation
from intake.matrix import ALL, OWN_ACCOUNT_ROW, Claim, Matrix, MatrixRow, RefusalCode, Role, decide, explain
from intake.matrix_rows import All
from provision.procedure.submission import Granted, Refused

UNITS = ("A", "B", "C")
PEOPLE = tuple(EmailAddress(f"{name}@entidad.gov.co") for name in ("ana", "luis", "eva", "marta"))
NAMES = dict(zip(PEOPLE, ("Ana", "Luis", "Eva", "Marta"), strict=True))
DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 8))

units = st.just(ALL) | st.frozensets(st.sampled_from(UNITS), max_size=2)
operations = st.just(ALL) | st.frozensets(st.sampled_from(list(Operation)), max_size=3)
account_types = st.just(ALL) | st.frozensets(st.sampled_from(list(AccountType)), max_size=2)


@st.composite
def rows(draw: st.DrawFn) -> MatrixRow:
    """Any row: also such as no valid matrix holds, because the decision must be right by itself."""
    requester, role = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(list(Role)))
    return MatrixRow(
        row=draw(st.integers(2, 20)), requester=requester, name=NAMES[requester], role=role, units=draw(units),
        operations=draw(operations), account_types=draw(account_types),
        delegate_of=draw(st.sampled_from(PEOPLE)) if role is Role.DELEGATE else None,
        valid_from=draw(st.none() | DAYS), valid_until=draw(st.none() | DAYS), needs_approval=draw(st.booleans()),
    )  # fmt: skip


claims = st.builds(
    Claim,
    requester=st.none() | st.sampled_from(PEOPLE),
    operation=st.none() | st.sampled_from(list(Operation)),
    account_type=st.none() | st.sampled_from(list(AccountType)),
    unit=st.none() | st.sampled_from(UNITS),
    personal_email=st.none() | st.sampled_from(PEOPLE),
    user_name=st.none() | st.sampled_from(["Ana", "Otro"]),
    on=DAYS,
    account=st.none() | st.sampled_from(PEOPLE),
)


@st.composite
def matrices_and_claims(draw: st.DrawFn) -> tuple[Matrix, Claim]:
    """A matrix, and a claim that is near one of its rows: most of the random ones would be refused at the first look."""
    head = MatrixRow(1, PEOPLE[0], "Ana", Role.HEAD, draw(units), draw(operations), draw(account_types), valid_until=draw(DAYS))
    head = replace(head, needs_approval=draw(st.booleans()))
    delegate = MatrixRow(1, PEOPLE[1], "Luis", Role.DELEGATE, draw(units), draw(operations), delegate_of=PEOPLE[0])
    matrix = Matrix((head, delegate, *draw(st.lists(rows(), max_size=4))), "v")
    row = draw(st.sampled_from(matrix.rows))
    pairs = sorted(row.pairs()) or [(Operation.CREATE, AccountType.CONTRACTOR)]
    operation, kind = draw(st.sampled_from(pairs))
    near = replace(draw(claims), requester=row.requester, operation=operation, account_type=kind)
    return matrix, near


def by_row(matrix: Matrix, claim: Claim) -> tuple[Granted, list[MatrixRow]] | None:
    """A grant that rests on a row, and the requester's rows with that number."""
    decision = decide(matrix, claim)
    if not isinstance(decision, Granted) or decision.row == OWN_ACCOUNT_ROW:
        return None
    assert claim.requester is not None
    return decision, [row for row in matrix.rows_of(claim.requester) if row.row == decision.row]


@settings(max_examples=120, deadline=None)
@given(matrices_and_claims())
def test_a_grant_lies_within_its_row(drawn: tuple[Matrix, Claim]) -> None:
    """Its dates, its units, and its operations and types."""
    matrix, claim = drawn
    found = by_row(matrix, claim)
    event("granted" if found else "refused")
    assert found is None or any(
        row.in_force(claim.on)
        and (isinstance(row.units, All) or claim.unit is None or claim.unit in row.units)
        and any(claim.operation in (None, op) and claim.account_type in (None, kind) for op, kind in row.pairs())
        for row in found[1]
    )


@settings(max_examples=120, deadline=None)
@given(matrices_and_claims(), st.lists(rows(), min_size=1, max_size=3))
def test_adding_rows_never_takes_a_grant_away(drawn: tuple[Matrix, Claim], more: list[MatrixRow]) -> None:
    """Rows are a union."""
    matrix, claim = drawn
    if isinstance(decide(matrix, claim), Granted):
        # A person's rows all carry one name; whether the account would be his own does not depend on how many there are.
        assert isinstance(decide(Matrix((*matrix.rows, *more), "v"), claim), Granted)
        assert isinstance(decide(Matrix((*more, *matrix.rows), "v"), claim), Granted)


@settings(max_examples=120, deadline=None)
@given(matrices_and_claims())
def test_a_delegate_never_may_what_the_delegator_may_not(drawn: tuple[Matrix, Claim]) -> None:
    """The delegator, asking the same on the same day by rows of his own, is granted it."""
    matrix, claim = drawn
    found = by_row(matrix, claim)
    delegator = found[0].delegated_by if found else None
    event("delegated" if delegator else "not delegated")
    if delegator is not None:
        own = Matrix(tuple(row for row in matrix.rows if row.role is not Role.DELEGATE), "v")
        decision = decide(own, replace(claim, requester=delegator))
        assert isinstance(decision, Granted) or decision.code == RefusalCode.FOR_HIMSELF


@settings(max_examples=120, deadline=None)
@given(matrices_and_claims())
def test_an_explanation_agrees_with_the_decision(drawn: tuple[Matrix, Claim]) -> None:
    """The same decision; a row that grants is said to, and with a refusal none is, but when the account would be his own."""
    matrix, claim = drawn
    explanation = explain(matrix, claim)
    assert explanation.decision == decide(matrix, claim)
    says_yes = any(": concede" in step for step in explanation.steps)
    match explanation.decision:
        case Granted(row=row):
            assert says_yes == (row != OWN_ACCOUNT_ROW)
            assert any(step.startswith(f"Fila {row} ") and ": concede" in step for step in explanation.steps) == says_yes
        case Refused(code=code):
            assert says_yes == (code == RefusalCode.FOR_HIMSELF)


@settings(max_examples=120, deadline=None)
@given(matrices_and_claims())
def test_a_second_person_is_needed_exactly_where_no_row_grants_it_freely(drawn: tuple[Matrix, Claim]) -> None:
    """The decision without the rows that need one tells the same."""
    matrix, claim = drawn
    if isinstance(decision := decide(matrix, claim), Granted):
        freely = decide(Matrix(tuple(row for row in matrix.rows if not row.needs_approval), "v"), claim)
        event(f"second person: {decision.second_person}")
        assert decision.second_person == isinstance(freely, Refused)


@settings(max_examples=120, deadline=None)
@given(matrices_and_claims())
def test_the_order_of_the_rows_does_not_matter(drawn: tuple[Matrix, Claim]) -> None:
    """The decision is the same, and the row it names has the same number."""
    matrix, claim = drawn
    turned = decide(Matrix(matrix.rows[::-1], "v"), claim)
    decision = decide(matrix, claim)
    assert type(turned) is type(decision)
    if isinstance(decision, Granted) and isinstance(turned, Granted):
        assert turned.row == decision.row
    if isinstance(decision, Refused) and isinstance(turned, Refused):
        assert turned.code == decision.code


@settings(max_examples=120, deadline=None)
@given(matrices_and_claims())
def test_knowing_less_never_refuses_more(drawn: tuple[Matrix, Claim]) -> None:
    """What is granted in full is granted while parts of it are not known yet."""
    matrix, claim = drawn
    if by_row(matrix, claim) is not None:
        less = (
            replace(claim, operation=None),
            replace(claim, account_type=None),
            replace(claim, unit=None),
            replace(claim, personal_email=None, user_name=None),
        )
        assert all(isinstance(decide(matrix, each), Granted) for each in less)


@given(DAYS, st.integers(0, 3))
def test_validity_is_inclusive_on_both_sides(first: date, length: int) -> None:
    """The day before and the day after are outside."""
    last = first + timedelta(days=length)
    row = MatrixRow(2, PEOPLE[0], "Ana", Role.HEAD, ALL, valid_from=first, valid_until=last)
    assert row.in_force(first)
    assert row.in_force(last)
    assert not row.in_force(first - timedelta(days=1))
    assert not row.in_force(last + timedelta(days=1))
