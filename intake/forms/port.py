"""Responses of the form "Gestión de Usuarios" (activity 1: "diligenciar formulario")."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from config.vocabulary import EmailAddress

ResponseId = NewType("ResponseId", str)


class Field(StrEnum):
    """The form's questions by meaning; settings bind each to a questionId, or to a header of the CSV."""

    REQUEST_TYPE = "request_type"
    ACCOUNT_TYPE = "account_type"
    GIVEN_NAMES = "given_names"
    SURNAMES = "surnames"
    DOCUMENT_TYPE = "document_type"
    DOCUMENT_NUMBER = "document_number"
    PERSONAL_EMAIL = "personal_email"
    MOBILE = "mobile"
    UNIT = "unit"
    POSITION = "position"
    CONTRACT_NUMBER = "contract_number"
    CONTRACT_START = "contract_start"
    CONTRACT_END = "contract_end"
    SUPERVISOR_EMAIL = "supervisor_email"
    ACCOUNT = "account"
    REASON = "reason"
    FROM_DATE = "from_date"
    UNTIL_DATE = "until_date"
    ON_PREMISES = "on_premises"
    COMPUTER = "computer"
    GENERIC_NAME = "generic_name"
    OWNER_EMAIL = "owner_email"
    ASSIGNEE_GIVEN_NAMES = "assignee_given_names"
    ASSIGNEE_SURNAMES = "assignee_surnames"
    ASSIGNEE_DOCUMENT_TYPE = "assignee_document_type"
    ASSIGNEE_DOCUMENT_NUMBER = "assignee_document_number"
    ASSIGNEE_PERSONAL_EMAIL = "assignee_personal_email"
    ASSIGNEE_MOBILE = "assignee_mobile"
    CASE_NUMBER = "case_number"
    NOTES = "notes"


Answers = Mapping[Field, tuple[str, ...]]
"""Answers as the person typed them; an unanswered question is absent; a check box has one entry per option."""


@dataclass(frozen=True, slots=True)
class Response:
    """One submission of the form. `created_at` and `last_submitted_at` are aware, UTC, microseconds."""

    form_id: str
    response_id: ResponseId
    created_at: datetime
    last_submitted_at: datetime
    requester: EmailAddress | None
    """The verified address; None when the source has none, and then nobody can be authorised."""
    vouched_by: str | None
    """Who vouches for the requester's identity when the source proves none (CSV); None: Google verified it."""
    answers: Answers

    @property
    def edited(self) -> bool:
        """Submitted again after its creation. Compared in milliseconds: Google gives createTime no more than that."""
        return int(self.last_submitted_at.timestamp() * 1000) > int(self.created_at.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a form was read; opaque to all but the source, kept by the journal."""

    read_until: datetime
    swept_at: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """What one poll read: responses (some known already: the journal tells), where to go on, and alarms in Spanish."""

    responses: tuple[Response, ...]
    cursor: Cursor
    alarms: tuple[str, ...] = ()
    listed: frozenset[ResponseId] | None = None
    """Every response that the source has, when this poll read all of it; None: it read a part of it."""


class FormSource(Protocol):
    """Raises Misconfigured (Target.FORM) for a form that must not be read, Unreachable or Transient when it cannot be."""

    @property
    def form_id(self) -> str:
        """The form's identity in the journal."""
        ...

    def read(self, cursor: Cursor | None, now: datetime) -> Batch:
        """Every response submitted since the cursor, with overlap, all pages or an error: never a part. Reads only."""
        ...

    def close(self) -> None:
        """Free connections. Idempotent."""
        ...
