"""One page that asks real people what the panel is asked: no server, no network, nothing personal."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from markupsafe import Markup

from toolkit.drafts import load_drafts
from toolkit.drafts.preview import load_style, make_environment, render_preview
from toolkit.drafts.surfaces import find_surface, is_folded, place_fold
from toolkit.errors import A_PATH, InputError, accept_only, name_option, suggest
from toolkit.files import resources, write_atomically
from toolkit.models import MEASURES, Campaign, Draft, records
from toolkit.panel import api
from toolkit.questionnaire import Prompts

VERSION = "1"
"""Of the rows that a form hands back."""
COLUMNS = (
    "people_answers", "form", "code", "person", "draft_id", "draft_hash", "surface", "objective", "wording",
    "position", "glance", "action", *MEASURES, "verbatim", "objection",
)  # fmt: skip
"""What a form hands back, one row a draft; the first column says that these are answers of people."""
GLANCES = {
    "stop": "Stop and read it",
    "scroll_past": "Scroll past it",
    "hide": "Hide it",
    "report": "Report it",
}
ACTIONS = {
    "read": "Nothing more than reading it",
    "react": "Like it, or react with a symbol",
    "click": "Tap it",
    "reply": "Reply to it",
    "share": "Share it",
    "save": "Save it",
    "hide": "Hide it",
    "report": "Report it",
}
SCALES = {
    "relevance": ("What does it have to do with your life?", "nothing to do with me", "exactly my situation"),
    "clarity": ("How well do you understand what it offers or asks?", "no idea what it wants", "completely clear"),
    "trust": ("Do you believe it, and whoever sent it?", "looks like a trick", "entirely trustworthy"),
    "appeal": ("How do you like the way it sounds?", "puts me off", "a pleasure"),
    "intent": ("How likely are you to do what it asks?", "I would never", "I would now"),
}
"""Each measure as a question, with what 1 and 5 mean."""
_TEMPLATES = resources.DATA / "people"
_SUFFIXES = (".html", ".htm")
_MOST = 12


@accept_only(path=A_PATH)
def ask_people(
    drafts: Campaign | Draft | Sequence[Draft] | str | Path, path: str | Path, *, objective: str | None = None
) -> Path:
    """Write a form that asks real people the panel's own questions about some drafts; return its path.

    `drafts` is a campaign, drafts, or a path of either. The form is one HTML file that needs no network. Open it as
    form.html#1, form.html#2 and so on: the number decides the order of the drafts and the wording, so that both are
    balanced. It hands back a table, which `audience outcomes add` reads. `objective` is the campaign's own if left out.
    Raises InputError for drafts, an objective or a path that cannot be used.

    Examples:
        >>> import pathlib, tempfile
        >>> form = pathlib.Path(tempfile.mkdtemp()) / "form.html"
        >>> toolkit.ask_people("examples/paypal-invoices.yaml", form).name
        'form.html'
    """
    path = Path(path)
    if path.suffix.lower() not in _SUFFIXES:
        named = name_option("path", path)
        raise InputError(f"{named}: a form is written to {', '.join(_SUFFIXES)}; name one, such as form.html")
    campaign = _gather(drafts)
    page = render_form(campaign, _find_objective(campaign, objective))
    try:
        write_atomically(path, page.encode())
    except OSError as error:
        named = name_option("path", path)
        raise InputError(f"{named}: cannot be written: {error.strerror}; name another file") from None
    return path


def render_form(campaign: Campaign, objective: records.Objective) -> str:
    """Return the page; every text of the drafts is escaped, and nothing in it asks another address for anything."""
    folder = Path(campaign.file).parent if campaign.file else None
    drafts = campaign.drafts
    wordings = Prompts().wordings
    told: dict[str, Any] = {
        "version": VERSION,
        "form": name_form(campaign, objective),
        "columns": COLUMNS,
        "drafts": [
            {"draft_id": draft.id, "draft_hash": draft.digest, "surface": draft.surface, "objective": objective}
            for draft in drafts
        ],
        "orders": balance_orders(len(drafts)),
        "wordings": [{"glance": one["glance"], "read": one["read"]} for one in wordings],
        "measures": list(MEASURES),
    }
    script = (_TEMPLATES / "form.js").read_text(encoding="utf-8")
    environment = make_environment(_TEMPLATES)
    return environment.get_template("form.html.j2").render(
        count=len(drafts),
        parts=[_show(draft, folder) for draft in drafts],
        wording=wordings[0],
        glances=GLANCES,
        scales=SCALES,
        told=Markup(_write_json(told)),  # noqa: S704 - no character in it can end the element
        script=Markup(script),  # noqa: S704 - ours
        script_hash=_hash_script(script),
        style=Markup(load_style()) + Markup((_TEMPLATES / "form.css").read_text(encoding="utf-8")),  # noqa: S704 - ours
    )


def name_form(campaign: Campaign, objective: str) -> str:
    """Return twelve digits that tell a form from another: what it shows and asks for."""
    shown = "\n".join([objective, *(draft.digest for draft in campaign.drafts)])
    return hashlib.sha256(shown.encode()).hexdigest()[:12]


def balance_orders(count: int) -> tuple[tuple[int, ...], ...]:
    """Return orders in which each draft stands in each place, and follows each other draft, equally often.

    Williams' square: as many orders as drafts, or twice as many if their number is odd.

    Examples:
        >>> from toolkit.validity.people import forms
        >>> len(forms.balance_orders(3))
        6
    """
    zigzag = [place // 2 if place % 2 == 0 else count - (place + 1) // 2 for place in range(count)]
    rows = [tuple((place + shift) % count for place in zigzag) for shift in range(count)]
    return tuple(rows if count % 2 == 0 or count == 1 else rows + [row[::-1] for row in rows])


def _gather(drafts: Campaign | Draft | Sequence[Draft] | str | Path) -> Campaign:
    if isinstance(drafts, (str, Path)):
        drafts = load_drafts(drafts)
    if isinstance(drafts, Draft):
        drafts = [drafts]
    if not isinstance(drafts, Campaign):
        found = [one for one in drafts if isinstance(one, Draft)] if isinstance(drafts, Sequence) else []
        if not found or len(found) < len(drafts):
            raise InputError("ask_people: drafts are none; give a campaign, drafts, or the path of a file of them")
        _check_count(len(found))
        drafts = Campaign(campaign="drafts", drafts=tuple(found))
    _check_count(len(drafts.drafts))
    return drafts


def _check_count(count: int) -> None:
    if count > _MOST:
        raise InputError(f"{count} drafts are too many for people to read; give at most {_MOST}")


def _find_objective(campaign: Campaign, objective: str | None) -> records.Objective:
    chosen = objective or campaign.objective or api.default_objective(campaign)
    found: records.Objective | None = next((one for one in get_args(records.Objective) if one == chosen), None)
    if found is None:
        named, allowed = name_option("objective", chosen), ", ".join(records.OBJECTIVES)
        raise InputError(f"{named}{suggest(chosen, records.OBJECTIVES)}; allowed: {allowed}")
    return found


def _show(draft: Draft, folder: Path | None) -> dict[str, Any]:
    """Return a draft as it is glanced at and as it is read, and what can be done with it."""
    possible = {*find_surface(draft.surface).actions, *records.NEGATIVE}
    return {
        "glance": render_preview(_fold(draft), folder=folder),
        "whole": render_preview(draft, folder=folder),
        "is_folded": is_folded(draft),
        "actions": {name: words for name, words in ACTIONS.items() if name in possible or name == "read"},
    }


def _fold(draft: Draft) -> Draft:
    """Return what of a draft is in view before anybody taps it."""
    fold = place_fold(draft.text, find_surface(draft.surface), "phone")
    return draft if fold is None else draft.model_copy(update={"text": f"{draft.text[:fold].rstrip()} …"})


def _write_json(told: dict[str, Any]) -> str:
    """Return JSON that may stand inside a script element."""
    return json.dumps(told, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _hash_script(script: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
