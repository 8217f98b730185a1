"""Reactions as a frame: one row each, with the contract's columns."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from toolkit.drafts.surfaces import cut_at_fold, find_surface
from toolkit.files import languages
from toolkit.models import MEASURES, Campaign, records
from toolkit.questionnaire import Preference, Prompts, Reaction, Task, answers
from toolkit.results.scoring import columns
from toolkit.stats import ratings

LEAST_COSINE_RANGE = 0.09
"""Where the similarities to the five anchors span less than this, the sentence does not speak of the measure."""

ROWS_AT_ONCE = 2_000
"""Rows are made in so many at a time: as dicts they take twenty times the room of a frame. In frames of 1,000 the
allocator of Polars 2.1 holds twice the room for 100,000 that it does in frames of 2,000 to 10,000."""

_MOST_TOLD = 2_000
"""Sentences without a rating whose language is looked at."""

_LEVELS = 5
_DISTRIBUTIONS = tuple(f"pmf_{measure}" for measure in MEASURES)
Embed = Callable[[Sequence[str]], np.ndarray]


def make_reactions(
    reactions: Sequence[Reaction],
    *,
    run_id: str,
    campaign: Campaign,
    objective: str,
    segment_keys: Sequence[str],
    model: str | Callable[[Task], str],
) -> pl.DataFrame:
    """Return one row per reaction, ratings by digit filled in and ratings by sentence still null.

    `model` is who answered, or of several models who answers a task.
    """
    find_model = model if callable(model) else lambda _: model
    shared = {"run_id": run_id, "campaign": campaign.campaign, "objective": objective}
    folds = {draft.id: cut_at_fold(draft) for draft in campaign.drafts}
    labelled = any(find_surface(draft.surface).labels for draft in campaign.drafts)
    schema = columns.reactions_schema(segment_keys, campaign.questions, labelled=labelled)
    frames = [pl.DataFrame(schema=schema)]
    for start in range(0, len(reactions), ROWS_AT_ONCE):
        chunk = reactions[start : start + ROWS_AT_ONCE]
        rows = [
            {
                **shared,
                "model": find_model(reaction.task),
                **_describe(reaction, segment_keys, folds[reaction.task.draft.id]),
                **_describe_answers(reaction, campaign.questions),
            }
            for reaction in chunk
        ]
        plain = {name: kind for name, kind in schema.items() if name not in _DISTRIBUTIONS}
        lists = [_make_distributions(name, [row.pop(name, None) for row in rows]) for name in _DISTRIBUTIONS]
        made = pl.DataFrame(rows, schema=plain, orient="row").with_columns(lists)
        frames.append(made.select(list(schema)))
    return pl.concat(frames, rechunk=True)


def _make_distributions(name: str, pmfs: Sequence[Sequence[float] | None]) -> pl.Series:
    """Return distributions over the five levels as a column of lists; from one array, not one series a list."""
    known = np.array([pmf for pmf in pmfs if pmf is not None], dtype=np.float64).reshape(-1, _LEVELS)
    numbers = itertools.count()
    places = pl.Series([None if pmf is None else next(numbers) for pmf in pmfs], dtype=pl.UInt32)
    lists = pl.Series(name, known, dtype=pl.Array(pl.Float64, _LEVELS)).cast(pl.List(pl.Float64))
    return lists.gather(places)


def _describe(reaction: Reaction, segment_keys: Sequence[str], fold_text: str) -> dict[str, Any]:
    task, usage, answer = reaction.task, reaction.usage, reaction.answer
    segments = task.persona.segments if task.persona else {}
    row: dict[str, Any] = {
        "draft_id": task.draft.id,
        "persona_id": reaction.persona_id,
        "weight": task.persona.weight if task.persona else 0.0,
        "wording": task.wording,
        "repeat": task.repeat,
        "segments": {key: segments.get(key) for key in segment_keys},
        "fold_text": fold_text,
        "engine": usage.engine or None,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cost_usd": usage.cost_usd,
        "latency_ms": usage.latency_ms,
        "status": reaction.status,
        "error": reaction.error,
    }
    if answer is not None:
        row |= {"stopped": answer.stopped, "action": answer.action, "verbatim": answer.verbatim}
        row |= {"action_label": answer.label} if answer.label else {}
        row |= {
            "objection": answer.objection,
            "quotes": [{"text": text, "feeling": feeling} for text, feeling in answer.quotes],
        }
        row |= {f"says_{measure}": said for measure, said in answer.says.items()}
    for measure, pmf in reaction.pmfs.items():
        row[f"pmf_{measure}"] = pmf
        row[f"rating_{measure}"] = math.fsum(level * share for level, share in enumerate(pmf, 1))
    return row


def _describe_answers(reaction: Reaction, questions: Sequence[records.OwnQuestion]) -> dict[str, Any]:
    """Return the columns of what was answered to questions of one's own."""
    given = reaction.answer.own if reaction.answer else {}
    row: dict[str, Any] = {}
    for question in questions:
        answer = given.get(question.id)
        if answer is None:
            continue
        row[f"status_{question.id}"] = answer.state
        value = answer.value
        if value is None:
            continue
        row[f"answer_{question.id}"] = list(value) if isinstance(value, tuple) else value
        if question.kind == "scale" and isinstance(value, float):
            row[f"pmf_{question.id}"] = [float(level == value) for level in range(1, question.levels + 1)]
        if question.kind == "number" and question.at_least is not None and question.at_most is not None:
            row[f"bounds_{question.id}"] = list(question.range)
        if question.options:
            chosen = value if isinstance(value, tuple) else (value,)
            row[f"chosen_{question.id}"] = {option: option in chosen for option in question.options}
    return row


@dataclass(frozen=True, slots=True)
class Rated:
    """Reactions with their ratings, and what could not be rated."""

    reactions: pl.DataFrame
    silent: Mapping[str, int]
    """Per measure, how many sentences said nothing about it: their ratings stay null."""
    elsewhere: Mapping[str, int]
    """Of those, how many were surely in another language than the anchors, by the language."""


def rate_reactions(
    reactions: pl.DataFrame,
    prompts: Prompts,
    find_embed: Callable[[str], Embed],
    spoken: Mapping[str, str],
    questions: Sequence[records.OwnQuestion] = (),
) -> Rated:
    """Fill in ratings and distributions from what each persona said, measure by measure.

    `spoken` names the language of each draft's answers, which chooses the anchors and, by `find_embed`, what turns
    texts into an n x d array; texts without a vector, rows of NaN, stay unrated. Of `questions` of one's own, scales
    are rated by their own anchors.
    """
    own = {question.id: question for question in questions if question.kind == "scale" and question.anchors}
    silent: dict[str, int] = {}
    elsewhere: Counter[str] = Counter()
    tags = dict.fromkeys(spoken.values())
    for measure in (*MEASURES, *own):
        said = reactions[f"says_{measure}"]
        rated: dict[int, np.ndarray] = {}
        for tag in tags:
            drafts = [draft for draft, of_draft in spoken.items() if of_draft == tag]
            asked = said.is_not_null() if len(tags) == 1 else said.is_not_null() & reactions["draft_id"].is_in(drafts)
            places = asked.arg_true()
            found = answers.find_anchors(own[measure], tag) if measure in own else _find_sets(prompts, tag, measure)
            if not len(places) or found is None:
                continue
            embed = find_embed(tag)
            vectors = embed(said.gather(places).to_list())
            anchors = [embed(sentences) for sentences in found]
            pmfs, _ = ratings.rate_texts(vectors, anchors, least_range=LEAST_COSINE_RANGE)
            known = ~np.isnan(pmfs).any(axis=1)
            mute = ~known & ~np.isnan(vectors).any(axis=1)
            silent[measure] = silent.get(measure, 0) + int(mute.sum())
            elsewhere += _count_elsewhere(said.gather(places).filter(pl.Series(mute)), tag)
            rated |= dict(zip(places.to_numpy()[known].tolist(), pmfs[known], strict=True))
        if measure in silent:
            reactions = _fill_in(reactions, measure, list(rated), list(rated.values()), own.get(measure))
    return Rated(reactions, silent, elsewhere)


def _find_sets(prompts: Prompts, tag: str, measure: str) -> Sequence[Sequence[str]] | None:
    found = prompts.find_anchors(tag)
    return None if found is None else found[measure]


def _count_elsewhere(sentences: pl.Series, tag: str) -> Counter[str]:
    """Return how many sentences are surely in another language than a tag's, by the language."""
    code, found = languages.reduce_language(tag), Counter[str]()
    for sentence, count in sentences.value_counts().head(_MOST_TOLD).iter_rows():
        guess = languages.detect_language(sentence)
        if guess.sure and guess.language is not None and guess.language != code:
            found[guess.language] += count
    return found


def _fill_in(
    reactions: pl.DataFrame,
    measure: str,
    places: Sequence[int],
    pmfs: Sequence[np.ndarray],
    own: records.OwnQuestion | None,
) -> pl.DataFrame:
    rated: list[float | None] = [None] * reactions.height
    distributions: list[list[float] | None] = [None] * reactions.height
    means: Sequence[float] = ratings.expected(np.asarray(pmfs)).tolist() if places else ()
    for place, rating, pmf in zip(places, means, pmfs, strict=True):
        rated[place] = float(rating)
        distributions[place] = pmf.tolist()
    if own is not None:
        known = pl.Series(rated, dtype=pl.Float64)
        means_, shares = (
            pl.Series(rated, dtype=pl.Float64),
            pl.Series(distributions, dtype=pl.Array(pl.Float64, own.levels)),
        )
        said = pl.col(f"says_{measure}").is_not_null()
        return reactions.with_columns(
            pl.when(said).then(means_).otherwise(f"answer_{measure}").alias(f"answer_{measure}"),
            pl.when(said).then(shares).otherwise(f"pmf_{measure}").alias(f"pmf_{measure}"),
            pl.when(said & known.is_null())
            .then(pl.lit("unusable"))
            .otherwise(f"status_{measure}")
            .alias(f"status_{measure}"),
        )
    return reactions.with_columns(
        pl.Series(f"rating_{measure}", rated, dtype=pl.Float64),
        pl.Series(f"pmf_{measure}", distributions, dtype=pl.List(pl.Float64)),
    )


def make_preferences(preferences: Sequence[Preference], run_id: str) -> pl.DataFrame:
    """Return one row per choice asked for, with the columns of PREFERENCES_SCHEMA."""
    return pl.DataFrame(list(_list_rows(preferences, run_id)), schema=columns.PREFERENCES_SCHEMA, orient="row")


def _list_rows(preferences: Sequence[Preference], run_id: str) -> Iterator[tuple[object, ...]]:
    for one in preferences:
        pairing = one.pairing
        yield (
            run_id, pairing.persona.id, pairing.persona.weight, pairing.wording, pairing.repeat, pairing.first.id,
            pairing.second.id, *pairing.labels, one.chosen, one.because, one.status, one.error,
        )  # fmt: skip
