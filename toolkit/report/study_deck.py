"""A study as a deck: a summary, which kinds of drafts do better, and one slide a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from toolkit.report import slides
from toolkit.report.client import shorten
from toolkit.report.slides import BARS, EDGE, SOFT, WIDE, ChartInterval, TextRun
from toolkit.report.study_content import StudyReport

_MOST_LINES = 7
_MOST_DRAFTS = 12
_MOST_RUNS = 8


def render_study_deck(report: StudyReport, *, title: str = "", logo: bytes | None = None) -> bytes:
    """Return the slides as the bytes of a .pptx file."""
    deck = slides.start_deck(title or report.title, report.headline, report.label)
    notes = _say_method(report)
    _add_summary(deck, report, title or report.title, notes, logo)
    for start in range(0, report.comparisons.height, _MOST_DRAFTS):
        _add_kinds(deck, report, report.comparisons.slice(start, _MOST_DRAFTS), notes, logo)
    for campaign in report.campaigns:
        _add_campaign(deck, report, campaign, notes, logo)
    return slides.save_deck(deck)


def _say_method(report: StudyReport) -> str:
    lines = [report.label, "Shares are of the simulated audience, with 95 % intervals."]
    return "\n".join([*lines, *(f"{what}: {how}" for what, how in report.list_methods())])


def _add_summary(deck: Any, report: StudyReport, title: str, notes: str, logo: bytes | None) -> None:
    slide = slides.add_slide(deck, report.headline, report.label, notes, logo=logo)
    slides.add_text(slide, (EDGE, 1.4, WIDE - 2 * EDGE, 0.4), [[TextRun(title, colour=SOFT)]])
    said = [*report.sentences, *report.agreement_sentences][:_MOST_LINES]
    paragraphs = [[TextRun(shorten(sentence, 240), 18)] for sentence in said]
    slides.add_text(slide, (EDGE, 2.0, WIDE - 2 * EDGE, 4.8), paragraphs, gap=9)


def _add_kinds(deck: Any, report: StudyReport, rows: pl.DataFrame, notes: str, logo: bytes | None) -> None:
    """Draw the difference of each two levels with its interval."""
    slide = slides.add_slide(deck, "Which kinds of drafts do better", report.label, notes, logo=logo)
    told = rows.filter(pl.col("difference").is_not_null()).to_dicts()
    names = [f"{row['factor']}: {row['level_b']} minus {row['level_a']}" for row in told]
    found = [ChartInterval(row["difference"], row["low"], row["high"]) for row in told]
    if found:
        bounds = [abs(bound) for one in found for bound in one if bound is not None]
        end = max(0.1, -int(-10 * max(bounds) // 1) / 10)
        says = "Bars of the difference between two kinds of drafts over campaigns, with 95 % intervals. " + " ".join(
            report.factor_sentences
        )
        series = [("difference in the share that reached the objective", found)]
        slides.add_chart(slide, (EDGE, 1.5, 6.6, 5.3), names, series, (-end, end), says)
    sentences = [[TextRun(sentence)] for sentence in report.factor_sentences[:_MOST_LINES]]
    slides.add_text(slide, (7.5, 1.6, WIDE - EDGE - 7.5, 5.2), sentences, gap=8)


def _add_campaign(deck: Any, report: StudyReport, campaign: str, notes: str, logo: bytes | None) -> None:
    """Draw one campaign: the rate of each draft in each of its first runs, and the verdict of each run."""
    verdicts = [row for row in report.find_verdicts(campaign) if row["folder"] is not None]
    slide = slides.add_slide(deck, campaign, report.label, notes, logo=logo)
    lines = [
        [_name_verdict(report, row), TextRun(shorten(row["because"] or "", 150), 12, colour=SOFT)] for row in verdicts
    ]
    more = len(lines) - _MOST_RUNS
    lines = lines[:_MOST_RUNS] + (
        [[TextRun(f"{more} more runs are in the workbook.", 12, colour=SOFT)]] if more > 0 else []
    )
    slides.add_text(slide, (7.6, 1.6, WIDE - EDGE - 7.6, 5.2), lines, gap=8)
    rates = report.rates.get(campaign)
    if rates is None:
        return
    names = rates["draft_id"].unique(maintain_order=True).to_list()[:_MOST_DRAFTS]
    series = [
        (report.name_run(row) or "reached the objective", _find_rates(rates, row, names))
        for row in verdicts[: len(BARS)]
    ]
    bounds = [bound for _, found in series for one in found if one for bound in one if bound is not None]
    end = min(1.0, max(1, -int(-10 * max(bounds, default=1.0) // 1)) / 10)
    told = "; ".join(
        f"{name}: " + ", ".join(f"{draft} {_say(one)}" for draft, one in zip(names, found, strict=True))
        for name, found in series
    )
    says = f"Bars of the share of the simulated audience that reached the objective, by draft, 95 % intervals. {told}."
    slides.add_chart(slide, (EDGE, 1.5, 6.8, 5.3), names, series, (0.0, end), says)


def _name_verdict(report: StudyReport, row: Any) -> TextRun:
    decided = f"{row['draft']} is best" if row["draft"] else str(row["decision"] or row["state"]).capitalize()
    name = report.name_run(row)
    return TextRun(f"{name}: {decided}. " if name else f"{decided}. ", 15, bold=True)


def _find_rates(rates: pl.DataFrame, run: Any, names: Sequence[str]) -> list[ChartInterval | None]:
    rows = rates.filter((pl.col("audience") == run["audience"]) & (pl.col("model") == run["model"]))
    found = {row["draft_id"]: ChartInterval(row["estimate"], row["low"], row["high"]) for row in rows.to_dicts()}
    return [found.get(name) for name in names]


def _say(one: ChartInterval | None) -> str:
    if one is None:
        return "unknown"
    return f"{one.share:.0%}" + ("" if one.low is None else f" ({one.low:.0%} to {one.high:.0%})")
