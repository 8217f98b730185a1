"""The form for real people in a real browser: offline, on a phone, by keyboard, and read aloud without a fault."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from browsing import PATIENCE, browser, expect, needs_browser, playwright

import toolkit
from toolkit.models import Campaign, Draft
from toolkit.validity.people import load_answers

__all__ = ["browser"]

pytestmark = needs_browser
AXE = Path(__file__).parent / "node" / "node_modules" / "axe-core" / "axe.min.js"
DRAFTS = tuple(
    Draft(id=name, text=f"{name.title()}: get paid in the chat. {'It takes a minute. ' * 40}", surface="facebook_post")
    for name in ("first", "second", "third")
)
CAMPAIGN = Campaign(campaign="people", objective="share", drafts=DRAFTS)


@pytest.fixture
def form(tmp_path: Path) -> str:
    """Write a form and return its address on disk."""
    return toolkit.ask_people(CAMPAIGN, tmp_path / "form.html").as_uri()


def open_form(browser: playwright.Browser, address: str, *, dark: bool = False) -> playwright.Page:
    """Return the form on a phone without a network; a request to anywhere else is a fault, as is any exception."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, color_scheme="dark" if dark else "light", accept_downloads=True
    )
    context.set_offline(True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda line: page.faults.append(line.text) if line.type == "error" else None)
    page.on(
        "request", lambda one: None if one.url.startswith(("file:", "data:", "blob:")) else page.faults.append(one.url)
    )
    page.goto(address)
    return page


def now(page: playwright.Page) -> playwright.Locator:
    """Return the step that is shown."""
    return page.locator(".step:not([hidden])")


def note_strangers(page: playwright.Page, address: str) -> None:
    """Note an address that is neither the form nor inside it."""
    if not address.startswith(("file:", "data:", "blob:")):
        page.faults.append(address)


def press(page: playwright.Page, *keys: str) -> None:
    """Press keys one after the other."""
    for key in keys:
        page.keyboard.press(key)


def read_draft(page: playwright.Page, action: str) -> None:
    """Stop at a draft, read it, and say what comes next, with every rating at 4."""
    now(page).get_by_label("Stop and read it").check()
    now(page).get_by_role("button", name="Continue").click()
    expect(now(page).get_by_role("heading", name="read it through")).to_be_focused()
    now(page).get_by_label(action, exact=True).check()
    for scale in now(page).locator(".scale").all():
        scale.get_by_label("4").check()
    now(page).get_by_label("What do you think of it").fill('=Fine, "really"\nand clear')
    now(page).get_by_role("button", name="Continue").click()


def test_answers_are_saved_and_come_back(browser: playwright.Browser, form: str, tmp_path: Path) -> None:
    """The order is the code's, whoever scrolls past is asked no more, and what is saved and copied is taken in."""
    page = open_form(browser, f"{form}#2")
    now(page).get_by_label("I have read this").check()
    now(page).get_by_role("button", name="Begin").click()
    expect(now(page).get_by_role("heading", name="Draft 1 of 3: at a glance")).to_be_focused()
    expect(now(page).locator("figure")).to_contain_text("Second: get paid")
    read_draft(page, "Share it")
    now(page).get_by_label("Scroll past it").check()
    now(page).get_by_role("button", name="Continue").click()
    now(page).get_by_label("Hide it").check()
    now(page).get_by_role("button", name="Continue").click()
    expect(now(page).get_by_role("heading", name="Thank you")).to_be_focused()
    with page.expect_download() as waiting:
        now(page).get_by_role("button", name="Save the file").click()
    waiting.value.save_as(tmp_path / "answers.csv")
    expect(page.get_by_role("status")).to_contain_text("Saved")
    now(page).get_by_role("button", name="Copy the text").click()
    expect(page.get_by_role("status")).not_to_contain_text("Saved")
    (tmp_path / "pasted.txt").write_text(now(page).get_by_label("Your answers").input_value(), encoding="utf-8")
    found = load_answers(tmp_path / "answers.csv")
    assert found == load_answers(tmp_path / "pasted.txt")
    assert [(one.draft_id, one.action, one.position) for one in found] == [
        ("second", "share", 1),
        ("first", "scroll_past", 2),
        ("third", "hide", 3),
    ]
    assert found[0].verbatim == '=Fine, "really" and clear'
    assert set(found[0].ratings.values()) == {4}
    assert page.faults == []
    page.context.close()


def test_the_keyboard_is_enough(browser: playwright.Browser, form: str) -> None:
    """From the consent to the first draft and on, with nothing but Tab, Space, arrows and Enter."""
    page = open_form(browser, f"{form}#1")
    press(page, "Tab", "Space", "Tab", "Enter")
    expect(now(page).get_by_role("heading", name="Draft 1 of 3")).to_be_focused()
    press(page, "Tab", "Space", "ArrowDown", "Enter")
    expect(now(page).get_by_role("heading", name="Draft 2 of 3")).to_be_focused()
    press(page, "Tab", "Space", "Enter")
    expect(now(page).get_by_role("heading", name="Draft 2 of 3: read it through")).to_be_focused()
    now(page).get_by_role("button", name="Continue").press("Enter")
    expect(now(page).get_by_role("heading", name="Draft 2 of 3: read it through")).to_be_visible()
    assert page.faults == []
    page.context.close()


@pytest.mark.skipif(not AXE.is_file() and not os.environ.get("CI"), reason="needs npm: npm --prefix tests/node ci")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_fault(browser: playwright.Browser, form: str, *, dark: bool) -> None:
    """No step has a fault for assistive technology, nothing sticks out of a phone, and touch has room."""
    page = open_form(browser, f"{form}#1", dark=dark)
    found = look(page)
    now(page).get_by_label("I have read this").check()
    now(page).get_by_role("button", name="Begin").click()
    found += look(page)
    now(page).get_by_label("Stop and read it").check()
    now(page).get_by_role("button", name="Continue").click()
    found += look(page)
    page.evaluate("() => document.querySelectorAll('.step').forEach((one) => { one.hidden = one.id !== 'end'; })")
    found += look(page)
    assert found == []
    page.context.close()


def look(page: playwright.Page) -> list[str]:
    """Return what axe finds, and whether the page is wider than the phone or something to press is too small."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    report: dict[str, Any] = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    faults = [f"{one['id']}: {node['html'][:160]}" for one in report["violations"] for node in one["nodes"]]
    wide = page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
    small = page.evaluate(
        "() => [...document.querySelectorAll('.choice, button')].filter((one) => one.offsetHeight > 0"
        " && one.getBoundingClientRect().height < 44).length"
    )
    return [*faults, *(["sticks out"] if wide else []), *(["too small to press"] if small else [])]
