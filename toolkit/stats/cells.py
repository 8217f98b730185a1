"""Rows of values as cells: one row per persona and wording, checked and with weights that sum to 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntegerArray = npt.NDArray[np.intp]

ROUNDING = 1e-12
"""Differences smaller than this, relative to the largest value or in rating points, are rounding and count as zero."""
FEWEST = 2
"""With fewer units or clusters than this there is no variance to see."""

_DENSE = 16


@dataclass(frozen=True, slots=True)
class Cells:
    """One row per persona and wording: values, weights that sum to 1, and integer labels."""

    values: FloatArray
    weights: FloatArray
    clusters: IntegerArray
    units: IntegerArray

    @property
    def shape(self) -> tuple[int, int]:
        """How many units and how many clusters there are."""
        return int(self.units.max()) + 1, int(self.clusters.max()) + 1

    @property
    def is_crossed(self) -> bool:
        """Whether some unit occurs in several clusters."""
        return len(self.values) > self.shape[0]


def collapse(
    values: npt.ArrayLike, weights: npt.ArrayLike, clusters: npt.ArrayLike, units: npt.ArrayLike | None
) -> Cells:
    """Check the rows, leave out those without weight and merge those of one unit and cluster."""
    rows, sizes = as_numbers(values, "values"), as_numbers(weights, "weights")
    if len(sizes) != len(rows) or (sizes < 0.0).any() or not sizes.any():
        raise InputError(f"weights do not fit {len(rows)} values: give one of 0 or more per value, not all 0")
    kept = sizes > 0.0
    groups = encode(clusters, len(rows), "clusters", kept)
    people = encode(np.arange(len(rows)) if units is None else units, len(rows), "units", kept)
    cell, cell_groups = label_cells(people, groups)
    # Divided by the largest, so that the unit the weights come in cannot overflow; rounding noise becomes zero.
    shares, rows = sizes[kept] / sizes.max(), np.where(np.abs(rows[kept]) <= ROUNDING, 0.0, rows[kept])
    masses, repeats = np.bincount(cell, shares), np.bincount(cell)
    cell_people = np.empty(len(masses), dtype=np.intp)
    cell_people[cell] = people
    per_cell = masses / repeats
    return Cells(np.bincount(cell, shares * rows) / masses, per_cell / per_cell.sum(), cell_groups, cell_people)


def label_cells(units: IntegerArray, clusters: IntegerArray) -> tuple[IntegerArray, IntegerArray]:
    """Return each row's cell (unit within cluster) and each cell's cluster."""
    count = int(clusters.max()) + 1
    labels = units * count + clusters
    cell = _number(labels)
    names = np.empty(int(cell.max()) + 1, dtype=np.intp)
    names[cell] = labels
    return cell, names % count


def encode(labels: npt.ArrayLike, count: int, name: str, kept: npt.NDArray[np.bool_] | None = None) -> IntegerArray:
    """Return the labels as numbers from 0, in their sorted order."""
    items = np.asarray(labels)
    if items.shape != (count,):
        raise InputError(f"{name} has shape {items.shape}: give one label for each of the {count} values")
    return _number(items if kept is None else items[kept])


def _number(labels: npt.NDArray[Any]) -> IntegerArray:
    """Return the labels as numbers from 0, in their sorted order; whole numbers close together need no sorting."""
    if labels.dtype.kind == "i" and len(labels):
        first, last = int(labels.min()), int(labels.max())
        if last - first < _DENSE * len(labels):
            present = np.zeros(last - first + 1, dtype=bool)
            present[labels - first] = True
            return np.asarray((np.cumsum(present) - 1)[labels - first], dtype=np.intp)
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.intp)


def as_numbers(values: npt.ArrayLike, name: str) -> FloatArray:
    """Return the values as a list of finite numbers, or refuse them."""
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or not len(numbers) or not np.isfinite(numbers).all():
        raise InputError(f"{name} must be a list of one or more finite numbers: leave out what is unknown first")
    return numbers
