"""What may stand in a log: never a secret, no whole personal address, nothing that could pass for another line.

Values are shown by permission: plain values as they are, known secrets as `***`, any other object as its type's name.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, time, timedelta
from enum import Enum
from functools import lru_cache
from math import isfinite
from pathlib import PurePath

HIDDEN = "***"
MOST_CHARACTERS = 2_000
_DEEPEST = 5

_SECRET_KEY = re.compile(
    r"passw|passphrase|secret|token|authori[sz]ation|credential|clave|contrase|cookie|private|^pwd$|^key$|(api|access|client)_?key",
    re.IGNORECASE,
)
_NOT_SECRET_KEY = re.compile(r"(_file|_uri|_url|_seconds|_count|_at)$|^authori[sz]ation_row$", re.IGNORECASE)
_WHOLE_ADDRESS_KEYS = frozenset({"requester", "account", "approver", "vouched_by", "sender"})
"""Institutional addresses an operator must recognise; every other address is shown as `j***@example.org`."""

_ADDRESS = re.compile(r"([\w.+'-])[\w.+'-]{0,63}(@[\w-]+(?:\.[\w-]+)+)")
_SECRET_IN_TEXT = (
    (re.compile(r"(://[^\s/:@]*:)[^\s/@]+(@)"), rf"\1{HIDDEN}\2"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (
        re.compile(
            r"((?:pass(?:word|wd)?|secret|token|clave|contraseña|unicodePwd|assertion)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&}]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"-----BEGIN[^-]*PRIVATE KEY-----.*?(-----END[^-]*-----|$)", re.DOTALL), HIDDEN),
    (re.compile(r"\beyJ[\w-]{10,}\.[\w-]+(\.[\w-]+)?|\bya29\.[\w-]+"), HIDDEN),
)
"""Credentials inside a sentence: userinfo of addresses, HTTP authorisation, `password=…`, private keys, JWT, Google tokens."""

_MAY_HIDE = re.compile(r"[@:=]|bearer|basic|-----BEGIN|eyJ|ya29", re.IGNORECASE)
"""Something of this is in whatever the patterns above change: most texts of an event hold none of it."""

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]


def shown(key: str, value: object) -> Plain:
    """The value as it may be written under this key."""
    return _shown(key, value, _DEEPEST)


def shown_text(text: str, *, addresses: bool = False, lines: bool = False, most: int = MOST_CHARACTERS) -> str:
    """A text without secrets, control characters and (unless `addresses`) whole addresses; line ends only if `lines`."""
    cut = text if len(text) <= most else f"{text[:most]}… ({len(text)} caracteres)"
    if _MAY_HIDE.search(cut):
        for pattern, replacement in _SECRET_IN_TEXT:
            cut = pattern.sub(replacement, cut)
        if not addresses:
            cut = _ADDRESS.sub(r"\1***\2", cut)
    return visible_text(cut, lines=lines)


def visible_text(text: str, *, lines: bool = False) -> str:
    """The text with control characters and direction marks spelled out (`\\x1b`), so that they cannot act; `lines`: but \\n."""
    if text.isprintable():
        return text
    return "".join(letter if (lines and letter == "\n") or not _dangerous(letter) else _visible(letter) for letter in text)


def _shown(key: str, value: object, depth: int) -> Plain:
    if value is None or isinstance(value, bool):
        return value
    if _is_secret(key):
        return HIDDEN
    if hasattr(value, "reveal") or hasattr(value, "get_secret_value"):
        return HIDDEN
    match value:
        case Enum():
            return shown_text(str(value.value))
        case float() if not isfinite(value):
            return str(value)  # JSON has no word for it
        case int() | float():
            return value
        case str():
            return shown_text(value, addresses=key in _WHOLE_ADDRESS_KEYS)
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case PurePath() | BaseException():
            return shown_text(str(value))
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case Mapping() | list() | tuple() | set() | frozenset() if depth == 0:
            return "…"
        case Mapping():
            return {shown_text(str(name)): _shown(str(name), inner, depth - 1) for name, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_shown(key, inner, depth - 1) for inner in value]
        case _:
            return f"<{type(value).__name__}>"


@lru_cache(maxsize=512)
def _is_secret(key: str) -> bool:
    return bool(_SECRET_KEY.search(key)) and not _NOT_SECRET_KEY.search(key)


def _dangerous(letter: str) -> bool:
    # Cc and Cf hold line ends, escape sequences and the marks that turn the writing direction round; Cs cannot be encoded.
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _visible(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
