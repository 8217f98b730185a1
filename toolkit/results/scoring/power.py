"""How many personas more a question would need, from how much those asked disagreed."""

from __future__ import annotations

import polars as pl

from toolkit.results.scoring.comparisons import load_pairs
from toolkit.results.scoring.reaction_rows import PRIMARY, select_rows
from toolkit.stats import plans


def count_more_personas(
    reactions: pl.DataFrame | pl.LazyFrame,
    pair: tuple[str, str],
    target: float,
    measure: str = PRIMARY,
    *,
    drafts: int = 2,
) -> int | None:
    """Return how many personas more make a lead of `target` among so many drafts detectable, four times in five.

    From the variance components of the pair's own differences; where they show none, from typical ones. 0 where those
    asked are enough, None where more personas alone cannot reach it.
    """
    rows = select_rows(reactions.lazy().filter(pl.col("draft_id").is_in(pair)), None, pair, measure)
    paired = next((frame for _, frame in load_pairs(rows)), pl.DataFrame())
    if paired.is_empty():
        return None
    found = plans.variance_components(paired["difference"], paired["unit"], paired["wording"])
    components = found if found and found.persona + found.noise > 0 else plans.TYPICAL
    personas = paired["unit"].n_unique()
    repeats = paired.height / paired.select(pl.struct("unit", "wording").n_unique()).item()
    needed = plans.personas_needed(components, paired["wording"].n_unique(), repeats, target, drafts=drafts)
    return None if needed is None else max(needed - personas, 0)
