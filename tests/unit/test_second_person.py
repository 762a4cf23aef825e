"""The two-person rule: for a deletion, a change of the recorded address, and what matrix or policy name."""

from dataclasses import replace

import pytest

from config.institution import Approvals
from config.vocabulary import EmailAddress, Operation
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.courses import steps_of
from provision.procedure.desk import DeskAction, actions_of
from provision.procedure.model import Advance, Approval, Approver, Course, Origin, Resubmitted, State, StepKey
from provision.procedure.steps import Rules
from provision.procedure.submission import CreatePersonalAccount, Submission
from tests.cases import (
    BOSS,
    CHANGE_OF_ADDRESS,
    DELETE,
    EVERY_OPERATION,
    GRANTED,
    MODIFY,
    NOW,
    SUBJECT,
    contractor,
    opened,
    rules,
    rules_of,
)
from tests.unit.advancing import (
    SECOND_PERSON,
    acts_until_the_end,
    approval,
    at_rest,
    begun,
    driven_to,
    run_to,
    says,
)

BY_ROW = replace(GRANTED, second_person=True)
ONLY_BY_COMMAND = rules_of(approvals=Approvals(on_board=False))


def acts_of(content: Submission, by: Rules) -> frozenset[Act]:
    """What a request of this content asks for, done or not."""
    return frozenset(step.act for step in steps_of(opened(1, content).request, by))


def waiting(content: Submission = DELETE, by: Rules | None = None) -> Advance:
    """A request that waits for its second person."""
    advanced = driven_to(Act.APPROVE, content, by=by)
    assert (advanced.request.state, advanced.request.waiting_for) == (State.WAITING, WaitingFor.APPROVAL)
    assert (advanced.effect, advanced.request.wake_at) == (None, None)
    return advanced


@pytest.mark.parametrize("content", EVERY_OPERATION)
def test_who_needs_a_second_person(content: Submission) -> None:
    """By policy a deletion, always a change of address; the others go on at once."""
    acts = acts_until_the_end(begun(opened(1, content).request))
    needed = content in {DELETE, CHANGE_OF_ADDRESS}
    advanced = at_rest(content)
    assert (advanced.request.waiting_for is WaitingFor.APPROVAL) == needed
    assert not needed or acts == [Act.REGISTER_TICKET, Act.CHECK_ACCOUNT]


def test_a_row_of_the_matrix_asks_for_one() -> None:
    """Whatever the operation; even where the account does not exist yet."""
    for content in (contractor(), MODIFY):
        advanced = driven_to(Act.APPROVE, content, BY_ROW)
        assert advanced.request.waiting_for is WaitingFor.APPROVAL
        assert acts_until_the_end(begun(advanced.request, approval()))[0] is Act.MAIL_APPROVER


def test_policy_says_which_operations_but_never_exempts_a_change_of_address() -> None:
    """An institution that asks for none of deletions still asks for one of addresses; what the program opens needs none."""
    none = rules_of(approvals=Approvals(operations=()))
    assert Act.APPROVE not in acts_of(DELETE, none)
    assert Act.APPROVE in acts_of(CHANGE_OF_ADDRESS, none)
    every = rules_of(approvals=Approvals(operations=tuple(Operation)))
    assert all(Act.APPROVE in acts_of(content, every) for content in EVERY_OPERATION)
    swept = replace(opened(1, DELETE).request, origin=Origin.SWEEP)
    assert Act.APPROVE not in acts_until_the_end(begun(swept))


def test_an_approval_is_recorded_and_the_approver_is_told() -> None:
    """Who, how and when; then the case goes on where it stood."""
    approved = begun(waiting().request, approval())
    assert approved.request.approval == Approval(SECOND_PERSON.address, "en el tablero", NOW)
    assert "aprobadora@entidad.gov.co (fila 5 de la matriz), en el tablero" in approved.entries[0].detail
    assert (approved.request.round, approved.request.waiting_for) == (1, None)
    acts = acts_until_the_end(approved)
    assert acts[:2] == [Act.MAIL_APPROVER, Act.PLACE_HOLD]
    by_command = begun(waiting().request, approval(at_command=True)).request.approval
    assert by_command is not None
    assert by_command.how == "por comando"


@pytest.mark.parametrize(
    ("approver", "why_not"),
    [
        (BOSS, "Quien pidió no puede aprobar"),
        (BOSS.upper(), "Quien pidió no puede aprobar"),
        (SUBJECT.mail_address, "El titular de la cuenta no puede aprobar"),
        (SUBJECT.mail_address.title(), "El titular de la cuenta no puede aprobar"),
        (None, "debe tener «aprobador» en la matriz de autorizadores"),
    ],
)
@pytest.mark.parametrize("action", [DeskAction.APPROVE, DeskAction.REJECT])
@pytest.mark.parametrize("at_command", [True, False])
def test_who_is_no_second_person(approver: str | None, why_not: str, action: DeskAction, at_command: bool) -> None:
    """Neither the requester nor the person concerned nor somebody whom the matrix does not know, on the board or at command."""
    stood = waiting()
    named = Approver(EmailAddress(approver), 3) if approver is not None else None
    answered = begun(stood.request, approval(action, named, at_command=at_command))
    assert why_not in answered.request.reason
    assert (answered.request.state, answered.request.waiting_for) == (State.WAITING, WaitingFor.APPROVAL)
    assert (answered.request.approval, answered.effect, answered.request.done) == (None, None, stood.request.done)
    assert [entry.title for entry in answered.entries] == ["Acción no aplicada"]


def test_another_address_of_the_requester_is_somebody_else() -> None:
    """Only whole addresses are compared: nothing is normalised but capitals (user+x@ is another person)."""
    plus = Approver(EmailAddress(BOSS.replace("@", "+x@")), 3)
    assert begun(waiting().request, approval(by=plus)).request.approval is not None


def test_a_board_that_may_not_approve() -> None:
    """Where policy wants the command, the desk is told so, and the command is obeyed."""
    stood = waiting(by=ONLY_BY_COMMAND)
    answered = begun(stood.request, approval(), by=ONLY_BY_COMMAND)
    assert "solo recibe aprobaciones por comando" in answered.request.reason
    assert answered.request.approval is None
    assert begun(stood.request, approval(at_command=True), by=ONLY_BY_COMMAND).request.approval is not None


def test_what_is_not_approved_is_refused() -> None:
    """The requester reads why, the ticket is closed, and nothing was done."""
    word = replace(approval(DeskAction.REJECT), note="aprobadora@entidad.gov.co: falta el paz y salvo")
    refused = begun(waiting().request, word)
    assert refused.request.course is Course.REFUSE
    assert acts_until_the_end(refused) == [Act.RELEASE_RESERVATIONS, Act.MAIL_REFUSAL, Act.CLOSE_TICKET]
    last = run_to(None, refused).request
    assert (last.state, last.approval) == (State.REFUSED, None)
    assert "falta el paz y salvo" in last.because


@pytest.mark.parametrize("action", [DeskAction.CONFIRM_PC_BACKUP, DeskAction.CONFIRM_PC_WIPE, "Aprobado"])
def test_another_word_is_no_approval(action: str) -> None:
    """Even from an approver."""
    answered = begun(waiting().request, approval(action))
    assert (answered.request.approval, answered.request.waiting_for) == (None, WaitingFor.APPROVAL)
    assert answered.entries[0].title == "Acción no aplicada"


def test_an_approval_that_nobody_waits_for_changes_nothing() -> None:
    """Too early, too late, or twice."""
    early = run_to(Act.CHECK_ACCOUNT, begun(opened(1, DELETE).request))
    answered = begun(early.request, approval())
    assert (answered.effect, answered.request.approval) == (early.effect, None)
    approved = begun(waiting().request, approval())
    twice = begun(approved.request, approval(by=Approver(EmailAddress("otra@entidad.gov.co"), 9)))
    assert twice.request.approval == approved.request.approval
    assert twice.effect == approved.effect


def test_what_may_be_done_while_a_second_person_is_awaited() -> None:
    """The board offers to approve, reject, begin anew and cancel."""
    assert actions_of(waiting().request, rules()) == ("Aprobar", "Rechazar", "Reintentar", "Cancelar")
    anew = begun(waiting().request, says(DeskAction.RETRY))
    assert [act for act in acts_until_the_end(anew) if act is not Act.CHECK_ACCOUNT] == []
    assert run_to(None, anew).request.waiting_for is WaitingFor.APPROVAL


def test_other_answers_need_another_approval() -> None:
    """Approved was what the answers said then: an edit of the account or of where its access data goes is approved anew."""
    approved = run_to(Act.PLACE_HOLD, begun(waiting().request, approval()))
    other = replace(DELETE, computer="PC-9")
    edited = begun(approved.request, Resubmitted(other, GRANTED, BOSS))
    assert (edited.request.approval, StepKey(Act.APPROVE) in edited.request.done) == (None, False)
    assert run_to(None, edited).request.waiting_for is WaitingFor.APPROVAL

    made = driven_to(Act.ISSUE_ACCESS, contractor(), BY_ROW).request
    assert isinstance(made.content, CreatePersonalAccount)
    elsewhere = replace(made.content, personal_email=EmailAddress("otro@correo.example"))
    readdressed = begun(made, Resubmitted(elsewhere, BY_ROW, BOSS))
    assert run_to(None, readdressed).request.waiting_for is WaitingFor.APPROVAL
    annotated = begun(made, Resubmitted(replace(made.content, notes="gracias"), BY_ROW, BOSS))
    assert annotated.request.approval == made.approval
