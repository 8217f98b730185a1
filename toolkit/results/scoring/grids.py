"""Reactions as one array of drafts and people for each measure, from a single pass over the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import polars as pl

from toolkit.errors import InputError
from toolkit.models import records
from toolkit.results.scoring import reaction_rows

FAILED, REFUSED, OK = 1, 2, 3
"""What became of a reaction; 0 is one that nobody asked for."""
Numbers = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]
IntegerArray = npt.NDArray[np.intp]
FlagArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Places:
    """Who stands where in a grid: one place per persona, wording and repeat, by segment value, wording and persona."""

    persona: IntegerArray
    wording: IntegerArray
    value: IntegerArray
    """The place in the values of the segment asked for."""
    weight: FloatArray
    """One a place; drafts x places where the weight of a persona changes from draft to draft."""
    is_plain: bool
    """Whether each persona has one wording, one segment value and one weight."""

    def take(self, kept: Numbers) -> Places:
        """Return some of the places."""
        return Places(self.persona[kept], self.wording[kept], self.value[kept], self.weight[..., kept], self.is_plain)


@dataclass(frozen=True)
class Grid:
    """Every reaction to the compared drafts in its place: drafts x places."""

    drafts: tuple[str, ...]
    measures: tuple[str, ...]
    values: tuple[str, ...]
    """Of the segment asked for, sorted."""
    places: Places
    state: npt.NDArray[np.int8]
    """OK, REFUSED, FAILED or 0."""
    usable: FlagArray
    """The reactions that every figure rests on: those of whoever answered all drafts; all, if nobody did."""
    _rows: dict[str, Numbers] = field(repr=False)
    _where: IntegerArray = field(repr=False)

    def load(self, measure: str) -> FloatArray:
        """Return what is known of a measure; NaN for the rest."""
        numbers = np.full(self.state.shape, np.nan)
        numbers.ravel()[self._where] = self._rows[measure]
        return numbers


def load_grids(
    reactions: pl.DataFrame | pl.LazyFrame,
    by: str | None,
    drafts: Sequence[str] | None,
    measure: str | None = None,
    *,
    by_campaign: bool = False,
) -> list[Grid]:
    """Return the grid of one measure, or of all; only the columns that takes are read, and those once.

    Drafts come in the order given, else in row order if all personas share one, else by name; those without a usable
    reaction are left out. With `by_campaign`, drafts of several campaigns have a grid each: nobody compares them.
    Raises InputError on a missing column and on two usable rows of one draft, persona, wording and repeat.
    """
    frame = reactions.lazy()
    schema = frame.collect_schema()
    known = reaction_rows.express_measures(schema, measure)
    read = _Read.collect(frame, schema, by, known)
    order = read.order_drafts(drafts)
    grids = [read.build(group) for group in (_group(frame, schema, order) if by_campaign else [order])]
    if None in grids:
        reaction_rows.check_distinct(reaction_rows.filter_usable(frame, schema).filter(pl.col("draft_id").is_in(order)))
        raise InputError("two reactions share draft, persona, wording and repeat; keep one")  # pragma: no cover
    return [grid for grid in grids if grid is not None]


@dataclass(frozen=True)
class _Read:
    """The rows as read, one entry each."""

    names: list[str]
    """Of the drafts, sorted."""
    values: list[str]
    draft: IntegerArray
    persona: IntegerArray
    wording: IntegerArray
    repeat: IntegerArray
    value: IntegerArray
    weight: FloatArray
    state: npt.NDArray[np.int8]
    measures: dict[str, Numbers]

    @classmethod
    def collect(cls, frame: pl.LazyFrame, schema: pl.Schema, by: str | None, known: dict[str, pl.Expr]) -> _Read:
        """Read all rows of personas in one streamed pass."""
        answered = pl.col("action").is_not_null()
        refused = pl.lit(value=False)
        if "status" in schema:
            answered, refused = answered & (pl.col("status") == "ok"), pl.col("status") == "refused"
        state = pl.when(answered).then(OK).when(refused).then(REFUSED).otherwise(FAILED)
        text = {name: pl.Categorical(pl.Categories(f"{name}-{uuid4()}")) for name in ("draft", "persona", "value")}
        found = (
            frame.filter((pl.col("persona_id") != records.CONTROL) & pl.col("draft_id").is_not_null())
            .select(
                pl.col("draft_id").cast(pl.String).cast(text["draft"]).alias("draft"),
                pl.col("persona_id").cast(pl.String).cast(text["persona"]).alias("persona"),
                reaction_rows.segment_value(schema, by).cast(text["value"]).alias("value"),
                "wording",
                "repeat",
                pl.col("weight").cast(pl.Float64),
                state.cast(pl.Int8).alias("state"),
                *(
                    expression.cast(pl.Int8 if name in reaction_rows.RATES else pl.Float64).alias(f"measure_{name}")
                    for name, expression in known.items()
                ),
            )
            .collect(engine="streaming")
        )
        names, draft = _number_texts(found["draft"])
        _, persona = _number_texts(found["persona"])
        values, value = _number_texts(found["value"])
        return cls(
            names=names,
            values=values,
            draft=draft,
            persona=persona,
            wording=_number(found["wording"]),
            repeat=_number(found["repeat"]),
            value=value,
            weight=found["weight"].to_numpy(),
            state=found["state"].to_numpy(),
            measures={name: found[f"measure_{name}"].to_numpy() for name in known},
        )

    def order_drafts(self, drafts: Sequence[str] | None) -> list[str]:
        """Return the drafts with a usable reaction in order."""
        usable = np.flatnonzero(self.state == OK)
        draft, persona = self.draft[usable], self.persona[usable]
        counts = np.bincount(draft, minlength=len(self.names))
        if drafts is not None:
            present = {name for name, count in zip(self.names, counts, strict=True) if count}
            return [name for name in dict.fromkeys(drafts) if name in present]
        if not len(usable):
            return []
        lines = np.flatnonzero(counts)
        line = np.cumsum(counts > 0) - 1
        people = int(persona.max()) + 1
        first = np.full((len(lines), people), np.inf)
        first.ravel()[(line[draft] * people + persona)[::-1]] = np.arange(len(usable), dtype=np.float64)[::-1]
        by_row = np.argsort(first.min(axis=1))
        latest = np.full(people, -1.0)
        for place in by_row:
            seen = np.isfinite(first[place])
            if (first[place][seen] < latest[seen]).any():
                return [self.names[name] for name in lines]
            latest[seen] = first[place][seen]
        return [self.names[lines[place]] for place in by_row]

    def build(self, drafts: Sequence[str]) -> Grid | None:
        """Return the grid of some drafts; None if two usable rows claim one place."""
        line = np.full(len(self.names), -1, dtype=np.intp)
        line[[self.names.index(draft) for draft in drafts]] = np.arange(len(drafts))
        rows = np.flatnonzero(line[self.draft] >= 0)
        lines, states = line[self.draft[rows]], self.state[rows]
        places, row_places = self._find_places(rows)
        shape = (len(drafts), len(places.persona))
        where = lines * shape[1] + row_places
        state = np.zeros(shape, dtype=np.int8)
        flat = state.ravel()
        for kind in (FAILED, REFUSED, OK):  # an answer counts, whatever came before it
            flat[where[states == kind]] = kind
        is_ok = states == OK
        if np.count_nonzero(flat == OK) < np.count_nonzero(is_ok) or self._is_told_twice(rows[is_ok]):
            return None
        weight = self._find_weights(rows, where, row_places, shape)
        places = Places(places.persona, places.wording, places.value, weight, places.is_plain and weight.ndim == 1)
        answered = state == OK
        common = answered.all(axis=0)
        usable = np.broadcast_to(common, shape) if common.any() else answered
        kept = np.flatnonzero((places.value >= 0) & (state > 0).any(axis=0))
        moved = np.full(shape[1], -1, dtype=np.intp)
        moved[kept] = np.arange(len(kept))
        stays = is_ok & (moved[row_places] >= 0)
        return Grid(
            drafts=tuple(drafts),
            measures=tuple(self.measures),
            values=tuple(self.values),
            places=places.take(kept),
            state=state[:, kept],
            usable=usable[:, kept],
            _rows={name: column[rows[stays]] for name, column in self.measures.items()},
            _where=lines[stays] * len(kept) + moved[row_places[stays]],
        )

    def _find_places(self, rows: IntegerArray) -> tuple[Places, IntegerArray]:
        """Return the places, without their weights, and the place of each row."""
        persona, wording, repeat, value = (each[rows] for each in (self.persona, self.wording, self.repeat, self.value))
        people, repeats = _count(persona), _count(repeat)
        of_persona = [_spread(labels, persona, people) for labels in (wording, value)]
        is_plain = all((labels[persona] == own).all() for labels, own in zip(of_persona, (wording, value), strict=True))
        nothing = np.empty(0)
        if is_plain and people * repeats <= 2 * max(len(rows), 1):
            order = np.lexsort((np.arange(people), *of_persona))
            rank = np.empty(people, dtype=np.intp)
            rank[order] = np.arange(people)
            whose, of_wording, of_value = (np.repeat(each[order], repeats) for each in (np.arange(people), *of_persona))
            places = Places(whose, of_wording, of_value, nothing, is_plain=True)
            return places, rank[persona] * repeats + repeat
        wordings = _count(wording)
        named = (((value + 1) * wordings + wording) * people + persona) * repeats + repeat
        names, place = np.unique(named, return_inverse=True)
        rest, whose = np.divmod(names // repeats, people)
        of_value, of_wording = np.divmod(rest, wordings)
        return Places(whose, of_wording, of_value - 1, nothing, is_plain), place.astype(np.intp)

    def _is_told_twice(self, rows: IntegerArray) -> bool:
        """Whether a draft, persona, wording and repeat come under two segment values."""
        value, persona = self.value[rows], self.persona[rows]
        people = _count(persona)
        if (_spread(value, persona, people)[persona] == value).all():
            return False
        named = (self.draft[rows] * _count(persona) + persona) * _count(self.wording) + self.wording[rows]
        return len(np.unique(named * _count(self.repeat) + self.repeat[rows])) < len(rows)

    def _find_weights(
        self, rows: IntegerArray, where: IntegerArray, places: IntegerArray, shape: tuple[int, int]
    ) -> FloatArray:
        """Return the weight of each place; drafts x places where it is not the same for all drafts."""
        weights = self.weight[rows]
        if not np.isfinite(weights).all() or (weights < 0.0).any():
            raise InputError("a weight is negative or not a number: weights are 0 or more")
        shared = np.zeros(shape[1])
        shared[places] = weights
        if (shared[places] == weights).all():
            return shared
        own = np.zeros(shape)
        own.ravel()[where] = weights
        return own


def _group(frame: pl.LazyFrame, schema: pl.Schema, order: Sequence[str]) -> list[list[str]]:
    """Return the drafts of each campaign, in order; all together if a draft is in several."""
    if "campaign" not in schema:
        return [list(order)]
    pairs = frame.select(pl.col("draft_id").cast(pl.String), "campaign").unique().collect(engine="streaming")
    named = dict(pairs.iter_rows())
    if len(named) < pairs.height:
        return [list(order)]
    groups: dict[Any, list[str]] = {}
    for draft in order:
        groups.setdefault(named[draft], []).append(draft)
    return list(groups.values())


def _number_texts(texts: pl.Series) -> tuple[list[str], IntegerArray]:
    """Return the distinct texts, sorted, and each row's place among them; -1 for null."""
    known = texts.drop_nulls()
    if known.is_empty():
        return [], np.full(len(texts), -1, dtype=np.intp)
    distinct = known.unique()
    names = distinct.cast(pl.String)
    order = names.arg_sort().to_numpy()
    codes = distinct.to_physical().to_numpy()[order].astype(np.intp)
    place = np.full(int(codes.max()) + 2, -1, dtype=np.intp)
    place[codes] = np.arange(len(codes))
    physical = texts.to_physical()
    rows = (physical.fill_null(int(codes.max()) + 1) if texts.null_count() else physical).to_numpy()
    return names.gather(order).to_list(), place[rows]


def _number(labels: pl.Series) -> IntegerArray:
    """Return the labels as numbers from 0, in their sorted order."""
    if labels.dtype.is_integer() and labels.len() and 0 <= labels.min() <= labels.max() < labels.len() + 64:  # type: ignore[operator]
        return labels.to_numpy().astype(np.intp)
    return np.unique(labels.to_numpy(), return_inverse=True)[1].astype(np.intp)


def _count(labels: IntegerArray) -> int:
    return int(labels.max()) + 1 if len(labels) else 1


def _spread(labels: IntegerArray, persona: IntegerArray, people: int) -> IntegerArray:
    """Return one of the labels that the rows of each persona bear."""
    own = np.full(people, -1, dtype=np.intp)
    own[persona] = labels
    return own
