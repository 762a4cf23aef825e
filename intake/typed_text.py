"""What people type into a form or a spreadsheet: cleaning it, comparing it, quoting it back to them.

A reader of typed text answers with the value or with `Wrong`; it never raises, whatever was typed.
"""

import re
import unicodedata
from dataclasses import dataclass

LONGEST_ANSWER = 4_000
"""Characters of one answer that are looked at; more is a problem of its own, so that a megabyte costs nothing."""

_QUOTED = 60
"""Characters of a wrong answer that are shown in a message."""

_INVISIBLE = frozenset({"Cf", "Cs", "Co", "Cn"})
"""Zero-width and direction marks, halves of surrogate pairs, private and unassigned characters: nobody types them."""

_BETWEEN_WORDS = re.compile(r"[\W_]+")

_NOT_APPLICABLE = frozenset({"n/a", "n.a.", "n.a", "no aplica", "ninguno", "ninguna", "-", "--", "—", ".", "x"})
"""What people write in a question that is not for them."""

FORMULA_STARTS = ("=", "+", "-", "@", "#", "\t", "\r")
"""How a cell begins that a spreadsheet may run as a formula, and the errors (#REF!) that it shows in place of a value."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Text that was not understood: a Spanish message that says what is wrong and how to write it."""

    message: str


def clean(text: str) -> str:
    """One line in NFC: no control or invisible characters, no outer or double spaces. Idempotent.

    New lines become spaces: an answer must not be able to begin a line of a mail header or of a log.
    """
    if len(text) > LONGEST_ANSWER:
        # Canonical ordering is quadratic in a run of combining marks, so nothing longer is ever normalised.
        text = text[:LONGEST_ANSWER]
    # Whatever _visible changes cannot be printed, and nearly all answers can.
    visible = text if text.isprintable() else "".join(_visible(character) for character in text)
    return " ".join(unicodedata.normalize("NFC", visible).split())


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    return "" if category in _INVISIBLE else character


def folded(text: str) -> str:
    """Text as it is compared: words of letters and digits, without case, accents or punctuation ("ACCIÓN." is "accion")."""
    decomposed = unicodedata.normalize("NFKD", clean(text).casefold())
    bare = decomposed if decomposed.isascii() else "".join(part for part in decomposed if not unicodedata.combining(part))
    return _BETWEEN_WORDS.sub(" ", bare).strip()


def is_blank(text: str) -> bool:
    """Whether an answer says nothing: empty, or one of the ways to write that the question does not apply."""
    cleaned = clean(text)
    return not cleaned or cleaned.casefold() in _NOT_APPLICABLE


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet could take the text for a formula, or shows an error in its place."""
    return text.lstrip(" ").startswith(FORMULA_STARTS)


def quoted(text: str) -> str:
    """A piece of wrong text as a message shows it back, short and on one line."""
    cleaned = clean(text)
    return f"«{cleaned[:_QUOTED]}…»" if len(cleaned) > _QUOTED else f"«{cleaned}»"


def listed(options: list[str], last: str = "o") -> str:
    """Options as a Spanish phrase: "«A», «B» o «C»"."""
    marks = [f"«{option}»" for option in options]
    return marks[0] if len(marks) == 1 else f"{', '.join(marks[:-1])} {last} {marks[-1]}" if marks else ""
