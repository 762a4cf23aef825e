"""The stories of all cases as a page: from the journal and the Maildir to values that `story_page` draws."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from config.vocabulary import ACCOUNT_TYPE_LABELS
from intake.described import operation_label, unit_of, user_of
from intake.forms.port import Field
from intake.forms.questions import QUESTIONS
from intake.show import sla_text
from intake.story_page import Decision, Event, EventKind, SentMail, SlaKind, SlaStory, StateKind, Story, Wait
from provision.journal.views import Story as JournalStory
from provision.journal.views import Told
from provision.procedure import sla
from provision.procedure.model import EntryKind, Request, SlaMark, State, WaitingFor
from provision.procedure.steps import Rules
from provision.procedure.submission import Granted

STATE_KINDS = {
    State.RECEIVED: StateKind.WORKING,
    State.IN_PROGRESS: StateKind.WORKING,
    State.WAITING: StateKind.WAITING,
    State.NEEDS_CORRECTION: StateKind.CORRECTION,
    State.NEEDS_ATTENTION: StateKind.ATTENTION,
    State.DONE: StateKind.DONE,
    State.REFUSED: StateKind.REFUSED,
    State.DUPLICATE: StateKind.CLOSED,
    State.UNANSWERED: StateKind.CLOSED,
    State.CANCELLED: StateKind.CLOSED,
}

SLA_KINDS = {SlaMark.ON_TIME: SlaKind.ON_TIME, SlaMark.WARNED: SlaKind.WARNED, SlaMark.MISSED: SlaKind.MISSED}


def page_story(story: JournalStory, mails: Sequence[SentMail], rules: Rules) -> Story:
    """One case as the page shows it. Pure."""
    request = story.shown.request
    clock = sla.measure(request, rules)
    return Story(
        case=request.case,
        state=request.state.label,
        state_kind=STATE_KINDS[request.state],
        requester=request.requester or "(sin identidad verificada)",
        operation=_operation(request),
        user=user_of(request),
        account=request.facts.mail_address or request.facts.login or request.facts.existing_login or "",
        unit=unit_of(request),
        decision=_decision(request),
        received=request.received_at,
        closed=request.closed_at,
        sla=SlaStory(
            SLA_KINDS[request.sla],
            sla_text(request, rules).split(" · ")[0],
            clock.elapsed_hours,
            rules.policy.deadlines.attend_business_hours,
        ),
        events=tuple(Event(line.at, line.title, line.detail, EventKind[line.kind.name]) for line in story.history),
        answers=answers_as_asked(story.shown.answers),
        mails=tuple(mails),
        waits=tuple(_waits(request, story.history)),
        waiting_for=request.waiting_for.label if request.waiting_for and not request.state.closed else "",
    )


def answers_as_asked(answers: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, str], ...]:
    """Question and answer, in the order of the form."""
    asked = ((QUESTIONS[question].title, answers.get(question.value, ())) for question in Field)
    return tuple((title, ", ".join(texts)) for title, texts in asked if any(text.strip() for text in texts))


def _operation(request: Request) -> str:
    account_type = request.content.account_type
    label = ACCOUNT_TYPE_LABELS[account_type] if account_type else ""
    return " · ".join(part for part in (operation_label(request), label) if part)


def _decision(request: Request) -> Decision:
    decided = request.authorisation
    row = decided.row if isinstance(decided, Granted) else None
    granted = isinstance(decided, Granted)
    return Decision(granted, decided.reason, row, decided.matrix_version, request.policy_version)


def _waits(request: Request, history: Sequence[Told]) -> list[Wait]:
    """Pauses of the clock, and the waits that do not stop it, each until the next line of the story."""
    paused = [Wait(pause.since, pause.until, pause.why.label, pauses_clock=True) for pause in request.pauses]
    uncounted = (WaitingFor.SYNC, WaitingFor.RETRY, WaitingFor.DESK)
    counted = [
        Wait(line.at, _next_at(history, number), why.label)
        for number, line in enumerate(history)
        for why in uncounted
        if line.kind is EntryKind.WAIT and line.title.endswith(why.label)
    ]
    shown = [wait for wait in (*paused, *counted) if wait.until is None or wait.until - wait.since >= timedelta(minutes=1)]
    return sorted(shown, key=lambda wait: wait.since)


def _next_at(history: Sequence[Told], number: int) -> datetime | None:
    return history[number + 1].at if number + 1 < len(history) else None
