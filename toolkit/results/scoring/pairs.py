"""Every pair of drafts of a grid at once: differences, intervals, and what could turn them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

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
from toolkit.results.scoring.reaction_rows import RATES, RATING_SCALE
from toolkit.stats import intervals, plans, rankings

_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """One draft against another among the people of one segment value."""

    draft_a: str
    draft_b: str
    value: str
    interval: intervals.Interval | None
    """Of B minus A; None if nobody's reactions to both are known."""
    detectable: float | None
    holds_wordings: bool
    """Whether the sign stays whichever wording is left out."""
    holds_refusals: bool
    """Whether the sign stays whatever those would have done whose reactions the model refused."""


def list_pairs(grid: Grid, measure: str) -> Iterator[ComparedPair]:
    """Yield each pair of drafts within each segment value: pairs in the order of the drafts, then values."""
    known = grid.load_usable(measure)
    everything = grid.load(measure) if measure in RATES else None
    found = []
    for number, value in enumerate(grid.values):
        here = grid.find_value(number)
        places, sure = grid.places.take(here), known[:, here]
        pairs = _compare_all(grid.drafts, value, places, sure, measure)
        if everything is not None:
            pairs = _doubt_refused(pairs, places, sure, everything[:, here], grid.state[:, here] == REFUSED)
        found.append(pairs)
    for row in zip(*found, strict=True):
        yield from row


def find_contenders(grid: Grid, measure: str) -> tuple[str, ...]:
    """Return the drafts that the panel cannot tell from the best, in order; see `rankings.may_be_best`.

    All of them with too few people or wordings for a verdict. If people are crossed with wordings, or nobody answered
    all drafts, a draft is out that another leads at p 0.05 for one side, divided by the number of rivals.
    """
    known = grid.load_usable(measure)
    cells = _average_repeats(grid.places, known) if grid.places.is_plain else None
    pairs = list(list_pairs(grid, measure))
    if any(not is_enough(pair.interval) for pair in pairs) or len(grid.values) > 1:
        return grid.drafts
    if cells is None or not cells.is_whole:
        beaten = {_find_loser(pair, len(grid.drafts) - 1) for pair in pairs}
        return tuple(draft for draft in grid.drafts if draft not in beaten)
    products = np.add.reduceat(cells.known * cells.weight, cells.starts, axis=1)
    masses = np.add.reduceat(cells.weight, cells.starts)
    stays = rankings.may_be_best(products[:, masses > 0], masses[masses > 0])
    return tuple(draft for draft, stay in zip(grid.drafts, stays, strict=True) if stay)


def _find_loser(pair: ComparedPair, rivals: int) -> str | None:
    interval = pair.interval
    if interval is None or interval.p_value is None or interval.p_value / 2.0 > rules.SIGNIFICANCE / rivals:
        return None
    return pair.draft_a if interval.estimate > 0.0 else pair.draft_b


def is_enough(interval: intervals.Interval | None) -> bool:
    """Whether a difference rests on enough personas and wordings for a verdict."""
    return (
        interval is not None
        and interval.p_value is not None
        and interval.units >= rules.LEAST_PERSONAS
        and interval.clusters >= rules.LEAST_WORDINGS
    )


def _compare_all(
    drafts: tuple[str, ...], value: str, places: Places, known: FloatArray, measure: str
) -> list[ComparedPair]:
    couples = list(itertools.combinations(range(len(drafts)), 2))
    if not couples:
        return []
    span = 1.0 if measure in RATES else RATING_SCALE[1] - RATING_SCALE[0]
    cells = _average_repeats(places, known) if places.is_plain else None
    fast = [None] * len(couples) if cells is None else _compare_sums(cells, couples, span, len(drafts))
    return [
        ComparedPair(drafts[a], drafts[b], value, *(one or _compare_rows(places, known, a, b, span, len(drafts))))
        for (a, b), one in zip(couples, fast, strict=True)
    ]


_Found = tuple[intervals.Interval | None, float | None, bool, bool]


def _compare_rows(places: Places, known: FloatArray, a: int, b: int, span: float, drafts: int) -> _Found:
    """Compare two drafts row by row: whatever the sums do not cover."""
    difference = known[b] - known[a]
    both = ~np.isnan(difference)
    weight = places.weight[a] if places.weight.ndim > 1 else places.weight
    values, weights, wordings, people = (each[both] for each in (difference, weight, places.wording, places.persona))
    if not len(values) or not weights.any():
        return None, None, False, True
    cells = average_cells(values, weights, wordings, people)
    interval = intervals.cluster_mean(*cells)
    effective = intervals.effective_size(first_of(weights, people))
    interval = intervals.limit_difference(interval, effective, span=span)
    signs = np.sign(intervals.leave_one_out(*cells[:3]))
    holds = bool((signs[~np.isnan(signs)] == np.sign(interval.estimate)).all())
    components = plans.variance_components(values, people, wordings)
    detectable = None
    if components is not None and components.wording + components.persona + components.noise > _NOTHING * span**2:
        count, repeats = len(np.unique(wordings)), len(values) / len(cells[0])
        found = plans.detectable_difference(components, effective, count, repeats, drafts=drafts)
        detectable = found if np.isfinite(found) else None
    return interval, detectable, holds, True


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


def _compare_sums(cells: _Cells, couples: list[tuple[int, int]], span: float, drafts: int) -> list[_Found | None]:
    """Compare all pairs from sums by wording; None for a pair of which the rows must be looked at."""
    a, b = (np.array(side) for side in zip(*couples, strict=True))
    sums, plain = _sum_pairs(cells, a, b)
    means = intervals.judge_sums(sums, span)
    holds = _hold_wordings(sums, means.estimate)
    mass, squares, units = sums.masses.sum(axis=-1), sums.squares.sum(axis=-1), sums.counts.sum(axis=-1)
    detectable = _detect(plain, mass**2 / np.where(squares > 0, squares, np.nan), drafts, span)
    shape = means.estimate.shape
    units, detectable = (np.broadcast_to(each, shape) for each in (units, detectable))
    found: list[_Found | None] = []
    for place in range(shape[0]):
        if not means.is_sure[place]:
            found.append(None)
            continue
        estimate, reach = float(means.estimate[place]), float(means.reach[place])
        interval = intervals.Interval(
            estimate,
            max(estimate - reach, -span),
            min(estimate + reach, span),
            float(means.standard_error[place]),
            float(means.degrees[place]),
            float(means.p_value[place]),
            int(means.clusters[place]),
            int(units[place]),
        )
        reached = float(detectable[place])
        found.append((interval, reached if np.isfinite(reached) else None, bool(holds[place]), True))
    return found


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


def _detect(plain: _Plain, effective: FloatArray, drafts: int, span: float) -> FloatArray:
    """Return the detectable difference of each pair; NaN if nothing varies."""
    parts = plans.components_of_sums(plain.balance, plain.of_rows, plain.of_cells, plain.of_wordings, plain.total)
    shape = np.broadcast_shapes(plain.total.shape, np.shape(effective))
    wording, persona, noise, people, wordings, rows, cells = (
        np.broadcast_to(each, shape)
        for each in (*parts, effective, plain.balance.wordings, plain.balance.rows, plain.balance.cells)
    )
    found = np.full(shape, np.nan)
    for place in range(shape[0]):
        if np.isnan(wording[place]) or not people[place] > 0:
            continue
        components = plans.Components(float(wording[place]), float(persona[place]), float(noise[place]))
        if components.wording + components.persona + components.noise > _NOTHING * span**2:
            repeats = float(rows[place] / cells[place])
            count = int(wordings[place])
            found[place] = plans.detectable_difference(components, float(people[place]), count, repeats, drafts=drafts)
    return found


def _doubt_refused(
    pairs: list[ComparedPair], places: Places, sure: FloatArray, everything: FloatArray, refused: FlagArray
) -> list[ComparedPair]:
    """Return the pairs with what refusals leave of their signs.

    Those whom the model refused on some draft, and who are in no figure, count with what is known of them; what is not
    known counts as the opposite of what the difference says. Each reaction counts once, with its persona's weight.
    """
    lost = refused.any(axis=0)
    if not pairs or not lost.any():
        return pairs
    weight = places.weight if places.weight.ndim == 1 else places.weight.max(axis=0)
    has = (~np.isnan(sure)).astype(np.float64)
    mass = (has * weight) @ has.T
    weight, has, known = weight[lost], has[:, lost], everything[:, lost]
    least, most = (np.where(np.isnan(known), end, known) for end in (0.0, 1.0))
    counted, mass_lost = np.where(has > 0, known, 0.0), weight.sum() - (has * weight) @ has.T
    paired = (counted * weight) @ has.T
    lows, highs = least @ weight, most @ weight
    return [
        replace(pair, holds_refusals=_holds(pair, mass[a, b], mass_lost[a, b], *ends))
        for pair, (a, b) in zip(pairs, itertools.combinations(range(len(sure)), 2), strict=True)
        for gap in (paired[b, a] - paired[a, b],)
        for ends in ((lows[b] - highs[a] - gap, highs[b] - lows[a] - gap),)
    ]


def _holds(pair: ComparedPair, mass: float, lost: float, low: float, high: float) -> bool:
    """Return whether the sign of a pair stays at both ends of what those of mass `lost` may add to it."""
    if pair.interval is None or not lost > 0.0:
        return True
    estimate = pair.interval.estimate
    found = estimate * mass
    return bool(estimate == 0.0 or (found + low > 0.0 if estimate > 0.0 else found + high < 0.0))
