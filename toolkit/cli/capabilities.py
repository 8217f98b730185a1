"""`audience doctor --model`: what a model at an endpoint can do, found out by asking it, or known from the store."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any

import click
from pydantic import ValidationError

from toolkit.errors import InputError, name_option, spell_out

if TYPE_CHECKING:
    from toolkit.engines import probing
    from toolkit.panel import run_options
    from toolkit.store import Store

_OVER_BUDGET = 4


def find_capabilities(options: dict[str, Any], *, fresh: bool, quiet: bool) -> tuple[probing.Capabilities, bool]:
    """Return what is known of the last thirty days, else what asking brings; and whether it was asked now.

    Raises EngineUnavailable, in the provider's own words, if the first question gets no answer.
    """
    from toolkit.panel import run_options
    from toolkit.store import Store

    asking = run_options.make_asking(options)
    asking.check_affordable()
    with Store(asking.store_path) as store:
        known = None if fresh else _recall(asking, store)
        if known is not None:
            return known, False
        if not quiet:
            click.echo("asking the endpoint what it takes; this takes up to a few minutes", err=True)
            asking = dataclasses.replace(asking, on_note=lambda line: click.echo(spell_out(line), err=True))
        found = _ask(asking, store)
        if found.stopped is None:
            store.remember_capabilities(found.endpoint, found.model, found.model_dump(mode="json"))
        return found, True


def say_capabilities(found: probing.Capabilities, *, was_asked: bool) -> list[str]:
    """Return the table as lines of text."""
    from toolkit.models import records

    cost = "cost unknown (add --price IN,OUT)" if found.spent_usd is None else f"${found.spent_usd:.4f}"
    day = records.say_day(found.asked_at)
    source = f"{found.calls} calls, {cost}" if was_asked else f"asked on {day}; --fresh asks again"
    lines = [f"{found.model} at {found.endpoint}: {source}"]
    width = max((len(row.name) for row in found.rows), default=0)
    for row in found.rows:
        lines.append(f"{row.name:<{width}}  {spell_out(row.found)}")
        if row.next_step:
            lines.append(f"{'':<{width}}  next: {spell_out(row.next_step)}")
    return [*lines, *([spell_out(found.stopped)] if found.stopped else [])]


def describe_capabilities(found: probing.Capabilities) -> dict[str, Any]:
    """Return the same as one plain object."""
    described = found.model_dump(mode="json")
    rows = [{name: spell_out(value) for name, value in row.items()} for row in described["rows"]]
    return described | {"rows": rows}


def find_exit_code(found: probing.Capabilities) -> int:
    """Return 4 where the cost limit ended it, else 0: a gap is no failure."""
    return _OVER_BUDGET if found.stopped is not None else 0


def _recall(asking: run_options.Asking, store: Store) -> probing.Capabilities | None:
    from toolkit.engines import probing, reaching

    kept = store.recall_capabilities(reaching.name_endpoint(_find_address(asking)), asking.model or "")
    try:
        return None if kept is None else probing.Capabilities.model_validate(kept)
    except ValidationError:  # of another version: asked anew
        return None


def _find_address(asking: run_options.Asking) -> str:
    from toolkit.engines import reaching

    return asking.base_url or os.environ.get("OPENAI_BASE_URL") or reaching.OFFICIAL


def _ask(asking: run_options.Asking, store: Store) -> probing.Capabilities:
    from toolkit.engines import budget, probing
    from toolkit.panel import background, connecting

    async def ask() -> probing.Capabilities:
        engine: Any = connecting.open_engine(asking, store)
        if not hasattr(engine, "learn_anew"):
            raise InputError(f"{name_option('engine', asking.engine_name)} is no endpoint; leave it out")
        async with engine:
            return await probing.probe(
                engine, budget.Budget(asking.known_price, asking.max_cost), _find_address(asking)
            )

    found: probing.Capabilities = background.run_blocking(ask)
    return found
