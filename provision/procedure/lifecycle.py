"""`advance`: from a request, what was signalled, the policy and the time, to the request's next value and the effect wanted.

Pure: the same arguments give the same decision, in `run` and in `plan`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import assert_never

from config.vocabulary import CaseNumber, EmailAddress, Operation
from provision.procedure import desk, returned_mail, sla, ticket_words
from provision.procedure.acts import CONFIRMED_BY, MAILING_ACTS, Act, WaitingFor
from provision.procedure.courses import ADMITTED, RESTS, correction_deadline, next_step, reminder_times, steps_of
from provision.procedure.lifecycle_entries import decision_entry, never_deletes
from provision.procedure.model import (
    Admitted,
    Advance,
    CorrectionAsked,
    Course,
    DeskAsked,
    Diverted,
    Done,
    Effect,
    Entry,
    EntryKind,
    Failed,
    HeldInBatch,
    HoldLifted,
    MailBounced,
    NotYet,
    Origin,
    Outcome,
    Request,
    Resubmitted,
    Settled,
    Signal,
    SlaMark,
    State,
    StepKey,
    SteppedBack,
    TicketTouched,
)
from provision.procedure.resubmission import resubmit
from provision.procedure.safety import effect_of
from provision.procedure.steps import Rules, Step, expiry
from provision.procedure.submission import Authorisation, Deactivate, Defective, Problem, Refused, Submission, said


@dataclass(frozen=True, slots=True)
class Received:
    """A response as it enters the journal: understood, decided, and with what is already known of its person."""

    case: CaseNumber
    requester: EmailAddress | None
    vouched_by: str | None
    received_at: datetime
    content: Submission | Defective
    authorisation: Authorisation
    duplicate_of: CaseNumber | None = None
    follows: CaseNumber | None = None
    origin: Origin = Origin.FORM


def open_request(received: Received, rules: Rules) -> Advance:
    """The first value of a request: its course follows from what was understood and decided (activities 1 and 2)."""
    course, reason = _first_course(received, rules)
    correction = CorrectionAsked(received.content.problems) if isinstance(received.content, Defective) else None
    request = Request(
        case=received.case,
        requester=received.requester,
        vouched_by=received.vouched_by,
        received_at=received.received_at,
        content=received.content,
        authorisation=received.authorisation,
        policy_version=rules.policy.version,
        course=course,
        reason=reason,
        because=reason,
        correction=correction if course is Course.CORRECT else None,
        duplicate_of=received.duplicate_of,
        follows=received.follows,
        origin=received.origin,
        wake_at=rules.now,
    )
    entries = [Entry("Recibida", _whence(received), EntryKind.RECEIVED)]
    if received.vouched_by:
        entries.append(Entry("Identidad no verificada", f"La avala {received.vouched_by}: un CSV no prueba quién respondió."))
    if received.follows and received.origin is Origin.FORM:
        entries.append(Entry("Continúa un caso cerrado", f"Respuesta tardía o edición de {received.follows}."))
    entries.append(decision_entry(received.authorisation))
    if course is not Course.ATTEND:
        entries.append(Entry(_COURSE_TITLES[course], reason, EntryKind.PROBLEM))
    return Advance(request, tuple(entries), None, rules.now)


def _whence(received: Received) -> str:
    match received.origin:
        case Origin.FORM:
            return f"Respuesta de {received.requester or 'origen desconocido'}."
        case Origin.SWEEP:
            return "La abre el programa: terminó el contrato."
        case Origin.CAMPAIGN:
            return "La abre el programa: campaña aprobada."
        case Origin.CASE:
            return f"La abre el programa, por lo que pidió {received.follows}."
        case _ as never:
            assert_never(never)


_COURSE_TITLES = {
    Course.ATTEND: "Se atiende",
    Course.CORRECT: "Requiere corrección",
    Course.REFUSE: "Rechazada",
    Course.DUPLICATE: "Duplicada",
    Course.HAS_ACCOUNT: "Ya tiene cuenta",
    Course.NOTHING_TO_DO: "No hay nada que hacer",
    Course.UNANSWERED: "Sin respuesta",
    Course.CANCEL: "Cancelada",
}


def _first_course(received: Received, rules: Rules) -> tuple[Course, str]:
    content = received.content
    match received.authorisation, content:
        case Refused(reason=reason), _:
            return Course.REFUSE, reason
        case _ if content.operation is Operation.DELETE and not rules.policy.deletes_accounts:
            return Course.REFUSE, never_deletes(rules)
        case _, Defective(problems=problems):
            return Course.CORRECT, said(problems)
        case _ if received.duplicate_of:
            return Course.DUPLICATE, f"Ya hay una solicitud abierta para la misma persona: {received.duplicate_of}."
        case _:
            return Course.ATTEND, ""


def advance(request: Request, signals: Sequence[Signal], rules: Rules) -> Advance:
    """Decide what a request does next. A closed request stays as it is, whatever is signalled but a mail that came back.

    The effect returned, if any, is the only one wanted now; with the same request and time it has the same key, so that the
    journal can tell a repetition from something new.
    """
    entries: list[Entry] = []
    for signal in signals:
        request, news = _apply(request, signal, rules)
        entries += news
    if not request.state.closed:
        request, news = _let_time_pass(request, rules)
        entries += news
        request, news, effect = _next(request, rules)
        entries += news
    else:
        effect = None
    request, news, mark_at = _keep_clock(request, rules)
    wake_at = min((at for at in (request.wake_at, mark_at) if at is not None), default=None)
    return Advance(request, (*entries, *news), effect, wake_at)


def _apply(request: Request, signal: Signal, rules: Rules) -> tuple[Request, list[Entry]]:
    if isinstance(signal, MailBounced):  # a report that comes back opens even a closed request
        return returned_mail.came_back(request, signal, rules)
    if isinstance(signal, TicketTouched):  # what people say is told, however the request stands
        return ticket_words.touched(request, signal)
    if request.state.closed:
        return request, [Entry("Señal tardía", f"El caso ya está cerrado ({request.state.label}): no se aplicó.")]
    match signal:
        case Settled(effect=effect, outcome=outcome):
            return _settle(request, effect, outcome, rules)
        case Resubmitted() if request.attended_at is not None:
            return request, [Entry("Señal tardía", "La respuesta cambió cuando la solicitud ya estaba atendida: no se aplicó.")]
        case Resubmitted():
            return resubmit(request, signal, rules)
        case DeskAsked():
            return desk.obey(request, signal, rules)
        case Admitted(line=line) if effect_of(request).line != line:
            return request, [Entry("Señal tardía", "La solicitud cambió después de contarla: se cuenta de nuevo.")]
        case Admitted(why=why):
            admitted = replace(request, done=request.done | {ADMITTED})
            news = [Entry("Lote aprobado", why, EntryKind.DECISION)] if why else []
            if request.waiting_for is not WaitingFor.ADMISSION:  # it was cancelled, or is in a person's hands, meanwhile
                return admitted, news
            let_in = replace(admitted, state=State.IN_PROGRESS, waiting_for=None)
            return replace(let_in, wake_at=rules.now, reason=request.because), news
        case HeldInBatch(why=why):
            return replace(request, reason=why), [Entry("Lote detenido", why, EntryKind.PROBLEM)]
        case HoldLifted(on=on, by=by, asked_by=asked_by):
            lifted = replace(request, facts=replace(request.facts, hold_lifted_on=on, hold_lifted_for=asked_by))
            if request.state is not State.NEEDS_ATTENTION:  # awake in a person's hands, it would never rest
                lifted = replace(lifted, wake_at=rules.now)
            news = [Entry("Inactivación levantada", f"Por {by}, desde el {on:%d/%m/%Y}.", EntryKind.DECISION)]
            return _never_begun(lifted, on, by), news
        case _ as never:
            assert_never(never)


def _never_begun(request: Request, on: date, by: CaseNumber) -> Request:
    """A lasting deactivation whose hold was lifted before its first day (a contract that was extended) has nothing to do."""
    content = request.content
    lifted_before = isinstance(content, Deactivate) and content.until_date is None and on <= content.from_date
    if not lifted_before or request.course is not Course.ATTEND or StepKey(Act.APPLY_HOLDS) in request.done:
        return request
    reason = f"La inactivación se levantó antes de su fecha, por {by}."
    state = State.IN_PROGRESS
    return replace(request, course=Course.NOTHING_TO_DO, reason=reason, because=reason, state=state, waiting_for=None)


def _settle(request: Request, effect: Effect, outcome: Outcome, rules: Rules) -> tuple[Request, list[Entry]]:
    match outcome:
        case Done(facts=facts, detail=detail, authorisation=authorisation):
            title = title_of(request, effect, rules)
            request = replace(
                request,
                done=request.done | {effect.step},
                facts=request.facts.learn(facts),
                authorisation=authorisation or request.authorisation,
                state=State.FOLLOWED_UP if request.attended_at else State.IN_PROGRESS,
                waiting_for=None,
                reason=request.because,
                wake_at=rules.now,
            )
            kind = EntryKind.MAIL if effect.act in MAILING_ACTS else EntryKind.STEP
            decided = [decision_entry(authorisation)] if authorisation is not None else []
            request, news = _after(request, effect, rules)
            return request, [Entry(title, detail, kind), *decided, *news]
        case NotYet(waiting_for=waiting_for, look_again_at=look_again_at, detail=detail):
            news = (
                [] if request.waiting_for is waiting_for else [Entry(f"En espera: {waiting_for.label}", detail, EntryKind.WAIT)]
            )
            state = State.FOLLOWED_UP if request.attended_at else State.WAITING
            waiting = replace(request, state=state, waiting_for=waiting_for, wake_at=look_again_at, reason=detail)
            return waiting, news
        case Failed(reason=reason):
            return desk.needs_attention(request, reason), [Entry("Requiere atención", reason, EntryKind.PROBLEM)]
        case Diverted(course=course, reason=reason, problems=problems, facts=facts, duplicate_of=duplicate_of) as diverted:
            correction = CorrectionAsked(problems) if course is Course.CORRECT else request.correction
            turned = replace(
                request,
                course=course,
                reason=reason,
                because=reason,
                correction=correction,
                duplicate_of=duplicate_of or request.duplicate_of,
                facts=request.facts.learn(facts),
                authorisation=diverted.authorisation or request.authorisation,
                state=State.IN_PROGRESS,
                waiting_for=None,
                wake_at=rules.now,
            )
            return turned, [Entry(_COURSE_TITLES[course], reason, EntryKind.PROBLEM)]
        case SteppedBack(to=to, reason=reason):
            request = _forget(request, to)
            kept = frozenset(step for step in request.done if not step.startswith(to.value))
            again = replace(request, done=kept, round=request.round + 1, state=State.IN_PROGRESS, wake_at=rules.now)
            return again, [Entry("Se repite un paso", reason)]
        case _ as never:
            assert_never(never)


def _forget(request: Request, act: Act) -> Request:
    """The facts of a step that is to be done anew no longer hold."""
    if act is Act.RESERVE_NAME:
        return replace(request, facts=replace(request.facts, login=None, mail_address=None))
    return request


def _after(request: Request, effect: Effect, rules: Rules) -> tuple[Request, list[Entry]]:
    if effect.act is Act.REVOKE_RETURNED:
        return returned_mail.ask_again(request, rules)
    if effect.act is Act.MAIL_CORRECTION and request.correction is not None:
        asked = replace(request.correction, asked_at=rules.now, deadline=correction_deadline(rules.now, rules))
        return replace(request, correction=asked), []
    if request.course is Course.ATTEND and effect.act is Act.CLOSE_TICKET:
        # A report that came back closes the ticket once more; what was attended stays measured as it was.
        return replace(request, state=State.FOLLOWED_UP, attended_at=request.attended_at or rules.now), []
    return request, []


def title_of(request: Request, effect: Effect, rules: Rules) -> str:
    """The Spanish name of the step that an effect carries out."""
    steps = steps_of(request, rules)
    return next((step.title for step in steps if step.key(effect.round) == effect.step), effect.act.label)


def _let_time_pass(request: Request, rules: Rules) -> tuple[Request, list[Entry]]:
    if request.state is State.NEEDS_ATTENTION:
        return request, []
    deadline = request.correction.deadline if request.correction else None
    if request.course is Course.CORRECT and deadline is not None and rules.now >= deadline:
        reason = "Venció el plazo de corrección sin respuesta del solicitante."
        unanswered = replace(request, course=Course.UNANSWERED, reason=reason, because=reason, waiting_for=None)
        return unanswered, [Entry("Sin respuesta", reason, EntryKind.PROBLEM)]
    ends = expiry(request, rules.policy)
    if request.course is Course.ATTEND and ends is not None and ends <= rules.now and request.facts.account_id is None:
        problem = Problem("contract_end", "Fecha de terminación del contrato", "el contrato terminó antes de crear la cuenta.")
        reason = said((problem,))
        asked = CorrectionAsked((problem,))
        turned = replace(request, course=Course.CORRECT, correction=asked, reason=reason, because=reason)
        return turned, [Entry("Requiere corrección", reason, EntryKind.PROBLEM)]
    return request, []


def _next(request: Request, rules: Rules) -> tuple[Request, list[Entry], Effect | None]:
    if request.state is State.NEEDS_ATTENTION:
        return request, [], None
    step = next_step(request, rules)
    if step is None:
        request, news = _rest(request, rules)
        return request, news, None
    if step.not_before is not None and step.not_before > rules.now:
        reason = _until(request, step, rules)
        return (*_waiting(request, step.waits_as, reason, step.not_before), None)
    if step.needs_admission and ADMITTED not in request.done:
        reason = "Espera a que se sume lo que esta ejecución inactivaría o eliminaría."
        return (*_waiting(request, WaitingFor.ADMISSION, reason, None), None)
    if step.act in CONFIRMED_BY:
        return (*_waiting(request, CONFIRMED_BY[step.act], desk.what_to_confirm(request, step), None), None)
    if request.waiting_for in _DATES:
        request = replace(request, waiting_for=None, reason=request.because, wake_at=rules.now)
    if request.attended_at is not None:
        request = replace(request, state=State.FOLLOWED_UP)
    elif request.waiting_for is None:
        request = replace(request, state=State.IN_PROGRESS)
    return request, [], _effect(request, step)


_DATES = frozenset({WaitingFor.START_DATE, WaitingFor.FROM_DATE, WaitingFor.RETURN_DATE})
"""The waits that end by themselves when their day comes."""


def _waiting(request: Request, waiting_for: WaitingFor, reason: str, wake_at: datetime | None) -> tuple[Request, list[Entry]]:
    state = State.FOLLOWED_UP if request.attended_at else State.WAITING
    if waiting_for is WaitingFor.ADMISSION and request.waiting_for is not waiting_for:
        # It lasts until the run has added up what waits; only a batch that is held is worth a line in the story.
        return replace(request, state=state, waiting_for=waiting_for, wake_at=wake_at, reason=reason), []
    if request.waiting_for is waiting_for:  # what was said since, such as an action not applied, stays to be read
        return replace(request, state=state, wake_at=wake_at), []
    waits = replace(request, state=state, waiting_for=waiting_for, wake_at=wake_at, reason=reason)
    return waits, [Entry(f"En espera: {waiting_for.label}", reason, EntryKind.WAIT)]


def _until(request: Request, step: Step, rules: Rules) -> str:
    day = rules.policy_day(step.not_before) if step.not_before else rules.today
    match step.waits_as:
        case WaitingFor.FROM_DATE:
            return f"Se aplica el {day:%d/%m/%Y}, la fecha pedida."
        case WaitingFor.RETURN_DATE:
            return f"La cuenta vuelve a estar activa el {day:%d/%m/%Y}."
        case WaitingFor.FIRST_USE:
            return "Datos de acceso enviados; el usuario aún no ha ingresado."
        case _:
            return f"Se atiende desde el {day:%d/%m/%Y}, antes del inicio del contrato."


def _effect(request: Request, step: Step) -> Effect:
    return Effect(request.case, step.act, step.key(request.round), request.round)


def _rest(request: Request, rules: Rules) -> tuple[Request, list[Entry]]:
    """Where a request stands when every step of its course is done."""
    state = RESTS[request.course]
    if request.course is Course.CORRECT:
        later = [at for at in reminder_times(request, rules) if at > rules.now]
        deadline = request.correction.deadline if request.correction else None
        wake_at = min([*later, *([deadline] if deadline else [])], default=None)
        reason = said(request.correction.problems) if request.correction else request.reason
        waiting = replace(request, state=state, waiting_for=WaitingFor.REQUESTER, wake_at=wake_at, reason=reason)
        return waiting, []
    closed = replace(request, state=state, waiting_for=None, wake_at=None, closed_at=rules.now)
    return closed, [Entry(state.label, request.reason, EntryKind.END)]


def _keep_clock(request: Request, rules: Rules) -> tuple[Request, list[Entry], datetime | None]:
    """Pause or run the clock and mark it; also when it is next to be marked, None while it stands still."""
    request = replace(request, pauses=sla.pausing(request, rules))
    marked = sla.mark(request, rules)
    entries = []
    if marked is not request.sla and marked is not SlaMark.ON_TIME:
        hours = rules.policy.deadlines.attend_business_hours
        entries.append(
            Entry(
                "Plazo vencido" if marked is SlaMark.MISSED else "Plazo por vencer",
                f"El plazo de atención es de {hours:g} horas hábiles.",
                EntryKind.PROBLEM,
            )
        )
    request = replace(request, sla=marked)
    clock = sla.measure(request, rules)
    return (
        request,
        entries,
        min((at for at in (clock.warn_at, clock.due_at) if at is not None and at > rules.now), default=None),
    )
