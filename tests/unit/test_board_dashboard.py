"""What "Tablero" counts: pure, by the institution's days, and never a number that nobody knows."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, update

from intake.board.dashboard import DESK_TURN, PROGRAM_TURN, REQUESTER_TURN, SeatsOf, dashboard_of, turn_of
from intake.board.dashboard_tab import shape_of
from intake.board.xlsx_charts import dump_dashboard, load_dashboard
from provision.journal import schema
from provision.journal.board_figures import BoardFigures, remember_free_seats
from provision.journal.rows import request_values
from provision.journal.store import Journal
from provision.journal.views import Views
from provision.procedure.acts import WaitingFor
from provision.procedure.model import Pause, Request, State
from tests.cases import NOW, enter, opened, rules

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def _request(number: int, at: datetime = NOW, **changes: Any) -> Request:
    return replace(opened(number, at=at).request, **changes)


def test_requests_are_counted_by_day_and_operation() -> None:
    """The last fifteen days, today last; late in the evening in UTC is still the same day in Bogota."""
    late = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)  # 23:30 of the 22nd in Bogota
    requests = [_request(1), _request(2), _request(3, late), _request(4, NOW - 20 * DAY)]
    table = dashboard_of(requests, (), rules()).received
    assert table.series == ("Creación de cuenta",)
    assert len(table.rows) == 15
    assert table.rows[-2:] == (("22/11", (1.0,)), ("23/11", (2.0,)))


def test_nothing_received_is_drawn_as_nothing() -> None:
    """An installation of today has a chart of zeros, not an error."""
    dashboard = dashboard_of((), (), rules())
    assert {value for _, values in dashboard.received.rows for value in values} == {0.0}
    assert [value for _, value in dashboard.headline] == ["0", "0", "0", "0"]
    assert dashboard.seats.rows == (("Sin licencias", (None, 0.0, 0.0)),)
    assert "sin dato" in dashboard.seats.note


def test_the_time_to_attend_is_set_against_the_sla() -> None:
    """One attended after two hours, one after eleven: one within the time allowed and one beyond it."""
    opening = datetime(2026, 11, 19, 12, 30, tzinfo=UTC)  # Thursday 07:30 in Bogota
    quick = _request(1, opening, attended_at=opening + 2 * HOUR, state=State.DONE, closed_at=opening + 3 * HOUR)
    slow = _request(2, opening, attended_at=opening + DAY + 2 * HOUR, state=State.DONE)
    table = dashboard_of([quick, slow, _request(3)], (), rules()).attended
    assert [name for name, _ in table.rows] == ["0 a 2,5 h", "2,5 a 5 h", "5 a 7,5 h", "7,5 a 10 h", "más de 10 h"]
    assert (table.rows[0][1], table.rows[-1][1]) == ((1.0, 0.0), (0.0, 1.0))
    assert "2 atendidas, 50% en el plazo" in table.note


def test_what_waits_is_counted_by_whose_turn_it_is() -> None:
    """The desk's, the requester's and nobody's waits are told apart; the largest comes first."""
    waiting = (WaitingFor.PC_BACKUP, WaitingFor.REQUESTER, WaitingFor.SYNC, WaitingFor.SYNC)
    requests = [_request(n, state=State.WAITING, waiting_for=each) for n, each in enumerate(waiting, start=1)]
    assert [turn_of(request) for request in requests] == [DESK_TURN, REQUESTER_TURN, PROGRAM_TURN, PROGRAM_TURN]
    closed = _request(9, state=State.DONE, waiting_for=WaitingFor.DESK)
    assert turn_of(closed) == ""
    dashboard = dashboard_of([*requests, closed], (), rules())
    assert dashboard.waiting.rows[0] == ("La sincronización con la nube", (0.0, 0.0, 0.0, 2.0))
    assert dict(dashboard.headline)["Esperan a la mesa"] == "1"


def test_due_today_and_late_are_different() -> None:
    """What is past its time is late and not "due today"."""
    friday = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
    headline = dict(dashboard_of([_request(1, friday), _request(2, friday - 3 * DAY), _request(3)], (), rules()).headline)
    assert headline == {"Por atender": "3", "Vencen hoy": "1", "Vencidas": "1", "Esperan a la mesa": "0"}


def test_seats_are_what_the_cloud_said_or_nothing() -> None:
    """A licence that the cloud was not asked about has no number, and the day of the answer is told."""
    seats = (SeatsOf("A", 4, NOW.date(), 1, 0), SeatsOf("B", None, None, 0, 2))
    table = dashboard_of((), seats, rules()).seats
    assert table.rows == (("A", (4.0, 1.0, 0.0)), ("B", (None, 0.0, 2.0)))
    assert "23/11" in table.note


def test_the_journal_remembers_what_the_cloud_answered(tmp_path: Path) -> None:
    """The last answer for each licence, with its instant; a damaged memory is as if nothing had been asked."""
    with closing(Journal.open(f"sqlite:///{tmp_path / 'gestion.db'}")) as journal:
        enter(journal, [1, 2])
        figures = BoardFigures(journal)
        assert figures.seats() == ()
        remember_free_seats(journal, "STANDARDPACK", 7, NOW)
        remember_free_seats(journal, "STANDARDPACK", 5, NOW + HOUR)
        remember_free_seats(journal, "EXCHANGESTANDARD", 1, NOW)
        assert [(each.licence, each.free, each.waiting) for each in figures.seats()] == [
            ("EXCHANGESTANDARD", 1, 0),
            ("STANDARDPACK", 5, 0),
        ]
        assert figures.closed_since(NOW - DAY) == ()


def test_closed_requests_count_as_they_did_open(tmp_path: Path) -> None:
    """The little that is read of them gives the tables that the whole requests give; older ones and open ones are left out."""
    opening = datetime(2026, 11, 19, 12, 30, tzinfo=UTC)
    pauses = (Pause(opening + HOUR, opening + 3 * HOUR, WaitingFor.SYNC),)
    done = {"state": State.DONE, "attended_at": opening + 5 * HOUR, "closed_at": opening + 2 * DAY, "pauses": pauses}
    requests = [_request(1, opening, **done), _request(2, NOW - 60 * DAY, state=State.DONE, closed_at=NOW - 59 * DAY)]
    with closing(Journal.open(f"sqlite:///{tmp_path / 'gestion.db'}")) as journal:
        enter(journal, [1, 2, 3])
        with journal.transaction() as connection:
            for request in requests:
                this = schema.request.c.case_number == request.case
                connection.execute(update(schema.request).where(this).values(**request_values(request)))
        closed = BoardFigures(journal).closed_since(NOW - 31 * DAY)
    assert [each.received_at for each in closed] == [opening]
    read, whole = dashboard_of((), (), rules(), closed=closed), dashboard_of(requests[:1], (), rules())
    assert read == whole
    assert read.attended.rows[1][1] == (1.0, 0.0)


def test_what_a_run_asks_of_a_large_journal_is_found_by_index(tmp_path: Path) -> None:
    """A poll among a hundred thousand cases reads the few that it is about: SQLite says by which index it finds them."""
    asked: list[tuple[str, Any]] = []
    with closing(Journal.open(f"sqlite:///{tmp_path / 'gestion.db'}")) as journal:
        enter(journal, [1])

        def listen(_: object, cursor: object, statement: str, parameters: Any, *rest: object) -> None:
            asked.append((statement, parameters))

        event.listen(journal.engine, "before_cursor_execute", listen)
        views = Views(journal)
        for question in (journal.has_open_cases, views.to_be_shown, views.open_and_shown, journal.next_wake):
            question()
        journal.has_due(NOW)
        BoardFigures(journal).closed_since(NOW)
        event.remove(journal.engine, "before_cursor_execute", listen)
        with closing(journal.engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            plans = {sql: [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values)] for sql, values in asked}
    assert len(plans) == 6
    assert [sql for sql, plan in plans.items() if any(line.startswith("SCAN") for line in plan)] == []


def test_a_dashboard_survives_a_cell() -> None:
    """What the .xlsx keeps comes back equal; what somebody typed there instead is no dashboard."""
    dashboard = dashboard_of([_request(1)], (SeatsOf("A", None, None, 0, 1),), rules())
    assert load_dashboard(dump_dashboard(dashboard)) == dashboard
    assert load_dashboard('=HYPERLINK("x")') is None
    assert load_dashboard("{}") is None


def test_the_shape_is_that_of_the_tables() -> None:
    """Other numbers are the same shape; another operation is another."""
    one, two = (dashboard_of(requests, (), rules()) for requests in ([_request(1)], [_request(1), _request(2)]))
    assert shape_of(one) == shape_of(two)
    assert shape_of(one) != shape_of(dashboard_of((), (), rules()))
