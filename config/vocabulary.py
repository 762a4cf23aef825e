"""The words of both procedures, as types (activity 1 of the UPME procedure names the operations and account types)."""

from enum import StrEnum
from typing import NewType

CaseNumber = NewType("CaseNumber", str)
"""`GU-2026-000123`: one form response and all that follows from it. Safe in LDAP filters, TicketSQL and file names."""

EmailAddress = NewType("EmailAddress", str)
"""A whole address as it was verified or typed, stripped; compare with `same_address`."""


class Operation(StrEnum):
    """What a request asks to have done to an account."""

    CREATE = "CREATE"
    RESET_PASSWORD = "RESET_PASSWORD"
    MODIFY = "MODIFY"
    ACTIVATE = "ACTIVATE"
    DEACTIVATE = "DEACTIVATE"
    DELETE = "DELETE"
    ASSIGN_CONTRACT = "ASSIGN_CONTRACT"
    SUSPEND_CONTRACT = "SUSPEND_CONTRACT"
    TERMINATE_CONTRACT = "TERMINATE_CONTRACT"


class AccountType(StrEnum):
    """For whom the account is; the rules of who may ask differ by it."""

    EMPLOYEE = "EMPLOYEE"
    CONTRACTOR = "CONTRACTOR"
    GENERIC = "GENERIC"
    OPERATOR = "OPERATOR"


class HoldReason(StrEnum):
    """Why an account is inactive: each reason is a hold of its own, and the account works when none is in force."""

    VACATION = "VACATION"
    LEAVE = "LEAVE"
    SUSPENSION = "SUSPENSION"
    RETIREMENT = "RETIREMENT"
    CONTRACT_ENDED = "CONTRACT_ENDED"
    TERMINATION = "TERMINATION"
    ASSIGNED = "ASSIGNED"
    DELETION = "DELETION"
    UNDELIVERED = "UNDELIVERED"

    @property
    def temporary(self) -> bool:
        """What "activación" ends: absences and suspensions, from which a person comes back."""
        return self in {HoldReason.VACATION, HoldReason.LEAVE, HoldReason.SUSPENSION}


HOLD_LABELS: dict[HoldReason, str] = {
    HoldReason.VACATION: "Vacaciones",
    HoldReason.LEAVE: "Licencia",
    HoldReason.SUSPENSION: "Suspensión del contrato",
    HoldReason.RETIREMENT: "Retiro",
    HoldReason.CONTRACT_ENDED: "Terminación del contrato",
    HoldReason.TERMINATION: "Terminación anticipada del contrato",
    HoldReason.ASSIGNED: "Cesión del contrato",
    HoldReason.DELETION: "Eliminación de la cuenta",
    HoldReason.UNDELIVERED: "Datos de acceso sin entregar",
}


class DocumentType(StrEnum):
    """Identity documents accepted in Colombia."""

    CC = "CC"
    CE = "CE"
    TI = "TI"
    PA = "PA"
    PPT = "PPT"


OPERATION_LABELS: dict[Operation, str] = {
    Operation.CREATE: "Creación de cuenta",
    Operation.RESET_PASSWORD: "Cambio de clave",
    Operation.MODIFY: "Modificación",
    Operation.ACTIVATE: "Activación",
    Operation.DEACTIVATE: "Inactivación",
    Operation.DELETE: "Eliminación",
    Operation.ASSIGN_CONTRACT: "Cesión de contrato",
    Operation.SUSPEND_CONTRACT: "Suspensión de contrato",
    Operation.TERMINATE_CONTRACT: "Terminación anticipada",
}

ACCOUNT_TYPE_LABELS: dict[AccountType, str] = {
    AccountType.EMPLOYEE: "Funcionario",
    AccountType.CONTRACTOR: "Contratista",
    AccountType.GENERIC: "Institucional o genérica",
    AccountType.OPERATOR: "Operador",
}

DOCUMENT_TYPE_LABELS: dict[DocumentType, str] = {
    DocumentType.CC: "Cédula de ciudadanía",
    DocumentType.CE: "Cédula de extranjería",
    DocumentType.TI: "Tarjeta de identidad",
    DocumentType.PA: "Pasaporte",
    DocumentType.PPT: "Permiso por protección temporal",
}


def same_address(one: str, other: str) -> bool:
    """Whether two addresses are the same requester: case-insensitive, nothing else normalised (user+x@ is another)."""
    one, other = one.strip(), other.strip()
    # Lower case makes an ASCII letter of some that are none: the Kelvin sign becomes a k, and somebody else an authorizer.
    return one.lower() == other.lower() if one.isascii() and other.isascii() else one == other
