"""The outcomes of the gate as one comment on a pull request: what was changed, what it came to, and why."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from toolkit.drafts import diff, load_drafts, touched
from toolkit.errors import ToolkitError
from toolkit.files import markup
from toolkit.gate.results import CampaignOutcome, CheckOutcome
from toolkit.models import LABEL, Draft

MARK = "<!-- audience-checks -->"
"""The first line of every comment, by which the last one is found again."""
MOST_CHARACTERS = 60_000
"""GitHub takes 65,536 characters."""
_COMPARES = re.compile(r" (beats|not worse than) ")
_ORDER = ("error", "failed", "stale", "inconclusive", "passed")
_TAGS = {"same": ("", ""), "removed": ("<del>", "</del>"), "added": ("<ins><b>", "</b></ins>")}


def render_comment(outcomes: Sequence[CampaignOutcome], since: str | None = None) -> str:
    """Return Markdown: a verdict in one sentence for each campaign, drafts as before `since` and now, checks folded.

    The gravest campaigns stand first; what does not fit a comment is left out and counted. Every name and text is
    escaped.
    """
    ordered = sorted(outcomes, key=lambda outcome: _ORDER.index(outcome.outcome))
    parts, left = [MARK, "## Campaign checks", ""], len(ordered)
    for outcome in ordered:
        part = "\n".join(_describe(outcome, since))
        if sum(map(len, parts)) + len(part) > MOST_CHARACTERS:
            break
        parts.append(part)
        left -= 1
    if not outcomes:
        parts += ["No campaign with checks was touched.", ""]
    if left:
        parts += [f"{left} more campaigns did not fit here; the page of the job has them all.", ""]
    return "\n".join([*parts, f"_{LABEL}_", ""])


def _describe(outcome: CampaignOutcome, since: str | None) -> Iterator[str]:
    yield f"### {markup.escape_markdown(outcome.campaign)}: {outcome.outcome}"
    yield ""
    yield _judge(outcome)
    yield ""
    if since is not None:
        yield from _compare(Path(outcome.file), since)
    passed = [check for check in outcome.checks if check.outcome == "passed"]
    others = [check for check in outcome.checks if check.outcome != "passed"]
    if others:
        yield from _tabulate(sorted(others, key=lambda check: _ORDER.index(check.outcome)))
    if passed:
        yield f"<details><summary>{len(passed)} of {len(outcome.checks)} checks passed</summary>"
        yield ""
        yield from _tabulate(passed)
        yield "</details>"
        yield ""


def _judge(outcome: CampaignOutcome) -> str:
    """Return the sentence that matters most: the gravest check, of equals the one that compares drafts."""
    if not outcome.checks:
        return "It has no checks."
    ranked = sorted(outcome.checks, key=lambda one: (_ORDER.index(one.outcome), not _COMPARES.search(one.check)))
    first = ranked[0]
    return f"**{markup.escape_markdown(first.check)}**: {markup.escape_markdown(first.message)}"


def _tabulate(checks: Sequence[CheckOutcome]) -> Iterator[str]:
    yield "| check | outcome | why |"
    yield "|---|---|---|"
    for check in checks:
        cells = (markup.escape_markdown(check.check), check.outcome, markup.escape_markdown(check.message))
        yield f"| {' | '.join(cells)} |"
    yield ""


def _compare(path: Path, since: str) -> Iterator[str]:
    """Yield each draft whose words changed since a commit, what was removed struck out and what was added bold."""
    try:
        before, after = _load_before(path, since), {draft.id: draft for draft in load_drafts(path).drafts}
    except ToolkitError:  # then a check says so, too
        return
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old is None or new is None:
            if before:
                yield f"- {markup.escape_markdown(key)}: {'new draft' if old is None else 'no longer there'}"
            continue
        for change in diff.compare_drafts(old, new):
            if change.is_change:
                yield f"- {markup.escape_markdown(key)}, {change.part}: {_mark(change.pieces)}"
    yield ""


def _load_before(path: Path, since: str) -> dict[str, Draft]:
    """Return the drafts of a file as they were, by id; none if it was not there or could not be read."""
    text = touched.read_before(path, since)
    if text is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        copy.write_text(text, encoding="utf-8", errors="surrogateescape")
        try:
            return {draft.id: draft for draft in load_drafts(copy).drafts}
        except ToolkitError:
            return {}


def _mark(pieces: Sequence[diff.Piece]) -> str:
    marked = []
    for before, piece in pairwise((None, *pieces)):
        assert piece is not None  # noqa: S101 - the first alone is none
        room = " " if before is not None and (before.text[-1:].isspace() or piece.text[:1].isspace()) else ""
        start, end = _TAGS[piece.kind]
        marked.append(f"{room}{start}{markup.escape_markdown(piece.text)}{end}")
    return "".join(marked)
