"""How far models, repeats or audiences say the same of the same drafts: the reliability of a study."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from toolkit.errors import InputError, suggest
from toolkit.models import Record, records
from toolkit.results.scoring import PRIMARY, comparisons, reaction_rows
from toolkit.stats.studies import concordance

Between = Literal["model", "repeat", "audience"]
BETWEEN = ("model", "repeat", "audience")
"""What can agree or not."""
AGREEMENT_SCHEMA = {
    "between": pl.String,
    "one": pl.String,
    "other": pl.String,
    "measure": pl.String,
    "pairs": pl.Int64,
    "campaigns": pl.Int64,
    "drafts": pl.Int64,
    "same_direction": pl.Float64,
    "same_direction_low": pl.Float64,
    "same_direction_high": pl.Float64,
    "same_verdict": pl.Float64,
    "same_verdict_low": pl.Float64,
    "same_verdict_high": pl.Float64,
    "opposite_verdicts": pl.Int64,
    "kendall_w": pl.Float64,
    "kendall_w_low": pl.Float64,
    "kendall_w_high": pl.Float64,
    "icc": pl.Float64,
    "icc_low": pl.Float64,
    "icc_high": pl.Float64,
}
"""What `measure_agreement` returns: a row a pair of raters, and if there are more than two, one of all of them."""
ALL = "all"
"""What stands in place of two raters in the row of all."""
_NOUNS = {"model": "models", "repeat": "repeats", "audience": "audiences"}
_DECIDED = ("A", "B")


class Reliability(Record):
    """How far two raters, or all of them, say the same: a row of `measure_agreement`."""

    between: Between
    one: str
    other: str
    measure: str
    pairs: int
    campaigns: int
    same_direction: float | None
    same_direction_low: float | None
    same_direction_high: float | None
    same_verdict: float | None
    same_verdict_low: float | None
    same_verdict_high: float | None
    opposite_verdicts: int
    """Pairs of drafts that one rater decides for A and the other for B."""

    @property
    def sentence(self) -> str:
        """The agreement in words; a coin would put the same draft ahead in half of the pairs."""
        who = f"All {_NOUNS[self.between]}" if self.one == ALL else f"{self.one} and {self.other}"
        if self.between != "model" and self.one != ALL:
            who = f"{_NOUNS[self.between].capitalize()} {who}"
        if self.same_direction is None:
            return f"{who} have rated no pair of drafts in common."
        ends = _say_ends(self.same_direction_low, self.same_direction_high)
        counts = f"{_count(self.pairs, 'pair')} of drafts in {_count(self.campaigns, 'campaign')}"
        said = f"{who} would have said the same in {_percent(self.same_direction)} % of pairs ({ends}{counts})"
        said += ": the same draft ahead, which chance alone brings in 50 %."
        if self.same_verdict is None:
            return said
        ends = _say_ends(self.same_verdict_low, self.same_verdict_high)
        opposite = f"the opposite in {_count(self.opposite_verdicts, 'pair')}"
        return f"{said} The verdict was the same in {_percent(self.same_verdict)} % ({ends}{opposite})."


def measure_agreement(
    reactions: pl.DataFrame | pl.LazyFrame, between: Between = "model", *, measure: str = PRIMARY
) -> pl.DataFrame:
    """Return how far raters agree on drafts, a row per pair of raters and one of all if there are more than two.

    Raters are the models, repeats or audiences of a study: the values of that column of `reactions`, which also needs
    `campaign`. Columns are those of `AGREEMENT_SCHEMA`, over the drafts that all raters of the row rated:

    - `same_direction`: the share of pairs of drafts of one campaign of which the same one is ahead. A tie of one rater
      counts one half. Of more than two raters it is the mean over their pairs.
    - `same_verdict`: the share of pairs of which `toolkit.compare` gives the same verdict when it has each rater's
      reactions alone; `opposite_verdicts` counts those decided for A by one and for B by another.
    - `kendall_w`: the mean over campaigns of Kendall's W of the ranks of the drafts, from 0 to 1; chance brings one
      over the number of raters.
    - `icc`: the intraclass correlation of the drafts' figures inside campaigns, consistency of a single rater.

    Intervals are of 95 %: those of shares and W treat campaigns as random, that of the ICC is McGraw and Wong's, by F.
    Sources stand in `toolkit.stats.studies.concordance`. Raises InputError on an unknown `between` or measure,
    on a missing column, and on fewer than two raters.

    Examples:
        >>> study = toolkit.load_study("studies/today")
        >>> measure_agreement(study.reactions, "repeat")["same_direction"].to_list()
        [1.0]
    """
    if between not in BETWEEN:
        raise InputError(f"unknown between {between!r}{suggest(str(between), BETWEEN)}; allowed: {', '.join(BETWEEN)}")
    heard = _Heard.collect(reactions, between, measure)
    pairs = list(itertools.combinations(heard.raters, 2))
    rows = [heard.compare(pair) for pair in pairs]
    if len(pairs) > 1:
        rows.append(heard.compare(heard.raters))
    return pl.DataFrame(rows, schema=AGREEMENT_SCHEMA, orient="row")


def list_reliabilities(agreement: pl.DataFrame) -> tuple[Reliability, ...]:
    """Return the rows of `measure_agreement` as records, each with its sentence.

    Examples:
        >>> study = toolkit.load_study("studies/today")
        >>> list_reliabilities(measure_agreement(study.reactions, "repeat"))[0].sentence
        'Repeats 0 and 1 would have said the same in 100 % of pairs (1 pair of drafts in 1 campaign): ...'
    """
    kept = agreement.select(list(Reliability.model_fields))
    return tuple(Reliability.model_validate(row) for row in kept.iter_rows(named=True))


@dataclass(frozen=True)
class _Heard:
    """What each rater says of each pair of drafts."""

    between: Between
    measure: str
    raters: tuple[str, ...]
    pairs: pl.DataFrame
    """A row a rater, campaign and pair of drafts, in the order of their names: difference and verdict."""

    @classmethod
    def collect(cls, reactions: pl.DataFrame | pl.LazyFrame, between: Between, measure: str) -> _Heard:
        """Read the reactions once, and compare each rater's of each campaign by themselves."""
        rows = _select_rows(reactions, between, measure)
        raters = tuple(rows["rater"].unique().sort().to_list())
        if len(raters) < len(("one", "other")):
            said = f"{between} {raters[0]!r} alone" if raters else "nobody"
            raise InputError(f"the reactions are of {said}; agreement between {_NOUNS[between]} takes two or more")
        found = []
        for (rater, campaign), of_both in sorted(rows.partition_by("rater", "campaign", as_dict=True).items()):
            drafts = of_both["draft_id"].unique().sort().to_list()
            compared = comparisons.compare_pairs(of_both.drop("rater", "campaign"), None, measure, drafts)
            found.append(
                compared.select(
                    pl.lit(rater).alias("rater"),
                    pl.lit(campaign).alias("campaign"),
                    *("draft_a", "draft_b", "difference", "verdict"),
                )
            )
        return cls(between, measure, raters, pl.concat(found).drop_nulls("difference"))

    def compare(self, raters: Sequence[str]) -> dict[str, Any]:
        """Return the row of some raters."""
        keys = ["campaign", "draft_a", "draft_b"]
        heard = self.pairs.filter(pl.col("rater").is_in(list(raters)))
        shared = heard.filter(pl.len().over(keys) == len(raters)).sort(*keys, "rater")
        names = shared.filter(pl.col("rater") == raters[0])
        campaigns = names["campaign"].to_numpy()
        count = len(campaigns)
        one, other = raters if len(raters) == len(("one", "other")) else (ALL, ALL)
        row: dict[str, Any] = {
            "between": self.between,
            "one": one,
            "other": other,
            "measure": self.measure,
            "pairs": count,
            "campaigns": len(set(campaigns)),
            "drafts": len({(name, draft) for name, *pair in names.select(keys).iter_rows() for draft in pair}),
            "opposite_verdicts": 0,
        }
        if not count:
            return row
        # One line a pair of drafts, one column a rater, whose names are sorted.
        differences = shared["difference"].to_numpy().reshape(count, len(raters))
        verdicts = shared["verdict"].to_numpy().reshape(count, len(raters))
        row |= _spell("same_direction", concordance.share_of_pairs(_agree(np.sign(differences)), campaigns))
        judged = (verdicts != "not enough").all(axis=1)
        if judged.any():
            same = _match(verdicts[judged])
            row |= _spell("same_verdict", concordance.share_of_pairs(same, campaigns[judged]))
            row["opposite_verdicts"] = sum(set(_DECIDED) <= set(line) for line in verdicts[judged].tolist())
        figures, groups = _find_figures(names, differences)
        orders = [concordance.kendall_w(figures[groups == group].T) for group in np.unique(groups)]
        known = [order for order in orders if order is not None]
        if known:
            row |= _spell("kendall_w", concordance.mean_of_campaigns(known, (0.0, 1.0)))
        return row | _spell("icc", concordance.intraclass(figures, groups))


def _select_rows(reactions: pl.DataFrame | pl.LazyFrame, between: Between, measure: str) -> pl.DataFrame:
    """Return the answers of people with their rater; whatever else was crossed is told apart by person and repeat."""
    frame = reactions.lazy()
    schema = frame.collect_schema()
    for column in ("campaign", between):
        if column not in schema:
            raise InputError(f"reactions lack the column {column!r}; give those of a study")
    reaction_rows.express_measures(schema, measure)
    repeat = [name for name in ("model", "repeat") if name in schema and name != between]
    person = [name for name in ("audience", "persona_id") if name in schema and name != between]
    asked = measure.partition("=")[0].removesuffix(records.UPPER)
    columns = (f"{kind}_{asked}" for kind in ("rating", "answer", "chosen", "pmf", "bounds"))
    optional = [name for name in (*columns, "status") if name in schema]
    rows = reaction_rows.filter_usable(frame, schema).select(
        pl.col(between).cast(pl.String).alias("rater"),
        pl.col("campaign", "draft_id").cast(pl.String),
        pl.concat_str(pl.col(person).cast(pl.String).fill_null(""), separator="\n").alias("persona_id"),
        pl.concat_str(pl.col(repeat).cast(pl.String).fill_null(""), separator="\n").alias("repeat"),
        pl.col("weight", "wording", "segments", "stopped", "action", "objective", *optional),
    )
    numbered = pl.col("repeat").rank("dense").cast(pl.Int64) if repeat else pl.lit(0, pl.Int64).alias("repeat")
    return rows.collect(engine="streaming").drop_nulls(["rater", "campaign"]).with_columns(numbered)


def _agree(signs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return for each line how many pairs of raters have the same sign; a tie of one rater counts one half."""
    couples = itertools.combinations(range(signs.shape[1]), 2)
    return np.asarray(np.mean([1.0 - np.abs(signs[:, one] - signs[:, other]) / 2.0 for one, other in couples], axis=0))


def _match(verdicts: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return for each line how many pairs of raters have the same verdict."""
    couples = itertools.combinations(range(verdicts.shape[1]), 2)
    same = [verdicts[:, one] == verdicts[:, other] for one, other in couples]
    return np.asarray(np.mean(same, axis=0, dtype=np.float64))


def _find_figures(
    names: pl.DataFrame, differences: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Return a line per draft: its lead over the first one of its campaign with each rater, and its campaign's number.

    Only differences inside a campaign count, so the first draft's own figure may be anything: it is 0.
    """
    figures, groups = [], []
    number, current, first = -1, None, None
    for line, (campaign, draft_a, _) in enumerate(names.select("campaign", "draft_a", "draft_b").iter_rows()):
        if campaign != current:
            number, current, first = number + 1, campaign, draft_a
            figures.append(np.zeros(differences.shape[1]))
            groups.append(number)
        if draft_a == first:
            figures.append(differences[line])
            groups.append(number)
    return np.array(figures), np.array(groups)


def _spell(name: str, found: concordance.Agreed) -> dict[str, float | None]:
    return {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}


def _say_ends(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{_percent(low)} to {_percent(high)} %, "


def _percent(share: float) -> str:
    return f"{share * 100.0:.0f}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
