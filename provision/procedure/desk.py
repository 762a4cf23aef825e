"""What the service desk, or an administrator at the command line, may tell a request to do (the board's column "Acción")."""

from dataclasses import replace
from enum import StrEnum

from config.vocabulary import same_address
from provision.procedure.acts import CONFIRMED_BY, Act, WaitingFor
from provision.procedure.courses import next_step, steps_of
from provision.procedure.model import Approval, Course, DeskAsked, Entry, EntryKind, Request, State, StepKey
from provision.procedure.steps import Rules, Step, undelivered
from provision.procedure.submission import Delete

CANCELLABLE = frozenset({Course.ATTEND, Course.CORRECT})
"""The courses on which there is still something to cancel; the others are closing the case already."""


class DeskAction(StrEnum):
    """What an agent may choose in the board's column "Acción"; the value is its text."""

    APPROVE = "Aprobar"
    REJECT = "Rechazar"
    RETRY = "Reintentar"
    CONFIRM_PC_BACKUP = "Confirmar backup de equipo"
    CONFIRM_PC_WIPE = "Confirmar borrado de equipo"
    CANCEL = "Cancelar"


_SAYS = {
    Act.CONFIRM_IDENTITY: DeskAction.APPROVE,
    Act.CONFIRM_ACTIVATION: DeskAction.APPROVE,
    Act.CONFIRM_BACKUP: DeskAction.APPROVE,
    Act.CONFIRM_PC_BACKUP: DeskAction.CONFIRM_PC_BACKUP,
    Act.CONFIRM_PC_WIPE: DeskAction.CONFIRM_PC_WIPE,
}
"""The action that says that a person did what only a person can do."""

_NOT_TAKEN_BACK = {
    Act.RESET_ACCESS: "la clave ya se cambió. Si no debía cambiarse, avise al usuario.",
    Act.ALLOW_CHANGE: "el cambio de clave ya se habilitó. Si no debía habilitarse, avise al usuario.",
    Act.RECORD_ADDRESS: "el correo registrado ya se cambió. Si fue un error, pida que se cambie de nuevo.",
    Act.APPLY_CHANGES: "la cuenta ya se modificó. Si fue un error, pida la modificación contraria.",
    Act.END_HOLDS: "la cuenta ya se activó. Si fue un error, pida su inactivación.",
}
"""Steps that no cancellation undoes, and what the desk is told then."""

Told = tuple[Request, list[Entry]]


def needs_attention(request: Request, reason: str) -> Request:
    """Held for a person; nothing else moves it."""
    return replace(request, state=State.NEEDS_ATTENTION, waiting_for=WaitingFor.DESK, wake_at=None, reason=reason)


def actions_of(request: Request, rules: Rules) -> tuple[str, ...]:
    """The actions that this request allows now, in the order of the board's list."""
    if request.state.closed:
        return ()
    step = next_step(request, rules)
    allowed = []
    if step is not None and step.act in CONFIRMED_BY and request.state is not State.NEEDS_ATTENTION:
        allowed += [DeskAction.APPROVE, DeskAction.REJECT] if step.act is Act.APPROVE else [_SAYS[step.act]]
    if request.state in {State.NEEDS_ATTENTION, State.WAITING}:
        allowed.append(DeskAction.RETRY)
    if _not_cancellable(request) is None:
        allowed.append(DeskAction.CANCEL)
    return tuple(allowed)


def what_to_confirm(request: Request, step: Step) -> str:
    """What the desk is asked to do, and which action says that it is done; Spanish."""
    say = _SAYS.get(step.act, DeskAction.APPROVE)
    named = (request.content.computer,) if isinstance(request.content, Delete) and request.content.computer else ()
    known = ", ".join(request.facts.computers or named)
    computers = f"de {known}" if known else "del equipo asignado, si lo tiene,"
    match step.act:
        case Act.APPROVE:
            return "Debe aprobarla una segunda persona: ni quien la pidió ni el titular de la cuenta."
        case Act.CONFIRM_IDENTITY:
            return f"Sin correo registrado: identifique a la persona y elija «{say}»; no se envía ninguna clave."
        case Act.CONFIRM_ACTIVATION:
            return f"La cuenta está inactiva por algo que no es una ausencia registrada; si procede activarla, elija «{say}»."
        case Act.CONFIRM_BACKUP:
            return f"{request.facts.backup_by_hand or 'Haga el backup del buzón.'} Al terminar, elija «{say}»."
        case Act.CONFIRM_PC_BACKUP:
            return f"Haga el backup {computers} y elija «{say}»."
        case Act.CONFIRM_PC_WIPE:
            return f"Borre la información del usuario {computers} y elija «{say}»."
        case _:
            return step.title


def obey(request: Request, asked: DeskAsked, rules: Rules) -> Told:
    """Apply an action, or say why it is not applied. Every action is recorded in the story with who asked for it."""
    match asked.action:
        case DeskAction.RETRY if request.state in {State.NEEDS_ATTENTION, State.WAITING}:
            return _begun_anew(request, rules), [Entry("Reintento pedido", _who(asked), EntryKind.DESK)]
        case DeskAction.CANCEL:
            return _cancel(request, asked, rules)
        case DeskAction.APPROVE | DeskAction.REJECT | DeskAction.CONFIRM_PC_BACKUP | DeskAction.CONFIRM_PC_WIPE:
            return _confirm(request, asked, rules)
        case _:
            return _not_applied(request, _does_not_apply(request, asked, rules))


def _does_not_apply(request: Request, asked: DeskAsked, rules: Rules) -> str:
    """Why nothing was done, and what can be done instead."""
    named = asked.action if len(asked.action) <= _LONGEST_ECHO else f"{asked.action[:_LONGEST_ECHO]}…"
    allowed = ", ".join(f"«{action}»" for action in actions_of(request, rules))
    return (
        f"La acción «{named}» no aplica en el estado «{request.state.label}». "
        f"{f'Este caso admite: {allowed}.' if allowed else 'Este caso no admite ninguna acción.'}"
    )


_LONGEST_ECHO = 120
"""Characters of an unknown action that are said back: a cell may hold 50,000."""


def _confirm(request: Request, asked: DeskAsked, rules: Rules) -> Told:
    step = next_step(request, rules)
    if step is None or step.act not in CONFIRMED_BY or request.waiting_for is not CONFIRMED_BY[step.act]:
        return _not_applied(request, _does_not_apply(request, asked, rules))
    if step.act is Act.APPROVE:
        return _approve(request, step, asked, rules)
    if asked.action != _SAYS[step.act]:
        return _not_applied(request, f"Este caso espera «{_SAYS[step.act]}», no «{asked.action}».")
    return _said(request, step, rules), [Entry(step.title, _who(asked), EntryKind.DESK)]


def _approve(request: Request, step: Step, asked: DeskAsked, rules: Rules) -> Told:
    """Two-person rule: distinct persons, the second one known to the matrix as an approver; each is recorded."""
    if asked.action not in {DeskAction.APPROVE, DeskAction.REJECT}:
        return _not_applied(request, f"Este caso espera «{DeskAction.APPROVE}» o «{DeskAction.REJECT}», no «{asked.action}».")
    why_not = _not_a_second_person(request, asked, rules)
    if why_not is not None:
        return _not_applied(request, why_not)
    approver = asked.approver
    if approver is None:
        raise ValueError("an approval without an approver was let through")
    how = "por comando" if asked.at_command else "en el tablero"
    if asked.action == DeskAction.REJECT:
        # The note names the approver for the matrix; whom the requester need not know.
        note = " ".join(asked.note.replace(approver.address, "").split()).strip(" ,;:.-")
        reason = f"La segunda persona no la aprobó. {note}".strip()
        refused = replace(_begun_anew(request, rules), course=Course.REFUSE, reason=reason, because=reason)
        return refused, [Entry("No aprobada", f"{approver.address}, {how}: {_who(asked)}", EntryKind.DECISION)]
    approved = replace(_said(request, step, rules), approval=Approval(approver.address, how, rules.now))
    detail = f"{approver.address} (fila {approver.row} de la matriz), {how}. {_who(asked)}"
    return approved, [Entry("Aprobada por una segunda persona", detail, EntryKind.DECISION)]


def _not_a_second_person(request: Request, asked: DeskAsked, rules: Rules) -> str | None:
    approver = asked.approver
    if not asked.at_command and not rules.policy.approvals.on_board:
        return "La institución solo recibe aprobaciones por comando: «gestion approve»."
    if approver is None:
        return (
            "Escriba en Observación el correo de quien aprueba; debe tener «aprobador» en la matriz de autorizadores, vigente."
        )
    if request.requester is not None and same_address(approver.address, request.requester):
        return "Quien pidió no puede aprobar: debe hacerlo otra persona."
    subject = request.facts.subject
    if subject is not None and same_address(approver.address, subject.mail_address):
        return "El titular de la cuenta no puede aprobar: debe hacerlo otra persona."
    return None


def _cancel(request: Request, asked: DeskAsked, rules: Rules) -> Told:
    why_not = _not_cancellable(request)
    if why_not is not None:
        return _not_applied(request, why_not)
    reason = f"Cancelada por la mesa de servicio. {asked.note}".strip()
    cancelled = replace(_begun_anew(request, rules), course=Course.CANCEL, correction=None, reason=reason, because=reason)
    return cancelled, [Entry("Cancelación pedida", _who(asked), EntryKind.DESK)]


def _not_cancellable(request: Request) -> str | None:
    facts = request.facts
    if request.course not in CANCELLABLE:
        return f"No se cancela: el caso ya se está cerrando ({request.because or request.state.label})."
    if request.attended_at is not None:
        return "No se cancela: la solicitud ya se atendió. Si fue un error, pida la operación contraria."
    if facts.account_deleted_at is not None:
        return "No se cancela: la cuenta ya se eliminó."
    if facts.account_id is not None and not undelivered(request):
        return f"No se cancela: la cuenta {facts.login} ya existe. Si no debe usarse, pida su inactivación."
    why_not = next((why for act, why in _NOT_TAKEN_BACK.items() if StepKey(act) in request.done), None)
    return f"No se cancela: {why_not}" if why_not is not None else None


def _begun_anew(request: Request, rules: Rules) -> Request:
    begun = replace(request, round=request.round + 1, state=State.IN_PROGRESS, waiting_for=None)
    if request.attended_at is not None:
        # What was attended is not looked at and decided on anew: only what is left to do is tried again.
        repeated = [step for step in steps_of(request, rules) if step.each_round and step.key(request.round) in request.done]
        kept = request.done | {step.key(begun.round) for step in repeated}
        begun = replace(begun, state=State.FOLLOWED_UP, done=kept)
    return replace(begun, wake_at=rules.now, reason=request.because)


def _said(request: Request, step: Step, rules: Rules) -> Request:
    """A person's word brings a step about; the round stays, since nothing is done anew."""
    done = request.done | {step.key(request.round)}
    told = replace(request, done=done, state=State.IN_PROGRESS, waiting_for=None)
    return replace(told, wake_at=rules.now, reason=request.because)


def _not_applied(request: Request, reason: str) -> Told:
    return replace(request, reason=reason), [Entry("Acción no aplicada", reason, EntryKind.DESK)]


def _who(asked: DeskAsked) -> str:
    return f"{asked.by}: {asked.note}" if asked.note else asked.by
