"""What people read in place of a draft's variables: the samples that the campaign or the payload gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from toolkit.models import Draft

_FORMS = (
    r"\{\{\s*(?P<a>[\w .]+?)\s*\}\}",
    r"\*\|(?P<b>[\w:]+)\|\*",
    r"<<(?P<c>[\w .]+?)>>",
    r"%(?P<d>[A-Z][A-Z_]+)%",
    r"(?<!\{)\{(?P<e>[A-Za-z_]\w*)\}(?!\})",
    r"\[(?P<f>[A-Z][A-Z_ ]+)\]",
)
PLACEHOLDER = re.compile("|".join(_FORMS))
"""{{1}}, *|FNAME|*, <<Name>>, %NAME%, {first_name} and [LINK]."""
_FIELDS = ("text", "headline", "description", "cta", "greeting", "link")


def fill_samples(draft: Draft) -> Draft:
    """Return the draft as people read it: each variable that has a sample filled, the others as they are.

    A sample is found by FIELD.NAME, else by NAME, such as "headline.1" and "1" for {{1}} in a headline.
    """
    if not draft.samples:
        return draft
    words: dict[str, object] = {name: getattr(draft, name) for name in _FIELDS}
    filled: dict[str, object] = {
        name: PLACEHOLDER.sub(_fill(dict(draft.samples), name), value)
        for name, value in words.items()
        if isinstance(value, str)
    }
    return draft.model_copy(update=filled)


def _fill(samples: Mapping[str, str], field: str) -> Callable[[re.Match[str]], str]:
    def choose(found: re.Match[str]) -> str:
        name = next(value for value in found.groups() if value is not None)
        return samples.get(f"{field}.{name}", samples.get(name, found[0]))

    return choose
