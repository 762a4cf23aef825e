"""What a browser makes of a page, measured in it: sizes, contrast, what is touched, what is announced."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

MEASURE = """
() => {
  const shown = element => element.checkVisibility({checkOpacity: true, checkVisibilityCSS: true});
  const linear = part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const parse = colour => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const luminance = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour[3] > 0.99) return colour;
    }
    return [255, 255, 255, 1];
  };
  const small = [], faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent.trim(), element = node.parentElement;
    if (!text || element.closest("svg, style, script") || !shown(element)) continue;
    const box = element.getBoundingClientRect();
    if (box.right < 0) continue;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    small.push([size, text]);
    const one = luminance(parse(style.color)), other = luminance(behind(element));
    faint.push([(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), text]);
  }
  const first = list => list.sort((one, other) => one[0] - other[0])[0] || [99, ""];
  const links = [...document.querySelectorAll("a[href]")].filter(shown);
  return {
    width: document.documentElement.scrollWidth,
    room: document.documentElement.clientWidth,
    smallest: first(small),
    faintest: first(faint),
    headings: document.querySelectorAll("h1").length,
    language: document.documentElement.lang,
    title: document.title,
    mains: document.querySelectorAll("main").length,
    links: links.map(link => link.textContent.trim()),
    buttons: [...document.querySelectorAll("a.button, button")].filter(shown).map(each => each.getBoundingClientRect().height),
    unnamed: [...document.querySelectorAll("svg")].filter(
      each => !["aria-hidden", "aria-label", "aria-labelledby"].some(name => each.getAttribute(name))
    ).length,
    heading_ends: document.querySelector("h1").getBoundingClientRect().bottom,
    preview: (document.querySelector(".preview") || {textContent: ""}).textContent.trim(),
    preview_shown: [...document.querySelectorAll(".preview")].some(shown),
  };
}
"""


@dataclass(frozen=True, slots=True)
class Look:
    """Sizes in CSS pixels; contrast from 1 to 21, of the text that is hardest to read and which one it is."""

    width: float
    room: float
    smallest: tuple[float, str]
    faintest: tuple[float, str]
    headings: int
    language: str
    title: str
    mains: int
    links: tuple[str, ...]
    buttons: tuple[float, ...]
    """Heights of what is made to be touched."""
    unnamed: int
    """Pictures that a screen reader could not name."""
    heading_ends: float
    """How far down the main heading ends."""
    preview: str
    """What a list of mails shows beside the subject; `preview_shown`: so does the mail itself, which it must not."""
    preview_shown: bool


def look(page: Page) -> Look:
    """Measure what is shown now."""
    found: dict[str, Any] = page.evaluate(MEASURE)
    lists = {name: tuple(found[name]) for name in ("smallest", "faintest", "links", "buttons")}
    return Look(**{**found, **lists})
