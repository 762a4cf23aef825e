"""How the program comes to a domain controller, and what it says when it cannot: a real one refuses, hides, or is cut off."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import ldap3
import pytest

from config.errors import Misconfigured, Transient, Unreachable
from provision.directory.active_directory import ActiveDirectory, ActiveDirectorySettings
from provision.directory.port import NewAccount, Password
from tests.contract.directories import SambaWorld, an_account, new_case, unique
from tests.servers.relay import Relay
from tests.servers.samba import DomainController, issue_certificate

pytestmark = pytest.mark.samba


@pytest.fixture
def settings(samba: DomainController) -> ActiveDirectorySettings:
    """Those of the test domain, with a short patience."""
    return ActiveDirectorySettings(
        url=samba.url,
        base_dn=samba.base_dn,
        user=samba.service_user,
        password=samba.service_password,
        ca_file=samba.ca_file,
        timeout_seconds=3,
    )


def add_account(samba: DomainController, **changes: str) -> tuple[str, str]:
    """An account as the administrator makes it: its user principal name and password."""
    login, password = unique("svc"), "Clave-De-Servicio-7"
    attributes = {
        "sAMAccountName": login,
        "userPrincipalName": f"{login}@{samba.upn_suffix}",
        "unicodePwd": f'"{password}"'.encode("utf-16-le"),
        "userAccountControl": "512",
    }
    with samba.administrator() as admin:
        add: Callable[..., bool] = admin.add  # ldap3's stubs leave it untyped
        kind = ["top", "person", "organizationalPerson", "user"]
        assert add(f"CN={login},OU=Servicios,{samba.base_dn}", kind, attributes | changes), admin.result
    return f"{login}@{samba.upn_suffix}", password


@pytest.mark.parametrize(
    ("changes", "said", "reason"),
    [
        ({"pwdLastSet": "0"}, "debe cambiar su contraseña", "773"),
        ({"userAccountControl": "514"}, "está inhabilitada", "533"),
        ({"accountExpires": "130000000000000000"}, "está vencida", "701"),
    ],
)
def test_each_refusal_of_the_service_account_is_said(
    samba: DomainController, settings: ActiveDirectorySettings, changes: dict[str, str], said: str, reason: str
) -> None:
    """An account that must change its password, is disabled or has expired: Misconfigured, with its reason in words."""
    user, password = add_account(samba, **changes)
    with pytest.raises(Misconfigured, match=said) as caught:
        ActiveDirectory(replace(settings, user=user, password=password)).find_by_case(new_case())
    assert reason in str(caught.value)
    assert password not in str(caught.value)


def test_a_wrong_password_and_an_unknown_user_are_said(samba: DomainController, settings: ActiveDirectorySettings) -> None:
    """Both are "52e": the sentence does not say which, as the server does not."""
    for changed in (replace(settings, password="otra"), replace(settings, user="nadie@gestion.test")):
        with pytest.raises(Misconfigured, match=r"no son correctos \(motivo 52e\)"):
            ActiveDirectory(changed).find_by_case(new_case())


def test_a_locked_service_account_is_said(samba: DomainController, settings: ActiveDirectorySettings) -> None:
    """After too many wrong passwords the right one is refused with 775, and that is what is reported."""
    user, password = add_account(samba)
    with samba.administrator() as admin:
        modify: Callable[..., bool] = admin.modify  # ldap3's stubs leave it untyped
        set_to = [(ldap3.MODIFY_REPLACE, ["2"])]
        assert modify(samba.base_dn, {"lockoutThreshold": set_to}), admin.result
        try:
            for _ in range(3):
                samba.accepts(user.partition("@")[0], "equivocada")
            with pytest.raises(Misconfigured, match="bloqueada"):
                ActiveDirectory(replace(settings, user=user, password=password)).find_by_case(new_case())
        finally:
            assert modify(samba.base_dn, {"lockoutThreshold": [(ldap3.MODIFY_REPLACE, ["0"])]}), admin.result


@pytest.mark.parametrize(
    "url", ["ldap://dc1.gestion.test", "dc1.gestion.test", "http://dc1", "", "ldaps://", "ldaps://dc1:puerto", "ldaps://[::1"]
)
def test_an_address_without_encryption_is_refused(settings: ActiveDirectorySettings, url: str) -> None:
    """Nothing is sent to a plain ldap:// address, or to one that is none."""
    with pytest.raises(Misconfigured, match="debe ser cifrada"):
        ActiveDirectory(replace(settings, url=url)).find_by_case(new_case())


@pytest.mark.parametrize(
    "changes", [{"password": ""}, {"user": ""}, {"base_dn": "gestion.test"}, {"ca_file": Path("/no/existe")}]
)
def test_incomplete_settings_are_refused(settings: ActiveDirectorySettings, changes: dict[str, object]) -> None:
    """An empty password would enter as nobody; a base that is no DN and a missing authority are said before connecting."""
    with pytest.raises(Misconfigured):
        ActiveDirectory(replace(settings, **changes)).find_by_case(new_case())  # type: ignore[arg-type]  # by name


def test_the_password_hides_from_the_settings(settings: ActiveDirectorySettings) -> None:
    """Settings may end up in a log: their text has no password."""
    assert settings.password not in repr(settings)


def test_an_unknown_authority_is_refused(settings: ActiveDirectorySettings) -> None:
    """With the system's authorities the test domain's certificate is not trusted, and no password is sent."""
    with pytest.raises(Misconfigured, match="no es de confianza"):
        ActiveDirectory(replace(settings, ca_file=None)).find_by_case(new_case())


def test_a_certificate_for_another_name_is_refused(
    samba: DomainController, settings: ActiveDirectorySettings, tmp_path: Path
) -> None:
    """A server with a certificate of the right authority for another host is not the domain controller."""
    certificate, key = issue_certificate(samba.ca_file, samba.ca_key_file, tmp_path, "DNS:otro.gestion.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), connection, context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"ldaps://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(Misconfigured, match="no es de confianza"):
            ActiveDirectory(replace(settings, url=url)).find_by_case(new_case())
        thread.join(timeout=5)


def test_a_server_that_is_down_is_unreachable(settings: ActiveDirectorySettings) -> None:
    """Nobody listens, or the name does not exist: Unreachable, for this run."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for url in (f"ldaps://127.0.0.1:{port}", "ldaps://no-existe.invalid"):
        directory = ActiveDirectory(replace(settings, url=url))
        with pytest.raises(Unreachable, match="no responde"):
            directory.find_by_case(new_case())
        assert "no responde" in directory.check()[0]


def test_a_silent_server_is_unreachable_in_time(settings: ActiveDirectorySettings) -> None:
    """A server that accepts and says nothing costs the timeout, not the run."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"ldaps://127.0.0.1:{listener.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(Unreachable):
            ActiveDirectory(replace(settings, url=url, timeout_seconds=1)).find_by_case(new_case())
        assert time.monotonic() - started < 4


def test_starttls_works_and_is_verified(samba: DomainController, settings: ActiveDirectorySettings) -> None:
    """The other encrypted way in: the same answers, the same distrust."""
    settings = replace(settings, url=f"ldap+starttls://{samba.address}:389")
    directory = ActiveDirectory(settings)
    assert directory.find_by_case(new_case()) is None
    directory.close()
    with pytest.raises(Misconfigured, match="no es de confianza"):
        ActiveDirectory(replace(settings, ca_file=None)).find_by_case(new_case())


@pytest.fixture
def relay(samba: DomainController) -> Iterator[Relay]:
    """A wire to the domain controller."""
    made = Relay(samba.address)
    yield made
    made.close()


def test_a_read_survives_one_cut(relay: Relay, settings: ActiveDirectorySettings) -> None:
    """A connection that was cut between two reads is opened again, once, without anybody noticing."""
    directory = ActiveDirectory(replace(settings, url=relay.url))
    assert directory.find_by_case(new_case()) is None
    relay.cut()
    assert directory.find_by_case(new_case()) is None
    assert relay.connections == 2
    directory.close()


def test_a_read_that_is_never_answered_is_an_error(relay: Relay, settings: ActiveDirectorySettings) -> None:
    """A search whose answer is cut twice is Unreachable: never "nobody has that name"."""
    directory = ActiveDirectory(replace(settings, url=relay.url))
    assert directory.names_in_use([unique("libre")]) == frozenset()
    relay.swallow_from = relay.questions + 1
    with pytest.raises(Unreachable):
        directory.names_in_use(["administrator"])
    directory.close()


@pytest.mark.parametrize("point", ["directory.account.added", "directory.group.added", "directory.password.issued"])
def test_a_write_whose_answer_is_lost_is_not_repeated_blindly(
    relay: Relay, samba: DomainController, settings: ActiveDirectorySettings, point: str
) -> None:
    """The answer to a write is cut off: Transient; the next attempt finds what was done and ends in the same world."""
    world = SambaWorld(samba)
    settings = replace(settings, url=relay.url)
    reached: dict[str, int] = {}

    def note(name: str) -> None:
        reached.setdefault(name, relay.questions)

    rehearsal = ActiveDirectory(settings, stop_point=note)
    run(rehearsal, world)
    rehearsal.close()
    relay.settle()
    relay.swallow_from = relay.questions + reached[point]
    wanted = an_account(world)
    directory = ActiveDirectory(settings)
    with pytest.raises(Transient, match="Se cortó la conexión"):
        run(directory, world, wanted)
    relay.swallow_from = 0
    points: list[str] = []
    survivor = ActiveDirectory(settings, stop_point=points.append)
    run(survivor, world, wanted)
    assert "directory.account.added" not in points
    made = survivor.find_by_case(wanted.case)
    assert made is not None
    assert made.enabled
    assert len(made.group_dns) == 2
    survivor.close()
    directory.close()


def run(directory: ActiveDirectory, world: SambaWorld, account: NewAccount | None = None) -> None:
    """A creation and its password, from nothing."""
    wanted = account or an_account(world)
    made = directory.create(wanted)
    directory.issue_password(made.id, wanted.case, Password("Lechuza-Tijera-Manglar47"))
