"""The room: every persona of a run as a tile that shows what that person did with each draft."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from toolkit.models import Persona, Record
from toolkit.questionnaire import Reaction
from toolkit.results import Run

WAITING = "waiting"
FAILED = "no answer"
EVERYONE = "everyone"
MOST_TILES = 400
"""Tiles drawn at once; of more people some of each row are drawn, at random and always the same ones."""
_SMALLEST, _LARGEST = 0.75, 1.6


class Seat(Record):
    """Somebody to be shown in the room."""

    persona: str
    name: str
    weight: float
    segments: dict[str, str | None]
    age: int | None = None
    about: str = ""
    """Empty where a run's audience is not at hand: its folder records what was said, not who the people are."""


class Cell(Record):
    """What one persona did with one draft."""

    draft: str
    action: str = WAITING
    """An action, "waiting" where nothing came yet, or "no answer"."""
    says: str | None = None
    """The verbatim, or what went wrong."""


class Tile(Record):
    """One persona in the room."""

    persona: str
    name: str
    initials: str
    size: float
    """Side of the tile relative to one of average weight: its area goes with the weight, within limits."""
    cells: tuple[Cell, ...]
    """One a draft, in file order."""


class SeatRow(Record):
    """The tiles of one segment value."""

    value: str
    people: int
    """Everybody who sits there, drawn or not."""
    tiles: tuple[Tile, ...]


class Room(Record):
    """The audience, seated."""

    drafts: tuple[str, ...]
    rows: tuple[SeatRow, ...]
    note: str = ""
    """How many of how many are drawn, where not everybody is."""

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """Every tile, row by row."""
        return tuple(tile for row in self.rows for tile in row.tiles)


Heard = Mapping[tuple[str, str], Cell]
"""What came, by persona and draft; one that answers several times is shown by the first answer."""


def seat_panel(panel: Sequence[Persona]) -> list[Seat]:
    """Return a seat for each persona that is asked."""
    return [
        Seat(
            persona=persona.id,
            name=persona.name,
            weight=persona.weight,
            segments=dict(persona.segments),
            age=persona.age,
            about=persona.about,
        )
        for persona in panel
    ]


def seat_run(run: Run, people: Mapping[str, Persona]) -> list[Seat]:
    """Return a seat for each persona that a run holds reactions of; who is not among `people` is called by the id."""
    asked = run.reactions.unique("persona_id", maintain_order=True)
    rows = asked.select("persona_id", "weight", "segments").iter_rows()
    return [_seat(one, weight, segments or {}, people.get(one)) for one, weight, segments in rows]


def _seat(persona_id: str, weight: float, segments: dict[str, str | None], known: Persona | None) -> Seat:
    seat = Seat(persona=persona_id, name=persona_id, weight=weight, segments=segments)
    if known is None:
        return seat
    return seat.model_copy(update={"name": known.name, "age": known.age, "about": known.about})


def arrange_room(seats: Sequence[Seat], drafts: Sequence[str], heard: Heard, key: str | None = None) -> Room:
    """Return the room, in rows by segment `key`, the largest first; one row where `key` is None."""
    rows: dict[str, list[Seat]] = {}
    mean = sum(seat.weight for seat in seats) / max(len(seats), 1)
    for seat in sorted(seats, key=lambda seat: (-seat.weight, seat.persona)):
        rows.setdefault(EVERYONE if key is None else seat.segments.get(key) or "(none)", []).append(seat)
    ordered = sorted(rows.items(), key=lambda row: (-len(row[1]), row[0]))
    drawn = [_draw(row, len(seats)) for _, row in ordered]
    shown = sum(map(len, drawn))
    walls = [
        tuple(_make_tile(seat, mean, tuple(_find_cell(heard, seat, draft) for draft in drafts)) for seat in row)
        for row in drawn
    ]
    return Room(
        drafts=tuple(drafts),
        rows=tuple(
            SeatRow(value=value, people=len(row), tiles=tiles)
            for (value, row), tiles in zip(ordered, walls, strict=True)
        ),
        note=f"{shown:,} of {len(seats):,} are drawn, some of each row at random." if shown < len(seats) else "",
    )


def _find_cell(heard: Heard, seat: Seat, draft: str) -> Cell:
    return heard.get((seat.persona, draft)) or Cell(draft=draft)


def _draw(row: Sequence[Seat], everybody: int) -> Sequence[Seat]:
    """Return the seats of a row that are drawn, in its order: all, or its part of the most tiles."""
    if everybody <= MOST_TILES:
        return row
    part = max(len(row) * MOST_TILES // everybody, 1)
    chosen = sorted(row, key=lambda seat: hashlib.sha256(seat.persona.encode()).digest())[:part]
    kept = {seat.persona for seat in chosen}
    return [seat for seat in row if seat.persona in kept]


def hear_reactions(reactions: Iterable[Reaction]) -> dict[tuple[str, str], Cell]:
    """Return what came so far in a run that goes on, by persona and draft."""
    heard: dict[tuple[str, str], Cell] = {}
    for reaction in reactions:
        if reaction.task.persona is not None:
            answer = reaction.answer
            says = answer.verbatim if answer else reaction.error
            action = answer.action if answer else FAILED
            place = (reaction.persona_id, reaction.task.draft.id)
            heard.setdefault(place, Cell.model_construct(draft=place[1], action=action, says=says))
    return heard


def hear_run(run: Run) -> dict[tuple[str, str], Cell]:
    """Return what was said in a finished run, by persona and draft."""
    first = run.reactions.sort("repeat", maintain_order=True).unique(
        ["persona_id", "draft_id"], keep="first", maintain_order=True
    )
    said = first.select(
        "persona_id", "draft_id", pl.col("action").fill_null(FAILED), pl.coalesce("verbatim", "error").alias("says")
    )
    return {
        (persona, draft): Cell.model_construct(draft=draft, action=action, says=says)  # ten thousand, of known types
        for persona, draft, action, says in said.iter_rows()
    }


def _make_tile(seat: Seat, mean: float, cells: tuple[Cell, ...]) -> Tile:
    size = min(max(math.sqrt(seat.weight / mean), _SMALLEST), _LARGEST)
    return Tile(
        persona=seat.persona, name=seat.name, initials=find_initials(seat.name), size=round(size, 2), cells=cells
    )


def find_initials(name: str) -> str:
    """Return two letters to stand for a name, such as "MA" for Maya Ali."""
    words = name.replace("-", " ").split()
    if not words:
        return "?"
    return words[0][:2].title() if len(words) == 1 else (words[0][0] + words[-1][0]).upper()
