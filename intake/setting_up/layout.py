"""The form "Gestión de Usuarios" as `gestion init` makes it: sections by operation, and which answer leads where. Pure.

The Forms API lets an answer lead to a section and lets it submit the form; where a section as a whole leads cannot be set
(discovery document forms.v1: only `Option` has goToAction and goToSectionId). So the sections stand in an order in which "the
next one" is right nearly everywhere, and the one place where it is not is said to the administrator (`LEFT_TO_A_CLICK`).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from config.institution import Institution
from config.vocabulary import ACCOUNT_TYPE_LABELS, OPERATION_LABELS, Operation
from intake.forms.port import Field
from intake.forms.questions import QUESTIONS, Question, QuestionKind

SUBMIT = "SUBMIT_FORM"
_LOWEST_ID, _HIGHEST_ID = 0x1000_0000, 0x7FFF_FFFF
"""Google's own ids are hexadecimal numbers of 31 bits; whether it keeps leading zeros is not documented."""
_SHORT_LIST = 10
"""More options than these make a drop-down of a list of buttons."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a question; `leads_to` is a section's item id or SUBMIT, empty for the next section."""

    text: str
    leads_to: str = ""


@dataclass(frozen=True, slots=True)
class LaidItem:
    """One item of the form: a question, or without a field the heading of a section."""

    item_id: str
    title: str
    description: str = ""
    field: Field | None = None
    question_id: str = ""
    kind: QuestionKind | None = None
    choices: tuple[Choice, ...] = ()
    drop_down: bool = False
    required: bool = False
    paragraph: bool = False

    @property
    def branches(self) -> bool:
        """Whether an answer leads elsewhere than to the next section."""
        return any(choice.leads_to for choice in self.choices)


@dataclass(frozen=True, slots=True)
class _Section:
    key: str
    title: str
    description: str
    fields: tuple[Field, ...]


_FIRST = _Section(
    "solicitud",
    "",
    "",
    (Field.REQUEST_TYPE, Field.ACCOUNT_TYPE, Field.UNIT, Field.ACCOUNT, Field.CASE_NUMBER, Field.NOTES),
)
_SECTIONS = (
    _Section("clave", "Cambio de clave", "La clave nunca se escribe en este formulario.", (Field.ON_PREMISES,)),
    _Section(
        "persona",
        "La persona o la cuenta",
        "Para una creación escriba todos los datos; para una modificación, solo los que cambian.",
        (
            Field.GIVEN_NAMES,
            Field.SURNAMES,
            Field.DOCUMENT_TYPE,
            Field.DOCUMENT_NUMBER,
            Field.PERSONAL_EMAIL,
            Field.MOBILE,
            Field.POSITION,
            Field.GENERIC_NAME,
            Field.OWNER_EMAIL,
        ),
    ),
    _Section(
        "contrato",
        "El contrato",
        "Obligatorio para contratistas y operadores.",
        (Field.CONTRACT_NUMBER, Field.CONTRACT_START, Field.CONTRACT_END, Field.SUPERVISOR_EMAIL),
    ),
    _Section(
        "cesion",
        "Quien recibe el contrato (cesionario)",
        "",
        (
            Field.ASSIGNEE_GIVEN_NAMES,
            Field.ASSIGNEE_SURNAMES,
            Field.ASSIGNEE_DOCUMENT_TYPE,
            Field.ASSIGNEE_DOCUMENT_NUMBER,
            Field.ASSIGNEE_PERSONAL_EMAIL,
            Field.ASSIGNEE_MOBILE,
        ),
    ),
    _Section(
        "fechas",
        "Motivo y fechas",
        "«Desde» es el primer día sin acceso; «Hasta», el último.",
        (Field.REASON, Field.FROM_DATE, Field.UNTIL_DATE, Field.COMPUTER),
    ),
)

_LEADS_TO: Mapping[Operation, str] = {
    Operation.CREATE: "persona",
    Operation.RESET_PASSWORD: "clave",
    Operation.MODIFY: "persona",
    Operation.ACTIVATE: "contrato",
    Operation.DEACTIVATE: "fechas",
    Operation.DELETE: "fechas",
    Operation.ASSIGN_CONTRACT: "cesion",
    Operation.SUSPEND_CONTRACT: "fechas",
    Operation.TERMINATE_CONTRACT: "fechas",
}

_HINTS: Mapping[Field, str] = {
    Field.ACCOUNT: "Para toda solicitud sobre una cuenta que ya existe: el correo institucional o el usuario.",
    Field.PERSONAL_EMAIL: "A esta dirección llegan los datos de acceso: no puede ser la institucional.",
    Field.DOCUMENT_NUMBER: "Solo números y letras, sin puntos.",
    Field.CASE_NUMBER: "Viene en el correo en que se pidió la corrección, como GU-2026-000123.",
    Field.SUPERVISOR_EMAIL: "Su dirección institucional completa.",
    Field.GENERIC_NAME: "Solo para cuentas institucionales o genéricas.",
    Field.OWNER_EMAIL: "Solo para cuentas institucionales o genéricas: quién responde por ella.",
    Field.NOTES: "No escriba claves.",
}
_REQUIRED_WHERE_ASKED = frozenset({Field.UNIT, Field.ON_PREMISES})

SECTION_CLICK = (
    "En el editor del formulario, al pie de la sección «El contrato», elija «Después de la sección: Enviar formulario». Sin "
    "ese clic funciona, pero quien crea o modifica una cuenta pasa por dos páginas que puede dejar en blanco."
)
VALIDATION_CLICK = (
    "Si quiere que el formulario revise lo que se escribe (por ejemplo que un correo lo sea), use en cada pregunta ⋮ → "
    "Validación de respuestas: la API no deja ponerlo. El programa revisa todo de nuevo, con o sin ello."
)
LEFT_TO_A_CLICK = (SECTION_CLICK, VALIDATION_CLICK)
"""What the Forms API cannot do, and the click that does it."""


def layout_of(policy: Institution) -> tuple[LaidItem, ...]:
    """Every item of the form, in order, with only what the institution offers. Ids are always the same ones."""
    return tuple(_items(policy))


def _items(policy: Institution) -> Iterator[LaidItem]:
    for section in (_FIRST, *_SECTIONS):
        if section.title:
            yield LaidItem(section_id(section.key), section.title, section.description)
        for field in section.fields:
            yield _question(field, policy)


def section_id(key: str) -> str:
    """The item id of a section."""
    return _id(f"seccion/{key}")


def question_id(field: Field) -> str:
    """The question id of a field on a form that `gestion init` made."""
    return _id(f"pregunta/{field.value}")


def _id(name: str) -> str:
    digits = int.from_bytes(hashlib.sha256(f"gestion-de-usuarios/{name}".encode()).digest()[:4])
    return f"{digits & _HIGHEST_ID | _LOWEST_ID:08x}"


def _question(field: Field, policy: Institution) -> LaidItem:
    question = QUESTIONS[field]
    laid = LaidItem(
        _id(f"elemento/{field.value}"),
        question.title,
        _HINTS.get(field, ""),
        field,
        question_id(field),
        question.kind,
        required=question.required or field in _REQUIRED_WHERE_ASKED,
        paragraph=question.paragraph,
    )
    if question.kind is not QuestionKind.CHOICE:
        return laid
    choices = tuple(_choices(field, question, policy))
    return replace(laid, choices=choices, drop_down=len(choices) > _SHORT_LIST)


def _choices(field: Field, question: Question, policy: Institution) -> Iterator[Choice]:
    match field:
        case Field.REQUEST_TYPE:
            for operation in policy.operations:
                yield Choice(OPERATION_LABELS[operation], section_id(_LEADS_TO[operation]))
        case Field.ACCOUNT_TYPE:
            yield from (Choice(ACCOUNT_TYPE_LABELS[kind]) for kind in policy.accounts)
        case Field.UNIT:
            yield from (Choice(unit.name) for unit in policy.units)
        case Field.ON_PREMISES:
            yield from (Choice(text, SUBMIT) for text in question.options)
        case _:
            yield from map(Choice, question.options)


def filling(layout: Sequence[LaidItem], description: str, stray_items: int) -> list[dict[str, object]]:
    """The one batch that makes an empty form this one: applied whole or not at all (forms.batchUpdate).

    `stray_items`: untitled ones that the editor puts into a blank form, to be taken away first. An answer leads to a section
    only after the section is there: branches come last.
    """
    requests: list[dict[str, object]] = [{"deleteItem": {"location": {"index": 0}}} for _ in range(stray_items)]
    verified = {"settings": {"emailCollectionType": "VERIFIED"}, "updateMask": "emailCollectionType"}
    requests.append({"updateSettings": verified})
    requests.append({"updateFormInfo": {"info": {"description": description}, "updateMask": "description"}})
    for place, laid in enumerate(layout):
        requests.append({"createItem": {"item": _item(laid, branching=False), "location": {"index": place}}})
    for place, laid in enumerate(layout):
        if laid.branches:
            change = {"item": _item(laid, branching=True), "location": {"index": place}, "updateMask": "questionItem"}
            requests.append({"updateItem": change})
    return requests


def _item(laid: LaidItem, *, branching: bool) -> dict[str, object]:
    item: dict[str, object] = {"itemId": laid.item_id, "title": laid.title}
    if laid.description:
        item["description"] = laid.description
    if laid.field is None:
        return {**item, "pageBreakItem": {}}
    question = {"questionId": laid.question_id, "required": laid.required, **_kind(laid, branching=branching)}
    return {**item, "questionItem": {"question": question}}


def _kind(laid: LaidItem, *, branching: bool) -> dict[str, object]:
    match laid.kind:
        case QuestionKind.CHOICE:
            options = [_option(choice, branching=branching) for choice in laid.choices]
            return {"choiceQuestion": {"type": "DROP_DOWN" if laid.drop_down else "RADIO", "options": options}}
        case QuestionKind.DATE:
            return {"dateQuestion": {"includeYear": True}}
        case _:
            return {"textQuestion": {"paragraph": laid.paragraph}}


def _option(choice: Choice, *, branching: bool) -> dict[str, object]:
    if not branching or not choice.leads_to:
        return {"value": choice.text}
    key = "goToAction" if choice.leads_to == SUBMIT else "goToSectionId"
    return {"value": choice.text, key: choice.leads_to}
