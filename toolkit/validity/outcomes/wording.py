"""What a validation says in words, the same on a terminal, on the page and in a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from toolkit.models import chance_link
from toolkit.results.outcome_model import domains

if TYPE_CHECKING:
    from toolkit.results.track_record import judging, standing
    from toolkit.validity.outcomes.validating import Validation

NAMES = {**chance_link.NAMES, "chance": "chance", "longer": "the longer draft", "tfidf": "TF-IDF"}
_COIN = 0.5
LEAST_TO_TELL = 6
"""Experiments: fewer, all of them right, are what a coin does in more than 5 % of tries (two-sided, 2 / 2^5)."""
_NO_TELLING = "which does not tell it from a coin"


def say_rate(estimate: float | None, low: float | None, high: float | None, *, form: str = ".0%") -> str:
    """Return a figure with its interval, such as "58% (41% to 75%)", or "unknown"."""
    if estimate is None:
        return "unknown"
    return f"{estimate:{form}}" + (f" ({low:{form}} to {high:{form}})" if low is not None and high is not None else "")


def list_findings(checked: Validation) -> Iterator[str]:
    """Yield, for each source that spoke, how often it was right and whether a coin could have been."""
    for source in chance_link.JUDGED:
        judged = checked.sources.get(source)
        if judged is None or judged.accuracy is None or judged.low is None or judged.high is None:
            continue
        if judged.experiments < LEAST_TO_TELL:
            right = f"{_share(judged)} of {_count(judged.pairs, 'pair')} that differ"
            told = f"too few to tell it from a coin: that takes at least {LEAST_TO_TELL} experiments"
            yield f"The {NAMES[source]} was right in {right}, {told}."
            continue
        told = (
            "better than a coin" if judged.low > _COIN else "worse than a coin" if judged.high < _COIN else _NO_TELLING
        )
        yield f"The {NAMES[source]} was right in {_share(judged)} of {judged.pairs:,} pairs that differ, {told}."


def _share(judged: judging.Judged) -> str:
    return say_rate(judged.accuracy, judged.low, judged.high)


def say_origin(checked: Validation) -> str:
    """Return where the figures of a published record come from, as one sentence."""
    return _start(checked.notes[0])


def say_needed(checked: Validation) -> str:
    """Say how many results tell a source that is often right from a coin, and how many of them there are."""
    return (
        f"To tell 60% from 50% four times in five takes {checked.needed} pairs that differ, each from an experiment of "
        f"its own; the panel has {checked.sources['panel'].pairs}, so {checked.missing} more."
    )


def list_sentences(checked: Validation) -> Iterator[str]:
    """Yield what the figures rest on, what is missing, and how many more results would tell."""
    yield (
        f"{_count(checked.results, 'result')}, {checked.matched:,} of tested drafts; "
        f"{_count(checked.experiments, 'experiment')} in {_count(checked.groups, 'group')}; "
        f"{_count(checked.pairs, 'pair')}: {checked.differing:,} differ beyond chance, "
        f"{checked.noise:,} were left out because their difference may be chance, {checked.ties:,} tie."
    )
    yield say_needed(checked)
    yield _start(checked.leakage.sentence)
    if checked.mean_rate is not None:
        yield checked.mean_rate.sentence
    if checked.people_rate is not None:
        yield _start(checked.people_rate.sentence)[:-1]
    yield from map(_start, checked.notes)


def tabulate(checked: Validation) -> pl.DataFrame:
    """Return one row per source for a page or a report: source, right, low, high, pairs, and the other figures."""
    rows = [{"source": NAMES[name], **judged.model_dump(exclude={"bins"})} for name, judged in checked.sources.items()]
    schema = {name: pl.Int64 if name.startswith(("pairs", "experiments")) else pl.Float64 for name in rows[0]}
    return pl.DataFrame(rows, schema={**schema, "source": pl.String}, orient="row")


def tabulate_words(checked: Validation) -> pl.DataFrame:
    """Return the same for people: figures with their intervals, as text."""
    rows = [
        {
            "source": NAMES[name],
            "right": say_rate(judged.accuracy, judged.low, judged.high),
            "pairs": judged.pairs,
            "right, of all pairs": say_rate(judged.accuracy_all, judged.low_all, judged.high_all),
            "all pairs": judged.pairs_all,
            "tau": say_rate(judged.tau, judged.tau_low, judged.tau_high, form=".2f"),
            "best draft first": say_rate(judged.top_1, judged.top_1_low, judged.top_1_high),
            "log loss": say_rate(judged.log_loss, judged.log_loss_low, judged.log_loss_high, form=".3f"),
            "calibration error": say_rate(judged.calibration_error, None, None, form=".3f"),
        }
        for name, judged in checked.sources.items()
    ]
    return pl.DataFrame(rows)


def list_places(places: Sequence[standing.PlaceStanding]) -> Iterator[str]:
    """Yield what to do with each source at each surface and objective, and what the panel is worth there."""
    for place in places:
        named = domains.name_place(place.surface, place.objective)
        for source in chance_link.JUDGED:
            if place.find(source).pairs:
                yield f"{_start(named)[:-1]}, {NAMES[source]}: {place.find(source).say_advice(source)}."
        yield f"{_start(named)[:-1]}, panel. {place.worth.say()}"


def tabulate_places(places: Sequence[standing.PlaceStanding]) -> pl.DataFrame:
    """Return a row per surface, objective and source for people: what to do with it, and the figures."""
    rows = [
        {
            "where": domains.name_place(place.surface, place.objective),
            "source": NAMES[source],
            "what to do": found.advice,
            "right": say_rate(found.accuracy, found.low, found.high),
            "it said, on average": say_rate(found.said, None, None),
            "calibration error": say_rate(found.calibration_error, None, None, form=".3f"),
            "pairs that differ": found.pairs,
        }
        for place in places
        for source in chance_link.JUDGED
        if (found := place.find(source)).pairs
    ]
    return pl.DataFrame(rows)


def list_validation(link: chance_link.Link) -> Iterator[str]:
    """Yield what the evidence of a run rests on, and what the link it was weighed by makes of it."""
    yield _start(link.say())
    if link.is_fitted:
        yield f"The link from evidence to people, version {link.version}, was fitted on {link.pairs} pairs of yours."
    else:
        yield "The link from evidence to people is the one that ships, careful and not measured on your audience."
    for source in ("panel", "control"):
        chance = link.weigh(source, 0.1)
        yield f"By it, a draft that the {NAMES[source]} puts 10 points ahead does better with people in {chance:.0%}."
    if not link.is_fitted:
        yield "Add what happened with `audience outcomes add`; `audience outcomes calibrate` fits it to your people."


def tabulate_bins(checked: Validation) -> pl.DataFrame:
    """Return what each source said and how often it was right: source, said, right, pairs; for a reliability chart."""
    rows = [{"source": NAMES[name], **each} for name, judged in checked.sources.items() for each in judged.bins]
    schema = {"source": pl.String, "said": pl.Float64, "right": pl.Float64, "pairs": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _start(said: str) -> str:
    """Make a sentence of a clause."""
    return f"{said[0].upper()}{said[1:]}."
