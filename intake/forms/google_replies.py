"""Replies of the Forms API, read strictly: what Google documents, and nothing taken for granted.

Source: the discovery document forms.v1 and genuine replies (createTime in milliseconds, lastSubmittedTime in microseconds;
fields with their default value and unanswered questions are absent).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

from config.vocabulary import EmailAddress
from intake.forms.port import Answers, Field, Response, ResponseId
from intake.forms.questions import QuestionKind

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


def parse_timestamp(text: str) -> datetime:
    """RFC 3339 with `Z` and up to nine digits, as an aware instant (UTC). Nanoseconds are cut to microseconds.

    Raises ValueError.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        message = "not an RFC 3339 time in UTC"
        raise ValueError(message)
    whole = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    return whole + timedelta(microseconds=int((match[2] or "0").ljust(9, "0")[:6]))


def format_timestamp(at: datetime) -> str:
    """An aware instant as the API's filter wants it: UTC, microseconds, `Z`."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _readable_timestamp(text: str) -> str:
    parse_timestamp(text)
    return text


class _Reply(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore")


class _Choice(_Reply):
    type: str = ""


class _Date(_Reply):
    include_year: bool = False
    include_time: bool = False


class _Row(_Reply):
    title: str = ""


class QuestionReply(_Reply):
    """One question, with the part that names its kind."""

    question_id: str = ""
    choice_question: _Choice | None = None
    text_question: Mapping[str, object] | None = None
    date_question: _Date | None = None
    file_upload_question: Mapping[str, object] | None = None
    scale_question: Mapping[str, object] | None = None
    rating_question: Mapping[str, object] | None = None
    time_question: Mapping[str, object] | None = None
    row_question: _Row | None = None

    @property
    def kind(self) -> QuestionKind | None:
        """The question's kind; None when the reply does not say."""
        if self.choice_question is not None:
            return QuestionKind.CHECKBOX if self.choice_question.type == "CHECKBOX" else QuestionKind.CHOICE
        if self.date_question is not None:
            plain = self.date_question.include_year and not self.date_question.include_time
            return QuestionKind.DATE if plain else QuestionKind.OTHER
        if self.text_question is not None:
            return QuestionKind.TEXT
        if self.file_upload_question is not None:
            return QuestionKind.FILE
        others = (self.scale_question, self.rating_question, self.time_question, self.row_question)
        return QuestionKind.OTHER if any(other is not None for other in others) else None


class _QuestionItem(_Reply):
    question: QuestionReply = QuestionReply()


class _QuestionGroup(_Reply):
    questions: tuple[QuestionReply, ...] = ()


class _Item(_Reply):
    title: str = ""
    question_item: _QuestionItem | None = None
    question_group_item: _QuestionGroup | None = None


class _Settings(_Reply):
    email_collection_type: str = ""


class _PublishState(_Reply):
    is_published: bool = False
    is_accepting_responses: bool = False


class _PublishSettings(_Reply):
    publish_state: _PublishState | None = None


FORM_FIELDS = (
    "formId,info/title,settings/emailCollectionType,publishSettings/publishState,"
    "items(title,questionGroupItem/questions(questionId,rowQuestion),"
    "questionItem/question(questionId,textQuestion,choiceQuestion/type,dateQuestion,fileUploadQuestion/maxFiles,"
    "scaleQuestion/low,ratingQuestion/ratingScaleLevel,timeQuestion))"
)
"""The part of forms.get that is asked for: options and descriptions of a long form stay at Google."""


class FormReply(_Reply):
    """What forms.get says of a form. Raises pydantic's ValidationError when a reply is not of this shape."""

    form_id: str
    settings: _Settings = _Settings()
    publish_settings: _PublishSettings | None = None
    items: tuple[_Item, ...] = ()

    @property
    def accepts_responses(self) -> bool:
        """Whether people can answer now; legacy forms have no publish settings and always say yes."""
        state = self.publish_settings.publish_state if self.publish_settings else None
        return state is None or (state.is_published and state.is_accepting_responses)

    def questions(self) -> dict[str, tuple[str, QuestionReply]]:
        """Every question by its id, with its title; the rows of a grid too."""
        found: dict[str, tuple[str, QuestionReply]] = {}
        for item in self.items:
            if item.question_item is not None:
                question = item.question_item.question
                found[question.question_id] = (item.title, question)
            for row in item.question_group_item.questions if item.question_group_item else ():
                found[row.question_id] = (row.row_question.title if row.row_question else item.title, row)
        found.pop("", None)
        return found


class _TextAnswer(_Reply):
    value: str = ""


class _TextAnswers(_Reply):
    answers: tuple[_TextAnswer, ...] = ()


class _FileAnswer(_Reply):
    file_name: str = ""


class _FileAnswers(_Reply):
    answers: tuple[_FileAnswer, ...] = ()


class _Answer(_Reply):
    text_answers: _TextAnswers | None = None
    file_upload_answers: _FileAnswers | None = None

    def texts(self) -> tuple[str, ...]:
        texts = tuple(answer.value for answer in self.text_answers.answers) if self.text_answers else ()
        files = tuple(answer.file_name for answer in self.file_upload_answers.answers) if self.file_upload_answers else ()
        return texts + files


class ResponseReply(_Reply):
    """One response. Without its id and times it is no response: ValidationError, never a guess."""

    response_id: str
    create_time: Annotated[str, AfterValidator(_readable_timestamp)]
    last_submitted_time: Annotated[str, AfterValidator(_readable_timestamp)]
    respondent_email: str = ""
    answers: Mapping[str, _Answer] = {}

    def response(self, form_id: str, fields: Mapping[str, Field]) -> Response:
        """The response in our words; `fields` names the field of each bound questionId, other answers are left out."""
        answers: dict[Field, tuple[str, ...]] = {}
        for question_id, answer in self.answers.items():
            texts = answer.texts()
            if question_id in fields and any(texts):
                answers[fields[question_id]] = texts
        return Response(
            form_id=form_id,
            response_id=ResponseId(self.response_id),
            created_at=parse_timestamp(self.create_time),
            last_submitted_at=parse_timestamp(self.last_submitted_time),
            requester=EmailAddress(self.respondent_email.strip()) if self.respondent_email.strip() else None,
            vouched_by=None,
            answers=_frozen(answers),
        )


class PageReply(_Reply):
    """One page of responses.list; an empty form's is `{}`, and no other object without responses is a page."""

    model_config = ConfigDict(extra="allow")

    responses: tuple[ResponseReply, ...] = ()
    next_page_token: str = ""

    @model_validator(mode="after")
    def _is_a_page(self) -> Self:
        # A gateway's own JSON that came with 200 must not pass for "nobody answered".
        if not self.responses and self.model_extra:
            message = "no page of responses"
            raise ValueError(message)
        return self


def _frozen(answers: dict[Field, tuple[str, ...]]) -> Answers:
    return {field: answers[field] for field in Field if field in answers}
