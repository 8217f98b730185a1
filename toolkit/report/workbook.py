"""The report as an Excel workbook: one sheet a table, and no text that a spreadsheet could take for a formula."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import polars as pl

from toolkit.errors import needing
from toolkit.files import languages
from toolkit.models import Campaign, Draft
from toolkit.report.answers import flatten_answers, tabulate_answers
from toolkit.report.content import Report, list_methods
from toolkit.results import evidence
from toolkit.validity.outcomes import wording

with needing("excel", "a workbook"):
    import xlsxwriter


def render_workbook(report: Report) -> bytes:
    """Return the workbook's bytes; each sheet opens with the label."""
    stream = io.BytesIO()
    with start_workbook(stream, report.headline, report.label) as book:
        from_right = reads_from_right(report.run.methods.campaign)
        for name, rows in _list_sheets(report):
            add_table(book, name, rows, report.label, from_right=from_right)
    return stream.getvalue()


def start_workbook(stream: io.BytesIO, title: str, label: str) -> Any:
    """Return a workbook that writes into a stream, and takes no text for a formula, a number or an address."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(stream, options)
    book.set_properties({"title": title, "comments": label, "keywords": "synthetic, AI-generated"})
    return book


def add_table(book: Any, name: str, rows: pl.DataFrame, label: str, *, from_right: bool = False) -> None:
    """Add a sheet with the label over a table."""
    sheet = book.add_worksheet(name)
    if from_right:
        sheet.right_to_left()
    sheet.write_string(0, 0, label)
    rows.write_excel(book, sheet, position=(2, 0), table_style="Table Style Light 1", float_precision=3, autofit=True)
    sheet.freeze_panes(3, 0)


def reads_from_right(campaign: Campaign) -> bool:
    """Tell whether most drafts of a campaign are written from right to left."""
    tags = [draft.language or campaign.language or _tell(draft) for draft in campaign.drafts]
    return 2 * sum(tag is not None and languages.reads_from_right(tag) for tag in tags) > len(tags)


def _tell(draft: Draft) -> str | None:
    guess = languages.detect_language(draft.prose)
    return guess.language if guess.sure else None


def _list_sheets(report: Report) -> Iterator[tuple[str, pl.DataFrame]]:
    verdict, told = report.verdict, report.recommendation
    decided = {"decision": verdict.decision, "draft": verdict.draft, "because": verdict.because}
    words = {"recommendation": told.text, "rests_on": told.rests_on, "cautions": " ".join(told.cautions)}
    yield "Verdict", pl.DataFrame([decided | words], schema=dict.fromkeys([*decided, *words], pl.String))
    approved = [one.model_dump(include={"draft_id", "approved_by", "approved_at", "note"}) for one in report.approvals]
    if approved:
        yield "Approvals", pl.DataFrame(approved).with_columns(pl.col("approved_at").dt.to_string("%Y-%m-%d %H:%M UTC"))
    fields = {"draft_id", "asks_change", "said_by", "said_at", "quote", "words", "settled_by"}
    comments = [one.model_dump(include=fields) for one in report.comments]
    if comments:
        yield "Comments", pl.DataFrame(comments).with_columns(pl.col("said_at").dt.to_string("%Y-%m-%d %H:%M UTC"))
    yield "Scorecard", pl.concat([report.scorecard, *report.segments.values(), report.control])
    yield "Comparisons", report.comparisons
    if report.evidence:
        yield "Evidence", evidence.to_frame([row.tell() for row in report.evidence])
    yield "Validation", pl.DataFrame({"in words": list(wording.list_validation(report.run.methods.link))})
    if report.people:
        yield "Real people", pl.DataFrame({"in words": report.people.sentences})
    yield "Segments", report.interactions
    if not report.models.is_empty():
        yield "Models", report.run.by_model()
    if not report.strengths.is_empty():
        yield "Head-to-head", report.strengths
    if report.answers:
        yield "Own questions", tabulate_answers(report.answers)
    yield "Actions", report.actions
    objections = [
        {"draft_id": draft, "objection": theme.text, "people": len(theme.members), "personas": ", ".join(theme.members)}
        for draft, themes in report.objections.items()
        for theme in themes
    ]
    schema = {"draft_id": pl.String, "objection": pl.String, "people": pl.Int64, "personas": pl.String}
    yield "Objections", pl.DataFrame(objections, schema=schema)
    yield "Reactions", flatten_reactions(report.run.reactions)
    yield "Method", pl.DataFrame(list(list_methods(report.run)), schema=["what", "how"], orient="row")


def flatten_reactions(reactions: pl.DataFrame) -> pl.DataFrame:
    """Return reactions with segments as columns and without distributions, one cell a value."""
    keys = [f"segment_{field.name}" for field in reactions.schema["segments"].fields]  # type: ignore[attr-defined]
    flat = flatten_answers(reactions).with_columns(pl.col("segments").struct.rename_fields(keys)).unnest("segments")
    quoted = pl.col("quotes").list.eval(
        pl.format("{}: {}", pl.element().struct.field("feeling"), pl.element().struct.field("text"))
    )
    return flat.with_columns(quotes=quoted.list.join(" | ")).drop(pl.selectors.starts_with("pmf_"))
