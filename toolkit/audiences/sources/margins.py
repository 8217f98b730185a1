"""Margins of a population: the shares of ages, sexes or regions that an audience should have."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from toolkit.errors import A_PATH, InputError, accept_only, name_option
from toolkit.files import load_yaml, read_text
from toolkit.models import Record

AGE = "age"
SOURCE = "source"
OnEmpty = Literal["merge", "refuse"]
_BAND = re.compile(r"(\d{1,3})\s*(?:-|\u2013|to)\s*(\d{1,3})")
_ABOVE = re.compile(r"(\d{1,3})\s*(?:\+|and over|or over|and older)")
_YOUNGEST, _OLDEST = 13, 100
_OR = " or "


class Margins(Record):
    """Shares of each level of each margin, in file order; those of a margin add up to 1."""

    shares: dict[str, dict[str, float]]
    source: str = ""
    """Where the figures are from."""
    notes: tuple[str, ...] = ()
    """Which levels were merged, and why."""

    def count_people(self, size: int) -> dict[str, dict[str, int]]:
        """Return how many of `size` people each level gets, by largest remainders."""
        return {key: _share_out(shares, size) for key, shares in self.shares.items()}

    def merge(self, key: str, held: Collection[str], why: str, on_empty: OnEmpty) -> Margins:
        """Return margins in which each level that nobody holds is one with its neighbour; InputError to refuse it."""
        shares = dict(self.shares[key])
        notes = list(self.notes)
        while empty := next((level for level in shares if level not in held), None):
            levels = list(shares)
            if on_empty == "refuse" or len(levels) == 1:
                raise InputError(
                    f"margin {key!r}: {why} the level {empty!r} ({shares[empty]:.1%}); draft more people with "
                    f"{name_option('size')}, or let it be merged with {name_option('empty', 'merge')}"
                )
            place = levels.index(empty)
            neighbour = levels[place - 1] if place else levels[1]
            ordered = sorted((empty, neighbour), key=levels.index)
            joined = _OR.join(ordered)
            notes.append(f"{key}: {empty} is merged with {neighbour}, because {why} it ({shares[empty]:.1%})")
            shares = {
                (joined if level == neighbour else level): (share + shares[empty] if level == neighbour else share)
                for level, share in shares.items()
                if level != empty
            }
            if neighbour in held:
                held = {*held, joined}
        return self.model_copy(update={"shares": {**self.shares, key: shares}, "notes": tuple(notes)})

    def fit(self, size: int, on_empty: OnEmpty) -> Margins:
        """Return margins of which each level gets somebody of `size` people."""
        fitted = self
        for key in self.shares:
            while any(not count for count in fitted.count_people(size)[key].values()):
                held = {level for level, count in fitted.count_people(size)[key].items() if count}
                fitted = fitted.merge(key, held, f"of {size} people nobody is in", on_empty)
        return fitted

    def keep(self, people: Sequence[Mapping[str, str]], on_empty: OnEmpty) -> Margins:
        """Return margins of which somebody among `people` is in each level."""
        fitted = self
        for key in self.shares:
            fitted = fitted.merge(key, {person[key] for person in people}, "nobody drafted is in", on_empty)
        return fitted

    def place(self, person: Mapping[str, str]) -> dict[str, str]:
        """Return the levels of a person, in the words of these margins: of merged ones the joined name."""
        return {
            key: next(level for level in shares if person[key] == level or person[key] in level.split(_OR))
            for key, shares in self.shares.items()
        }


@accept_only(path=A_PATH)
def load_margins(path: str | Path) -> Margins:
    """Return the margins of a YAML file: `age: {18-34: 30, 35-54: 40, 55+: 30}`, and `source` for their origin.

    Figures are shares, per cents or counts. Raises InputError naming the file and the margin.

    Examples:
        >>> load_margins("no-such.yaml")
        Traceback (most recent call last):
        toolkit.errors.InputError: no-such.yaml: ...
    """
    path = Path(path)
    value: Any = load_yaml(read_text(path), str(path)).value
    if not isinstance(value, dict) or not set(value) - {SOURCE}:
        raise InputError(f"{path}: not a mapping of margins, such as `sex: {{female: 52, male: 48}}`")
    shares = {}
    for key, levels in value.items():
        if key == SOURCE:
            continue
        figures = {str(level): _read_figure(figure) for level, figure in levels.items()} if _is_filled(levels) else {}
        known = {level: figure for level, figure in figures.items() if figure is not None}
        if not known or len(known) < len(figures):
            raise InputError(f"{path}: {key} is not a mapping of levels to figures from 0, such as {{female: 52}}")
        total = math.fsum(known.values())
        if not total:
            raise InputError(f"{path}: {key}: every figure is 0; give one level a share")
        shares[str(key)] = {level: figure / total for level, figure in known.items() if figure}
    found = Margins(shares=shares, source=str(value.get(SOURCE) or ""))
    for level in found.shares.get(AGE, {}):
        read_band(level)
    return found


def deal_places(margins: Margins, size: int, seed: int) -> list[dict[str, str]]:
    """Return the levels of each of `size` people: each margin's quota is filled, and margins are crossed at random."""
    dealt: list[dict[str, str]] = [{} for _ in range(size)]
    for key, counts in margins.count_people(size).items():
        levels = [level for level, count in counts.items() for _ in range(count)]
        random.Random(f"{seed}/{key}").shuffle(levels)  # noqa: S311 - a draw that anybody can repeat
        for place, level in zip(dealt, levels, strict=True):
            place[key] = level
    return dealt


def read_band(level: str) -> tuple[int, int]:
    """Return the youngest and the oldest age of a level such as 18-34, 55+ or 18-24 or 25-34.

    Examples:
        >>> read_band("18-24 or 25-34")
        (18, 34)
    """
    found = [_read_one(part) for part in level.split(_OR)]
    return min(low for low, _ in found), max(high for _, high in found)


def _read_one(level: str) -> tuple[int, int]:
    low, high = 0, 0
    if band := _BAND.fullmatch(level.strip()):
        low, high = int(band[1]), int(band[2])
    elif above := _ABOVE.fullmatch(level.strip()):
        low, high = int(above[1]), _OLDEST
    elif level.strip().isdecimal():
        low = high = int(level)
    if not _YOUNGEST <= max(low, _YOUNGEST) <= high:
        raise InputError(
            f"margin 'age': {level!r} is no band of ages from {_YOUNGEST}, such as 18-34 or 55+; "
            f"people under {_YOUNGEST} are not simulated"
        )
    return max(low, _YOUNGEST), high


def _is_filled(levels: Any) -> bool:
    return isinstance(levels, dict) and bool(levels)


def _read_figure(value: Any) -> float | None:
    """Return a figure of a file, None for anything else; 52 % is 52."""
    try:
        figure = float(str(value).removesuffix("%"))
    except ValueError:
        return None
    return figure if math.isfinite(figure) and figure >= 0 else None


def _share_out(shares: Mapping[str, float], size: int) -> dict[str, int]:
    """Return whole numbers that add up to `size`, as near to the shares as can be."""
    counts = {level: math.floor(share * size + 1e-9) for level, share in shares.items()}
    by_remainder = sorted(shares, key=lambda level: counts[level] - shares[level] * size)
    for level in by_remainder[: size - sum(counts.values())]:
        counts[level] += 1
    return counts
