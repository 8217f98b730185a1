"""A content team's day in one browser session: from two drafts to what really happened, through every page."""

from __future__ import annotations

import os
import re
import zlib
from typing import Any

import pytest
import toolkit_runs
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
from openai_server import Ask, OpenAIServer
from provider_rules import Faults
from test_page_quality import AXE, find_faults
from walk_pictures import PICTURES, keep_pictures

import toolkit
from toolkit.models import LABEL

__all__ = ["app", "browser"]

YESTERDAY = "paypal-invoices-yesterday"
BETTER = "Buyers owe you? Send a PayPal invoice right here in the chat for £3, and see when it is paid."
ROWS = "caseid,first_name,age,role\n" + "".join(
    f"{number},Ann{number},{20 + number},{('buyer', 'seller')[number % 2]}\n" for number in range(9)
)

WIDE = """
() => [...document.querySelectorAll('[data-testid=stMain] *')].filter(one => one.getBoundingClientRect().right > 391)
  .map(one => one.outerHTML.slice(0, 120)).slice(0, 12)
"""

ANSWERS = (
    "I have paid for things that never came.",
    "It sounds like an advert, not like somebody who sells next door.",
    "I would want to know who holds the money until the parcel is here.",
)
REACTIONS = (
    ("click", "I get paid by bank transfer and wait for days; this I would try.", None, "in the chat", "liked"),
    ("click", "Right where we haggle anyway, so I would tap it.", None, "in the chat", "liked"),
    ("reply", "I would ask what it costs me before I tap.", "Who pays the fee?", "for £3", "confused"),
    ("click", "Short and plain. I know what I would get.", None, "Send a PayPal invoice", "liked"),
    ("share", "My sister sells prams; I would send it on to her.", None, "in the chat", "liked"),
    ("reply", "Is that for buyers too?", "It does not say what it is for.", "Get paid today", "confused"),
    ("hide", "That is how people are cheated in groups like this.", "It looks like a scam.", "in the chat", "disliked"),
    ("scroll_past", "Another payment thing. I scroll on.", None, "Get paid today", "disliked"),
    ("scroll_past", "I sell for cash at the door.", None, "PayPal", "disliked"),
    ("hide", "Nobody who sells a pram talks like that.", "It sounds like an advert.", "Get paid today", "disliked"),
)

pytestmark = needs_browser


def speak(ask: Ask) -> dict[str, Any] | None:
    """React, answer and rewrite as a model would: not all alike, and the better draft better liked."""
    properties = (ask.schema or {}).get("properties", {})
    if "changed" in properties:
        return {"text": BETTER, "changed": "It says what it is for."}
    chance = zlib.crc32(ask.text.encode())
    if "answer" in properties:
        return {"answer": ANSWERS[chance % len(ANSWERS)]}
    if "first_glance" not in properties or "action" not in properties:
        return None
    likes = 9 if "£3" in ask.text else 5
    action, verbatim, objection, words, feeling = REACTIONS[chance % likes if chance % 10 < likes else chance % 4 + 6]
    said = {"verbatim": verbatim, "objection": objection, "quotes": [{"text": words, "feeling": feeling}]}
    stops = action in properties["action"]["enum"]
    return said | ({"first_glance": "stop", "action": action} if stops else {"first_glance": "scroll_past"})


def test_a_day_of_a_content_team(app: App, server: OpenAIServer) -> None:
    """Two drafts to a verdict, why, a rewrite and its test, an audience, yesterday's run, approval, an outcome."""
    server.script = speak
    toolkit_runs.save_run(app.folder / "runs" / YESTERDAY, days_ago=1)
    page = app.open()
    write_and_ask(page)
    ask_them_why(page)
    improve_a_draft(page, server)
    import_an_audience(page)
    assert len(toolkit.load_audience(app.folder / "personas" / "buyers.yaml").personas) == 9
    reopen_yesterday(page)
    approve_and_tell(page)
    look_at_the_rest(page)


def write_and_ask(page: playwright.Page) -> None:
    """Write two drafts, see them as people will, ask, and read the verdict."""
    write_drafts(page, "Send a PayPal invoice in the chat for £3.", "Get paid today, in the chat.")
    page.get_by_role("button", name=re.compile(r"^Ask 12 people, ")).wait_for()
    look(page, "test", dark=True)
    press_ask(page)
    page.get_by_text("Who did what").wait_for()
    page.get_by_role("heading", name=re.compile("No clear winner|gets more|No verdict|No reliable winner")).wait_for()
    look(page, "result", dark=True)


def ask_them_why(page: playwright.Page) -> None:
    """Talk with one persona, then put one question to everybody."""
    press(page.get_by_role("button", name="Ask them why"))
    page.get_by_role("heading", name="Ask them why").wait_for()
    page.get_by_text("No real person said this.").first.wait_for()
    question = page.get_by_test_id("stChatInputTextArea")
    question.fill("What put you off?")
    question.press("Enter")
    page.get_by_test_id("stChatMessage").get_by_text(re.compile("|".join(ANSWERS))).wait_for()
    look(page, "why")
    press(page.get_by_role("radio", name="Everybody"))
    press(page.get_by_label("What do you want to ask all of them?"))
    page.keyboard.type("What would have made you stop?")
    press(page.get_by_role("button", name=re.compile("^Ask 12 people, ")))
    page.get_by_text("12 of 12 answered").wait_for()
    with page.expect_download() as saved:
        press(page.get_by_role("button", name="Answers (.csv)"))
    assert ANSWERS[0] in saved.value.path().read_text(encoding="utf-8-sig")
    look(page, "why-everybody")


def improve_a_draft(page: playwright.Page, server: OpenAIServer) -> None:
    """Rewrite from the objections, see what changed, and test both on the same people: only the new one is asked of."""
    press(page.get_by_role("link", name="Improve"))
    press(page.get_by_role("button", name="Rewrite it"))
    page.locator(".changes ins").first.wait_for()
    before = server.count()
    press(page.get_by_role("button", name="Test both again on the same 12"))
    page.get_by_text("regression to the mean").first.wait_for()
    page.get_by_text("12 from the store").wait_for()
    assert server.count() - before == 12 + 10
    expect(page.get_by_text(LABEL)).not_to_have_count(0)
    look(page, "improve")
    press(page.get_by_role("button", name="Use the newest in the campaign"))
    expect(page.get_by_label("Draft A-v1", exact=True)).to_have_value(BETTER)


def import_an_audience(page: playwright.Page) -> None:
    """Bring rows of a table, look at three people, open and save them."""
    press(page.get_by_role("link", name="Audiences"))
    page.get_by_text("24 of 24 personas").wait_for()
    look(page, "audiences")
    press(page.get_by_role("radio", name="Import rows"))
    table = {"name": "buyers.csv", "mimeType": "text/csv", "buffer": ROWS.encode()}
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_text("The first 3 of 9").wait_for()
    look(page, "audiences-import")
    press(page.get_by_role("button", name="Open it"))
    page.get_by_text("9 of 9 personas").wait_for()
    press(page.get_by_role("button", name="Save", exact=True))
    press(page.get_by_role("button", name="Save the audience"))
    page.get_by_text("You saved personas/buyers.yaml").wait_for()


def reopen_yesterday(page: playwright.Page) -> None:
    """Find yesterday's run on the shelf by words of its draft."""
    press(page.get_by_role("link", name="Runs", exact=True))
    page.get_by_role("heading", name="Runs", exact=True).wait_for()
    page.get_by_role("textbox", name="Search").fill("uk-social-feed")
    page.keyboard.press("Enter")
    page.get_by_text("What really happened").wait_for()
    page.get_by_text("No more chasing buyers.").first.wait_for()
    look(page, "runs")


def approve_and_tell(page: playwright.Page) -> None:
    """Approve a draft of it under a name, and type in what happened once it was published."""
    page.get_by_label("Your name").first.fill("Ada Bell")
    press(page.get_by_role("button", name="Approve these words").first)
    page.get_by_text("Approved by Ada Bell").wait_for()
    for place, (shown, clicks) in enumerate([(1_000, 31), (1_010, 58)]):
        page.get_by_role("spinbutton", name="Shown to").nth(place).fill(str(shown))
        page.get_by_role("spinbutton", name="Clicks").nth(place).fill(str(clicks))
    page.keyboard.press("Tab")
    press(page.get_by_role("button", name="Keep these results"))
    page.get_by_text("New results kept: 2").wait_for()
    look(page, "runs-approval", end=True)


def look_at_the_rest(page: playwright.Page) -> None:
    """Open what is left: how often it is right, by the two results just typed in, and the settings."""
    press(page.get_by_role("link", name="Validity"))
    page.get_by_role("heading", name="How often is it right?").wait_for()
    look(page, "validity")
    press(page.get_by_role("link", name="Settings"))
    page.get_by_role("heading", name="Settings").wait_for()
    look(page, "settings")


@pytest.mark.skipif(not PICTURES, reason="takes pictures alone: the states are held to the same elsewhere")
def test_the_states_around_it(app: App, server: OpenAIServer) -> None:
    """An empty list, the brief, comments, the list, a screening, and an endpoint that dies: nothing wide, no fault."""
    server.script = speak
    page = app.open()
    press(page.get_by_role("button", name="All campaigns"))
    page.get_by_text("No campaign yet.").wait_for()
    look(page, "empty", dark=True)
    begin(page)
    open_part(page, "Brief")
    page.get_by_label("Goal").fill("Sellers send their first invoice in the chat.")
    page.get_by_label("Tone").fill("plain, friendly")
    page.get_by_role("textbox", name="Must-haves, one a line").fill("£3")
    page.get_by_role("textbox", name="Brand").fill("Hay Street Market")
    page.keyboard.press("Tab")
    look(page, "brief", dark=True)
    open_part(page, "Drafts")
    press_ask(page)
    page.get_by_text("Who did what").wait_for()
    open_part(page, "Share")
    look(page, "comments", dark=True)
    open_part(page, "Result")
    press(page.get_by_role("button", name="Share", exact=True))
    page.get_by_role("heading", name="Share with a client").wait_for()
    look(page, "share", dark=True)
    page.goto(app.url)
    page.get_by_role("button", name="New campaign").wait_for()
    look(page, "home", dark=True)
    press(page.get_by_role("button", name="New campaign"))
    press(page.get_by_role("button", name="Paste many"))
    page.get_by_label("Drafts, one a line").fill(
        "\n".join(f"Invoice {count} buyers in the chat." for count in range(2, 12))
    )
    page.keyboard.press("Control+Enter")
    press(page.locator(".st-key-take-many button"))
    press(page.locator(".st-key-start-screening button"))
    page.get_by_role("button", name=re.compile("^Test the shortlist")).wait_for()
    look(page, "screening", dark=True)
    press(page.get_by_role("button", name="All campaigns"))
    begin(page, "Ask your buyers for £3 in the chat.")  # new words: what was asked before would not be asked again
    server.hold_after(10)
    press_ask(page)
    server.wait_until_held()
    server.faults = Faults(rate_500=1.0)
    server.release()
    page.get_by_text("trying again").wait_for()
    look(page, "dying", dark=True)
    press(page.get_by_role("button", name="Stop"))
    page.get_by_role("button", name="Ask the rest").wait_for()
    look(page, "partial", dark=True)


def begin(page: playwright.Page, first: str = "Send a PayPal invoice in the chat for £3.") -> None:
    """Write two drafts into a new campaign."""
    press(page.get_by_role("button", name="New campaign"))
    write_drafts(page, first, first.replace("£3", "three pounds"))
    page.locator(".preview-text").get_by_text("three pounds").wait_for()


def look(page: playwright.Page, name: str, *, dark: bool = False, end: bool = False) -> None:
    """Hold the page as it stands to what every page must be; leave its pictures where they were asked for."""
    settle(page)
    if AXE.is_file() or os.environ.get("CI"):
        assert find_faults(page) == [], name
    page.set_viewport_size({"width": 390, "height": 900})
    try:
        page.wait_for_function(FITS, arg=390, timeout=60_000)
    except playwright.Error:
        wide = page.evaluate(WIDE)
        pytest.fail(f"{name} is wider than a phone: {wide}")
    page.set_viewport_size({"width": 1280, "height": 900})
    keep_pictures(page, name, dark=dark, end=end)
