"""Passwords: the temporary one that travels to its owner, and the first one, which nobody ever knows."""

import secrets
import string
from collections.abc import Callable, Iterable

from provision.directory.account_rules import folded
from provision.directory.port import Password
from provision.nouns import NOUNS

_WORDS = 3
_FEWEST_NOUNS = 410
"""With fewer, three of them and two digits would hold less than 32 bits."""
_CLEAR_DIGITS = "23456789"
_CLEAR_LETTERS = "abcdefghjkmnpqrstuvwxyz"
_SIGNS = "!#%+-=?@"


def temporary_password(avoid: Iterable[str]) -> Password:
    """A password that can be dictated by telephone, such as `Lechuza-Tijera-Manglar47`, from the system's randomness.

    Three different nouns of more than 512 (27 bits) and two digits 2–9 (6 bits): 33 bits; at least 32 after leaving words
    out. That is for a password which its owner must replace at the first logon, behind the domain's lockout. The digits 0
    and 1 are left out because they read as letters.

    `avoid` are the person's names, login and mail: nothing in the password holds any part of them of three letters or more,
    whatever the case or the accents, because Active Directory refuses such a password (and a reader could guess it). It
    satisfies the complexity rule: upper and lower case, digits, a sign. Names so long that they leave too few words get
    random characters in groups of four instead (over 60 bits).
    """
    parts = _parts(avoid)
    usable = [noun for noun in NOUNS if not any(part in noun for part in parts)]
    make: Callable[[], str] = _groups if len(usable) < _FEWEST_NOUNS else lambda: _words(usable)
    while True:  # a draw holds a part of a name by chance, if ever; the next one does not
        text = make()
        if not any(part in text.casefold() for part in parts):
            return Password(text)


def random_password() -> Password:
    """64 random characters (over 380 bits) with all four kinds among them: for an account that nobody may enter yet."""
    alphabet = string.ascii_letters + string.digits + _SIGNS
    characters = [secrets.choice(kind) for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits, _SIGNS)]
    characters += [secrets.choice(alphabet) for _ in range(60)]
    secrets.SystemRandom().shuffle(characters)
    return Password("".join(characters))


def _words(usable: list[str]) -> str:
    words = secrets.SystemRandom().sample(usable, _WORDS)
    return "-".join(word.capitalize() for word in words) + "".join(secrets.choice(_CLEAR_DIGITS) for _ in range(2))


def _groups() -> str:
    alphabet = _CLEAR_LETTERS + _CLEAR_DIGITS
    groups = ["".join(secrets.choice(alphabet) for _ in range(3)) for _ in range(4)]
    return "-".join(secrets.choice(_CLEAR_LETTERS).upper() + group for group in groups) + secrets.choice(_CLEAR_DIGITS) + "x"


def _parts(avoid: Iterable[str]) -> frozenset[str]:
    """The runs of letters and digits of three or more, as Active Directory would look for them."""
    parts: set[str] = set()
    for text in avoid:
        for form in (text.casefold(), folded(text)):
            separated = "".join(character if character.isalnum() else " " for character in form)
            parts.update(part for part in separated.split() if len(part) >= 3)
    return frozenset(parts)
