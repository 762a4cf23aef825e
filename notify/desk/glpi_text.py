"""Text into GLPI's rich text (HTML) and back, and the marks by which what this program wrote is found again.

GLPI keeps the content of tickets, followups and solutions as HTML; GLPI 10 and before keep it with its angle brackets
encoded (`&#60;p&#62;`), GLPI 11 as it is (https://github.com/glpi-project/glpi, src/Glpi/Toolbox/Sanitizer.php of 10.0).
"""

import hashlib
import html
import re
import unicodedata
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

from config.redaction import visible_text
from config.vocabulary import CaseNumber
from notify.desk.port import TicketFields

LONGEST_TITLE = 255
"""`glpi_tickets.name` is a VARCHAR(255): GLPI cuts what is longer and says nothing."""

_BLOCKS = frozenset({"p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "table"})
_HIDDEN = frozenset({"style", "script", "head", "title"})
_ENCODED = re.compile(r"\s*&(lt|#60|#x3c);", re.IGNORECASE)
_PLAIN_KEY = re.compile(r"[\w.:/#-](?:[\w .:/#-]{0,58}[\w.:/#-])?")
_MARK = re.compile(r"\[(?P<case>[A-Z]{2,8}-\d{4}-\d{6,12})(?: (?P<kind>[·»]) (?P<key>[^\[\]]{1,80}))?\]")


def storable(text: str) -> str:
    """The text as GLPI can keep it: no half surrogate pairs, control characters spelled out, one kind of line end."""
    whole = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    return visible_text(whole.replace("\t", "    "), lines=True).strip()


def title(text: str) -> str:
    """A ticket's title: one line, as long as GLPI keeps."""
    line = " ".join(storable(text).split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"


def rich(text: str, mark: str = "") -> str:
    """HTML that shows the text as it is, line by line, and the mark in a last paragraph of its own."""
    body = "<br>".join(html.escape(line) for line in storable(text).split("\n"))
    return f"<p>{body}</p>" + (f"<p>{html.escape(mark)}</p>" if mark else "")


def plain(content: str) -> str:
    """The text of a rich text, GLPI's or an agent's: paragraphs and breaks are line ends, nothing at the edges."""
    if _ENCODED.match(content):
        content = html.unescape(content)
    if "<" not in content:
        return html.unescape(content).strip()
    reader = _Reader()
    reader.feed(content)
    reader.close()
    return reader.text()


def same_text(one: str, other: str) -> bool:
    """Whether two texts say the same: spaces and line ends may have changed in GLPI's hands."""
    return unicodedata.normalize("NFC", " ".join(one.split())) == unicodedata.normalize("NFC", " ".join(other.split()))


def note_mark(case: CaseNumber, key: str) -> str:
    """The mark of a note: `[GU-2026-000123 · account]`. A key that cannot be shown is shown by its hash."""
    return f"[{case} · {_shown(key)}]"


def state_mark(case: CaseNumber) -> str:
    """The mark of the one followup that says where the case stands; no note has such a mark, whatever its key."""
    return f"[{case} » estado]"


def solution_mark(case: CaseNumber) -> str:
    """The mark of this program's solutions: GLPI 11.0.0 does not tell who wrote one."""
    return f"[{case}]"


def unmarked(content: str) -> tuple[str, str]:
    """The text of a rich text and the mark that closes it; an empty mark when there is none.

    Only the last line counts: what came from a form may quote any mark, and this program writes its own after it.
    """
    text = plain(content)
    before, _, last = text.rpartition("\n")
    if _MARK.fullmatch(last.strip()):
        return before.strip(), last.strip()
    return text, ""


def is_note_mark(mark: str) -> bool:
    """Whether it is a note's; else the state's, a solution's or none."""
    found = _MARK.fullmatch(mark)
    return found is not None and found["kind"] == "·"


def fields_text(fields: TicketFields, zone: ZoneInfo) -> str:
    """Where the case stands, for an agent who looks at the ticket, in the agent's zone; what is empty is left out."""
    due = "" if fields.due is None else fields.due.astimezone(zone).strftime("%d/%m/%Y %H:%M")
    lines = (
        ("Estado", fields.state),
        ("Cuenta", fields.account),
        ("Dependencia", fields.unit),
        ("En espera de", fields.waiting_for),
        ("Vence", due),
    )
    shown = [f"{label}: {' '.join(storable(value).split())}" for label, value in lines if value.strip()]
    return "\n".join(shown or ["Estado: sin novedad"])


def _shown(key: str) -> str:
    whole = key.encode("utf-8", "replace")
    if _PLAIN_KEY.fullmatch(key) and "  " not in key:
        return key
    return f"nota {hashlib.sha256(whole).hexdigest()[:16]}"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "br":
            self._parts.append("\n")
        elif tag in _BLOCKS:
            self._open_line()

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BLOCKS:
            self._open_line()

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._parts.append(data.replace("\r", "").replace("\xa0", " "))

    def text(self) -> str:
        """All that was read."""
        return "".join(self._parts).strip()

    def _open_line(self) -> None:
        if self._parts and not self._parts[-1].endswith("\n"):
            self._parts.append("\n")
