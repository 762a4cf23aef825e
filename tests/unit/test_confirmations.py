"""What only a person can say is done: each right action, each wrong one, and that nothing after it happens before."""

from dataclasses import replace
from datetime import timedelta

import pytest

from config.institution import Deadlines
from provision.procedure.acts import CONFIRMED_BY, Act
from provision.procedure.desk import DeskAction, actions_of
from provision.procedure.facts import Facts
from provision.procedure.model import Advance, Done, Failed, Resubmitted, State, StepKey
from provision.procedure.submission import Submission, Target
from tests.cases import ACTIVATE, BOSS, DELETE, GRANTED, NOW, RESET, SUBJECT, contractor, rules, rules_of
from tests.unit.advancing import acts_until_the_end, approval, begun, driven_to, run_to, says, settle

NO_ADDRESS = {Act.CHECK_ACCOUNT: Facts(subject=replace(SUBJECT, address_on_record=None))}
UNEXPLAINED = {Act.CHECK_ACCOUNT: Facts(subject=replace(SUBJECT, enabled=False), activation_unexplained=True)}
BY_HAND = {Act.BACK_UP: Facts(backup_by_hand="Haga el backup del buzón de ana.rios desde el portal.")}
COMPUTER = {Act.FIND_COMPUTERS: Facts(computers=("PC-7",))}
CONFIRMATIONS: list[tuple[Submission, Act, dict[Act, Facts], DeskAction, Act | None]] = [
    (RESET, Act.CONFIRM_IDENTITY, NO_ADDRESS, DeskAction.APPROVE, Act.ALLOW_CHANGE),
    (ACTIVATE, Act.CONFIRM_ACTIVATION, UNEXPLAINED, DeskAction.APPROVE, Act.END_HOLDS),
    (DELETE, Act.CONFIRM_BACKUP, BY_HAND, DeskAction.APPROVE, Act.FIND_COMPUTERS),
    (DELETE, Act.CONFIRM_PC_BACKUP, COMPUTER, DeskAction.CONFIRM_PC_BACKUP, Act.REMOVE_COMPUTERS),
    (DELETE, Act.CONFIRM_PC_BACKUP, {}, DeskAction.CONFIRM_PC_BACKUP, None),
    (DELETE, Act.CONFIRM_PC_WIPE, COMPUTER, DeskAction.CONFIRM_PC_WIPE, Act.DELETE_ACCOUNT),
]
"""Of what request, which word, in which circumstances, how it is given, and what it lets happen."""
Circumstances = dict[Act, Facts]


def test_every_act_without_a_performer_is_tried_here() -> None:
    """The second person's word has a file of its own."""
    assert {each[1] for each in CONFIRMATIONS} | {Act.APPROVE} == set(CONFIRMED_BY)


@pytest.mark.parametrize(("content", "act", "teaches", "action", "follows"), CONFIRMATIONS)
def test_the_right_word_lets_it_go_on(
    content: Submission, act: Act, teaches: Circumstances, action: DeskAction, follows: Act | None
) -> None:
    """It waits without an effect and for no date; told so, the step is done, the story says by whom, and the next begins."""
    waiting = driven_to(act, content, teaches=teaches)
    assert (waiting.request.state, waiting.request.waiting_for) == (State.WAITING, CONFIRMED_BY[act])
    assert (waiting.effect, waiting.request.wake_at) == (None, None)
    assert f"«{action}»" in waiting.request.reason
    assert actions_of(waiting.request, rules())[0] == action
    said = begun(waiting.request, says(action, "hecho"))
    assert StepKey(act) in said.request.done
    assert (said.entries[0].detail, said.request.round) == ("Mesa de servicio: hecho", waiting.request.round)
    assert (said.effect.act if said.effect else None) is follows


@pytest.mark.parametrize(("content", "act", "teaches", "action", "follows"), CONFIRMATIONS)
@pytest.mark.parametrize("wrong", [*DeskAction, "Confirmar", ""])
def test_another_word_changes_nothing(
    content: Submission, act: Act, teaches: Circumstances, action: DeskAction, follows: Act | None, wrong: str
) -> None:
    """Each confirmation takes its own action only, and says which."""
    if wrong in {action, DeskAction.RETRY, DeskAction.CANCEL}:
        return
    waiting = driven_to(act, content, teaches=teaches)
    answered = begun(waiting.request, says(wrong))
    assert [entry.title for entry in answered.entries] == ["Acción no aplicada"]
    assert replace(answered.request, reason="") == replace(waiting.request, reason="")
    assert answered.effect is None
    if wrong in set(DeskAction):
        assert answered.request.reason == f"Este caso espera «{action}», no «{wrong}»."


@pytest.mark.parametrize(("content", "act", "teaches", "action", "follows"), CONFIRMATIONS)
def test_nothing_after_it_is_done_before(
    content: Submission, act: Act, teaches: Circumstances, action: DeskAction, follows: Act | None
) -> None:
    """Neither time nor a retry takes the place of a person's word."""
    waiting = driven_to(act, content, teaches=teaches)
    advanced = begun(waiting.request, says(DeskAction.RETRY), at=NOW + timedelta(days=9))
    while advanced.effect is not None:
        assert advanced.effect.act is Act.CHECK_ACCOUNT
        advanced = settle(advanced, Done(teaches.get(Act.CHECK_ACCOUNT, Facts(subject=SUBJECT))))
    assert (advanced.request.waiting_for, advanced.request.wake_at) == (CONFIRMED_BY[act], None)


def test_a_word_given_before_it_is_asked_for_does_not_count() -> None:
    """Nobody confirms the wipe of a computer whose backup nobody confirmed, nor approves what awaits something else."""
    early = driven_to(Act.CONFIRM_PC_BACKUP, DELETE, teaches=COMPUTER)
    for action in (DeskAction.CONFIRM_PC_WIPE, DeskAction.APPROVE):
        assert begun(early.request, says(action)).request.done == early.request.done
    at_work = driven_to(Act.BACK_UP, DELETE)
    for action in (DeskAction.CONFIRM_PC_BACKUP, DeskAction.CONFIRM_PC_WIPE, DeskAction.APPROVE):
        answered = begun(at_work.request, says(action))
        assert (answered.effect, answered.request.done) == (at_work.effect, at_work.request.done)
    held = settle(at_work, Failed("El disco de los backups está lleno."))
    for action in (DeskAction.CONFIRM_PC_BACKUP, DeskAction.APPROVE):
        assert begun(held.request, says(action)).request.state is State.NEEDS_ATTENTION


def test_one_word_confirms_one_thing() -> None:
    """Two actions of one moment are taken in their order, and the second is only for what is then awaited."""
    waiting = driven_to(Act.CONFIRM_PC_BACKUP, DELETE)
    twice = begun(waiting.request, says(DeskAction.CONFIRM_PC_BACKUP), says(DeskAction.CONFIRM_PC_BACKUP))
    assert StepKey(Act.CONFIRM_PC_WIPE) not in twice.request.done
    assert twice.entries[1].title == "Acción no aplicada"


def test_an_approver_can_confirm_what_the_desk_confirms() -> None:
    """The address in Observación is no obstacle; it is recorded as the note that it is."""
    waiting = driven_to(Act.CONFIRM_BACKUP, DELETE, teaches=BY_HAND)
    assert StepKey(Act.CONFIRM_BACKUP) in begun(waiting.request, approval()).request.done


def test_who_was_identified_is_nobody_else() -> None:
    """An edit that names another account is identified anew: the word was about the former person."""
    confirmed = driven_to(Act.ALLOW_CHANGE, RESET, teaches=NO_ADDRESS)
    held = settle(confirmed, Failed("El directorio lo rechazó."))
    other = replace(RESET, target=Target("otra.persona@entidad.gov.co"))
    edited = begun(held.request, Resubmitted(other, GRANTED, BOSS))
    assert StepKey(Act.CONFIRM_IDENTITY) not in edited.request.done
    assert acts_until_the_end(edited)[0] is Act.CHECK_ACCOUNT


def test_policy_says_whether_the_clock_waits_for_people() -> None:
    """By default a confirmation stops the 10 hours; an institution may count them."""
    for stop, paused in ((True, 1), (False, 0)):
        by = rules_of(deadlines=Deadlines(confirmations_stop_clock=stop))
        waiting = driven_to(Act.CONFIRM_PC_BACKUP, DELETE, by=by)
        open_pauses = [pause for pause in waiting.request.pauses if pause.until is None]
        assert len(open_pauses) == paused
        assert all(pause.since == NOW for pause in open_pauses)


def test_the_desk_reads_what_it_has_to_do() -> None:
    """Which computer, which mailbox; and that no password is sent where there is no address."""
    reasons: dict[Act, str] = {}
    for content, act, teaches, _, _ in CONFIRMATIONS[:4]:
        reasons[act] = driven_to(act, content, teaches=teaches).request.reason
    assert reasons[Act.CONFIRM_IDENTITY].endswith("no se envía ninguna clave.")
    assert "si procede activarla" in reasons[Act.CONFIRM_ACTIVATION]
    assert reasons[Act.CONFIRM_BACKUP].startswith("Haga el backup del buzón de ana.rios desde el portal.")
    assert "PC-7" in reasons[Act.CONFIRM_PC_BACKUP]
    assert "el equipo asignado, si lo tiene" in driven_to(Act.CONFIRM_PC_BACKUP, DELETE).request.reason


def test_a_creation_waits_for_nobodys_word() -> None:
    """«Aprobar» is not what moves a case that is simply at work."""
    wanted = run_to(Act.CREATE_ACCOUNT, begun(driven_to(Act.REGISTER_TICKET, contractor()).request))
    for action in (DeskAction.APPROVE, DeskAction.CONFIRM_PC_BACKUP, DeskAction.REJECT):
        answered: Advance = begun(wanted.request, says(action))
        assert (answered.effect, answered.entries[0].title) == (wanted.effect, "Acción no aplicada")
