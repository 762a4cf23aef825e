"""The authorizer matrix ("matriz de autorizadores"): all that the rest of the program needs of it, in one place."""

from intake.account_decision import KnownAccount, Relation, decide_on_account, decide_without_account
from intake.matrix_decision import OWN_ACCOUNT_ROW, RefusalCode, decide, explain
from intake.matrix_people import approver, heads_of
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
    "KnownAccount",
    "Matrix",
    "MatrixRow",
    "MatrixSource",
    "RefusalCode",
    "Relation",
    "Role",
    "approver",
    "decide",
    "decide_on_account",
    "decide_without_account",
    "explain",
    "heads_of",
    "load_matrix",
    "read_matrix",
]
