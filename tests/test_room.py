"""The room: everybody has a tile, sized by weight, with a stripe per draft."""

from __future__ import annotations

from openai_server import OpenAIServer
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.models import Audience, Campaign
from toolkit.questionnaire import Reaction
from toolkit.report.seating import (
    EVERYONE,
    FAILED,
    WAITING,
    Cell,
    arrange_room,
    hear_reactions,
    hear_run,
    seat_panel,
    seat_run,
)


def test_everybody_waits_until_they_are_heard(audience: Audience) -> None:
    """Before a run each tile has a waiting stripe for each draft."""
    room = arrange_room(seat_panel(audience.personas), ["plain", "benefit"], {})
    assert {cell.action for tile in room.tiles for cell in tile.cells} == {WAITING}
    assert len(room.tiles) == 12
    assert [row.value for row in room.rows] == [EVERYONE]


def test_rows_are_segments(audience: Audience) -> None:
    """Seated by a key, each value has its row; who has none sits in a row of their own."""
    people = [*audience.personas[:-1], audience.personas[-1].model_copy(update={"segments": {}})]
    room = arrange_room(seat_panel(people), ["a"], {}, "role")
    assert [(row.value, row.people) for row in room.rows] == [("buyer", 6), ("seller", 5), ("(none)", 1)]


def test_area_goes_with_weight(audience: Audience) -> None:
    """Twice the weight is twice the area, within limits that keep every tile pressable."""
    weights = [1.0, 2.0, 1.0, 1.0, 1.0, 1000.0]
    people = [
        person.model_copy(update={"weight": weight}) for person, weight in zip(audience.personas, weights, strict=False)
    ]
    pair = {tile.persona: tile.size for tile in arrange_room(seat_panel(people[:5]), ["a"], {}).tiles}
    assert round((pair["p01"] / pair["p00"]) ** 2, 1) == 2.0
    sizes = [tile.size for tile in arrange_room(seat_panel(people), ["a"], {}).tiles]
    assert max(sizes) == 1.6
    assert min(sizes) == 0.75


def test_of_a_crowd_some_are_drawn(audience: Audience) -> None:
    """Each row keeps its part, at least one; the same people every time; a sentence says how many."""
    people = [
        audience.personas[0].model_copy(
            update={"id": f"q{number}", "segments": {"role": "rare" if number < 2 else "many"}}
        )
        for number in range(3000)
    ]
    room = arrange_room(seat_panel(people), ["a"], {}, "role")
    assert [(row.value, row.people, len(row.tiles)) for row in room.rows] == [("many", 2998, 399), ("rare", 2, 1)]
    assert room.note == "400 of 3,000 are drawn, some of each row at random."
    assert arrange_room(seat_panel(people[::-1]), ["a"], {}, "role") == room
    assert arrange_room(seat_panel(people[:400]), ["a"], {}).note == ""


def test_initials_of_any_name(audience: Audience) -> None:
    """Two letters of one name, first and last of several."""
    names = ["Maya", "Anne-Marie", "Jo van den Berg", "李"]
    people = [person.model_copy(update={"name": name}) for person, name in zip(audience.personas, names, strict=False)]
    tiles = {tile.name: tile.initials for tile in arrange_room(seat_panel(people), ["a"], {}).tiles}
    assert tiles == {"Maya": "Ma", "Anne-Marie": "AM", "Jo van den Berg": "JB", "李": "李"}


def test_a_run_is_shown_as_it_went(audience: Audience, campaign: Campaign) -> None:
    """What was heard while it went on and what the finished run holds are the same, failures included."""
    came: list[Reaction] = []

    def answer(question: object) -> object:
        return "no JSON at all" if "Person3" in str(question) else reading(ratings={})

    engine = ScriptedEngine(answer)  # type: ignore[arg-type]
    run = toolkit.run(campaign, audience, engine=engine, rating="direct", on_reaction=came.append)
    live, finished = hear_reactions(came), hear_run(run)
    for persona in audience.personas:
        for draft in campaign:
            assert live[persona.id, draft.id] == finished[persona.id, draft.id]
    assert live["p03", "plain"].action == FAILED
    assert live["p00", "plain"] == Cell(draft="plain", action="click", says="That would help me.")
    assert {seat.persona: seat.weight for seat in seat_run(run, {})} == {one.id: 1.0 for one in audience.personas}


def test_people_of_a_saved_run_are_called_by_name(audience: Audience, campaign: Campaign) -> None:
    """Who is still known has name, age and description, with weight and segments of the run; others keep their id."""
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(lambda _: reading(ratings={})), rating="direct")
    known = audience.personas[3]
    seats = {seat.persona: seat for seat in seat_run(run, {known.id: known.model_copy(update={"weight": 9.0})})}
    assert seats[known.id] == seat_panel([known])[0]
    assert (seats["p00"].name, seats["p00"].about) == ("p00", "")


def test_the_first_answer_of_several_is_shown(audience: Audience, campaign: Campaign, server: OpenAIServer) -> None:
    """With repeats, tiles show the first repeat in both views."""
    run = toolkit.run(
        campaign, audience, base_url=server.base_url, model="m", rating="direct", repeats=2, control=False
    )
    first = run.reactions.filter(repeat=0, persona_id="p05", draft_id="plain")["verbatim"][0]
    assert hear_run(run)["p05", "plain"].says == first
