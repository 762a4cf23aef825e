"""`advance`: from a request, what was signalled, the policy and the time, to the request's next value and the effect wanted.

Pure: the same arguments give the same decision, in `run` and in `plan`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from config.vocabulary import OPERATION_LABELS, CaseNumber, EmailAddress
from provision.procedure import sla
from provision.procedure.model import (
    MAILING_ACTS,
    Act,
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
    NotYet,
    Outcome,
    Request,
    Resubmitted,
    Settled,
    Signal,
    SlaMark,
    State,
    SteppedBack,
    WaitingFor,
)
from provision.procedure.resubmission import resubmit
from provision.procedure.steps import (
    BY_HAND_ATTENDED,
    RESTS,
    Rules,
    Step,
    correction_deadline,
    expiry,
    next_step,
    reminder_times,
    steps_of,
)
from provision.procedure.submission import AttendedByHand, Authorisation, Defective, Granted, Problem, Refused, Submission, said


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


def open_request(received: Received, rules: Rules) -> Advance:
    """The first value of a request: its course follows from what was understood and decided (activities 1 and 2)."""
    course, reason = _first_course(received)
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
        wake_at=rules.now,
    )
    entries = [Entry("Recibida", f"Respuesta de {received.requester or 'origen desconocido'}.", EntryKind.RECEIVED)]
    if received.vouched_by:
        entries.append(Entry("Identidad no verificada", f"La avala {received.vouched_by}: un CSV no prueba quién respondió."))
    if received.follows:
        entries.append(Entry("Continúa un caso cerrado", f"Respuesta tardía o edición de {received.follows}."))
    entries.append(_decision_entry(received.authorisation))
    if course is not Course.ATTEND:
        entries.append(Entry(_COURSE_TITLES[course], reason, EntryKind.PROBLEM))
    return Advance(request, tuple(entries), None, rules.now)


def _decision_entry(authorisation: Authorisation) -> Entry:
    match authorisation:
        case Granted(reason=reason):
            return Entry("Autorizada", reason, EntryKind.DECISION)
        case Refused(reason=reason):
            return Entry("No autorizada", reason, EntryKind.DECISION)
        case _ as never:
            assert_never(never)


_COURSE_TITLES = {
    Course.ATTEND: "Se atiende",
    Course.BY_HAND: "La atiende la mesa de servicio",
    Course.CORRECT: "Requiere corrección",
    Course.REFUSE: "Rechazada",
    Course.DUPLICATE: "Duplicada",
    Course.HAS_ACCOUNT: "Ya tiene cuenta",
    Course.UNANSWERED: "Sin respuesta",
    Course.CANCEL: "Cancelada",
}


def _first_course(received: Received) -> tuple[Course, str]:
    content = received.content
    match received.authorisation, content:
        case Refused(reason=reason), _:
            return Course.REFUSE, reason
        case _, Defective(problems=problems):
            return Course.CORRECT, said(problems)
        case _, AttendedByHand(operation=operation):
            return (
                Course.BY_HAND,
                f"Esta versión registra y autoriza «{OPERATION_LABELS[operation]}»; la ejecuta la mesa de servicio.",
            )
        case _ if received.duplicate_of:
            return Course.DUPLICATE, f"Ya hay una solicitud abierta para la misma persona: {received.duplicate_of}."
        case _:
            return Course.ATTEND, ""


def advance(request: Request, signals: Sequence[Signal], rules: Rules) -> Advance:
    """Decide what a request does next. A closed request stays as it is, whatever is signalled.

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
    if request.state.closed:
        return request, [Entry("Señal tardía", f"El caso ya está cerrado ({request.state.label}): no se aplicó.")]
    match signal:
        case Settled(effect=effect, outcome=outcome):
            return _settle(request, effect, outcome, rules)
        case Resubmitted():
            return resubmit(request, signal, rules.policy.version)
        case DeskAsked():
            return _obey(request, signal, rules)
        case _ as never:
            assert_never(never)


def _settle(request: Request, effect: Effect, outcome: Outcome, rules: Rules) -> tuple[Request, list[Entry]]:
    match outcome:
        case Done(facts=facts, detail=detail):
            request = replace(
                request,
                done=request.done | {effect.step},
                facts=request.facts.learn(facts),
                state=State.IN_PROGRESS,
                waiting_for=None,
                reason=request.because,
                wake_at=rules.now,
            )
            kind = EntryKind.MAIL if effect.act in MAILING_ACTS else EntryKind.STEP
            return _after(request, effect, rules), [Entry(title_of(request, effect, rules), detail, kind)]
        case NotYet(waiting_for=waiting_for, look_again_at=look_again_at, detail=detail):
            news = (
                [] if request.waiting_for is waiting_for else [Entry(f"En espera: {waiting_for.label}", detail, EntryKind.WAIT)]
            )
            waiting = replace(request, state=State.WAITING, waiting_for=waiting_for, wake_at=look_again_at, reason=detail)
            return waiting, news
        case Failed(reason=reason):
            return needs_attention(request, reason), [Entry("Requiere atención", reason, EntryKind.PROBLEM)]
        case Diverted(course=course, reason=reason, problems=problems, facts=facts, duplicate_of=duplicate_of):
            correction = CorrectionAsked(problems) if course is Course.CORRECT else request.correction
            turned = replace(
                request,
                course=course,
                reason=reason,
                because=reason,
                correction=correction,
                duplicate_of=duplicate_of or request.duplicate_of,
                facts=request.facts.learn(facts),
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


def _after(request: Request, effect: Effect, rules: Rules) -> Request:
    if effect.act is Act.MAIL_CORRECTION and request.correction is not None:
        asked = replace(request.correction, asked_at=rules.now, deadline=correction_deadline(rules.now, rules))
        return replace(request, correction=asked)
    return request


def title_of(request: Request, effect: Effect, rules: Rules) -> str:
    """The Spanish name of the step that an effect carries out."""
    steps = steps_of(request, rules)
    return next((step.title for step in steps if step.act is effect.act), effect.act.value)


def needs_attention(request: Request, reason: str) -> Request:
    """Held for a person; nothing else moves it."""
    return replace(request, state=State.NEEDS_ATTENTION, waiting_for=WaitingFor.DESK, wake_at=None, reason=reason)


CANCELLABLE = frozenset({Course.ATTEND, Course.CORRECT, Course.BY_HAND})
"""The courses on which there is still something to cancel; the others are closing the case already."""


def _obey(request: Request, asked: DeskAsked, rules: Rules) -> tuple[Request, list[Entry]]:
    who = f"{asked.by}: {asked.note}" if asked.note else asked.by
    begun_anew = replace(
        request,
        round=request.round + 1,
        state=State.IN_PROGRESS,
        waiting_for=None,
        wake_at=rules.now,
        reason=request.because,
    )
    match asked.action:
        case "Reintentar" if request.state in {State.NEEDS_ATTENTION, State.WAITING} and request.course is not Course.BY_HAND:
            return begun_anew, [Entry("Reintento pedido", who, EntryKind.DESK)]
        case "Cancelar" if request.facts.account_id is None:
            reason = f"Cancelada por la mesa de servicio. {asked.note}".strip()
            cancelled = replace(begun_anew, course=Course.CANCEL, reason=reason, because=reason)
            return cancelled, [Entry("Cancelación pedida", who, EntryKind.DESK)]
        case "Cancelar":
            reason = f"No se cancela: la cuenta {request.facts.login} ya existe. Si no debe usarse, pida su inactivación."
            return replace(request, reason=reason), [Entry("Acción no aplicada", reason, EntryKind.DESK)]
        case "Aprobar" if request.course is Course.BY_HAND and request.state is State.NEEDS_ATTENTION:
            attended = replace(begun_anew, done=request.done | {BY_HAND_ATTENDED})
            return attended, [Entry("Atendida por la mesa de servicio", who, EntryKind.DESK)]
        case _:
            reason = f"La acción «{asked.action}» no aplica a este caso en el estado «{request.state.label}»."
            return replace(request, reason=reason), [Entry("Acción no aplicada", reason, EntryKind.DESK)]


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
        begins = step.not_before.astimezone(rules.policy.zone)
        reason = f"Se atiende desde el {begins:%d/%m/%Y}, antes del inicio del contrato."
        wait = replace(request, state=State.WAITING, waiting_for=WaitingFor.START_DATE, wake_at=step.not_before, reason=reason)
        news = [Entry(f"En espera: {WaitingFor.START_DATE.label}", reason, EntryKind.WAIT)]
        return wait, news if request.waiting_for is not WaitingFor.START_DATE else [], None
    if request.waiting_for is WaitingFor.START_DATE:
        request = replace(request, state=State.IN_PROGRESS, waiting_for=None, reason="", wake_at=rules.now)
    elif request.state is not State.WAITING:
        request = replace(request, state=State.IN_PROGRESS)
    return request, [], _effect(request, step)


def _effect(request: Request, step: Step) -> Effect:
    return Effect(request.case, step.act, step.key(request.round), request.round)


def _rest(request: Request, rules: Rules) -> tuple[Request, list[Entry]]:
    """Where a request stands when every step of its course is done."""
    state = State.DONE if BY_HAND_ATTENDED in request.done else RESTS[request.course]
    if request.course is Course.BY_HAND and BY_HAND_ATTENDED not in request.done:
        reason = "La ejecuta la mesa de servicio; al terminar, elija «Aprobar» para cerrar el caso."
        return needs_attention(request, reason), [Entry("En espera: la mesa de servicio", reason, EntryKind.WAIT)]
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
    request = replace(request, pauses=sla.pausing(request, request.state, request.waiting_for, request.closed_at or rules.now))
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
