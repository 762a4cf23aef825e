"""Logins from names (activity 3, "instructivo de creación de usuarios"): which ones to try, in which order.

Pure and deterministic: whether a candidate is free is the directory's and the journal's to say.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from anyascii import anyascii

from config.institution import LoginPattern, Naming

_RESERVED = """
abuse admin administracion administrador administrator admin.local anonymous autodiscover backup correo daemon
defaultaccount dns domain everyone ftp gestion guest helpdesk host hostmaster info invitado krbtgt ldap localhost
mail mailer-daemon mesa mesa.ayuda mesa.servicio mesadeayuda mesadeservicio mesaservicio mysql noc no-reply nobody
noreply null operator postgres postmaster public root sa seguridad security self service servicio sistema smtp
soporte spam superuser support svc-gestion sysadmin system test usuario wdagutilityaccount webmaster www
"""
RESERVED = frozenset(_RESERVED.split())
"""Names of the system, of the service desk and of addresses that standards give a meaning (RFC 2142): nobody's login."""

_JOINING_WORDS = ("a", "al", "con", "e", "en", "o", "para", "por", "u")
_SEPARATORS = ".-_"
_SURNAME_SHARE = 6
"""Letters of the surname that a long given name leaves room for."""


@dataclass(frozen=True, slots=True)
class _Form:
    """The parts of one pattern, and which of them goes first when they do not fit."""

    parts: tuple[str, ...]
    spare: int = -1


def login_candidates(given_names: str, surnames: str, rules: Naming) -> Iterator[str]:
    """Logins for a person, best first: the institution's patterns in order, then the first one with 2, 3, 4…

    Every candidate is lower-case ASCII (letters, digits, dots), begins and ends with a letter or a digit, is no longer than
    `rules.max_length`, is not reserved, and comes once; there are tens of thousands. `José Ñáñez` → `jose.nanez`;
    `O'Brien` → `obrien`; `Pérez-Gómez` → `perezgomez`; `De La Hoz` → `hoz`, or `delahoz` where particles are kept. Who has
    only one name gets it alone.

    Raises ValueError (in Spanish, for the requester) at once when no name has a letter that the Latin alphabet can write.
    """
    given, family = _words(given_names, rules), _words(surnames, rules)
    if not _has_letter([*given, *family]):
        raise ValueError(
            "Los nombres y apellidos no tienen letras con las que formar un nombre de usuario. Escríbalos de nuevo."
        )
    return _numbered([_arranged(pattern, given, family) for pattern in rules.patterns], rules.max_length)


def generic_login_candidates(name: str, rules: Naming) -> Iterator[str]:
    """Logins for an institutional account: its whole name with the institution's prefix, then with 2, 3, 4…

    The same promises and the same ValueError as `login_candidates`; the prefix may also bring hyphens and underscores.
    `Atención al Ciudadano` → `atencion.ciudadano`; words that do not fit are left out from the end.
    """
    particles = (*rules.particles, *_JOINING_WORDS)
    words = _words(name, rules.model_copy(update={"particles": particles, "keep_particles": False}))
    if not _has_letter(words):
        raise ValueError("El nombre de la cuenta no tiene letras con las que formar un nombre de usuario. Escríbalo de nuevo.")
    prefix = _plain(rules.generic_prefix, keep=_SEPARATORS).lstrip(_SEPARATORS)
    return _numbered([_Form((prefix + words[0], *words[1:]))], rules.max_length)


def _numbered(forms: list[_Form], longest: int) -> Iterator[str]:
    seen: set[str] = set()
    for number in count(1):
        suffix = "" if number == 1 else str(number)
        if len(suffix) >= longest:
            return
        for form in forms if number == 1 else forms[:1]:
            candidate = _shortened(form, longest - len(suffix)) + suffix
            if candidate in seen or candidate in RESERVED or candidate.replace(".", "") in RESERVED:
                continue
            seen.add(candidate)
            yield candidate


def _plain(text: str, keep: str = "") -> str:
    """Letters and digits as lower-case ASCII; signs, emoji and combining marks vanish, except those to keep."""
    spelt = (
        character if character in keep else anyascii(character).lower()
        for character in text
        if character in keep or unicodedata.category(character)[0] in "LN"
    )
    return "".join(
        character for part in spelt for character in part if character in keep or (character.isascii() and character.isalnum())
    )


def _has_letter(words: Iterable[str]) -> bool:
    return any(character.isalpha() for word in words for character in word)


def _words(text: str, rules: Naming) -> list[str]:
    """The words of a name as plain letters: particles dropped, or by the institution's rule joined to the word after them.

    A name of particles only keeps them all: then they are what the person is called.
    """
    words = [word for word in map(_plain, text.split()) if word]
    particles = {_plain(particle) for particle in rules.particles}
    if all(word in particles for word in words):
        return words
    kept: list[str] = []
    waiting = ""
    for word in words:
        if word not in particles:
            kept.append(waiting + word)
            waiting = ""
        elif rules.keep_particles and word != "y":
            waiting += word
    return kept


def _arranged(pattern: LoginPattern, given: list[str], family: list[str]) -> _Form:
    if not given or not family:
        return _Form(tuple((given or family)[:2]))
    first, last = given[0], family[0]
    match pattern:
        case "first.last":
            return _Form((first, last))
        case "initial+last":
            return _Form((first[0] + last,))
        case "first.last.second":
            return _Form((first, last, *family[1:2]))
        case "first+last":
            return _Form((first + last,))
        case "initial.last":
            return _Form((first[0], last))
        case "first.second.last":
            return _Form((first, *given[1:2], last), spare=1)


def _shortened(form: _Form, room: int) -> str:
    """The parts joined by dots in `room` characters: spare words go first, then letters of the longer halves."""
    parts = list(form.parts)
    while len(parts) > 2 and len(".".join(parts)) > room:
        del parts[form.spare]
    if len(parts) == 2 and len(".".join(parts)) > room >= 3:
        first, last = parts
        for_last = min(len(last), max(room - 1 - len(first), min(_SURNAME_SHARE, room // 2)))
        parts = [first[: room - 1 - for_last], last[:for_last]]
    return ".".join(parts)[:room].rstrip(_SEPARATORS)
