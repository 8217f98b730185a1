"""What a study spent, written down before and after each call, so that its limit holds across a crash, too."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from toolkit.engines import budget

LEDGER = "ledger.txt"
_ROUNDING = 1e-9
"""Dollars by which sums of the same numbers in another order may differ, and less than any call costs."""


class Ledger:
    """A purse that lets everything through and forgets nothing: the limit itself is the bill's.

    A line is written before each call with the most that it can cost, and one after it with what it took. A process
    that is killed leaves lines of the first kind behind: what those calls took is not known, so the most counts.
    """

    def __init__(self, path: Path) -> None:
        self.paid = 0.0
        """Dollars of replies that came."""
        self.lost = 0.0
        """Dollars that calls of a process that was killed cost at most."""
        self._path = path
        self._outer = budget.find_purse()
        self._read()
        self._file = -1

    def __enter__(self) -> Self:
        """Write what is known into one line, and take further ones."""
        staging = self._path.with_name(f".{self._path.name}")
        staging.write_text(f"paid {self.paid!r}\nlost {self.lost!r}\n", encoding="ascii")
        staging.replace(self._path)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        return self

    def __exit__(self, *_: object) -> None:
        """Take no further line."""
        os.close(self._file)

    def hold(self, worst: float) -> bool:
        """Write down what a call can cost at most; False where whoever pays has no room for it."""
        if self._outer is not None and not self._outer.hold(worst):
            return False
        if worst:
            os.write(self._file, f"hold {worst!r}\n".encode("ascii"))
        return True

    def settle(self, worst: float, paid: float) -> None:
        """Write down what a call took."""
        if self._outer is not None:
            self._outer.settle(worst, paid)
        self.paid += paid
        if worst:
            os.write(self._file, f"took {worst!r} {paid!r}\n".encode("ascii"))

    def explain(self) -> str:
        """Return why whoever pays has no room."""
        return self._outer.explain() if self._outer is not None else "nothing more may be spent"

    def _read(self) -> None:
        """Add up what is written; a last line that was cut off counts for nothing."""
        held = 0.0
        whole = self._path.read_text(encoding="ascii") if self._path.is_file() else ""
        for line in whole.splitlines(keepends=True):
            word, *sums = line.split()
            if not line.endswith("\n"):
                break
            if word == "hold":
                held += float(sums[0])
            elif word == "took":
                held -= float(sums[0])
                self.paid += float(sums[1])
            elif word == "paid":
                self.paid += float(sums[0])
            elif word == "lost":
                self.lost += float(sums[0])
        self.lost += held if held > _ROUNDING else 0.0
