"""Platform and consumer-protection policies, as phrases to look at again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.drafts.lint.phrases import PhraseList, load_phrases, search, search_all, sentence_around
from toolkit.drafts.lint.records import Finding, Part, Severity
from toolkit.drafts.surfaces import Surface, place_fold
from toolkit.files import languages
from toolkit.models import Audience, Draft, records

_YOUNGEST = 13
_AGE_KEYS = ("age", "ages", "age_band", "age_group")
_AGE_RANGE = re.compile(r"(?:under[- ])?(\d{1,3})(?:\s*(?:-|–|to|and)\s*(\d{1,3}))?")


def find_flags(part: Part, surface: Surface, language: str, policies: frozenset[str]) -> Iterator[Finding]:
    """Yield what one part says against the policies for which its language has a list."""
    for name in ("personal-attributes", "self-perception", "engagement-bait", "children"):
        if name in policies and (name, language) != ("personal-attributes", languages.ENGLISH):
            yield from _find_phrases(part, load_phrases(name, language))
    if surface.children and language == languages.ENGLISH:
        yield from _find_pressing(part)
    if "disclosure" in policies:
        yield from _find_disclosure(part, surface, load_phrases("disclosure", language))
    if "invoice-scam" in policies:
        yield from _find_scam(part)


def find_window(draft: Draft, surface: Surface, *, english: bool) -> Iterator[Finding]:
    """Yield a retired message tag, and promotion that the 24-hour window does not allow."""
    known = load_phrases("window")
    part = Part(draft, "text", draft.text)
    if draft.tag is not None and known.retired_on and draft.tag.upper() in known.retired_tags:
        message = f"the tag {draft.tag} is refused since {records.say_day(known.retired_on)}"
        tag = Part(draft, "tag", draft.tag)
        yield tag.find(known.rule, (0, len(draft.tag)), message, url=known.url, suggestion=known.suggestion)
    if not surface.window or draft.promotional is False or not (draft.promotional or draft.tag):
        return
    selling = search(known.patterns, draft.text) if english else None
    if draft.promotional or selling:
        span = selling.span() if selling else (0, 0)
        message = f"{known.why}; a tag does not lift that" if draft.tag else known.why
        yield part.find(known.rule, span, message, url=known.url, suggestion=known.suggestion)


def find_young_targets(draft: Draft, ages: str | None, audience: Audience | None) -> Iterator[Finding]:
    """Yield an error where the campaign aims at under-13s or a segment of the audience is one."""
    known = load_phrases("children")
    part = Part(draft, "text", draft.text)
    targets: list[tuple[str, str | None]] = [("target_ages", ages)]
    for persona in audience.personas if audience is not None else ():
        targets += [(f"persona {persona.id}, segment {key}", persona.segments.get(key)) for key in _AGE_KEYS]
    for name, target in targets:
        match = _AGE_RANGE.search(target) if target else None
        if match and target and (int(match[1]) < _YOUNGEST or target.lower().startswith("under 13")):
            message = f"{name} is {target}: nobody under 13 may be targeted or simulated"
            yield part.find(
                known.rule, (0, 0), message, severity="error", url=known.url, suggestion="aim at their parents"
            )
            return


def _find_phrases(part: Part, known: PhraseList, severity: Severity | None = None) -> Iterator[Finding]:
    if known.needs and part.text.isascii() and known.needs.isdisjoint(part.words):
        return
    for match in search_all(known.patterns, part.text):
        start, end = sentence_around(part.text, match.start(), match.end())
        if not known.exempt or not search(known.exempt, part.text[start:end]):
            yield part.find(
                known.rule, _trim(match), known.why, severity=severity or known.severity, url=known.url,
                suggestion=known.suggestion,
            )  # fmt: skip


def _find_pressing(part: Part) -> Iterator[Finding]:
    known = load_phrases("children")
    for match in search_all(known.pressing, part.text):
        message = "urgency and fear of being left out are not for copy about a product for children"
        yield part.find(
            known.rule, _trim(match), message, url=known.url, suggestion="say plainly what a parent decides"
        )


def _find_disclosure(part: Part, surface: Surface, known: PhraseList) -> Iterator[Finding]:
    if known.needs and "#" not in part.text and known.needs.isdisjoint(part.words):
        return
    clear = search(known.clear, part.text)
    if clear is None:
        for match in search_all(known.patterns, part.text):
            yield part.find(known.rule, _trim(match), known.why, url=known.url, suggestion=known.suggestion)
    elif part.name == "text":
        fold = place_fold(part.text, surface, "phone")
        start = _trim(clear)[0]
        if fold is not None and start >= fold:
            message = f"the disclosure stands after the fold, which a phone draws at character {fold}"
            suggestion = "move it to the start"
            yield part.find(known.rule, _trim(clear), message, url=known.url, suggestion=suggestion)


def _find_scam(part: Part) -> Iterator[Finding]:
    known = load_phrases("invoice-scam")
    phone = search(known.phone, part.text)
    alike = phone and all(search(words, part.text) for words in (known.invoice, known.urgency))
    if phone and alike and not search(known.order, part.text):
        yield part.find(known.rule, _trim(phone), known.why, url=known.url, suggestion=known.suggestion)


def _trim(match: re.Match[str]) -> tuple[int, int]:
    """Return the span of a match without the space and breaks around it."""
    words = match[0]
    return match.end() - len(words.lstrip()), match.start() + len(words.rstrip())
