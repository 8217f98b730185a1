"""Every page, whoever uses it and however: no fault for assistive technology, no exception under any hand."""

from __future__ import annotations

import os
import random
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import toolkit_runs
from browsing import (
    AT_REST,
    FITS,
    ROOT,
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

__all__ = ["app", "browser"]

AXE = Path(__file__).parent / "node" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = re.findall(r'url_path="([^"]+)"', (ROOT / "app.py").read_text(encoding="utf-8"))
"""Every page of the page list."""
RUN = "one"
WANT_A_RUN = {"result", "why", "improve", "runs"}
SERIOUS = {"serious", "critical"}
STEPS = int(os.environ.get("MONKEY", "30"))
"""Random interactions; MONKEY=500 for the whole walk."""
SAYS_ENOUGH = "() => document.querySelector('[data-testid=stMain]')?.innerText.split(/\\s+/).length > 20"
CHOOSE = """
(chance) => {
  const found = [...document.querySelectorAll(
    'button, input, textarea, [role=tab], [role=radio], [role=slider], [role=combobox], summary, nav a, header a'
  )].filter(one => {
    const box = one.getBoundingClientRect();
    return box.width > 2 && box.height > 2 && !one.disabled && !one.closest('[data-testid=stFileUploader]')
      && getComputedStyle(one).visibility !== 'hidden';
  });
  return found[Math.floor(chance * found.length)] ?? null;
}
"""
TAKES_TEXT = "one => one.matches('input:not([type=radio],[type=checkbox]), textarea')"
TYPED = ("", "0", "-1", "Get paid today.", "<script>alert(1)</script>", "\u202etxet", "{{ 7 * 7 }}", "x" * 3_000, "Ada")
LEAVE, KEYS = ("Tab", "Enter", "Escape"), ("Tab", "ArrowDown", "Escape")

pytestmark = needs_browser


DRESSED = "() => [...document.querySelectorAll('style')].some(one => one.textContent.includes('stCaptionContainer'))"
"""Our own look is there: its part of the server's script is fetched apart, and may come after the words."""
LOOKS = 10
SPOKEN = "() => [window.seen.sent, window.seen.heard]"
"""When the page last spoke with its server."""


def open_page(app: App, page: playwright.Page, name: str) -> None:
    """Go to a page of the list; one that wants a run is given the saved one."""
    page.goto(f"{app.url}/{name}?run={RUN}")
    page.locator("h1, h2").first.wait_for()
    page.wait_for_function(DRESSED)
    settle(page)


def find_faults(page: playwright.Page) -> list[str]:
    """Return what axe calls serious or critical on the page as it stands, looked at while nothing is drawn anew.

    What a page is about to draw anew fades, and faded words lack contrast.
    """
    page.evaluate(AXE.read_text(encoding="utf-8"))
    report: dict[str, Any] = {}
    for _ in range(LOOKS):
        settle(page)
        before = page.evaluate(SPOKEN)
        report = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        if page.evaluate(SPOKEN) == before and page.evaluate(AT_REST):
            break
    return [
        f"{fault['id']}: {node['html'][:160]}"
        for fault in report["violations"]
        if fault["impact"] in SERIOUS
        for node in fault["nodes"]
    ]


@pytest.mark.skipif(not AXE.is_file() and not os.environ.get("CI"), reason="needs npm: npm --prefix tests/node ci")
@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_no_serious_fault(app: App, look: str) -> None:
    """No page, with a finished run on it, has a serious fault in either look."""
    toolkit_runs.save_run(app.folder / "runs" / RUN)
    page = app.open(dark=look == "dark")
    faults = {}
    for name in PAGES:
        open_page(app, page, name)
        faults[name] = find_faults(page)
    assert faults == {name: [] for name in PAGES}


@pytest.mark.timeout(1_200)
def test_no_hand_breaks_the_page(app: App) -> None:
    """A monkey presses, types and turns whatever it finds, on every page; nothing raises, here or in the server."""
    toolkit_runs.save_run(app.folder / "runs" / RUN)
    page = app.open()
    chance = random.Random(20261124)  # noqa: S311 - a walk, not a secret
    done = 0
    for step in range(STEPS):
        if step % 25 == 0:
            open_page(app, page, chance.choice(PAGES))
        done += poke(page, chance)
        assert page.locator("[data-testid=stException]").count() == 0, page.inner_text("body")[:2_000]
    assert done > STEPS / 2


def poke(page: playwright.Page, chance: random.Random) -> bool:
    """Do one thing to one thing that can be seen, and tell whether it was done; what has gone meanwhile is let go."""
    place, typed, leave, key = chance.random(), chance.choice(TYPED), chance.choice(LEAVE), chance.choice(KEYS)
    try:
        element = page.evaluate_handle(CHOOSE, place).as_element()
        if element is None:
            page.keyboard.press("Escape")
        elif element.evaluate(TAKES_TEXT):
            element.fill(typed, timeout=2_000)
            page.keyboard.press(leave)
        else:
            element.click(timeout=2_000)
            page.keyboard.press(key)
    except playwright.Error:
        element = None
        page.keyboard.press("Escape")
    settle(page)
    return element is not None


def test_every_page_knows_what_to_do_in_an_empty_folder(app: App) -> None:
    """A newcomer with nothing yet finds on each page what it is for, no fault, and no page wider than a phone."""
    page = app.open(width=390)
    for name in PAGES:
        page.goto(f"{app.url}/{name}")
        page.locator("h1").first.wait_for()
        if name in WANT_A_RUN:
            page.get_by_role("link", name="Test two drafts").wait_for()
        page.wait_for_function(SAYS_ENOUGH)
        settle(page)
        expect(page.locator("[data-testid=stException]")).to_have_count(0)
        page.wait_for_function(FITS, arg=390)


def test_copy_from_the_right_is_written_from_the_right(app: App) -> None:
    """Arabic that begins with a name in Latin letters reads from the right where it is typed, marked and previewed."""
    page = app.open()
    write_drafts(page, "PayPal يتيح لك إرسال الفواتير داخل المحادثة. اتصل على 0100-123-4567 لتحصل على أموالك اليوم.")
    expect(page.get_by_label("Draft A", exact=True)).to_have_attribute("dir", "rtl")
    expect(page.locator(".marks").first).to_have_attribute("dir", "rtl")
    expect(page.locator(".preview-text").first).to_have_attribute("lang", "ar")
    expect(page.locator(".preview-text").first).to_have_attribute("dir", "rtl")
    page.get_by_text("no policy list for Arabic").first.wait_for()
    expect(page.locator(".marks u.note")).to_have_text("0100-123-4567")


def test_a_campaign_fits_and_has_no_serious_fault(app: App) -> None:
    """Each part of a campaign with a round, and the list of all, for assistive technology and on a phone."""
    page = app.open()
    write_drafts(page, "Send an invoice in the chat.", "Get paid today, in the chat.")
    press_ask(page)
    page.get_by_text("Ask them why").nth(1).wait_for()
    looks = [(part, partial(open_part, page, part)) for part in ("Brief", "Drafts", "Result", "Share")]
    looks.append(("list", partial(press, page.get_by_role("button", name="All campaigns"))))
    faults = {}
    for name, go in looks:
        go()
        settle(page)
        faults[name] = find_faults(page) if AXE.is_file() or os.environ.get("CI") else []
        page.set_viewport_size({"width": 390, "height": 844})
        page.wait_for_function(FITS, arg=390)
        page.set_viewport_size({"width": 1280, "height": 900})
    assert faults == {name: [] for name, _ in looks}
