"""The lifecycle of a request as the documentation shows it, found by asking the procedure itself, so that it cannot drift.

Every outcome, signal and passing of time is tried on every kind of stand that requests of every operation can reach; changes
of state are drawn, and what is waited for in each state is written beside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from config.vocabulary import EmailAddress
from provision.procedure import diagram_samples as samples
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.courses import next_step
from provision.procedure.desk import actions_of
from provision.procedure.diagram_steps import steps_table
from provision.procedure.facts import BackupTaken, Facts, LooseEnds, Pickup
from provision.procedure.lifecycle import advance
from provision.procedure.model import (
    Admitted,
    Approver,
    Course,
    DeskAsked,
    Diverted,
    Done,
    Effect,
    Failed,
    MailBounced,
    NotYet,
    Origin,
    Outcome,
    Request,
    Resubmitted,
    Settled,
    Signal,
    State,
    StepKey,
)
from provision.procedure.resubmission import begun
from provision.procedure.returned_mail import ACCESS
from provision.procedure.safety import effect_of
from provision.procedure.sla import pausing
from provision.procedure.steps import expiry
from provision.procedure.submission import ChangeAddress, Refused

__all__ = ["lifecycle_mermaid", "steps_table"]

_Edge = tuple[State, State]
_Tried = tuple[str, Request, datetime]
_STEPS_DONE, _WAITS, _TAKEN = "cumplidos los pasos", "hay que esperar", "la toma una ejecución"


@dataclass(slots=True)
class _Found:
    """What asking the procedure came to: changes of state with what brings them about, and what is waited for in each state."""

    changes: dict[_Edge, set[str]] = field(default_factory=dict)
    waits: dict[State, dict[WaitingFor, bool]] = field(default_factory=dict)
    """Whether the clock stands still meanwhile."""


def lifecycle_mermaid() -> str:
    """The states and what leads from one to another, as the text of a Mermaid diagram. Pure."""
    found = _explore()
    order = list(State)
    lines = ["stateDiagram-v2", *(f"    {state.value}: {state.label}" for state in State)]
    lines.append(f"    [*] --> {State.RECEIVED.value}: respuesta del formulario, o caso que abre el programa")
    for before, after in sorted(found.changes, key=lambda edge: (order.index(edge[0]), order.index(edge[1]))):
        lines.append(f"    {before.value} --> {after.value}: {', '.join(sorted(found.changes[before, after]))}")
    lines += [f"    {state.value} --> [*]" for state in State if state.closed]
    for state in State:
        lines += _note(state, found.waits.get(state, {}))
    return "\n".join(lines) + "\n"


def _note(state: State, waits: Mapping[WaitingFor, bool]) -> list[str]:
    """What is waited for in a state, as a note beside it."""
    if not waits:
        return []
    said = [f"        {each.label}{' (reloj detenido)' if waits[each] else ''}" for each in WaitingFor if each in waits]
    return [f"    note right of {state.value}", "        En espera de", *said, "    end note"]


def _entering() -> Iterator[Request]:
    """Requests of every operation, as they are received."""
    for content in (
        samples.CREATE,
        samples.CREATE_LATER,
        samples.RESET,
        samples.RESET_HERE,
        samples.MODIFY,
        samples.EXTEND,
        samples.ACTIVATE,
        samples.ACTIVATE_LATER,
        samples.LEAVE,
        samples.RETIRE_NOW,
        samples.ASSIGN,
        samples.DELETE,
        samples.DEFECTIVE,
    ):
        yield samples.received(content)
    yield samples.received(samples.CREATE, samples.BY_TWO)
    yield samples.received(samples.CREATE, Refused("", "", ""))
    yield samples.received(samples.CHANGE_ADDRESS, origin=Origin.CASE)
    yield samples.received(samples.ENDED, origin=Origin.SWEEP)
    yield samples.received(samples.ENDED_LATER, origin=Origin.CAMPAIGN)
    yield samples.received(samples.ACTIVATE, origin=Origin.CAMPAIGN)


def _explore() -> _Found:
    found = _Found()
    seen: set[tuple[object, ...]] = set()
    left = [(request, samples.NOW) for request in _entering()]
    while left:
        request, now = left.pop()
        if request.state.closed:
            continue
        stand = _stand(request, now)
        if stand in seen:
            continue
        seen.add(stand)
        for why, after, at in _tried(request, now):
            if after.state is not request.state:
                found.changes.setdefault((request.state, after.state), set()).add(why)
            if after.waiting_for is not None and not after.state.closed:
                still = any(pause.until is None for pause in pausing(replace(after, pauses=()), samples.rules_at(at)))
                found.waits.setdefault(after.state, {})[after.waiting_for] = still
            left.append((replace(after, round=1, pauses=()), at))
    return found


def _stand(request: Request, now: datetime) -> tuple[object, ...]:
    """What tells one kind of stand from another; on a course that ends the case, which operation it was does not matter."""
    step = next_step(request, samples.rules_at(now))
    attended = request.attended_at is not None
    where = request.state, request.course, request.waiting_for, step.key(1) if step else None, attended, begun(request)
    if request.course is not Course.ATTEND:
        return where
    return *where, request.content, request.origin, request.authorisation is samples.BY_TWO


def _tried(request: Request, now: datetime) -> Iterator[_Tried]:
    """All that can happen to a request, one thing at a time: what, what became of it, and when."""
    rules = samples.rules_at(now)
    decided = advance(request, [], rules)
    if (decided.request.state, decided.request.waiting_for) != (request.state, request.waiting_for):
        yield _said(_TAKEN if request.state is State.RECEIVED else _STEPS_DONE, decided.request), decided.request, now
        return
    if decided.effect is not None:
        for why, outcome in _outcomes(request, decided.effect, now):
            after = advance(request, [Settled(decided.effect, outcome)], rules).request
            yield _said(why, after), after, now
    for why, signal in _signals(request, now):
        after = advance(request, [signal], rules).request
        other_answers = isinstance(signal, Resubmitted) and after.state is State.NEEDS_ATTENTION
        yield ("respuesta con otros datos" if other_answers else why), after, now
    for why, at in _dates(request, now):
        yield why, advance(request, [], samples.rules_at(at)).request, at


def _said(why: str, after: Request) -> str:
    """What brought a state about, said from where it led to."""
    if after.state is State.WAITING:
        return _WAITS
    if why != _STEPS_DONE:
        return why
    return "paso cumplido" if after.state is State.IN_PROGRESS else _STEPS_DONE


def _outcomes(request: Request, effect: Effect, now: datetime) -> Iterator[tuple[str, Outcome]]:
    for facts in _LEARNED.get(effect.act, (Facts(),)):
        yield _STEPS_DONE, Done(facts if facts.access_sent_to is None else replace(facts, access_sent_at=now))
    for waits in _NOT_YET.get(effect.act, ()):
        yield _WAITS, NotYet(waits, now + timedelta(hours=1))
    yield _WAITS, NotYet(WaitingFor.RETRY, now + timedelta(hours=1))
    yield "un sistema lo rechaza o falla demasiado", Failed("")
    for course in _DIVERTED.get(effect.act, ()):
        if request.course is Course.ATTEND:
            yield _STEPS_DONE, Diverted(course, "", (samples.PROBLEM,))


_PERSONAL = EmailAddress("ana@correo.example")
_SENT = Facts(access_sent_to=_PERSONAL)
_LEARNED: Mapping[Act, tuple[Facts, ...]] = {
    Act.CHECK_ACCOUNT: (
        Facts(subject=samples.SUBJECT),
        Facts(subject=samples.UNRECORDED),
        Facts(subject=samples.SUBJECT, activation_unexplained=True),
    ),
    Act.CREATE_ACCOUNT: (Facts(account_id="2", login="ana.diaz"),),
    Act.ISSUE_ACCESS: (_SENT,),
    Act.RESET_ACCESS: (_SENT,),
    Act.PLACE_HOLD: (Facts(hold_placed=True),),
    Act.APPLY_HOLDS: (Facts(still_held=""), Facts(still_held="otra inactivación")),
    Act.FIND_LOOSE_ENDS: (Facts(loose_ends=LooseEnds()), Facts(loose_ends=LooseEnds(people=("Luis",)))),
    Act.BACK_UP: (Facts(backup=BackupTaken(1, 1, "", "")), Facts(backup_by_hand="a mano"), Facts(no_mailbox=True)),
    Act.FIND_LICENCE: (Facts(no_mailbox=False), Facts(no_mailbox=True)),
    Act.FIND_COMPUTERS: (Facts(computers=()), Facts(computers=("PC-1",))),
    Act.DELETE_ACCOUNT: (Facts(account_deleted_at=samples.NOW),),
    Act.AWAIT_FIRST_USE: (Facts(), Facts(pickup=Pickup.USED)),
    Act.REVOKE_RETURNED: (Facts(pickup=Pickup.REVOKED), Facts(pickup=Pickup.USED)),
}
"""What a step can teach, as far as later steps depend on it."""

_NOT_YET: Mapping[Act, tuple[WaitingFor, ...]] = {
    Act.CHECK_ACCOUNT: (WaitingFor.OTHER_CASE,),
    Act.RESERVE_SEAT: (WaitingFor.SEAT,),
    Act.AWAIT_SYNC: (WaitingFor.SYNC,),
    Act.AWAIT_MAILBOX: (WaitingFor.MAILBOX,),
    Act.BACK_UP: (WaitingFor.BACKUP,),
    Act.AWAIT_MAILBOX_GONE: (WaitingFor.SYNC,),
    Act.AWAIT_FIRST_USE: (WaitingFor.FIRST_USE,),
}
"""What a step can find that is not ready."""

_DIVERTED: Mapping[Act, tuple[Course, ...]] = {
    Act.FIND_EXISTING_ACCOUNT: (Course.HAS_ACCOUNT, Course.DUPLICATE),
    Act.CHECK_ACCOUNT: (Course.REFUSE, Course.CORRECT, Course.DUPLICATE, Course.NOTHING_TO_DO),
    Act.RESERVE_NAME: (Course.CORRECT,),
    Act.CREATE_ACCOUNT: (Course.CORRECT,),
    Act.ISSUE_ACCESS: (Course.CORRECT,),
    Act.PLAN_CHANGES: (Course.NOTHING_TO_DO,),
    Act.APPLY_CHANGES: (Course.CORRECT,),
}
"""The other courses to which what a step finds can turn a request."""


def _signals(request: Request, now: datetime) -> Iterator[tuple[str, Signal]]:
    content = request.content
    if request.attended_at is None and not isinstance(content, ChangeAddress):
        again = samples.CREATE if content == samples.DEFECTIVE else content
        for answers in (again, samples.MODIFY):
            yield "respuesta corregida", Resubmitted(answers, request.authorisation, samples.SOMEBODY)
    approver = Approver(EmailAddress("aprueba@entidad.gov.co"), 3)
    for action in actions_of(request, samples.rules_at(now)):
        yield f"«{action}»", DeskAsked(action, "Mesa de servicio", approver=approver)
    for act in (*sorted(ACCESS), Act.REPORT):
        # Once: a request that has heard of one is told apart from one that has not by what it does next, and no other way.
        if StepKey(act) in request.done and request.facts.access_returned is None and not request.facts.reports_returned:
            yield "vuelve un correo", MailBounced(act, StepKey(act), _PERSONAL, "5.1.1", "", permanent=True)
    if request.waiting_for is WaitingFor.ADMISSION:
        yield "el lote cabe en el tope, o se aprueba", Admitted(effect_of(request).line)


def _dates(request: Request, now: datetime) -> Iterator[tuple[str, datetime]]:
    """The dates that a request waits for, and those that end its waiting."""
    if request.waiting_for in _BY_DATE and request.wake_at is not None and request.wake_at > now:
        yield "llega la fecha", request.wake_at
    if request.state is State.NEEDS_CORRECTION and request.correction and request.correction.deadline:
        yield "vence el plazo de corrección", request.correction.deadline
    ends = expiry(request, samples.rules_at(now).policy)
    if ends is not None and ends > now and request.facts.account_id is None and request.state is State.WAITING:
        yield "termina el contrato sin que se creara la cuenta", ends


_BY_DATE = frozenset({WaitingFor.START_DATE, WaitingFor.FROM_DATE, WaitingFor.RETURN_DATE, WaitingFor.FIRST_USE})
