"""The room: every persona of a run as a tile that shows what that person did with each draft."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from toolkit.asking import Reaction
from toolkit.models import CONTROL, Persona, Record
from toolkit.runs import Run

WAITING = "waiting"
FAILED = "no answer"
EVERYONE = "everyone"
_SMALLEST, _LARGEST = 0.75, 1.6


class Seat(Record):
    """Somebody to be shown in the room."""

    persona: str
    name: str
    weight: float
    segments: dict[str, str | None]
    age: int | None = None
    about: str = ""
    """Empty where a run was loaded from a folder: it records what was said, not who the people are."""


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


class Row(Record):
    """The tiles of one segment value."""

    value: str
    tiles: tuple[Tile, ...]


class Room(Record):
    """The audience, seated."""

    drafts: tuple[str, ...]
    rows: tuple[Row, ...]

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


def seat_run(run: Run) -> list[Seat]:
    """Return a seat for each persona that a run holds reactions of."""
    people = run.reactions.filter(pl.col("persona_id") != CONTROL).unique("persona_id", maintain_order=True)
    rows = people.select("persona_id", "weight", "segments").iter_rows()
    return [Seat(persona=one, name=one, weight=weight, segments=segments or {}) for one, weight, segments in rows]


def arrange_room(seats: Sequence[Seat], drafts: Sequence[str], heard: Heard, key: str | None = None) -> Room:
    """Return the room, in rows by segment `key`, the largest first; one row where `key` is None."""
    rows: dict[str, list[Tile]] = {}
    mean = sum(seat.weight for seat in seats) / max(len(seats), 1)
    for seat in sorted(seats, key=lambda seat: (-seat.weight, seat.persona)):
        value = EVERYONE if key is None else seat.segments.get(key) or "(none)"
        cells = tuple(heard.get((seat.persona, draft), Cell(draft=draft)) for draft in drafts)
        rows.setdefault(value, []).append(_make_tile(seat, mean, cells))
    ordered = sorted(rows.items(), key=lambda row: (-len(row[1]), row[0]))
    return Room(drafts=tuple(drafts), rows=tuple(Row(value=value, tiles=tuple(tiles)) for value, tiles in ordered))


def hear_reactions(reactions: Iterable[Reaction]) -> dict[tuple[str, str], Cell]:
    """Return what came so far in a run that goes on, by persona and draft."""
    heard: dict[tuple[str, str], Cell] = {}
    for reaction in reactions:
        if reaction.task.persona is not None:
            answer = reaction.answer
            says = answer.verbatim if answer else reaction.error
            action = answer.action if answer else FAILED
            place = (reaction.persona_id, reaction.task.draft.id)
            heard.setdefault(place, Cell(draft=place[1], action=action, says=says))
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
        (persona, draft): Cell(draft=draft, action=action, says=says)
        for persona, draft, action, says in said.iter_rows()
    }


def _make_tile(seat: Seat, mean: float, cells: tuple[Cell, ...]) -> Tile:
    size = min(max(math.sqrt(seat.weight / mean), _SMALLEST), _LARGEST)
    return Tile(
        persona=seat.persona, name=seat.name, initials=_find_initials(seat.name), size=round(size, 2), cells=cells
    )


def _find_initials(name: str) -> str:
    words = name.replace("-", " ").split()
    return words[0][:2].title() if len(words) == 1 else (words[0][0] + words[-1][0]).upper()
