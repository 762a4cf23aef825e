"""Who asks for a later day is told of it at once; whom one mail tells that an account works again gets no second one."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from config.vocabulary import CaseNumber, EmailAddress
from intake.telling import MAILS
from notify.mails import Scheduled
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.courses import steps_of
from provision.procedure.model import Advance, HoldLifted, Origin, State, StepKey
from provision.procedure.steps import Rules
from provision.procedure.submission import Submission
from tests.cases import ACTIVATE, BOSS, CESSION, EXTENSION, MODIFY, NOW, contractor, inactive, opened, rules
from tests.unit.advancing import at_rest, begun, driven_to, run_to

LATER = date(2026, 12, 1)


def to_the_end(content: Submission) -> Advance:
    """A request that everybody said yes to, until nothing more can happen at that moment."""
    return run_to(None, driven_to(Act.CLOSE_TICKET, content))


DATED: dict[str, Submission] = {
    "modification": replace(MODIFY, from_date=LATER),
    "extension": replace(EXTENSION, from_date=LATER),
    "activation": replace(ACTIVATE, from_date=LATER),
    "cession": replace(CESSION, from_date=LATER, contract=replace(CESSION.contract, start=LATER)),
    "creation": contractor(start=LATER),
    "deactivation": inactive(from_date=LATER, until_date=date(2026, 12, 4)),
}


@pytest.mark.parametrize("content", DATED.values(), ids=DATED)
def test_a_later_day_is_confirmed_before_the_wait_for_it(content: Submission) -> None:
    """One mail, and then the case waits with its clock stopped."""
    told = driven_to(Act.MAIL_SCHEDULED, content)
    assert told.request.waiting_for is None
    waits = at_rest(content)
    assert StepKey(Act.MAIL_SCHEDULED) in waits.request.done
    assert waits.request.state is State.WAITING
    assert waits.request.waiting_for in {WaitingFor.FROM_DATE, WaitingFor.START_DATE}


@pytest.mark.parametrize("content", DATED.values(), ids=DATED)
def test_the_mail_says_the_day_and_what_is_done_on_it(content: Submission) -> None:
    """In words, whatever was asked for."""
    mail = MAILS[Act.MAIL_SCHEDULED](driven_to(Act.MAIL_SCHEDULED, content).request, rules(), lambda _: "https://forms.example")
    assert isinstance(mail, Scheduled)
    day_before = date(2026, 11, 30)  # a new account is made one business day before its contract
    assert mail.on == (day_before if mail.operation_label.startswith("Creación") else LATER)
    assert mail.what.endswith(".")
    assert "None" not in mail.what


@pytest.mark.parametrize(
    "content",
    [MODIFY, EXTENSION, ACTIVATE, CESSION, contractor(), contractor(start=date(2026, 11, 24)), inactive()],
    ids=["modify", "extend", "activate", "cede", "create", "create for tomorrow", "deactivate"],
)
def test_what_is_done_today_is_only_reported(content: Submission) -> None:
    """No mail about a date that nobody waits for."""
    assert StepKey(Act.MAIL_SCHEDULED) not in to_the_end(content).request.done


def test_a_day_that_came_before_the_mail_is_not_confirmed() -> None:
    """Something held the case up until the day itself: the report says it all."""
    late = NOW + timedelta(days=9)
    acts = _acts(rules(late))
    assert Act.MAIL_SCHEDULED not in acts
    assert Act.PLAN_CHANGES in acts


def _acts(known: Rules) -> list[Act]:
    return [step.act for step in steps_of(opened(1, DATED["modification"]).request, known)]


def test_a_campaign_that_is_undone_confirms_nothing() -> None:
    """Nobody asked for its accounts one by one."""
    request = replace(opened(1, DATED["activation"]).request, origin=Origin.CAMPAIGN)
    assert Act.MAIL_SCHEDULED not in [step.act for step in steps_of(request, rules())]


@pytest.mark.parametrize(
    ("asked_by", "told"),
    [(BOSS, False), (EmailAddress(BOSS.upper()), False), (EmailAddress("otra@entidad.gov.co"), True), (None, True)],
)
def test_who_asked_for_the_activation_gets_one_mail(asked_by: EmailAddress | None, *, told: bool) -> None:
    """The case of the absence tells its requester of the return unless the activation's report tells the same person."""
    away = to_the_end(inactive())
    lifted = begun(away.request, HoldLifted(date(2026, 11, 23), CaseNumber("GU-2026-000042"), asked_by))
    acts = [step.act for step in steps_of(lifted.request, rules())]
    assert (Act.MAIL_RETURNED in acts) is told
    assert Act.APPLY_HOLDS in acts
