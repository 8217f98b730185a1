"""Some people of a table too large to hold: rows are ranked as they stream past, and only those drawn are read."""

from __future__ import annotations

import hashlib
import importlib.util
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from toolkit.audiences.importing import Making, check_names, choose_own, make_people_of
from toolkit.audiences.sampling import check_key, check_quotas, check_sample, make_salt
from toolkit.errors import InputError, name_option
from toolkit.files import tables
from toolkit.models import Audience

MANY = 100_000
"""Rows from which on a run draws its sample while reading."""
_ABOVE_ALL = "g"
"""Sorts after every hexadecimal number."""
_LINE, _NUMBER, _RANK, _WEIGHT, _GROUP = "\x00line", "\x00number", "\x00rank", "\x00weight", "\x00group"
"""Working columns; no file names its own so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Whom to draw: `sample` people of all, or of each value of segment `key` its quota."""

    seed: int
    sample: int | None = None
    key: str | None = None
    quotas: Mapping[str, int] | None = None
    only_from: int = 0
    """Rows from which on to draw while reading; smaller tables are loaded whole."""
    several: bool = False
    """Whether the audience is one of several of a run, which puts the audience's name before each id."""


def count_rows(path: Path) -> int:
    """Return how many rows a Parquet file has; 0 where it is none, for whoever reads it to say why."""
    try:
        return int(pl.scan_parquet(path).select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError):
        return 0


def peek_rows(path: Path, most: int) -> list[tables.Row]:
    """Return the first rows of a Parquet file."""
    rows = _collect(path, pl.scan_parquet(path).head(most))
    return [tables.Row(line, tables.drop_empty(cells)) for line, cells in enumerate(rows.iter_rows(named=True), 1)]


def draw_people(path: Path, making: Making, fields: Mapping[str, Any], draw: Draw) -> Audience:
    """Return those drawn of a Parquet file of any size, in file order; arguments as for `make_people`.

    The same people as `draw_sample` and `fill_quotas` draw from a file that is loaded: the first of each group by
    SHA-256 of seed and id, weights scaled to the sum of the group. Rows that are not drawn are checked for their weight
    alone. Raises InputError as those do.
    """
    schema = _run(path, lambda: pl.scan_parquet(path).collect_schema())
    if making.where is not None:
        named = name_option("where")
        raise InputError(f"{path}: {named} does not go with a draw of a .parquet file; filter the file first")
    own = choose_own(making.columns, schema.names())
    check_names(path, schema.names(), [*making.segments, *filter(None, making.columns.values())])
    if draw.key is not None:
        check_key(draw.key, sorted(making.segments))
    table = pl.scan_parquet(path).with_row_index(_LINE, 1)
    if _may_hold_empty_rows(path, schema):
        table = table.filter(pl.any_horizontal(_is_filled(name, schema) for name in schema.names()))
    salt = make_salt(draw.seed) + (f"{fields.get('audience', path.stem)}/" if draw.several else "")
    table = table.with_row_index(_NUMBER, 1).with_columns(
        _weigh(own["weight"], schema).alias(_WEIGHT),
        (pl.lit(None, pl.String) if draw.key is None else pl.col(draw.key)).alias(_GROUP),
    )
    groups = _collect(path, table.group_by(_GROUP).agg(pl.len().alias("people"), pl.col(_WEIGHT).sum(), _find_wrong()))
    _check_weights(path, groups["wrong"].min())
    quotas, totals = _settle_quotas(draw, groups)
    drawn = _draw(path, table.with_columns(_rank(salt, own["id"], schema)), groups, quotas)
    return _make_audience(path, drawn, totals, making, fields)


def _settle_quotas(draw: Draw, groups: pl.DataFrame) -> tuple[dict[str, int], dict[str, float]]:
    """Return how many of each group to draw and the weight of all of it; raise InputError where there are fewer."""
    there: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for value, people, weight in groups.select(_GROUP, "people", _WEIGHT).iter_rows():
        there[_say(value)] += people
        totals[_say(value)] += weight
    if draw.key is not None:
        check_quotas(draw.key, draw.quotas or {}, there)
        return dict(draw.quotas or {}), dict(totals)
    wanted = draw.sample or 0
    wanted = min(wanted, there.total()) if draw.several else wanted
    check_sample(wanted, there.total())
    return {_say(None): wanted}, dict(totals)


def _draw(path: Path, ranked: pl.LazyFrame, groups: pl.DataFrame, quotas: Mapping[str, int]) -> pl.DataFrame:
    """Return the rows drawn, in file order.

    Ranks are uniform, so the first k of n lie almost surely under a little more than k/n of their range: one pass keeps
    what lies there. Where a group is not filled by it, a second pass keeps everybody of the groups asked for.
    """
    of_group = {value: _are(groups, value) for value in quotas}
    people = {value: int(groups.filter(alike)["people"].sum()) for value, alike in of_group.items()}
    cutoff = max(_cut(count, people[value]) for value, count in quotas.items())
    for limit in (cutoff, _ABOVE_ALL):
        kept = _collect(path, ranked.filter(pl.any_horizontal(of_group.values()) & (pl.col(_RANK) < limit)))
        parts = [kept.filter(of_group[value]).bottom_k(count, by=[_RANK, _LINE]) for value, count in quotas.items()]
        if all(part.height == count for part, count in zip(parts, quotas.values(), strict=True)):
            break
    return pl.concat(parts).sort(_LINE)


def _are(groups: pl.DataFrame, value: str) -> pl.Expr:
    """Return whether a row is of a group, by everything that a cell of it may hold."""
    cells = [cell for cell in groups[_GROUP] if _say(cell) == value]
    return pl.col(_GROUP).is_in(pl.Series(cells, dtype=groups.schema[_GROUP]).implode(), nulls_equal=True)


def _cut(count: int, people: int) -> str:
    """Return the hexadecimal rank under which `count` of `people` lie but once in a billion draws."""
    share = (count + 6 * count**0.5 + 20) / people
    return f"{int(share * 16**8):08x}" if share < 1 else _ABOVE_ALL


def _make_audience(
    path: Path, drawn: pl.DataFrame, totals: Mapping[str, float], making: Making, fields: Mapping[str, Any]
) -> Audience:
    numbered, groups, held = [], [], Counter[str]()
    for cells in drawn.drop(_RANK).iter_rows(named=True):
        groups.append(_say(cells.pop(_GROUP)))
        held[groups[-1]] += cells.pop(_WEIGHT)
        numbered.append((cells.pop(_NUMBER), tables.Row(cells.pop(_LINE), tables.drop_empty(cells))))
    audience = make_people_of(path, numbered, replace(making, strict=True), fields)
    personas = tuple(
        persona.model_copy(update={"weight": persona.weight * totals[group] / held[group]})
        for persona, group in zip(audience.personas, groups, strict=True)
    )
    return audience.model_copy(update={"personas": personas})


def _may_hold_empty_rows(path: Path, schema: pl.Schema) -> bool:
    """Tell whether every column lacks something somewhere; text may be empty in more ways than null."""
    plain = [name for name in schema.names() if schema[name] != pl.String]
    nulls = _collect(path, pl.scan_parquet(path).select(pl.col(plain).null_count())) if plain else None
    return nulls is None or min(nulls.row(0)) > 0


def _is_filled(name: str, schema: pl.Schema) -> pl.Expr:
    there = pl.col(name).is_not_null()
    return there & (pl.col(name).str.len_bytes() > 0) if schema[name] == pl.String else there


def _weigh(name: str, schema: pl.Schema) -> pl.Expr:
    """Return each row's weight: 1 where it has none, -1 where it says something else than a finite number."""
    if name not in schema:
        return pl.lit(1.0)
    number = pl.col(name).cast(pl.Float64, strict=False)
    finite = pl.when(number.is_finite()).then(number).otherwise(-1.0)
    return pl.when(_is_filled(name, schema)).then(finite).otherwise(1.0)


def _find_wrong() -> pl.Expr:
    """Return the first line whose weight is not above 0."""
    return pl.col(_LINE).filter(pl.col(_WEIGHT) <= 0).min().alias("wrong")


def _check_weights(path: Path, line: Any) -> None:
    if line is not None:
        raise InputError(f"{path}:{line}: weight is no number above 0; correct the row")


def _rank(salt: str, column: str, schema: pl.Schema) -> pl.Expr:
    """Return the SHA-256 of salt and persona id, hexadecimal; Polars' own hash may change with its version."""
    person = pl.concat_str(pl.lit("p"), pl.col(_NUMBER).cast(pl.String).str.zfill(3))
    if column in schema:
        given = pl.col(column).cast(pl.String).str.strip_chars()
        person = pl.when(_is_filled(column, schema)).then(given).otherwise(person)
    named = pl.concat_str(pl.lit(salt), person)
    if importlib.util.find_spec("polars_hash") is None:
        return named.map_batches(_hash_all, return_dtype=pl.String, is_elementwise=True).alias(_RANK)
    from polars_hash import CryptographicHashingNameSpace  # the same on all cores: of the extra `survey`

    return CryptographicHashingNameSpace(named).sha2_256().alias(_RANK)


def _hash_all(names: pl.Series) -> pl.Series:
    return pl.Series([hashlib.sha256(name).hexdigest() for name in names.cast(pl.Binary)], dtype=pl.String)


def _say(value: Any) -> str:
    return "unknown" if value is None or value == "" else str(value)


def _collect(path: Path, table: pl.LazyFrame) -> pl.DataFrame:
    frame: pl.DataFrame = _run(path, lambda: table.collect(engine="streaming"))
    return frame


def _run(path: Path, work: Any) -> Any:
    try:
        return work()
    except (pl.exceptions.PolarsError, OSError) as error:
        said = " ".join(str(error).split())[:160]
        raise InputError(f"{path}: not a readable .parquet table: {said}; export it again") from None
