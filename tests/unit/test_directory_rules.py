"""The pure rules that both directories share: names in an OU, DNs taken apart, words of a change, the unknown password."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.utils.dn import escape_rdn

from provision.directory import ad_protection, embedded_file
from provision.directory.account_rules import refuse_weak
from provision.directory.change_words import in_words
from provision.directory.object_names import names_to_try
from provision.directory.port import AccountChanges, AccountId
from provision.directory.unknown_password import unknown_password

NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=64)


@pytest.mark.parametrize(
    ("current", "shown", "moving", "expected"),
    [
        ("Ana", None, False, ()),
        ("Ana", "Ana", False, ()),
        ("Ana", "Ana Díaz", False, ("Ana Díaz", "Ana Díaz (ana)")),
        ("Ana (ana)", "Ana", False, ()),
        ("Ana (ana)", None, False, ()),
        ("Ana", None, True, ("Ana", "Ana (ana)")),
        ("Ana", "Ana", True, ("Ana", "Ana (ana)")),
        ("Ana (ana)", None, True, ("Ana (ana)",)),
        ("Ana (ana)", "Ana", True, ("Ana (ana)",)),
        ("Ana (ana)", "Ana Díaz", True, ("Ana Díaz", "Ana Díaz (ana)")),
        ("ANA", "Ana", False, ("Ana", "Ana (ana)")),
        ("Á" * 64, None, True, ("Á" * 64, "Á" * 58 + " (ana)")),
    ],
)
def test_which_name_an_object_gets(current: str, shown: str | None, moving: bool, expected: tuple[str, ...]) -> None:
    """The plain name first, then the one with the login; nothing where it is as wanted already."""
    assert names_to_try("ana", current, shown, moving=moving) == expected


@given(NAMES, st.one_of(st.none(), NAMES), st.booleans())
def test_a_name_that_was_given_is_given_again(current: str, shown: str | None, moving: bool) -> None:
    """Whichever of the names the object got, asking again changes nothing."""
    for name in names_to_try("ana.diaz", current, shown, moving=moving):
        assert len(name) <= 64
        assert names_to_try("ana.diaz", name, shown, moving=False) == ()


@given(NAMES)
def test_a_dn_comes_apart_as_it_was_put_together(name: str) -> None:
    """Commas, signs and backslashes in a name are no borders of it."""
    parent = "OU=a\\,b,OU=Usuarios,DC=x"
    assert embedded_file.name_and_parent(f"CN={embedded_file.escaped_name(name)},{parent}") == (name, parent)
    assert ad_protection.name_and_parent(f"CN={escape_rdn(name)},{parent}") == (name, parent)


def test_vendors_ways_of_escaping() -> None:
    """As hexadecimal pairs too."""
    assert ad_protection.name_and_parent("CN=D\\C3\\ADaz\\2C Ana\\ ,OU=x") == ("Díaz, Ana ", "OU=x")


def test_a_change_in_words() -> None:
    """Each part by its Spanish name; a change of nothing says so."""
    changes = AccountChanges(
        title="Asesora", never_expires=True, expires_at=datetime(2027, 1, 1, 5, tzinfo=UTC), add_alias="a@b.co",
        add_groups=("CN=x",), remove_groups=("CN=y",),
    )  # fmt: skip
    assert in_words(AccountId("1"), changes) == (
        "modificar la cuenta 1: el cargo, «Asesora»; el vencimiento, 2027-01-01T05:00+00:00; el vencimiento, nunca; "
        "agregar el alias a@b.co; agregar el grupo «CN=x»; retirar el grupo «CN=y»"
    )
    assert in_words(AccountId("1"), AccountChanges()).endswith(": nada")
    assert "y" * 100 not in in_words(AccountId("1"), AccountChanges(title="y" * 10_000))


def test_the_unknown_password_never_holds_the_name() -> None:
    """Among many draws some would hold a short name by chance; those are not used."""
    for _ in range(400):
        refuse_weak(unknown_password("ana", "Ana Paz Gil Rey"), "ana", "Ana Paz Gil Rey")
    assert len(unknown_password("abc", ".".join(f"{letter}aa" for letter in "bcdfgh")).reveal) == 64
