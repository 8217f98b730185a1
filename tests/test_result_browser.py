"""The result of a reopened campaign in a real browser: one screen says it, and what was said can be answered there."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from browsing import App, app, browser, expect, needs_browser, open_part, playwright, press, press_ask, settle
from openai_server import Ask, OpenAIServer
from provider_replies import remove_random_tokens

__all__ = ["app", "browser"]

pytestmark = needs_browser
POSTS = (
    "BIG NEWS!!! The Spring Market is BACK and it will be AMAZING. Hundreds of bargains. Share this with everyone!",
    "Saturday 11 April, 9 to 1, Kirkgate car park. Forty stalls of clothes, tools and plants. Entry is free.",
    "Come and look: Saturday from nine. The tea is a pound, and dogs are welcome. Bring a chair, stay for the music.",
)
SAID = "Feels like an advert, so I do not trust it. Who writes like this to people they have never met in their life?"


def answer(ask: Ask) -> dict[str, Any]:
    """Hide what shouts and tap the rest, with long quotes and an objection that several people raise."""
    shouts = "AMAZING" in ask.text
    chance = hashlib.sha256(remove_random_tokens(ask.text).encode()).digest()[0]
    action = "hide" if (chance < 180) == shouts else "click"
    quotes = [{"text": "AMAZING", "feeling": "disliked"}] if shouts else []
    return {
        "action": action,
        "verbatim": f"{SAID} {chance % 5}",
        "objection": "It does not say whether the market is on when it rains, and I would come a long way.",
        "quotes": quotes,
    }


def measure(page: playwright.Page, drafts: int) -> None:
    """Check that what decides is seen without scrolling: sentences, label, buttons, badges, rates, two quotes each."""
    seen = ["h2", ".st-key-recommendation", ".card-head", ".card .rates", ".card .voices li"]
    for selector in seen:
        for one in page.locator(selector).all():
            expect(one).to_be_in_viewport(ratio=1)
    for name in ("Improve a draft", "Share"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    expect(page.locator(".card")).to_have_count(drafts)
    expect(page.locator(".card .voices li")).to_have_count(2 * drafts)
    expect(page.locator(".card .badge")).not_to_have_count(0)


def test_what_was_closed_stays_closed(app: App) -> None:
    """The list of examples and the box for many drafts do not open again with the next press on the page."""
    page = app.open(height=800)
    press(page.get_by_role("button", name="Start from an example or a file"))
    press(page.get_by_role("button", name="Messenger message", exact=True))
    upload = page.get_by_text("A file of drafts")
    expect(upload).to_have_count(0)
    press(page.get_by_role("radio", name="desktop"))
    settle(page)
    expect(upload).to_have_count(0)
    press(page.get_by_role("button", name="Paste many"))
    page.get_by_label("Drafts, one a line").fill("\n".join(f"Come to the market, says line {n}." for n in range(9)))
    page.get_by_role("button", name="Take these drafts").click()  # at once, before the page has followed
    expect(page.get_by_role("heading", name="9 drafts to screen")).to_be_in_viewport()
    press(page.get_by_role("button", name="Screen 9 drafts"))
    page.get_by_text("of 9 drafts are on the shortlist").wait_for()
    expect(page.get_by_label("Drafts, one a line")).to_have_count(0)
    page.reload()
    page.get_by_text("of 9 drafts are on the shortlist").wait_for()
    expect(page.get_by_role("button", name="Test the shortlist")).to_be_visible()


def test_a_reopened_result_is_one_screen_that_takes_comments(app: App, server: OpenAIServer) -> None:
    """For three drafts and for two, at 1280 x 800; a quote is answered from its card, and words tell who named them."""
    server.script = answer
    page = app.open(height=800)
    for name, text in zip("AB", POSTS, strict=False):
        page.get_by_label(f"Draft {name}", exact=True).fill(text)
    page.get_by_label("Campaign", exact=True).fill("Spring market")
    page.keyboard.press("Tab")
    settle(page)
    press_ask(page)
    page.get_by_text("Who did what").wait_for()
    open_part(page, "Drafts")
    press(page.get_by_role("button", name="Add a draft"))
    page.get_by_label("Draft C", exact=True).fill(POSTS[2])
    page.keyboard.press("Tab")
    settle(page)
    press_ask(page)
    page.get_by_role("radio", name="v2 (now)").wait_for()
    page.locator(".card").nth(2).wait_for()
    campaign = page.url.partition("&")[0]

    page = app.open(campaign, wait="All campaigns", height=800)
    open_part(page, "Result")
    page.get_by_text("Who did what").wait_for()
    settle(page)
    measure(page, 3)
    press(page.get_by_role("radio", name="v1", exact=True))
    expect(page.locator(".card")).to_have_count(2)
    settle(page)
    measure(page, 2)

    page.get_by_role("button", name="Comment on what").first.click()
    box = page.get_by_role("dialog")
    box.get_by_label("Comment").fill("Say who we are first.")
    box.get_by_text("This requests a change").click()
    box.get_by_label("Your name").fill("Ada")
    press(box.get_by_role("button", name="Comment", exact=True))
    box.wait_for(state="detached")
    word = page.get_by_role("button", name="AMAZING")
    named = re.search(r"named in (\d+) simulated reactions", word.get_attribute("title") or "")
    assert named
    word.focus()
    page.keyboard.press("Enter")
    expect(box).to_contain_text(f"{named[1]} of 12 simulated people named them")
    page.keyboard.press("Escape")
    box.wait_for(state="detached")
    open_part(page, "Share")
    page.get_by_text("Ada requested a change of A").wait_for()
    expect(page.get_by_text(f"On “{SAID}")).to_be_visible()
    press(page.get_by_role("button", name="Share with a client"))
    client = page.frame_locator("iframe")
    expect(client.get_by_text("Say who we are first.")).to_be_visible()
