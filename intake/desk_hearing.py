"""What people did on the tickets in the desk's own tool, heard before a run's work: one question, and a reading of each ticket
that somebody touched.

What is heard becomes lines of the cases' stories, each once, and decides nothing
(docs/decisions/0026-words-in-the-ticket-tool.md).
A desk that is down is a problem of the run, and stops nothing else.
"""

from datetime import datetime, timedelta

from config.errors import Rejected, TargetError
from config.redaction import shown_text
from config.vocabulary import CaseNumber
from intake.run import RunReport
from intake.wiring import Installation
from notify.desk.port import Ticket, TicketStatus
from provision.journal.desk_news import DeskNews, Heard
from provision.procedure.model import Request, State, TicketTouch, TicketTouched

OVERLAP = timedelta(minutes=10)
"""The tool's clock is not ours."""
_MOST_REPLY_CHARACTERS = 2_000


def hear_desk(installation: Installation, report: RunReport) -> None:
    """Replies, closings and reopenings that people made in the tool become lines of their cases, each once."""
    news = DeskNews(installation.journal)
    news.begin()
    if not installation.journal.has_open_cases():
        return
    now = installation.clock()
    heard_until = news.heard_until()
    try:
        changed = installation.desk.changed_since((heard_until or now) - OVERLAP)
        for case in changed:
            _hear(installation, news, case, now)
    except TargetError as error:
        report.problems.append(error)
        return
    # A poll that hears nothing writes nothing, for a while: the same question a little longer back costs no more.
    if changed or heard_until is None or now - heard_until >= OVERLAP:
        news.heard_everything(now)


def _hear(installation: Installation, news: DeskNews, case: CaseNumber, now: datetime) -> None:
    request = news.request(case)
    if request is None:
        return
    try:
        ticket = installation.desk.find(case)
    except Rejected as error:
        installation.log.warning("desk.not-heard", case=case, problem=str(error))
        return
    if ticket is not None:
        _leave(installation, news, request, ticket, now)


def _leave(installation: Installation, news: DeskNews, request: Request, ticket: Ticket, now: datetime) -> None:
    former = news.heard(request.case)
    touches = [
        TicketTouched(TicketTouch.REPLIED, shown_text(reply.by, addresses=True, most=100), _quoted(reply.text))
        for reply in ticket.replies
        if reply.key not in former.replies
    ]
    if ticket.closed_by is not None and former.closed_by is None:
        touches.append(TicketTouched(TicketTouch.CLOSED, shown_text(ticket.closed_by, addresses=True, most=100)))
    reopened = ticket.status is not TicketStatus.CLOSED and _should_be_closed(request)
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
