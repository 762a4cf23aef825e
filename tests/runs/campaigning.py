"""An office at the end of the year: contractors whose contracts end on 31/12, with groups, bosses, and at UV licences."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.clock import SimulatedClock
from config.dates import end_of_day
from config.institution import Institution
from config.stop_point import StopPoint, let_go
from config.vocabulary import AccountType
from intake.campaign_planning import Asked, plan_campaign
from intake.wiring import Installation
from provision.cloud.embedded import EmbeddedCloud
from provision.directory.embedded_store import SeededAccount, seed
from provision.directory.port import Account, AccountChanges
from provision.journal.campaign_accounts import AccountStanding, CampaignAccounts, Stage
from provision.journal.campaigns import Campaign, Campaigns
from provision.procedure.campaign import CampaignPlan
from tests.command_line import Said, gestion_of
from tests.world import BASE_DN, MATRIX, World

PLANNER, APPROVER = "jefe.ogi@upme.gov.co", "aprobadora@upme.gov.co"
BEFORE_THE_END = datetime(2026, 12, 28, 14, 0, tzinfo=UTC)
"""09:00 in Bogota on the last Monday of the year."""
NEW_YEAR = datetime(2027, 1, 4, 14, 0, tzinfo=UTC)
"""09:00 on the first Monday of the next one."""
LAST_DAY = datetime(2026, 12, 31, tzinfo=UTC).date()

VICTIMS_MATRIX = """correo,nombre,rol,dependencias,operaciones,tipos_de_cuenta,delegado_de,desde,hasta,aprobador
jefe.ogi@upme.gov.co,Carlos Peña,Jefe de área,OTI,,,,,,
aprobadora@upme.gov.co,Laura Gómez,Mesa de servicio,todas,,,,,,sí
"""


def login_of(number: int) -> str:
    """The login of one contractor."""
    return f"contratista.{number:04}"


def contractors(policy: Institution, count: int, *, groups: bool = True) -> list[SeededAccount]:
    """So many contractors, over all units, each under the first one of a hundred; names that are hard to show."""
    rules = policy.accounts[AccountType.CONTRACTOR]
    end = end_of_day(LAST_DAY, policy.zone)
    people = []
    for number in range(count):
        unit = policy.units[number % len(policy.units)]
        people.append(
            SeededAccount(
                login_of(number),
                f"=Íñigo O'Brien {number:04}" if number % 10 == 3 else f"Ana María Ñáñez {number:04}",
                f"{login_of(number)}@{policy.mail_domain}",
                policy.ou_of(AccountType.CONTRACTOR, unit),
                employee_id=f"00{number:06}",
                department=unit.name,
                groups=(*rules.groups, *unit.groups) if groups else (),
                manager=login_of(number - number % 100) if number % 100 else None,
                expires_at=end,
            )
        )
    return people


def office(
    folder: Path,
    count: int,
    *,
    institution: str = "upme",
    at: datetime = BEFORE_THE_END,
    stop_point: StopPoint = let_go,
    licences: bool = False,
    caps: int = 10,
) -> World:
    """An installation with so many contractors, before anything was planned."""
    seats = {"STANDARDPACK": 5000, "EXCHANGESTANDARD": 5000, "SPE_F1": 5000, "ENTERPRISEPACK": 5000}
    world = World(
        folder,
        clock=SimulatedClock(at),
        institution=institution,
        seats=seats,
        stop_point=stop_point,
        policy_changes={"caps.destructive_per_run": caps},
        matrix=VICTIMS_MATRIX if institution == "unidad-victimas" else MATRIX,
    )
    seed(world.path("directorio.db"), base_dn=BASE_DN, ous=(), groups=(), accounts=contractors(world.policy, count))
    if licences:
        give_licences(world, count)
    return world


def give_licences(world: World, count: int) -> None:
    """Each contractor is in the cloud, has a licence and two mails in the mailbox."""
    licence = world.policy.accounts[AccountType.CONTRACTOR].licence
    with closing(cloud_of(world)) as cloud, closing(world.directory()) as directory:
        accounts = [directory.find_by_login(login_of(number)) for number in range(count)]
        for account in accounts:
            assert account is not None
            cloud.find_user(account.id)
        cloud.request_sync()
        world.clock.advance(timedelta(hours=2))
        for account in accounts:
            user = cloud.find_user(account.id) if account is not None else None
            assert user is not None
            assert licence is not None
            cloud.assign_licence(user, licence)
            cloud.put_item(user, "correo", "uno.eml", b"Hola\r\n")


def cloud_of(world: World) -> EmbeddedCloud:
    """The cloud, as its administrator sees it."""
    return EmbeddedCloud(world.path("nube.db"), world.seats, world.clock)


def licences_of(world: World, account: Account) -> tuple[str, ...]:
    """The seats that an account holds."""
    with closing(cloud_of(world)) as cloud:
        user = cloud.find_user(account.id)
        return cloud.licences_of(user) if user is not None else ()


def accounts_of(world: World, count: int) -> list[Account]:
    """The contractors as the directory has them now."""
    with closing(world.directory()) as directory:
        found = [directory.find_by_login(login_of(number)) for number in range(count)]
    return [account for account in found if account is not None]


def renew(world: World, *logins: str, days: int = 90) -> None:
    """As an administrator of the domain does: the accounts expire later."""
    with closing(world.directory()) as directory:
        for login in logins:
            account = directory.find_by_login(login)
            assert account is not None
            assert account.expires_at is not None
            directory.change(account.id, AccountChanges(expires_at=account.expires_at + timedelta(days=days)))


def campaign(world: World, *arguments: str) -> Said:
    """`gestion campaign …`."""
    return gestion_of(world, "campaign", *arguments)


def planned(world: World, *arguments: str) -> str:
    """Plan the year's end; the digest."""
    asked = arguments or ("--contracts-ending-by", "31/12/2026")
    said = campaign(world, "plan", *asked, "--out", str(world.path("cierre")), "--by", PLANNER, "--json")
    assert said.code == 0, said.err
    return str(said.document["digest"])


def approved(world: World, *arguments: str) -> str:
    """Plan it and have it approved; the digest."""
    digest = planned(world, *arguments)
    said = campaign(world, "approve", digest, "--by", APPROVER)
    assert said.code == 0, said.err
    return digest


def applied(world: World, *arguments: str) -> str:
    """Plan, approve and apply it; the digest."""
    digest = approved(world, *arguments)
    said = campaign(world, "apply", digest)
    assert said.code == 0, said.err
    return digest


@contextmanager
def installed(world: World, *, writable: bool = True) -> Iterator[Installation]:
    """The program, put together for a moment."""
    installation = world.installation(writable=writable)
    try:
        yield installation
    finally:
        installation.close()


def the_plan(world: World) -> CampaignPlan:
    """What would be planned now, without keeping it."""
    with installed(world, writable=False) as installation:
        return plan_campaign(installation, Asked("Cierre", LAST_DAY)).plan


def standings(world: World, digest: str) -> list[AccountStanding]:
    """Where each account of a campaign stands."""
    with installed(world) as installation:
        return list(CampaignAccounts(installation.journal).standings(digest))


def stages(world: World, digest: str) -> dict[Stage, int]:
    """How many accounts are at each stage."""
    found: dict[Stage, int] = {}
    for standing in standings(world, digest):
        found[standing.stage] = found.get(standing.stage, 0) + 1
    return found


def the_campaign(world: World, digest: str) -> Campaign:
    """A campaign without its lines."""
    with installed(world) as installation:
        found = Campaigns(installation.journal).named(digest)
    assert found is not None
    return found


def reports(world: World) -> list[tuple[str, str]]:
    """The reports of campaigns that went out: to whom, and the text."""
    return [(to, text) for to, _, text in world.mails() if "Este es el resultado de la campaña" in text]
