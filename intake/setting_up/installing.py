"""The steps of `gestion init` for production, in order; each finds out what a former run did, and goes on from there."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from config.errors import CannotRun
from config.institution import Institution
from intake.forms.port import Field
from intake.google_access import FORMS_EDIT_SCOPES, RUN_SCOPES, account_name, google_credentials
from intake.setting_up.form_editor import FormEditor, refuse_public_id
from intake.setting_up.form_making import FORM, Made, make_form
from intake.setting_up.layout import LEFT_TO_A_CLICK, layout_of
from intake.setting_up.memory import Memory
from intake.setting_up.settings_text import Answers
from intake.setting_up.sheet_making import MATRIX, SpreadsheetMaker, furnish_matrix, make_matrix, prepare_board

INIT_SCOPES = (*RUN_SCOPES, *FORMS_EDIT_SCOPES)
"""What `gestion init` needs; the list to allow in the administrator's console when delegation is used."""
_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Furnished:
    """What Google has now. `by_hand`: what only a person can do, in Spanish; `complete`: the settings can be written."""

    answers: Answers
    binding: Mapping[Field, str]
    by_hand: tuple[str, ...]
    complete: bool


def dry_steps(answers: Answers, policy: Institution, title: str) -> tuple[str, ...]:
    """What `furnish` would do, in Spanish; nobody is asked."""
    items = layout_of(policy)
    questions = sum(item.field is not None for item in items)
    form = f"Usaría el formulario en blanco {answers.form_id}" if answers.form_id else f"Crearía el formulario «{title}»"
    matrix = (
        f"Prepararía la pestaña «{answers.matrix_tab}» en {answers.matrix_spreadsheet}."
        if answers.matrix_spreadsheet
        else f"Crearía la hoja «Matriz de autorizadores · {policy.short_name}», con sus títulos y una fila de ejemplo."
    )
    board = answers.board_spreadsheet or "la hoja vinculada al formulario"
    return (
        f"{form}, con {questions} preguntas en {len(items) - questions + 1} secciones y correos verificados, y lo publicaría.",
        matrix,
        f"Prepararía la pestaña «Seguimiento» en {board}.",
    )


def furnish(
    answers: Answers,
    policy: Institution,
    folder: Path,
    memory: Memory,
    title: str,
    told: Callable[[str], None],
) -> Furnished:
    """Make the form and the spreadsheets. Raises what the Google adapters raise; repeated, it goes on where it stopped.

    `folder`: where the settings file is, from which its paths start.
    """
    credentials = google_credentials(folder / answers.key_file, answers.subject or None, INIT_SCOPES)
    account = account_name(credentials)
    layout = layout_of(policy)
    if answers.form_id:
        refuse_public_id(answers.form_id)
        memory.made(FORM, answers.form_id)
    form_id = memory.known(FORM) or ""
    editor = FormEditor(form_id, credentials, endpoint=answers.forms_endpoint or None, timeout_seconds=_TIMEOUT_SECONDS)
    with closing(editor):
        made = make_form(editor, memory, layout, title, told)
    endpoint = answers.sheets_endpoint or None
    maker = SpreadsheetMaker(credentials, endpoint=endpoint, timeout_seconds=_TIMEOUT_SECONDS)
    with closing(maker):
        if answers.matrix_spreadsheet:
            memory.made(MATRIX, answers.matrix_spreadsheet)
        matrix = make_matrix(maker, memory, policy, told)
        furnish_matrix(maker, matrix, answers.matrix_tab, policy, told)
        board = answers.board_spreadsheet or made.form.linked_sheet_id
        gid = prepare_board(maker, board, told) if board else None
    if board and board == matrix:
        raise CannotRun(
            "El tablero y la matriz están en la misma hoja de cálculo: quien edite el tablero podría autorizarse a sí mismo.",
            remedy="Indique otra con --matrix-spreadsheet.",
        )
    done = replace(
        answers,
        form_id=made.form.form_id,
        matrix_spreadsheet=matrix,
        board_spreadsheet=board,
        responses_gid=answers.responses_gid if answers.responses_gid is not None else gid,
    )
    return Furnished(done, made.binding, tuple(_by_hand(done, made, policy, account)), complete=bool(board))


def _by_hand(answers: Answers, made: Made, policy: Institution, account: str) -> list[str]:
    edit = f"https://docs.google.com/forms/d/{made.form.form_id}/edit"
    found = [f"En el formulario ({edit}): {text}" for text in made.differences]
    if not answers.board_spreadsheet:
        found.append(
            f"Vincule la hoja de respuestas, que la API no puede: abra {edit}, Respuestas → Vincular con Hojas de cálculo → "
            f"Crear una hoja; compártala con {account} como Editor; y repita «gestion init»: continúa donde quedó."
        )
    elif answers.responses_gid is None:
        found.append("No se reconoció la pestaña de las respuestas: escriba en [board] responses_gid su «gid=».")
    if not answers.subject:
        found.append(
            f"Lo que se creó es de {account}, y la API no lo comparte. Si no puede abrirlo en su navegador, cree usted un "
            f"formulario y una hoja en blanco, compártalos con {account} como Editor, y repita con --form-id y "
            "--matrix-spreadsheet."
        )
    found += LEFT_TO_A_CLICK
    found.append("Comparta el formulario solo con personas de confianza: quien lo edita puede cambiar lo que se pregunta.")
    found.append("En la matriz, borre la fila de ejemplo y escriba quién puede pedir qué (docs/matriz-de-autorizadores.md).")
    if made.form.responder_uri and made.form.responder_uri != policy.mail.form_url:
        found.append(f"En la política, [mail] form_url debe ser {made.form.responder_uri}: va en los correos.")
    return found
