"""After a run's work, every case that changed is told to its ticket: state, fields, and one note of what is new.

Told once, wherever the process dies: the note that is about to be written is remembered first, and a note has a key. A desk
that is down is a problem of the run, and stops nothing else: the next run tells what this one could not.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from config.errors import Misconfigured, Rejected, Target, Transient, Unreachable
from config.redaction import shown_text
from config.vocabulary import CaseNumber
from intake.described import unit_of
from intake.desk_hearing import say
from intake.run import RunReport
from intake.show import account_shown
from intake.telling import solution_of
from intake.wiring import Installation
from notify.desk.port import TicketFields, TicketId, TicketStatus
from provision.journal.desk_news import Behind, DeskNews, Known, Line, Told
from provision.procedure import sla
from provision.procedure.acts import Act
from provision.procedure.model import EntryKind, Request, State
from provision.procedure.steps import CLOSE, REGISTER, Rules
from provision.procedure.ticket_words import REPLY_TITLE

_MOST_NOTE_CHARACTERS = 8_000
_MOST_MISCONFIGURED = 5
"""As many tickets in one run: what is wrong is not of single tickets."""
_NOT_NOTED = frozenset({REPLY_TITLE, REGISTER.title, CLOSE.title})
"""Titles of lines that the ticket itself says already."""

_STATUSES = {
    State.RECEIVED: TicketStatus.NEW,
    State.IN_PROGRESS: TicketStatus.IN_PROGRESS,
    State.WAITING: TicketStatus.PENDING,
    State.NEEDS_CORRECTION: TicketStatus.PENDING,
    State.NEEDS_ATTENTION: TicketStatus.IN_PROGRESS,
}
"""Of the states in which the ticket is open; it is closed by a step of the procedure (activity 6)."""


def follow_cases(installation: Installation, report: RunReport, behind: Sequence[Behind]) -> None:
    """State, fields and one note of what is new, to the ticket of each of these cases. Not for a dry run."""
    if any(_is_desk_down(problem) for problem in report.problems):
        return
    news = DeskNews(installation.journal)
    pending = list(behind)
    misconfigured = 0
    for each in behind:
        try:
            if _tell(installation, news, each):
                pending.remove(each)
        except Transient as error:
            installation.log.warning("desk.not-told", case=each.case, problem=str(error))
        except Rejected as error:  # the tool will not have it: it is said once, and not tried at every run
            report.problems.append(error)
            _give_up(news, each)
            pending.remove(each)
        except Misconfigured as error:
            say(report, error)
            misconfigured += 1
            if misconfigured == _MOST_MISCONFIGURED:
                break
        except Unreachable as error:
            say(report, error)
            break
    news.move_mark(behind, pending, installation.clock())


def _is_desk_down(problem: Exception) -> bool:
    return isinstance(problem, Unreachable | Transient) and problem.target is Target.DESK


def _tell(installation: Installation, news: DeskNews, behind: Behind) -> bool:
    """Whether nothing is left to tell: another worker's case stays pending until that one has told it."""
    now = installation.clock()
    known = news.known(behind.case)
    ticket = known.request.facts.ticket if known is not None else None
    if known is None or ticket is None:
        return True  # what is told is told with the ticket: its registration is a line of its own
    former = behind.told
    if former.until is not None and former.until > now and not installation.alone:
        return False
    at = TicketId(ticket)
    if former.telling > former.line:
        # A note was begun: whether or not it was written, it is the same note.
        told = replace(former, line=former.telling, telling=0)
        _note(installation, news, behind.case, at, former.line, former.telling)
        if not news.told(behind.case, former, told):
            return False
        former = told
    until = now + timedelta(seconds=installation.settings.store.lease_seconds)
    opens_again = known.request.state in _STATUSES and _is_attended(known.request)
    telling = replace(former, telling=behind.last, until=until, reopened=former.reopened or opens_again)
    if not news.told(behind.case, former, telling):
        return False
    told = replace(telling, line=behind.last, telling=0, until=None)
    told = _show(installation, news, replace(known, told=told), at)
    _note(installation, news, behind.case, at, former.line, behind.last)
    installation.stop_point("desk.told")
    return news.told(behind.case, telling, told)


def _give_up(news: DeskNews, behind: Behind) -> None:
    """These lines are not told; the next ones are tried again."""
    known = news.known(behind.case)
    if known is not None:
        news.told(behind.case, known.told, replace(known.told, line=behind.last, telling=0, until=None))


def _show(installation: Installation, news: DeskNews, known: Known, id: TicketId) -> Told:
    """Fields first, then the state: a desk by mail tells both with the note that follows."""
    request, heard, told = known.request, known.heard, known.told
    fields = fields_of(request, installation.rules(installation.clock()))
    digest = "\n".join(
        (fields.state, fields.account, fields.unit, fields.waiting_for, fields.due.isoformat() if fields.due else "")
    )
    if digest != told.fields:
        installation.desk.set_fields(id, fields)
    status = _STATUSES.get(request.state)
    if status is None:
        if told.reopened:
            installation.desk.close_with_solution(id, solution_of(request))
        return replace(told, fields=digest, status="", reopened=False)
    if heard.closed_by is not None and request.state is State.NEEDS_ATTENTION:
        return replace(told, fields=digest, status="")  # it stays closed until the desk decides on the board
    if heard.closed_by is None and status == told.status:
        return replace(told, fields=digest)
    if heard.closed_by is None and _closed_meanwhile(installation, request):
        return replace(told, fields=digest, status="")
    installation.desk.set_status(id, status)
    if heard.closed_by is not None:
        news.leave(request.case, heard, replace(heard, closed_by=None), (), installation.clock())
    return replace(told, fields=digest, status=status)


def _is_attended(request: Request) -> bool:
    return any(step.startswith(Act.CLOSE_TICKET) for step in request.done)


def _closed_meanwhile(installation: Installation, request: Request) -> bool:
    """A ticket that a person closed since this run listened is not opened over his head: the next run hears of it."""
    ticket = installation.desk.find(request.case)
    return ticket is not None and ticket.closed_by is not None


def fields_of(request: Request, rules: Rules) -> TicketFields:
    """What an agent sees of the case in its ticket. Pure."""
    ended = request.state.closed or request.attended_at is not None
    return TicketFields(
        state=request.state.label,
        account=account_shown(request),
        unit=unit_of(request),
        waiting_for=request.waiting_for.label if request.waiting_for and not request.state.closed else "",
        due=None if ended else sla.measure(request, rules).due_at,
    )


def _note(installation: Installation, news: DeskNews, case: CaseNumber, id: TicketId, after: int, until: int) -> None:
    """One note of the lines in between, if any is worth one; its key is that of its last line."""
    texts = [note_of(line) for line in news.lines(case, after, until) if line.title not in _NOT_NOTED and worth(line)]
    if texts:
        text = "\n".join(texts)
        whole = text if len(text) <= _MOST_NOTE_CHARACTERS else f"{text[:_MOST_NOTE_CHARACTERS]}…"
        installation.desk.note(id, f"{case}/{until}", f"{case}\n{whole}")


def worth(line: Line) -> bool:
    """The ticket's own text says what was asked."""
    return line.kind is not EntryKind.RECEIVED


def note_of(line: Line) -> str:
    """A line of the story as the tool shows it: no secret, and addresses only by their beginning. Pure."""
    return shown_text(f"{line.title}: {line.detail}" if line.detail else line.title, lines=True)
