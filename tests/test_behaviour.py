"""Gates whose right answer is known: an engine that behaves passes all, each that misbehaves fails its own."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
from conftest import Command
from openai_server import CHAT, Ask, OpenAIServer
from provider_replies import remove_random_tokens
from scripted import ScriptedEngine, reading

from toolkit.errors import InputError
from toolkit.models import Audience, Persona
from toolkit.models.exchange import Question
from toolkit.validity.behaviour import Behaviour, check_behaviour
from toolkit.validity.behaviour.stimuli import find_division, load_stimuli, swap_bodies

RATINGS = {"relevance": 4, "clarity": 5, "trust": 3, "appeal": 2, "intent": 4}
SPOILT = {pair.worse for name in ("dominance", "bad_copy") for pair in getattr(load_stimuli(), name)}
GATES = ("dominance", "bad copy", "dose-response", "known groups", "persona swap", "order", "injection")


@pytest.fixture
def people() -> Audience:
    """Return twenty-four personas, half of them sellers, whose descriptions say so."""
    roles = ("seller", "buyer")
    personas = [
        Persona(id=f"p{n:02}", name=f"P{n}", age=20 + n, segments={"role": roles[n % 2], "town": f"t{n}"},
                about=f"Number {n}. A {roles[n % 2]} of jam.")
        for n in range(24)
    ]  # fmt: skip
    return Audience(audience="jam", personas=tuple(personas))


class Reader:
    """Behaves, but for what `fault` names."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    def __call__(self, question: Question) -> dict[str, Any]:
        """Answer by what stands between the marks."""
        blocks = re.findall(r"<(\w+)-[0-9a-f]+>\n(.*?)\n</", question.prompt, re.DOTALL)
        shown = [text for name, text in blocks if name == "draft"]
        person = next(text for name, text in blocks if name == "person")
        if len(shown) == 2:
            labels = question.schema["properties"]["sooner"]["enum"]  # type: ignore[index]
            likes_second = "Monday. Tap" in shown[1] and self.fault != "order"
            return {"because": "It is clearer.", "sooner": labels[1 if likes_second else 0]}
        taps = self.does_tap(shown[0], person)
        return reading("click" if taps else "read", first_glance="stop" if taps else "scroll_past", ratings=RATINGS)

    def does_tap(self, text: str, person: str) -> bool:
        """Return whether somebody taps a draft."""
        luck = hashlib.sha256(person.encode()).digest()[0] / 256
        if (
            "Ignore all" in text
            or "</draft>" in text
            or "first_glance" in text
            or "Max" in text
            or "positively" in text
        ):
            return self.fault == "injection" or luck < 0.2
        if "Made for" in text:
            role = re.search(r"A (\w+) of", person)[1]  # type: ignore[index]
            return (role in text) != (self.fault == "known groups") if self.fault != "persona swap" else luck < 0.5
        for offers in load_stimuli().dose:
            if text in offers:
                strength = offers.index(text) if self.fault != "dose-response" else 2 - offers.index(text)
                return luck < (0.15, 0.5, 0.95)[strength]
        if self.fault in {"dominance", "bad copy"}:
            wrong = text in {pair.worse for pair in getattr(load_stimuli(), self.fault.replace(" ", "_"))}
            right = text in {pair.better for pair in getattr(load_stimuli(), self.fault.replace(" ", "_"))}
            if wrong or right:
                return wrong
        return luck < (0.05 if text in SPOILT else 0.8) if "car park" not in text else luck < 0.2


def outcomes(found: Behaviour) -> dict[str, str]:
    """Return how each gate ended."""
    return {gate.name: gate.outcome for gate in found.gates}


def test_an_engine_that_behaves_passes_all(people: Audience) -> None:
    """Every gate passes, with its interval and its counts, and nothing is asked twice."""
    engine = ScriptedEngine(Reader())
    found = check_behaviour(people, engine=engine)
    assert outcomes(found) == dict.fromkeys(GATES, "passed")
    assert all(gate.personas == 24 and gate.reactions > 0 and gate.low is not None for gate in found.gates)
    assert (found.personas, found.failed, found.refused) == (24, 0, 0)
    assert found.calls == engine.calls
    again = ScriptedEngine(Reader())
    assert outcomes(check_behaviour(people, engine=again)) == outcomes(found)
    assert again.calls == 0


@pytest.mark.slow
@pytest.mark.parametrize("fault", [name for name in GATES if name != "persona swap"])
def test_each_fault_fails_its_own_gate(fault: str, people: Audience) -> None:
    """An engine with one fault fails that gate and passes those that have nothing to do with it."""
    found = outcomes(check_behaviour(people, engine=ScriptedEngine(Reader(fault))))
    related = {"known groups": {"persona swap"}}.get(fault, set())
    assert found[fault] == "failed"
    assert {name for name, outcome in found.items() if outcome != "passed"} - related == {fault}


def test_groups_that_do_not_differ_prove_nothing_of_a_swap(people: Audience) -> None:
    """Where people of both segments like the same drafts, known groups fails and the swap is inconclusive."""
    found = outcomes(check_behaviour(people, engine=ScriptedEngine(Reader("persona swap"))))
    assert (found["known groups"], found["persona swap"]) == ("failed", "inconclusive")


def test_few_people_are_inconclusive_where_they_cannot_tell(people: Audience) -> None:
    """An engine that throws dice passes nothing that asks for a difference."""

    def throw(question: Question) -> dict[str, Any]:
        taps = hashlib.sha256(remove_random_tokens(question.prompt).split(".", 1)[1].encode()).digest()[0] % 2 == 0
        fields = dict((question.schema or {})["properties"])
        if "sooner" in fields:
            return {"because": "Hm.", "sooner": fields["sooner"]["enum"][taps]}
        return reading("click" if taps else "read", first_glance="stop" if taps else "scroll_past", ratings=RATINGS)

    found = outcomes(check_behaviour(people, engine=ScriptedEngine(throw)))
    assert "passed" not in {found[name] for name in ("dominance", "dose-response", "known groups", "persona swap")}


def test_bodies_change_sides(people: Audience) -> None:
    """A swap gives each persona somebody's body of the other value; ids, weights and segments stay."""
    division = find_division(people)
    assert (division.key, set(division.values)) == ("role", {"buyer", "seller"})
    swapped = swap_bodies(people, division)
    assert {one.id for one in swapped.personas} == {one.id for one in people.personas}
    assert sorted(one.about for one in swapped.personas) == sorted(one.about for one in people.personas)
    assert all(one.segments["role"] not in one.about for one in swapped.personas)


def test_an_audience_without_segments_is_refused(people: Audience) -> None:
    """Where nothing divides people, the check says what it needs."""
    alike = people.model_copy(
        update={"personas": tuple(one.model_copy(update={"segments": {}}) for one in people.personas)}
    )
    with pytest.raises(InputError, match="no segment has two values"):
        check_behaviour(alike, engine=ScriptedEngine(Reader()))


@pytest.mark.slow
def test_the_command_prints_a_scorecard(command: Command, server: OpenAIServer) -> None:
    """`audience doctor --audience` prints one JSON object, ends with a code and resumes from the store."""

    def answer(ask: Ask) -> dict[str, Any] | None:
        spoilt = any(text in ask.text for text in SPOILT)
        return {"first_glance": "scroll_past" if spoilt else "stop", "action": "click"}

    server.script = answer
    asked = (
        "doctor",
        "--audience",
        "uk-small-sellers",
        "--base-url",
        server.base_url,
        "--model",
        "m",
        "--price",
        "1,2",
    )
    shown = command(*asked, "--json")
    found = json.loads(shown.stdout)
    assert {gate["name"]: gate["outcome"] for gate in found["gates"]}["dominance"] == "passed"
    assert (shown.returncode, found["personas"]) == (1, 12)
    assert found["cost_usd"] > 0
    before = server.count(CHAT)
    plain = command(*asked)
    assert server.count(CHAT) == before
    assert "FAIL  dose-response" in plain.stdout
    assert "No real people were asked" in plain.stdout


@pytest.mark.slow
def test_a_default_audience_asks_nothing(command: Command, server: OpenAIServer) -> None:
    """Options in the environment leave the everyday doctor as it is: nothing is asked or paid."""
    kept = {"AUDIENCE_AUDIENCE": "uk-small-sellers", "AUDIENCE_ENGINE": "replay", "AUDIENCE_SAMPLE": "3"}
    shown = command("doctor", "--base-url", server.base_url, **kept)
    assert "reachable at" in shown.stdout
    assert server.count(CHAT) == 0
    few = command("doctor", "--audience", "uk-small-sellers", "--sample", "7")
    assert (few.returncode, few.stderr.count("fewer than 8 personas")) == (2, 1)
