"""From choices between two drafts to how strong each draft is, and how far the choices can be relied on.

Bradley-Terry with Davidson's ties and an order term (Davidson and Beaver 1977, doi 10.2307/2529382). With
log-strengths a and b, log-odds o of what stands first and tie parameter v, for a shown first:

    a wins : b wins : tie  =  exp(a + o) : exp(b) : v exp((a + b + o) / 2)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from toolkit.models import Record
from toolkit.stats import intervals
from toolkit.stats.distributions import logistic
from toolkit.stats.solving import minimise

STRENGTHS_SCHEMA = {
    "draft_id": pl.String,
    "strength": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "personas": pl.Int64,
}
LEAST_CONSISTENCY = 0.6
STRONG_BIAS = 0.1
"""How far from a half the share of what stood first may lie before a run warns, where the interval excludes a half."""
_RIDGE = 1e-9  # keeps the estimates finite where a draft wins always; far too small to move any other
_UNANIMOUS = 1e-5

FloatArray = npt.NDArray[np.float64]
IntegerArray = npt.NDArray[np.int64]


class OrderEffects(Record):
    """How far choices hung on the order shown; what cannot be told is null."""

    first_share: float | None
    """Position bias: the share that chose what was shown first; 0.5 is none."""
    first_low: float | None
    first_high: float | None
    consistency: float | None
    """Share of persona-pairs whose choice is the same in both orders."""
    choices: int
    """Choices of one of the two, in either order."""
    pairs: int
    """Persona-pairs answered in both orders."""


@dataclass(frozen=True, slots=True)
class Duels:
    """Outcomes as arrays of one length: drafts by number, who won, weight, persona's wording."""

    first: IntegerArray
    second: IntegerArray
    outcome: IntegerArray
    """0 the first, 1 the second, 2 a tie."""
    ordered: FloatArray
    """1 where the order shown can have had an effect, 0 where both orders were seen."""
    can_tie: npt.NDArray[np.bool_]
    """False where a choice was made in one order only: whether the other would have agreed is not known."""
    weight: FloatArray
    cluster: IntegerArray

    @property
    def has_ties(self) -> bool:
        """Whether any outcome is a tie: without one, no tie parameter is estimated."""
        return bool((self.outcome == 2).any())  # noqa: PLR2004 - the code of a tie


@dataclass(frozen=True, slots=True)
class Fit:
    """Maximum-likelihood estimates; the log-strengths have mean 0."""

    log_strengths: FloatArray
    order: float
    tie: float
    """Logarithm of Davidson's tie parameter; minus infinity where nothing was tied."""
    covariance: FloatArray | None
    """Of the log-strengths and, where there are ties, the tie parameter; clustered on wordings. None under two."""


def rank_drafts(preferences: pl.DataFrame, drafts: Sequence[str]) -> pl.DataFrame:
    """Return draft_id, strength, low, high, personas, in the order of `drafts`.

    `strength` is the share of wins against an average rival, ties counting half. A persona-pair counts once: a win
    where both orders agree, a tie where they disagree or "neither" was said, and where one order alone was answered,
    that choice less the order effect of the run. Intervals are clustered on wordings; a unanimous draft has the
    Clopper-Pearson interval of its personas. Null where nobody chose.
    """
    known = _select_known(preferences)
    met = pl.concat([known.select("persona_id", "weight", draft=pl.col(side)) for side in ("first", "second")])
    rows: list[dict[str, Any]] = []
    if known.is_empty():
        return pl.DataFrame([{"draft_id": one, "personas": 0} for one in drafts], schema=STRENGTHS_SCHEMA)
    names = sorted(drafts)
    order = fit_strengths(_list_duels(known, names), len(names)).order
    fit = fit_strengths(_list_duels(_settle(known), names), len(names), order=order)
    for draft in drafts:
        people = met.filter(pl.col("draft") == draft).unique("persona_id").sort("persona_id")
        row: dict[str, Any] = {"draft_id": draft, "personas": people.height}
        if people.height:
            size = intervals.effective_size(people["weight"].to_numpy())
            row |= dict(zip(("strength", "low", "high"), _judge(fit, names.index(draft), size), strict=True))
        rows.append(row)
    return pl.DataFrame(rows, schema=STRENGTHS_SCHEMA)


def find_order_effects(preferences: pl.DataFrame) -> OrderEffects:
    """Return position bias with its interval (clustered on wordings, weighted) and consistency."""
    known = _select_known(preferences)
    chose = known.filter(pl.col("chosen").is_not_null()).with_columns(
        is_first=(pl.col("chosen") == pl.col("first")).cast(pl.Float64)
    )
    both = _settle(known).filter(pl.col("orders") == 2)  # noqa: PLR2004 - a pair has two orders
    agreeing = float(both["agree"].cast(pl.Float64).to_numpy() @ both["weight"].to_numpy())
    share, low, high = _average(chose)
    return OrderEffects(
        first_share=share,
        first_low=low,
        first_high=high,
        consistency=agreeing / float(both["weight"].to_numpy().sum()) if both.height else None,
        choices=chose.height,
        pairs=both.select(pl.struct("persona_id", "one", "other").n_unique()).item(),
    )


def list_order_warnings(effects: OrderEffects) -> list[str]:
    """Return a sentence for a strong position bias and one for choices that turn with the order."""
    found = []
    share, low, high = effects.first_share, effects.first_low, effects.first_high
    if share is not None and _is_strong(share, low, high):
        place = "first" if share >= 0.5 else "second"  # noqa: PLR2004 - a half is no bias
        found.append(
            f"head-to-head: what stood {place} was chosen {max(share, 1 - share):.0%} of the time (50% is no bias); "
            "the model goes by position"
        )
    if effects.consistency is not None and effects.consistency < LEAST_CONSISTENCY:
        found.append(
            f"head-to-head: only {effects.consistency:.0%} of choices stayed the same when the drafts changed places; "
            "read the strengths as weak evidence"
        )
    return found


def _is_strong(share: float, low: float | None, high: float | None) -> bool:
    return abs(share - 0.5) > STRONG_BIAS and (low is None or high is None or not low <= 0.5 <= high)  # noqa: PLR2004


def fit_strengths(duels: Duels, count: int, *, order: float | None = None) -> Fit:
    """Return the maximum-likelihood fit for `count` drafts; the order term is estimated unless it is given."""
    size = count + 2
    free = np.ones(size, dtype=bool)
    free[count] = duels.has_ties
    free[count + 1] = order is None and bool(duels.ordered.any())
    start = np.zeros(size)
    start[count] = 0.0 if duels.has_ties else -np.inf
    start[count + 1] = order or 0.0

    ridge = _RIDGE * duels.weight.sum()

    def place(values: FloatArray) -> FloatArray:
        parameters = start.copy()
        parameters[free] = values
        return parameters

    def loss(values: FloatArray) -> tuple[float, FloatArray]:
        logs, scores, _ = _differentiate(duels, place(values), count)
        value = -float(duels.weight @ logs) + ridge * float(values @ values) / 2.0
        return value, -(duels.weight @ scores)[free] + ridge * values

    def step(values: FloatArray, gradient: FloatArray) -> FloatArray:
        _, _, information = _differentiate(duels, place(values), count)
        hessian = information[np.ix_(free, free)] + ridge * np.eye(len(values))
        return np.linalg.solve(hessian, gradient)

    found = minimise(loss, step, start[free])
    for _ in range(2):  # so that the order of rows leaves no trace in the estimates
        found = found - step(found, loss(found)[1])
    parameters = place(found)
    parameters[:count] -= parameters[:count].mean()
    kept = np.append(np.arange(count), count) if duels.has_ties else np.arange(count)
    covariance = _find_covariance(duels, parameters, count, kept)
    return Fit(parameters[:count], float(parameters[count + 1]), float(parameters[count]), covariance)


def _differentiate(duels: Duels, parameters: FloatArray, count: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return log-likelihood per duel, its gradient per duel, and the weighted expected information."""
    rows = np.arange(len(duels.first))
    design = np.zeros((len(rows), 3, count + 2))
    design[rows, 0, duels.first] = 1.0
    design[:, 0, count + 1] = duels.ordered
    design[rows, 1, duels.second] = 1.0
    design[:, 2] = design[:, :2].sum(axis=1) / 2.0
    if duels.has_ties:
        design[:, 2, count] = 1.0
    scores = design @ np.where(np.isfinite(parameters), parameters, 0.0)
    if not duels.has_ties:
        scores[:, 2] = -np.inf
    scores[~duels.can_tie, 2] = -np.inf
    logs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    chances = np.exp(logs)
    mean = np.einsum("no,nop->np", chances, design)
    spread = design - mean[:, None, :]
    information = np.einsum("n,no,nop,noq->pq", duels.weight, chances, spread, spread, optimize=True)
    return logs[rows, duels.outcome], spread[rows, duels.outcome], information


def _find_covariance(duels: Duels, parameters: FloatArray, count: int, kept: IntegerArray) -> FloatArray | None:
    """Return the sandwich clustered on wordings, with K / (K - 1); None under two wordings."""
    labels = np.unique(duels.cluster)
    if len(labels) < 2:  # noqa: PLR2004 - one wording shows no spread between wordings
        return None
    _, scores, information = _differentiate(duels, parameters, count)
    weighted = (duels.weight[:, None] * scores)[:, kept]
    sums = np.stack([weighted[duels.cluster == label].sum(axis=0) for label in labels])
    bread = np.linalg.pinv(information[np.ix_(kept, kept)], rcond=1e-7, hermitian=True)
    return np.asarray(bread @ (sums.T @ sums) @ bread * len(labels) / (len(labels) - 1))


def _judge(fit: Fit, draft: int, effective: float) -> tuple[float, float | None, float | None]:
    """Return a draft's mean share of wins over its rivals with its interval."""
    share, slope = _mean_share(fit, draft)
    if fit.covariance is None:
        return share, None, None
    error = max(float(slope @ fit.covariance @ slope), 0.0) ** 0.5
    if error < _UNANIMOUS:
        return share, *intervals.exact_interval(min(share, 1.0), effective)
    width = 1.959964 * error / (share * (1.0 - share))
    log_odds = math.log(share) - math.log1p(-share)
    return share, logistic(log_odds - width), logistic(log_odds + width)


def _mean_share(fit: Fit, draft: int) -> tuple[float, FloatArray]:
    """Return wins plus half the ties, averaged over the rivals, and its slope along the parameters."""
    count = len(fit.log_strengths)
    slope = np.zeros(count + 1)
    total = 0.0
    for rival in (other for other in range(count) if other != draft):
        gap = fit.log_strengths[draft] - fit.log_strengths[rival]
        logs = np.array([gap / 2.0, -gap / 2.0, fit.tie])
        win, loss, tie = (float(chance) for chance in np.exp(logs - np.logaddexp.reduce(logs)))
        share = win + tie / 2.0
        along_gap = (win + loss - (win - loss) ** 2) / 4.0
        total += share
        slope[draft] += along_gap
        slope[rival] -= along_gap
        slope[count] += tie * (0.5 - share)
    size = count if fit.covariance is None else len(fit.covariance)
    return float(total / (count - 1)), slope[:size] / (count - 1)


def _select_known(preferences: pl.DataFrame) -> pl.DataFrame:
    """Return the usable rows with positive weight, in an order that no shuffling changes."""
    usable = preferences.filter((pl.col("status") == "ok") & (pl.col("weight") > 0))
    return usable.sort("persona_id", "repeat", "wording", "first", "second")


def _settle(known: pl.DataFrame) -> pl.DataFrame:
    """Return a row per persona, pair and repeat: the choice where its orders agree, null for a tie."""
    named = known.with_columns(one=pl.min_horizontal("first", "second"), other=pl.max_horizontal("first", "second"))
    keys = ["persona_id", "weight", "wording", "repeat", "one", "other"]
    said = pl.col("chosen").fill_null("")  # no draft id is empty
    settled = named.group_by(keys, maintain_order=True).agg(
        orders=pl.len(), agree=said.n_unique() == 1, chosen=said.first(), first=pl.col("first").first(),
        second=pl.col("second").first(),
    )  # fmt: skip
    tied = ~pl.col("agree") | (pl.col("chosen") == "")
    return settled.with_columns(chosen=pl.when(tied).then(None).otherwise(pl.col("chosen")))


def _list_duels(rows: pl.DataFrame, names: Sequence[str]) -> Duels:
    """Return rows as arrays; the rows of a persona and pair share the persona's weight."""
    pair = ["persona_id", pl.min_horizontal("first", "second"), pl.max_horizontal("first", "second")]
    shared = rows.with_columns(shared=pl.col("weight") / pl.len().over(pair))
    tie = pl.col("chosen").is_null()
    settled = "orders" in rows.columns
    single = (pl.col("orders") == 1) & ~tie if settled else pl.lit(value=True)
    outcome = pl.when(tie).then(2).when(pl.col("chosen") == pl.col("first")).then(0).otherwise(1)
    numbers = {name: number for number, name in enumerate(names)}
    shared = shared.with_columns(
        outcome=outcome.cast(pl.Int64),
        ordered=single.cast(pl.Float64),
        can_tie=~single if settled else pl.lit(value=True),
    )
    return Duels(
        first=np.array([numbers[name] for name in rows["first"]], dtype=np.int64),
        second=np.array([numbers[name] for name in rows["second"]], dtype=np.int64),
        outcome=shared["outcome"].to_numpy(),
        ordered=shared["ordered"].to_numpy(),
        can_tie=shared["can_tie"].to_numpy(),
        weight=shared["shared"].to_numpy() / shared["shared"].to_numpy().mean(),
        cluster=shared["wording"].to_numpy(),
    )


def _average(chose: pl.DataFrame) -> tuple[float | None, float | None, float | None]:
    if chose.is_empty():
        return None, None, None
    interval = intervals.cluster_mean(chose["is_first"], chose["weight"], chose["wording"], chose["persona_id"])
    low, high = interval.low, interval.high
    if low is None or high is None:
        return interval.estimate, None, None
    if interval.standard_error == 0:
        people = chose.unique("persona_id")["weight"].to_numpy()
        return interval.estimate, *intervals.exact_interval(interval.estimate, intervals.effective_size(people))
    return interval.estimate, max(low, 0.0), min(high, 1.0)
