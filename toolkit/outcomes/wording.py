"""What a validation says in words, the same on a terminal, on the page and in a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from toolkit.evidence import NAMES as SOURCE_NAMES

if TYPE_CHECKING:
    from toolkit.outcomes.validating import Validation

NAMES = {**SOURCE_NAMES, "chance": "chance", "longer": "the longer draft", "tfidf": "TF-IDF on your results"}


def say_rate(estimate: float | None, low: float | None, high: float | None, *, form: str = ".0%") -> str:
    """Return a figure with its interval, such as "58% (41% to 75%)", or "unknown"."""
    if estimate is None:
        return "unknown"
    return f"{estimate:{form}}" + (f" ({low:{form}} to {high:{form}})" if low is not None and high is not None else "")


def list_sentences(checked: Validation) -> Iterator[str]:
    """Yield what the figures rest on, what is missing, and how many more results would tell."""
    yield (
        f"{checked.results} results, {checked.matched} of tested drafts; {checked.experiments} experiments in "
        f"{checked.groups} groups; {checked.pairs} pairs: {checked.differing} differ beyond chance, {checked.noise} "
        f"were left out because their difference may be chance, {checked.ties} tie."
    )
    yield (
        f"To tell 60% from 50% four times in five takes {checked.needed} pairs that differ, each from an experiment of "
        f"its own; the panel has {checked.sources['panel'].pairs}, so {checked.missing} more."
    )
    yield f"{checked.leakage.sentence[0].upper()}{checked.leakage.sentence[1:]}."
    if checked.mean_rate is not None:
        yield checked.mean_rate.sentence
    yield from (f"{note[0].upper()}{note[1:]}." for note in checked.notes)


def tabulate(checked: Validation) -> pl.DataFrame:
    """Return one row per source for a page or a report: source, right, low, high, pairs, and the other figures."""
    rows = [{"source": NAMES[name], **judged.model_dump(exclude={"bins"})} for name, judged in checked.sources.items()]
    schema = {name: pl.Int64 if name.startswith(("pairs", "experiments")) else pl.Float64 for name in rows[0]}
    return pl.DataFrame(rows, schema={**schema, "source": pl.String}, orient="row")


def tabulate_bins(checked: Validation) -> pl.DataFrame:
    """Return what each source said and how often it was right: source, said, right, pairs; for a reliability chart."""
    rows = [{"source": NAMES[name], **each} for name, judged in checked.sources.items() for each in judged.bins]
    schema = {"source": pl.String, "said": pl.Float64, "right": pl.Float64, "pairs": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")
