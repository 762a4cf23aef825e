"""The story of every case as one self-contained HTML page: what happened, when, why, and what it waited for.

It needs no network, runs no foreign code (its Content-Security-Policy names the hash of its own script and style), and can be
printed, mailed or kept as evidence. It shows what the program knows; it never holds a password.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from intake.account_lives import draw
from intake.paper import clean_text, templates, write_whole
from intake.story_values import EventKind, Overview, StateKind, Story

BOGOTA = ZoneInfo("America/Bogota")
_WAIT_COLOURS = 10
_NARROWEST = 0.012
"""Share of the bar that a wait gets at least, so that a wait of minutes in a story of weeks is still seen."""
_MONTHS = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")
_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")


def write_story_page(
    path: Path,
    title: str,
    institution_name: str,
    stories: Sequence[Story],
    generated_at: datetime,
    outputs: Sequence[tuple[str, str]],
    *,
    zone: ZoneInfo = BOGOTA,
    colour: str = "#1F4E79",
    overview: Overview | None = None,
) -> None:
    """Write the page, whole or not at all. `outputs`: text and address (relative to the page) of other results.

    Only its owner may read the file, since it holds personal data. Raises CannotRun when it cannot be written. The same
    arguments give the same bytes.
    """
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise ValueError("the colour is written as #1F4E79")
    environment = templates()
    environment.filters["link"] = _link
    palette, overview = _wait_colours(stories), overview or Overview()
    page = environment.get_template("story_page.html.j2").render(
        title=title,
        institution_name=institution_name,
        colour=colour,
        on_colour=_readable_on(colour),
        generated=_moment(generated_at, zone),
        outputs=outputs,
        tiles=_tiles(stories),
        figures=overview.figures,
        calendar=draw(overview.lives, overview.window) if overview.lives and overview.window else None,
        index=_index(stories),
        cases=[_case(story, generated_at, zone, palette) for story in stories],
        many=len(stories) > 6,
    )
    write_whole(path, page)


def _tiles(stories: Sequence[Story]) -> list[dict[str, object]]:
    order = list(StateKind)
    states = sorted({(order.index(story.state_kind), story.state) for story in stories})
    return [
        {"state": state, "kind": order[kind].value, "count": sum(story.state == state for story in stories)}
        for kind, state in states
    ]


def _index(stories: Sequence[Story]) -> list[dict[str, object]]:
    """The cases by operation, each operation with how its cases ended or stand."""
    groups: dict[str, list[Story]] = {}
    for story in stories:
        groups.setdefault(story.group or story.operation, []).append(story)
    return [
        {
            "operation": operation,
            "count": len(cases),
            "states": _tiles(cases),
            "cases": [(_anchor(story.case), story) for story in cases],
        }
        for operation, cases in groups.items()
    ]


def _anchor(case: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", case)


def _case(story: Story, now: datetime, zone: ZoneInfo, palette: dict[str, int]) -> dict[str, object]:
    end = max(story.closed or now, story.received)
    events = sorted(story.events, key=lambda event: event.at)
    days = [
        (_day(day), [(_clock(event.at, zone), event) for event in of_day])
        for day, of_day in groupby(events, key=lambda event: event.at.astimezone(zone).date())
    ]
    words = (
        story.case,
        story.user,
        story.account,
        story.requester,
        story.unit,
        story.operation,
        story.state,
        story.waiting_for,
    )
    return {
        "story": story,
        "anchor": _anchor(story.case),
        "search": _folded(" ".join(clean_text(word) for word in words)),
        "received": _moment(story.received, zone),
        "ended": _moment(story.closed, zone) if story.closed else "",
        "took": _span(end - story.received),
        "days": days,
        "approved": _moment(story.second_person.at, zone) if story.second_person else "",
        "mails": [(_moment(mail.at, zone) if mail.at else "", mail) for mail in story.mails],
        "bar": _bar(story, end, palette),
        "sla_used": _percent(min(story.sla.used_hours / story.sla.allowed_hours, 1))
        if story.sla and story.sla.allowed_hours
        else "0%",
        "sla_text": f"{_hours(story.sla.used_hours)} de {_hours(story.sla.allowed_hours)} horas hábiles" if story.sla else "",
    }


def _bar(story: Story, end: datetime, palette: dict[str, int]) -> dict[str, object]:
    total = (end - story.received) / timedelta(seconds=1) or 1.0

    def share(instant: datetime) -> float:
        return min(max((instant - story.received) / timedelta(seconds=1) / total, 0.0), 1.0)

    waits = sorted((wait for wait in story.waits if wait.since < end), key=lambda wait: wait.since)
    segments = []
    for wait in waits:
        begins, ends = share(wait.since), share(wait.until or end)
        width = max(ends - begins, _NARROWEST)
        segments.append(
            {"x": _percent(min(begins, 1 - width)), "width": _percent(width), "colour": palette[wait.what], "wait": wait}
        )
    legend = [
        {
            "what": what,
            "colour": palette[what],
            "time": _span(sum(((wait.until or end) - wait.since for wait in waits if wait.what == what), timedelta(0))),
            "paused": any(wait.pauses_clock for wait in waits if wait.what == what),
            "open": any(wait.until is None for wait in waits if wait.what == what) and story.closed is None,
        }
        for what in dict.fromkeys(wait.what for wait in waits)
    ]
    marks = [{"x": _percent(share(event.at)), "event": event} for event in story.events if event.kind is not EventKind.WAIT]
    return {"segments": segments, "legend": legend, "marks": marks}


def _wait_colours(stories: Sequence[Story]) -> dict[str, int]:
    # The same wait has the same colour in every case of the page.
    names = dict.fromkeys(wait.what for story in stories for wait in story.waits)
    return {name: index % _WAIT_COLOURS for index, name in enumerate(names)}


def _percent(share: float) -> str:
    return f"{share * 100:.2f}%"


def _hours(hours: float) -> str:
    return f"{hours:.1f}".removesuffix(".0").replace(".", ",")


def _day(day: date) -> str:
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def _clock(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{local.hour % 12 or 12}:{local.minute:02} {'a.' if local.hour < 12 else 'p.'}\u00a0m."


def _moment(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {_clock(instant, zone)}"


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return "menos de 1 min"
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        return f"{days} día{'s' if days > 1 else ''}" + (f" {hours} h" if hours and days < 10 else "")
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes % 60} min" if minutes % 60 else "") if part)


def _link(href: str) -> str:
    """An address that may stand in `href`; empty for one that a browser could run."""
    try:
        scheme = urlsplit(href).scheme
    except ValueError:
        return ""
    if scheme not in {"", "https", "file"} or href.lstrip().startswith("//"):
        return ""
    return quote(href.strip(), safe="/%#?=&:,;+@~()!*")


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _readable_on(colour: str) -> str:
    def linear(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    luminance = 0.2126 * linear(colour[1:3]) + 0.7152 * linear(colour[3:5]) + 0.0722 * linear(colour[5:7])
    # WCAG's contrast: white wins below the luminance where both contrasts are equal.
    return "#ffffff" if luminance < 0.179 else "#14181d"
