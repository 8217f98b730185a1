"""What must not matter to a score does not, what is unknown stays unknown, and segments are told apart by a test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import toolkit
from toolkit.errors import InputError
from toolkit.results.scoring import interactions
from toolkit.results.scoring import reaction_rows as rows
from toolkit.results.scoring.columns import INTERACTION_SCHEMA
from toolkit.stats.corrections import benjamini_hochberg

seeds = st.integers(min_value=0, max_value=2**32 - 1)
unhurried = settings(max_examples=15)
DRAFTS = ["alpha", "beta", "gamma"]


def draw_reactions(seed: int, personas: int = 60, repeats: int = 2, lift: float = 0.0) -> pl.DataFrame:
    """Return reactions of two roles under ten wordings; sellers click `lift` more often on "beta"."""
    generator = np.random.default_rng(seed)
    person, draft, repeat = (labels.ravel() for labels in np.indices((personas, len(DRAFTS), repeats)))
    is_seller = person % 20 < 10
    click = generator.random(len(person)) < 0.2 + 0.2 * (draft == 2) + lift * (is_seller & (draft == 1))
    stopped = click | (generator.random(len(person)) < 0.4)
    frame = pl.DataFrame({
        "draft_id": np.array(DRAFTS)[draft],
        "persona_id": np.char.add("p", person.astype(str)),
        "weight": generator.lognormal(0, 0.3, personas)[person],
        "wording": person % 10,
        "repeat": repeat,
        "role": np.where(is_seller, "seller", "buyer"),
        "stopped": stopped,
        "action": np.where(click, "click", np.where(stopped, "read", "scroll_past")),
        "rating_trust": np.where(stopped, generator.uniform(1, 5, len(person)), np.nan),
    })  # fmt: skip
    return frame.with_columns(
        segments=pl.struct("role"), objective=pl.lit("click"), rating_trust=pl.col("rating_trust").fill_nan(None)
    ).drop("role")


def assert_close(one: pl.DataFrame, other: pl.DataFrame) -> None:
    """Compare two frames to nine decimals."""
    assert_frame_equal(one, other, rel_tol=0, abs_tol=1e-9)


@unhurried
@given(seeds)
@pytest.mark.slow
def test_shuffled_rows_give_the_same_numbers(seed: int) -> None:
    """Rows in any order score and compare to the same numbers, once the order of drafts is given."""
    reactions = draw_reactions(seed)
    shuffled = reactions.sample(fraction=1.0, shuffle=True, seed=seed % 1000)
    for by in (None, "role"):
        assert_close(toolkit.scorecard(shuffled, by, drafts=DRAFTS), toolkit.scorecard(reactions, by))
        assert_close(toolkit.compare(shuffled, by, drafts=DRAFTS), toolkit.compare(reactions, by))
    assert_close(interactions(shuffled, "role", drafts=DRAFTS), interactions(reactions, "role"))


@unhurried
@given(seeds)
def test_names_do_not_matter(seed: int) -> None:
    """Personas, wordings and segment values renamed in another order give the same numbers."""
    reactions = draw_reactions(seed)
    people = reactions["persona_id"].unique(maintain_order=True)
    names = people.sample(fraction=1.0, shuffle=True, seed=seed % 1000)
    renamed = reactions.with_columns(
        persona_id=pl.col("persona_id").replace_strict(people, names), wording=90 - 7 * pl.col("wording")
    )
    for score in (toolkit.scorecard, toolkit.compare):
        assert_close(score(renamed), score(reactions))
    role = pl.struct(role=pl.col("segments").struct.field("role").replace({"seller": "a", "buyer": "z"}))
    assert_close(interactions(renamed.with_columns(segments=role), "role"), interactions(reactions, "role"))


@unhurried
@given(seeds)
def test_drafts_swapped_turn_the_sign_alone(seed: int) -> None:
    """The other order of two drafts turns difference, interval and letter, and leaves p-values and tests alone."""
    reactions = draw_reactions(seed)
    there, back = (toolkit.compare(reactions, drafts=order).row(0, named=True) for order in (DRAFTS[:2], DRAFTS[1::-1]))
    assert back["difference"] == pytest.approx(-there["difference"], abs=1e-9)
    assert (back["low"], back["high"]) == pytest.approx((-there["high"], -there["low"]), abs=1e-9)
    assert back["p_value"] == pytest.approx(there["p_value"], abs=1e-9)
    assert back["verdict"] == {"A": "B", "B": "A"}.get(there["verdict"], there["verdict"])


@unhurried
@given(seeds, st.integers(2, 4))
def test_identical_repeats_narrow_no_interval(seed: int, copies: int) -> None:
    """Hearing the same from everybody again changes counts of reactions and nothing else."""
    once = draw_reactions(seed, repeats=1)
    again = pl.concat([once.with_columns(repeat=pl.lit(copy, pl.Int64)) for copy in range(copies)])
    numbers = ["estimate", "low", "high", "personas"]
    assert_close(toolkit.scorecard(again).select(numbers), toolkit.scorecard(once).select(numbers))
    assert_close(toolkit.compare(again).drop("detectable"), toolkit.compare(once).drop("detectable"))
    assert_close(interactions(again, "role"), interactions(once, "role"))


def test_a_file_read_draft_by_draft_scores_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Parquet file too large to hold gives the numbers of the frame in memory, also with columns it must not read."""
    reactions = draw_reactions(5)
    spare = reactions.with_columns(verbatim=pl.lit("a text that nobody needs for a score"))
    spare.write_parquet(tmp_path / "reactions.parquet", row_group_size=50)
    wanted = [toolkit.scorecard(reactions, "role"), toolkit.compare(reactions), interactions(reactions, "role")]
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 10)
    lazy = pl.scan_parquet(tmp_path / "reactions.parquet")
    for found, held in zip(
        [toolkit.scorecard(lazy, "role"), toolkit.compare(lazy), interactions(lazy, "role")], wanted, strict=True
    ):
        assert_close(found, held)
    lazy_twice = pl.concat([lazy, lazy.head(1)])
    for score in (toolkit.scorecard, toolkit.compare):
        with pytest.raises(InputError, match=r"two reactions share draft_id 'alpha', persona_id 'p0'"):
            score(lazy_twice)


def test_columns_that_are_not_needed_are_not_read() -> None:
    """A column that cannot even be computed does no harm as long as nobody asks for it."""
    reactions = draw_reactions(5).lazy()
    broken = reactions.with_columns(rating_trust=pl.col("action").cast(pl.Float64, strict=True))
    assert_close(toolkit.compare(broken), toolkit.compare(reactions))
    with pytest.raises(pl.exceptions.InvalidOperationError):
        toolkit.compare(broken, measure="trust")


def test_a_correction_on_request() -> None:
    """Benjamini-Hochberg is used where asked for, Holm otherwise, and an unknown name is refused."""
    reactions = draw_reactions(8, lift=0.3)
    explored = toolkit.compare(reactions, "role", adjust="bh")
    np.testing.assert_allclose(explored["p_adjusted"], benjamini_hochberg(explored["p_value"].to_numpy()))
    assert (explored["p_adjusted"] <= toolkit.compare(reactions, "role")["p_adjusted"]).all()
    assert_close(toolkit.compare(reactions, adjust="holm"), toolkit.compare(reactions))
    with pytest.raises(InputError, match=r"unknown adjust 'hol'.*did you mean holm.*allowed: holm, bh"):
        toolkit.compare(reactions, adjust="hol")


def test_a_difference_that_only_sellers_make() -> None:
    """Sellers who click 60 points more on one draft differ from buyers on each pair with it, and on no other."""
    found = interactions(draw_reactions(1, personas=100, lift=0.6), "role")
    assert dict(found.schema) == INTERACTION_SCHEMA
    verdicts = {(row["draft_a"], row["draft_b"]): row["verdict"] for row in found.to_dicts()}
    assert verdicts == {
        ("alpha", "beta"): "differs",
        ("alpha", "gamma"): "no difference found",
        ("beta", "gamma"): "differs",
    }
    assert (found["p_adjusted"] >= found["p_value"]).all()


@pytest.mark.parametrize(
    "kept",
    [
        pl.col("segments").struct.field("role") == "seller",
        pl.col("wording") < 5,
        pl.col("persona_id").is_in([f"p{person}" for person in range(17)]),
    ],
    ids=["one value", "five wordings", "seven buyers"],
)
def test_an_interaction_needs_two_values_with_enough_in_each(kept: pl.Expr) -> None:
    """One value, under six wordings, or under eight personas in all values but one: "not enough", and no number."""
    found = interactions(draw_reactions(1).filter(kept), "role")
    assert found["verdict"].unique().to_list() == ["not enough"]
    assert found["p_value"].null_count() == found.height


@pytest.mark.parametrize("kept", [pl.col("persona_id") == "p3", pl.col("wording") == 3], ids=["persona", "wording"])
def test_one_persona_or_one_wording_is_not_enough(kept: pl.Expr) -> None:
    """With one persona, or one wording, there are estimates but neither interval, p-value nor verdict."""
    few = draw_reactions(1).filter(kept)
    card, found = toolkit.scorecard(few), toolkit.compare(few)
    assert card.filter(measure="stop_rate")["estimate"].null_count() == 0
    assert card["low"].null_count() == card.height
    assert found["p_value"].null_count() == found["p_adjusted"].null_count() == found.height
    assert found["verdict"].unique().to_list() == ["not enough"]


def test_unknown_ratings_stay_unknown() -> None:
    """Ratings that are null for a draft are null in its card and in comparisons with it, never zero or the middle."""
    reactions = draw_reactions(1).with_columns(
        rating_trust=pl.when(pl.col("draft_id") != "beta").then(pl.col("rating_trust"))
    )
    card = toolkit.scorecard(reactions).filter(measure="trust", draft_id="beta").row(0, named=True)
    assert (card["estimate"], card["low"], card["personas"], card["reactions"]) == (None, None, 0, 0)
    found = toolkit.compare(reactions, measure="trust")
    assert found["difference"].is_null().to_list() == [True, False, True]
    assert found["verdict"].to_list()[0] == "not enough"
