"""A request as the service desk reads it on the board. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from config.vocabulary import OPERATION_LABELS, EmailAddress
from intake.board.dashboard import ATTENDED_DAYS, Dashboard, SeatsOf, dashboard_of, turn_of
from intake.board.palette import STATE_MEANINGS
from intake.board.port import BoardRow, ResponseMark
from intake.described import account_asked, unit_of, user_of
from intake.outcomes import loose_ends_of, outcome_of, pickup_text
from provision.journal.board_figures import BoardFigures
from provision.journal.views import Shown
from provision.procedure import sla
from provision.procedure.courses import next_step
from provision.procedure.desk import actions_of
from provision.procedure.model import Course, Origin, Request, SlaMark, State
from provision.procedure.steps import Rules
from provision.procedure.submission import Authorisation, Granted, Provisional, Refused

DATE_AND_TIME = "%d/%m/%Y %H:%M"


def local(at: datetime | None, rules: Rules) -> str:
    """An instant in the institution's zone, as people there write it; empty for none."""
    return at.astimezone(rules.policy.zone).strftime(DATE_AND_TIME) if at else ""


def sla_text(request: Request, rules: Rules, clock: sla.Clock | None = None) -> str:
    """How the clock of the request stands: its mark, and the business hours that ran and that stood still.

    `clock` is given by whoever has measured it already.
    """
    clock = clock or sla.measure(request, rules)
    if request.state.closed or request.attended_at is not None:
        mark = "vencida" if request.sla is SlaMark.MISSED else "cumplida"
    else:
        mark = "en pausa" if clock.paused else request.sla.label
    allowed = rules.policy.deadlines.attend_business_hours
    paused = f" · {clock.paused_hours:.1f} h en pausa" if clock.paused_hours >= _WORTH_SAYING_HOURS else ""
    return f"{mark} · {clock.elapsed_hours:.1f} de {allowed:g} h{paused}".replace(".", ",")


_WORTH_SAYING_HOURS = 0.05


def step_text(request: Request, rules: Rules) -> str:
    """The step that is being taken or comes next; empty when none is."""
    if request.state.closed:
        return ""
    step = next_step(request, rules)
    return step.title if step else ""


def account_shown(request: Request) -> str:
    """The account that it is about, as far as it is known."""
    facts = request.facts
    known = facts.subject.mail_address if facts.subject is not None else facts.mail_address or facts.login
    return known or facts.existing_login or account_asked(request)


def board_row(shown: Shown, rules: Rules) -> BoardRow:
    """The row of a request."""
    request = shown.request
    operation = request.content.operation
    clock = sla.measure(request, rules)
    due_at = None if request.state.closed or request.attended_at else clock.due_at
    return BoardRow(
        case=request.case,
        received=local(request.received_at, rules),
        requester=_requester(request),
        operation=OPERATION_LABELS[operation] if operation else "(sin determinar)",
        user=user_of(request),
        account=account_shown(request),
        unit=unit_of(request),
        authorisation=_decided(request.authorisation),
        state=request.state.label,
        step=step_text(request, rules),
        waiting_for=request.waiting_for.label if request.waiting_for and not request.state.closed else "",
        due=local(due_at, rules),
        sla=sla_text(request, rules, clock),
        updated=local(shown.updated_at, rules),
        detail=_detail(request),
        mark=_mark(shown),
        action_taken=shown.action_taken,
        actions=actions_of(request, rules),
        authorisation_note=_decided_because(request),
        state_note=STATE_MEANINGS[request.state.label],
        turn=turn_of(request),
        due_on=rules.policy_day(due_at) if due_at else None,
        progress=round(clock.elapsed_hours / rules.policy.deadlines.attend_business_hours, 2),
    )


def dashboard_shown(open_ones: Sequence[Shown], figures: BoardFigures, rules: Rules) -> Dashboard:
    """What "Tablero" shows: counted from the open requests, which the run has read already, and the last days' closed ones."""
    since = rules.now - timedelta(days=ATTENDED_DAYS + 1)
    requests = [each.request for each in open_ones]
    seats = [
        SeatsOf(
            each.licence, each.free, rules.policy_day(each.asked_at) if each.asked_at else None, each.promised, each.waiting
        )
        for each in figures.seats()
    ]
    return dashboard_of(requests, seats, rules, closed=figures.closed_since(since))


def _decided_because(request: Request) -> str:
    """The reason of the decision, for whoever points at the cell: never sent to the requester."""
    policy = f"Política {request.policy_version}."
    match request.authorisation:
        case Granted(row=row, role=role, reason=reason, matrix_version=version):
            which = f"Fila {row} de la matriz ({role}), versión {version}." if row else f"{role}."
            return f"{which}\n{reason}\n{policy}"
        case Provisional(reason=reason):
            return f"Por confirmar: {reason}\n{policy}"
        case Refused(reason=reason, matrix_version=version):
            return f"No autorizada por la matriz, versión {version}.\n{reason}\n{policy}"
        case _ as never:
            assert_never(never)


def _requester(request: Request) -> str:
    if request.requester:
        return request.requester
    return "(sin identidad verificada)" if request.origin is Origin.FORM else "(el programa)"


def _decided(decision: Authorisation) -> str:
    """The control point in a few words; the reason of a refusal stands in Detalle."""
    match decision:
        case Granted(row=row, role=role):
            return f"Fila {row} · {role}" if row else role
        case Provisional():
            return "Por confirmar"
        case Refused():
            return "No autorizada"
        case _ as never:
            assert_never(never)


def _detail(request: Request) -> str:
    """What is to be known of the request now: why it waits, or what was done and is still watched."""
    if request.reason and request.state is not State.DONE:
        return request.reason
    if request.course is not Course.ATTEND or not (request.state.closed or request.attended_at):
        return request.reason
    parts = (outcome_of(request), pickup_text(request), loose_ends_of(request))
    return " ".join(part for part in parts if part)


def _mark(shown: Shown) -> ResponseMark | None:
    if shown.submitted_by is None or shown.request.origin is not Origin.FORM:
        return None
    answers = frozenset(text for texts in shown.answers.values() for text in texts if text.strip())
    return ResponseMark(shown.last_submitted_at, EmailAddress(shown.submitted_by), answers)
