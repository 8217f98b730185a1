"""`audience doctor --audience`: the scorecard of an engine in the place of an audience."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from toolkit.validity.behaviour import Behaviour

_INCOMPLETE, _OVER_BUDGET, _INCONCLUSIVE = 3, 4, 5
_SIGNS = {"passed": "pass", "failed": "FAIL", "inconclusive": "?"}


def check_engine(audience: str, *, as_json: bool, quiet: bool, engine: str | None, **options: Any) -> int:
    """Run the gates with progress on standard error, print the scorecard, return the exit code."""
    from toolkit.audiences import load_audience
    from toolkit.cli.progress import ShownProgress
    from toolkit.errors import InputError
    from toolkit.panel import api
    from toolkit.results.scoring import rules
    from toolkit.validity.behaviour import check_behaviour, count_questions

    if options["sample"] is not None and options["sample"] < rules.LEAST_PERSONAS:
        raise InputError(
            f"--sample {options['sample']}: fewer than {rules.LEAST_PERSONAS} personas decide nothing; raise it"
        )
    name = engine or "openai"
    people = load_audience(audience)
    price = api.find_price(
        name, options["model"], options["base_url"], options["price"], endpoint=options.get("endpoint")
    )
    total = count_questions(people, options["sample"])
    with ShownProgress(total, quiet=quiet, verbose=False, price=price) as progress:
        found = check_behaviour(people, engine=name, on_reaction=progress.advance, **options)
    click.echo(found.model_dump_json() if as_json else "\n".join(say_behaviour(found)))
    return _exit_code(found)


def say_behaviour(found: Behaviour) -> list[str]:
    """Return the scorecard as lines of text."""
    width = max(len(gate.name) for gate in found.gates)
    lines = [f"{found.model} in the place of {found.audience}: {found.personas} personas, {found.wordings} wordings"]
    for gate in found.gates:
        lines.append(f"{_SIGNS[gate.outcome]:<5} {gate.name:<{width}}  {gate.sentence}")
        lines.append(f"{'':<{width + 8}}expected: {gate.expected}")
    cost = "cost unknown (add --price IN,OUT)" if found.cost_usd is None else f"cost ${found.cost_usd:.4f}"
    tally = (
        f"{found.count('passed')} passed, {found.count('failed')} failed, {found.count('inconclusive')} inconclusive"
    )
    lines.append(
        f"{tally}; {found.reactions} answers, {found.refused} refused, {found.failed} failed, {found.calls} calls, "
        f"{cost}, {found.seconds:.0f} s."
    )
    return [*lines, *([found.stopped] if found.stopped else []), found.label]


def _exit_code(found: Behaviour) -> int:
    if found.stopped:
        return _OVER_BUDGET
    if found.failed:
        return _INCOMPLETE
    if found.count("failed"):
        return 1
    return _INCONCLUSIVE if found.count("inconclusive") else 0
