"""The fake Forms service: forms, their questions, and responses that are added, edited and listed as Google lists them."""

import base64
import hashlib
import json
import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from tests.servers.google.form_edits import apply_requests, published, question_of
from tests.servers.google.server import ApiCall, ApiError, Handler

MAX_PAGE = 5000
_FILTER = re.compile(r"timestamp (>=|>) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)")

AnswerValue = str | Sequence[str]
"""One text, or one for each check box."""


@dataclass(slots=True)
class _Stored:
    created_us: int
    submitted_us: int
    requester: str
    answers: dict[str, tuple[str, ...]]
    files: dict[str, tuple[str, ...]]


@dataclass(slots=True)
class FakeForm:
    """One form. `document` is what forms.get answers; tests may change it at will."""

    document: dict[str, Any]
    shared: bool = True
    responses: dict[str, _Stored] = field(default_factory=dict)
    by_submission: list[tuple[int, str]] = field(default_factory=list)
    by_creation: list[tuple[int, str]] = field(default_factory=list)

    def question(self, question_id: str) -> dict[str, Any]:
        """The item that holds a question."""
        for item in self.document["items"]:
            if question_of(item).get("questionId") == question_id:
                found: dict[str, Any] = item
                return found
        raise KeyError(question_id)


class FormsApi:
    """State and handlers of forms v1.

    `filter_on` chooses what `timestamp` in a filter compares: the last submission, or only the creation (both were reported
    of Google). Responses are listed in the order of their ids, which is no order in time.
    """

    def __init__(self) -> None:
        self.forms: dict[str, FakeForm] = {}
        self.filter_on: Literal["lastSubmittedTime", "createTime"] = "lastSubmittedTime"

    def handlers(self) -> Mapping[str, Handler]:
        """Functions by discovery method id."""
        return {
            "forms.forms.get": self._get,
            "forms.forms.create": self._create,
            "forms.forms.batchUpdate": self._batch_update,
            "forms.forms.setPublishSettings": self._set_publish_settings,
            "forms.forms.responses.list": self._list,
            "forms.forms.responses.get": self._get_response,
        }

    def add_form(self, form_id: str, items: Sequence[dict[str, Any]] = (), title: str = "Gestión de Usuarios") -> FakeForm:
        """A published form that collects verified addresses; `form_edits.question_item` makes items."""
        form = FakeForm(
            {
                "formId": form_id,
                "info": {"title": title, "documentTitle": title},
                "settings": {"emailCollectionType": "VERIFIED"},
                "revisionId": "00000001",
                "responderUri": f"https://docs.google.com/forms/d/e/1FAIpQL{form_id}/viewform",
                "items": list(items),
                "publishSettings": published(accepting=True),
            }
        )
        self.forms[form_id] = form
        return form

    def add_response(
        self,
        form_id: str,
        answers: Mapping[str, AnswerValue],
        requester: str,
        at: datetime,
        *,
        files: Mapping[str, Sequence[str]] | None = None,
    ) -> str:
        """Somebody submits the form: answers by questionId. Returns the responseId."""
        form = self.forms[form_id]
        digest = hashlib.sha256(f"{form_id}/{len(form.responses)}".encode()).digest()
        response_id = "ACYDB" + base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
        submitted = _micros(at)
        form.responses[response_id] = _Stored(
            submitted // 1000 * 1000, submitted, requester, _texts(answers), _texts(files or {})
        )
        insort(form.by_submission, (submitted, response_id))
        insort(form.by_creation, (submitted // 1000 * 1000, response_id))
        return response_id

    def edit_response(
        self, form_id: str, response_id: str, answers: Mapping[str, AnswerValue], at: datetime, requester: str | None = None
    ) -> None:
        """The same response submitted again, with all its answers anew."""
        form = self.forms[form_id]
        stored = form.responses[response_id]
        form.by_submission.remove((stored.submitted_us, response_id))
        stored.submitted_us = _micros(at)
        stored.answers = _texts(answers)
        stored.requester = requester or stored.requester
        insort(form.by_submission, (stored.submitted_us, response_id))

    def delete_response(self, form_id: str, response_id: str) -> None:
        """An editor of the form deletes a response: it is only absent from then on."""
        form = self.forms[form_id]
        stored = form.responses.pop(response_id)
        form.by_submission.remove((stored.submitted_us, response_id))
        form.by_creation.remove((stored.created_us, response_id))

    def remove_question(self, form_id: str, question_id: str) -> None:
        """An editor deletes a question."""
        form = self.forms[form_id]
        form.document["items"].remove(form.question(question_id))

    def rename_question(self, form_id: str, question_id: str, title: str) -> None:
        """An editor changes a question's title; its id stays."""
        self.forms[form_id].question(question_id)["title"] = title

    def set_email_collection(self, form_id: str, kind: str | None) -> None:
        """VERIFIED, RESPONDER_INPUT, DO_NOT_COLLECT; None: the form has no settings at all."""
        document = self.forms[form_id].document
        document.pop("settings", None)
        if kind is not None:
            document["settings"] = {"emailCollectionType": kind}

    def _form(self, call: ApiCall) -> FakeForm:
        form = self.forms.get(call.path["formId"])
        if form is None:
            raise ApiError(404, "NOT_FOUND", "Requested entity was not found.")
        if not form.shared:
            raise ApiError(403, "PERMISSION_DENIED", "The caller does not have permission")
        return form

    def _get(self, call: ApiCall) -> dict[str, Any]:
        return self._form(call).document

    def _create(self, call: ApiCall) -> dict[str, Any]:
        info = call.body.get("info") or {}
        if set(call.body) - {"info"} or set(info) - {"title", "documentTitle"} or not info.get("title"):
            raise ApiError(400, "INVALID_ARGUMENT", "Only info.title and info.documentTitle can be set when creating a form.")
        form = self.add_form(f"made-form-{len(self.forms) + 1}", title=info["title"])
        form.document["settings"] = {}
        # Google: forms made through the API after 31 January 2026 start unpublished.
        form.document["publishSettings"] = published(accepting=False, is_published=False)
        return form.document

    def _batch_update(self, call: ApiCall) -> dict[str, Any]:
        form = self._form(call)
        wanted = (call.body.get("writeControl") or {}).get("requiredRevisionId")
        if wanted is not None and wanted != form.document["revisionId"]:
            raise ApiError(400, "INVALID_ARGUMENT", "The required revision ID is not the latest revision of the form.")
        replies = apply_requests(form.document, call.body.get("requests") or [])
        form.document["revisionId"] = f"{int(form.document['revisionId'], 16) + 1:08x}"
        return {"replies": replies, **({"form": form.document} if call.body.get("includeFormInResponse") else {})}

    def _set_publish_settings(self, call: ApiCall) -> dict[str, Any]:
        form = self._form(call)
        state = call.body["publishSettings"].get("publishState") or {}
        if set(state) != {"isPublished", "isAcceptingResponses"} or (
            state["isAcceptingResponses"] and not state["isPublished"]
        ):
            raise ApiError(400, "INVALID_ARGUMENT", "Both isPublished and isAcceptingResponses must be set, and agree.")
        form.document["publishSettings"] = call.body["publishSettings"]
        return {"formId": form.document["formId"], "publishSettings": form.document["publishSettings"]}

    def _get_response(self, call: ApiCall) -> dict[str, Any]:
        form = self._form(call)
        response_id = call.path["responseId"]
        if response_id not in form.responses:
            raise ApiError(404, "NOT_FOUND", "Requested entity was not found.")
        return {"formId": call.path["formId"], **self._shown(form, response_id)}

    def _list(self, call: ApiCall) -> dict[str, Any]:
        form = self._form(call)
        wanted = sorted(self._selected(form, call.one("filter")))
        size = min(int(call.one("pageSize", "0")) or MAX_PAGE, MAX_PAGE)
        start = 0
        if call.one("pageToken"):
            start = bisect_right(wanted, _resume(call.one("pageToken"), call))
        page = wanted[start : start + size]
        reply: dict[str, Any] = {"responses": [self._shown(form, response_id) for response_id in page]} if page else {}
        if start + size < len(wanted):
            reply["nextPageToken"] = _token(call, page[-1])
        return reply

    def _selected(self, form: FakeForm, filter_text: str) -> list[str]:
        if not filter_text:
            return list(form.responses)
        match = _FILTER.fullmatch(filter_text)
        if match is None:
            raise ApiError(400, "INVALID_ARGUMENT", f"Invalid filter: {filter_text}")
        since = _micros(datetime.fromisoformat(match[2]))
        index = form.by_submission if self.filter_on == "lastSubmittedTime" else form.by_creation
        find: Callable[..., int] = bisect_left if match[1] == ">=" else bisect_right
        return [response_id for _, response_id in index[find(index, since, key=lambda entry: entry[0]) :]]

    def _shown(self, form: FakeForm, response_id: str) -> dict[str, Any]:
        stored = form.responses[response_id]
        answers: dict[str, Any] = {
            question: {"questionId": question, "textAnswers": {"answers": [{"value": value} for value in values]}}
            for question, values in stored.answers.items()
        }
        for question, names in stored.files.items():
            uploads = [{"fileId": f"file-{name}", "fileName": name, "mimeType": "application/pdf"} for name in names]
            answers[question] = {"questionId": question, "fileUploadAnswers": {"answers": uploads}}
        shown = {
            "responseId": response_id,
            "createTime": _shown_time(stored.created_us, "milliseconds"),
            "lastSubmittedTime": _shown_time(stored.submitted_us, "microseconds"),
            "answers": answers,
        }
        collected = form.document.get("settings", {}).get("emailCollectionType")
        if collected in ("VERIFIED", "RESPONDER_INPUT") and stored.requester:
            shown["respondentEmail"] = stored.requester
        return shown


def _texts(answers: Mapping[str, AnswerValue]) -> dict[str, tuple[str, ...]]:
    # Google leaves an unanswered question out.
    pairs = ((key, (value,) if isinstance(value, str) else tuple(value)) for key, value in answers.items())
    return {key: values for key, values in pairs if values and values != ("",)}


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _shown_time(micros: int, precision: str) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    text = at.replace(tzinfo=None).isoformat(timespec=precision)
    return (text.rstrip("0").rstrip(".") if micros % 1_000_000 == 0 else text) + "Z"


def _token(call: ApiCall, last: str) -> str:
    bound = json.dumps([call.path["formId"], call.one("filter"), last])
    return base64.urlsafe_b64encode(bound.encode()).decode("ascii")


def _resume(token: str, call: ApiCall) -> str:
    try:
        form_id, filter_text, last = json.loads(base64.urlsafe_b64decode(token.encode()))
    except ValueError as error:
        raise ApiError(400, "INVALID_ARGUMENT", "Invalid page token.") from error
    if form_id != call.path["formId"] or filter_text != call.one("filter"):
        raise ApiError(400, "INVALID_ARGUMENT", "The page token belongs to another request.")
    return str(last)
