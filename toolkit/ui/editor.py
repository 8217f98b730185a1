"""A place to write in that answers while one types: changed words reach Python after a short pause, without a key."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import streamlit as st

from toolkit.drafts.lint import Finding
from toolkit.files import languages, resources
from toolkit.ui import keys, picture_field, state
from toolkit.ui.session import DraftSlot

_GRAVITY = ("error", "warning", "note", "unchecked")
HTML = """<div class="editor"><label for="text">Draft</label>
<div class="paper"><div class="marks" aria-hidden="true"></div>
<textarea id="text" dir="auto" rows="4" spellcheck="true" aria-describedby="notes"></textarea></div>
<ul class="notes" id="notes" aria-live="polite" aria-label="Notes on this draft"></ul></div>"""


def edit_text(
    label: str,
    slot: DraftSlot,
    *,
    findings: Sequence[Finding] = (),
    placeholder: str = "",
    locked: bool = False,
    takes_pictures: bool = False,
) -> None:
    """Let the tester write the text of a draft; `findings` are marked in the words and told under them.

    What was typed is the text of the session's draft from the next run of the script or fragment on.
    """
    key, session = keys.name_draft(slot.number, "edit"), state.find_session()
    in_text = sorted((finding for finding in findings if finding.field == "text"), key=lambda finding: finding.start)
    data: dict[str, Any] = {
        "label": label,
        "text": slot.text,
        "campaign": session.identity,
        "number": slot.number,
        "version": slot.version,
        "is_new": session.kept_id is None,
        "placeholder": placeholder,
        "locked": locked,
        "pictures": takes_pictures,
        "direction": _find_direction(slot.text),
        # tuples: of a list Streamlit would ask pandas, and load it
        "marks": tuple(finding.model_dump(include={"start", "end", "severity"}) for finding in in_text),
        "notes": tuple(
            _describe(finding) for finding in sorted(findings, key=lambda one: _GRAVITY.index(one.severity))
        ),
    }
    _register()(
        key=key,
        data=data,
        on_typed_change=partial(state.take_typed, key),
        on_left_change=session.settle,
        on_picture_change=partial(_take_picture, slot.number, key),
    )


def _find_direction(text: str) -> str:
    """Return from which side a text is written: by its language where that is sure, for a name in it may come first."""
    guess = languages.detect_language(text)
    if not guess.sure or guess.language is None:
        return "auto"
    return "rtl" if languages.reads_from_right(guess.language) else "ltr"


def _take_picture(number: int, key: str) -> None:
    pasted = state.read_field(key, "picture")
    if pasted:
        picture_field.take_pasted(number, str(pasted))


def _describe(finding: Finding) -> dict[str, str]:
    is_picture = finding.field == "image"  # its file has a name that nobody chose, and the page says where words go
    advice = f"; {finding.suggestion.rstrip('`:')}" if finding.suggestion and not is_picture else ""
    return {
        "severity": finding.severity,
        "words": finding.text if finding.start < finding.end and not is_picture else "",
        "message": f"{finding.message}{advice}".replace("`", ""),
    }


@lru_cache(maxsize=1)
def _register() -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component(
        "audience_editor",
        html=HTML,
        css=resources.read_data("editor", "editor.css"),
        js=resources.read_data("editor", "editor.js"),
    )
