"""Responses with nothing wrong in them, by the name that a scenario gives them."""

from collections.abc import Mapping

from intake.forms.port import Field
from tests.world import CONTRACTOR, EMPLOYEE, GENERIC

OPERATOR: Mapping[Field, str] = {
    **CONTRACTOR,
    Field.ACCOUNT_TYPE: "Operador",
    Field.GIVEN_NAMES: "Ana",
    Field.SURNAMES: "Güiza de la Hoz",
    Field.DOCUMENT_NUMBER: "1098765432",
    Field.PERSONAL_EMAIL: "ana.guiza@correo.example",
}
_AT_OTI = {Field.UNIT: "Oficina de Tecnologías de la Información"}
_UNDER_OTI = {**_AT_OTI, Field.SUPERVISOR_EMAIL: "jefe.oti@unidadvictimas.gov.co"}

FORMS: Mapping[str, Mapping[str, Mapping[Field, str]]] = {
    "upme": {"contratista": CONTRACTOR, "funcionario": EMPLOYEE, "genérica": GENERIC, "operador": OPERATOR},
    "unidad-victimas": {
        "contratista": {**CONTRACTOR, **_UNDER_OTI},
        "funcionario": {**EMPLOYEE, **_AT_OTI},
        "operador": {**OPERATOR, **_UNDER_OTI},
    },
}
"""Creations that nothing is missing in, by institution and name."""
