"""Finished runs on the shelf: found by their words, set side by side, their drafts approved."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.errors import InputError
from toolkit.models import Audience, Campaign, Draft
from toolkit.models.exchange import Question
from toolkit.results import Run
from toolkit.results.archive import compare_runs, search_shelf, shelve
from toolkit.store.approvals import Approval, Approvals

NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)


def answer(question: Question) -> dict[str, object]:
    """Answer as an audience that taps what gets it paid today."""
    return reading("click" if "today" in question.prompt else "read")


def ask(campaign: Campaign, audience: Audience, **options: object) -> Run:
    """Return a run on a scripted engine."""
    return toolkit.run(campaign, audience, engine=ScriptedEngine(answer), rating="direct", **options)


def edit(campaign: Campaign, text: str) -> Campaign:
    """Return the campaign with other words in its first draft."""
    first = campaign.drafts[0].model_copy(update={"text": text})
    return campaign.model_copy(update={"drafts": (first, *campaign.drafts[1:])})


def test_the_shelf_says_what_a_run_was(campaign: Campaign, audience: Audience, tmp_path: Path) -> None:
    """Campaign, drafts, people, model and verdict are read from the folder, and found by any of their words."""
    folder = ask(campaign, audience).save(tmp_path / "one")
    found = shelve(folder)
    assert (found.campaign, found.drafts, found.personas) == ("invoices", ("plain", "benefit"), 12)
    assert found.verdict == "benefit is best"
    assert search_shelf([found], "JAM scripted paid") == [found]
    assert search_shelf([found], "") == [found]
    assert search_shelf([found], "jam nobody") == []


def test_a_broken_run_is_one_line(campaign: Campaign, audience: Audience, tmp_path: Path) -> None:
    """A folder that cannot be read is named with the next step."""
    folder = ask(campaign, audience).save(tmp_path / "one")
    (folder / "scorecard.parquet").write_bytes(b"not parquet")
    with pytest.raises(InputError, match=r"one: the run cannot be read: .*; run the test again"):
        shelve(folder)


def test_two_runs_say_what_changed_and_what_moved(campaign: Campaign, audience: Audience) -> None:
    """An edited draft is compared within the personas of both runs, second minus first; the other did not move."""
    found = compare_runs(ask(campaign, audience), ask(edit(campaign, "Be paid today."), audience))
    assert found.changes == ("draft plain was edited",)
    moved = {row["draft_b"]: (row["difference"], row["verdict"]) for row in found.differences.to_dicts()}
    assert moved == {"plain (second)": (1.0, "B"), "benefit (second)": (0.0, "too close to call")}
    assert found.rates["draft_id"].to_list() == [
        "plain (first)", "benefit (first)", "plain (second)", "benefit (second)",
    ]  # fmt: skip
    assert "12 personas" in found.caution


def test_runs_of_other_people_stand_beside_each_other(campaign: Campaign, audience: Audience) -> None:
    """Too few personas in both runs compare nothing, and the page says so."""
    others = tuple(persona.model_copy(update={"id": f"other-{persona.id}"}) for persona in audience.personas)
    found = compare_runs(ask(campaign, audience), ask(campaign, audience.model_copy(update={"personas": others})))
    assert found.differences.is_empty()
    assert found.caution.startswith("0 personas answered both")
    assert found.changes == ("the audience: jam-sellers (12 personas), then jam-sellers (12 personas)",)


def test_an_approval_is_of_words_and_an_edit_voids_it(tmp_path: Path) -> None:
    """An approval stands for the draft as it was; edited, it is remembered as voided; it can be taken back."""
    draft = Draft(id="plain", text="Send an invoice.")
    edited = draft.model_copy(update={"text": "Send one invoice."})
    approval = Approval(digest=draft.digest, campaign="jam", draft_id="plain", approved_by="Ada", approved_at=NOON)
    with Approvals(tmp_path / "store.sqlite") as kept:
        kept.approve(approval)
        kept.approve(approval.model_copy(update={"note": "again"}))
        assert kept.find("jam", draft) == [approval]
        assert kept.find_voided("jam", edited) == [approval]
        assert kept.find("jam", edited) == kept.find("other", draft) == []
    with Approvals(tmp_path / "store.sqlite") as kept:
        assert kept.find("jam", draft)[0].describe() == "Ada, 24 November 2026, 12:00 UTC"
        kept.withdraw(approval)
        assert kept.find("jam", draft) == []
