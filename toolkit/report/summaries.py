"""What reactions come to in words and shares, for whoever shows them: a page, a report, a terminal."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Mapping, Sequence

import polars as pl
from polars import selectors

from toolkit.drafts.preview import Highlight, find_highlights
from toolkit.files import normalising
from toolkit.models import MEASURES, Audience, Draft, Record, records
from toolkit.questionnaire import Reaction
from toolkit.report.answers import flatten_answers
from toolkit.report.blocks import Funnel, ObjectionBlock, Step, Voice
from toolkit.results.scoring import PRIMARY, columns, deciding
from toolkit.stats import lexical

_NAMED = 6
WOULD = {
    "read": "read {}",
    "react": "react to {}",
    "click": "tap {}",
    "reply": "reply to {}",
    "share": "share {}",
    "save": "save {}",
}
"""What reaching an objective is called, with a place for the draft."""
DID = {
    "read": "read it",
    "react": "reacted to it",
    "click": "tapped it",
    "reply": "replied",
    "share": "shared it",
    "save": "saved it",
}
_DEEDS = {**DID, "scroll_past": "scrolled past", "hide": "hid it", "report": "reported it"}
_PERSONA = ("id", "name", "age", "weight", "about")
_FORMULA_START = r"^[=+\-@\t\r]"


def share_actions(reactions: pl.DataFrame, drafts: Sequence[str]) -> pl.DataFrame:
    """Return draft_id, action, share (0 to 1, weighted) and personas, the drafts in the order given."""
    shares = (
        reactions.group_by("draft_id", "action")
        .agg(pl.col("weight").sum(), personas=pl.col("persona_id").n_unique())
        .with_columns(share=pl.col("weight") / pl.col("weight").sum().over("draft_id"))
    )
    return _order(shares, drafts, "action").select("draft_id", "action", "share", "personas")


def share_levels(reactions: pl.DataFrame, drafts: Sequence[str]) -> pl.DataFrame:
    """Return draft_id, measure, level (1 to 5), share: the weighted mean distribution over those who were rated."""
    levels = pl.concat([_share_levels_of(reactions, measure) for measure in MEASURES])
    measures = pl.col("measure").cast(pl.Enum(MEASURES))
    return _order(levels.with_columns(measures), drafts, "measure", "level").cast({"measure": pl.String})


def measure_funnel(scorecard: pl.DataFrame, draft: str, objective: str) -> Funnel:
    """Return who stopped, acted and pushed a draft away; takes a scorecard of the whole audience."""
    rates = scorecard.filter((pl.col("draft_id") == draft) & pl.col("estimate").is_not_null())
    rows = {row["measure"]: row for row in rates.iter_rows(named=True)}
    kinds = {"stop_rate": ("stopped", "stopped"), PRIMARY: ("acted", DID[objective])}
    kinds["negative_rate"] = ("pushed away", "hid or reported it")
    steps = [
        Step(name=name, words=words, share=rows[rate]["estimate"], low=rows[rate]["low"], high=rows[rate]["high"])
        for rate, (name, words) in kinds.items()
        if rate in rows
    ]
    return Funnel(personas=max((row["personas"] for row in rows.values()), default=0), steps=tuple(steps))


def spread_segments(segments: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the scorecards of several segment keys as one, with `spread`: the widest gap between two drafts.

    Segment values come widest gap first, drafts in their order. Rows without an estimate are left out.
    """
    if not segments:
        return pl.DataFrame(schema=columns.SCORECARD_SCHEMA | {"spread": pl.Float64})
    known = pl.concat(segments.values()).filter(pl.col("estimate").is_not_null())
    gap = (pl.col("estimate").max() - pl.col("estimate").min()).over("segment", "value")
    ordered = known.with_columns(spread=gap, place=pl.int_range(pl.len()))
    return ordered.sort("spread", "segment", "value", "place", descending=[True, False, False, False]).drop("place")


def list_objections(themes: Sequence[lexical.Theme], names: Mapping[str, str], count: int = 5) -> list[ObjectionBlock]:
    """Return the first few groups of objections with the names of who said them."""
    return [
        ObjectionBlock(
            text=theme.text,
            people=len(theme.members),
            names=tuple(names.get(member, member) for member in theme.members[:_NAMED]),
        )
        for theme in themes[:count]
    ]


def pick_voices(verbatims: pl.DataFrame, draft: str, names: Mapping[str, str], count: int = 3) -> list[Voice]:
    """Return the first few chosen verbatims of a draft with the names of who said them."""
    said = verbatims.filter(pl.col("draft_id") == draft).head(count)
    return [
        Voice(name=names.get(persona, persona), action=_DEEDS.get(action, action), says=verbatim)
        for persona, action, verbatim in said.select("persona_id", "action", "verbatim").iter_rows()
    ]


def find_said(
    reactions: pl.DataFrame,
    words: str = "",
    drafts: Sequence[str] = (),
    actions: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Return draft, persona, would, says and objects of every reaction that has the words, in any case of letters.

    No draft, or no action, means all of them. The control reader is left out. Personas are called by their `names`.
    """
    called = pl.col("persona_id").replace(names or {})
    rows = reactions.filter(pl.col("persona_id") != records.CONTROL).with_columns(called)
    if drafts:
        rows = rows.filter(pl.col("draft_id").is_in(drafts))
    if actions:
        rows = rows.filter(pl.col("action").is_in(actions))
    if words.strip():
        spoken = pl.concat_str("persona_id", "verbatim", "objection", separator=" ", ignore_nulls=True)
        rows = rows.filter(spoken.str.to_lowercase().str.contains(words.strip().lower(), literal=True))
    return rows.select(
        pl.col("draft_id").alias("draft"),
        pl.col("persona_id").alias("persona"),
        pl.col("action").str.replace("_", " ").alias("would"),
        pl.col("verbatim").alias("says"),
        pl.col("objection").alias("objects"),
    )


def find_latest(reactions: Sequence[Reaction], draft: str, count: int = 2) -> list[Reaction]:
    """Return the newest reactions of personas to a draft that said something, the newest first."""
    said = (
        reaction
        for reaction in reversed(reactions)
        if reaction.answer is not None and reaction.task.persona is not None and reaction.task.draft.id == draft
    )
    return list(itertools.islice(said, count))


def list_voices(reactions: Sequence[Reaction]) -> list[Voice]:
    """Return what those reactions say, to be shown."""
    return [
        Voice(
            name=reaction.name,
            action=_DEEDS.get(reaction.answer.action, reaction.answer.action),
            says=reaction.answer.verbatim,
        )
        for reaction in reactions
        if reaction.answer is not None
    ]


def find_quoted(reactions: pl.DataFrame, draft: Draft) -> list[Highlight]:
    """Return where in its text the words lie that people named, with what most felt about them."""
    quotes = reactions.filter(pl.col("draft_id") == draft.id)["quotes"].drop_nulls().explode().drop_nulls()
    return find_highlights(draft.text, [(quote["text"], quote["feeling"]) for quote in quotes])


class Named(Record):
    """What one persona felt about words of a draft, and said of the draft."""

    name: str
    words: str
    """As the persona quoted them."""
    felt: str
    """Such as "liked"."""
    action: str
    """In words, such as "hid it"."""
    says: str


def find_named(reactions: pl.DataFrame, draft: Draft, words: str, names: Mapping[str, str]) -> list[Named]:
    """Return who named words that lie in the same place of a draft as these, each once, in the order of reactions."""
    place = find_place(draft.text, words)
    found: dict[str, Named] = {}
    rows = reactions.filter((pl.col("draft_id") == draft.id) & pl.col("quotes").is_not_null())
    for persona, action, says, quotes in rows.select("persona_id", "action", "verbatim", "quotes").iter_rows():
        for quote in quotes:
            if persona not in found and place & find_place(draft.text, quote["text"]):
                found[persona] = Named(
                    name=names.get(persona, persona),
                    words=quote["text"],
                    felt=_FELT.get(quote["feeling"], quote["feeling"]),
                    action=_DEEDS.get(action, action),
                    says=says or "",
                )
    return list(found.values())


def find_place(text: str, words: str) -> set[int]:
    """Return where in a text the letters of quoted words stand; none where they are not in it."""
    return set(range(*(normalising.find_words(text, words) or (0, 0))))


_FELT = {"confused": "was confused by"}


def say_control(scorecard: pl.DataFrame) -> str | None:
    """Return what the control reader did, in a sentence; None without one. Takes the control reader's scorecard."""
    rates = scorecard.filter((pl.col("measure") == PRIMARY) & pl.col("estimate").is_not_null())
    if rates.is_empty():
        return None
    said = [f"{row['draft_id']} {deciding.say_estimate(row)}" for row in rates.iter_rows(named=True)]
    return f"The control reader, the same model with no persona, reached the objective with {', '.join(said)}."


def write_table(reactions: pl.DataFrame) -> bytes:
    """Return reactions as CSV for a spreadsheet: UTF-8 with a mark, no cell that a spreadsheet would run as a formula.

    Distributions and quotes, which no cell holds, are left to the Parquet file; each segment key is a column.
    """
    kind = reactions.schema.get("segments")
    flat = reactions.unnest("segments", separator="_") if isinstance(kind, pl.Struct) and kind.fields else reactions
    safe = flatten_answers(flat).select(~selectors.nested()).with_columns(_disarm(selectors.string()))
    buffer = io.BytesIO()
    safe.write_csv(buffer, include_bom=True)
    return buffer.getvalue()


def write_people(audience: Audience) -> bytes:
    """Return an audience as CSV for a spreadsheet, one row a persona, each segment key a column."""
    rows = [
        {
            "id": persona.id, "name": persona.name, "age": persona.age, "weight": persona.weight,
            **{key: persona.segments.get(key) for key in audience.segment_keys if key not in _PERSONA},
            "about": persona.about,
        }
        for persona in audience.personas
    ]  # fmt: skip
    return write_table(pl.DataFrame(rows, infer_schema_length=None))


def _disarm(cell: pl.Expr) -> pl.Expr:
    """Put an apostrophe before what would start a formula (OWASP, CSV injection)."""
    return pl.when(cell.str.contains(_FORMULA_START)).then(pl.lit("'") + cell).otherwise(cell).name.keep()


def _share_levels_of(reactions: pl.DataFrame, measure: str) -> pl.DataFrame:
    pmf = pl.col(f"pmf_{measure}")
    rated = reactions.filter(pmf.is_not_null()).select("draft_id", "weight", pmf.alias("share"))
    return (
        rated.with_columns(level=pl.lit([1, 2, 3, 4, 5]))
        .explode("share", "level")
        .group_by("draft_id", "level", maintain_order=True)
        .agg(share=(pl.col("share") * pl.col("weight")).sum() / pl.col("weight").sum())
        .select("draft_id", pl.lit(measure).alias("measure"), pl.col("level").cast(pl.Int64), "share")
    )


def _order(rows: pl.DataFrame, drafts: Sequence[str], *further: str) -> pl.DataFrame:
    return rows.sort(pl.col("draft_id").cast(pl.Enum(list(drafts))), *further)


def say_interactions(tests: pl.DataFrame) -> Iterator[str]:
    """Yield in sentences which differences between drafts depend on a segment; takes rows of `interactions`."""
    different = tests.filter(pl.col("verdict") == "differs")
    for row in different.iter_rows(named=True):
        adjusted = f" (adjusted p {row['p_adjusted']:.2g})"
        yield f"How far {row['draft_b']} is ahead of {row['draft_a']} depends on {row['segment']}{adjusted}."
    tested = set(tests.filter(pl.col("p_value").is_not_null())["segment"])
    rest = [key for key in tests["segment"].unique(maintain_order=True) if key not in set(different["segment"])]
    known = [key for key in rest if key in tested]
    if known:
        yield f"No difference between drafts is found to depend on {_list_or(known)}."
    unknown = [key for key in rest if key not in tested]
    if unknown:
        yield f"Too few people to tell whether a difference depends on {_list_or(unknown)}."


def _list_or(names: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


MODELS_HEADING = "Share that reached the objective, by draft and model"
"""Over the table of what each of several models says."""


def tabulate_models(by_model: pl.DataFrame, drafts: Sequence[str]) -> pl.DataFrame:
    """Return the rates by draft and model as a table of texts, a column a model; no rows for a single model."""
    if by_model.is_empty():
        return pl.DataFrame(schema={"draft": pl.String})
    cells = {(row["draft_id"], row["model"]): row for row in by_model.iter_rows(named=True)}
    names = by_model["model"].unique(maintain_order=True).to_list()
    rows = [
        {
            "draft": draft,
            **{
                name: f"{deciding.say_estimate(row)} of {row['personas']}"
                if (row := cells.get((draft, name)))
                else "unknown"
                for name in names
            },
        }
        for draft in drafts
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(["draft", *names], pl.String))
