"""A rewrite on a terminal: objections, difference, lint before and after, what the retest came to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from toolkit.differences import compare_drafts, write_difference
from toolkit.linting import Finding, lint
from toolkit.models import LABEL, Audience, Draft
from toolkit.objections import Objection
from toolkit.retesting import say_difference, sum_up
from toolkit.rewriting import Rewrite

if TYPE_CHECKING:
    from toolkit.runs import Run

_INCOMPLETE = 3
_OVER_BUDGET = 4


def print_listed(listed: Sequence[Objection]) -> None:
    """Print the objections with their numbers and who raised each."""
    console = Console(highlight=False)
    named = all(objection.named for objection in listed)
    head = "Objections" if named else "Nobody named an objection; this is what those thought who went away"
    console.print(f"[bold]{head if listed else 'Nobody named an objection.'}[/bold]")
    for objection in listed:
        people = "1 persona" if len(objection.personas) == 1 else f"{len(objection.personas)} personas"
        who = ", ".join(objection.personas)
        console.print(f"  {objection.number}. {escape(objection.text)} ({people}: {escape(who)})", soft_wrap=True)


def print_rewrite(before: Draft, written: Rewrite, audiences: Sequence[Audience]) -> None:
    """Print the difference by signs alone, what the model says it changed, and lint before and after."""
    assert written.draft is not None  # noqa: S101 - checked by the only caller
    console = Console(highlight=False)
    console.print(f"\n[bold]{escape(before.id)} -> {escape(written.draft.id)}[/bold] ([-removed-] {{+added+}})")
    for change in compare_drafts(before, written.draft):
        name = "" if change.part == "text" else f"{change.part}: "
        console.print(f"  {name}{escape(write_difference(change.pieces))}", soft_wrap=True)
    if written.note:
        console.print(f"Note: {escape(written.note)}", soft_wrap=True)
    for name, draft in (("before", before), ("after", written.draft)):
        findings = lint_for(draft, audiences)
        said = "nothing found" if not findings else f"{len(findings)} found"
        console.print(f"Lint {name}: {said}")
        for finding in findings:
            console.print(f"  {finding.severity} {finding.rule}: {escape(finding.message)}", soft_wrap=True)


def print_retest(
    asked: Any,
    first: Run,
    again: Run,
    listed: Sequence[Objection],
    chosen: Sequence[Objection],
    written: Rewrite,
) -> int:
    """Print what the retest came to, with its caution, and return the exit code."""
    from toolkit.cli.show import print_run, print_warnings

    choice = asked.choose(first)
    folder = again.save(Path("runs") / again.run_id)
    if asked.options["as_json"]:
        described = _describe(asked, first, again, listed, chosen, written) | {"out": str(folder)}
        print(json.dumps(described, ensure_ascii=False))  # noqa: T201 - the one object that was asked for
    else:
        console = Console(highlight=False)
        console.print()
        print_run(again, folder, brief=asked.options["quiet"])
        console.print(f"Difference: {say_difference(sum_up(again, fresh=choice.fresh))}.", soft_wrap=True)
        console.print(choice.note, soft_wrap=True)
    print_warnings(again)
    if again.methods.stopped:
        return _OVER_BUDGET
    return 0 if again.is_complete else _INCOMPLETE


def print_failure(asked: Any, first: Run, written: Rewrite | None) -> None:
    """Say why there is no version: on standard error, or as the one JSON object."""
    none = "nobody answered: run the same command again, or look at `audience doctor`"
    problem = (first.methods.stopped if written is None else written.problem) or none
    if asked.options["as_json"]:
        listed = {"draft_id": asked.draft.id, "rewrite": None, "problem": problem, "cost_usd": asked.spent}
        print(json.dumps({**listed, "label": LABEL}, ensure_ascii=False))  # noqa: T201 - as above
    else:
        said = problem if written is None else f"no usable rewrite: {problem}"
        Console(stderr=True, highlight=False).print(f"audience: {escape(said)}", soft_wrap=True)


def lint_for(draft: Draft, audiences: Sequence[Audience]) -> list[Finding]:
    """Return the findings about a draft, with whose description it echoes."""
    return lint(draft, audiences[0] if len(audiences) == 1 else None)


def _describe(
    asked: Any,
    first: Run,
    again: Run,
    listed: Sequence[Objection],
    chosen: Sequence[Objection],
    written: Rewrite,
) -> dict[str, Any]:
    assert written.draft is not None  # noqa: S101 - a retest has a draft to test
    numbers = {objection.number for objection in chosen}
    choice = asked.choose(first)
    unknown = first.methods.cost_usd is None or again.methods.cost_usd is None
    return {
        "draft_id": asked.draft.id,
        "objections": [{**objection.model_dump(), "chosen": objection.number in numbers} for objection in listed],
        "rewrite": written.draft.model_dump(exclude_defaults=True),
        "note": written.note,
        "difference": {
            change.part: [piece.model_dump() for piece in change.pieces]
            for change in compare_drafts(asked.draft, written.draft)
        },
        "lint": {
            name: [finding.model_dump(exclude={"file", "line"}) for finding in lint_for(draft, asked.audiences)]
            for name, draft in (("before", asked.draft), ("after", written.draft))
        },
        "retest": {
            "run_id": again.run_id,
            "counts": again.counts.model_dump(),
            **sum_up(again, fresh=choice.fresh).model_dump(exclude={"run_id"}),
        },
        "caution": choice.note,
        "cost_usd": None if unknown else round(asked.spent, 6),
        "warnings": list(again.methods.warnings),
        "label": LABEL,
    }
