"""Mails that come back: access data goes to correction, a report to the desk, and a forged one harms as little as it can."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.vocabulary import EmailAddress
from provision.journal.stored import dump_signal, load_signal
from provision.procedure import sla
from provision.procedure.acts import MAILING_ACTS, Act, WaitingFor
from provision.procedure.desk import DeskAction
from provision.procedure.facts import Facts, Pickup
from provision.procedure.model import Advance, Course, Done, MailBounced, Request, Resubmitted, State, StepKey
from provision.procedure.returned_mail import ACCESS
from provision.procedure.submission import Submission
from tests.cases import BOSS, CESSION, DEFECTIVE, GRANTED, MODIFY, NOW, REFUSED, RESET, SUBJECT, contractor, opened, rules
from tests.unit.advancing import acts_until_the_end, begun, driven_to, run_to, says, settle
from tests.unit.lives import Lives, lives

LATER = NOW + timedelta(hours=3)
REVOKED = Done(Facts(pickup=Pickup.REVOKED))
USED = Done(Facts(pickup=Pickup.USED, first_used_at=NOW))


def attended(content: Submission | None = None) -> Request:
    """A request that was reported and is followed up, or closed."""
    return run_to(None, driven_to(Act.CLOSE_TICKET, content or contractor())).request


def bounce(
    request: Request, act: Act = Act.ISSUE_ACCESS, status: str = "5.1.1", *, to: str = "", permanent: bool = True
) -> MailBounced:
    """The delivery report of a mail of this request."""
    requester = request.requester or ""
    went_to = to or (requester if act is Act.REPORT else request.facts.access_sent_to or "")
    return MailBounced(act, StepKey(act), EmailAddress(went_to), status, "la dirección no existe", permanent)


def revoked(request: Request, signal: MailBounced | None = None) -> Advance:
    """The request once its returned access data opens nothing any more."""
    wanted = begun(request, signal or bounce(request), at=LATER)
    assert wanted.effect is not None
    assert wanted.effect.act is Act.REVOKE_RETURNED
    return settle(wanted, REVOKED, LATER)


@pytest.mark.parametrize("content", [contractor(), CESSION])
def test_returned_access_data_is_revoked_and_its_address_corrected(content: Submission) -> None:
    """First it opens nothing any more; then the requester is asked for another address."""
    back = revoked(attended(content))
    assert (back.request.course, back.request.attended_at) == (Course.CORRECT, None)
    assert back.request.facts.access_sent_to is None
    assert back.request.correction is not None
    (problem,) = back.request.correction.problems
    assert problem.question in {"personal_email", "assignee_personal_email"}
    assert acts_until_the_end(back, LATER) == [Act.MAIL_CORRECTION]
    asked = run_to(None, back, LATER).request
    assert (asked.state, asked.waiting_for) == (State.NEEDS_CORRECTION, WaitingFor.REQUESTER)


def test_the_corrected_address_receives_access_data_of_its_own() -> None:
    """The same case goes on: a fresh password, the report and the ticket once more; another return is another correction."""
    asked = run_to(None, revoked(attended()), LATER).request
    for other in ("otro@correo.example", "tercero@correo.example"):
        answer = Resubmitted(contractor(personal_email=other), GRANTED, BOSS)
        again = begun(asked, answer, at=LATER)
        acts = acts_until_the_end(again, LATER)
        assert acts[-3:] == [Act.ISSUE_ACCESS, Act.REPORT, Act.CLOSE_TICKET]
        assert Act.CREATE_ACCOUNT not in acts
        followed = run_to(None, again, LATER).request
        assert (followed.state, followed.attended_at) == (State.FOLLOWED_UP, LATER)
        asked = run_to(None, revoked(followed), LATER).request
        assert asked.state is State.NEEDS_CORRECTION


def test_who_signed_in_had_received_it() -> None:
    """A report, true or forged, about access data that was used changes nothing."""
    request = attended()
    wanted = begun(request, bounce(request), at=LATER)
    after = run_to(None, settle(wanted, USED, LATER), LATER).request
    assert (after.course, after.state, after.attended_at) == (Course.ATTEND, State.DONE, request.attended_at)
    late = begun(after, bounce(after), at=LATER)
    assert (replace(late.request, reason=after.reason), late.effect) == (after, None)


def test_the_same_report_twice_is_once() -> None:
    """A run that ended before it marked a report as taken leaves the signal again: before and after the revocation."""
    request = attended()
    signal = bounce(request)
    twice = begun(request, signal, signal, at=LATER)
    assert twice == begun(request, signal, at=LATER)
    back = revoked(request, signal)
    again = begun(back.request, signal, at=LATER)
    assert (again.request, again.entries) == (back.request, ())


def test_a_report_about_another_address_is_without_effect() -> None:
    """What an address was corrected to is not touched by what comes from the former one."""
    request = attended()
    other = begun(request, bounce(request, to="otra@correo.example"), at=LATER)
    assert (other.request, other.effect) == (request, None)


def test_a_delay_is_only_told() -> None:
    """The servers still try: nothing is revoked, and the story says so."""
    request = attended()
    delayed = begun(request, bounce(request, permanent=False), at=LATER)
    assert (delayed.request, delayed.effect) == (request, None)
    assert [entry.title for entry in delayed.entries] == ["Correo demorado"]


def test_nobody_answers_and_the_account_is_locked() -> None:
    """Access data that reached nobody: after the deadline the account is inactive, as after a refusal while sending."""
    asked = run_to(None, revoked(attended()), LATER).request
    assert asked.correction is not None
    assert asked.correction.deadline is not None
    ended = begun(asked, at=asked.correction.deadline)
    assert acts_until_the_end(ended, asked.correction.deadline) == [
        Act.RELEASE_RESERVATIONS,
        Act.PLACE_HOLD,
        Act.APPLY_HOLDS,
        Act.MAIL_UNANSWERED,
        Act.CLOSE_TICKET,
    ]


def test_the_time_in_which_it_seemed_done_does_not_count() -> None:
    """The clock goes on where it stood when the case was attended, and stands still while the requester is waited for."""
    request = attended()
    before = sla.measure(request, rules(LATER)).elapsed_hours
    asked = run_to(None, revoked(request), LATER).request
    assert sla.measure(asked, rules(LATER)).elapsed_hours == before
    assert sla.measure(asked, rules(LATER + timedelta(days=2))).elapsed_hours == before


@pytest.mark.parametrize("status", ["5.7.1", "5.3.4", "5.6.0", "4.7.1"])
def test_what_is_about_our_mail_goes_to_the_desk(status: str) -> None:
    """Another address would fare no better; «Reintentar» sends a fresh password to the same one."""
    request = attended()
    held = revoked(request, bounce(request, status=status)).request
    assert (held.state, held.course, held.facts.access_sent_to) == (State.NEEDS_ATTENTION, Course.ATTEND, None)
    acts = acts_until_the_end(begun(held, says(DeskAction.RETRY), at=LATER), LATER)
    assert acts[-3:] == [Act.ISSUE_ACCESS, Act.REPORT, Act.CLOSE_TICKET]


def test_a_password_that_came_back_from_the_address_on_record_is_the_desks() -> None:
    """No answer to a form changes an address on record: the desk identifies the person, and may have it sent anew."""
    request = attended(RESET)
    held = revoked(request, bounce(request, Act.RESET_ACCESS)).request
    assert held.state is State.NEEDS_ATTENTION
    assert "Identifique a la persona" in held.reason
    retried = begun(held, says(DeskAction.RETRY), at=LATER)
    checked = run_to(Act.CHECK_ACCOUNT, retried, LATER)
    moved = Facts(subject=replace(SUBJECT, address_on_record=EmailAddress("nueva@correo.example")))
    assert Act.RESET_ACCESS in acts_until_the_end(settle(checked, Done(moved), LATER), LATER)


@pytest.mark.parametrize("content", [contractor(), MODIFY])
def test_a_report_that_came_back_is_the_desks(content: Submission) -> None:
    """Also when the case is closed: nothing else is done anew, and «Reintentar» sends the report again."""
    request = attended(content)
    held = begun(request, bounce(request, Act.REPORT), at=LATER).request
    assert (held.state, held.waiting_for, held.closed_at) == (State.NEEDS_ATTENTION, WaitingFor.DESK, None)
    assert held.attended_at == request.attended_at
    again = begun(held, says(DeskAction.RETRY), at=LATER)
    assert acts_until_the_end(again, LATER) == [Act.REPORT, Act.CLOSE_TICKET]
    after = run_to(None, again, LATER).request
    assert (after.state, after.attended_at) == (request.state, request.attended_at)


def test_a_report_that_comes_back_again_is_not_sent_a_third_time() -> None:
    """The desk tells the requester by other means, and «Reintentar» ends the case."""
    request = attended(MODIFY)
    acts = []
    for _ in range(2):
        held = begun(request, bounce(request, Act.REPORT), at=LATER).request
        retried = begun(held, says(DeskAction.RETRY), at=LATER)
        acts.append(acts_until_the_end(retried, LATER))
        request = run_to(None, retried, LATER).request
    assert acts == [[Act.REPORT, Act.CLOSE_TICKET], [Act.CLOSE_TICKET]]
    assert (request.state, request.closed_at) == (State.DONE, LATER)


def test_a_refusal_that_came_back_opens_its_case() -> None:
    """Whoever was refused must learn it: the desk looks, and the clock stood still while the case was closed."""
    refused = run_to(None, begun(opened(1, contractor(), REFUSED).request)).request
    assert refused.state is State.REFUSED
    tomorrow = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
    held = begun(refused, bounce(refused, Act.MAIL_REFUSAL, to=BOSS), at=tomorrow).request
    assert held.state is State.NEEDS_ATTENTION
    assert sla.measure(held, rules(tomorrow)).elapsed_hours == 0
    again = begun(held, says(DeskAction.RETRY), at=tomorrow)
    assert Act.MAIL_REFUSAL in acts_until_the_end(again, tomorrow)
    assert run_to(None, again, tomorrow).request.state is State.REFUSED


def test_a_correction_that_came_back_is_asked_anew_with_its_whole_time() -> None:
    """While the desk looks, no deadline closes the case."""
    asked = run_to(None, begun(opened(1, DEFECTIVE, GRANTED).request)).request
    signal = replace(bounce(asked, Act.MAIL_CORRECTION, to=BOSS), step=StepKey("MAIL_CORRECTION.r1"))
    held = begun(asked, signal, at=LATER).request
    month = LATER + timedelta(days=30)
    assert begun(held, at=month).request.state is State.NEEDS_ATTENTION
    again = run_to(None, begun(held, says(DeskAction.RETRY), at=month), month).request
    assert again.state is State.NEEDS_CORRECTION
    assert again.correction is not None
    assert again.correction.asked_at == month


def test_a_notice_to_somebody_else_is_only_told() -> None:
    """A mail to the user's mailbox that came back stops nothing."""
    request = attended(MODIFY)
    told = begun(request, bounce(request, Act.MAIL_USER, to="ana.rios@entidad.gov.co"), at=LATER)
    assert (told.request, told.effect) == (request, None)
    assert [entry.title for entry in told.entries] == ["Correo devuelto"]


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(lives, st.sampled_from(["5.1.1", "5.7.1"]), st.booleans())
def test_at_any_moment_of_any_life(life: Lives, status: str, permanent: bool) -> None:
    """Whatever came before, a mail that comes back sends nothing anywhere, wakes what is to be done, and is heard once."""
    for _, _, now, after in life[-6:]:
        request = after.request
        for step in sorted(request.done):
            act = Act(step.partition(".")[0]) if step.partition(".")[0] in set(Act) else None
            if act is None or act not in MAILING_ACTS:
                continue
            to = request.facts.access_sent_to if act in ACCESS else request.requester
            signal = MailBounced(act, step, EmailAddress(to or "x@y.co"), status, "motivo", permanent)
            heard = begun(request, signal, at=now)
            assert heard.effect is None or heard.effect.act is Act.REVOKE_RETURNED or heard.effect == after.effect
            assert (heard.request.content, heard.request.authorisation) == (request.content, request.authorisation)
            open_and_idle = heard.effect is None and not heard.request.state.closed
            held = heard.request.state is State.NEEDS_ATTENTION or heard.request.wake_at is None
            assert not open_and_idle or held or heard.wake_at is not None
            if act in ACCESS:
                assert begun(heard.request, signal, at=now).entries == () or not heard.request.facts.access_returned


def test_it_can_wait_in_the_journal() -> None:
    """The signal is kept as it is."""
    signal = bounce(attended())
    assert load_signal(*dump_signal(signal)) == signal
