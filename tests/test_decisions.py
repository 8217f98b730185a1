"""The decision as a client hears it: the best draft first, its numbers, and what would tell more."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.models import Audience, Campaign, Persona
from toolkit.models.exchange import Question
from toolkit.report.saving import make_report
from toolkit.results import Run
from toolkit.results.scoring import count_more_personas


def ask(campaign: Campaign, people: int, acts: dict[str, int], **options: Any) -> Run:
    """Return a run in which `acts` of each ten personas tap a draft and the others scroll past."""
    personas = tuple(
        Persona(id=f"p{number:03}", name=f"Person{number}.", age=30, about=f"Is called Person{number}.")
        for number in range(people)
    )

    def answer(question: Question) -> Any:
        number = next(number for number in reversed(range(people)) if f"Person{number}." in str(question))
        draft = next(draft for draft in campaign if draft.text in str(question))
        acting = number % 10 < acts[draft.id]
        return reading(ratings={}) if acting else reading(first_glance="scroll_past", ratings={})

    audience = Audience(audience="many", personas=personas)
    with tempfile.TemporaryDirectory() as place:
        settings = {"rating": "direct", "control": False, "store": Path(place) / "store.sqlite", **options}
        return toolkit.run(campaign, audience, engine=ScriptedEngine(answer), **settings)


def test_the_better_draft_is_named_first(campaign: Campaign) -> None:
    """Whichever place it has in the file, the draft that wins stands first and the difference is its lead."""
    ahead = make_report(ask(campaign, 100, {"plain": 1, "benefit": 8})).decision
    assert ahead.headline == "benefit beats plain"
    assert ahead.sentence.startswith("80% of the simulated audience would tap benefit, against 10% for plain (")
    assert "difference 70 points, 95 % interval " in ahead.sentence
    assert ahead.sentence.endswith("; 100 personas.")
    behind = make_report(ask(campaign, 100, {"plain": 8, "benefit": 1})).decision
    assert behind.headline == "plain beats benefit"
    assert "difference 70 points" in behind.sentence
    assert ahead.advice == behind.advice == ""
    assert ahead.validation == "Not validated against real results of yours."


def test_a_close_call_says_what_would_tell_more(campaign: Campaign) -> None:
    """No winner is named, and the personas that would tell 5 points apart follow from how much these disagreed."""
    run = ask(campaign, 40, {"plain": 5, "benefit": 5})
    decision = make_report(run).decision
    assert decision.headline == "Too close to call"
    assert "difference 0 points" in decision.sentence
    assert "more personas would tell 5 points apart" in decision.advice or "tells 5 points apart" in decision.advice


def test_few_people_decide_nothing(campaign: Campaign) -> None:
    """Under eight personas the advice says what a verdict needs."""
    decision = make_report(ask(campaign, 4, {"plain": 0, "benefit": 2})).decision
    assert decision.headline == "Not enough"
    assert decision.advice.startswith("A verdict needs at least 8 personas under 6 wordings")


def test_a_single_draft_has_a_rate_and_no_rival(campaign: Campaign) -> None:
    """One draft: its share with interval and count, and nothing is compared."""
    alone = campaign.model_copy(update={"drafts": campaign.drafts[:1]})
    decision = make_report(ask(alone, 20, {"plain": 5})).decision
    assert decision.headline == "One draft, nothing to compare with"
    assert decision.sentence.startswith("50% (")
    assert "20 personas, would tap plain." in decision.sentence


def test_more_disagreement_needs_more_people(campaign: Campaign) -> None:
    """Personas needed grow as the difference shrinks and as people disagree; where wordings rule, none suffice."""
    calm = ask(campaign, 100, {"plain": 1, "benefit": 2}).reactions
    wild = ask(campaign, 100, {"plain": 1, "benefit": 6}).reactions
    pair = ("plain", "benefit")
    needed = [count_more_personas(calm, pair, target) for target in (0.03, 0.05, 0.08, 0.1)]
    assert needed == sorted(needed, key=lambda count: -(count or 0))
    assert needed[0] != needed[1]
    assert needed[-1] == 0
    few, many = count_more_personas(calm, pair, 0.15), count_more_personas(wild, pair, 0.15)
    assert few == 0
    assert many is not None
    assert many > 0
    assert count_more_personas(wild, pair, 0.03) is None


@pytest.mark.parametrize("objective", ["read", "react", "click", "reply"])
def test_every_objective_has_words(campaign: Campaign, objective: str) -> None:
    """Whatever counts as success, the sentence says it of the draft."""
    sentence = make_report(ask(campaign, 20, {"plain": 5, "benefit": 5}, objective=objective)).decision.sentence
    assert "of the simulated audience would " in sentence
    assert "{" not in sentence
