"""The steps of each course and operation, and that the program can carry out every one of them."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from config.institution import Leaving
from config.vocabulary import AccountType, EmailAddress, Operation
from intake.telling import CLOSING_LABELS, MAILS
from provision.procedure.acts import CONFIRMED_BY, MAILING_ACTS, Act, WaitingFor
from provision.procedure.courses import COURSES, RESTS, next_step, steps_of
from provision.procedure.desk import CANCELLABLE
from provision.procedure.facts import Facts, LooseEnds
from provision.procedure.lifecycle import open_request
from provision.procedure.model import Course, Origin, Request, State, StepKey
from provision.procedure.operations import OPERATIONS
from provision.procedure.steps import expiry, licence_of
from provision.procedure.submission import Defective, Submission
from tests.cases import (
    ACTIVATE,
    CESSION,
    DEFECTIVE,
    DELETE,
    EVERY_OPERATION,
    GENERIC,
    NOW,
    RESET,
    RETIREMENT,
    SUBJECT,
    contractor,
    inactive,
    opened,
    policy,
    received,
    rules,
    rules_of,
)
from tests.world import World

LEARNT = Facts(
    subject=SUBJECT,
    access_sent_at=NOW,
    hold_placed=True,
    loose_ends=LooseEnds(("Ana Ríos (ana@x)",)),
    backup_by_hand="Haga el backup.",
    computers=("PC-7",),
    activation_unexplained=True,
    account_id="guid-1",
)
"""All that makes a list of steps longer."""


def test_every_act_has_a_performer(tmp_path: Path) -> None:
    """Whatever the procedure can ask for, the wiring can carry out."""
    installation = World(tmp_path).installation()
    try:
        performers = installation.performers()
    finally:
        installation.close()
    assert set(performers) | set(CONFIRMED_BY) == set(Act)
    assert not set(performers) & set(CONFIRMED_BY), "what a person says is done, nobody carries out"


def test_every_course_has_steps_and_a_rest() -> None:
    """No course leads nowhere; each that does not attend says how it ends."""
    assert set(COURSES) == set(Course) == set(RESTS)
    assert set(CLOSING_LABELS) | {Course.ATTEND} == set(Course)
    assert {RESTS[course].closed for course in CANCELLABLE} == {True, False}


def with_facts(content: Submission, facts: Facts) -> Request:
    """A request that has learnt this much."""
    return replace(opened(1, content).request, facts=facts)


STANDS = [
    *((course, opened().request) for course in Course),
    *((Course.ATTEND, opened(1, content).request) for content in EVERY_OPERATION),
    *((course, with_facts(content, LEARNT)) for content in EVERY_OPERATION for course in Course),
]
"""Courses with requests of every operation, that know nothing and that know all they can."""


@pytest.mark.parametrize(("course", "request_"), STANDS)
def test_every_step_says_its_activity_and_its_name(course: Course, request_: Request) -> None:
    """Steps are titled in Spanish, numbered as in the procedure, registered first, and told apart by their keys."""
    steps = COURSES[course](request_, rules())
    assert steps[0].act is Act.REGISTER_TICKET
    assert all(step.activity[0] in "23456" and step.title[0].isupper() for step in steps)
    for number in (1, 2):
        assert len({step.key(number) for step in steps}) == len(steps)
    if RESTS[course].closed:
        during = [step for step in steps if not step.after_report]
        assert during[-1].act is Act.CLOSE_TICKET
        assert steps[: len(during)] == tuple(during), "what is watched comes after what is reported"


def test_a_step_of_each_round_is_another_one_in_the_next() -> None:
    """The key carries the round exactly where the step is taken anew."""
    for step in COURSES[Course.CANCEL](opened().request, rules()):
        assert (step.key(1) != step.key(2)) == step.each_round


def test_every_mail_has_its_words() -> None:
    """No step tells somebody something that nobody wrote."""
    assert set(MAILS) == MAILING_ACTS - {Act.ISSUE_ACCESS, Act.RESET_ACCESS}


def test_every_operation_is_carried_out() -> None:
    """Nothing is left to be done by hand."""
    assert set(OPERATIONS) == set(Operation)
    assert {content.operation for content in EVERY_OPERATION} == set(Operation)
    for content in EVERY_OPERATION:
        assert open_request(received(1, content), rules()).request.course is Course.ATTEND


def test_every_act_is_somebodys_step() -> None:
    """No act is dead: some course of some operation asks for it."""
    asked = {step.act for course, request in STANDS for step in COURSES[course](request, rules())}
    by_circumstance = {
        Act.MAIL_CONTRACT_ENDED: replace(opened(1, RETIREMENT).request, origin=Origin.SWEEP),
        Act.MAIL_SCHEDULED: opened(1, inactive(from_date=date(2027, 1, 4), until_date=None)).request,
        Act.CONFIRM_IDENTITY: with_facts(RESET, Facts(subject=replace(SUBJECT, address_on_record=None))),
        Act.ALLOW_CHANGE: opened(1, replace(RESET, on_premises=True)).request,
        Act.OPEN_ADDRESS_CHANGE: with_facts(
            replace(RESET, other_address=EmailAddress("otra@correo.example")), Facts(subject=SUBJECT)
        ),
    }
    for act, request in by_circumstance.items():
        assert act in {step.act for step in steps_of(request, rules())}, act
    tested_elsewhere = {Act.MAIL_REMINDER, Act.REMOVE_LICENCE, Act.REVOKE_RETURNED}
    assert asked | set(by_circumstance) | tested_elsewhere == set(Act)


def test_by_policy_who_leaves_is_backed_up_and_gives_the_licence_back() -> None:
    """Unidad para las Víctimas: inactive, then a copy, then the licence; only for reasons without an end."""
    by = rules_of(leaving=Leaving(back_up_and_remove_licence=True, remove_groups=False, report_loose_ends=False))
    leaving = [step.act for step in steps_of(with_facts(RETIREMENT, Facts(subject=SUBJECT)), by)]
    order = [Act.APPLY_HOLDS, Act.END_SESSIONS, Act.BACK_UP, Act.REMOVE_LICENCE, Act.REPORT]
    assert [act for act in leaving if act in order] == order
    assert not {Act.REMOVE_GROUPS, Act.FIND_LOOSE_ENDS} & set(leaving)
    away = [step.act for step in steps_of(with_facts(inactive(), Facts(subject=SUBJECT)), by)]
    assert not {Act.BACK_UP, Act.REMOVE_LICENCE} & set(away)


def test_a_deletion_goes_in_the_order_of_the_procedure() -> None:
    """Disable, back up, computer's backup, out of the domain, wipe, delete, sync, the mailbox's absence, report, close."""
    order = [
        Act.APPROVE,
        Act.APPLY_HOLDS,
        Act.BACK_UP,
        Act.CONFIRM_PC_BACKUP,
        Act.REMOVE_COMPUTERS,
        Act.CONFIRM_PC_WIPE,
        Act.DELETE_ACCOUNT,
        Act.SYNCHRONISE,
        Act.AWAIT_MAILBOX_GONE,
        Act.REPORT,
        Act.CLOSE_TICKET,
    ]
    facts = Facts(subject=SUBJECT, computers=("PC-7",))
    acts = [step.act for step in steps_of(with_facts(DELETE, facts), rules())]
    assert [act for act in acts if act in order] == order


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
        CESSION,
        RESET,
        DEFECTIVE,
    ]
    licences = [licence_of(opened(1, content).request, policy()) for content in asked]
    assert licences == ["STANDARDPACK", "EXCHANGESTANDARD", None, "STANDARDPACK", None, None]


def test_the_licence_of_an_account_is_that_of_its_type_in_the_directory() -> None:
    """Whatever type the response claims."""
    claimed = replace(ACTIVATE, account_type=AccountType.GENERIC)
    assert licence_of(with_facts(claimed, Facts(subject=SUBJECT)), policy()) == "STANDARDPACK"
    operator = replace(SUBJECT, account_type=AccountType.OPERATOR)
    assert licence_of(with_facts(claimed, Facts(subject=operator)), policy()) is None


def test_the_next_step_is_the_first_that_is_not_done() -> None:
    """And none when all are."""
    request = opened().request
    first = next_step(request, rules())
    assert first is not None
    assert first.act is Act.REGISTER_TICKET
    done = frozenset(step.key(1) for step in steps_of(request, rules()))
    finished = replace(request, done=done | {StepKey("otra")})
    assert next_step(finished, rules()) is None


def test_people_can_read_every_state_and_wait() -> None:
    """Each has its Spanish words, and no two states the same."""
    assert len({state.label for state in State}) == len(State)
    assert len({waiting.label for waiting in WaitingFor}) == len(WaitingFor)
    assert all(act.label[0].isupper() for act in Act)
    assert {waiting for waiting in WaitingFor if waiting.pauses_clock} == {
        WaitingFor.START_DATE,
        WaitingFor.FROM_DATE,
        WaitingFor.SEAT,
        WaitingFor.MAILBOX,
        WaitingFor.REQUESTER,
    }
