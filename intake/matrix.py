"""The authorizer matrix ("matriz de autorizadores"): all that the rest of the program needs of it, in one place."""

from intake.matrix_decision import OWN_ACCOUNT_ROW, RefusalCode, decide, explain
from intake.matrix_rows import ALL, Claim, Explanation, InvalidMatrix, Matrix, MatrixRow, Role
from intake.matrix_source import MatrixSource, load_matrix
from intake.matrix_table import COLUMNS, read_matrix

__all__ = [
    "ALL",
    "COLUMNS",
    "OWN_ACCOUNT_ROW",
    "Claim",
    "Explanation",
    "InvalidMatrix",
    "Matrix",
    "MatrixRow",
    "MatrixSource",
    "RefusalCode",
    "Role",
    "decide",
    "explain",
    "load_matrix",
    "read_matrix",
]
