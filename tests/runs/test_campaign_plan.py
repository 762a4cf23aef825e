"""`campaign plan`: who is in it and who is not, from a directory; the files, the digest, exceptions and lists."""

import csv
import stat
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.dates import end_of_day
from config.vocabulary import AccountType
from provision.directory.embedded_store import SeededAccount, seed
from provision.directory.port import AccountChanges
from tests.command_line import everything_in
from tests.runs.campaigning import (
    APPROVER,
    LAST_DAY,
    PLANNER,
    applied,
    approved,
    campaign,
    login_of,
    office,
    planned,
    the_campaign,
    the_plan,
)
from tests.world import BASE_DN, World

BY_DATE = ("--contracts-ending-by", "31/12/2026")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Twelve contractors whose contracts end with the year."""
    return office(tmp_path, 12)


def add(
    world: World,
    login: str,
    *,
    until: date = LAST_DAY,
    kind: AccountType = AccountType.CONTRACTOR,
    enabled: bool = True,
    protected: bool = False,
) -> None:
    """One more account."""
    unit = world.policy.units[0]
    person = SeededAccount(
        login,
        login.title(),
        f"{login}@{world.policy.mail_domain}",
        world.policy.ou_of(kind, unit),
        department=unit.name,
        expires_at=end_of_day(until, world.policy.zone),
        enabled=enabled,
        protected=protected,
    )
    seed(world.path("directorio.db"), base_dn=BASE_DN, ous=(), groups=(), accounts=[person])


def written(world: World, name: str, content: str) -> str:
    """A file that somebody wrote; its path."""
    world.path(name).write_text(content, encoding="utf-8")
    return str(world.path(name))


def plan(world: World, *arguments: str, by: str = PLANNER) -> tuple[int, str]:
    """Plan; the exit code and all that was said."""
    said = campaign(world, "plan", *arguments, "--out", str(world.path("cierre")), "--by", by)
    return said.code, said.out + said.err


def test_a_plan_is_written_and_kept_once(world: World) -> None:
    """Two private files and the digest; again the same gives the same digest, and no second campaign."""
    before = everything_in(world.path("directorio.db"))
    code, said = plan(world, *BY_DATE)
    assert code == 0, said
    digest = planned(world)
    assert digest in said
    assert "1,2 veces el tope de una ejecución (10)" in said
    again = campaign(world, "plan", *BY_DATE, "--out", str(world.path("otra")), "--by", APPROVER)
    assert "Es exactamente el plan que ya estaba registrado" in again.out
    assert campaign(world, "list").out.count(digest[:12]) == 1
    assert the_campaign(world, digest).planned_by == PLANNER
    assert everything_in(world.path("directorio.db")) == before
    for name in ("plan.csv", "plan.html"):
        assert stat.S_IMODE(world.path(f"cierre/{name}").stat().st_mode) == 0o600
    with world.path("cierre/plan.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert sorted(row["cuenta"] for row in rows) == [login_of(number) for number in range(12)]
    first = next(row for row in rows if row["cuenta"] == login_of(0))
    assert (first["desde"], first["hasta"], first["a su cargo"], first["supervisor"]) == ("01/01/2027", "", "11", "")
    assert f"({login_of(0)}@" in next(row for row in rows if row["cuenta"] == login_of(1))["supervisor"]


def test_who_is_in_a_plan_and_who_is_not(world: World) -> None:
    """Active contractors and operators whose contracts end by the date; everybody else is told apart, or only counted."""
    add(world, "manana", until=LAST_DAY + timedelta(days=1))
    add(world, "hace.un.mes", until=date(2026, 11, 30))
    add(world, "hace.dos.anos", until=date(2024, 11, 30))
    add(world, "inactiva", enabled=False)
    add(world, "protegida", protected=True)
    add(world, "provisional", kind=AccountType.EMPLOYEE)
    add(world, "operador", kind=AccountType.OPERATOR)
    with closing(world.directory()) as directory:
        never = directory.find_by_login(login_of(5))
        assert never is not None
        directory.change(never.id, AccountChanges(never_expires=True))
    made = the_plan(world)
    logins = {line.login for line in made.lines}
    assert {"hace.un.mes", "operador", login_of(0)} <= logins
    assert not logins & {"manana", "hace.dos.anos", "inactiva", "protegida", "provisional", login_of(5)}
    assert {each.account: each.reason for each in made.left_out} == {
        "protegida": "Es una cuenta protegida: no se atiende por este medio.",
        "provisional": "Su tipo de cuenta no lleva contrato (Funcionario): si debe inactivarse, use una lista.",
    }
    assert made.inactive == 1
    late = next(line for line in made.lines if line.login == "hace.un.mes")
    assert (late.from_date, late.contract_end) == (date(2026, 12, 1), date(2026, 11, 30))


def test_exceptions_stay_out_and_each_is_told(world: World) -> None:
    """By login, address or document; one that would not be in the plan anyway is said to be so."""
    add(world, "manana", until=LAST_DAY + timedelta(days=1))
    path = written(
        world, "siguen.txt", f"# prórrogas\n{login_of(1)}\n{login_of(2).upper()}@upme.gov.co\n00000003  # Íñigo\nmanana\n"
    )
    code, said = plan(world, *BY_DATE, "--except", path)
    assert code == 0, said
    for row, number in ((2, 1), (3, 2), (4, 3)):
        assert f"Excepción: siguen.txt, fila {row}." in said
        assert login_of(number) not in world.path("cierre/plan.csv").read_text().split("Ana María")[0]
    assert "fila 5: manana no estaría en el plan de todos modos" in said
    assert len(world.path("cierre/plan.csv").read_text().splitlines()) == 1 + 9
    assert "3. Quedan fuera de esta campaña y de nada más" in " ".join(said.split())
    assert "Quedan fuera de esta campaña y de nada más" in world.path("cierre/plan.html").read_text()


def test_an_exception_that_is_nobody_stops_everything(world: World) -> None:
    """A name that matches nobody is an error with its row, and no plan is made: absence is never ignored."""
    path = written(world, "siguen.txt", f"{login_of(1)}\nana.ryos\n99999\n")
    code, said = plan(world, *BY_DATE, "--except", path)
    assert code == 2
    assert "fila 2: «ana.ryos» no es la cuenta, el correo ni el documento de nadie" in said
    assert "fila 3: «99999»" in said
    assert not world.path("cierre").exists()
    assert campaign(world, "list").code in {0, 2}


def test_exactly_the_accounts_of_a_list(world: World) -> None:
    """Whatever their type or expiry, with their own dates and reasons; a plan's CSV can be given back as a list."""
    add(world, "provisional", kind=AccountType.EMPLOYEE)
    rows = f"{login_of(1)},,15/12/2026,Fin de obra\nprovisional,,,\n,00000004,,\n"
    path = written(world, "lista.csv", f"cuenta,documento,desde,motivo\n{rows}")
    digest = planned(world, "--list", path, *BY_DATE)
    shown = campaign(world, "show", digest, "--json").document["lines"]
    assert isinstance(shown, list)
    found = {line["login"]: (line["from_date"], line["why"]) for line in shown}
    assert found == {
        login_of(1): ("2026-12-15", "Lista: Fin de obra"),
        "provisional": ("2027-01-01", "Lista."),
        login_of(4): ("2027-01-01", "Lista."),
    }
    planned(world)
    given = str(world.path("cierre/plan.csv"))
    again = campaign(world, "plan", "--list", given, "--out", str(world.path("b")), "--by", PLANNER)
    assert again.code == 0, again.err
    assert len(world.path("b/plan.csv").read_text().splitlines()) == 1 + 12


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("cuenta,desde\nana.ryos,01/01/2027\n", "fila 2: «ana.ryos» no es la cuenta"),
        ("cuenta,desde\ncontratista.0001,\n", "fila 2, columna «desde»: falta la fecha"),
        ("cuenta,desde\ncontratista.0001,ayer\n", "fila 2, columna «desde»"),
        (
            "cuenta,documento,desde\ncontratista.0001,,01/01/2027\n,00000001,02/01/2027\n",
            "fila 3: es la misma cuenta de la fila 2",
        ),
        ("cuenta,documento,desde\ncontratista.0001,00000002,01/01/2027\n", "el documento «00000002» no es el de la cuenta"),
        ("nombre\nAna\n", "no tiene encabezado con la columna «cuenta» o «documento»"),
    ],
)
def test_a_wrong_list_stops_everything(world: World, content: str, said: str) -> None:
    """Whatever is wrong in a row is told with the row, and no plan is made."""
    code, told = plan(world, "--list", written(world, "lista.csv", content))
    assert code == 2
    assert said in told
    assert not world.path("cierre").exists()


@pytest.mark.parametrize(
    ("arguments", "by", "said"),
    [
        ((), PLANNER, "Falta de qué cuentas se trata"),
        (("--contracts-ending-by", "31/02/2026"), PLANNER, "no existe"),
        (("--contracts-ending-by", "31/12/2020"), PLANNER, "Ninguna cuenta queda en el plan"),
        ((*BY_DATE, "--except", "/no/existe"), PLANNER, "No se puede leer"),
        ((*BY_DATE, "--title", "x" * 151), PLANNER, "El título tiene 151 caracteres"),
        (BY_DATE, "nadie@upme.gov.co", "no conoce hoy a nadie@upme.gov.co"),
        (BY_DATE, "jefe", "no es una dirección"),
    ],
)
def test_what_cannot_be_planned(world: World, arguments: tuple[str, ...], by: str, said: str) -> None:
    """A date, a file, a title or a planner that will not do: said, exit 2, and nothing is written."""
    code, told = plan(world, *arguments, by=by)
    assert code == 2
    assert said in told
    assert not world.path("cierre").exists()


def test_accounts_of_another_campaign_are_left_out_until_it_is_over(world: World) -> None:
    """While an approved campaign has not finished with them they are in no other plan; after it, its hold keeps them out."""
    first = approved(world)
    made = the_plan(world)
    assert not made.lines
    assert {each.reason for each in made.left_out} == {f"Ya está en otra campaña aprobada ({first[:12]})."}
    assert campaign(world, "apply", first).code == 0
    assert {each.reason[:30] for each in the_plan(world).left_out} == {"Ya está en otra campaña aproba"}


def test_a_campaign_that_is_over_leaves_nobody_to_plan(tmp_path: Path) -> None:
    """What it made inactive is not planned a second time."""
    world = office(tmp_path, 3)
    world.clock.advance(timedelta(days=7))
    applied(world)
    made = the_plan(world)
    assert (made.lines, made.inactive) == ((), 3)


def test_approving_takes_the_digest_and_nothing_else(world: World) -> None:
    """By an approver who neither planned it nor is in it, once; a refused one can never be approved or applied."""
    digest = planned(world)
    for by, why in ((PLANNER, "como aprobador"), ("supervisor.see@upme.gov.co", "como aprobador")):
        refused = campaign(world, "approve", digest, "--by", by)
        assert (refused.code, why in refused.err) == (2, True)
    own = campaign(world, "plan", *BY_DATE, "--title", "Otra", "--out", str(world.path("b")), "--by", APPROVER, "--json")
    other = str(own.document["digest"])
    assert "planeó esta campaña" in campaign(world, "approve", other, "--by", APPROVER).err
    assert "muy corta" in campaign(world, "approve", digest[:7], "--by", APPROVER).err
    assert "Ninguna campaña" in campaign(world, "approve", "0" * 64, "--by", APPROVER).err
    assert "está «por aprobar»" in campaign(world, "apply", digest).err
    said = campaign(world, "approve", digest[:10], "--by", APPROVER)
    assert said.code == 0, said.err
    assert "ya la aprobó" in campaign(world, "approve", digest, "--by", APPROVER).err


def test_an_approver_in_the_campaign_may_not_approve_it(tmp_path: Path) -> None:
    """Whose own account would become inactive is a person concerned."""
    world = office(tmp_path, 3)
    path = written(world, "lista.csv", "cuenta,desde\naprobadora,01/01/2027\n")
    digest = planned(world, "--list", path)
    assert "está en esta campaña" in campaign(world, "approve", digest, "--by", APPROVER).err
