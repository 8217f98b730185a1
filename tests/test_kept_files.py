"""Kept campaigns as files, from Python and on the command line: the same bytes, the same names, nothing lost."""

from __future__ import annotations

import datetime
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import Command

import toolkit
from toolkit.drafts import kept
from toolkit.drafts.kept import content, shelf
from toolkit.errors import InputError
from toolkit.files import normalising
from toolkit.models import Campaign, Draft, records
from toolkit.store import approvals, test_log
from toolkit.store.campaigns import Comment, Comments, Rounds
from toolkit.store.upkeep import About, Upkeep

NOW = datetime.datetime(2026, 11, 29, 9, 5, tzinfo=datetime.UTC)
EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.yaml"))
WITH_BRIEF = """# kept for the spring
campaign: spring
surface: facebook_post
objective: click
brief: {goal: more visitors, must_haves: [Sunday, 10 a.m.]}
drafts:
  - {id: plain, text: Come on Sunday., headline: "Market"}
checks:
  - lint: error
"""


@pytest.mark.parametrize(
    "example", [path for path in EXAMPLES if path.stem != "customer-chat"], ids=lambda one: one.stem
)
def test_an_unchanged_campaign_is_exported_to_the_byte(example: Path, tmp_path: Path) -> None:
    """A file that was imported comes out as it was, comments and all; what comes out goes in and comes out again."""
    store = tmp_path / "store.db"
    found = kept.import_kept(store, example)
    assert kept.export_kept(store, found.id) == example.read_text(encoding="utf-8")
    assert kept.import_kept(store, example).id == found.id


def test_a_changed_campaign_keeps_what_the_page_does_not_know(tmp_path: Path) -> None:
    """Checks and headline stay; words, name and brief are the new ones; the new file is stable to the byte."""
    store, file, again = tmp_path / "store.db", tmp_path / "spring.yaml", tmp_path / "again.yaml"
    file.write_text(WITH_BRIEF, encoding="utf-8")
    found = kept.import_kept(store, file)

    def edit(held: content.Content) -> content.Content:
        held["slots"]["0"]["text"] = "Come on Sunday at 10."
        return {**held, "values": {**held["values"], content.TONE: "friendly"}}

    shelf.change_kept(store, found.id, edit)
    written = kept.export_kept(store, found.id)
    again.write_text(written, encoding="utf-8")
    loaded = toolkit.load_drafts(again)
    assert (loaded.drafts[0].text, loaded.drafts[0].headline) == ("Come on Sunday at 10.", "Market")
    assert loaded.checks == ({"lint": "error"},)
    assert loaded.brief is not None
    assert loaded.brief.describe() == 'Goal: more visitors. Tone: friendly. Keep these words: "Sunday"; "10 a.m.".'
    other = tmp_path / "other.db"
    assert kept.export_kept(other, kept.import_kept(other, again).id) == written
    shelf.change_kept(store, found.id, lambda held: {**held, "values": {**held["values"], content.TONE: ""}})
    shelf.change_kept(store, found.id, lambda held: {**held, **content.make_content(toolkit.load_drafts(file))})
    assert kept.export_kept(store, found.id) == WITH_BRIEF


def test_a_missing_must_have_is_a_finding(tmp_path: Path) -> None:
    """Each is told of the draft that lacks it, whatever the size of its letters, and a campaign can silence it."""
    file = tmp_path / "spring.yaml"
    file.write_text(WITH_BRIEF.replace("Come on Sunday", "Come on SUNDAY"), encoding="utf-8")
    found = [one for one in toolkit.lint(file) if one.rule == "brief.must-have"]
    assert [one.message for one in found] == ['the brief asks for "10 a.m.", and the draft does not have it']
    assert not any(one.rule.startswith("brief") for one in toolkit.lint(file, ignore=["brief"]))


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    """An import, a copy and another name keep names apart; a name of nobody is refused with the nearest."""
    store, file = tmp_path / "store.db", tmp_path / "spring.yaml"
    file.write_text(WITH_BRIEF, encoding="utf-8")
    first = kept.import_kept(store, file)
    file.write_text(WITH_BRIEF.replace("Sunday.", "Monday."), encoding="utf-8")
    assert kept.import_kept(store, file).name == "spring 2"
    assert kept.shelf.duplicate_kept(store, first.id).name == "spring copy"
    with pytest.raises(InputError, match="another campaign is called 'spring 2'"):
        kept.rename_kept(store, first.id, "spring 2")
    with pytest.raises(InputError, match=r"no campaign is called 'sprng'.*spring"):
        kept.find_kept(store, "sprng")
    assert sorted(one.campaign for one in toolkit.load_campaigns(store=store)) == ["spring", "spring 2", "spring copy"]


def test_python_writes_what_the_page_lists(tmp_path: Path) -> None:
    """A campaign saved from Python is kept once, with its brief; another of its name gets a number."""
    store = tmp_path / "store.db"
    brief = records.Brief(goal="Sell coats.", must_haves=("Sunday",))
    coats = Campaign(
        campaign="coats",
        objective="reply",
        brief=brief,
        drafts=(Draft(id="A", text="Coats on Sunday.", image="a.png"),),
    )
    assert [toolkit.save_campaign(coats, store=store) for _ in range(2)] == ["coats", "coats"]
    other = coats.replace_drafts((Draft(id="A", text="Hats on Sunday."),))
    assert toolkit.save_campaign(other, store=store) == "coats 2"
    found = {one.campaign: one for one in toolkit.load_campaigns(store=store)}
    assert (found["coats"].brief, found["coats"].objective, found["coats"].drafts) == (brief, "reply", coats.drafts)
    assert kept.list_history(store, kept.find_kept(store, "coats"))[2][0].what == "saved it from Python"
    with pytest.raises(InputError, match="campaign"):
        toolkit.save_campaign("coats", store=store)  # type: ignore[arg-type]


def test_approvals_and_comments_follow_a_new_name(tmp_path: Path) -> None:
    """What people said of a campaign is said of it under its new name, and its history says who renamed it."""
    store, file = tmp_path / "store.db", tmp_path / "spring.yaml"
    file.write_text(WITH_BRIEF, encoding="utf-8")
    found, draft = kept.import_kept(store, file), toolkit.load_drafts(file).drafts[0]
    with approvals.Approvals(store) as approved, Comments(store) as comments:
        approved.approve(
            approvals.Approval(
                digest=draft.digest, campaign="spring", draft_id="plain", approved_by="Ada", approved_at=NOW
            )
        )
        comments.add(Comment(campaign="spring", draft_id="plain", words="Good.", said_by="Ada", said_at=NOW))
    kept.rename_kept(store, found.id, "Spring market", done_by="Bo")
    with approvals.Approvals(store) as approved:
        assert [one.approved_by for one in approved.find("Spring market", draft)] == ["Ada"]
    rounds, said, events = kept.list_history(store, kept.find_kept(store, "Spring market"))
    assert [one.words for one in said] == ["Good."]
    assert (events[0].done_by, events[0].what) == ("Bo", "renamed it from spring")
    assert not rounds


def trace(store: Path, run_id: str, campaign: str, *drafts: Draft) -> None:
    """Leave what a run leaves in the store."""
    rows = [
        test_log.Tested(
            run_id=run_id, draft_hash=one.digest, text_hash=normalising.hash_text(one.text), draft_id=one.id,
            campaign=campaign, surface=one.surface, text=one.text, headline=one.headline,
            objective="click", panel_rate=0.1, panel_n=12, control_rate=None, control_n=0, model="m", engine="openai",
            finished=f"2026-11-2{run_id[-1]}T10:00:00+00:00",
        )
        for one in drafts
    ]  # fmt: skip
    with test_log.History(store) as history:
        history.keep_run(rows)


def test_runs_of_earlier_versions_are_campaigns(tmp_path: Path) -> None:
    """Runs of one name are rounds of one campaign; nameless ones of the page go by their words; a rewrite's too."""
    store = tmp_path / "store.db"
    one, two, other = (
        Draft(id=name, text=text) for name, text in (("A", "Pay in the chat."), ("B", "Paid today."), ("A", "A coat."))
    )
    trace(store, "run-1", "invoices", one, two)
    trace(store, "run-2", "drafts from the page", one)
    trace(store, "run-3", "drafts from the page", other)
    trace(store, "run-4", "invoices", one)
    trace(store, "run-5", "rewrite of invoices", one, two)
    assert kept.adopt_runs(store) == 5
    assert kept.adopt_runs(store) == 0
    found = {one.name: one for one in kept.list_kept(store)}
    assert {name: (kept.rounds, kept.last_run) for name, kept in found.items()} == {
        "invoices": (4, "run-5"),
        "A coat": (1, "run-3"),
    }
    assert found["invoices"].drafts == ("A", "B")


def test_a_forgotten_draft_leaves_its_rounds(tmp_path: Path) -> None:
    """Its words are in no round any more; a campaign that is forgotten takes rounds and history with it."""
    store = tmp_path / "store.db"
    secret = Draft(id="A", text="A secret coat.")
    trace(store, "run-1", "coats", secret)
    kept.adopt_runs(store)
    with Upkeep(store) as upkeep:
        assert upkeep.forget(About(draft="A")).rows
    assert b"secret" not in store.read_bytes()
    with Rounds(store) as rounds:
        assert rounds.find_last() == {}


def test_the_command_reads_and_writes_what_the_page_keeps(command: Callable[..., Any], tmp_path: Path) -> None:
    """Import, list, show, rename and export, by name; the file that comes out is the one that went in."""
    folder = tmp_path / "work"
    (folder / "spring.yaml").write_text(WITH_BRIEF, encoding="utf-8")
    assert "kept as spring" in command("campaigns", "import", "spring.yaml").stdout
    listed = json.loads(command("campaigns", "list", "--json").stdout)
    assert [(one["name"], one["drafts"], one["rounds"]) for one in listed["campaigns"]] == [("spring", ["plain"], 0)]
    shown = json.loads(command("campaigns", "show", "spring", "--json").stdout)
    assert shown["yaml"] == WITH_BRIEF
    assert command("campaigns", "export", "spring", "-o", "out.yaml").returncode == 0
    assert (folder / "out.yaml").read_text(encoding="utf-8") == WITH_BRIEF
    assert command("campaigns", "export", "spring", "-o", "out.txt").returncode == 2
    assert "now called summer" in command("campaigns", "rename", "spring", "summer").stdout
    assert command("campaigns", "show", "spring").returncode == 2


def test_a_store_of_the_version_before_opens_with_its_campaigns(tmp_path: Path) -> None:
    """Kept drafts have their names and words, and the run that the page made of them is their first round."""
    store = tmp_path / "store.db"
    before = Path(__file__).parent / "data" / "stores" / "before_campaigns.sql"
    with closing(sqlite3.connect(store)) as connection:
        connection.executescript(before.read_text(encoding="utf-8"))
    assert kept.adopt_runs(store) == 1
    found = {one.name: one for one in kept.list_kept(store)}
    assert {name: (one.drafts, one.rounds) for name, one in found.items()} == {
        "Get paid in the chat": (("A", "today"), 1),
        "Spring market on Sunday": (("A",), 0),
    }
    rounds, _, _ = kept.list_history(store, found["Get paid in the chat"])
    assert [slot.text for slot in content.read_slots(json.loads(rounds[0].content))] == [
        "Get paid in the chat.",
        "Get paid today.",
    ]
    assert [one.campaign for one in toolkit.load_campaigns(store=store)] == list(found)


def test_pictures_travel_with_their_campaign(command: Command, tmp_path: Path) -> None:
    """They are kept with an import, come back under their names and to the byte, and no other file is replaced."""
    picture = (b"\x89PNG\r\n\x1a\n" + b"a picture", b"\x89PNG\r\n\x1a\n" + b"a logo")
    home = tmp_path / "first"
    (home / "art").mkdir(parents=True)
    (home / "art/lamp.png").write_bytes(picture[0])
    (home / "logo.png").write_bytes(picture[1])
    text = (
        "campaign: Lamps\nsurface: facebook_post\nbrief: {avatar: logo.png}\ndrafts:\n"
        "- {id: A, text: A brass lamp., image: art/lamp.png, alt: A lamp}\n- {id: B, text: A lamp., image: gone.png}\n"
    )
    (home / "lamps.yaml").write_text(text)
    command("campaigns", "import", str(home / "lamps.yaml"))
    kept = Path(os.environ["AUDIENCE_STORE"])
    assert len(list(kept.with_name(f"{kept.stem}-pictures").iterdir())) == 2
    out = tmp_path / "second"
    out.mkdir()
    said = command("campaigns", "export", "Lamps", "-o", str(out / "lamps.yaml"))
    assert "written, with 2 pictures beside it" in said.stdout
    (loaded,) = toolkit.load_campaigns()
    assert loaded.file is not None
    assert Path(loaded.file).with_name(str(loaded.drafts[0].image)).read_bytes() == picture[0]
    assert (out / "lamps.yaml").read_text() == text
    assert ((out / "art/lamp.png").read_bytes(), (out / "logo.png").read_bytes()) == picture
    assert loaded.brief is not None
    assert Path(loaded.file).with_name(str(loaded.brief.avatar)).read_bytes() == picture[1]
    (out / "logo.png").write_bytes(b"mine")
    again = command("campaigns", "export", "Lamps", "-o", str(out / "lamps.yaml"), "--force")
    assert "another file has this name" in again.stderr
    assert (out / "logo.png").read_bytes() == b"mine"


def test_one_picture_under_two_names_leaves_its_file_as_it_is(tmp_path: Path) -> None:
    """The same bytes are kept once, and the export says what the import said, to the byte."""
    picture, store = b"\x89PNG\r\n\x1a\n" + b"a lamp", tmp_path / "kept.sqlite"
    for name in ("one.png", "other.png"):
        (tmp_path / name).write_bytes(picture)
    text = (
        "campaign: Twins\nsurface: facebook_post\ndrafts:\n"
        "- {id: A, text: A lamp., image: one.png}\n- {id: B, text: The lamp., image: other.png}\n"
    )
    (tmp_path / "twins.yaml").write_text(text)
    found = kept.import_kept(store, tmp_path / "twins.yaml")
    assert kept.export_kept(store, found.id) == text
