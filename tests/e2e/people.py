"""Who asks for accounts, and what they answer in the form, as of today."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from intake.forms.port import Field

HEAD, TALENTO_HUMANO, STRANGER = "jefe.ogi@upme.gov.co", "talento.humano@upme.gov.co", "curioso@upme.gov.co"
ATTENDED = "Atendida, en seguimiento"
"""How the board says that an account was made and reported; "Terminada" comes when its access data is used."""
BOGOTA = ZoneInfo("America/Bogota")


def contractor(**changes: str) -> dict[Field, str]:
    """A response of today that has nothing wrong with it, from the head of the unit."""
    today = datetime.now(BOGOTA).date()
    answers = {
        Field.REQUEST_TYPE: "Creación de cuenta",
        Field.ACCOUNT_TYPE: "Contratista",
        Field.GIVEN_NAMES: "José Ángel",
        Field.SURNAMES: "Muñoz Peña",
        Field.DOCUMENT_TYPE: "Cédula de ciudadanía",
        Field.DOCUMENT_NUMBER: "0012345678",
        Field.PERSONAL_EMAIL: "jose.munoz@correo.example",
        Field.MOBILE: "3001234567",
        Field.UNIT: "Oficina de Gestión de la Información",
        Field.POSITION: "Ingeniero de sistemas",
        Field.CONTRACT_NUMBER: "CPS-123-2026",
        Field.CONTRACT_START: (today - timedelta(days=1)).isoformat(),
        Field.CONTRACT_END: (today + timedelta(days=40)).isoformat(),
        Field.SUPERVISOR_EMAIL: HEAD,
    }
    return {**answers, **{Field(name): text for name, text in changes.items()}}


EMPLOYEE: Mapping[Field, str] = {
    Field.REQUEST_TYPE: "Creación de cuenta",
    Field.ACCOUNT_TYPE: "Funcionario",
    Field.GIVEN_NAMES: "Sofía",
    Field.SURNAMES: "O'Brien Ñáñez",
    Field.DOCUMENT_TYPE: "Cédula de ciudadanía",
    Field.DOCUMENT_NUMBER: "52333444",
    Field.PERSONAL_EMAIL: "sofia.obrien@correo.example",
    Field.UNIT: "Subdirección de Minería",
    Field.POSITION: "Profesional especializado",
}

GENERIC: Mapping[Field, str] = {
    Field.REQUEST_TYPE: "Creación de cuenta",
    Field.ACCOUNT_TYPE: "Institucional o genérica",
    Field.GENERIC_NAME: "Convocatorias OGI",
    Field.OWNER_EMAIL: HEAD,
    Field.PERSONAL_EMAIL: "carlos.pena@correo.example",
    Field.UNIT: "Oficina de Gestión de la Información",
}
