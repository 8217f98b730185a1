"""The page in a real browser: Debian's Chromium, the page's own process, a provider on loopback."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from pathlib import Path

import polars as pl
import pytest
from browsing import (
    FITS,
    PICTURES,
    App,
    answered,
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

from toolkit.models import LABEL
from toolkit.panel import session

__all__ = ["app", "browser"]

FIRST = 16
"""Questions in flight before the endpoint has answered once."""

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PASTE = """
(area, data) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const pasted = new DataTransfer();
  pasted.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
  area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: pasted, bubbles: true, cancelable: true }));
}
"""

pytestmark = needs_browser


def test_a_shortcut_asks_with_the_last_words(app: App, server: OpenAIServer) -> None:
    """Alt+Enter in a draft asks from there, with every letter that was typed before it; the button shows it."""
    page = app.open()
    write_drafts(page, "Send an invoice in the chat.", "Get paid today, in the chat.")
    settle(page)
    page.get_by_role("button", name=re.compile(r"^Ask 12 people, .*Alt", re.DOTALL)).wait_for()
    box = page.get_by_role("textbox", name="Draft B")
    box.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Or tomorrow.")
    page.keyboard.press("Alt+Enter")
    page.get_by_text("Who did what").wait_for()
    said = [ask.text for ask in server.requests]
    assert any("Get paid today, in the chat. Or tomorrow." in text for text in said)
    assert not [text for text in said if "Get paid today, in the chat." in text and "Or tomorrow." not in text]


def test_two_drafts_to_a_verdict(app: App, server: OpenAIServer) -> None:
    """Type two drafts, ask, watch the room fill, read the verdict, download: what came is whole."""
    page = app.open(height=800)
    write_drafts(page, "Send an invoice in the chat.", "Get paid today, in the chat.")
    server.hold()
    press_ask(page)
    server.wait_for(1)
    assert answered(page).count() == 0
    server.release()
    answered(page).first.wait_for()
    page.get_by_text("Who did what").wait_for()
    expect(answered(page)).to_have_count(12)
    expect(page.get_by_text(LABEL)).not_to_have_count(0)
    verdict = page.get_by_role("heading", name=re.compile("No clear winner|gets more|No verdict|No reliable winner"))
    expect(verdict).to_be_in_viewport()  # nobody has to look for it
    expect(page.get_by_role("button", name="Improve a draft")).to_be_in_viewport()
    expect(page.locator(".card .rates").last).to_be_in_viewport()

    with page.expect_download() as saved:
        press(page.get_by_role("button", name="Run folder (.zip)"))
    archive = zipfile.ZipFile(io.BytesIO(Path(saved.value.path()).read_bytes()))
    frame = pl.read_parquet(next(archive.read(name) for name in archive.namelist() if "reactions" in name))
    assert frame.filter(pl.col("persona_id") != "control").height == 24
    with page.expect_download() as saved:
        press(page.get_by_role("button", name="Reactions (.csv)"))
    people = frame.filter(pl.col("persona_id") != "control")
    assert pl.read_csv(Path(saved.value.path())).height == people.height == 24

    press(page.get_by_role("link", name="Runs", exact=True))
    page.get_by_role("heading", name="Runs", exact=True).wait_for()
    page.get_by_text("Who did what").wait_for()
    press(page.get_by_role("link", name="Campaigns"))
    page.get_by_text("Who did what").wait_for()


@pytest.mark.parametrize("written", ["nothing yet", "the other draft"])
def test_a_press_right_after_typing_asks_once(app: App, server: OpenAIServer, written: str) -> None:
    """Typing, then the button with the box still focused, where the eye saw it: asked at the first press, and once."""
    page = app.open()
    settle(page)
    drafts = 1
    if written == "the other draft":
        write_drafts(page, "Send an invoice in the chat.")
        page.get_by_role("button", name=re.compile(r"^Ask 12 people, ")).wait_for()
        drafts = 2
    place = page.get_by_role("button", name=re.compile(r"^Ask 12 people")).bounding_box()
    assert place is not None
    press(page.get_by_role("textbox", name="Draft B", exact=True))
    page.keyboard.type("Are you broke? ACT NOW!!! Get paid today, in the chat.")
    page.mouse.dblclick(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2, delay=60)
    page.get_by_text("Who did what").wait_for()
    assert server.count() == drafts * (12 + 10)
    expect(page.get_by_text("ACT NOW!!! Get paid today, in the chat.")).not_to_have_count(0)


def test_stop_keeps_what_came_and_the_rest_can_be_asked(app: App, server: OpenAIServer) -> None:
    """Stop ends the calls in flight; a click elsewhere meanwhile loses nothing; going on asks only the rest."""
    page = app.open()
    write_drafts(page, "Send an invoice in the chat.", "Get paid today, in the chat.")
    press(page.get_by_text("What answers"))
    server.hold()
    press_ask(page)
    server.wait_for(FIRST)
    page.get_by_role("radio", name="everyone").click()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text(session.STOPPED).first.wait_for()
    server.wait_until_idle()
    assert server.count() == FIRST
    server.release()
    press(page.get_by_role("button", name="Ask the rest"))
    server.wait_for(FIRST + 24 + 20)
    page.get_by_text("Who did what").wait_for()
    page.get_by_role("button", name="Ask the rest").wait_for(state="detached")
    assert server.count() == FIRST + 24 + 20


def test_a_run_goes_on_without_its_tab(app: App, server: OpenAIServer) -> None:
    """Leave for another page, reload, close the tab, open the link anew: the same run goes on, and ends saved."""
    page = app.open()
    write_drafts(page, "Send an invoice in the chat.", "Get paid today, in the chat.")
    server.hold()
    press_ask(page)
    server.wait_for(FIRST)
    page.get_by_role("link", name="Runs", exact=True).click()
    page.get_by_text("No run here yet").wait_for()
    page.get_by_role("link", name="Campaigns").click()
    page.get_by_text("0 of 24 reactions").wait_for()
    page.reload()
    page.get_by_text("0 of 24 reactions").wait_for()
    expect(page).to_have_url(re.compile("live="))
    link = page.url
    page.context.close()
    server.release()
    again = app.open(link, wait="Who did what")
    expect(again.get_by_text("Send an invoice in the chat.")).not_to_have_count(0)
    assert server.count() == 24 + 20
    assert len(list((app.folder / "runs").glob("*/run.json"))) == 1
    stranger = app.open()
    settle(stranger)
    assert stranger.get_by_text("Send an invoice in the chat.").count() == 0


def test_the_page_answers_while_one_types(app: App) -> None:
    """With no key but letters: the preview follows, rules are told under the words, and what was typed stays."""
    page = app.open()
    box = page.get_by_role("textbox", name="Draft A", exact=True)
    press(box)
    page.keyboard.type("Are you broke? ACT NOW!!! Send an invoice.")
    preview = page.locator(".preview")
    preview.get_by_text("Send an invoice.").wait_for()
    page.get_by_text("exclamation marks").wait_for()
    expect(preview.locator("mark.flagged").first).to_have_text("Are you broke")
    press(page.get_by_text("desktop", exact=True))
    page.locator(".preview-desktop").wait_for()
    expect(box).to_have_value("Are you broke? ACT NOW!!! Send an invoice.")
    page.get_by_role("button", name=re.compile(r"^Ask 12 people, ")).wait_for()


def test_long_and_foreign_drafts_do_no_harm(app: App) -> None:
    """A hundred thousand characters, and words from right to left, are drawn, checked and can be mended."""
    page = app.open()
    box = page.get_by_role("textbox", name="Draft A", exact=True)
    box.fill("Pay. " * 20_000)
    page.get_by_text("Must change").first.wait_for()
    page.wait_for_function("() => document.querySelector('.preview-text')?.textContent.length > 90_000")
    arabic = "أرسل فاتورة <b>الآن</b>"
    box.fill(arabic)
    page.locator(".preview").get_by_text("<b>").wait_for()
    expect(page.locator(".preview-text").first).to_have_css("direction", "rtl")
    page.wait_for_function(FITS, arg=1280)


def test_a_link_opens_a_saved_run_and_no_other_file(app: App) -> None:
    """The result has an address of its own; one that leads out of the folder of runs is refused in one line."""
    page = app.open(width=390)
    write_drafts(page, "Send an invoice in the chat.")
    press_ask(page)
    address = page.get_by_role("link", name="Link to this result").get_attribute("href")
    assert address is not None
    again = app.open(f"{app.url}/{address}", wait="One draft, nothing to compare with", width=390)
    again.get_by_text("Link to this result").wait_for()
    expect(again.locator(".rate b")).to_have_count(3)
    settle(again)
    again.wait_for_function(FITS, arg=390)
    app.open(f"{app.url}/result?run=..%2F..%2Fetc", wait="there is no run")


def test_the_first_page_has_a_name_in_the_address_too(app: App) -> None:
    """`/drafts` leads to the first page, with no word of a page that is not there."""
    page = app.open(f"{app.url}/drafts")
    page.wait_for_url(f"{app.url}/")
    settle(page)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_people_can_be_met_by_keyboard(app: App) -> None:
    """A tile takes the focus, says what its person did, and Enter opens who they are and what they said."""
    page = app.open()
    write_drafts(page, "Send an invoice in the chat.")
    press_ask(page)
    page.get_by_text("Who did what").wait_for()
    settle(page)
    page.get_by_role("button", name=re.compile(r"^Maya\. A: ")).focus()
    page.locator(".says").get_by_text("Maya").wait_for()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("An AI persona, not a real person.").wait_for()
    expect(dialog.get_by_text("Leeds")).not_to_have_count(0)


def test_a_picture_is_uploaded_or_pasted(app: App) -> None:
    """It stands in the preview at once, after a reload, too; a pasted one takes its place; no script is a picture."""
    page = app.open()
    write_drafts(page, "The coat that sold for forty-five pounds.")
    picture = page.locator(".preview img.preview-picture")
    press(page.locator("summary").filter(has_text="Picture").first)
    chooser = page.locator("[data-testid=stFileUploader] input[type=file]").first
    chooser.set_input_files({"name": "coat.png", "mimeType": "image/png", "buffer": PIXEL})
    expect(picture).to_have_count(1)
    page.get_by_text("Say in “Its other parts” what the picture shows").wait_for()
    settle(page)
    page.reload()
    expect(picture).to_have_count(1)
    first = picture.get_attribute("src")
    page.get_by_label("Draft A", exact=True).evaluate(PASTE, base64.b64encode(PIXEL + b"2").decode())
    expect(picture).not_to_have_attribute("src", first or "")
    press(page.locator("summary").filter(has_text="Picture").first)
    page.locator("[data-testid=stFileUploader] input[type=file]").first.set_input_files(
        {"name": "coat.png", "mimeType": "image/png", "buffer": b"<svg onload=alert(1)>"}
    )
    page.get_by_text("the file is no JPEG, PNG or WebP picture").first.wait_for()
    press(page.get_by_role("button", name="Remove the picture"))
    expect(picture).to_have_count(0)


def test_sessions_share_neither_drafts_nor_keys(app: App, server: OpenAIServer) -> None:
    """What one tab types, another never sees; each sends its own key."""
    first, second = app.open(), app.open()
    typed = [(first, "key-one", "Only the first writes this."), (second, "key-two", "And this the second.")]
    for page, key, text in typed:
        write_drafts(page, text)
        press(page.get_by_text("What answers"))
        page.get_by_label("Key", exact=True).fill(key)
        page.keyboard.press("Enter")
        settle(page)
    assert second.get_by_text("Only the first writes this.").count() == 0
    expect(first.get_by_label("Key", exact=True)).to_have_value("key-one")
    for page, key, _ in typed:
        server.keys.clear()
        press_ask(page)
        page.get_by_text("Who did what").wait_for()
        assert set(server.keys) == {key}
    assert "key-one" not in second.content()


def test_text_of_any_kind_is_shown_as_text(app: App, server: OpenAIServer) -> None:
    """Markup in drafts and in what the model says reaches the page as letters, never as elements."""
    evil = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script> **bold** $x$"
    said = f"I would not press anything of the kind that says {evil}"
    server.script = lambda ask: {"verbatim": said, "objection": said} if is_chat(ask) else None
    page = app.open()
    write_drafts(page, evil)
    press_ask(page)
    page.get_by_text("Who did what").wait_for()
    answered(page).first.hover()
    page.locator(".says").get_by_text("<script>").wait_for()
    press(answered(page).first)
    page.get_by_role("dialog").get_by_text("<script>").wait_for()
    settle(page)
    assert page.evaluate("window.hacked") is None


def is_chat(ask: Ask) -> bool:
    """Tell a chat call from an embedding."""
    return ask.path.endswith("chat/completions")


@pytest.mark.model
@pytest.mark.timeout(1_200)
def test_the_embedded_model_on_the_page(app: App) -> None:
    """With no key: an example in one press, two people of the embedded model, a result on a wide and a narrow page."""
    people = 12 if PICTURES else 2
    page = app.open()
    press(page.get_by_role("button", name="Start from an example or a file"))
    press(page.get_by_role("button", name="Paypal invoices"))
    page.get_by_label("Draft benefit", exact=True).wait_for()
    page.keyboard.press("Escape")
    press(page.get_by_text("What answers"))
    press(page.get_by_text("Embedded model, on this machine"))
    page.get_by_role("slider").focus()
    for _ in range(12 - people):
        page.keyboard.press("ArrowLeft")
    press(page.get_by_role("button", name=f"Ask {people} people, free"))
    page.get_by_text("Who did what").wait_for(timeout=900_000)
    expect(answered(page)).to_have_count(people)
    keep_picture(page, "page", width=1280)
    keep_picture(page, "page-narrow", width=390)
