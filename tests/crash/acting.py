"""Who is there before an operation is tried, and what people do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.vocabulary import EmailAddress
from intake.forms.port import Field
from intake.wiring_accounts import policy_groups
from provision.backup.port import BackupPart
from provision.cloud.embedded import EmbeddedCloud
from provision.cloud.port import CloudUserId
from provision.directory.embedded_store import SeededAccount, SeededComputer, seed
from provision.journal.batches import Batches
from tests.crash.afterwards import OWN_PASSWORD, newest_password
from tests.crash.office import Office
from tests.world import BASE_DN, CONTRACTOR, MONDAY

SEATS = {"STANDARDPACK": 6, "EXCHANGESTANDARD": 2, "SPE_F1": 6, "ENTERPRISEPACK": 2}
LOGIN, COLLEAGUE = "jose.munoz", "luis.rojas"
WEDNESDAY = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
"""08:00 in Bogota: when every course begins, two days after the contractor of `CONTRACTOR` got his account."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

Answers = Mapping[Field, str]


@dataclass(frozen=True, slots=True)
class Place:
    """An institution, and two of its units."""

    institution: str
    domain: str
    unit: str
    other_unit: str
    contractors: str
    """OU of the first unit's contractors, relative to the base."""

    @property
    def head(self) -> str:
        """Who asks."""
        return f"jefe.ogi@{self.domain}"

    @property
    def account(self) -> str:
        """Whose account it is about."""
        return f"{LOGIN}@{self.domain}"

    @property
    def approver(self) -> str:
        """The second person."""
        return f"aprobadora@{self.domain}"

    @property
    def matrix(self) -> str:
        """The head of two units, and the second person."""
        lines = [
            "correo,nombre,rol,dependencias,operaciones,tipos_de_cuenta,delegado_de,desde,hasta,aprobador",
            f"{self.head},Carlos Peña,Jefe de área,{self.unit}; {self.other_unit},,,,,,",
            f"{self.approver},Laura Gómez,Mesa de servicio,todas,,,,,,sí",
        ]
        return "\n".join(lines) + "\n"


UPME = Place(
    "upme",
    "upme.gov.co",
    "Oficina de Gestión de la Información",
    "Subdirección de Energía Eléctrica",
    "OU=Contratistas,OU=OGI,OU=Usuarios",
)
VICTIMAS = Place(
    "unidad-victimas",
    "unidadvictimas.gov.co",
    "Oficina de Tecnologías de la Información",
    "Oficina Asesora de Planeación",
    "OU=Contrato,OU=OTI,OU=UARIV",
)


def asked(kind: str, place: Place, **more: str) -> Answers:
    """A response about the contractor's account."""
    common = {
        Field.REQUEST_TYPE: kind,
        Field.ACCOUNT_TYPE: "Contratista",
        Field.ACCOUNT: place.account,
        Field.UNIT: place.unit,
    }
    return {**common, **{Field(name): text for name, text in more.items()}}


def submits(answers: Answers, requester: str) -> Callable[[Office], None]:
    """Somebody fills in the form."""

    def happens(world: Office) -> None:
        world.submit(answers, requester)

    return happens


def desk(number: int, action: str, note: str = "") -> Callable[[Office], None]:
    """An agent chooses an action on the board for the case of this number."""

    def happens(world: Office) -> None:
        world.choose(f"GU-{WEDNESDAY.year}-{number:06d}", action, note)

    return happens


def signs_in(login: str) -> Callable[[Office], None]:
    """The owner of an account signs in with the password that was mailed last, and chooses another one."""

    def happens(world: Office) -> None:
        directory = world.directory()
        try:
            directory.change_password(login, newest_password(world, login), OWN_PASSWORD)
        finally:
            directory.close()

    return happens


def time_passes(world: Office) -> None:
    """Nobody does anything."""


def an_office(folder: Path, place: Place) -> Office:
    """An institution with one contractor, who works there since Monday."""
    folder.mkdir()
    cloud = {"kind": "embedded", "path": "nube.db", "seats": SEATS, "sync_minutes": 0, "mailbox_minutes": 0}
    world = Office(folder, institution=place.institution, seats=SEATS, sections={"cloud": cloud}, matrix=place.matrix)
    world.submit({**CONTRACTOR, Field.UNIT: place.unit, Field.SUPERVISOR_EMAIL: place.head}, place.head)
    world.live_on()
    signs_in(LOGIN)(world)
    world.clock.move_to(MONDAY + DAY)
    world.live_on()
    (shown,) = world.cases()
    assert shown.request.state.closed, shown.request
    _furnish(world, place)
    world.clock.move_to(WEDNESDAY)
    return world


def _furnish(world: Office, place: Place) -> None:
    """Who reports to him, the account that he looks after, his computers, and what lies in his mailbox."""
    mine = [
        SeededAccount("ana.torres", "Ana Torres", f"ana.torres@{place.domain}", place.contractors, manager=LOGIN),
        SeededAccount("convocatorias", "Convocatorias", f"convocatorias@{place.domain}", place.contractors, manager=LOGIN),
    ]
    computers = [SeededComputer("PC-0042", managed_by=LOGIN, children=2), SeededComputer("PC-0043", managed_by=LOGIN)]
    seed(
        world.path("directorio.db"), base_dn=BASE_DN, ous=[], groups=policy_groups(world.policy), accounts=mine,
        computers=computers,
    )  # fmt: skip
    installation = world.installation()
    try:
        account = installation.directory.find_by_login(LOGIN)
        assert account is not None
        user = installation.cloud.find_user(account.id)
        assert isinstance(installation.cloud, EmbeddedCloud)
        for number, part in enumerate(BackupPart):
            installation.cloud.put_item(CloudUserId(user or ""), part.value, f"Elemento {number}", b"contenido")
    finally:
        installation.close()


def a_colleague_comes(world: Office) -> None:
    """Another contractor, whose contract ends on the same day."""
    ends = datetime(2027, 1, 1, 5, 0, tzinfo=UTC)
    colleague = SeededAccount(
        COLLEAGUE, "Luis Rojas", f"{COLLEAGUE}@{UPME.domain}", UPME.contractors, expires_at=ends, manager="jefe.ogi"
    )
    seed(world.path("directorio.db"), base_dn=BASE_DN, ous=[], groups=[], accounts=[colleague])


def approves_the_batch(world: Office) -> None:
    """The second person approves the batch that is held, at the command line."""
    installation = world.installation()
    try:
        batches = Batches(installation.journal)
        (held,) = batches.open_batches()
        batches.approve(held.digest, EmailAddress(UPME.approver), world.clock(), how="por comando")
    finally:
        installation.close()


def both(one: Callable[[Office], None], other: Callable[[Office], None]) -> Callable[[Office], None]:
    """Two things before the next run."""

    def happens(world: Office) -> None:
        one(world)
        other(world)

    return happens
