"""Whole runs with the desk at work on the board, and with systems that fail: who is stopped, and who is not."""

from pathlib import Path

import pytest

from config.errors import CannotRun
from intake.forms.port import Field
from intake.run import COULD_NOT_RUN
from notify.desk.port import TicketStatus
from provision.directory.embedded_store import SeededAccount, seed
from provision.procedure.acts import WaitingFor
from provision.procedure.model import Course, State
from tests.runs.seen import board, choose, later, mails_to, requests
from tests.secrecy import delivered, password_in
from tests.servers.hostile_mail import Faults, HostileSmtp
from tests.servers.mail import Exim
from tests.world import BASE_DN, CONTRACTOR, EMPLOYEE, World

BOSS = "jefe.ogi@upme.gov.co"
NO_SEATS = {"STANDARDPACK": 0, "EXCHANGESTANDARD": 0, "SPE_F1": 0}
RESET = {
    Field.REQUEST_TYPE: "Cambio de clave",
    Field.ACCOUNT_TYPE: "Contratista",
    Field.UNIT: "Oficina de Gestión de la Información",
    Field.ACCOUNT: "pedro.perez",
    Field.ON_PREMISES: "No",
}


def people(count: int) -> list[dict[Field, str]]:
    """Answers for so many people."""
    return [
        {
            **CONTRACTOR,
            Field.SURNAMES: f"Pérez {'abcdef'[n] * 4}",
            Field.DOCUMENT_NUMBER: f"10000{n}",
            Field.GIVEN_NAMES: f"Ana{'xyzwvu'[n]}",
        }
        for n in range(count)
    ]


def states(world: World) -> list[State]:
    """How each case stands."""
    return [request.state for request in requests(world)]


def test_without_seats_requests_wait_visibly_and_take_them_in_order_of_arrival(tmp_path: Path) -> None:
    """The board says for what; two seats bought go to the first two; the clock stood still."""
    world = World(tmp_path, seats=NO_SEATS)
    for answers in people(4):
        world.submit(answers, BOSS)
        later(world, minutes=1)
    assert [row["En espera de"] for row in board(world).values()] == ["un cupo de licencia de buzón"] * 4
    assert all(row["SLA"].startswith("en pausa · 0,0 de 10 h") for row in board(world).values())
    later(world, days=7)
    world.seats = {**NO_SEATS, "STANDARDPACK": 2}
    world.run_until_quiet()
    assert states(world) == [State.FOLLOWED_UP, State.FOLLOWED_UP, State.WAITING, State.WAITING]
    world.seats = {**NO_SEATS, "STANDARDPACK": 3}
    world.run_until_quiet()
    assert states(world) == [State.FOLLOWED_UP, State.FOLLOWED_UP, State.FOLLOWED_UP, State.WAITING]
    rows = list(board(world).values())
    assert [row["SLA"].startswith("cumplida") for row in rows] == [True, True, True, False]


def test_who_has_no_address_on_record_is_identified_by_the_desk(tmp_path: Path) -> None:
    """Registered and authorised, it waits for «Aprobar»; nothing is mailed but the notices, and the action is taken once."""
    world = World(tmp_path)
    pedro = SeededAccount("pedro.perez", "Pedro Pérez", "pedro.perez@upme.gov.co", "OU=Contratistas,OU=OGI,OU=Usuarios")
    seed(world.path("directorio.db"), base_dn=BASE_DN, ous=[], groups=[], accounts=[pedro])
    world.submit(RESET, BOSS)
    assert world.run().exit_code == 0
    (request,) = requests(world)
    assert (request.course, request.state) == (Course.ATTEND, State.WAITING)
    row = board(world)[request.case]
    assert (row["En espera de"], row["SLA"]) == ("que la mesa identifique a la persona", "en pausa · 0,0 de 10 h")
    assert mails_to(world, BOSS) == []
    choose(world, request.case, "Aprobar", "Se identificó por teléfono")
    later(world, minutes=5)
    row = board(world)[request.case]
    assert (row["Estado"], row["Acción"], row["Observación"]) == ("Terminada", "", "Se identificó por teléfono")
    directory = world.directory()
    account = directory.find_by_login("pedro.perez")
    assert account is not None
    assert account.must_change_password
    directory.close()
    assert len(mails_to(world, BOSS)) == 1
    assert not [mail for mail in delivered(world.path("correo")) if password_in(mail)]
    ticket = world.desk().find(request.case)
    assert ticket is not None
    assert ticket.status is TicketStatus.CLOSED
    told = [told.detail for told in world.story(request.case).history]
    assert any("Se identificó por teléfono" in detail for detail in told)


def test_an_action_on_the_board_is_taken_once_and_cleared(tmp_path: Path) -> None:
    """«Cancelar» frees what was reserved; an action that does not apply is answered and cleared too."""
    world = World(tmp_path, seats=NO_SEATS)
    for answers in people(2):
        world.submit(answers, BOSS)
    world.run()
    first, second = (request.case for request in requests(world))
    choose(world, first, "Cancelar", "ya no viene")
    choose(world, second, "Confirmar borrado de equipo")
    later(world, minutes=5)
    assert states(world) == [State.CANCELLED, State.WAITING]
    assert [row["Acción"] for row in board(world).values()] == ["", ""]
    assert "no aplica" in board(world)[second]["Detalle"]
    assert any("ya no viene" in mail for mail in mails_to(world, BOSS))
    lines = len(world.story(second).history)
    later(world, minutes=5)
    later(world, minutes=5)
    assert len(world.story(second).history) == lines


def test_a_creation_cancelled_once_its_account_exists_leaves_nothing_open(tmp_path: Path) -> None:
    """Nobody got its password: the account is inactive, its seat is the next person's, its person is not locked out."""
    world = World(tmp_path, seats={**NO_SEATS, "STANDARDPACK": 1})
    first, second = people(2)
    world.submit(first, BOSS)
    world.run()
    (request,) = requests(world)
    assert (request.waiting_for, request.facts.account_id is None) == (WaitingFor.SYNC, False)
    choose(world, request.case, "Cancelar", "no viene")
    later(world, minutes=1)
    assert states(world) == [State.CANCELLED]
    directory = world.directory()
    account = directory.find_by_case(request.case)
    assert account is not None
    assert not account.enabled
    directory.close()
    world.submit(second, BOSS)
    world.run_until_quiet()
    assert states(world) == [State.CANCELLED, State.FOLLOWED_UP]
    world.submit(first, BOSS)
    world.run_until_quiet()
    again = requests(world)[-1]
    assert (again.course, again.facts.existing_enabled) == (Course.HAS_ACCOUNT, False)
    access = [mail["To"] for mail in delivered(world.path("correo")) if password_in(mail)]
    assert access == [second[Field.PERSONAL_EMAIL]]


def test_a_choice_changed_while_the_board_could_not_be_written_is_taken(tmp_path: Path) -> None:
    """The agent has the file open: what was chosen first is taken once, what is chosen then is not lost."""
    world = World(tmp_path, seats=NO_SEATS)
    world.submit(CONTRACTOR, BOSS)
    world.run()
    (request,) = requests(world)
    choose(world, request.case, "Reintentar")
    lock = tmp_path / ".~lock.seguimiento.xlsx#"
    lock.write_text(",agente,equipo,,;")
    assert later(world, minutes=20).exit_code == COULD_NOT_RUN
    assert later(world, minutes=20).exit_code == COULD_NOT_RUN
    assert sum("Reintento" in told.title for told in world.story(request.case).history) == 1
    lock.unlink()
    choose(world, request.case, "Cancelar")
    later(world, minutes=20)
    assert states(world) == [State.CANCELLED]
    assert board(world)[request.case]["Acción"] == ""


def test_retry_goes_on_once_what_was_wrong_is_mended(tmp_path: Path) -> None:
    """A group that does not exist holds the request and says so; created and retried, it ends; exit 1, then 0."""
    world = World(tmp_path)
    groups = {group for rules in world.policy.accounts.values() for group in rules.groups}
    file = world.path("directorio.db")
    file.unlink()
    ous = [rules.ou.replace("{unit_ou}", unit.ou) for rules in world.policy.accounts.values() for unit in world.policy.units]
    chief = SeededAccount("jefe.ogi", "Jefe OGI", BOSS, ous[0])
    seed(file, base_dn=BASE_DN, ous=ous, groups=[], accounts=[chief])
    world.submit(CONTRACTOR, BOSS)
    assert world.run().exit_code == 1
    (request,) = requests(world)
    assert request.state is State.NEEDS_ATTENTION
    assert "grupo" in board(world)[request.case]["Detalle"]
    assert later(world, hours=5).exit_code == 0
    units = [group for unit in world.policy.units for group in unit.groups]
    seed(file, base_dn=BASE_DN, ous=[], groups=[*groups, *units])
    choose(world, request.case, "Reintentar")
    world.run_until_quiet()
    assert states(world) == [State.FOLLOWED_UP]


def test_an_invalid_matrix_stops_the_run_and_loses_nothing(tmp_path: Path) -> None:
    """Nothing is entered or decided with it; mended, the same responses are attended."""
    world = World(tmp_path)
    world.submit(CONTRACTOR, BOSS)
    good = world.path("matriz.csv").read_text(encoding="utf-8")
    world.path("matriz.csv").write_text(good.replace("Jefe de área", "Jefe de nada"), encoding="utf-8")
    with pytest.raises(CannotRun, match="Fila 3"):
        world.run()
    assert requests(world) == []
    world.path("matriz.csv").write_text(good, encoding="utf-8")
    world.run_until_quiet()
    assert states(world) == [State.FOLLOWED_UP]


def test_a_form_that_cannot_be_read_stops_nobody_who_waits(tmp_path: Path) -> None:
    """Exit 2 and the problem by name; the request that waited for the cloud ends all the same; nobody is forgotten."""
    world = World(tmp_path)
    world.submit(CONTRACTOR, BOSS)
    world.run()
    world.path("respuestas.csv").rename(tmp_path / "aparte.csv")
    report = later(world, minutes=40)
    assert report.exit_code == COULD_NOT_RUN
    assert "respuestas.csv" in str(report.problems[0])
    for _ in range(5):
        later(world, minutes=20)
    assert states(world) == [State.FOLLOWED_UP]
    (tmp_path / "aparte.csv").rename(world.path("respuestas.csv"))
    world.submit(EMPLOYEE, "talento.humano@upme.gov.co")
    world.run_until_quiet()
    assert states(world) == [State.FOLLOWED_UP, State.FOLLOWED_UP]


def test_a_system_that_is_down_stops_only_what_needs_it(tmp_path: Path) -> None:
    """No directory: the refused request is answered all the same; with the directory back the other one ends."""
    world = World(tmp_path)
    file = world.path("directorio.db")
    file.rename(tmp_path / "apagado")
    for answers in people(3):
        world.submit(answers, BOSS)
    world.submit(EMPLOYEE, "extrano@gmail.com")
    report = world.run()
    assert report.exit_code == COULD_NOT_RUN
    assert len(report.problems) == 1
    assert states(world) == [State.WAITING] * 3 + [State.REFUSED]
    assert {request.waiting_for for request in requests(world)[:3]} == {WaitingFor.RETRY}
    assert "directorio" in board(world)["GU-2026-000003"]["Detalle"]
    (tmp_path / "apagado").rename(file)
    world.run_until_quiet()
    assert states(world) == [State.FOLLOWED_UP] * 3 + [State.REFUSED]


def by_smtp(world: World, host: str, port: int, **others: str) -> None:
    """Mails leave through this server."""
    world.sections = {"mail": {"kind": "smtp", "host": host, "port": port, "security": "none", "timeout_seconds": 5, **others}}


@pytest.mark.exim
def test_a_personal_address_that_takes_no_mail_is_asked_about(tmp_path: Path, exim: Exim) -> None:
    """Exim says 550: the requester is asked for another address, and the access data goes there, with a fresh password."""
    world = World(tmp_path)
    (tmp_path / "clave").write_text(exim.password, encoding="utf-8")
    (tmp_path / "clave").chmod(0o600)
    by_smtp(world, exim.host, exim.port, security="starttls", user=exim.user, password_file="clave", ca_file=str(exim.ca_file))
    response = world.submit({**CONTRACTOR, Field.PERSONAL_EMAIL: "noexiste@correo.example"}, BOSS)
    world.run_until_quiet(most=8)
    (request,) = requests(world)
    assert (request.state, request.course) == (State.NEEDS_CORRECTION, Course.CORRECT)
    (asked,) = exim.messages(BOSS)
    assert "noexiste@correo.example" in asked.as_string() or "=" in asked.as_string()
    later(world, hours=1)
    world.submit(CONTRACTOR, BOSS, response_id=response)
    world.run_until_quiet()
    assert states(world) == [State.FOLLOWED_UP]
    (access,) = exim.messages("jose.munoz@gmail.com")
    password = password_in(access)
    assert password is not None
    directory = world.directory()
    directory.change_password("jose.munoz", password, "Otra-Clave-Distinta-42")
    directory.close()
    assert len(exim.messages(BOSS)) == 2


def test_a_connection_cut_after_the_mail_was_taken_ends_with_a_password_that_works(
    tmp_path: Path, hostile_smtp: HostileSmtp
) -> None:
    """Whether it arrived cannot be known: a fresh password goes out later, and only the last one works."""
    server = hostile_smtp(Faults(drops_at="DATA"))
    world = World(tmp_path)
    by_smtp(world, server.host, server.port)
    world.submit(CONTRACTOR, BOSS)
    world.run_until_quiet(most=7)
    (request,) = requests(world)
    assert (request.state, request.waiting_for) == (State.WAITING, WaitingFor.RETRY)
    assert len(server.accepted) >= 1
    world.sections = {}
    world.run_until_quiet()
    assert states(world) == [State.FOLLOWED_UP]
    (access,) = [mail for mail in delivered(world.path("correo")) if password_in(mail)]
    directory = world.directory()
    directory.change_password("jose.munoz", password_in(access) or "", "Otra-Clave-Distinta-42")
    directory.close()
