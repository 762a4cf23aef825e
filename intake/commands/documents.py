"""Requests as JSON for other programs; docs/command-line.md promises these keys."""

from datetime import UTC, datetime

from config.vocabulary import ACCOUNT_TYPE_LABELS, OPERATION_LABELS
from intake.described import unit_of, user_of
from intake.output import Json
from provision.procedure.model import Entry, Request
from provision.procedure.submission import Authorisation, Granted, Refused


def instant(at: datetime | None) -> str | None:
    """ISO 8601 in UTC; None for none."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def account_known(request: Request) -> str | None:
    """The account that the directory named, or the one that was made; None: none is known yet."""
    facts = request.facts
    known = facts.subject.mail_address if facts.subject is not None else facts.mail_address or facts.login
    return known or facts.existing_login


def request_document(request: Request) -> dict[str, Json]:
    """A request as it stands."""
    operation, account_type = request.content.operation, request.content.account_type
    facts = request.facts
    waiting = request.waiting_for if not request.state.closed else None
    return {
        "case": request.case,
        "state": request.state.value,
        "state_label": request.state.label,
        "course": request.course.value,
        "reason": request.reason,
        "requester": request.requester,
        "vouched_by": request.vouched_by,
        "operation": operation.value if operation else None,
        "operation_label": OPERATION_LABELS[operation] if operation else None,
        "account_type": account_type.value if account_type else None,
        "account_type_label": ACCOUNT_TYPE_LABELS[account_type] if account_type else None,
        "user": user_of(request),
        "unit": unit_of(request),
        "account": account_known(request),
        "ticket": facts.ticket,
        "waiting_for": waiting.value if waiting else None,
        "waiting_for_label": waiting.label if waiting else None,
        "received_at": instant(request.received_at),
        "wake_at": instant(request.wake_at),
        "closed_at": instant(request.closed_at),
    }


def entry_document(entry: Entry) -> dict[str, Json]:
    """A line of the story."""
    return {"kind": entry.kind.value, "title": entry.title, "detail": entry.detail}


def decision_document(decision: Authorisation) -> dict[str, Json]:
    """The control point's decision."""
    granted = decision if isinstance(decision, Granted) else None
    return {
        "granted": granted is not None,
        "row": granted.row if granted else None,
        "role": granted.role if granted else None,
        "delegated_by": granted.delegated_by if granted else None,
        "code": decision.code if isinstance(decision, Refused) else None,
        "reason": decision.reason,
        "matrix_version": decision.matrix_version,
    }
