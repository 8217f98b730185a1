"""Your own results at a place: they replace what ships, silence what is worse than a coin, and count in people."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest
from conftest import Command
from openai_server import PATIENCE, Ask, OpenAIServer
from real_results import guess, make_tested
from streamlit.testing.v1 import AppTest

import toolkit
from toolkit.models import Audience, Campaign, Draft, Persona
from toolkit.panel.api import default_store
from toolkit.report.saving import render_report
from toolkit.results.track_record.places import LEAST_PAIRS, find_standing, list_standings
from toolkit.results.track_record.standing import PeopleWorth, PlaceStanding, SourceStanding
from toolkit.results.track_record.worth import find_worth
from toolkit.store.outcome_log import Outcome
from toolkit.store.test_log import History
from toolkit.validity.outcomes import add_outcomes

DRAFTS = (
    Draft(id="plain", text="Take card payments in the chat.", surface="facebook_post"),
    Draft(id="benefit", text="Get paid before your customer changes their mind.", surface="facebook_post"),
)


def keep_results(store: Path, *, pairs: int, right: int, surface: str = "facebook_post", reach: float = 0.2) -> None:
    """Fill a store with pairs of drafts that differ; in the first `right` of them the panel was right."""
    tested, outcomes = [], []
    for number in range(pairs):
        for draft, clicks in (("good", 900), ("bad", 600)):
            text = f"{surface} {draft} offer of experiment {number} reads well"
            ahead = (draft == "good") == (number < right)
            named = {"surface": surface, "draft_id": f"{draft}{number}"}
            tested.append(make_tested(text, f"{surface}-{number}", panel=0.4 + reach * ahead, control=0.5, **named))
            shown = {"shown": 10_000, "clicks": clicks, "surface": surface}
            outcomes.append(Outcome(text=text, experiment=f"{surface}-{number}", **shown))
    with History(store) as history:
        history.keep_run(tested)
    add_outcomes(store, outcomes, "made up")


def run_there(server: OpenAIServer, surface: str = "facebook_post") -> toolkit.Run:
    """Return a run in which everybody clicks on one of two posts."""

    def say(ask: Ask) -> dict[str, object] | None:
        if not ask.path.endswith("chat/completions"):
            return None
        return {"first_glance": "stop", "action": "click" if DRAFTS[1].text in ask.text else "read"}

    server.script = say
    drafts = tuple(draft.model_copy(update={"surface": surface}) for draft in DRAFTS)
    campaign = Campaign(campaign="here", objective="click", drafts=drafts)
    people = tuple(Persona(id=f"p{n}", name=f"Person {n}", about=f"Sells lamps, {n} a week.") for n in range(12))
    audience = Audience(audience="sellers", personas=people)
    return toolkit.run(campaign, audience, base_url=server.base_url, model="m", rating="direct")


@pytest.mark.parametrize(
    ("pairs", "right", "advice"),
    [
        (LEAST_PAIRS - 1, LEAST_PAIRS - 1, "unproven"),
        (LEAST_PAIRS, LEAST_PAIRS, "correct"),
        (40, 3, "do not use"),
        (40, 20, "correct"),
    ],
)
def test_twenty_pairs_decide(tmp_path: Path, pairs: int, right: int, advice: str) -> None:
    """Under 20 differing pairs a source is unproven; from then on its hit rate there says what to do with it."""
    keep_results(tmp_path / "store", pairs=pairs, right=right)
    found = find_standing(tmp_path / "store", "facebook_post", "click", predict=guess).find("panel")
    assert (found.pairs, found.advice) == (pairs, advice)
    assert found.accuracy == pytest.approx(right / pairs)
    assert found.is_silenced == (advice == "do not use")
    assert found.is_trusted == (advice == "correct" and right > pairs / 2)


def test_a_source_whose_claim_fits_is_trusted(tmp_path: Path) -> None:
    """A panel that is right as often as the shipped link says needs no correction."""
    keep_results(tmp_path / "store", pairs=200, right=118, reach=0.9)
    found = find_standing(tmp_path / "store", "facebook_post", "click", predict=guess).find("panel")
    assert found.advice == "trust"
    assert found.low is not None
    assert found.low > 0.5
    assert "trust it here: right in 59%" in found.say_advice("panel")


def test_another_place_stays_unproven(tmp_path: Path) -> None:
    """Results at one surface and objective say nothing of another surface or objective."""
    keep_results(tmp_path / "store", pairs=30, right=28)
    for surface, objective in (("x_post", "click"), ("facebook_post", "share"), (None, "click")):
        found = find_standing(tmp_path / "store", surface, objective, predict=guess)
        assert found == PlaceStanding(surface=surface, objective=objective)
    (place,) = list_standings(tmp_path / "store", predict=guess)
    assert (place.surface, place.objective) == ("facebook_post", "click")


def test_evidence_rests_on_your_results(server: OpenAIServer) -> None:
    """Before them each chance is marked unproven; with them it is corrected, and says by what; other places stay."""
    before = run_there(server).weigh_evidence()[0]
    assert before.advice == "unproven"
    assert "unproven here: 0 of the 20 pairs of yours that it takes" in before.sentence
    assert before.worth == "Worth in real people: unknown, no results of yours here."
    keep_results(default_store(), pairs=30, right=27)
    panel = run_there(server).weigh_evidence()[0]
    assert (panel.advice, panel.calibrated) == ("correct", True)
    assert panel.probability is not None
    assert before.probability is not None
    assert panel.probability > before.probability
    assert "right in 90%" in panel.basis
    assert "of 30 pairs of yours" in panel.sentence
    assert panel.probability < 0.9, "a lead of 100 points is read as no more than the 20 points of the record"
    elsewhere = run_there(server, "threads_post").weigh_evidence()[0]
    assert (elsewhere.advice, elsewhere.probability) == ("unproven", before.probability)


def test_a_silenced_source_gives_no_chance_anywhere(server: OpenAIServer, tmp_path: Path) -> None:
    """A panel worse than a coin there favours nothing, enters no total, and every form of the report says why."""
    keep_results(default_store(), pairs=40, right=4)
    run = run_there(server)
    panel, *others = run.weigh_evidence()
    assert (panel.favours, panel.probability, panel.advice) == (None, None, "do not use")
    why = "silenced for clicks on Facebook posts: right in 10%"
    assert why in panel.sentence
    assert any(why in warning for warning in run.methods.warnings)
    assert all(row.source != "combined" or row.count < len(("panel", "control", "model")) for row in others)
    for form in (".html", ".md"):
        assert why in render_report(run, form).decode()
    plain = json.loads(render_report(run, ".json"))
    assert plain["evidence"][0]["probability"] is None
    assert why in plain["evidence"][0]["sentence"]
    assert toolkit.load_run(run.save(tmp_path / "run")).weigh_evidence() == run.weigh_evidence()


def test_own_results_open_a_place_to_the_model(server: OpenAIServer) -> None:
    """Outside its domains the outcome model gives a chance only where your results show it better than a coin."""
    run = run_there(server)
    assert run.weigh_evidence()[2].probability is None
    for low, opened in ((0.55, True), (0.45, False)):
        record = SourceStanding(
            pairs=60, groups=60, accuracy=0.7, low=low, high=0.8, said=0.75, slope=0.6, advice="correct"
        )
        place = PlaceStanding(surface="facebook_post", objective="click", sources={"outcome_model": record})
        row = run.with_standing(place).weigh_evidence()[2]
        assert (row.probability is not None or "abstains" in row.sentence) == opened
        assert ("not validated for clicks on Facebook posts" in row.sentence) != opened


def draw_panel(random: np.random.Generator, groups: int, people: int) -> PeopleWorth:
    """Return the worth of a panel that is so many real people, asked about both drafts of each group."""
    rate, spread, shown = 0.3, 0.05, 4_000
    truth = np.clip(rate + random.normal(0.0, spread, (groups, 2)), 0.02, 0.98)
    seen = random.binomial(shown, truth) / shown
    asked = random.binomial(people, truth) / people
    variance = seen * (1 - seen)
    names = np.array([str(number) for number in range(groups)])
    return find_worth(
        asked[:, 1] - asked[:, 0], seen[:, 1] - seen[:, 0], variance.sum(axis=1) / shown, variance.sum(axis=1), names
    )


@pytest.mark.parametrize("people", [20, 100])
def test_a_panel_of_people_is_worth_as_many(people: int) -> None:
    """Real people in the place of a panel are counted right: on average, and inside 95 % intervals."""
    random = np.random.default_rng(people)
    found = [draw_panel(random, 120, people) for _ in range(60)]
    covered = [one.low <= people <= (one.high or np.inf) for one in found if one.low is not None]
    assert len(covered) == len(found)
    assert np.mean(covered) >= 0.88
    assert np.median([one.people for one in found]) == pytest.approx(people, rel=0.15)


def test_a_panel_of_noise_is_worth_nobody() -> None:
    """What does not go with the truth is worth no people, and few results say that it is unknown."""
    random = np.random.default_rng(0)
    truth, noise = random.normal(0, 0.1, 400), np.full(400, 1e-4)
    names = np.array([str(number) for number in range(400)])
    useless = find_worth(random.normal(0, 0.1, 400), truth, noise, np.full(400, 0.4), names)
    assert useless.people is not None
    assert useless.people < 1.0
    few = find_worth(truth[:9], truth[:9], noise[:9], noise[:9], names[:9])
    assert (few.people, few.say()) == (None, "Worth in real people: unknown, 9 pairs of yours have results here.")
    assert few.model_copy(update={"pairs": 1}).say().endswith("unknown, 1 pair of yours has results here.")


def show_yours(store: str) -> None:
    """Draw the part of the Validity page about one's own results: a script of its own for the test."""
    from pathlib import Path

    from toolkit.ui import validity
    from toolkit.validity.outcomes import validating

    validity.show_yours(validating.validate_store(Path(store)))


def test_the_page_says_what_to_do_by_place() -> None:
    """The Validity page has a row for each place and source, and what the panel is worth there."""
    keep_results(default_store(), pairs=24, right=22)
    page = AppTest.from_function(show_yours, args=(str(default_store()),), default_timeout=PATIENCE).run()
    assert not page.exception
    (table,) = [one.value for one in page.table if "what to do" in one.value.columns]
    panel = table[table["source"] == "panel"].iloc[0]
    assert (panel["where"], panel["what to do"], panel["pairs that differ"]) == (
        "clicks on Facebook posts", "correct", "24",
    )  # fmt: skip
    assert any("Facebook posts" in one.value and "Worth" in one.value for one in page.caption)


def test_a_record_that_cannot_be_made_costs_no_run(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the small model's package is broken, a run with results goes on: the model alone has no record."""
    monkeypatch.setitem(sys.modules, "onnxruntime", ModuleType("broken"))
    keep_results(default_store(), pairs=24, right=22)
    run = run_there(server)
    assert run.counts.ok == 24
    assert run.weigh_evidence()[0].probability is not None


def test_the_command_says_what_to_do_by_place(command: Command) -> None:
    """`audience outcomes validate` names each surface and objective, in words and as JSON."""
    keep_results(default_store(), pairs=24, right=22)
    shown = command("outcomes", "validate").stdout
    assert "Clicks on Facebook posts, panel: correct it here" in shown
    assert "Worth about" in shown or "Worth in real people" in shown
    (place,) = json.loads(command("outcomes", "validate", "--json").stdout)["places"]
    assert place["sources"]["panel"]["pairs"] == 24
    assert pl.DataFrame([place["sources"]["panel"]])["advice"][0] == "correct"
