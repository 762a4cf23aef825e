"""The form "Gestión de Usuarios" on the fake Forms service, filled in by meaning instead of by question ids."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from intake.forms.port import Field
from intake.forms.questions import QUESTIONS, BoundQuestion, QuestionKind
from tests.servers.google.form_edits import question_item
from tests.servers.google.forms import FakeForm, FormsApi

FORM_ID = "1PruebaGestionDeUsuarios"


class GestionForm:
    """One form with a question for every field, and its binding as the settings would hold it."""

    def __init__(self, api: FormsApi, form_id: str = FORM_ID) -> None:
        self.api = api
        self.form_id = form_id
        self.binding: dict[Field, BoundQuestion] = {
            field: BoundQuestion(_question_id(field), question.title) for field, question in QUESTIONS.items()
        }
        items = [question_item(QUESTIONS[field].title, self.question_id(field), _google_kind(field)) for field in QUESTIONS]
        self.form: FakeForm = api.add_form(form_id, items)

    def question_id(self, field: Field) -> str:
        """The questionId of a field."""
        return self.binding[field].question_id

    def submit(self, answers: Mapping[Field, str | Sequence[str]], requester: str, at: datetime) -> str:
        """Somebody fills the form in. Returns the responseId."""
        return self.api.add_response(self.form_id, self._by_id(answers), requester, at)

    def edit(self, response_id: str, answers: Mapping[Field, str | Sequence[str]], at: datetime) -> None:
        """The same person submits the response again, with all its answers."""
        self.api.edit_response(self.form_id, response_id, self._by_id(answers), at)

    def _by_id(self, answers: Mapping[Field, str | Sequence[str]]) -> dict[str, str | Sequence[str]]:
        return {self.question_id(field): value for field, value in answers.items()}


def _question_id(field: Field) -> str:
    return hashlib.sha256(f"question/{field}".encode()).hexdigest()[:8]


def _google_kind(field: Field) -> dict[str, Any]:
    question = QUESTIONS[field]
    match question.kind:
        case QuestionKind.CHOICE | QuestionKind.CHECKBOX:
            kind = "CHECKBOX" if question.kind is QuestionKind.CHECKBOX else "DROP_DOWN"
            options = [{"value": option} for option in question.options or ("Subdirección de Demanda", "Otra")]
            return {"choiceQuestion": {"type": kind, "options": options}}
        case QuestionKind.DATE:
            return {"dateQuestion": {"includeYear": True}}
        case _:
            return {"textQuestion": {"paragraph": True} if question.paragraph else {}}
