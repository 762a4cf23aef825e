"""The service account's key file, the token, and the guard that lets a dry run only read."""

import base64
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import google_auth_httplib2
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import AuthorizedSession

from config.errors import CannotRun, Misconfigured, Target, Transient, Unreachable, WriteRefused
from intake.forms.google import GoogleForm
from intake.forms.google_client import FormsClient
from intake.google_access import (
    FORMS_EDIT_SCOPES,
    GuardedHttp,
    authentication_failure,
    google_credentials,
    insecure_endpoint,
)
from intake.setting_up.form_editor import FormEditor
from tests.servers.google import faults
from tests.servers.google.accounts import ServiceAccountKey, write_key_file
from tests.servers.google.certificates import self_signed
from tests.servers.google.forms import FormsApi
from tests.servers.google.gestion_form import GestionForm
from tests.servers.google.server import FakeGoogle
from tests.unit.test_forms_google import NOW, START

# google-auth leaves these untyped.
_session: Callable[..., Any] = AuthorizedSession
_auth_error: Callable[..., GoogleAuthError] = TransportError


def _form(google: FakeGoogle, form: GestionForm, key_file: Path, subject: str | None = None) -> GoogleForm:
    """A form over the real client, without pauses between its tries."""
    credentials = google_credentials(key_file, subject)
    client = FormsClient(form.form_id, credentials, endpoint=google.url, timeout_seconds=5, sleep=lambda _: None)
    return GoogleForm(form.form_id, form.binding, credentials, attend_since=START, client=client)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no es JSON", "no es JSON"),
        (b"\xff\xfe\x00", "no es JSON"),
        (b"[]", "no es la clave"),
        (b'{"installed": {"client_id": "x"}}', "cliente OAuth"),
        (b'{"type": "authorized_user", "refresh_token": "secreto"}', "de un usuario"),
        (b'{"type": "service_account", "client_email": "a@b"}', "private_key, token_uri"),
        (
            b'{"type": "service_account", "client_email": "a@b", "private_key": "secreto", "token_uri": "https://t.example"}',
            "dañada",
        ),
        (
            b'{"type": "service_account", "client_email": "a@b", "private_key": "secreto", "token_uri": "http://t.example"}',
            "https",
        ),
    ],
)
def test_wrong_key_files(tmp_path: Path, content: bytes, words: str) -> None:
    """Each wrong file is called what it is, with what to do, and nothing of its contents is shown."""
    file = tmp_path / "key.json"
    file.write_bytes(content)
    with pytest.raises(CannotRun, match=words) as caught:
        google_credentials(file)
    assert caught.value.remedy
    assert "secreto" not in str(caught.value)


@pytest.mark.parametrize("encryption", [NoEncryption(), BestAvailableEncryption(b"secreto")])
def test_a_key_that_google_never_gives(tmp_path: Path, encryption: KeySerializationEncryption) -> None:
    """A private key of another kind, or an encrypted one, is told as no good key."""
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    file = tmp_path / "key.json"
    info = {"type": "service_account", "client_email": "a@b.example", "token_uri": "https://t.example"}
    file.write_text(json.dumps({**info, "private_key": pem.decode()}), encoding="utf-8")
    with pytest.raises(CannotRun, match="dañada"):
        google_credentials(file)


@pytest.mark.parametrize("part", [0.05, 0.1, 0.2])
def test_a_key_whose_numbers_are_damaged(key_file: Path, part: float) -> None:
    """A bit that flipped in the modulus is noticed before anything is signed with it, although no prime is proved."""
    info = json.loads(key_file.read_text(encoding="utf-8"))
    der = bytearray(base64.b64decode("".join(info["private_key"].splitlines()[1:-1])))
    der[int(part * len(der))] ^= 1
    info["private_key"] = f"-----BEGIN PRIVATE KEY-----\n{base64.encodebytes(der).decode()}-----END PRIVATE KEY-----\n"
    key_file.write_text(json.dumps(info), encoding="utf-8")
    with pytest.raises(CannotRun, match="dañada"):
        google_credentials(key_file)


def test_missing_key_file(tmp_path: Path) -> None:
    """A missing file and a folder are said as such."""
    with pytest.raises(CannotRun, match="No existe"):
        google_credentials(tmp_path / "nada.json")
    with pytest.raises(CannotRun, match="No se puede leer"):
        google_credentials(tmp_path)


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://forms.googleapis.com", True),
        ("http://127.0.0.1:9", True),
        ("http://[::1]:9", True),
        ("http://localhost:9", True),
        ("http://127.0.0.1.example.org", False),
        ("http://10.0.0.1", False),
        ("ftp://127.0.0.1", False),
        ("forms.googleapis.com", False),
    ],
)
def test_where_tokens_may_travel(url: str, fine: bool) -> None:
    """Tokens travel over https, or to this very machine."""
    assert (insecure_endpoint(url) is None) == fine


def test_one_token_for_two_transports(fake_google: FakeGoogle, gestion_form: GestionForm, key_file: Path) -> None:
    """Forms (httplib2) and a requests session share one credentials object, and so one token."""
    credentials = google_credentials(key_file)
    form = GoogleForm(gestion_form.form_id, gestion_form.binding, credentials, attend_since=START, endpoint=fake_google.url)
    form.read(None, NOW)
    form.close()
    with _session(credentials) as session:
        assert session.get(f"{fake_google.url}/v1/forms/{gestion_form.form_id}").status_code == 200
    assert len(fake_google.calls_of("token")) == 1


def test_delegation(fake_google: FakeGoogle, gestion_form: GestionForm, key_file: Path) -> None:
    """Without permission to act for a user, the error names the user and the scopes to allow; with it, it reads as the user."""
    form = _form(fake_google, gestion_form, key_file, "talento@upme.gov.co")
    with pytest.raises(Misconfigured, match=r"talento@upme\.gov\.co.*forms\.responses\.readonly"):
        form.read(None, NOW)
    fake_google.tokens.delegated_subjects.add("talento@upme.gov.co")
    assert form.read(None, NOW).responses == ()
    form.close()


def test_refused_key(fake_google: FakeGoogle, gestion_form: GestionForm, key_file: Path) -> None:
    """A key that Google does not know any more is Misconfigured, at once."""
    info = json.loads(key_file.read_text())
    key_file.write_text(json.dumps({**info, "client_email": "otra@gestion-pruebas.iam.gserviceaccount.com"}))
    form = _form(fake_google, gestion_form, key_file)
    with pytest.raises(Misconfigured, match=r"no aceptó la clave de otra@.*reloj"):
        form.read(None, NOW)
    form.close()
    assert len(fake_google.calls) == 1


@pytest.mark.parametrize(
    "fault",
    [
        faults.bad_gateway(),
        faults.RawReply(200, b"<html>portal</html>"),
        faults.RawReply(200, b'"x"'),
        faults.Cut(0),
        faults.Cut(9),
    ],
    ids=repr,
)
def test_token_faults_pass(fake_google: FakeGoogle, gestion_form: GestionForm, key_file: Path, fault: faults.Fault) -> None:
    """A token endpoint that fails, or a portal's page in its place, is an error that may pass, or passes at once."""
    fake_google.faults.add("token", fault)
    form = _form(fake_google, gestion_form, key_file)
    try:
        form.read(None, NOW)
    except (Transient, Unreachable):
        assert form.read(None, NOW).responses == ()
    form.close()


def test_expired_token_is_renewed(fake_google: FakeGoogle, gestion_form: GestionForm, key_file: Path) -> None:
    """A token that Google forgot is renewed within the read."""
    form = _form(fake_google, gestion_form, key_file)
    form.read(None, NOW)
    fake_google.tokens.revoke_all()
    form.read(None, NOW)
    form.close()
    assert len(fake_google.calls_of("token")) == 2


def test_untrusted_certificate(service_account: ServiceAccountKey, tmp_path: Path) -> None:
    """A certificate that nobody we trust has signed is refused and said; nothing is sent to that server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    api = FormsApi()
    gestion_form = GestionForm(api)
    with FakeGoogle(service_account, (api,), tls=context) as google:
        key_file = write_key_file(service_account, tmp_path / "key.json", google.token_uri)
        form = _form(google, gestion_form, key_file)
        with pytest.raises(Misconfigured, match="no es de confianza"):
            form.read(None, NOW)
        form.close()
        assert google.calls == []
        with requests.Session() as session, pytest.raises(requests.exceptions.SSLError) as caught:
            session.get(google.url, timeout=5)
        assert isinstance(authentication_failure(_auth_error(caught.value), Target.SHEET, "x"), Misconfigured)


def test_an_authority_of_ones_own(service_account: ServiceAccountKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a proxy that inspects traffic, REQUESTS_CA_BUNDLE names whom to trust, for Forms too."""
    certificate, key = self_signed(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    api = FormsApi()
    gestion_form = GestionForm(api)
    with FakeGoogle(service_account, (api,), tls=context) as google:
        form = _form(google, gestion_form, write_key_file(service_account, tmp_path / "key.json", google.token_uri))
        assert form.read(None, NOW).responses == ()
        form.close()


def test_nobody_answers(service_account: ServiceAccountKey, tmp_path: Path) -> None:
    """A server that is not there is Unreachable."""
    with FakeGoogle(service_account) as google:
        key_file = write_key_file(service_account, tmp_path / "key.json", google.token_uri)
        form = _form(google, GestionForm(FormsApi()), key_file)
    with pytest.raises(Unreachable):
        form.read(None, NOW)
    form.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "post"])
def test_writes_never_leave_a_dry_run(fake_google: FakeGoogle, key_file: Path, forms_api: FormsApi, method: str) -> None:
    """A write is refused before it leaves: no call of the API arrives."""
    forms_api.add_form("F1")
    credentials = google_credentials(key_file, scopes=FORMS_EDIT_SCOPES)
    guarded = GuardedHttp(writable=False, token_uri=fake_google.token_uri, timeout_seconds=5)
    authorized = google_auth_httplib2.AuthorizedHttp(credentials, http=guarded)
    url = f"{fake_google.url}/v1/forms/F1:batchUpdate?key=1"
    with pytest.raises(WriteRefused, match=r"F1:batchUpdate$"):
        authorized.request(url, method, body=b"{}")
    guarded.close()
    assert [call.method_id for call in fake_google.calls if call.method_id != "token"] == []


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_write_is_sent_once(
    service_account: ServiceAccountKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, encrypted: bool
) -> None:
    """httplib2 would send a write again when it loses the answer, and make a second form: not with us, over TLS or not."""
    certificate, key = self_signed(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    api = FormsApi()
    with FakeGoogle(service_account, (api,), tls=context if encrypted else None) as google:
        key_file = write_key_file(service_account, tmp_path / "key.json", google.token_uri)
        credentials = google_credentials(key_file, scopes=FORMS_EDIT_SCOPES)
        editor = FormEditor("", credentials, endpoint=google.url, timeout_seconds=5)
        google.faults.add("forms.forms.create", faults.Cut())
        with pytest.raises(Unreachable):
            editor.create("Gestión de Usuarios")
        assert len(api.forms) == len(google.calls_of("forms.forms.create")) == 1
        assert editor.create("Otra").form_id == "made-form-2"
        editor.close()


def test_writes_go_out_when_allowed(fake_google: FakeGoogle, key_file: Path, forms_api: FormsApi) -> None:
    """With `writable=True` the same request arrives."""
    forms_api.add_form("F1")
    guarded = GuardedHttp(writable=True, token_uri=fake_google.token_uri, timeout_seconds=5)
    credentials = google_credentials(key_file, scopes=FORMS_EDIT_SCOPES)
    authorized = google_auth_httplib2.AuthorizedHttp(credentials, http=guarded)
    response, _ = authorized.request(f"{fake_google.url}/v1/forms/F1:batchUpdate", "POST", body=b'{"requests": []}')
    guarded.close()
    assert response.status == 200
