"""What every directory of accounts must do (`provision.directory.port`): the embedded one and a real domain controller."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest

from config.errors import AlreadyExists, NotFound, Rejected, TargetError, WriteRefused
from config.vocabulary import CaseNumber
from provision.directory.port import Account, AccountId, Directory, NewAccount, Password
from provision.passwords import temporary_password
from tests.contract.directories import Killed, Person, World, an_account, new_case, stopping_at, unique


def test_a_creation_carries_everything_and_is_disabled(world: World, directory: Directory) -> None:
    """The account has its attributes, OU, groups, manager and marker; it is disabled and nobody has chosen a password."""
    boss = unique("jefe")
    world.add(Person(boss, f"Jefe {boss}", world.ou, f"{boss}@{world.domain}"))
    wanted = an_account(world, manager_mail=f"{boss.upper()}@{world.domain}")
    made = directory.create(wanted)
    assert (made.login, made.user_principal_name, made.mail) == (wanted.login, wanted.user_principal_name, wanted.mail)
    assert (made.display_name, made.case, made.employee_id) == (wanted.display_name, wanted.case, wanted.employee_id)
    assert made.dn == f"CN={wanted.display_name},{world.ou},{world.base_dn}"
    assert sorted(made.group_dns) == sorted(f"{group},{world.base_dn}" for group in world.groups)
    assert made.manager_dn == f"CN=Jefe {boss},{world.ou},{world.base_dn}"
    assert (made.enabled, made.must_change_password, made.password_set_at, made.protected) == (False, True, None, False)
    assert directory.find_by_case(wanted.case) == made
    assert directory.find_by_document(str(wanted.employee_id)) == (made,)
    assert directory.find_by_mail(wanted.mail.upper()) == made


def test_creating_again_changes_nothing(world: World, directory: Directory) -> None:
    """A repeated creation returns the same account, without a single write."""
    wanted = an_account(world)
    first = directory.create(wanted)
    points: list[str] = []
    again = world.directory(stop_point=stopping_at(0, points))
    assert again.create(wanted) == first
    assert points == []
    again.close()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_creation_killed_after_any_write_is_completed(world: World, number: int) -> None:
    """After a kill at each stop point, creating again gives the account that no kill would have given."""
    wanted = an_account(world)
    dying = world.directory(stop_point=stopping_at(number, []))
    with pytest.raises(Killed):
        dying.create(wanted)
    dying.close()
    survivor = world.directory()
    made = survivor.create(wanted)
    assert sorted(made.group_dns) == sorted(f"{group},{world.base_dn}" for group in world.groups)
    assert survivor.find_by_document(str(wanted.employee_id)) == (made,)
    survivor.close()


def test_the_stop_points_are_the_writes(world: World) -> None:
    """A creation writes the account and each group; issuing a password is one write more."""
    points: list[str] = []
    directory = world.directory(stop_point=stopping_at(0, points))
    wanted = an_account(world)
    made = directory.create(wanted)
    directory.issue_password(made.id, wanted.case, temporary_password([wanted.login, wanted.display_name]))
    assert points == ["directory.account.added", *["directory.group.added"] * 2, "directory.password.issued"]
    directory.close()


def test_of_racing_creations_of_one_login_one_wins(world: World) -> None:
    """Four cases want the same login at the same moment: one gets it, the others are told that it is taken."""
    login = unique("carrera")
    rivals = [an_account(world, login, display_name=f"Rival {number} {login}") for number in range(4)]
    outcomes = race(world, rivals)
    assert sum(isinstance(outcome, Account) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyExists) for outcome in outcomes) == 3


def test_racing_creations_of_one_case_make_one_account(world: World) -> None:
    """Two processes that attend the same case end with the same account."""
    wanted = an_account(world)
    outcomes = race(world, [wanted, wanted])
    assert [outcome for outcome in outcomes if isinstance(outcome, TargetError)] == []
    assert len({outcome.id for outcome in outcomes if isinstance(outcome, Account)}) == 1


def race(world: World, accounts: list[NewAccount]) -> list[Account | TargetError]:
    """Create all of these at once, each over a connection of its own."""
    start = Barrier(len(accounts))

    def run(account: NewAccount) -> Account | TargetError:
        directory = world.directory()
        directory.names_in_use([account.login])
        start.wait(timeout=20)
        try:
            return directory.create(account)
        except TargetError as error:
            return error
        finally:
            directory.close()

    with ThreadPoolExecutor(len(accounts)) as pool:
        return list(pool.map(run, accounts))


def test_a_namesake_in_the_same_ou_gets_the_login_after_the_name(world: World, directory: Directory) -> None:
    """Two people with one name can live in one OU: the second one's entry carries the login; the name shown is untouched."""
    first = an_account(world)
    directory.create(first)
    login = unique("otra")
    second = an_account(world, login, display_name=first.display_name)
    made = directory.create(second)
    assert made.dn.startswith(f"CN={first.display_name} ({login}),")
    assert made.display_name == first.display_name
    assert directory.create(second) == made


@pytest.mark.parametrize("field", ["login", "user_principal_name"])
def test_a_name_of_somebody_else_is_refused(world: World, directory: Directory, field: str) -> None:
    """A login or a UPN that another account has is never shared, whatever the capitals."""
    login = unique("usado")
    taken = Person(login, f"Dueño {login}", world.ou, f"{login}@{world.domain}")
    if field == "user_principal_name":
        taken = replace(taken, login=unique("otro"))
    world.add(taken)
    with pytest.raises(AlreadyExists):
        directory.create(an_account(world, login.upper()))


def test_the_marker_of_another_account_is_not_enough(world: World, directory: Directory) -> None:
    """A case number that already made another person's account is refused: nobody gets somebody else's account."""
    first = an_account(world)
    directory.create(first)
    with pytest.raises(Rejected, match=first.case):
        directory.create(replace(an_account(world), case=first.case))
    with pytest.raises(Rejected, match=first.case):
        directory.create(replace(first, employee_id="1"))


def test_names_in_use_sees_every_kind_of_holder(world: World, directory: Directory) -> None:
    """Enabled, disabled and deleted accounts, aliases, UPNs and mails hold a name; with other capitals or accents too."""
    tail = unique("")
    place, domain = world.ou, world.domain
    world.add(Person(f"ena{tail}", f"Uno {tail}", place, f"correo.ena{tail}@{domain}"))
    world.add(Person(f"dis{tail}", f"Dos {tail}", place, f"dis.mail{tail}@{domain}", enabled=False))
    world.add(Person(f"del{tail}", f"Tres {tail}", place, f"del.mail{tail}@{domain}", deleted=True))
    world.add(
        Person(f"ali{tail}", f"Cuatro {tail}", place, f"ali.mail{tail}@{domain}", aliases=(f"smtp:alias{tail}@otra.gov.co",))
    )
    world.add(Person(f"peña{tail}", f"Cinco {tail}", place, f"pe.mail{tail}@{domain}"))
    free = {f"nadie{tail}", f"li{tail}", f"corre{tail}"}
    taken = {
        f"ENA{tail}", f"correo.ena{tail}", f"dis{tail}", f"dis.mail{tail}", f"del{tail}", f"ali{tail}", f"alias{tail}",
        f"pena{tail}", f"peña{tail}",
    }  # fmt: skip
    assert directory.names_in_use(free | taken) == taken
    assert directory.names_in_use([]) == frozenset()


@pytest.mark.parametrize(
    "hostile", ["*", "*)(uid=*", "a*", "\\2a", "x)(|(cn=*", "O'Brien", "\x00", "=HYPERLINK(", "ñ" * 10_000]
)
def test_hostile_text_in_a_search_finds_nobody(world: World, directory: Directory, hostile: str) -> None:
    """Text from a form is a value in every search, never a part of the question."""
    directory.create(an_account(world))
    assert directory.names_in_use([hostile]) == frozenset()
    assert directory.find_by_case(CaseNumber(hostile)) is None
    assert directory.find_by_document(hostile) == ()
    assert directory.find_by_mail(hostile) is None


@pytest.mark.parametrize(
    "name",
    [
        "O'Brien, Ana",
        '=HYPERLINK("http://x","y")',
        "#Ana + María \\ <a@b>;",
        "Ñandú ÁÉÍÓÚ 李小龙",
        "  Ana   Díaz  ",
        "*)(uid=*",
        "Á" * 100,
    ],
)
def test_names_come_back_as_they_went(world: World, directory: Directory, name: str) -> None:
    """Commas, quotes, signs and formulas in a name stay text, and the account is found again and completed."""
    wanted = an_account(world, display_name=name, given_name=name[:64], surname=name[:64])
    made = directory.create(wanted)
    assert made.display_name == name
    assert directory.find_by_case(wanted.case) == made
    assert directory.create(wanted) == made
    directory.issue_password(made.id, wanted.case, Password("Lechuza-Tijera-Manglar47"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("login", "a" * 21),
        ("login", "ana*diaz"),
        ("login", "ana/diaz"),
        ("login", "ana diaz"),
        ("login", "ana.diaz."),
        ("login", "peña"),
        ("login", "ana\ndiaz"),
        ("login", ""),
        ("employee_id", "1" * 17),
        ("given_name", "A" * 65),
        ("title", "x" * 10_000),
        ("display_name", "Ana\nBcc: todos"),
        ("display_name", " "),
        ("mobile", "300\x00"),
        ("mail", "no es correo"),
        ("user_principal_name", "otra.persona@gestion.test"),
        ("ou", ""),
        ("case", ""),
    ],
)
def test_what_the_directory_would_mangle_is_refused(world: World, directory: Directory, field: str, value: str) -> None:
    """Lengths, signs, accents in logins and characters that do not show: refused in Spanish before anything is written."""
    changes: dict[str, Any] = {field: value}
    if field == "login":
        changes |= {"mail": f"{value}@{world.domain}", "user_principal_name": f"{value}@{world.domain}"}
    wanted = replace(an_account(world), **changes)
    with pytest.raises(Rejected, match="no se puede crear"):
        directory.create(wanted)
    assert directory.find_by_document(str(wanted.employee_id)) == ()


def test_twenty_characters_are_a_login(world: World, directory: Directory) -> None:
    """The longest login that Active Directory admits is created."""
    login = unique("maximiliano.bu")
    assert len(login) == 20
    assert directory.create(an_account(world, login)).login == login


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ou", "OU=No existe,OU=Usuarios"),
        ("groups", ("CN=No existe,OU=Grupos",)),
        ("manager_mail", "nadie@gestion.test"),
    ],
)
def test_what_is_missing_stops_the_creation(world: World, directory: Directory, field: str, value: Any) -> None:
    """A missing OU, group or supervisor is said, and no half of an account is left behind."""
    wanted = replace(an_account(world), **{field: value})
    with pytest.raises(NotFound):
        directory.create(wanted)
    assert directory.find_by_case(wanted.case) is None


def test_nobody_is_added_to_a_protected_group(world: World, directory: Directory) -> None:
    """A policy that names an administrators' group is refused, and no account is left behind."""
    wanted = an_account(world, groups=(world.protected_group,))
    with pytest.raises(Rejected, match="protegido"):
        directory.create(wanted)
    assert directory.find_by_case(wanted.case) is None


@pytest.mark.parametrize(
    "instant", [datetime(2026, 12, 31, 5, 0, tzinfo=UTC), datetime(2027, 2, 28, 4, 59, 59, 123456, tzinfo=UTC), None]
)
def test_the_expiry_instant_comes_back(world: World, directory: Directory, instant: datetime | None) -> None:
    """The end of a contract is kept to the microsecond, aware, in UTC; None is never."""
    assert directory.create(an_account(world, expires_at=instant)).expires_at == instant


def test_the_password_works_after_its_owner_changed_it(world: World, directory: Directory) -> None:
    """Issuing enables the account; the temporary password lets nobody in until it is changed; then only the new one does."""
    wanted = an_account(world, expires_at=None)
    made = directory.create(wanted)
    password = temporary_password([wanted.login, wanted.display_name])
    directory.issue_password(made.id, wanted.case, password)
    issued = directory.find_by_case(wanted.case)
    assert issued is not None
    assert (issued.enabled, issued.must_change_password, issued.password_set_at) == (True, True, None)
    assert not world.logs_on(wanted.login, password.reveal)
    world.change_password(wanted.login, password.reveal, "Propia-Clave-2026")
    assert world.logs_on(wanted.login, "Propia-Clave-2026")
    assert not world.logs_on(wanted.login, password.reveal)
    changed = directory.find_by_case(wanted.case)
    assert changed is not None
    assert not changed.must_change_password
    assert changed.password_set_at is not None


def test_issuing_again_replaces_the_password(world: World, directory: Directory) -> None:
    """After a crash a fresh password is issued: the one before it is worth nothing."""
    wanted = an_account(world, expires_at=None)
    made = directory.create(wanted)
    directory.issue_password(made.id, wanted.case, Password("Lechuza-Tijera-Manglar47"))
    directory.issue_password(made.id, wanted.case, Password("Barandal-Mazorca-Timbre62"))
    with pytest.raises((Rejected, AssertionError)):
        world.change_password(wanted.login, "Lechuza-Tijera-Manglar47", "Propia-Clave-2026")
    world.change_password(wanted.login, "Barandal-Mazorca-Timbre62", "Propia-Clave-2026")


@pytest.mark.parametrize("weak", ["corta", "sinmayusculasninumeros", "Ñáñez-2026-Clave", "x" * 200, ""])
def test_a_weak_password_is_refused(world: World, directory: Directory, weak: str) -> None:
    """Without complexity, or with part of the name: refused, and the account stays disabled."""
    wanted = an_account(world)
    made = directory.create(wanted)
    with pytest.raises(Rejected):
        directory.issue_password(made.id, wanted.case, Password(weak))
    still = directory.find_by_case(wanted.case)
    assert still is not None
    assert not still.enabled


def test_a_password_is_only_issued_to_the_account_of_the_case(world: World, directory: Directory) -> None:
    """The account of another case, or of none, gets no password."""
    wanted = an_account(world)
    made = directory.create(wanted)
    with pytest.raises(Rejected):
        directory.issue_password(made.id, new_case(), Password("Lechuza-Tijera-Manglar47"))
    login = unique("ajena")
    world.add(Person(login, f"Ajena {login}", world.ou, f"{login}@{world.domain}"))
    foreign = directory.find_by_mail(f"{login}@{world.domain}")
    assert foreign is not None
    with pytest.raises(Rejected):
        directory.issue_password(foreign.id, wanted.case, Password("Lechuza-Tijera-Manglar47"))


def test_a_protected_account_is_never_touched(world: World, directory: Directory) -> None:
    """A member of the administrators is shown as protected, and refused even when it carries our marker."""
    case, login = new_case(), unique("admin")
    world.add(Person(login, f"Adm {login}", world.ou, f"{login}@{world.domain}", case=case, groups=(world.protected_group,)))
    found = directory.find_by_case(case)
    assert found is not None
    assert found.protected
    with pytest.raises(Rejected, match="protegida"):
        directory.issue_password(found.id, case, Password("Lechuza-Tijera-Manglar47"))
    with pytest.raises(Rejected, match="protegida"):
        directory.create(an_account(world, login, case=case, employee_id=None))


def test_an_account_outside_the_base_is_never_touched(world: World, directory: Directory) -> None:
    """What lies outside the configured base is refused, even when it carries our marker."""
    case, login = new_case(), unique("fuera")
    world.add(Person(login, f"Fuera {login}", "OU=Ajena", f"{login}@{world.domain}", case=case))
    found = directory.find_by_case(case)
    assert found is not None
    narrow = world.directory(base_dn=f"OU=Usuarios,{world.base_dn}")
    with pytest.raises(Rejected):
        narrow.issue_password(found.id, case, Password("Lechuza-Tijera-Manglar47"))
    outside = an_account(world, login, case=case, employee_id=None, ou=world.ou.partition(",")[0], groups=())
    with pytest.raises(Rejected, match="fuera de la base"):
        narrow.create(outside)
    narrow.close()


def test_a_dry_run_reads_and_refuses_every_write(world: World) -> None:
    """In a dry run lookups answer and both writes raise WriteRefused, even before asking whether they are possible."""
    directory = world.directory(writable=False)
    assert directory.names_in_use([unique("libre")]) == frozenset()
    with pytest.raises(WriteRefused):
        directory.create(an_account(world, ou="OU=No existe"))
    with pytest.raises(WriteRefused):
        directory.issue_password(_some_id(), new_case(), Password("Lechuza-Tijera-Manglar47"))
    directory.close()
    directory.close()


def _some_id() -> AccountId:
    return AccountId("00000000-0000-0000-0000-000000000000")
