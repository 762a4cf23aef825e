"""The story page: complete, self-contained, and unmoved by hostile names."""

import re
import shutil
import subprocess
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import CannotRun
from config.vocabulary import CaseNumber, HoldReason
from intake.account_lives import AccountLife, LivedHold, Window
from intake.story_page import write_story_page
from intake.story_values import (
    Decision,
    Event,
    EventKind,
    Overview,
    SecondPerson,
    SentMail,
    SlaKind,
    SlaStory,
    StateKind,
    Story,
    Wait,
)
from provision.procedure.holds import Hold
from tests.servers.availability import missing_server

RECEIVED = datetime(2026, 11, 23, 13, 5, tzinfo=UTC)
NOW = RECEIVED + timedelta(days=3)
HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>' onclick='x",
    "</style></script><svg onload=alert(1)>",
    '=HYPERLINK("http://evil")',
    "{{ 7*7 }}{% raw %}",
    "María\nPeña\r\x00\x1b[31m\u202egnp",
    "O'Brien Ñuñez" + "ñ" * 10_000,
)


def story(**changes: object) -> Story:
    """A contractor's account that waited for a seat and was done."""
    done = RECEIVED + timedelta(hours=30)
    usual = Story(
        case="GU-2026-000001",
        state="Terminada",
        state_kind=StateKind.DONE,
        requester="carolina.mejia@upme.gov.co",
        operation="Creación de cuenta · Contratista",
        user="Íngrid Peña O'Brien",
        account="ingrid.pena@upme.gov.co",
        unit="Oficina de Gestión de la Información",
        decision=Decision(
            granted=True,
            reason="Jefe de la dependencia",
            matrix_row=4,
            matrix_version="ab12cd34ef56",
            policy_version="b8a567bc82ab",
        ),
        received=RECEIVED,
        closed=done,
        sla=SlaStory(SlaKind.ON_TIME, "a tiempo", 3.5, 10),
        events=(
            Event(RECEIVED, "Se recibió la solicitud", kind=EventKind.RECEIVED),
            Event(RECEIVED + timedelta(minutes=1), "Autorizada", "Fila 4 de la matriz", EventKind.DECISION),
            Event(done, "Cerrada", "", EventKind.END),
        ),
        answers=(("Nombres", "Íngrid"), ("Apellidos", "Peña O'Brien")),
        mails=(SentMail("Su cuenta", "ingrid@example.org", "correos/uno ñ.eml", done),),
        waits=(Wait(RECEIVED + timedelta(minutes=2), done, "un cupo de licencia de buzón", pauses_clock=True),),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # each test changes other fields


def page(
    folder: Path,
    *stories: Story,
    outputs: tuple[tuple[str, str], ...] = (("Tablero", "tablero.xlsx"),),
    overview: Overview | None = None,
) -> str:
    """The page as it was written."""
    path = folder / "historia.html"
    write_story_page(path, "Historia de los casos", "UPME", stories, NOW, outputs, overview=overview)
    return path.read_text("utf-8")


class _Reader(HTMLParser):
    """Collects elements and the text people see; says which elements were not closed."""

    VOID = frozenset({"meta", "input", "br", "img", "link", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Each element ends where it should."""
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Remember visible text."""
        if self.open and self.open[-1] not in {"style", "script"}:
            self.texts.append(data)


def test_a_case_tells_all_that_is_known(tmp_path: Path) -> None:
    """Who, what, when in Bogota, why, which matrix row, waits, mails and the clock."""
    text = " ".join(" ".join(_Reader(page(tmp_path, story())).texts).split())
    for part in (
        "GU-2026-000001", "Íngrid Peña O'Brien", "Terminada", "carolina.mejia@upme.gov.co", "lunes 23 nov 2026",
        "8:05 a.\u00a0m.",
        "Fila 4 de la matriz", "versión ab12cd34ef56", "Jefe de la dependencia", "Su cuenta", "3,5 de 10 horas hábiles",
        "Esperó un cupo de licencia de buzón: 1 día 5 h, con el reloj en pausa", "Apellidos", "Tablero",
    ):  # fmt: skip
        assert part.replace("\u00a0", " ") in text.replace("\u00a0", " "), part


def test_the_page_needs_nothing_from_outside(tmp_path: Path) -> None:
    """No address that a browser would load, no inline handler or style; the policy names the two hashes and nothing else."""
    text = page(tmp_path, story())
    reader = _Reader(text)
    assert not reader.open
    policy = next(attributes["content"] for tag, attributes in reader.elements if attributes.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    for kind in ("style", "script"):
        found = re.search(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        assert found is not None
        digest = b64encode(sha256(found[1].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    for tag, attributes in reader.elements:
        assert tag not in {"link", "img", "iframe", "object", "form", "base"}
        assert not any(name.startswith("on") or name in {"style", "src", "srcset"} for name in attributes)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text_wherever_it_stands(tmp_path: Path, name: str) -> None:
    """In every field at once, the page has the same elements as with a harmless name."""

    def everywhere(text: str) -> Story:
        return story(
            case=text, state=text, requester=text, operation=text, user=text, account=text, unit=text, waiting_for=text,
            group=text, changes=((text, text, text),), second_person=SecondPerson(text, text, RECEIVED),
            decision=Decision(granted=True, reason=text, matrix_row=1, matrix_version=text, policy_version=text),
            sla=SlaStory(SlaKind.MISSED, text, 1, 2),
            events=(Event(RECEIVED, text, text),), answers=((text, text),), mails=(SentMail(text, text, text),),
            waits=(Wait(RECEIVED, None, text),),
        )  # fmt: skip

    def whole(text: str) -> str:
        hold = LivedHold(Hold(CaseNumber(text), HoldReason.LEAVE, date(2026, 11, 24)))
        overview = Overview(
            ((text, text),),
            (AccountLife(text, text, (hold,)),),
            Window(date(2026, 11, 23), date(2026, 11, 30), lambda day: True),
        )
        return page(tmp_path, *[everywhere(text)] * 7, outputs=((text, text),), overview=overview)

    harmless = _Reader(whole("texto"))
    text = whole(name)
    hostile = _Reader(text)
    assert not hostile.open
    kinds = [(tag, sorted(attributes)) for tag, attributes in hostile.elements if tag not in {"a", "li"}]
    assert kinds == [(tag, sorted(attributes)) for tag, attributes in harmless.elements if tag not in {"a", "li"}]
    assert all(letter.isprintable() or letter in "\n\u00a0" for letter in text)
    assert len(text) < 1_500_000


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "//evil.example/x", "http://evil", "http://["]
)
def test_a_dangerous_address_is_no_link(tmp_path: Path, href: str) -> None:
    """The text stays, the link does not."""
    text = page(tmp_path, story(mails=(SentMail("Su cuenta", "x@y.co", href),)), outputs=(("Tablero", href),))
    assert not [attributes for tag, attributes in _Reader(text).elements if tag == "a"]
    assert "Su cuenta" in text


def test_a_file_name_with_spaces_and_accents_is_a_working_link(tmp_path: Path) -> None:
    """Addresses are percent-encoded."""
    assert 'href="correos/uno%20%C3%B1.eml"' in page(tmp_path, story())


def test_tiles_count_the_cases_of_each_state_most_urgent_first(tmp_path: Path) -> None:
    """What needs attention comes before what is done."""
    text = page(
        tmp_path,
        story(),
        story(case="GU-2026-000002"),
        story(case="GU-2026-000003", state="Requiere atención", state_kind=StateKind.ATTENTION, closed=None),
    )
    tiles = re.findall(r'data-state="([^"]*)" aria-pressed="false"><b>(\d+)</b>', text)
    assert tiles == [("", "3"), ("Requiere atención", "1"), ("Terminada", "2")]


def test_a_case_shows_before_and_after_and_who_else_approved_it(tmp_path: Path) -> None:
    """A modification's table, an empty value as a dash; the second person with how and when."""
    approved = SecondPerson("sandra.mejia@upme.gov.co", "en el tablero", RECEIVED)
    one = story(changes=(("Dependencia", "Minería", "Demanda"), ("Dirección adicional", "", "a@b.co")), second_person=approved)
    text = " ".join(" ".join(_Reader(page(tmp_path, one)).texts).split())
    assert "Dependencia Minería Demanda Dirección adicional — a@b.co" in text
    assert "Aprobada por sandra.mejia@upme.gov.co en el tablero · 23 nov 2026, 8:05" in text


def test_the_index_lists_the_cases_of_each_operation(tmp_path: Path) -> None:
    """A page of many cases says how each operation's cases stand, and links to each of them."""
    numbers = [f"GU-2026-00000{number}" for number in range(1, 9)]
    deletion = story(case=numbers[0], group="Eliminación", state="Rechazada", state_kind=StateKind.REFUSED)
    text = page(tmp_path, deletion, *(story(case=number, group="Creación de cuenta") for number in numbers[1:]))
    index = text[text.index('id="indice"') : text.index('id="tools"')]
    assert "Eliminación (1)" in index
    assert "Creación de cuenta (7)" in index
    assert ">7 Terminada</span>" in index
    assert [number for number in numbers if f'href="#{number}"' not in index] == []


def test_the_calendar_draws_each_hold_and_links_to_its_case(tmp_path: Path) -> None:
    """Overlapping holds are bars of their own, inside the frame; below them when the account worked."""
    holds = tuple(
        LivedHold(Hold(CaseNumber(f"GU-2026-00000{number}"), reason, begins, ends))
        for number, (reason, begins, ends) in enumerate(
            (
                (HoldReason.LEAVE, date(2026, 11, 20), date(2026, 11, 27)),
                (HoldReason.RETIREMENT, date(2026, 11, 26), None),
            ),
            start=1,
        )
    )
    window = Window(date(2026, 11, 23), date(2026, 12, 6), lambda day: day.weekday() < 5)
    life = AccountLife("Beatriz Salazar", "beatriz.salazar@upme.gov.co", holds)
    text = page(tmp_path, story(), overview=Overview(lives=(life,), window=window))
    calendar = text[text.index('id="calendario"') : text.index('id="tools"')]
    assert "Retiro, desde el 26 nov" in calendar
    assert 'href="#GU-2026-000001"' in calendar
    for x, width in re.findall(r'x="([\d.-]+)%"[^>]*width="([\d.-]+)%"', calendar):
        assert 0 <= float(x) <= float(x) + float(width) <= 100.01


def test_people_find_a_case_without_writing_accents(tmp_path: Path) -> None:
    """The text that is searched has neither accents nor capitals."""
    assert "ingrid pena o&#39;brien" in page(tmp_path, story())


def test_an_open_wait_reaches_to_now_and_no_bar_leaves_its_frame(tmp_path: Path) -> None:
    """Waits before the reception, after the end, of no length, overlapping or still open are all drawn inside."""
    waits = (
        Wait(RECEIVED - timedelta(days=1), RECEIVED, "antes"),
        Wait(RECEIVED, RECEIVED, "nada"),
        Wait(RECEIVED + timedelta(days=2), None, "la corrección del solicitante", pauses_clock=True),
        Wait(NOW - timedelta(seconds=1), None, "último"),
        Wait(NOW + timedelta(days=9), None, "después"),
    )
    text = page(tmp_path, story(closed=None, waits=waits))
    assert "Espera la corrección del solicitante: 1 día, con el reloj en pausa" in text
    bars = re.findall(r'class="w\d" x="([\d.-]+)%" y="1" width="([\d.-]+)%"', text)
    assert len(bars) == 4
    for x, width in bars:
        assert 0 <= float(x) <= float(x) + float(width) <= 100.01


def test_a_case_of_no_length_is_drawn(tmp_path: Path) -> None:
    """Received and closed in the same instant, without anything else."""
    text = page(tmp_path, story(closed=RECEIVED, events=(), waits=(), decision=None, sla=None, answers=(), mails=()))
    assert "menos de 1 min" in text
    assert "Todavía no ha pasado nada." in text


def test_no_cases_are_said(tmp_path: Path) -> None:
    """An empty page says that it is empty."""
    assert "Todavía no hay casos." in page(tmp_path)


def test_the_page_is_replaced_whole_and_is_the_same_for_the_same_cases(tmp_path: Path) -> None:
    """A second writing leaves one file, byte for byte the same."""
    assert page(tmp_path, story()) == page(tmp_path, story())
    assert [path.name for path in tmp_path.iterdir()] == ["historia.html"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A missing folder is said in Spanish."""
    with pytest.raises(CannotRun, match="No se puede escribir"):
        page(tmp_path / "no", story())


def test_the_text_on_a_light_colour_is_dark(tmp_path: Path) -> None:
    """An institution's colour never hides the title, and a colour is nothing but a colour."""
    path = tmp_path / "x.html"
    write_story_page(path, "t", "i", (), NOW, (), colour="#FFE600")
    assert "--on-brand:#14181d" in path.read_text("utf-8")
    with pytest.raises(ValueError, match="colour"):
        write_story_page(path, "t", "i", (), NOW, (), colour="red}</style>")


@pytest.mark.chromium
def test_the_page_works_in_a_browser_under_its_own_policy(tmp_path: Path) -> None:
    """The policy lets the page's script run: it shows the tools, and opens the case that the address names, alone."""
    browser = shutil.which("chromium")
    if browser is None:
        missing_server("Chromium", "apt-get install chromium")
    page(tmp_path, *(story(case=f"GU-2026-00000{number}") for number in range(1, 9)))
    done = subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
            "--no-first-run", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom",
            f"{(tmp_path / 'historia.html').as_uri()}#GU-2026-000003",
        ],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    elements = _Reader(done.stdout).elements
    assert [attributes["id"] for tag, attributes in elements if tag == "details" and "open" in attributes] == ["GU-2026-000003"]
    assert "hidden" not in next(attributes for _, attributes in elements if attributes.get("id") == "tools")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=60), reason=st.text(max_size=60))
def test_any_text_gives_a_well_formed_page(tmp_path: Path, name: str, reason: str) -> None:
    """Whatever people type, every element is closed where it was opened."""
    one = story(user=name, events=(Event(RECEIVED, name, reason),), waits=(Wait(RECEIVED, None, reason),))
    assert not _Reader(page(tmp_path, one)).open
