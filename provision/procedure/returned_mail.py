"""A mail that comes back after the server accepted it (activity 4, control point: "¿Reporte exitoso? No, pasa actividad 5").

Delivery reports can be forged, so none of this gives anybody anything: at the most a password that nobody has used stops
working, and the requester is asked for an address, or the desk to look (docs/decisions/0025-mails-that-came-back.md).
"""

from dataclasses import replace

from config.vocabulary import same_address
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.courses import steps_of
from provision.procedure.desk import needs_attention
from provision.procedure.facts import Pickup, ReturnedAccess
from provision.procedure.model import (
    CorrectionAsked,
    Course,
    Entry,
    EntryKind,
    MailBounced,
    Pause,
    Request,
    State,
    StepKey,
)
from provision.procedure.steps import Rules, creation_of
from provision.procedure.submission import AssignContract, Problem

ACCESS = frozenset({Act.ISSUE_ACCESS, Act.RESET_ACCESS})
"""The mails that carry a password."""

TO_REQUESTER = frozenset(
    {Act.REPORT, Act.MAIL_CORRECTION, Act.MAIL_REMINDER, Act.MAIL_REFUSAL, Act.MAIL_UNANSWERED, Act.MAIL_DUPLICATE,
     Act.MAIL_HAS_ACCOUNT, Act.MAIL_NOTHING_TO_DO, Act.MAIL_CANCELLED, Act.MAIL_DELETION_UNDONE}
)  # fmt: skip
"""What the requester must learn; the desk looks when it came back."""

_SENT_ANEW = ACCESS | {
    Act.REPORT, Act.CLOSE_TICKET, Act.AWAIT_FIRST_USE, Act.MAIL_PICKUP_REMINDER, Act.REVOKE_ACCESS, Act.MAIL_ACCESS_REVOKED
}  # fmt: skip
"""What was done on the belief that the access data had arrived."""

Told = tuple[Request, list[Entry]]


def came_back(request: Request, bounced: MailBounced, rules: Rules) -> Told:
    """What a returned mail means for its request, also for a closed one. Applied twice it is applied once."""
    # Where access data went is nobody's to read in a story; a correction names it to whoever wrote it.
    to = "" if bounced.act in ACCESS else f", a {bounced.to}"
    about = f"«{bounced.act.label}»{to}: {bounced.reason}."
    if not bounced.permanent:
        return request, [Entry("Correo demorado", f"{about} El servidor sigue intentando entregarlo.", EntryKind.MAIL)]
    if bounced.step not in request.done:
        return request, []
    news = [Entry("Correo devuelto", about, EntryKind.PROBLEM)]
    if bounced.act in ACCESS:
        return _access(request, bounced, news, rules)
    if bounced.act in TO_REQUESTER:
        return _told(request, bounced, news, rules)
    return request, news


def _access(request: Request, bounced: MailBounced, news: list[Entry], rules: Rules) -> Told:
    facts = request.facts
    former = facts.access_returned
    if former is not None and StepKey(f"{Act.REVOKE_RETURNED}.{former.times}") not in request.done:
        return request, []
    sent_there = facts.access_sent_to is not None and same_address(facts.access_sent_to, bounced.to)
    if request.state.closed or request.course is not Course.ATTEND or facts.pickup is not None or not sent_there:
        why = "Esos datos de acceso ya se usaron, se anularon o se reemplazaron: no se hace nada."
        return request, [*news, Entry("Sin efecto", why)]
    returned = ReturnedAccess(bounced.to, bounced.status, bounced.reason, former.times + 1 if former is not None else 1)
    state = State.FOLLOWED_UP if request.attended_at else State.IN_PROGRESS
    reason = f"Los datos de acceso volvieron: {bounced.reason}."
    revoking = replace(request, facts=replace(facts, access_returned=returned), state=state, reason=reason)
    return replace(revoking, waiting_for=None, wake_at=rules.now), news


def _told(request: Request, bounced: MailBounced, news: list[Entry], rules: Rules) -> Told:
    """The desk tells the requester by other means, or has the mail sent again: once, because another time is no better."""
    if all(step.key(request.round) != bounced.step for step in steps_of(request, rules)):
        return request, news  # the request went on without it
    again = bool(request.facts.reports_returned)
    what = f"El correo «{bounced.act.label}» al solicitante volvió{' otra vez' if again else ''}: {bounced.reason}."
    then = "para continuar" if again else "para enviarlo de nuevo"
    reason = f"{what} Avísele por otro medio si hace falta, y elija «Reintentar» {then}."
    anew = {StepKey(Act.CLOSE_TICKET)} if again else {StepKey(Act.CLOSE_TICKET), bounced.step}
    opened = replace(
        request,
        done=request.done - anew,
        facts=replace(request.facts, reports_returned=(request.facts.reports_returned or 0) + 1),
        # The requester never learnt of it: asked anew, there is all the time again.
        correction=replace(request.correction, asked_at=None, deadline=None) if request.correction else None,
        closed_at=None,
        pauses=_while_closed(request, rules),
    )
    return needs_attention(opened, reason), [*news, Entry("Requiere atención", reason, EntryKind.PROBLEM)]


def _while_closed(request: Request, rules: Rules) -> tuple[Pause, ...]:
    """Nobody could know: the time until then does not count. What was attended stays measured as it was."""
    if request.closed_at is None or request.attended_at is not None:
        return request.pauses
    return (*request.pauses, Pause(request.closed_at, rules.now, WaitingFor.REQUESTER))


def ask_again(request: Request, rules: Rules) -> Told:
    """Once returned access data opens nothing: the requester corrects the address, or the desk finds another way.

    Whoever had used it had received it: then nothing changes. The clock goes on, without the time in which it seemed done.
    """
    returned = request.facts.access_returned
    if returned is None or request.facts.pickup is not Pickup.REVOKED:
        return request, []
    facts = replace(request.facts, access_sent_to=None, access_sent_at=None, pickup=None, first_used_at=None)
    done = frozenset(step for step in request.done if step.partition(".")[0] not in _SENT_ANEW)
    pauses = request.pauses
    if request.attended_at is not None:
        pauses = (*pauses, Pause(request.attended_at, rules.now, WaitingFor.FIRST_USE))
    anew = replace(request, facts=facts, done=done, pauses=pauses, attended_at=None, state=State.IN_PROGRESS)
    if creation_of(request) is None:
        reason = (
            f"La clave temporal volvió del correo registrado: {returned.reason}. Ni esa clave ni la anterior sirven. "
            "Identifique a la persona y pida el cambio de su correo registrado; después elija «Reintentar» para enviarle otra."
        )
        return needs_attention(anew, reason), [Entry("Requiere atención", reason, EntryKind.PROBLEM)]
    if returned.about_us:
        reason = (
            f"Los datos de acceso volvieron: {returned.reason}. La clave enviada ya no sirve. Pida a quien administra el "
            "correo que lo revise, y elija «Reintentar» para enviar otra."
        )
        return needs_attention(anew, reason), [Entry("Requiere atención", reason, EntryKind.PROBLEM)]
    question, label = "personal_email", "Correo electrónico personal"
    if isinstance(request.content, AssignContract):
        question, label = "assignee_personal_email", "Correo electrónico personal del cesionario"
    message = f"el correo enviado a {returned.to} volvió: {returned.reason}; escriba una dirección que la persona use."
    reason = f"{label}: {message}"
    asked = CorrectionAsked((Problem(question, label, message),))
    turned = replace(anew, course=Course.CORRECT, correction=asked, reason=reason, because=reason, wake_at=rules.now)
    return turned, [Entry("Requiere corrección", reason, EntryKind.PROBLEM)]
