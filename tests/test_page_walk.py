"""A random walk over the page in two tabs: hands that are faster than the page lose no word and ask nobody else."""

from __future__ import annotations

import json
import os
import random
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from browsing import FORM, PATIENCE, App, app, browser, needs_browser, open_list, playwright, settle
from openai_server import OpenAIServer
from provider_rules import Faults

__all__ = ["app", "browser"]

pytestmark = needs_browser
SHORT, LONG = 200, int(os.environ.get("WALK", "2000"))
LOOK_EVERY = 50
"""Steps between two looks at what the store holds."""
LOOKS = 40
"""How often the store is looked at for words that are on their way."""
HURRY = 2_000
"""Milliseconds that a hand waits for something before it does something else."""
AUDIENCES = ("uk-small-sellers", "uk-social-feed", "parents-of-under-13s")
ASK = re.compile(r"^Ask \d+ p")


@dataclass
class Walk:
    """Two tabs of one campaign, what was typed into it, and whom the page said it would ask."""

    app: App
    server: OpenAIServer
    chance: random.Random
    tabs: list[playwright.Page]
    home: str
    """The address of the campaign."""
    typed: list[str] = field(default_factory=list)
    """Every word that stood whole in a box."""
    shown: set[str] = field(default_factory=set[str])
    """The audiences that a tab showed when its button was to be pressed, since the last look."""
    seen: int = 0
    """Rounds that were looked at."""
    done: dict[str, int] = field(default_factory=dict)

    def take(self, steps: int) -> None:
        """Do so many things, in either tab, with up to half a second between them."""
        doing: list[tuple[Callable[[playwright.Page], None], int]] = [
            (self.type, 50), (self.ask, 14), (self.turn, 8), (self.leave, 6), (self.name, 4), (self.reload, 4),
            (self.go_back, 3), (self.add, 2), (self.vex, 5), (self.choose, 2),
        ]  # fmt: skip
        hands, weights = zip(*doing, strict=True)
        for step in range(1, steps + 1):
            page = self.chance.choice(self.tabs)
            hand = self.chance.choices(hands, weights)[0]
            try:
                hand(page)
                self.done[hand.__name__] = self.done.get(hand.__name__, 0) + 1
            except playwright.Error:  # it went while the hand was on its way
                self.recover(page)
            page.wait_for_timeout(self.chance.randrange(1 + self.chance.randrange(500)))
            if step % LOOK_EVERY == 0 or step == steps:
                self.look()

    def type(self, page: playwright.Page) -> None:
        """Type a word at the end of a draft."""
        self.find_form(page)
        boxes = page.get_by_role("textbox", name=re.compile(r"^Draft "))
        boxes.first.wait_for(timeout=HURRY)
        box = boxes.nth(self.chance.randrange(max(1, boxes.count())))
        word = f"w{len(self.typed)}x{self.chance.randrange(1000)}"
        box.focus(timeout=HURRY)
        if not box.evaluate("box => box.matches(':focus')", timeout=HURRY):
            return  # it is locked while people are asked: the keys would press whatever has the focus
        page.keyboard.press("ControlOrMeta+End")
        page.keyboard.type(f" {word}")
        if word in box.input_value(timeout=HURRY):
            self.typed.append(word)

    def ask(self, page: playwright.Page) -> None:
        """Press the button that asks, having read whom."""
        self.find_form(page)
        shown = page.get_by_role("combobox", name=re.compile("Who will read it")).input_value(timeout=HURRY)
        self.shown.add(shown)  # before the press, which may be felt and still not end in time
        page.get_by_role("button", name=ASK).click(timeout=HURRY)

    def turn(self, page: playwright.Page) -> None:
        """Go to another part of the campaign."""
        part = self.chance.choice(["Brief", "Drafts", "Result", "Share"])
        page.get_by_role("radio", name=part, exact=True).click(timeout=HURRY)

    def leave(self, page: playwright.Page) -> None:
        """Go to another page, and sometimes at once to a third."""
        for _ in range(self.chance.randrange(1, 3)):
            name = self.chance.choice(["Runs", "Settings", "Campaigns"])
            page.get_by_role("link", name=name, exact=True).first.click(timeout=HURRY)

    def name(self, page: playwright.Page) -> None:
        """Call the campaign something else."""
        box = page.get_by_role("textbox", name="Campaign", exact=True)
        box.fill(f"Walk {self.chance.randrange(1000)}", timeout=HURRY)
        page.keyboard.press("Tab")

    def reload(self, page: playwright.Page) -> None:
        """Load the page anew, however lately something was typed."""
        page.reload(wait_until="commit")

    def go_back(self, page: playwright.Page) -> None:
        """Press the browser's button."""
        page.go_back(wait_until="commit", timeout=HURRY)
        self.recover(page)

    def add(self, page: playwright.Page) -> None:
        """Add a draft."""
        self.find_form(page)
        page.get_by_role("button", name="Add a draft").click(timeout=HURRY)

    def vex(self, page: playwright.Page) -> None:  # noqa: ARG002 - a hand like the others
        """Let the endpoint hang, die, or work again."""
        self.server.release()
        mood = self.chance.choice(["hang", "die", "work"])
        self.server.faults = Faults(rate_500=1.0 if mood == "die" else 0.0)
        if mood == "hang":
            self.server.hold_after(self.server.count() + self.chance.randrange(20))

    def choose(self, page: playwright.Page) -> None:
        """Look at what came so far, then choose another audience in one tab, and go on without a pause."""
        self.look()
        self.find_form(page)
        open_list(page.get_by_role("combobox", name=re.compile("Who will read it")))
        page.get_by_role("option", name=self.chance.choice(AUDIENCES), exact=True).click(timeout=HURRY)

    def find_form(self, page: playwright.Page) -> None:
        """Go to the drafts, from wherever the tab is."""
        form = page.get_by_text(FORM)
        if form.count():
            return
        drafts = page.get_by_role("radio", name="Drafts", exact=True)
        if not drafts.count():
            self.recover(page)
        drafts.click(timeout=HURRY)
        form.first.wait_for(timeout=HURRY)

    def recover(self, page: playwright.Page) -> None:
        """Bring a tab that was led astray back to the campaign."""
        if not page.url.startswith(self.app.url):
            page.goto(self.home, wait_until="commit")
        page.keyboard.press("Escape")  # a list that is open hides the rest
        link, row = (
            page.get_by_role("link", name="Campaigns", exact=True).first,
            page.locator("[class*=st-key-open-of]"),
        )
        link.wait_for()
        if page.get_by_role("radio", name="Drafts", exact=True).count():
            return
        link.click()
        page.get_by_role("radio", name="Drafts", exact=True).or_(row).first.wait_for()
        if row.count():
            row.first.get_by_role("button").click()

    def list_missing(self) -> list[str]:
        """Return the words that were typed and are not in the store."""
        held, _ = read_store()
        return [word for word in self.typed if word not in held]

    def look(self) -> None:
        """See that every word is in the store, and that nobody was asked but whom a tab showed."""
        self.server.release()
        self.server.faults = Faults()
        for page in self.tabs:
            self.recover(page)
            settle(page)
            assert page.locator("[data-testid=stException]").count() == 0, page.inner_text("body")[:2_000]
        if self.list_missing():  # words that were typed into a box that went are told when the drafts are drawn again
            for page in self.tabs:
                self.recover(page)
                page.get_by_role("radio", name="Drafts", exact=True).click()
                page.get_by_text(FORM).first.wait_for()
                settle(page)
        for _ in range(LOOKS):
            if not self.list_missing():
                break
            self.tabs[0].wait_for_timeout(500)
        assert self.list_missing() == []
        _, audiences = read_store()
        assert set(audiences[self.seen :]) <= self.shown, (audiences[self.seen :], self.shown)
        self.seen = len(audiences)
        self.shown.clear()


def read_store() -> tuple[str, list[str]]:
    """Return all drafts that are kept now, and the audience of each round that was asked, the first first."""
    with closing(sqlite3.connect(os.environ["AUDIENCE_STORE"])) as store:
        held = [row[0] for row in store.execute("SELECT content FROM kept_campaigns")]
        rounds = [row[0] for row in store.execute("SELECT content FROM campaign_rounds WHERE asked ORDER BY asked_at")]
    texts = [slot["text"] for content in held for slot in json.loads(content)["slots"].values()]
    return "\n".join(texts), [json.loads(content)["values"]["ask-audience"] for content in rounds]


def walk(app: App, server: OpenAIServer, steps: int, seed: int) -> Walk:
    """Walk so many steps from a new campaign that is open in two tabs."""
    first = app.open()
    box = first.get_by_role("textbox", name="Draft A", exact=True)
    box.fill("Begun.")
    first.keyboard.press("Tab")
    first.wait_for_url(re.compile("campaign="))
    settle(first)
    second = first.context.new_page()
    second.set_default_timeout(PATIENCE)
    second.goto(first.url)
    second.get_by_text(FORM).first.wait_for()
    settle(second)
    walked = Walk(app, server, random.Random(seed), [first, second], first.url, ["Begun."])  # noqa: S311 - a walk
    walked.take(steps)
    return walked


@pytest.mark.timeout(900)
def test_fast_hands_lose_no_word_and_ask_nobody_else(app: App, server: OpenAIServer) -> None:
    """Typing, pressing, reloading, going back, in two tabs, with an endpoint that hangs and dies."""
    walked = walk(app, server, SHORT, seed=20261129)
    assert len(walked.typed) > SHORT / 10
    assert walked.seen
    assert {"reload", "go_back", "leave", "vex", "ask"} <= set(walked.done)


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
def test_two_thousand_steps_lose_no_word(app: App, server: OpenAIServer) -> None:
    """The same for as long as somebody works on a campaign for a day."""
    walked = walk(app, server, LONG, seed=20261130)
    assert len(walked.typed) > LONG / 10
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in Path(app.folder, "runs").glob("*/run.json")]
    assert len(runs) <= walked.seen
