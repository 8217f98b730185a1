"""From comparisons to the verdict of a run, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from toolkit.models import Verdict
from toolkit.results.scoring.reaction_rows import PRIMARY
from toolkit.results.scoring.rules import LEAST_PERSONAS, LEAST_WORDINGS


def decide(comparisons: pl.DataFrame, cards: pl.DataFrame) -> Verdict:
    """Return the verdict of a run from its comparisons and scorecard on the primary measure, whole audience."""
    rates = cards.filter((pl.col("measure") == PRIMARY) & pl.col("estimate").is_not_null())
    if cards["draft_id"].n_unique() == 1:
        return _describe_single(rates)
    if rates.is_empty():
        return Verdict(decision="not enough", because="no reaction could be used; see the failed and refused counts.")
    best = rates.sort("estimate", descending=True, maintain_order=True).row(0, named=True)
    rivals = comparisons.filter((pl.col("draft_a") == best["draft_id"]) | (pl.col("draft_b") == best["draft_id"]))
    verdicts = set(rivals["verdict"])
    for decision in ("not enough", "too close to call", "unstable"):
        if decision in verdicts:
            row = rivals.filter(pl.col("verdict") == decision).row(0, named=True)
            return Verdict(decision=decision, because=_say_why(decision, row, best))
    closest = rivals.sort("p_adjusted", descending=True).row(0, named=True)
    return Verdict(decision="best", draft=best["draft_id"], because=_say_why("best", closest, best))


def _describe_single(rates: pl.DataFrame) -> Verdict:
    if rates.is_empty():
        return Verdict(decision="single draft", because="no reaction could be used; see the failed and refused counts.")
    return Verdict(
        decision="single draft", because=f"there is nothing to compare with: {_say_rate(rates.row(0, named=True))}."
    )


def say_estimate(row: Mapping[str, Any], form: str = ".0%") -> str:
    """Return estimate and interval of a scorecard's row, such as "58% (41% to 75%)", or "unknown"."""
    if row["estimate"] is None:
        return "unknown"
    spread = f" ({row['low']:{form}} to {row['high']:{form}})" if row["low"] is not None else ""
    return f"{row['estimate']:{form}}{spread}"


def _say_rate(row: dict[str, Any]) -> str:
    share = say_estimate(row)
    return f"{row['draft_id']} reached the objective with {share} of the simulated audience of {row['personas']}"


def say_difference(row: Mapping[str, Any]) -> str:
    """Return the difference of a comparison in points with its interval, such as "difference 17 points, 6 to 28"."""
    if row["difference"] is None:
        return "no persona reacted to both"
    spread = f", {100 * row['low']:.0f} to {100 * row['high']:.0f}" if row["low"] is not None else ""
    return f"difference {100 * row['difference']:.0f} points{spread}"


def _say_why(decision: str, row: dict[str, Any], best: dict[str, Any]) -> str:
    pair = f"{row['draft_b']} against {row['draft_a']}: {say_difference(row)}"
    if decision == "best":
        return f"{_say_rate(best)}; closest rival: {pair}."
    if decision == "unstable":
        return f"{pair}, but leaving out one wording of the question turns the sign."
    if decision == "not enough":
        least = f"at least {LEAST_PERSONAS} personas under {LEAST_WORDINGS} wordings"
        return f"{pair}; a verdict needs {least} who react to both drafts."
    return f"{pair}{_say_detectable(row['detectable'])}."


def _say_detectable(difference: float | None) -> str:
    if not difference:
        return ""
    if difference >= 1:
        return "; a panel of this size tells no two drafts apart"
    return f"; a panel of this size could tell {100 * difference:.0f} points apart"
