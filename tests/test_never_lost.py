"""What is typed is never lost, in a real browser: presses and clicks come sooner than the page can follow."""

from __future__ import annotations

import re
from typing import Any

from browsing import (
    App,
    app,
    browser,
    expect,
    needs_browser,
    open_list,
    open_part,
    playwright,
    press,
    press_ask,
    settle,
    write_drafts,
)
from openai_server import OpenAIServer
from provider_rules import Faults

from toolkit.files.resources import read_data
from toolkit.ui import editor

__all__ = ["app", "browser"]

pytestmark = needs_browser
DRAFTS = ("Send an invoice in the chat.", "Get paid today, in the chat.")


def test_a_key_survives_a_click_elsewhere(app: App, server: OpenAIServer) -> None:
    """A key typed under Settings, with Tab or an instant click on another page after it, is the one that is sent."""
    page = app.open()
    write_drafts(page, *DRAFTS)
    settle(page)
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Key", exact=True).click()
    page.keyboard.type("key-one")
    page.keyboard.press("Tab")
    page.get_by_role("link", name="Campaigns").click()
    page.get_by_text("Who will be asked").wait_for()
    press(page.get_by_text("What answers"))
    expect(page.get_by_label("Key", exact=True)).to_have_value("key-one")
    page.get_by_label("Key", exact=True).click()
    page.keyboard.type("-more")
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("heading", name="Settings").wait_for()
    expect(page.get_by_label("Key", exact=True)).to_have_value("key-one-more")
    page.get_by_role("link", name="Campaigns").click()
    page.get_by_text("Who will be asked").wait_for()
    names = page.get_by_label("Name", exact=True)
    expect(names).to_have_count(2)
    assert [name.input_value() for name in names.all()] == ["A", "B"]
    server.keys.clear()
    press_ask(page)
    page.get_by_text("Who did what").wait_for()
    assert set(server.keys) == {"key-one-more"}


def test_the_second_ask_tests_what_was_edited(app: App, server: OpenAIServer) -> None:
    """A draft edited after a run, and Ask pressed a moment later: the edit is asked about, and its result is shown."""
    page = app.open(width=1440)
    write_drafts(page, *DRAFTS)
    press_ask(page)
    page.get_by_text("Who did what").wait_for()
    for turn in range(3):
        settle(page)
        box = page.get_by_role("textbox", name="Draft B", exact=True)
        if not box.is_visible():
            open_part(page, "Drafts")
        words = f"Edited for the {turn}. time, in the chat."
        before = server.count()
        box.fill(words)
        page.wait_for_timeout(300)
        press_ask(page)
        server.wait_for(before + 22)
        page.get_by_text("Who did what").wait_for()
        expect(page.locator(".preview").get_by_text(words).last).to_be_attached()
        assert any(words in ask.text for ask in server.requests[before:])


def test_drafts_are_there_after_a_reload_and_tomorrow(app: App) -> None:
    """Three drafts typed, and a reload a second later: each word is there, and is found from a bare address."""
    page = app.open()
    press(page.get_by_role("button", name="Add a draft"))
    page.get_by_role("textbox", name="Draft C", exact=True).wait_for()
    write_drafts(page, *DRAFTS, "The third of three.")
    page.wait_for_url(re.compile("campaign="))
    page.wait_for_timeout(1_000)
    settle(page)  # on a busy machine a second is not enough for three keystrokes' runs of the script
    page.reload()
    for name, text in zip("ABC", (*DRAFTS, "The third of three."), strict=True):
        expect(page.get_by_role("textbox", name=f"Draft {name}", exact=True)).to_have_value(text)
    page.context.close()
    again = app.open()
    settle(again)
    expect(again.get_by_role("textbox", name="Draft A", exact=True)).to_have_value("")
    press(again.get_by_role("button", name="All campaigns"))
    press(again.get_by_role("button", name=DRAFTS[0][:-1]))
    expect(again.get_by_role("textbox", name="Draft C", exact=True)).to_have_value("The third of three.")


def test_the_box_of_parts_stays_open(app: App) -> None:
    """Headline, Tab, and the next part of an advert: four are filled without opening the box again."""
    page = app.open()
    open_list(page.get_by_role("combobox", name=re.compile("Where will it appear")))
    press(page.get_by_role("option", name=re.compile("click-to-Messenger", re.IGNORECASE)))
    write_drafts(page, DRAFTS[0])
    page.locator(".preview").get_by_text(DRAFTS[0]).first.wait_for()
    press(page.get_by_text("Its other parts").first)
    for part in ("Headline", "Description", "Button", "Link"):
        field = page.get_by_label(f"{part} of A", exact=True)
        field.fill(f"Some {part}")
        page.keyboard.press("Tab")
        settle(page)
        expect(field).to_be_visible()
    expect(page.get_by_label("Headline of A", exact=True)).to_have_value("Some Headline")


def test_a_reload_asks_the_same_people(app: App, server: OpenAIServer) -> None:
    """After a run of another audience and a reload, Ask asks the same people again: nothing is paid twice."""
    page = app.open()
    write_drafts(page, *DRAFTS)
    open_list(page.get_by_role("combobox", name=re.compile("Who will read it")))
    press(page.get_by_role("option", name="parents-of-under-13s"))
    press_ask(page)
    page.get_by_text("Who did what").wait_for()
    people, before = answered_people(page), server.count()
    page.reload()
    page.get_by_text("Who did what").wait_for()
    open_part(page, "Drafts")
    press_ask(page)
    page.get_by_text("Who did what").wait_for()
    settle(page)
    assert (answered_people(page), server.count()) == (people, before)


def test_a_page_that_went_blank_is_loaded_anew(app: App) -> None:
    """Where nothing can be drawn any more, the page comes back by itself, with what was typed just before."""
    page = app.open()
    write_drafts(page, *DRAFTS)
    page.wait_for_url(re.compile("campaign="))
    page.get_by_label("Draft A", exact=True).press("End")
    page.keyboard.type(" Now.")
    page.evaluate("document.getElementById('root').remove(); dispatchEvent(new ErrorEvent('error'))")
    expect(page.get_by_label("Draft A", exact=True)).to_have_value(f"{DRAFTS[0]} Now.")


def test_a_dying_endpoint_says_so_at_once(app: App, server: OpenAIServer) -> None:
    """The endpoint fails half-way: the page says why while it tries again, and the verdict says from how many."""
    page = app.open()
    write_drafts(page, *DRAFTS)
    server.hold_after(16)
    press_ask(page)
    server.wait_until_held()
    server.faults = Faults(rate_500=1.0)
    server.release()
    page.get_by_text("trying again").first.wait_for(timeout=60_000)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("heading", name=re.compile(r"from \d+ of 24 reactions")).wait_for()


def answered_people(page: playwright.Page) -> list[Any]:
    """Return what the tiles of the room are called."""
    settle(page)
    return sorted(tile.split(".")[0] for tile in page.locator(".tile").all_inner_texts())


HARNESS = """
async ([html, editor, leaving]) => {
  const name = (code) => URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const load = async (code) => (await import(name(code))).default;
  document.body.innerHTML = html;
  const [draw, look] = [await load(editor), await load(leaving)];
  window.told = [];
  window.late = [];
  const data = { label: "Draft A", campaign: "c", number: 0, placeholder: "", direction: "ltr", marks: [], notes: [] };
  const tells = { setStateValue: (name, value) => told.push(value.text), setTriggerValue: () => null };
  window.give = (version, text) => draw({ ...tells, parentElement: document.body, data: { ...data, version, text } });
  window.write = (text) => {
    const area = document.querySelector("textarea");
    area.value += text;
    area.dispatchEvent(new Event("input"));
  };
  window.watch = (got) => look({ data: { got }, setTriggerValue: (name, value) => late.push(...value) });
}
"""
"""The editor and what looks after it, without Streamlit: `give` words, `write` on, `watch` what is late."""


def test_words_that_were_not_told_outlast_newer_ones(browser: playwright.Browser) -> None:
    """A box that is given other words, and typed into again, keeps both, and tells the first late until it is taken."""
    page = browser.new_context().new_page()
    page.route(
        "http://editor.test/", lambda route: route.fulfill(body="<title>Editor</title>", content_type="text/html")
    )
    page.goto("http://editor.test/")
    page.evaluate(HARNESS, [editor.HTML, read_data("editor", "editor.js"), read_data("leaving", "leaving.js")])
    page.evaluate("give(0, 'One.'); write(' first'); give(1, 'Other.'); write(' second'); write(' third'); watch([])")
    page.wait_for_function("told.includes('Other. second third') && late.length")
    assert page.evaluate("told") == ["Other. second third"]
    assert page.evaluate("late.map(one => [one.base, one.text])") == [["One.", "One. first"]]
    page.evaluate("give(1, 'Other. second third'); watch(late.map(one => `${one.entry} ${one.at}`))")
    page.wait_for_function("sessionStorage.length === 0")
    page.context.close()
