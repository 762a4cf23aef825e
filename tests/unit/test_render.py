"""The mails as people read them (activities 4 and 5; activity B): complete, in Spanish, harmless and accessible."""

import re
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import Misconfigured
from notify.colours import Palette, contrast
from notify.mails import AccessData, BatchHeld, CampaignReport, Cancelled, Correction, Mail, Refusal, masked_address
from notify.render import LONGEST_SUBJECT, TEMPLATE_OF, Renderer, one_line, render, spanish_date, web_link
from tests.institution import an_institution, institution_mail
from tests.unit.sample_mails import CASE, DAY, FORM, HOSTILE, PASSWORD, Structure, access_data, every_mail, words


def mail_id(mail: Mail) -> str:
    """Names a test after its mail."""
    return TEMPLATE_OF[type(mail)]


each_mail = pytest.mark.parametrize("mail", every_mail(), ids=mail_id)
RENDERER = Renderer(an_institution())


def said_by(value: object) -> Iterator[str]:
    """The strings of a field, however deep."""
    match value:
        case str():
            yield value
        case tuple():
            for part in value:
                yield from said_by(part)


def test_every_kind_of_mail_has_its_templates() -> None:
    """No kind is forgotten, and all templates compile."""
    assert set(TEMPLATE_OF) == set(get_args(Mail)) == {type(mail) for mail in every_mail()}
    assert RENDERER.check() == ()


@pytest.mark.parametrize("index", range(len(every_mail())), ids=[mail_id(mail) for mail in every_mail()])
def test_hostile_values_change_no_structure(index: int) -> None:
    """Whatever a value holds, the mail has the same tags, links, lines and one subject line with the case number."""
    plain = RENDERER.render(every_mail("Ana")[index])
    structure = Structure(plain.html)
    for name in HOSTILE:
        mail = every_mail(name)[index]
        hostile = RENDERER.render(mail)
        assert hostile.subject.isprintable()
        assert hostile.subject.startswith(f"[{CASE}] ") is bool(mail.case)
        assert len(hostile.subject) <= LONGEST_SUBJECT
        shown = Structure(hostile.html)
        if name:
            assert shown.tags == structure.tags
            assert shown.links() == structure.links()
            assert hostile.text.count("\n") == plain.text.count("\n")
        for text in (hostile.text, shown.words):
            assert all(character.isprintable() or character == "\n" for character in text)
        assert (hostile.text + hostile.html + hostile.subject).encode("utf-8")


@each_mail
def test_text_and_html_say_the_same(mail: Mail) -> None:
    """Every value is in both, and so are the case, who writes and where to find help."""
    institution = an_institution()
    rendered = RENDERER.render(mail)
    shown = words(Structure(rendered.html).words)
    for item in fields(mail):
        if not item.name.endswith(("_url", "_label")):
            for value in said_by(getattr(mail, item.name)):
                assert value in words(rendered.text)
                assert value in shown
    for value in (institution.name, mail.case, institution.mail.help_contact, *institution.mail.signature):
        assert value in rendered.text
        assert value in shown


@each_mail
def test_mails_are_in_spanish(mail: Mail) -> None:
    """No English word, no Python value, and accents as they are."""
    rendered = RENDERER.render(mail)
    said = f"{rendered.subject} {rendered.text} {Structure(rendered.html).words}"
    found = re.findall(r"\b(the|your|you|password|account|request|hello|dear|please|click|None|True|False|user)\b", said)
    assert not found
    assert "Ã" not in said
    assert "¿Necesita ayuda?" in said
    assert re.search(r"\b(tu|tus|te|vos)\b", said) is None  # "usted"


@each_mail
def test_mails_can_be_read_by_everybody(mail: Mail) -> None:
    """Language, one main heading, headers of rows, no image, no script, nothing fetched, dark mode, narrow screens."""
    html = RENDERER.render(mail).html
    structure = Structure(html)
    assert structure.tags.count("h1") == 1
    assert ("lang", "es") in structure.attributes
    assert not {"img", "script", "link", "iframe", "form", "input"} & set(structure.tags)
    assert "url(" not in html
    assert "@import" not in html
    assert "prefers-color-scheme: dark" in html
    assert all(link.startswith("https://") for link in structure.links())
    for role, headers in structure.tables:
        assert (role == "presentation") is not bool(headers)
        assert set(headers) <= {"row", "col"}
    assert len(html) < 30_000  # some readers cut at 102 kB


@each_mail
def test_a_mail_is_whole(mail: Mail) -> None:
    """No placeholder is left, no list is empty, no heading has nothing under it, and no blank stands before a full stop."""
    rendered = RENDERER.render(mail)
    shown = words(Structure(rendered.html).words)
    for said in (rendered.subject, words(rendered.text), shown):
        assert not re.search(r"[{}]|%}|\(\)|«»| [.,:;]|\.\.|,,", said)
    assert not re.search(r"<(ul|ol|tbody|table[^>]*)>\s*</", rendered.html)
    assert not re.search(r"</h2>\s*(<h2|<p class=\"signature)", rendered.html)


@pytest.mark.parametrize("mail", [mail for mail in every_mail() if not mail.case], ids=mail_id)
def test_a_mail_of_no_case_names_none(mail: Mail) -> None:
    """Neither an empty bracket in the subject nor a case to mention on the telephone."""
    rendered = RENDERER.render(mail)
    assert isinstance(mail, CampaignReport | BatchHeld)
    assert not rendered.subject.startswith("[")
    for said in (rendered.text, Structure(rendered.html).words):
        assert "Caso " not in said
        assert "mencione el caso" not in said


@each_mail
def test_rendering_is_deterministic(mail: Mail) -> None:
    """The same mail gives the same letters, from any renderer."""
    assert RENDERER.render(mail) == RENDERER.render(mail) == render(mail, an_institution())


def test_only_access_data_carries_a_password() -> None:
    """No other kind has a place for one; neither the mail nor its rendering shows it in a log or a traceback."""
    assert [kind for kind in get_args(Mail) if "password" in {item.name for item in fields(kind)}] == [AccessData]
    for mail in every_mail():
        rendered = RENDERER.render(mail)
        carries = isinstance(mail, AccessData)
        assert (PASSWORD in rendered.text) is carries
        assert (PASSWORD in rendered.html) is carries
        assert PASSWORD not in rendered.subject
        assert PASSWORD not in repr(mail) + repr(rendered)


def test_a_password_is_said_exactly() -> None:
    """Letter by letter, alone on its line; one that could not be read so is refused."""
    with pytest.raises(ValueError, match="one line"):
        RENDERER.render(access_data(password="dos  espacios"))
    odd = "A<b>&'\"z\\ñ"
    rendered = RENDERER.render(access_data(password=odd))
    assert f"\n\n    {odd}\n\n" in rendered.text
    assert odd in Structure(rendered.html).words


def test_a_fresh_password_says_that_the_former_is_void() -> None:
    """After a crash the person may have two mails: the second says plainly which password works."""
    fresh, first = RENDERER.render(replace(access_data(), replaces_previous=True)), RENDERER.render(access_data())
    assert "ya no funciona" in fresh.text
    assert "ya no funciona" in fresh.html
    assert "ya no funciona" not in first.text + first.html


def test_access_data_warns_and_explains() -> None:
    """Nobody asks for the password, it must be changed, and what to do with an unexpected mail."""
    text = RENDERER.render(access_data()).text
    for said in (
        "Nadie le pedirá su contraseña",
        "Debe cambiar la contraseña",
        "¿NO ESPERABA ESTE MENSAJE?",
        "27 de noviembre",
    ):
        assert said in text


def test_a_refusal_reveals_nothing() -> None:
    """Neither the matrix, nor who may ask, nor whether there is an account."""
    rendered = RENDERER.render(Refusal(CASE, "Cambio de clave", "Ana Núñez", "Usted no puede pedirlo."))
    said = (rendered.subject + rendered.text).replace(an_institution().mail.help_contact, "")
    assert not re.search(r"matriz|fila|ya tiene|existe|inactiva|@", said, re.IGNORECASE)


def test_a_correction_keeps_its_link_whole() -> None:
    """The prefilled link is alone on its line in the text and unchanged behind the button."""
    rendered = RENDERER.render(Correction(CASE, None, "", (("Correo personal", "falta"),), FORM, DAY))
    assert f"\n\n{FORM}\n\n" in rendered.text
    assert FORM in Structure(rendered.html).links()


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "", "//evil.example", "https://", "http://[", "ftp://x"]
)
def test_only_web_addresses_become_links(url: str) -> None:
    """Anything else is a fault of the configuration."""
    with pytest.raises(Misconfigured, match="enlace"):
        web_link(url)


def test_an_institution_overrides_a_template(tmp_path: Path) -> None:
    """A folder of its own wins, file by file, over the program's."""
    (tmp_path / "cancelled").mkdir()
    (tmp_path / "cancelled" / "subject.txt").write_text("[{{ case }}] Cancelación de {{ institution.short_name }}", "utf-8")
    rendered = render(Cancelled(CASE, "x"), an_institution(), tmp_path)
    assert rendered.subject == f"[{CASE}] Cancelación de EPN"
    assert "fue cancelada" in rendered.text


@pytest.mark.parametrize(
    ("content", "said", "found_by_check"),
    [(b"{{ nombre }}", "nombre", False), (b"{% if %}", "línea 1", True), (b"\xff", "body.txt", True)],
)
def test_a_template_that_cannot_be_used_is_named(tmp_path: Path, content: bytes, said: str, found_by_check: bool) -> None:
    """A missing variable, a syntax error or a wrong encoding never sends half a mail."""
    (tmp_path / "cancelled").mkdir()
    (tmp_path / "cancelled" / "body.txt").write_bytes(content)
    renderer = Renderer(an_institution(), tmp_path)
    with pytest.raises(Misconfigured, match=said) as raised:
        renderer.render(Cancelled(CASE, "x"))
    assert "cancelled/body.txt" in str(raised.value)
    assert bool(renderer.check()) is found_by_check


def test_a_hundred_mails_take_no_time() -> None:
    """Templates are compiled once: a run's mails cost milliseconds (measured 1 ms each; the bound is generous)."""
    started = time.perf_counter()
    for mail in every_mail() * 2:
        RENDERER.render(mail)
    assert time.perf_counter() - started < 3


@given(st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True))
def test_every_institutional_colour_stays_legible(colour: str) -> None:
    """The header and the links reach WCAG AA whatever colour the policy names."""
    palette = Palette.of(colour)
    assert contrast(palette.bar, palette.on_bar) >= 4.5
    assert contrast(palette.link, "#ffffff") >= 4.5


def test_the_colour_is_used() -> None:
    """The header bar has the institution's colour."""
    rendered = render(Cancelled(CASE, "x"), an_institution(mail=institution_mail(colour="#F9B233")))
    assert "background-color: #F9B233" in rendered.html


@given(st.text())
def test_a_value_is_one_printable_line(text: str) -> None:
    """For any text at all; doing it twice changes nothing."""
    line = one_line(text)
    assert line.isprintable() or line == ""
    assert line == line.strip()
    assert one_line(line) == line
    line.encode("utf-8")


def test_dates_are_spanish_whatever_the_machine_speaks() -> None:
    """Weekday and month in words."""
    assert spanish_date(date(2026, 8, 5)) == "miércoles 5 de agosto de 2026"


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("maria@gmail.com", "m•••@gmail.com"),
        ("m@gmail.com", "m•••@gmail.com"),
        (" a@b.co ", "a•••@b.co"),
        ("nada", "•••"),
        ("", "•••"),
    ],
)
def test_an_address_is_masked(address: str, masked: str) -> None:
    """Its owner recognises it and nobody learns it; its length is not told either."""
    assert masked_address(address) == masked
