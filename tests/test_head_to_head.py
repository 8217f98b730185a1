"""Head-to-head on a scripted engine: what is asked, what is kept, what it comes to."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.errors import CallFailed, EngineUnavailable, InputError
from toolkit.models import Audience, Campaign, Draft
from toolkit.models.exchange import Question, Reply
from toolkit.panel import plan
from toolkit.questionnaire import Prompts
from toolkit.questionnaire.prompts import PAIR_FILES
from toolkit.results.scoring.columns import PREFERENCES_SCHEMA

RATINGS = {"relevance": 4, "clarity": 5, "trust": 3, "appeal": 2, "intent": 4}
OPTIONS: dict[str, Any] = {"rating": "direct", "control": False, "head_to_head": True}
BENEFIT = "Get paid today"


def labels_of(question: Question) -> list[str]:
    """Return the labels of the two versions, in the order shown."""
    shown = question.prompt.split("\n\n")[-1] if question.grammar else question.prompt
    return re.findall(r"^Version (\w):", shown, re.MULTILINE)


def is_pair(question: Question) -> bool:
    """Return whether two versions are shown."""
    return bool(labels_of(question))


def choose(question: Question, place: int) -> dict[str, Any]:
    """Return a reply that chooses the version shown at a place."""
    return {"because": "It speaks to me.", "sooner": labels_of(question)[place]}


def take_first(question: Question) -> Any:
    """Choose whatever stands first."""
    return choose(question, 0) if is_pair(question) else reading(ratings=RATINGS)


def take_benefit(question: Question) -> Any:
    """Choose the benefit wherever it stands."""
    if not is_pair(question):
        return reading(ratings=RATINGS)
    versions = question.prompt.split("\nVersion ")
    return choose(question, int(BENEFIT in versions[2]))


def test_every_pair_is_asked_in_both_orders(audience: Audience, campaign: Campaign) -> None:
    """Three drafts make six choices per persona; the drafts change places, and every label meets every draft."""
    third = Draft(id="short", text="Invoice here.")
    three = campaign.model_copy(update={"drafts": (*campaign.drafts, third)})
    engine = ScriptedEngine(take_first)
    run = toolkit.run(three, audience, engine=engine, **OPTIONS)
    rows = run.preferences
    assert rows is not None
    assert dict(rows.schema) == PREFERENCES_SCHEMA
    orders = Counter(rows.select("first", "second").iter_rows())
    assert len(orders) == 6
    assert set(orders.values()) == {12}
    assert engine.calls == run.counts.calls == 36 + 72
    assert (run.counts.planned, run.methods.head_to_head_counts.planned) == (36, 72)  # type: ignore[union-attr]
    assert rows["label_first"].n_unique() > 6
    assert (rows["label_first"] != rows["label_second"]).all()
    sides = [rows.select("persona_id", label=f"label_{side}", draft=side) for side in ("first", "second")]
    labelled = pl.concat(sides).filter(draft="plain")
    assert labelled.group_by("persona_id").agg(pl.col("label").n_unique())["label"].to_list() == [2] * 12
    reaction_wordings = run.reactions.select("persona_id", "wording").unique()
    assert (
        rows.select("persona_id", "wording").unique().join(reaction_wordings, on=["persona_id", "wording"]).height == 12
    )


def test_always_the_first_is_no_preference(audience: Audience, campaign: Campaign) -> None:
    """An engine that goes by position has bias 1, consistency 0 and equal strengths, and the run says so."""
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(take_first), **OPTIONS)
    effects = run.order_effects()
    assert effects is not None
    assert (effects.first_share, effects.consistency) == (1.0, 0.0)
    assert run.strengths()["strength"].to_list() == pytest.approx([0.5, 0.5], abs=1e-6)
    said = " ".join(run.methods.warnings)
    assert "what stood first was chosen 100% of the time" in said
    assert "only 0% of choices stayed the same" in said


def test_the_preferred_draft_is_stronger(audience: Audience, campaign: Campaign) -> None:
    """A draft that everybody prefers has the larger strength, with no bias and no warning."""
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(take_benefit), **OPTIONS)
    strengths = dict(run.strengths().select("draft_id", "strength").iter_rows())
    assert strengths == pytest.approx({"benefit": 1.0, "plain": 0.0}, abs=1e-6)
    effects = run.order_effects()
    assert effects is not None
    assert (effects.first_share, effects.consistency, effects.pairs) == (0.5, 1.0, 12)
    assert not [warning for warning in run.methods.warnings if "head-to-head" in warning]


def test_neither_is_an_answer(audience: Audience, campaign: Campaign) -> None:
    """Saying "neither" is a usable row with nothing chosen, and makes a tie."""

    def shrug(question: Question) -> Any:
        return {"because": "Same to me.", "sooner": "neither"} if is_pair(question) else reading(ratings=RATINGS)

    run = toolkit.run(campaign, audience, engine=ScriptedEngine(shrug), **OPTIONS)
    assert run.preferences is not None
    assert run.preferences.select("chosen", "status").unique().rows() == [(None, "ok")]
    assert run.strengths()["strength"].to_list() == pytest.approx([0.5, 0.5], abs=1e-6)
    assert run.order_effects().consistency == 1.0  # type: ignore[union-attr]


def test_the_store_answers_the_second_time(audience: Audience, campaign: Campaign) -> None:
    """The same test again, or a plain one after it, or one with the drafts turned round, asks nothing."""
    first = toolkit.run(campaign, audience, engine=ScriptedEngine(take_benefit), **OPTIONS)
    engine = ScriptedEngine(take_benefit)
    second = toolkit.run(campaign, audience, engine=engine, **OPTIONS)
    turned = campaign.model_copy(update={"drafts": campaign.drafts[::-1]})
    third = toolkit.run(turned, audience, engine=engine, **OPTIONS)
    toolkit.run(campaign, audience, engine=engine, **(OPTIONS | {"head_to_head": False}))
    assert engine.calls == 0
    assert first.preferences is not None
    assert second.preferences is not None
    assert second.preferences.equals(first.preferences)
    assert second.methods.head_to_head_counts.from_store == 24  # type: ignore[union-attr]
    one, other = (run.strengths().sort("draft_id") for run in (first, third))
    for column in ("strength", "low", "high"):
        assert one[column].to_list() == pytest.approx(other[column].to_list(), abs=1e-9)


def test_without_it_nothing_is_different(tmp_path: Path, audience: Audience, campaign: Campaign) -> None:
    """A run that asks for none has no preferences, and no pair prompt or setting in its name or folder."""
    plain = {**OPTIONS, "head_to_head": False}
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(take_first), **plain)
    assert (run.preferences, run.order_effects(), run.methods.head_to_head_counts) == (None, None, None)
    assert run.strengths().is_empty()
    assert not set(PAIR_FILES) & set(run.methods.prompts)
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "pair.j2").write_text(Prompts().source("pair.j2") + "\nTake your time.")
    other: dict[str, Any] = {"prompts": tmp_path / "prompts"}
    assert toolkit.run(campaign, audience, engine=ScriptedEngine(take_first), **plain, **other).run_id == run.run_id
    paired = toolkit.run(campaign, audience, engine=ScriptedEngine(take_first), **OPTIONS)
    changed = toolkit.run(campaign, audience, engine=ScriptedEngine(take_first), **OPTIONS, **other)
    assert len({run.run_id, paired.run_id, changed.run_id}) == 3


def test_a_run_from_before_loads(tmp_path: Path, audience: Audience, campaign: Campaign) -> None:
    """A folder whose run.json knows nothing of head-to-head is read as it was written."""
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(take_first), **(OPTIONS | {"head_to_head": False}))
    folder = run.save(tmp_path / "old")
    known = json.loads((folder / "run.json").read_text())
    del known["head_to_head_counts"], known["settings"]["head_to_head"]
    (folder / "run.json").write_text(json.dumps(known))
    assert toolkit.load_run(folder).methods == run.methods


def test_preferences_are_saved_and_loaded(tmp_path: Path, audience: Audience, campaign: Campaign) -> None:
    """The folder holds the choices where they were asked for, and loses them with the run they belong to."""
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(take_benefit), **OPTIONS)
    folder = run.save(tmp_path / "run")
    loaded = toolkit.load_run(folder)
    assert loaded.preferences is not None
    assert loaded.preferences.equals(run.preferences)
    assert loaded.strengths().equals(run.strengths())
    plain = toolkit.run(campaign, audience, engine=ScriptedEngine(take_first), **(OPTIONS | {"head_to_head": False}))
    plain.save(folder)
    assert not (folder / "preferences.parquet").exists()
    assert toolkit.load_run(folder).preferences is None


def test_what_fails_is_a_row(audience: Audience, campaign: Campaign) -> None:
    """Refusals, dead lines and shapeless replies are rows with a status; the next run asks for the failed alone."""

    def falter(question: Question) -> Any:
        if not is_pair(question):
            return reading(ratings=RATINGS)
        if "number 1 " in question.prompt:
            return Reply(text="", refusal="I would rather not.", engine="scripted", model="scripted-1")
        if "number 2 " in question.prompt:
            return CallFailed("the line went dead")
        return {"because": "x", "sooner": "both"} if "number 3 " in question.prompt else take_benefit(question)

    run = toolkit.run(campaign, audience, engine=ScriptedEngine(falter), **OPTIONS)
    assert run.preferences is not None
    assert Counter(run.preferences["status"]) == {"ok": 18, "refused": 2, "failed": 4}
    errors = run.preferences.filter(pl.col("status") != "ok").sort("persona_id")["error"].unique(maintain_order=True)
    assert errors[:2].to_list() == ["I would rather not.", "the line went dead"]
    assert "sooner is not one of" in errors[2]
    assert not run.is_complete
    assert run.strengths()["personas"].to_list() == [9, 9]
    engine = ScriptedEngine(take_benefit)
    assert toolkit.run(campaign, audience, engine=engine, **OPTIONS).is_complete
    assert engine.calls == 4


def test_a_dead_engine_ends_the_run(audience: Audience, campaign: Campaign) -> None:
    """When no choice can be had any more, the error comes up."""

    def die(question: Question) -> Any:
        return EngineUnavailable("the quota is exhausted") if is_pair(question) else reading(ratings=RATINGS)

    with pytest.raises(EngineUnavailable, match="quota"):
        toolkit.run(campaign, audience, engine=ScriptedEngine(die), **OPTIONS)


def test_choices_are_paid_and_limited(audience: Audience, campaign: Campaign) -> None:
    """Choices count in cost and tokens, and the limit leaves the rest as failed rows to go on from."""
    free = toolkit.run(campaign, audience, engine=ScriptedEngine(take_benefit), price=(1.0, 10.0), **OPTIONS)
    assert free.methods.cost_usd == pytest.approx(48 * (100 + 200) / 1e6)
    assert free.methods.prompt_tokens == 4800
    engine = ScriptedEngine(take_benefit, model="scripted-2")
    toolkit.run(campaign, audience, engine=engine, **(OPTIONS | {"head_to_head": False}))
    options = OPTIONS | {"price": (1.0, 10.0), "max_cost": 0.014, "concurrency": 1}
    run = toolkit.run(campaign, audience, engine=engine, **options)
    assert run.methods.stopped is not None
    assert run.methods.cost_usd is not None
    assert run.methods.cost_usd <= 0.014
    assert run.preferences is not None
    assert set(run.preferences["status"]) == {"ok", "failed"}


def test_an_estimate_counts_choices(audience: Audience, campaign: Campaign) -> None:
    """An estimate has one call more for each choice."""
    plain = toolkit.estimate(campaign, audience, price=(1.0, 2.0), control=False)
    paired = toolkit.estimate(campaign, audience, price=(1.0, 2.0), control=False, head_to_head=True)
    assert (plain.calls, paired.calls) == (24, 48)
    assert paired.cost_usd is not None
    assert plain.cost_usd is not None
    assert paired.cost_usd > plain.cost_usd


def test_a_base_model_completes_a_label(audience: Audience, campaign: Campaign) -> None:
    """In the completion form a choice is one label of two, held to it by a grammar."""

    def complete(question: Question) -> str:
        if question.max_tokens == 2 and is_pair(question):
            one, other = labels_of(question)
            assert question.grammar == f'root ::= " " ("{one}" | "{other}")'
            return f" {take_benefit_label(question)}"
        return ' "That would help me."\nSomebody does: taps it\n' if question.max_tokens > 2 else " 4"

    run = toolkit.run(campaign, audience, engine=ScriptedEngine(complete, form="completion"), **OPTIONS)
    assert run.preferences is not None
    assert run.preferences["chosen"].unique().to_list() == ["benefit"]
    assert run.methods.questions["head_to_head"].endswith("chose version")


def take_benefit_label(question: Question) -> str:
    """Return the label under which a page of worked examples shows the benefit."""
    return next(label for label in labels_of(question) if f"Version {label}: {BENEFIT}" in question.prompt)


def test_one_draft_has_no_rival_to_choose(audience: Audience) -> None:
    """A single draft is asked for no choice, and its strength is unknown."""
    engine = ScriptedEngine(take_first)
    run = toolkit.run(Draft(id="only", text="Hello"), audience, engine=engine, **OPTIONS)
    assert engine.calls == 12
    assert run.strengths().rows() == [("only", None, None, None, 0)]


def test_pair_questions_of_a_team_are_checked(tmp_path: Path, audience: Audience, campaign: Campaign) -> None:
    """Too few ways to ask are refused in one line before a choice is asked for."""
    (tmp_path / "pairs.yaml").write_text("pairs: [Which]")
    with pytest.raises(InputError, match="a list of at least 8 sentences is needed"):
        toolkit.run(campaign, audience, engine=ScriptedEngine(take_first), prompts=tmp_path, **OPTIONS)


def test_no_order_is_the_same_for_everybody(audience: Audience, campaign: Campaign) -> None:
    """Both orders are shown equally often; a draft's name differs between personas, and wordings with seeds."""
    options = {"rating": "direct", "head_to_head": True}
    pairings = plan(campaign, audience, **options).pairings
    firsts = Counter(pairing.first.id for pairing in pairings)
    assert firsts["plain"] == firsts["benefit"] == len(audience.personas)
    names = {pairing.labels[0] for pairing in pairings if pairing.first.id == "plain"}
    assert len(names) >= 5
    orders = [
        {pairing.persona.id: pairing.wording for pairing in plan(campaign, audience, seed=seed, **options).pairings}
        for seed in (0, 1)
    ]
    assert orders[0] != orders[1]
