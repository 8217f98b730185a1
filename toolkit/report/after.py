"""After publishing: what a run said of its drafts beside what people really did."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from toolkit.models import Record
from toolkit.report.advice import Rate
from toolkit.results import Run
from toolkit.results.scoring import PRIMARY, deciding
from toolkit.results.track_record import matching, pairing
from toolkit.stats import intervals

COUNTS = {"click": "clicks", "reply": "replies", "share": "shares"}
"""The objectives that results count, and under which name."""
BEYOND_CHANCE = 1.96
_MOST_PAIRS = 4
"""Pairs that are told one by one."""
CAUTION = (
    "Simulated: what AI personas said. Real: what your results count. Simulated shares are no forecast of real ones, "
    "so compare the order of the drafts."
)


class DraftAfter(Record):
    """One draft: the simulated share, and the real one of everybody it was shown to."""

    draft: str
    simulated: Rate | None
    happened: int
    shown: int
    real: Rate


class After(Record):
    """What was said and what happened, for every draft of a run that has results."""

    count: str
    """clicks, replies or shares."""
    drafts: tuple[DraftAfter, ...]
    sentences: tuple[str, ...]
    """Whether people put the drafts in the same order, in words."""
    caution: str = CAUTION

    def tabulate(self) -> pl.DataFrame:
        """Return simulated beside real as a table of texts, a row a draft."""
        rows = []
        for one in self.drafts:
            guess = None if one.simulated is None else deciding.say_estimate(one.simulated.model_dump())
            real = deciding.say_estimate(one.real.model_dump(), ".1%")
            rows.append(
                {
                    "draft": one.draft,
                    "simulated": f"{guess} of {one.simulated.personas:,}" if one.simulated else "unknown",
                    "real": f"{real}: {one.happened:,} {self.count} of {one.shown:,}",
                }
            )
        return pl.DataFrame(rows, schema=dict.fromkeys(("draft", "simulated", "real"), pl.String))


def find_after(run: Run, store: Path) -> After | None:
    """Return what a run said beside the results in the store; None if there are none of what it was asked about."""
    count = COUNTS.get(run.methods.settings.objective)
    if count is None or not store.is_file():
        return None
    cards = {row["draft_id"]: row for row in run.scorecard().filter(pl.col("measure") == PRIMARY).iter_rows(named=True)}
    digests = {draft.digest: draft.id for draft in run.methods.campaign.drafts}
    matches = matching.load_matches(store)
    found = []
    for digest, draft in digests.items():
        results = [
            (getattr(match.outcome, count), match.outcome.shown)
            for match in matches
            if match.tested and match.tested[-1].draft_hash == digest and getattr(match.outcome, count) is not None
        ]
        happened, shown = sum(one for one, _ in results), sum(one for _, one in results)
        if shown:
            low, high = intervals.exact_interval(happened / shown, shown)
            real = Rate(estimate=happened / shown, low=low, high=high, personas=shown)
            found.append(
                DraftAfter(draft=draft, simulated=_read(cards.get(draft)), happened=happened, shown=shown, real=real)
            )
    return After(count=count, drafts=tuple(found), sentences=_compare(found)) if found else None


def _read(row: dict[str, float] | None) -> Rate | None:
    if row is None or row["estimate"] is None:
        return None
    return Rate(estimate=row["estimate"], low=row["low"], high=row["high"], personas=int(row["personas"]))


def _compare(found: Sequence[DraftAfter]) -> tuple[str, ...]:
    """Return for each pair of drafts that differ beyond chance whether the panel had them in the same order."""
    known = [one for one in found if one.simulated is not None]
    if len(known) < len(("one", "other")):
        return ("One draft with results has nothing to be compared with.",)
    said, right, tied = [], 0, 0
    for a, b in itertools.combinations(known, 2):
        assert a.simulated is not None  # noqa: S101 - chosen so
        assert b.simulated is not None  # noqa: S101 - chosen so
        z = pairing.find_z(a.happened, a.shown, b.happened, b.shown)
        if abs(z) < BEYOND_CHANCE:
            tied += 1
            continue
        first, second = (b, a) if z > 0 else (a, b)
        lead = (b.simulated.estimate - a.simulated.estimate) * (1 if z > 0 else -1)
        right += lead > 0
        panel = "had it so, too" if lead > 0 else "had the two alike" if lead == 0 else "had it the other way round"
        rates = f"{_say(first)} against {_say(second)}"
        said.append(f"People preferred {first.draft} to {second.draft}: {rates}. The panel {panel}.")
    judged = len(said)
    if judged > 1:
        said = [f"The panel was right on {right} of {judged} pairs of drafts that really differ.", *said[:_MOST_PAIRS]]
    if tied:
        pairs = "1 pair of drafts differs" if tied == 1 else f"{tied} pairs of drafts differ"
        said.append(f"{pairs} by no more than chance among the people who saw them.")
    return tuple(said)


def _say(one: DraftAfter) -> str:
    return f"{deciding.say_estimate(one.real.model_dump(), '.1%')} of {one.shown:,}"
