"""Audiences put together, drafts that share an objective, and what so few people or results can tell."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from conftest import Command
from provider_zoo import TEXT, Animal, Zoo, says
from real_results import guess, make_world
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.audiences import save_audience
from toolkit.errors import InputError
from toolkit.models import Audience, Campaign, Draft, Settings
from toolkit.panel.estimating import say_estimate
from toolkit.panel.planning import Plan, make_plan
from toolkit.results.track_record.judging import bootstrap_mean
from toolkit.validity.outcomes.validating import validate_store
from toolkit.validity.outcomes.wording import list_findings


def plan_for(campaign: Campaign, audiences: list[Audience], drafts: int = 2) -> Plan:
    """Return what would be asked about so many drafts."""
    made = tuple(Draft(id=f"d{number}", text=f"Text number {number}.") for number in range(drafts))
    return make_plan(campaign.model_copy(update={"drafts": made}), audiences, Settings(rating="direct"))


def weigh(audience: Audience, name: str, weight: float) -> Audience:
    """Return an audience of another name in which everybody weighs the same."""
    people = tuple(
        persona.model_copy(update={"weight": weight, "about": f"{persona.about} Reads {name}."})
        for persona in audience.personas
    )
    return audience.model_copy(update={"audience": name, "personas": people})


def test_no_unit_of_weight_outvotes_another(audience: Audience, campaign: Campaign) -> None:
    """Audiences weighed 1 and 1,000 a person count alike, by person, and the run says so."""
    plan = plan_for(campaign, [weigh(audience, "a", 1.0), weigh(audience, "b", 1000.0)])
    assert {persona.weight for persona in plan.panel} == {1.0}
    assert any("weighed so that a person counts 1 on average" in note for note in plan.notes)
    alone = plan_for(campaign, [weigh(audience, "b", 1000.0)])
    assert {persona.weight for persona in alone.panel} == {1000.0}
    assert alone.notes == ()


def test_weights_in_one_unit_may_be_kept(audience: Audience, campaign: Campaign) -> None:
    """Whoever knows that two audiences share a unit keeps it: the larger outvotes the smaller, and the run says so."""
    both = [weigh(audience, "a", 1.0), weigh(audience, "b", 3.0)]
    tapped = ScriptedEngine(lambda question: reading("click" if "Reads b." in question.prompt else "read", ratings={}))
    run = toolkit.run(campaign, both, engine=tapped, rating="direct", control=False, keep_weights=True)
    rates = toolkit.scorecard(run.reactions).filter(pl.col("measure") == "objective_rate")["estimate"].to_list()
    assert rates == pytest.approx([0.75, 0.75])
    assert run.methods.settings.keep_weights
    assert any("weights were kept as given" in one and "a 25 %, b 75 %" in one for one in run.methods.warnings)
    alike = toolkit.run(campaign, both, engine=tapped, rating="direct", control=False)
    rates = toolkit.scorecard(alike.reactions).filter(pl.col("measure") == "objective_rate")["estimate"].to_list()
    assert rates == pytest.approx([0.5, 0.5])
    assert alike.run_id != run.run_id
    with pytest.raises(InputError, match="keep_weights='perhaps': give True or False"):
        toolkit.plan(campaign, both, keep_weights="perhaps")  # type: ignore[arg-type]


def test_the_command_keeps_weights(audience: Audience, command: Command, tmp_path: Path) -> None:
    """`--keep-weights` reaches the plan and the run that is saved."""
    for name, weight in (("a", 1.0), ("b", 3.0)):
        save_audience(weigh(audience, name, weight), tmp_path / "work" / f"{name}.yaml")
    (tmp_path / "work" / "d.txt").write_text("Send an invoice in the chat.")
    asked = ("run", "d.txt", "--audience", "a.yaml", "--audience", "b.yaml", "--rating", "direct", "--no-control")
    with Zoo(Animal(source="", keep=says(TEXT))) as zoo:
        at = ("--base-url", zoo.base_url, "--model", "m", "--out", "out", "--keep-weights")
        shown = command(*asked, *at, OPENAI_API_KEY="k")
    assert shown.returncode == 0, shown.stderr
    reactions = toolkit.load_run(tmp_path / "work" / "out").reactions
    assert set(reactions["weight"]) == {1.0, 3.0}


def test_an_audience_given_twice_is_asked_once(audience: Audience, campaign: Campaign) -> None:
    """The same audience twice is one, told; two that differ under one name are refused."""
    engine = ScriptedEngine(lambda _: reading(ratings={}))
    run = toolkit.run(campaign, [audience, audience], engine=engine, rating="direct", control=False)
    assert run.methods.personas == 12
    assert run.reactions["persona_id"].n_unique() == 12
    assert any("was given more than once; its people are asked once" in warning for warning in run.methods.warnings)
    with pytest.raises(InputError, match="two audiences are called 'jam-sellers'; give each its own name"):
        plan_for(campaign, [audience, weigh(audience, "jam-sellers", 2.0)])


def test_people_described_alike_count_once(audience: Audience, campaign: Campaign) -> None:
    """Eighty people in twenty descriptions tell apart what twenty do, and the plan says so."""
    person = audience.personas[0]

    def draw(count: int, ways: int) -> Plan:
        people = tuple(
            person.model_copy(update={"id": f"p{number}", "about": f"Sells jam number {number % ways}."})
            for number in range(count)
        )
        return plan_for(campaign, [audience.model_copy(update={"personas": people})])

    alike = draw(80, 20)
    assert alike.detectable == pytest.approx(draw(20, 20).detectable)
    assert alike.detectable != pytest.approx(draw(80, 80).detectable)
    assert "80 personas are described in 20 ways" in alike.notes[0]


@pytest.mark.parametrize(("ways", "decision"), [(20, "best"), (5, "not enough"), (40, "best")])
def test_a_run_says_how_many_are_told_apart(
    ways: int, decision: str, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """Forty people in twenty ways are twenty in run.json, verdict and report; those in five ways decide nothing."""
    person = audience.personas[0]
    people = tuple(
        person.model_copy(update={"id": f"p{number}", "about": f"Sells jam number {number % ways}."})
        for number in range(40)
    )
    crowd = audience.model_copy(update={"personas": people})
    wants = ScriptedEngine(lambda asked: reading("click" if "Get paid" in asked.prompt else "read", ratings={}))
    run = toolkit.run(campaign, crowd, engine=wants, rating="direct", control=False)
    assert (run.methods.personas, run.methods.distinct_personas) == (40, ways)
    assert json.loads((run.save(tmp_path / "run") / "run.json").read_text())["distinct_personas"] == ways
    verdict = run.verdict()
    assert verdict.decision == decision
    said = f"40 personas are described in {ways} ways"
    assert (said in verdict.because) == (ways < 40)
    assert ("narrower than they should be" in verdict.because) == (ways < 40)
    for name in ("report.html", "report.md"):
        toolkit.save_report(run, tmp_path / name)
        assert (f"described in {ways} ways" in (tmp_path / name).read_text(encoding="utf-8")) == (ways < 40)


def test_more_drafts_need_a_larger_lead(audience: Audience, campaign: Campaign) -> None:
    """What a panel can tell is unknown for one draft and grows with the number of drafts."""
    found = [plan_for(campaign, [audience], drafts).detectable for drafts in (2, 3, 10, 26)]
    assert all(found)
    assert found == sorted(found, key=lambda lead: lead or 0.0)
    assert len(set(found)) == len(found)
    assert plan_for(campaign, [audience], 1).detectable is None


def test_an_estimate_speaks_of_its_drafts(audience: Audience, campaign: Campaign) -> None:
    """One draft has nothing to compare with; of ten the sentence says so."""
    drafts = tuple(Draft(id=f"d{number}", text=f"Text number {number}.") for number in range(10))
    many = toolkit.estimate(campaign.model_copy(update={"drafts": drafts}), audience, engine="replay", model="m")
    assert many.drafts == 10
    assert "among 10 drafts" in say_estimate(many)[1]
    alone = toolkit.estimate(campaign.model_copy(update={"drafts": drafts[:1]}), audience, engine="replay", model="m")
    assert alone.detectable_difference is None
    assert "nothing to compare with" in say_estimate(alone)[1]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("drafts.yaml", "- {id: a, text: One., objective: click}\n- {id: b, text: Two., objective: share}\n"),
        ("drafts.csv", "id,text,objective\na,One.,click\nb,Two.,share\n"),
        ("drafts.jsonl", '{"id": "a", "text": "One.", "objective": "click"}\n{"text": "Two.", "objective": "share"}\n'),
        ("drafts.yaml", "objective: share\ndrafts:\n- {text: One., objective: click}\n- {text: Two.}\n"),
    ],
)
def test_drafts_of_a_file_share_their_objective(tmp_path: Path, name: str, text: str) -> None:
    """Drafts with different objectives are refused with the line; those that name the same one are read."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match=rf"{name}:\d.* drafts that are compared share one objective"):
        toolkit.load_drafts(path)
    path.write_text(text.replace("share", "click"))
    assert toolkit.load_drafts(path).objective == "click"


def test_few_results_have_an_exact_interval() -> None:
    """One of four right is 1 to 81 %, as Clopper and Pearson have it."""
    share = bootstrap_mean(np.array([1.0, 0.0, 0.0, 0.0]), np.array(list("abcd")), seed=0)
    assert (share.estimate, share.low, share.high) == (
        0.25,
        pytest.approx(0.0063, abs=1e-4),
        pytest.approx(0.8059, abs=1e-4),
    )


def test_too_few_results_give_no_verdict_on_a_source(tmp_path: Path) -> None:
    """Four experiments cannot tell a source from a coin, and nothing else is said."""
    make_world(tmp_path / "few", experiments=4, skill=0.0)
    said = list(list_findings(validate_store(tmp_path / "few", predict=guess)))
    assert said
    assert all("too few to tell it from a coin: that takes at least 6 experiments" in sentence for sentence in said)
    make_world(tmp_path / "many", experiments=30, skill=1.0)
    assert "better than a coin" in next(list_findings(validate_store(tmp_path / "many", predict=guess)))
