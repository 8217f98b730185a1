"""The columns of the frames that a run is made of, with their types, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from toolkit.models import MEASURES, records

_ANSWER_KINDS: dict[records.QuestionKind, Any] = {
    "scale": pl.Float64,
    "yes_no": pl.Boolean,
    "choice": pl.String,
    "choices": pl.List(pl.String),
    "number": pl.Float64,
    "text": pl.String,
}


def answer_schema(question: records.OwnQuestion) -> dict[str, Any]:
    """Return the columns of the answers to a question of one's own.

    `answer_ID` is the answer, null where there is none, and `status_ID` says why: "answered", "not sure", "unusable",
    or null where it was not put to the person. A scale has its distribution in `pmf_ID`, and with anchors the sentence
    in `says_ID`; a choice has a truth value for each option in `chosen_ID`, a number between two bounds those in
    `bounds_ID`. So a frame alone tells how to score it.
    """
    name, kind = question.id, question.kind
    found: dict[str, Any] = {f"answer_{name}": _ANSWER_KINDS[kind], f"status_{name}": pl.String}
    if kind == "scale":
        found |= {f"says_{name}": pl.String} if question.anchors else {}
        found |= {f"pmf_{name}": pl.Array(pl.Float64, question.levels)}
    if kind == "number" and question.at_least is not None and question.at_most is not None:
        found |= {f"bounds_{name}": pl.Array(pl.Float64, 2)}
    if kind in {"choice", "choices"}:
        found |= {f"chosen_{name}": pl.Struct(dict.fromkeys(question.options, pl.Boolean))}
    return found


def reactions_schema(
    segment_keys: Sequence[str], questions: Sequence[records.OwnQuestion] = (), *, labelled: bool = False
) -> dict[str, Any]:
    """Return the columns of a reactions frame with their types, in order; questions of one's own add some.

    With `labelled`, `action_label` says what an action was called on a surface that has words of its own.
    """
    quote = pl.Struct({"text": pl.String, "feeling": pl.String})
    return {
        "run_id": pl.String,
        "campaign": pl.String,
        "objective": pl.String,
        "draft_id": pl.String,
        "persona_id": pl.String,
        "weight": pl.Float64,
        "wording": pl.Int64,
        "repeat": pl.Int64,
        "segments": pl.Struct(dict.fromkeys(segment_keys, pl.String)),
        "fold_text": pl.String,
        "stopped": pl.Boolean,
        "action": pl.String,
        **({"action_label": pl.String} if labelled else {}),
        "verbatim": pl.String,
        "objection": pl.String,
        "quotes": pl.List(quote),
        **{f"says_{measure}": pl.String for measure in MEASURES},
        **{f"rating_{measure}": pl.Float64 for measure in MEASURES},
        **{f"pmf_{measure}": pl.List(pl.Float64) for measure in MEASURES},
        **{name: kind for question in questions for name, kind in answer_schema(question).items()},
        "engine": pl.String,
        "model": pl.String,
        "prompt_tokens": pl.Int64,
        "completion_tokens": pl.Int64,
        "cost_usd": pl.Float64,
        "latency_ms": pl.Float64,
        "status": pl.String,
        "error": pl.String,
    }


PREFERENCES_SCHEMA = {
    "run_id": pl.String,
    "persona_id": pl.String,
    "weight": pl.Float64,
    "wording": pl.Int64,
    "repeat": pl.Int64,
    "first": pl.String,
    "second": pl.String,
    "label_first": pl.String,
    "label_second": pl.String,
    "chosen": pl.String,
    "because": pl.String,
    "status": pl.String,
    "error": pl.String,
}
"""`first` and `second` are draft ids as shown; `chosen` is one of them, or null for neither and for no answer."""

INTERACTION_SCHEMA = {
    "draft_a": pl.String,
    "draft_b": pl.String,
    "segment": pl.String,
    "measure": pl.String,
    "statistic": pl.Float64,
    "p_value": pl.Float64,
    "p_adjusted": pl.Float64,
    "verdict": pl.String,
}

COMPARISON_SCHEMA = {
    "draft_a": pl.String,
    "draft_b": pl.String,
    "segment": pl.String,
    "value": pl.String,
    "measure": pl.String,
    "difference": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "p_value": pl.Float64,
    "p_adjusted": pl.Float64,
    "detectable": pl.Float64,
    "verdict": pl.String,
    "decides": pl.String,
}
"""`verdict` is corrected for the number of rows; `decides` is not: "best" rests on it. See `comparisons.RULES`."""

DOUBT_SCHEMA = {"personas": pl.Int64, "holds_wordings": pl.Boolean, "holds_refusals": pl.Boolean}
"""What a verdict is explained by, besides the columns of a comparison."""

SCORECARD_SCHEMA = {
    "draft_id": pl.String,
    "segment": pl.String,
    "value": pl.String,
    "measure": pl.String,
    "estimate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "personas": pl.Int64,
    "reactions": pl.Int64,
}
