"""What a campaign's brief asks of every draft: words that have to be in it."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.drafts.lint.records import Finding, Part
from toolkit.files import normalising
from toolkit.models import Draft, records

RULE = "brief.must-have"
_PARTS = ("text", "headline", "description", "cta", "link", "alt", "price", "place", "greeting", *records.LIST_FIELDS)


def find_unmet(draft: Draft, brief: records.Brief) -> Iterator[Finding]:
    """Yield a finding for each must-have that no part of the draft has; small and large letters are alike."""
    values = (getattr(draft, part) for part in _PARTS)
    words = "\n".join("\n".join(one) if isinstance(one, tuple) else one for one in values if one)
    part = Part(draft, "text", draft.text)
    for must in brief.must_haves:
        if must.strip() and normalising.find_words(words, must) is None:
            message = f'the brief asks for "{must}", and the draft does not have it'
            yield part.find(RULE, (0, 0), message, suggestion="add these words, or take them out of the brief")
