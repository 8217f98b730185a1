"""From a result to why, to a better draft and to an audience of one's own, in a real browser."""

from __future__ import annotations

import re
from typing import Any

import toolkit_runs
import yaml
from browsing import (
    App,
    app,
    browser,
    expect,
    keep_picture,
    needs_browser,
    press,
    press_ask,
    settle,
    write_drafts,
)
from openai_server import Ask, OpenAIServer

import toolkit
from toolkit.models import LABEL

__all__ = ["app", "browser"]

pytestmark = needs_browser
BETTER = "Buyers owe you? Send a PayPal invoice right here in the chat for £3, and see when it is paid."
EVIL = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script> **bold** $x$ \u202e\u05d0"
ROWS = "caseid,first_name,age,role\n" + "".join(
    f"{number},Ann{number},{20 + number},{('buyer', 'seller')[number % 2]}\n" for number in range(9)
)


def speak(ask: Ask) -> dict[str, Any] | None:
    """Object, answer and rewrite as a model would."""
    properties = (ask.schema or {}).get("properties", {})
    if "changed" in properties:
        return {"text": BETTER, "changed": "It says what it is for."}
    if "answer" in properties:
        return {"answer": "I have been cheated before."}
    return {"objection": "It does not say what it is for."} if "objection" in properties else None


def test_from_a_result_to_a_better_draft_and_an_audience(app: App, server: OpenAIServer) -> None:
    """Two drafts, ask somebody why, ask everybody, rewrite, test both again, import people and save them."""
    server.script = speak
    page = app.open()
    write_drafts(page, "Send a PayPal invoice in the chat for £3.", "Get paid today, in the chat.")
    press_ask(page)
    press(page.get_by_role("button", name="Ask them why"))
    page.get_by_role("heading", name="Ask them why").wait_for()
    page.get_by_text("No real person said this.").first.wait_for()
    question = page.get_by_test_id("stChatInputTextArea")
    question.fill("What put you off?")
    question.press("Enter")
    page.get_by_test_id("stChatMessage").get_by_text("I have been cheated before.").wait_for()
    keep_picture(page, "why", width=1280)
    keep_picture(page, "why-narrow", width=390)
    page.set_viewport_size({"width": 1280, "height": 900})

    press(page.get_by_role("radio", name="Everybody"))
    press(page.get_by_label("What do you want to ask all of them?"))
    page.keyboard.type("What would have made you stop?")
    press(page.get_by_role("button", name=re.compile("^Ask 12 people, ")))
    page.get_by_text("12 of 12 answered").wait_for()
    with page.expect_download() as saved:
        press(page.get_by_role("button", name="Answers (.csv)"))
    assert "I have been cheated before." in saved.value.path().read_text(encoding="utf-8-sig")

    press(page.get_by_role("link", name="Improve"))
    press(page.get_by_role("button", name="Rewrite it"))
    page.locator(".changes ins").first.wait_for()
    before = server.count()
    press(page.get_by_role("button", name="Test both again on the same 12"))
    page.get_by_text("regression to the mean").first.wait_for()
    page.get_by_text("12 from the store").wait_for()
    assert server.count() - before == 12 + 10
    expect(page.get_by_text(LABEL)).not_to_have_count(0)
    keep_picture(page, "improve", width=1280)
    keep_picture(page, "improve-narrow", width=390)
    page.set_viewport_size({"width": 1280, "height": 900})

    press(page.get_by_role("link", name="Audiences"))
    press(page.get_by_role("radio", name="Import rows"))
    table = {"name": "buyers.csv", "mimeType": "text/csv", "buffer": ROWS.encode()}
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_text("The first 3 of 9").wait_for()
    press(page.get_by_role("button", name="Open it"))
    page.get_by_text("9 of 9 personas").wait_for()
    keep_picture(page, "audiences", width=1280)
    keep_picture(page, "audiences-narrow", width=390)
    page.set_viewport_size({"width": 1280, "height": 900})
    press(page.get_by_role("button", name="Save", exact=True))
    press(page.get_by_role("button", name="Save the audience"))
    page.get_by_text("Written to personas/buyers.yaml").wait_for()
    assert len(toolkit.load_audience(app.folder / "personas" / "buyers.yaml").personas) == 9


def test_an_answer_comes_word_by_word_and_can_be_stopped(app: App, server: OpenAIServer) -> None:
    """Words stand on the page before the answer is whole; Stop keeps none of them; asked again, it is kept whole."""
    server.script = speak
    toolkit_runs.save_run(app.folder / "runs" / "one")
    page = app.open(f"{app.url}/why", wait="Whom do you want to ask?")
    server.words_before_hold = 4
    question = page.get_by_test_id("stChatInputTextArea")
    question.fill("What put you off?")
    question.press("Enter")
    page.get_by_test_id("stChatMessage").get_by_text(re.compile("^I have been$")).wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("nothing of this answer was kept").wait_for()
    expect(page.get_by_text("I have been")).to_have_count(0)
    server.words_before_hold = None
    server.release()
    question.fill("What put you off?")
    question.press("Enter")
    page.get_by_test_id("stChatMessage").get_by_text("I have been cheated before.").wait_for()
    page.reload()
    page.get_by_test_id("stChatMessage").get_by_text("I have been cheated before.").wait_for()


def test_hostile_people_and_answers_do_no_harm(app: App, server: OpenAIServer) -> None:
    """Markup in names, descriptions, segments and answers reaches the page as letters, never as elements."""
    people = [
        {"id": f"p{number}", "name": EVIL, "age": 30, "segments": {EVIL[:40]: EVIL}, "about": EVIL * 100}
        for number in range(9)
    ]
    (app.folder / "personas").mkdir()
    text = yaml.safe_dump({"audience": "evil", "description": EVIL, "personas": people}, allow_unicode=True)
    (app.folder / "personas" / "evil.yaml").write_text(text)
    server.script = lambda ask: (
        {"answer": EVIL, "objection": EVIL, "text": EVIL, "changed": EVIL} if ask.schema else None
    )
    page = app.open(f"{app.url}/audiences", wait="People")
    press(page.get_by_role("combobox", name=re.compile("Audience")))
    press(page.get_by_role("option", name="evil"))
    page.get_by_text("9 of 9 personas").wait_for()
    press(page.get_by_role("radio", name="Who is missing"))
    page.get_by_text("Against what you want").wait_for()
    settle(page)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0
