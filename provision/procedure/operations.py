"""The steps of each operation, in the order of the UPME procedure's activities.

A new operation is a new list here with its rules; the engine (`lifecycle`) does not change.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from config.vocabulary import Operation, same_address
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.facts import Pickup
from provision.procedure.model import Origin, Request, StepKey
from provision.procedure.steps import (
    CHECK,
    CLOSE,
    REGISTER,
    RELEASE,
    REPORT,
    TELL_USER,
    Rules,
    Step,
    creation_of,
    for_good,
    licence_of,
    needs_second_person,
    subject_has_licence,
)
from provision.procedure.submission import (
    Activate,
    AssignContract,
    ChangeAddress,
    CreatePersonalAccount,
    Deactivate,
    Modify,
    ResetPassword,
)

Steps = tuple[Step, ...]

APPROVE = Step(Act.APPROVE, "Aprobar por una segunda persona", "2 PC")
TELL_APPROVER = Step(Act.MAIL_APPROVER, "Confirmar su aprobación a quien aprobó", "2 PC")
PLACE_HOLD = Step(Act.PLACE_HOLD, "Anotar la inactivación y sus fechas", "3")
DISABLE = Step(Act.APPLY_HOLDS, "Inactivar la cuenta en el Directorio Activo", "3", needs_admission=True)
END_SESSIONS = Step(Act.END_SESSIONS, "Cerrar las sesiones abiertas", "3")
SYNCHRONISE = Step(Act.SYNCHRONISE, "Sincronizar el dominio", "3")
FIND_EXISTING = Step(Act.FIND_EXISTING_ACCOUNT, "Buscar si la persona ya tiene cuenta", "3", each_round=True)
SCHEDULED = Step(Act.MAIL_SCHEDULED, "Confirmar al solicitante la fecha", "4 PC")


def _date_confirmed(request: Request, rules: Rules, day: date) -> Steps:
    """Who asked for a later day is told that it waits for it, unless something held it up until that day came."""
    asked_for_later = request.origin is Origin.FORM and day > rules.policy_day(request.received_at)
    told = SCHEDULED.key(request.round) in request.done
    return (SCHEDULED,) if asked_for_later and (told or day > rules.today) else ()


def creation_begins(request: Request, rules: Rules) -> datetime | None:
    """Aware UTC: `lead_business_days` before a future contract's first day, so that the account is ready that morning."""
    content = creation_of(request)
    if not isinstance(content, CreatePersonalAccount) or content.contract is None:
        return None
    first_day = rules.calendar.business_days_before(content.contract.start, rules.policy.deadlines.lead_business_days)
    return rules.begin_of(first_day)


def _make_account(request: Request, rules: Rules) -> Steps:
    """From the day on which it is made to an account whose mailbox answers; its access data has not gone out."""
    begins = creation_begins(request, rules)
    steps: list[Step] = []
    if licence_of(request, rules.policy):
        steps.append(Step(Act.RESERVE_SEAT, "Reservar un cupo de licencia de buzón", "3", not_before=begins))
    elif request.round > 1 and StepKey(Act.RESERVE_NAME) not in request.done:
        # An edit may have led here from an account type with a mailbox: the seat promised then goes to somebody else.
        steps.append(RELEASE)
    steps += [
        Step(Act.RESERVE_NAME, "Reservar el nombre de la cuenta", "3", not_before=begins),
        Step(Act.CREATE_ACCOUNT, "Crear la cuenta en el Directorio Activo", "3", not_before=begins),
    ]
    if licence_of(request, rules.policy):
        steps += [
            Step(Act.AWAIT_SYNC, "Sincronizar el dominio", "3"),
            Step(Act.ASSIGN_LICENCE, "Asignar la licencia", "3"),
            Step(Act.AWAIT_MAILBOX, "Esperar el buzón", "3"),
        ]
    return tuple(steps)


ISSUE = Step(Act.ISSUE_ACCESS, "Enviar los datos de acceso al correo personal", "4 PC")


def _came_back(request: Request) -> Steps:
    """Access data that the mail server accepted and that came back: first of all it must open nothing any more."""
    returned = request.facts.access_returned
    if returned is None:
        return ()
    return (Step(Act.REVOKE_RETURNED, "Anular los datos de acceso devueltos", "4 PC", suffix=str(returned.times)),)


def _create(request: Request, rules: Rules) -> Steps:
    begins = creation_begins(request, rules)
    told = _date_confirmed(request, rules, rules.policy_day(begins)) if begins is not None else ()
    steps = (REGISTER, *_second_person(request, rules), FIND_EXISTING, *told, *_make_account(request, rules))
    return (*steps, ISSUE, *_came_back(request), REPORT, CLOSE, *_watch_first_use(request, rules))


def _second_person(request: Request, rules: Rules) -> Steps:
    return (APPROVE, TELL_APPROVER) if needs_second_person(request, rules.policy) else ()


def _identified(request: Request, rules: Rules) -> Steps:
    """What comes first for every account that exists: the ticket, the account, and whether he who asks may."""
    register = () if request.origin is Origin.CAMPAIGN else (REGISTER,)
    return (*register, *_of_a_former_creation(request), CHECK, *_second_person(request, rules))


def _of_a_former_creation(request: Request) -> Steps:
    """An edit may have made something else of a creation: the name and the seat promised then go to somebody else."""
    was_one = any(step.startswith(Act.FIND_EXISTING_ACCOUNT) for step in request.done)
    left_over = was_one and creation_of(request) is None and StepKey(Act.RESERVE_SEAT) not in request.done
    return (RELEASE,) if left_over else ()


def _reset(request: Request, rules: Rules) -> Steps:
    content = request.content
    subject = request.facts.subject
    steps = list(_identified(request, rules))
    known = subject is None or subject.address_on_record is not None
    if isinstance(content, ResetPassword) and (content.on_premises or not known):
        if not content.on_premises:
            steps.append(Step(Act.CONFIRM_IDENTITY, "Identificar a la persona, que no tiene correo registrado", "2 PC"))
        steps.append(Step(Act.ALLOW_CHANGE, "Habilitar el cambio de clave en el próximo ingreso", "2 PC"))
        watched: Steps = ()
    else:
        steps.append(Step(Act.RESET_ACCESS, "Cambiar la clave y enviarla al correo registrado", "2 PC"))
        steps += _came_back(request)
        watched = _watch_first_use(request, rules)
    steps += [END_SESSIONS, TELL_USER]
    if isinstance(content, ResetPassword) and content.other_address is not None and subject is not None:
        steps.append(Step(Act.OPEN_ADDRESS_CHANGE, "Abrir el cambio del correo registrado, que otra persona aprueba", "4 PC"))
    return (*steps, REPORT, CLOSE, *watched)


def _change_address(request: Request, rules: Rules) -> Steps:
    return (
        *_identified(request, rules),
        Step(Act.MAIL_OLD_ADDRESS, "Avisar al correo registrado hasta hoy", "4 PC"),
        TELL_USER,
        Step(Act.RECORD_ADDRESS, "Registrar el correo nuevo", "3"),
        REPORT,
        CLOSE,
    )


def _modify(request: Request, rules: Rules) -> Steps:
    content = request.content
    if isinstance(content, ChangeAddress):
        return _change_address(request, rules)
    from_date = content.from_date if isinstance(content, Modify) else None
    begins = rules.begin_of(from_date) if from_date is not None else None
    asked_for = WaitingFor.FROM_DATE
    return (
        *_identified(request, rules),
        *(_date_confirmed(request, rules, from_date) if from_date is not None else ()),
        Step(Act.PLAN_CHANGES, "Planear qué cambia", "3", not_before=begins, waits_as=asked_for),
        Step(Act.APPLY_CHANGES, "Modificar la cuenta en el Directorio Activo", "3", not_before=begins, waits_as=asked_for),
        *_extended(request, rules),
        SYNCHRONISE,
        TELL_USER,
        REPORT,
        CLOSE,
    )


def _extended(request: Request, rules: Rules) -> Steps:
    """A contract that goes on ends the hold that its end brought, and the licence and the groups come back."""
    content = request.content
    if not isinstance(content, Modify) or content.contract is None or content.contract.end is None:
        return ()
    return (Step(Act.END_HOLDS, "Levantar la inactivación por terminación del contrato", "3"), *_come_back(request, rules))


def _come_back(request: Request, rules: Rules) -> Steps:
    """The account works again if no other hold is in force, with its groups and its licence; so it does after an absence."""
    steps = [Step(Act.APPLY_HOLDS, "Activar la cuenta en el Directorio Activo", "3", suffix="regreso")]
    if request.facts.still_held and not request.facts.only_away:
        return tuple(steps)
    steps.append(Step(Act.RESTORE_GROUPS, "Devolver los grupos que tenía", "3"))
    if subject_has_licence(request, rules.policy):
        steps.append(Step(Act.FIND_LICENCE, "Ver si la cuenta conserva su licencia", "3"))
        if request.facts.no_mailbox:
            steps += [
                Step(Act.RESERVE_SEAT, "Reservar un cupo de licencia de buzón", "3"),
                Step(Act.AWAIT_SYNC, "Sincronizar el dominio", "3"),
                Step(Act.ASSIGN_LICENCE, "Asignar la licencia", "3"),
                Step(Act.AWAIT_MAILBOX, "Esperar el buzón", "3"),
            ]
    return tuple(steps)


def _activate(request: Request, rules: Rules) -> Steps:
    content = request.content
    steps = list(_identified(request, rules))
    if request.facts.activation_unexplained:
        steps.append(Step(Act.CONFIRM_ACTIVATION, "Confirmar que la cuenta se puede activar", "3"))
    begins = rules.begin_of(content.from_date) if isinstance(content, Activate) else None
    steps += _date_confirmed(request, rules, content.from_date) if isinstance(content, Activate) else ()
    if isinstance(content, Activate) and content.contract is not None:
        plan = Step(Act.PLAN_CHANGES, "Planear qué cambia", "3", not_before=begins, waits_as=WaitingFor.FROM_DATE)
        steps += [plan, Step(Act.APPLY_CHANGES, "Registrar el contrato nuevo en la cuenta", "3")]
    end = Step(Act.END_HOLDS, "Levantar la inactivación", "3", not_before=begins, waits_as=WaitingFor.FROM_DATE)
    told = () if request.origin is Origin.CAMPAIGN else (TELL_USER, REPORT, CLOSE)
    return (*steps, end, *_come_back(request, rules), *told)


def _deactivate(request: Request, rules: Rules) -> Steps:
    content = request.content
    if not isinstance(content, Deactivate):
        raise TypeError(f"{request.case} is no deactivation")
    scheduled = _date_confirmed(request, rules, content.from_date)
    if request.origin is Origin.CAMPAIGN and content.from_date > rules.policy_day(request.received_at):
        # Nobody asked for this account by itself: on its day it is looked at anew, because its contract may have been renewed.
        again = replace(CHECK, title="Comprobar que la cuenta siga en la campaña", each_round=False, suffix="vigencia")
        scheduled = (replace(again, not_before=rules.begin_of(content.from_date), waits_as=WaitingFor.FROM_DATE),)
    steps = (*_identified(request, rules), PLACE_HOLD, *scheduled, *_hold(request, rules, content.from_date))
    match request.origin:
        case Origin.CAMPAIGN:
            return steps
        case Origin.SWEEP:
            told: Steps = (Step(Act.MAIL_CONTRACT_ENDED, "Avisar al supervisor que el contrato terminó", "4 PC"),)
        case _:
            told = (REPORT,)
    return (*steps, *told, CLOSE, *_return(request, rules, content.until_date))


def _hold(request: Request, rules: Rules, from_date: date) -> Steps:
    """From the hold's first day: nobody gets in; who leaves for good leaves nothing behind."""
    begins = rules.begin_of(from_date)
    approved = request.origin is Origin.CAMPAIGN
    disable = replace(DISABLE, not_before=begins, waits_as=WaitingFor.FROM_DATE, needs_admission=not approved)
    # Whose hold was lifted meanwhile stays: nothing more is taken from an account that works.
    lifted = request.facts.hold_lifted_on is not None and request.facts.hold_lifted_on <= rules.today
    return (disable, END_SESSIONS, *(_leave(request, rules) if for_good(request) and not lifted else ()))


def _leave(request: Request, rules: Rules) -> Steps:
    leaving = rules.policy.leaving
    steps: list[Step] = []
    if leaving.report_loose_ends:
        steps.append(Step(Act.FIND_LOOSE_ENDS, "Buscar personas y cuentas a su cargo", "3"))
        # A campaign tells of all its accounts at once, in its report.
        any_left = request.facts.loose_ends is not None and request.facts.loose_ends.any
        if any_left and request.origin is not Origin.CAMPAIGN:
            steps.append(Step(Act.MAIL_LOOSE_ENDS, "Avisar a la jefatura lo que queda a su cargo", "4 PC"))
    if leaving.remove_groups:
        steps.append(Step(Act.REMOVE_GROUPS, "Anotar y retirar los grupos", "3"))
    if leaving.back_up_and_remove_licence and subject_has_licence(request, rules.policy):
        steps += [*_back_up(request), Step(Act.REMOVE_LICENCE, "Retirar la licencia", "3")]
    return tuple(steps)


def _back_up(request: Request) -> Steps:
    steps = [Step(Act.BACK_UP, "Hacer y verificar el backup de correo, calendario, contactos y nube", "3")]
    if request.facts.backup_by_hand and not request.facts.no_mailbox:
        steps.append(Step(Act.CONFIRM_BACKUP, "Confirmar el backup del buzón", "3"))
    return tuple(steps)


def _return(request: Request, rules: Rules, until: date | None) -> Steps:
    """The account comes back by itself on the day after its last day off."""
    if until is None:
        return ()
    day = until + timedelta(days=1)
    if request.facts.hold_lifted_on is not None:
        day = min(day, request.facts.hold_lifted_on)
    back = Step(
        Act.APPLY_HOLDS,
        "Activar la cuenta a su regreso",
        "3",
        suffix="regreso",
        not_before=rules.begin_of(day),
        waits_as=WaitingFor.RETURN_DATE,
        after_report=True,
    )
    if request.facts.hold_lifted_on is not None and request.facts.still_held:
        return (back,)  # other dates took its place: whoever asked for them knows
    lifted_for = request.facts.hold_lifted_for
    if lifted_for is not None and request.requester is not None and same_address(lifted_for, request.requester):
        return (back,)  # the report of the activation says it, to the same person
    return (back, Step(Act.MAIL_RETURNED, "Avisar el regreso al solicitante", "4 PC", after_report=True))


def _assign(request: Request, rules: Rules) -> Steps:
    content = request.content
    if not isinstance(content, AssignContract):
        raise TypeError(f"{request.case} is no cession")
    return (
        *_identified(request, rules),
        *_date_confirmed(request, rules, content.from_date),
        FIND_EXISTING,
        *_make_account(request, rules),
        PLACE_HOLD,
        *_hold(request, rules, content.from_date),
        ISSUE,
        *_came_back(request),
        REPORT,
        CLOSE,
        *_watch_first_use(request, rules),
    )


def _delete(request: Request, rules: Rules) -> Steps:
    facts = request.facts
    steps = [*_identified(request, rules), PLACE_HOLD, DISABLE, END_SESSIONS]
    if rules.policy.leaving.report_loose_ends:
        steps.append(Step(Act.FIND_LOOSE_ENDS, "Buscar personas y cuentas a su cargo", "3"))
        if facts.loose_ends is not None and facts.loose_ends.any:
            steps.append(Step(Act.MAIL_LOOSE_ENDS, "Avisar a la jefatura lo que queda a su cargo", "4 PC"))
    if subject_has_licence(request, rules.policy):
        steps += _back_up(request)
    steps += [
        Step(Act.FIND_COMPUTERS, "Buscar los equipos de la persona", "3"),
        Step(Act.CONFIRM_PC_BACKUP, "Confirmar el backup del equipo", "3"),
    ]
    if facts.computers:
        steps.append(Step(Act.REMOVE_COMPUTERS, "Retirar el equipo del dominio", "3"))
    steps += [
        Step(Act.CONFIRM_PC_WIPE, "Confirmar el borrado de la información del equipo", "3"),
        Step(Act.DELETE_ACCOUNT, "Eliminar la cuenta en el Directorio Activo", "3"),
    ]
    if subject_has_licence(request, rules.policy):
        steps += [SYNCHRONISE, Step(Act.AWAIT_MAILBOX_GONE, "Verificar la eliminación del buzón", "3")]
    return (*steps, REPORT, CLOSE)


def pickup_times(sent_at: datetime, rules: Rules) -> tuple[datetime, datetime]:
    """When access data that nobody used is remembered, and when it is revoked; aware UTC."""
    deadlines = rules.policy.deadlines
    return (
        rules.morning_after(sent_at, deadlines.pickup_reminder_business_days),
        rules.morning_after(sent_at, deadlines.pickup_business_days),
    )


def _watch_first_use(request: Request, rules: Rules) -> Steps:
    """Access data that nobody used is noticed: a reminder, then it is revoked and the requester told."""
    sent_at = request.facts.access_sent_at
    if sent_at is None or request.facts.pickup in {Pickup.USED, Pickup.OVER}:
        return ()
    first_look = rules.morning_after(sent_at, 1)

    def watch(suffix: str, not_before: datetime | None = None) -> Step:
        return Step(
            Act.AWAIT_FIRST_USE,
            "Esperar el primer ingreso del usuario",
            "4 PC",
            suffix=suffix,
            not_before=not_before,
            waits_as=WaitingFor.FIRST_USE,
            after_report=True,
        )

    return (
        watch("1", first_look),
        Step(Act.MAIL_PICKUP_REMINDER, "Recordar los datos de acceso sin usar", "4 PC", after_report=True),
        watch("2"),
        Step(Act.REVOKE_ACCESS, "Anular los datos de acceso que nadie usó", "4 PC", after_report=True),
        Step(Act.MAIL_ACCESS_REVOKED, "Avisar al solicitante que se anularon", "4 PC", after_report=True),
    )


OPERATIONS: Mapping[Operation, Callable[[Request, Rules], Steps]] = {
    Operation.CREATE: _create,
    Operation.RESET_PASSWORD: _reset,
    Operation.MODIFY: _modify,
    Operation.ACTIVATE: _activate,
    Operation.DEACTIVATE: _deactivate,
    Operation.SUSPEND_CONTRACT: _deactivate,
    Operation.TERMINATE_CONTRACT: _deactivate,
    Operation.ASSIGN_CONTRACT: _assign,
    Operation.DELETE: _delete,
}
"""Every operation of the procedures."""
