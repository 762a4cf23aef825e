"""What a report is made of: sections with figures, bars and tables; and how numbers, days and sizes are written in it.

A table is shown on the page and kept as a CSV; both say the same. All texts are Spanish plain text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of plain text under headings. `name` is the stem of its CSV; empty: it is shown and not kept.

    `numeric` are the columns of numbers; `bars` is the one of them that is drawn as bars too; `total` is a last row apart.
    """

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    bars: int | None = None
    sizes: tuple[float, ...] = ()
    """The number behind each row's bar."""
    total: tuple[str, ...] = ()
    most_shown: int = 200
    """Rows on the page; the CSV has all."""


@dataclass(frozen=True, slots=True)
class Column:
    """One upright bar: what it stands for, how high it is, and of what kind (`good`, `bad` or `free`)."""

    label: str
    value: int
    said: str
    kind: str = "good"


@dataclass(frozen=True, slots=True)
class Chart:
    """Upright bars side by side, in order. `said` tells in words what they show."""

    title: str
    said: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report. `note` defines its figures: what is counted, when, and what is not."""

    anchor: str
    title: str
    note: str
    said: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure at the head of the page; `anchor` is the section that explains it."""

    value: str
    label: str
    anchor: str
    kind: str = ""
    """`good`, `bad` or neither."""


def number(value: float, decimals: int = 1) -> str:
    """As people here write it: 1,5; a whole number without decimals."""
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".").replace(".", ",") if value % 1 else f"{value:.0f}"


def share(part: int, whole: int) -> str:
    """`87 %`; a dash where there is nothing to share. Never 100 % of what is not all, nor 0 % of what is something."""
    if not whole:
        return "—"
    percent = round(100 * part / whole)
    if part and not percent:
        return "<1 %"
    return f"{min(percent, 99) if part < whole else percent} %"


def size(octets: int) -> str:
    """`1,2 GB`, in powers of 1000 as providers count."""
    value = float(octets)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{number(value)} {unit}"
        value /= 1000
    return f"{number(value)} TB"


def moment(at: datetime | None, zone: ZoneInfo) -> str:
    """Day and time in the institution's zone; empty for none."""
    return f"{at.astimezone(zone):%d/%m/%Y %H:%M}" if at is not None else ""


def day(on: date | None) -> str:
    """`05/03/2026`; empty for none."""
    return f"{on:%d/%m/%Y}" if on is not None else ""


def counted(count: int, one: str, many: str) -> str:
    """`1 caso`, `2 casos`."""
    return f"{count} {one if count == 1 else many}"


def median(values: Sequence[float]) -> float:
    """The middle one of values that need not be sorted; 0 for none."""
    return quantile(values, 0.5)


def quantile(values: Sequence[float], part: float) -> float:
    """The smallest value that so large a part of them does not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-part * len(ordered) // 1) - 1))] if ordered else 0.0
