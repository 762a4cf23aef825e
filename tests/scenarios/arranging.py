"""The world before a scenario begins: an installation with the accounts, mailboxes and computers that it names."""

import json
import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from config.clock import SimulatedClock
from config.dates import end_of_day
from config.institution import Institution, Unit
from config.vocabulary import ACCOUNT_TYPE_LABELS, AccountType, EmailAddress
from provision.backup.port import BackupPart
from provision.cloud import embedded_mailboxes
from provision.cloud.embedded import EmbeddedCloud
from provision.directory.embedded_store import SeededAccount, SeededComputer, seed
from provision.directory.port import AccountId, Password
from provision.journal.accounts import Accounts
from provision.journal.store import Journal
from tests.scenarios.reading import Before, Scenario
from tests.world import BASE_DN, MATRIX, SUPERVISORS, World

BOGOTA = ZoneInfo("America/Bogota")
OLD_PASSWORD = "Clave-De-Siempre-7"
"""What whoever has an account before the scenario logs on with."""
HEAD = {"upme": "jefe.ogi", "unidad-victimas": "jefe.oti"}
UNIT = {"upme": "OGI", "unidad-victimas": "OTI"}
VICTIMS_MATRIX = f"""{MATRIX.splitlines()[0]}
talento.humano@unidadvictimas.gov.co,Marta Lucía Rojas,Talento Humano,todas,,,,,,
jefe.oti@unidadvictimas.gov.co,Carlos Peña,Jefe de área,Oficina de Tecnologías de la Información,,,,,,
supervisor.reparacion@unidadvictimas.gov.co,Ana María Ríos,Supervisor,Dirección de Reparación,,,,,,
aprobadora@unidadvictimas.gov.co,Laura Gómez,Mesa de servicio,todas,,,,,,sí
"""
MATRICES = {"upme": MATRIX, "unidad-victimas": VICTIMS_MATRIX}
BACKGROUND = {*SUPERVISORS, "jefe.oti", "supervisor.reparacion"}
"""Logins that every scenario has: who asks and who approves."""
ENOUGH = {"STANDARDPACK": 50, "EXCHANGESTANDARD": 50, "SPE_F1": 50, "ENTERPRISEPACK": 50}


def matrix_text(institution: str, rows: tuple[str, ...]) -> str:
    """The institution's usual matrix and these rows."""
    return MATRICES[institution] + "".join(f"{row}\n" for row in rows)


def arrange(folder: Path, scenario: Scenario, empty_journal: Path) -> World:
    """The world of a scenario; the mailboxes of its accounts were made yesterday."""
    world = World(
        folder,
        clock=SimulatedClock(scenario.start.replace(tzinfo=BOGOTA)),
        institution=scenario.institution,
        seats={**ENOUGH, **scenario.seats},
        sections={"backup": {"kind": "by-hand"}} if scenario.backup == "by-hand" else {},
        matrix=matrix_text(scenario.institution, scenario.matrix),
        policy_changes={name: json.loads(text) for name, text in scenario.policy.items()},
    )
    assert world.policy.zone == BOGOTA
    shutil.copy(empty_journal, world.path("gestion.db"))
    home = world.policy.ou_of(AccountType.EMPLOYEE, unit_of(world.policy, UNIT[scenario.institution]))
    others = sorted(BACKGROUND - set(SUPERVISORS)) if scenario.institution == "unidad-victimas" else []
    people = [SeededAccount(login, login.title(), f"{login}@{world.policy.mail_domain}", home) for login in others]
    machines = [SeededComputer(name, each.of or None, each.children) for name, each in scenario.computers.items()]
    add_accounts(world, scenario.accounts, people, machines)
    return world


def make_journal(path: Path) -> None:
    """An empty journal, to be copied by every scenario: making its tables takes longer than many a run."""
    Journal.open(f"sqlite:///{path}").close()


def add_accounts(
    world: World,
    accounts: dict[str, Before],
    people: Sequence[SeededAccount] = (),
    computers: Sequence[SeededComputer] = (),
) -> None:
    """Accounts as a scenario names them, in the directory, the cloud and the register of accounts."""
    seed(
        world.path("directorio.db"),
        base_dn=BASE_DN,
        ous=[],
        groups=sorted({f"CN={group},OU=Grupos" for before in accounts.values() for group in before.groups}),
        accounts=[*people, *(seeded(world, login, before) for login, before in accounts.items())],
        computers=computers,
    )
    alive = {login: before for login, before in accounts.items() if not before.deleted}
    if not alive:
        return
    directory = world.directory()
    ids = {login: found.id for login in alive if (found := directory.find_by_login(login)) is not None}
    directory.close()
    _give_mailboxes(world, {ids[login]: before for login, before in alive.items() if before.mailbox and licence(world, before)})
    _register(world, {login: (ids[login], before) for login, before in alive.items() if before.ours})


def seeded(world: World, login: str, before: Before) -> SeededAccount:
    """The account as the directory has it."""
    policy, kind = world.policy, kind_of(before)
    unit = unit_of(policy, before.unit or UNIT[world.institution])
    name = before.name or login.replace(".", " ").title()
    given_name, _, surname = name.partition(" ")
    ends = before.contract_end if kind in {AccountType.CONTRACTOR, AccountType.OPERATOR} else None
    manager = HEAD[world.institution] if before.manager is None else before.manager
    return SeededAccount(
        login=login,
        display_name=name,
        mail=f"{login}@{policy.mail_domain}",
        ou=policy.ou_of(kind, unit),
        employee_id=before.document or None,
        enabled=before.enabled,
        deleted=before.deleted,
        protected=before.protected,
        groups=(*policy.accounts[kind].groups, *unit.groups, *(f"CN={group},OU=Grupos" for group in before.groups)),
        password=Password(OLD_PASSWORD),
        given_name="" if kind is AccountType.GENERIC else given_name,
        surname="" if kind is AccountType.GENERIC else surname,
        title=before.position,
        department=unit.name,
        manager=manager or None,
        expires_at=end_of_day(ends, policy.zone) if ends else None,
    )


def kind_of(before: Before) -> AccountType:
    """The account type by its Spanish name."""
    return next(kind for kind, label in ACCOUNT_TYPE_LABELS.items() if label == before.type)


def unit_of(policy: Institution, name: str) -> Unit:
    """The unit by its name or an alias."""
    unit = policy.unit_called(name)
    assert unit is not None, f"the policy has no unit «{name}»"
    return unit


def licence(world: World, before: Before) -> str | None:
    """The mailbox licence that the institution gives to such an account."""
    return world.policy.accounts[kind_of(before)].licence


def _give_mailboxes(world: World, accounts: dict[AccountId, Before]) -> None:
    if not accounts:
        return
    early, late = _cloud(world, world.clock() - timedelta(days=2)), _cloud(world, world.clock() - timedelta(days=1))
    for account_id in accounts:
        early.find_user(account_id)
    early.request_sync()
    for account_id, before in accounts.items():
        _give_mailbox(late, account_id, licence(world, before) or "", before.items)


def _cloud(world: World, at: datetime) -> EmbeddedCloud:
    return EmbeddedCloud(world.path("nube.db"), ENOUGH, lambda: at)


def _give_mailbox(cloud: EmbeddedCloud, account_id: AccountId, sku: str, items: int) -> None:
    user = cloud.find_user(account_id)
    assert user is not None
    cloud.assign_licence(user, sku)
    with cloud._writing() as connection:  # one transaction for hundreds of items
        for number in range(items):
            content = f"Mensaje {number}".encode()
            embedded_mailboxes.put(connection, user, BackupPart.MAIL.value, f"Mensaje {number}.eml", content)


def _register(world: World, accounts: dict[str, tuple[AccountId, Before]]) -> None:
    installation = world.installation()
    register = Accounts(installation.journal)
    for login, (account_id, before) in accounts.items():
        kind = kind_of(before)
        contracted = kind in {AccountType.CONTRACTOR, AccountType.OPERATOR}
        manager = HEAD[world.institution] if before.manager is None else before.manager
        supervisor = manager if before.supervisor is None else before.supervisor
        recorded = f"{login}@gmail.com" if before.address_on_record is None else before.address_on_record
        register.remember(
            account_id,
            login,
            account_type=kind,
            unit=unit_of(world.policy, before.unit or UNIT[world.institution]).name,
            personal_email=EmailAddress(recorded) if recorded else None,
            supervisor_email=EmailAddress(f"{supervisor}@{world.policy.mail_domain}") if supervisor else None,
            contract_number=before.contract if contracted else None,
            contract_end=before.contract_end if contracted else None,
        )
    installation.close()
