"""Names as people type them, and as they are to be shown: "MARÍA DEL PILAR" is "María del Pilar", "o'brien" is "O'Brien"."""

import re
import unicodedata

from intake.typed_text import Wrong, clean, looks_like_formula, quoted

LONGEST_NAME = 64
"""Active Directory's upper bound of givenName and sn (attributes Given-Name and Surname, rangeUpper)."""

_PREPOSITIONS = frozenset({"de", "del", "da", "do", "dos", "das", "van", "von", "y", "e"})
_ARTICLES = {"la": "de", "las": "de", "los": "de", "el": "de", "der": "van", "den": "van"}
"""Small only after their preposition: "de la Cruz" but "La Rotta" (Ortografía de la lengua española, 4.2.4.1.1)."""
_ORDINALS = frozenset({"ii", "iii", "iv"})
_ONE_LETTER_BEFORE_ACUTE = re.compile(r"(?<!\w)(\w)[´`](?=\w)")
_GROWING_LETTERS = frozenset("ßİ")
"""Letters of names that become two characters in the other case, both of which a name may have."""
_TYPOGRAPHY = str.maketrans({**dict.fromkeys("’‘ʼ′", "'"), **dict.fromkeys("\u2010\u2011\u2013", "-")})
"""Apostrophes and hyphens as word processors write them."""
_WORD_PARTS = re.compile(r"([-'])")
_LETTERS = "(?:LM{0,2})+"
_WORD = rf"{_LETTERS}(?:['\-]{_LETTERS})*\.?"
_NAME_SHAPE = re.compile(rf"{_WORD}(?: {_WORD})*")
"""Letters (L) with at most two marks (M), one apostrophe or hyphen between them; a full stop only ends a word."""


def read_name(text: str, *, given: bool) -> str | Wrong:
    """Given names or surnames with Spanish capitals when they were typed all in capitals or all in small letters.

    What mixes both is kept as typed. Letters are Latin ones, so that no name can be mistaken for another by a look-alike
    from another alphabet. Reading what it returned gives the same again.
    """
    example = "María del Pilar" if given else "Gómez de la Torre"
    how = f"Escríbalos como aparecen en el documento, solo con letras; por ejemplo: {example}."
    typed = unicodedata.normalize("NFC", _ONE_LETTER_BEFORE_ACUTE.sub(r"\1'", clean(text).translate(_TYPOGRAPHY)))
    if len(typed) > LONGEST_NAME:
        return Wrong(f"Tiene más de {LONGEST_NAME} caracteres. {how}")
    if not _is_name(typed):
        return Wrong(f"{quoted(typed)} no parece un nombre de persona{_because(typed)}. {how}")
    name = unicodedata.normalize("NFC", _with_capitals(typed, given=given)) if _one_case(typed) else typed
    return name if len(name) <= LONGEST_NAME else Wrong(f"Tiene más de {LONGEST_NAME} caracteres. {how}")


def read_generic_name(text: str) -> str | Wrong:
    """The name of an institutional account ("Atención al Ciudadano", "Convocatoria 2026"), its capitals as typed."""
    name = clean(text).translate(_TYPOGRAPHY)
    how = "Escriba un nombre corto que diga para qué es la cuenta; por ejemplo: Atención al Ciudadano."
    if len(name) > LONGEST_NAME:
        return Wrong(f"Tiene más de {LONGEST_NAME} caracteres. {how}")
    if "@" in name:
        return Wrong(f"Aquí va el nombre de la cuenta y no una dirección de correo. {how}")
    wrong = sorted({character for character in name if not (_is_latin(character) or character in "0123456789 -'.&()")})
    if wrong or looks_like_formula(name):
        return Wrong(f"{quoted(name)} tiene caracteres que el nombre de una cuenta no admite. {how}")
    if sum(1 for character in name if _is_latin(character)) < 3:
        return Wrong(f"{quoted(name)} es demasiado corto. {how}")
    return name


def _is_latin(character: str) -> bool:
    """A Latin letter that stays one in the other case, so that a name still is a name after its capitals were put right."""
    cases = (character, character.upper(), character.lower(), character.title())
    return character in _GROWING_LETTERS or all(len(form) == 1 and _in_latin_blocks(form) for form in cases)


def _in_latin_blocks(letter: str) -> bool:
    return (letter < "\u0250" or "\u1e00" <= letter <= "\u1eff") and unicodedata.category(letter) in {"Lu", "Ll"}


def _is_name(text: str) -> bool:
    shape = "".join(
        "L" if _is_latin(character) else "M" if "\u0300" <= character <= "\u036f" else "?" if character in "LM" else character
        for character in text
    )
    return _NAME_SHAPE.fullmatch(shape) is not None


def _because(text: str) -> str:
    if looks_like_formula(text):
        return ": parece una fórmula"
    if any(character.isdigit() for character in text):
        return ": tiene números"
    odd = sorted({character for character in text if not (_is_latin(character) or character in " -'.")})
    return f": tiene «{odd[0]}»" if odd and odd[0].isprintable() and not unicodedata.combining(odd[0]) else ""


def _one_case(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return all(letter.isupper() for letter in letters) or all(letter.islower() for letter in letters)


def _with_capitals(text: str, *, given: bool) -> str:
    words = text.lower().split(" ")
    return " ".join(_cased(words, position, given=given) for position in range(len(words)))


def _cased(words: list[str], position: int, *, given: bool) -> str:
    word = words[position]
    last = position == len(words) - 1
    if word in _ORDINALS and position > 0 and last:
        return word.upper()
    if word in _PREPOSITIONS and not last and not (given and position == 0):
        return word
    if word in _ARTICLES and not last and position > 0 and words[position - 1] == _ARTICLES[word]:
        return word
    return "".join(_capitalised(part) for part in _WORD_PARTS.split(word))


def _capitalised(part: str) -> str:
    if part.startswith("mc") and len(part) > 4:
        return "Mc" + _capitalised(part[2:])
    return part[:1].title() + part[1:]
