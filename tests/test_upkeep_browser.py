"""Keeping and forgetting on the page, in a real browser: what is deleted there is in no file of the store any more."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from browsing import (
    App,
    app,
    browser,
    expect,
    needs_browser,
    open_list,
    playwright,
    press,
    press_ask,
    settle,
    write_drafts,
)

__all__ = ["app", "browser"]

pytestmark = needs_browser
WORD, STAYS = "Zwetschgenmus", "Himbeersaft"


def find_words(word: str) -> list[str]:
    """Return the names of the store's files, journals and all, in which a word is."""
    store = Path(os.environ["AUDIENCE_STORE"])
    files = [one for one in store.parent.rglob(f"{store.name}*") if one.is_file()]
    return [one.name for one in files if word.encode() in one.read_bytes()]


def test_a_draft_is_exported_forgotten_and_the_rest_goes_by_age(app: App) -> None:
    """Size, export, forget by name and delete by age, each from Settings after a run of two drafts."""
    page = app.open()
    write_drafts(page, f"Buy {WORD} today.", f"Buy {STAYS} today.")
    press_ask(page)
    page.get_by_text("Who did what").wait_for()
    press(page.get_by_role("link", name="Settings"))
    expect(page.get_by_text("The file holds")).to_contain_text("replies and takes")
    whole = export(page)
    assert WORD in whole
    assert STAYS in whole
    press(page.get_by_text("Forget", exact=True))
    name = page.get_by_label("Name", exact=True)
    name.fill("Z")
    page.keyboard.press("Tab")
    page.get_by_text("Nothing in the file is about it.").wait_for()
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_disabled()
    name.fill("A")
    page.keyboard.press("Tab")
    page.get_by_text("Entries about it:").wait_for()
    assert find_words(WORD)
    press(page.get_by_role("button", name="Delete", exact=True))
    page.get_by_text("entries deleted").wait_for()
    settle(page)
    assert find_words(WORD) == []
    assert find_words(STAYS)
    left = export(page)
    assert WORD not in left
    assert STAYS in left
    assert all(json.loads(line)["table"] for line in left.splitlines())
    press(page.get_by_role("link", name="Campaigns"))
    page.get_by_text("Who did what").wait_for()
    settle(page)
    assert find_words(WORD) == []
    forget_by_age(page)


def forget_by_age(page: playwright.Page) -> None:
    """Make every reply old, and delete what is older than ninety days."""
    store = Path(os.environ["AUDIENCE_STORE"])
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("UPDATE replies SET arrived = '2020-01-01T00:00:00.000Z'")
    press(page.get_by_role("link", name="Settings"))
    press(page.get_by_text("Forget", exact=True))
    open_list(page.get_by_role("combobox", name=re.compile("What")))
    press(page.get_by_role("option", name="what is old"))
    press(page.get_by_role("button", name="Delete what is older"))
    page.get_by_text("The file holds 0 replies").wait_for()
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("SELECT count(*) FROM replies").fetchone() == (0,)


def export(page: playwright.Page) -> str:
    """Return what the page hands out of the store."""
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export the file").click()
    return Path(download.value.path()).read_text(encoding="utf-8")
