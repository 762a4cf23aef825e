"""Driving `advance` by hand: effects settle at once, people say yes, dates come, up to the step that a test is about."""

from collections.abc import Mapping
from datetime import datetime

from config.vocabulary import EmailAddress
from provision.procedure.acts import CONFIRMED_BY, Act, WaitingFor
from provision.procedure.courses import next_step
from provision.procedure.desk import DeskAction
from provision.procedure.facts import Facts
from provision.procedure.lifecycle import advance
from provision.procedure.model import Admitted, Advance, Approver, DeskAsked, Done, Outcome, Request, Settled, Signal
from provision.procedure.safety import effect_of
from provision.procedure.steps import Rules
from provision.procedure.submission import Authorisation, Defective, Submission
from tests.cases import GRANTED, NOW, opened, rules, taught_by

MOST_STEPS = 80
SECOND_PERSON = Approver(EmailAddress("aprobadora@entidad.gov.co"), 5)


def begun(request: Request, *signals: Signal, at: datetime = NOW, by: Rules | None = None) -> Advance:
    """What the request decides on these signals."""
    return advance(request, signals, by or rules(at))


def settle(advanced: Advance, outcome: Outcome | None = None, now: datetime = NOW, *, by: Rules | None = None) -> Advance:
    """The wanted effect comes to an outcome; by default it is done and teaches what it usually teaches."""
    effect = advanced.effect
    assert effect is not None
    settled = Settled(effect, outcome or Done(taught_by(effect, now)))
    return advance(advanced.request, [settled], by or rules(now))


def run_to(act: Act | None, advanced: Advance, now: datetime = NOW, *, by: Rules | None = None) -> Advance:
    """Settle effects until this act is wanted; None: until nothing is."""
    for _ in range(MOST_STEPS):
        if (advanced.effect.act if advanced.effect else None) is act:
            return advanced
        advanced = settle(advanced, now=now, by=by)
    raise AssertionError(f"{act} is never wanted")


def acts_until_the_end(advanced: Advance, now: datetime = NOW, *, by: Rules | None = None) -> list[Act]:
    """Every act wanted from here until nothing is, all of them done at once."""
    acts: list[Act] = []
    while advanced.effect is not None:
        assert len(acts) < MOST_STEPS, acts
        acts.append(advanced.effect.act)
        advanced = settle(advanced, now=now, by=by)
    return acts


def at_rest(content: Submission | Defective, at: datetime = NOW, *, by: Rules | None = None) -> Advance:
    """A request received at this moment, every effect done until it waits for something or ends."""
    return run_to(None, begun(opened(1, content, GRANTED, at).request, at=at, by=by), at, by=by)


def says(action: str, note: str = "") -> DeskAsked:
    """An action of the desk on the board."""
    return DeskAsked(action, "Mesa de servicio", note)


def approval(action: str = DeskAction.APPROVE, by: Approver | None = SECOND_PERSON, *, at_command: bool = False) -> DeskAsked:
    """The word of a second person, whom the desk names on the board."""
    return DeskAsked(action, "Mesa de servicio", by.address if by else "", by, at_command=at_command)


def admitted(request: Request) -> Admitted:
    """The word of the run's batch for exactly this request."""
    return Admitted(effect_of(request).line)


def word_for(request: Request) -> Signal | None:
    """What somebody says so that a request goes on; None: it waits for nobody's word."""
    confirming = {waiting: act for act, waiting in CONFIRMED_BY.items()}
    match request.waiting_for:
        case WaitingFor.ADMISSION:
            return admitted(request)
        case WaitingFor.APPROVAL:
            return approval()
        case WaitingFor.PC_BACKUP:
            return says(DeskAction.CONFIRM_PC_BACKUP)
        case WaitingFor.PC_WIPE:
            return says(DeskAction.CONFIRM_PC_WIPE)
        case waiting if waiting in confirming:
            return says(DeskAction.APPROVE)
        case _:
            return None


def driven_to(
    act: Act,
    content: Submission,
    authorisation: Authorisation = GRANTED,
    *,
    by: Rules | None = None,
    teaches: Mapping[Act, Facts] | None = None,
) -> Advance:
    """The request when this act is its next step, after everybody said yes to what comes before; all of it at one moment."""
    advanced = begun(opened(1, content, authorisation).request, by=by)
    for _ in range(MOST_STEPS):
        step = next_step(advanced.request, by or rules())
        if step is not None and step.act is act:
            return advanced
        if advanced.effect is not None:
            taught = (teaches or {}).get(advanced.effect.act)
            advanced = settle(advanced, Done(taught) if taught is not None else None, by=by)
            continue
        word = word_for(advanced.request)
        assert word is not None, f"{act} is never wanted: {advanced.request.state}, {advanced.request.waiting_for}"
        advanced = begun(advanced.request, word, by=by)
    raise AssertionError(f"{act} is never wanted")
