"""Simulated studies as frames of reactions: people who read many campaigns, whose styles differ by what is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

LEVELS = ("claim", "question")


@dataclass(frozen=True)
class World:
    """What is true of a study."""

    campaigns: int = 8
    effect: float = 0.0
    """By how much the second level leads on average."""
    between: float = 0.12
    """The standard deviation of that between campaigns."""
    people: int = 60
    wordings: int = 10
    levels: tuple[str, ...] = LEVELS
    models: tuple[str, ...] = ()
    repeats: int = 1
    person_sd: float = 0.0
    """How much people differ in their liking for a level, the same in every campaign."""


def draw_study(world: World, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return reactions to one draft a level and campaign, and their tags.

    The effect of each level but the first is drawn anew for each campaign, half of it added to one side and half taken
    from the other, so that levels differ by nothing on average if the effect is nothing.
    """
    generator = np.random.default_rng(seed)
    models = world.models or ("scripted",)
    shape = (world.campaigns, len(world.levels), world.people, len(models), world.repeats)
    campaign, level, person, model, repeat = (labels.ravel() for labels in np.indices(shape))
    effect = generator.normal(world.effect, world.between, (world.campaigns, len(world.levels)))
    effect[:, 0] = 0.0
    taste = generator.normal(0.0, world.person_sd, (world.people, len(world.levels)))
    rate = generator.uniform(0.35, 0.55, world.campaigns)[:, None] + effect - effect.mean(axis=1, keepdims=True)
    taps = generator.random(len(campaign)) < rate[campaign, level] + taste[person, level]
    names = np.array([f"c{number:03}" for number in range(world.campaigns)])
    reactions = pl.DataFrame({
        "campaign": names[campaign], "model": np.array(models)[model], "audience": "everybody",
        "draft_id": np.array(world.levels)[level], "persona_id": np.char.add("p", person.astype(str)), "weight": 1.0,
        "wording": person % world.wordings, "repeat": repeat, "objective": "click", "status": "ok",
        "stopped": True, "action": np.where(taps, "click", "read"), "segments": [{"role": "all"}] * len(taps),
    })  # fmt: skip
    pairs = [(name, draft, "style", draft) for name in names for draft in world.levels]
    tags = pl.DataFrame(pairs, schema=["campaign", "draft_id", "tag", "level"], orient="row")
    return reactions, tags


def draw_differences(world: World, generator: np.random.Generator) -> tuple[npt.NDArray[Any], ...]:
    """Return second level less first as arrays: values, and their campaigns, wordings and people."""
    effect = generator.normal(world.effect, world.between, (world.campaigns, 1))
    base = generator.uniform(0.3, 0.6, (world.campaigns, 1)) + generator.normal(0, 0.15, world.people)
    taste = generator.normal(0, world.person_sd, world.people)
    shape = (world.campaigns, world.people)
    one, other = (generator.random(shape) < base + side * (effect + taste) for side in (-0.5, 0.5))
    campaign, person = (labels.ravel() for labels in np.indices(shape))
    return (other.astype(float) - one).ravel(), campaign, person % world.wordings, person
