"""How far models, repeats and audiences agree: published examples, coverage where the truth is known, and sentences."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from study_frames import World, draw_study

from toolkit.errors import InputError
from toolkit.stats.studies import concordance
from toolkit.study import agreement

SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
"""Six targets, four judges: table 2 of Shrout and Fleiss 1979."""
OF_FOUR = [
    [-0.191, 1.227, 1.31, 1.54], [0.85, 1.668, 0.685, 1.559], [-0.152, 1.229, 0.97, 0.938],
    [-2.085, -1.26, -0.695, -0.679], [2.199, 2.212, -1.206, -0.084], [0.272, 0.324, 1.26, 1.564],
]  # fmt: skip
"""Drawn numbers, whose coefficients were worked out by another program (pingouin 0.7)."""
LEVELS = ("a", "b", "c")


def test_concordance_of_known_examples() -> None:
    """W is 1 for one order, 0 for opposite ones, and that of Friedman's test with ties and without."""
    assert concordance.kendall_w([[1, 2, 3], [10, 20, 30]]) == 1.0
    assert concordance.kendall_w([[1, 2, 3], [3, 2, 1]]) == 0.0
    table = np.array([[1, 3, 2, 5], [2, 2, 1, 4], [1, 1, 1, 9], [4, 2, 2, 7]], dtype=float)
    found = stats.friedmanchisquare(*table.T).statistic
    assert concordance.kendall_w(table) == pytest.approx(found / (4 * 3), abs=1e-12)


def test_no_order_has_no_concordance() -> None:
    """Raters who tie everything, or one rater alone, have no W."""
    assert concordance.kendall_w([[1, 1, 1], [2, 2, 2]]) is None
    assert concordance.kendall_w([[1, 2, 3]]) is None


def test_intraclass_of_the_published_example() -> None:
    """Shrout and Fleiss give .29 for absolute agreement of one judge and .71 for consistency."""
    absolute, consistent = (concordance.intraclass(SHROUT_FLEISS, is_absolute=absolute) for absolute in (True, False))
    assert (absolute.estimate, absolute.low, absolute.high) == pytest.approx((0.29, 0.02, 0.76), abs=0.005)
    assert (consistent.estimate, consistent.low, consistent.high) == pytest.approx((0.71, 0.34, 0.95), abs=0.005)


def test_intraclass_agrees_with_another_program() -> None:
    """Coefficients agree to twelve digits, intervals to the two that are shown."""
    absolute, consistent = (concordance.intraclass(OF_FOUR, is_absolute=absolute) for absolute in (True, False))
    assert absolute.estimate == pytest.approx(0.3916651965909632, abs=1e-12)
    assert consistent.estimate == pytest.approx(0.38677527014985824, abs=1e-12)
    assert (absolute.low, absolute.high) == pytest.approx((0.01, 0.85), abs=0.0051)
    assert (consistent.low, consistent.high) == pytest.approx((0.0, 0.84), abs=0.0051)


@pytest.mark.parametrize(("numerator", "denominator", "share"), [(3, 7, 0.975), (100, 5, 0.025), (1.5, 2.2, 0.9)])
def test_quantiles_of_f(numerator: float, denominator: float, share: float) -> None:
    """Quantiles of the F distribution agree with SciPy's."""
    found = concordance.f_quantile(numerator, denominator, share)
    assert found == pytest.approx(stats.f.ppf(share, numerator, denominator), rel=1e-12)


def test_what_groups_share_is_no_agreement() -> None:
    """Raters who agree on campaigns and not on the drafts inside them do not agree."""
    generator = np.random.default_rng(1)
    groups = np.repeat(np.arange(30), 3)
    ratings = 5.0 * generator.normal(size=30)[groups][:, None] + generator.normal(size=(90, 2))
    whole, inside = concordance.intraclass(ratings), concordance.intraclass(ratings, groups)
    assert whole.estimate is not None
    assert inside.estimate is not None
    assert whole.estimate > 0.9
    assert abs(inside.estimate) < 0.3


def test_intervals_of_intraclass_inside_groups_hold_the_truth() -> None:
    """Of drafts inside campaigns the 95 % interval holds the true coefficient in 93 to 97 % of draws."""
    generator = np.random.default_rng(2)
    groups, held = np.repeat(np.arange(12), 3), []
    for _ in range(1000):
        drafts = generator.normal(size=(36, 1)) + generator.normal(size=12)[groups][:, None]
        ratings = drafts + generator.normal(0, 0.7, (36, 2)) + generator.normal(size=(12, 2))[groups]
        found = concordance.intraclass(ratings, groups)
        assert found.low is not None
        assert found.high is not None
        held.append(found.low <= 1 / 1.49 <= found.high)
    assert 0.93 <= np.mean(held) <= 0.97


@pytest.mark.parametrize("spread", [0.0, 0.15])
def test_intervals_of_shares_hold_the_truth(spread: float) -> None:
    """If campaigns are alike in how far raters agree, or differ, the interval holds the share in 93 % or more."""
    generator = np.random.default_rng(3)
    campaigns, held = np.repeat(np.arange(16), 3), []
    for _ in range(1000):
        chance = np.clip(0.8 + generator.choice([-spread, spread], 16), 0, 1)
        found = concordance.share_of_pairs(generator.random(48) < chance[campaigns], campaigns)
        assert found.low is not None
        assert found.high is not None
        held.append(found.low <= 0.8 <= found.high)
    assert np.mean(held) >= 0.93


def test_shares_without_a_difference_are_no_certainty() -> None:
    """If all pairs agree, each campaign counts as one; a single campaign has no interval."""
    found = concordance.share_of_pairs(np.ones(30), np.repeat(np.arange(10), 3))
    assert (found.estimate, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.025 ** (1 / 10))
    assert concordance.share_of_pairs([1, 0, 1], [0, 0, 0]) == concordance.Agreed(2 / 3, None, None)


@pytest.mark.parametrize(
    "call",
    [
        lambda: concordance.kendall_w([1, 2, 3]),
        lambda: concordance.kendall_w([[1, np.nan]]),
        lambda: concordance.share_of_pairs([2], [0]),
        lambda: concordance.intraclass(SHROUT_FLEISS, [0, 0, 0, 1, 1, 1], is_absolute=True),
    ],
)
def test_unusable_numbers_are_refused(call: object) -> None:
    """Numbers that are no table, no shares, or asked for what does not exist are named."""
    with pytest.raises(InputError):
        call()  # type: ignore[operator]


def test_things_that_do_not_vary_have_no_intraclass() -> None:
    """Nothing is said of ratings that are all alike; perfect agreement is a point."""
    assert concordance.intraclass([[1, 1], [1, 1]]) == concordance.NOTHING
    assert concordance.intraclass([[1, 2], [2, 3], [4, 5]]) == concordance.Agreed(1.0, 1.0, 1.0)
    assert concordance.intraclass([[1, 1], [2, 2]], is_absolute=True).estimate == 1.0


def test_the_same_model_twice_agrees_with_itself() -> None:
    """A model and its copy have the same draft ahead and the same verdict in every pair."""
    reactions, _ = draw_study(World(campaigns=6, levels=LEVELS), 1)
    both = pl.concat([reactions, reactions.with_columns(model=pl.lit("copy"))])
    found = agreement.measure_agreement(both, "model").row(0, named=True)
    assert (found["pairs"], found["campaigns"], found["drafts"]) == (18, 6, 18)
    assert (found["same_direction"], found["same_verdict"], found["opposite_verdicts"]) == (1.0, 1.0, 0)
    assert (found["kendall_w"], found["icc"]) == pytest.approx((1.0, 1.0))


def test_a_model_that_says_the_opposite_disagrees() -> None:
    """A model that clicks where another does not has the other draft ahead, and decides for it."""
    reactions, _ = draw_study(World(campaigns=6, between=0.0, effect=0.8), 1)
    turned = pl.when(pl.col("action") == "click").then(pl.lit("read")).otherwise(pl.lit("click"))
    both = pl.concat([reactions, reactions.with_columns(turned.alias("action"), model=pl.lit("contrary"))])
    found = agreement.measure_agreement(both, "model").row(0, named=True)
    assert (found["same_direction"], found["same_verdict"], found["opposite_verdicts"]) == (0.0, 0.0, 6)
    assert found["kendall_w"] == 0.0
    assert found["icc"] == pytest.approx(-1.0)


def test_every_pair_of_models_has_a_row_and_all_have_one() -> None:
    """Three models make three rows, and one of all whose share is the mean of theirs."""
    reactions, _ = draw_study(World(campaigns=6, levels=LEVELS, models=("x", "y", "z")), 2)
    found = agreement.measure_agreement(reactions, "model")
    assert found.select("one", "other").rows() == [("x", "y"), ("x", "z"), ("y", "z"), ("all", "all")]
    shares = found["same_direction"].to_list()
    assert shares[3] == pytest.approx(np.mean(shares[:3]))


@pytest.mark.parametrize("between", ["repeat", "audience"])
def test_repeats_and_audiences_are_raters_too(between: agreement.Between) -> None:
    """Repeats, and audiences whose people share ids, are compared as models are; the rest is kept apart."""
    reactions, _ = draw_study(World(campaigns=4, levels=LEVELS, models=("x", "y"), repeats=2), 1)
    others = reactions.with_columns(audience=pl.lit("others"), action=pl.col("action").reverse())
    found = agreement.measure_agreement(pl.concat([reactions, others]), between)
    assert found["pairs"].to_list() == [12]
    assert found["between"].to_list() == [between]


def test_models_agree_on_a_question_of_ones_own() -> None:
    """Answers to a question of one's own are agreed on as actions are."""
    reactions, _ = draw_study(World(campaigns=3, levels=LEVELS, models=("x", "y")), 1)
    asked = reactions.with_columns(answer_fits=pl.struct("campaign", "draft_id", "persona_id").hash(3) % 2 == 0)
    assert agreement.measure_agreement(asked, "model", measure="fits")["same_direction"].to_list() == [1.0]


def test_drafts_that_one_model_lacks_are_left_out() -> None:
    """Only pairs that both models rated are compared."""
    reactions, _ = draw_study(World(campaigns=3, levels=LEVELS, models=("x", "y")), 1)
    lacks = (pl.col("model") == "y") & (pl.col("campaign") == "c001") & (pl.col("draft_id") == "a")
    found = agreement.measure_agreement(reactions.filter(~lacks), "model").row(0, named=True)
    assert (found["pairs"], found["drafts"]) == (7, 8)
    apart = reactions.filter((pl.col("model") == "x") == (pl.col("campaign") == "c001"))
    nothing = agreement.measure_agreement(apart, "model")
    assert (nothing["pairs"].item(), nothing["same_direction"].item()) == (0, None)
    (said,) = agreement.list_reliabilities(nothing)
    assert said.sentence == "x and y have rated no pair of drafts in common."


@settings(max_examples=8)
@given(st.integers(min_value=0, max_value=2**31 - 1))
def test_names_and_order_do_not_matter_to_agreement(seed: int) -> None:
    """Rows in any order, and drafts and models by other names, agree as far."""
    reactions, _ = draw_study(World(campaigns=4, people=12, wordings=6, levels=LEVELS, models=("x", "y")), seed)
    renamed = reactions.with_columns(
        pl.col("draft_id").replace_strict({"a": "z", "b": "m", "c": "k"}),
        pl.col("model").replace_strict({"x": "q", "y": "p"}),
    ).sample(fraction=1.0, shuffle=True, seed=seed % 1000)
    one, other = (agreement.measure_agreement(frame, "model").drop("one", "other") for frame in (reactions, renamed))
    for name in one.columns:
        first, second = one[name].item(), other[name].item()
        assert first == (second if isinstance(second, str | int | None) else pytest.approx(second, abs=1e-9))


def test_agreement_is_said_in_words() -> None:
    """The sentence has the share, its interval and the counts, what chance would bring, and the verdicts."""
    told = agreement.Reliability(
        between="model", one="mini", other="large", measure="objective_rate", pairs=48, campaigns=16,
        same_direction=0.83, same_direction_low=0.71, same_direction_high=0.91, same_verdict=0.9,
        same_verdict_low=0.8, same_verdict_high=0.96, opposite_verdicts=1,
    )  # fmt: skip
    assert told.sentence == (
        "mini and large would have said the same in 83 % of pairs (71 to 91 %, 48 pairs of drafts in 16 campaigns): "
        "the same draft ahead, which chance alone brings in 50 %. The verdict was the same in 90 % (80 to 96 %, the "
        "opposite in 1 pair)."
    )
    repeats = told.model_copy(update={"between": "repeat", "one": "0", "other": "1", "same_verdict": None})
    assert repeats.sentence.startswith("Repeats 0 and 1 would have said the same in 83 %")
    assert repeats.sentence.endswith("50 %.")
    everyone = told.model_copy(update={"between": "audience", "one": "all", "other": "all", "same_direction_low": None})
    assert everyone.sentence.startswith("All audiences would have said the same in 83 % of pairs (48 pairs")


@pytest.mark.parametrize(
    ("between", "change", "said"),
    [
        ("modle", {}, r"unknown between 'modle'; did you mean model\?; allowed: model, repeat, audience"),
        ("model", {}, "of model 'scripted' alone; agreement between models takes two or more"),
        ("model", {"model": None}, "of nobody; agreement"),
    ],
)
def test_unusable_raters_are_named(between: str, change: dict[str, None], said: str) -> None:
    """An error says what can agree, and that one alone cannot."""
    reactions, _ = draw_study(World(campaigns=2), 1)
    with pytest.raises(InputError, match=said):
        agreement.measure_agreement(reactions.with_columns(**change), between)  # type: ignore[arg-type]


@pytest.mark.parametrize("column", ["campaign", "model"])
def test_a_missing_column_is_named(column: str) -> None:
    """Agreement needs campaigns, and the column that tells raters apart."""
    reactions, _ = draw_study(World(campaigns=2), 1)
    with pytest.raises(InputError, match=f"lack the column '{column}'"):
        agreement.measure_agreement(reactions.drop(column), "model")


def test_verdicts_are_those_that_each_model_gets_alone() -> None:
    """The share of equal verdicts is that of `compare` on each model's reactions by themselves."""
    import toolkit

    reactions, _ = draw_study(World(campaigns=5, effect=0.3, levels=LEVELS, models=("x", "y")), 4)
    verdicts = {
        (model, campaign): toolkit.compare(of_both, drafts=list(LEVELS))["verdict"].to_list()
        for (model, campaign), of_both in reactions.partition_by("model", "campaign", as_dict=True).items()
    }
    names = sorted({campaign for _, campaign in verdicts})
    same = [one == other for name in names for one, other in zip(verdicts["x", name], verdicts["y", name], strict=True)]
    found = agreement.measure_agreement(reactions, "model").row(0, named=True)
    assert found["same_verdict"] == pytest.approx(np.mean(same))
    assert len(set(itertools.chain(*verdicts.values()))) > 1
