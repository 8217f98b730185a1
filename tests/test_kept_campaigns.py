"""Campaigns that the page keeps: found by their owner alone, never overwritten by an older version, merged by word."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from toolkit.store import campaign_log
from toolkit.ui.session import Session, merge
from toolkit.ui.telling import Telling

NOW = datetime.datetime(2026, 11, 28, 12, 0, tzinfo=datetime.UTC)


def make(version: int = 1, content: str = "{}", **fields: Any) -> campaign_log.KeptCampaign:
    """Return a version of one campaign."""
    changed = NOW + datetime.timedelta(minutes=version)
    filled = {"id": "one", "title": "One (1)", "owner": "", "changed": changed} | fields
    return campaign_log.KeptCampaign(version=version, content=content, **filled)


def test_a_version_follows_the_one_before_it(tmp_path: Path) -> None:
    """A second first version and one that skips another are refused, and what is kept stays."""
    with campaign_log.Campaigns(tmp_path / "store.db") as kept:
        assert kept.keep(make())
        assert not kept.keep(make(content="lost"))
        assert kept.keep(make(2, "second"))
        assert not kept.keep(make(2, "too late"))
        assert not kept.keep(make(4, "too soon"))
        found = kept.find("one", "")
        assert found is not None
        assert (found.version, found.content, kept.find_version("one")) == (2, "second", 2)


def test_a_campaign_is_its_owners(tmp_path: Path) -> None:
    """Neither the list nor the id leads anybody else to it, and nobody else can change it."""
    with campaign_log.Campaigns(tmp_path / "store.db") as kept:
        kept.keep(make(owner="ada"))
        kept.keep(make(id="two", owner="bob"))
        assert [one.id for one in kept.list_campaigns("ada")] == ["one"]
        assert kept.find("one", "bob") is None
        assert not kept.keep(make(2, "taken", owner="bob"))


def test_the_last_campaign_is_its_owners(tmp_path: Path) -> None:
    """Of one owner's campaigns the one changed last is found, whatever others did since."""
    with campaign_log.Campaigns(tmp_path / "store.db") as kept:
        assert kept.find_last("ada") is None
        kept.keep(make(owner="ada", id="old"))
        kept.keep(make(owner="bob", id="his", changed=NOW + datetime.timedelta(days=2)))
        kept.keep(make(owner="ada", id="new", changed=NOW + datetime.timedelta(days=1)))
        found = kept.find_last("ada")
        assert found is not None
        assert found.id == "new"


def test_what_is_kept_is_put_back_whole() -> None:
    """Words, names, parts, order, the removed draft and choices are the same; numbers given later are free ones."""
    session = Session()
    session.add_draft()
    session.type_text(0, "One.")
    session.fill_part(2, "headline", "Third")
    session.change_draft(1, name="second")
    session.remove_draft(1)
    session.values |= {"ask-surface": "sms", "ask-key": "secret", "import-of": ("a", ("b",))}
    again = Session()
    again.restore(session.dump())
    assert again.dump() == session.dump()
    assert "secret" not in str(session.dump())
    again.undo_removal()
    again.add_draft()
    assert [slot.name for slot in again.slots] == ["A", "C", "second", "B"]
    assert len({slot.number for slot in again.slots}) == 4


def test_both_tabs_changes_are_kept() -> None:
    """Each draft and choice as whoever changed it left it; a draft that one removed and the other edited stays."""
    first = Session()
    for number, text in enumerate(("One.", "Two.")):
        first.type_text(number, text)
    base = first.dump()
    ours, theirs = Session(), Session()
    for session in (ours, theirs):
        session.restore(base)
    ours.type_text(0, "One, by us.")
    ours.put("ask-surface", "sms")
    theirs.remove_draft(0)
    theirs.type_text(1, "Two, by them.")
    theirs.add_draft()
    merged = Session()
    merged.restore(merge(base, ours.dump(), theirs.dump()))
    assert sorted(slot.text for slot in merged.slots) == ["", "One, by us.", "Two, by them."]
    assert merged.values["ask-surface"] == "sms"


def tell(text: str, base: str, number: int = 0, at: int = 1, version: int = 0, entry: str = "box") -> Telling:
    """Return what a box tells."""
    return Telling(entry=entry, campaign="one", number=number, version=version, base=base, text=text, at=at)


def test_words_typed_into_what_was_replaced_stand_beside_it() -> None:
    """A tab that did not show the newer words yet loses neither those nor its own, and typing on makes no third."""
    session = Session()
    session.type_text(0, "One.")
    session.write_text(0, "Uno, by the other.")
    session.take(tell("One, by", "One."), is_standing=True)
    session.take(tell("One, by us.", "One.", at=2), is_standing=True)
    session.take(tell("One, by us.", "One.", at=2))
    assert [(slot.text, slot.rival) for slot in session.slots] == [
        ("Uno, by the other.", None),
        ("", None),
        ("One, by us.", 0),
    ]
    session.take(tell("Late.", "", number=1, entry="other"))
    assert session.slots[1].text == "Late."
    assert len(session.slots) == 3


def test_words_of_a_box_that_went_come_once_and_in_their_order() -> None:
    """What is told twice, or after what was typed on, changes nothing; a step between is no rival."""
    session = Session()
    session.take(tell("We", ""), is_standing=True)
    assert (session.slots[0].text, session.slots[0].version) == ("We", 0)
    session.take(tell("We open", "", at=2))
    assert (session.slots[0].text, session.slots[0].version) == ("We open", 1)
    session.take(tell("We", "", at=1))
    fresh = Session()
    fresh.type_text(0, "We open")
    fresh.take(tell("We", "", entry="of an earlier session"))
    fresh.take(tell("We open today", "", entry="another"))
    assert [slot.text for slot in session.slots] == ["We open", ""]
    assert [slot.text for slot in fresh.slots] == ["We open today", ""]


def test_words_of_a_draft_that_was_taken_off_come_back_with_it() -> None:
    """What was typed just before a draft went is there once it is brought back, and never lost."""
    session = Session()
    session.take(tell("Two", "", number=1), is_standing=True)
    session.remove_draft(1)
    session.take(tell("Two, more", "", number=1, at=2))
    assert [slot.text for slot in session.slots] == [""]
    session.undo_removal()
    assert [slot.text for slot in session.slots] == ["", "Two, more"]
    session.remove_draft(session.slots[1].number)
    session.remove_draft(0)
    session.take(tell("Words of a draft long gone", "", number=1, entry="late"))
    assert [slot.text for slot in session.slots] == ["Words of a draft long gone"]


def test_two_new_drafts_of_one_number_are_both_there() -> None:
    """Each tab's new draft is a draft of its own, under a name of its own."""
    base, ours, theirs = Session(), Session(), Session()
    for session, text in ((ours, "Ours."), (theirs, "Theirs.")):
        session.add_draft()
        session.type_text(2, text)
    merged = Session()
    merged.restore(merge(base.dump(), ours.dump(), theirs.dump()))
    assert [(slot.name, slot.text) for slot in merged.own_slots[2:]] == [("C", "Ours."), ("C 2", "Theirs.")]


def test_a_campaign_that_is_open_to_the_team_is_everybodys(tmp_path: Path) -> None:
    """A colleague finds and changes it, and cannot open one that is not; its owner closes it again."""
    with campaign_log.Campaigns(tmp_path / "store.db") as kept:
        kept.keep(make(owner="ada"))
        assert not kept.mark("one", "bob", campaign_log.Marks(shared=True))
        assert not kept.has_any("bob")
        assert kept.mark("one", "ada", campaign_log.Marks(shared=True))
        assert [one.id for one in kept.list_campaigns("bob")] == ["one"]
        assert kept.keep(make(2, "by Bob", owner="bob"))
        found = kept.find("one", "ada")
        assert found is not None
        assert (found.content, found.owner) == ("by Bob", "ada")
        kept.mark("one", "ada", campaign_log.Marks(archived=True))
        assert kept.find("one", "bob") is None
        assert kept.find_marks()["one"].archived


def test_an_edit_is_noted_once_in_a_while() -> None:
    """Many letters in one draft are one line of the history; another draft, or a later hour, is another."""
    session, before = Session(), Session().dump()
    session.type_text(0, "One.")
    assert session.list_unnoted(before, session.dump(), lambda: 0.0) == ["A"]
    session.type_text(1, "Two.")
    assert session.list_unnoted(before, session.dump(), lambda: 60.0) == ["B"]
    assert session.list_unnoted(before, session.dump(), lambda: 3_600.0) == ["A", "B"]
