"""What the procedure does and what it waits for: the words of its steps."""

from collections.abc import Mapping
from enum import StrEnum


class Act(StrEnum):
    """What there is to be done; each act has one performer, but for those that only a person's word brings about."""

    REGISTER_TICKET = "REGISTER_TICKET"
    CLOSE_TICKET = "CLOSE_TICKET"
    FIND_EXISTING_ACCOUNT = "FIND_EXISTING_ACCOUNT"
    CHECK_ACCOUNT = "CHECK_ACCOUNT"
    RESERVE_SEAT = "RESERVE_SEAT"
    RESERVE_NAME = "RESERVE_NAME"
    CREATE_ACCOUNT = "CREATE_ACCOUNT"
    AWAIT_SYNC = "AWAIT_SYNC"
    ASSIGN_LICENCE = "ASSIGN_LICENCE"
    AWAIT_MAILBOX = "AWAIT_MAILBOX"
    ISSUE_ACCESS = "ISSUE_ACCESS"
    RELEASE_RESERVATIONS = "RELEASE_RESERVATIONS"

    RESET_ACCESS = "RESET_ACCESS"
    ALLOW_CHANGE = "ALLOW_CHANGE"
    END_SESSIONS = "END_SESSIONS"
    OPEN_ADDRESS_CHANGE = "OPEN_ADDRESS_CHANGE"
    RECORD_ADDRESS = "RECORD_ADDRESS"

    PLAN_CHANGES = "PLAN_CHANGES"
    APPLY_CHANGES = "APPLY_CHANGES"
    SYNCHRONISE = "SYNCHRONISE"

    PLACE_HOLD = "PLACE_HOLD"
    END_HOLDS = "END_HOLDS"
    APPLY_HOLDS = "APPLY_HOLDS"
    FIND_LOOSE_ENDS = "FIND_LOOSE_ENDS"
    REMOVE_GROUPS = "REMOVE_GROUPS"
    RESTORE_GROUPS = "RESTORE_GROUPS"
    BACK_UP = "BACK_UP"
    REMOVE_LICENCE = "REMOVE_LICENCE"
    FIND_LICENCE = "FIND_LICENCE"
    FIND_COMPUTERS = "FIND_COMPUTERS"
    REMOVE_COMPUTERS = "REMOVE_COMPUTERS"
    DELETE_ACCOUNT = "DELETE_ACCOUNT"
    AWAIT_MAILBOX_GONE = "AWAIT_MAILBOX_GONE"
    TAKE_BACK = "TAKE_BACK"

    AWAIT_FIRST_USE = "AWAIT_FIRST_USE"
    REVOKE_ACCESS = "REVOKE_ACCESS"
    REVOKE_RETURNED = "REVOKE_RETURNED"

    APPROVE = "APPROVE"
    CONFIRM_IDENTITY = "CONFIRM_IDENTITY"
    CONFIRM_ACTIVATION = "CONFIRM_ACTIVATION"
    CONFIRM_BACKUP = "CONFIRM_BACKUP"
    CONFIRM_PC_BACKUP = "CONFIRM_PC_BACKUP"
    CONFIRM_PC_WIPE = "CONFIRM_PC_WIPE"

    REPORT = "REPORT"
    MAIL_REFUSAL = "MAIL_REFUSAL"
    MAIL_CORRECTION = "MAIL_CORRECTION"
    MAIL_REMINDER = "MAIL_REMINDER"
    MAIL_UNANSWERED = "MAIL_UNANSWERED"
    MAIL_DUPLICATE = "MAIL_DUPLICATE"
    MAIL_HAS_ACCOUNT = "MAIL_HAS_ACCOUNT"
    MAIL_NOTHING_TO_DO = "MAIL_NOTHING_TO_DO"
    MAIL_CANCELLED = "MAIL_CANCELLED"
    MAIL_SCHEDULED = "MAIL_SCHEDULED"
    MAIL_RETURNED = "MAIL_RETURNED"
    MAIL_USER = "MAIL_USER"
    MAIL_OLD_ADDRESS = "MAIL_OLD_ADDRESS"
    MAIL_APPROVER = "MAIL_APPROVER"
    MAIL_LOOSE_ENDS = "MAIL_LOOSE_ENDS"
    MAIL_PICKUP_REMINDER = "MAIL_PICKUP_REMINDER"
    MAIL_ACCESS_REVOKED = "MAIL_ACCESS_REVOKED"
    MAIL_CONTRACT_ENDED = "MAIL_CONTRACT_ENDED"
    MAIL_DELETION_UNDONE = "MAIL_DELETION_UNDONE"

    @property
    def label(self) -> str:
        """As people read it, in a few words."""
        return _ACT_LABELS[self]


_ACT_LABELS: Mapping[Act, str] = {
    Act.REGISTER_TICKET: "Registrar en la mesa de servicio",
    Act.CLOSE_TICKET: "Cerrar en la mesa de servicio",
    Act.FIND_EXISTING_ACCOUNT: "Buscar si ya tiene cuenta",
    Act.CHECK_ACCOUNT: "Identificar la cuenta",
    Act.RESERVE_SEAT: "Reservar un cupo de licencia",
    Act.RESERVE_NAME: "Reservar el nombre",
    Act.CREATE_ACCOUNT: "Crear la cuenta",
    Act.AWAIT_SYNC: "Esperar la sincronización",
    Act.ASSIGN_LICENCE: "Asignar la licencia",
    Act.AWAIT_MAILBOX: "Esperar el buzón",
    Act.ISSUE_ACCESS: "Enviar los datos de acceso",
    Act.RELEASE_RESERVATIONS: "Liberar lo reservado",
    Act.RESET_ACCESS: "Cambiar la clave",
    Act.ALLOW_CHANGE: "Habilitar el cambio de clave",
    Act.END_SESSIONS: "Cerrar las sesiones",
    Act.OPEN_ADDRESS_CHANGE: "Abrir el cambio de correo registrado",
    Act.RECORD_ADDRESS: "Registrar el correo nuevo",
    Act.PLAN_CHANGES: "Planear los cambios",
    Act.APPLY_CHANGES: "Modificar la cuenta",
    Act.SYNCHRONISE: "Pedir la sincronización",
    Act.PLACE_HOLD: "Anotar la inactivación",
    Act.END_HOLDS: "Levantar la inactivación",
    Act.APPLY_HOLDS: "Activar o inactivar la cuenta",
    Act.FIND_LOOSE_ENDS: "Buscar lo que queda a su cargo",
    Act.REMOVE_GROUPS: "Retirar los grupos",
    Act.RESTORE_GROUPS: "Devolver los grupos",
    Act.BACK_UP: "Hacer y verificar el backup",
    Act.REMOVE_LICENCE: "Retirar la licencia",
    Act.FIND_LICENCE: "Ver si conserva la licencia",
    Act.FIND_COMPUTERS: "Buscar los equipos",
    Act.REMOVE_COMPUTERS: "Retirar el equipo del dominio",
    Act.DELETE_ACCOUNT: "Eliminar la cuenta",
    Act.AWAIT_MAILBOX_GONE: "Verificar la eliminación del buzón",
    Act.TAKE_BACK: "Deshacer lo que se pueda",
    Act.AWAIT_FIRST_USE: "Esperar el primer ingreso",
    Act.REVOKE_ACCESS: "Anular los datos de acceso",
    Act.REVOKE_RETURNED: "Anular los datos devueltos",
    Act.APPROVE: "Aprobar por una segunda persona",
    Act.CONFIRM_IDENTITY: "Identificar a la persona",
    Act.CONFIRM_ACTIVATION: "Confirmar la activación",
    Act.CONFIRM_BACKUP: "Confirmar el backup del buzón",
    Act.CONFIRM_PC_BACKUP: "Confirmar el backup del equipo",
    Act.CONFIRM_PC_WIPE: "Confirmar el borrado del equipo",
    Act.REPORT: "Reportar al solicitante",
    Act.MAIL_REFUSAL: "Informar el rechazo",
    Act.MAIL_CORRECTION: "Pedir una corrección",
    Act.MAIL_REMINDER: "Recordar la corrección",
    Act.MAIL_UNANSWERED: "Informar el cierre sin respuesta",
    Act.MAIL_DUPLICATE: "Informar que ya existe la solicitud",
    Act.MAIL_HAS_ACCOUNT: "Informar que ya tiene cuenta",
    Act.MAIL_NOTHING_TO_DO: "Informar que no hay nada que hacer",
    Act.MAIL_CANCELLED: "Informar la cancelación",
    Act.MAIL_SCHEDULED: "Confirmar la fecha",
    Act.MAIL_RETURNED: "Avisar el regreso",
    Act.MAIL_USER: "Avisar al usuario",
    Act.MAIL_OLD_ADDRESS: "Avisar al correo anterior",
    Act.MAIL_APPROVER: "Confirmar la aprobación",
    Act.MAIL_LOOSE_ENDS: "Avisar a la jefatura",
    Act.MAIL_PICKUP_REMINDER: "Recordar los datos de acceso",
    Act.MAIL_ACCESS_REVOKED: "Avisar que se anularon",
    Act.MAIL_CONTRACT_ENDED: "Avisar al supervisor",
    Act.MAIL_DELETION_UNDONE: "Informar qué se deshizo",
}

MAILING_ACTS = frozenset(act for act in Act if act.name.startswith("MAIL_")) | {Act.ISSUE_ACCESS, Act.RESET_ACCESS, Act.REPORT}
"""The acts that tell somebody something by mail."""


class WaitingFor(StrEnum):
    """Whom or what a request waits for, as the board says it."""

    START_DATE = "START_DATE"
    FROM_DATE = "FROM_DATE"
    RETURN_DATE = "RETURN_DATE"
    FIRST_USE = "FIRST_USE"
    SEAT = "SEAT"
    SYNC = "SYNC"
    MAILBOX = "MAILBOX"
    BACKUP = "BACKUP"
    REQUESTER = "REQUESTER"
    OTHER_CASE = "OTHER_CASE"
    APPROVAL = "APPROVAL"
    ADMISSION = "ADMISSION"
    IDENTIFICATION = "IDENTIFICATION"
    ACTIVATION = "ACTIVATION"
    BACKUP_BY_HAND = "BACKUP_BY_HAND"
    PC_BACKUP = "PC_BACKUP"
    PC_WIPE = "PC_WIPE"
    DESK = "DESK"
    RETRY = "RETRY"

    @property
    def pauses_clock(self) -> bool:
        """The 10 business hours run "de acuerdo con la disponibilidad de buzones": these waits do not count (UPME, 5)."""
        return self in {
            WaitingFor.START_DATE,
            WaitingFor.FROM_DATE,
            WaitingFor.SEAT,
            WaitingFor.MAILBOX,
            WaitingFor.REQUESTER,
        }

    @property
    def is_confirmation(self) -> bool:
        """A person must confirm or approve something; policy says whether the clock stands still meanwhile."""
        return self is WaitingFor.ADMISSION or self in CONFIRMED_BY.values()

    @property
    def label(self) -> str:
        """As people read it."""
        return _WAITING_LABELS[self]


CONFIRMED_BY: Mapping[Act, WaitingFor] = {
    Act.APPROVE: WaitingFor.APPROVAL,
    Act.CONFIRM_IDENTITY: WaitingFor.IDENTIFICATION,
    Act.CONFIRM_ACTIVATION: WaitingFor.ACTIVATION,
    Act.CONFIRM_BACKUP: WaitingFor.BACKUP_BY_HAND,
    Act.CONFIRM_PC_BACKUP: WaitingFor.PC_BACKUP,
    Act.CONFIRM_PC_WIPE: WaitingFor.PC_WIPE,
}
"""The acts that no performer carries out: a person's word does, and this is what the request waits for meanwhile."""

_WAITING_LABELS: Mapping[WaitingFor, str] = {
    WaitingFor.START_DATE: "la fecha de inicio del contrato",
    WaitingFor.FROM_DATE: "la fecha pedida",
    WaitingFor.RETURN_DATE: "la fecha de regreso",
    WaitingFor.FIRST_USE: "el primer ingreso del usuario",
    WaitingFor.SEAT: "un cupo de licencia de buzón",
    WaitingFor.SYNC: "la sincronización con la nube",
    WaitingFor.MAILBOX: "que el buzón quede listo",
    WaitingFor.BACKUP: "que termine el backup",
    WaitingFor.REQUESTER: "la corrección del solicitante",
    WaitingFor.OTHER_CASE: "otro caso de la misma cuenta",
    WaitingFor.APPROVAL: "la aprobación de una segunda persona",
    WaitingFor.ADMISSION: "la aprobación del lote",
    WaitingFor.IDENTIFICATION: "que la mesa identifique a la persona",
    WaitingFor.ACTIVATION: "que la mesa confirme la activación",
    WaitingFor.BACKUP_BY_HAND: "que la mesa confirme el backup del buzón",
    WaitingFor.PC_BACKUP: "que la mesa confirme el backup del equipo",
    WaitingFor.PC_WIPE: "que la mesa confirme el borrado del equipo",
    WaitingFor.DESK: "la mesa de servicio",
    WaitingFor.RETRY: "el próximo intento",
}
