"""What the journal remembers of the desk's tool: what was told and heard, by several workers, once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select, update

from config.vocabulary import CaseNumber
from provision.journal import schema
from provision.journal.campaign_accounts import source_of, undoing_source_of
from provision.journal.desk_news import DeskNews, Heard, Listened, Told
from provision.journal.receiving import ResponseVersion
from provision.journal.store import Journal
from provision.procedure.lifecycle import advance
from provision.procedure.model import Course, EntryKind, State, TicketTouch, TicketTouched
from tests.cases import NOW, enter, opened, rules

LEASE = timedelta(minutes=5)
LATER = NOW + timedelta(hours=1)
REPLY = TicketTouched(TicketTouch.REPLIED, "Ana Agente", "Ya hablé con él.")
CLOSED = TicketTouched(TicketTouch.CLOSED, "Ana Agente")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    """An empty journal on each store."""
    stored = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'gestion.db'}" if stored else request.getfixturevalue("postgres_journal_url")
    journal = Journal.open(url)
    yield journal
    journal.close()


def test_what_was_there_before_is_not_told(journal: Journal) -> None:
    """A journal that is older than the following begins with what comes next, and only that."""
    news = DeskNews(journal)
    (old,) = enter(journal, [1])
    news.begin()
    assert news.behind(LATER) == ()
    (new,) = enter(journal, [2])
    news.begin()
    (behind,) = news.behind(LATER)
    assert behind.case == new
    assert news.lines(old, 0, behind.last) == ()
    assert next(line.kind for line in news.lines(new, 0, behind.last)) is EntryKind.RECEIVED


def test_a_case_is_told_by_one_worker(journal: Journal) -> None:
    """Of two that saw the same, the second one's word is not kept; what was told is not behind any more."""
    news, other = DeskNews(journal), DeskNews(journal)
    news.begin()
    enter(journal, [1])
    (behind,) = news.behind(LATER)
    assert news.told(behind.case, behind.told, Told(telling=behind.last, until=NOW))
    assert not other.told(behind.case, behind.told, Told(telling=behind.last))
    (again,) = other.behind(LATER)
    assert again.told == Told(telling=behind.last, until=NOW)
    assert news.told(behind.case, again.told, Told(line=behind.last))
    known = other.known(behind.case)
    assert known is not None
    assert (known.request.case, known.told) == (behind.case, Told(line=behind.last))
    assert other.behind(LATER) == ()


def test_the_mark_passes_neither_what_is_pending_nor_what_may_be_committed_late(journal: Journal) -> None:
    """A case that failed is found again; where several write at once, so is a late line under a smaller number."""
    news = DeskNews(journal)
    news.begin()
    enter(journal, [1, 2])
    both = news.behind(NOW + timedelta(minutes=1))
    news.move_mark(both, (), NOW + timedelta(minutes=1))
    several_write = journal.engine.dialect.name == "postgresql"
    assert len(news.behind(NOW + timedelta(minutes=1))) == (2 if several_write else 0)
    enter(journal, [3, 4])
    found = news.behind(LATER)
    news.move_mark(found, found[-1:], LATER)
    assert news.behind(LATER) == found[-1:]
    news.move_mark(found[-1:], (), LATER)
    assert news.behind(LATER) == ()


def test_a_line_that_is_written_while_others_are_told_is_told_next(journal: Journal) -> None:
    """The mark passes only what was looked at."""
    news = DeskNews(journal)
    news.begin()
    enter(journal, [1])
    found = news.behind(LATER)
    (written_meanwhile,) = enter(journal, [2])
    news.move_mark(found, (), LATER)
    assert written_meanwhile in [each.case for each in news.behind(LATER)]


@contextmanager
def statements(journal: Journal) -> Iterator[list[str]]:
    """What the store is asked in between, by SQLAlchemy."""
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *others: object) -> None:
        asked.append(statement)

    event.listen(journal.engine, "before_cursor_execute", note)
    yield asked
    event.remove(journal.engine, "before_cursor_execute", note)


def test_an_idle_poll_asks_one_question_each_way(journal: Journal) -> None:
    """Once everything was told no line is looked at twice, whoever told it, and nothing is written."""
    news = DeskNews(journal)
    news.begin()
    enter(journal, [1])
    (behind,) = news.behind(NOW)
    assert news.told(behind.case, behind.told, Told(line=behind.last))
    assert news.behind(LATER) == ()
    with statements(journal) as asked:
        assert news.behind(LATER) == ()
        assert news.begin() == Listened()
    assert [each.split()[0] for each in asked] == ["SELECT", "SELECT"]


def test_a_campaigns_cases_are_never_behind(journal: Journal) -> None:
    """They have no ticket of their own, neither when they are made nor when they are undone."""
    news = DeskNews(journal)
    news.begin()
    with journal.receiving(NOW) as receiving:
        for number, source in enumerate([source_of("0a1b"), undoing_source_of("0a1b"), "R"]):
            receiving.enter(ResponseVersion(source, f"c{number}", NOW, None, {}), opened(number))
    assert [each.case for each in news.behind(NOW)] == [opened(2).request.case]


def test_there_is_nothing_to_hear_while_no_case_is_open(journal: Journal) -> None:
    """Whatever was missed waits."""
    news = DeskNews(journal)
    assert news.begin() is None
    (case,) = enter(journal, [1])
    assert news.begin() == Listened()
    news.listened(Listened(), Listened(NOW, (case,)))
    assert news.begin() == Listened(NOW, (case,))
    with journal.transaction() as connection:
        connection.execute(update(schema.request).values(closed_at=NOW))
    assert news.begin() is None


def test_how_far_the_tool_was_listened_to_is_kept_by_one_worker(journal: Journal) -> None:
    """The second one's word is not kept: it began from less. What an older version kept is understood."""
    news, other = DeskNews(journal), DeskNews(journal)
    one, two = enter(journal, [1, 2])
    former = Listened(NOW)
    news.listened(Listened(), former)
    news.listened(former, Listened(LATER, (one, two)))
    other.listened(former, Listened(LATER))
    assert news.begin() == Listened(LATER, (one, two))
    with journal.transaction() as connection:
        connection.execute(update(schema.memory).where(schema.memory.c.key == "desk.heard").values(value=NOW.isoformat()))
    assert news.begin() == Listened(NOW)


def test_a_ticket_that_was_only_looked_at_changes_nothing_on_the_board(journal: Journal) -> None:
    """What is remembered of it without any touch is no reason to write the row again."""
    news = DeskNews(journal)
    (case,) = enter(journal, [1])
    with journal.transaction() as connection:
        connection.execute(update(schema.request).values(to_be_shown=False))
    assert news.leave(case, Heard(), Heard(closed_by=None, reopened=True), (), NOW)
    with journal.transaction() as connection:
        assert connection.execute(select(schema.request.c.to_be_shown)).scalar_one() is False


def test_what_was_heard_is_left_once(journal: Journal) -> None:
    """Two pollers hear the same reply: one signal. A case that is not in the journal gets none."""
    news, other = DeskNews(journal), DeskNews(journal)
    (case,) = enter(journal, [1])
    heard = Heard(("rt-1",))
    assert news.leave(case, Heard(), heard, [REPLY], NOW)
    assert not other.leave(case, Heard(), heard, [REPLY], NOW)
    known = other.known(case)
    assert known is not None
    assert known.heard == heard
    assert other.known(CaseNumber("GU-2026-000099")) is None
    assert not news.leave(CaseNumber("GU-2026-000099"), Heard(), heard, [REPLY], NOW)
    assert news.leave(case, heard, Heard(), (), NOW)
    assert news.leave(case, Heard(), heard, (), NOW)
    lease = journal.lease_next("w", NOW + timedelta(seconds=5), LEASE)
    assert lease is not None
    assert [signal for _, signal in lease.inbox] == [REPLY]


def test_a_reply_changes_nothing_and_a_closing_asks_for_a_look() -> None:
    """Whatever a reply says; and a closed or attended case only gets a line."""
    request = opened().request
    told = advance(request, [REPLY], rules())
    assert told.request == advance(request, [], rules()).request
    assert told.entries[0].detail == "Ana Agente: Ya hablé con él."
    closed = advance(request, [CLOSED], rules())
    assert (closed.request.state, closed.effect) == (State.NEEDS_ATTENTION, None)
    assert closed.request.course is Course.ATTEND
    assert "«Reintentar»" in closed.request.reason
    again = advance(closed.request, [CLOSED], rules())
    assert again.request == closed.request
    assert again.entries[0].title == "Cerraron el ticket"
