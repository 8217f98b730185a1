"""Two versions of a draft in one text: what was removed is struck through, what was added underlined, with signs."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from toolkit.drafts.diff import Change
from toolkit.drafts.preview.html import describe_writing

_STYLE = Markup("""
.changes { font: inherit; line-height: 1.6; overflow-wrap: anywhere; white-space: pre-wrap; }
.changes p { margin: 0 0 .8em; }
.changes b { display: block; font-weight: 600; font-size: .85em; opacity: .75; }
.changes del { text-decoration: line-through; background: #d55e0026; }
.changes ins { text-decoration: underline; text-underline-offset: 3px; background: #0072b226; }
.changes del::before { content: "\\2212"; } .changes ins::before { content: "+"; }
.changes del::before, .changes ins::before { font-weight: 700; padding: 0 .15em; display: inline-block; }
""")
_TAGS = {"same": Markup("{}"), "removed": Markup("<del>{}</del>"), "added": Markup("<ins>{}</ins>")}


def render_changes(changes: Sequence[Change]) -> Markup:
    """Return the worded parts of a draft as a safe HTML fragment with its style."""
    parts = Markup().join(_render(change) for change in changes)
    return Markup("<style>{}</style><div class='changes'>{}</div>").format(_STYLE, parts)


def _render(change: Change) -> Markup:
    name = Markup() if change.part == "text" else Markup("<b>{}</b>").format(change.part.replace("_", " "))
    pieces = Markup().join(_TAGS[piece.kind].format(piece.text) for piece in change.pieces)
    written = describe_writing("".join(piece.text for piece in change.pieces))
    return Markup("<p {}>{}{}</p>").format(written, name, pieces)
