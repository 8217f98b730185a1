"""What people answered to questions of one's own, in figures with their counts and intervals, and in their words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
from polars import selectors

from toolkit.models import Record, records
from toolkit.results import Run, said
from toolkit.results.scoring import deciding

_MOST_QUOTED = 4
_PLACES = ("chosen_", "bounds_")
"""What the columns begin with by which a frame alone tells how to score an answer; no table shows them."""


class AnswerFigure(Record):
    """One figure of the answers to a question about a draft."""

    measure: str
    """Its name in scorecards and checks."""
    name: str
    """What it is called on screens, such as "yes" or "mean"."""
    words: str
    """Estimate and interval, such as "62% (48% to 75%)", or "unknown"."""


class DraftAnswers(Record):
    """What was answered to one question about one draft."""

    draft: str
    answered: int
    """How many answers there are."""
    unsure: int
    """How many were not sure."""
    unusable: int
    """How many answered outside the form, twice."""
    figures: tuple[AnswerFigure, ...]
    quotes: tuple[tuple[str, str], ...] = ()
    """Of free text, the id of a persona and what they wrote."""

    @property
    def counts(self) -> str:
        """The counts in words."""
        more = ((self.unsure, "not sure"), (self.unusable, "unusable"))
        return ", ".join([f"{self.answered} answered", *(f"{count} {what}" for count, what in more if count)])


class QuestionAnswers(Record):
    """What was answered to one question."""

    question: records.OwnQuestion
    drafts: tuple[DraftAnswers, ...]

    @property
    def asked(self) -> str:
        """Who was asked, in words."""
        return "of everybody" if self.question.ask == "everyone" else "of those who stopped"


def list_answers(run: Run) -> tuple[QuestionAnswers, ...]:
    """Return what was answered to each question of one's own, draft by draft; none where nothing was asked besides."""
    questions = run.methods.campaign.questions
    heard = said.select_heard(run.reactions) if questions else run.reactions
    known = [question for question in questions if f"answer_{question.id}" in heard.columns]
    card = {(row["draft_id"], row["measure"]): row for row in run.scorecard().iter_rows(named=True)} if known else {}
    return tuple(
        QuestionAnswers(
            question=question,
            drafts=tuple(_describe(heard.filter(draft_id=draft), draft, question, card) for draft in run.drafts),
        )
        for question in known
    )


def _describe(
    heard: pl.DataFrame, draft: str, question: records.OwnQuestion, card: Mapping[tuple[str, str], Mapping[str, Any]]
) -> DraftAnswers:
    states = dict(heard[f"status_{question.id}"].value_counts().iter_rows())
    figures = [
        AnswerFigure(measure=measure, name=name, words=_say(card.get((draft, measure)), form))
        for measure, name, form in _name_figures(question)
    ]
    return DraftAnswers(
        draft=draft,
        answered=states.get("answered", 0),
        unsure=states.get("not sure", 0),
        unusable=states.get("unusable", 0),
        figures=tuple(figures),
        quotes=tuple(_choose_quotes(heard, question.id)) if question.kind == "text" else (),
    )


def _name_figures(question: records.OwnQuestion) -> Iterator[tuple[str, str, str]]:
    """Yield the measure, name and format of each figure of a question."""
    if question.kind == "scale":
        yield question.id, f"mean, 1 to {question.levels}", ".2f"
        yield f"{question.id}.upper", "above the middle", ".0%"
    elif question.kind == "number":
        unit = f", {question.unit}" if question.unit else ""
        yield question.id, f"mean{unit}", ",.2f"
        yield f"{question.id}.median", f"median{unit}", ",.2f"
    elif question.kind == "yes_no":
        yield question.id, "yes", ".0%"
    for option in question.options:
        yield f"{question.id}={option}", option, ".0%"


def _say(row: Mapping[str, Any] | None, form: str) -> str:
    return deciding.say_estimate(row, form) if row else "unknown"


def _choose_quotes(heard: pl.DataFrame, name: str) -> Iterator[tuple[str, str]]:
    """Yield a few answers, the longest first, each by another persona and no two alike."""
    column = f"answer_{name}"
    found = heard.filter(pl.col(column).is_not_null()).sort(
        pl.col(column).str.len_chars(), "persona_id", descending=[True, False]
    )
    found = found.unique("persona_id", keep="first", maintain_order=True).unique(column, maintain_order=True)
    yield from found.select("persona_id", column).head(_MOST_QUOTED).iter_rows()


def tabulate_answers(answers: Sequence[QuestionAnswers]) -> pl.DataFrame:
    """Return one row a figure or quote: question, draft, figure, answer, answered, not sure, unusable."""
    rows = [
        {"question": one.question.id, "draft_id": draft.draft, "figure": name, "answer": words,
         "answered": draft.answered, "not sure": draft.unsure, "unusable": draft.unusable}
        for one in answers
        for draft in one.drafts
        for name, words in [*((figure.name, figure.words) for figure in draft.figures), *draft.quotes]
    ]  # fmt: skip
    kinds: dict[str, Any] = dict.fromkeys(("question", "draft_id", "figure", "answer"), pl.String)
    kinds |= dict.fromkeys(("answered", "not sure", "unusable"), pl.Int64)
    return pl.DataFrame(rows, schema=kinds)


def flatten_answers(reactions: pl.DataFrame) -> pl.DataFrame:
    """Return reactions in which several options are one cell, such as "price; place", ready for a spreadsheet."""
    own = [name.removeprefix("answer_") for name in reactions.columns if name.startswith("answer_")]
    several = [f"answer_{name}" for name in own if isinstance(reactions.schema[f"answer_{name}"], pl.List)]
    places = [f"{place}{name}" for place in _PLACES for name in own if f"{place}{name}" in reactions.columns]
    return reactions.drop(places).with_columns(selectors.by_name(several).list.join("; "))
