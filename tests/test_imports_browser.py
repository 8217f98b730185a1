"""Files brought into the page in a real browser: copy, people and results, each with a look at its columns."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

import pytest
from browsing import App, app, browser, expect, needs_browser, playwright, press, settle

from toolkit.audiences import load_audience
from toolkit.files.tables import headings

__all__ = ["app", "browser"]

FILES = Path(__file__).parent / "data" / "files"
_PRESSES = 3
pytestmark = needs_browser


def choose(page: playwright.Page, label: str, value: str) -> None:
    """Choose a value of a box, as a person would."""
    option = page.get_by_role("option", name=value, exact=True)
    for _ in range(_PRESSES):
        press(page.get_by_label(label))
        with contextlib.suppress(playwright.TimeoutError):  # a box that is drawn anew meanwhile closes again
            option.click(timeout=10_000)
            break
    settle(page)
    expect(page.get_by_label(label)).to_have_value(value)


def open_start(page: playwright.Page, path: Path) -> None:
    """Give the page a file of drafts."""
    press(page.get_by_role("button", name="Start from an example or a file"))
    page.locator("input[type=file]").set_input_files(path)


def expect_drafts(page: playwright.Page, *texts: str) -> None:
    """Wait until drafts A, B, ... have those words."""
    for text in texts:
        page.get_by_text(text).first.wait_for()


def test_copy_is_opened_from_calendars_sheets_and_payloads(app: App) -> None:
    """One place of a calendar is chosen, a payload is one draft, and what is not used is told."""
    page = app.open()
    open_start(page, FILES / "calendar.csv")
    page.get_by_text("Columns not used: Date, Owner, Status.").wait_for()
    choose(page, "Place to test", "LinkedIn post")
    press(page.get_by_role("button", name="Open this file"))
    expect_drafts(page, "The coat you never wear")
    open_start(page, FILES / "whatsapp_template.json")
    page.get_by_text("Read as the payload of a WhatsApp template: 1 draft").wait_for()
    press(page.get_by_role("button", name="Open this file"))
    expect_drafts(page, "Hi Pablo, list your coat in two minutes.")


def test_columns_of_copy_are_chosen_and_remembered(app: App) -> None:
    """A heading that no rule knows is named once, with the rows in view; the file keeps it as `--map` does."""
    table = app.folder / "plan.csv"
    table.write_text("Nr,What we say,Wann\n1,Bake on Sunday.,24.11.2026\n2,Bring a friend.,25.11.2026\n")
    page = app.open()
    open_start(page, table)
    page.get_by_text("there is no column text").wait_for()
    choose(page, "Column of the words", "What we say")
    press(page.get_by_role("button", name="Open this file"))
    expect_drafts(page, "Bake on Sunday.", "Bring a friend.")
    assert headings.load_map(table) == {"text": "What we say"}
    open_start(page, table)
    page.get_by_text("Columns not used: Nr, Wann.").wait_for()


def test_a_survey_becomes_an_audience(app: App) -> None:
    """The first rows are shown, contact data stays behind, the age is another column, and the file remembers it."""
    survey = app.folder / "qualtrics_q.csv"
    shutil.copy(FILES / "qualtrics_q.csv", survey)
    page = app.open()
    press(page.get_by_role("link", name="Audiences"))
    press(page.get_by_role("radio", name="Import rows"))
    page.locator("input[type=file]").set_input_files(survey)
    page.get_by_text("The first 3 of 12").wait_for()
    page.get_by_text(re.compile("Left out as personal: IPAddress")).wait_for()
    press(page.get_by_text("The first rows of the file"))
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    choose(page, "Column of the id", "(none)")
    page.get_by_text("p001").first.wait_for()
    press(page.get_by_role("button", name="Open it"))
    page.get_by_text("12 of 12 personas").wait_for()
    press(page.get_by_role("button", name="Save", exact=True))
    press(page.get_by_role("button", name="Save the audience"))
    page.get_by_text("You saved personas/qualtrics_q.yaml").or_(
        page.get_by_text("You saved personas/")
    ).first.wait_for()
    saved = next((app.folder / "personas").glob("*.yaml"))
    people = load_audience(saved).personas
    assert [person.age for person in people[:2]] == [20, 23]
    assert not [word for word in ("203.0.113", "R_0", "51.5") if word in saved.read_text()]
    assert headings.load_map(survey) == {"id": ""}


def test_persona_sets_are_opened(app: App) -> None:
    """A JSON file of TinyTroupe is an audience of one."""
    page = app.open()
    press(page.get_by_role("link", name="Audiences"))
    press(page.get_by_role("radio", name="Import rows"))
    page.locator("input[type=file]").set_input_files(FILES / "Lisa.agent.json")
    page.get_by_text("The first 1 of 1").wait_for()
    page.get_by_text("Lisa Carter").first.wait_for()


def test_results_are_uploaded_with_their_columns(app: App) -> None:
    """An export is read as it is; a table of one's own is mapped, kept, remembered and taken back."""
    table = app.folder / "posts.csv"
    table.write_text("What we said,Eyes,Taps\nBake on Sunday.,1200,48\nBring a friend.,1300,20\n")
    page = app.open()
    press(page.get_by_role("link", name="Validity", exact=True))
    uploader = page.locator("input[type=file]")
    uploader.set_input_files(FILES / "meta_en.csv")
    page.get_by_text("read as a Meta Ads export: 2 results").wait_for()
    page.get_by_text("1 total row without a name left out (line 2)").wait_for()
    uploader.set_input_files(table)
    page.get_by_text("no column draft or draft_id").wait_for()
    for label, column in (("the words", "What we said"), ("how often it was shown", "Eyes"), ("clicks", "Taps")):
        choose(page, f"Column of {label}", column)
    page.get_by_text("Of 2 in the table, 0 of tested drafts").wait_for()
    press(page.get_by_role("button", name="Keep the results of the table"))
    page.get_by_text("New results kept: 2").wait_for()
    assert headings.load_map(table) == {"draft": "What we said", "shown": "Eyes", "clicks": "Taps"}
    press(page.get_by_role("button", name="Take back"))
    page.get_by_text("No results yet.").wait_for()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.xlsx", b"PK\x03\x04 no", "not a readable .xlsx table"),
        ("a.csv", b"text\nHello\nHello, you\n", "2 cells under 1 columns"),
    ],
)
def test_what_cannot_be_read_is_one_line(app: App, name: str, data: bytes, said: str) -> None:
    """The refusal names the file as it was called, and the drafts on the page stay."""
    page = app.open()
    press(page.get_by_role("button", name="Start from an example or a file"))
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": data})
    page.get_by_text(re.compile(rf"^{re.escape(name)}.*{re.escape(said)}")).wait_for()
    expect(page.get_by_role("button", name="Open this file")).to_have_count(0)
