"""Several models in one panel: who answers for which persona, and what the run says of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from toolkit.engines import Price, base, budget
from toolkit.models import Persona, exchange
from toolkit.panel.planning import Plan
from toolkit.questionnaire import Task, pairs, shares

TOGETHER = " + "
"""Between the names of the models of one panel."""


@dataclass(frozen=True, slots=True)
class Split:
    """Which model answers for whom: each persona has one, for every draft, repeat and choice."""

    names: tuple[str, ...]
    of_persona: Mapping[str, int]

    def find(self, task: Task) -> int:
        """Return the place of the model that answers a task; the control reader's wordings take turns."""
        if task.persona is None:
            return task.wording % len(self.names)
        return self.of_persona.get(task.persona.id, 0)

    def seat(self, item: Task | pairs.Pairing | shares.Poll) -> int:
        """Return the place of the model that is asked something; each is asked for a whole forecast of its own."""
        if isinstance(item, shares.Poll):
            return item.seat
        return self.find(item if isinstance(item, Task) else item.task)

    def share_out(self, polls: Sequence[shares.Poll]) -> list[shares.Poll]:
        """Return what a forecast asks of every model."""
        return [replace(poll, seat=place) for place in range(len(self.names)) for poll in polls]

    def name(self, task: Task) -> str:
        """Return the name of the model that answers a task."""
        return self.names[self.find(task)]

    @property
    def joined(self) -> str:
        """The names as one, such as "gpt-5-mini + groq:llama-3.3"."""
        return TOGETHER.join(self.names)


def split_people(
    panel: Sequence[Persona], names: Sequence[str], wordings: int, kept: Mapping[str, int] | None = None
) -> Split:
    """Split a panel over models, in its order, which is that of the hash of seed and id.

    Within a wording every model has as many people as any other, or one more. Among the models that have fewest there,
    a persona goes to the one with the fewest people in all and in its segments, added up, then by turns. So a larger
    sample moves nobody, and the order of a file plays no part. `kept` is who has a model already.
    """
    models = len(names)
    found: dict[str, int] = {}
    if models == 1:
        return Split(tuple(names), found)
    of_wording: list[list[int]] = [[0] * models for _ in range(max(wordings, 1))]
    of_segment: Counter[tuple[str, str, int]] = Counter()
    in_all = [0] * models
    for rank, persona in enumerate(panel):
        turn, wording = divmod(rank, max(wordings, 1))
        counts = of_wording[wording]
        fixed = None if kept is None else kept.get(persona.id)
        values = persona.segments.items()

        def weigh(model: int) -> tuple[int, int, int]:
            alike = sum(of_segment[key, value, model] for key, value in values)  # noqa: B023 - called at once
            return counts[model], in_all[model] + alike, (model - turn - wording) % models  # noqa: B023

        chosen = min(range(models), key=weigh) if fixed is None else fixed
        found[persona.id] = chosen
        counts[chosen] += 1
        in_all[chosen] += 1
        of_segment.update((key, value, chosen) for key, value in values)
    return Split(tuple(names), found)


def split_plan(plan: Plan, names: Sequence[str]) -> Split:
    """Return the split of a plan's panel; whoever has a model already keeps it."""
    return split_people(plan.panel, names, plan.wordings, plan.seats)


@dataclass(slots=True)
class Together:
    """What a run records of several engines as if they were one."""

    name: str
    model: str
    form: exchange.Form
    calls: int
    warnings: list[str] = field(default_factory=list)
    is_batch: bool = False


def join_engines(engines: Sequence[base.Answerer], split: Split) -> base.Answerer:
    """Return the engines of a run as one: the only one as it is."""
    if len(engines) == 1:
        return engines[0]
    return Together(
        name=TOGETHER.join(dict.fromkeys(one.name for one in engines)),
        model=split.joined,
        form="completion" if all(one.form == "completion" for one in engines) else "chat",
        calls=sum(one.calls for one in engines),
        warnings=[f"{name}: {said}" for one, name in zip(engines, split.names, strict=True) for said in one.warnings],
        is_batch=any(one.is_batch for one in engines),
    )


def add_up(budgets: Sequence[budget.Budget]) -> budget.Budget:
    """Return what the models of a run took together; its price is known if all of theirs are."""
    if len(budgets) == 1:
        return budgets[0]
    total = budget.Budget(Price(0.0, 0.0) if all(one.price is not None for one in budgets) else None, None)
    for one in budgets:
        total.spent += one.spent
        total.lost += one.lost
        total.lost_calls += one.lost_calls
    return total
