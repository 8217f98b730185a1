"""A draft as its surface will show it: chat bubble, feed card, advert, listing, pin or caption."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import jinja2
import regex
from markupsafe import Markup

from toolkit.drafts import samples
from toolkit.drafts.pictures import load_picture
from toolkit.drafts.preview.highlights import Highlight, mark_text
from toolkit.drafts.preview.html import describe_writing, make_environment
from toolkit.drafts.surfaces import Surface, find_limit_place, find_surface, place_fold
from toolkit.files import resources
from toolkit.models import Campaign, Draft, records

Device = Literal["phone", "desktop"]
_SPACED = regex.compile(
    r"[^\s\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\u3000-\u303f\uff00-\uffef]"
)
"""What stands between spaces, in a writing that sets them: such a word moves behind the fold whole, however long."""
_MARK = regex.compile(r"\p{M}")
_TAG = regex.compile(r"(?<![\w\p{M}&/])[#\uff03](?=[\w\p{M}]*\p{L})[\w\p{M}]+")
_ADDRESS = regex.compile(r"(?:https?://|www\.)\S*[^\s.,;:!?)\]\u2019\u201d'\"]")
_HOST = regex.compile(r"(?:https?://)?(?:www\.)?([\p{L}\p{N}.-]+)")
_LINKING = {"feed", "caption", "pin", "advert"}
"""Layouts of places that make links of hashtags."""
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
        "site": _find_site(draft, surface),
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
        links=_find_links(draft.text, surface),
    )


def _find_links(text: str, surface: Surface) -> list[tuple[int, int]]:
    """Return what the place makes links of: web addresses everywhere, hashtags on those that have them."""
    addresses = [found.span() for found in _ADDRESS.finditer(text)]
    tags = _TAG.finditer(text) if surface.layout in _LINKING else ()
    return addresses + [tag.span() for tag in tags if not any(at <= tag.start() < end for at, end in addresses)]


def _find_site(draft: Draft, surface: Surface) -> str | None:
    """Return the site of the link card: of the draft's link, else on a feed of the first address in its words."""
    if draft.link:
        return urlsplit(draft.link).netloc.removeprefix("www.")
    found = _ADDRESS.search(draft.text) if surface.layout == "feed" else None
    host = _HOST.match(found[0]) if found else None
    return host[1].strip(".") if host else None


def _break_before(text: str, fold: int | None) -> int | None:
    """Return where "See more" stands: before the word that the fold falls into, unless nothing would be left."""
    if fold is None or fold >= len(text) or not _SPACED.match(text, fold):
        return fold
    start = fold
    while start and _SPACED.match(text, start - 1):
        start -= 1
    while start < fold and _MARK.match(text, start):  # it belongs to the letter before, which sets no spaces
        start += 1
    return start or fold


def _mark_field(draft: Draft, name: str) -> Markup | None:
    value: Any = getattr(draft, name)
    return mark_text(value, limit=find_limit_place(value, find_surface(draft.surface), name, draft)) if value else None
