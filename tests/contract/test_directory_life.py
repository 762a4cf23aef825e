"""What every directory must do with an account in its life: in use or not, its password, its end, and what is never touched."""

from collections.abc import Callable

import pytest

from config.errors import NotFound, Rejected, WriteRefused
from provision.directory.port import Account, AccountChanges, AccountId, ComputerId, Directory, Password
from tests.contract.directories import Killed, Machine, World, added, an_account, new_case, stopping_at, unique

GOOD = Password("Lechuza-Tijera-Manglar47")
GONE = AccountId("00000000-0000-4000-8000-00000000dead")

Write = Callable[[Directory, AccountId], object]
WRITES: dict[str, Write] = {
    "disable": lambda directory, who: directory.disable(who),
    "enable": lambda directory, who: directory.enable(who),
    "reset_password": lambda directory, who: directory.reset_password(who, GOOD),
    "allow_password_change": lambda directory, who: directory.allow_password_change(who),
    "revoke_password": lambda directory, who: directory.revoke_password(who),
    "change": lambda directory, who: directory.change(who, AccountChanges(title="Asesora")),
    "change to nothing": lambda directory, who: directory.change(who, AccountChanges()),
    "delete": lambda directory, who: directory.delete(who),
}
every_write = pytest.mark.parametrize("write", list(WRITES.values()), ids=list(WRITES))


def again(directory: Directory, account: Account) -> Account:
    """The account as it is now."""
    found = directory.find_by_id(account.id)
    assert found is not None
    return found


@every_write
def test_a_protected_account_is_never_touched(world: World, directory: Directory, write: Write) -> None:
    """A member of the administrators, and an account that was one (adminCount=1): refused, and left as it was."""
    for values in ({"groups": (world.protected_group,)}, {"protected": True}):
        admin = added(world, directory, enabled=write is not WRITES["delete"], **values)
        assert admin.protected
        with pytest.raises(Rejected, match="protegida"):
            write(directory, admin.id)
        assert again(directory, admin) == admin


@every_write
def test_an_account_outside_the_base_is_never_touched(world: World, directory: Directory, write: Write) -> None:
    """It is refused as such, and never taken for gone: a deletion of it is not done."""
    outsider = added(world, directory, ou="OU=Ajena", enabled=False)
    narrow = world.directory(base_dn=f"OU=Usuarios,{world.base_dn}")
    with pytest.raises(Rejected, match="fuera de la base") as refusal:
        write(narrow, outsider.id)
    assert not isinstance(refusal.value, NotFound)
    assert narrow.find_by_id(outsider.id) is None
    narrow.close()
    assert again(directory, outsider) == outsider


@every_write
def test_the_service_account_is_never_touched(directory: Directory, write: Write) -> None:
    """The program cannot lock itself out."""
    own = directory.find_by_login("svc-gestion")
    assert own is not None
    with pytest.raises(Rejected, match="cuenta de servicio"):
        write(directory, own.id)
    assert again(directory, own) == own


@every_write
def test_a_computer_is_nobody(world: World, directory: Directory, write: Write) -> None:
    """A machine's identifier given for a person's: refused."""
    name = unique("PC")
    world.add_computer(Machine(name))
    computer = directory.find_computer(name)
    assert computer is not None
    with pytest.raises(Rejected, match="persona"):
        write(directory, AccountId(computer.id))
    assert directory.find_by_id(AccountId(computer.id)) is None
    assert directory.find_computer(name) == computer


@every_write
def test_a_dry_run_says_what_it_would_do(world: World, directory: Directory, write: Write) -> None:
    """Refused with a sentence that names the account, before anything is asked of the directory; nothing is changed."""
    account = added(world, directory)
    points: list[str] = []
    dry = world.directory(writable=False, stop_point=stopping_at(0, points))
    with pytest.raises(WriteRefused, match=f"no se hizo lo siguiente.*{account.id}"):
        write(dry, account.id)
    with pytest.raises(WriteRefused):
        write(dry, GONE)
    dry.close()
    assert (again(directory, account), points) == (account, [])


@every_write
def test_an_account_that_is_gone(directory: Directory, write: Write) -> None:
    """A deletion is done; everything else has nothing to work on. Text that is no identifier is neither."""
    if write is WRITES["delete"]:
        write(directory, GONE)
    else:
        with pytest.raises(NotFound):
            write(directory, GONE)
    for hostile in ("*", "", "x" * 10_000, "'; DROP TABLE account; --"):
        with pytest.raises(Rejected):
            write(directory, AccountId(hostile))
        assert directory.find_by_id(AccountId(hostile)) is None


@pytest.mark.parametrize(
    ("enabled", "writes", "point"),
    [
        (True, "disable", "directory.account.disabled"),
        (False, "enable", "directory.account.enabled"),
        (True, "allow_password_change", "directory.change.allowed"),
        (True, "change", "directory.attributes.changed"),
        (False, "delete", "directory.account.deleted"),
    ],
)
def test_a_write_is_one_write_and_once(world: World, enabled: bool, writes: str, point: str) -> None:
    """Killed right after it and called again: nothing more is written."""
    points: list[str] = []
    dying = world.directory(stop_point=stopping_at(1, points))
    account = added(world, dying, enabled=enabled)
    with pytest.raises(Killed):
        WRITES[writes](dying, account.id)
    dying.close()
    survivor = world.directory(stop_point=stopping_at(0, points))
    WRITES[writes](survivor, account.id)
    assert points == [point]
    survivor.close()


def test_disabled_and_enabled_again_it_has_the_password_it_had(world: World, directory: Directory) -> None:
    """Nobody signs in while it is disabled; afterwards its owner does, with the old password."""
    account = added(world, directory, password="Propia-Clave-2026")
    assert world.logs_on(account.login, "Propia-Clave-2026")
    directory.disable(account.id)
    assert not again(directory, account).enabled
    assert not world.logs_on(account.login, "Propia-Clave-2026")
    directory.enable(account.id)
    assert again(directory, account) == account
    assert world.logs_on(account.login, "Propia-Clave-2026")


def test_a_reset_replaces_the_password_and_unlocks(world: World, directory: Directory) -> None:
    """The old one is worth nothing, the new one must be changed at once, and a lock is lifted."""
    account = added(world, directory, password="Propia-Clave-2026")
    world.lock(account.login)
    assert again(directory, account).locked
    assert not world.logs_on(account.login, "Propia-Clave-2026")
    directory.reset_password(account.id, GOOD)
    now = again(directory, account)
    assert (now.locked, now.enabled, now.must_change_password, now.password_set_at) == (False, True, True, None)
    assert not world.logs_on(account.login, "Propia-Clave-2026")
    assert not world.logs_on(account.login, GOOD.reveal)
    world.change_password(account.login, GOOD.reveal, "Otra-Propia-2026")
    assert world.logs_on(account.login, "Otra-Propia-2026")
    assert not again(directory, account).must_change_password


def test_a_reset_again_replaces_the_one_before(world: World) -> None:
    """After a crash a fresh password is set: two resets, and only the last one counts."""
    points: list[str] = []
    directory = world.directory(stop_point=stopping_at(0, points))
    account = added(world, directory)
    directory.reset_password(account.id, GOOD)
    directory.reset_password(account.id, Password("Barandal-Mazorca-Timbre62"))
    assert points == ["directory.password.reset"] * 2
    with pytest.raises((Rejected, AssertionError)):
        world.change_password(account.login, GOOD.reveal, "Propia-Clave-2026")
    world.change_password(account.login, "Barandal-Mazorca-Timbre62", "Propia-Clave-2026")
    directory.close()


def test_a_reset_enables_nothing(world: World, directory: Directory) -> None:
    """A disabled account gets no password: its activation must be asked for first."""
    account = added(world, directory, enabled=False)
    with pytest.raises(Rejected, match="Pida antes la activación"):
        directory.reset_password(account.id, GOOD)
    assert again(directory, account) == account


@pytest.mark.parametrize("weak", ["corta", "sinmayusculasninumeros", "Ñáñez-2026-Clave", "x" * 200, ""])
def test_a_reset_refuses_a_weak_password(world: World, directory: Directory, weak: str) -> None:
    """As in an issue: without complexity, or with part of the name."""
    account = added(world, directory, password="Propia-Clave-2026", display_name=f"Ana Ñáñez {unique('')}")
    with pytest.raises(Rejected):
        directory.reset_password(account.id, Password(weak))
    assert world.logs_on(account.login, "Propia-Clave-2026")


def test_a_change_is_allowed_with_the_password_it_has(world: World, directory: Directory) -> None:
    """On the premises: the old password lets nobody in, but whoever knows it may choose another one; a lock is lifted."""
    account = added(world, directory, password="Propia-Clave-2026")
    world.lock(account.login)
    directory.allow_password_change(account.id)
    now = again(directory, account)
    assert (now.locked, now.enabled, now.must_change_password) == (False, True, True)
    assert not world.logs_on(account.login, "Propia-Clave-2026")
    world.change_password(account.login, "Propia-Clave-2026", "Otra-Propia-2026")
    assert world.logs_on(account.login, "Otra-Propia-2026")


def test_a_lock_is_lifted_though_a_change_was_allowed_before(world: World, directory: Directory) -> None:
    """Both must be so for there to be nothing to do."""
    account = added(world, directory, password="Propia-Clave-2026")
    world.lock(account.login)
    directory.revoke_password(account.id)
    assert again(directory, account).must_change_password
    assert again(directory, account).locked
    directory.allow_password_change(account.id)
    assert not again(directory, account).locked


@pytest.mark.parametrize("enabled", [True, False])
def test_a_revoked_password_is_worth_nothing(world: World, directory: Directory, enabled: bool) -> None:
    """Access data that nobody picked up: the password that was mailed lets nobody in, and nobody may change it."""
    wanted = an_account(world, expires_at=None)
    made = directory.create(wanted)
    directory.issue_password(made.id, wanted.case, GOOD)
    if not enabled:
        directory.disable(made.id)
    directory.revoke_password(made.id)
    directory.revoke_password(made.id)
    now = again(directory, made)
    assert (now.enabled, now.must_change_password) == (enabled, True)
    with pytest.raises((Rejected, AssertionError)):
        world.change_password(made.login, GOOD.reveal, "Propia-Clave-2026")
    if enabled:
        directory.reset_password(made.id, Password("Barandal-Mazorca-Timbre62"))
        world.change_password(made.login, "Barandal-Mazorca-Timbre62", "Propia-Clave-2026")


def test_an_enabled_account_is_not_deleted(world: World, directory: Directory) -> None:
    """Whoever enabled it again had a reason."""
    account = added(world, directory)
    with pytest.raises(Rejected, match="habilitada"):
        directory.delete(account.id)
    assert again(directory, account) == account


def test_a_deleted_account_leaves_everything_but_its_name(world: World, directory: Directory) -> None:
    """It is found no more, manages nobody, and its login is not given again."""
    boss = added(world, directory, "jefe", employee_id=str(int(unique("")[:6], 16)), case=new_case())
    report = added(world, directory, manager=boss.login)
    assert boss.case is not None
    assert boss.employee_id is not None
    directory.disable(boss.id)
    directory.delete(boss.id)
    assert directory.find_by_id(boss.id) is None
    assert directory.find_by_login(boss.login) is None
    assert directory.find_by_mail(boss.mail) is None
    assert directory.find_by_case(boss.case) is None
    assert directory.find_by_document(boss.employee_id) == ()
    assert directory.direct_reports(boss.id) == ()
    assert again(directory, report).manager_dn is None
    assert directory.names_in_use([boss.login]) == {boss.login}
    directory.delete(boss.id)


def test_a_person_is_no_computer(world: World, directory: Directory) -> None:
    """An account's identifier given for a computer's: refused."""
    account = added(world, directory)
    with pytest.raises(Rejected, match="equipo"):
        directory.remove_computer(ComputerId(account.id))
    assert again(directory, account) == account
