"""What is particular to Active Directory in an account's life: flags, children, pages, nested groups, who holds a name."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import ldap3
import pytest

from config.errors import AlreadyExists, Misconfigured, Rejected
from provision.directory import ad_connection
from provision.directory.active_directory import ActiveDirectory, ActiveDirectorySettings
from provision.directory.ad_attributes import account_id
from provision.directory.ad_connection import DirectoryConnection
from provision.directory.ad_groups import GroupMembers
from provision.directory.port import Account, AccountChanges, Password
from tests.contract.directories import Machine, SambaWorld, added, go_on, unique
from tests.servers.samba import DomainController

pytestmark = pytest.mark.samba

GOOD = Password("Lechuza-Tijera-Manglar47")
END = datetime(2026, 12, 31, 5, 0, tzinfo=UTC)


@pytest.fixture
def world(samba: DomainController) -> SambaWorld:
    """A real domain controller."""
    return SambaWorld(samba)


@pytest.fixture
def directory(world: SambaWorld) -> Iterator[ActiveDirectory]:
    """A writable directory, closed after the test."""
    opened = world.directory()
    yield opened
    opened.close()


def settings_of(world: SambaWorld, **changes: Any) -> ActiveDirectorySettings:
    """The test domain's settings with some values changed."""
    samba = world.samba
    base = ActiveDirectorySettings(samba.url, samba.base_dn, samba.service_user, samba.service_password, samba.ca_file)
    return replace(base, **changes)


def as_administrator(world: SambaWorld, method: str, *values: object) -> None:
    """One write that the domain's administrator makes."""
    with world.samba.administrator() as admin:
        write: Callable[..., bool] = getattr(admin, method)
        assert write(*values), admin.result


def attribute_of(world: SambaWorld, dn: str, name: str) -> str:
    """As the administrator sees it."""
    with world.samba.administrator() as admin:
        assert admin.search(dn, "(objectClass=*)", ldap3.BASE, attributes=[name]), admin.result
        assert admin.response
        return str(admin.response[0]["attributes"][name][0])


def with_flags(world: SambaWorld, account: Account, flags: int) -> None:
    """Have these bits in userAccountControl."""
    as_administrator(world, "modify", account.dn, {"userAccountControl": [(ldap3.MODIFY_REPLACE, [str(flags)])]})


@pytest.mark.parametrize(
    ("write", "before", "after"),
    [
        ("reset_password", 512 | 0x10020 | 0x100000, 512 | 0x100000),
        ("allow_password_change", 512 | 0x10020, 512),
        ("revoke_password", 514 | 0x10020, 514),
        ("disable", 512 | 0x10000, 514 | 0x10000),
        ("enable", 514 | 0x10020, 512 | 0x10000),
    ],
)
def test_no_write_leaves_a_password_unchecked(
    world: SambaWorld, directory: ActiveDirectory, write: str, before: int, after: int
) -> None:
    """A new password is required and ages, whatever an administrator had chosen; a mere return keeps one that never expires."""
    account = added(world, directory, password="Propia-Clave-2026")
    with_flags(world, account, before)
    values = (account.id, GOOD) if write == "reset_password" else (account.id,)
    getattr(directory, write)(*values)
    assert int(attribute_of(world, account.dn, "userAccountControl")) == after


def test_what_is_below_an_account_goes_with_it(world: SambaWorld, directory: ActiveDirectory) -> None:
    """The telephones that read its mail are objects below it: code 66, then a deletion of the tree, as one write."""
    points: list[str] = []
    counting = world.directory(stop_point=points.append)
    account = added(world, directory, enabled=False)
    as_administrator(world, "add", f"CN=hijo,{account.dn}", "nTFRSSubscriptions", {})
    counting.delete(account.id)
    counting.close()
    assert points == ["directory.account.deleted"]
    assert directory.find_by_id(account.id) is None


def test_a_contact_is_nobodys_account(world: SambaWorld, directory: ActiveDirectory) -> None:
    """It is neither found nor written, and manages nobody."""
    dn = f"CN={unique('contacto')},{world.ou},{world.base_dn}"
    as_administrator(world, "add", dn, "contact", {"displayName": "Contacto"})
    report = added(world, directory)
    as_administrator(world, "modify", report.dn, {"manager": [(ldap3.MODIFY_REPLACE, [dn])]})
    with world.samba.administrator() as admin:
        admin.search(dn, "(objectClass=*)", ldap3.BASE, attributes=["objectGUID"])
        assert admin.response
        contact = account_id(admin.response[0]["raw_attributes"]["objectGUID"][0])
    assert directory.find_by_id(contact) is None
    assert directory.manager_of(report.id) is None
    with pytest.raises(Rejected, match="persona"):
        directory.disable(contact)
    with pytest.raises(Rejected, match="persona"):
        directory.delete(contact)


def test_every_page_is_read(world: SambaWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """With pages of two, nine people are nine people, in order."""
    monkeypatch.setattr(ad_connection, "_PAGE", 2)
    directory = world.directory(base_dn=f"{world.ou},{world.base_dn}")
    boss = added(world, directory, "z")
    people = [added(world, directory, f"p{number}", expires_at=END, manager=boss.login) for number in range(9)]
    assert directory.population() == 10
    assert [account.login for account in directory.expired(END)] == [account.login for account in people]
    assert directory.expiring(END - timedelta(1), END) == directory.expired(END) == directory.direct_reports(boss.id)
    directory.close()


def test_members_of_a_nested_protected_group_are_protected_in_a_long_list(
    world: SambaWorld, directory: ActiveDirectory
) -> None:
    """Membership at any depth counts, and so does belonging by the primary group, as for one account alone."""
    inner, outer = world.groups
    as_administrator(
        world, "modify", f"{outer},{world.base_dn}", {"member": [(ldap3.MODIFY_ADD, [f"{inner},{world.base_dn}"])]}
    )
    nested = [added(world, directory, "a", groups=(inner,), expires_at=END) for _ in range(2)]
    plain = [added(world, directory, "b", expires_at=END) for _ in range(3)]
    base = f"{world.ou},{world.base_dn}"
    careful = ActiveDirectory(settings_of(world, base_dn=base, protected_groups=(f"{outer},{world.base_dn}",)))
    assert [account.protected for account in careful.expired(END)] == [True] * len(nested) + [False] * len(plain)
    for account in careful.expired(END):
        assert account == careful.find_by_id(account.id)
    careful.close()
    everybody = ActiveDirectory(settings_of(world, base_dn=base, protected_groups=("513",)))
    assert all(account.protected for account in everybody.expired(END))
    everybody.close()


def test_a_protected_group_is_known_at_first_sight(world: SambaWorld, directory: ActiveDirectory) -> None:
    """Even when it is the first thing the program looks at, and is protected by its DN alone."""
    group = world.groups[0]
    account = added(world, directory)
    careful = ActiveDirectory(settings_of(world, protected_groups=(f"{group},{world.base_dn}",)))
    with pytest.raises(Rejected, match="protegido"):
        careful.change(account.id, AccountChanges(add_groups=(group,)))
    careful.close()


def test_who_left_a_group_meanwhile_has_left_it(world: SambaWorld, directory: ActiveDirectory) -> None:
    """No member any more (53), no group any more (32): done. No right to it: said."""
    account = added(world, directory, groups=(world.groups[0], world.foreign_group))
    connection = DirectoryConnection(settings_of(world), writable=True)
    members = GroupMembers(connection, go_on)
    group = f"{world.groups[0]},{world.base_dn}"
    for _ in range(2):
        members.remove(account.dn, account.login, group)
    for _ in range(2):
        members.add(account.dn, account.login, group)
    members.remove(account.dn, account.login, f"CN=No existe,OU=Grupos,{world.base_dn}")
    with pytest.raises(Misconfigured, match="no tiene permiso"):
        members.remove(account.dn, account.login, f"{world.foreign_group},{world.base_dn}")
    connection.close()


def test_an_alias_is_looked_for_in_the_institutions_domains(world: SambaWorld, directory: ActiveDirectory) -> None:
    """With the domains known, a name in another one is free; the very address never is."""
    tail = unique("")
    added(world, directory, aliases=(f"smtp:ana{tail}@gmail.com",))
    account = added(world, directory)
    known = ActiveDirectory(settings_of(world, mail_domains=(world.domain,)))
    with pytest.raises(AlreadyExists):
        known.change(account.id, AccountChanges(add_alias=f"ANA{tail}@gmail.com"))
    changed = known.change(account.id, AccountChanges(add_alias=f"ana{tail}@{world.domain}"))
    assert changed.aliases == (f"ana{tail}@{world.domain}",)
    known.close()
    with world.samba.administrator() as admin:
        admin.search(changed.dn, "(objectClass=*)", ldap3.BASE, attributes=["proxyAddresses"])
        assert admin.response
        assert admin.response[0]["attributes"]["proxyAddresses"] == [f"smtp:ana{tail}@{world.domain}"]


def test_other_kinds_of_address_are_kept_and_are_no_aliases(world: SambaWorld, directory: ActiveDirectory) -> None:
    """A telephone's and an Exchange address stay when an alias is added."""
    kept = (f"sip:{unique('a')}@{world.domain}", f"X500:/o=x/cn={unique('b')}")
    account = added(world, directory, aliases=kept)
    assert account.aliases == ()
    alias = f"{unique('alias')}@{world.domain}"
    assert directory.change(account.id, AccountChanges(add_alias=alias)).aliases == (alias,)
    with world.samba.administrator() as admin:
        admin.search(account.dn, "(objectClass=*)", ldap3.BASE, attributes=["proxyAddresses"])
        assert admin.response
        assert sorted(admin.response[0]["attributes"]["proxyAddresses"]) == sorted([*kept, f"smtp:{alias}"])


def test_without_the_right_it_is_said_and_nothing_is_half_done(world: SambaWorld, directory: ActiveDirectory) -> None:
    """A deletion and a move where nothing was delegated: Misconfigured, and the object is where it was."""
    account = added(world, directory, ou="OU=Ajena", enabled=False)
    name = unique("PC")
    world.add_computer(Machine(name, ou="OU=Ajena"))
    computer = directory.find_computer(name)
    assert computer is not None
    with pytest.raises(Misconfigured, match="no tiene permiso"):
        directory.delete(account.id)
    with pytest.raises(Misconfigured, match="no tiene permiso"):
        directory.remove_computer(computer.id)
    with pytest.raises(Misconfigured, match="no tiene permiso"):
        directory.change(account.id, AccountChanges(ou=world.ou))
    assert directory.find_by_id(account.id) == account
    assert directory.find_computer(name) == computer


def test_zero_is_never(world: SambaWorld, directory: ActiveDirectory) -> None:
    """accountExpires 0 means the same as its highest value: not an expiry long ago."""
    account = added(world, directory)
    as_administrator(world, "modify", account.dn, {"accountExpires": [(ldap3.MODIFY_REPLACE, ["0"])]})
    narrow = world.directory(base_dn=f"{world.ou},{world.base_dn}")
    assert narrow.expired(datetime.now(UTC)) == ()
    assert narrow.expired(datetime(9999, 12, 31, tzinfo=UTC)) == ()
    found = narrow.find_by_id(account.id)
    assert found is not None
    assert found.expires_at is None
    assert narrow.change(account.id, AccountChanges(never_expires=True)) == found
    narrow.close()
