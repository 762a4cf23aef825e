"""docs/solicitante.md says of the mails what the mails say of themselves."""

import re
from pathlib import Path

import pytest

from notify.mails import AccessData, AddressChangeNotice, BatchHeld, CampaignReport, Mail, PickupReminder, UserNotice
from notify.render import STATE_OF, TEMPLATE_OF, Renderer
from tests.institution import an_institution
from tests.unit.sample_mails import Structure, every_mail, words

PAGE = (Path(__file__).parents[2] / "docs" / "solicitante.md").read_text(encoding="utf-8")
TO_OTHERS = (AccessData, AddressChangeNotice, BatchHeld, CampaignReport, PickupReminder, UserNotice)
"""Mails that go to the account's owner, or to those who run the program."""
RENDERER = Renderer(an_institution())
REQUESTERS = [mail for mail in every_mail() if not isinstance(mail, TO_OTHERS)]


def mail_id(mail: Mail) -> str:
    """Names a test after its mail."""
    return TEMPLATE_OF[type(mail)]


@pytest.mark.parametrize("mail", REQUESTERS, ids=mail_id)
def test_every_mail_to_a_requester_is_on_the_page(mail: Mail) -> None:
    """Under the words that its subject begins with; a reminder under those of what it reminds of."""
    subject = RENDERER.render(mail).subject.partition("] ")[2].removeprefix("Recordatorio: ")
    subject = subject[:1].upper() + subject[1:]
    assert any(subject.startswith(opening) for opening in re.findall("«([^»]+)»", PAGE)), subject


def test_every_subject_on_the_page_is_a_mail_s() -> None:
    """No mail is promised that nobody sends."""
    table = PAGE[PAGE.index("| el asunto empieza por") : PAGE.index("Si la solicitud necesita **una segunda persona**")]
    promised = [
        opening for row in table.splitlines()[2:] for opening in re.findall("«([^»]+)»", row.split("|")[1] if row else "")
    ]
    subjects = [RENDERER.render(mail).subject.partition("] ")[2] for mail in REQUESTERS]
    assert len(promised) > 12
    assert [opening for opening in promised if not any(subject.startswith(opening) for subject in subjects)] == []


@pytest.mark.parametrize("mail", [mail for mail in every_mail() if type(mail) in STATE_OF], ids=mail_id)
def test_a_mail_says_how_the_request_stands_and_what_comes_next(mail: Mail) -> None:
    """Above everything else the state; below, what happens now or what the reader may do."""
    rendered = RENDERER.render(mail)
    for said in (words(rendered.text), words(Structure(rendered.html).words)):
        assert f"Estado de la solicitud: {STATE_OF[type(mail)]}" in said
        nexts = (
            "Qué sigue",
            "QUÉ SIGUE",
            "puede hacer",
            "PUEDE HACER",
            "No tiene que hacer nada",
            "Plazo",
            "PLAZO",
            "Todavía la",
            "TODAVÍA LA",
        )
        assert any(phrase in said for phrase in (*nexts, "Hay algo por corregir", "HAY ALGO POR CORREGIR"))


def test_the_page_fits_on_paper() -> None:
    """One printable page: at most a sheet's two sides of plain text."""
    assert len(PAGE) < 9_000
