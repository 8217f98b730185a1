"""Every page and every part of a campaign at twice the size: nothing cut, nothing over another, no fault of axe."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from browsing import (
    FITS,
    App,
    app,
    browser,
    expect,
    needs_browser,
    open_part,
    playwright,
    press,
    press_ask,
    settle,
    write_drafts,
)
from openai_server import OpenAIServer
from test_page_quality import AXE, find_faults
from test_walk import speak

__all__ = ["app", "browser"]

pytestmark = needs_browser

ZOOMED, USUAL, PHONE = (640, 400), (1280, 800), (390, 844)
"""A window of 1280 by 800 has room for 640 by 400 where everything is drawn at 200 %."""
TABS = ("People", "What they said", "Segments", "Evidence", "Statistics", "Method")
PAGES = ("why", "improve", "audiences", "runs", "validity", "settings")
MANY = "\n".join(f"Send an invoice in the chat, for the {number}th time today." for number in range(2, 10))
UNTIDY = """
() => {
  const main = document.querySelector('[data-testid=stMain]');
  const seen = one => one.checkVisibility({opacityProperty: true, visibilityProperty: true});
  const box = one => one.getBoundingClientRect();
  const words = [...main.querySelectorAll('p, h1, h2, h3, label, button, input, textarea, summary, [role=tab], a')]
    .filter(one => seen(one) && box(one).width > 2 && box(one).height > 2)
    .filter(one => !one.closest('.fold, [aria-label^="Scroll tabs"]'));
  const name = one => `${one.tagName} ${(one.innerText || one.ariaLabel || '').trim().slice(0, 50)}`;
  const faults = [];
  for (const one of words) {
    const style = getComputedStyle(one);
    const isField = one.matches('input, textarea');
    if (!isField && style.overflowX !== 'visible' && one.scrollWidth > one.clientWidth + 1 && one.innerText) {
      faults.push(`cut: ${name(one)}`);
    }
  }
  const free = words.filter(one => !one.closest('.st-key-ask-bar'));
  const roots = free.filter(one => !free.some(other => other !== one && other.contains(one)));
  const reach = one => {
    const letters = document.createRange();
    letters.selectNodeContents(one);
    let {left, top, right, bottom} = box(one.matches('label, p, h1, h2, h3') ? letters : one);
    for (let up = one.parentElement; up && up !== main; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (style.clipPath === 'inset(50%)') return {left, top, right: left, bottom: top}; // for a screen reader alone
      if (style.overflowX === 'visible' && style.overflowY === 'visible') continue;
      const around = box(up);
      [left, top] = [Math.max(left, around.left), Math.max(top, around.top)];
      [right, bottom] = [Math.min(right, around.right), Math.min(bottom, around.bottom)];
    }
    return {left, top, right, bottom};
  };
  const boxes = roots.map(one => [one, reach(one)]).filter(([, at]) => at.right > at.left && at.bottom > at.top);
  boxes.sort(([, one], [, other]) => one.top - other.top);
  boxes.forEach(([one, at], place) => {
    for (const [other, there] of boxes.slice(place + 1)) {
      if (there.top > at.bottom) break;
      const wide = Math.min(at.right, there.right) - Math.max(at.left, there.left);
      const high = Math.min(at.bottom, there.bottom) - Math.max(at.top, there.top);
      if (wide > 4 && high > 4) faults.push(`over another: ${name(one)} | ${name(other)}`);
    }
  });
  return faults;
}
"""
"""What of the page's own words and fields is cut at its side, or lies over another."""
FOOT = """
() => {
  const main = document.querySelector('[data-testid=stMain]');
  main.scrollTop = main.scrollHeight;
  const bar = document.querySelector('.st-key-ask-bar').getBoundingClientRect();
  const all = [...main.querySelectorAll('p:not(.st-key-ask-bar p, .preview p), .preview')];
  const last = all.filter(one => one.checkVisibility());
  const covered = Math.max(...last.map(one => one.getBoundingClientRect().bottom)) > bar.top + 1;
  main.scrollTop = 0;
  return covered;
}
"""
"""Whether the bar lies over the end of the page."""


def ask_two_drafts(page: playwright.Page) -> None:
    """Have a campaign with a round, so that every part of it has something to show."""
    write_drafts(page, "Send a PayPal invoice in the chat for £3.", "Get paid today, in the chat. #sellers")
    press_ask(page)
    page.get_by_text("Who did what").wait_for()


def list_states(app: App, page: playwright.Page) -> Iterator[tuple[str, Callable[[], object]]]:
    """Return each state of the page by its name, with the way there from the one before."""
    for part in ("Brief", "Drafts", "Result"):
        yield part, partial(open_part, page, part)
    for tab in TABS:
        yield tab, partial(press, page.get_by_role("tab", name=tab))
    yield "Share", partial(open_part, page, "Share")
    yield "share", partial(open_share, page)
    for name in PAGES:
        yield name, partial(press, page.locator(f'a[href$="/{name}"]').first)
    yield "home", partial(open_home, app, page)
    yield "screening", partial(open_screening, page)


def open_share(page: playwright.Page) -> None:
    """Open the page to share the result with a client."""
    open_part(page, "Result")
    press(page.get_by_role("button", name="Share", exact=True))
    page.get_by_role("heading", name="Share with a client").wait_for()


def open_home(app: App, page: playwright.Page) -> None:
    """Open the list of campaigns."""
    page.goto(app.url)
    page.get_by_role("heading", name="Campaigns", exact=True).wait_for()


def open_screening(page: playwright.Page) -> None:
    """Paste more drafts than a test takes, in a new campaign."""
    press(page.get_by_role("button", name="New campaign"))
    press(page.get_by_role("button", name="Paste many"))
    page.get_by_label("Drafts, one a line").fill(MANY)
    page.keyboard.press("Control+Enter")
    press(page.locator(".st-key-take-many button"))
    page.locator(".st-key-start-screening button").wait_for()


def look(page: playwright.Page, size: tuple[int, int], scheme: str) -> list[str]:
    """Return what is wrong with the page as it stands, on a window of a size, in the light or in the dark."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    settle(page)
    page.wait_for_function(FITS, arg=size[0])
    faults = page.evaluate(UNTIDY)
    start = page.locator(".st-key-start button")
    if start.count():
        expect(start).to_be_in_viewport(ratio=1)
        faults += ["the end of the page is covered"] if page.evaluate(FOOT) else []
    return faults + (find_faults(page) if AXE.is_file() or os.environ.get("CI") else [])


def walk(app: App, server: OpenAIServer, looks: list[tuple[tuple[int, int], str]], each: int) -> dict[str, list[str]]:
    """Return the faults of every state in `each` of the looks, which take turns."""
    server.script = speak
    page = app.open(width=1280, height=800, zoom=2)
    ask_two_drafts(page)
    faults, turn = {}, 0
    for name, go in list_states(app, page):
        page.set_viewport_size({"width": 1280, "height": 800})
        go()
        for _ in range(each):
            size, scheme = looks[turn % len(looks)]
            faults[f"{name} {size[0]} {scheme}"] = look(page, size, scheme)
            turn += 1
    return {name: found for name, found in faults.items() if found}


def test_twice_the_size_is_readable(app: App, server: OpenAIServer) -> None:
    """Each page and part at 200 %, light and dark by turns: no scrolling sideways, Ask in sight, nothing cut."""
    assert walk(app, server, [(ZOOMED, "light"), (ZOOMED, "dark")], 1) == {}


@pytest.mark.nightly
def test_every_look_is_readable(app: App, server: OpenAIServer) -> None:
    """Each page and part on a phone, on a desk and at 200 %, in the light and in the dark."""
    looks = [(size, scheme) for size in (ZOOMED, USUAL, PHONE) for scheme in ("light", "dark")]
    assert walk(app, server, looks, len(looks)) == {}


def test_a_phone_shows_a_draft_box_at_once(app: App) -> None:
    """On a first visit and in an open campaign words can be typed unscrolled; an empty list shows three examples."""
    page = app.open(width=390, height=844)
    expect(page.get_by_label("Draft A", exact=True)).to_be_in_viewport(ratio=1)
    write_drafts(page, "Send an invoice in the chat.")
    page.locator(".preview-text").get_by_text("Send an invoice").wait_for()
    settle(page)
    page.reload()
    expect(page.get_by_label("Draft A", exact=True)).to_have_value("Send an invoice in the chat.")
    expect(page.get_by_label("Draft A", exact=True)).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1280, "height": 800})
    press(page.get_by_role("button", name="All campaigns"))
    for name in ("A message in a chat", "An advert", "A listing"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
