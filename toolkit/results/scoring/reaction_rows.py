"""Reactions of any origin as a lazy frame of usable rows, read a draft at a time where they are many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from toolkit.errors import ArgumentKind, InputError, suggest
from toolkit.models import MEASURES, records
from toolkit.stats import intervals

RATES = ("stop_rate", "objective_rate", "negative_rate")
PRIMARY = "objective_rate"
WHOLE = "all"
ANSWER = "answer_"
"""Begins the column of the answers to a question of one's own."""
RATING_SCALE = (1.0, 5.0)
ROWS_AT_ONCE = 2_000_000
"""Reactions up to this number are held in memory; more are read again from their source, draft by draft."""

_OVER_CAMPAIGNS = "compare each campaign by itself, or a tag of the drafts over all of them with study.compare('style')"
_KEY = ("draft_id", "persona_id", "wording", "repeat")
_OUTCOMES = (
    "draft_id", "weight", "fold_text", "stopped", "action", "verbatim", "objection", "prompt_tokens",
    "completion_tokens", "cost_usd", "latency_ms", "status", "error",
)  # fmt: skip
By: TypeAlias = str | Sequence[str] | None
"""A segment key, a column, or several of them; None for the whole audience."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The usable reactions: identity, weight, segment value and one number per measure."""

    frame: pl.LazyFrame
    """Rows without the segment asked for have a null value; they count as rows and enter nothing."""
    measures: tuple[str, ...]
    drafts: tuple[str, ...]
    """In the order given, else in row order where all personas share one, else by name."""
    values: tuple[str, ...]
    """Of the segment asked for, sorted."""


def select_rows(
    reactions: pl.DataFrame | pl.LazyFrame,
    by: By,
    drafts: Sequence[str] | None,
    measure: str | None = None,
) -> Rows:
    """Return the usable rows with all their measures, or with one; only the columns that takes are read."""
    frame = reactions.lazy()
    schema = frame.collect_schema()
    wanted = express_measures(schema, measure)
    rows = filter_usable(frame, schema).select(
        *_KEY,
        "weight",
        segment_value(schema, by).alias("value"),
        *(expression.cast(pl.Float64).alias(name) for name, expression in wanted.items()),
    )
    if rows.select(pl.len()).collect(engine="streaming").item() <= ROWS_AT_ONCE:
        rows = rows.collect(engine="streaming").lazy()
    values = rows.select(pl.col("value").unique().drop_nulls().sort()).collect(engine="streaming")["value"].to_list()
    return Rows(rows, tuple(wanted), tuple(_order_drafts(rows, drafts)), tuple(values))


def check_names(reactions: pl.LazyFrame, drafts: Sequence[str] | None, *, compared: bool = False) -> None:
    """Refuse a draft of which the reactions have no row, and an objective that is no action.

    If the drafts are `compared` on the objective, also refuse more than one objective.
    """
    schema = reactions.collect_schema()
    _check_columns(schema)
    if drafts is not None:
        present = _list_distinct(reactions, "draft_id")
        for draft in drafts:
            if draft not in present:
                near = suggest(str(draft), present)
                raise InputError(f"no draft {draft!r}{near}; the reactions are to: {', '.join(present)}")
    objectives = _list_distinct(reactions, "objective")
    if compared and len(objectives) > 1:
        of_drafts = reactions if drafts is None else reactions.filter(pl.col("draft_id").is_in(list(drafts)))
        if len(apart := _list_distinct(of_drafts, "objective")) > 1:
            raise InputError(f"the drafts have different objectives ({', '.join(apart)}); compare those that share one")
    unknown = [objective for objective in objectives if objective not in records.ACTIONS]
    if unknown:
        actions = _list_distinct(reactions, "action")
        for objective in unknown:
            if objective not in actions:
                near, allowed = suggest(str(objective), records.OBJECTIVES), ", ".join(records.OBJECTIVES)
                raise InputError(f"no action is the objective {objective!r}{near}; allowed: {allowed}")


def check_campaigns(reactions: pl.LazyFrame, drafts: Sequence[str] | None) -> None:
    """Refuse a draft id that stands in several campaigns: with people as the only chance, nothing wins too often."""
    if "campaign" not in reactions.collect_schema() or len(_list_distinct(reactions, "campaign")) < len(
        ("one", "other")
    ):
        return
    of_drafts = reactions if drafts is None else reactions.filter(pl.col("draft_id").is_in(list(drafts)))
    counted = of_drafts.group_by("draft_id").agg(pl.col("campaign").drop_nulls().n_unique())
    several = counted.filter(pl.col("campaign") > 1).sort("draft_id").head(1)
    for draft, count in several.collect(engine="streaming").iter_rows():
        raise InputError(f"draft {draft!r} is of {count} campaigns; {_OVER_CAMPAIGNS}")


def _list_distinct(reactions: pl.LazyFrame, column: str) -> list[str]:
    """Return the distinct texts of a column, sorted."""
    distinct = reactions.select(pl.col(column).cast(pl.String).unique()).collect(engine="streaming")
    return distinct[column].drop_nulls().sort().to_list()


def select_control(reactions: pl.DataFrame) -> pl.DataFrame:
    """Return the control reader's reactions, each wording as a reader of its own."""
    return reactions.filter(pl.col("persona_id") == records.CONTROL).with_columns(
        persona_id=pl.format("reader-{}", "wording"), weight=pl.lit(1.0)
    )


def split_control(reactions: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the reactions of personas and those of the control reader; a run has the latter at its end."""
    of_control = (reactions["persona_id"] == records.CONTROL).fill_null(value=False)
    count = int(of_control.sum())
    if not count:
        return reactions, reactions.clear()
    people = reactions.height - count
    if of_control.tail(count).all():
        return reactions.head(people), reactions.tail(count)  # views: nothing is copied
    return reactions.filter(~of_control), reactions.filter(of_control)


def load_cells(rows: Rows, draft: str) -> pl.DataFrame:
    """Return one row per persona and wording of a draft, sorted: the persona is the unit, so repeats count once.

    `unit` numbers the personas, `<measure>_reactions` counts what each mean is made of.
    """
    of_draft = rows.frame.filter(pl.col("draft_id") == draft)
    cells = (
        of_draft.group_by("persona_id", "wording", "value")
        .agg(
            pl.col("weight").mean(),
            pl.len().alias("rows"),
            pl.col("repeat").n_unique().alias("repeats"),
            pl.col(rows.measures).mean(),
            *(pl.col(name).count().alias(f"{name}_reactions") for name in rows.measures),
        )
        .sort("persona_id", "wording", "value")
        .collect(engine="streaming")
    )
    place = pl.col("persona_id", "wording")
    split = cells.select(pl.all_horizontal(place == place.shift()).any()).item() if cells.height > 1 else False
    if split or (cells["rows"] != cells["repeats"]).any():
        check_distinct(of_draft)
    return cells.filter(pl.col("value").is_not_null()).with_columns(unit=pl.col("persona_id").rle_id().cast(pl.Int64))


def check_distinct(rows: pl.LazyFrame) -> None:
    """Refuse two rows of one draft, persona, wording and repeat."""
    found = rows.select(_KEY).group_by(_KEY).len().filter(pl.col("len") > 1).sort(_KEY).head(1)
    for row in found.collect(engine="streaming").iter_rows(named=True):
        place = ", ".join(f"{name} {row[name]!r}" for name in _KEY)
        raise InputError(
            f"two reactions share {place}; keep one. Draws of one draft have a repeat each; if these are of several "
            f"campaigns, {_OVER_CAMPAIGNS}"
        )


def count_effective(cells: pl.DataFrame) -> float:
    """Return the effective number of personas in rows of equal weight per persona."""
    return intervals.effective_size(cells.group_by("persona_id").agg(pl.col("weight").first())["weight"].to_numpy())


def filter_usable(frame: pl.LazyFrame, schema: pl.Schema) -> pl.LazyFrame:
    """Return the rows that count: answers of personas."""
    usable = (pl.col("persona_id") != records.CONTROL) & pl.col("action").is_not_null()
    return frame.filter(usable & (pl.col("status") == "ok") if "status" in schema else usable)


def express_measures(schema: pl.Schema, measure: str | None = None) -> dict[str, pl.Expr]:
    """Return how each measure that the columns allow, or one of them, is made from them."""
    _check_columns(schema)
    rates = (
        pl.col("stopped"),
        (pl.col("action") == pl.col("objective"))
        | ((pl.col("objective") == "read") & pl.col("action").is_in(records.READING)),
        pl.col("action").is_in(records.NEGATIVE),
    )
    ratings = {name: pl.col(f"rating_{name}") for name in MEASURES if f"rating_{name}" in schema}
    known = dict(zip(RATES, rates, strict=True)) | ratings | _express_answers(schema)
    if measure is not None and measure not in known:
        raise InputError(f"unknown measure {measure!r}{suggest(measure, list(known))}; allowed: {', '.join(known)}")
    return known if measure is None else {measure: known[measure]}


def _express_answers(schema: pl.Schema) -> dict[str, pl.Expr]:
    """Return how the measures of questions of one's own are made: ID, or ID=OPTION for each option of a choice."""
    found: dict[str, pl.Expr] = {}
    for column, kind in schema.items():
        if not column.startswith(ANSWER):
            continue
        name = column.removeprefix(ANSWER)
        if kind.is_numeric() or kind == pl.Boolean:
            found[name] = pl.col(column)
            shares = schema.get(f"pmf_{name}")
            if isinstance(shares, pl.Array):
                upper = pl.col(f"pmf_{name}").arr.to_list().list.slice((shares.size + 1) // 2)
                found[f"{name}{records.UPPER}"] = upper.list.sum()
        elif isinstance(chosen := schema.get(f"chosen_{name}"), pl.Struct):
            options = pl.col(f"chosen_{name}").struct
            found |= {f"{name}={field.name}": options.field(field.name) for field in chosen.fields}
    return found


def list_numbers(schema: pl.Schema) -> list[str]:
    """Return the questions of one's own that are answered with a number, which is no place on a scale."""
    names = [
        name.removeprefix(ANSWER) for name, kind in schema.items() if name.startswith(ANSWER) and kind.is_numeric()
    ]
    return [name for name in names if f"pmf_{name}" not in schema]


def find_ranges(
    frame: pl.LazyFrame, schema: pl.Schema, measures: Iterable[str]
) -> dict[str, tuple[float, float] | None]:
    """Return the least and the most that measures can be; None for a number without bounds."""
    bounded = [name for name in list_numbers(schema) if f"bounds_{name}" in schema]
    firsts = frame.select(pl.col(f"bounds_{name}").drop_nulls().first().alias(name) for name in bounded)
    known = firsts.collect(engine="streaming").row(0, named=True) if bounded else {}
    bounds = {name: tuple(map(float, ends)) if ends is not None else None for name, ends in known.items()}
    return {name: _find_range(schema, name, bounds) for name in measures}


def _find_range(schema: pl.Schema, measure: str, bounds: Mapping[str, Any]) -> tuple[float, float] | None:
    if measure in RATES:
        return (0.0, 1.0)
    if f"rating_{measure}" in schema:
        return RATING_SCALE
    shares = schema.get(f"pmf_{measure}")
    if isinstance(shares, pl.Array):
        return (1.0, float(shares.size))
    is_number = schema.get(f"{ANSWER}{measure}", pl.Boolean()).is_numeric()
    return bounds.get(measure) if is_number else (0.0, 1.0)


def _check_columns(schema: pl.Schema) -> None:
    needed = (*_KEY, "weight", "segments", "stopped", "action", "objective")
    missing = [name for name in needed if name not in schema]
    if missing:
        raise InputError(f"reactions lack the column {missing[0]!r}; needed: {', '.join(needed)}")


def name_by(by: By) -> str:
    """Return what a table says it is split by: the name, several with commas between them, "all" for nothing."""
    return WHOLE if by is None else by if isinstance(by, str) else ", ".join(by)


def settle_by(by: By) -> str | tuple[str, ...] | None:
    """Return `by` as one name, several, or None for the whole audience; a list of one name is that name."""
    if by is None or isinstance(by, str):
        return by
    names = tuple(by)
    return names[0] if len(names) == 1 else names or None


def segment_value(schema: pl.Schema, by: By) -> pl.Expr:
    """Return the value of a segment key or a column, of several with commas between them; "all" without one.

    A reaction that lacks one of several values has none. Raises InputError for what the reactions lack, and for what
    people did, such as their action: a table split by that compares nobody with nobody.
    """
    settled = settle_by(by)
    if settled is None:
        return pl.lit(WHOLE)
    if isinstance(settled, str):
        return _find_value(schema, settled)
    return pl.concat_str([_find_value(schema, name) for name in settled], separator=", ")


def _find_value(schema: pl.Schema, name: str) -> pl.Expr:
    fields = schema["segments"]
    keys = [field.name for field in fields.fields] if isinstance(fields, pl.Struct) else []
    if name in keys:
        return pl.col("segments").struct.field(name).cast(pl.String)
    plain = [column for column, kind in schema.items() if not kind.is_nested() and not _is_outcome(column)]
    if name in plain:
        return pl.col([name]).cast(pl.String)  # in a list it is a name, never a pattern
    if name in schema:
        why = "it is what people did or said" if _is_outcome(name) else "it holds several values a row"
        raise InputError(f"by={name!r}: {why}, which splits no audience; choose one of: {', '.join([*keys, *plain])}")
    near = suggest(name, [*keys, *plain])
    raise InputError(
        f"no segment key {name!r}{near}; this audience has: {', '.join(keys) or 'none'}; "
        f"columns that split, too: {', '.join(plain)}"
    )


def _is_outcome(column: str) -> bool:
    """Whether a column says what came of a reaction, or repeats what every row of a table has."""
    return column in _OUTCOMES or column.startswith(("rating_", "pmf_", "says_", "answer_"))


def _order_drafts(rows: pl.LazyFrame, drafts: Sequence[str] | None) -> list[str]:
    """Return the drafts in the order given, else in row order where all personas share one, else by name."""
    numbered = rows.select("draft_id", "persona_id").with_row_index("place")
    firsts = numbered.group_by("draft_id").agg(pl.col("place").min()).sort("place").collect(engine="streaming")
    present = firsts["draft_id"].to_list()
    if drafts is not None:
        return [draft for draft in drafts if draft in set(present)]
    places = numbered.group_by("persona_id").agg(
        pl.when(pl.col("draft_id") == draft).then("place").min().alias(str(number))
        for number, draft in enumerate(present)
    )
    seen = places.drop("persona_id").collect(engine="streaming")
    latest = np.full(seen.height, -1.0)
    for column in seen:
        place = column.cast(pl.Float64).to_numpy()
        if (place < latest).any():
            return sorted(present)
        latest = np.fmax(latest, place)
    return present


def _is_by(value: object) -> bool:
    several = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    names = list(value) if isinstance(value, Sequence) and several else [value]
    return value is None or (bool(names) and all(isinstance(name, str) for name in names))


SEGMENT = ArgumentKind("the name of a segment key or a column, or a list of them", _is_by)
"""What `by` may be."""
A_SPLIT = ArgumentKind(SEGMENT.wanted, lambda value: value is not None and _is_by(value))
"""What `by` may be where a table cannot do without it."""
