"""Which of two texts more people would click, from the words alone: a probability, and whether it is worth having."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars

from toolkit.errors import InputError, accept_only
from toolkit.results.frames import Frame, take_frame
from toolkit.results.outcome_model.encoding import encode_distinct
from toolkit.results.outcome_model.features import measure_wording
from toolkit.results.outcome_model.network import find_strengths
from toolkit.results.outcome_model.scope import is_in_scope
from toolkit.results.outcome_model.weights import load_weights

LEAST_CONFIDENCE = 0.6
"""Below this chance of being right, on pairs that truly differ, the model abstains."""
_MOST_READ = 2000
_EXTREME = 1e-4
_STEPS = 2.0**40
_TEXTS = ("text_a", "text_b")


@accept_only()
def predict_pairs(frame: Frame) -> polars.DataFrame:
    """Return the frame with `p_b_wins` and `abstains`; columns other than text_a and text_b pass through.

    `p_b_wins` is the probability that text_b has the higher click rate, given that the two differ: never null, inside
    (0, 1), 0.5 for equal texts, and exactly 1 minus itself when the texts change places. `abstains` is true where that
    is no better than 0.4 to 0.6, or a text is unlike what the model learned from (see docs/outcome-model.md).
    Raises InputError where a column is missing or not text, and where the local embeddings are not installed.

    Examples:
        >>> import polars
        >>> pairs = polars.DataFrame({"text_a": ["What happened next"], "text_b": ["What happened next"]})
        >>> toolkit.predict_pairs(pairs).row(0)[2:]
        (0.5, True)
    """
    pairs = _check_pairs(frame)
    first, second = ([text or "" for text in pairs[name].to_list()] for name in _TEXTS)
    texts = sorted({*first, *second})
    place = {text: index for index, text in enumerate(texts)}
    strengths = score_texts(texts)
    known = np.array([is_in_scope(text) for text in texts], dtype=bool)
    a, b = (np.array([place[text] for text in side], dtype=np.int64) for side in (first, second))
    chances = _to_chances(strengths[b] - strengths[a])
    same = np.array([_flatten(one) == _flatten(other) for one, other in zip(first, second, strict=True)], dtype=bool)
    unsure = (np.abs(chances - 0.5) < LEAST_CONFIDENCE - 0.5) | ~known[a] | ~known[b] | same
    return pairs.with_columns(polars.Series("p_b_wins", chances), polars.Series("abstains", unsure))


def score_texts(texts: Sequence[str]) -> np.ndarray:
    """Return one strength per text, in log odds: a text beats another with the logistic of their difference."""
    distinct = sorted({text[:_MOST_READ] for text in texts})
    if not distinct:
        return np.empty(0)
    weights, wording, raw = load_weights(), measure_wording(distinct), np.zeros(len(distinct))
    for encoded in encode_distinct(distinct):
        raw[encoded.places] = find_strengths(weights, encoded.means, encoded.tokens, wording[encoded.places])
    # Batches differ in the seventh digit; the fifth is the same whatever else is scored beside a text.
    strengths = dict(zip(distinct, np.round(raw, 5), strict=True))
    return np.array([strengths[text[:_MOST_READ]] for text in texts])


def _to_chances(differences: np.ndarray) -> np.ndarray:
    """Return the logistic of each difference on a grid fine enough to hide and coarse enough that 1 - p is exact."""
    low = np.maximum(1 / (1 + np.exp(np.abs(differences))), _EXTREME)
    low = np.round(low * _STEPS) / _STEPS
    chances: np.ndarray = np.where(differences > 0, 1 - low, low)
    return chances


def _check_pairs(frame: Frame) -> polars.DataFrame:
    """Return the pairs, collected; InputError names the column that is missing or holds something else than text."""
    pairs = take_frame(frame, "predict_pairs").lazy().collect()
    for name in _TEXTS:
        if name not in pairs.columns:
            raise InputError(f"predict_pairs: no column {name!r}; the frame needs text_a and text_b, one pair a row")
        if pairs.schema[name] not in (polars.String, polars.Categorical, polars.Null):
            raise InputError(f"predict_pairs: column {name!r} is {pairs.schema[name]}, not text; cast it to String")
    return pairs.with_columns(polars.col(*_TEXTS).cast(polars.String))


def _flatten(text: str) -> str:
    return " ".join(text.casefold().split())
