"""Texts that people wrote, on their way into lines of .ics and .vcf."""

from html.parser import HTMLParser

_BREAKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "table", "ul", "ol"})
_UNSEEN = frozenset({"style", "script", "head", "title"})


def clean(text: str | None) -> str:
    """Without control characters but tabs and line breaks, which become LF; lone surrogates become question marks."""
    unified = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(character for character in unified if character in "\n\t" or (character >= " " and character != "\x7f"))
    return kept.encode("utf-8", "replace").decode("utf-8")


def plain_text(html: str) -> str:
    """What a person reads of an HTML text, line by line."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A break, or the beginning of what is not shown."""
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """A break, or the end of what is not shown."""
        self._unseen -= tag in _UNSEEN and self._unseen > 0
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        """What is shown: a source's own line breaks are spaces."""
        if not self._unseen:
            self.parts.append(data.replace("\n", " "))
