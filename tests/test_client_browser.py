"""A client's page in a real browser: one screen, one printed page, an answer to send back, and nothing else happens."""

from __future__ import annotations

import hashlib
import io
import os
import re
from pathlib import Path
from typing import Any

import pytest
from browsing import PICTURES, browser, expect, needs_browser, playwright
from conftest import make_audience
from PIL import Image, ImageDraw
from provider_replies import remove_random_tokens
from scripted import ScriptedEngine, reading
from test_client_page import PIXEL, approve, comment

import toolkit
from toolkit.models import Campaign, Draft
from toolkit.models.exchange import Question
from toolkit.report import save_report
from toolkit.report.client_answers import read_answer
from toolkit.report.printing import find_browser, print_pdf
from toolkit.results import Run

__all__ = ["browser"]

AXE = Path(__file__).parent / "node" / "node_modules" / "axe-core" / "axe.min.js"
PAPERS = {"a4": (595, 842), "letter": (612, 792)}

pytestmark = needs_browser


SAYS = {
    "click": ("It says when and where. I would tap to see which stalls come.", "The tea made me smile. I would look."),
    "hide": ("Feels like an advert, I don't trust it. Who writes like this?", "Share it with everyone? No, thank you."),
    "read": ("Clear, but I work on Saturdays.", "Friendly. Could I sell there myself?"),
}
"""What people say who do so."""


def speak(question: Question) -> dict[str, Any]:
    """Answer by chance that only the question decides, in words that a person may use; most hide what shouts."""
    digest = hashlib.sha256(remove_random_tokens(question.prompt).encode()).digest()
    chance, pushed = digest[0] / 256, 0.7 if "AMAZING" in question.prompt else 0.1
    action = "hide" if chance < pushed else "click" if chance < 0.75 else "read"
    objections = ("It does not say whether it rains off.", "I do not see what they sell.", None, None)
    return reading(action, verbatim=SAYS[action][digest[1] % 2], objection=objections[digest[2] % 4])


def draw_logo() -> bytes:
    """Return a logo as a PNG picture."""
    picture = Image.new("RGB", (80, 80), "white")
    drawing = ImageDraw.Draw(picture)
    drawing.rounded_rectangle((0, 0, 79, 79), 18, fill=(190, 60, 60))
    drawing.ellipse((24, 24, 55, 55), fill="white")
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def make_posts(store: Path, *texts: str) -> Run:
    """Return a run of posts with a link card."""
    drafts = tuple(
        Draft(id=f"post {number}", text=text, surface="facebook_post", link="https://shop.example/a", headline="Spring")
        for number, text in enumerate(texts, start=1)
    )
    return toolkit.run(
        Campaign(campaign="Spring market", objective="click", drafts=drafts), make_audience(),
        engine=ScriptedEngine(speak), rating="direct", store=store,
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run of three posts of the usual length."""
    return make_posts(
        tmp_path_factory.mktemp("client") / "replies.sqlite",
        "BIG NEWS!!! The Spring Market is BACK and it will be AMAZING. Hundreds of bargains. Share this with everyone!",
        "Saturday 11 April, 9 to 1, Kirkgate car park. Forty stalls of clothes, tools and plants. Entry is free.",
        "Come and look: Saturday from nine. The tea is a pound, and dogs are welcome.",
    )


def open_page(browser: playwright.Browser, path: Path, width: int = 1280, *, dark: bool = False) -> playwright.Page:
    """Return a file in a browser without a network; what it asks for and complains of is gathered in `page.heard`."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light", offline=True
    )
    page = context.new_page()
    page.heard = []
    page.on("console", lambda message: page.heard.append(message.text))
    page.on("dialog", lambda dialog: page.heard.append(dialog.message) or dialog.dismiss())
    page.on("request", lambda request: page.heard.append(request.url) if not is_own(request.url) else None)
    page.goto(path.as_uri())
    return page


def keep_pictures(page: playwright.Page) -> None:
    """Keep the page wide, in the dark, on a phone and as it is printed, where pictures are wanted."""
    if not PICTURES:
        return
    for name, width, scheme in (("1280", 1280, "light"), ("1280-dark", 1280, "dark"), ("390", 390, "light")):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        page.screenshot(path=Path(PICTURES) / f"client-{name}.png", full_page=width == 390)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 800})


def is_own(address: str) -> bool:
    """Whether an address is the file itself or a picture inside it."""
    return address.startswith(("file:", "data:"))


def read_pages(pdf: bytes) -> list[tuple[int, int]]:
    """Return the size of each page of a PDF in points."""
    boxes = re.findall(rb"/Type /Page\b[^s].*?/MediaBox \[([\d. ]+)\]", pdf, re.DOTALL)
    return [(round(float(box.split()[2])), round(float(box.split()[3]))) for box in boxes]


def test_it_is_one_screen_and_one_printed_page(run: Run, tmp_path: Path, browser: playwright.Browser) -> None:
    """With logo, approval and comment all figures are seen at 1280 x 800, and A4 and Letter take one page each."""
    approve(run, run.methods.campaign.drafts[1])
    comment(run, "Say the price.", asks_change=True)
    letterhead = {"logo": draw_logo(), "reply_to": "ada@example.org"}
    page = open_page(browser, save_report(run, tmp_path / "client.html", view="client", **letterhead))
    foot = page.locator(".answer").bounding_box()
    for seen in ("h1", ".label", ".figures >> nth=-1", ".approved", "blockquote >> nth=-1"):
        box = page.locator(seen).bounding_box()
        assert box["y"] + box["height"] <= foot["y"] + 1, seen
    assert foot["y"] + foot["height"] <= 801
    assert page.locator(".cut").count() == 0
    assert page.heard == []
    keep_pictures(page)
    for paper, size in PAPERS.items():
        pdf = save_report(run, tmp_path / f"{paper}.pdf", paper=paper, **letterhead).read_bytes()
        assert read_pages(pdf) == [size]
    printed = print_pdf((tmp_path / "client.html").read_text(encoding="utf-8"), browser=find_browser())
    assert len(read_pages(printed)) == 1


def test_words_that_do_not_fit_a_page_follow_whole(tmp_path: Path, browser: playwright.Browser) -> None:
    """A draft of 6,000 letters is marked as cut, and its whole words are on the next printed page."""
    long = make_posts(tmp_path / "replies.sqlite", "Send an invoice in the chat. " * 200, "Come and look.")
    page = open_page(browser, save_report(long, tmp_path / "client.html", view="client"))
    page.get_by_role("link", name="Read it whole").click()
    expect(page.locator("#whole-1 dd").first).to_have_text(re.compile("^(Send an invoice in the chat. ){199}"))
    assert len(read_pages(save_report(long, tmp_path / "client.pdf").read_bytes())) > 1


@pytest.mark.parametrize("kind", ["approve", "change"])
def test_the_answer_is_a_text_to_send_back(run: Run, tmp_path: Path, browser: playwright.Browser, kind: str) -> None:
    """What the page composes names draft, note and name, goes into a mail, and is understood when it comes back."""
    path = save_report(run, tmp_path / "client.html", view="client", reply_to="ada@example.org")
    page = open_page(browser, path)
    page.get_by_role("link", name="Approve" if kind == "approve" else "Ask for changes").click()
    box = page.get_by_role("dialog")
    box.get_by_label("Draft").select_option("post 2")
    box.get_by_role("textbox").nth(0).fill('Say "free" first,\nand <b>when</b>.')
    box.get_by_label("Your name").fill("Cy Client")
    text = box.get_by_label("The text to send back").input_value()
    found = read_answer(text, run.methods.campaign)
    assert (found.kind, found.draft.id, found.said_by) == (kind, "post 2", "Cy Client")
    assert found.note == 'Say "free" first,\nand <b>when</b>.'
    assert found.run_id == run.run_id
    mail = box.get_by_role("link", name="Write a mail").get_attribute("href")
    assert mail.startswith("mailto:ada@example.org?subject=Spring%20market")
    box.get_by_role("button", name="Copy the text").click()
    expect(box.get_by_role("status")).to_have_text(re.compile("copy|Copied"))
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    assert page.heard == []


def test_hostile_words_do_nothing(tmp_path: Path, browser: playwright.Browser) -> None:
    """Markup in drafts, replies, names and comments opens nothing, asks for nothing and stops no part of the page."""
    evil = "</script></textarea><script>alert(1)</script><img src=https://evil.example/x onerror=alert(2)>\"'"
    draft = Draft(id="one", text=evil, headline=evil)
    hostile = toolkit.run(
        Campaign(campaign=evil, objective="click", drafts=(draft,)), make_audience(),
        engine=ScriptedEngine(lambda _: reading("click", verbatim=evil, objection=evil)), rating="direct",
    )  # fmt: skip
    approve(hostile, draft, approved_by=evil, note=evil)
    comment(hostile, evil)
    page = open_page(browser, save_report(hostile, tmp_path / "client.html", view="client"))
    page.get_by_role("link", name="Approve").click()
    text = page.get_by_label("The text to send back").input_value()
    assert read_answer(text, hostile.methods.campaign).draft == draft
    assert evil in text
    assert page.heard == []


@pytest.mark.skipif(not AXE.is_file() and not os.environ.get("CI"), reason="needs npm: npm --prefix tests/node ci")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_fault(run: Run, tmp_path: Path, browser: playwright.Browser, *, dark: bool) -> None:
    """Wide and on a phone, with the answer open and closed, it has no fault, and nothing sticks out."""
    approve(run, run.methods.campaign.drafts[1])
    comment(run, "Say the price.")
    path = save_report(run, tmp_path / "client.html", view="client", logo=PIXEL)
    found = []
    for width in (1280, 390):
        page = open_page(browser, path, width, dark=dark)
        found += look(page)
        page.get_by_role("link", name="Ask for changes").click()
        found += look(page)
    assert found == []


def look(page: playwright.Page) -> list[str]:
    """Return what axe finds, and whether the page is wider than its window."""
    context = page.context.new_cdp_session(page)
    context.send("Page.setBypassCSP", {"enabled": True})
    context.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    report: dict[str, Any] = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    faults = [f"{one['id']}: {node['html'][:160]}" for one in report["violations"] for node in one["nodes"]]
    wide = page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
    return [*faults, *(["sticks out"] if wide else [])]
