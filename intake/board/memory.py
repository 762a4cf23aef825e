"""What the board remembers of a spreadsheet between runs, so that a run costs one read: hints only, never the truth."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Protocol


class BoardMemory(Protocol):
    """A place for a few short texts between runs; losing it costs some more calls, nothing else."""

    def get(self, key: str) -> str | None:
        """The text put last under this key."""
        ...

    def put(self, key: str, value: str) -> None:
        """Keep a text under this key, instead of the former one."""
        ...


@dataclass(frozen=True, slots=True)
class Remembered:
    """Hints about one spreadsheet; 0 and "" are "not known". Rows and columns count from 1."""

    responses_title: str = ""
    """Title of the tab with the configured gid."""
    time_zone: str = ""
    tracking_title: str = ""
    """Title of the tab "Seguimiento" as it is spelt there."""
    tracking_gid: int = -1
    tracking_columns: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    """Columns of Caso, Acción, Observación, the key and the fingerprint."""
    tracking_from: int = 0
    """First row of "Seguimiento" worth reading across all columns; 0: all of them."""
    tracking_width: int = 0
    responses_from: int = 0
    """First row of the responses' tab worth reading; 0: all of them."""
    responses_width: int = 0
    look_checked: str = ""
    """The day (ISO, the institution's) on which the look of the tabs was last compared; "": at the next write."""
    dashboard_shape: str = ""
    """Shape of the tables that the charts were last told of."""
    dashboard_digest: str = ""
    """Of the numbers that were last written: while they stay, only each day's first write puts them there again."""

    def to_text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)


def remembered_from(text: str | None) -> Remembered:
    """Read what `to_text` wrote; anything else (another version, damage) is as if nothing were remembered."""
    try:
        values = json.loads(text or "{}")
    except ValueError:
        return Remembered()
    known = Remembered()
    if not isinstance(values, dict) or set(values) != {field.name for field in fields(known)}:
        return known
    columns = values.pop("tracking_columns")
    if not isinstance(columns, list) or len(columns) != 5 or not all(isinstance(column, int) for column in columns):
        return known
    if any(type(value) is not type(getattr(known, name)) for name, value in values.items()):
        return known
    case, action, note, key, fingerprint = columns
    return Remembered(**values, tracking_columns=(case, action, note, key, fingerprint))
