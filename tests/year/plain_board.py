"""A board on one small file: what the desk sees and chooses, without the cost of a workbook for each of thousands of runs."""

import json
from collections.abc import Sequence
from pathlib import Path

from config.vocabulary import CaseNumber
from intake.board.dashboard import Dashboard
from intake.board.port import BoardRow, RequestedAction


class PlainBoard:
    """A `Board` on a JSON file: case → cells, with the desk's two columns at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self) -> dict[str, list[str]]:
        """The cells of every case, as the file has them now."""
        found: dict[str, list[str]] = json.loads(self._path.read_text(encoding="utf-8")) if self._path.exists() else {}
        return found

    def choose(self, case: str, action: str, note: str) -> None:
        """As an agent: write into "Acción" and "Observación"; a case that is not shown yet cannot be chosen for."""
        rows = self.rows()
        if case in rows:
            rows[case][-2:] = [action, note]
            self._save(rows)

    def read(self) -> tuple[RequestedAction, ...]:
        """See the port."""
        rows = self.rows().items()
        return tuple(RequestedAction(CaseNumber(case), cells[-2], cells[-1]) for case, cells in rows if cells[-2].strip())

    def misplaced(self) -> tuple[CaseNumber, ...]:
        """None: nobody sorts this file."""
        return ()

    def write(self, rows: Sequence[BoardRow], dashboard: Dashboard | None = None) -> tuple[str, ...]:
        """See the port; there are no charts in it."""
        known = self.rows()
        for row in rows:
            action, note = known[row.case][-2:] if row.case in known else ("", "")
            known[row.case] = [*row.cells(), "" if row.action_taken else action, note]
        self._save(known)
        return ()

    def close(self) -> None:
        """Nothing is held open."""

    def _save(self, rows: dict[str, list[str]]) -> None:
        draft = self._path.with_suffix(".nuevo")
        draft.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        draft.replace(self._path)
