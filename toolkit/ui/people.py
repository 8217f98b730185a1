"""Who the people of a saved run are: its folder records what they said, the audience files who they are."""

from __future__ import annotations

from toolkit.audiences import list_audiences
from toolkit.errors import InputError
from toolkit.improve import interviews
from toolkit.models import Audience, Persona
from toolkit.results import Run
from toolkit.ui import caching


def find_audiences_of(run: Run) -> dict[str, Audience]:
    """Return the audiences that a run asked, by name, as their files are now; those that cannot be had are left out."""
    files = dict(list_audiences())
    found = {}
    for name in (asked["audience"] for asked in run.methods.audiences):
        if name in files:
            found[name] = caching.read_audience(files[name])
    return found


def find_people_of(run: Run) -> tuple[dict[str, Persona], str]:
    """Return the personas of a run by its ids, and what to say where they are not the very ones that were asked."""
    try:
        found = find_audiences_of(run)
    except InputError:
        found = {}
    asked = {one["audience"]: one["sha256"] for one in run.methods.audiences}
    missing = [name for name in asked if name not in found]
    if missing:
        return {}, f"{', '.join(missing)}: no longer in ./personas, so people are called by their ids."
    edited = [name for name, digest in asked.items() if found[name].digest != digest]
    note = f"{', '.join(edited)}: edited since this run. People are called as the file says now." if edited else ""
    return interviews.find_people(list(found.values())), note
