"""The trace a finished run leaves in the store, so that results can be matched to it later."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

from toolkit.errors import ToolkitError
from toolkit.files import normalising
from toolkit.models import chance_link
from toolkit.results.outcome_model import domains
from toolkit.results.runs import Run, add_warnings
from toolkit.results.scoring import PRIMARY
from toolkit.results.track_record import places
from toolkit.store import calibration_log, test_log

_LINK = "link"
Known: TypeAlias = "dict[object, Any]"
"""What a store says of the link and of each place, for runs that are concluded one soon after the other."""


def conclude_run(run: Run, store: Path, known: Known | None = None) -> Run:
    """Leave the run's trace in the store, and return the run weighed by the link in use there.

    What cannot be kept or read costs a warning, never the run. `known` keeps what was read, for the next run.
    """
    known = {} if known is None else known
    try:
        if _LINK not in known:
            with calibration_log.Calibrations(store) as kept:
                known[_LINK] = kept.find_used()
        run = run.with_link(known[_LINK])
    except ToolkitError as error:
        run = add_warnings(run, f"evidence is weighed by the link that ships: {error}")
    run = _add_standing(run, store, known)
    doubt = record_run(run, store)
    return add_warnings(run, doubt) if doubt else run


def _add_standing(run: Run, store: Path, known: Known) -> Run:
    """Return the run with what your results say of each source at its place, and a warning of each that is silenced."""
    surfaces = {draft.surface for draft in run.methods.campaign.drafts}
    objective = run.methods.settings.objective
    place_key = (surfaces.pop() if len(surfaces) == 1 else None, str(objective))
    try:
        if place_key not in known:
            known[place_key] = places.find_standing(store, place_key[0], objective)
        found: places.PlaceStanding = known[place_key]
    except ToolkitError as error:
        return add_warnings(run, f"evidence knows nothing of your results: {error}")
    except Exception as error:  # noqa: BLE001 - a record that cannot be made never costs a run that people answered
        return add_warnings(run, f"evidence knows nothing of your results: {type(error).__name__}")
    place = domains.name_place(found.surface, objective)
    silenced = [
        f"the {chance_link.NAMES[name]} is silenced for {place}: {one.say_right()}, worse than a coin"
        for name, one in found.sources.items()
        if one.is_silenced
    ]
    return add_warnings(run.with_standing(found), *silenced)


def record_run(run: Run, store: Path) -> str | None:
    """Keep what a run found of each draft; return why that failed, in a line, or None. A run is never lost to it."""
    if run.counts.ok == 0:
        return None
    try:
        with test_log.History(store) as history:
            history.keep_run(describe_tested(run))
    except ToolkitError as error:
        return f"results cannot be matched to this run: {error}"
    return None


def describe_tested(run: Run) -> list[test_log.Tested]:
    """Return one record per draft of a run that somebody reacted to."""
    methods = run.methods
    panel = _find_rates(run)
    control = _find_rates(run, control=True) if methods.control_counts else {}
    shares = methods.forecast.find_rates() if methods.forecast else {}
    finished = test_log.stamp()
    return [
        test_log.Tested(
            run_id=run.run_id,
            draft_hash=draft.digest,
            text_hash=normalising.hash_text(draft.text),
            draft_id=draft.id,
            campaign=methods.campaign.campaign,
            surface=draft.surface,
            text=draft.text,
            headline=draft.headline,
            objective=methods.settings.objective,
            panel_rate=panel[draft.id][0],
            panel_n=panel[draft.id][1],
            control_rate=control.get(draft.id, (None, 0))[0],
            control_n=control.get(draft.id, (None, 0))[1],
            shares_rate=shares.get(draft.id),
            shares_n=methods.forecast.calls if methods.forecast and shares else 0,
            model=methods.model,
            engine=methods.engine,
            finished=finished,
        )
        for draft in methods.campaign.drafts
        if draft.id in panel
    ]


def _find_rates(run: Run, *, control: bool = False) -> dict[str, tuple[float | None, int]]:
    card = run.control_scorecard() if control else run.scorecard()
    rows = [row for row in card.iter_rows(named=True) if row["measure"] == PRIMARY]
    return {row["draft_id"]: (row["estimate"], row["personas"]) for row in rows}
