"""The stories of all cases as a page: from the journal and the Maildir to values that `story_page` draws."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from config.dates import local_date
from config.vocabulary import ACCOUNT_TYPE_LABELS
from intake.account_lives import AccountLife, LivedHold
from intake.described import account_asked, operation_label, unit_of
from intake.forms.port import Field
from intake.forms.questions import QUESTIONS
from intake.outcomes import changes_of
from intake.show import sla_text
from intake.story_values import (
    Decision,
    Event,
    EventKind,
    SecondPerson,
    SentMail,
    SlaKind,
    SlaStory,
    StateKind,
    Story,
    Wait,
)
from intake.telling_others import person_of
from provision.journal.views import Story as JournalStory
from provision.journal.views import Told
from provision.procedure import sla
from provision.procedure.acts import WaitingFor
from provision.procedure.holds import Hold
from provision.procedure.model import Course, EntryKind, Request, SlaMark, State
from provision.procedure.steps import Rules, creation_of
from provision.procedure.submission import Granted, user_name

STATE_KINDS = {
    State.RECEIVED: StateKind.WORKING,
    State.IN_PROGRESS: StateKind.WORKING,
    State.WAITING: StateKind.WAITING,
    State.NEEDS_CORRECTION: StateKind.CORRECTION,
    State.NEEDS_ATTENTION: StateKind.ATTENTION,
    State.FOLLOWED_UP: StateKind.DONE,
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
        user=person_of(request),
        account=_account(request),
        unit=unit_of(request) or (request.facts.subject.unit if request.facts.subject else ""),
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
        group=operation_label(request),
        changes=changes_of(request),
        second_person=SecondPerson(request.approval.by, request.approval.how, request.approval.at)
        if request.approval
        else None,
        waiting_for=request.waiting_for.label if request.waiting_for and not request.state.closed else "",
    )


def account_lives(
    requests: Sequence[Request], holds: Callable[[str], Sequence[Hold]], zone: ZoneInfo
) -> tuple[AccountLife, ...]:
    """The accounts of these requests that were ever held, those with several holds first. `holds`: of an account's id."""
    known: dict[str, tuple[str, str]] = {}
    created: dict[str, date] = {}
    deleted: dict[str, date] = {}
    cancelled = {
        request.case: local_date(request.closed_at, zone)
        for request in requests
        if request.course is Course.CANCEL and request.closed_at is not None
    }
    for request in requests:
        facts = request.facts
        if facts.account_id is not None and facts.access_sent_at is not None:
            made = creation_of(request)
            known.setdefault(facts.account_id, (user_name(made) if made else "", facts.mail_address or facts.login or ""))
            created[facts.account_id] = local_date(facts.access_sent_at, zone)
        if facts.subject is not None:
            known.setdefault(facts.subject.account_id, (facts.subject.display_name, facts.subject.mail_address))
            if facts.account_deleted_at is not None:
                deleted[facts.subject.account_id] = local_date(facts.account_deleted_at, zone)
    lives = [
        AccountLife(
            name,
            account,
            tuple(LivedHold(hold, cancelled.get(hold.case)) for hold in holds(account_id)),
            created.get(account_id),
            deleted.get(account_id),
        )
        for account_id, (name, account) in known.items()
    ]
    return tuple(sorted((life for life in lives if life.holds), key=lambda life: (-len(life.holds), life.name, life.account)))


def _account(request: Request) -> str:
    facts = request.facts
    if facts.subject is not None and creation_of(request) is None:
        return facts.subject.mail_address
    return facts.mail_address or facts.login or facts.existing_login or account_asked(request)


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
