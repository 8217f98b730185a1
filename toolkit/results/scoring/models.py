"""Several models in one panel: what each says, whether they differ, and what models at large might say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from toolkit.models import Record
from toolkit.results.scoring.grids import Grid, load_grids
from toolkit.results.scoring.interaction_tests import find_moderation
from toolkit.results.scoring.pairs import ComparedPair, list_pairs
from toolkit.results.scoring.reaction_rows import PRIMARY, filter_usable
from toolkit.results.scoring.rules import SIGNIFICANCE
from toolkit.results.scoring.scorecards import score_grids
from toolkit.stats import corrections, moderation

MODEL = "model"
"""The column that says who answered, and what it is called as a segment."""
FEWEST = 4
"""People and wordings that a model needs to enter the test of equal differences, which corrects for so few."""
PRIOR = moderation.Prior(spread=0.1, degrees=8.0)
"""How much the difference of two drafts' rates differs between models, before a run says more: see docs/method.md."""
DISAGREE = "the models disagree"
MODEL_SCHEMA = {
    "draft_id": pl.String,
    "model": pl.String,
    "estimate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "personas": pl.Int64,
    "reactions": pl.Int64,
}
"""The table of drafts and models, on the primary measure."""


class ModelLead(Record):
    """By how much one draft leads another with one model."""

    model: str
    difference: float | None
    """Of the rates, B minus A; null where nobody it answered for reacted to both."""
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    """Of no difference with this model."""
    personas: int = 0


class ModelsCompared(Record):
    """One draft against another with each model, and what that says of other models."""

    draft_a: str
    draft_b: str
    leads: tuple[ModelLead, ...]
    """Of each model, in the order of the run."""
    p_value: float | None
    """Of the same difference with each model; null where models have too few people for a test."""
    low_at_large: float | None
    """The 95 % interval of the difference for models at large, B minus A; null where nothing can be said."""
    high_at_large: float | None

    def turn(self) -> ModelsCompared:
        """Return it the other way round: A minus B."""
        leads = tuple(
            one.model_copy(
                update={"difference": _negate(one.difference), "low": _negate(one.high), "high": _negate(one.low)}
            )
            for one in self.leads
        )
        ends = {"low_at_large": _negate(self.high_at_large), "high_at_large": _negate(self.low_at_large)}
        return self.model_copy(update={"draft_a": self.draft_b, "draft_b": self.draft_a, "leads": leads, **ends})

    @property
    def clashes(self) -> bool:
        """Whether one model has B ahead and another A."""
        signs = {one.difference > 0.0 for one in self.leads if one.difference}
        return len(signs) > 1

    @property
    def is_decided_both_ways(self) -> bool:
        """Whether two models decide for different drafts, each at 0.05 over the number of models."""
        most = SIGNIFICANCE / len(self.leads)
        decided = [one for one in self.leads if one.p_value is not None and one.p_value <= most and one.difference]
        return len({one.difference > 0.0 for one in decided if one.difference}) > 1

    @property
    def is_one_sided(self) -> bool:
        """Whether each model by itself has the same draft ahead, its interval included."""
        ends = [(one.low, one.high) for one in self.leads]
        above = all(low is not None and low > 0.0 for low, _ in ends)
        return above or all(high is not None and high < 0.0 for _, high in ends)


@dataclass(frozen=True, slots=True)
class ModelsSay:
    """What each of several models says of a run's drafts."""

    names: tuple[str, ...]
    table: pl.DataFrame
    """A row a draft and model, with the columns of `MODEL_SCHEMA`."""
    pairs: tuple[ModelsCompared, ...]

    def find(self, draft_a: str, draft_b: str) -> ModelsCompared:
        """Return a pair of drafts, as B minus A whichever way round it was compared."""
        for one in self.pairs:
            if (one.draft_a, one.draft_b) == (draft_a, draft_b):
                return one
            if (one.draft_b, one.draft_a) == (draft_a, draft_b):
                return one.turn()
        raise AssertionError("every pair of drafts is compared")  # pragma: no cover

    def list_different(self, best: str, rivals: Sequence[str]) -> list[ModelsCompared]:
        """Return the rivalries of a draft in which models differ, by the test of equal differences.

        At level 0.05, Holm's over the rivals. If each model by itself has the same draft ahead, its 95 % interval
        included, they differ in how far alone, and that is no disagreement. Where the test cannot be made, because a
        model has too few people or all of them do the same, models differ if two decide for different drafts.
        """
        found = [self.find(rival, best) for rival in rivals]
        adjusted = corrections.holm([one.p_value for one in found])
        return [
            one
            for one, p_value in zip(found, adjusted, strict=True)
            if (one.is_decided_both_ways if one.p_value is None else p_value <= SIGNIFICANCE and not one.is_one_sided)
        ]

    def list_clashing(self, best: str, rivals: Sequence[str]) -> list[ModelsCompared]:
        """Return the rivalries of a draft in which some model has the rival ahead."""
        return [one for one in (self.find(rival, best) for rival in rivals) if one.clashes]


def hear_models(
    reactions: pl.DataFrame,
    drafts: Sequence[str],
    whole: Grid,
    names: Sequence[str] = (),
    measure: str = PRIMARY,
) -> ModelsSay | None:
    """Return what each model says of the drafts; None if one model alone answered.

    `whole` is the grid of all reactions. `names` is the order of the models; that of their names without it.
    """
    usable = filter_usable(reactions.lazy(), reactions.schema)
    answered = usable.select(pl.col(MODEL).unique()).collect()[MODEL].drop_nulls().sort().to_list()
    named = tuple(name for name in names if name in answered) or tuple(answered)
    if len(named) < len(("one", "other")):
        return None
    parted = reactions.with_columns(segments=pl.struct(pl.col(MODEL)))
    (grid,) = load_grids(parted, MODEL, list(drafts))
    table = score_grids([grid], MODEL).filter(pl.col("measure") == measure).rename({"value": MODEL})
    table = table.select(list(MODEL_SCHEMA)).sort(
        pl.col("draft_id").replace_strict({draft: at for at, draft in enumerate(drafts)}, return_dtype=pl.Int64),
        pl.col(MODEL).replace_strict({name: at for at, name in enumerate(named)}, return_dtype=pl.Int64),
    )
    of_pair: dict[tuple[str, str], dict[str, ComparedPair]] = {}
    for pair in list_pairs(grid, measure):
        of_pair.setdefault((pair.draft_a, pair.draft_b), {})[pair.value] = pair
    known = grid.load_usable(measure)
    compared = []
    for pair in list_pairs(whole, measure):
        a, b = grid.drafts.index(pair.draft_a), grid.drafts.index(pair.draft_b)
        test = find_moderation(grid.places, known, a, b, least_personas=FEWEST, least_wordings=FEWEST)
        of_models = of_pair.get((pair.draft_a, pair.draft_b), {})
        compared.append(_compare(pair, of_models, named, test.p_value if test else None))
    return ModelsSay(named, table, tuple(compared))


def _compare(
    pair: ComparedPair, of_model: Mapping[str, ComparedPair], names: Sequence[str], p_value: float | None
) -> ModelsCompared:
    leads = []
    for name in names:
        one = of_model.get(name)
        if one is None or one.interval is None:
            leads.append(ModelLead(model=name, difference=None))
            continue
        found = one.interval
        leads.append(
            ModelLead(
                model=name,
                difference=found.estimate,
                low=found.low,
                high=found.high,
                p_value=found.p_value,
                personas=found.units,
            )
        )
    low, high = _reach(pair, [of_model[name] for name in names if name in of_model])
    return ModelsCompared(
        draft_a=pair.draft_a,
        draft_b=pair.draft_b,
        leads=tuple(leads),
        p_value=p_value,
        low_at_large=low,
        high_at_large=high,
    )


def _reach(pair: ComparedPair, parts: Sequence[ComparedPair]) -> tuple[float | None, float | None]:
    """Return the interval for models at large of a difference of rates."""
    whole, found = pair.interval, [one.interval for one in parts if one.interval is not None]
    if whole is None or whole.standard_error is None or whole.degrees is None or not found:
        return None, None
    errors = [np.nan if one.standard_error is None else one.standard_error for one in found]
    low, high = moderation.reach_at_large(
        whole.estimate,
        whole.standard_error,
        whole.degrees,
        [one.estimate for one in found],
        errors,
        [one.units for one in found],
        PRIOR,
    )
    return max(low, -1.0), min(high, 1.0)


def _negate(value: float | None) -> float | None:
    return None if value is None else -value or 0.0
