"""What a public function cannot use is an error of the exported tree: one line that names it and says what to give."""

from __future__ import annotations

import asyncio
import inspect
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import polars as pl
import pytest
from conftest import make_audience, make_campaign
from pydantic import TypeAdapter, ValidationError
from recorded import CAMPAIGN, write_campaign
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.models import MEASURES, Audience, Campaign, Record
from toolkit.models.exchange import Question

RATED = dict.fromkeys(MEASURES, 3)
PLAIN: dict[str, Any] = {"rating": "direct", "control": False}
KINDS = (None, 3, float("nan"), dict, object(), [1], b"x", {"a": 1})
"""What nobody should pass, and what comes of a slip: None of a search, a class for its object, a number for a name."""


def answer(question: Question) -> dict[str, Any]:
    """Answer like somebody who likes the benefit."""
    if question.kind in {"interview", "follow_up"}:
        return {"answer": "It is too long for me."}
    return reading("click" if "Get paid" in question.prompt else "read", ratings=RATED, objection="It is too long.")


class Given(NamedTuple):
    """What a call is made with."""

    run: toolkit.Run
    campaign: Campaign
    audience: Audience
    engine: ScriptedEngine
    """Counts what it is asked."""


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> toolkit.Run:
    """Return a run of two drafts and twelve people."""
    store = tmp_path_factory.mktemp("tested") / "store.sqlite"
    return toolkit.run(make_campaign(), make_audience(), engine=ScriptedEngine(answer), store=store, **PLAIN)


@pytest.fixture
def given(tested: toolkit.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Given:
    """Return everything a call may need, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Given(tested, make_campaign(), make_audience(), ScriptedEngine(answer))


def ask(given: Given, **options: Any) -> toolkit.Run:
    """Run with options that change one thing."""
    sent = {"drafts": given.campaign, "audience": given.audience, "engine": given.engine, **PLAIN, **options}
    return toolkit.run(sent.pop("drafts"), sent.pop("audience"), **sent)


def folder_with(given: Given, change: Callable[[dict[str, Any]], object]) -> Path:
    """Return a run folder whose run.json was changed."""
    folder = given.run.save("changed")
    methods = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    change(methods)
    (folder / "run.json").write_text(json.dumps(methods), encoding="utf-8")
    return folder


REFUSED: dict[str, tuple[Callable[[Given], object], type[Exception], str]] = {
    "a misspelt option": (lambda given: ask(given, concurency=3), toolkit.InputError, "did you mean 'concurrency'"),
    "a misspelt option of follow_up": (
        lambda given: toolkit.follow_up(given.run, "Why?", given.audience, engine=given.engine, max_costs=0.01),  # type: ignore[call-arg]
        toolkit.InputError, "did you mean 'max_cost'",
    ),
    "a misspelt option of check": (
        lambda given: toolkit.check(given.campaign, on_inconclusve="fail"),  # type: ignore[call-arg]
        toolkit.InputError, "did you mean 'on_inconclusive'",
    ),
    "wrong words for check": (
        lambda given: toolkit.check(given.campaign, on_inconclusive="nonsense"),  # type: ignore[arg-type]
        toolkit.InputError, "nonsense",
    ),
    "one number for a price": (lambda given: ask(given, price=3), toolkit.InputError, "price"),
    "no engine": (lambda given: ask(given, engine=None), toolkit.InputError, "engine"),
    "a class for an engine": (lambda given: ask(given, engine=ScriptedEngine), toolkit.InputError, "engine"),
    "a model for one's own engine": (lambda given: ask(given, model="gpt-5"), toolkit.InputError, "model"),
    "a wrong rating": (lambda given: ask(given, rating="likert"), toolkit.InputError, "rating"),
    "a sample of more than there are": (lambda given: ask(given, sample=61), toolkit.InputError, "sample=61"),
    "a draft without a text": (lambda _: toolkit.Draft(id="a", text=""), toolkit.InputError, "text"),
    "a draft's field that is none": (
        lambda _: toolkit.Draft(id="a", text="b", headlin="c"),  # type: ignore[call-arg]
        toolkit.InputError, "headlin",
    ),
    "a persona under 13": (
        lambda _: toolkit.Persona(id="p", name="P", age=5, about="A child."), toolkit.InputError, "age",
    ),
    "an address nobody answers at": (
        lambda given: ask(given, engine="openai", model="m", base_url="http://127.0.0.1:9/v1"),
        toolkit.EngineUnavailable, "127.0.0.1:9",
    ),
    "a store that is none": (lambda given: ask(given, store=Path.cwd()), toolkit.StoreUnusable, ""),
    "an objective nobody knows in a frame": (
        lambda given: toolkit.compare(given.run.reactions.with_columns(objective=pl.lit("buy"))),
        toolkit.InputError, "buy",
    ),
    "a draft that is not in a frame": (
        lambda given: toolkit.compare(given.run.reactions, drafts=["plain", "Z"]), toolkit.InputError, "Z",
    ),
    "a measure nobody knows": (
        lambda given: toolkit.compare(given.run.reactions, measure="aim"), toolkit.InputError, "aim",
    ),
    "a report of no known form": (
        lambda given: toolkit.save_report(given.run, "report.docx"), toolkit.InputError, ".docx",
    ),
    "a persona who is not in the run": (
        lambda given: toolkit.interview(given.run, "nobody", "Why?", given.audience, engine=given.engine),
        toolkit.InputError, "nobody",
    ),
    "a folder without a run": (lambda _: toolkit.load_run("nowhere"), toolkit.InputError, "nowhere"),
    "a run.json that is another file": (
        lambda given: toolkit.load_run(folder_with(given, lambda methods: methods.clear())),
        toolkit.InputError, "changed",
    ),
}  # fmt: skip
"""Input that cannot be used, the error, and a word of its message."""


@pytest.mark.parametrize(("call", "error", "word"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_one_line(
    given: Given, call: Callable[[Given], object], error: type[Exception], word: str
) -> None:
    """The error is exported, its message is one line that names what is wrong, and nothing was asked."""
    with pytest.raises(error) as raised:
        call(given)
    assert word in str(raised.value)
    assert "\n" not in str(raised.value)
    assert type(raised.value).__name__ in toolkit.__all__
    assert given.engine.calls == 0


ACCEPTED: dict[str, Callable[[Given], object]] = {
    "a list of Persona": lambda given: ask(given, audience=list(given.audience.personas)),
    "frames of drafts and of people": lambda given: ask(
        given,
        drafts=pl.DataFrame({"id": ["a", "b"], "text": ["Send an invoice.", "Get paid today."]}),
        audience=pl.DataFrame(
            {"id": [1, 2], "name": ["Ada", "Bo"], "age": [30, 40], "about": ["Sells jam.", "Buys jam."]}
        ),
    ),
    "a pandas frame to compare": lambda given: toolkit.compare(given.run.reactions.to_pandas()),
    "pandas pairs": lambda _: toolkit.predict_pairs(pd.DataFrame({"text_a": ["Hi."], "text_b": ["Get paid."]})),
    "whole numbers as names in a frame": lambda given: toolkit.compare(
        given.run.reactions.with_columns(persona_id=pl.col("persona_id").rank("dense").cast(pl.Int64))
    ),
    "the command's word for check": lambda _: toolkit.check(
        write_campaign(Path("campaigns"), CAMPAIGN.partition("  - draft")[0]), on_inconclusive="pass"
    ),
    "a run.json with a field of a later version": lambda given: toolkit.load_run(
        folder_with(given, lambda methods: methods.update(weather="fine"))
    ),
    "a run.json that lacks a field of this version": lambda given: toolkit.load_run(
        folder_with(given, lambda methods: methods.pop("order"))
    ),
}
"""What used to be refused, and is used now."""


@pytest.mark.parametrize("call", ACCEPTED.values(), ids=ACCEPTED)
def test_what_people_pass_is_used(given: Given, call: Callable[[Given], object]) -> None:
    """Frames of either library, people without an audience, files of a neighbouring version."""
    assert call(given) is not None


def test_a_field_of_a_later_version_is_noted(given: Given) -> None:
    """The run says which field of its file it does not know."""
    run = toolkit.load_run(folder_with(given, lambda methods: methods.update(weather="fine")))
    assert any("weather" in warning for warning in run.methods.warnings)


def test_a_run_is_the_run_of_its_id(given: Given) -> None:
    """Runs are compared and hashed by their id, and survive a pickle."""
    again = pickle.loads(pickle.dumps(given.run))  # noqa: S301 - made on this line
    assert again == given.run
    assert len({again, given.run}) == 1


class OwnFault(Exception):
    """An error of a user's own code."""


def fail(*_: object) -> Any:
    """Raise the user's own error."""
    raise OwnFault("mine")


def test_an_error_of_ones_own_comes_through_as_it_is(given: Given) -> None:
    """What an engine or a callback of one's own raises is raised, not a group of it, and replies so far are kept."""
    with pytest.raises(OwnFault, match="mine"):
        ask(given, on_reaction=fail)
    assert given.engine.calls > 0
    with pytest.raises(OwnFault, match="mine"):
        ask(given, engine=ScriptedEngine(fail))
    later = ScriptedEngine(answer)
    assert ask(given, engine=later).counts.ok == 24
    assert later.calls < 24


FUNCTIONS = sorted(
    name for name in toolkit.__all__ if callable(one := getattr(toolkit, name)) and not inspect.isclass(one)
)


def call_with(name: str, given: Given, **options: Any) -> object:
    """Call a public function with what it needs and some options; wait for it where it is a coroutine."""
    by_name = {
        "run": given.run, "campaign": given.campaign, "drafts": given.campaign, "audience": given.audience,
        "reactions": given.run.reactions, "frame": pl.DataFrame({"text_a": ["a"], "text_b": ["b"]}),
        "source": "nowhere.csv", "folder": "nowhere", "path": "nowhere.html", "persona": "p00", "question": "Why?",
        "by": "role", "campaigns": [given.campaign],
    }  # fmt: skip
    function = getattr(toolkit, name)
    needed = [
        one.name
        for one in inspect.signature(function).parameters.values()
        if one.default is inspect.Parameter.empty and one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    made = function(**{one: by_name[one] for one in needed if one not in options}, **options)
    return asyncio.run(made) if inspect.iscoroutine(made) else made


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_refuses_an_unknown_option(name: str, given: Given) -> None:
    """A misspelt option is never dropped and never a TypeError, whichever function it is passed to."""
    with pytest.raises(toolkit.InputError, match="unknown option 'sorce'"):
        call_with(name, given, sorce=1)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_refuses_what_is_no_input(name: str, given: Given) -> None:
    """Its first argument, given as None, a number, a class or a list of numbers, is an InputError."""
    first = next(iter(inspect.signature(getattr(toolkit, name)).parameters))
    for wrong in KINDS:
        with pytest.raises(toolkit.InputError) as raised:
            call_with(name, given, **{first: wrong})
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("compare", "by"),
        ("compare", "measure"),
        ("scorecard", "by"),
        ("interactions", "by"),
        ("save_report", "path"),
        ("follow_up", "question"),
        ("interview", "persona"),
        ("run", "engine"),
        ("run", "audience"),
    ],
)
def test_other_arguments_are_looked_at_as_well(name: str, argument: str, given: Given) -> None:
    """So is what comes after the first."""
    for wrong in KINDS:
        if wrong is None and argument in {"by", "audience"} and name != "interactions":
            continue  # which means everybody, or the campaign's own
        with pytest.raises(toolkit.InputError):
            call_with(name, given, **{argument: wrong})


RECORDS: dict[str, tuple[type[Record], dict[str, Any], str]] = {
    "a draft without words": (toolkit.Draft, {"id": "a", "text": " "}, "Draft: text is ' ': "),
    "a draft without a name": (toolkit.Draft, {"text": "Hi."}, "Draft: id is missing; add it"),
    "a draft's field that is none": (toolkit.Draft, {"id": "a", "text": "Hi.", "headlin": "x"}, "mean headline"),
    "a persona of 5": (toolkit.Persona, {"id": "p", "name": "P", "age": 5, "about": "A child."}, "Persona: age is 5: "),
    "a campaign of two drafts of one name": (
        toolkit.Campaign, {"campaign": "c", "drafts": [{"id": "a", "text": "Hi."}] * 2}, "'a' occurs twice",
    ),
    "a campaign with a bad draft": (
        toolkit.Campaign, {"campaign": "c", "drafts": [{"id": "a", "text": ""}]}, "Campaign: drafts[0].text is ''",
    ),
    "an audience of nobody": (toolkit.Audience, {"audience": "a", "personas": []}, "Audience: personas is []"),
    "a verdict of no kind": (toolkit.Verdict, {"decision": "win", "because": "x"}, "Verdict: decision is 'win'"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "fields", "said"), RECORDS.values(), ids=RECORDS)
def test_a_record_is_made_or_refused_in_one_line(kind: type[Record], fields: dict[str, Any], said: str) -> None:
    """By keywords, from a mapping and from JSON alike; a library that validates gets pydantic's own error."""
    for make in (
        lambda: kind(**fields),
        lambda: kind.model_validate(fields),
        lambda: kind.model_validate_json(json.dumps(fields)),
    ):
        with pytest.raises(toolkit.InputError) as raised:
            make()
        assert said in str(raised.value)
        assert "\n" not in str(raised.value)
        assert "pydantic" not in str(raised.value)
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(fields)


@pytest.mark.parametrize("wrong", [None, 3, [1], "x", b"{"])
def test_no_record_is_made_of_what_is_none(wrong: Any) -> None:
    """Something else than a mapping, and what is no JSON, are one line, too."""
    for make in (toolkit.Draft.model_validate, toolkit.Draft.model_validate_json):
        with pytest.raises(toolkit.InputError, match=r"^Draft: ") as raised:
            make(wrong)
        assert "\n" not in str(raised.value)
