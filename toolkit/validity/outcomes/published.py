"""How often each source was right about published experiments: measured once, and shipped with the toolkit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toolkit.models import Record, chance_link
from toolkit.results.track_record import judging
from toolkit.stats import intervals
from toolkit.validity.outcomes.validating import BASELINES, Validation

FIGURES = Path(__file__).with_name("published.json")
"""Written by `python benchmarks/validity.py`."""
DATA = (
    "headlines of a news site in the United States, 2013-15, each shown at random to readers: Upworthy Research "
    "Archive, Matias, Munger, Aubin Le Quere, Ebersole (2021), Scientific Data 8, 195; CC BY 4.0"
)
_CARD = "docs/outcome-model.md has the outcome model's card"


class PublishedGap(Record):
    """One pair of drafts that differ, and by how much panel and control reader favoured the second."""

    won: int
    """Whether the second draft did better."""
    panel: float | None
    """Its objective rate minus that of the first, among the personas."""
    control: float | None


class AskedPanel(Record):
    """What a panel was asked about pairs whose outcome is known."""

    date: str
    model: str
    audience: str
    people: int
    pairs: tuple[PublishedGap, ...]

    def judge(self, source: str) -> judging.Judged:
        """Return how often the panel or the control reader was right, with the exact 95 % interval."""
        gaps = [(getattr(pair, source), pair.won) for pair in self.pairs]
        known = [(gap, won) for gap, won in gaps if gap is not None]
        if not known:
            return judging.NOTHING
        right = sum(0.5 if gap == 0 else float((gap > 0) == bool(won)) for gap, won in known) / len(known)
        low, high = intervals.exact_interval(right, len(known))
        count = len(known)
        return judging.Judged(
            pairs=count, experiments=count, accuracy=right, low=low, high=high, calibration_error=None
        )


class Published(Record):
    """The record on published experiments."""

    date: str
    """When it was measured."""
    weights: str
    """SHA-256 of the outcome model's weights that were judged."""
    checked: Validation
    panel: AskedPanel | None

    def combine(self) -> Validation:
        """Return the record as one on a user's own results would be, the embedded model's panel with it."""
        notes = (f"measured on {self.date} on {DATA}", f"no figure is of a headline the fit had seen; {_CARD}")
        if self.panel is None:
            return self.checked.model_copy(update={"notes": notes})
        judged = self.checked.sources | {name: self.panel.judge(name) for name in ("panel", "control")}
        sources = {name: judged[name] for name in (*chance_link.SOURCES, *BASELINES)}
        asked = (
            f"the panel is the smallest model there is, {self.panel.model} with {self.panel.people} personas of "
            f"{self.panel.audience}: near chance is what to expect of it, and of a larger one nothing is shown here"
        )
        update: dict[str, Any] = {
            "sources": sources,
            "matched": 2 * len(self.panel.pairs),
            "missing": max(0, self.checked.needed - sources["panel"].pairs),
            "notes": (*notes, asked),
        }
        return self.checked.model_copy(update=update)


def load_published() -> Published:
    """Return the record that ships."""
    held = json.loads(FIGURES.read_text(encoding="utf-8"))
    return Published.model_validate({**held["bundled"], "panel": held.get("panel")})
