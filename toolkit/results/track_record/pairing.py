"""Published drafts that competed, two by two: what people did, and what was said of them before."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from toolkit.results.track_record.matching import PublishedDraft
from toolkit.store import test_log

BEYOND_CHANCE = 1.96
"""Two-sided z of two rates above which a pair differs."""
PAIR_SCHEMA = {
    "experiment": pl.String,
    "group": pl.String,
    "draft_a": pl.String,
    "draft_b": pl.String,
    "text_a": pl.String,
    "text_b": pl.String,
    "count": pl.String,
    "rate_a": pl.Float64,
    "rate_b": pl.Float64,
    "shown_a": pl.Int64,
    "shown_b": pl.Int64,
    "z": pl.Float64,
    "b_won": pl.Float64,
    "differs": pl.Boolean,
    "panel": pl.Float64,
    "control": pl.Float64,
    "shares": pl.Float64,
    "model": pl.String,
    "surface": pl.String,
}
OBJECTIVES = {"click": "clicks", "reply": "replies", "share": "shares"}
_GOOD = ("clicks", "replies", "shares")
_BAD = "hides"


def make_pairs(published: Sequence[PublishedDraft], groups: Mapping[str, str]) -> pl.DataFrame:
    """Return one row per pair of drafts of one experiment that has a count in common, with PAIR_SCHEMA.

    `b_won` is 1 where B did better, 0 where A did, null where they tie; `panel` and `control` are the rate of B
    minus that of A in the latest run that tested both, null without one; `shares` is that of the latest forecast of
    both. The count is that of the run's objective where the results have it, else clicks, replies, shares or, fewer
    being better, hides.
    """
    rows = []
    for experiment, drafts in itertools.groupby(published, key=lambda one: one.experiment):
        rows += [
            row
            for a, b in itertools.combinations(list(drafts), 2)
            if (row := _compare(a, b, groups[experiment])) is not None
        ]
    return pl.DataFrame(rows, schema=PAIR_SCHEMA, orient="row")


def find_z(hits_a: int, shown_a: int, hits_b: int, shown_b: int) -> float:
    """Return z of the pooled test of two rates, positive where B's is higher; 0 where nothing varies."""
    pooled = (hits_a + hits_b) / (shown_a + shown_b)
    variance = pooled * (1 - pooled) * (1 / shown_a + 1 / shown_b)
    return (hits_b / shown_b - hits_a / shown_a) / math.sqrt(variance) if variance > 0 else 0.0


def _compare(a: PublishedDraft, b: PublishedDraft, group: str) -> dict[str, Any] | None:
    told = _find_told(a.tested, b.tested)
    asked = _find_told(*([run for run in one.tested if run.shares_rate is not None] for one in (a, b)))
    name = next(_list_shared(a, b, told[0].objective if told else None), None)
    if name is None:
        return None
    (hits_a, shown_a), (hits_b, shown_b) = a.count(name) or (0, 0), b.count(name) or (0, 0)
    sign = -1 if name == _BAD else 1
    z = sign * find_z(hits_a, shown_a, hits_b, shown_b)
    row: dict[str, Any] = {"experiment": a.experiment, "group": group, "draft_a": a.draft, "draft_b": b.draft}
    row |= {"text_a": a.text, "text_b": b.text, "count": name, "surface": _find_surface(a)}
    row |= {"rate_a": sign * hits_a / shown_a, "rate_b": sign * hits_b / shown_b, "z": z}
    row |= {"shown_a": shown_a, "shown_b": shown_b}
    row |= {"b_won": None if z == 0 else float(z > 0), "differs": abs(z) > BEYOND_CHANCE}
    if told is None or name == _BAD:
        return row
    first, second = told
    row |= {"panel": _subtract(second.panel_rate, first.panel_rate), "model": second.model}
    row |= {"shares": _subtract(asked[1].shares_rate, asked[0].shares_rate) if asked else None}
    return row | {"control": _subtract(second.control_rate, first.control_rate)}


def _find_surface(one: PublishedDraft) -> str | None:
    """Return where a draft was published: as its results say, or for where a run tested it."""
    return one.results[0].surface or (one.tested[-1].surface if one.tested else None)


def _list_shared(a: PublishedDraft, b: PublishedDraft, objective: str | None) -> Iterator[str]:
    """Yield the counts that both drafts have, the objective's first."""
    wanted = OBJECTIVES.get(objective or "")
    for name in dict.fromkeys([*([wanted] if wanted else []), *_GOOD, _BAD]):
        counts = a.count(name), b.count(name)
        if all(count is not None and count[1] > 0 for count in counts):
            yield name


def _find_told(
    a: Sequence[test_log.Tested], b: Sequence[test_log.Tested]
) -> tuple[test_log.Tested, test_log.Tested] | None:
    """Return the two drafts as the latest run of both tested them; else as two runs of one model and objective did."""
    in_run = {one.run_id: one for one in b}
    both = [(one, in_run[one.run_id]) for one in a if one.run_id in in_run]
    if both:
        return both[-1]
    alike = {(one.model, one.engine, one.objective): one for one in b}
    apart = [(one, alike[key]) for one in a if (key := (one.model, one.engine, one.objective)) in alike]
    return apart[-1] if apart else None


def _subtract(b: float | None, a: float | None) -> float | None:
    return None if a is None or b is None else b - a
