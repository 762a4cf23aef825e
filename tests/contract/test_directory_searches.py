"""What every directory must find: accounts by id and login, who reports to whom, whose expiry is when, and computers."""

from datetime import UTC, datetime, timedelta

import pytest

from config.errors import Rejected, WriteRefused
from provision.directory.port import AccountChanges, AccountId, ComputerId, Directory
from tests.contract.directories import Killed, Machine, World, added, stopping_at, unique

END = datetime(2026, 12, 31, 5, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def narrow_to(world: World) -> Directory:
    """A directory whose base is the test's own OU."""
    return world.directory(base_dn=f"{world.ou},{world.base_dn}")


def test_an_account_shows_what_is_known_of_it(world: World, directory: Directory) -> None:
    """Names, position, unit, mobile and further addresses, the primary one and other kinds of address not among them."""
    login = unique("ana")
    aliases = (f"smtp:b.{login}@otra.gov.co", f"SMTP:{login}@{world.domain}", f"smtp:A.{login}@otra.gov.co")
    account = added(
        world, directory, given_name="Ana", surname="Díaz", title="Asesora", department="Minas", mobile="300", aliases=aliases
    )
    assert (account.given_name, account.surname, account.title) == ("Ana", "Díaz", "Asesora")
    assert (account.department, account.mobile, account.locked) == ("Minas", "300", False)
    assert account.aliases == tuple(sorted(text.partition(":")[2] for text in aliases))


def test_accounts_are_found_by_id_and_login(world: World, directory: Directory) -> None:
    """By id within the base, by login in the whole domain, whatever the capitals; an alias is no login."""
    account = added(world, directory, ou="OU=Ajena", aliases=(f"smtp:{unique('alias')}@{world.domain}",))
    narrow = narrow_to(world)
    assert directory.find_by_id(account.id) == account
    assert narrow.find_by_id(account.id) is None
    assert narrow.find_by_login(account.login.upper()) == account
    narrow.close()
    for other in (account.aliases[0], account.aliases[0].partition("@")[0], account.mail, "", " ", "*", "*)(cn=*"):
        assert directory.find_by_login(other) is None


def test_direct_reports_are_in_the_order_of_their_logins(world: World, directory: Directory) -> None:
    """Enabled or not, also from outside the base; somebody without any has none."""
    boss = added(world, directory, "jefe", display_name=f"O'Brien, (Ana) * \\ {unique('')}")
    reports = [
        added(world, directory, prefix, manager=boss.login, enabled=prefix != "b", ou="OU=Ajena" if prefix == "a" else world.ou)
        for prefix in ("d", "b", "a", "c", "e")
    ]
    assert directory.direct_reports(boss.id) == tuple(sorted(reports, key=lambda account: account.login))
    assert directory.direct_reports(reports[0].id) == ()
    assert directory.direct_reports(AccountId("*")) == ()


def test_the_manager_is_found(world: World, directory: Directory) -> None:
    """Whoever the directory says, also from outside the base; nobody where there is none, or the account is gone."""
    boss = added(world, directory, "jefe", display_name=f"O'Brien, (Ana) * \\ {unique('')}", ou="OU=Ajena")
    report = added(world, directory, manager=boss.login)
    narrow = narrow_to(world)
    assert narrow.manager_of(report.id) == boss
    narrow.close()
    assert directory.manager_of(boss.id) is None
    assert directory.manager_of(AccountId("00000000-0000-4000-8000-00000000dead")) is None
    leaver = added(world, directory, "jefe", enabled=False)
    left = added(world, directory, manager=leaver.login)
    directory.delete(leaver.id)
    assert directory.manager_of(left.id) is None


def test_who_has_expired(world: World, directory: Directory) -> None:
    """Enabled accounts whose expiry is at or before the instant; never and disabled ones are not among them."""
    ended = added(world, directory, "b", expires_at=END)
    earlier = added(world, directory, "a", expires_at=END - timedelta(days=400))
    added(world, directory, "c", expires_at=END + SECOND)
    added(world, directory, "d", expires_at=END, enabled=False)
    never = added(world, directory, "e", expires_at=END)
    directory.change(never.id, AccountChanges(never_expires=True))
    added(world, directory, "f")
    elsewhere = added(world, directory, "g", expires_at=END, ou="OU=Ajena")
    narrow = narrow_to(world)
    assert narrow.expired(END) == (earlier, ended)
    assert narrow.expired(END - SECOND) == (earlier,)
    assert narrow.expired(datetime(1990, 1, 1, tzinfo=UTC)) == ()
    assert len(narrow.expired(datetime(9999, 12, 31, tzinfo=UTC))) == 3
    assert elsewhere in directory.expired(END)
    narrow.close()


def test_who_is_about_to_expire(world: World, directory: Directory) -> None:
    """After the one instant, at or before the other, enabled or not."""
    added(world, directory, "a", expires_at=END - SECOND)
    added(world, directory, "b", expires_at=END)
    inside = added(world, directory, "d", expires_at=END + SECOND)
    disabled = added(world, directory, "c", expires_at=END + 2 * SECOND, enabled=False)
    added(world, directory, "e", expires_at=END + 3 * SECOND)
    added(world, directory, "f")
    narrow = narrow_to(world)
    assert narrow.expiring(END, END + 2 * SECOND) == (disabled, inside)
    assert narrow.expiring(END, END) == ()
    narrow.close()


def test_many_accounts_show_who_is_protected(world: World, directory: Directory) -> None:
    """In a long list too: by membership, by adminCount, and nobody else."""
    protected = [
        added(world, directory, "a", expires_at=END, groups=(world.protected_group,)),
        added(world, directory, "b", expires_at=END, protected=True),
    ]
    plain = [added(world, directory, "c", expires_at=END, groups=(world.groups[0],)) for _ in range(5)]
    narrow = narrow_to(world)
    found = narrow.expired(END)
    assert {account.id for account in found if account.protected} == {account.id for account in protected}
    assert {account.id for account in found if not account.protected} == {account.id for account in plain}
    narrow.close()


def test_an_instant_must_be_aware(directory: Directory) -> None:
    """A naive one is a fault of the program."""
    naive = END.replace(tzinfo=None)
    with pytest.raises((ValueError, TypeError)):
        directory.expired(naive)
    with pytest.raises((ValueError, TypeError)):
        directory.expiring(END, naive)


def test_the_population_is_the_people_who_can_work(world: World, directory: Directory) -> None:
    """Enabled people in the base; disabled and deleted ones and computers are not counted."""
    narrow = narrow_to(world)
    assert narrow.population() == 0
    people = [added(world, directory, "a") for _ in range(3)]
    added(world, directory, "b", enabled=False)
    world.add_computer(Machine(unique("PC"), ou=world.ou))
    assert narrow.population() == 3
    directory.disable(people[0].id)
    assert narrow.population() == 2
    assert directory.population() >= 2
    narrow.close()


def test_a_persons_computers_are_found(world: World, directory: Directory) -> None:
    """By who manages them, in the order of their names and also outside the base; by name, whatever the capitals, in it."""
    account = added(world, directory, display_name=f"Ana (Díaz), {unique('')}")
    first, second, foreign = unique("APC"), unique("BPC"), unique("CPC")
    world.add_computer(Machine(second, account.login, children=2))
    world.add_computer(Machine(first, account.login))
    world.add_computer(Machine(foreign, account.login, ou="OU=Ajena"))
    found = directory.computers_of(account.id)
    assert [(computer.name, computer.children, computer.enabled) for computer in found] == [
        (first, 0, True), (second, 2, True), (foreign, 0, True),
    ]  # fmt: skip
    assert {computer.managed_by_dn for computer in found} == {account.dn}
    assert directory.find_computer(f"{second.lower()}$") == found[1]
    narrow = world.directory(base_dn=f"OU=Equipos,{world.base_dn}")
    assert narrow.find_computer(first) == found[0]
    assert narrow.find_computer(foreign) is None
    assert len(narrow.computers_of(account.id)) == 3
    narrow.close()
    for hostile in ("*", "", "$", "*)(cn=*", account.login):
        assert directory.find_computer(hostile) is None


@pytest.mark.parametrize("children", [0, 3])
@pytest.mark.parametrize("number", [1, 2])
def test_a_computer_leaves_the_domain(world: World, number: int, children: int) -> None:
    """Disabled, then deleted with its children; killed after either and called again, it is gone, and gone is done."""
    name, points = unique("PC"), list[str]()
    world.add_computer(Machine(name, children=children))
    dying = world.directory(stop_point=stopping_at(number, points))
    computer = dying.find_computer(name)
    assert computer is not None
    with pytest.raises(Killed):
        dying.remove_computer(computer.id)
    dying.close()
    survivor = world.directory(stop_point=stopping_at(0, points))
    survivor.remove_computer(computer.id)
    survivor.remove_computer(computer.id)
    assert points == ["directory.computer.disabled", "directory.computer.removed"]
    assert survivor.find_computer(name) is None
    survivor.close()


def test_computers_that_are_not_ours_to_remove(world: World, directory: Directory) -> None:
    """A domain controller, one outside the base, and text that is no identifier: refused, never taken for gone."""
    controller = directory.find_computer("DC1")
    assert controller is not None
    with pytest.raises(Rejected, match="controlador de dominio"):
        directory.remove_computer(controller.id)
    name = unique("PC")
    world.add_computer(Machine(name, ou="OU=Ajena"))
    outside = directory.find_computer(name)
    assert outside is not None
    narrow = world.directory(base_dn=f"OU=Equipos,{world.base_dn}")
    with pytest.raises(Rejected, match="fuera de la base"):
        narrow.remove_computer(outside.id)
    with pytest.raises(Rejected, match="identificador"):
        narrow.remove_computer(ComputerId("*"))
    narrow.close()
    assert directory.find_computer(name) == outside


def test_a_dry_run_removes_no_computer(world: World, directory: Directory) -> None:
    """It says what it would do."""
    name = unique("PC")
    world.add_computer(Machine(name))
    computer = directory.find_computer(name)
    assert computer is not None
    dry = world.directory(writable=False)
    with pytest.raises(WriteRefused, match="retirar del dominio el equipo"):
        dry.remove_computer(computer.id)
    dry.close()
    assert directory.find_computer(name) == computer
