"""`gestion demo`: a month at one institution and a week at another, whole, and what it leaves."""

import re
import time
from dataclasses import dataclass
from html import unescape
from io import StringIO
from pathlib import Path
from urllib.parse import unquote

import pytest
from rich.console import Console

from config.errors import CannotRun
from intake.demo import play
from intake.demo_months import UPME, VICTIMS
from intake.demo_summary import Figures, Result
from intake.demo_world import MARK
from provision.procedure.model import State
from tests.secrecy import delivered, files_with, password_in, plain_text

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

MOST_RUNS = 120
MOST_CPU_SECONDS = 150
"""Several times what a quiet machine takes: this notices a demonstration that runs when nothing can happen."""

DONE, REFUSED, DUPLICATE = State.DONE, State.REFUSED, State.DUPLICATE
OUTCOMES = {
    ("Creación de cuenta", DONE): 12,
    ("Creación de cuenta", DUPLICATE): 3,
    ("Creación de cuenta", REFUSED): 1,
    ("Creación de cuenta", State.UNANSWERED): 1,
    ("Creación de cuenta", State.NEEDS_CORRECTION): 1,
    ("Creación de cuenta", State.WAITING): 1,
    ("Cambio de clave", DONE): 5,
    ("Cambio de clave", REFUSED): 3,
    ("Cambio de correo", DONE): 1,
    ("Modificación", DONE): 7,
    ("Inactivación", DONE): 14,
    ("Inactivación", State.WAITING): 1,
    ("Suspensión de contrato", DONE): 1,
    ("Activación", DONE): 2,
    ("Activación", REFUSED): 1,
    ("Terminación anticipada", DONE): 1,
    ("Cesión de contrato", DONE): 1,
    ("Eliminación", DONE): 1,
    ("Eliminación", State.CANCELLED): 1,
    ("Eliminación", State.WAITING): 1,
}


@dataclass(frozen=True)
class Played:
    """A demonstration that was played: its folder, what it came to, what it said, and the processor's time it took."""

    folder: Path
    upme: Result
    victims: Result
    said: str
    cpu_seconds: float


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The whole demonstration, once for all tests."""
    folder = tmp_path_factory.mktemp("demo") / "demo-out"
    said = StringIO()
    begun = time.process_time()
    upme, victims = play(folder, Console(file=said, width=100))
    return Played(folder, upme, victims, said.getvalue(), time.process_time() - begun)


def test_every_operation_ends_as_the_procedure_says(played: Played) -> None:
    """Cases by operation and state, and the figures below them."""
    figures = played.upme.figures
    assert dict(figures.cases) == OUTCOMES
    assert (figures.created, figures.deleted, figures.backups) == (13, 1, 2)
    assert (figures.used, figures.reminded, figures.revoked) == (15, 2, 1)
    assert (figures.warned, figures.missed) == (1, 1)
    assert figures.active_after == figures.active_before + 3


def test_the_second_institution_keeps_accounts_and_gives_licences_back(played: Played) -> None:
    """Two leavers backed up; their licence serves the next one; a deletion is refused with what to ask for instead."""
    figures = played.victims.figures
    assert (figures.backups, figures.deleted) == (2, 0)
    assert figures.cases[("Eliminación", REFUSED)] == 1
    assert figures.cases[("Creación de cuenta", DONE)] == 1
    assert "no elimina cuentas: las inactiva" in played.said


@pytest.mark.parametrize(
    "told",
    [
        "Lote detenido", "Plazo por vencer", "Plazo vencido", "Sin regreso", "Regreso", "Anulados", "Recordatorio", "Deshecho",
        "Queda a su cargo", "Otro correo", "Corregida", "Primer ingreso", "gestion campaign apply", "gestion approve",
        "martes 8 de diciembre", "día no hábil", "No hay cupos libres",
    ],
)  # fmt: skip
def test_the_console_tells_the_month_day_by_day(played: Played, told: str) -> None:
    """Each kind of event has its line."""
    assert told in played.said


def test_nothing_on_the_console_went_wrong(played: Played) -> None:
    """No run had a problem, and every day is said once for each institution."""
    assert "Traceback" not in played.said
    days = re.findall(r"^\w+ \d+ de \w+", played.said, re.MULTILINE)
    assert len(days) - len(set(days)) <= 5  # the days that both institutions live through


def test_no_password_is_anywhere_but_in_mails(played: Played) -> None:
    """Neither journal, board, log, backup, page nor console holds a temporary password; nor one typed into the notes."""
    passwords = [
        password
        for place in ("maildir", "unidad-victimas/maildir")
        for mail in delivered(played.folder / place)
        if (password := password_in(mail))
    ]
    assert len(passwords) == 18
    for password in passwords:
        holders = {Path(name).parent.name for name in files_with(played.folder, password)}
        assert holders == {"correos"}
        assert password not in played.said
    assert files_with(played.folder, "Verano2026*") == ["respuestas.csv"]


def test_people_get_what_concerns_them(played: Played) -> None:
    """The head hears of loose ends, the old address of the new one, the supervisor of a contract's end."""
    mails = [(str(mail["To"]), plain_text(mail)) for mail in delivered(played.folder / "maildir")]
    assert any(to == "jefe.see@upme.gov.co" and "Planes SEE" in text and "Ernesto Vivas" in text for to, text in mails)
    assert any(to == "sofia.leal.2019@gmail.com" and "correo" in text for to, text in mails)
    assert any(to == "supervisora.see@upme.gov.co" and "Iván Torres" in text for to, text in mails)


def test_the_pages_link_to_what_is_there(played: Played) -> None:
    """Every link of both pages leads to a file of the folder, or to a case of the page."""
    for page in (played.folder / "historias.html", played.folder / "unidad-victimas" / "historias.html"):
        text = page.read_text(encoding="utf-8")
        anchors = set(re.findall(r'id="([^"]+)"', text))
        for href in map(unescape, re.findall(r'href="([^"]+)"', text)):
            if href.startswith("#"):
                assert href[1:] in anchors
            else:
                assert (page.parent / unquote(href)).exists(), href


def test_overlapping_holds_can_be_looked_at(played: Played) -> None:
    """The calendar shows a leave and a retirement of one person, and a deletion that was taken back."""
    text = (played.folder / "historias.html").read_text(encoding="utf-8")
    assert "Licencia, 3 dic a 22 dic" in text
    assert "Retiro, desde el 15 dic" in text
    assert "cancelada el 18 dic" in text
    assert "Eliminada el 7 dic" in text


def test_runs_in_which_nothing_can_happen_are_skipped(played: Played) -> None:
    """The demonstration stays short: few runs, and no more of the processor than they need."""
    assert played.upme.figures.runs + played.victims.figures.runs <= MOST_RUNS
    assert played.cpu_seconds < MOST_CPU_SECONDS


def test_played_again_it_is_made_anew(tmp_path: Path) -> None:
    """The same folder, the same outcome, and nothing left of the former one."""
    first = _figures_of_a_week(tmp_path)
    (tmp_path / "unidad-victimas" / "sobra.txt").write_text("x", encoding="utf-8")
    assert _figures_of_a_week(tmp_path) == first
    assert not (tmp_path / "unidad-victimas" / "sobra.txt").exists()


def _figures_of_a_week(folder: Path) -> Figures:
    (result,) = play(folder, Console(file=StringIO()), [VICTIMS])
    return result.figures


def test_somebodys_folder_is_left_alone(tmp_path: Path) -> None:
    """A folder that the demonstration did not make is refused, and nothing in it is touched."""
    (tmp_path / "tesis.odt").write_text("años", encoding="utf-8")
    with pytest.raises(CannotRun, match="no está vacía"):
        play(tmp_path, Console(file=StringIO()), [UPME])
    assert [path.name for path in tmp_path.iterdir()] == ["tesis.odt"]
    assert not (tmp_path / MARK).exists()
