"""The steps of each course, and that the program can carry out every one of them."""

from datetime import date
from pathlib import Path

import pytest

from config.vocabulary import AccountType, Operation
from intake.telling import CLOSING_LABELS, MAILS
from provision.procedure.lifecycle import CANCELLABLE, open_request
from provision.procedure.model import Act, Course, State, StepKey, WaitingFor
from provision.procedure.steps import (
    COURSES,
    OPERATIONS,
    RESTS,
    expiry,
    licence_of,
    next_step,
    steps_of,
)
from provision.procedure.submission import Defective, Submission
from tests.cases import BY_HAND, DEFECTIVE, GENERIC, contractor, opened, policy, received, rules
from tests.world import World


def test_every_act_has_a_performer(tmp_path: Path) -> None:
    """Whatever the procedure can ask for, the wiring can carry out."""
    installation = World(tmp_path).installation()
    try:
        performers = installation.performers()
    finally:
        installation.close()
    assert set(performers) == set(Act)


def test_every_course_has_steps_and_a_rest() -> None:
    """No course leads nowhere; each that does not attend says how it ends."""
    assert set(COURSES) == set(Course) == set(RESTS)
    assert set(CLOSING_LABELS) | {Course.ATTEND, Course.BY_HAND} == set(Course)
    assert {RESTS[course].closed for course in CANCELLABLE} == {True, False}


@pytest.mark.parametrize("course", list(Course))
def test_every_step_says_its_activity_and_its_name(course: Course) -> None:
    """Steps are titled in Spanish, numbered as in the procedure, registered first, and told apart by their keys."""
    request = opened().request
    steps = COURSES[course](request, rules())
    assert steps[0].act is Act.REGISTER_TICKET
    assert all(step.activity[0] in "23456" and step.title[0].isupper() for step in steps)
    for number in (1, 2):
        assert len({step.key(number) for step in steps}) == len(steps)
    if RESTS[course].closed:
        assert steps[-1].act is Act.CLOSE_TICKET


def test_a_step_of_each_round_is_another_one_in_the_next() -> None:
    """The key carries the round exactly where the step is taken anew."""
    for step in COURSES[Course.CANCEL](opened().request, rules()):
        assert (step.key(1) != step.key(2)) == step.each_round


def test_every_mail_has_its_words() -> None:
    """No step tells somebody something that nobody wrote."""
    mailing = {act for act in Act if act.name.startswith("MAIL_")} | {Act.REPORT}
    assert set(MAILS) == mailing


def test_only_creation_is_carried_out() -> None:
    """The other operations are attended by hand, and have a course for it."""
    assert set(OPERATIONS) == {Operation.CREATE}
    assert open_request(received(1, BY_HAND), rules()).request.course is Course.BY_HAND


def test_a_defective_submission_has_nothing_to_attend() -> None:
    """A programming error, said at once."""
    with pytest.raises(ValueError, match="no steps"):
        COURSES[Course.ATTEND](opened(1, DEFECTIVE).request, rules())


def test_an_account_expires_at_the_end_of_its_contracts_last_day() -> None:
    """31 December is worked to 24:00 in Bogota, which is 05:00 UTC of 1 January; a generic account never expires."""
    ends = expiry(opened(1, contractor(end=date(2026, 12, 31))).request, policy())
    assert ends is not None
    assert ends.isoformat() == "2027-01-01T05:00:00+00:00"
    assert expiry(opened(1, GENERIC).request, policy()) is None


def test_licences_come_from_the_policy() -> None:
    """By account type; a type without one has none, and so have requests that make no account."""
    asked: list[Submission | Defective] = [
        contractor(),
        GENERIC,
        contractor(account_type=AccountType.OPERATOR),
        BY_HAND,
        DEFECTIVE,
    ]
    licences = [licence_of(opened(1, content).request, policy()) for content in asked]
    assert licences == ["STANDARDPACK", "EXCHANGESTANDARD", None, None, None]


def test_the_next_step_is_the_first_that_is_not_done() -> None:
    """And none when all are."""
    request = opened().request
    first = next_step(request, rules())
    assert first is not None
    assert first.act is Act.REGISTER_TICKET
    done = frozenset(step.key(1) for step in steps_of(request, rules()))
    finished = type(request)(
        request.case,
        request.requester,
        None,
        request.received_at,
        request.content,
        request.authorisation,
        "p1",
        Course.ATTEND,
        done=done | {StepKey("otra")},
    )
    assert next_step(finished, rules()) is None


def test_people_can_read_every_state_and_wait() -> None:
    """Each has its Spanish words, and no two states the same."""
    assert len({state.label for state in State}) == len(State)
    assert len({waiting.label for waiting in WaitingFor}) == len(WaitingFor)
    assert {waiting for waiting in WaitingFor if waiting.pauses_clock} == {
        WaitingFor.START_DATE,
        WaitingFor.SEAT,
        WaitingFor.MAILBOX,
        WaitingFor.REQUESTER,
    }
