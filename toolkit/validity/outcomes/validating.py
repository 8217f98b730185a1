"""How often panel, control reader and outcome model were right about your results, beside what needs neither."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from toolkit.models import LABEL, Record, chance_link
from toolkit.results import predictions
from toolkit.results.track_record import judging, matching, pairing, places, standing, weighing
from toolkit.stats import calibration, plans
from toolkit.store import outcome_log, test_log
from toolkit.validity.outcomes.baselines import LEAK, look_up, measure_length, predict_by_length, predict_by_words
from toolkit.validity.outcomes.estimating import MeanRate, estimate_mean_rate, estimate_people_rate

BASELINES = ("chance", "longer", "tfidf")
GROUP_KEYS = ("experiment", "group", "campaign", "surface", "date")


class Leakage(Record):
    """Whether a lookup table of words, under the same split, knows anything it should not."""

    accuracy: float | None
    """One half where the split is clean; null without pairs."""
    passed: bool
    sentence: str


class Validation(Record):
    """The record of every source on the results in the store."""

    sources: dict[str, judging.Judged]
    results: int
    """Results that stand."""
    matched: int
    """Of drafts that a run has tested."""
    experiments: int
    groups: int
    pairs: int
    """Pairs of drafts that competed."""
    differing: int
    """Pairs that differ beyond chance: |z| > 1.96."""
    noise: int
    """Pairs left out of the accuracy because their difference may be chance."""
    ties: int
    leakage: Leakage
    needed: int
    """Pairs that differ which would tell 60 % from 50 %, four times in five."""
    missing: int
    """How many more that is."""
    mean_rate: MeanRate | None
    """The mean rate of your drafts, from few results and the panel's rates of many drafts."""
    people_rate: MeanRate | None = None
    """The mean share of real people who reach the objective, from few people's answers and the panel's rates."""
    notes: tuple[str, ...]
    """What is missing, and what the figures rest on, in sentences."""
    places: tuple[standing.PlaceStanding, ...] = ()
    """The same by surface and objective, and what to do with each source there."""
    label: str = LABEL


def validate_store(store: Path, *, group: str | None = None, predict: predictions.Predict | None = None) -> Validation:
    """Judge every source on the results in a store; see `validate_matches`."""
    with test_log.History(store) as history:
        tested = history.list_tested()
    with outcome_log.Outcomes(store) as kept:
        people_rate = estimate_people_rate(kept.list_answers(), tested)
    matches = matching.load_matches(store)
    checked = validate_matches(matches, group=group, predict=predict)
    standings = tuple(places.list_standings(store, predict=predict))
    return checked.model_copy(
        update={"mean_rate": estimate_mean_rate(matches, tested), "people_rate": people_rate, "places": standings}
    )


def validate_matches(
    matches: Sequence[matching.Match], *, group: str | None = None, predict: predictions.Predict | None = None
) -> Validation:
    """Judge every source on pairs of drafts that competed.

    What is learned, TF-IDF and the chances by length, is learned on other groups: experiments that share words are one
    group, or with `group` the values of that column. Intervals are bootstrapped by group. Panel, control reader and
    outcome model are weighed by the link that ships, for a refitted one has seen these very results. A forecast of
    shares is a source where a run of yours asked for one.
    """
    published = matching.list_published(matches)
    every = pairing.make_pairs(published, matching.split_groups(published, group))
    pairs = every.filter(pl.col("b_won").is_not_null())
    differing = int(pairs["differs"].sum())
    needed = plans.results_needed()
    sources, why_not = _judge_all(pairs, predict)
    leakage = _find_leak(pairs)
    return Validation(
        sources=sources,
        results=len(matches),
        matched=sum(bool(match.tested) for match in matches),
        experiments=every["experiment"].n_unique(),
        groups=every["group"].n_unique(),
        pairs=every.height,
        differing=differing,
        noise=pairs.height - differing,
        ties=every.height - pairs.height,
        leakage=leakage,
        needed=needed,
        missing=max(0, needed - sources["panel"].pairs),
        mean_rate=None,
        notes=(*_say_missing(matches, every, sources), *why_not),
    )


def _judge_all(
    pairs: pl.DataFrame, predict: predictions.Predict | None
) -> tuple[dict[str, judging.Judged], tuple[str, ...]]:
    if pairs.is_empty():
        return dict.fromkeys((*chance_link.SOURCES, *BASELINES), judging.NOTHING), ()
    won, groups = pairs["b_won"].to_numpy(), pairs["group"].to_numpy()
    margins, why_not = weighing.weigh_pairs(pairs, predict)
    chances: dict[str, np.ndarray | None] = {
        name: calibration.squash_all(chance_link.PRIOR_SLOPES[name] * np.nan_to_num(z)) for name, z in margins.items()
    }
    lengths = measure_length(pairs)
    words = predict_by_words(pairs, won, groups)
    nothing = np.zeros(pairs.height)
    margins |= {"chance": nothing, "longer": lengths}
    margins["tfidf"] = np.full(pairs.height, np.nan) if words is None else words - 0.5
    chances |= {"chance": nothing + 0.5, "longer": predict_by_length(lengths, won, groups)}
    chances["tfidf"] = None if words is None else np.nan_to_num(words, nan=0.5)
    judged = [name for name in chance_link.JUDGED if name in chance_link.SOURCES or not np.isnan(margins[name]).all()]
    return {name: judging.judge_source(pairs, margins[name], chances[name]) for name in (*judged, *BASELINES)}, why_not


def _find_leak(pairs: pl.DataFrame) -> Leakage:
    if pairs.is_empty():
        return Leakage(accuracy=None, passed=True, sentence="no pairs, so nothing to leak")
    margins = look_up(pairs, pairs["b_won"].to_numpy(), pairs["group"].to_numpy())
    right = np.where(margins == 0, 0.5, (margins > 0) == (pairs["b_won"].to_numpy() > 0.5))  # noqa: PLR2004
    share = float(right.mean())
    if abs(share - 0.5) <= LEAK:
        said = f"a lookup table of words is right in {share:.1%} under this split: it knows nothing, as it should"
        return Leakage(accuracy=share, passed=True, sentence=said)
    said = (
        f"LEAK: a lookup table of words is right in {share:.1%} of pairs under this split, not in 50 % +- 3: "
        "groups share drafts, and what was learned is not to be believed; split by no column of your own to join them"
    )
    return Leakage(accuracy=share, passed=False, sentence=said)


def _say_missing(
    matches: Sequence[matching.Match], every: pl.DataFrame, sources: dict[str, judging.Judged]
) -> tuple[str, ...]:
    said = []
    if not matches:
        said.append(
            "no results yet; add what was published with `audience outcomes add FILE`; "
            "`audience outcomes validate --published` shows the record on published experiments"
        )
    reasons = Counter(match.why_not for match in matches if match.why_not)
    said += [f"{count} results unmatched: {reason}" for reason, count in reasons.items()]
    if matches and every.is_empty():
        said.append("no two drafts competed; give those under the same conditions one experiment, or one campaign")
    if not every.is_empty() and sources["panel"].pairs_all == 0:
        said.append("no pair was tested by a run; test both drafts of an experiment with `audience run`")
    if not every.is_empty() and sources["tfidf"].pairs_all == 0:
        said.append("TF-IDF needs the texts of 5 groups of experiments to learn from")
    return tuple(said)
