"""The report as Markdown, for a pull request, a wiki or a chat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from toolkit.files import markup
from toolkit.report.advice import say_verdict
from toolkit.report.content import Report, list_methods
from toolkit.report.names import NAMES
from toolkit.report.summaries import MODELS_HEADING
from toolkit.results.scoring import RATES, comparisons, deciding
from toolkit.validity.outcomes import wording

_escape = markup.escape_markdown


def render_markdown(report: Report) -> str:
    """Return the report; every text of drafts, personas and replies is escaped."""
    return "\n".join(_write(report)) + "\n"


def _write(report: Report) -> Iterator[str]:
    run, told = report.run, report.recommendation
    yield from (
        f"# {_escape(told.sentences[0])}",
        "",
        *(line for sentence in told.sentences[1:] for line in (_escape(sentence), "")),
        f"> {report.label}",
        "",
        _escape(told.rests_on),
        "",
        *(line for caution in told.cautions for line in (_escape(caution), "")),
        f"Verdict: {_escape(say_verdict(report.verdict))}",
        "",
    )
    if report.disagreement:
        yield from (_escape(report.disagreement), "")
    yield from (
        f"Validation: {_escape(run.methods.validation)}. Not suited for {run.methods.not_suited_for}.",
        "",
    )
    yield from ("## Drafts", "")
    for draft in run.methods.campaign.drafts:
        yield from (
            f"**{_escape(draft.id)}** ({draft.surface})",
            "",
            f"> {_escape(draft.text)}",
            "",
        )
    yield from _write_remarks(report)
    yield from ("## Of the simulated audience", "")
    yield from _tabulate(report.scorecard, run.drafts)
    if not report.control.is_empty():
        yield from ("### The control reader: the same questions with no persona", "")
        yield from _tabulate(report.control, run.drafts)
    yield from _write_comparisons(report)
    yield from _write_models(report)
    yield from _write_evidence(report)
    yield from _write_people(report)
    yield from _write_strengths(report)
    yield from _write_answers(report)
    yield from _write_voices(report)
    yield from ("## Limits and rules", "")
    for finding in report.findings:
        yield f"- {finding.severity}, {_escape(finding.draft_id)}: {_escape(finding.message)} ({finding.rule})"
    yield from (("No flags.", "") if not report.findings else ("",))
    yield from ("## Health of the run", "")
    for check in report.health:
        yield f"- {'ok' if check.ok else '**look**'}: {_escape(check.sentence)}"
    yield from ("", "## Method", "")
    yield from (f"- {what}: {_escape(how)}" for what, how in list_methods(run))
    yield from ("", report.label)


def _write_remarks(report: Report) -> Iterator[str]:
    """Yield who approved which draft, and what people said about the drafts."""
    approved = [
        _escape(f"{one.draft_id}: approved by {one.describe()}{f': {one.note}' if one.note else ''}")
        for one in report.approvals
    ]
    if approved:
        yield from ("## Approved", "", *(f"- {line}" for line in approved), "")
    said = [
        _escape(
            f"{one.draft_id}: {'change asked for' if one.asks_change else 'comment'} by {one.describe()}"
            f"{'' if one.is_open else ' (done)'}: {one.words}"
        )
        for one in report.comments
    ]
    if said:
        yield from ("## Comments", "", *(f"- {line}" for line in said), "")


def _tabulate(scorecard: pl.DataFrame, drafts: Sequence[str]) -> Iterator[str]:
    rows = {(row["draft_id"], row["measure"]): row for row in scorecard.iter_rows(named=True)}
    measures = [name for name in NAMES if any((draft, name) in rows for draft in drafts)]
    yield f"| draft | {' | '.join(NAMES[name] for name in measures)} | personas |"
    yield "|---|" + "---|" * (len(measures) + 1)
    for draft in drafts:
        cells = [_say(rows.get((draft, name)), name) for name in measures]
        people = rows[draft, RATES[0]]["personas"] if (draft, RATES[0]) in rows else 0
        yield f"| {_escape(draft)} | {' | '.join(cells)} | {people} |"
    yield ""


def _say(row: dict[str, Any] | None, measure: str) -> str:
    return deciding.say_estimate(row, ".0%" if measure in RATES else ".1f") if row else "unknown"


def _write_comparisons(report: Report) -> Iterator[str]:
    if report.comparisons.is_empty():
        return
    yield from (
        "## Draft against draft, on the objective",
        "",
        "| pair | difference, points | 95 % | verdict | decides |",
    )
    yield "|---|---|---|---|---|"
    for row in report.comparisons.iter_rows(named=True):
        pair = f"{_escape(row['draft_b'])} minus {_escape(row['draft_a'])}"
        difference = _say_signed(row["difference"])
        spread = f"{_say_signed(row['low'])} to {_say_signed(row['high'])}" if row["low"] is not None else "unknown"
        yield f"| {pair} | {difference} | {spread} | {row['verdict']} | {row['decides']} |"
    yield from ("", comparisons.RULES, "")


def _say_signed(share: float | None) -> str:
    """Return points with their sign; nothing is "-0"."""
    return "unknown" if share is None else f"{round(100 * share):+d}"


def _write_models(report: Report) -> Iterator[str]:
    if report.models.is_empty():
        return
    names = [_escape(name) for name in report.models.columns]
    yield from (f"## {MODELS_HEADING}", "", f"| {' | '.join(names)} |", "|---|" + "---|" * (len(names) - 1))
    for row in report.models.iter_rows():
        yield f"| {' | '.join(_escape(cell) for cell in row)} |"
    yield ""


def _write_evidence(report: Report) -> Iterator[str]:
    if report.evidence:
        yield from ("## Evidence: which draft each source favours", "")
        yield from (f"- {_escape(row.sentence)}" for row in report.evidence)
        yield from ("", _escape(report.evidence[0].worth))
        yield from ("", "### Validation", "")
        yield from (f"- {_escape(sentence)}" for sentence in wording.list_validation(report.run.methods.link))
        yield ""


def _write_people(report: Report) -> Iterator[str]:
    if report.people:
        yield from ("## Real people beside the panel", "", f"> {report.people.label}", "")
        yield from (f"- {_escape(sentence)}" for sentence in report.people.sentences)
        yield ""


def _write_strengths(report: Report) -> Iterator[str]:
    if report.strengths.is_empty():
        return
    yield from (
        "## Head-to-head: share of wins against an average rival",
        "",
        "| draft | wins | personas |",
        "|---|---|---|",
    )
    for row in report.strengths.iter_rows(named=True):
        wins = _say(row | {"estimate": row["strength"]}, RATES[0])
        yield f"| {_escape(row['draft_id'])} | {wins} | {row['personas']} |"
    yield ""


def _write_answers(report: Report) -> Iterator[str]:
    """Yield a table a question, with free text as quotes below it."""
    if report.answers:
        yield from ("## Your own questions", "")
    for one in report.answers:
        yield from (f"### {_escape(one.question.question)}", "", f"{one.question.id}, asked {one.asked}", "")
        names = [figure.name for figure in one.drafts[0].figures]
        yield f"| draft | {' | '.join(_escape(name) for name in [*names, 'counts'])} |"
        yield "|---|" + "---|" * (len(names) + 1)
        for draft in one.drafts:
            cells = [*(figure.words for figure in draft.figures), draft.counts]
            yield f"| {_escape(draft.draft)} | {' | '.join(_escape(cell) for cell in cells)} |"
        yield ""
        for draft in one.drafts:
            for persona, words in draft.quotes:
                yield f"- {_escape(draft.draft)}, {_escape(persona)}: “{_escape(words)}”"
        yield ""


def _write_voices(report: Report) -> Iterator[str]:
    yield from ("## What the simulated people said", "")
    for draft in report.run.drafts:
        yield from (f"### {_escape(draft)}", "")
        for theme in report.objections[draft]:
            yield f"- Objection of {len(theme.members)} ({_escape(', '.join(theme.members))}): {_escape(theme.text)}"
        for row in report.verbatims.filter(pl.col("draft_id") == draft).iter_rows(named=True):
            yield f"- {_escape(row['persona_id'])}, {row['action'].replace('_', ' ')}: “{_escape(row['verbatim'])}”"
        yield ""
