"""The board of a scenario's runs: the real one, on its file, which is parsed again only when somebody saved it."""

from pathlib import Path
from zoneinfo import ZoneInfo

from intake.board.tracking_tab import CaseRows
from intake.board.xlsx import XlsxBoard, _Version, _version
from intake.board.xlsx_look import Contents

Loaded = tuple[Contents, CaseRows, _Version | None]


class QuickBoard(XlsxBoard):
    """Dozens of runs a scenario find the file as they left it; parsing it anew would take half of their time."""

    def __init__(self, path: Path, *, zone: ZoneInfo, title: str) -> None:
        super().__init__(path, zone=zone, title=title)
        self._file = path
        self._parsed: Loaded | None = None

    def _load(self) -> Loaded:
        if self._parsed is None or self._parsed[2] is None or self._parsed[2] != _version(self._file):
            self._parsed = super()._load()
        return self._parsed
