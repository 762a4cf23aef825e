"""Typer's own words in Spanish: a gettext catalogue, and how it is compiled (`python -m config.locale`).

Kept here rather than made by `msgfmt`, so that building the program needs nothing but Python.
"""

import ast
import struct
from pathlib import Path

FOLDER = Path(__file__).parent
DOMAIN = "messages"
"""gettext's default domain: the one that libraries ask when nobody named another."""
SOURCE = FOLDER / "es" / "LC_MESSAGES" / f"{DOMAIN}.po"
COMPILED = SOURCE.with_suffix(".mo")


def read_catalogue(text: str) -> dict[str, str]:
    """Messages and translations of a .po file without plurals or contexts. Raises ValueError for a line that is neither."""
    found: dict[str, str] = {}
    parts: dict[str, str] = {}
    key = ""
    for number, line in enumerate([*text.splitlines(), 'msgid ""'], start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        word, _, literal = stripped.partition(" ")
        if word in {"msgid", "msgstr"}:
            if word == "msgid" and "msgstr" in parts:
                found[parts["msgid"]] = parts["msgstr"]
                parts = {}
            key, parts[word] = word, _text(literal, number)
        elif stripped.startswith('"') and key:
            parts[key] += _text(stripped, number)
        else:
            raise ValueError(f"line {number} of the catalogue is not understood")
    return found


def _text(literal: str, number: int) -> str:
    try:
        value: object = ast.literal_eval(literal)
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"line {number} of the catalogue is not a quoted text") from error
    if not isinstance(value, str):
        raise ValueError(f"line {number} of the catalogue is not a quoted text")
    return value


def compile_catalogue(messages: dict[str, str]) -> bytes:
    """The .mo file (GNU gettext, version 0, little endian, no hash table). Deterministic."""
    pairs = [(source.encode(), target.encode()) for source, target in sorted(messages.items()) if target]
    header = 7 * 4
    at = header + 2 * 8 * len(pairs)
    tables: list[bytes] = []
    blob = b""
    for side in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<II", len(pair[side]), at + len(blob)))
            blob += pair[side] + b"\0"
    start = struct.pack("<7I", 0x950412DE, 0, len(pairs), header, header + 8 * len(pairs), 0, at)
    return start + b"".join(tables) + blob


def write_compiled() -> None:
    """Compile the catalogue in its place. Idempotent."""
    COMPILED.write_bytes(compile_catalogue(read_catalogue(SOURCE.read_text(encoding="utf-8"))))
