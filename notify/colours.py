"""Colours of a mail from the one colour of an institution, always legible (WCAG 2.2, success criterion 1.4.3)."""

from dataclasses import dataclass

_WHITE = "#ffffff"
_BLACK = "#000000"
_ENOUGH = 4.5
"""Contrast of normal text at level AA."""


@dataclass(frozen=True, slots=True)
class Palette:
    """`bar` is the institution's colour; `on_bar` reads on it; `link` is it too when it reads on white, else a dark one."""

    bar: str
    on_bar: str
    link: str

    @classmethod
    def of(cls, colour: str) -> "Palette":
        """The palette of `#rrggbb`."""
        on_bar = _WHITE if contrast(colour, _WHITE) >= contrast(colour, _BLACK) else _BLACK
        return cls(bar=colour, on_bar=on_bar, link=colour if contrast(colour, _WHITE) >= _ENOUGH else "#0b4f8a")


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two `#rrggbb` colours, from 1 (the same) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
