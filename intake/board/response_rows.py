"""Which row of the form's own tab belongs to a response: pure, and never a guess.

Nothing ties a row of the responses' tab to a response: row numbers change with every sort, and two people may answer in the
same second. A row belongs to a response when its timestamp, its e-mail and all the answers agree, when no other row agrees as
well, and when the row agrees with no other response. Whatever is less than that is left alone and said.

The sheet keeps instants as serial numbers: days since 30 December 1899 in the spreadsheet's own time zone (Sheets API,
"DateTimeRenderOption: SERIAL_NUMBER"), with a precision of one second.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.vocabulary import CaseNumber, same_address
from intake.board.cells import Cell, folded, shown
from intake.board.port import ResponseMark

EPOCH = datetime.combine(date(1899, 12, 30), time())
"""Day 0 of the serials; without a zone, because a serial is wall-clock time of its spreadsheet."""

_SECONDS_A_DAY = 86_400
_TOLERANCE_SECONDS = 1.001
"""The sheet may cut or round the fraction of a second; a serial itself is exact to some microseconds."""

_TIMESTAMP_TITLES = frozenset({"marca temporal", "timestamp", "fecha y hora", "marca de tiempo"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to stand beside a response: its case and its state, and how to find its row."""

    case: CaseNumber
    state: str
    mark: ResponseMark


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """A row of the responses' tab as read: unformatted cells. `number` counts from 1; the header is row 1."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    """The row of each case that has exactly one, the cases that no row agrees with, and those that more than one does."""

    placed: Mapping[CaseNumber, int]
    missing: tuple[CaseNumber, ...]
    ambiguous: tuple[CaseNumber, ...]


def serial_of(instant: datetime, zone: ZoneInfo) -> float:
    """An aware instant as the spreadsheet of that zone keeps it. In the hour a clock is put back, two instants share one."""
    wall = instant.astimezone(zone).replace(tzinfo=None)
    return (wall - EPOCH) / timedelta(days=1)


def timestamp_column(headers: Sequence[Cell]) -> int:
    """Column (1 is A) of the response's timestamp: by its title in Spanish or English, else the first, where Forms puts it."""
    for column, header in enumerate(headers, start=1):
        if folded(shown(header)) in _TIMESTAMP_TITLES:
            return column
    return 1


def same_second(cell: Cell, serial: float) -> bool:
    """Whether a cell holds this instant, to the second."""
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return False
    return abs(cell - serial) * _SECONDS_A_DAY < _TOLERANCE_SECONDS


def match_rows(wanted: Sequence[Shown], rows: Sequence[ResponseRow], zone: ZoneInfo, *, timestamp: int = 1) -> Matches:
    """Find each response's row among these. `timestamp` is the column of the timestamps, 1 is A.

    Two responses of one and the same mark (a case and its correction) are told apart by nothing: neither gets the row.
    """
    by_second: dict[int, list[ResponseRow]] = {}
    for row in rows:
        cell = row.cells[timestamp - 1] if len(row.cells) >= timestamp else None
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            by_second.setdefault(int(cell * _SECONDS_A_DAY), []).append(row)
    agreeing: dict[CaseNumber, list[int]] = {}
    for shown_case in wanted:
        serial = serial_of(shown_case.mark.submitted_at, zone)
        second = int(serial * _SECONDS_A_DAY)
        near = [row for nearby in range(second - 2, second + 3) for row in by_second.get(nearby, ())]
        agreeing[shown_case.case] = [
            row.number
            for row in near
            if same_second(row.cells[timestamp - 1], serial) and _agrees(row, shown_case.mark, timestamp)
        ]
    claims = Counter(number for numbers in agreeing.values() for number in numbers)
    return Matches(
        placed={case: numbers[0] for case, numbers in agreeing.items() if len(numbers) == 1 and claims[numbers[0]] == 1},
        missing=tuple(case for case, numbers in agreeing.items() if not numbers),
        ambiguous=tuple(case for case, numbers in agreeing.items() if numbers and (len(numbers) > 1 or claims[numbers[0]] > 1)),
    )


def _agrees(row: ResponseRow, mark: ResponseMark, timestamp: int) -> bool:
    others = [cell for column, cell in enumerate(row.cells, start=1) if column != timestamp and cell is not None]
    if not any(isinstance(cell, str) and same_address(cell, mark.requester) for cell in others):
        return False
    return all(any(_holds(cell, answer) for cell in others) for answer in mark.answers if answer.strip())


def _holds(cell: Cell, answer: str) -> bool:
    """Whether a cell shows an answer: the same text, an option of several, or the number or date that Sheets made of it."""
    if isinstance(cell, bool):
        return answer.strip().casefold() in (("true", "verdadero") if cell else ("false", "falso"))
    if isinstance(cell, int | float):
        return any(abs(reading - cell) < 1e-9 * max(1.0, abs(reading)) for reading in _numbers_of(answer))
    text, wanted = _plain(cell or ""), _plain(answer)
    # A check box has its options in one cell, joined with ", "; in the response each is an answer of its own.
    return text == wanted or f", {wanted}, " in f", {text}, "


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _numbers_of(answer: str) -> list[float]:
    """What a spreadsheet may have made of a text that looks like a number or a date ("0123", "1.020.304", "31/12/2026").

    Too generous a reading does no harm: it can only make two rows look alike, and then neither is touched.
    """
    text = answer.strip()
    spellings = {text, text.replace(" ", ""), text.replace(".", "").replace(",", "."), text.replace(",", "")}
    readings = [float(spelling) for spelling in spellings if _NUMBER.fullmatch(spelling)]
    for pattern, order in _DATES:
        if found := re.fullmatch(pattern, text, flags=re.ASCII):
            readings.extend(_date_serial(found, order))
    return readings


_NUMBER = re.compile(r"[+-]?\d{1,17}(\.\d{1,12})?", re.ASCII)
_DATES: tuple[tuple[str, tuple[str, str, str]], ...] = (
    (r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?: (?P<H>\d{1,2}):(?P<M>\d{2}))?", ("y", "m", "d")),
    (r"(?P<a>\d{1,2})[/-](?P<b>\d{1,2})[/-](?P<y>\d{4})(?: (?P<H>\d{1,2}):(?P<M>\d{2}))?", ("y", "b", "a")),
    (r"(?P<a>\d{1,2})[/-](?P<b>\d{1,2})[/-](?P<y>\d{4})(?: (?P<H>\d{1,2}):(?P<M>\d{2}))?", ("y", "a", "b")),
)


def _date_serial(found: re.Match[str], order: tuple[str, str, str]) -> list[float]:
    year, month, day = (int(found[part]) for part in order)
    try:
        days = float((date(year, month, day) - EPOCH.date()).days)
    except ValueError:
        return []
    if found["H"] is None:
        return [days]
    return [days + (int(found["H"]) * 3600 + int(found["M"]) * 60) / _SECONDS_A_DAY]
