"""Logins from names: `provision.procedure.naming`."""

import re
from itertools import islice

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.institution import LoginPattern, Naming
from provision.procedure.naming import RESERVED, generic_login_candidates, login_candidates

PATTERNS: tuple[LoginPattern, ...] = (
    "first.last", "initial+last", "first.last.second", "first+last", "initial.last", "first.second.last",
)  # fmt: skip
VALID = re.compile(r"[a-z0-9]+(?:\.[a-z0-9]+)*")
names = st.text(
    st.one_of(st.sampled_from("aeiouñÑáÁüÜ '-.,ºçßøđЖ李عé\u0301\u200d😀0"), st.characters(codec="utf-8")), max_size=60
) | st.sampled_from(["José Luis", "De La Hoz", "O'Brien", "Pérez-Gómez", "admin", "Mesa", "Y", "a" * 10_000])
rules = st.builds(
    Naming,
    patterns=st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=4).map(tuple),
    keep_particles=st.booleans(),
    max_length=st.integers(6, 20),
    generic_prefix=st.sampled_from(["", "gen.", "_inst-", "x" * 10]),
)


def first(count: int, given_names: str, surnames: str, **changes: object) -> list[str]:
    """The first candidates under rules with some values changed."""
    return list(islice(login_candidates(given_names, surnames, Naming.model_validate(changes)), count))


@pytest.mark.parametrize(
    ("given_names", "surnames", "expected"),
    [
        ("José Luis", "Ñáñez Peña", ["jose.nanez", "jose.nanez.pena", "jose.nanez2", "jose.nanez3"]),
        ("Ana", "O'Brien", ["ana.obrien", "ana.obrien2", "ana.obrien3", "ana.obrien4"]),
        ("Ana", "O’Brien", ["ana.obrien", "ana.obrien2", "ana.obrien3", "ana.obrien4"]),
        ("Luz", "Pérez-Gómez", ["luz.perezgomez", "luz.perezgomez2", "luz.perezgomez3", "luz.perezgomez4"]),
        ("María de los Ángeles", "De La Hoz", ["maria.hoz", "maria.hoz2", "maria.hoz3", "maria.hoz4"]),
        ("Juan", "del Río y Ortega", ["juan.rio", "juan.rio.ortega", "juan.rio2", "juan.rio3"]),
        ("JOSE\u0301", "PEN\u0303A", ["jose.pena", "jose.pena2", "jose.pena3", "jose.pena4"]),
        ("Владимир", "Жуков", ["vladimir.zhukov", "vladimir.zhukov2", "vladimir.zhukov3", "vladimir.zhukov4"]),
        ("Shakira", "", ["shakira", "shakira2", "shakira3", "shakira4"]),
        ("", "Nelson", ["nelson", "nelson2", "nelson3", "nelson4"]),
        ("Los", "De la", ["los.de", "los.de.la", "los.de2", "los.de3"]),
        ("😀", "Díaz", ["diaz", "diaz2", "diaz3", "diaz4"]),
    ],
)
def test_names_of_colombia_become_logins(given_names: str, surnames: str, expected: list[str]) -> None:
    """Accents, ñ, apostrophes, hyphens, particles, one name only, other alphabets: each as its owner would expect."""
    assert first(4, given_names, surnames) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("first.last", "ana.diaz"),
        ("initial+last", "adiaz"),
        ("first.last.second", "ana.diaz.rojas"),
        ("first+last", "anadiaz"),
        ("initial.last", "a.diaz"),
        ("first.second.last", "ana.maria.diaz"),
    ],
)
def test_each_pattern(pattern: str, expected: str) -> None:
    """What an institution writes in its policy is what its people get."""
    assert first(1, "Ana María", "Díaz Rojas", patterns=[pattern]) == [expected]


@pytest.mark.parametrize(
    ("surnames", "expected"), [("De La Hoz", "ana.delahoz"), ("del Río", "ana.delrio"), ("Ortega y Gasset", "ana.ortega")]
)
def test_particles_are_kept_by_rule(surnames: str, expected: str) -> None:
    """Where the policy keeps particles they are joined to the surname, except the conjunction."""
    assert first(1, "Ana", surnames, keep_particles=True) == [expected]


@pytest.mark.parametrize(
    ("given_names", "surnames", "pattern", "expected"),
    [
        ("Maximiliano", "Bustamante", "first.last", ["maximiliano.bustaman", "maximiliano.bustama2"]),
        ("Bartholomewlongnamehere", "Díaz", "first.last", ["bartholomewlong.diaz", "bartholomewlon.diaz2"]),
        ("Ana", "Santamaría Echavarría", "first.last.second", ["ana.santamaria", "ana.santamaria2"]),
        ("Ana Guadalupe", "Santamaría", "first.second.last", ["ana.santamaria", "ana.santamaria2"]),
    ],
)
def test_long_names_are_shortened_sensibly(given_names: str, surnames: str, pattern: str, expected: list[str]) -> None:
    """The spare name goes first, then letters; the surname stays recognisable and the number whole."""
    assert first(2, given_names, surnames, patterns=[pattern]) == expected


@pytest.mark.parametrize(("given_names", "surnames"), [("", ""), ("   ", "..."), ("😀", "👍🏽"), ("123", "456"), ("'", "-")])
def test_without_a_letter_there_is_no_login(given_names: str, surnames: str) -> None:
    """Nothing that can be written: said at once, in Spanish, to whoever filled in the form."""
    with pytest.raises(ValueError, match="Escríbalos de nuevo"):
        login_candidates(given_names, surnames, Naming())
    with pytest.raises(ValueError, match="Escríbalo de nuevo"):
        generic_login_candidates(surnames, Naming())


@pytest.mark.parametrize(
    ("name", "prefix", "expected"),
    [
        ("Atención al Ciudadano", "", ["atencion.ciudadano", "atencion.ciudadano2"]),
        ("Oficina de Gestión de la Información", "", ["oficina.gestion", "oficina.gestion2"]),
        ("Talento Humano", "inst-", ["inst-talento.humano", "inst-talento.humano2"]),
        ("Soporte", "", ["soporte2", "soporte3"]),
        ("Mesa de Ayuda", "", ["mesa.ayuda2", "mesa.ayuda3"]),
    ],
)
def test_generic_accounts_are_called_as_they_are(name: str, prefix: str, expected: list[str]) -> None:
    """The account's own name, with the institution's prefix, never one that is reserved."""
    assert list(islice(generic_login_candidates(name, Naming(generic_prefix=prefix)), 2)) == expected


@pytest.mark.parametrize(
    ("given_names", "surnames"), [("Admin", ""), ("Ad", "Min"), ("Root", "De"), ("Krbtgt", ""), ("Mesa", "")]
)
def test_reserved_names_are_never_offered(given_names: str, surnames: str) -> None:
    """Nobody becomes the administrator by being called so."""
    offered = first(30, given_names, surnames, patterns=PATTERNS)
    assert not RESERVED.intersection(offered)
    assert not RESERVED.intersection(login.replace(".", "") for login in offered)


@given(names, names, rules)
@example("admin", "", Naming())
def test_every_candidate_is_valid_unique_and_repeatable(given_names: str, surnames: str, naming: Naming) -> None:
    """Whatever a form brings: valid logins, no repetitions, the same ones every time and from whatever length is read."""
    try:
        candidates = list(islice(login_candidates(given_names, surnames, naming), 40))
    except ValueError:
        return
    assert len(candidates) == 40
    assert len(set(candidates)) == 40
    assert all(VALID.fullmatch(login) and len(login) <= naming.max_length for login in candidates)
    assert not RESERVED.intersection(candidates)
    assert list(islice(login_candidates(given_names, surnames, naming), 7)) == candidates[:7]


@given(names, rules)
def test_every_generic_candidate_is_valid_unique_and_repeatable(name: str, naming: Naming) -> None:
    """The same for institutional accounts, whose prefix may bring hyphens."""
    try:
        candidates = list(islice(generic_login_candidates(name, naming), 40))
    except ValueError:
        return
    assert len(set(candidates)) == 40
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9._-]*", login) and len(login) <= naming.max_length for login in candidates)
    assert not any(login.endswith((".", "-", "_")) for login in candidates)
    assert list(islice(generic_login_candidates(name, naming), 7)) == candidates[:7]
