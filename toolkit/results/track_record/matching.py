"""Which tested draft a result is of, and which published drafts competed."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from toolkit.files import normalising
from toolkit.results.track_record.loosening import find_loosely, find_nearest, find_nearest_id
from toolkit.store import outcome_log, test_log

UNKNOWN = "no run has tested this draft"
AMBIGUOUS = "several tested drafts fit; add draft_id, headline, surface or campaign"


@dataclass(frozen=True, slots=True)
class Match:
    """A result and every test of its draft, the latest last; without one, why."""

    outcome: outcome_log.Outcome
    tested: tuple[test_log.Tested, ...]
    why_not: str | None = None
    past: tuple[str, ...] = ()
    """What the two texts differ in: a shortened link, typographic signs, case ..."""


@dataclass(slots=True)
class PublishedDraft:
    """One draft under the conditions of one experiment, its results added up."""

    experiment: str
    draft: str
    """What tells it from the others: the digest of the tested draft, or of the words."""
    text: str | None
    tested: tuple[test_log.Tested, ...]
    results: list[outcome_log.Outcome] = field(default_factory=list)

    def count(self, name: str) -> tuple[int, int] | None:
        """Return how many did it and how often the draft was shown, over the results that know; None without one."""
        known = [(getattr(result, name), result.shown) for result in self.results if getattr(result, name) is not None]
        return (sum(count for count, _ in known), sum(shown for _, shown in known)) if known else None


def load_matches(store: Path) -> list[Match]:
    """Return every result that stands, matched to the drafts that runs have tested."""
    with outcome_log.Outcomes(store) as kept:
        outcomes = kept.list_outcomes()
    with test_log.History(store) as history:
        tested = history.list_tested()
    return match_outcomes(outcomes, tested)


def count_matched(store: Path) -> int:
    """Return how many results are of a draft that a run has tested."""
    return sum(bool(match.tested) for match in load_matches(store))


def match_outcomes(outcomes: Sequence[outcome_log.Outcome], tested: Sequence[test_log.Tested]) -> list[Match]:
    """Match by the digest of the words, or of the whole draft; by draft_id where a result carries neither.

    The surface has to agree where the result names one; headline, draft_id and campaign decide between several. A
    result that several different drafts fit stays unmatched: none is guessed. Words that no draft has are looked for
    once more past what platforms do to them, where exactly one draft then fits.
    """
    places: dict[tuple[str, str], list[test_log.Tested]] = defaultdict(list)
    for one in tested:
        places["text", one.text_hash].append(one)
        places["draft", one.draft_hash].append(one)
        places["id", one.draft_id].append(one)
    matches = [_match(outcome, places) for outcome in outcomes]
    return [_match_loosely(match, tested) if match.why_not == UNKNOWN else match for match in matches]


def report_matches(store: Path, outcomes: Sequence[outcome_log.Outcome]) -> tuple[int, list[str]]:
    """Return how many results are of tested drafts, and a line on each that was hard to find or was not found."""
    with test_log.History(store) as history:
        tested = history.list_tested()
    said = []
    matches = match_outcomes(outcomes, tested) if tested else []
    for match in matches:
        named = _shorten(match.outcome.text or match.outcome.draft_id or "")
        if match.past:
            said.append(f"{named}: found as {match.tested[-1].draft_id}, past {' and '.join(match.past)}")
        elif not match.tested:
            named_so = find_nearest_id(match.outcome.draft_id or "", tested)
            near = find_nearest(match.outcome.text, tested) if match.outcome.text else named_so
            hint = f"; the nearest is {near.draft_id}: {_shorten(near.text or '')}" if near is not None else ""
            said.append(f"{named}: {match.why_not}{hint}")
    return sum(bool(match.tested) for match in matches), said


def _shorten(text: str) -> str:
    most = 50
    return text if len(text) <= most else f"{text[: most - 1]}…"


def list_published(matches: Iterable[Match]) -> list[PublishedDraft]:
    """Return the published drafts, results of one draft in one experiment added up, in a stable order."""
    found: dict[tuple[str, str], PublishedDraft] = {}
    for match in matches:
        experiment, draft = name_experiment(match.outcome), _identify(match)
        text = match.tested[-1].text if match.tested else match.outcome.text
        one = found.setdefault((experiment, draft), PublishedDraft(experiment, draft, text, match.tested))
        one.results.append(match.outcome)
    return [found[key] for key in sorted(found)]


def name_experiment(outcome: outcome_log.Outcome) -> str:
    """Return what a draft competed in: its experiment, else group, else campaign and surface, else surface and day."""
    if outcome.experiment:
        return f"experiment {outcome.experiment}"
    if outcome.group:
        return f"group {outcome.group}"
    surface = outcome.surface or "any surface"
    if outcome.campaign:
        return f"campaign {outcome.campaign} on {surface}"
    return f"{surface} on {outcome.date or 'any day'}"


def split_groups(published: Sequence[PublishedDraft], key: str | None = None) -> dict[str, str]:
    """Return the group of each experiment; what is learned on some groups is judged on others.

    Without `key`, experiments that share words, whatever their case and punctuation, or a `group`, are joined: words
    seen in one would give the result of the other away. With `key`, a column of the results, groups are its values,
    as they are.
    """
    if key is not None:
        return {one.experiment: str(getattr(one.results[0], key) or one.experiment) for one in published}
    joined = _Joined()
    for one in published:
        joined.join(one.experiment, f"words {loosen(one.text)}" if one.text else f"draft {one.draft}")
        for result in one.results:
            if result.group:
                joined.join(one.experiment, f"named {result.group}")
    names: dict[str, str] = {}
    for one in published:
        names.setdefault(joined.find(one.experiment), one.experiment)
    return {one.experiment: names[joined.find(one.experiment)] for one in published}


def loosen(text: str) -> str:
    """Return the letters and digits of a text in lower case: what a lookup table would know it by."""
    return re.sub(r"[\W_]+", " ", text).strip().casefold()


class _Joined:
    """Sets that grow together."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def find(self, name: str) -> str:
        """Return the name that stands for the set."""
        root = name
        while (parent := self._parents.setdefault(root, root)) != root:
            root = parent
        while (parent := self._parents[name]) != root:
            self._parents[name], name = root, parent
        return root

    def join(self, one: str, other: str) -> None:
        """Make one set of two."""
        self._parents[self.find(one)] = self.find(other)


def _match(outcome: outcome_log.Outcome, places: Mapping[tuple[str, str], Sequence[test_log.Tested]]) -> Match:
    found = _find_candidates(outcome, places)
    if outcome.surface:
        found = [one for one in found if one.surface == outcome.surface]
    rules: tuple[tuple[str | None, Callable[[test_log.Tested], str | None]], ...] = (
        (outcome.headline, lambda one: one.headline),
        (outcome.draft_id, lambda one: one.draft_id),
        (outcome.campaign, lambda one: one.campaign),
    )
    for wanted, read in rules:
        if wanted:
            found = [one for one in found if read(one) == wanted] or found
    if len({one.draft_hash for one in found}) > 1:
        return Match(outcome, (), AMBIGUOUS)
    return Match(outcome, tuple(found), None if found else UNKNOWN)


def _match_loosely(match: Match, tested: Sequence[test_log.Tested]) -> Match:
    outcome = match.outcome
    if not outcome.text:
        return match
    there = [one for one in tested if not outcome.surface or one.surface == outcome.surface]
    found, past = find_loosely(outcome.text, there)
    return Match(outcome, tuple(found), None, past) if found else match


def _find_candidates(
    outcome: outcome_log.Outcome, places: Mapping[tuple[str, str], Sequence[test_log.Tested]]
) -> list[test_log.Tested]:
    if outcome.draft_hash:
        return list(places.get(("draft", outcome.draft_hash)) or places.get(("text", outcome.draft_hash), ()))
    if outcome.text:
        return list(places.get(("text", normalising.hash_text(outcome.text)), ()))
    return list(places.get(("id", outcome.draft_id or ""), ()))


def _identify(match: Match) -> str:
    if match.tested:
        return match.tested[-1].draft_hash
    outcome = match.outcome
    if outcome.text:
        named = f"{normalising.hash_text(outcome.text)} {outcome.headline or ''}"
        return hashlib.sha256(named.encode()).hexdigest()
    return outcome.draft_hash or f"id {outcome.draft_id}"
