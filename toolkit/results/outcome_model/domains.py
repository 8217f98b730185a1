"""Where each forecaster of the outcome model was measured: outside these domains there is no chance to give."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import Field

from toolkit.drafts.surfaces import find_surface
from toolkit.files import resources
from toolkit.models import Record

CARDS: Path = resources.DATA / "outcome_model" / "cards.json"
"""Written by `python benchmarks/domain_cards.py`."""
HEADLINES, POSTS = "headlines", "posts"
_DEEDS = {
    "read": "reading",
    "react": "reactions",
    "click": "clicks",
    "reply": "replies",
    "share": "shares",
    "save": "saves",
}


class Domain(Record):
    """What a forecaster was measured on; what it says holds there and nowhere else."""

    name: str
    """headlines or posts."""
    says: str
    """What it forecasts, such as "clicks on headlines"."""
    learned: str
    """What a chance rests on, in a sentence about evidence."""
    surfaces: tuple[str, ...]
    """Without any, it speaks only of texts that name no surface."""
    objectives: tuple[str, ...]
    languages: tuple[str, ...]
    """BCP 47."""
    characters: tuple[int, int] = Field(description="least and most")
    form: str
    years: str
    design: str
    source: str
    """Citation and licence."""


Bounded = tuple[float, float, float]
"""A figure, and its 95 % interval over groups."""


class Card(Record):
    """How often a forecaster was right in its domain, on pairs whose group its fit had not seen."""

    weights: str
    """SHA-256 of the weights that were judged."""
    date: str
    pairs: int
    """That differ."""
    groups: int
    accuracy: Bounded
    half: Bounded
    """Accuracy on the more confident half."""
    fifth: Bounded
    """Accuracy on the most confident fifth."""
    log_loss: Bounded
    calibration_error: Bounded
    """Mean gap between confidence and accuracy over ten bins of equal count."""

    def say_right(self) -> str:
        """Return how often it was right, in words, such as "right in 74 % (71 to 76) of 2,939 pairs"."""
        share, low, high = self.accuracy
        return f"right in {share:.0%} ({low:.0%} to {high:.0%}) of {self.pairs:,} pairs"


@lru_cache(maxsize=1)
def load_cards() -> dict[str, Card]:
    """Return the card of each forecaster, by its name."""
    stored = json.loads(CARDS.read_text(encoding="utf-8"))
    return {name: Card(**fields) for name, fields in stored.items()}


def list_domains() -> list[dict[str, str]]:
    """Return a row per domain for a table that people read: what, where, how often right."""
    return [
        {
            "forecast": domain.says,
            "where": ", ".join(domain.surfaces) or "headlines that name no surface",
            "what counts": ", ".join(domain.objectives),
            "language": ", ".join(domain.languages),
            "texts": domain.form,
            "measured on": f"{domain.design}, {domain.years}",
            "right": load_cards()[name].say_right(),
            "surest fifth": f"{load_cards()[name].fifth[0]:.0%}",
            "calibration error": "{:.3f} ({:.3f} to {:.3f})".format(*load_cards()[name].calibration_error),
        }
        for name, domain in load_domains().items()
    ]


@lru_cache(maxsize=1)
def load_domains() -> dict[str, Domain]:
    """Return the domain of each forecaster, by its name."""
    stored = yaml.safe_load(resources.read_data("outcome_model", "domains.yaml"))
    return {name: Domain(name=name, **fields) for name, fields in stored.items()}


def find_domain(surface: str | None = None, objective: str | None = None) -> Domain | None:
    """Return the domain that covers a surface and an objective; None where nothing was measured.

    Without a surface it is that of headlines, where a click is what counts.

    Examples:
        >>> from toolkit.results.outcome_model import domains
        >>> domains.find_domain("x_post", "share").name
        'posts'
        >>> domains.find_domain("marketplace_listing", "reply") is None
        True
    """
    for domain in load_domains().values():
        if surface is None:
            if not domain.surfaces and (objective is None or objective in domain.objectives):
                return domain
        elif surface in domain.surfaces and objective in domain.objectives:
            return domain
    return None


def find_nearest_place(surface: str | None, objective: str | None) -> tuple[str | None, str | None]:
    """Return the place that a forecaster answers for: this one, or the nearest where none was measured here.

    What it says there is no forecast. It is how your own results judge it.
    """
    if find_domain(surface, objective) is not None:
        return surface, objective
    posts = load_domains()[POSTS]
    return (posts.surfaces[0], objective) if objective in posts.objectives else (None, None)


def name_place(surface: str | None, objective: str | None) -> str:
    """Return a place in words, such as "replies on Marketplace listings"."""
    deed = _DEEDS.get(objective or "", "this objective")
    return deed if surface is None else f"{deed} on {_name_several(find_surface(surface).label)}"


def say_gap(surface: str | None, objective: str | None) -> str:
    """Return what was not validated, such as "not validated for replies on Marketplace listings"."""
    return f"not validated for {name_place(surface, objective)}"


def _name_several(label: str) -> str:
    """Return the plural of a surface's label: of its first noun, where a preposition follows it."""
    for preposition in (" on ", " of ", " to ", " in ", " shared "):
        head, found, tail = label.partition(preposition)
        if found:
            return f"{head}s{found}{tail}"
    return f"{label}s"
