"""All rules over all drafts, with what a campaign raises and silences."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from toolkit.config import load_config
from toolkit.drafts import taking
from toolkit.drafts.lint.attributes import RULE as ATTRIBUTES
from toolkit.drafts.lint.attributes import find_attributes
from toolkit.drafts.lint.backwards import find_backwards
from toolkit.drafts.lint.brand import Brand, find_brand, find_brand_beside, load_brand
from toolkit.drafts.lint.brief import RULE as MUST_HAVE
from toolkit.drafts.lint.brief import find_unmet
from toolkit.drafts.lint.limits import find_limits
from toolkit.drafts.lint.placeholders import find_placeholders
from toolkit.drafts.lint.placing import Placer
from toolkit.drafts.lint.policies import find_flags, find_window, find_young_targets
from toolkit.drafts.lint.records import Finding, split_parts
from toolkit.drafts.lint.style import find_form, find_missing, find_reading
from toolkit.drafts.lint.variables import RULE as VARIABLES
from toolkit.drafts.lint.variables import find_variables
from toolkit.drafts.lint.wordlists import choose_reading, find_unchecked
from toolkit.drafts.surfaces import FIELDS, find_surface
from toolkit.errors import InputError, accept_only, name_step, suggest
from toolkit.models import Audience, Campaign, Draft, records

RULES: tuple[str, ...] = (
    *(f"limit.{field}" for field in FIELDS),
    "surface.retired",
    VARIABLES,
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
            "language", "direction", "placeholder", "brand-required", "brand-banned", "brand-claim", "brand-tone",
        )
    ),
    MUST_HAVE,
)  # fmt: skip
"""Every rule id that a campaign may raise or silence."""


@accept_only()
def lint(
    drafts: taking.DraftsLike,
    audience: Audience | None = None,
    *,
    brand: Brand | str | Path | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> list[Finding]:
    """Return what platforms would refuse and people should look at again, in the order of the drafts or of a file's.

    No model and no network is asked. A flag is a reason to look, not a ruling. Lists of phrases are read in their own
    language alone. Where there is none, limits and form are checked, and a finding of severity "unchecked" says so.

    **Parameters**

    - `drafts`: the path of a file, a campaign, one draft or several, texts, or a frame of drafts.
    - `audience`: the people it is for; copy that repeats a persona's description then quotes it.
    - `brand`: the team's own rules or their file; defaults to the `brand.yaml` beside the campaign file.
    - `select`, `ignore`: rule ids, or groups of them such as "style" or "limit.*", to keep or to leave out.

    Raises InputError for an unknown option, an unknown surface, an unknown rule in the campaign's `lint:`, or a brand
    file in error.

    Examples:
        >>> import toolkit
        >>> found = toolkit.lint("examples/customer-chat.yaml")
        >>> found[0].rule, found[0].severity, found[0].line
        ('surface.retired', 'error', 9)
    """
    for pattern in (*select, *ignore):
        check_rule(pattern)
    campaign, chosen = _list_drafts(drafts)
    file = campaign.file if campaign else None
    rules = load_brand(brand) if isinstance(brand, (str, Path)) else brand or find_brand_beside(file)
    if campaign:
        _check_overrides(campaign)
    ages = campaign.target_ages if campaign else None
    language = campaign.language if campaign else None
    brief = campaign.brief if campaign else None
    found: list[Finding] = []
    for draft in chosen:
        read = [*_find(draft, audience, rules, ages, language), *(find_unmet(draft, brief) if brief else ())]
        of_draft = sorted(read, key=lambda finding: FIELDS.index(_field(finding)))
        found += of_draft
    kept = [finding for finding in found if is_chosen(finding.rule, select, ignore)]
    return list(_apply_overrides(kept, campaign)) if campaign else kept


def _list_drafts(drafts: taking.DraftsLike) -> tuple[Campaign | None, Sequence[Draft]]:
    """Return the campaign and its drafts; no campaign for records alone, of which ids may stand twice."""
    if isinstance(drafts, Draft):
        return None, [drafts]
    drafts = list(drafts) if isinstance(drafts, Iterator) else drafts
    if isinstance(drafts, Sequence) and all(isinstance(one, Draft) for one in drafts):
        return None, [one for one in drafts if isinstance(one, Draft)]
    campaign = taking.take_drafts(drafts)
    return campaign, campaign.drafts


def check_rule(pattern: str) -> None:
    """Raise InputError for a rule id, or a group of them, that no rule is of."""
    if not any(_matches(rule, pattern) for rule in RULES):
        groups = sorted({rule.split(".")[0] for rule in RULES})
        raise InputError(
            f"no lint rule is called {pattern!r}{suggest(pattern, [*RULES, *groups])}; {name_step('rules')}"
        )


def is_chosen(rule: str, select: Sequence[str], ignore: Sequence[str]) -> bool:
    """Return whether a rule is among the selected ones, all if none is named, and is not ignored."""
    is_selected = not select or any(_matches(rule, pattern) for pattern in select)
    return is_selected and not any(_matches(rule, pattern) for pattern in ignore)


def _matches(rule: str, pattern: str) -> bool:
    return rule.startswith(f"{pattern}.") or fnmatch.fnmatchcase(rule, pattern)


def lint_for(draft: Draft, audiences: Sequence[Audience]) -> list[Finding]:
    """Return the findings about a draft of a run; where that asked one audience, with whose description it echoes."""
    return lint(draft, audiences[0] if len(audiences) == 1 else None)


def _find(
    draft: Draft, audience: Audience | None, brand: Brand | None, ages: str | None, language: str | None
) -> Iterator[Finding]:
    surface = find_surface(draft.surface)
    parts = list(split_parts(draft))
    reading = choose_reading(draft, language, audience)
    yield from find_limits(draft, surface)
    yield from find_variables(draft, surface)
    yield from find_placeholders(draft)
    yield from find_window(draft, surface, english=reading.is_english)
    yield from find_young_targets(draft, ages, audience)
    yield from find_missing(draft, surface, english=reading.is_english)
    yield from find_unchecked(draft, reading)
    tone = brand.tone if brand else None
    words, grade = (tone.sentence_words, tone.reading_grade) if tone else (None, None)
    for part in parts:
        yield from find_form(part)
        yield from find_backwards(part)
        if reading.language is not None:
            yield from find_flags(part, surface, reading.language, reading.policies)
        if reading.is_english:
            yield from find_attributes(part, audience)
            yield from find_reading(part, most_words=words, most_grade=grade)
    if brand is not None:
        yield from find_brand(draft, parts, brand)


def _field(finding: Finding) -> str:
    return finding.field.split("[")[0]


def _check_overrides(campaign: Campaign) -> None:
    for rule in campaign.lint:
        place = campaign.place("lint", rule)
        if rule not in RULES:
            raise InputError(f"{place}: unknown rule {rule!r}{suggest(rule, RULES)}; {name_step('rules')}")


def _load_changes(campaign: Campaign) -> Mapping[str, records.Override]:
    """Return what the team made of rules, for a campaign that came from a file."""
    if campaign.file is None or not Path(campaign.file).is_file():
        return {}
    found = load_config(Path(campaign.file).parent)
    for rule in found.settings.rules:
        if rule not in RULES:
            raise InputError(f"{found.file}: unknown rule {rule!r}{suggest(rule, RULES)}; {name_step('rules')}")
    return found.settings.rules


def _is_never_lowered(finding: Finding) -> bool:
    """Return whether a finding is about somebody under 13 who is aimed at, not about words that look like it."""
    return finding.rule == "policy.children" and finding.severity == "error"


def _apply_overrides(found: list[Finding], campaign: Campaign) -> Iterator[Finding]:
    """Yield the findings with the campaign's severities, reasons and places."""
    placer = Placer(campaign)
    settled = _load_changes(campaign)
    for finding in found:
        override = campaign.lint.get(finding.rule) or settled.get(finding.rule)
        if override is not None and override.severity != "error" and _is_never_lowered(finding):
            where = campaign.place("lint", finding.rule) if finding.rule in campaign.lint else campaign.file
            raise InputError(f"{where}: {finding.message}; that cannot be lowered: aim the copy at parents instead")
        if override is not None and override.severity == "off":
            continue
        place = {"file": campaign.file, "line": campaign.find_line(finding.draft_id, _field(finding))}
        if (exact := placer.find(finding)) is not None:
            place |= dataclasses.asdict(exact)
        if override is None:
            yield finding.model_copy(update=place)
        else:
            message = f"{finding.message} (set to {override.severity}: {override.because})"
            yield finding.model_copy(update={**place, "severity": override.severity, "message": message})
