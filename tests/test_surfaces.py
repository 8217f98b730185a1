"""Surfaces as data: dated, complete, and open to a team's own."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted import ScriptedEngine, reading

import toolkit
from toolkit import load_audience, load_drafts
from toolkit.drafts.surfaces import (
    cut_at_fold,
    describe_draft,
    find_limit_place,
    find_surface,
    is_folded,
    place_fold,
    surface_names,
)
from toolkit.errors import InputError
from toolkit.models import Audience, Campaign, Draft

Command = Callable[..., Any]
ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


@pytest.mark.parametrize("name", surface_names())
def test_every_figure_is_dated_and_sourced(name: str) -> None:
    """Each surface and each limit says where it comes from and when somebody last looked."""
    surface = find_surface(name)
    for figure in (surface, *surface.limits):
        assert figure.source
        assert figure.checked >= datetime.date(2026, 11, 1)
    assert {limit.field for limit in surface.limits} <= set(surface.fields)
    assert "text" in surface.fields


def test_a_retired_surface_names_its_successor() -> None:
    """The website chat tells the day it ended and what to use."""
    surface = find_surface("customer_chat")
    assert surface.retired == datetime.date(2024, 5, 9)
    assert "Messenger link" in str(surface.replacement)


def test_phone_and_desktop_fold_apart() -> None:
    """A Facebook post shows 125 characters on a phone and 477 on a desktop."""
    surface = find_surface("facebook_post")
    assert place_fold("a" * 600, surface, "phone") == 125
    assert place_fold("a" * 600, surface, "desktop") == 477
    assert place_fold("a" * 125, surface, "phone") is None


def test_a_fold_tears_no_emoji() -> None:
    """A family that straddles the fold is hidden whole."""
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert place_fold("a" * 123 + family + "b" * 9, find_surface("facebook_post"), "phone") == 123


def test_whatsapp_folds_after_lines() -> None:
    """Five short lines show, the sixth does not."""
    surface = find_surface("whatsapp_template")
    assert place_fold("a\n" * 4 + "a", surface, "phone") is None
    place = place_fold("a\n" * 9 + "a", surface, "phone")
    assert place is not None
    assert place <= 10


def test_a_cut_draft_keeps_its_headline() -> None:
    """At the fold the text ends in "See more"; the parts beside it stay."""
    draft = Draft(id="one", text="jam " * 50, surface="facebook_post", headline="Jam today")
    assert is_folded(draft)
    assert "… See more\nHeadline: Jam today" in cut_at_fold(draft)
    assert cut_at_fold(draft.model_copy(update={"text": "jam"})) == "jam\nHeadline: Jam today"
    assert "jam jam" in describe_draft(draft)


def test_a_limit_may_hang_on_another_part() -> None:
    """A Messenger text with buttons is a template: 640 characters instead of 2,000."""
    surface = find_surface("messenger_message")
    draft = Draft(id="one", text="a" * 3000, buttons=("Yes",))
    assert find_limit_place(draft.text, surface, "text", draft) == 640
    assert find_limit_place(draft.text, surface, "text") == 2000
    assert find_limit_place("a" * 640, surface, "text", draft) is None


def test_a_folder_adds_and_replaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A team's own file is a surface, and one of the same name wins over the built-in."""
    own = (
        "label: notice in the lift\nlayout: feed\nsource: our own measure\nchecked: 2026-11-24\nfields: [text]\n"
        "actions: [read]\nlimits:\n  - {field: text, value: 10, unit: characters, kind: hard, source: us, "
        "checked: 2026-11-24}\n"
    )
    (tmp_path / "lift_notice.yaml").write_text(own)
    (tmp_path / "sms.yaml").write_text(own)
    monkeypatch.setenv("AUDIENCE_SURFACES", str(tmp_path))
    assert "lift_notice" in surface_names()
    assert find_surface("sms").label == "notice in the lift"
    assert find_limit_place("a" * 11, find_surface("lift_notice"), "text") == 10


def test_a_faulty_surface_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong layout names the file, the line and what is allowed; a folder that is missing is named, too."""
    (tmp_path / "odd.yaml").write_text("label: odd\nlayout: poster\nsource: us\nchecked: 2026-11-24\n")
    monkeypatch.setenv("AUDIENCE_SURFACES", str(tmp_path))
    with pytest.raises(InputError, match=r"odd.yaml:2: layout is 'poster'.*'chat'"):
        find_surface("odd")
    monkeypatch.setenv("AUDIENCE_SURFACES", str(tmp_path / "absent"))
    with pytest.raises(InputError, match="no such folder"):
        surface_names()


OWN = (
    "label: shelf\nlayout: listing\nsource: us\nchecked: 2026-11-24\nfields: [text]\nactions: [read, click]\n"
    "labels: {add to basket: click, mute: hide}\n"
)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("actions: [read, clik]", "'clik' is no action; did you mean click.*labels: {clik: click}"),
        ("labels: {add to basket: buy}", "counts as 'buy', which nobody does there.*allowed: read, click, hide"),
        ("labels: {click: read}", "'click' is no label"),
        ("labels: {add to basket: share}", "'share', which nobody does there"),
    ],
)
def test_actions_of_a_surface_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, said: str
) -> None:
    """An action that nobody knows, and a label that counts as none, are one line with the place and what is allowed."""
    field = line.partition(":")[0]
    (tmp_path / "shelf.yaml").write_text(re.sub(rf"^{field}:.*$", line, OWN, flags=re.MULTILINE))
    monkeypatch.setenv("AUDIENCE_SURFACES", str(tmp_path))
    with pytest.raises(InputError, match=said) as fault:
        find_surface("shelf")
    assert re.match(rf"{re.escape(str(tmp_path / 'shelf.yaml'))}:\d: {field}", str(fault.value))


def test_the_team_file_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`surfaces` of the team's file is a folder beside it, wherever in the repository somebody works."""
    (tmp_path / "places").mkdir()
    (tmp_path / "places" / "shelf.yaml").write_text(OWN)
    (tmp_path / "audience.toml").write_text('surfaces = "places"\n')
    (tmp_path / "campaigns").mkdir()
    monkeypatch.chdir(tmp_path / "campaigns")
    assert find_surface("shelf").deeds == {"add_to_basket": "click", "mute": "hide"}


def test_the_option_names_the_folder(tmp_path: Path, command: Command) -> None:
    """`--surfaces` holds for one command and no longer."""
    (tmp_path / "shelf.yaml").write_text(OWN)
    draft = tmp_path / "draft.txt"
    draft.write_text("Jam today.")
    assert command("lint", draft, "--surface", "shelf", "--surfaces", tmp_path).returncode == 0
    assert "unknown surface 'shelf'" in command("lint", draft, "--surface", "shelf").stderr


def test_an_action_of_ones_own_counts_as_its_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, audience: Audience
) -> None:
    """A reply may name a surface's own action: it counts as its class, and keeps its name in a column of its own."""
    (tmp_path / "shelf.yaml").write_text(OWN)
    monkeypatch.setenv("AUDIENCE_SURFACES", str(tmp_path))
    draft = Draft(id="jam", text="Jam today.", surface="shelf")
    engine = ScriptedEngine(lambda _: reading("Add to basket"))
    campaign = Campaign(campaign="jam", objective="click", drafts=(draft,))
    run = toolkit.run(campaign, audience, engine=engine, control=False, sample=2)
    assert engine.questions[0].schema is not None
    assert engine.questions[0].schema["properties"]["action"]["enum"][-2:] == ["add_to_basket", "mute"]
    assert run.reactions.select("action", "action_label").unique().rows() == [("click", "add_to_basket")]
    assert run.scorecard().filter(measure="objective_rate")["estimate"].to_list() == [1.0]


def test_every_named_system_has_an_example() -> None:
    """Each of the eight places has a campaign of its own."""
    shown = {draft.surface for path in EXAMPLES for draft in load_drafts(path)}
    assert {
        "messenger_message",
        "click_to_messenger_ad",
        "customer_chat",
        "messenger_kids",
        "pin_share_messenger",
        "marketplace_listing",
        "buy_sell_group_post",
    } <= shown
    invoices = load_drafts(ROOT / "examples" / "paypal-invoices.yaml")
    assert all("invoice" in draft.text.lower() for draft in invoices)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_name_audiences_that_exist(path: Path) -> None:
    """An example can be run as it stands."""
    campaign = load_drafts(path)
    assert campaign.audience is not None
    assert load_audience(campaign.audience).personas
    assert campaign.objective is not None
