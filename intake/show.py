"""A request as the service desk reads it on the board. Pure."""

from datetime import datetime

from config.vocabulary import OPERATION_LABELS, EmailAddress
from intake.board.port import BoardRow, ResponseMark
from intake.described import unit_of, user_of
from provision.journal.views import Shown
from provision.procedure import sla
from provision.procedure.model import Request, SlaMark, State
from provision.procedure.steps import Rules, next_step
from provision.procedure.submission import Authorisation, Granted

DATE_AND_TIME = "%d/%m/%Y %H:%M"


def local(at: datetime | None, rules: Rules) -> str:
    """An instant in the institution's zone, as people there write it; empty for none."""
    return at.astimezone(rules.policy.zone).strftime(DATE_AND_TIME) if at else ""


def sla_text(request: Request, rules: Rules) -> str:
    """How the clock of the request stands, in words that change only when something happens."""
    if request.state.closed:
        hours = sla.measure(request, rules).elapsed_hours
        kept = "vencida" if request.sla is SlaMark.MISSED else "cumplida"
        return f"{kept} · {hours:.1f} h".replace(".", ",")
    if sla.measure(request, rules).paused:
        return "en pausa"
    return request.sla.label


def step_text(request: Request, rules: Rules) -> str:
    """The step that is being taken or comes next; empty when none is."""
    if request.state.closed:
        return ""
    step = next_step(request, rules)
    return step.title if step else ""


def board_row(shown: Shown, rules: Rules) -> BoardRow:
    """The row of a request."""
    request = shown.request
    operation = request.content.operation
    account = request.facts.mail_address or request.facts.login or request.facts.existing_login or ""
    due_at = None if request.state.closed else sla.measure(request, rules).due_at
    return BoardRow(
        case=request.case,
        received=local(request.received_at, rules),
        requester=request.requester or "(sin identidad verificada)",
        operation=OPERATION_LABELS[operation] if operation else "(sin determinar)",
        user=user_of(request),
        account=account,
        unit=unit_of(request),
        authorisation=_decided(request.authorisation),
        state=request.state.label,
        step=step_text(request, rules),
        waiting_for=request.waiting_for.label if request.waiting_for and not request.state.closed else "",
        due=local(due_at, rules),
        sla=sla_text(request, rules),
        updated=local(shown.updated_at, rules),
        detail=_detail(request),
        mark=_mark(shown),
        action_taken=shown.action_taken,
    )


def _decided(decision: Authorisation) -> str:
    """The control point in a few words; the reason of a refusal stands in Detalle."""
    return f"Fila {decision.row} · {decision.role}" if isinstance(decision, Granted) else "No autorizada"


def _detail(request: Request) -> str:
    if request.reason:
        return request.reason
    match request.state:
        case State.DONE:
            return "Datos de acceso enviados y solicitante informado." if request.facts.access_sent_to else "Atendida."
        case _:
            return ""


def _mark(shown: Shown) -> ResponseMark | None:
    if shown.submitted_by is None:
        return None
    answers = frozenset(text for texts in shown.answers.values() for text in texts if text.strip())
    return ResponseMark(shown.last_submitted_at, EmailAddress(shown.submitted_by), answers)
