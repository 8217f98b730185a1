"""What every judged source said of pairs of published drafts."""

from __future__ import annotations

import numpy as np
import polars as pl

from toolkit.errors import InputError
from toolkit.models import chance_link
from toolkit.results import predictions
from toolkit.results.outcome_model import domains
from toolkit.results.track_record.pairing import OBJECTIVES

_RATES = ("panel", "control", "shares")
"""Sources that say by how much a rate is above another."""


def weigh_pairs(
    pairs: pl.DataFrame, predict: predictions.Predict | None
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Return z of each judged source for each pair, NaN where one does not speak, and why the model does not."""
    margins = {name: pairs[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in _RATES}
    model = np.full(pairs.height, np.nan)
    readable = (pl.col("text_a") != pl.col("text_b")).fill_null(value=False)
    asked = pairs.with_row_index("place").filter(readable)
    if asked.is_empty():
        return {**margins, "outcome_model": model}, ()
    try:
        answers = (predict or predictions.load_predictor())(_place(asked))
    except InputError as error:
        return {**margins, "outcome_model": model}, (f"the outcome model was not asked: {error}",)
    model[asked["place"].to_numpy()] = [chance_link.stretch(chance) for chance in answers["p_b_wins"].to_list()]
    silent = int(answers["abstains"].sum())
    said = f"the outcome model would abstain on {silent} of {asked.height} pairs; they count here" if silent else ""
    return {**margins, "outcome_model": model}, (said,) if said else ()


def _place(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return texts, and what has the nearest forecaster answer where none was measured: it is judged there."""
    deeds = {count: objective for objective, count in OBJECTIVES.items()}
    places = [(surface, deeds.get(count)) for surface, count in pairs.select("surface", "count").iter_rows()]
    known = [domains.find_nearest_place(*place) for place in places]
    columns = dict(zip(("surface", "objective"), zip(*known, strict=True), strict=True))
    return pairs.select("text_a", "text_b").with_columns(
        **{name: pl.Series(values, dtype=pl.String) for name, values in columns.items()}
    )
