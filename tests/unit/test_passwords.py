"""Passwords: `provision.passwords` and its words."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.directory.account_rules import folded, refuse_weak
from provision.directory.port import Password
from provision.nouns import NOUNS
from provision.passwords import random_password, temporary_password


def test_the_words_are_enough_short_plain_and_different() -> None:
    """At least 512 different words of 4 to 11 plain letters."""
    assert len(NOUNS) == len(set(NOUNS)) >= 512
    assert all(re.fullmatch(r"[a-z]{4,11}", noun) for noun in NOUNS)


def test_no_word_offends() -> None:
    """A few words that must never come into the list."""
    never = {"concha", "coca", "polvo", "pito", "cuca", "arepa", "paloma", "perra", "zorra", "mico", "negro", "cruz", "virgen"}
    assert not never.intersection(NOUNS)


def test_a_temporary_password_can_be_dictated() -> None:
    """Three different words and two clear digits."""
    for _ in range(200):
        text = temporary_password([]).reveal
        assert re.fullmatch(r"[A-Z][a-z]+-[A-Z][a-z]+-[A-Z][a-z]+[2-9]{2}", text)
        assert len(set(text[:-2].split("-"))) == 3


def test_temporary_passwords_differ() -> None:
    """A thousand of them without a repetition."""
    assert len({temporary_password(["Ana"]).reveal for _ in range(1000)}) == 1000


@given(st.lists(st.text(max_size=40) | st.sampled_from(["Mar", "ana.diaz", "Peña", "SAL", "a@b.gov.co"]), max_size=6))
@settings(deadline=None)
def test_no_part_of_a_name_is_in_it(avoid: list[str]) -> None:
    """Whatever the names: nothing of three letters or more of them, and it is complex enough for the directory."""
    password = temporary_password(avoid)
    parts = {part for text in avoid for form in (text.casefold(), folded(text)) for part in re.findall(r"[^\W_]{3,}", form)}
    assert not any(part in password.reveal.casefold() for part in parts)
    refuse_weak(password, "", "")


def test_names_that_leave_no_words_still_get_a_password() -> None:
    """Ten thousand characters of names cost the words, not the password."""
    syllables = [f"{one}{two}" for one in "bcdfglmnprstv" for two in ("ar", "er", "or", "al", "el", "an", "en", "on", "in")]
    password = temporary_password([" ".join(syllables), "x" * 10_000])
    refuse_weak(password, "", " ".join(syllables))
    assert len(password.reveal) >= 20


def test_a_random_password_is_long_complex_and_unrepeatable() -> None:
    """The first password of an account: nobody's, and never twice the same."""
    many = {random_password().reveal for _ in range(100)}
    assert len(many) == 100
    for text in many:
        assert len(text) == 64
        refuse_weak(Password(text), "", "")


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_a_password_does_not_show_itself(show: object) -> None:
    """Neither a log nor a traceback prints it."""
    password = temporary_password([])
    assert callable(show)
    assert password.reveal not in show(password)
