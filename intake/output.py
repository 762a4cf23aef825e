"""What a command says: results on the standard output, everything else on the standard error; rich only where it is drawn.

Texts of requests come from outside: control characters are spelled out and nothing in them is taken for markup. A reader that
goes away (`| head`) never stops the work.
"""

import io
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from config.errors import GestionError, TargetError
from config.redaction import visible_text

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]
"""What a document for programs is made of."""

WIDTH_OF_A_FILE = 200
"""Columns of a table that goes into a file or a pipe: wide enough for a case in one line."""

_RED, _YELLOW = "31;1", "33;1"


class Output:
    """The two streams of one command. `as_json`: the result is one JSON document, and nothing else goes to `stdout`."""

    def __init__(self, stdout: TextIO, stderr: TextIO, *, as_json: bool = False) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self.as_json = as_json

    @property
    def watched(self) -> bool:
        """Whether a person looks at the standard error, so that progress may move."""
        return _is_terminal(self._stderr)

    def line(self, text: str = "") -> None:
        """One line of the result; nothing when the result is a JSON document."""
        if not self.as_json:
            _write(self._stdout, visible_text(text) + "\n")

    def note(self, text: str) -> None:
        """A line beside the result: what is going on, what to do next."""
        _write(self._stderr, visible_text(text) + "\n")

    def warning(self, text: str) -> None:
        """As `note`, for what somebody should look at."""
        self._marked("Atención:", _YELLOW, text)

    def error(self, message: str, remedy: str = "") -> None:
        """One message: what is wrong, and below it what to do."""
        self._marked("Error:", _RED, message.rstrip())
        if remedy:
            self.note(f"       {remedy}")

    def _marked(self, mark: str, colour: str, text: str) -> None:
        shown = f"\x1b[{colour}m{mark}\x1b[0m" if _coloured(self._stderr) else mark
        _write(self._stderr, f"{shown} {visible_text(text, lines=True)}\n")

    def document(self, document: Mapping[str, Json]) -> None:
        """The result for programs; nothing unless `as_json`."""
        if self.as_json:
            unicode = (getattr(self._stdout, "encoding", "") or "").lower().replace("-", "") == "utf8"
            text = json.dumps(document, ensure_ascii=not unicode, allow_nan=False, indent=2)
            _write(self._stdout, f"{text}\n")

    def draw(self, *renderables: "RenderableType") -> None:
        """Draw rich renderables as the result; nothing when the result is a JSON document."""
        if self.as_json:
            return
        buffer = io.StringIO()
        console = self.console(buffer)
        for renderable in renderables:
            console.print(renderable)
        drawn = "\n".join(line.rstrip() for line in buffer.getvalue().split("\n"))
        _write(self._stdout, drawn)

    def console(self, file: TextIO) -> "Console":
        """A console that draws as this command's standard output would, onto `file`; it takes nothing for markup."""
        from rich.console import Console

        return Console(
            file=file,
            width=self.width,
            force_terminal=_is_terminal(self._stdout) and _coloured(self._stdout),
            markup=False,
            emoji=False,
            highlight=False,
        )

    @property
    def width(self) -> int:
        """How many characters fit on a line of the standard output."""
        sized = _is_terminal(self._stdout) or "COLUMNS" in os.environ
        return shutil.get_terminal_size().columns if sized else WIDTH_OF_A_FILE

    def progress(self) -> TextIO:
        """Where progress is drawn."""
        return self._stderr


def error_document(error: GestionError) -> dict[str, Json]:
    """An error for programs."""
    document: dict[str, Json] = {"message": error.message.strip(), "remedy": error.remedy}
    return {"target": error.target.name.lower(), **document} if isinstance(error, TargetError) else document


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> "RenderableType":
    """A plain table whose first column is never broken. Every cell is plain text."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    rows = list(rows)
    # The first column names the row (a case number, a date): on a narrow terminal it stays whole, so that it can be copied.
    whole = max((len(row[0]) for row in rows), default=0)
    for number, column in enumerate(columns):
        drawn.add_column(column, overflow="fold", min_width=None if number else whole)
    for row in rows:
        drawn.add_row(*(Text(visible_text(cell)) for cell in row))
    return drawn


def heading(text: str) -> "RenderableType":
    """A heading within a result."""
    from rich.text import Text

    return Text(f"\n{visible_text(text)}", style="bold")


def pairs(values: Iterable[tuple[str, str]]) -> "RenderableType":
    """Labels and values, one to a line; those without a value are left out."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in values:
        if value:
            grid.add_row(Text(label), Text(visible_text(value)))
    return grid


def _write(stream: TextIO, text: str) -> None:
    """Write, or do without: neither a reader that went away nor a full disk may stop what the command does."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _go_nowhere(stream)
    except (OSError, ValueError):  # ValueError: a closed stream
        return


def _go_nowhere(stream: TextIO) -> None:
    # Otherwise the interpreter complains of the same pipe when it ends.
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False


def _coloured(stream: TextIO) -> bool:
    return _is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
