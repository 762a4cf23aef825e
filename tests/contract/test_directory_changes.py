"""What every directory must do when an account changes: attributes, place, name, manager, expiry, alias, groups."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from config.errors import AlreadyExists, NotFound, Rejected, WriteRefused
from provision.directory.port import Account, AccountChanges, Directory
from tests.contract.directories import Killed, Person, World, added, an_account, stopping_at, unique

END = datetime(2027, 1, 1, 5, 0, tzinfo=UTC)
MOST_WRITES = 5


def a_transfer(world: World, directory: Directory) -> tuple[Account, AccountChanges]:
    """Somebody with everything, and a change of everything."""
    boss = added(world, directory, "jefe")
    account = added(world, directory, groups=(world.groups[0],), aliases=("smtp:vieja@otra.gov.co",), title="Técnica")
    changes = AccountChanges(
        given_name="Ana María",
        surname="Díaz O'Brien",
        display_name=f"Ana María Díaz O'Brien, {account.login}",
        title="Asesora",
        department="Energía Eléctrica",
        mobile="3001234567",
        ou=world.other_ou,
        manager_mail=boss.mail.upper(),
        expires_at=END,
        add_groups=(world.groups[1],),
        remove_groups=(f"{world.groups[0]},{world.base_dn}",),
        add_alias=f"alias.{account.login}@otra.gov.co",
    )
    return account, changes


def after(world: World, account: Account, changes: AccountChanges, boss_dn: str | None) -> Account:
    """What `a_transfer` makes of the account."""
    name = str(changes.display_name)
    return replace(
        account,
        given_name=str(changes.given_name),
        surname=str(changes.surname),
        display_name=name,
        title=str(changes.title),
        department=str(changes.department),
        mobile=str(changes.mobile),
        dn=f"CN={name.replace(',', chr(92) + ',')},{world.other_ou},{world.base_dn}",
        manager_dn=boss_dn,
        expires_at=END,
        group_dns=(f"{world.groups[1]},{world.base_dn}",),
        aliases=(str(changes.add_alias), "vieja@otra.gov.co"),
    )


def manager_of(directory: Directory, changes: AccountChanges) -> str:
    """The DN of the new manager."""
    boss = directory.find_by_mail(str(changes.manager_mail))
    assert boss is not None
    return boss.dn


def test_a_change_is_made_in_one_write_for_each_thing(world: World) -> None:
    """Attributes, place and name, alias, groups: one write each; the account keeps its id, and a repetition writes nothing."""
    points: list[str] = []
    directory = world.directory(stop_point=stopping_at(0, points))
    account, changes = a_transfer(world, directory)
    changed = directory.change(account.id, changes)
    assert changed == after(world, account, changes, manager_of(directory, changes))
    assert points == [
        "directory.attributes.changed",
        "directory.account.moved",
        "directory.alias.added",
        "directory.group.removed",
        "directory.group.added",
    ]
    points.clear()
    assert directory.change(account.id, changes) == changed
    assert directory.change(account.id, AccountChanges()) == changed
    assert points == []
    directory.close()


@pytest.mark.parametrize("number", range(1, MOST_WRITES + 1))
def test_a_change_killed_after_any_write_is_completed(world: World, number: int) -> None:
    """The same call ends where it would have ended, and writes only what was missing."""
    points: list[str] = []
    dying = world.directory(stop_point=stopping_at(number, points))
    account, changes = a_transfer(world, dying)
    with pytest.raises(Killed):
        dying.change(account.id, changes)
    dying.close()
    survivor = world.directory(stop_point=stopping_at(0, points))
    changed = survivor.change(account.id, changes)
    assert changed == after(world, account, changes, manager_of(survivor, changes))
    assert len(points) == MOST_WRITES
    survivor.close()


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        (AccountChanges(title="Asesora"), {"title": "Asesora"}),
        (AccountChanges(title=""), {"title": ""}),
        (AccountChanges(department="", mobile=""), {"department": "", "mobile": ""}),
        (
            AccountChanges(given_name='=HYPERLINK("x")', surname="*)(uid=*"),
            {"given_name": '=HYPERLINK("x")', "surname": "*)(uid=*"},
        ),
        (AccountChanges(expires_at=END), {"expires_at": END}),
        (AccountChanges(expires_at=END.astimezone(timezone(timedelta(hours=-5)))), {"expires_at": END}),
        (AccountChanges(never_expires=True), {"expires_at": None}),
    ],
)
def test_what_is_not_named_stays(world: World, directory: Directory, changes: AccountChanges, fields: dict[str, Any]) -> None:
    """None leaves a part as it is; an empty text removes it."""
    account = added(
        world, directory, given_name="Ana", surname="Díaz", title="Técnica", department="Minas", mobile="1",
        expires_at=datetime(2026, 12, 31, 5, tzinfo=UTC),
    )  # fmt: skip
    assert directory.change(account.id, changes) == replace(account, **fields)


def test_a_new_name_renames_and_keeps_the_login(world: World) -> None:
    """After a marriage: the name shown and the object's, nothing else; only capitals that differ are a new name too."""
    points: list[str] = []
    directory = world.directory(stop_point=stopping_at(0, points))
    account = added(world, directory)
    for name in (f"Ana Díaz {account.login}", f"Ana DÍAZ {account.login}", f"#Díaz, Ana \\ <{account.login}>"):
        changed = directory.change(account.id, AccountChanges(display_name=name))
        assert (changed.display_name, changed.login, changed.mail) == (name, account.login, account.mail)
        assert points == ["directory.attributes.changed", "directory.account.renamed"]
        points.clear()
        assert directory.change(account.id, AccountChanges(display_name=name)) == changed
        assert points == []
    directory.close()


def test_who_has_the_account_for_a_manager_keeps_it(world: World, directory: Directory) -> None:
    """A manager who is renamed and moved is still their manager."""
    boss = added(world, directory, "jefe")
    report = added(world, directory, manager=boss.login)
    changed = directory.change(boss.id, AccountChanges(display_name=f"Jefa {boss.login}", ou=world.other_ou))
    found = directory.find_by_id(report.id)
    assert found is not None
    assert found.manager_dn == changed.dn
    assert directory.direct_reports(boss.id) == (found,)


@pytest.mark.parametrize("renamed", [True, False])
def test_a_namesake_in_the_new_ou_leaves_the_login_after_the_name(world: World, directory: Directory, renamed: bool) -> None:
    """Moved to where somebody has the same name, the account carries its login after it; again, and nothing changes."""
    name = f"Ana Díaz, {unique('')}"
    added(world, directory, "tocaya", display_name=name, ou=world.other_ou)
    account = added(world, directory, display_name=f"Otra {name}" if renamed else name)
    changes = AccountChanges(display_name=name if renamed else None, ou=world.other_ou)
    changed = directory.change(account.id, changes)
    assert changed.dn == f"CN={name.replace(',', chr(92) + ',')} ({account.login}),{world.other_ou},{world.base_dn}"
    assert changed.display_name == name
    assert directory.change(account.id, changes) == changed
    back = directory.change(account.id, AccountChanges(ou=world.ou))
    assert back.dn.endswith(f"({account.login}),{world.ou},{world.base_dn}")


def test_a_namesake_in_the_same_ou(world: World, directory: Directory) -> None:
    """A new name that somebody in the OU has already gets the login after it, and is left alone from then on."""
    name = f"Ana Díaz {unique('')}"
    added(world, directory, "tocaya", display_name=name)
    account = added(world, directory)
    changed = directory.change(account.id, AccountChanges(display_name=name))
    assert changed.dn.startswith(f"CN={name} ({account.login}),")
    assert directory.change(account.id, AccountChanges(display_name=name)) == changed


def test_an_account_made_by_us_stays_ours_when_it_moves(world: World, directory: Directory) -> None:
    """The case's marker, the document and the groups go with it."""
    wanted = an_account(world)
    made = directory.create(wanted)
    moved = directory.change(made.id, AccountChanges(ou=world.other_ou))
    assert moved == replace(made, dn=f"CN={wanted.display_name},{world.other_ou},{world.base_dn}")
    assert directory.find_by_case(wanted.case) == moved


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        (AccountChanges(title="Nueva", ou="OU=No existe,OU=Usuarios"), NotFound),
        (AccountChanges(title="Nueva", manager_mail="nadie@gestion.test"), NotFound),
        (AccountChanges(title="Nueva", manager_mail=""), NotFound),
        (AccountChanges(title="Nueva", add_groups=("CN=No existe,OU=Grupos",)), NotFound),
        (AccountChanges(title="Nueva", add_groups=("CN=x,OU=Grupos,DC=otra,DC=test",)), Rejected),
        (AccountChanges(title="Nueva", add_groups=("CN=Domain Admins,CN=Users",)), Rejected),
        (AccountChanges(title="Nueva", remove_groups=("CN=Domain Admins,CN=Users",)), Rejected),
        (AccountChanges(title="Nueva", remove_groups=("CN=x,OU=Grupos,DC=otra,DC=test",)), Rejected),
        (AccountChanges(title="Nueva", add_alias="no es correo"), Rejected),
        (AccountChanges(title="Nueva", add_alias="a@b.co\nBcc: x@y.co"), Rejected),
        (AccountChanges(title="Nueva", display_name=" "), Rejected),
        (AccountChanges(title="Nueva", display_name="Ana\nDíaz"), Rejected),
        (AccountChanges(title="Nueva", ou=""), Rejected),
        (AccountChanges(title="x" * 10_000), Rejected),
        (AccountChanges(title="Nueva", department="300\x00"), Rejected),
    ],
)
def test_what_cannot_be_done_leaves_nothing_half_done(
    world: World, directory: Directory, changes: AccountChanges, error: type[Rejected]
) -> None:
    """A missing OU, group or manager, a protected or foreign group, text that would be mangled: said before any write."""
    account = added(world, directory, title="Antigua", groups=(world.groups[0],))
    with pytest.raises(error):
        directory.change(account.id, changes)
    assert directory.find_by_id(account.id) == account


def test_a_dry_run_says_every_change(world: World, directory: Directory) -> None:
    """All that would be written is in the sentence, and nothing is written."""
    account, changes = a_transfer(world, directory)
    dry = world.directory(writable=False)
    with pytest.raises(WriteRefused) as refusal:
        dry.change(account.id, changes)
    dry.close()
    for text in ("Asesora", "O'Brien", "Energía Eléctrica", world.other_ou, "2027-01-01", "alias.", *world.groups):
        assert text in str(refusal.value)
    assert directory.find_by_id(account.id) == account


@pytest.mark.parametrize(
    "changes", [AccountChanges(expires_at=END.replace(tzinfo=None)), AccountChanges(expires_at=END, never_expires=True)]
)
def test_an_expiry_that_says_two_things_is_our_mistake(world: World, directory: Directory, changes: AccountChanges) -> None:
    """A naive instant, or an instant and never: a fault of the program, not of a request."""
    account = added(world, directory)
    with pytest.raises(ValueError, match="expires_at"):
        directory.change(account.id, changes)


def test_groups_that_are_as_wanted_are_left_alone(world: World) -> None:
    """To be added and there already; to be removed and not a member, or no such group: nothing is written."""
    points: list[str] = []
    directory = world.directory(stop_point=stopping_at(0, points))
    account = added(world, directory, groups=(world.groups[0],))
    changes = AccountChanges(
        add_groups=(world.groups[0].upper().replace("CN=", "cn="),),
        remove_groups=(world.groups[1], "CN=No existe,OU=Grupos", f"CN=No existe,OU=Grupos,{world.base_dn}"),
    )
    assert directory.change(account.id, changes) == account
    assert points == []
    directory.close()


def test_a_group_outside_the_base_is_not_left(world: World, directory: Directory) -> None:
    """Membership of a group that is not ours to write is refused, not forgotten."""
    account = added(world, directory, groups=(world.foreign_group,))
    narrow = world.directory(base_dn=f"OU=Usuarios,{world.base_dn}")
    with pytest.raises(Rejected, match="fuera de la base"):
        narrow.change(account.id, AccountChanges(remove_groups=account.group_dns))
    with pytest.raises(Rejected, match="fuera de la base"):
        narrow.change(account.id, AccountChanges(add_groups=account.group_dns))
    narrow.close()


@pytest.mark.parametrize("holder", ["login", "mail", "alias", "deleted", "accented"])
def test_an_alias_that_is_somebody_elses_name_is_refused(world: World, directory: Directory, holder: str) -> None:
    """Whoever has the name in whatever way keeps it: nobody reads the mail of somebody else."""
    tail = unique("")
    name, address = f"pena{tail}", f"pena{tail}@{world.domain}"
    other = Person(f"otra{tail}", f"Otra {tail}", world.ou, f"otra{tail}@{world.domain}")
    match holder:
        case "login":
            other = replace(other, login=name)
        case "mail":
            other = replace(other, mail=address)
        case "alias":
            other = replace(other, aliases=(f"smtp:{address}",))
        case "deleted":
            other = replace(other, login=name, deleted=True)
        case _:
            other = replace(other, login=f"peña{tail}")
    world.add(other)
    account = added(world, directory, title="Antigua")
    with pytest.raises(AlreadyExists, match="alias"):
        directory.change(account.id, AccountChanges(title="Nueva", add_alias=address.upper()))
    assert directory.find_by_id(account.id) == account


def test_an_alias_of_its_own_is_no_alias(world: World) -> None:
    """Its primary address, or an alias that it has, is there already; its own login in another domain is free for it."""
    points: list[str] = []
    directory = world.directory(stop_point=stopping_at(0, points))
    account = added(world, directory, aliases=(f"smtp:{unique('uno')}@otra.gov.co",))
    for address in (account.mail.upper(), account.aliases[0].upper()):
        assert directory.change(account.id, AccountChanges(add_alias=address)) == account
    assert points == []
    changed = directory.change(account.id, AccountChanges(add_alias=f"{account.login}@otra.gov.co"))
    assert sorted(changed.aliases) == sorted([*account.aliases, f"{account.login}@otra.gov.co"])
    directory.close()
