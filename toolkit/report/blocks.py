"""Parts of a result as safe HTML: the way from shown to acted as two slim bars, and what people said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import jinja2
from markupsafe import Markup

from toolkit.drafts.preview import make_environment
from toolkit.files import resources
from toolkit.models import Record

_TEMPLATES = resources.DATA / "results"


class Step(Record):
    """A share of everybody who was shown a draft."""

    name: str
    """stopped, acted or pushed away."""
    words: str
    """What people did, such as "tapped it"."""
    share: float
    low: float | None
    high: float | None


class Funnel(Record):
    """What became of everybody who was shown one draft."""

    personas: int
    steps: tuple[Step, ...]
    """Empty where nothing can be said yet."""


class Voice(Record):
    """What one persona did and said."""

    name: str
    action: str
    """In words, such as "scroll past"."""
    says: str


class ObjectionBlock(Record):
    """What several people hold against a draft."""

    text: str
    people: int
    names: tuple[str, ...]
    """The first few of them."""


def render_objections(objections: Sequence[ObjectionBlock]) -> Markup:
    """Return objections as safe HTML with its own style, each with who made it."""
    template = _environment().get_template("objections.html.j2")
    return Markup(template.render(objections=objections, style=Markup(_load_style())))  # noqa: S704 - autoescaped


def render_evidence(rows: Sequence[tuple[str, str]]) -> Markup:
    """Return sentences, each with what it rests on unless it says so itself, as safe HTML with its own style."""
    template = _environment().get_template("evidence.html.j2")
    return Markup(template.render(rows=rows, style=Markup(_load_style())))  # noqa: S704 - autoescaped


def render_segments(spread: Sequence[Mapping[str, Any]], drafts: Sequence[str]) -> Markup:
    """Return a table of segment values by drafts as safe HTML, darker where more people acted.

    Takes rows of `summaries.spread_segments`.
    """
    rows: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for cell in spread:
        rows.setdefault((cell["segment"], cell["value"]), {})[cell["draft_id"]] = cell
    template = _environment().get_template("segments.html.j2")
    return Markup(template.render(rows=rows, drafts=drafts, style=Markup(_load_style())))  # noqa: S704 - autoescaped


def render_voices(voices: Sequence[Voice]) -> Markup:
    """Return what people said as safe HTML with its own style; nothing where nobody spoke."""
    template = _environment().get_template("voices.html.j2")
    return Markup(template.render(voices=voices, style=Markup(_load_style())))  # noqa: S704 - autoescaped


def render_funnel(funnel: Funnel, *, so_far: bool = False) -> Markup:
    """Return the bars of one draft as safe HTML with its own style, every figure with interval and count."""
    template = _environment().get_template("funnel.html.j2")
    return Markup(template.render(funnel=funnel, so_far=so_far, style=Markup(_load_style())))  # noqa: S704 - autoescaped


def list_steps(funnel: Funnel, *names: str) -> Sequence[Step]:
    """Return the steps of those names, in that order."""
    known = {step.name: step for step in funnel.steps}
    return [known[name] for name in names if name in known]


@lru_cache(maxsize=1)
def _load_style() -> str:
    return (_TEMPLATES / "results.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = make_environment(_TEMPLATES)
    environment.globals["list_steps"] = list_steps
    return environment
