"""Responses read from Google Forms: the truth about what was answered and by whom (activity 1 of the UPME procedure).

Only a form that collects VERIFIED addresses may be read: any other lets people type somebody else's address. Google does not
say under which setting a response was given, so `attend_since` must not be earlier than the day the form collected verified
addresses, and only trusted people may edit the form.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from google.oauth2.service_account import Credentials

from config.errors import Misconfigured, Target, Transient
from intake.forms.google_client import BadRequest, FormsClient
from intake.forms.google_replies import FormReply, PageReply, QuestionReply, ResponseReply, format_timestamp, parse_timestamp
from intake.forms.port import Batch, Cursor, Field, Response
from intake.forms.questions import QUESTIONS, BoundQuestion

OVERLAP = timedelta(minutes=10)
"""How far behind the cursor a poll looks: responses may become visible out of order."""
SWEEP_EVERY = timedelta(hours=24)
"""How often all responses are read: whether Google's filter sees edits is not documented (both were reported)."""


class GoogleForm:
    """A FormSource over the Forms API v1. A poll is one forms.get and the pages of responses.list, nothing else.

    `attend_since` (aware): responses last submitted before it are not ours. The cursor holds the latest lastSubmittedTime seen
    (never the local clock), and it moves only when all pages were read. Reading twice gives the same keys: the journal tells
    what is new. A response that is not listed any more means nothing.
    """

    def __init__(
        self,
        form_id: str,
        binding: Mapping[Field, BoundQuestion],
        credentials: Credentials,
        *,
        attend_since: datetime,
        endpoint: str | None = None,
        overlap: timedelta = OVERLAP,
        sweep_every: timedelta = SWEEP_EVERY,
        timeout_seconds: float = 30,
        page_size: int = 5000,
        client: FormsClient | None = None,
    ) -> None:
        """Nothing is sent yet. Raises Misconfigured for a binding or an id that cannot be right.

        `client`: the connection to use instead of one made from `credentials`, `endpoint` and `timeout_seconds`.
        """
        _check_settings(form_id, binding)
        self._form_id = form_id
        self._binding = dict(binding)
        self._fields = {bound.question_id: field for field, bound in binding.items()}
        self._attend_since = attend_since
        self._overlap = overlap
        self._sweep_every = sweep_every
        self._page_size = page_size
        self._client = client or FormsClient(form_id, credentials, endpoint=endpoint, timeout_seconds=timeout_seconds)

    @property
    def form_id(self) -> str:
        """The form's edit id."""
        return self._form_id

    @property
    def server_time(self) -> datetime | None:
        """What Google's clock said in its last reply (aware); None: nothing was read yet."""
        return self._client.server_time

    def read(self, cursor: Cursor | None, now: datetime) -> Batch:
        """Responses submitted since the cursor, less the overlap; all of them at first, and once every `sweep_every`.

        Raises Misconfigured, Unreachable or Transient: then nothing was read and the cursor stays. `now` (aware) only decides
        whether a sweep is due.
        """
        try:
            alarms = self._inspect(self._client.form())
        except BadRequest as error:
            raise _refused(error) from error
        sweep = cursor is None or not timedelta(0) <= now - cursor.swept_at < self._sweep_every
        filter_text = "" if cursor is None or sweep else f"timestamp >= {format_timestamp(cursor.read_until - self._overlap)}"
        latest = self._latest(self._listed(filter_text))
        responses = [reply.response(self._form_id, self._fields) for reply in latest]
        seen = [response.last_submitted_at for response in responses]
        read_until = max([cursor.read_until if cursor else self._attend_since, *seen])
        return Batch(
            responses=tuple(sorted((r for r in responses if r.last_submitted_at >= self._attend_since), key=_in_time)),
            cursor=Cursor(read_until=read_until, swept_at=now if sweep or cursor is None else cursor.swept_at),
            alarms=alarms,
            listed=None if filter_text else frozenset(response.response_id for response in responses),
        )

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self._client.close()

    def _listed(self, filter_text: str) -> list[ResponseReply]:
        """All pages, begun again once when Google refuses a page token (they expire)."""
        for _ in range(2):
            try:
                return self._all_pages(filter_text)
            except BadRequest:
                continue
        raise Transient(Target.FORM, "Google rechazó dos veces el listado de respuestas del formulario; se intentará de nuevo.")

    def _all_pages(self, filter_text: str) -> list[ResponseReply]:
        try:
            page: PageReply = self._client.page(filter_text=filter_text, page_token="", page_size=self._page_size)
        except BadRequest as error:
            raise _refused(error) from error
        responses = list(page.responses)
        tokens: set[str] = set()
        while page.next_page_token:
            if page.next_page_token in tokens:
                raise Transient(
                    Target.FORM, "El listado de respuestas de Google se repite sin terminar; se intentará de nuevo."
                )
            tokens.add(page.next_page_token)
            page = self._client.page(filter_text=filter_text, page_token=page.next_page_token, page_size=self._page_size)
            responses.extend(page.responses)
        return responses

    @staticmethod
    def _latest(replies: list[ResponseReply]) -> list[ResponseReply]:
        """Each response once: one edited while the pages were read may stand on two of them."""
        latest: dict[str, ResponseReply] = {}
        for reply in replies:
            known = latest.get(reply.response_id)
            if known is None or parse_timestamp(known.last_submitted_time) < parse_timestamp(reply.last_submitted_time):
                latest[reply.response_id] = reply
        return list(latest.values())

    def _inspect(self, form: FormReply) -> tuple[str, ...]:
        """Refuse a form that must not be read; return what somebody should look at."""
        if form.form_id != self._form_id:
            raise Misconfigured(Target.FORM, f"Google respondió con otro formulario ({form.form_id}).", remedy="Revise el id.")
        if form.settings.email_collection_type != "VERIFIED":
            raise Misconfigured(
                Target.FORM,
                "El formulario no recopila direcciones de correo verificadas, así que no prueba quién hace cada solicitud.",
                remedy="En el formulario elija Configuración → Respuestas → Recopilar direcciones de correo electrónico → "
                "Verificado. Mientras tanto no se lee ninguna respuesta.",
            )
        questions = form.questions()
        missing = [
            f"«{bound.title}» ({bound.question_id})" for bound in self._binding.values() if bound.question_id not in questions
        ]
        if missing:
            raise Misconfigured(
                Target.FORM,
                f"Al formulario le faltan preguntas que la configuración espera: {', '.join(missing)}.",
                remedy="Restablezca las preguntas en el formulario, o corrija en la configuración el id de cada una.",
            )
        alarms = [] if form.accepts_responses else ["El formulario no está publicado o no acepta respuestas."]
        for field, bound in self._binding.items():
            alarms += _changes(field, bound, *questions[bound.question_id])
        alarms += [
            f"El formulario tiene una pregunta que la configuración no conoce y que no se lee: «{title}» ({question_id})."
            for question_id, (title, _) in questions.items()
            if question_id not in self._fields
        ]
        return tuple(alarms)


def _changes(field: Field, bound: BoundQuestion, title: str, question: QuestionReply) -> list[str]:
    found = []
    if title.strip() != bound.title.strip():
        found.append(
            f"La pregunta {bound.question_id} cambió de título: era «{bound.title}» y ahora es «{title}». "
            "Verifique que siga preguntando lo mismo y actualice la configuración."
        )
    expected = bound.kind or QUESTIONS[field].kind
    if question.kind is not None and question.kind is not expected:
        found.append(
            f"La pregunta «{title}» ({bound.question_id}) cambió de tipo: se esperaba «{expected.value}» y ahora es "
            f"«{question.kind.value}». Las respuestas podrían no entenderse."
        )
    return found


def _check_settings(form_id: str, binding: Mapping[Field, BoundQuestion]) -> None:
    if form_id.startswith("1FAIpQL"):
        raise Misconfigured(
            Target.FORM,
            "El id configurado es el público del formulario.",
            remedy="Use el id de edición: el de la dirección …/forms/d/ID/edit.",
        )
    ids = [bound.question_id for bound in binding.values()]
    repeated = sorted({question_id for question_id in ids if ids.count(question_id) > 1})
    if not form_id.strip() or repeated or not ids:
        what = f"preguntas repetidas: {', '.join(repeated)}" if repeated else "falta el id o las preguntas"
        raise Misconfigured(Target.FORM, f"La configuración del formulario no sirve ({what}).", remedy="Corríjala.")


def _refused(error: BadRequest) -> Misconfigured:
    return Misconfigured(
        Target.FORM,
        f"Google rechazó la lectura del formulario: {error}.",
        remedy="Revise el id del formulario en la configuración.",
    )


def _in_time(response: Response) -> tuple[datetime, str]:
    return response.last_submitted_at, response.response_id
