"""An edited response, or a new one that answers a correction: the same case goes on with the changed answers (activity 5)."""

from dataclasses import fields, replace

from provision.procedure.model import Act, CorrectionAsked, Course, Entry, EntryKind, Request, Resubmitted, State, WaitingFor
from provision.procedure.submission import (
    AttendedByHand,
    CreateGenericAccount,
    CreatePersonalAccount,
    Defective,
    Refused,
    Submission,
    said,
)

CONTACT_FIELDS = frozenset({"personal_email", "mobile", "notes"})
"""What may still change once the account exists: where its access data goes, never whose account it is."""


def changed_identity(before: Submission | Defective, after: Submission) -> tuple[str, ...]:
    """Names of the fields, other than contact data, in which two submissions differ; all of them if their kind differs."""
    if type(before) is not type(after):
        return tuple(field.name for field in fields(after))
    return tuple(
        field.name
        for field in fields(after)
        if field.name not in CONTACT_FIELDS and getattr(before, field.name) != getattr(after, field.name)
    )


def resubmit(request: Request, signal: Resubmitted, rules_version: str) -> tuple[Request, list[Entry]]:
    """The request on its new answers, decided again. Steps done stay done unless the new answers undo their reason."""
    entries = [Entry("Respuesta corregida", f"La envió {signal.requester}.", EntryKind.RECEIVED)]
    begun = replace(
        request,
        authorisation=signal.authorisation,
        policy_version=rules_version,
        round=request.round + 1,
        state=State.IN_PROGRESS,
        waiting_for=None,
        correction=None,
        reason="",
        because="",
    )
    if isinstance(signal.authorisation, Refused):
        if request.facts.account_id is not None:
            return _held(request, "Una edición sin autorización llegó después de creada la cuenta; no se aplicó."), entries
        reason = signal.authorisation.reason
        refused = replace(begun, course=Course.REFUSE, reason=reason, because=reason)
        return refused, [*entries, Entry("No autorizada", reason, EntryKind.DECISION)]
    if isinstance(signal.content, Defective):
        problems = signal.content.problems
        content = request.content if request.facts.account_id is not None else signal.content
        reason = said(problems)
        asked = CorrectionAsked(problems)
        turned = replace(begun, content=content, course=Course.CORRECT, correction=asked, reason=reason, because=reason)
        return turned, [*entries, Entry("Requiere corrección", reason, EntryKind.PROBLEM)]
    return _go_on(request, begun, signal.content, entries)


def _go_on(request: Request, begun: Request, content: Submission, entries: list[Entry]) -> tuple[Request, list[Entry]]:
    changed = changed_identity(request.content, content)
    if request.facts.account_id is not None and changed:
        reason = f"La respuesta cambió después de creada la cuenta ({', '.join(changed)}); decida la mesa de servicio."
        return _held(request, reason), entries
    course = Course.BY_HAND if isinstance(content, AttendedByHand) else Course.ATTEND
    goes_on = replace(begun, content=content, course=course)
    if request.facts.account_id is None and changed:
        undone = {Act.RESERVE_NAME.value, Act.RESERVE_SEAT.value}
        facts = replace(request.facts, login=None, mail_address=None, licence=None)
        goes_on = replace(goes_on, done=frozenset(step for step in request.done if step not in undone), facts=facts)
    return goes_on, entries


def _held(request: Request, reason: str) -> Request:
    return replace(request, state=State.NEEDS_ATTENTION, waiting_for=WaitingFor.DESK, wake_at=None, reason=reason)


def concerns(content: Submission | Defective) -> str | None:
    """The document number of the person the request is about; None for a generic account or when it is not known."""
    match content:
        case CreatePersonalAccount(person=person):
            return person.document_number
        case Defective(document_number=document_number):
            return document_number
        case CreateGenericAccount() | AttendedByHand():
            return None
