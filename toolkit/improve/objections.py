"""What speaks against a draft: the objections of a run, those that say the same as one, numbered for a choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from toolkit.errors import InputError, name_option
from toolkit.improve.people import find_people_of, list_asked
from toolkit.models import Draft, Persona, Record, records
from toolkit.questionnaire import repairs
from toolkit.results import Run, said
from toolkit.stats import lexical

MOST_LISTED = 12


class Objection(Record):
    """One reason, and who gave it."""

    number: int
    """Its place in the list, from 1: the most common first."""
    text: str
    """The sentence nearest to all that were grouped with it."""
    personas: tuple[str, ...]
    named: bool = True
    """False where nobody named objections and this is what somebody thought who went away."""


def list_objections(run: Run, draft_id: str, people: Mapping[str, Persona] | None = None) -> list[Objection]:
    """Return up to twelve objections to a draft, the most common first.

    Where the model names none, as a base model does, what people thought who scrolled past, hid or reported it stands
    in, and says so. What is copied from the draft, the question or the person's description is left out, and so is what
    the model says of itself. `people` are those of the run by its ids for them, found by its audiences' names if left
    out. Raises InputError for a draft that is not in the run.
    """
    if draft_id not in run.drafts:
        raise InputError(f"draft {draft_id!r} is not in this run; it has: {', '.join(run.drafts)}")
    draft = next(one for one in run.methods.campaign.drafts if one.id == draft_id)
    heard = _drop_borrowed(said.select_heard(run.reactions).filter(pl.col("draft_id") == draft_id), run, draft, people)
    themes, named = said.group_objections(heard, draft_id), True
    if not themes:
        left = heard.filter(pl.col("action").is_in(records.LEAVING) & pl.col("verbatim").is_not_null())
        themes, named = lexical.group_sentences(left["verbatim"].to_list(), left["persona_id"].to_list()), False
    return [
        Objection(number=number, text=theme.text, personas=theme.members, named=named)
        for number, theme in enumerate(themes[:MOST_LISTED], 1)
    ]


def _drop_borrowed(heard: pl.DataFrame, run: Run, draft: Draft, people: Mapping[str, Persona] | None) -> pl.DataFrame:
    """Return the reactions with null in place of words that are nobody's own."""
    asked = list_asked(run)
    about = {name: person.about for name, person in (find_people_of(run) if people is None else people).items()}

    def keep(row: Mapping[str, str | None], name: str) -> str | None:
        words = row[name]
        described = about.get(row["persona_id"] or "", "")
        return None if words and repairs.find_borrowed(words, draft, described, asked) else words

    rows = heard.select("persona_id", "objection", "verbatim").to_dicts()
    own = {name: [keep(row, name) for row in rows] for name in ("objection", "verbatim")}
    return heard.with_columns(pl.Series(name, words, dtype=pl.String) for name, words in own.items())


def choose_objections(listed: Sequence[Objection], numbers: Sequence[int]) -> list[Objection]:
    """Return the objections with these numbers, all where none is given; raise InputError for one not listed."""
    known = {objection.number: objection for objection in listed}
    for number in numbers:
        if number not in known:
            none = f"nobody named one; say what you want with {name_option('wish')}"
            allowed = f"choose 1 to {len(listed)}" if listed else none
            raise InputError(f"{name_option('objections', number)}: there is no such objection; {allowed}")
    return [known[number] for number in dict.fromkeys(numbers)] if numbers else list(listed)
