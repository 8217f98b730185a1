"""A draft as its surface will show it: chat bubble, feed card, advert, listing, pin or caption."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup

from toolkit.drafts import samples
from toolkit.drafts.pictures import load_picture
from toolkit.drafts.preview.highlights import Highlight, mark_text
from toolkit.drafts.preview.html import describe_writing, make_environment
from toolkit.drafts.surfaces import Surface, find_limit_place, find_surface, place_fold
from toolkit.files import resources
from toolkit.models import Campaign, Draft, records

Device = Literal["phone", "desktop"]
_LONGEST_WORD = 30
"""Letters of a piece that is moved whole behind the fold; a longer one has no spaces, as in Chinese or an address."""
_TEMPLATES = resources.DATA / "previews"


def render_preview(
    draft: Draft,
    *,
    device: Device = "phone",
    highlights: Sequence[Highlight] = (),
    folder: Path | None = None,
    brief: records.Brief | None = None,
) -> Markup:
    """Return one draft as a safe HTML fragment; `load_style` gives the style sheet it needs, once a page.

    The fold of the device is marked, and what passes a hard limit is struck out. `highlights` lie in the draft's text.
    A picture is shown where `draft.image` is a file in `folder` of at most 5 MB, else its description; nothing is ever
    fetched. The sender has the name and the picture of the `brief`, where it names them.
    """
    surface = find_surface(draft.surface)
    draft, highlights = _fill(draft, highlights)
    context = {
        "draft": draft,
        "surface": surface,
        "device": device,
        "text": _mark_body(draft, surface, device, highlights),
        "marked": {name: _mark_field(draft, name) for name in ("headline", "description", "greeting")},
        "site": urlsplit(draft.link).netloc.removeprefix("www.") if draft.link else None,
        "written": describe_writing(draft.prose, draft.language),
        "picture": load_picture(draft.image, folder),
        "brand": brief.brand.strip() if brief else "",
        "avatar": load_picture(brief.avatar, folder) if brief else None,
    }
    return Markup(_environment().get_template(f"{surface.layout}.html.j2").render(**context))  # noqa: S704 - autoescaped


def render_previews(
    campaign: Campaign,
    *,
    device: Device = "phone",
    highlights: Mapping[str, Sequence[Highlight]] | None = None,
    folder: Path | None = None,
) -> Markup:
    """Return all drafts of a campaign side by side, each under its id; `highlights` by draft id."""
    drafts = [draft.model_copy(update={"language": draft.language or campaign.language}) for draft in campaign.drafts]
    drawn = [
        (
            draft,
            render_preview(
                draft,
                device=device,
                highlights=(highlights or {}).get(draft.id, ()),
                folder=folder,
                brief=campaign.brief,
            ),
        )
        for draft in drafts
    ]
    return Markup(_environment().get_template("row.html.j2").render(drawn=drawn))  # noqa: S704 - autoescaped


@lru_cache(maxsize=1)
def load_style() -> str:
    """Return the style sheet of all previews; every rule is scoped to their own classes."""
    return (_TEMPLATES / "previews.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return make_environment(_TEMPLATES)


def _fill(draft: Draft, highlights: Sequence[Highlight]) -> tuple[Draft, list[Highlight]]:
    """Return the draft with its variables filled, and the highlights where their words are then."""
    filled = samples.fill_field(draft, "text")
    moved = [dataclasses.replace(one, start=filled.place(one.start), end=filled.place(one.end)) for one in highlights]
    return samples.fill_samples(draft), moved


def _mark_body(draft: Draft, surface: Surface, device: Device, highlights: Sequence[Highlight]) -> Markup:
    return mark_text(
        draft.text,
        fold=_break_before(draft.text, place_fold(draft.text, surface, device)),
        limit=find_limit_place(draft.text, surface, "text", draft),
        highlights=highlights,
    )


def _break_before(text: str, fold: int | None) -> int | None:
    """Return where "See more" stands: before the word that the fold falls into, unless that word is a long one."""
    if fold is None or fold >= len(text) or text[fold].isspace() or text[fold - 1].isspace():
        return fold
    word = re.search(r"\S+$", text[:fold])
    return word.start() if word and word.start() > 0 and len(word[0]) <= _LONGEST_WORD else fold


def _mark_field(draft: Draft, name: str) -> Markup | None:
    value: Any = getattr(draft, name)
    return mark_text(value, limit=find_limit_place(value, find_surface(draft.surface), name, draft)) if value else None
