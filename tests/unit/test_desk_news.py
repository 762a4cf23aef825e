"""What the journal remembers of the desk's tool: what was told and heard, by several workers, once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.vocabulary import CaseNumber
from provision.journal.desk_news import DeskNews, Heard, Told
from provision.journal.store import Journal
from provision.procedure.lifecycle import advance
from provision.procedure.model import Course, EntryKind, State, TicketTouch, TicketTouched
from tests.cases import NOW, enter, opened, rules

LEASE = timedelta(minutes=5)
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
    assert news.behind() == ()
    (new,) = enter(journal, [2])
    news.begin()
    (behind,) = news.behind()
    assert behind.case == new
    assert news.lines(old, 0, behind.last) == ()
    assert next(line.kind for line in news.lines(new, 0, behind.last)) is EntryKind.RECEIVED


def test_a_case_is_told_by_one_worker(journal: Journal) -> None:
    """Of two that saw the same, the second one's word is not kept; what was told is not behind any more."""
    news, other = DeskNews(journal), DeskNews(journal)
    news.begin()
    enter(journal, [1])
    (behind,) = news.behind()
    assert news.told(behind.case, behind.told, Told(telling=behind.last, until=NOW))
    assert not other.told(behind.case, behind.told, Told(telling=behind.last))
    (again,) = other.behind()
    assert again.told == Told(telling=behind.last, until=NOW)
    assert news.told(behind.case, again.told, Told(line=behind.last))
    assert other.behind() == ()


def test_the_mark_passes_neither_what_is_pending_nor_what_is_fresh(journal: Journal) -> None:
    """A line that another transaction commits late under a smaller number is still found, and so is a case that failed."""
    news = DeskNews(journal)
    news.begin()
    enter(journal, [1, 2])
    news.move_mark((), NOW + timedelta(minutes=1))
    assert len(news.behind()) == 2
    second = news.behind()[1]
    news.move_mark([second], NOW + timedelta(hours=1))
    assert [each.case for each in news.behind()] == [second.case]
    news.move_mark((), NOW + timedelta(hours=1))
    assert news.behind() == ()


def test_what_was_heard_is_left_once(journal: Journal) -> None:
    """Two pollers hear the same reply: one signal. A case that is not in the journal gets none."""
    news, other = DeskNews(journal), DeskNews(journal)
    (case,) = enter(journal, [1])
    heard = Heard(("rt-1",))
    assert news.leave(case, Heard(), heard, [REPLY], NOW)
    assert not other.leave(case, Heard(), heard, [REPLY], NOW)
    assert other.heard(case) == heard
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
