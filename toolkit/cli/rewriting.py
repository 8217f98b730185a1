"""A rewrite on a terminal: objections, difference, lint before and after, result of the retest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.cli.terminal import Console, escape
from toolkit.drafts import diff
from toolkit.drafts.lint import lint_for
from toolkit.improve import Objection, retesting, rewriting
from toolkit.models import LABEL, Audience, Draft

if TYPE_CHECKING:
    from toolkit.results import Run

_INCOMPLETE = 3
_OVER_BUDGET = 4


@dataclass(frozen=True, slots=True)
class Retested:
    """The result of one `audience rewrite`."""

    asked: Any
    listed: Sequence[Objection]
    chosen: Sequence[Objection]
    written: rewriting.Rewrite
    first: Run
    again: Run

    def describe(self) -> dict[str, Any]:
        """Return all of it as one plain object."""
        assert self.written.draft is not None  # noqa: S101 - a retest has a draft to test
        asked, first, again, after = self.asked, self.first, self.again, self.written.draft
        numbers = {objection.number for objection in self.chosen}
        choice = asked.choose(first)
        return {
            "draft_id": asked.draft.id,
            "objections": [
                {**objection.model_dump(), "chosen": objection.number in numbers} for objection in self.listed
            ],
            "rewrite": after.model_dump(exclude_defaults=True),
            "note": self.written.note,
            "difference": {
                change.part: [piece.model_dump() for piece in change.pieces]
                for change in diff.compare_drafts(asked.draft, after)
            },
            "lint": {
                name: [finding.model_dump(exclude={"file", "line"}) for finding in lint_for(draft, asked.audiences)]
                for name, draft in (("before", asked.draft), ("after", after))
            },
            "retest": {
                "run_id": again.run_id,
                "counts": again.counts.model_dump(),
                **retesting.sum_up(again, fresh=choice.fresh).model_dump(exclude={"run_id"}),
            },
            "caution": choice.note,
            "cost_usd": asked.cost,
            "warnings": list(again.methods.warnings),
            "label": LABEL,
        }


def print_listed(listed: Sequence[Objection]) -> None:
    """Print the objections with their numbers and who raised each."""
    console = Console()
    named = all(objection.named for objection in listed)
    head = "Objections" if named else "Nobody named an objection. Thoughts of those who scrolled past or hid the draft:"
    console.print(f"[bold]{head if listed else 'Nobody named an objection.'}[/bold]")
    for objection in listed:
        people = "1 persona" if len(objection.personas) == 1 else f"{len(objection.personas)} personas"
        who = ", ".join(objection.personas)
        console.print(f"  {objection.number}. {escape(objection.text)} ({people}: {escape(who)})")


def print_rewrite(before: Draft, written: rewriting.Rewrite, audiences: Sequence[Audience]) -> None:
    """Print the difference with plain marks, the model's note, and lint before and after."""
    assert written.draft is not None  # noqa: S101 - checked by the only caller
    console = Console()
    console.print(f"\n[bold]{escape(before.id)} -> {escape(written.draft.id)}[/bold] ([-removed-] {{+added+}})")
    for change in diff.compare_drafts(before, written.draft):
        name = "" if change.part == "text" else f"{change.part}: "
        console.print(f"  {name}{escape(diff.write_difference(change.pieces))}")
    if written.note:
        console.print(f"Note: {escape(written.note)}")
    for name, draft in (("before", before), ("after", written.draft)):
        findings = lint_for(draft, audiences)
        said = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
        console.print(f"Lint {name}: {said}")
        for finding in findings:
            console.print(f"  {finding.severity} {finding.rule}: {escape(finding.message)}")


def print_retest(came: Retested) -> int:
    """Print the result of the retest with its caution, and return the exit code."""
    from toolkit.cli.show import print_run, print_warnings

    asked, again = came.asked, came.again
    folder = again.save(Path("runs") / again.run_id)
    if asked.options["as_json"]:
        print(json.dumps(came.describe() | {"out": str(folder)}, ensure_ascii=False))  # noqa: T201 - the one object that was asked for
    else:
        choice, console = asked.choose(came.first), Console()
        console.print()
        print_run(again, folder, brief=asked.options["quiet"])
        console.print(f"Difference: {retesting.say_difference(retesting.sum_up(again, fresh=choice.fresh))}.")
        console.print(choice.note)
    print_warnings(again)
    if again.methods.stopped:
        return _OVER_BUDGET
    return 0 if again.is_complete else _INCOMPLETE


def print_failure(asked: Any, first: Run, written: rewriting.Rewrite | None) -> None:
    """Print why there is no version: on standard error, or as the one JSON object."""
    none = "no persona answered; run the same command again, or try `audience doctor`"
    problem = (first.methods.stopped if written is None else written.problem) or none
    if asked.options["as_json"]:
        listed = {"draft_id": asked.draft.id, "rewrite": None, "problem": problem, "cost_usd": asked.cost}
        print(json.dumps({**listed, "label": LABEL}, ensure_ascii=False))  # noqa: T201 - as above
    else:
        said = problem if written is None else f"no usable rewrite: {problem}"
        Console(stderr=True).print(f"audience: {escape(said)}")
