"""How often a source is right about real results: counts, intervals, splits, leaks, and what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from real_results import guess, make_tested, make_world

from toolkit.cli.main import audience as command_group
from toolkit.cli.main import main
from toolkit.errors import InputError
from toolkit.models.chance_link import SOURCES
from toolkit.panel.api import default_store
from toolkit.results.track_record.judging import bootstrap_mean, judge_source
from toolkit.results.track_record.matching import list_published, load_matches, match_outcomes, split_groups
from toolkit.results.track_record.pairing import PAIR_SCHEMA, find_z, make_pairs
from toolkit.store.outcome_log import Outcome
from toolkit.store.test_log import History
from toolkit.validity.outcomes import add_outcomes
from toolkit.validity.outcomes.baselines import look_up, predict_by_words, split_folds
from toolkit.validity.outcomes.estimating import estimate_mean_rate
from toolkit.validity.outcomes.validating import BASELINES, validate_matches, validate_store
from toolkit.validity.outcomes.wording import list_sentences, tabulate, tabulate_bins


def result(text: str, clicks: int | None = None, shown: int = 1000, **fields: object) -> Outcome:
    """Return a result of one draft."""
    return Outcome.model_validate({"text": text, "shown": shown, "clicks": clicks, "experiment": "1", **fields})


def pair_up(results: list[Outcome], *tested: object) -> pl.DataFrame:
    """Return the pairs of results."""
    published = list_published(match_outcomes(results, tested))  # type: ignore[arg-type]
    return make_pairs(published, split_groups(published))


def test_drafts_of_one_experiment_are_paired() -> None:
    """Three drafts make three pairs; another experiment's draft none; days of one draft are added up."""
    rows = [result("a", 50), result("b", 100), result("c", 50), result("d", 9, experiment="2")]
    rows += [result("a", 30, 500, date="2026-01-02")]
    pairs = pair_up(rows)
    assert pairs.schema == PAIR_SCHEMA
    assert pairs.height == 3
    rates = {row["text_a"]: row["rate_a"] for row in pairs.to_dicts()} | {
        row["text_b"]: row["rate_b"] for row in pairs.to_dicts()
    }
    assert rates == {"a": pytest.approx(80 / 1500), "b": 0.1, "c": 0.05}


def test_a_pair_differs_only_beyond_chance() -> None:
    """|z| of the pooled test above 1.96, as statsmodels has it; of hides fewer win; ties have no winner."""
    from statsmodels.stats.proportion import proportions_ztest

    z, _ = proportions_ztest([90, 60], [1000, 1100])
    assert find_z(60, 1100, 90, 1000) == pytest.approx(z)
    assert find_z(0, 10, 0, 10) == 0
    near, far = pair_up([result("a", 50), result("b", 60)]), pair_up([result("a", 50), result("b", 90)])
    assert (near["differs"][0], far["differs"][0]) == (False, True)
    hidden = pair_up([result("a", hides=90), result("b", hides=50)]).row(0, named=True)
    assert hidden["count"] == "hides"
    assert hidden["b_won"] == float(hidden["text_b"] == "b")
    assert pair_up([result("a", 50), result("b", 50)])["b_won"][0] is None


def test_a_pair_takes_the_latest_run_that_saw_both() -> None:
    """Not two runs apart, where one run saw both; the count is that of its objective."""
    tested = [
        make_tested("a", "old", panel=0.9, finished="2026-01-01"),
        make_tested("b", "old", panel=0.1, finished="2026-01-01"),
        make_tested("a", "new", panel=0.2, finished="2026-02-01", objective="reply"),
        make_tested("b", "new", panel=0.5, finished="2026-02-01", objective="reply"),
        make_tested("a", "alone", panel=1.0, finished="2026-03-01"),
    ]
    row = pair_up([result("a", 1, replies=5), result("b", 2, replies=3)], *tested).row(0, named=True)
    assert row["count"] == "replies"
    assert row["panel"] == pytest.approx(0.3 if row["text_b"] == "b" else -0.3)


def test_nothing_matched_is_not_an_error() -> None:
    """An empty store, and results that no run has seen: counts of 0, nulls, and the next step in words."""
    empty = validate_store(default_store(), predict=guess)
    assert set(empty.sources) == {*SOURCES, *BASELINES}
    assert (empty.sources["panel"].pairs, empty.sources["panel"].accuracy) == (0, None)
    assert any("audience outcomes add" in note for note in empty.notes)
    add_outcomes(default_store(), [result("many words here", 10), result("other words there", 90)], "rows")
    told = validate_store(default_store(), predict=guess)
    assert (told.sources["panel"].pairs, told.sources["chance"].pairs, told.differing) == (0, 1, 1)
    assert any("no pair was tested by a run" in note for note in told.notes)
    assert told.missing == told.needed == 210


@pytest.mark.slow
def test_a_panel_with_skill_shows_it_and_one_without_does_not(tmp_path: Path) -> None:
    """Accuracy, tau, top-1 and log loss of a skilled panel are good, of a useless one a coin's; chance is 50 %."""
    for name, skill in (("good", 0.7), ("useless", 0.0)):
        make_world(tmp_path / name, experiments=120, skill=skill, seed=6)
    good, useless = (validate_store(tmp_path / name, predict=guess) for name in ("good", "useless"))
    panel = good.sources["panel"]
    assert panel.accuracy > 0.9
    assert useless.sources["panel"].accuracy < 0.65
    assert panel.low < panel.accuracy < panel.high
    assert panel.tau > 0.6
    assert panel.top_1 > 0.8
    assert useless.sources["panel"].low < 0.5 < useless.sources["panel"].high
    assert panel.pairs + good.noise == panel.pairs_all == 120
    assert good.sources["chance"].accuracy == 0.5
    assert good.sources["chance"].calibration_error == 0
    assert good.sources["tfidf"].low < 0.5 < good.sources["tfidf"].high
    assert sum(each["pairs"] for each in panel.bins) == panel.pairs
    sentences = list(list_sentences(good))
    assert any(f"{good.noise} were left out" in sentence for sentence in sentences)
    assert any("210 pairs that differ" in sentence for sentence in sentences)
    assert tabulate(good).height == 6
    assert set(tabulate_bins(good)["source"]) >= {"panel", "control reader"}


@pytest.mark.slow
def test_the_command_prints_the_contracts_object(tmp_path: Path) -> None:
    """One JSON object with the five keys of every source; a table otherwise; a wrong key is one line."""
    make_world(default_store(), experiments=30, skill=0.7)
    shown = CliRunner().invoke(command_group, ["outcomes", "validate", "--json"])
    sources = json.loads(shown.output)["sources"]
    assert list(sources) == ["panel", "control", "outcome_model", "chance", "longer", "tfidf"]
    assert all({"pairs", "accuracy", "low", "high", "calibration_error"} <= set(source) for source in sources.values())
    table = CliRunner().invoke(command_group, ["outcomes", "validate"], env={"COLUMNS": "200"})
    assert table.exit_code == 0
    assert "the longer draft" in table.output
    with pytest.raises(InputError, match="did you mean group"):
        CliRunner().invoke(command_group, ["outcomes", "validate", "--group", "grop"], catch_exceptions=False)
    assert tmp_path.exists()


def test_a_split_that_leaks_fails_loudly(capsys: pytest.CaptureFixture[str]) -> None:
    """The same words in two experiments: joined, the lookup table knows nothing; split by day, it is caught, exit 1."""
    rows = [
        result(text, 90 if text.startswith("good") else 30, experiment=str(number), date=f"2026-01-{number + 1:02}")
        for number in range(20)
        for text in (f"good words {number % 4}!", f"bad words {number % 4}")
    ]
    add_outcomes(default_store(), rows, "rows")
    clean = validate_store(default_store(), predict=guess)
    assert clean.groups == 4
    assert clean.leakage.passed
    assert clean.leakage.accuracy == 0.5
    with pytest.raises(SystemExit, match="1"):
        main(["outcomes", "validate", "--group", "date", "--json"])
    printed = capsys.readouterr()
    assert "LEAK" in printed.err
    told = json.loads(printed.out)["leakage"]
    assert (told["passed"], told["accuracy"] > 0.9) == (False, True)


def test_folds_hold_out_whole_groups() -> None:
    """Every row is held out once, never apart from its group, whatever the order of rows."""
    groups = np.array([f"g{number % 23}" for number in range(200)])
    folds = list(split_folds(groups))
    assert np.array(folds).sum(axis=0).tolist() == [1] * 200
    for held in folds:
        assert not set(groups[held]) & set(groups[~held])
    turned = list(split_folds(groups[::-1]))
    assert all((one == other[::-1]).all() for one, other in zip(folds, turned, strict=True))


def test_words_that_win_are_learned_on_other_groups() -> None:
    """TF-IDF finds a word that decides, in groups it has not seen; a lookup table of whole texts does not."""
    random = np.random.default_rng(2)
    rows = []
    for number in range(80):
        filler = [" ".join(random.choice(["tea", "book", "door", "lamp"], 3)) + f" {number}{side}" for side in "ab"]
        rows += [
            result(f"free {filler[0]}", 200, experiment=str(number)),
            result(filler[1], 50, experiment=str(number)),
        ]
    pairs = pair_up(rows)
    won, groups = pairs["b_won"].to_numpy(), pairs["group"].to_numpy()
    chances = predict_by_words(pairs, won, groups)
    assert chances is not None
    assert ((chances > 0.5) == (won == 1)).mean() > 0.95
    assert not look_up(pairs, won, groups).any()


def test_no_text_is_no_opinion() -> None:
    """Results named by id alone enter no baseline of words, and nothing fails."""
    rows = [
        Outcome(draft_id=f"{number}{side}", experiment=str(number), shown=1000, clicks=clicks)
        for number in range(8)
        for side, clicks in (("a", 20), ("b", 80))
    ]
    told = validate_matches(match_outcomes(rows, []), predict=guess)
    assert told.differing == 8
    assert {name: told.sources[name].pairs for name in ("outcome_model", "longer", "tfidf", "chance")} == {
        "outcome_model": 0, "longer": 0, "tfidf": 0, "chance": 8,
    }  # fmt: skip


def test_few_labels_and_many_predictions_give_a_mean_rate(tmp_path: Path) -> None:
    """Panel rates of drafts without results narrow the interval where they follow the truth; under 4 drafts: none."""
    random = np.random.default_rng(4)
    truth = random.normal(0.1, 0.03, 300).clip(0.01)
    tested = [make_tested(f"text {n}", f"r{n}", panel=float(np.clip(5 * rate, 0, 1))) for n, rate in enumerate(truth)]
    rows = [result(f"text {n}", int(20_000 * truth[n]), 20_000, experiment=str(n)) for n in range(20)]
    with History(tmp_path / "s") as history:
        history.keep_run(tested)
    add_outcomes(tmp_path / "s", rows, "rows")
    mean = estimate_mean_rate(load_matches(tmp_path / "s"), tested)
    assert mean is not None
    assert (mean.count, mean.labels, mean.predictions) == ("clicks", 20, 280)
    assert mean.high - mean.low < 0.8 * (mean.labels_only_high - mean.labels_only_low)
    assert mean.low < truth.mean() < mean.high
    assert mean.effective > 20
    assert validate_store(tmp_path / "s", predict=guess).mean_rate == mean
    assert estimate_mean_rate(load_matches(tmp_path / "s")[:3], tested) is None


@pytest.mark.slow
def test_the_interval_of_accuracy_holds_the_truth() -> None:
    """Of 400 simulated records, pairs clustered in groups of 3, 91 to 98 % of the intervals hold the true share."""
    random = np.random.default_rng(11)
    held = 0
    for _ in range(400):
        groups = np.repeat([f"g{number}" for number in range(40)], 3)
        shared = np.repeat(random.random(40) < 0.4, 3)
        luck = np.where(shared, np.repeat(random.random(40), 3), random.random(120))
        share = bootstrap_mean((luck < 0.65).astype(float), groups, seed=1)
        held += share.low <= 0.65 <= share.high
    assert 0.91 <= held / 400 <= 0.98


def test_an_interval_needs_two_groups() -> None:
    """One group has a figure and no interval; groups that all agree have an honest one; nothing is nothing."""
    assert bootstrap_mean(np.ones(5), np.array(["g"] * 5), seed=0).low is None
    sure = bootstrap_mean(np.ones(5), np.array(list("abcde")), seed=0)
    assert (sure.estimate, sure.high) == (1.0, 1.0)
    assert 0.4 < sure.low < 0.6
    assert bootstrap_mean(np.empty(0), np.empty(0), seed=0).estimate is None
    pairs = pair_up([result("a", 10), result("b", 90)])
    silent = judge_source(pairs, np.array([np.nan]), None)
    assert (silent.pairs, silent.accuracy, silent.tau) == (0, None, None)
