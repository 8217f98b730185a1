"""The names that people give to places where they post, and the surface that each means."""

from __future__ import annotations

import re

from toolkit.drafts.surfaces import surface_names
from toolkit.files import tables

_CHANNELS = {
    "facebook_post": ("facebook", "fb", "facebook page", "facebook feed", "meta"),
    "instagram_caption": ("instagram", "ig", "insta", "instagram feed", "instagram post"),
    "linkedin_post": ("linkedin", "li", "linkedin page"),
    "x_post": ("x", "twitter", "tweet", "x twitter", "x (twitter)", "twitter/x"),
    "threads_post": ("threads",),
    "tiktok_caption": ("tiktok", "tik tok"),
    "pinterest_pin": ("pinterest", "pin"),
    "messenger_message": ("messenger", "facebook messenger", "fb messenger"),
    "whatsapp_template": ("whatsapp", "wa", "whatsapp business"),
    "sms": ("text message", "texting"),
    "email": ("e-mail", "mail", "newsletter", "mailing"),
    "push_notification": ("push", "push message", "app push", "web push"),
    "marketplace_listing": ("marketplace", "facebook marketplace"),
}
_BETWEEN = re.compile(r"\s*(?:[,;+&|\n]|\band\b|\bund\b|\bet\b| / )\s*")
_KNOWN = {tables.headings.simplify(word): surface for surface, words in _CHANNELS.items() for word in words}


def read_surface(name: str) -> str | None:
    """Return the surface that a name means: its own, or that of a channel such as "LinkedIn"; None for no name.

    A name that means no surface is returned as it is, for whoever reads the file to refuse.
    """
    if not name or name in surface_names():
        return name or None
    plain = tables.headings.simplify(name)
    spelled = {tables.headings.simplify(surface): surface for surface in surface_names()}
    return spelled.get(plain) or _KNOWN.get(plain) or name


def split_channels(text: str) -> list[str]:
    """Return the surfaces of a cell such as "Facebook, LinkedIn", each once; none where a part of it means no surface.

    One channel is returned as one surface.
    """
    if text in surface_names():
        return [text]
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    found = [read_surface(part) or "" for part in parts]
    return list(dict.fromkeys(found)) if all(one in surface_names() for one in found) else []
