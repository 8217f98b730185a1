"""Which kind of draft does better over many campaigns: levels of a tag compared, campaigns as a random factor."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from toolkit.errors import InputError, suggest
from toolkit.models import Campaign, records
from toolkit.results.scoring import PRIMARY, RATES, reaction_rows, rules
from toolkit.stats import corrections, intervals
from toolkit.stats.studies import campaigns as pooling
from toolkit.study.refusals import PLACE, Refusals

LEAST_CAMPAIGNS = 4
"""With both levels, for a verdict; what few campaigns say is tested with as few degrees of freedom."""
TAG_SCHEMA = {"campaign": pl.String, "draft_id": pl.String, "tag": pl.String, "level": pl.String}
"""The tags of drafts: a row a draft and tag."""
FACTOR_SCHEMA = {
    "factor": pl.String,
    "level_a": pl.String,
    "level_b": pl.String,
    "measure": pl.String,
    "difference": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "p_value": pl.Float64,
    "p_adjusted": pl.Float64,
    "verdict": pl.String,
    "campaigns": pl.Int64,
    "campaigns_left_out": pl.Int64,
    "drafts": pl.Int64,
    "personas": pl.Int64,
    "tau": pl.Float64,
    "predict_low": pl.Float64,
    "predict_high": pl.Float64,
    "limited_by": pl.String,
    "scale": pl.Float64,
}
"""What `compare_factor` returns: a row a pair of levels. `scale` is the most that they can differ by; 1 for shares."""
EFFECT_SCHEMA = {
    "factor": pl.String,
    "level_a": pl.String,
    "level_b": pl.String,
    "measure": pl.String,
    "kind": pl.String,
    "campaign": pl.String,
    "difference": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "drafts": pl.Int64,
    "personas": pl.Int64,
}
"""What `list_effects` returns: `kind` is campaign, mean or further."""
MEAN, FURTHER = "all campaigns", "a further campaign"
"""What stands in place of a campaign in rows of the other two kinds."""
_MORE = {"people": "More people, under more wordings,", "campaigns": "More campaigns"}
_UNIT = ("audience", "persona_id")


def list_tags(campaigns: Iterable[Campaign]) -> pl.DataFrame:
    """Return the tags of all drafts of some campaigns, a row a draft and tag, in file order: see `TAG_SCHEMA`.

    Examples:
        >>> list_tags([toolkit.load_drafts("examples/paypal-invoices.yaml")]).columns
        ['campaign', 'draft_id', 'tag', 'level']
    """
    rows = [
        (campaign.campaign, draft.id, factor, level)
        for campaign in campaigns
        for draft in campaign.drafts
        for factor, level in draft.tags
    ]
    return pl.DataFrame(rows, schema=TAG_SCHEMA, orient="row")


def compare_factor(
    reactions: pl.DataFrame | pl.LazyFrame, tags: pl.DataFrame, factor: str, *, measure: str = PRIMARY
) -> pl.DataFrame:
    """Return one row per pair of levels of a tag: B minus A over campaigns, with interval, verdict and spread.

    `reactions` are those of a run with the campaign of each, and optionally model and audience; `tags` is as
    `list_tags` makes it. A stands before B in `tags`. Columns are those of `FACTOR_SCHEMA`; differences, `tau` and ends
    of intervals are in units of the measure, which may be one of a question of one's own: shares of people for rates.

    Each persona's mean over the drafts of a level is compared within campaign, wording and model, of those who answered
    every tagged draft of the campaign; every campaign with both levels then counts the same, whatever its size. Others
    are in `campaigns_left_out` and change nothing else. Campaigns are a random factor, with as many degrees of freedom
    as they allow; so are the people and wordings that all of them share: see `toolkit.stats.studies.campaigns`. Several
    models or audiences are averaged, and the interval is for those.

    `p_adjusted` is Holm's over the pairs that have enough for a verdict; it is null for the others. `verdict` follows
    from it: "not enough" under 4 campaigns with both levels, 8 personas or 6 wordings, "too close to call" above 0.05,
    "unstable" if leaving out one campaign or one wording turns the sign, or if those whom the model refused could,
    otherwise "A" or "B". `tau` is the standard
    deviation of the true difference between campaigns, `predict_low` to `predict_high` holds that of a further one.
    `limited_by` says of what more would narrow the interval most: "campaigns", or "people" together with wordings.
    Raises InputError on an unknown factor or measure, on a factor of one level, on a missing column, and on two
    reactions of the same persona to a draft under one wording, repeat and model.

    Examples:
        >>> study = toolkit.load_study("studies/today")
        >>> compare_factor(study.reactions, study.tags(), "style")["verdict"].to_list()
        ['not enough']
    """
    found = _compare(reactions, tags, factor, measure)
    enough = [one.is_enough for one in found]
    p_values = [one.pooled.p_value if one.pooled else None for one in found]
    adjusted = corrections.holm([p if is_enough else None for p, is_enough in zip(p_values, enough, strict=True)])
    rows = [
        one.describe(factor, measure, None if np.isnan(p_adjusted) else float(p_adjusted))
        for one, p_adjusted in zip(found, adjusted, strict=True)
    ]
    return pl.DataFrame(rows, schema=FACTOR_SCHEMA, orient="row")


def list_effects(
    reactions: pl.DataFrame | pl.LazyFrame, tags: pl.DataFrame, factor: str, *, measure: str = PRIMARY
) -> pl.DataFrame:
    """Return what a forest plot shows: the difference in each campaign, over all, and in a further one.

    Takes what `compare_factor` does and raises what it does. Columns are those of `EFFECT_SCHEMA`. Rows are in the
    order of the levels, then of the campaigns' names; the mean and the further campaign come last. The interval of a
    campaign is that of its own people and wordings.

    Examples:
        >>> study = toolkit.load_study("studies/today")
        >>> list_effects(study.reactions, study.tags(), "style")["kind"].to_list()
        ['campaign', 'mean']
    """
    found = _compare(reactions, tags, factor, measure)
    rows = [{"factor": factor, "measure": measure, **row} for one in found for row in one.list_effects(measure)]
    return pl.DataFrame(rows, schema=EFFECT_SCHEMA, orient="row")


def say_factor(row: Mapping[str, Any]) -> str:
    """Return a row of `compare_factor` in sentences.

    Examples:
        >>> compared = toolkit.load_study("studies/today").compare("style")
        >>> say_factor(compared.row(0, named=True))
        'Not enough for a verdict, which takes 4 campaigns with both: ... over 1 campaign.'
    """
    a, b, count = row["level_a"], row["level_b"], row["campaigns"]
    left = row["campaigns_left_out"]
    skipped = f" {_count(left, 'campaign')} left out: they lack one of the two." if left else ""
    if not count or row["difference"] is None:
        return f"Not enough: no campaign has both {a} and {b}."
    size, ends = _Size(100.0, "points") if row["scale"] == 1.0 else _Size(1.0, f"on {row['measure']}"), ""
    sign = 1.0 if row["difference"] >= 0.0 else -1.0
    ahead, behind = (b, a) if sign > 0 else (a, b)
    if row["low"] is not None:
        ends = f" ({size.range(sign * row['low'], sign * row['high'])})"
    lead = f"{ahead} leads {behind} by {size.show(abs(row['difference']))}{ends} over {_count(count, 'campaign')}."
    headline = {
        "A": f"{a} does better: ",
        "B": f"{b} does better: ",
        "not enough": f"Not enough for a verdict, which takes {LEAST_CAMPAIGNS} campaigns with both: ",
    }.get(row["verdict"], f"{row['verdict'].capitalize()}: ")
    if row["verdict"] == "not enough" and count >= LEAST_CAMPAIGNS:
        least = f"{rules.LEAST_PERSONAS} people and {rules.LEAST_WORDINGS} wordings"
        headline = f"Not enough for a verdict, which takes {least}: "
    further = ""
    if row["predict_low"] is not None:
        further = (
            f" It varies by {size.show(row['tau'])} between campaigns; in a further one the panel would say "
            f"{size.range(sign * row['predict_low'], sign * row['predict_high'])}."
        )
    more = ""
    if row["verdict"] == "too close to call" and row["limited_by"] is not None:
        more = f" {_MORE[row['limited_by']]} would tell most."
    return f"{headline}{lead}{further}{more}{skipped}"


@dataclass(frozen=True, slots=True)
class _Size:
    """How differences of a measure are written: shares in points of a hundred, others as they are."""

    factor: float
    unit: str

    def show(self, value: float) -> str:
        """Return a size with its unit."""
        return f"{value * self.factor:.1f} {self.unit}"

    def range(self, one: float, other: float) -> str:
        """Return two ends, the lower one first."""
        low, high = sorted((one, other))
        return f"{low * self.factor:+.1f} to {high * self.factor:+.1f}"


def _find_limit(found: pooling.CampaignMean) -> str | None:
    """Return what makes most of the uncertainty, and so of what more would narrow the interval."""
    if found.shared is None or not found.standard_error:
        return None
    return "people" if found.shared > found.standard_error**2 / 2.0 else "campaigns"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class _Pair:
    """Two levels of a factor over the campaigns that have both."""

    level_a: str
    level_b: str
    cells: pl.DataFrame
    """A row a campaign, persona and wording: difference and weight, sorted."""
    names: tuple[str, ...]
    """Of the campaigns, sorted."""
    drafts: Mapping[str, int]
    """How many of these levels each campaign has."""
    campaigns: int
    """How many the study has."""
    pooled: pooling.CampaignMean | None
    span: float
    holds_refusals: bool
    """Whether the sign stays whatever those would have done whose reactions the model refused."""

    @property
    def is_enough(self) -> bool:
        """Whether there is enough for a verdict."""
        found = self.pooled
        return (
            found is not None
            and found.p_value is not None
            and found.campaigns >= LEAST_CAMPAIGNS
            and found.units >= rules.LEAST_PERSONAS
            and found.clusters >= rules.LEAST_WORDINGS
        )

    def describe(self, factor: str, measure: str, p_adjusted: float | None) -> dict[str, Any]:
        """Return the row of the pair."""
        found = self.pooled
        row = {
            "factor": factor,
            "level_a": self.level_a,
            "level_b": self.level_b,
            "measure": measure,
            "p_adjusted": p_adjusted,
            "verdict": self._judge(p_adjusted),
            "campaigns": len(self.names),
            "campaigns_left_out": self.campaigns - len(self.names),
            "drafts": sum(self.drafts[name] for name in self.names),
            "personas": 0 if found is None else found.units,
            "scale": self.span,
        }
        if found is None:
            return row
        low, high = self._limit(found)
        return row | {
            "difference": found.estimate,
            "low": low,
            "high": high,
            "p_value": found.p_value,
            "tau": found.tau,
            "predict_low": self._clip(found.predict_low),
            "predict_high": self._clip(found.predict_high),
            "limited_by": _find_limit(found),
        }

    def _judge(self, p_adjusted: float | None) -> str:
        found = self.pooled
        if found is None or not self.is_enough or p_adjusted is None:
            return "not enough"
        if p_adjusted > rules.SIGNIFICANCE:
            return "too close to call"
        if not (found.holds and self.holds_refusals):
            return "unstable"
        return "B" if found.estimate > 0.0 else "A"

    def list_effects(self, measure: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a forest plot, without what all of them share."""
        found = self.pooled
        if found is None:
            return
        levels = {"level_a": self.level_a, "level_b": self.level_b}
        for (name,), cells in self.cells.group_by("campaign", maintain_order=True):
            weights = cells["weight"].to_numpy()
            interval = intervals.cluster_mean(
                cells["difference"].to_numpy(), weights, cells["wording"].to_numpy(), cells["unit"].to_numpy()
            )
            people = cells.group_by("unit").agg(pl.col("weight").first())["weight"].to_numpy()
            interval = intervals.limit_difference(interval, intervals.effective_size(people), span=self.span)
            ends = {"difference": interval.estimate, "low": interval.low, "high": interval.high}
            counts = {"drafts": self.drafts[str(name)], "personas": interval.units}
            yield {**levels, "kind": "campaign", "campaign": name, **ends, **counts}
        row = self.describe("", measure, None)
        counts = {"drafts": row["drafts"], "personas": row["personas"]}
        ends = {"difference": row["difference"], "low": row["low"], "high": row["high"]}
        yield {**levels, "kind": "mean", "campaign": MEAN, **ends, **counts}
        if row["predict_low"] is not None:
            ends = {"difference": row["difference"], "low": row["predict_low"], "high": row["predict_high"]}
            yield {**levels, "kind": "further", "campaign": FURTHER, **ends, **counts}

    def _limit(self, found: pooling.CampaignMean) -> tuple[float | None, float | None]:
        """Return the interval inside the scale; if nothing varies, as wide as so few campaigns leave it."""
        whole = intervals.Interval(
            found.estimate, found.low, found.high, found.standard_error, found.degrees, found.p_value,
            clusters=found.campaigns, units=found.units,
        )  # fmt: skip
        limited = intervals.limit_difference(whole, float(found.campaigns), span=self.span)
        return limited.low, limited.high

    def _clip(self, end: float | None) -> float | None:
        return None if end is None else min(max(end, -self.span), self.span)


def _compare(reactions: pl.DataFrame | pl.LazyFrame, tags: pl.DataFrame, factor: str, measure: str) -> list[_Pair]:
    """Return every pair of levels of a factor, in the order of the tags."""
    chosen = _choose_tags(tags, factor)
    levels = chosen["level"].unique(maintain_order=True).to_list()
    rows = _select_rows(reactions, measure)
    campaigns = rows["campaign"].n_unique()
    tagged = _keep_common(rows.join(chosen.select("campaign", "draft_id", "level"), on=["campaign", "draft_id"]))
    refused = _select_refused(reactions) if measure in RATES else None
    refusals = None if refused is None else Refusals.find(tagged, rows, refused)
    drafts = tagged.group_by("campaign", "level").agg(pl.col("draft_id").n_unique())
    keys = ["campaign", *_UNIT, "wording"]
    cells = (
        tagged.drop_nulls("value")
        .group_by(*keys, "level")
        .agg(pl.col("value").mean(), pl.col("weight").mean())
        .sort(*keys, "level")
    )
    of_level = {level: cells.filter(pl.col("level") == level).drop("level") for level in levels}
    span = _find_span(reactions, measure, cells["value"])
    found = []
    for level_a, level_b in itertools.combinations(levels, 2):
        a, b = of_level[level_a], of_level[level_b].drop("weight")
        paired = a.join(b, on=keys, suffix="_b", nulls_equal=True).sort(keys)
        counted = drafts.filter(pl.col("level").is_in([level_a, level_b])).group_by("campaign")
        found.append(
            _pool(
                _weigh(paired),
                (level_a, level_b),
                dict(counted.agg(pl.col("draft_id").sum()).iter_rows()),
                campaigns,
                span,
                refusals,
            )
        )
    return found


def _find_span(reactions: pl.DataFrame | pl.LazyFrame, measure: str, values: pl.Series) -> float:
    """Return the most that levels can differ by; of a number without bounds three times as far as what was said."""
    frame = reactions.lazy()
    ends = reaction_rows.find_ranges(frame, frame.collect_schema(), [measure])[measure]
    if ends is not None:
        return ends[1] - ends[0]
    known = values.drop_nulls().to_list()
    return 3.0 * (max(known) - min(known)) if known and max(known) > min(known) else 1.0


def _pool(
    cells: pl.DataFrame,
    levels: tuple[str, str],
    drafts: Mapping[str, int],
    campaigns: int,
    span: float,
    refusals: Refusals | None,
) -> _Pair:
    names = tuple(cells["campaign"].unique().sort().to_list())
    pooled, holds = None, True
    if cells.height:
        columns = ("difference", "weight", "campaign_number", "wording", "unit")
        numbered = cells.with_columns(campaign_number=pl.col("campaign").rank("dense"))
        pooled = pooling.mean_over_campaigns(*(numbered[name].to_numpy() for name in columns))
        means = dict(zip(names, pooled.means, strict=True))
        holds = refusals is None or refusals.hold(levels, means, pooled.estimate)
    return _Pair(levels[0], levels[1], cells, names, drafts, campaigns, pooled, span, holds)


def _weigh(paired: pl.DataFrame) -> pl.DataFrame:
    """Return differences with people numbered, and with weights of which each audience has one a person on average."""
    weighed = paired.filter(pl.col("weight") > 0).with_columns(
        weight=pl.col("weight") / pl.col("weight").mean().over("campaign", "audience"),
        unit=pl.concat_str(pl.col("audience").fill_null(""), pl.lit("\n"), "persona_id").rank("dense"),
        difference=pl.col("value_b") - pl.col("value"),
    )
    return weighed.select("campaign", "unit", "wording", "difference", "weight")


def _choose_tags(tags: pl.DataFrame, factor: str) -> pl.DataFrame:
    """Return the rows of one factor; InputError if there is none, or if it has one level alone."""
    missing = [name for name in TAG_SCHEMA if name not in tags.columns]
    if missing:
        raise InputError(f"tags lack the column {missing[0]!r}; needed: {', '.join(TAG_SCHEMA)}")
    known = tags["tag"].unique(maintain_order=True).to_list()
    if not known:
        raise InputError("no draft has a tag; write tags such as `tags: {style: question}` beside the text of drafts")
    if factor not in known:
        raise InputError(f"no draft has the tag {factor!r}{suggest(str(factor), known)}; tags: {', '.join(known)}")
    chosen = tags.filter(pl.col("tag") == factor).select(pl.col(name).cast(kind) for name, kind in TAG_SCHEMA.items())
    chosen = chosen.unique(maintain_order=True)
    for campaign, draft in (
        chosen.filter(chosen.select("campaign", "draft_id").is_duplicated()).select("campaign", "draft_id").iter_rows()
    ):
        raise InputError(f"draft {draft!r} of {campaign} has two levels of {factor}; give it one")
    levels = chosen["level"].unique(maintain_order=True).to_list()
    if len(levels) < len(("one", "other")):
        raise InputError(f"all drafts with the tag {factor!r} are {levels[0]!r}; a comparison needs two levels")
    return chosen


def _select_rows(reactions: pl.DataFrame | pl.LazyFrame, measure: str) -> pl.DataFrame:
    """Return the answers of people with the one measure; only the columns that it takes are read."""
    frame = reactions.lazy()
    schema = frame.collect_schema()
    if "campaign" not in schema:
        raise InputError("reactions lack the column 'campaign'; give those of a study, or of runs with campaigns")
    (expression,) = reaction_rows.express_measures(schema, measure).values()
    usable = reaction_rows.filter_usable(frame, schema)
    rows = usable.select(*_name_columns(schema), expression.cast(pl.Float64).alias("value")).collect(engine="streaming")
    if not rows.height:
        raise InputError("no reaction can be used; see the failed and refused counts")
    twice = rows.filter(rows.select(*PLACE, "draft_id").is_duplicated()).head(1)
    for row in twice.iter_rows(named=True):
        place = ", ".join(f"{name} {row[name]!r}" for name in (*PLACE, "draft_id") if row[name] is not None)
        raise InputError(f"two reactions share {place}; keep one, or give draws of one draft a repeat each")
    return rows


def _name_columns(schema: pl.Schema) -> list[pl.Expr]:
    """Return the columns of who was asked about what; model and audience are null where the reactions lack them."""
    optional = (pl.col(name) if name in schema else pl.lit(None).alias(name) for name in ("model", "audience"))
    return [
        pl.col("campaign", "draft_id", "persona_id").cast(pl.String),
        *(column.cast(pl.String) for column in optional),
        pl.col("wording", "repeat").cast(pl.Int64),
        pl.col("weight").cast(pl.Float64),
    ]


def _select_refused(reactions: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame | None:
    """Return whom the model refused on which draft; None if the reactions do not tell."""
    frame = reactions.lazy()
    schema = frame.collect_schema()
    if "status" not in schema:
        return None
    is_refused = (pl.col("status") == "refused") & (pl.col("persona_id") != records.CONTROL)
    return frame.filter(is_refused).select(_name_columns(schema)).collect(engine="streaming")


def _keep_common(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the answers of whoever answered every tagged draft of a campaign; all of it, if nobody did."""
    counted = rows.with_columns(
        answered=pl.col("draft_id").n_unique().over(PLACE), wanted=pl.col("draft_id").n_unique().over("campaign")
    ).with_columns(is_whole=pl.col("answered") == pl.col("wanted"))
    return counted.filter(pl.col("is_whole") | ~pl.col("is_whole").any().over("campaign"))


def choose_levels(tags: pl.DataFrame, factor: str) -> Sequence[str]:
    """Return the levels of a factor in the order of the tags; raises InputError as `compare_factor` does."""
    levels: list[str] = _choose_tags(tags, factor)["level"].unique(maintain_order=True).to_list()
    return levels
