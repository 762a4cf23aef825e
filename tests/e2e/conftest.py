"""Fixtures: one installation of its own for each test, on a Google, a domain and a mail server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.office import Office
from tests.servers.google.accounts import ServiceAccountKey
from tests.servers.google.server import FakeGoogle
from tests.servers.mail import Exim
from tests.servers.samba import DomainController, running_domain_controller


@pytest.fixture
def domain() -> Iterator[DomainController]:
    """A domain controller of this test's own: case numbers and logins are unique in a domain."""
    with running_domain_controller() as controller:
        yield controller


@pytest.fixture
def office(fake_google: FakeGoogle, service_account: ServiceAccountKey, tmp_path: Path) -> Office:
    """Google is real HTTP; directory and mail are embedded. Accounts are complete in one run: they carry no licence."""
    return Office(tmp_path, fake_google, service_account, licences=False)


@pytest.fixture
def whole_office(
    fake_google: FakeGoogle, service_account: ServiceAccountKey, domain: DomainController, exim: Exim, tmp_path: Path
) -> Office:
    """Everything as in production, with a domain that is ready; no licences."""
    office = Office(tmp_path, fake_google, service_account, samba=domain, exim=exim, licences=False)
    office.prepare_domain()
    return office
