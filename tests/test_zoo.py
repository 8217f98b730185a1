"""Sixteen reactions against every kind of endpoint: what is read, dropped, asked again, and what ends a run."""

from __future__ import annotations

import re
from typing import Any

import pytest
from provider_zoo import TEXT, ZOO, Animal, Answer, Visit, Zoo, chat, error

import toolkit
from toolkit.errors import FLAGS, EngineUnavailable
from toolkit.models import Audience, Campaign

OPTIONS: dict[str, Any] = {
    "engine": "openai", "model": "m", "rating": "direct", "control": False, "api_key": "test-key-123", "sample": 8,
}  # fmt: skip
REACTIONS = 16


def ask(animal: Animal, campaign: Campaign, audience: Audience, **options: Any) -> tuple[toolkit.Run, Zoo]:
    """Return the run of eight people on two drafts, and the zoo with what it was asked."""
    with Zoo(animal) as zoo:
        return toolkit.run(campaign, audience, base_url=zoo.base_url, **OPTIONS, **options), zoo


@pytest.mark.parametrize("name", [name for name, animal in ZOO.items() if animal.fate == "all"])
def test_everybody_is_heard(name: str, campaign: Campaign, audience: Audience) -> None:
    """All reactions come, for at most a few calls more than there are; what was changed is said once."""
    animal = ZOO[name]
    run, zoo = ask(animal, campaign, audience)
    assert run.counts.ok == run.counts.planned == REACTIONS
    assert len(zoo.visits) <= REACTIONS + animal.more_calls
    assert all(word.isprintable() for word in run.reactions["verbatim"])
    said = [warning for warning in run.methods.warnings if re.search(animal.says or "$^", warning)]
    assert len(said) == bool(animal.says)


@pytest.mark.parametrize("name", [name for name, animal in ZOO.items() if animal.fate == "refused"])
def test_a_filter_is_one_refusal(name: str, campaign: Campaign, audience: Audience) -> None:
    """What a content filter declines is refused, and is asked once, by this run and the next."""
    with Zoo(ZOO[name]) as zoo:
        for _ in range(2):
            run = toolkit.run(campaign, audience, base_url=zoo.base_url, **OPTIONS)
            assert run.counts.refused == REACTIONS
            assert run.is_complete
        assert len(zoo.visits) == REACTIONS


@pytest.mark.parametrize("name", [name for name, animal in ZOO.items() if animal.fate == "ends"])
def test_the_reason_is_told_soon(name: str, campaign: Campaign, audience: Audience) -> None:
    """Where no call can succeed, the provider's own words and a next step come after at most five calls."""
    with Zoo(ZOO[name]) as zoo:
        with pytest.raises(EngineUnavailable) as caught:
            toolkit.run(campaign, audience, base_url=zoo.base_url, **OPTIONS)
        line = caught.value.say(FLAGS)
        assert re.search(ZOO[name].says, line)
        assert "\n" not in line
        assert line.isprintable()
        assert len(zoo.visits) <= ZOO[name].more_calls


UNBLAMED = {
    "upstream": "Error from upstream provider: the stream of requests was invalid",
    "a body image": "Posts about body image and seeds are not reviewed here",
    "a stop": "Please stop. The request was not understood",
    "temperature of words": "The temperature in the data centre is too high",
}


@pytest.mark.parametrize("name", UNBLAMED)
def test_words_that_are_no_parameters_are_not_blamed(name: str, campaign: Campaign, audience: Audience) -> None:
    """A word that only sounds like a parameter costs one reaction another call, and the endpoint nothing."""

    def keep(visit: Visit) -> Answer:
        return Answer(error(UNBLAMED[name]), 400) if visit.number == 7 else chat(TEXT)

    run, zoo = ask(Animal(source="", keep=keep), campaign, audience)
    assert run.counts.ok == REACTIONS
    assert not any("refuses" in warning for warning in run.methods.warnings)
    assert all({"response_format", "max_completion_tokens"} <= set(visit.body) for visit in zoo.visits)
    assert len(zoo.visits) == REACTIONS + 1


def test_the_zoo_is_large() -> None:
    """There are at least eighty kinds, and each links to whence it is known."""
    assert len(ZOO) >= 80
    assert all(animal.source.startswith("https://") for animal in ZOO.values())


def test_what_was_learned_is_known_to_the_next_run(campaign: Campaign, audience: Audience) -> None:
    """A second run of other people asks without what the endpoint refuses, says so, and makes no call too many."""
    options = OPTIONS | {"sample": 2}
    with Zoo(ZOO["no route for parameters"]) as zoo:
        first = toolkit.run(campaign, audience, base_url=zoo.base_url, **options)
        learned = len(zoo.visits)
        assert learned > 4
        second = toolkit.run(campaign, audience, base_url=zoo.base_url, **options | {"sample": 6})
        assert len(zoo.visits) == learned + 8
        toolkit.run(campaign, audience, engine="replay", rating="direct", control=False, sample=6)
        assert len(zoo.visits) == learned + 8
    assert second.counts.ok == 12
    assert first.methods.warnings == second.methods.warnings
