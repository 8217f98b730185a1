"""The small portrait of a persona: initials on a calm colour that its segment decides."""

from __future__ import annotations

import hashlib

from markupsafe import Markup

_COLOURS = ("#3b6ea5", "#4a7c59", "#8a5a44", "#6b5b95", "#35777d", "#8c4a6b", "#5d6d7e", "#7a6a2f")
"""White letters stand out on each by 4.5 to 1 or more (WCAG 2.2, 1.4.3)."""
_STYLE = (
    "width:44px;height:44px;border-radius:10px;display:grid;place-content:center;color:#fff;font-weight:600;"
    "font-size:15px;background:{}"
)


def render_portrait(initials: str, group: str) -> Markup:
    """Return the portrait as a safe HTML fragment; the same group has the same colour everywhere."""
    colour = _COLOURS[hashlib.sha256(group.encode()).digest()[0] % len(_COLOURS)]
    return Markup('<div style="{}" aria-hidden="true">{}</div>').format(_STYLE.format(colour), initials[:2])
