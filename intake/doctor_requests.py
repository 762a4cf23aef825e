"""`gestion doctor` on the requests' side: the form and its questions, the authorizer matrix, the board."""

import os
from collections.abc import Collection
from datetime import date

from config.dates import local_date
from config.settings_intake import BoardByGoogle, BoardByXlsx, FormByCsv, FormByGoogle, MatrixBySheet
from intake.counting import last_count
from intake.doctor_findings import Finding, bad, doubtful, good
from intake.doctor_machine import server_clock_findings
from intake.forms.port import Cursor, Field
from intake.wiring import Installation

_NEEDED = (Field.REQUEST_TYPE, Field.ACCOUNT_TYPE, Field.ACCOUNT, Field.UNIT, Field.PERSONAL_EMAIL)
"""Without these questions whole operations cannot be asked for."""


def form_findings(installation: Installation) -> list[Finding]:
    """The form can be read, proves identities, and its questions are bound as the settings say."""
    source, section = installation.source, installation.settings.form
    with installation.journal.receiving(installation.clock()) as receiving:
        known = receiving.cursor(source.form_id)
    batch = source.read(Cursor(*known) if known else None, installation.clock())
    alarms = [doubtful(alarm, "Revise el formulario y su enlace en la configuración.") for alarm in batch.alarms]
    count = f"{len(batch.responses)} {'respuesta leída' if len(batch.responses) == 1 else 'respuestas leídas'}"
    if isinstance(section, FormByCsv):
        message = f"{count} de {section.path}. Un CSV no prueba la identidad de quien responde; la avala {section.vouched_by}."
        return [doubtful(message, 'Para producción lea el formulario de Google: [form] kind = "google".'), *alarms]
    bound = len(section.questions)
    message = f"{count}; recopila correos verificados y sus {bound} preguntas están enlazadas."
    return [good(message), *_unbound(section.questions), *alarms]


def _unbound(bound: Collection[str]) -> list[Finding]:
    missing = [field.value for field in _NEEDED if field.value not in bound]
    if not missing:
        return []
    remedy = "Enlácelos en [form.questions]; «gestion init» escribe la tabla completa de un formulario nuevo."
    return [bad(f"Campos sin pregunta, y sin ellos no se puede pedir nada: {', '.join(missing)}.", remedy)]


def count_findings(installation: Installation) -> list[Finding]:
    """How the newest daily count came out; nothing before there is one."""
    found = last_count(installation.journal)
    if found is None:
        return []
    counted = f"Conteo del {date.fromisoformat(found.on):%d/%m/%Y}: {found.responses} respuestas, {found.receipts} recibidas."
    if found.acknowledged:
        counted += f" Borradas y ya revisadas: {found.acknowledged}."
    if found.unread:
        return [bad(counted, "Hay solicitudes sin atender: avise a quien mantiene el programa.")]
    if found.gone:
        return [doubtful(f"{counted} Faltan en el formulario {found.gone}.", _DELETED)]
    return [good(counted)]


_DELETED = "Alguien las borró: revise quién puede editarlo. Si fue a propósito, dígalo con «gestion acknowledge»."


def google_clock_findings(installation: Installation) -> list[Finding]:
    """This machine's clock beside Google's, whose replies have just carried it; nothing when Google was not asked."""
    if not isinstance(installation.settings.form, FormByGoogle):
        return []
    from intake.forms.google import GoogleForm

    source = installation.source
    said = source.server_time if isinstance(source, GoogleForm) else None
    return server_clock_findings(installation, "Google", said) if said is not None else []


def matrix_findings(installation: Installation) -> list[Finding]:
    """The matrix is valid as a whole, somebody is in force today, and not whoever works on the board may edit it."""
    matrix = installation.matrix()
    today = local_date(installation.clock(), installation.policy.zone)
    in_force = sum(row.in_force(today) for row in matrix.rows)
    message = f"{len(matrix.rows)} filas válidas, {in_force} vigentes hoy; versión {matrix.version}."
    if in_force == 0:
        return [doubtful(message, "Con ninguna fila vigente toda solicitud se rechaza: revise las columnas «desde» y «hasta».")]
    found = [good(message)]
    approvers = sum(row.approver and row.in_force(today) for row in matrix.rows)
    if installation.policy.approvals.operations and approvers == 0:
        remedy = "Escriba «sí» en la columna aprobador de quien pueda aprobar como segunda persona."
        found.append(doubtful("Nadie puede aprobar hoy lo que la política deja a una segunda persona.", remedy))
    match installation.settings.matrix, installation.settings.board:
        case MatrixBySheet(spreadsheet_id=of_matrix), BoardByGoogle(spreadsheet_id=of_board) if of_matrix == of_board:
            shared = "Está en la misma hoja de cálculo que el tablero: quien edite el tablero puede autorizarse a sí mismo."
            found.append(doubtful(shared, "Pásela a otra hoja, que solo edite quien administra los autorizadores."))
        case _:
            pass
    return found


def board_findings(installation: Installation) -> list[Finding]:
    """The board can be read, and a workbook on disk be written."""
    section = installation.settings.board
    actions = len(installation.board.read())
    waiting = f" Acciones por tomar: {actions}." if actions else ""
    if isinstance(section, BoardByXlsx):
        folder = section.path.parent
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            return [bad(f"No se puede escribir en la carpeta {folder}.", "Créela o dé permiso a la cuenta del programa.")]
        return [good(f"{section.path}{'' if section.path.exists() else ', que se creará'}.{waiting}")]
    found = [good(f"La hoja responde.{waiting}")]
    if section.responses_gid is None:
        remedy = "Escriba en [board] responses_gid el número que sigue a «gid=» en la pestaña de las respuestas."
        found.append(doubtful("El caso y el estado no se escriben junto a cada respuesta.", remedy))
    return found
