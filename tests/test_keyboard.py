"""The page by the keyboard alone: from two drafts to a result and what comes of it, and the focus always in sight."""

from __future__ import annotations

import re

from browsing import FORM, App, app, browser, expect, needs_browser, playwright, settle

__all__ = ["app", "browser"]

pytestmark = needs_browser

ASK = r"^Ask 24 people"
MOST = 12
"""Stops of the Tab key from a loaded page to the button that asks."""
STOP = r"""
() => {
  const up = one => one.parentElement ?? one.getRootNode().host;
  const nest = (one, count) => (one && count ? [one, ...nest(up(one), count - 1)] : []);
  const look = one => {
    const drawn = getComputedStyle(one);
    const outline = drawn.outlineStyle === 'none' ? '' : drawn.outline;
    return [outline, drawn.boxShadow, drawn.borderTopColor, drawn.backgroundColor].join();
  };
  const looks = nested => nested.map(look).join(' ');
  let here = document.activeElement;
  while (here.shadowRoot?.activeElement) here = here.shadowRoot.activeElement;
  looks(nest(here, 6));
  for (const one of document.getAnimations()) {
    if (one.playState === 'running' && one.effect.getComputedTiming().iterations !== Infinity) one.finish();
  }
  const last = window.lastStop;
  const faults = [];
  if (last?.nested.length && last.here !== here && last.here.isConnected && looks(last.nested) === last.looks) {
    faults.push(`no sign of the focus on ${last.name}`);
  }
  const isWhole = ['MAIN', 'BODY'].includes(here.tagName);
  const said = here.getAttribute('aria-label') ?? here.labels?.[0]?.innerText ?? here.innerText;
  const name = isWhole ? here.tagName : (said || here.outerHTML.slice(0, 200)).trim().replace(/^[a-z_]+\s*\n+/, '');
  const box = here.getBoundingClientRect();
  const bar = document.querySelector('.st-key-ask-bar:has(button)');
  const header = document.querySelector('[data-testid=stHeader]');
  const middle = (box.top + box.bottom) / 2;
  const top = header?.getBoundingClientRect().bottom ?? 0;
  const bottom = bar?.getBoundingClientRect().top ?? innerHeight;
  const isOfPage = !isWhole && document.querySelector('[data-testid=stMain]').contains(here) && !bar?.contains(here);
  if (isOfPage && (middle < top || middle > bottom)) faults.push(`${name} is covered`);
  const isDrawnHere = here.tagName !== 'IFRAME'; // the page inside one shows its focus itself
  const isSeen = one => isDrawnHere && !isWhole && one !== document.body && one !== document.documentElement;
  const nested = nest(here, 6).filter(isSeen);
  window.lastStop = {here, name, nested, looks: looks(nested)};
  return {name, faults};
}
"""
"""What has the focus, and what is wrong with it: nothing to be seen of the stop before, or this one covered."""


class Keys:
    """Somebody who has a keyboard and no pointer."""

    def __init__(self, page: playwright.Page) -> None:
        self._page = page
        self.faults: list[str] = []

    def go_to(self, name: str, *, most: int = 60, key: str = "Tab") -> int:
        """Press Tab until something of that name has the focus; return how often."""
        settle(self._page)
        seen = []
        for count in range(1, most + 1):
            self._page.keyboard.press(key)
            stop = self._page.evaluate(STOP)
            self.faults += stop["faults"]
            seen.append(stop["name"][:40])
            if re.search(name, stop["name"]):
                return count
        raise AssertionError(f"no {name} within {most} stops: {seen}")

    def press(self, *keys: str) -> None:
        """Press keys one after the other, once the page rests."""
        for key in keys:
            settle(self._page)
            self._page.keyboard.press(key)

    def write(self, words: str) -> None:
        """Type words."""
        self._page.keyboard.type(words)


def wait_for_controls(page: playwright.Page) -> None:
    """Wait until the browser has the code of every kind of control: before, the Tab key passes their places by."""
    for name in ("Draft A", "Draft B"):
        page.get_by_label(name, exact=True).wait_for()
    page.get_by_role("button", name=re.compile("^Ask ")).wait_for()
    page.get_by_role("combobox", name=re.compile("Who will read it")).wait_for()


def test_a_keyboard_does_it_all(app: App) -> None:
    """Two drafts, an audience, the question, the result with its tabs, sharing and improving; no pointer is used."""
    page = app.open()
    wait_for_controls(page)
    keys = Keys(page)
    keys.go_to("^Draft A$")
    keys.write("Send an invoice in the chat.")
    keys.go_to("^Draft B$")
    keys.write("Get paid today, in the chat.")
    keys.go_to("^Who will read it")
    keys.write("parents-of-under-13s")
    page.get_by_role("option", name="parents-of-under-13s").wait_for()
    keys.press("Enter")
    ask = page.get_by_role("button", name=re.compile(ASK))
    ask.wait_for()
    expect(ask).to_contain_text("Alt + Enter")
    settle(page)
    page.reload()
    page.get_by_text(FORM).first.wait_for()
    wait_for_controls(page)
    ask.wait_for()
    assert keys.go_to(ASK, most=MOST) <= MOST
    keys.press("Enter")
    page.get_by_text("Who did what").wait_for()
    keys.go_to("^Improve a draft$", most=3)
    keys.go_to("^People$", most=12)
    for name in ("What they said", "Segments", "Evidence", "Statistics", "Method"):
        keys.press("ArrowRight")
        expect(page.get_by_role("tab", name=name, selected=True)).to_be_focused()
    keys.go_to("^Share$", key="Shift+Tab")
    keys.press("Enter")
    page.get_by_role("heading", name="Share with a client").wait_for()
    keys.go_to("^Campaigns$")
    keys.press("Enter")
    page.get_by_text("Who did what").wait_for()
    keys.go_to("^Improve a draft$")
    keys.press("Enter")
    page.get_by_role("heading", name="Improve").wait_for()
    assert keys.faults == []
