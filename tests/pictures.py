"""Make the pictures of the README anew: `.venv/bin/python -m tests.pictures` (needs LibreOffice, Chromium and poppler).

With the argument `lifecycle` only the diagram and the table of docs/procedure.md, which need nothing; with `paper` only the
mails and the report, which need Chromium; with `board` only the board and its charts, which need LibreOffice.

The board is the demonstration's own, as it stands at noon of its first Friday, with its less telling columns hidden.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from rich.console import Console

from intake.demo import Part, run_demo
from intake.demo_months import UPME
from intake.demo_world import prepare_folder
from provision.procedure.diagram import lifecycle_mermaid, steps_table

IMAGES = Path(__file__).parent.parent / "docs" / "images"
HIDDEN = {
    "Recibido",
    "Solicitante",
    "Cuenta",
    "Dependencia",
    "Autorización",
    "Paso",
    "Vence",
    "SLA",
    "Actualizado",
    "Acción",
    "Observación",
    "Avance SLA",
}
SHOWN = {5, 8, 10, 13, 18, 22, 25, 28, 30}
DOTS, CHART_DOTS, MARGIN = 200, 130, 5
PHONE = (390, 1085)
REPORTED = (360, 1080), (1280, 1000), (1280, 1180)
"""What is to be corrected, on a telephone; what was changed, at a desk; and the month's report."""
PAGE = (1180, 1450)
TOLD = "GU-2026-000030"
"""A deletion with its approvals and confirmations, opened in its picture."""
LIVES = ("Beatriz Salazar Henao", "Camila Vargas Isaza", "Fabián Rojas Lemus", "Óscar León Tovar")
"""Whose holds are in the picture's calendar."""


def run(*command: str | Path) -> None:
    """Run a program that must succeed."""
    subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=120)


def board_at_noon(folder: Path) -> Path:
    """The board of a demonstration that ends on 4 December at 12:00."""
    prepare_folder(folder)
    part = Part(folder, UPME, Console(quiet=True))
    part.ends = part.calendar.at(4, 12, 12)
    part.live()
    part.leave_work()
    return folder / "seguimiento.xlsx"


def picture_of_board(workbook: Path, scratch: Path) -> None:
    """One page, cut to what is on it."""
    book = load_workbook(workbook)
    for sheet in book.worksheets[1:]:
        book.remove(sheet)
    sheet = book["Seguimiento"]
    _ungroup_columns(sheet)
    titles = [str(cell.value) for cell in sheet[1]]
    technical = sum(title.endswith("(programa)") for title in titles)
    sheet.delete_cols(len(titles) - technical + 1, technical)
    for column, title in enumerate(titles, start=1):
        if title in HIDDEN:
            sheet.column_dimensions[get_column_letter(column)].hidden = True
    for row in range(2, sheet.max_row + 1):
        sheet.row_dimensions[row].hidden = int(str(sheet.cell(row, 1).value or "-0").rpartition("-")[2]) not in SHOWN
    for margin in (sheet.oddHeader, sheet.oddFooter):
        if margin is not None:
            margin.left.text = margin.center.text = margin.right.text = ""
    copy = scratch / "board.xlsx"
    book.save(copy)
    run("libreoffice", "--headless", "--convert-to", "pdf", "--outdir", scratch, copy)
    cut = (str(round(number * DOTS / 72)) for number in _printed_area(scratch / "board.pdf", scratch))
    options = [part for pair in zip(("-x", "-y", "-W", "-H"), cut, strict=True) for part in pair]
    run("pdftoppm", "-r", str(DOTS), "-l", "1", *options, "-png", "-singlefile", scratch / "board.pdf", IMAGES / "board")


def picture_of_charts(workbook: Path, scratch: Path) -> None:
    """The page of "Tablero", cut to what is on it."""
    copy = scratch / "charts.xlsx"
    shutil.copy(workbook, copy)
    run("libreoffice", "--headless", "--convert-to", "pdf", "--outdir", scratch, copy)
    pdf = scratch / "charts.pdf"
    run("pdftotext", "-layout", pdf, scratch / "charts.txt")
    pages = (scratch / "charts.txt").read_text(encoding="utf-8").split("\f")
    page = str(1 + next(number for number, text in enumerate(pages) if "cómo va la atención" in text))
    run("pdfseparate", "-f", page, "-l", page, pdf, scratch / "tablero.pdf")
    left, top, width, height = _printed_area(scratch / "tablero.pdf", scratch)
    around = (left - MARGIN, top - MARGIN, width + 2 * MARGIN, height + 3 * MARGIN)
    cut = (str(round(number * CHART_DOTS / 72)) for number in around)
    options = [part for pair in zip(("-x", "-y", "-W", "-H"), cut, strict=True) for part in pair]
    target = IMAGES / "tablero"
    run("pdftoppm", "-r", str(CHART_DOTS), *options, "-png", "-singlefile", scratch / "tablero.pdf", target)


def _ungroup_columns(sheet: Worksheet) -> None:
    """One width for each column: the library keeps neighbours of the same look as one."""
    widths = {
        number: dimension.width
        for dimension in list(sheet.column_dimensions.values())
        for number in range(dimension.min or 1, (dimension.max or 1) + 1)
    }
    sheet.column_dimensions.clear()
    for number, width in widths.items():
        sheet.column_dimensions[get_column_letter(number)].width = width


def _printed_area(pdf: Path, scratch: Path) -> tuple[float, float, float, float]:
    """Left, top, width and height of what is printed on the first page, in points, with a margin."""
    run("pdftotext", "-bbox", "-l", "1", pdf, scratch / "words.html")
    words = re.findall(r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)"', (scratch / "words.html").read_text())
    left, top = (min(float(word[side]) for word in words) - MARGIN for side in (0, 1))
    right, bottom = (max(float(word[side]) for word in words) + MARGIN for side in (2, 3))
    return left, top, right - left, bottom - top


def picture_of_page(page: str, name: str, size: tuple[int, int], scratch: Path, *, scale: float = 2) -> None:
    """A page as a browser of this size shows it, at twice the resolution unless it is large."""
    width, height = size
    run(
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--force-device-scale-factor={scale}",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
        f"--user-data-dir={scratch / 'chromium'}", f"--window-size={width},{height}", f"--screenshot={IMAGES / name}", page,
    )  # fmt: skip


def _opened_at(page: Path, case: str) -> Path:
    """A copy of the page of stories that shows some lives and this case alone, opened."""
    text = page.read_text(encoding="utf-8")
    for story in re.findall(r"<details class=.case.*?</details>", text, re.DOTALL):
        if f'id="{case}"' not in story:
            text = text.replace(story, "")
    for life in re.findall(r'<div class="life"><h3>.*?</ul></div></div>', text, re.DOTALL):
        if not any(name in life for name in LIVES):
            text = text.replace(life, "")
    for section in re.findall(r'<section class="panel"(?! id="calendario").*?</section>', text, re.DOTALL):
        text = text.replace(section, "")
    copy = page.with_name("one-case.html")
    copy.write_text(text.replace(f'id="{case}"', f'id="{case}" open'), encoding="utf-8")
    return copy


def write_lifecycle() -> None:
    """Put what the procedure's code says of itself into its page."""
    page = IMAGES.parent / "procedure.md"
    text = page.read_text(encoding="utf-8")
    for name, said in (("lifecycle", f"```mermaid\n{lifecycle_mermaid()}```\n"), ("steps", steps_table())):
        before, mark, rest = text.partition(f"<!-- {name} -->\n")
        text = before + mark + said + rest[rest.index(f"<!-- /{name} -->") :]
    page.write_text(text, encoding="utf-8")


def pictures_of_paper(whole: Path, scratch: Path) -> None:
    """Mails at both widths, and the month's report, of a demonstration."""
    phone, desk, page = REPORTED
    mails = sorted((whole / "correos").glob("*.html"))
    correction = next(path for path in mails if ".mail-correction." in path.name)
    changed = next(path for path in mails if ".report." in path.name and "Lo que cambió" in path.read_text("utf-8"))
    picture_of_page(correction.as_uri(), "mail-telefono.png", phone, scratch)
    picture_of_page(changed.as_uri(), "mail-escritorio.png", desk, scratch, scale=1)
    picture_of_page((whole / "informe" / "informe.html").as_uri(), "informe.png", page, scratch, scale=1)


def main() -> int:
    """The lifecycle, and unless only that is asked for, all pictures."""
    write_lifecycle()
    if sys.argv[1:] == ["lifecycle"]:
        return 0
    scratch = Path(tempfile.mkdtemp(prefix="gestion-images-"))
    try:
        if sys.argv[1:] == ["paper"]:
            run_demo(scratch / "demo", Console(quiet=True))
            pictures_of_paper(scratch / "demo", scratch)
            return 0
        noon = board_at_noon(scratch / "noon")
        picture_of_board(noon, scratch)
        picture_of_charts(noon, scratch)
        if sys.argv[1:] == ["board"]:
            return 0
        whole = scratch / "demo"
        run_demo(whole, Console(quiet=True))
        pictures_of_paper(whole, scratch)
        picture_of_page(_opened_at(whole / "historias.html", TOLD).as_uri(), "stories.png", PAGE, scratch)
        mail = next(path for path in sorted((whole / "correos").glob("*issue-access*.html")))
        picture_of_page(mail.as_uri(), "mail.png", PHONE, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
