"""Making the form, step by step and never twice: what is there already is found out before anything is sent."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from config.errors import CannotRun
from intake.forms.port import Field
from intake.setting_up.form_editor import FormEditor, ItemReply, MadeForm
from intake.setting_up.layout import SUBMIT, LaidItem, filling
from intake.setting_up.memory import Memory

FORM = "form"
DESCRIPTION = (
    "Solicitudes sobre cuentas de usuario. Quien responde queda identificado por su cuenta institucional. "
    "Recibirá un correo con el número de su caso."
)


@dataclass(frozen=True, slots=True)
class Made:
    """The form that is there now. `differences`: Spanish, what is not as it was laid out; empty when all is."""

    form: MadeForm
    binding: Mapping[Field, str]
    differences: tuple[str, ...]


def make_form(editor: FormEditor, memory: Memory, layout: Sequence[LaidItem], title: str, told: Callable[[str], None]) -> Made:
    """Create unless it was, fill unless it is, publish unless it is, read back and compare. Repeating it changes nothing.

    Raises CannotRun for a form that holds other questions, and for one that may have been made without our knowing its id.
    """
    form_id = memory.known(FORM) or _create(editor, memory, title, told)
    form = editor.read()
    strays = _strays(form, layout)
    if _is_filled(form, layout):
        told(f"El formulario {form_id} ya tiene las preguntas.")
    else:
        editor.change(filling(layout, DESCRIPTION, strays), form.revision_id)
        told(f"Preguntas, secciones y recopilación de correos verificados: listas ({len(layout)} elementos).")
    form = editor.read()
    if not form.accepts_responses:
        editor.publish()
        form = editor.read()
        told("Formulario publicado; acepta respuestas.")
    binding = {
        laid.field: laid.question_id
        for laid in layout
        if laid.field is not None and any(item.question.question_id == laid.question_id for item in form.items)
    }
    return Made(form, binding, tuple(differences(form, layout)))


def _create(editor: FormEditor, memory: Memory, title: str, told: Callable[[str], None]) -> str:
    with memory.making(FORM, title):
        made = editor.create(title)
    memory.made(FORM, made.form_id)
    told(f"Formulario creado: https://docs.google.com/forms/d/{made.form_id}/edit")
    return made.form_id


def _is_filled(form: MadeForm, layout: Sequence[LaidItem]) -> bool:
    ours = {laid.item_id for laid in layout}
    return ours <= {item.item_id for item in form.items}


def _strays(form: MadeForm, layout: Sequence[LaidItem]) -> int:
    """Untitled items of a blank form. Raises CannotRun for questions that somebody else put there."""
    ours = {laid.item_id for laid in layout}
    others = [item for item in form.items if item.item_id not in ours]
    if _is_filled(form, layout):
        return 0
    if len(others) != len(form.items) or any(_meant(item) for item in others):
        raise CannotRun(
            f"El formulario {form.form_id} ya tiene otras preguntas, y «gestion init» no las toca.",
            remedy="Indique con --form-id uno en blanco; o enlace las que tiene, como dice docs/administrador.md.",
        )
    return len(others)


def _meant(item: ItemReply) -> bool:
    # A form made in the editor begins with one question that nobody wrote, with or without its title in grey.
    return item.title.strip().lower() not in {"", "pregunta sin título", "untitled question"}


def differences(form: MadeForm, layout: Sequence[LaidItem]) -> Iterator[str]:
    """What the form that Google shows has otherwise than it was laid out; Spanish."""
    if form.settings.email_collection_type != "VERIFIED":
        yield "No recopila direcciones de correo verificadas: Configuración → Respuestas → Recopilar direcciones → Verificado."
    if not form.accepts_responses:
        yield "No está publicado: botón «Publicar», y que acepte respuestas."
    found = {item.item_id: item for item in form.items}
    for laid in layout:
        item = found.get(laid.item_id)
        if item is None:
            yield f"Falta «{laid.title}»."
            continue
        if item.title != laid.title:
            yield f"«{laid.title}» se llama «{item.title}»."
        if laid.field is not None:
            yield from _question_differences(item, laid)


def _question_differences(item: ItemReply, laid: LaidItem) -> Iterator[str]:
    question = item.question
    if question.question_id != laid.question_id:
        yield f"«{laid.title}» tiene otro identificador ({question.question_id})."
    if question.required != laid.required:
        yield f"«{laid.title}» {'no ' if laid.required else ''}es obligatoria."
    if laid.choices:
        shown = [
            (option.value, option.go_to_section_id or (option.go_to_action if option.go_to_action == SUBMIT else ""))
            for option in (question.choice_question.options if question.choice_question else ())
        ]
        if shown != [(choice.text, choice.leads_to) for choice in laid.choices]:
            yield f"«{laid.title}» no tiene las opciones esperadas, o no llevan a la sección esperada."
