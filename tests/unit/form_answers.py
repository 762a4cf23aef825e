"""Answers of the form that have nothing wrong with them, one set for each operation, and what comes of changing them."""

from collections.abc import Mapping
from datetime import date

from intake.forms.port import Answers, Field
from intake.submission import understand
from provision.procedure.submission import CreateGenericAccount, CreatePersonalAccount, Defective, OnAccount, Submission
from tests.institution import an_institution

TODAY = date(2026, 2, 1)
POLICY = an_institution()
UNIT = "Oficina de Gestión de la Información"
ENERGY = "Subdirección de Energía Eléctrica"

CONTRACTOR = {
    "request_type": "Creación de cuenta de usuario",
    "account_type": "Contratista",
    "given_names": "MARÍA DEL PILAR",
    "surnames": "o'brien  muñoz",
    "document_type": "Cédula de ciudadanía",
    "document_number": "01.020.345",
    "personal_email": "mpilar@Gmail.com",
    "mobile": "300 123 4567",
    "unit": "OGI",
    "position": "Profesional, grado 17",
    "contract_number": "CPS-045-2026",
    "contract_start": "2026-01-15",
    "contract_end": "31/12/2026",
    "supervisor_email": "jefe@ENTIDAD.gov.co",
}
GENERIC = {
    "request_type": "Creación",
    "account_type": "Institucional o genérica",
    "generic_name": "Atención al Ciudadano",
    "owner_email": "responsable@entidad.gov.co",
    "personal_email": "responsable@entidad.gov.co",
    "unit": "OGI",
}
RESET = {"request_type": "Cambio de clave", "account": "mpilar@entidad.gov.co", "on_premises": "Sí"}
_CONTRACTED = {"account_type": "Contratista", "account": "mpilar", "document_type": "CC", "document_number": "1.020.345"}
MODIFY = {**_CONTRACTED, "request_type": "Modificación", "unit": ENERGY, "position": "Asesor"}
DEACTIVATE = {
    "request_type": "Inactivación",
    "account_type": "Funcionario",
    "account": "mpilar",
    "reason": "Vacaciones",
    "from_date": "2026-03-01",
    "until_date": "15/03/2026",
}
SUSPEND = {
    **_CONTRACTED,
    "request_type": "Suspensión de contrato",
    "contract_number": "CPS-045-2026",
    "from_date": "2026-03-01",
    "until_date": "15/03/2026",
}
TERMINATE = {
    **_CONTRACTED,
    "request_type": "Terminación anticipada",
    "contract_number": "CPS-045-2026",
    "from_date": "2026-03-01",
    "reason": "De común acuerdo",
}
ACTIVATE = {**_CONTRACTED, "request_type": "Activación"}
NEW_CONTRACT = {"contract_number": "CPS-9-2026", "contract_start": "2026-02-10", "contract_end": "2026-06-30"}
ASSIGN = {
    **_CONTRACTED,
    "request_type": "Cesión de contrato",
    "unit": "OGI",
    "contract_number": "CPS-045-2026",
    "contract_end": "2026-12-31",
    "from_date": "2026-03-01",
    "supervisor_email": "jefe@entidad.gov.co",
    "assignee_given_names": "JUAN",
    "assignee_surnames": "DE LA CRUZ ÑÁÑEZ",
    "assignee_document_type": "CC",
    "assignee_document_number": "79.555.444",
    "assignee_personal_email": "juan@example.org",
}
DELETE = {**_CONTRACTED, "request_type": "Eliminación", "reason": "Retiro de la entidad"}

ON_ACCOUNTS = {
    "reset": RESET,
    "modify": MODIFY,
    "deactivate": DEACTIVATE,
    "suspend": SUSPEND,
    "terminate": TERMINATE,
    "activate": ACTIVATE,
    "assign": ASSIGN,
    "delete": DELETE,
}
"""Every operation on an account that exists already."""


def answers(base: Mapping[str, str | None], **changes: str | None) -> Answers:
    """A response's answers; a change to None leaves the question unanswered."""
    return {Field(name): (text,) for name, text in {**base, **changes}.items() if text is not None}


def understood(base: Mapping[str, str | None], **changes: str | None) -> Submission:
    """What the response with changes asks for; it must have nothing wrong with it."""
    result = understand(answers(base, **changes), POLICY, TODAY)
    assert not isinstance(result, Defective), result
    return result


def on_account(base: Mapping[str, str | None], **changes: str | None) -> OnAccount:
    """What the response with changes asks of an account that exists already."""
    result = understood(base, **changes)
    assert not isinstance(result, CreatePersonalAccount | CreateGenericAccount)
    return result


def defective(base: Mapping[str, str | None], **changes: str | None) -> Defective:
    """The response with changes, which must be defective."""
    result = understand(answers(base, **changes), POLICY, TODAY)
    assert isinstance(result, Defective), result
    return result


def problems(base: Mapping[str, str | None], **changes: str | None) -> dict[str, str]:
    """Message by question of a response with changes."""
    return {problem.question: problem.message for problem in defective(base, **changes).problems}
