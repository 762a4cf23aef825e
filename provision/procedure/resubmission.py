"""An edited response, or a new one that answers a correction: the same case goes on with the changed answers (activity 5)."""

from dataclasses import fields, replace

from provision.procedure.acts import Act
from provision.procedure.courses import ADMITTED
from provision.procedure.desk import needs_attention
from provision.procedure.lifecycle_entries import decision_entry, never_deletes
from provision.procedure.model import CorrectionAsked, Course, Entry, EntryKind, Request, Resubmitted, State, StepKey
from provision.procedure.steps import Rules, hold_reason
from provision.procedure.submission import (
    CreateGenericAccount,
    CreatePersonalAccount,
    Defective,
    Delete,
    Refused,
    Submission,
    said,
)

CONTACT_FIELDS = frozenset({"personal_email", "mobile", "notes"})
"""What may still change once the account exists: where its access data goes, never whose account it is."""

_DONE_FOR_GOOD = frozenset(
    {Act.CREATE_ACCOUNT, Act.RESET_ACCESS, Act.ALLOW_CHANGE, Act.APPLY_CHANGES, Act.RECORD_ADDRESS, Act.END_HOLDS,
     Act.APPLY_HOLDS, Act.DELETE_ACCOUNT}
)  # fmt: skip
"""After any of these, other answers no longer change what was done."""

_DECIDED_ON_THE_ANSWERS = frozenset(
    {Act.RESERVE_NAME, Act.RESERVE_SEAT, Act.APPROVE, Act.MAIL_APPROVER, Act.CONFIRM_IDENTITY, Act.CONFIRM_ACTIVATION,
     Act.PLAN_CHANGES, Act.PLACE_HOLD, Act.MAIL_SCHEDULED}
)  # fmt: skip
"""What was done, and what somebody approved or confirmed, on the former answers is done anew on others."""


def changed_identity(before: Submission | Defective, after: Submission) -> tuple[str, ...]:
    """Names of the fields, other than contact data, in which two submissions differ; all of them if their kind differs."""
    if type(before) is not type(after):
        return tuple(field.name for field in fields(after))
    return tuple(
        field.name
        for field in fields(after)
        if field.name not in CONTACT_FIELDS and getattr(before, field.name) != getattr(after, field.name)
    )


def begun(request: Request) -> bool:
    """Whether something was done to an account already."""
    return any(StepKey(act) in request.done for act in _DONE_FOR_GOOD)


def resubmit(request: Request, signal: Resubmitted, rules: Rules) -> tuple[Request, list[Entry]]:
    """The request on its new answers, decided again. Steps done stay done unless the new answers undo their reason."""
    entries = [Entry("Respuesta corregida", f"La envió {signal.requester}.", EntryKind.RECEIVED)]
    anew = replace(
        request,
        authorisation=signal.authorisation,
        policy_version=rules.policy.version,
        round=request.round + 1,
        state=State.IN_PROGRESS,
        waiting_for=None,
        correction=None,
        reason="",
        because="",
    )
    if isinstance(signal.authorisation, Refused):
        if begun(request):
            return needs_attention(request, "Una edición sin autorización llegó cuando la cuenta ya se había tocado."), entries
        reason = signal.authorisation.reason
        refused = replace(anew, course=Course.REFUSE, reason=reason, because=reason)
        return refused, [*entries, decision_entry(signal.authorisation)]
    if isinstance(signal.content, Defective):
        problems = signal.content.problems
        content = request.content if begun(request) else signal.content
        reason = said(problems)
        asked = CorrectionAsked(problems)
        turned = replace(anew, content=content, course=Course.CORRECT, correction=asked, reason=reason, because=reason)
        return turned, [*entries, Entry("Requiere corrección", reason, EntryKind.PROBLEM)]
    if isinstance(signal.content, Delete) and not rules.policy.deletes_accounts:
        reason = never_deletes(rules)
        return replace(anew, course=Course.REFUSE, reason=reason, because=reason), entries
    return _go_on(request, anew, signal.content, entries)


def _go_on(request: Request, anew: Request, content: Submission, entries: list[Entry]) -> tuple[Request, list[Entry]]:
    changed = changed_identity(request.content, content)
    if changed and begun(request):
        reason = f"La respuesta cambió cuando la cuenta ya se había tocado ({', '.join(changed)}); decida la mesa de servicio."
        return needs_attention(request, reason), entries
    if request.facts.hold_placed and hold_reason(replace(request, content=content)) is None:
        reason = (
            "La respuesta pide otra operación cuando la inactivación ya se había anotado: cancele este caso y pida que se "
            "diligencie de nuevo, o reintente para seguir con la respuesta anterior."
        )
        return needs_attention(request, reason), entries
    goes_on = replace(anew, content=content, course=Course.ATTEND)
    if _other_address(request.content, content):
        # Who approved it approved where its access data goes.
        unapproved = {StepKey(Act.APPROVE), StepKey(Act.MAIL_APPROVER)}
        goes_on = replace(goes_on, done=goes_on.done - unapproved, approval=None)
    if changed:
        undone = {ADMITTED, *(StepKey(act) for act in _DECIDED_ON_THE_ANSWERS)}
        facts = replace(request.facts, login=None, mail_address=None, licence=None, changes=None)
        kept = frozenset(step for step in request.done if step not in undone)
        goes_on = replace(goes_on, done=kept, facts=facts, approval=None)
    return goes_on, entries


def _other_address(before: Submission | Defective, after: Submission) -> bool:
    return getattr(before, "personal_email", None) != getattr(after, "personal_email", None)


def concerns(content: Submission | Defective) -> str | None:
    """The document number of the person the request is about; None for a generic account or when it is not known."""
    match content:
        case CreatePersonalAccount(person=person):
            return person.document_number
        case Defective(document_number=document_number):
            return document_number
        case CreateGenericAccount():
            return None
        case _:
            return content.target.document_number
