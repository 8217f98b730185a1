"""Finished runs on a shelf: listed, searched, and set side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from toolkit.errors import InputError
from toolkit.models import Record, Verdict
from toolkit.results import run_folders
from toolkit.results.runs import Methods, Run, make_basis, read_methods, say_fault
from toolkit.results.scoring import PRIMARY, columns, comparisons, deciding, rules


class Shelved(Record):
    """What is said of a run on the shelf."""

    folder: Path
    run_id: str
    campaign: str
    started: str
    """ISO 8601, UTC."""
    drafts: tuple[str, ...]
    audiences: tuple[str, ...]
    personas: int
    objective: str
    model: str
    verdict: str
    """The decision in a few words."""
    words: str
    """Everything a search looks at, in small letters."""


def shelve(folder: Path) -> Shelved:
    """Return what the shelf says of one run folder; raise InputError where it cannot be read."""
    try:
        methods = read_methods(folder)
        run_folders.check_digests(folder, methods.digests, ("scorecard.parquet", "comparisons.parquet"))
        verdict = _read_verdict(folder, methods)
    except (ValueError, OSError, pl.exceptions.PolarsError) as error:
        said = " ".join(say_fault(error).split())[:200]
        raise InputError(f"{folder}: the run cannot be read: {said}; run the test again to write it anew") from None
    drafts = methods.campaign.drafts
    audiences = tuple(str(audience["audience"]) for audience in methods.audiences)
    heads = (methods.run_id, methods.campaign.campaign, methods.model, verdict.headline, *audiences)
    words = " ".join([*heads, *(f"{draft.id} {draft.text}" for draft in drafts)]).casefold()
    return Shelved(
        folder=folder,
        run_id=methods.run_id,
        campaign=methods.campaign.campaign,
        started=methods.started,
        drafts=tuple(draft.id for draft in drafts),
        audiences=audiences,
        personas=methods.personas,
        objective=methods.settings.objective,
        model=methods.model,
        verdict=verdict.headline,
        words=words,
    )


def search_shelf(shelf: Sequence[Shelved], words: str) -> list[Shelved]:
    """Return the runs that hold every word looked for, in their order; all of them for no word."""
    wanted = words.casefold().split()
    return [run for run in shelf if all(word in run.words for word in wanted)]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two runs, what changed between them, and what each reached."""

    changes: tuple[str, ...]
    """What is not the same in both, in plain words."""
    rates: pl.DataFrame
    """The scorecards' rows of the objective rate, whole audience; a draft's id is led by its run, first or second."""
    differences: pl.DataFrame
    """Comparisons of each draft that both have, second minus first; empty where too few personas are in both."""
    caution: str
    """How far the two can be set against each other."""


def say_rates(run: Run) -> dict[str, str]:
    """Return what each draft of a run reached in words, with interval and count, by its id."""
    rows = run.scorecard().filter((pl.col("measure") == PRIMARY) & (pl.col("segment") == "all"))
    return {
        row["draft_id"]: f"{deciding.say_estimate(row)} would {run.methods.settings.objective}, "
        f"of {row['personas']:,} simulated people"
        for row in rows.iter_rows(named=True)
    }


def compare_runs(first: Run, second: Run) -> SideBySide:
    """Set two runs side by side.

    A draft of the same id in both is compared within the personas who answered both under the same wording, as two
    drafts of one run would be (see `compare`); each draft by itself, so p-values are not adjusted for how many
    there are.
    """
    shared = [draft for draft in first.drafts if draft in second.drafts]
    people = _count_shared(first, second)
    alike = people >= rules.LEAST_PERSONAS and first.methods.settings.objective == second.methods.settings.objective
    differences = [_compare_draft(first, second, draft) for draft in shared] if alike else []
    return SideBySide(
        changes=tuple(_list_changes(first, second)),
        rates=_list_rates(first, second),
        differences=pl.concat(differences) if differences else pl.DataFrame(schema=columns.COMPARISON_SCHEMA),
        caution=_say_caution(shared, people, alike=alike),
    )


def _read_verdict(folder: Path, methods: Methods) -> Verdict:
    whole = (pl.col("segment") == "all") & (pl.col("measure") == PRIMARY)
    cards = pl.read_parquet(folder / "scorecard.parquet").filter(pl.col("segment") == "all")
    return deciding.decide(pl.read_parquet(folder / "comparisons.parquet").filter(whole), cards, make_basis(methods))


def _compare_draft(first: Run, second: Run, draft: str) -> pl.DataFrame:
    runs = {f"{draft} (first)": first, f"{draft} (second)": second}
    rows = [_select(run, draft).with_columns(draft_id=pl.lit(name)) for name, run in runs.items()]
    return comparisons.compare(pl.concat(rows), drafts=list(runs))


def _select(run: Run, draft: str) -> pl.DataFrame:
    """Return what a comparison needs of a draft's reactions, segments left out: the runs may have different ones."""
    columns = ("draft_id", "persona_id", "weight", "wording", "repeat", "stopped", "action", "objective", "status")
    return run.reactions.filter(pl.col("draft_id") == draft).select(*columns, segments=pl.struct(none=pl.lit("")))


def _count_shared(first: Run, second: Run) -> int:
    """Return how many personas answered in both runs under the same wording."""
    people = [run.reactions.select("persona_id", "wording").unique() for run in (first, second)]
    return people[0].join(people[1], on=["persona_id", "wording"]).height


def _list_rates(first: Run, second: Run) -> pl.DataFrame:
    cards = [
        run.scorecard()
        .filter(pl.col("measure") == PRIMARY)
        .with_columns(draft_id=pl.format("{} ({})", "draft_id", pl.lit(name)))
        for name, run in (("first", first), ("second", second))
    ]
    return pl.concat(cards)


def _list_changes(first: Run, second: Run) -> Iterator[str]:
    one, other = first.methods, second.methods
    drafts = {draft.id: draft for draft in one.campaign.drafts}
    for draft in other.campaign.drafts:
        if draft.id not in drafts:
            yield f"draft {draft.id} is new"
        elif drafts[draft.id].digest != draft.digest:
            yield f"draft {draft.id} was edited"
    kept = {draft.id for draft in other.campaign.drafts}
    yield from (f"draft {name} is gone" for name in drafts if name not in kept)
    digests = [{audience["sha256"] for audience in methods.audiences} for methods in (one, other)]
    if digests[0] != digests[1]:
        yield f"the audience: {_name_audiences(one)}, then {_name_audiences(other)}"
    if one.model != other.model:
        yield f"the model: {one.model}, then {other.model}"
    if one.prompts != other.prompts:
        yield "the prompts"
    later = other.settings.model_dump()
    for name, value in one.settings.model_dump().items():
        if later[name] != value:
            yield f"{_SETTINGS.get(name, name.replace('_', ' '))}: {_say(name, value)}, then {_say(name, later[name])}"


_SETTINGS = {
    "sample": "people drawn",
    "repeats": "answers of each person to each draft",
    "control": "control reader",
    "head_to_head": "drafts put head to head",
    "forecast": "forecast of shares",
    "rating": "how words become ratings",
    "keep_weights": "weights of several audiences kept",
}
"""What settings are called for a reader."""


def _say(name: str, value: object) -> str:
    """Return the value of a setting in words."""
    if value is None:
        return {"sample": "everybody", "language": "each draft's own"}.get(name, "none")
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _name_audiences(methods: Methods) -> str:
    return ", ".join(f"{audience['audience']} ({audience['personas']} personas)" for audience in methods.audiences)


def _say_caution(shared: Sequence[str], people: int, *, alike: bool) -> str:
    if not shared:
        return "The two runs have no draft of the same name; their rates stand beside each other, no more."
    if not alike:
        return (
            f"{people} personas answered both under the same wording and objective; a comparison needs at least "
            f"{rules.LEAST_PERSONAS}, so the rates stand beside each other, no more."
        )
    return f"Compared within {people} personas who answered both; each draft by itself, not adjusted for their number."
