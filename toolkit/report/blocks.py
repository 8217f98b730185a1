"""Parts of a result as safe HTML: the way from shown to acted as two slim bars, and what people said."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import jinja2
from markupsafe import Markup

from toolkit.drafts.preview import load_style, make_environment
from toolkit.files import resources
from toolkit.models import Record

MOST_CARDS = 6
"""Drafts drawn as cards; of more the others are rows to open."""
_ROUNDING = 1e-9
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


class DraftCard(Record):
    """One draft after a run: as it will appear, where it stands, its rates, and who said what."""

    draft: str
    words: tuple[str, ...]
    """Where it stands, such as "leader" and "pushes people away"."""
    colour: str
    """The draft's own, as in every chart."""
    preview: str
    """Safe HTML."""
    steps: tuple[Step, ...]
    """The objective first; none where nothing can be said."""
    voices: tuple[Voice, ...]


def render_cards(cards: Sequence[DraftCard], people: int, *, may_comment: bool = False) -> Markup:
    """Return the drafts side by side as safe HTML with its own style; past a few the others are rows to open.

    All bars share one scale, which ends where the data end. With `may_comment` each quote has a button that carries
    its draft and its words, and words that people named can be pressed, too: whoever draws the cards listens.
    """
    highest = max((step.share if step.high is None else step.high for card in cards for step in card.steps), default=1)
    context = {
        "cards": [
            {**card.model_dump(), "steps": card.steps, "preview": _open_words(card.preview, may_press=may_comment)}
            for card in cards
        ],
        "may_comment": may_comment,
        "people": "1 person" if people == 1 else f"{people:,} people",
        "most": end_scale(highest),
        "most_cards": MOST_CARDS if len(cards) > MOST_CARDS + 1 else len(cards),
        "style": Markup(_load_style()),  # noqa: S704 - ours
        "preview_style": Markup(load_style()),  # noqa: S704 - ours
    }
    return Markup(_environment().get_template("cards.html.j2").render(**context))  # noqa: S704 - autoescaped


def _open_words(preview: str, *, may_press: bool) -> Markup:
    """Return a preview, its marked words as buttons where they may be pressed; what people wrote has no such tag."""
    words = preview.replace("<mark ", '<mark tabindex="0" role="button" ') if may_press else preview
    return Markup(words)  # noqa: S704 - safe before


def end_scale(highest: float) -> float:
    """Return where an axis of shares ends: at the next tenth, and at one at the most."""
    return min(max(math.ceil(10 * highest - _ROUNDING) / 10, 0.1), 1.0)


def render_objections(objections: Sequence[ObjectionBlock], draft: str | None = None) -> Markup:
    """Return objections as safe HTML with its own style, each with who made it.

    Where the draft is named each has a button to comment on it, as on the cards.
    """
    template = _environment().get_template("objections.html.j2")
    style = Markup(_load_style())  # noqa: S704 - ours
    return Markup(template.render(objections=objections, draft=draft, style=style))  # noqa: S704 - autoescaped


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


def render_voices(voices: Sequence[Voice], draft: str | None = None) -> Markup:
    """Return what people said as safe HTML with its own style; nothing where nobody spoke.

    Where the draft is named each quote has a button to comment on it, as on the cards.
    """
    template = _environment().get_template("voices.html.j2")
    style = Markup(_load_style())  # noqa: S704 - ours
    return Markup(template.render(voices=voices, draft=draft, style=style))  # noqa: S704 - autoescaped


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
