"""What the outcome model says of a run's drafts, worked out once: kept in the store by its words, and with the run."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import polars as pl

from toolkit.errors import InputError
from toolkit.files import resources
from toolkit.models import Draft, Record
from toolkit.results.outcome_model import domains
from toolkit.store import make_key, predictions

Predict = Callable[[pl.DataFrame], pl.DataFrame]
"""Rows with text_a, text_b, surface and objective to rows with p_b_wins and abstains."""
_MODEL = (Path(__file__).parent / "outcome_model", resources.DATA / "outcome_model")
_DIGITS = 12
_ANSWERS = {"p_b_wins": pl.Float64, "abstains": pl.Boolean}


class Prediction(Record):
    """What the outcome model says of two drafts."""

    draft_a: str
    draft_b: str
    p_b_wins: float
    """Chance that draft_b does better with people, by the words alone."""
    abstains: bool


class Predictions(Record):
    """What it says of every two drafts of a run, in file order."""

    version: str
    """Of the model: twelve digits of SHA-256 over its code and numbers."""
    domain: str = domains.HEADLINES
    """Which forecaster was asked; what was kept before there were two is of headlines."""
    pairs: tuple[Prediction, ...]


def find_predictions(drafts: Sequence[Draft], objective: str, store: Path) -> Predictions | None:
    """Return what the outcome model says of every two drafts, from the store where that holds it.

    None for one draft, where no forecaster was measured on such drafts, and where the model is not installed or does
    not work, or the store cannot be used: the evidence of a run then asks the model where it is read.
    """
    domain = find_domain(drafts, objective)
    if len(drafts) < len(("a", "b")) or domain is None:
        return None
    try:
        with predictions.PairPredictions(store) as kept:
            said = predict_drafts(drafts, objective, _remember(kept))
            return Predictions(version=find_version(), domain=domain.name, pairs=said)
    except Exception:  # noqa: BLE001 - the opinion of a model that is an extra never costs a run that people answered
        return None


def find_domain(drafts: Sequence[Draft], objective: str) -> domains.Domain | None:
    """Return the domain that covers drafts of one surface and their objective; None where nothing was measured."""
    surfaces = {draft.surface for draft in drafts}
    return domains.find_domain(surfaces.pop(), objective) if len(surfaces) == 1 else None


def say_gap(drafts: Sequence[Draft], objective: str) -> str:
    """Return why there is no forecast of some drafts, such as "not validated for replies on Marketplace listings"."""
    surfaces = {draft.surface for draft in drafts}
    return domains.say_gap(surfaces.pop(), objective) if len(surfaces) == 1 else "not validated across surfaces"


def predict_drafts(
    drafts: Sequence[Draft],
    objective: str,
    predict: Predict,
    place: tuple[str | None, str | None] | None = None,
) -> tuple[Prediction, ...]:
    """Return what `predict` says of every two drafts, in file order.

    `place` is a surface and an objective to answer for instead of those of the drafts: your results have shown the
    forecaster of that place right at theirs.
    """
    pairs = list(itertools.combinations(range(len(drafts)), 2))
    words = read_words(drafts)
    asked = {
        "text_a": [words[a] for a, _ in pairs],
        "text_b": [words[b] for _, b in pairs],
        "surface": [place[0] if place else drafts[a].surface for a, _ in pairs],
        "objective": [place[1] if place else objective for _ in pairs],
    }
    said = predict(pl.DataFrame(asked, schema=dict.fromkeys(asked, pl.String)))
    return tuple(
        Prediction(draft_a=drafts[a].id, draft_b=drafts[b].id, p_b_wins=chance, abstains=abstains)
        for (a, b), chance, abstains in zip(pairs, said["p_b_wins"], said["abstains"], strict=True)
    )


def read_words(drafts: Sequence[Draft]) -> list[str]:
    """Return the words by which drafts differ: their texts, or their headlines where all texts are the same."""
    headlines = [draft.headline or "" for draft in drafts]
    texts = [draft.text for draft in drafts]
    return headlines if len(set(texts)) == 1 and all(headlines) else texts


def load_remembering(store: Path) -> Predict:
    """Return `toolkit.predict_pairs`, asked only for what a store lacks; what it says is kept there."""

    def predict(frame: pl.DataFrame) -> pl.DataFrame:
        with predictions.PairPredictions(store) as kept:
            return _remember(kept)(frame)

    return predict


def load_predictor() -> Predict:
    """Return `toolkit.predict_pairs`; InputError where what it needs is not installed."""
    from toolkit.engines import embedder

    try:
        embedder.check_installed()
    except InputError:
        raise InputError("it needs local sentence embeddings, pip install 'audience-toolkit[local]'") from None
    from toolkit.results.outcome_model import predict_pairs

    return predict_pairs


@lru_cache(maxsize=1)
def find_version() -> str:
    """Return twelve digits of SHA-256 over the outcome model's code and numbers: another model has another version."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in _MODEL for path in folder.iterdir() if path.is_file()):
        digest.update(make_key(path.name) + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:_DIGITS]


def _remember(kept: predictions.PairPredictions) -> Predict:
    """Return `toolkit.predict_pairs`, asked only for what the store lacks."""

    def predict(frame: pl.DataFrame) -> pl.DataFrame:
        rows = list(frame.select("surface", "objective", "text_a", "text_b").iter_rows())
        keys = [make_key("prediction", find_version(), *(part or "" for part in row)) for row in rows]
        known = kept.find(keys)
        lacking = [key not in known for key in keys]
        if any(lacking):
            said = load_predictor()(frame.filter(pl.Series(lacking)))
            fresh = zip(said["p_b_wins"], said["abstains"], strict=True)
            new = dict(zip(itertools.compress(keys, lacking), fresh, strict=True))
            kept.keep(new)
            known |= new
        said = pl.DataFrame([known[key] for key in keys], _ANSWERS, orient="row")
        return pl.concat([frame, said], how="horizontal")

    return predict
