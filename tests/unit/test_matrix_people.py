"""Approvers and heads: whom the matrix knows besides requesters, and the column that says who needs a second person."""

from datetime import date

import pytest

from config.vocabulary import AccountType, EmailAddress, Operation
from intake.matrix import (
    ALL,
    COLUMNS,
    Claim,
    InvalidMatrix,
    Matrix,
    MatrixRow,
    Role,
    approver,
    decide,
    explain,
    heads_of,
    read_matrix,
)
from intake.matrix_rows import Everything
from provision.procedure.submission import Granted
from tests.institution import an_institution

POLICY = an_institution()
OGI, TH, ENERGY = (unit.name for unit in POLICY.units)
TODAY = date(2026, 2, 1)
BEFORE, AFTER = date(2026, 1, 31), date(2026, 2, 2)


def person(
    row: int,
    name: str,
    role: Role = Role.HEAD,
    units: frozenset[str] | Everything = frozenset({OGI}),
    *,
    approves: bool = False,
    needs_approval: bool = False,
    delegate_of: str | None = None,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> MatrixRow:
    """A row of somebody of the institution."""
    return MatrixRow(
        row, EmailAddress(f"{name}@entidad.gov.co"), name, role, units, valid_from=valid_from, valid_until=valid_until,
        delegate_of=EmailAddress(f"{delegate_of}@entidad.gov.co") if delegate_of else None, approver=approves,
        needs_approval=needs_approval,
    )  # fmt: skip


def table(*approving: str) -> Matrix | InvalidMatrix:
    """A matrix of rows that differ in their column «aprobador»."""
    rows = [[f"p{place}@entidad.gov.co", f"Persona {'abc'[place]}", "jefe de área", "OGI", *[""] * 5, text]
            for place, text in enumerate(approving)]  # fmt: skip
    return read_matrix([list(COLUMNS), *rows], POLICY)


@pytest.mark.parametrize(
    ("text", "approves", "needs"),
    [
        ("", False, False), ("sí", True, False), ("NO", False, False), ("x", True, False), ("verdadero", True, False),
        ("requiere aprobación", False, True), ("Requiere  APROBACION.", False, True), ("sí, requiere aprobación", True, True),
        ("sí; requiere aprobación", True, True), ("Requiere aprobación, sí", True, True),
        ("sí y requiere aprobación", True, True), ("no, requiere aprobación", False, True),
    ],
)  # fmt: skip
def test_who_approves_and_what_needs_approval(text: str, approves: bool, needs: bool) -> None:
    """One column for both, apart or together."""
    matrix = table(text)
    assert isinstance(matrix, Matrix)
    assert (matrix.rows[0].approver, matrix.rows[0].needs_approval) == (approves, needs)


@pytest.mark.parametrize(
    "text",
    ["no requiere aprobación", "sí requiere aprobación", "sí, no", "requiere", "aprobación", "sí, requiere aprobación, no",
     "requiere aprobación, requiere aprobación", "quizá, requiere aprobación"],
)  # fmt: skip
def test_what_could_mean_two_things_is_a_problem(text: str) -> None:
    """With its row and its column, and what can be written."""
    matrix = table("sí", text)
    assert isinstance(matrix, InvalidMatrix)
    [problem] = matrix.problems
    assert problem.startswith("Fila 3, columna «aprobador»: ")
    assert "«requiere aprobación» o «sí, requiere aprobación»" in problem


def test_the_version_follows_what_needs_approval() -> None:
    """And stays what it was where nobody says it."""
    versions = [matrix.version for matrix in map(table, ["", "no", "sí", "requiere aprobación", "sí, requiere aprobación"])
                if isinstance(matrix, Matrix)]  # fmt: skip
    assert versions[0] == versions[1]
    assert len(set(versions)) == 4


def granted(matrix: Matrix, requester: str) -> Granted:
    """The creation of a contractor's account of the OGI, which must be granted; explained the same way."""
    claim = Claim(
        EmailAddress(f"{requester}@entidad.gov.co"), Operation.CREATE, AccountType.CONTRACTOR, OGI, None, "Ana", TODAY
    )
    decision = decide(matrix, claim)
    assert isinstance(decision, Granted), decision
    explanation = explain(matrix, claim)
    assert explanation.decision == decision
    assert any("con la aprobación de otra persona" in step for step in explanation.steps) or not decision.second_person
    return decision


def test_what_a_row_grants_may_need_a_second_person() -> None:
    """The decision says so, and its reason."""
    decision = granted(Matrix((person(2, "luis", needs_approval=True),), "v1"), "luis")
    assert decision.second_person
    assert decision.reason.endswith("Requiere la aprobación de otra persona.")
    assert not granted(Matrix((person(2, "luis"),), "v1"), "luis").second_person


def test_a_row_that_needs_nobody_goes_before_one_that_does() -> None:
    """Rows are a union: what one grants freely another one does not take back."""
    rows = (person(2, "luis", needs_approval=True), person(5, "luis", Role.SUPERVISOR))
    assert granted(Matrix(rows, "v1"), "luis").row == 5


def test_a_delegate_needs_approval_where_the_delegator_does() -> None:
    """Never beyond the delegator's own right."""
    for head, delegate in ((True, False), (False, True), (True, True)):
        rows = (
            person(2, "luis", needs_approval=head),
            person(3, "eva", Role.DELEGATE, ALL, delegate_of="luis", needs_approval=delegate),
        )
        assert granted(Matrix(rows, "v1"), "eva").second_person


def test_an_approver_is_a_whole_address_on_a_day() -> None:
    """Any row in force that says so; the first one is named."""
    matrix = Matrix(
        (
            person(2, "luis"),
            person(9, "luis", Role.SERVICE_DESK, approves=True),
            person(7, "luis", Role.SUPERVISOR, approves=True, valid_until=TODAY),
            person(3, "eva", approves=True, valid_from=AFTER),
            person(4, "leo", approves=True, valid_until=BEFORE),
            person(5, "ana"),
        ),
        "v1",
    )
    found = approver(matrix, EmailAddress(" LUIS@entidad.gov.co"), TODAY)
    assert found is not None
    assert found.row == 7
    assert approver(matrix, EmailAddress("luis@entidad.gov.co"), AFTER) == matrix.rows[1]
    for other in (
        "eva@entidad.gov.co",
        "leo@entidad.gov.co",
        "ana@entidad.gov.co",
        "luis+x@entidad.gov.co",
        "luis",
        "",
        "ⅼuis@entidad.gov.co",
    ):
        assert approver(matrix, EmailAddress(other), TODAY) is None


def test_the_heads_of_a_unit() -> None:
    """Those whose rows name it, each once; coordinators only where it has no head; nobody for every unit."""
    both = frozenset({OGI, TH})
    matrix = Matrix(
        (
            person(8, "luis", units=both),
            person(2, "marta", units=ALL),
            person(3, "ana", Role.COORDINATOR, both),
            person(4, "eva", Role.COORDINATOR, frozenset({ENERGY})),
            person(5, "leo", units=frozenset({OGI}), valid_until=BEFORE),
            person(6, "rosa"),
            person(7, "Luis"),
            person(9, "sara", Role.SUPERVISOR, frozenset({"GIT Jurídica"})),
        ),
        "v1",
    )
    assert heads_of(matrix, OGI, TODAY) == ("rosa@entidad.gov.co", "Luis@entidad.gov.co")
    assert heads_of(matrix, OGI, BEFORE)[0] == "leo@entidad.gov.co"
    assert heads_of(matrix, TH, TODAY) == ("luis@entidad.gov.co",)
    assert heads_of(matrix, ENERGY, TODAY) == ("eva@entidad.gov.co",)
    assert heads_of(matrix, "GIT Jurídica", TODAY) == ()
    assert heads_of(matrix, "", TODAY) == ()
