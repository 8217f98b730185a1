"""Every pair of drafts of a grid at once: differences, intervals, and what could turn them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from toolkit.results.scoring import rules
from toolkit.results.scoring.grids import (
    REFUSED,
    FlagArray,
    FloatArray,
    Grid,
    IntegerArray,
    Places,
    average_cells,
    first_of,
)
from toolkit.results.scoring.reaction_rows import RATES
from toolkit.stats import intervals, plans, rankings

_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class Compared:
    """Differences of many pairs of drafts, B minus A; NaN for what is not known."""

    estimate: FloatArray
    """NaN if nobody's reactions to both are known."""
    low: FloatArray
    high: FloatArray
    p_value: FloatArray
    clusters: IntegerArray
    units: IntegerArray
    detectable: FloatArray
    holds_wordings: FlagArray
    """Whether the sign stays whichever wording is left out."""
    holds_refusals: FlagArray
    """Whether the sign stays whatever those would have done whose reactions the model refused."""

    @classmethod
    def make(cls, count: int) -> Compared:
        """Return so many pairs of which nothing is known."""
        return cls(
            estimate=np.full(count, np.nan),
            low=np.full(count, np.nan),
            high=np.full(count, np.nan),
            p_value=np.full(count, np.nan),
            clusters=np.zeros(count, dtype=np.intp),
            units=np.zeros(count, dtype=np.intp),
            detectable=np.full(count, np.nan),
            holds_wordings=np.zeros(count, dtype=bool),
            holds_refusals=np.ones(count, dtype=bool),
        )

    @property
    def is_enough(self) -> FlagArray:
        """Whether each difference rests on enough personas and wordings for a verdict."""
        counted = (self.units >= rules.LEAST_PERSONAS) & (self.clusters >= rules.LEAST_WORDINGS)
        return np.asarray(counted & ~np.isnan(self.p_value))


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """One draft against another among the people of one segment value."""

    draft_a: str
    draft_b: str
    value: str
    interval: intervals.Interval | None
    """Of B minus A; None if nobody's reactions to both are known."""


def list_pairs(grid: Grid, measure: str) -> Iterator[ComparedPair]:
    """Yield each pair of drafts within each segment value with its whole interval: pairs in order, then values."""
    known, span = grid.load_usable(measure), grid.find_span(measure)
    found = [(value, grid.find_value(number)) for number, value in enumerate(grid.values)]
    parts = [(value, here, grid.places.take(here)) for value, here in found]
    for a, b in zip(*number_pairs(len(grid.drafts)), strict=True):
        for value, here, places in parts:
            rows = _Rows.pick(places, (known[a, here], known[b, here]), int(a))
            yield ComparedPair(grid.drafts[a], grid.drafts[b], value, rows.estimate(span) if rows else None)


def number_pairs(drafts: int) -> tuple[IntegerArray, IntegerArray]:
    """Return the places of A and B of every pair, in the order of the drafts."""
    return np.triu_indices(drafts, 1)


def compare_all(grid: Grid, measure: str) -> list[Compared]:
    """Return every pair of drafts within each segment value, one entry a value."""
    return compare_measures(grid, [measure])[measure]


def compare_measures(grid: Grid, measures: Sequence[str]) -> dict[str, list[Compared]]:
    """Return what `compare_all` does for several measures, judged together: a call costs more than what it judges."""
    return {name: pairs for some in grid.batch(measures) for name, pairs in _compare_batch(grid, some).items()}


def _compare_batch(grid: Grid, measures: Sequence[str]) -> dict[str, list[Compared]]:
    drafts = len(grid.drafts)
    a, b = number_pairs(drafts)
    parts = [(here, grid.places.take(here)) for here in (grid.find_value(number) for number in range(len(grid.values)))]
    tried: list[_Tried] = []
    for measure in measures if len(a) else ():
        known, span = grid.load_usable(measure), grid.find_span(measure)
        for here, places in parts:
            cells = _average_repeats(places, known[:, here]) if places.is_plain else None
            tried.append(_Tried.start(places, known[:, here], cells, span))
    _compare_sums([one for one in tried if one.cells is not None], drafts)
    for one in tried:
        for place in np.flatnonzero(~one.done):
            pair = (one.known[a[place]], one.known[b[place]])
            _compare_rows(one.found, int(place), one.places, pair, int(a[place]), one.span, drafts)
    compared = iter([one.found for one in tried])
    found = {measure: [next(compared) if len(a) else Compared.make(0) for _ in parts] for measure in measures}
    for measure in RATES:
        if measure in found:
            _doubt_all_refused(found[measure], grid, measure, parts)
    return found


def _doubt_all_refused(
    compared: Sequence[Compared], grid: Grid, measure: str, parts: Sequence[tuple[slice, Places]]
) -> None:
    """Say of the pairs of each segment value what refusals leave of their signs."""
    refused = grid.state == REFUSED
    if not refused.any():
        return
    sure, everything = grid.load_usable(measure), grid.load(measure)
    for pairs, (here, places) in zip(compared, parts, strict=True):
        _doubt_refused(pairs, places, sure[:, here], everything[:, here], refused[:, here])


@dataclass(frozen=True, slots=True)
class _Tried:
    """The pairs of one measure within one segment value, while they are compared."""

    places: Places
    known: FloatArray
    cells: _Cells | None
    span: float
    found: Compared
    done: FlagArray

    @classmethod
    def start(cls, places: Places, known: FloatArray, cells: _Cells | None, span: float) -> _Tried:
        """Return pairs of which nothing is found yet."""
        pairs = len(number_pairs(len(known))[0])
        return cls(places, known, cells, span, Compared.make(pairs), np.zeros(pairs, dtype=bool))


def find_contenders(
    grid: Grid, measure: str, compared: list[Compared], error: float = rules.SIGNIFICANCE
) -> tuple[str, ...]:
    """Return the drafts that the panel cannot tell from the best, in order; see `rankings.may_be_best`.

    All of them with too few people or wordings for a verdict. If people are crossed with wordings, or nobody answered
    all drafts, a draft is out that another leads at p `error` for one side, divided by the number of rivals.
    """
    if len(compared) != 1 or not compared[0].is_enough.all():
        return grid.drafts
    known = grid.load_usable(measure)
    cells = _average_repeats(grid.places, known) if grid.places.is_plain else None
    if cells is None or not cells.is_whole:
        beaten = _find_losers(compared[0], len(grid.drafts), error)
        return tuple(draft for place, draft in enumerate(grid.drafts) if place not in beaten)
    products = np.add.reduceat(cells.known * cells.weight, cells.starts, axis=1)
    masses = np.add.reduceat(cells.weight, cells.starts)
    stays = rankings.may_be_best(products[:, masses > 0], masses[masses > 0], error=error)
    return tuple(draft for draft, stay in zip(grid.drafts, stays, strict=True) if stay)


def _find_losers(pairs: Compared, drafts: int, error: float) -> set[int]:
    a, b = number_pairs(drafts)
    is_clear = pairs.p_value / 2.0 <= error / max(drafts - 1, 1)
    return set(np.where(pairs.estimate > 0.0, a, b)[is_clear].tolist())


def _compare_rows(
    found: Compared,
    place: int,
    places: Places,
    known: tuple[FloatArray, FloatArray],
    a: int,
    span: float,
    drafts: int,
) -> None:
    """Compare two drafts row by row: whatever the sums do not cover."""
    rows = _Rows.pick(places, known, a)
    found.detectable[place], found.holds_wordings[place] = np.nan, False
    if rows is None:
        return
    cells, interval = rows.cells, rows.estimate(span)
    found.estimate[place], found.clusters[place], found.units[place] = (
        interval.estimate,
        interval.clusters,
        interval.units,
    )
    if interval.low is not None and interval.high is not None and interval.p_value is not None:
        found.low[place], found.high[place], found.p_value[place] = interval.low, interval.high, interval.p_value
    signs = np.sign(intervals.leave_one_out(*cells[:3]))
    found.holds_wordings[place] = (signs[~np.isnan(signs)] == np.sign(interval.estimate)).all()
    components = plans.variance_components(rows.values, rows.people, rows.wordings)
    if components is not None and components.wording + components.persona + components.noise > _NOTHING * span**2:
        count, repeats = len(np.unique(rows.wordings)), len(rows.values) / len(cells[0])
        detectable = plans.detectable_difference(components, rows.effective, count, repeats, drafts=drafts)
        found.detectable[place] = detectable if np.isfinite(detectable) else np.nan


@dataclass(frozen=True)
class _Rows:
    """The differences of two drafts, one entry per persona, wording and repeat that has both."""

    values: FloatArray
    weights: FloatArray
    wordings: IntegerArray
    people: IntegerArray

    @classmethod
    def pick(cls, places: Places, known: tuple[FloatArray, FloatArray], a: int) -> _Rows | None:
        """Return what is known of both drafts; None if that is nothing, or of no weight."""
        difference = known[1] - known[0]
        both = ~np.isnan(difference)
        weight = places.weight[a] if places.weight.ndim > 1 else places.weight
        rows = cls(*(each[both] for each in (difference, weight, places.wording, places.persona)))
        return rows if len(rows.values) and rows.weights.any() else None

    @cached_property
    def cells(self) -> tuple[FloatArray, FloatArray, IntegerArray, IntegerArray]:
        """Means over repeats, with weight, wording and persona."""
        return average_cells(self.values, self.weights, self.wordings, self.people)

    @cached_property
    def effective(self) -> float:
        """Kish's effective number of personas."""
        return intervals.effective_size(first_of(self.weights, self.people))

    def estimate(self, span: float) -> intervals.Interval:
        """Return the mean difference with its interval, clustered on wordings."""
        return intervals.limit_difference(intervals.cluster_mean(*self.cells), self.effective, span=span)


@dataclass(frozen=True, slots=True)
class _Cells:
    """One column per persona, by wording: means over repeats that all drafts share, or single reactions."""

    known: FloatArray
    starts: IntegerArray
    """Where each wording begins."""
    weight: FloatArray
    repeats: FloatArray
    """How many reactions each mean is made of."""
    squares: FloatArray | None
    """Drafts x drafts, sums of products over single reactions; None if there are no repeats."""
    is_whole: bool
    """Whether nothing is unknown."""


def _average_repeats(places: Places, known: FloatArray) -> _Cells | None:
    """Return the cells of a plain grid; None if drafts have different repeats of a persona."""
    whole = not np.isnan(known).any()
    if not whole:
        some = np.flatnonzero(~np.isnan(known).all(axis=0))
        places, known = places.take(some), known[:, some]
        whole = not np.isnan(known).any()
    if not len(places.persona):
        return None
    is_new = np.r_[True, np.diff(places.persona) != 0]
    begins = np.flatnonzero(is_new)
    repeats = np.diff(np.r_[begins, len(places.persona)]).astype(np.float64)
    squares = None
    if len(begins) < len(places.persona):
        if not whole:
            return None
        squares = known @ known.T
        known = np.add.reduceat(known, begins, axis=1) / repeats
    wordings = places.wording[begins]
    starts = np.flatnonzero(np.r_[True, np.diff(wordings) != 0])
    return _Cells(known, starts, places.weight[begins], repeats, squares, whole)


def _compare_sums(tried: Sequence[_Tried], drafts: int) -> None:
    """Compare all pairs from sums by wording, and note for which that was enough: the others' rows are looked at."""
    a, b = number_pairs(drafts)
    alike: dict[tuple[int, bool], list[tuple[_Tried, _Cells, intervals.Sums, _Plain]]] = {}
    for one in tried:
        cells = one.cells
        if cells is not None:
            sums, plain = _sum_pairs(cells, a, b)
            is_weighed = bool((cells.weight > 0.0).all())
            alike.setdefault((sums.products.shape[-1], is_weighed), []).append((one, cells, sums, plain))
    for (_, is_weighed), group in alike.items():
        _judge_group(group, drafts, is_weighed=is_weighed)


def _judge_group(
    group: Sequence[tuple[_Tried, _Cells, intervals.Sums, _Plain]], drafts: int, *, is_weighed: bool
) -> None:
    """Judge the sums of some measures and segment values together; all have the same number of wordings."""
    a, b = number_pairs(drafts)
    sums = intervals.Sums(*(_stack([getattr(one[2], name) for one in group], len(a)) for name in _SUMS))
    plain = _stack_plain([one[3] for one in group], len(a))
    span = np.repeat([one[0].span for one in group], len(a))
    scatter = np.sqrt(plain.of_cells / np.maximum(plain.balance.rows, 1.0)) if is_weighed else None
    means = intervals.judge_sums(sums, span, scatter=scatter)
    mass, squares = sums.masses.sum(axis=-1), sums.squares.sum(axis=-1)
    effective = mass**2 / np.where(squares > 0, squares, np.nan)
    columns = {
        "estimate": means.estimate,
        "p_value": means.p_value,
        "low": np.maximum(means.estimate - means.reach, -span),
        "high": np.minimum(means.estimate + means.reach, span),
        "clusters": means.clusters,
        "units": sums.counts.sum(axis=-1),
        "detectable": _detect(plain, effective, drafts, span),
        "holds_wordings": _hold_wordings(sums, means.estimate),
    }
    nothing_varies = means.is_broad & ~means.is_sure & (plain.of_cells <= 0.0)
    for number, (one, cells, *_) in enumerate(group):
        part = slice(number * len(a), (number + 1) * len(a))
        for name, column in columns.items():
            getattr(one.found, name)[:] = column[part]
        one.done[:] = means.is_sure[part]
        for place in np.flatnonzero(nothing_varies[part]):
            if np.array_equal(cells.known[a[place]], cells.known[b[place]], equal_nan=True):
                _, reach = intervals.exact_interval(0.0, float(effective[part][place]))
                found, one.done[place] = one.found, True
                found.estimate[place], found.p_value[place], found.holds_wordings[place] = 0.0, 1.0, True
                found.low[place], found.high[place] = -one.span * reach, one.span * reach
        for unknown in (one.found.estimate, one.found.low, one.found.high, one.found.p_value):
            unknown[~one.done] = np.nan


_SUMS = ("counts", "masses", "squares", "totals", "products")


def _stack(arrays: Sequence[FloatArray], pairs: int) -> FloatArray:
    """Return sums by wording one below the other, a line a pair."""
    return np.concatenate([_stretch(one, (pairs, one.shape[-1])) for one in arrays])


def _stretch(array: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    return array if array.shape == shape else np.broadcast_to(array, shape)


def _stack_plain(parts: Sequence[_Plain], pairs: int) -> _Plain:
    """Return sums without weights one below the other, an entry a pair."""

    def join(arrays: Sequence[FloatArray]) -> FloatArray:
        return np.concatenate([_stretch(one, (pairs,)) for one in arrays])

    names = ("rows", "cells", "wordings", "squared_rows", "nested", "squared_cells")
    return _Plain(
        balance=plans.Balance(**{name: join([getattr(one.balance, name) for one in parts]) for name in names}),
        of_rows=join([one.of_rows for one in parts]),
        of_cells=join([one.of_cells for one in parts]),
        of_wordings=join([one.of_wordings for one in parts]),
        total=join([one.total for one in parts]),
    )


@dataclass(frozen=True, slots=True)
class _Plain:
    """Sums of the differences without weights, for the variance components."""

    balance: plans.Balance
    of_rows: FloatArray
    of_cells: FloatArray
    of_wordings: FloatArray
    total: FloatArray


def _sum_pairs(cells: _Cells, a: IntegerArray, b: IntegerArray) -> tuple[intervals.Sums, _Plain]:
    return _sum_whole(cells, a, b) if cells.is_whole else _sum_masked(cells, a, b)


def _sum_whole(cells: _Cells, a: IntegerArray, b: IntegerArray) -> tuple[intervals.Sums, _Plain]:
    """Add up where every draft is known of everybody: each sum of a difference is a difference of sums."""
    known, starts, weight, repeats = cells.known, cells.starts, cells.weight, cells.repeats

    def add(numbers: FloatArray) -> FloatArray:
        return np.add.reduceat(numbers, starts, axis=-1)

    totals = add(known)
    if (weight == 1.0).all():
        counts = masses = squares = add(weight)
        weighed, products = totals, totals
    else:
        counts, masses, squares = add((weight > 0).astype(np.float64)), add(weight), add(weight**2)
        weighed, products = add(known * (weight > 0)), add(known * weight)
    sums = intervals.Sums(counts, masses, squares, weighed[b] - weighed[a], products[b] - products[a])
    rows = add(repeats)
    sums_of_rows = totals if cells.squares is None else add(known * repeats)
    differences = sums_of_rows[b] - sums_of_rows[a]
    of_cells = _square_pairs(known @ (known * repeats).T, a, b)
    balance = plans.Balance(
        rows=rows.sum(),
        cells=np.asarray(float(len(weight))),
        wordings=np.asarray(float(len(starts))),
        squared_rows=(rows**2).sum(),
        nested=(add(repeats**2) / rows).sum(),
        squared_cells=(repeats**2).sum(),
    )
    return sums, _Plain(
        balance=balance,
        of_rows=of_cells if cells.squares is None else _square_pairs(cells.squares, a, b),
        of_cells=of_cells,
        of_wordings=(differences**2 / rows).sum(axis=-1),
        total=differences.sum(axis=-1),
    )


def _sum_masked(cells: _Cells, a: IntegerArray, b: IntegerArray) -> tuple[intervals.Sums, _Plain]:
    """Add up over those of whom both drafts are known, wording by wording, as products of drafts x people."""
    has = (~np.isnan(cells.known)).astype(np.float64)
    known = np.where(has > 0, cells.known, 0.0)
    ends = np.r_[cells.starts[1:], known.shape[1]]
    alike = bool((cells.weight == 1.0).all())
    keep = ("counts", "masses", "squares", "totals", "products", "rows", "plain", "squared")
    sums: dict[str, list[FloatArray]] = {name: [] for name in keep}
    for start, end in zip(cells.starts, ends, strict=True):
        x, m, w = known[:, start:end], has[:, start:end], cells.weight[start:end]
        rows, values = (m @ m.T)[a, b], x @ m.T
        plain = values[b, a] - values[a, b]
        squares = x**2 @ m.T
        sums["squared"].append(squares[b, a] + squares[a, b] - 2.0 * (x @ x.T)[a, b])
        sums["rows"].append(rows)
        sums["plain"].append(plain)
        if alike:
            counted = [rows, rows, rows, plain, plain]
        else:
            positive = m * (w > 0)
            weighed = [x @ positive.T, (x * w) @ m.T]
            counted = [(m @ positive.T)[a, b], ((m * w) @ m.T)[a, b], ((m * w**2) @ m.T)[a, b]]
            counted += [each[b, a] - each[a, b] for each in weighed]
        for name, each in zip(keep, counted, strict=False):
            sums[name].append(each)
    found = {name: np.stack(each, axis=-1) for name, each in sums.items()}
    rows = found["rows"]
    wordings = (rows > 0).sum(axis=-1).astype(np.float64)
    total = rows.sum(axis=-1)
    squared = found["squared"].sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_wordings = np.where(rows > 0, found["plain"] ** 2 / rows, 0.0).sum(axis=-1)
    balance = plans.Balance(total, total, wordings, (rows**2).sum(axis=-1), wordings, total)
    return (
        intervals.Sums(*(found[name] for name in keep[:5])),
        _Plain(balance, squared, squared, of_wordings, found["plain"].sum(axis=-1)),
    )


def _square_pairs(products: FloatArray, a: IntegerArray, b: IntegerArray) -> FloatArray:
    """Return the sums of squared differences from the sums of products, drafts x drafts."""
    own = np.diag(products)
    return np.maximum(own[a] + own[b] - 2.0 * products[a, b], 0.0)


def _hold_wordings(sums: intervals.Sums, estimates: FloatArray) -> FlagArray:
    """Return whether the sign stays whichever wording is left out."""
    masses = np.broadcast_to(sums.masses, sums.products.shape)
    others = 1.0 - np.eye(masses.shape[-1])
    left, weight = sums.products @ others, masses @ others
    turned = (np.sign(left) != np.sign(estimates)[..., None]) & (weight > 0) & (masses > 0)
    return np.asarray(~turned.any(axis=-1))


def _detect(plain: _Plain, effective: FloatArray, drafts: int, span: FloatArray) -> FloatArray:
    """Return the detectable difference of each pair; NaN if nothing varies."""
    parts = plans.components_of_sums(plain.balance, plain.of_rows, plain.of_cells, plain.of_wordings, plain.total)
    wording, persona, noise, wordings, rows, cells = (
        np.broadcast_to(each, effective.shape)
        for each in (*parts, plain.balance.wordings, plain.balance.rows, plain.balance.cells)
    )
    found = np.full(effective.shape, np.nan)
    varies = (effective > 0) & (wording + persona + noise > _NOTHING * span**2)
    per_persona = persona[varies] + noise[varies] / (rows[varies] / cells[varies])
    found[varies] = plans.detectable_differences(
        wording[varies], per_persona, effective[varies], wordings[varies], drafts=drafts
    )
    return np.where(np.isfinite(found), found, np.nan)


def _doubt_refused(
    pairs: Compared, places: Places, sure: FloatArray, everything: FloatArray, refused: FlagArray
) -> None:
    """Say of the pairs what refusals leave of their signs.

    Those whom the model refused on some draft, and who are in no figure, count with what is known of them; what is not
    known counts as the opposite of what the difference says. Each reaction counts once, with its persona's weight.
    """
    lost = refused.any(axis=0)
    if not len(pairs.estimate) or not lost.any():
        return
    a, b = number_pairs(len(sure))
    weight = places.weight if places.weight.ndim == 1 else places.weight.max(axis=0)
    has = (~np.isnan(sure)).astype(np.float64)
    mass = (has * weight) @ has.T
    weight, has, known = weight[lost], has[:, lost], everything[:, lost]
    least, most = (np.where(np.isnan(known), end, known) for end in (0.0, 1.0))
    counted, mass_lost = np.where(has > 0, known, 0.0), weight.sum() - (has * weight) @ has.T
    paired = (counted * weight) @ has.T
    lows, highs = least @ weight, most @ weight
    gap = paired[b, a] - paired[a, b]
    found = pairs.estimate * mass[a, b]
    stays = np.where(
        pairs.estimate > 0.0, found + lows[b] - highs[a] - gap > 0.0, found + highs[b] - lows[a] - gap < 0.0
    )
    concerns = ~np.isnan(pairs.estimate) & (pairs.estimate != 0.0) & (mass_lost[a, b] > 0.0)
    pairs.holds_refusals[concerns] = stays[concerns]
