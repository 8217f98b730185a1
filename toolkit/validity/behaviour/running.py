"""Three small runs give the gates what they judge: all drafts, bodies swapped, and two drafts side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from toolkit.audiences import load_audience, sampling
from toolkit.engines import Engine, budget
from toolkit.models import Audience, Campaign
from toolkit.panel import api, background
from toolkit.questionnaire import Reaction
from toolkit.results import Run
from toolkit.validity.behaviour import judging
from toolkit.validity.behaviour.records import Behaviour, Gate
from toolkit.validity.behaviour.stimuli import (
    Division,
    find_division,
    make_group_campaign,
    make_main_campaign,
    make_order_campaign,
    swap_bodies,
)


async def acheck_behaviour(
    audience: Audience | str,
    *,
    engine: str | Engine = "openai",
    sample: int | None = None,
    seed: int = 0,
    on_reaction: Callable[[Reaction], None] | None = None,
    **options: Any,
) -> Behaviour:
    """Return the scorecard of an engine and an audience; see `check_behaviour`."""
    began = time.monotonic()
    people = load_audience(audience) if isinstance(audience, str) else audience
    people = people.model_copy(update={"personas": tuple(sampling.rank_personas(people.personas, seed)[:sample])})
    division = find_division(people)
    base: dict[str, Any] = {"engine": engine, "seed": seed, "control": False, "on_reaction": on_reaction, **options}
    base["rating"] = "ssr" if engine == "local" else "direct"  # what takes no further question
    runs: list[Run] = []
    plans: list[tuple[Campaign, Audience, dict[str, Any]]] = [
        (make_main_campaign(division), people, {}),
        (make_group_campaign(division), swap_bodies(people, division), {}),
        (make_order_campaign(), people, {"head_to_head": True}),
    ]
    with budget.one_bill():
        for campaign, asked, more in plans:
            runs.append(await api.arun(campaign, asked, **base, **more))
    calls = [run.counts.calls for run in runs]
    total = sum(calls) if isinstance(engine, str) else calls[-1]  # an engine object counts through all of them
    return _conclude(runs, people, division, seed=seed, calls=total, seconds=time.monotonic() - began)


def check_behaviour(audience: Audience | str, **options: Any) -> Behaviour:
    """Ask an engine, in the place of an audience, what has a known answer, and return the scorecard.

    Options as for `toolkit.run`: `engine`, `model`, `base_url`, `sample`, `seed`, `concurrency`, `price`, `max_cost`,
    `store`, `on_reaction`. What the store holds is not asked again, so the same call goes on after an interruption.
    """
    finished: Behaviour = background.run_blocking(lambda: acheck_behaviour(audience, **options))
    return finished


def count_questions(audience: Audience, sample: int | None) -> int:
    """Return how many reactions a check asks for, choices between two drafts apart."""
    people = min(sample or len(audience.personas), len(audience.personas))
    division = Division(key="", values=("", ""))
    shown = len(make_main_campaign(division)) + len(make_group_campaign(division)) + len(make_order_campaign())
    return people * shown


def _conclude(
    runs: Sequence[Run], people: Audience, division: Division, *, seed: int, calls: int, seconds: float
) -> Behaviour:
    main, swapped, order = runs
    counts = [run.counts for run in runs] + [run.methods.head_to_head_counts for run in runs]
    known = [one for one in counts if one is not None]
    costs = [run.methods.cost_usd for run in runs]
    return Behaviour(
        engine=main.methods.engine,
        model=main.methods.model,
        audience=people.audience,
        audience_sha256=people.digest,
        personas=main.methods.personas,
        wordings=main.methods.wordings,
        seed=seed,
        gates=tuple(_judge(main, swapped, order, division)),
        reactions=sum(one.ok for one in known),
        refused=sum(one.refused for one in known),
        failed=sum(one.failed for one in known),
        calls=calls,
        cost_usd=None if None in costs else sum(cost or 0.0 for cost in costs),
        seconds=round(seconds, 1),
        stopped=next((run.methods.stopped for run in runs if run.methods.stopped), None),
    )


def _judge(main: Run, swapped: Run, order: Run, division: Division) -> list[Gate]:
    reactions = main.reactions
    groups = judging.judge_groups(reactions, division)
    return [
        judging.judge_pairs(
            "dominance", reactions, "a whole message does better than the same one spoilt or insulting"
        ),
        judging.judge_pairs("bad_copy", reactions, "plain words do better than empty, shouting or pushing ones"),
        judging.judge_dose(reactions),
        groups,
        judging.judge_swap(swapped.reactions, division, groups),
        judging.judge_order(order.order_effects()),
        judging.judge_injection(reactions),
    ]
