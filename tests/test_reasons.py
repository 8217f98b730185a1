"""Why answers are missing: in the row, among the warnings, and in the exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from provider_zoo import TEXT, Answer, Visit, Zoo, chat, error
from scripted import ScriptedEngine
from test_zoo import OPTIONS, Animal, ask

import toolkit
from toolkit.cli.show import print_run
from toolkit.errors import CallFailed, EngineUnavailable
from toolkit.models import Audience, Campaign
from toolkit.models.exchange import Question


def test_the_three_most_frequent_reasons_are_told(campaign: Campaign, audience: Audience) -> None:
    """Counts, the words of whoever refused, one sample reply and a next step for each, the most frequent first."""
    first, trouble = campaign.drafts[0].text, CallFailed("HTTP 500: disk 3 is on fire")

    def answer(question: Question) -> Any:
        return "I would rather not say." if first in question.prompt else trouble

    run = toolkit.run(campaign, audience, engine=ScriptedEngine(answer), rating="direct", control=False)
    told = [warning for warning in run.methods.warnings if "answers are missing" in warning]
    assert any("disk 3 is on fire" in line and "again" in line for line in told)
    assert any("“I would rather not say.”" in line and "keeps to a form" in line for line in told)
    assert [int(line.split()[0]) for line in told] == sorted((int(line.split()[0]) for line in told), reverse=True)
    errors = run.reactions["error"].drop_nulls().to_list()
    assert len(errors) == run.counts.failed == sum(int(line.split()[0]) for line in told)
    assert all("\x0e" not in line for line in (*told, *errors))


def test_the_command_counts_what_the_control_reader_lacks(
    campaign: Campaign, audience: Audience, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that is not whole says where, though every persona answered."""

    def answer(question: Question) -> Any:
        return TEXT if any(one.name in question.prompt for one in audience.personas) else CallFailed("HTTP 500")

    run = toolkit.run(campaign, audience, engine=ScriptedEngine(answer), rating="direct")
    print_run(run, tmp_path, brief=False)
    lacking = run.methods.control_counts
    assert lacking is not None
    assert (run.counts.failed, lacking.failed > 0, run.is_complete) == (0, True, False)
    said = f"0 failed, 0 from the store; the control reader lacks {lacking.failed} of {lacking.planned};"
    assert said in capsys.readouterr().out


def test_the_command_says_once_of_how_many_reactions(
    campaign: Campaign, audience: Audience, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first line of a run that nobody answered names the count before its reason, and not again after it."""
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(lambda _: CallFailed("HTTP 500")), rating="direct")
    print_run(run, tmp_path, brief=True)
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("No verdict yet, from 0 of 24 reactions: no reaction could be used")
    assert first.count("from 0 of 24 reactions") == 1


def test_a_whole_run_tells_no_reasons(campaign: Campaign, audience: Audience) -> None:
    """Where nothing is missing nothing is said."""
    run, _ = ask(Animal(source="", keep=lambda _: chat(TEXT)), campaign, audience)
    assert not run.methods.warnings


@pytest.mark.parametrize(("answered", "code"), [(0, 2), (6, 3)])
def test_an_endpoint_that_gives_out_ends_with_its_words(
    answered: int, code: int, campaign: Campaign, audience: Audience
) -> None:
    """A balance that is spent is exit 2 before the first kept reply and 3 after; what came is not asked again."""
    spent = Answer(error("Insufficient Balance"), 402)

    def keep(visit: Visit) -> Answer:
        return chat(TEXT) if visit.number <= answered else spent

    with Zoo(Animal(source="", keep=keep)) as zoo:
        with pytest.raises(EngineUnavailable, match="Insufficient Balance") as caught:
            toolkit.run(campaign, audience, base_url=zoo.base_url, **OPTIONS)
        assert caught.value.exit_code == code
        assert len(zoo.visits) <= answered + 16
    with Zoo(Animal(source="", keep=lambda _: chat(TEXT))) as zoo:
        toolkit.run(campaign, audience, base_url=zoo.base_url, **OPTIONS)


def test_a_model_that_is_loading_is_told(campaign: Campaign, audience: Audience) -> None:
    """Somebody who waits is told what for, once a look at most."""
    told: list[str] = []

    def keep(visit: Visit) -> Answer:
        return chat(TEXT) if visit.number > 1 else Answer(error("Loading model"), 503, {"Retry-After": "0.1"})

    ask(Animal(source="", keep=keep), campaign, audience, on_note=told.append)
    assert [line for line in told if "is loading its model" in line] == told
    assert len(told) == 1
