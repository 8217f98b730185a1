"""Figures from sums of whole columns are those of row by row, whatever the frame, its size, its order and its types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from random_frames import draw_frame
from row_by_row import MEASURES, Figures, compare_rows, score_rows

import toolkit

CLOSE = 1e-12


def assert_same(found: pl.DataFrame, wanted: list[Figures]) -> None:
    """Compare every number of a table with the figures worked out row by row."""
    assert found.height == len(wanted)
    table = pl.DataFrame(wanted, schema=dict.fromkeys(found.columns, pl.Float64))
    assert_frame_equal(found, table, rel_tol=0, abs_tol=CLOSE)


def check_frame(frame: pl.DataFrame) -> None:
    """Hold scorecards and comparisons of a frame against those made row by row."""
    usable = frame.filter(status="ok")
    drafts = sorted(usable["draft_id"].unique())
    for by in (None, "role"):
        for measure in MEASURES:
            card = toolkit.scorecard(frame, by, drafts=drafts).filter(measure=measure)
            figures = [
                {name: one[name] for name in ("estimate", "low", "high")}
                for one in score_rows(frame, drafts, measure, by)
            ]
            assert_same(card.select("estimate", "low", "high"), figures)
            compared = toolkit.compare(frame, by, measure, drafts=drafts).rename({"difference": "estimate"})
            names = ["estimate", "low", "high", "p_value", "p_adjusted"]
            assert_same(compared.select(names), compare_rows(frame, drafts, measure, by))


@pytest.mark.parametrize("seed", range(8))
def test_random_frames_give_the_figures_of_their_rows(seed: int) -> None:
    """Weights, ties, repeats, refusals, failures, and segments: each number to twelve digits."""
    check_frame(draw_frame(seed, most_drafts=12))


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 300, 50))
def test_three_hundred_frames_give_the_figures_of_their_rows(start: int) -> None:
    """The same for many frames."""
    for seed in range(start, start + 50):
        check_frame(draw_frame(seed, most_drafts=12))


def make_large(people: int, drafts: int, seed: int = 3) -> pl.DataFrame:
    """Return reactions of many people, in the order in which nobody would write them."""
    generator = np.random.default_rng(seed)
    person, draft = (labels.ravel() for labels in np.indices((people, drafts)))
    click = generator.random(len(person)) < 0.1 + 0.02 * (draft % 10)
    weight = generator.choice([0.5, 1.0, 3.0], people)
    frame = pl.DataFrame({
        "draft_id": np.char.add("d", np.char.zfill(draft.astype(str), 3)),
        "persona_id": np.char.add("p", person.astype(str)),
        "weight": weight[person],
        "wording": person % 12,
        "repeat": np.zeros(len(person), dtype=int),
        "role": np.array(["buyer", "seller"])[person // 12 % 2],
        "stopped": click,
        "action": np.where(click, "click", "scroll_past"),
        "status": np.full(len(person), "ok"),
    })  # fmt: skip
    frame = frame.with_columns(segments=pl.struct("role"), objective=pl.lit("click"), rating_trust=pl.lit(None, float))
    return frame.drop("role").sample(fraction=1.0, shuffle=True, seed=seed)


def test_more_rows_than_are_read_at_a_time() -> None:
    """Names keep their numbers from one batch of rows to the next, and sums are those of all rows."""
    frame = make_large(70_000, 4)
    drafts = sorted(frame["draft_id"].unique())
    sums = frame.group_by("draft_id").agg(
        ((pl.col("weight") * (pl.col("action") == "click")).sum() / pl.col("weight").sum()).alias("rate")
    )
    card = toolkit.scorecard(frame.lazy(), drafts=drafts).filter(measure="objective_rate")
    np.testing.assert_allclose(card["estimate"], sums.sort("draft_id")["rate"], rtol=0, atol=CLOSE)
    assert card["personas"].to_list() == [70_000] * 4


def test_two_hundred_drafts_compare_like_two() -> None:
    """Of 19,900 pairs, many of them ties, each has the figures that it has alone, among people who answered all."""
    frame = make_large(36, 200)
    drafts = sorted(frame["draft_id"].unique())
    every = toolkit.compare(frame, drafts=drafts)
    assert every.height == 19_900
    for row in every.sample(40, seed=1).iter_rows(named=True):
        pair = (row["draft_a"], row["draft_b"])
        alone = toolkit.compare(frame.filter(pl.col("draft_id").is_in(pair)), drafts=pair).row(0, named=True)
        for name in ("difference", "low", "high", "p_value"):
            assert row[name] == pytest.approx(alone[name], abs=CLOSE)
        assert row["decides"] == alone["decides"]


@pytest.mark.parametrize("kind", [pl.Categorical, pl.Enum, pl.String])
def test_names_of_any_type_count_the_same(kind: type[pl.DataType], tmp_path: Path) -> None:
    """Categories and enumerations are names like texts, in memory and in a file."""
    frame = make_large(60, 5)
    drafts = sorted(frame["draft_id"].unique())
    make = {pl.Enum: lambda names: pl.Enum(names.unique().sort()), pl.Categorical: lambda _: pl.Categorical()}
    typed = frame.with_columns(
        frame[name].cast(make[kind](frame[name]) if kind in make else pl.String) for name in ("draft_id", "persona_id")
    )
    typed.write_parquet(tmp_path / "typed.parquet", row_group_size=70)
    for rows in (typed, pl.scan_parquet(tmp_path / "typed.parquet")):
        assert_frame_equal(
            toolkit.scorecard(rows, "role", drafts=drafts), toolkit.scorecard(frame, "role", drafts=drafts)
        )
        assert_frame_equal(toolkit.compare(rows, drafts=drafts), toolkit.compare(frame, drafts=drafts))


def test_a_value_of_people_without_weight_is_unknown() -> None:
    """A segment value whose people all have weight 0 has a row without numbers; the others keep theirs."""
    frame = make_large(96, 3)
    drafts = sorted(frame["draft_id"].unique())
    is_buyer = pl.col("segments").struct.field("role") == "buyer"
    light = frame.with_columns(weight=pl.when(is_buyer).then(0.0).otherwise("weight"))
    for judge, number in ((toolkit.scorecard, "estimate"), (toolkit.compare, "difference")):
        found, before = (judge(rows, "role", drafts=drafts) for rows in (light, frame))
        buyers = found.filter(value="buyer")
        assert buyers.height == before.filter(value="buyer").height
        assert buyers.select(number, "low", "high").null_count().row(0) == (buyers.height,) * 3
        sellers = [number, "low", "high"]
        assert_frame_equal(found.filter(value="seller").select(sellers), before.filter(value="seller").select(sellers))
        one_for_all = judge(light, drafts=drafts).select(number)
        assert_frame_equal(one_for_all, found.filter(value="seller").select(number), abs_tol=CLOSE)


def test_one_order_of_rows_or_another_gives_the_same_bytes() -> None:
    """No sum depends on the order in which reactions arrive: a replay saves what the run did, bit by bit."""
    frame = make_large(500, 4)
    drafts = sorted(frame["draft_id"].unique())
    again = frame.sample(fraction=1.0, shuffle=True, seed=9)
    for by in (None, "role"):
        assert toolkit.scorecard(frame, by, drafts=drafts).equals(toolkit.scorecard(again, by, drafts=drafts))
        assert toolkit.compare(frame, by, drafts=drafts).equals(toolkit.compare(again, by, drafts=drafts))
