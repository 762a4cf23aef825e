"""`advance`, by example: what a request does when its effects settle, the desk acts, and time passes."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from config.dates import end_of_day, start_of_day
from config.vocabulary import AccountType, CaseNumber
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.facts import Facts
from provision.procedure.lifecycle import open_request
from provision.procedure.model import (
    Advance,
    CorrectionAsked,
    Course,
    DeskAsked,
    Diverted,
    Failed,
    NotYet,
    State,
    StepKey,
    SteppedBack,
)
from provision.procedure.submission import Problem
from tests.cases import DEFECTIVE, NOW, REFUSED, contractor, opened, policy, received, rules
from tests.unit.advancing import acts_until_the_end, begun, run_to, settle

HOUR = timedelta(hours=1)


def test_a_creation_goes_through_the_activities_in_order() -> None:
    """Ticket, nobody has the account, seat, name, account, sync, licence, mailbox, access data, report, close."""
    last = run_to(None, begun(opened().request))
    assert acts_until_the_end(begun(opened().request)) == [
        Act.REGISTER_TICKET,
        Act.FIND_EXISTING_ACCOUNT,
        Act.RESERVE_SEAT,
        Act.RESERVE_NAME,
        Act.CREATE_ACCOUNT,
        Act.AWAIT_SYNC,
        Act.ASSIGN_LICENCE,
        Act.AWAIT_MAILBOX,
        Act.ISSUE_ACCESS,
        Act.REPORT,
        Act.CLOSE_TICKET,
    ]
    assert (last.request.state, last.request.attended_at, last.request.closed_at) == (State.FOLLOWED_UP, NOW, None)


def test_an_account_type_without_a_mailbox_skips_seat_and_cloud() -> None:
    """No licence in the policy: no seat, no synchronisation, no licence, no mailbox."""
    acts = acts_until_the_end(begun(opened(1, contractor(account_type=AccountType.OPERATOR)).request))
    assert not {Act.RESERVE_SEAT, Act.AWAIT_SYNC, Act.ASSIGN_LICENCE, Act.AWAIT_MAILBOX} & set(acts)
    assert acts[-3:] == [Act.ISSUE_ACCESS, Act.REPORT, Act.CLOSE_TICKET]


@pytest.mark.parametrize(
    ("advanced", "mail", "ends"),
    [
        (opened(1, authorisation=REFUSED), Act.MAIL_REFUSAL, State.REFUSED),
        (opened(1, DEFECTIVE, REFUSED), Act.MAIL_REFUSAL, State.REFUSED),
        (open_request(received(duplicate_of=CaseNumber("GU-2026-000009")), rules()), Act.MAIL_DUPLICATE, State.DUPLICATE),
    ],
)
def test_what_is_not_attended_is_told_and_closed(advanced: Advance, mail: Act, ends: State) -> None:
    """Refused (even when defective) or a twin: registered, told once, closed; nothing is done in the directory."""
    acts = acts_until_the_end(begun(advanced.request))
    assert [act for act in acts if act is not Act.RELEASE_RESERVATIONS] == [Act.REGISTER_TICKET, mail, Act.CLOSE_TICKET]
    assert run_to(None, begun(advanced.request)).request.state is ends


@pytest.mark.parametrize(
    "trouble",
    [NotYet(WaitingFor.RETRY, NOW + HOUR, "El servidor no responde."), Failed("El servidor rechazó el correo.")],
)
@pytest.mark.parametrize("act", [Act.REGISTER_TICKET, Act.MAIL_REFUSAL, Act.CLOSE_TICKET])
def test_trouble_on_the_way_never_becomes_the_reason_of_a_refusal(trouble: NotYet | Failed, act: Act) -> None:
    """What the requester is told is why it was refused, whatever failed before the mail went out."""
    stuck = settle(run_to(act, begun(opened(1, authorisation=REFUSED).request)), trouble)
    assert stuck.request.reason in {"El servidor no responde.", "El servidor rechazó el correo."}
    again = begun(stuck.request, DeskAsked("Reintentar", "mesa"))
    assert act in acts_until_the_end(again)
    for wanted in (again, run_to(None, again)):
        assert wanted.request.because == REFUSED.reason
    assert run_to(None, again).request.reason == REFUSED.reason


def test_waiting_says_for_what_once_and_looks_again_when_told() -> None:
    """A wait is told once however often it is repeated, and the request wakes at its date or at the clock's next mark."""
    wanted = run_to(Act.AWAIT_SYNC, begun(opened().request))
    waiting = settle(wanted, NotYet(WaitingFor.SYNC, NOW + timedelta(minutes=5), "aún no"))
    assert (waiting.request.state, waiting.request.waiting_for) == (State.WAITING, WaitingFor.SYNC)
    assert waiting.wake_at == NOW + timedelta(minutes=5)
    assert waiting.effect == wanted.effect
    again = settle(waiting, NotYet(WaitingFor.SYNC, NOW + timedelta(minutes=10), "aún no"))
    assert (again.entries, again.wake_at) == ((), NOW + timedelta(minutes=10))
    assert settle(again).request.waiting_for is None


def test_what_failed_for_good_waits_for_a_person_alone() -> None:
    """Nothing is wanted and nothing wakes it but its clock; a retry begins the same step in a new round."""
    wanted = run_to(Act.CREATE_ACCOUNT, begun(opened().request))
    held = settle(wanted, Failed("La OU no existe."))
    assert (held.request.state, held.effect, held.request.wake_at) == (State.NEEDS_ATTENTION, None, None)
    assert held.request.reason == "La OU no existe."
    assert begun(held.request, at=NOW + timedelta(days=400)).effect is None
    retried = begun(held.request, DeskAsked("Reintentar", "Mesa de servicio", "ya existe"))
    assert retried.effect is not None
    assert wanted.effect is not None
    assert retried.effect.act in {Act.FIND_EXISTING_ACCOUNT, Act.CREATE_ACCOUNT}
    assert retried.effect.key != wanted.effect.key
    assert retried.request.done >= wanted.request.done
    assert "ya existe" in retried.entries[0].detail


def test_a_name_lost_to_somebody_else_is_reserved_anew() -> None:
    """The earlier step is wanted again in a new round, and its facts are forgotten."""
    stepped = settle(run_to(Act.CREATE_ACCOUNT, begun(opened().request)), SteppedBack(Act.RESERVE_NAME, "ocupado"))
    assert (stepped.request.facts.login, stepped.request.facts.mail_address) == (None, None)
    acts = acts_until_the_end(stepped)
    assert [act for act in acts if act is not Act.FIND_EXISTING_ACCOUNT][:2] == [Act.RESERVE_NAME, Act.CREATE_ACCOUNT]


def test_a_person_with_an_account_gets_no_second_one() -> None:
    """The case takes the course that tells it, gives back what was reserved, and closes."""
    wanted = run_to(Act.FIND_EXISTING_ACCOUNT, begun(opened().request))
    found = Diverted(Course.HAS_ACCOUNT, "Ya tiene la cuenta jmunoz.", facts=Facts(existing_login="jmunoz"))
    turned = settle(wanted, found)
    assert acts_until_the_end(turned) == [Act.RELEASE_RESERVATIONS, Act.MAIL_HAS_ACCOUNT, Act.CLOSE_TICKET]
    last = run_to(None, turned).request
    assert (last.state, last.facts.existing_login, last.because) == (State.DUPLICATE, "jmunoz", "Ya tiene la cuenta jmunoz.")


def test_a_future_contract_is_registered_now_and_attended_one_business_day_before() -> None:
    """Nothing is reserved or made before; at 00:00 of that day in Bogota it goes on, and the clock stood still meanwhile."""
    tuesday_after_holidays = date(2026, 12, 9)  # Tuesday 8 December is a holiday
    advanced = begun(opened(1, contractor(start=tuesday_after_holidays, end=date(2027, 6, 30))).request)
    waiting = run_to(None, advanced)
    begins = start_of_day(date(2026, 12, 7), policy().zone)
    assert (waiting.request.waiting_for, waiting.request.wake_at) == (WaitingFor.START_DATE, begins)
    assert StepKey(Act.REGISTER_TICKET) in waiting.request.done
    assert begun(waiting.request, at=begins - timedelta(seconds=1)).effect is None
    at_last = begun(waiting.request, at=begins)
    assert at_last.effect is not None
    assert at_last.effect.act is Act.RESERVE_SEAT
    assert at_last.request.pauses[0].why is WaitingFor.START_DATE


def test_a_contract_that_ends_while_it_waits_needs_a_correction() -> None:
    """At 24:00 of its last day in Bogota, not before; never once the account exists."""
    content = contractor(end=date(2026, 11, 30))
    ends = end_of_day(date(2026, 11, 30), policy().zone)
    seat = run_to(Act.RESERVE_SEAT, begun(opened(1, content).request))
    waiting = settle(seat, NotYet(WaitingFor.SEAT, NOW + timedelta(minutes=15), "sin cupos"))
    assert begun(waiting.request, at=ends - timedelta(seconds=1)).request.course is Course.ATTEND
    turned = begun(waiting.request, at=ends)
    assert turned.request.course is Course.CORRECT
    assert turned.effect is not None
    assert turned.effect.act is Act.MAIL_CORRECTION
    made = settle(run_to(Act.CREATE_ACCOUNT, begun(opened(1, content).request)))
    assert begun(made.request, at=ends + HOUR).request.course is Course.ATTEND


def test_a_request_held_for_a_person_is_not_moved_by_time() -> None:
    """Neither the end of its contract nor a deadline takes it out of the desk's hands, nor hides why it is there."""
    held = settle(
        run_to(Act.RESERVE_NAME, begun(opened(1, contractor(end=date(2026, 11, 30))).request)), Failed("Sin nombres.")
    )
    later = begun(held.request, at=NOW + timedelta(days=60))
    assert (later.request.state, later.request.course, later.request.reason) == (
        State.NEEDS_ATTENTION,
        Course.ATTEND,
        "Sin nombres.",
    )


@pytest.mark.parametrize(
    "action", ["", "Confirmar backup de equipo", "Aprobar", "Rechazar", '=HYPERLINK("x")', "x" * 10_000, "aprobar\n"]
)
def test_an_action_that_does_not_apply_is_answered(action: str) -> None:
    """Whatever the agent typed, the request goes on as it was."""
    wanted = run_to(Act.RESERVE_NAME, begun(opened().request))
    answered = begun(wanted.request, DeskAsked(action, "mesa"))
    assert answered.effect == wanted.effect
    assert [entry.title for entry in answered.entries] == ["Acción no aplicada"]


def test_a_signal_to_a_closed_request_is_noted_and_changes_nothing() -> None:
    """Late is late."""
    last = run_to(None, begun(opened(1, authorisation=REFUSED).request)).request
    late = begun(last, DeskAsked("Reintentar", "mesa"), at=NOW + HOUR)
    assert (late.request, late.effect, late.wake_at) == (last, None, None)
    assert [entry.title for entry in late.entries] == ["Señal tardía"]


def test_a_diversion_to_a_correction_carries_its_problems() -> None:
    """An undeliverable address: the correction asks for exactly that, and the account stays the case's own."""
    wanted = run_to(Act.ISSUE_ACCESS, begun(opened().request))
    problem = Problem("personal_email", "Correo electrónico personal", "no recibe correo.")
    turned = settle(wanted, Diverted(Course.CORRECT, "rechazado", (problem,)))
    assert turned.request.correction == CorrectionAsked((problem,))
    waiting = run_to(None, turned).request
    assert (waiting.state, waiting.facts.account_id) == (State.NEEDS_CORRECTION, "guid-1")
    assert replace(waiting, correction=None).done >= wanted.request.done
