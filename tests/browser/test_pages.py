"""The pages that the program leaves on disk, opened from there: stories, a plan, the month's report, a unit's sheet."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from config.vocabulary import EmailAddress
from intake.campaign_page import plan_page
from intake.reporting.page import PAGE, files_of
from intake.reporting.report import report_of
from intake.reporting.review import FOLDER
from intake.story_page import write_story_page
from provision.procedure.campaign import CampaignPlan, LeftOut, in_order
from provision.procedure.facts import Facts
from provision.procedure.model import SlaMark, State
from tests.browser.looking import look
from tests.cases import NOW, SUBJECT, policy
from tests.unit.sample_reports import HOUR, a_case, gathered
from tests.unit.test_campaign_plan import line
from tests.unit.test_story_page import story

pytestmark = [pytest.mark.chromium, pytest.mark.xdist_group("chromium")]

LEAST_CONTRAST, LEAST_FONT = 4.5, 11


def _stories(path: Path) -> None:
    stories = [story(case=f"GU-2026-00000{number}") for number in range(1, 8)]
    write_story_page(path, "Historias", "UPME", stories, NOW, [("Registro", "gestion.log")])


def _campaign(path: Path) -> None:
    lines = in_order(line(number, unit=f"Dependencia número {number % 3}") for number in range(20))
    left = (LeftOut("ana.rios", "Ana Ríos", "Prorrogada."),)
    plan = CampaignPlan("Cierre", date(2026, 12, 31), lines, left, allowed=2)
    path.write_text(plan_page(plan, policy(), EmailAddress("jefe.ogi@entidad.gov.co")), "utf-8")


def _report() -> Mapping[str, str]:
    late = a_case(1, attended_at=NOW + 9 * HOUR, state=State.FOLLOWED_UP, sla=SlaMark.MISSED, facts=Facts(subject=SUBJECT))
    others = [
        a_case(
            number,
            attended_at=NOW + HOUR * (number % 7),
            state=State.DONE,
            facts=Facts(subject=replace(SUBJECT, account_id=f"guid-{number}")),
        )
        for number in range(2, 24)
    ]
    return files_of(report_of(gathered(late, *others)))


def _page_of_report(path: Path) -> None:
    path.write_text(_report()[PAGE], "utf-8")


def _sheet(path: Path) -> None:
    sheet = next(text for name, text in _report().items() if name.startswith(FOLDER) and name.endswith(".html"))
    path.write_text(sheet, "utf-8")


PAGES: Mapping[str, Callable[[Path], None]] = {
    "stories": _stories,
    "campaign": _campaign,
    "report": _page_of_report,
    "sheet": _sheet,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_by_itself(browser: Browser, tmp_path: Path, name: str) -> None:
    """It asks for nothing but itself, runs into no error, fits telephone and desk, can be heard, and is printed on A4."""
    file = tmp_path / "pagina.html"
    PAGES[name](file)
    page = browser.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    try:
        for width, height, scheme in ((360, 740, "light"), (1280, 900, "dark")):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.goto(file.as_uri())
            seen = look(page)
            assert seen.width <= seen.room
            assert seen.smallest[0] >= LEAST_FONT, seen.smallest
            assert seen.faintest[0] >= LEAST_CONTRAST, (scheme, seen.faintest)
            assert (seen.headings, seen.mains, seen.unnamed, seen.language[:2]) == (1, 1, 0, "es")
            assert seen.title
        assert set(asked) == {file.as_uri()}
        assert wrong == []
        assert _printed(page)
    finally:
        page.close()


def _printed(page: Page) -> bool:
    """Printed on paper of A4, upright or not, on one page at least."""
    page.emulate_media(media="print", color_scheme="light")
    paper = page.pdf(prefer_css_page_size=True, format="A4")
    boxes = [sorted(float(number) for number in box.split()) for box in re.findall(rb"/MediaBox \[([^\]]+)\]", paper)]
    return bool(boxes) and all(box == pytest.approx([0, 0, 595, 842], abs=2) for box in boxes)


def test_the_report_can_be_walked_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    """The first thing that is reached leads past the heading; each section is reached from the contents, and its note too."""
    file = tmp_path / "pagina.html"
    _page_of_report(file)
    page = browser.new_page()
    try:
        page.goto(file.as_uri())
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Ir al contenido"
        targets = page.eval_on_selector_all("a[href^='#']", "links => links.map(link => link.getAttribute('href').slice(1))")
        assert [target for target in targets if page.evaluate("name => document.getElementById(name) === null", target)] == []
        assert page.locator("section h2").count() == len(page.locator("nav li").all())
    finally:
        page.close()
