"""Corrections: what an edit or a new answer does to a case, and what happens without one (activity 5; activity B)."""

from dataclasses import fields, replace
from datetime import date, datetime, timedelta

import pytest

from config.dates import end_of_day, start_of_day
from config.vocabulary import AccountType
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.lifecycle import advance
from provision.procedure.model import Advance, Course, DeskAsked, Done, Failed, Request, Resubmitted, Settled, State, StepKey
from provision.procedure.resubmission import CONTACT_FIELDS, changed_identity, concerns
from provision.procedure.submission import CreatePersonalAccount, Defective, Submission, Target
from tests.cases import (
    ACTIVATE,
    BOSS,
    CESSION,
    DEFECTIVE,
    DELETE,
    GENERIC,
    GRANTED,
    MODIFY,
    NOW,
    REFUSED,
    RESET,
    contractor,
    inactive,
    opened,
    policy,
    rules,
    rules_of,
    taught_by,
)
from tests.unit.advancing import driven_to

OPENING = timedelta(hours=7, minutes=30)


def edit(content: Submission | Defective, *, granted: bool = True) -> Resubmitted:
    """The response again, decided again."""
    return Resubmitted(content, GRANTED if granted else REFUSED, BOSS)


def on(request: Request, *signals: Resubmitted, at: datetime = NOW) -> Advance:
    """What the request decides."""
    return advance(request, signals, rules(at))


def settle(advanced: Advance, at: datetime, outcome: Done | Failed | None = None) -> Advance:
    """The wanted effect is done, or what is said of it."""
    assert advanced.effect is not None
    done = outcome or Done(taught_by(advanced.effect, at))
    return advance(advanced.request, [Settled(advanced.effect, done)], rules(at))


def at_rest(advanced: Advance, at: datetime = NOW, until: Act | None = None) -> Request:
    """Every effect done, until this act is wanted or nothing is."""
    while advanced.effect is not None and advanced.effect.act is not until:
        advanced = settle(advanced, at)
    return advanced.request


def in_correction(at: datetime = NOW) -> Request:
    """A case whose requester was asked for a correction."""
    return at_rest(on(opened(1, DEFECTIVE, at=at).request, at=at), at)


def with_account() -> Request:
    """A case whose account exists and whose access data is about to go out."""
    return at_rest(on(opened().request), until=Act.ISSUE_ACCESS)


def test_a_correction_is_asked_once_and_waits_with_the_clock_paused() -> None:
    """Registered, asked, and then only the requester or a date moves it."""
    request = in_correction()
    assert (request.state, request.waiting_for) == (State.NEEDS_CORRECTION, WaitingFor.REQUESTER)
    assert request.correction is not None
    assert request.correction.asked_at == NOW
    assert request.correction.problems == DEFECTIVE.problems
    assert request.pauses[-1].until is None
    assert request.reason == "Número de documento: tiene letras."


def test_reminders_and_deadline_fall_on_business_days() -> None:
    """Asked on Friday 4 December: reminders on Wednesday 9 (Tuesday 8 is a holiday) and Friday 11, closed after Monday 14."""
    friday = datetime(2026, 12, 4, 20, 0, tzinfo=NOW.tzinfo)
    request, zone = in_correction(friday), policy().zone
    told = []
    for _ in range(10):
        wakes = request.wake_at
        if request.state.closed or wakes is None:
            break
        wanted = on(request, at=wakes)
        if wanted.effect is not None:
            told.append((wanted.effect.act, wakes))
        request = at_rest(wanted, wakes)
    assert told == [
        (Act.MAIL_REMINDER, start_of_day(date(2026, 12, 9), zone) + OPENING),
        (Act.MAIL_REMINDER, start_of_day(date(2026, 12, 11), zone) + OPENING),
        (Act.RELEASE_RESERVATIONS, end_of_day(date(2026, 12, 14), zone)),
    ]
    assert (request.state, request.course) == (State.UNANSWERED, Course.UNANSWERED)
    assert "plazo" in request.because


def test_reminders_missed_while_the_poller_was_off_are_not_sent_in_a_row() -> None:
    """After a week of silence one reminder is due, or none if the deadline has passed."""
    request = in_correction()
    zone = policy().zone
    friday = start_of_day(date(2026, 11, 27), zone) + timedelta(hours=9)
    wanted = on(request, at=friday)
    assert wanted.effect is not None
    assert wanted.effect.step == "MAIL_REMINDER.r1.2"
    assert at_rest(wanted, friday).wake_at == end_of_day(date(2026, 11, 30), zone)
    late = on(request, at=NOW + timedelta(days=30))
    assert late.request.course is Course.UNANSWERED


def test_an_answer_at_the_last_moment_goes_on_with_the_case() -> None:
    """The deadline and the answer found in one run: the answer wins."""
    request = in_correction()
    late = on(request, edit(contractor()), at=NOW + timedelta(days=30))
    assert late.request.course is Course.ATTEND


def test_a_corrected_answer_goes_on_where_the_case_stood() -> None:
    """The ticket is not opened again; the clock runs on; nothing of the correction is left."""
    request = in_correction()
    wanted = on(request, edit(contractor()), at=NOW + timedelta(hours=5))
    assert wanted.effect is not None
    assert wanted.effect.act is Act.FIND_EXISTING_ACCOUNT
    assert (wanted.request.correction, wanted.request.reason, wanted.request.round) == (None, "", 2)
    assert wanted.request.pauses[-1].until == NOW + timedelta(hours=5)
    assert at_rest(wanted).state is State.FOLLOWED_UP


def test_a_second_defective_answer_is_asked_about_again() -> None:
    """Another mail with the new problems, and a new deadline."""
    again = on(in_correction(), edit(DEFECTIVE), at=NOW + timedelta(days=1))
    assert again.effect is not None
    assert again.effect.step == "MAIL_CORRECTION.r2"
    request = at_rest(again, NOW + timedelta(days=1))
    assert request.correction is not None
    assert request.correction.deadline == end_of_day(date(2026, 12, 1), policy().zone)


def test_an_edit_before_the_account_reserves_for_the_new_person() -> None:
    """Name and seat are looked at again; ticket and round go on."""
    request = at_rest(on(opened().request), until=Act.CREATE_ACCOUNT)
    turned = on(request, edit(contractor("1000001", given_names="Ana")))
    assert {StepKey(Act.RESERVE_NAME), StepKey(Act.RESERVE_SEAT)}.isdisjoint(turned.request.done)
    assert turned.request.facts.login is None
    assert StepKey(Act.REGISTER_TICKET) in turned.request.done
    acts = []
    while turned.effect is not None:
        acts.append(turned.effect.act)
        turned = settle(turned, NOW)
    assert acts[:4] == [Act.FIND_EXISTING_ACCOUNT, Act.RESERVE_SEAT, Act.RESERVE_NAME, Act.CREATE_ACCOUNT]


def test_contact_data_may_change_at_any_time() -> None:
    """The access data goes to the new address, and no step is taken twice for it."""
    turned = on(with_account(), edit(contractor("1000001", personal_email="nuevo@correo.example")))
    assert isinstance(turned.request.content, CreatePersonalAccount)
    assert turned.request.content.personal_email == "nuevo@correo.example"
    acts = [turned.effect.act if turned.effect else None]
    following = settle(turned, NOW).effect
    acts.append(following.act if following else None)
    assert acts == [Act.FIND_EXISTING_ACCOUNT, Act.ISSUE_ACCESS]


@pytest.mark.parametrize("content", [contractor("999"), contractor(given_names="Otra"), GENERIC, RESET, CESSION])
def test_an_edit_of_whose_account_it_is_is_held_once_it_exists(content: Submission) -> None:
    """The desk decides; the case keeps the answers that the account was made from."""
    request = with_account()
    held = on(request, edit(content))
    assert (held.request.state, held.effect) == (State.NEEDS_ATTENTION, None)
    assert held.request.content == request.content
    assert "La respuesta cambió cuando la cuenta ya se había tocado" in held.request.reason


def test_an_edit_that_is_not_authorised_closes_the_case_before_the_account_and_is_held_after() -> None:
    """The decision is made again on the new answers."""
    refused = on(in_correction(), edit(contractor(), granted=False))
    assert refused.request.course is Course.REFUSE
    assert at_rest(refused).state is State.REFUSED
    held = on(with_account(), edit(contractor(), granted=False))
    assert held.request.state is State.NEEDS_ATTENTION
    assert held.request.authorisation == GRANTED


def test_a_defective_edit_after_the_account_exists_keeps_the_answers() -> None:
    """It is asked about, and the good answers stay."""
    request = with_account()
    asked = on(request, edit(DEFECTIVE))
    assert asked.request.course is Course.CORRECT
    assert asked.request.content == request.content


def test_a_creation_that_becomes_another_request_gives_back_what_it_had() -> None:
    """Seat and name go to somebody else, and so does the seat of a type that has no mailbox."""
    reserved = at_rest(on(opened().request), until=Act.CREATE_ACCOUNT)
    for content in (RESET, MODIFY, inactive(), DELETE, contractor(account_type=AccountType.OPERATOR)):
        acts, turned = [], on(reserved, edit(content))
        while turned.effect is not None:
            acts.append(turned.effect.act)
            turned = settle(turned, NOW)
        assert Act.RELEASE_RESERVATIONS in acts, content
        if Act.RESERVE_NAME in acts:
            assert acts.index(Act.RELEASE_RESERVATIONS) < acts.index(Act.RESERVE_NAME)


def test_a_held_case_goes_on_with_a_good_answer() -> None:
    """Whatever it was held for, a new answer is a new beginning."""
    wanted = on(opened(1, DEFECTIVE).request)
    wanted = settle(wanted, NOW)
    held = settle(wanted, NOW, Failed("El buzón del solicitante no existe."))
    assert held.request.state is State.NEEDS_ATTENTION
    assert at_rest(on(held.request, edit(contractor()))).state is State.FOLLOWED_UP


def test_every_field_that_is_no_contact_data_is_identity() -> None:
    """A new field of a submission is identity until somebody says otherwise; another kind of submission is all of them."""
    assert changed_identity(contractor(), contractor()) == ()
    assert changed_identity(contractor(), contractor(personal_email="x@y.example")) == ()
    assert changed_identity(contractor(), contractor("7")) == ("person",)
    assert set(changed_identity(DEFECTIVE, contractor())) == {field.name for field in fields(CreatePersonalAccount)}
    assert {field.name for field in fields(CreatePersonalAccount)} >= CONTACT_FIELDS
    asked = (contractor("07"), DEFECTIVE, GENERIC, RESET, CESSION, replace(RESET, target=Target("ana.rios")))
    assert [concerns(each) for each in asked] == ["07", None, None, "52333444", "52333444", None]


@pytest.mark.parametrize(
    ("content", "done_for_good", "edited"),
    [
        (RESET, Act.END_SESSIONS, replace(RESET, on_premises=True)),
        (MODIFY, Act.SYNCHRONISE, replace(MODIFY, position="Otra")),
        (ACTIVATE, Act.APPLY_HOLDS, replace(ACTIVATE, from_date=date(2026, 12, 1))),
        (inactive(), Act.END_SESSIONS, inactive(until_date=date(2027, 1, 15))),
        (CESSION, Act.PLACE_HOLD, replace(CESSION, from_date=date(2026, 12, 1))),
        (DELETE, Act.BACK_UP, replace(DELETE, target=Target("otra.persona@entidad.gov.co"))),
    ],
)
def test_an_edit_of_what_was_done_already_is_for_the_desk(content: Submission, done_for_good: Act, edited: Submission) -> None:
    """In every operation: once something was done to an account, other answers change nothing by themselves."""
    at_work = driven_to(done_for_good, content).request
    held = on(at_work, edit(edited))
    assert (held.request.state, held.effect) == (State.NEEDS_ATTENTION, None)
    assert (held.request.content, held.request.done) == (at_work.content, at_work.done)
    same = on(at_work, edit(content))
    assert same.request.state is not State.NEEDS_ATTENTION
    assert same.request.done == at_work.done


def test_other_dates_before_the_first_day_are_other_dates() -> None:
    """A vacation that is moved before it begins: its hold is written down anew and its requester told the new date."""
    scheduled = at_rest(on(opened(1, inactive(from_date=date(2026, 12, 1), until_date=date(2026, 12, 4))).request))
    assert {StepKey(Act.PLACE_HOLD), StepKey(Act.MAIL_SCHEDULED)} <= scheduled.done
    moved = on(scheduled, edit(inactive(from_date=date(2026, 12, 2), until_date=date(2026, 12, 4))))
    acts = []
    while moved.effect is not None:
        acts.append(moved.effect.act)
        moved = settle(moved, NOW)
    assert acts == [Act.CHECK_ACCOUNT, Act.PLACE_HOLD, Act.MAIL_SCHEDULED]
    assert moved.request.wake_at == start_of_day(date(2026, 12, 2), policy().zone)


@pytest.mark.parametrize("content", [MODIFY, RESET, ACTIVATE, contractor()])
def test_an_edit_to_another_operation_leaves_no_hold_behind(content: Submission) -> None:
    """A vacation that becomes something else once its hold is written down is the desk's: cancelled, the hold is taken back."""
    scheduled = at_rest(on(opened(1, inactive(from_date=date(2026, 12, 1), until_date=date(2026, 12, 4))).request))
    held = on(scheduled, edit(content))
    assert (held.request.state, held.request.content) == (State.NEEDS_ATTENTION, scheduled.content)
    cancelled = advance(held.request, [DeskAsked("Cancelar", "mesa")], rules())
    acts = []
    while cancelled.effect is not None:
        acts.append(cancelled.effect.act)
        cancelled = settle(cancelled, NOW)
    assert Act.TAKE_BACK in acts
    goes_on = advance(held.request, [DeskAsked("Reintentar", "mesa")], rules())
    assert at_rest(goes_on).waiting_for is WaitingFor.FROM_DATE


def test_an_unauthorised_edit_takes_the_hold_back() -> None:
    """Refused on the new answers, nothing of the former ones stays."""
    scheduled = at_rest(on(opened(1, inactive(from_date=date(2026, 12, 1))).request))
    refused = on(scheduled, edit(inactive(from_date=date(2026, 12, 2)), granted=False))
    acts = []
    while refused.effect is not None:
        acts.append(refused.effect.act)
        refused = settle(refused, NOW)
    assert acts == [Act.RELEASE_RESERVATIONS, Act.TAKE_BACK, Act.MAIL_REFUSAL, Act.CLOSE_TICKET]
    assert refused.request.state is State.REFUSED


def test_an_edit_to_a_deletion_where_nothing_is_deleted() -> None:
    """Refused with the reason and the alternative, as if it had been asked for at first."""
    never = rules_of(deletes_accounts=False)
    edited = advance(at_rest(on(opened(1, inactive(from_date=date(2026, 12, 1))).request)), [edit(DELETE)], never)
    assert edited.request.course is Course.REFUSE
    assert "pida una inactivación por retiro" in edited.request.because
