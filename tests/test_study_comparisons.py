"""A study compares the tags of its drafts over campaigns, and says how far its models agree."""

from __future__ import annotations

from typing import Any

import pytest
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.errors import InputError
from toolkit.models import Audience, Campaign, Draft, Persona
from toolkit.models.exchange import Question
from toolkit.study import Study, agreement

RATINGS = dict.fromkeys(("relevance", "clarity", "trust", "appeal", "intent"), 4)
WORDS = {"plain": "Send an invoice for", "question": "Still waiting for your money from"}


def make_campaigns(count: int, tag: str = "style") -> list[Campaign]:
    """Return campaigns of a claim and a question each, the last one without tags."""
    return [
        Campaign(
            campaign=f"c{number}",
            drafts=tuple(
                Draft(id=level, text=f"{words} {number}", tags={tag: level} if number < count - 1 else {})  # type: ignore[arg-type]
                for level, words in WORDS.items()
            ),
        )
        for number in range(count)
    ]


def answer(question: Question) -> dict[str, Any]:
    """Let questions win with everybody but the first person."""
    clicks = "waiting" in question.prompt and "Person 0," not in question.prompt
    said = reading("click" if clicks else "read")
    return {key: value for key, value in said.items() if key != "says"} | {"ratings": RATINGS}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function that makes the same study of tagged campaigns, under a tag of a given name."""
    place = tmp_path_factory.mktemp("study")
    people = [Persona(id=f"p{at}", name=f"Person {at}", age=30, about=f"Sells jam, {at} jars.") for at in range(10)]
    audience = Audience(audience="jam", personas=tuple(people))

    def make(tag: str = "style") -> Study:
        return toolkit.study(
            make_campaigns(5, tag), audiences=audience, rating="direct", control=False, repeats=2,
            engine=ScriptedEngine(answer), folder=place / "all", store=place / "replies.sqlite",
        )  # fmt: skip

    return make


def test_a_study_compares_its_tags(asked: Any) -> None:
    """Levels are compared over the campaigns that have both; one without tags is counted."""
    study = asked()
    found = study.compare("style").row(0, named=True)
    assert (found["level_a"], found["level_b"], found["verdict"]) == ("plain", "question", "B")
    assert found["difference"] == pytest.approx(0.9)
    assert (found["campaigns"], found["campaigns_left_out"], found["drafts"], found["personas"]) == (4, 1, 8, 10)
    assert study.effects("style")["kind"].to_list() == ["campaign"] * 4 + ["mean", "further"]


def test_a_study_draws_a_pair_of_levels(asked: Any) -> None:
    """The forest names the pair; levels that no draft has are refused with those there are."""
    study = asked()
    drawn = study.plot("style").to_dict()
    assert "against" in drawn["title"]["text"]
    with pytest.raises(InputError, match="pass levels="):
        study.plot("style", ("short", "shouted"))


def test_a_study_kept_in_a_folder_knows_its_tags(asked: Any) -> None:
    """A study that is opened again compares to the same numbers."""
    study = asked()
    assert toolkit.load_study(study.folder).compare("style").equals(study.compare("style"))


def test_a_new_tag_asks_nothing_anew(asked: Any) -> None:
    """Nobody reads a tag, so drafts that are tagged otherwise keep their runs and get the new tag."""
    before = [cell.folder for cell in asked().cells]
    study = asked("tone")
    assert [cell.folder for cell in study.cells] == before
    assert study.compare("tone")["verdict"].to_list() == ["B"]
    with pytest.raises(InputError, match="no draft has the tag 'style'; tags: tone"):
        study.compare("style")


def test_a_study_says_how_far_repeats_agree(asked: Any) -> None:
    """Two repeats of a scripted reader agree in every pair; models need two to agree."""
    study = asked()
    (said,) = agreement.list_reliabilities(study.agreement("repeat"))
    assert (said.pairs, said.campaigns, said.same_direction) == (5, 5, 1.0)
    with pytest.raises(InputError, match="alone; agreement between models takes two"):
        study.agreement()


def test_reactions_put_together_are_not_compared(asked: Any) -> None:
    """The reactions of a study, given to `compare` as if they were of one run, are refused with the way to go."""
    with pytest.raises(InputError, match=r"study\.compare\('style'\)"):
        toolkit.compare(asked().reactions)
