"""The questions of the form "Gestión de Usuarios": title, kind and options of each field (activity 1 of the procedure).

The titles are what `gestion init` writes into a new form and the headers that a CSV exported from it carries. A form that
exists already keeps its own titles: then the settings bind each field to a questionId, or to a header of the CSV.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from config.vocabulary import ACCOUNT_TYPE_LABELS, DOCUMENT_TYPE_LABELS, OPERATION_LABELS
from intake.forms.port import Field


class QuestionKind(StrEnum):
    """How a question is answered; the value is its Spanish name, as the editor of Google Forms calls it."""

    TEXT = "respuesta corta o párrafo"
    CHOICE = "varias opciones o desplegable"
    CHECKBOX = "casillas"
    DATE = "fecha con año"
    FILE = "subir archivos"
    OTHER = "otro tipo de pregunta"


@dataclass(frozen=True, slots=True)
class Question:
    """One question as a new form has it. No options for a choice: they are the institution's own (its units)."""

    title: str
    kind: QuestionKind = QuestionKind.TEXT
    options: tuple[str, ...] = ()
    required: bool = False
    paragraph: bool = False
    """For TEXT: room for several lines."""


@dataclass(frozen=True, slots=True)
class BoundQuestion:
    """A field's question on one form, as it was when somebody bound it. The questionId (8 hex digits) is its identity."""

    question_id: str
    title: str
    kind: QuestionKind | None = None
    """None: the kind that QUESTIONS names for the field."""


_DOCUMENT_TYPES = tuple(DOCUMENT_TYPE_LABELS.values())

QUESTIONS: Mapping[Field, Question] = {
    Field.REQUEST_TYPE: Question(
        "Tipo de solicitud", QuestionKind.CHOICE, options=tuple(OPERATION_LABELS.values()), required=True
    ),
    Field.ACCOUNT_TYPE: Question(
        "Tipo de cuenta", QuestionKind.CHOICE, options=tuple(ACCOUNT_TYPE_LABELS.values()), required=True
    ),
    Field.GIVEN_NAMES: Question("Nombres"),
    Field.SURNAMES: Question("Apellidos"),
    Field.DOCUMENT_TYPE: Question("Tipo de documento", QuestionKind.CHOICE, options=_DOCUMENT_TYPES),
    Field.DOCUMENT_NUMBER: Question("Número de documento"),
    Field.PERSONAL_EMAIL: Question("Correo electrónico personal"),
    Field.MOBILE: Question("Teléfono celular"),
    Field.UNIT: Question("Dependencia o GIT", QuestionKind.CHOICE),
    Field.POSITION: Question("Cargo"),
    Field.CONTRACT_NUMBER: Question("Número de contrato"),
    Field.CONTRACT_START: Question("Fecha de inicio del contrato", QuestionKind.DATE),
    Field.CONTRACT_END: Question("Fecha de terminación del contrato", QuestionKind.DATE),
    Field.SUPERVISOR_EMAIL: Question("Correo institucional del supervisor o jefe inmediato"),
    Field.ACCOUNT: Question("Cuenta institucional"),
    Field.REASON: Question("Motivo", paragraph=True),
    Field.FROM_DATE: Question("Desde", QuestionKind.DATE),
    Field.UNTIL_DATE: Question("Hasta", QuestionKind.DATE),
    Field.ON_PREMISES: Question("¿El usuario se encuentra en las instalaciones?", QuestionKind.CHOICE, options=("Sí", "No")),
    Field.COMPUTER: Question("Nombre del equipo asignado"),
    Field.GENERIC_NAME: Question("Nombre de la cuenta genérica"),
    Field.OWNER_EMAIL: Question("Correo del responsable de la cuenta"),
    Field.ASSIGNEE_GIVEN_NAMES: Question("Nombres del cesionario"),
    Field.ASSIGNEE_SURNAMES: Question("Apellidos del cesionario"),
    Field.ASSIGNEE_DOCUMENT_TYPE: Question("Tipo de documento del cesionario", QuestionKind.CHOICE, options=_DOCUMENT_TYPES),
    Field.ASSIGNEE_DOCUMENT_NUMBER: Question("Número de documento del cesionario"),
    Field.ASSIGNEE_PERSONAL_EMAIL: Question("Correo electrónico personal del cesionario"),
    Field.ASSIGNEE_MOBILE: Question("Teléfono celular del cesionario"),
    Field.CASE_NUMBER: Question("Número de caso (si responde a una corrección)"),
    Field.NOTES: Question("Observaciones", paragraph=True),
}

DEFAULT_HEADERS: Mapping[Field, str] = {field: question.title for field, question in QUESTIONS.items()}
"""The CSV header of each field, as a form made by `gestion init` exports it."""
