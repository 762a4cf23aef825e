"""What people did on the tickets in the desk's own tool, heard before a run's work: one question, and a reading of each ticket
that somebody touched.

What is heard becomes lines of the cases' stories, each once, and decides nothing
(docs/decisions/0026-words-in-the-ticket-tool.md).
A desk that is down is a problem of the run, and stops nothing else; a ticket that cannot be read is tried again at every run.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from config.errors import Misconfigured, TargetError, Transient, Unreachable
from config.redaction import shown_text
from config.vocabulary import CaseNumber
from intake.run import RunReport
from intake.wiring import Installation
from notify.desk.port import Ticket, TicketStatus
from provision.journal.desk_news import DeskNews, Heard, Known, Listened
from provision.procedure.model import Request, State, TicketTouch, TicketTouched

OVERLAP = timedelta(minutes=10)
"""The tool's clock is not ours."""
_MOST_REPLY_CHARACTERS = 2_000
_MOST_TRANSIENT = 3
"""As many tickets in one run: it is the tool that is busy, and each of them may have waited for a time limit."""


def hear_desk(installation: Installation, report: RunReport) -> None:
    """Replies, closings and reopenings that people made in the tool become lines of their cases, each once."""
    news = DeskNews(installation.journal)
    former = news.begin()
    if former is None or installation.settings.desk.kind == "mail":  # of a desk by mail nothing is heard
        return
    now = installation.clock()
    try:
        changed = installation.desk.changed_since((former.until or now) - OVERLAP)
        missed = _hear_all(installation, report, news, changed, former.missed)
    except TargetError as error:
        report.problems.append(error)
        return
    # A poll that hears nothing writes nothing, for a while: the same question a little longer back costs no more.
    if changed or missed != former.missed or former.until is None or now - former.until >= OVERLAP:
        news.listened(former, Listened(now, missed))


def _hear_all(
    installation: Installation, report: RunReport, news: DeskNews, changed: Sequence[CaseNumber], known: Sequence[CaseNumber]
) -> tuple[CaseNumber, ...]:
    """Hear of what changed and of what was missed before; what is missed now is returned. Raises Unreachable: all of it is."""
    cases = tuple(dict.fromkeys((*changed, *known)))
    missed: list[CaseNumber] = []
    transient = 0
    for number, case in enumerate(cases):
        try:
            _hear(installation, news, case)
        except Unreachable:
            raise
        except TargetError as error:
            missed.append(case)
            installation.log.warning("desk.not-heard", case=case, problem=str(error))
            if isinstance(error, Transient):
                transient += 1
                if transient == _MOST_TRANSIENT:
                    return (*missed, *cases[number + 1 :])
            elif isinstance(error, Misconfigured) or case not in known:  # what the tool rejects is said in one run
                say(report, error)
    return tuple(missed)


def say(report: RunReport, error: TargetError) -> None:
    """What is wrong with the whole tool is met with each ticket, and said once."""
    if str(error) not in map(str, report.problems):
        report.problems.append(error)


def _hear(installation: Installation, news: DeskNews, case: CaseNumber) -> None:
    known = news.known(case)
    if known is None:
        return
    ticket = installation.desk.find(case)
    if ticket is not None:
        _leave(installation, news, known, ticket, installation.clock())


def _leave(installation: Installation, news: DeskNews, known: Known, ticket: Ticket, now: datetime) -> None:
    request, former = known.request, known.heard
    touches = [
        TicketTouched(TicketTouch.REPLIED, shown_text(reply.by, addresses=True, most=100), _quoted(reply.text))
        for reply in ticket.replies
        if reply.key not in former.replies
    ]
    if ticket.closed_by is not None and former.closed_by is None:
        touches.append(TicketTouched(TicketTouch.CLOSED, shown_text(ticket.closed_by, addresses=True, most=100)))
    reopened = (
        ticket.status is not TicketStatus.CLOSED
        and _should_be_closed(request)
        and not known.told.reopened  # by us: closing it again did not succeed yet
    )
    if reopened and not former.reopened:
        touches.append(TicketTouched(TicketTouch.REOPENED))
    heard = Heard(tuple(reply.key for reply in ticket.replies), ticket.closed_by, reopened)
    if heard != former and news.leave(request.case, former, heard, touches, now):
        for touch in touches:
            installation.log.info("desk.heard", case=request.case, what=touch.what)


def _quoted(text: str) -> str:
    """What somebody wrote, without anything that looks like a password: the journal keeps none."""
    return shown_text(text, addresses=True, lines=True, most=_MOST_REPLY_CHARACTERS)


def _should_be_closed(request: Request) -> bool:
    return request.state.closed or request.state is State.FOLLOWED_UP
