"""The fake Google keeps to what Google documents: tests that pass on it mean something."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httplib2
import pytest
import requests
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2 import service_account as google_service_account

from tests.servers.google import faults
from tests.servers.google.accounts import ServiceAccountKey, generate_key
from tests.servers.google.form_edits import question_item
from tests.servers.google.forms import FormsApi
from tests.servers.google.server import ApiCall, FakeGoogle

READ = ["https://www.googleapis.com/auth/forms.body.readonly", "https://www.googleapis.com/auth/forms.responses.readonly"]
# google-auth leaves these untyped.
_credentials: Callable[..., Any] = google_service_account.Credentials.from_service_account_info
_session: Callable[..., Any] = AuthorizedSession
EDIT = ["https://www.googleapis.com/auth/forms.body"]
NOON = datetime(2026, 3, 2, 17, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def session(key_file: Path) -> Any:
    """The real google-auth session of the test's service account."""
    with _session(_credentials(json.loads(key_file.read_text()), scopes=READ)) as session:
        yield session


def _listed(session: Any, url: str, **parameters: object) -> dict[str, Any]:
    reply = session.get(f"{url}/v1/forms/F1/responses", params=parameters)
    reply.raise_for_status()
    result: dict[str, Any] = reply.json()
    return result


@pytest.fixture
def form(forms_api: FormsApi) -> FormsApi:
    """A form F1 with one text question."""
    forms_api.add_form("F1", [question_item("Nombres", "29369072")])
    return forms_api


def test_token_needs_our_signature(fake_google: FakeGoogle, service_account: ServiceAccountKey) -> None:
    """A JWT signed with another key gets no token."""
    stranger = generate_key(service_account.email)
    credentials = _credentials(stranger.info(fake_google.token_uri), scopes=READ)
    with requests.Session() as plain, pytest.raises(Exception, match="Invalid JWT Signature"):
        credentials.refresh(Request(plain))


def test_delegation_needs_permission(fake_google: FakeGoogle, service_account: ServiceAccountKey) -> None:
    """A subject gets a token only where the administrator allowed delegation."""
    credentials = _credentials(service_account.info(fake_google.token_uri), scopes=READ, subject="admin@example.org")
    with requests.Session() as plain:
        with pytest.raises(Exception, match="unauthorized_client"):
            credentials.refresh(Request(plain))
        fake_google.tokens.delegated_subjects.add("admin@example.org")
        credentials.refresh(Request(plain))
    grant = fake_google.tokens.grant(f"Bearer {credentials.token}")
    assert grant is not None
    assert grant.subject == "admin@example.org"


def test_no_token_no_answer(fake_google: FakeGoogle, form: FormsApi) -> None:
    """A call without a bearer token is 401."""
    assert requests.get(f"{fake_google.url}/v1/forms/F1", timeout=5).status_code == 401


def test_scopes_are_checked(fake_google: FakeGoogle, form: FormsApi, session: Any) -> None:
    """A write with a token for reading is 403, and changes nothing."""
    reply = session.post(f"{fake_google.url}/v1/forms/F1:batchUpdate", json={"requests": []})
    assert reply.status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/forms/F1?colour=red", 400),
        ("/v1/forms/F1/responses?pageSize=many", 400),
        ("/v1/forms/F1?fields=formId,colour", 400),
        ("/v1/forms/F1?fields=formId(", 400),
        ("/v1/questionnaires/F1", 404),
    ],
)
def test_undocumented_requests_are_violations(
    fake_google: FakeGoogle, form: FormsApi, session: Any, path: str, status: int
) -> None:
    """A parameter, field or path that Google does not document is refused and written down."""
    assert session.get(fake_google.url + path).status_code == status
    assert len(fake_google.violations) == 1
    fake_google.violations.clear()


def test_undocumented_body_is_a_violation(fake_google: FakeGoogle, service_account: ServiceAccountKey, form: FormsApi) -> None:
    """A misspelt field deep in a body is refused; a null is accepted."""
    credentials = _credentials(service_account.info(fake_google.token_uri), scopes=EDIT)
    url = f"{fake_google.url}/v1/forms/F1:batchUpdate"
    with _session(credentials) as session:
        wrong = {"requests": [{"updateFormInfo": {"info": {"titel": "X"}, "updateMask": "title"}}]}
        assert session.post(url, json=wrong).status_code == 400
        assert "titel" in fake_google.violations[0]
        fake_google.violations.clear()
        right = {"requests": [{"updateFormInfo": {"info": {"title": "X"}, "updateMask": "title"}}], "writeControl": None}
        assert session.post(url, json=right).status_code == 200
    assert form.forms["F1"].document["info"]["title"] == "X"


def test_invalid_reply_is_a_violation(fake_google: FakeGoogle, session: Any) -> None:
    """A handler that answers what Google never would is found out."""

    class WrongApi:
        def handlers(self) -> dict[str, Any]:
            return {"forms.forms.get": self.get}

        def get(self, call: ApiCall) -> dict[str, Any]:
            return {"formId": 7}

    fake_google.add(WrongApi())
    assert session.get(f"{fake_google.url}/v1/forms/F1").status_code == 500
    assert "invalid reply" in fake_google.violations.pop()


def test_partial_replies(fake_google: FakeGoogle, form: FormsApi, session: Any) -> None:
    """The fields mask is applied."""
    reply = session.get(f"{fake_google.url}/v1/forms/F1", params={"fields": "formId,items(title,questionItem/question)"})
    assert reply.json() == {
        "formId": "F1",
        "items": [{"title": "Nombres", "questionItem": {"question": {"questionId": "29369072", "textQuestion": {}}}}],
    }


def test_times_as_google_writes_them(fake_google: FakeGoogle, form: FormsApi, session: Any) -> None:
    """createTime has milliseconds, lastSubmittedTime microseconds, and an edit moves only the latter."""
    edited = form.add_response("F1", {"29369072": "Ana"}, "a@example.org", NOON)
    [response] = _listed(session, fake_google.url)["responses"]
    assert response["createTime"] == "2026-03-02T17:00:00.123Z"
    assert response["lastSubmittedTime"] == "2026-03-02T17:00:00.123456Z"
    form.edit_response("F1", edited, {"29369072": "Ana María"}, NOON + timedelta(hours=1))
    [response] = _listed(session, fake_google.url)["responses"]
    assert response["createTime"] == "2026-03-02T17:00:00.123Z"
    assert response["lastSubmittedTime"] == "2026-03-02T18:00:00.123456Z"
    assert response["responseId"] == edited


@pytest.mark.parametrize(("semantics", "seen"), [("lastSubmittedTime", 1), ("createTime", 0)])
def test_filter_semantics(fake_google: FakeGoogle, form: FormsApi, session: Any, semantics: Any, seen: int) -> None:
    """A filter sees an edit, or does not: both were reported, and both can be asked for."""
    form.filter_on = semantics
    response = form.add_response("F1", {"29369072": "Ana"}, "a@example.org", NOON)
    form.edit_response("F1", response, {"29369072": "Ana"}, NOON + timedelta(hours=1))
    reply = _listed(session, fake_google.url, filter="timestamp > 2026-03-02T17:30:00Z")
    assert len(reply.get("responses", [])) == seen


def test_pages(fake_google: FakeGoogle, form: FormsApi, session: Any) -> None:
    """Pages together hold every response once, not in order of time, and a token belongs to its filter."""
    made = [form.add_response("F1", {"29369072": str(n)}, "a@example.org", NOON + timedelta(seconds=n)) for n in range(25)]
    seen: list[str] = []
    token = ""
    while True:
        page = _listed(session, fake_google.url, pageSize=10, **({"pageToken": token} if token else {}))
        seen += [response["responseId"] for response in page["responses"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
        other = {"pageToken": token, "filter": "timestamp > 2026-01-01T00:00:00Z"}
        assert session.get(f"{fake_google.url}/v1/forms/F1/responses", params=other).status_code == 400
    assert sorted(seen) == sorted(made)
    assert seen != made


def test_long_addresses(fake_google: FakeGoogle, form: FormsApi, session: Any) -> None:
    """A GET that travels as a POST, as googleapiclient sends a very long one, is answered as the GET it is."""
    headers = {"X-HTTP-Method-Override": "GET", "Content-Type": "application/x-www-form-urlencoded"}
    reply = session.post(f"{fake_google.url}/v1/forms/F1", data={"fields": "formId"}, headers=headers)
    assert reply.json() == {"formId": "F1"}


def test_faults(fake_google: FakeGoogle, form: FormsApi, session: Any) -> None:
    """A queued fault is met once by the next call of its method, and then all is well."""
    url = f"{fake_google.url}/v1/forms/F1"
    fake_google.faults.add("forms.forms.get", faults.rate_limited(2), after_calls=1)
    fake_google.faults.add("forms.forms.get", faults.bad_gateway())
    fake_google.faults.add("forms.forms.get", faults.Truncated(10))
    assert session.get(url).status_code == 200
    limited = session.get(url)
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "2")
    assert session.get(url).text.startswith("<!DOCTYPE html>")
    with pytest.raises(json.JSONDecodeError):
        json.loads(session.get(url).content)
    assert session.get(url).json()["formId"] == "F1"


@pytest.mark.parametrize("after_bytes", [0, 5])
def test_cut_connections(fake_google: FakeGoogle, form: FormsApi, session: Any, after_bytes: int) -> None:
    """A cut before or within the body is seen as a broken connection, never as a reply."""
    fake_google.faults.add("forms.forms.get", faults.Cut(after_bytes))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        session.get(f"{fake_google.url}/v1/forms/F1", stream=False)


def test_slow_reply_ends_with_the_server(service_account: ServiceAccountKey) -> None:
    """A slow reply keeps nobody waiting once the server stops."""
    with FakeGoogle(service_account) as google:
        google.faults.add("", faults.Slow(60))
        http = httplib2.Http(timeout=0.2)
        with pytest.raises(TimeoutError):
            http.request(f"{google.url}/nothing")
        http.close()
