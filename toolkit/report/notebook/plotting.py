"""The charts that `run.plot()` and `study.plot()` return: those of the report, chosen by a word."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from toolkit.errors import InputError, suggest
from toolkit.report import charts
from toolkit.report.summaries import spread_segments
from toolkit.results import Run
from toolkit.results.scoring import PRIMARY, reaction_rows
from toolkit.study import Study


def plot_run(run: Run, what: str = "drafts", by: reaction_rows.By = None, measure: str = PRIMARY) -> charts.Chart:
    """Return what `Run.plot` does."""
    if what not in _PLOTS:
        raise InputError(f"what={what!r}{suggest(str(what), _PLOTS)}; allowed: {', '.join(_PLOTS)}")
    if what != "segments" and by is not None:
        raise InputError(f"by={by!r}: only what='segments' is split; leave by out, or name segments")
    return _PLOTS[what](run, by, measure)


def plot_study(study: Study, factor: str, levels: Sequence[str] = (), measure: str = PRIMARY) -> charts.Chart:
    """Return what `Study.plot` does."""
    effects = study.effects(factor, measure=measure)
    pairs = effects.select("level_a", "level_b").unique(maintain_order=True).rows()
    chosen = [pair for pair in pairs if set(pair) == set(levels)] if levels else pairs
    if len(chosen) != 1:
        named = "; ".join(" and ".join(pair) for pair in pairs)
        said = f"levels={tuple(levels)!r}" if levels else f"{factor} has {len(pairs)} pairs of levels"
        raise InputError(f"{said}: a forest shows one pair; pass levels=(one, other), of: {named}")
    level_a, level_b = chosen[0]
    return charts.chart_forest(effects.filter((pl.col("level_a") == level_a) & (pl.col("level_b") == level_b)))


def _plot_drafts(run: Run, _: reaction_rows.By, __: str) -> charts.Chart:
    return charts.chart_rates(run.scorecard())


def _plot_ratings(run: Run, _: reaction_rows.By, __: str) -> charts.Chart:
    return charts.chart_ratings(run.scorecard())


def _plot_differences(run: Run, _: reaction_rows.By, measure: str) -> charts.Chart:
    return charts.chart_differences(run.compare(measure=measure))


def _plot_segments(run: Run, by: reaction_rows.By, measure: str) -> charts.Chart:
    keys: list[reaction_rows.By] = [by] if by is not None else list(run.methods.segment_keys)
    if not keys:
        raise InputError("this audience has no segments; name a column in by, or plot the drafts")
    cards = {str(key): run.scorecard(key).filter(pl.col("measure") == measure) for key in keys}
    if not any(card.height for card in cards.values()):
        known = sorted(run.scorecard()["measure"].unique())
        raise InputError(f"unknown measure {measure!r}{suggest(measure, known)}; allowed: {', '.join(known)}")
    return charts.chart_segments(spread_segments(cards), measure=measure)


_PLOTS: dict[str, Callable[[Run, reaction_rows.By, str], charts.Chart]] = {
    "drafts": _plot_drafts,
    "ratings": _plot_ratings,
    "differences": _plot_differences,
    "segments": _plot_segments,
}
