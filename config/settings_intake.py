"""Settings of where requests come from and where they are shown: the form, the authorizer matrix, the board."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from config.endpoints import HttpEndpoint
from config.institution import Address, Name
from config.located import LocatedPath, ServiceAccountKeyFile
from config.sections import GoogleId, Instant, Seconds, Section, Text


def _edit_id(value: str) -> str:
    if value.startswith("1FAIpQL"):
        raise ValueError(
            "ese es el identificador público del formulario; use el que aparece en la dirección al editarlo (/d/…/edit)"
        )
    return value


class Question(Section):
    """A field's question on the form: bound by id; the title is only compared, to raise an alarm when it changes."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{1,16}$", description="el questionId de la API, como 29369072")]
    title: Text


class FormByGoogle(Section):
    """Google Forms, read with a service account. `attend_since`: responses before it are history, not requests."""

    kind: Literal["google"]
    form_id: Annotated[GoogleId, AfterValidator(_edit_id)]
    key_file: ServiceAccountKeyFile
    subject: Address | None = None
    """Whom the service account acts for (domain-wide delegation), where the form cannot be shared with it."""
    endpoint: HttpEndpoint = "https://forms.googleapis.com"
    token_uri: HttpEndpoint | None = None
    """Overrides the token address of the key file."""
    attend_since: Instant
    questions: Annotated[dict[str, Question], Field(min_length=1)]
    """Field of the form port (`request_type`, …) → its question."""
    overlap_minutes: Annotated[int, Field(ge=1, le=1440)] = 10
    sweep_hours: Annotated[int, Field(ge=1, le=720)] = 24
    timeout_seconds: Seconds = 30

    @field_validator("questions")
    @classmethod
    def _one_question_each(cls, questions: dict[str, Question]) -> dict[str, Question]:
        owners: dict[str, str] = {}
        for name, question in questions.items():
            other = owners.setdefault(question.id, name)
            if other != name:
                raise ValueError(f"{other} y {name} tienen el mismo id ({question.id}); cada pregunta es de un solo campo")
        return questions


class FormByCsv(Section):
    """A CSV exported from the form: it proves nobody's identity, so somebody vouches for it."""

    kind: Literal["csv"]
    path: LocatedPath
    vouched_by: Name
    """Who answers for the requesters' addresses in the file: a person's name or address, named in every decision."""
    form_id: GoogleId | None = None
    """The form the file was exported from, so that its cases go on when the form is read directly; None: the file's name."""
    headers: dict[str, Text] = Field(default_factory=dict)
    """Field of the form port → the column's header, where it is not the usual one."""


class MatrixBySheet(Section):
    """The authorizer matrix as a tab of a spreadsheet. `key_file`, `subject` and `token_uri` are the form's unless given."""

    kind: Literal["sheet"]
    spreadsheet_id: GoogleId
    tab: Text = "Matriz"
    key_file: ServiceAccountKeyFile
    subject: Address | None = None
    endpoint: HttpEndpoint = "https://sheets.googleapis.com"
    token_uri: HttpEndpoint | None = None
    timeout_seconds: Seconds = 30


class MatrixByCsv(Section):
    """The authorizer matrix as a CSV file."""

    kind: Literal["csv"]
    path: LocatedPath


class BoardByGoogle(Section):
    """The sheet behind the form. `key_file`, `subject` and `token_uri` are the form's unless given."""

    kind: Literal["google"]
    spreadsheet_id: GoogleId
    responses_gid: Annotated[int, Field(ge=0)] | None = None
    """The tab of the responses, as in the address (`gid=`); without it nothing is written beside the responses."""
    key_file: ServiceAccountKeyFile
    subject: Address | None = None
    endpoint: HttpEndpoint = "https://sheets.googleapis.com"
    token_uri: HttpEndpoint | None = None
    timeout_seconds: Seconds = 30


class BoardByXlsx(Section):
    """A workbook on disk."""

    kind: Literal["xlsx"]
    path: LocatedPath
