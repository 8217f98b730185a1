"""Verdicts that never contradict their own numbers, whoever is missing and however many drafts there are."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest
from random_frames import draw_frame, keep_common, make_run

import toolkit
from toolkit.errors import InputError
from toolkit.report import list_methods, make_report
from toolkit.report.saving import render_report
from toolkit.results import Run
from toolkit.results.scoring import PRIMARY, RATES, comparisons, decide, deciding
from toolkit.stats import moderation, rankings

RUNS = 3000


def refuse_model(_: pl.DataFrame) -> pl.DataFrame:
    """Stand in for an outcome model that is not installed."""
    raise InputError("not here")


def lead(row: dict[str, Any], draft: str) -> float:
    """Return by how much a draft leads in a comparison."""
    return row["difference"] if row["draft_b"] == draft else -row["difference"]


def loses(row: dict[str, Any], draft: str) -> bool:
    """Whether a comparison says, by either rule, that a draft loses."""
    side = "B" if row["draft_a"] == draft else "A"
    return side in (row["verdict"], row["decides"]) or lead(row, draft) < -1e-12


def check_run(run: Run) -> None:
    """Hold every output of a run against its comparisons."""
    table = run.compare()
    check_scales(table, run.scorecard())
    check_scales(run.compare("role"), run.scorecard("role"))
    check_scales(run.compare(measure="trust"), run.scorecard())
    verdict, decision = run.verdict(), make_report(run).decision
    assert verdict.basis in decision.headline
    ranked = deciding.rank_drafts(table)
    if not ranked:
        assert verdict.draft is None
        return
    best = ranked[0]
    rows = [row for row in table.to_dicts() if best in (row["draft_a"], row["draft_b"])]
    assert not any(loses(row, best) for row in rows)
    assert verdict.draft in (None, best)
    if verdict.decision == "best":
        assert all(lead(row, best) > 0 for row in rows)
        assert decision.headline.startswith(f"{best} beats ")
        assert verdict.headline.startswith(f"{best} is best")
    if verdict.decision != "not enough":
        assert decision.sentence.split(" would ")[1].startswith(f"tap {best},")
        assert best in run.contenders()
    check_rates(run, ranked)
    panel = run.weigh_evidence(refuse_model)[0]
    assert panel.favours in (None, best)
    assert panel.difference is None or panel.difference > 0


def check_scales(table: pl.DataFrame, card: pl.DataFrame) -> None:
    """Intervals are none, or lie inside their scale and are no point; what is detectable is null or positive."""
    assert table.filter(pl.col("detectable") <= 0).is_empty()
    span = pl.when(pl.col("measure").is_in(RATES)).then(1.0).otherwise(4.0)
    least = pl.when(pl.col("measure").is_in(RATES)).then(0.0).otherwise(1.0)
    for rows, low, high, middle in ((table, -span, span, "difference"), (card, least, least + span, "estimate")):
        known = rows.drop_nulls("low")
        assert known.filter(
            ~((low <= pl.col("low")) & (pl.col("low") < pl.col("high")) & (pl.col("high") <= high))
        ).is_empty()
        assert known.filter(~pl.col(middle).is_between(pl.col("low") - 1e-9, pl.col("high") + 1e-9)).is_empty()


def check_rates(run: Run, ranked: tuple[str, ...]) -> None:
    """Hold the rates against the ranking."""
    rates = {row["draft_id"]: row for row in run.scorecard().filter(measure=PRIMARY).to_dicts()}
    people = {row["personas"] for row in rates.values()}
    if len(people) == 1 and keep_common(run.reactions)["draft_id"].n_unique() == len(rates):
        for one, other in itertools.pairwise(ranked):
            assert rates[one]["estimate"] >= rates[other]["estimate"] - 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 200, 50))
def test_no_output_names_a_draft_that_loses(start: int) -> None:
    """Random frames with refusals, weights, gaps, ties and 1 to 30 drafts: all outputs agree."""
    for seed in range(start, start + 50):
        check_run(make_run(draw_frame(seed)))


@pytest.mark.nightly
@pytest.mark.parametrize("start", range(1000, 1000 + RUNS, 100))
def test_no_output_of_thousands_names_a_draft_that_loses(start: int) -> None:
    """The same on thousands of frames."""
    for seed in range(start, start + 100):
        check_run(make_run(draw_frame(seed)))


def table_of(actions: dict[str, list[str | None]], **fields: Any) -> pl.DataFrame:
    """Return reactions: per draft what each person did; None is a refusal, "?" a failure."""
    rows = [
        {
            "draft_id": draft, "persona_id": f"p{person:03}", "weight": 1.0, "wording": person % 10, "repeat": 0,
            "segments": {"role": "seller"}, "objective": "click", "rating_trust": None,
            "stopped": None if action in (None, "?") else action not in ("scroll_past", "hide"),
            "action": None if action in (None, "?") else action,
            "status": "refused" if action is None else "failed" if action == "?" else "ok",
        } | fields
        for draft, acts in actions.items()
        for person, action in enumerate(acts)
    ]  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"rating_trust": pl.Float64})


def refuse_the_unlikely() -> Run:
    """Return a run of 100 people in which the model declines draft A to 40 who would not click."""
    a: list[str | None] = ["click" if (person + person // 10) % 5 < 2 else "read" for person in range(60)]
    b: list[str | None] = ["click" if (person + person // 10) % 5 < 3 else "read" for person in range(60)]
    a, b = a + [None] * 40, b + ["read"] * 40
    return make_run(table_of({"a": a, "b": b}))


def test_refusals_name_no_loser() -> None:
    """What is known of everybody who answered both says B; those refused could turn it, so nothing is called."""
    run = refuse_the_unlikely()
    (row,) = run.compare().to_dicts()
    assert row["difference"] > 0.1
    assert row["p_value"] < 0.05
    assert row["decides"] == row["verdict"] == "unstable"
    verdict = run.verdict()
    assert (verdict.decision, verdict.draft) == ("unstable", None)
    assert "those whom the model refused could turn the sign" in verdict.because
    assert "People without an answer: a 40 of 100, b 0 of 100" in verdict.because
    assert verdict.headline == "Unstable, from 160 of 200 reactions"
    assert run.weigh_evidence(refuse_model)[0].favours == "b"
    report = make_report(run)
    assert report.headline == verdict.headline
    assert render_report(run, ".md").decode().partition("## Drafts")[0].count("from 160 of 200 reactions") == 1
    assert report.decision.headline == verdict.headline
    assert "personas of 100 who answered every draft" in report.decision.sentence
    (sign,) = [sign for sign in report.health if sign.name == "unequal gaps"]
    assert not sign.ok
    assert set(run.scorecard()["personas"]) <= {0, 60}


def test_a_few_refusals_turn_nothing() -> None:
    """Three refusals among a hundred cannot turn a lead of 50 points."""
    b: list[str | None] = ["click"] * 60 + ["read"] * 37 + [None] * 3
    run = make_run(table_of({"a": ["click"] * 10 + ["read"] * 90, "b": b}))
    assert (run.verdict().decision, run.verdict().draft) == ("best", "b")
    assert run.verdict().headline == "b is best, from 197 of 200 reactions"


@pytest.mark.parametrize("lost", ["?", None], ids=["failed", "refused"])
def test_a_run_of_which_too_little_is_there_gives_no_verdict(lost: str | None) -> None:
    """48 of 120 reactions: not enough, with the reason and the counts, wherever a verdict is shown."""
    ahead: list[str | None] = ["click"] * 24 + [lost] * 36
    run = make_run(table_of({"a": ["read"] * 24 + [lost] * 36, "b": ahead}))
    verdict = run.verdict()
    assert (verdict.decision, verdict.draft) == ("not enough", None)
    assert "only 48 of 120 reactions could be used (72 " in verdict.because
    assert verdict.because.endswith("a verdict needs 80% of them.")
    assert verdict.because.count("48 of 120 reactions") == 1
    decision = make_report(run).decision
    assert verdict.headline == decision.headline == "Not enough, from 48 of 120 reactions"
    assert "asks only for what is missing" in decision.advice


def test_a_draft_that_nobody_answered_leaves_no_best() -> None:
    """Of six drafts one has no reaction: the others are compared, and no draft is the best of all."""
    acts: dict[str, list[str | None]] = {f"d{number}": ["read"] * 40 for number in range(5)}
    run = make_run(table_of({**acts, "d1": ["click"] * 40, "d5": ["?"] * 40}))
    assert run.verdict().decision == "not enough"
    assert "no reaction to d5 could be used" in run.verdict().because


def test_best_needs_no_correction_for_the_number_of_drafts() -> None:
    """A lead that Holm's correction over all pairs undoes is still a lead over each rival."""
    generator = np.random.default_rng(5)
    rates = [0.3] * 9 + [0.6]
    acts = {
        f"d{draft}": ["click" if hit else "read" for hit in generator.random(100) < rate]
        for draft, rate in enumerate(rates)
    }
    run = make_run(table_of(acts))  # type: ignore[arg-type]
    rows = [row for row in run.compare().to_dicts() if row["draft_b"] == "d9"]
    assert {row["decides"] for row in rows} == {"B"}
    assert (run.verdict().decision, run.verdict().draft) == ("best", "d9")
    assert "it beats each of 9 rivals at p 0.05" in run.verdict().because
    assert any(row["p_adjusted"] > row["p_value"] for row in rows)
    assert ("Verdict", comparisons.RULES) in list_methods(run)


@pytest.mark.parametrize(
    ("a", "b"), [(["read"] * 12, ["read"] * 12), (["click"] * 12, ["click"] * 12), (["read"] * 12, ["click"] * 12)]
)
def test_nothing_that_varies_is_detectable(a: list[str | None], b: list[str | None]) -> None:
    """Nobody acts, everybody acts, or all move: no difference is promised to be found."""
    assert toolkit.compare(table_of({"a": a, "b": b}))["detectable"].to_list() == [None]


def test_whoever_shares_has_read() -> None:
    """With the objective to read, sharing, replying, tapping, reacting and saving count; hiding does not."""
    acts: list[str | None] = [
        "read",
        "share",
        "reply",
        "click",
        "react",
        "save",
        "hide",
        "report",
        "scroll_past",
        "read",
    ]
    card = toolkit.scorecard(table_of({"a": acts}, objective="read"))
    assert card.filter(measure=PRIMARY)["estimate"].item() == pytest.approx(0.7)
    shared = toolkit.scorecard(table_of({"a": acts}, objective="share"))
    assert shared.filter(measure=PRIMARY)["estimate"].item() == pytest.approx(0.1)


@pytest.mark.parametrize("people", [2, 12])
def test_ratings_on_which_all_agree_are_no_point(people: int) -> None:
    """Two or twelve people who all say 4 leave room around it, inside 1 to 5."""
    card = toolkit.scorecard(table_of({"a": ["read"] * people}, rating_trust=4.0)).filter(measure="trust")
    (row,) = card.to_dicts()
    assert row["estimate"] == 4.0
    assert 1.0 <= row["low"] < 4.0 < row["high"] <= 5.0


def test_two_raters_stay_on_the_scale() -> None:
    """Two people who say 1 and 5 give no interval from -22 to 28."""
    frame = table_of({"a": ["read", "read"]}).with_columns(rating_trust=pl.Series([1.0, 5.0]))
    (row,) = toolkit.scorecard(frame).filter(measure="trust").to_dicts()
    assert (row["low"], row["high"]) == (1.0, 5.0)


def test_no_points_are_less_than_none() -> None:
    """A bound just under nothing reads 0, not -0."""
    row = {"difference": 0.2, "low": -0.003, "high": 0.39, "draft_a": "a", "draft_b": "b"}
    assert deciding.say_difference(row) == "difference 20 points, 0 to 39"


def test_an_old_table_is_decided_as_it_was() -> None:
    """Comparisons of version 0.1 have no `decides`: their corrected verdict decides."""
    frame = table_of({"a": ["read"] * 40, "b": ["click"] * 40})
    old = toolkit.compare(frame).drop("decides")
    assert decide(old, toolkit.scorecard(frame)).draft == "b"


def test_missing_answers_make_no_circle() -> None:
    """Three drafts that pairwise beat each other in a circle have one order among those who answered all."""
    acts: dict[str, list[str | None]] = {
        "a": ["click"] * 20 + ["read"] * 20 + ["?"] * 20 + ["click"] * 6 + ["read"] * 4,
        "b": ["read"] * 20 + ["?"] * 20 + ["click"] * 20 + ["read"] * 10,
        "c": ["?"] * 20 + ["click"] * 20 + ["read"] * 20 + ["click"] * 2 + ["read"] * 8,
    }
    table = toolkit.compare(table_of(acts))
    assert deciding.rank_drafts(table) == ("a", "c", "b")
    assert [round(row["difference"], 9) for row in table.to_dicts()] == [-0.6, -0.4, 0.2]
    alone = toolkit.compare(table_of(acts), drafts=["b", "c"])["difference"].item()
    assert alone == pytest.approx((2 - 20) / 30)


def test_audiences_that_disagree_are_shown_apart() -> None:
    """Two audiences with opposite signs: the verdict says what each says."""
    acts: dict[str, list[str | None]] = {"a": ["click"] * 60 + ["read"] * 20, "b": ["read"] * 60 + ["click"] * 20}
    frame = table_of(acts).with_columns(
        segments=pl.struct(
            audience=pl.when(pl.col("persona_id") < "p060").then(pl.lit("jam")).otherwise(pl.lit("honey"))
        )
    )
    run = make_run(frame)
    run = Run(methods=run.methods.model_copy(update={"segment_keys": ("audience",)}), reactions=frame)
    assert "The audiences disagree; points by which a leads b: honey -100, jam 100" in run.verdict().because


def test_equal_shares_by_hand() -> None:
    """Cochran's Q of the classic three columns, and McNemar's exact test for two."""
    hits = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=float)
    columns, rows = hits.sum(axis=0), hits.sum(axis=1)  # 5, 3, 1 and 2, 1, 0, 3, 2, 1
    statistic = 2 * (3 * (25 + 9 + 1) - 81) / (3 * 9 - (4 + 1 + 0 + 9 + 4 + 1))
    assert (columns.tolist(), rows.tolist()) == ([5, 3, 1], [2, 1, 0, 3, 2, 1])
    assert moderation.equal_shares(hits) == pytest.approx(np.exp(-statistic / 2))
    assert moderation.equal_shares(np.array([[1, 0]] * 5 + [[1, 1]])) == pytest.approx(2 / 2**5)
    assert moderation.equal_shares(np.zeros((4, 3))) is None


def test_contenders_hold_whoever_leads() -> None:
    """The leader is always among those that may be best, and who is far behind in every cluster is not."""
    products = np.array(
        [[1.0, 1.2, 0.9, 1.1, 1.0, 1.3], [1.1, 1.0, 1.0, 1.2, 0.9, 1.2], [0.0, 0.1, 0.0, 0.2, 0.1, 0.0]]
    )
    assert rankings.may_be_best(products, np.full(6, 10.0)).tolist() == [True, True, False]
