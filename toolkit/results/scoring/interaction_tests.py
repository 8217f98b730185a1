"""Whether a difference between drafts differs between the values of a segment."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from toolkit.errors import A_TEXT, accept_only
from toolkit.results.frames import Frame, take_reactions
from toolkit.results.scoring.columns import INTERACTION_SCHEMA
from toolkit.results.scoring.grids import FloatArray, Numbers, Places, average_cells, load_grids
from toolkit.results.scoring.reaction_rows import A_SPLIT, PRIMARY, check_campaigns, check_names, name_by
from toolkit.results.scoring.rules import LEAST_PERSONAS, LEAST_WORDINGS, SIGNIFICANCE
from toolkit.stats import corrections, moderation


@accept_only(by=A_SPLIT, measure=A_TEXT)
def interactions(
    reactions: Frame,
    by: str | Sequence[str],
    measure: str = PRIMARY,
    *,
    drafts: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Return one row per pair of drafts: a test of whether B minus A differs between the values of segment `by`.

    "Better among sellers but not among buyers" is a claim about this, not about two verdicts side by side. It goes by
    whoever answered every draft, as `compare` does.
    `statistic` is the F of `equal_means`, `p_adjusted` is Holm's over the pairs of the call. Segment values of fewer
    than 8 paired personas or 6 wordings are left out. `verdict` is "differs", "no difference found", or "not
    enough" with fewer than two values left or no test. Takes `by` and frames as `scorecard` does.

    Examples:
        >>> toolkit.interactions(run.reactions, by="role")["verdict"].to_list()
        [...]
    """
    check_names(taken := take_reactions(reactions), drafts)
    check_campaigns(taken, drafts)
    (grid,) = load_grids(taken, by, drafts, measure)
    known, pairs = grid.load_usable(measure), list(itertools.combinations(range(len(grid.drafts)), 2))
    tests = [find_moderation(grid.places, known, a, b) for a, b in pairs]
    adjusted = corrections.holm([test.p_value if test else None for test in tests])
    rows = [
        {"draft_a": grid.drafts[a], "draft_b": grid.drafts[b], "segment": name_by(by), "measure": measure}
        | _describe(test, float(p_adjusted))
        for (a, b), test, p_adjusted in zip(pairs, tests, adjusted, strict=True)
    ]
    return pl.DataFrame(rows, schema=INTERACTION_SCHEMA, orient="row")


def find_moderation(
    places: Places,
    known: FloatArray,
    a: int,
    b: int,
    *,
    least_personas: int = LEAST_PERSONAS,
    least_wordings: int = LEAST_WORDINGS,
) -> moderation.Interaction | None:
    """Test whether B minus A differs between the values of a segment; those of too few people are left out."""
    difference = known[b] - known[a]
    weight = places.weight[a] if places.weight.ndim > 1 else places.weight
    columns: list[list[Numbers]] = []
    for value in np.unique(places.value):
        here = (places.value == value) & ~np.isnan(difference) & (weight > 0.0)
        people, wordings = (len(np.unique(each[here])) for each in (places.persona, places.wording))
        if people >= least_personas and wordings >= least_wordings:
            cells = average_cells(*(each[here] for each in (difference, weight, places.wording, places.persona)))
            columns.append([*cells, np.full(len(cells[0]), value)])
    return moderation.equal_means(*map(np.concatenate, zip(*columns, strict=True))) if columns else None


def _describe(test: moderation.Interaction | None, p_adjusted: float) -> dict[str, Any]:
    if test is None:
        return {"verdict": "not enough"}
    verdict = "differs" if p_adjusted <= SIGNIFICANCE else "no difference found"
    return {"statistic": test.statistic, "p_value": test.p_value, "p_adjusted": p_adjusted, "verdict": verdict}
