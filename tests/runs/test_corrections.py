"""Whole runs in which something is missing, wrong, late, refused or asked twice (activities 2 and 5; activity B)."""

from pathlib import Path

import pytest

from config.clock import SimulatedClock
from config.vocabulary import CaseNumber
from intake.forms.port import Field
from notify.desk.port import TicketStatus
from provision.directory.embedded_store import SeededAccount, seed
from provision.procedure.acts import WaitingFor
from provision.procedure.model import Course, State
from tests.runs.seen import board, later, mails_to, requests
from tests.secrecy import delivered, password_in
from tests.world import BASE_DN, CONTRACTOR, EMPLOYEE, GENERIC, MONDAY, World

BOSS = "jefe.ogi@upme.gov.co"


def closed_tickets(world: World) -> int:
    """How many of the cases' tickets are closed."""
    tickets = [world.desk().find(request.case) for request in requests(world)]
    return sum(ticket is not None and ticket.status is TicketStatus.CLOSED for ticket in tickets)


def test_a_requester_without_the_right_is_refused_with_the_reason(tmp_path: Path) -> None:
    """One mail with the reason in words, the ticket opened and closed, and nothing in the directory."""
    world = World(tmp_path)
    world.submit(CONTRACTOR, "jefe.ogi+x@upme.gov.co")
    world.run_until_quiet()
    (request,) = requests(world)
    assert request.state is State.REFUSED
    (mail,) = mails_to(world, "jefe.ogi+x@upme.gov.co")
    assert request.because in " ".join(mail.split())
    assert "Fila" not in mail
    assert world.directory().find_by_case(request.case) is None
    assert closed_tickets(world) == 1


def test_a_defective_answer_is_edited_and_the_case_goes_on(tmp_path: Path) -> None:
    """Everything wrong in one mail; the edit of the same response finishes the same case."""
    world = World(tmp_path)
    bad = {**CONTRACTOR, Field.DOCUMENT_NUMBER: "12-ABC", Field.PERSONAL_EMAIL: "jose.munoz arroba gmail"}
    response = world.submit(bad, BOSS)
    world.run()
    (request,) = requests(world)
    assert (request.state, request.waiting_for) == (State.NEEDS_CORRECTION, WaitingFor.REQUESTER)
    (mail,) = mails_to(world, BOSS)
    assert "Número de documento" in mail
    assert "personal" in mail
    assert board(world)[request.case]["Estado"] == "Requiere corrección"
    later(world, hours=3)
    world.submit(CONTRACTOR, BOSS, response_id=response)
    world.run_until_quiet()
    (request,) = requests(world)
    assert request.state is State.FOLLOWED_UP
    assert len(mails_to(world, BOSS)) == 2
    assert closed_tickets(world) == 1


@pytest.mark.parametrize("mail_works", [True, False])
def test_a_new_answer_without_case_number_continues_the_case_in_correction(tmp_path: Path, mail_works: bool) -> None:
    """The same requester for the same person, whether or not the correction could be asked for already."""
    world = World(tmp_path)
    if not mail_works:
        world.path("correo").write_text("no es una carpeta")
    world.submit({**CONTRACTOR, Field.CONTRACT_END: "no sé"}, BOSS)
    assert world.run().exit_code == (0 if mail_works else 2)
    later(world, hours=1)
    if not mail_works:
        world.path("correo").unlink()
    world.submit(CONTRACTOR, BOSS)
    world.run_until_quiet()
    assert [request.state for request in requests(world)] == [State.FOLLOWED_UP]


def test_the_case_number_in_a_new_answer_continues_that_case(tmp_path: Path) -> None:
    """Named by its requester it goes on; named by somebody without the right the case is untouched and theirs is refused."""
    world = World(tmp_path)
    world.submit({**CONTRACTOR, Field.DOCUMENT_NUMBER: "x"}, BOSS)
    world.run()
    named = {**CONTRACTOR, Field.CASE_NUMBER: " gu-2026-000001 "}
    later(world, minutes=20)
    world.submit(named, "extrano@gmail.com")
    later(world, minutes=20)
    assert [request.state for request in requests(world)] == [State.NEEDS_CORRECTION, State.REFUSED]
    world.submit(named, BOSS)
    world.run_until_quiet()
    assert [request.state for request in requests(world)] == [State.FOLLOWED_UP, State.REFUSED]


def test_an_unanswered_correction_is_reminded_and_closed_and_a_late_answer_is_a_new_case(tmp_path: Path) -> None:
    """Two reminders on business days, then closed for no answer; the late answer names the closed case."""
    world = World(tmp_path)
    response = world.submit({**CONTRACTOR, Field.DOCUMENT_NUMBER: "x"}, BOSS)
    world.run()
    for _ in range(9 * 24 // 6):
        later(world, hours=6)
    (request,) = requests(world)
    assert request.state is State.UNANSWERED
    assert len(mails_to(world, BOSS)) == 4
    assert closed_tickets(world) == 1
    world.submit(CONTRACTOR, BOSS, response_id=response)
    world.run_until_quiet()
    old, new = requests(world)
    assert (old.state, new.state, new.follows) == (State.UNANSWERED, State.FOLLOWED_UP, old.case)


def test_a_twin_of_an_open_case_is_closed_as_its_duplicate(tmp_path: Path) -> None:
    """Two requesters, one person: one account."""
    world = World(tmp_path, seats={"STANDARDPACK": 0, "EXCHANGESTANDARD": 2, "SPE_F1": 2})
    world.submit(CONTRACTOR, BOSS)
    world.run()
    later(world, minutes=30)
    world.submit(CONTRACTOR, BOSS)
    later(world, minutes=30)
    first, twin = requests(world)
    assert (first.state, twin.state) == (State.WAITING, State.DUPLICATE)
    assert any(first.case in mail for mail in mails_to(world, BOSS))


@pytest.mark.parametrize("enabled", [True, False])
def test_a_person_who_has_an_account_gets_no_second_one(tmp_path: Path, enabled: bool) -> None:
    """Active or not, the requester is told of it and of what to ask instead."""
    world = World(tmp_path)
    account = SeededAccount(
        "jmunozp",
        "José Muñoz",
        "jmunozp@upme.gov.co",
        "OU=Contratistas,OU=OGI,OU=Usuarios",
        employee_id="0012345678",
        enabled=enabled,
    )
    seed(world.path("directorio.db"), base_dn=BASE_DN, ous=[], groups=[], accounts=[account])
    world.submit(CONTRACTOR, BOSS)
    world.run_until_quiet()
    (request,) = requests(world)
    assert (request.state, request.course, request.facts.existing_login) == (State.DUPLICATE, Course.HAS_ACCOUNT, "jmunozp")
    (mail,) = mails_to(world, BOSS)
    assert ("modificación" if enabled else "activación") in mail
    assert board(world)[request.case]["Cuenta"] == "jmunozp"


@pytest.mark.parametrize(
    ("answers", "field", "label"),
    [(GENERIC, Field.OWNER_EMAIL, "responsable"), (CONTRACTOR, Field.SUPERVISOR_EMAIL, "supervisor")],
)
def test_an_owner_or_supervisor_that_nobody_knows_is_asked_about(
    tmp_path: Path, answers: dict[Field, str], field: Field, label: str
) -> None:
    """Found out when the account is made; corrected, the case goes on with what it had reserved."""
    world = World(tmp_path)
    response = world.submit({**answers, field: "nadie@upme.gov.co"}, BOSS)
    world.run()
    (request,) = requests(world)
    assert request.state is State.NEEDS_CORRECTION
    (mail,) = mails_to(world, BOSS)
    assert label in mail
    assert "nadie@upme.gov.co" in mail
    later(world, hours=1)
    world.submit(answers, BOSS, response_id=response)
    world.run_until_quiet()
    assert [request.state for request in requests(world)] == [State.FOLLOWED_UP]


def test_a_future_contract_waits_for_its_date_on_the_board(tmp_path: Path) -> None:
    """Registered at once, the clock paused, made one business day before, and in time."""
    world = World(tmp_path)
    world.submit({**CONTRACTOR, Field.CONTRACT_START: "09/12/2026"}, BOSS)
    world.run()
    (request,) = requests(world)
    row = board(world)[request.case]
    assert (row["Estado"], row["SLA"]) == ("En espera", "en pausa · 0,0 de 10 h")
    assert "inicio del contrato" in row["En espera de"]
    world.clock = SimulatedClock(request.wake_at or MONDAY)
    world.run_until_quiet()
    (request,) = requests(world)
    assert request.state is State.FOLLOWED_UP
    assert board(world)[request.case]["SLA"].startswith("cumplida")


def test_a_contract_that_ends_while_it_waits_for_a_seat_is_corrected(tmp_path: Path) -> None:
    """No account is made for a contract that is over; its name and seat are free for the next person."""
    world = World(tmp_path, seats={"STANDARDPACK": 0, "EXCHANGESTANDARD": 2, "SPE_F1": 2})
    world.submit({**CONTRACTOR, Field.CONTRACT_END: "24/11/2026"}, BOSS)
    world.run()
    later(world, days=2)
    (request,) = requests(world)
    assert (request.state, request.course) == (State.NEEDS_CORRECTION, Course.CORRECT)
    assert "terminó" in request.reason
    world.seats = {"STANDARDPACK": 1, "EXCHANGESTANDARD": 2, "SPE_F1": 2}
    for _ in range(10):
        later(world, days=1)
    world.submit(EMPLOYEE, "talento.humano@upme.gov.co")
    world.run_until_quiet()
    assert [request.state for request in requests(world)] == [State.UNANSWERED, State.FOLLOWED_UP]


def test_an_edit_after_the_account_is_held_and_new_contact_data_is_used(tmp_path: Path) -> None:
    """Another person in the same response waits for the desk; another personal address gets the access data."""
    world = World(tmp_path)
    response = world.submit(CONTRACTOR, BOSS)
    world.run()
    assert world.directory().find_by_case(CaseNumber("GU-2026-000001")) is not None
    world.clock.advance(world.clock().resolution * 60_000_000)
    world.submit({**CONTRACTOR, Field.DOCUMENT_NUMBER: "7654321"}, BOSS, response_id=response)
    world.run()
    (request,) = requests(world)
    assert request.state is State.NEEDS_ATTENTION
    assert "La respuesta cambió cuando la cuenta ya se había tocado" in board(world)[request.case]["Detalle"]
    world.clock.advance(world.clock().resolution * 60_000_000)
    world.submit({**CONTRACTOR, Field.PERSONAL_EMAIL: "jose.nuevo@correo.example"}, BOSS, response_id=response)
    world.run_until_quiet()
    assert [request.state for request in requests(world)] == [State.FOLLOWED_UP]
    access = [mail for mail in delivered(world.path("correo")) if password_in(mail)]
    assert [mail["To"] for mail in access] == ["jose.nuevo@correo.example"]
