"""The Forms API with permission to edit: a form is made once, filled in one batch, read back, published."""

from collections.abc import Callable, Mapping, Sequence

from google.oauth2.service_account import Credentials
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from config.errors import CannotRun, Misconfigured, Target, Transient
from intake.forms.google_client import BadRequest, FormsClient


class _Reply(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore")


class OptionReply(_Reply):
    """An option of a choice."""

    value: str = ""
    go_to_action: str = ""
    go_to_section_id: str = ""


class _Choices(_Reply):
    type: str = ""
    options: tuple[OptionReply, ...] = ()


class AskedReply(_Reply):
    """A question, with the part that names its kind."""

    question_id: str = ""
    required: bool = False
    choice_question: _Choices | None = None
    text_question: Mapping[str, object] | None = None
    date_question: Mapping[str, object] | None = None


class _QuestionItem(_Reply):
    question: AskedReply = AskedReply()


class ItemReply(_Reply):
    """An item of the form."""

    item_id: str = ""
    title: str = ""
    question_item: _QuestionItem | None = None

    @property
    def question(self) -> AskedReply:
        """The item's question; one without an id when it is none."""
        return self.question_item.question if self.question_item else AskedReply()


class _Settings(_Reply):
    email_collection_type: str = ""


class _State(_Reply):
    is_published: bool = False
    is_accepting_responses: bool = False


class _Publishing(_Reply):
    publish_state: _State = _State()


class MadeForm(_Reply):
    """A whole form as Google has it."""

    form_id: str
    revision_id: str = ""
    responder_uri: str = ""
    linked_sheet_id: str = ""
    settings: _Settings = _Settings()
    publish_settings: _Publishing = _Publishing()
    items: tuple[ItemReply, ...] = ()

    @property
    def accepts_responses(self) -> bool:
        """Whether anybody can answer it."""
        state = self.publish_settings.publish_state
        return state.is_published and state.is_accepting_responses


class FormEditor(FormsClient):
    """One form, for making and changing it. `form_id` is empty until it was made.

    Raises Misconfigured, Unreachable or Transient (Target.FORM), and CannotRun with Google's own words for a request that it
    refuses. Reads are repeated as those of the source; a write is sent once: whoever runs `gestion init` runs it again.
    """

    def __init__(self, form_id: str, credentials: Credentials, *, endpoint: str | None, timeout_seconds: float) -> None:
        super().__init__(form_id, credentials, endpoint=endpoint, timeout_seconds=timeout_seconds, writable=True)

    def create(self, title: str) -> MadeForm:
        """Make an empty form. Not idempotent: the caller keeps in mind that it was about to. One call."""
        info = {"title": title, "documentTitle": title}
        made = self._made(self._sent(self._service.forms().create(body={"info": info}).execute))
        self._form_id = made.form_id
        return made

    def read(self) -> MadeForm:
        """The form as it is now: one call."""
        return self._made(self._reply(self._service.forms().get(formId=self._form_id).execute))

    def change(self, requests: Sequence[Mapping[str, object]], revision_id: str) -> None:
        """Apply a batch to exactly this revision: all of it, or nothing when somebody edited meanwhile. One call."""
        body = {"requests": list(requests), "writeControl": {"requiredRevisionId": revision_id}}
        self._sent(self._service.forms().batchUpdate(formId=self._form_id, body=body).execute)

    def publish(self) -> None:
        """Publish the form and accept responses; forms made through the API start unpublished. Idempotent. One call."""
        state = {"publishState": {"isPublished": True, "isAcceptingResponses": True}}
        body = {"publishSettings": state, "updateMask": "publishState"}
        self._sent(self._service.forms().setPublishSettings(formId=self._form_id, body=body).execute)

    def _sent(self, execute: Callable[[], object]) -> object:
        try:
            return self._once(execute)
        except BadRequest as error:
            raise CannotRun(
                f"Google no aceptó el cambio del formulario: {error}.", remedy="Nada quedó a medias. Repita «gestion init»."
            ) from error

    @staticmethod
    def _made(reply: object) -> MadeForm:
        try:
            return MadeForm.model_validate(reply)
        except ValidationError as error:
            raise Transient(Target.FORM, "La respuesta de Google Forms llegó incompleta; repita «gestion init».") from error


def refuse_public_id(form_id: str) -> None:
    """Raise Misconfigured for the id of the public address, which no API takes."""
    if form_id.startswith("1FAIpQL"):
        raise Misconfigured(
            Target.FORM, "Ese es el id público del formulario.", remedy="Use el de la dirección …/forms/d/ID/edit."
        )
