"""«Cancelar»: possible while nothing was done that cannot be taken back, and what is taken back then."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from provision.procedure.acts import Act, WaitingFor
from provision.procedure.desk import DeskAction, actions_of
from provision.procedure.facts import Facts
from provision.procedure.model import Advance, Course, Diverted, Failed, NotYet, State
from provision.procedure.submission import Problem, Submission
from tests.cases import (
    ACTIVATE,
    CESSION,
    CHANGE_OF_ADDRESS,
    DEFECTIVE,
    DELETE,
    EXTENSION,
    MODIFY,
    NOW,
    REFUSED,
    RESET,
    RETIREMENT,
    contractor,
    inactive,
    opened,
    rules,
)
from tests.unit.advancing import acts_until_the_end, at_rest, begun, driven_to, run_to, says, settle

HOUR = timedelta(hours=1)
ON_PREMISES = replace(RESET, on_premises=True)
GIVES_BACK = [Act.RELEASE_RESERVATIONS, Act.MAIL_CANCELLED, Act.CLOSE_TICKET]
LOCKS = [Act.RELEASE_RESERVATIONS, Act.PLACE_HOLD, Act.APPLY_HOLDS, Act.MAIL_CANCELLED, Act.CLOSE_TICKET]
TAKES_BACK = [Act.RELEASE_RESERVATIONS, Act.TAKE_BACK, Act.MAIL_CANCELLED, Act.CLOSE_TICKET]
UNDOES = [Act.RELEASE_RESERVATIONS, Act.TAKE_BACK, Act.MAIL_DELETION_UNDONE, Act.CLOSE_TICKET]


def cancelled(advanced: Advance) -> Advance:
    """The desk cancels it, and says why."""
    return begun(advanced.request, says(DeskAction.CANCEL, "ya no viene"))


@pytest.mark.parametrize(
    ("content", "act", "what_follows"),
    [
        (contractor(), Act.FIND_EXISTING_ACCOUNT, GIVES_BACK),
        (contractor(), Act.RESERVE_SEAT, GIVES_BACK),
        (contractor(), Act.RESERVE_NAME, GIVES_BACK),
        (contractor(), Act.CREATE_ACCOUNT, GIVES_BACK),
        (contractor(), Act.AWAIT_SYNC, LOCKS),
        (contractor(), Act.AWAIT_MAILBOX, LOCKS),
        (contractor(), Act.ISSUE_ACCESS, LOCKS),
        (RESET, Act.CHECK_ACCOUNT, GIVES_BACK),
        (RESET, Act.RESET_ACCESS, GIVES_BACK),
        (ON_PREMISES, Act.ALLOW_CHANGE, GIVES_BACK),
        (CHANGE_OF_ADDRESS, Act.APPROVE, GIVES_BACK),
        (CHANGE_OF_ADDRESS, Act.RECORD_ADDRESS, GIVES_BACK),
        (MODIFY, Act.APPLY_CHANGES, GIVES_BACK),
        (ACTIVATE, Act.END_HOLDS, GIVES_BACK),
        (inactive(), Act.PLACE_HOLD, GIVES_BACK),
        (inactive(), Act.APPLY_HOLDS, TAKES_BACK),
        (inactive(), Act.END_SESSIONS, TAKES_BACK),
        (RETIREMENT, Act.REMOVE_GROUPS, TAKES_BACK),
        (RETIREMENT, Act.REPORT, TAKES_BACK),
        (CESSION, Act.CREATE_ACCOUNT, GIVES_BACK),
        (CESSION, Act.PLACE_HOLD, LOCKS),
        (CESSION, Act.ISSUE_ACCESS, [TAKES_BACK[0], Act.TAKE_BACK, *LOCKS[1:]]),
        (DELETE, Act.APPROVE, GIVES_BACK),
        (DELETE, Act.BACK_UP, UNDOES),
        (DELETE, Act.CONFIRM_PC_BACKUP, UNDOES),
        (DELETE, Act.CONFIRM_PC_WIPE, UNDOES),
        (DELETE, Act.DELETE_ACCOUNT, UNDOES),
    ],
)
def test_what_is_not_irrevocable_can_be_cancelled(content: Submission, act: Act, what_follows: list[Act]) -> None:
    """What was reserved goes back, a hold is taken back, an account that nobody received is locked; the requester is told."""
    wanted = driven_to(act, content)
    assert DeskAction.CANCEL in actions_of(wanted.request, rules())
    turned = cancelled(wanted)
    assert acts_until_the_end(turned) == what_follows
    last = run_to(None, turned).request
    assert (last.state, last.closed_at) == (State.CANCELLED, NOW)
    assert "ya no viene" in last.because


@pytest.mark.parametrize(
    ("content", "act", "why_not"),
    [
        (contractor(), Act.REPORT, "ya existe"),
        (contractor(), Act.CLOSE_TICKET, "ya existe"),
        (CESSION, Act.REPORT, "ya existe"),
        (RESET, Act.END_SESSIONS, "la clave ya se cambió"),
        (ON_PREMISES, Act.END_SESSIONS, "ya se habilitó"),
        (CHANGE_OF_ADDRESS, Act.REPORT, "correo registrado ya se cambió"),
        (MODIFY, Act.SYNCHRONISE, "ya se modificó"),
        (EXTENSION, Act.END_HOLDS, "ya se modificó"),
        (ACTIVATE, Act.APPLY_HOLDS, "ya se activó"),
        (DELETE, Act.SYNCHRONISE, "ya se eliminó"),
        (DELETE, Act.REPORT, "ya se eliminó"),
    ],
)
def test_what_cannot_be_taken_back_is_not_cancelled(content: Submission, act: Act, why_not: str) -> None:
    """The desk reads why not, the action is not offered, and the case goes on as it was."""
    wanted = driven_to(act, content)
    answered = cancelled(wanted)
    assert answered.effect == wanted.effect
    assert (answered.request.course, answered.request.round) == (Course.ATTEND, wanted.request.round)
    assert answered.request.reason.startswith("No se cancela: ")
    assert why_not in answered.request.reason
    assert DeskAction.CANCEL not in actions_of(wanted.request, rules())


def test_what_waits_or_is_held_can_be_cancelled() -> None:
    """A start date, a seat, a correction, a failure: none of them keeps the desk from it."""
    later = at_rest(contractor(start=date(2027, 1, 18), end=date(2027, 12, 31)))
    seat = settle(driven_to(Act.RESERVE_SEAT, contractor()), NotYet(WaitingFor.SEAT, NOW + HOUR, "sin cupos"))
    failed = settle(driven_to(Act.CREATE_ACCOUNT, contractor()), Failed("La OU no existe."))
    states = [State.WAITING, State.WAITING, State.NEEDS_ATTENTION, State.NEEDS_CORRECTION]
    for advanced, state in zip([later, seat, failed, at_rest(DEFECTIVE)], states, strict=True):
        assert advanced.request.state is state
        turned = cancelled(advanced)
        assert acts_until_the_end(turned) == GIVES_BACK
        assert turned.request.pauses == () or turned.request.pauses[-1].until is not None
        assert run_to(None, turned).request.state is State.CANCELLED


def test_an_undeliverable_account_that_waits_for_its_correction_is_locked() -> None:
    """Its temporary password reached nobody: cancelled, it becomes inactive."""
    problem = Problem("personal_email", "Correo electrónico personal", "no recibe correo.")
    refused = Diverted(Course.CORRECT, "rechazado", (problem,))
    waiting = run_to(None, settle(driven_to(Act.ISSUE_ACCESS, contractor()), refused))
    assert waiting.request.state is State.NEEDS_CORRECTION
    assert acts_until_the_end(cancelled(waiting)) == LOCKS


def test_what_was_attended_is_not_cancelled() -> None:
    """While the first use is watched the desk is told to ask for the contrary, and the watch goes on."""
    watched = at_rest(contractor())
    assert watched.request.state is State.FOLLOWED_UP
    answered = cancelled(watched)
    assert "ya se atendió" in answered.request.reason
    assert (answered.request.state, answered.wake_at) == (State.FOLLOWED_UP, watched.wake_at)
    assert actions_of(watched.request, rules()) == ()


def test_what_closes_already_is_not_cancelled() -> None:
    """A refusal on its way to the requester stays a refusal, and so does a cancellation."""
    wanted = run_to(Act.MAIL_REFUSAL, begun(opened(1, authorisation=REFUSED).request))
    answered = cancelled(wanted)
    assert (answered.effect, answered.request.course) == (wanted.effect, Course.REFUSE)
    assert "ya se está cerrando" in answered.request.reason
    twice = cancelled(cancelled(driven_to(Act.RESERVE_NAME, contractor())))
    assert twice.request.round == 2
    assert run_to(None, twice).request.state is State.CANCELLED


def test_a_cancelled_deletion_says_what_came_back_only_when_something_was_done() -> None:
    """Before the hold there is nothing to undo, and the requester is told no more than that it was cancelled."""
    undone = cancelled(driven_to(Act.CONFIRM_PC_WIPE, DELETE, teaches={Act.FIND_COMPUTERS: Facts(computers=("PC-7",))}))
    assert Act.MAIL_DELETION_UNDONE in acts_until_the_end(undone)
    assert Act.MAIL_DELETION_UNDONE not in acts_until_the_end(cancelled(driven_to(Act.PLACE_HOLD, DELETE)))
