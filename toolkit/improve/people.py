"""Who took part in a run, and what they were asked: what their words are held against."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.errors import InputError
from toolkit.models import Audience, Persona
from toolkit.panel import api, planning
from toolkit.results import Run

_ASKED = ("glance", "read", "react", "completion")
"""Questions of a run that hold none of its answers, as run.json calls them."""


def find_people(audiences: Sequence[Audience]) -> dict[str, Persona]:
    """Return the personas by the id that a run gives them."""
    return {
        planning.name_persona(audience, persona, audiences): persona
        for audience in audiences
        for persona in audience.personas
    }


def find_people_of(run: Run) -> dict[str, Persona]:
    """Return the people of a run by its ids for them; nobody where its audiences are not at hand."""
    try:
        return find_people(api.resolve_audiences([str(one["audience"]) for one in run.methods.audiences]))
    except InputError:
        return {}


def list_asked(run: Run) -> list[str]:
    """Return the questions of a run that hold none of its answers, as they were put."""
    return [words for name, words in run.methods.questions.items() if name in _ASKED]
