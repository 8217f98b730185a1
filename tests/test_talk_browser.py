"""Talks and audiences in a real browser: answers as they come, and words that mean harm."""

from __future__ import annotations

import re
from typing import Any

import toolkit_runs
import yaml
from browsing import App, app, browser, expect, needs_browser, open_list, press, settle
from openai_server import Ask, OpenAIServer

__all__ = ["app", "browser"]

pytestmark = needs_browser
EVIL = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script> **bold** $x$ \u202e\u05d0"


def speak(ask: Ask) -> dict[str, Any] | None:
    """Answer a question as a model would, and leave the rest to the provider."""
    return {"answer": "I have been cheated before."} if "answer" in (ask.schema or {}).get("properties", {}) else None


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
    open_list(page.get_by_role("combobox", name=re.compile("Audience")))
    press(page.get_by_role("option", name="evil"))
    page.get_by_text("9 of 9 personas").wait_for()
    press(page.get_by_role("radio", name="Who is missing"))
    page.get_by_text("Against what you want").wait_for()
    settle(page)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0
