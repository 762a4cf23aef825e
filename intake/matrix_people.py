"""Whom the matrix knows besides requesters: who may approve as a second person, and who heads a unit. Pure."""

from datetime import date

from config.vocabulary import EmailAddress
from intake.matrix_rows import All, Matrix, MatrixRow, Role


def approver(matrix: Matrix, address: EmailAddress, on: date) -> MatrixRow | None:
    """The first row that makes this whole verified address an approver on that day; None: it is not one."""
    rows = [row for row in matrix.rows_of(address) if row.approver and row.in_force(on)]
    return min(rows, key=lambda row: row.row, default=None)


def heads_of(matrix: Matrix, unit: str, on: date) -> tuple[EmailAddress, ...]:
    """Who is told of a unit's loose ends: the heads whose rows name it, else its coordinators; in the matrix's order.

    A row for every unit ("todas") makes nobody the head of this one.
    """
    for role in (Role.HEAD, Role.COORDINATOR):
        rows = [row for row in matrix.rows if row.role is role and row.in_force(on) and _names(row, unit)]
        people: dict[str, EmailAddress] = {}
        for row in sorted(rows, key=lambda row: row.row):
            people.setdefault(row.requester.lower(), row.requester)
        if people:
            return tuple(people.values())
    return ()


def _names(row: MatrixRow, unit: str) -> bool:
    return not isinstance(row.units, All) and unit in row.units
