"""A world with people in it: drafts with true rates, runs that saw them, and results, all from one seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from toolkit.files.normalising import hash_text
from toolkit.store.outcome_log import Outcome
from toolkit.store.test_log import History, Tested
from toolkit.validity.outcomes import add_outcomes

WORDS = (
    "market",
    "invoice",
    "chat",
    "coat",
    "story",
    "parcel",
    "garden",
    "ticket",
    "kettle",
    "summer",
    "letter",
    "bike",
)


def make_world(store: Path, *, experiments: int, skill: float, seed: int = 0, drafts: int = 2) -> None:
    """Fill a store: two drafts an experiment, shown 20,000 times each, and a panel whose rates follow the truth.

    `skill` is the share of the panel's spread that comes from the true rate: 0 is a useless panel.
    """
    random = np.random.default_rng(seed)
    tested, outcomes = [], []
    for number in range(experiments):
        for draft in range(drafts):
            truth = random.normal(0.0, 0.01)
            text = f"{' '.join(random.choice(WORDS, 6))} {number} {draft}"
            panel = np.clip(0.4 + 10 * (skill * truth + (1 - skill) * random.normal(0.0, 0.01)), 0, 1)
            control = np.clip(0.4 + random.normal(0.0, 0.1), 0, 1)
            clicks = int(random.binomial(20_000, np.clip(0.05 + truth, 0.005, 0.2)))
            outcomes.append(Outcome(text=text, experiment=str(number), shown=20_000, clicks=clicks))
            tested.append(make_tested(text, f"run-{number}", panel=float(panel), control=float(control)))
    with History(store) as history:
        history.keep_run(tested)
    add_outcomes(store, outcomes, "world")


def make_tested(text: str, run_id: str, *, panel: float, control: float | None = None, **fields: str) -> Tested:
    """Return the trace of one draft."""
    named = {"draft_id": text[-6:], "campaign": run_id, "surface": "facebook_post", "objective": "click"} | fields
    named = {"finished": "2026-11-24T00:00:00+00:00"} | named
    return Tested(
        run_id=run_id,
        draft_hash=hash_text(text + "facebook_post"),
        text_hash=hash_text(text),
        text=text,
        panel_rate=panel,
        panel_n=12,
        control_rate=control,
        control_n=10,
        model="m",
        engine="scripted",
        **named,
    )


def guess(frame: pl.DataFrame) -> pl.DataFrame:
    """Stand in for the outcome model: the text with more letters e wins with 0.7."""
    e = pl.col("text_b").str.count_matches("e").cast(pl.Int64) - pl.col("text_a").str.count_matches("e").cast(pl.Int64)
    return frame.with_columns(p_b_wins=0.5 + 0.2 * e.sign(), abstains=e == 0)
