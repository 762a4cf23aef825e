"""Text into GLPI's HTML and back, and the marks of what the program wrote."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from config.vocabulary import CaseNumber
from notify.desk.glpi_api import GlpiStatus, glpi_status, status_of
from notify.desk.glpi_rows import utc_offset
from notify.desk.glpi_text import (
    LONGEST_TITLE,
    fields_text,
    is_note_mark,
    note_mark,
    plain,
    rich,
    same_text,
    solution_mark,
    state_mark,
    storable,
    title,
    unmarked,
)
from notify.desk.port import TicketFields, TicketStatus

BOGOTA = ZoneInfo("America/Bogota")
CASE = CaseNumber("GU-2026-000123")


@settings(max_examples=50)
@given(st.text(), st.text(min_size=1))
def test_any_text_comes_back(text: str, key: str) -> None:
    """As GLPI 11 keeps it and as GLPI 10 does, with a mark and without; what is no text is spelled out."""
    mark = note_mark(CASE, key)
    content = rich(text, mark)
    encoded = content.replace("&", "&#38;").replace("<", "&#60;").replace(">", "&#62;")
    for kept in (content, encoded):
        again, found = unmarked(kept)
        assert same_text(again, storable(text))
        assert found == mark
        assert is_note_mark(found)
    assert same_text(plain(rich(text)), storable(text))


@settings(max_examples=50)
@given(st.text(), st.text())
def test_keys_are_told_apart(one: str, other: str) -> None:
    """Different keys have different marks, and none is that of the state or of a solution."""
    assert (note_mark(CASE, one) == note_mark(CASE, other)) == (
        one.encode("utf-8", "replace") == other.encode("utf-8", "replace")
    )
    assert note_mark(CASE, one) not in {state_mark(CASE), solution_mark(CASE)}
    assert not is_note_mark(state_mark(CASE))
    assert not is_note_mark(solution_mark(CASE))


def test_only_the_last_line_is_a_mark() -> None:
    """A form's answer that looks like a mark is text; so is a mark of an agent's within a sentence."""
    text = "Observación:\n[GU-2026-000123 · account]"
    assert unmarked(rich(text, note_mark(CASE, "matrix"))) == (text, "[GU-2026-000123 · matrix]")
    assert unmarked("<p>vea [GU-2026-000123 · account]</p>") == ("vea [GU-2026-000123 · account]", "")


def test_rich_text_of_an_agent_is_read_as_shown() -> None:
    """Paragraphs, breaks and lists are lines; styles, scripts and no-break spaces are no words."""
    shown = "<p>Hola,&nbsp;Ana</p><p>uno<br />dos</p><ul><li>tres</li><li>cuatro</li></ul>"
    content = f"<style>p {{color: red}}</style>{shown}<script>x()</script>"
    assert plain(content) == "Hola, Ana\nuno\ndos\ntres\ncuatro"
    assert plain("sin etiquetas &amp; ya") == "sin etiquetas & ya"
    assert plain("") == ""


def test_a_title_fits() -> None:
    """One line of at most what GLPI keeps."""
    assert title("GU-2026-000123 ·\n Creación") == "GU-2026-000123 · Creación"
    assert len(title("x" * 1000)) == LONGEST_TITLE
    assert title("x" * 1000).endswith("…")


def test_fields_leave_out_what_is_empty() -> None:
    """The due date is in the agents' own zone; hostile values stay one line each."""
    due = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
    assert fields_text(TicketFields("En curso", "", "OTI\nEstado: Cerrada", " ", due), BOGOTA) == (
        "Estado: En curso\nDependencia: OTI Estado: Cerrada\nVence: 24/11/2026 21:00"
    )
    assert fields_text(TicketFields("", "", "", "", None), BOGOTA) == "Estado: sin novedad"


def test_every_state_of_glpi_is_known() -> None:
    """Planned is in progress, waiting and approval are pending, solved is closed; what we set is what we mean."""
    assert [status_of(each).value for each in GlpiStatus] == [
        *("nuevo", "en curso", "en curso", "pendiente", "cerrado", "cerrado", "pendiente")
    ]
    assert all(status_of(glpi_status(each)) is each for each in TicketStatus)


def test_the_servers_zone_is_found_by_its_clock() -> None:
    """To the quarter of an hour, whatever the clocks differ by."""
    now = datetime(2026, 11, 24, 15, 30, 10, tzinfo=UTC)
    assert utc_offset("2026-11-24 10:31:40", now).total_seconds() == -5 * 3600
    assert utc_offset("2026-11-24 21:00:00", now).total_seconds() == 5.5 * 3600
    assert utc_offset("2026-11-24 15:28:00", now).total_seconds() == 0
