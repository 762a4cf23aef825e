"""Every mail as a telephone and a desk show it: nothing to be moved sideways, small, faint or hard to touch; light and dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from config.institution import BUILT_IN_INSTITUTIONS, built_in_policy, load_institution
from notify.render import TEMPLATE_OF, Renderer
from tests.browser.looking import look
from tests.unit.sample_mails import every_mail

pytestmark = [pytest.mark.chromium, pytest.mark.xdist_group("chromium")]

PHONE, DESK = (360, 740), (1280, 900)
LEAST_FONT, LEAST_CONTRAST, LEAST_TOUCH = 14, 4.5, 44
"""Pixels; WCAG 2.2's 1.4.3 at level AA; and 2.5.5's size of what is touched."""
LONG = "maría.fernanda.núñez-de-la-peña.y.rodríguez@subdireccion-de-energia.upme.gov.co"
USUAL = "María Fernanda Núñez de la Peña"


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page that reaches nothing: what a mail would fetch is remembered and refused."""
    opened = browser.new_page()
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    opened.route("**/*", refuse)
    yield opened
    assert asked == []
    opened.close()


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    """The mails of an institution as they go out."""
    policy = built_in_policy(next(iter(BUILT_IN_INSTITUTIONS)))
    assert policy is not None
    return Renderer(load_institution(policy))


@pytest.mark.parametrize(
    ("size", "scheme", "name"),
    [(PHONE, "light", USUAL), (PHONE, "light", LONG), (DESK, "dark", USUAL)],
    ids=["telephone", "telephone-endless-names", "desk-dark"],
)
def test_a_mail_is_read_without_effort(page: Page, renderer: Renderer, size: tuple[int, int], scheme: str, name: str) -> None:
    """Of every mail: it fits, it is large enough, stands out from its ground, and its case and heading come first.

    It can be heard too: its language, its one heading, its title, links that say where they lead, and a first line in the list
    of mails that does not repeat the subject.
    """
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    mails = every_mail(name)
    # One of each kind where only the width of its words or its colours are looked at.
    for mail in mails if (size, name) == (PHONE, USUAL) else {type(mail): mail for mail in mails}.values():
        kind = TEMPLATE_OF[type(mail)]
        rendered = renderer.render(mail)
        page.set_content(rendered.html, wait_until="commit")
        seen = look(page)
        assert seen.width <= seen.room, kind
        assert seen.smallest[0] >= LEAST_FONT, (kind, seen.smallest)
        assert seen.faintest[0] >= LEAST_CONTRAST, (kind, seen.faintest)
        assert min(seen.buttons, default=LEAST_TOUCH) >= LEAST_TOUCH, kind
        assert seen.heading_ends < size[1] / 2, kind
        assert (seen.language, seen.headings, seen.title) == ("es", 1, rendered.subject), kind
        assert not {text.lower() for text in seen.links} & {"", "aquí", "enlace", "clic aquí", "ver más"}, kind
        assert len(seen.preview) > 20, kind
        assert seen.preview not in rendered.subject, kind
        assert not seen.preview_shown, kind
