"""Which of two texts does better with people, from the words alone: a probability, and whether it is worth having."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import polars

from toolkit.errors import InputError, accept_only
from toolkit.files import frames
from toolkit.results.frames import Frame
from toolkit.results.outcome_model import domains
from toolkit.results.outcome_model.encoding import encode_distinct
from toolkit.results.outcome_model.features import measure_wording
from toolkit.results.outcome_model.network import find_strengths
from toolkit.results.outcome_model.posts import score_posts
from toolkit.results.outcome_model.scope import are_english, is_in_scope
from toolkit.results.outcome_model.weights import load_weights

LEAST_CONFIDENCE = 0.6
"""Below this chance of being right, on pairs that truly differ, the model abstains."""
_MOST_READ = 2000
_EXTREME = 1e-4
_STEPS = 2.0**40
_EVEN = 0.5
_TEXTS, _PLACE = ("text_a", "text_b"), ("surface", "objective")


@accept_only()
def predict_pairs(frame: Frame) -> polars.DataFrame:
    """Return the frame with `p_b_wins` and `abstains`; columns other than text_a and text_b pass through.

    `p_b_wins` is the probability that text_b does better, given that the two differ: never null, inside (0, 1), 0.5 for
    equal texts, and exactly 1 minus itself when the texts change places. `abstains` is true where that is no better
    than 0.4 to 0.6. The columns `surface` and `objective`, if there are any, say what each pair is: `x_post` with
    `share` is answered by the forecaster of shares, a pair without a surface as two headlines. Whatever no forecaster
    was measured on has 0.5 and abstains: another surface or objective, another language, texts too short or too long
    (see docs/outcome-model.md). Raises InputError where a column is missing or not text, a surface is unknown, or the
    local embeddings are not installed.

    Examples:
        >>> import polars
        >>> pairs = polars.DataFrame({"text_a": ["What happened next"], "text_b": ["What happened next"]})
        >>> toolkit.predict_pairs(pairs).row(0)[2:]
        (0.5, True)
        >>> listing = pairs.with_columns(text_b=polars.lit("You will not believe this"), surface=polars.lit("sms"))
        >>> toolkit.predict_pairs(listing)["abstains"][0]
        True
    """
    pairs = _check_pairs(frame)
    chances, unsure = np.full(pairs.height, _EVEN), np.ones(pairs.height, dtype=bool)
    first, second = ([text or "" for text in pairs[name].to_list()] for name in _TEXTS)
    by_domain: dict[str, list[int]] = {}
    for row, place in enumerate(_find_places(pairs)):
        domain = domains.find_domain(*place)
        if domain is not None:
            by_domain.setdefault(domain.name, []).append(row)
    for name, rows in by_domain.items():
        answers = _answer(domains.load_domains()[name], [first[row] for row in rows], [second[row] for row in rows])
        chances[rows], unsure[rows] = answers
    return pairs.with_columns(polars.Series("p_b_wins", chances), polars.Series("abstains", unsure))


def _answer(domain: domains.Domain, first: list[str], second: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the chance that each second text wins, and where the forecaster of a domain abstains."""
    texts = sorted({*first, *second})
    place = {text: index for index, text in enumerate(texts)}
    known = [is_in_scope(text, domain) for text in texts]
    a, b = (np.array([place[text] for text in side], dtype=np.int64) for side in (first, second))
    inside = np.array(
        [known[one] and known[other] and are_english(texts[one], texts[other]) for one, other in zip(a, b, strict=True)]
    )
    chances, asked = np.full(len(first), _EVEN), sorted({*a[inside], *b[inside]})
    if asked:
        strengths = np.zeros(len(texts))
        strengths[asked] = SCORERS[domain.name]([texts[index] for index in asked])
        chances[inside] = _to_chances(strengths[b[inside]] - strengths[a[inside]])
    same = np.array([_flatten(one) == _flatten(other) for one, other in zip(first, second, strict=True)], dtype=bool)
    return chances, (np.abs(chances - _EVEN) < LEAST_CONFIDENCE - _EVEN) | ~inside | same


def _find_places(pairs: polars.DataFrame) -> Iterator[tuple[str | None, str | None]]:
    """Yield surface and objective of each pair, None where there is no such column or value."""
    columns = [pairs[name].to_list() if name in pairs.columns else [None] * pairs.height for name in _PLACE]
    for surface, objective in zip(*columns, strict=True):
        yield surface or None, objective or None


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
    pairs = frames.take_frame(frame, "predict_pairs").lazy().collect()
    for name in _TEXTS:
        if name not in pairs.columns:
            raise InputError(f"predict_pairs: no column {name!r}; the frame needs text_a and text_b, one pair a row")
    texts = [*_TEXTS, *(name for name in _PLACE if name in pairs.columns)]
    for name in texts:
        if pairs.schema[name] not in (polars.String, polars.Categorical, polars.Null):
            raise InputError(f"predict_pairs: column {name!r} is {pairs.schema[name]}, not text; cast it to String")
    return pairs.with_columns(polars.col(*texts).cast(polars.String))


def _flatten(text: str) -> str:
    return " ".join(text.casefold().split())


SCORERS: dict[str, Callable[[Sequence[str]], np.ndarray]] = {domains.HEADLINES: score_texts, domains.POSTS: score_posts}
"""What gives each text its strength, by domain."""
