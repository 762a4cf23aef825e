"""What Request Tracker's REST2 answers, checked against the types of what is used of it (measured on RT 5.0.3)."""

from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from config.errors import Misconfigured, Target

_Row = TypeVar("_Row", bound=BaseModel)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)


class Named(_Answer):
    """A user, by name."""

    id: str


class ValuesOfField(_Answer):
    """A custom field of a ticket; a value that was taken away stands as null."""

    name: str
    values: list[JsonValue] = []

    @property
    def text(self) -> str:
        """Its first value; empty for none."""
        return next((value for value in self.values if isinstance(value, str)), "")


class TicketRow(_Answer):
    """A ticket. RT answers with the surviving ticket when the one asked for was merged into it."""

    id: int
    status: str = Field(alias="Status")
    subject: str = Field("", alias="Subject")
    creator: Named = Field(alias="Creator")
    requestors: list[Named] = Field([], alias="Requestor")
    fields: list[ValuesOfField] = Field([], alias="CustomFields")
    """All that the account may see of what applies to the ticket's queue, those without a value too."""

    def value(self, name: str) -> str:
        """What a custom field says; empty for nothing, or for one that there is not."""
        return next((field.text for field in self.fields if field.name == name), "")


class MadeRow(_Answer):
    """A ticket that was just made."""

    id: int


class TouchedRow(_Answer):
    """A ticket of which only who touched it last is asked."""

    id: int
    touched_at: AwareDatetime = Field(alias="LastUpdated")
    fields: list[ValuesOfField] = Field([], alias="CustomFields")


class TransactionRow(_Answer):
    """One thing that happened to a ticket. Of a comment, `data` is its subject."""

    id: int
    type: str = Field(alias="Type")
    creator: Named = Field(alias="Creator")
    created: AwareDatetime = Field(alias="Created")
    field: str | None = Field(None, alias="Field")
    new_value: str | None = Field(None, alias="NewValue")
    data: str | None = Field(None, alias="Data")

    @property
    def mark(self) -> str:
        """The subject under which we wrote it, if we did."""
        return (self.data or "").strip()


class AttachmentRow(_Answer):
    """A part of what somebody wrote. Parts that are no text have no content here."""

    id: int
    transaction: int = Field(alias="TransactionId")
    content_type: str | None = Field(None, alias="ContentType")
    length: int = Field(0, alias="ContentLength")
    content: str | None = Field(None, alias="Content")


class UserRow(_Answer):
    """A user; only the name, the real name and whether he is privileged are for everybody."""

    name: str = Field(alias="Name")
    real_name: str | None = Field(None, alias="RealName")
    privileged: bool = Field(alias="Privileged")


class QueueRow(_Answer):
    """A queue with the custom fields of its tickets."""

    name: str = Field(alias="Name")
    fields: list[ValuesOfField] = Field([], alias="TicketCustomFields")


class _Page(_Answer):
    items: list[JsonValue]
    next_page: str | None = None


def row(kind: type[_Row], body: JsonValue) -> _Row:
    """One answer as what it should be. Raises Misconfigured."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise Misconfigured(
            Target.DESK,
            "Request Tracker contestó algo que el programa no entiende.",
            remedy="Revise que sea RT 5, que «url» en [desk] sea la suya y los derechos de la cuenta del programa.",
        ) from error


def page(kind: type[_Row], body: JsonValue) -> tuple[_Row, ...]:
    """One page of a list. Raises Misconfigured."""
    return tuple(row(kind, item) for item in row(_Page, body).items)


def more_after(body: JsonValue, asked: int) -> bool:
    """Whether there may be another page: RT leaves out of a page what the account may not see, so a short one is no end."""
    found = row(_Page, body)
    return found.next_page is not None or len(found.items) >= asked
