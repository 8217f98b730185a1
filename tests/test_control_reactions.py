"""The reactions of a run are those of people; the control reader's stand apart, in memory and after a folder."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import polars as pl
import pytest
from random_frames import make_run

import toolkit
from toolkit.results import Run

KEPT = Path(__file__).parent / "data" / "version-0.1" / "run"


@pytest.fixture
def run() -> Run:
    """Return a run with a control reader."""
    return toolkit.load_run(KEPT)


def test_a_naive_mean_has_people_alone(run: Run) -> None:
    """Rates by draft from `reactions` with no filter are those of the scorecard."""
    weighted = (pl.col("action") == "click").dot("weight") / pl.col("weight").sum()
    naive = run.reactions.group_by("draft_id").agg(weighted.alias("rate"))
    assert run.reactions["weight"].min() > 0
    rates = run.scorecard().filter(measure="objective_rate")
    assert dict(naive.iter_rows()) == pytest.approx(dict(zip(rates["draft_id"], rates["estimate"], strict=True)))


def test_a_frame_with_control_rows_is_still_taken(run: Run) -> None:
    """The file on disk holds everybody; a scorecard of it, or of both frames, is the run's."""
    whole = pl.scan_parquet(KEPT / "reactions.parquet")
    together = pl.concat([run.control_reactions, run.reactions])
    for frame in (whole, together):
        assert toolkit.scorecard(frame).equals(run.scorecard())
        assert toolkit.compare(frame).equals(run.compare())


def test_the_control_reader_keeps_its_estimates(run: Run) -> None:
    """Its scorecard and its evidence come from its own rows."""
    assert run.control_reactions.columns == run.reactions.columns
    assert run.control_scorecard().filter(measure="objective_rate")["personas"].to_list() == [10, 10]
    assert "control" in run.evidence()["source"]


def test_rows_in_any_order_are_set_apart(run: Run) -> None:
    """A run made from a frame in which the control reader's rows stand anywhere has the same parts."""
    mixed = pl.concat([run.reactions.head(3), run.control_reactions, run.reactions.tail(-3)])
    made = Run(run.methods, mixed)
    assert made.reactions.equals(run.reactions)
    assert made.control_reactions.equals(run.control_reactions)
    assert made.control_scorecard().equals(run.control_scorecard())


def test_a_copy_keeps_both(run: Run) -> None:
    """Other reactions leave the control reader's, a pickled run has both, and tables are shared where both are."""
    halved = dataclasses.replace(run, reactions=run.reactions.filter(draft_id="plain"))
    assert halved.control_reactions.equals(run.control_reactions)
    assert set(halved.scorecard()["draft_id"]) == {"plain"}
    again = pickle.loads(pickle.dumps(run))  # noqa: S301 - our own
    assert again.control_reactions.equals(run.control_reactions)
    silent = dataclasses.replace(run, control_reactions=run.control_reactions.clear())
    assert silent.control_scorecard().height == 0
    assert run.with_predictions(None).tables is run.tables


def test_a_run_without_one_has_no_rows(run: Run) -> None:
    """Without a control reader the frame is empty, with the same columns, and the folder holds people alone."""
    alone = make_run(run.reactions)
    assert (alone.control_reactions.height, alone.control_reactions.columns) == (0, alone.reactions.columns)
