"""All rules over all drafts, with what a campaign raises and silences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from toolkit.drafts.lint.attributes import RULE as ATTRIBUTES
from toolkit.drafts.lint.attributes import find_attributes
from toolkit.drafts.lint.brand import Brand, find_brand, find_brand_beside, load_brand
from toolkit.drafts.lint.language_id import ENGLISH, detect_language
from toolkit.drafts.lint.limits import find_limits
from toolkit.drafts.lint.placeholders import find_placeholders
from toolkit.drafts.lint.policies import find_flags, find_window, find_young_targets
from toolkit.drafts.lint.records import Finding, Part, split_parts
from toolkit.drafts.lint.style import find_form, find_missing, find_reading
from toolkit.drafts.loading import load_drafts
from toolkit.drafts.surfaces import FIELDS, find_surface
from toolkit.errors import InputError, refuse_unknown, suggest
from toolkit.models import Audience, Campaign, Draft

RULES: tuple[str, ...] = (
    *(f"limit.{field}" for field in FIELDS),
    "surface.retired",
    ATTRIBUTES,
    *(
        f"policy.{name}"
        for name in ("self-perception", "engagement-bait", "children", "disclosure", "invoice-scam", "window")
    ),
    *(
        f"style.{name}"
        for name in (
            "caps", "exclamation", "emoji", "hashtags", "insecure-link", "long-sentence", "reading-grade",
            "missing-cta", "missing-alt", "missing-headline", "missing-price", "missing-place", "unused-part",
            "language", "placeholder", "brand-required", "brand-banned", "brand-claim", "brand-tone",
        )
    ),
)  # fmt: skip
"""Every rule id that a campaign may raise or silence."""

_NEVER_SILENCED = "policy.children"


@refuse_unknown
def lint(
    drafts: Campaign | Iterable[Draft] | Draft | str | Path,
    audience: Audience | None = None,
    *,
    brand: Brand | str | Path | None = None,
) -> list[Finding]:
    """Return what platforms would refuse and people should look at again, in the order of the drafts or of a file's.

    No model and no network is asked. A flag is a reason to look, not a ruling. Word lists are English: in other
    languages only limits and form are checked, and a finding says so.

    **Parameters**

    - `drafts`: the path of a file, a campaign, one draft or several.
    - `audience`: the people it is for; copy that repeats a persona's description then quotes it.
    - `brand`: the team's own rules or their file; defaults to the `brand.yaml` beside the campaign file.

    Raises InputError for an unknown option, an unknown surface, an unknown rule in the campaign's `lint:`, or a brand
    file in error.

    Example:
        >>> import toolkit
        >>> found = toolkit.lint("examples/customer-chat.yaml")
        >>> found[0].rule, found[0].severity, found[0].line
        ('surface.retired', 'error', 9)
    """
    if isinstance(drafts, (str, Path)):
        drafts = load_drafts(drafts)
    campaign = drafts if isinstance(drafts, Campaign) else None
    chosen = [drafts] if isinstance(drafts, Draft) else list(drafts)
    file = campaign.file if campaign else None
    rules = load_brand(brand) if isinstance(brand, (str, Path)) else brand or find_brand_beside(file)
    if campaign:
        _check_overrides(campaign)
    ages = campaign.target_ages if campaign else None
    found: list[Finding] = []
    for draft in chosen:
        of_draft = sorted(_find(draft, audience, rules, ages), key=lambda finding: FIELDS.index(_field(finding)))
        found += of_draft
    return list(_apply_overrides(found, campaign)) if campaign else found


def lint_for(draft: Draft, audiences: Sequence[Audience]) -> list[Finding]:
    """Return the findings about a draft of a run; where that asked one audience, with whose description it echoes."""
    return lint(draft, audiences[0] if len(audiences) == 1 else None)


def _find(draft: Draft, audience: Audience | None, brand: Brand | None, ages: str | None) -> Iterator[Finding]:
    surface = find_surface(draft.surface)
    parts = list(split_parts(draft))
    language = detect_language(draft.text)
    english = language == ENGLISH
    yield from find_limits(draft, surface)
    yield from find_placeholders(draft)
    yield from find_window(draft, surface)
    yield from find_young_targets(draft, ages, audience)
    yield from find_missing(draft, surface, english=english)
    if not english:
        message = f"the text looks like {language}: policy phrases and reading are not checked, word lists are English"
        yield Part(draft, "text", draft.text).find(
            "style.language", (0, 0), message, suggestion="have a reader check it"
        )
    tone = brand.tone if brand else None
    for part in parts:
        yield from find_form(part)
        if english:
            yield from find_attributes(part, audience)
            yield from find_flags(part, surface)
            words, grade = (tone.sentence_words, tone.reading_grade) if tone else (None, None)
            yield from find_reading(part, most_words=words, most_grade=grade)
    if brand is not None:
        yield from find_brand(draft, parts, brand)


def _field(finding: Finding) -> str:
    return finding.field.split("[")[0]


def _check_overrides(campaign: Campaign) -> None:
    for rule in campaign.lint:
        place = campaign.place("lint", rule)
        if rule not in RULES:
            raise InputError(
                f"{place}: unknown rule {rule!r}{suggest(rule, RULES)}; `audience lint --rules` lists them"
            )
        if rule == _NEVER_SILENCED and campaign.lint[rule].severity != "error":
            raise InputError(f"{place}: {rule} cannot be lowered or silenced; aim the copy at parents instead")


def _apply_overrides(found: list[Finding], campaign: Campaign) -> Iterator[Finding]:
    """Yield the findings with the campaign's severities, reasons and places."""
    for finding in found:
        override = campaign.lint.get(finding.rule)
        place = {"file": campaign.file, "line": campaign.find_line(finding.draft_id, _field(finding))}
        if override is None:
            yield finding.model_copy(update=place)
        elif override.severity != "off":
            message = f"{finding.message} (set to {override.severity}: {override.because})"
            yield finding.model_copy(update={**place, "severity": override.severity, "message": message})
