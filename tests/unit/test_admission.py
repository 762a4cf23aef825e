"""Admitted and HeldInBatch: nothing that takes something from somebody begins before the run's sum lets it in."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from config.dates import start_of_day
from config.vocabulary import HoldReason
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.desk import DeskAction, needs_attention
from provision.procedure.model import Admitted, Advance, EntryKind, Failed, HeldInBatch, Origin, Resubmitted, State
from provision.procedure.safety import effect_of
from provision.procedure.submission import Submission
from tests.cases import BOSS, CESSION, DELETE, GRANTED, NOW, RETIREMENT, inactive, opened, policy
from tests.unit.advancing import acts_until_the_end, admitted, begun, driven_to, run_to, says, settle

HELD = HeldInBatch("Esta ejecución haría inactivas 12 cuentas y el tope es 10. gestion approve 0123456789ab")
DESTRUCTIVE = [inactive(), RETIREMENT, CESSION, DELETE]


def waiting(content: Submission) -> Advance:
    """A request that waits for the run's sum before it makes an account inactive."""
    advanced = driven_to(Act.APPLY_HOLDS, content)
    assert (advanced.request.state, advanced.request.waiting_for) == (State.WAITING, WaitingFor.ADMISSION)
    return advanced


@pytest.mark.parametrize("content", DESTRUCTIVE)
def test_it_waits_without_a_word_in_its_story(content: Submission) -> None:
    """The wait lasts until the end of the run: neither an effect, nor a date, nor a line for people."""
    advanced = waiting(content)
    assert (advanced.effect, advanced.request.wake_at) == (None, None)
    assert not [entry for entry in advanced.entries if entry.kind is EntryKind.WAIT]


@pytest.mark.parametrize("content", DESTRUCTIVE)
def test_within_the_cap_it_goes_on_at_once(content: Submission) -> None:
    """Nothing is said of it: it is the usual case."""
    stood = waiting(content)
    let_in = begun(stood.request, admitted(stood.request))
    assert let_in.effect is not None
    assert (let_in.effect.act, let_in.entries, let_in.request.reason) == (Act.APPLY_HOLDS, (), "")
    assert let_in.request.round == stood.request.round


def test_a_batch_beyond_the_cap_is_told_and_waits_for_its_approval() -> None:
    """The desk reads which command approves exactly it; then the story says who did."""
    stood = waiting(RETIREMENT)
    held = begun(stood.request, HELD)
    assert (held.request.state, held.request.waiting_for, held.request.reason) == (
        State.WAITING,
        WaitingFor.ADMISSION,
        HELD.why,
    )
    assert [(entry.title, entry.kind) for entry in held.entries] == [("Lote detenido", EntryKind.PROBLEM)]
    assert begun(held.request, at=NOW + timedelta(days=30)).effect is None
    assert begun(held.request, at=NOW + timedelta(days=30)).request.reason == HELD.why
    word = Admitted(effect_of(held.request).line, "Lote 0123456789ab aprobado por jefe@entidad.gov.co.")
    approved = begun(held.request, word)
    assert approved.effect is not None
    assert approved.effect.act is Act.APPLY_HOLDS
    assert [(entry.title, entry.kind) for entry in approved.entries] == [("Lote aprobado", EntryKind.DECISION)]
    assert "jefe@entidad.gov.co" in approved.entries[0].detail


def test_the_word_is_for_exactly_what_was_counted() -> None:
    """Dates or an account changed by an edit meanwhile: it is counted again, and the former word lets nothing in."""
    stood = waiting(inactive())
    word = admitted(stood.request)
    other = inactive(HoldReason.VACATION, date(2026, 11, 23), date(2027, 1, 15))
    edited = run_to(None, begun(stood.request, Resubmitted(other, GRANTED, BOSS)))
    assert edited.request.waiting_for is WaitingFor.ADMISSION
    late = begun(edited.request, word)
    assert (late.effect, late.request.waiting_for) == (None, WaitingFor.ADMISSION)
    assert late.entries[0].title == "Señal tardía"
    assert begun(late.request, admitted(late.request)).effect is not None


def test_an_edit_after_the_word_is_counted_again() -> None:
    """Let in, but not begun (its first day has not come): other dates are not what was let in."""
    stood = waiting(inactive())
    edited = begun(
        stood.request,
        admitted(stood.request),
        Resubmitted(inactive(until_date=date(2027, 3, 1)), GRANTED, BOSS),
    )
    assert run_to(None, edited).request.waiting_for is WaitingFor.ADMISSION


def test_a_retry_counts_nothing_twice() -> None:
    """What was let in stays let in through the failures of its steps."""
    stood = waiting(DELETE)
    failed = settle(begun(stood.request, admitted(stood.request)), Failed("El directorio lo rechazó."))
    assert failed.request.state is State.NEEDS_ATTENTION
    anew = run_to(Act.APPLY_HOLDS, begun(failed.request, says(DeskAction.RETRY)))
    assert anew.request.state is State.IN_PROGRESS
    not_let_in = begun(stood.request, says(DeskAction.RETRY))
    assert run_to(None, not_let_in).request.waiting_for is WaitingFor.ADMISSION


def test_the_day_comes_before_the_count() -> None:
    """What begins on 1 December is counted in the run of that day, not when it was asked for."""
    scheduled = run_to(None, begun(opened(1, inactive(from_date=date(2026, 12, 1), until_date=None)).request))
    assert scheduled.request.waiting_for is WaitingFor.FROM_DATE
    begins = start_of_day(date(2026, 12, 1), policy().zone)
    on_that_day = begun(scheduled.request, at=begins)
    assert on_that_day.request.waiting_for is WaitingFor.ADMISSION


def test_an_approved_campaign_needs_no_other_word() -> None:
    """Its plan was approved with its own hash and cap."""
    campaign = replace(opened(1, RETIREMENT).request, origin=Origin.CAMPAIGN)
    assert Act.APPLY_HOLDS in acts_until_the_end(begun(campaign))


def test_the_way_back_is_no_destruction() -> None:
    """A return, an activation and the lock of an undelivered account wait for nobody's sum."""
    away = run_to(None, driven_to(Act.CLOSE_TICKET, inactive()))
    back = away.request.wake_at
    assert back is not None
    assert acts_until_the_end(begun(away.request, at=back), back)[0] is Act.APPLY_HOLDS


def test_a_word_that_comes_too_late() -> None:
    """Cancelled meanwhile, the batch's approval changes nothing of how it ends."""
    stood = waiting(RETIREMENT)
    cancelled = begun(stood.request, says(DeskAction.CANCEL), admitted(stood.request))
    assert run_to(None, cancelled).request.state is State.CANCELLED
    last = run_to(None, cancelled).request
    for word in (admitted(stood.request), HELD):
        late = begun(last, word)
        assert (late.request, late.entries[0].title) == (last, "Señal tardía")


def test_a_word_does_not_take_a_case_out_of_a_persons_hands() -> None:
    """Held by the desk meanwhile, it stays there; let go on, it need not be counted again."""
    stood = waiting(RETIREMENT)
    held = replace(needs_attention(stood.request, "Error interno."), round=stood.request.round)
    told = begun(held, admitted(held))
    assert (told.request.state, told.effect, told.request.reason) == (State.NEEDS_ATTENTION, None, "Error interno.")
    assert Act.APPLY_HOLDS in acts_until_the_end(begun(told.request, says(DeskAction.RETRY)))
