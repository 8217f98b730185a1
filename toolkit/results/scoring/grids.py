"""Reactions as one array of drafts and people for each measure, from a single pass over the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
_FEW = 1000
_AT_ONCE = 100_000
"""Places of as many drafts and measures as are worked on together: few enough that memory does not show it."""
_ROWS = 250_000
"""Read at a time, so that no column is ever held as wide as it is read."""
_UNKNOWN = -1
"""Of a rate, which is 0 or 1."""
Numbers = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]
IntegerArray = npt.NDArray[Any]
"""Places and numbers of 32 bits where that is enough: a pass over millions of rows costs what it moves."""
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

    def take(self, kept: Numbers | slice) -> Places:
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
    ranges: dict[str, tuple[float, float] | None]
    """The least and the most that each measure can be; None for a number without bounds."""
    numbers: frozenset[str]
    """The measures that are numbers, not shares or places on a scale."""
    _rows: dict[str, Numbers] = field(repr=False)
    _where: IntegerArray = field(repr=False)

    def load(self, measure: str) -> FloatArray:
        """Return what is known of a measure; NaN for the rest."""
        rows = self._rows[measure]
        is_full = len(rows) == self.state.size
        numbers = np.empty(self.state.shape) if is_full else np.full(self.state.shape, np.nan)
        numbers.ravel()[self._where] = rows
        if rows.dtype == np.int8 and len(rows) and rows.min() == _UNKNOWN:
            numbers[numbers == _UNKNOWN] = np.nan
        return numbers

    def find_range(self, measure: str) -> tuple[float, float]:
        """Return the least and the most that a measure can be; a number without bounds, as far again as it spreads."""
        found = self.ranges[measure]
        if found is not None:
            return found
        known = self._rows[measure][~np.isnan(self._rows[measure])]
        least, most = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        spread = most - least or 1.0
        return least - spread, most + spread

    def find_span(self, measure: str) -> float:
        """Return the most that two drafts can differ by on a measure."""
        least, most = self.find_range(measure)
        return most - least

    def batch(self, measures: Sequence[str]) -> Iterator[Sequence[str]]:
        """Yield so many measures as may be held at once; of a large grid each by itself."""
        size = max(1, _AT_ONCE // max(self.state.size, 1))
        for start in range(0, len(measures), size):
            yield measures[start : start + size]

    def find_value(self, number: int) -> slice:
        """Return where the people of one segment value stand."""
        start, end = np.searchsorted(self.places.value, [number, number + 1])
        return slice(int(start), int(end))

    def load_usable(self, measure: str) -> FloatArray:
        """Return what is known of a measure and every figure rests on; NaN for the rest."""
        numbers = self.load(measure)
        if not self.usable.all():
            numbers[~self.usable] = np.nan
        return numbers


def load_grids(
    reactions: pl.DataFrame | pl.LazyFrame,
    by: reaction_rows.By,
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
    ranges = reaction_rows.find_ranges(frame, schema, known)
    numbers = frozenset(reaction_rows.list_numbers(schema))
    read = _Read.collect(frame, schema, by, known)
    order = read.order_drafts(drafts)
    grids = [read.build(group, ranges, numbers) for group in (_group(frame, schema, order) if by_campaign else [order])]
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
    def collect(cls, frame: pl.LazyFrame, schema: pl.Schema, by: reaction_rows.By, known: dict[str, pl.Expr]) -> _Read:
        """Read all rows of personas in one streamed pass."""
        answered = pl.col("action").is_not_null()
        refused = pl.lit(value=False)
        if "status" in schema:
            answered, refused = answered & (pl.col("status") == "ok"), pl.col("status") == "refused"
        state = pl.when(answered).then(OK).when(refused).then(REFUSED).otherwise(FAILED)
        # Named, and held until the end: the numbers of categories that nothing holds may change from batch to batch.
        text = {name: pl.Categorical(pl.Categories(f"{name}-{uuid4()}")) for name in ("draft", "persona", "value")}
        query = frame.filter((pl.col("persona_id") != records.CONTROL) & pl.col("draft_id").is_not_null()).select(
            pl.col("draft_id").cast(pl.String).cast(text["draft"]).alias("draft"),
            pl.col("persona_id").cast(pl.String).cast(text["persona"]).alias("persona"),
            reaction_rows.segment_value(schema, by).cast(text["value"]).alias("value"),
            "wording",
            "repeat",
            pl.col("weight").cast(pl.Float64),
            state.cast(pl.Int8).alias("state"),
            *(_write_measure(name, expression) for name, expression in known.items()),
        )
        parts: dict[str, list[pl.Series | Numbers]] = {name: [] for name in query.collect_schema()}
        for batch in query.collect_batches(chunk_size=_ROWS):
            for column in batch:
                parts[column.name].append(_narrow(column))
        names, draft = _number_texts(text["draft"], _join(parts.pop("draft")))
        _, persona = _number_texts(text["persona"], _join(parts.pop("persona")))
        values, value = _number_texts(text["value"], _join(parts.pop("value")))
        return cls(
            names=names.to_list(),
            values=values.to_list(),
            draft=draft,
            persona=persona,
            wording=_number(parts.pop("wording")),
            repeat=_number(parts.pop("repeat")),
            value=value,
            weight=_join(parts.pop("weight"), np.float64),
            state=_join(parts.pop("state"), np.int8),
            measures={name: _join(parts.pop(f"measure_{name}"), np.float64) for name in known},
        )

    def order_drafts(self, drafts: Sequence[str] | None) -> list[str]:
        """Return the drafts with a usable reaction in order."""
        is_ok = self.state == OK
        whole = bool(is_ok.all())
        draft, persona = (self.draft, self.persona) if whole else (self.draft[is_ok], self.persona[is_ok])
        counts = np.bincount(draft, minlength=len(self.names))
        if drafts is not None:
            present = {name for name, count in zip(self.names, counts, strict=True) if count}
            return [name for name in dict.fromkeys(drafts) if name in present]
        if not len(draft):
            return []
        lines = np.flatnonzero(counts)
        line = (np.cumsum(counts > 0) - 1).astype(np.int32)
        first = np.full((len(lines), _count(persona)), len(draft), dtype=np.int32)
        where = line[draft].astype(_fit(first.size)) * first.shape[1] + persona
        first.ravel()[where[::-1]] = np.arange(len(draft), dtype=np.int32)[::-1]
        by_row = np.argsort(first.min(axis=1))
        latest = np.full(first.shape[1], -1, dtype=np.int32)
        for place in by_row:
            seen = first[place] < len(draft)
            if (seen & (first[place] < latest)).any():
                return [self.names[name] for name in lines]
            latest = np.where(seen, first[place], latest)
        return [self.names[lines[place]] for place in by_row]

    def build(
        self, drafts: Sequence[str], ranges: dict[str, tuple[float, float] | None], numbers: frozenset[str]
    ) -> Grid | None:
        """Return the grid of some drafts; None if two usable rows claim one place."""
        line = np.full(len(self.names), -1, dtype=np.int32)
        line[[self.names.index(draft) for draft in drafts]] = np.arange(len(drafts))
        rows = None if (line >= 0).all() else np.flatnonzero(line[self.draft] >= 0)
        lines, states = line[_take(self.draft, rows)], _take(self.state, rows)
        places, row_places = self._find_places(rows)
        shape = (len(drafts), len(places.persona))
        where = lines.astype(_fit(shape[0] * shape[1])) * shape[1] + row_places
        state = np.zeros(shape, dtype=np.int8)
        flat = state.ravel()
        is_ok = states == OK
        whole = bool(is_ok.all())
        for kind in () if whole else (FAILED, REFUSED):  # an answer counts, whatever came before it
            flat[where[states == kind]] = kind
        flat[where if whole else where[is_ok]] = OK
        answered = state == OK
        if np.count_nonzero(answered) < np.count_nonzero(is_ok) or self._is_told_twice(rows, is_ok):
            return None
        weight = self._find_weights(rows, where, row_places, shape)
        places = Places(places.persona, places.wording, places.value, weight, places.is_plain and weight.ndim == 1)
        common = answered.all(axis=0)
        usable = np.broadcast_to(common, shape) if common.any() else answered
        stays = (places.value >= 0) & (answered.any(axis=0) if whole else (state > 0).any(axis=0))
        kept = None if stays.all() else np.flatnonzero(stays)
        if kept is not None:
            moved = np.full(shape[1], -1, dtype=np.int32)
            moved[kept] = np.arange(len(kept))
            row_places = moved[row_places]
            where = lines.astype(where.dtype) * len(kept) + row_places
            is_ok &= row_places >= 0
            places, state, usable = places.take(kept), state[:, kept], usable[:, kept]
            whole = bool(is_ok.all())
        chosen = rows if whole else np.flatnonzero(is_ok) if rows is None else rows[is_ok]
        return Grid(
            drafts=tuple(drafts),
            measures=tuple(self.measures),
            values=tuple(self.values),
            places=places,
            state=state,
            usable=usable,
            ranges=ranges,
            numbers=numbers,
            _rows={name: _take(column, chosen) for name, column in self.measures.items()},
            _where=where if whole else where[is_ok],
        )

    def _find_places(self, rows: IntegerArray | None) -> tuple[Places, IntegerArray]:
        """Return the places, without their weights, and the place of each row."""
        columns = (self.persona, self.wording, self.repeat, self.value)
        persona, wording, repeat, value = (_take(each, rows) for each in columns)
        people, repeats = _count(persona), _count(repeat)
        of_persona = [_spread(labels, persona, people) for labels in (wording, value)]
        is_plain = all((labels[persona] == own).all() for labels, own in zip(of_persona, (wording, value), strict=True))
        nothing = np.empty(0)
        if is_plain and people * repeats <= 2 * max(len(persona), 1):
            order = np.lexsort((np.arange(people), *of_persona))
            rank = np.empty(people, dtype=np.int32)
            rank[order] = np.arange(people)
            whose, of_wording, of_value = (np.repeat(each[order], repeats) for each in (np.arange(people), *of_persona))
            places = Places(whose, of_wording, of_value, nothing, is_plain=True)
            return places, rank[persona] if repeats == 1 else rank[persona] * repeats + repeat
        wordings = _count(wording)
        named = (((value.astype(np.int64) + 1) * wordings + wording) * people + persona) * repeats + repeat
        names, place = np.unique(named, return_inverse=True)
        rest, whose = np.divmod(names // repeats, people)
        of_value, of_wording = np.divmod(rest, wordings)
        return Places(whose, of_wording, of_value - 1, nothing, is_plain), place

    def _is_told_twice(self, rows: IntegerArray | None, is_ok: FlagArray) -> bool:
        """Whether a draft, persona, wording and repeat come under two segment values."""
        if len(self.values) == 1:
            return False
        columns = (self.value, self.persona, self.draft, self.wording, self.repeat)
        value, persona, draft, wording, repeat = (_take(each, rows)[is_ok] for each in columns)
        people = _count(persona)
        if (_spread(value, persona, people)[persona] == value).all():
            return False
        named = (draft.astype(np.int64) * people + persona) * _count(wording) + wording
        return len(np.unique(named * _count(repeat) + repeat)) < len(named)

    def _find_weights(
        self, rows: IntegerArray | None, where: IntegerArray, places: IntegerArray, shape: tuple[int, int]
    ) -> FloatArray:
        """Return the weight of each place; drafts x places where it is not the same for all drafts."""
        weights = _take(self.weight, rows)
        if len(weights) and weights.min() == weights.max() == 1.0:
            return np.ones(shape[1])
        if not np.isfinite(weights).all() or (weights < 0.0).any():
            raise InputError("a weight is negative or not a number: weights are 0 or more")
        shared = np.zeros(shape[1])
        shared[places] = weights
        if (shared[places] == weights).all():
            return shared
        own = np.zeros(shape)
        own.ravel()[where] = weights
        return own


def average_cells(
    values: FloatArray, weights: FloatArray, wordings: IntegerArray, people: IntegerArray
) -> tuple[FloatArray, FloatArray, IntegerArray, IntegerArray]:
    """Return values, weights, wordings and people with one row per persona and wording: repeats count once."""
    cell = np.unique(people.astype(np.int64) * _count(wordings) + wordings, return_inverse=True)[1]
    count = np.bincount(cell)
    wording, person = np.empty(len(count), dtype=np.int32), np.empty(len(count), dtype=np.int32)
    wording[cell], person[cell] = wordings, people
    return np.bincount(cell, values) / count, np.bincount(cell, weights) / count, wording, person


def first_of(weights: FloatArray, people: IntegerArray) -> FloatArray:
    """Return one weight a persona."""
    return weights[np.unique(people, return_index=True)[1]]


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


def _write_measure(name: str, expression: pl.Expr) -> pl.Expr:
    """Return a column that needs no copy to become an array: small for rates, with NaN for unknown ratings."""
    if name in reaction_rows.RATES:
        return expression.cast(pl.Int8).fill_null(_UNKNOWN).alias(f"measure_{name}")
    return expression.cast(pl.Float64).fill_null(float("nan")).alias(f"measure_{name}")


def _narrow(column: pl.Series) -> pl.Series | Numbers:
    """Return a column of a batch in as few bytes as hold it; texts and what is lacking stay as they are."""
    if isinstance(column.dtype, pl.Categorical):
        column = column.to_physical()
        if column.null_count():
            column = column.cast(pl.Int64).fill_null(_UNKNOWN)
    elif column.dtype == pl.Float64:
        numbers = column.to_numpy()
        return np.broadcast_to(1.0, numbers.shape) if (numbers == 1.0).all() else numbers
    if not column.dtype.is_integer() or column.null_count():
        return column
    numbers = column.to_numpy()
    furthest = max(int(numbers.max()), -int(numbers.min())) if len(numbers) else 0
    return numbers.astype(_fit(furthest)) if furthest < np.iinfo(np.int64).max else column


def _join(parts: list[pl.Series | Numbers], kind: type[np.generic] | None = None) -> Numbers:
    """Return the batches of a column as one array, and let go of each: they take as much room again."""
    arrays = [part.to_numpy() if isinstance(part, pl.Series) else part for part in parts]
    parts.clear()
    if arrays and all(array.strides == (0,) for array in arrays):
        return np.broadcast_to(1.0, sum(map(len, arrays)))
    return np.concatenate(arrays) if arrays else np.empty(0, dtype=kind or np.int8)


def _number_texts(kind: pl.Categorical, codes: Numbers) -> tuple[pl.Series, IntegerArray]:
    """Return the distinct texts, sorted, and each row's place among them; -1 for null."""
    texts = pl.Series(np.arange(_count(codes) if len(codes) else 0, dtype=np.uint32)).cat.to(kind).cast(pl.String)
    order = texts.arg_sort().to_numpy()
    place = np.full(len(order) + 1, -1, dtype=_fit(len(order)))
    place[order] = np.arange(len(order))
    return texts.gather(order), place[codes]


def _number(parts: list[pl.Series | Numbers]) -> IntegerArray:
    """Return the labels as numbers from 0, in their sorted order."""
    if all(isinstance(part, np.ndarray) for part in parts):
        numbers = _join(parts)
        if len(numbers) and numbers.min() >= 0 and numbers.max() < len(numbers) + _FEW:
            return numbers
        return np.unique(numbers, return_inverse=True)[1].astype(np.int32)
    return np.unique(_join(parts), return_inverse=True)[1].astype(np.int32)


def _take(column: Numbers, rows: IntegerArray | None) -> Numbers:
    """Return some rows of a column; the column itself for all of them."""
    return column if rows is None else column[rows]


def _fit(size: int) -> type[np.signedinteger[Any]]:
    """Return the smallest whole number that counts so many."""
    return next(kind for kind in (np.int8, np.int16, np.int32, np.int64) if size <= np.iinfo(kind).max)


def _count(labels: IntegerArray) -> int:
    return int(labels.max()) + 1 if len(labels) else 1


def _spread(labels: IntegerArray, persona: IntegerArray, people: int) -> IntegerArray:
    """Return one of the labels that the rows of each persona bear."""
    own = np.full(people, -1, dtype=np.int32)
    own[persona] = labels
    return own
