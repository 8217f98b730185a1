"""The figures of random frames: those of the version before, to twelve digits, and inside their scales."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from random_frames import draw_frame

import toolkit
from toolkit.results.scoring import RATES

GOLDEN = Path(__file__).parent / "golden"
CLOSE = 1e-12


@cache
def load_before(name: str) -> pl.DataFrame:
    """Return what version 0.1 said of people who answered every draft, with the frame's seed."""
    return pl.read_parquet(GOLDEN / f"{name}.parquet")


@cache
def find_now(name: str) -> pl.DataFrame:
    """Return what is said of the same frames now."""
    return pl.concat(list(score_frames(name)))


def score_frames(name: str) -> Iterator[pl.DataFrame]:
    """Yield the tables of each frame."""
    for seed in load_before(name)["seed"].unique().sort():
        frame = draw_frame(seed, refusals=False, most_drafts=8)
        drafts = frame["draft_id"].unique().sort().to_list()
        for by in (None, "role"):
            tables = (
                [toolkit.scorecard(frame, by, drafts=drafts)]
                if name == "scorecards"
                else [toolkit.compare(frame, by, measure, drafts=drafts) for measure in ("objective_rate", "trust")]
            )
            yield from (table.with_columns(seed=pl.lit(seed, pl.Int16)) for table in tables)


def join(name: str) -> pl.DataFrame:
    """Return both side by side, what was before with `_before`."""
    before, now = load_before(name), find_now(name)
    keys = [
        column for column in before.columns if before.schema[column] in (pl.String, pl.Int16) and column != "verdict"
    ]
    joined = now.join(before, on=keys, how="left", suffix="_before", nulls_equal=True)
    assert joined.height == before.height == now.height
    return joined


def find_changed(joined: pl.DataFrame, column: str, wanted: pl.Expr | None = None) -> pl.DataFrame:
    """Return the rows in which a column is not what it was, or not what is `wanted` of it."""
    old = pl.col(f"{column}_before") if wanted is None else wanted
    differs = ((pl.col(column) - old).abs() > CLOSE) | (pl.col(column).is_null() != old.is_null())
    return joined.filter(differs)


@pytest.mark.slow
@pytest.mark.parametrize("column", ["difference", "p_value", "p_adjusted"])
def test_differences_and_tests_are_as_before(column: str) -> None:
    """One array for all pairs gives what a join for each pair gave."""
    assert find_changed(join("comparisons"), column).is_empty()


@pytest.mark.slow
def test_verdicts_on_pairs_are_as_before() -> None:
    """The corrected verdict of each pair stays, wherever nobody was refused."""
    joined = join("comparisons")
    assert joined["verdict"].equals(joined["verdict_before"].alias("verdict"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["comparisons", "scorecards"])
def test_intervals_are_as_before_inside_their_scale(name: str) -> None:
    """Rates keep their intervals; ratings too, cut at the ends of the scale, and a point becomes an interval."""
    joined = join(name)
    is_rate = pl.col("measure").is_in(RATES)
    least, most = (1.0, 5.0) if name == "scorecards" else (-4.0, 4.0)
    was_point = pl.col("low_before") == pl.col("high_before")
    for end in ("low", "high"):
        assert find_changed(joined.filter(is_rate), end).is_empty()
        cut = pl.col(f"{end}_before").clip(least, most)
        assert find_changed(joined.filter(~is_rate & ~was_point), end, cut).is_empty()
    points = joined.filter(~is_rate & was_point)
    assert points.height > 0
    assert points.filter(pl.col("low") >= pl.col("high")).is_empty()


@pytest.mark.slow
@pytest.mark.parametrize("column", ["estimate", "personas", "reactions"])
def test_estimates_and_counts_are_as_before(column: str) -> None:
    """What each draft reached, and how many that rests on."""
    joined = join("scorecards")
    assert find_changed(joined, column).is_empty()


@pytest.mark.slow
def test_where_nothing_varies_nothing_is_detectable() -> None:
    """What was 0.0 is unknown now; what was a difference stays for two drafts and grows with their number."""
    pairs = pl.len().over("seed", "segment", "value", "measure").alias("pairs")
    joined = join("comparisons").with_columns(pairs)
    nothing = joined.filter(pl.col("detectable_before") == 0.0)
    assert nothing.height > 0
    assert nothing["detectable"].is_null().all()
    assert joined.filter(pl.col("detectable") <= 0.0).is_empty()
    two = joined.filter((pl.col("pairs") == 1) & (pl.col("detectable_before") > 0.0))
    assert two.height > 0
    assert find_changed(two, "detectable").is_empty()
    more = joined.filter((pl.col("pairs") > 1) & (pl.col("detectable_before") > 0.0))
    assert (more["detectable"] > more["detectable_before"]).all()
