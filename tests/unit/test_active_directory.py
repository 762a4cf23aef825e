"""What the Active Directory adapter knows by itself, and what its check says of a real domain."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ldap3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import Misconfigured, Rejected, TargetError, Transient, Unreachable
from provision.directory.active_directory import ActiveDirectory, ActiveDirectorySettings
from provision.directory.ad_attributes import (
    UserAccountControl,
    account_id,
    file_time,
    from_file_time,
    from_generalized_time,
    guid_filter_value,
    sid_text,
)
from provision.directory.ad_errors import Answer, Meaning, bind_error, error_of, meaning, read_error
from provision.directory.ad_protection import inside, same_dn
from provision.directory.port import AccountId, Password
from tests.contract.directories import Person, SambaWorld, an_account, new_case, unique
from tests.servers.samba import DomainController

samba_only = pytest.mark.samba


@pytest.fixture
def world(samba: DomainController) -> SambaWorld:
    """A real domain controller."""
    return SambaWorld(samba)


def settings_of(world: SambaWorld, **changes: object) -> ActiveDirectorySettings:
    """The test domain's settings with the test's OU and groups, and some values changed."""
    samba = world.samba
    base = ActiveDirectorySettings(
        url=samba.url,
        base_dn=samba.base_dn,
        user=samba.service_user,
        password=samba.service_password,
        ca_file=samba.ca_file,
        ous=(world.ou,),
        groups=world.groups,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # by name


@samba_only
def test_the_check_of_a_well_kept_domain_is_silent(world: SambaWorld) -> None:
    """With the delegation of the operators' guide there is nothing to say, before and after the first account."""
    directory = ActiveDirectory(settings_of(world))
    assert directory.check() == ()
    directory.create(an_account(world))
    assert directory.check() == ()
    directory.close()


@samba_only
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"base_dn": "OU=No existe,DC=gestion,DC=test"}, "no existe o no se puede leer"),
        ({"base_dn": "DC=otra,DC=test"}, "no es del dominio"),
        ({"base_dn": "sin sentido"}, "no es un nombre distinguido"),
        ({"marker_attribute": "noExiste"}, "no existe en el esquema"),
        ({"ous": ("OU=Ajena",)}, "no puede crear cuentas"),
        ({"ous": ("OU=No existe",)}, "no existe"),
        ({"groups": ("CN=Domain Users,CN=Users",)}, "no puede agregar miembros"),
        ({"groups": ("CN=No existe,OU=Grupos",)}, "no existe"),
        ({"ous": (), "base_dn": "OU=Ajena,DC=gestion,DC=test", "groups": ()}, "ninguna unidad organizativa"),
        ({"protected_groups": ("S-1-5-32-999",)}, "grupos protegidos"),
    ],
)
def test_the_check_says_what_is_wrong(world: SambaWorld, changes: dict[str, object], said: str) -> None:
    """Each fault of the installation gets its sentence, with what to do."""
    directory = ActiveDirectory(settings_of(world, **changes))
    problems = directory.check()
    assert any(said in problem for problem in problems), problems
    directory.close()


@samba_only
def test_the_check_notices_clock_rights_and_privilege(world: SambaWorld) -> None:
    """A clock that is off, deleted objects that cannot be read, and a service account that is an administrator."""
    late = ActiveDirectory(settings_of(world), clock=lambda: datetime.now(UTC) + timedelta(minutes=30))
    assert any("reloj" in problem for problem in late.check())
    late.close()
    samba = world.samba
    mighty = ActiveDirectory(settings_of(world, user=samba.admin_user, password=samba.admin_password))
    assert any("mínimo privilegio" in problem for problem in mighty.check())
    mighty.close()
    login, password = unique("lector"), "Clave-De-Servicio-7"
    world.add(Person(login, f"Lector {login}", "OU=Servicios", f"{login}@{world.domain}"))
    with samba.administrator() as admin:
        change = {"unicodePwd": [(ldap3.MODIFY_REPLACE, [f'"{password}"'.encode("utf-16-le")])]}
        modify: Callable[..., bool] = admin.modify  # ldap3's stubs leave it untyped
        assert modify(f"CN=Lector {login},OU=Servicios,{world.base_dn}", change), admin.result
    reader = ActiveDirectory(settings_of(world, user=f"{login}@{world.domain}", password=password))
    problems = reader.check()
    assert any("eliminadas" in problem for problem in problems)
    assert any("no puede crear cuentas" in problem for problem in problems)
    with pytest.raises(Misconfigured, match="no tiene permiso"):
        reader.create(an_account(world))
    reader.close()


@samba_only
def test_the_service_account_itself_is_never_touched(world: SambaWorld) -> None:
    """Even when somebody writes a marker on it, the program does not change its own password."""
    case, login, password = new_case(), unique("propia"), "Clave-De-Servicio-7"
    world.add(Person(login, f"Propia {login}", world.ou, f"{login}@{world.domain}", case=case))
    with world.samba.administrator() as admin:
        change = {"unicodePwd": [(ldap3.MODIFY_REPLACE, [f'"{password}"'.encode("utf-16-le")])]}
        modify: Callable[..., bool] = admin.modify  # ldap3's stubs leave it untyped
        assert modify(f"CN=Propia {login},{world.ou},{world.base_dn}", change), admin.result
    dn = f"cn=propia {login},{world.ou},{world.base_dn}"
    for user in (f"{login}@{world.domain}", dn, f"GESTION\\{login}"):
        directory = ActiveDirectory(settings_of(world, user=user, password=password))
        found = directory.find_by_case(case)
        assert found is not None
        with pytest.raises(Rejected, match="cuenta de servicio"):
            directory.issue_password(found.id, case, Password("Lechuza-Tijera-Manglar47"))
        directory.close()


@samba_only
def test_members_of_a_nested_protected_group_are_protected(world: SambaWorld) -> None:
    """Membership at any depth counts, and so does belonging by the primary group."""
    inner, outer = world.groups
    with world.samba.administrator() as admin:
        modify: Callable[..., bool] = admin.modify  # ldap3's stubs leave it untyped
        change = {"member": [(ldap3.MODIFY_ADD, [f"{inner},{world.base_dn}"])]}
        assert modify(f"{outer},{world.base_dn}", change), admin.result
    login = unique("anidado")
    world.add(Person(login, f"Anidado {login}", world.ou, f"{login}@{world.domain}", groups=(inner,)))
    directory = ActiveDirectory(settings_of(world, protected_groups=(f"{outer},{world.base_dn}",)))
    found = directory.find_by_mail(f"{login}@{world.domain}")
    assert found is not None
    assert found.protected
    with pytest.raises(Rejected, match="grupo protegido"):
        directory.create(an_account(world, groups=(inner,)))
    directory.close()
    by_primary_group = ActiveDirectory(settings_of(world, protected_groups=("513",)))
    found = by_primary_group.find_by_mail(f"{login}@{world.domain}")
    assert found is not None
    assert found.protected
    by_primary_group.close()


@samba_only
def test_issuing_clears_dangerous_flags_and_unlocks(world: SambaWorld) -> None:
    """An account that somebody made "password never expires" must change its password all the same."""
    directory = ActiveDirectory(settings_of(world))
    wanted = an_account(world)
    made = directory.create(wanted)
    with world.samba.administrator() as admin:
        modify: Callable[..., bool] = admin.modify  # ldap3's stubs leave it untyped
        assert modify(made.dn, {"userAccountControl": [(ldap3.MODIFY_REPLACE, [str(514 | 0x10000 | 0x20 | 0x100000)])]})
    directory.issue_password(made.id, wanted.case, Password("Lechuza-Tijera-Manglar47"))
    with world.samba.administrator() as admin:
        admin.search(made.dn, "(objectClass=*)", ldap3.BASE, attributes=["userAccountControl"])
        assert admin.response
        assert int(admin.response[0]["attributes"]["userAccountControl"][0]) == 512 | 0x100000
    directory.close()


@samba_only
def test_two_accounts_with_one_mail_are_a_question_for_a_person(world: SambaWorld) -> None:
    """The directory admits a mail twice; the program does not choose a supervisor by chance."""
    one, other = unique("doble"), unique("doble")
    shared = f"{one}@{world.domain}"
    for login in (one, other):
        world.add(Person(login, f"Doble {login}", world.ou, f"{login}@{world.domain}"))
    directory = ActiveDirectory(settings_of(world))
    second = f"CN=Doble {other},{world.ou},{world.base_dn}"
    with world.samba.administrator() as admin:
        modify: Callable[..., bool] = admin.modify  # ldap3's stubs leave it untyped
        assert modify(second, {"mail": [(ldap3.MODIFY_REPLACE, [shared])]}), admin.result
    with pytest.raises(Rejected, match="Varias cuentas"):
        directory.create(an_account(world, manager_mail=shared))
    directory.close()


@samba_only
def test_names_are_taken_in_the_institutions_domains(world: SambaWorld) -> None:
    """With the institution's domains known, an address in another one holds no name; logins always do."""
    tail = unique("")
    aliases = (f"smtp:alias{tail}@alterno.test", f"SMTP:ajeno{tail}@gmail.com")
    world.add(Person(f"dueno{tail}", f"Dueño {tail}", world.ou, f"correo{tail}@{world.domain}", aliases=aliases))
    directory = ActiveDirectory(settings_of(world, mail_domains=(world.domain, "alterno.test")))
    names = [f"{name}{tail}" for name in ("dueno", "correo", "alias", "ajeno")]
    assert directory.names_in_use(names) == frozenset(names[:3])
    directory.close()


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (19, "0000052D: Constraint violation - check_password_restrictions", Meaning.WEAK_PASSWORD),
        (53, "0000052D: SvcErr: DSID-031A1262, problem 5003 (WILL_NOT_PERFORM), data 0", Meaning.WEAK_PASSWORD),
        (68, "00000524: UpdErr: DSID-031A11FA, problem 6005 (ENTRY_EXISTS), data 0", Meaning.TAKEN),
        (68, "00002071: samldb: samAccountName already in use", Meaning.TAKEN),
        (19, "000021C8: AtrErr: DSID-03200BBA, #1: 0: 000021C8: DSID-03200BBA", Meaning.TAKEN),
        (80, "00000523: SysErr: DSID-031A1256, problem 22 (Invalid argument), data 0", Meaning.BAD_NAME),
        (19, "00002082: AtrErr: DSID-03151000, #1:", Meaning.TOO_LONG),
        (21, "0000200B: value too long", Meaning.TOO_LONG),
        (19, "000020B5: AtrErr: DSID-03152BE0, #1:", Meaning.REFERENCE_MISSING),
        (50, "00000005: SecErr: DSID-03152612, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0", Meaning.NO_RIGHTS),
        (32, "0000208D: NameErr: DSID-0310028B, problem 2001 (NO_OBJECT)", Meaning.PARENT_MISSING),
        (51, "", Meaning.BUSY),
        (80, "something unheard of", Meaning.OTHER),
    ],
)
def test_both_vendors_refusals_mean_the_same(code: int, message: str, expected: Meaning) -> None:
    """Samba's and Microsoft's numbers for one refusal are understood as one."""
    assert meaning(Answer(code, message)) is expected


def test_errors_are_what_the_caller_must_do() -> None:
    """Rights stop the target, a busy server waits, the rest is for a person; a read is never refused for good by accident."""
    cases: list[tuple[TargetError, type[TargetError]]] = [
        (error_of(Answer(50, ""), "x"), Misconfigured),
        (error_of(Answer(51, ""), "x"), Transient),
        (error_of(Answer(19, "0000052D: "), "x"), Rejected),
        (error_of(Answer(80, ""), "x"), Rejected),
        (read_error(Answer(80, "")), Transient),
        (read_error(Answer(4, "")), Misconfigured),
        (read_error(Answer(21, "")), Rejected),
        (
            bind_error(Answer(49, "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 532, v4563")),
            Misconfigured,
        ),
        (bind_error(Answer(49, "")), Misconfigured),
        (bind_error(Answer(8, "")), Misconfigured),
        (bind_error(Answer(52, "")), Unreachable),
    ]
    for error, expected in cases:
        assert type(error) is expected
        assert error.message.endswith(".")
    assert "vencida" in cases[7][0].message


@given(
    st.integers(-(10**16), 10**17).map(
        lambda microseconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    )
)
def test_file_times_go_and_come(instant: datetime) -> None:
    """Every instant of a contract survives, to the microsecond; zero and never are None."""
    ticks = file_time(instant)
    assert from_file_time(ticks) == (instant if ticks > 0 else None)


@pytest.mark.parametrize("ticks", [0, -1, 0x7FFFFFFFFFFFFFFF, 0x7FFFFFFFFFFFFFFE, 10**18 * 9])
def test_never_has_no_instant(ticks: int) -> None:
    """What no calendar holds is "never", not a crash."""
    assert from_file_time(ticks) is None


def test_vendor_bytes_as_text() -> None:
    """GUIDs, SIDs and times as Windows' own tools show them."""
    binary = bytes.fromhex("33221100554477668899aabbccddeeff")
    assert account_id(binary) == "00112233-4455-6677-8899-aabbccddeeff"
    assert guid_filter_value(account_id(binary)) == "".join(f"\\{byte:02x}" for byte in binary)
    assert guid_filter_value(AccountId("*)(cn=*")) == ""
    assert sid_text(bytes.fromhex("010500000000000515000000010000000200000003000000f4010000")) == "S-1-5-21-1-2-3-500"
    with pytest.raises(ValueError, match="security identifier"):
        sid_text(b"\x01\x05")
    assert from_generalized_time("20261122022628.0Z") == datetime(2026, 11, 22, 2, 26, 28, tzinfo=UTC)
    assert UserAccountControl(514 | 0x10020).enabled == 512
    assert not UserAccountControl(4096).is_person


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("CN=Ana\\, Díaz,OU=X,DC=a", "cn=ANA\\2C D\\C3\\ADAZ, ou=x, dc=A", True),
        ("CN=Ana,OU=X,DC=a", "CN=Ana,DC=a", False),
        ("no es un DN", "NO ES UN DN", True),
        ("CN=a\\+b,DC=a", "CN=a\\2Bb,DC=a", True),
    ],
)
def test_dns_are_compared_as_names(one: str, other: str, same: bool) -> None:
    """Capitals, spaces and ways of escaping do not make two objects of one."""
    assert same_dn(one, other) is same


def test_inside_is_about_components() -> None:
    """An OU whose name merely ends like the base is outside of it."""
    assert inside("CN=a,OU=Usuarios,DC=x", "OU=USUARIOS,DC=x")
    assert not inside("CN=a\\,OU=Usuarios,DC=x", "OU=Usuarios,DC=x")
    assert not inside("OU=Usuarios,DC=x", "OU=Usuarios,DC=x")
    assert not inside("CN=a,OU=No Usuarios,DC=x", "OU=Usuarios,DC=x")


def test_the_authority_file_may_be_no_certificate(tmp_path: Path) -> None:
    """A file that is no PEM is said before anything is sent."""
    wrong = tmp_path / "ca.pem"
    wrong.write_text("nada")
    settings = ActiveDirectorySettings("ldaps://127.0.0.1:1", "DC=a", "u@a", "x", wrong)
    with pytest.raises(Misconfigured, match="autoridad del dominio"):
        ActiveDirectory(settings).find_by_case(new_case())
