"""Fixtures: a Google of its own for each test, with the forms (and sheets) services on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.google.accounts import ServiceAccountKey, generate_key, write_key_file
from tests.servers.google.forms import FormsApi
from tests.servers.google.gestion_form import GestionForm
from tests.servers.google.server import FakeGoogle


@pytest.fixture(scope="session")
def service_account() -> ServiceAccountKey:
    """The test service account; its key is made once."""
    return generate_key()


@pytest.fixture
def fake_google(service_account: ServiceAccountKey) -> Iterator[FakeGoogle]:
    """A running server without APIs (`fake_google.add(SheetsApi())`); at teardown it wants no violations."""
    with FakeGoogle(service_account) as google:
        yield google
    assert google.violations == []


@pytest.fixture
def key_file(fake_google: FakeGoogle, service_account: ServiceAccountKey, tmp_path: Path) -> Path:
    """The service account's key file, whose token endpoint is the fake's."""
    return write_key_file(service_account, tmp_path / "service-account.json", fake_google.token_uri)


@pytest.fixture
def forms_api(fake_google: FakeGoogle) -> FormsApi:
    """The forms service of this test's Google."""
    api = FormsApi()
    fake_google.add(api)
    return api


@pytest.fixture
def gestion_form(forms_api: FormsApi) -> GestionForm:
    """The form "Gestión de Usuarios" on this test's Google."""
    return GestionForm(forms_api)
