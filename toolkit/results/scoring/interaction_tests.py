"""Whether a difference between drafts differs between the values of a segment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from toolkit.errors import A_TEXT, accept_only
from toolkit.results.frames import Frame, take_reactions
from toolkit.results.scoring.columns import INTERACTION_SCHEMA
from toolkit.results.scoring.comparisons import average_repeats, load_pairs
from toolkit.results.scoring.reaction_rows import PRIMARY, check_names, select_rows
from toolkit.results.scoring.rules import LEAST_PERSONAS, LEAST_WORDINGS, SIGNIFICANCE
from toolkit.stats import corrections, moderation


@accept_only(by=A_TEXT, measure=A_TEXT)
def interactions(
    reactions: Frame,
    by: str,
    measure: str = PRIMARY,
    *,
    drafts: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Return one row per pair of drafts: a test of whether B minus A differs between the values of segment `by`.

    "Better among sellers but not among buyers" is a claim about this, not about two verdicts side by side.
    `statistic` is the F of `equal_means`, `p_adjusted` is Holm's over the pairs of the call. Segment values of fewer
    than 8 paired personas or 6 wordings are left out. `verdict` is "differs", "no difference found", or "not
    enough" with fewer than two values left or no test. Takes a Polars or pandas frame.

    Example:
        >>> toolkit.interactions(run.reactions, by="role")["verdict"].to_list()
        [...]
    """
    check_names(taken := take_reactions(reactions), drafts)
    pairs = list(load_pairs(select_rows(taken, by, drafts, measure)))
    tests = [_test(paired) for _, paired in pairs]
    adjusted = corrections.holm([test.p_value if test else None for test in tests])
    rows = [
        {"draft_a": a, "draft_b": b, "segment": by, "measure": measure, **_describe(test, float(p_adjusted))}
        for ((a, b), _), test, p_adjusted in zip(pairs, tests, adjusted, strict=True)
    ]
    return pl.DataFrame(rows, schema=INTERACTION_SCHEMA, orient="row")


def _test(paired: pl.DataFrame) -> moderation.Interaction | None:
    enough = (pl.col("unit").n_unique() >= LEAST_PERSONAS) & (pl.col("wording").n_unique() >= LEAST_WORDINGS)
    weighty = paired.filter(pl.col("weight") > 0.0)
    cells = average_repeats(weighty.filter(enough.over("value")))
    if cells.is_empty():
        return None
    return moderation.equal_means(*(cells[name] for name in ("difference", "weight", "wording", "unit", "value")))


def _describe(test: moderation.Interaction | None, p_adjusted: float) -> dict[str, Any]:
    if test is None:
        return {"verdict": "not enough"}
    verdict = "differs" if p_adjusted <= SIGNIFICANCE else "no difference found"
    return {"statistic": test.statistic, "p_value": test.p_value, "p_adjusted": p_adjusted, "verdict": verdict}
