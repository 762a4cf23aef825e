"""After a run's work, every case that changed is told to its ticket: state, fields, and one note of what is new.

Told once, wherever the process dies: the note that is about to be written is remembered first, and a note has a key. A desk
that is down is a problem of the run, and stops nothing else: the next run tells what this one could not.
"""

from dataclasses import replace
from datetime import timedelta

from config.errors import Misconfigured, Rejected, Target, TargetError, Transient, Unreachable
from config.redaction import shown_text
from config.vocabulary import CaseNumber
from intake.run import RunReport
from intake.show import board_row
from intake.telling import solution_of
from intake.wiring import Installation
from notify.desk.port import TicketFields, TicketId, TicketStatus
from provision.journal.desk_news import Behind, DeskNews, Line, Told
from provision.journal.views import Shown
from provision.procedure import sla
from provision.procedure.acts import Act
from provision.procedure.model import EntryKind, Request, State
from provision.procedure.steps import CLOSE, REGISTER, Rules
from provision.procedure.ticket_words import REPLY_TITLE

_MOST_NOTE_CHARACTERS = 8_000
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


def follow_cases(installation: Installation, report: RunReport) -> None:
    """State, fields and one note of what is new, to the ticket of every case that changed. A dry run tells nothing."""
    if not installation.writable or any(_is_desk(problem) for problem in report.problems):
        return
    news = DeskNews(installation.journal)
    behind = news.behind()
    pending = list(behind)
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
        except (Misconfigured, Unreachable) as error:
            report.problems.append(error)
            break
    news.move_mark(pending, installation.clock())


def _is_desk(problem: Exception) -> bool:
    return isinstance(problem, TargetError) and problem.target is Target.DESK


def _tell(installation: Installation, news: DeskNews, behind: Behind) -> bool:
    """Whether nothing is left to tell: another worker's case stays pending until that one has told it."""
    now = installation.clock()
    shown = installation.views.shown_case(behind.case)
    ticket = shown.request.facts.ticket
    if ticket is None:
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
    telling = replace(former, telling=behind.last, until=until)
    if not news.told(behind.case, former, telling):
        return False
    told = replace(telling, line=behind.last, telling=0, until=None)
    told = _show(installation, news, shown, at, told)
    _note(installation, news, behind.case, at, former.line, behind.last)
    installation.stop_point("desk.told")
    return news.told(behind.case, telling, told)


def _give_up(news: DeskNews, behind: Behind) -> None:
    """These lines are not told; the next ones are tried again."""
    current = next((each.told for each in news.behind() if each.case == behind.case), behind.told)
    news.told(behind.case, current, replace(current, line=behind.last, telling=0, until=None))


def _show(installation: Installation, news: DeskNews, shown: Shown, id: TicketId, told: Told) -> Told:
    """Fields first, then the state: a desk by mail tells both with the note that follows."""
    rules = installation.rules(installation.clock())
    fields = fields_of(shown, rules)
    digest = "\n".join(
        (fields.state, fields.account, fields.unit, fields.waiting_for, fields.due.isoformat() if fields.due else "")
    )
    if digest != told.fields:
        installation.desk.set_fields(id, fields)
    status = _STATUSES.get(shown.request.state)
    if status is None:
        if told.reopened:
            installation.desk.close_with_solution(id, solution_of(shown.request))
        return replace(told, fields=digest, status="", reopened=False)
    heard = news.heard(shown.request.case)
    if heard.closed_by is not None and shown.request.state is State.NEEDS_ATTENTION:
        return replace(told, fields=digest, status="")  # it stays closed until the desk decides on the board
    if heard.closed_by is None and status == told.status:
        return replace(told, fields=digest)
    if heard.closed_by is None and _closed_meanwhile(installation, shown.request):
        return replace(told, fields=digest, status="")
    installation.desk.set_status(id, status)
    if heard.closed_by is not None:
        news.leave(shown.request.case, heard, replace(heard, closed_by=None), (), installation.clock())
    attended = any(step.startswith(Act.CLOSE_TICKET) for step in shown.request.done)
    return replace(told, fields=digest, status=status, reopened=told.reopened or attended)


def _closed_meanwhile(installation: Installation, request: Request) -> bool:
    """A ticket that a person closed since this run listened is not opened over his head: the next run hears of it."""
    ticket = installation.desk.find(request.case)
    return ticket is not None and ticket.closed_by is not None


def fields_of(shown: Shown, rules: Rules) -> TicketFields:
    """What an agent sees of the case in its ticket. Pure."""
    row = board_row(shown, rules)
    request = shown.request
    ended = request.state.closed or request.attended_at is not None
    return TicketFields(
        state=row.state,
        account=row.account,
        unit=row.unit,
        waiting_for=row.waiting_for,
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
