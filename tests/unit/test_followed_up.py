"""FOLLOWED_UP: attended and reported, while the first use of access data, or a day of return, is still watched."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from config.dates import start_of_day
from config.vocabulary import CaseNumber, HoldReason, Operation
from provision.procedure import sla
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.desk import DeskAction
from provision.procedure.facts import Facts, Pickup
from provision.procedure.model import Advance, Done, EntryKind, Failed, HoldLifted, NotYet, Resubmitted, State
from provision.procedure.operations import pickup_times
from provision.procedure.submission import Submission
from tests.cases import (
    BOSS,
    CESSION,
    DEFECTIVE,
    EVERY_OPERATION,
    GRANTED,
    NOW,
    RESET,
    RETIREMENT,
    contractor,
    inactive,
    policy,
    rules,
)
from tests.unit.advancing import acts_until_the_end, admitted, at_rest, begun, driven_to, run_to, says, settle

TUESDAY = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
"""07:30 in Bogota on the business day after NOW."""
REMIND_AT = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)
REVOKE_AT = datetime(2026, 12, 3, 12, 30, tzinfo=UTC)
USED = Done(Facts(pickup=Pickup.USED, first_used_at=TUESDAY - timedelta(hours=3)))
OVER = Done(Facts(pickup=Pickup.OVER))
NOT_USED = Done()


def to_the_end(content: Submission) -> Advance:
    """A request that everybody said yes to, until nothing more can happen at that moment."""
    return run_to(None, driven_to(Act.CLOSE_TICKET, content))


def watched(content: Submission | None = None) -> Advance:
    """A request whose access data went out and was reported."""
    return to_the_end(content or contractor())


@pytest.mark.parametrize("content", [contractor(), CESSION, RESET])
def test_what_sent_access_data_is_followed_up(content: Submission) -> None:
    """Reported, its ticket closed and its clock stopped; the case stays open until the data is used."""
    followed = watched(content).request
    assert (followed.state, followed.attended_at, followed.closed_at) == (State.FOLLOWED_UP, NOW, None)
    assert (followed.waiting_for, followed.wake_at) == (WaitingFor.FIRST_USE, TUESDAY)
    assert not followed.state.closed
    assert followed.reason == "Datos de acceso enviados; el usuario aún no ha ingresado."


def test_nothing_is_watched_where_nothing_was_sent() -> None:
    """A change at next logon, a modification, a retirement: attended is done."""
    sends = {Operation.CREATE, Operation.ASSIGN_CONTRACT}
    others = [each for each in EVERY_OPERATION if each.operation not in sends and each not in {RESET, inactive()}]
    for content in [*others, replace(RESET, on_premises=True)]:
        if getattr(content, "until_date", None) is not None:
            continue
        last = to_the_end(content).request
        assert (last.state, last.attended_at, last.closed_at) == (State.DONE, NOW, NOW), content.operation


def test_the_clock_stops_when_it_was_attended() -> None:
    """However long the user takes: no mark, no due time, the hours as they were."""
    followed = watched().request
    for days in (1, 5, 40):
        clock = sla.measure(followed, rules(NOW + timedelta(days=days)))
        assert (clock.elapsed_hours, clock.due_at, clock.warn_at) == (0, None, None)
    last = settle(begun(followed, at=TUESDAY), USED, TUESDAY).request
    assert (last.closed_at, last.sla) == (TUESDAY, followed.sla)
    assert sla.measure(last, rules(TUESDAY)).elapsed_hours == 0


def test_the_first_look_is_on_the_next_business_morning() -> None:
    """Not a second before; on a Friday it is Monday."""
    followed = watched()
    assert followed.effect is None
    assert begun(followed.request, at=TUESDAY - timedelta(seconds=1)).effect is None
    looked = begun(followed.request, at=TUESDAY)
    assert looked.effect is not None
    assert looked.effect.act is Act.AWAIT_FIRST_USE
    friday = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    assert at_rest(contractor(), friday).request.wake_at == datetime(2026, 11, 30, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("outcome", [USED, OVER])
def test_what_was_used_ends_the_case(outcome: Done) -> None:
    """Used, or nothing left to use: nobody is written to, and the case is done."""
    last = settle(begun(watched().request, at=TUESDAY), outcome, TUESDAY)
    assert last.effect is None
    assert (last.request.state, last.request.closed_at, last.request.attended_at) == (State.DONE, TUESDAY, NOW)
    assert last.entries[-1].kind is EntryKind.END


def test_what_nobody_uses_is_remembered_and_then_revoked() -> None:
    """Looked at again in between, it stays followed up; a reminder, then the revocation and a mail, and the case is done."""
    looking = begun(watched().request, at=TUESDAY)
    again = settle(looking, NotYet(WaitingFor.FIRST_USE, TUESDAY + timedelta(hours=4), "aún no"), TUESDAY)
    assert (again.request.state, again.entries) == (State.FOLLOWED_UP, ())
    assert again.wake_at == TUESDAY + timedelta(hours=4)
    reminded = settle(begun(again.request, at=REMIND_AT), NOT_USED, REMIND_AT)
    assert reminded.effect is not None
    assert reminded.effect.act is Act.MAIL_PICKUP_REMINDER
    second = settle(reminded, Done(), REMIND_AT)
    assert second.request.state is State.FOLLOWED_UP
    assert second.effect is not None
    assert second.effect.step == "AWAIT_FIRST_USE.2"
    revoking = settle(begun(second.request, at=REVOKE_AT), NOT_USED, REVOKE_AT)
    assert revoking.effect is not None
    assert revoking.effect.act is Act.REVOKE_ACCESS
    told = settle(revoking, Done(Facts(pickup=Pickup.REVOKED)), REVOKE_AT)
    assert acts_until_the_end(told, REVOKE_AT) == [Act.MAIL_ACCESS_REVOKED]
    assert run_to(None, told, REVOKE_AT).request.state is State.DONE


def test_used_at_the_last_moment_is_not_revoked() -> None:
    """After the reminder, or at the very revocation: nobody is told that it was."""
    for steps in (3, 4):
        advanced = begun(watched().request, at=REMIND_AT)
        for _ in range(steps - 1):
            advanced = settle(advanced, NOT_USED, REVOKE_AT)
        last = settle(advanced, USED, REVOKE_AT)
        assert (last.effect, last.request.state) == (None, State.DONE)


def test_the_times_of_the_watch_are_business_mornings() -> None:
    """Policy's business days after the day on which the data went out, when the work of the day opens."""
    assert pickup_times(NOW, rules()) == (REMIND_AT, REVOKE_AT)


def test_trouble_while_it_is_watched_keeps_it_followed_up() -> None:
    """A directory that does not answer is a wait; a refusal is for a person, and a retry watches on."""
    looking = begun(watched().request, at=TUESDAY)
    waits = settle(looking, NotYet(WaitingFor.RETRY, TUESDAY + timedelta(minutes=1), "no responde"), TUESDAY)
    assert (waits.request.state, waits.request.pauses) == (State.FOLLOWED_UP, looking.request.pauses)
    held = settle(looking, Failed("rechazado"), TUESDAY)
    assert (held.request.state, held.request.attended_at, held.effect) == (State.NEEDS_ATTENTION, NOW, None)
    anew = begun(held.request, says(DeskAction.RETRY), at=TUESDAY)
    assert anew.request.state is State.FOLLOWED_UP
    assert anew.effect is not None
    assert anew.effect.act in {Act.AWAIT_FIRST_USE, Act.FIND_EXISTING_ACCOUNT}


def test_a_change_of_the_answers_comes_too_late() -> None:
    """It was attended: what the case did is what it did, and the story says so."""
    followed = watched()
    for content in (contractor("999"), contractor(personal_email="otro@correo.example"), DEFECTIVE):
        late = begun(followed.request, Resubmitted(content, GRANTED, BOSS))
        assert (late.request, late.effect, late.wake_at) == (followed.request, None, followed.wake_at)
        assert [entry.title for entry in late.entries] == ["Señal tardía"]


def test_who_returns_is_followed_up_until_that_day() -> None:
    """A vacation until Friday: reported when it begins, active again at 00:00 of Saturday in Bogota, and the requester told."""
    away = to_the_end(inactive())
    back = start_of_day(date(2026, 11, 28), policy().zone)
    assert (away.request.state, away.request.attended_at) == (State.FOLLOWED_UP, NOW)
    assert (away.request.waiting_for, away.request.wake_at) == (WaitingFor.RETURN_DATE, back)
    assert away.request.reason == "La cuenta vuelve a estar activa el 28/11/2026."
    assert begun(away.request, at=back - timedelta(seconds=1)).effect is None
    returns = begun(away.request, at=back)
    assert returns.request.state is State.FOLLOWED_UP
    assert acts_until_the_end(returns, back) == [Act.APPLY_HOLDS, Act.MAIL_RETURNED]
    last = run_to(None, returns, back).request
    assert (last.state, last.closed_at, last.attended_at) == (State.DONE, back, NOW)


def test_who_leaves_for_good_does_not_return() -> None:
    """A retirement is done when it is done."""
    assert to_the_end(RETIREMENT).request.state is State.DONE


def lifted(on: date) -> HoldLifted:
    """Another case ended this one's hold."""
    return HoldLifted(on, CaseNumber("GU-2026-000042"))


def test_a_hold_that_another_case_lifts_brings_the_return_forward() -> None:
    """An activation in the middle of a vacation: the account is looked at from that day on, and the case ends."""
    away = to_the_end(inactive())
    wednesday = start_of_day(date(2026, 11, 25), policy().zone)
    told = begun(away.request, lifted(date(2026, 11, 25)), at=NOW + timedelta(hours=1))
    assert (told.request.state, told.effect, told.wake_at) == (State.FOLLOWED_UP, None, wednesday)
    assert told.entries[0].title == "Inactivación levantada"
    assert "GU-2026-000042" in told.entries[0].detail
    back = begun(told.request, at=wednesday)
    assert acts_until_the_end(back, wednesday) == [Act.APPLY_HOLDS, Act.MAIL_RETURNED]


def test_a_hold_lifted_today_returns_today_and_one_lifted_later_changes_nothing() -> None:
    """The earlier of its own last day and the day on which it was lifted counts."""
    away = to_the_end(inactive())
    assert acts_until_the_end(begun(away.request, lifted(date(2026, 11, 23)))) == [Act.APPLY_HOLDS, Act.MAIL_RETURNED]
    later = begun(away.request, lifted(date(2026, 12, 24)))
    assert (later.effect, later.wake_at) == (None, away.wake_at)


def test_a_hold_lifted_before_it_begins() -> None:
    """A vacation of next week that an activation calls off goes through its days without waiting for the return."""
    scheduled = at_rest(inactive(HoldReason.VACATION, date(2026, 12, 1), date(2026, 12, 4)))
    begins = start_of_day(date(2026, 12, 1), policy().zone)
    assert (scheduled.request.state, scheduled.request.waiting_for) == (State.WAITING, WaitingFor.FROM_DATE)
    told = begun(scheduled.request, lifted(date(2026, 12, 1)))
    assert (told.request.state, told.wake_at) == (State.WAITING, begins)
    waits = begun(told.request, at=begins)
    last = run_to(None, begun(waits.request, admitted(waits.request), at=begins), begins).request
    assert (last.state, last.closed_at) == (State.DONE, begins)


def test_a_lifted_hold_says_nothing_to_a_closed_case() -> None:
    """Late is late."""
    last = to_the_end(RETIREMENT).request
    late = begun(last, lifted(date(2026, 11, 25)))
    assert (late.request, [entry.title for entry in late.entries]) == (last, ["Señal tardía"])


def test_a_lifted_hold_does_not_wake_what_a_person_holds() -> None:
    """It is known when the desk lets it go on, and until then nothing moves and nothing spins."""
    wanted = driven_to(Act.END_SESSIONS, inactive())
    held = settle(wanted, Failed("rechazado"))
    told = begun(held.request, lifted(date(2026, 11, 24)))
    assert (told.request.state, told.request.wake_at, told.effect) == (State.NEEDS_ATTENTION, None, None)
    assert told.request.facts.hold_lifted_on == date(2026, 11, 24)
