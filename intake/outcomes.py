"""What was done, in words: the sentence that report, ticket and board share, and what comes next. Pure."""

from datetime import timedelta

from config.vocabulary import HOLD_LABELS
from notify.mails import masked_address
from provision.procedure.acts import Act
from provision.procedure.facts import Pickup
from provision.procedure.model import Request, StepKey
from provision.procedure.operations import pickup_times
from provision.procedure.steps import Rules, hold_reason
from provision.procedure.submission import (
    Activate,
    AssignContract,
    ChangeAddress,
    CreateGenericAccount,
    CreatePersonalAccount,
    Deactivate,
    Defective,
    Delete,
    Modify,
    ResetPassword,
)


def outcome_of(request: Request) -> str:
    """What was done, as one or more Spanish sentences without any credential."""
    facts = request.facts
    login = facts.subject.login if facts.subject else facts.login or ""
    match request.content:
        case CreatePersonalAccount() | CreateGenericAccount():
            return f"Cuenta {facts.login} creada.{_sent(request)}"
        case ResetPassword():
            return _reset(request, login)
        case ChangeAddress(new_address=new_address):
            return f"Correo personal de {login} cambiado a {masked_address(new_address)}."
        case Modify():
            return f"Cuenta {login} modificada."
        case Activate():
            still = f" Sigue inactiva: {facts.still_held}." if facts.still_held else ""
            return f"Activación de {login} atendida.{still}" if still else f"Cuenta {login} activa."
        case Deactivate():
            return _deactivated(request, login)
        case AssignContract(from_date=from_date):
            return (
                f"Cesión atendida: la cuenta {login} quedó inactiva desde el {from_date:%d/%m/%Y}; "
                f"cuenta {facts.login} creada para quien recibe el contrato.{_sent(request)}"
            )
        case Delete():
            return _deleted(request, login)
        case Defective():
            return ""


def _sent(request: Request) -> str:
    to = request.facts.access_sent_to
    return f" Datos de acceso enviados a {masked_address(to)}." if to else ""


def _reset(request: Request, login: str) -> str:
    if request.facts.access_sent_to:
        masked = masked_address(request.facts.access_sent_to)
        return f"Clave de {login} cambiada; la temporal se envió al correo personal registrado, {masked}."
    return f"{login} debe cambiar su clave en el próximo ingreso a un equipo de la entidad."


def _deactivated(request: Request, login: str) -> str:
    content = request.content
    if not isinstance(content, Deactivate):
        raise TypeError(f"{request.case} is no deactivation")
    until = f" hasta el {content.until_date:%d/%m/%Y}" if content.until_date else ""
    done = [f"Cuenta {login} inactiva desde el {content.from_date:%d/%m/%Y}{until} ({HOLD_LABELS[content.why].lower()})."]
    if request.facts.backup is not None:
        done.append("Backup del buzón hecho y verificado; licencia retirada.")
    elif StepKey(Act.CONFIRM_BACKUP) in request.done and StepKey(Act.REMOVE_LICENCE) in request.done:
        done.append("Backup del buzón confirmado por la mesa de servicio; licencia retirada.")
    if request.facts.groups_removed:
        done.append(f"Grupos retirados y anotados: {len(request.facts.groups_removed)}.")
    return " ".join(done)


def _deleted(request: Request, login: str) -> str:
    facts = request.facts
    done = [f"Cuenta {login} eliminada."]
    if facts.backup is not None:
        done.append(f"Backup verificado: {facts.backup.items} elementos.")
    elif StepKey(Act.CONFIRM_BACKUP) in request.done:
        done.append("Backup del buzón confirmado por la mesa de servicio.")
    if facts.computers:
        done.append(f"Equipo fuera del dominio: {', '.join(facts.computers)}.")
    if facts.mailbox_until is not None:
        done.append(f"El buzón se puede recuperar hasta el {facts.mailbox_until:%d/%m/%Y}.")
    elif facts.mailbox_gone:
        done.append("El buzón ya no existe.")
    return " ".join(done)


def changes_of(request: Request) -> tuple[tuple[str, str, str], ...]:
    """What a modification changed: label, before and after."""
    return tuple(change.said for change in request.facts.changes or ())


def next_steps_of(request: Request, rules: Rules) -> tuple[str, ...]:
    """What comes next, for the requester: whole sentences; none, when nothing does."""
    facts, content = request.facts, request.content
    steps: list[str] = []
    if isinstance(content, Deactivate) and content.until_date is not None:
        steps.append(f"La cuenta vuelve a estar activa por sí sola el {content.until_date + timedelta(days=1):%d/%m/%Y}.")
    if facts.access_sent_at is not None and facts.pickup is None:
        _, revoked_at = pickup_times(facts.access_sent_at, rules)
        day = rules.policy_day(revoked_at)
        steps.append(f"Los datos de acceso se deben usar antes del {day:%d/%m/%Y}; después se anulan y se piden de nuevo.")
    if facts.address_case is not None:
        steps.append(
            f"Usted escribió otro correo personal. No recibe la clave: su cambio es el caso {facts.address_case}, que aprueba "
            "otra persona."
        )
    if facts.loose_ends is not None and facts.loose_ends.any:
        steps.append("Quedan personas o cuentas a cargo de quien se va; se avisó a la jefatura de la dependencia.")
    if facts.still_held and hold_reason(request) is None:
        steps.append(f"La cuenta sigue inactiva por otra razón: {facts.still_held}.")
    return tuple(steps)


def loose_ends_of(request: Request) -> str:
    """What somebody who leaves was responsible for, for the desk; empty for nothing."""
    ends = request.facts.loose_ends
    if ends is None or not ends.any:
        return ""
    return f"A su cargo: {', '.join((*ends.people, *ends.generic_accounts))}."


def pickup_text(request: Request) -> str:
    """Whether the access data was used, for the board; empty when none was sent."""
    match request.facts.pickup:
        case Pickup.USED:
            used_at = request.facts.first_used_at
            return f"Primer ingreso: {used_at:%d/%m/%Y}." if used_at else "El usuario ya ingresó."
        case Pickup.REVOKED:
            return "Nadie usó los datos de acceso: se anularon."
        case Pickup.OVER:
            return "Los datos de acceso dejaron de valer."
        case None:
            return "Sin primer ingreso." if request.facts.access_sent_at else ""
