"""Options that nobody knows or that cannot be used: refused before anything is asked, in the words of the reader."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import json
import pickle
from collections.abc import Callable
from typing import Any

import pandas as pd
import polars as pl
import pytest
from conftest import make_audience, make_campaign
from openai_server import OpenAIServer
from scripted import ScriptedEngine, reading

from toolkit.engines import EngineBase
from toolkit.errors import (
    FLAGS,
    PYTHON,
    BudgetReached,
    InputError,
    Vocabulary,
    check_options,
    name_option,
    name_step,
    speaking,
    spell_out,
)
from toolkit.improve import follow_up, interview, rewrite
from toolkit.improve.rewriting import rewrite_draft
from toolkit.models import MEASURES, Audience, Campaign, Draft, Persona
from toolkit.models.exchange import Question, Reply
from toolkit.panel import arun, estimate, plan, run
from toolkit.panel.api import ask_plan, price_plan
from toolkit.panel.background import Job
from toolkit.panel.connecting import make_connection
from toolkit.panel.run_options import (
    AskingOptions,
    EstimateOptions,
    PricingOptions,
    RunOptions,
    SettingsOptions,
    TalkOptions,
)
from toolkit.results import Run
from toolkit.ui.text import say_here

RATED = dict.fromkeys(MEASURES, 3)
PLAIN: dict[str, Any] = {"rating": "direct", "control": False}


def answer(question: Question) -> dict[str, Any]:
    """Answer like somebody who reads everything and objects to its length."""
    if question.kind in {"interview", "follow_up"}:
        return {"answer": "It is too long for me."}
    if question.kind == "rewrite":
        return {"text": "Invoice in the chat.", "changed": "Shorter."}
    return reading("read", ratings=RATED, objection="It is too long.")


@pytest.fixture
def engine() -> ScriptedEngine:
    """Return an engine that counts what it is asked."""
    return ScriptedEngine(answer)


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run of two drafts and twelve people."""
    store = tmp_path_factory.mktemp("tested") / "store.sqlite"
    return run(make_campaign(), make_audience(), engine=ScriptedEngine(answer), store=store, **PLAIN)


def test_an_unknown_option_is_answered_with_the_nearest() -> None:
    """The refusal names what was typed and what was meant; without anything near, all that is allowed."""
    with pytest.raises(InputError, match=r"^unknown option 'concurency'; did you mean 'concurrency'\?$"):
        check_options(["concurency"], {"concurrency": int, "seed": int}, "run")
    with pytest.raises(InputError, match=r"^unknown option 'batch'; talk takes: model, seed$"):
        check_options(["model", "batch"], ["seed", "model"], "talk")
    check_options([], [], "run")


def test_a_message_speaks_the_words_of_its_reader() -> None:
    """One error says `sample=61` in Python and `--sample 61` on the command line, whoever raised it."""
    error = InputError(f"{name_option('sample', 61)}: draw fewer; {name_step('help')}")
    assert str(error) == "sample=61: draw fewer; see help(toolkit.run)"
    assert error.say(FLAGS) == "--sample 61: draw fewer; see `audience run --help`"
    with speaking(FLAGS):
        assert str(error) == error.say(FLAGS)
    assert str(error) == error.say(PYTHON)
    page = Vocabulary(lambda name, value: f"the field {name}" if value is ... else f"{value} people", {})
    assert error.say(page) == "61 people: draw fewer; see help(toolkit.run)"


def test_an_error_knows_its_option() -> None:
    """A door can ask an error which option it is about; repr and copies show no marks and lose none."""
    error = BudgetReached(f"{name_option('max_cost')} is reached; raise {name_option('price')}")
    assert error.option == "max_cost"
    assert InputError("no such file").option is None
    assert repr(error) == "BudgetReached('max_cost is reached; raise price')"
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - made a line above
        assert again.say(FLAGS) == "--max-cost is reached; raise --price"


@pytest.mark.parametrize(
    ("name", "value", "keyword", "flag"),
    [
        ("price", (0.25, 2.0), "price=(0.25, 2.0)", "--price 0.25,2.0"),
        ("base_url", "http://a\x0f/v1", "base_url='http://a\\x0f/v1'", "--base-url http://a\x0f/v1"),
        ("engine", "gpt\x0esample\x0f", "engine='gpt\\x0esample\\x0f'", "--engine gpt\x0esample\x0f"),
        ("head_to_head", True, "head_to_head=True", "--head-to-head"),
        ("control", False, "control=False", "--no-control"),
        ("max_cost", float("nan"), "max_cost='nan'", "--max-cost nan"),
        ("engine", print, "engine='<built-in function print>'", "--engine <built-in function print>"),
    ],
)
def test_values_stand_with_their_options(name: str, value: object, keyword: str, flag: str) -> None:
    """Numbers, texts and anything else are shown as each reader writes them, whatever signs they hold."""
    marked = name_option(name, value)
    assert spell_out(marked) == keyword
    assert spell_out(marked, FLAGS) == flag


def test_a_page_names_its_fields() -> None:
    """The page says what to change in the words on it, for an error of any room."""
    shown = say_here(InputError(f"{name_option('max_cost')} needs a price; add {name_option('price')}"))
    assert shown == "the cost limit needs a price; add both prices under Settings"
    assert "61" in say_here(InputError(name_option("sample", 61)))


def test_a_job_keeps_its_error() -> None:
    """Work in the background says why it failed in one line, and hands on the error for other words."""

    async def fail(_: asyncio.Event, __: Callable[[object], None]) -> None:
        raise InputError(name_option("sample", 61))

    job: Job[object, None] = Job(fail, about="a failure")
    assert job.wait(30)
    assert job.problem == "sample=61"
    assert job.error is not None
    assert job.error.say(FLAGS) == "--sample 61"


FUNCTIONS: list[tuple[str, Any, Callable[[Run, Campaign, Audience, dict[str, Any]], object]]] = [
    ("run", RunOptions, lambda _, campaign, audience, options: run(campaign, audience, **options)),
    ("arun", RunOptions, lambda _, campaign, audience, options: asyncio.run(arun(campaign, audience, **options))),
    ("plan", SettingsOptions, lambda _, campaign, audience, options: plan(campaign, audience, **options)),
    ("estimate", EstimateOptions, lambda _, campaign, audience, options: estimate(campaign, audience, **options)),
    (
        "ask_plan", AskingOptions,
        lambda _, campaign, audience, options: asyncio.run(ask_plan(plan(campaign, audience), **options)),
    ),
    (
        "price_plan", PricingOptions,
        lambda _, campaign, audience, options: price_plan(plan(campaign, audience), "local", **options),
    ),
    ("interview", TalkOptions, lambda tested, _, audience, options: interview(tested, "p00", "?", audience, **options)),
    ("follow_up", TalkOptions, lambda tested, _, audience, options: follow_up(tested, "Why?", audience, **options)),
    ("rewrite", TalkOptions, lambda tested, _, __, options: rewrite(tested, "plain", **options)),
    ("rewrite_draft", TalkOptions, lambda _, campaign, __, options: rewrite_draft(campaign[0], [], **options)),
    ("a connection", RunOptions, lambda _, __, ___, options: make_connection(options)),
]  # fmt: skip
"""What takes options, which, and how it is called with them."""


@pytest.mark.parametrize(("name", "takes", "call"), FUNCTIONS, ids=[one[0] for one in FUNCTIONS])
def test_every_misspelt_option_is_refused(
    name: str,
    takes: Any,
    call: Callable[[Run, Campaign, Audience, dict[str, Any]], object],
    tested: Run,
    campaign: Campaign,
    audience: Audience,
) -> None:
    """Each option of each public function, one letter too many or in the wrong place, is an error with the right one.

    Nothing is asked: the engine, the only one there is to ask, gets no call.
    """
    engine = ScriptedEngine(answer)
    more = {"engine": engine} if "engine" in takes.__annotations__ else {}
    for option in takes.__annotations__:
        for misspelt in (f"{option}s", f"{option[0]}{option[2]}{option[1]}{option[3:]}"):
            if misspelt in takes.__annotations__:
                continue
            with pytest.raises(InputError, match=rf"^unknown option '{misspelt}'; ") as caught:
                call(tested, campaign, audience, {**more, misspelt: 1})
            assert f"did you mean '{option}'?" in str(caught.value), name
    with pytest.raises(InputError, match=rf"^unknown option 'zzz'; {name} takes: "):
        call(tested, campaign, audience, {**more, "zzz": 1})
    assert engine.calls == 0


@pytest.mark.parametrize("option", ["batch", "fail_fast", "embedding_model", "workers", "sample", "on_reaction"])
def test_an_option_without_effect_is_refused(tested: Run, audience: Audience, option: str) -> None:
    """What says nothing about a talk or a rewrite is not dropped in silence."""
    for call in (
        lambda **given: interview(tested, "p00", "Why?", audience, **given),
        lambda **given: follow_up(tested, "Why?", audience, **given),
        lambda **given: rewrite(tested, "plain", **given),
    ):
        with pytest.raises(InputError, match=f"^unknown option '{option}'; "):
            call(**{option: 1})


def test_what_is_asked_after_a_run(tested: Run, campaign: Campaign, audience: Audience, engine: ScriptedEngine) -> None:
    """The public functions answer in one blocking call; people are found by the run's names unless they are passed."""
    assert interview(tested, "p00", "What put you off?", audience, engine=engine).answer == "It is too long for me."
    asked = follow_up(tested, "What put you off?", audience, engine=engine, draft="benefit")
    assert len(asked.heard) == len(audience.personas)
    written = rewrite(tested, "plain", objections=[1], engine=engine)
    assert written.draft is not None
    assert (written.draft.id, written.draft.text) == ("plain", "Invoice in the chat.")
    with pytest.raises(InputError, match="unknown audience 'jam-sellers'"):
        follow_up(tested, "Why?", engine=engine)
    bundled = run(campaign, "uk-small-sellers", engine=engine, sample=3, **PLAIN)
    assert len(follow_up(bundled, "Why?", engine=engine).heard) == 3
    with pytest.raises(InputError, match="draft 'absent' is not in this run; it has: plain, benefit"):
        rewrite(tested, "absent", engine=engine)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rating": "likert"}, "rating='likert': choose one of ssr, logprob, direct; see help(toolkit.run)"),
        ({"repeats": "two"}, "repeats='two': give a whole number from 1 to 100; see help(toolkit.run)"),
        ({"objective": "fly"}, "objective='fly': choose one of read, react, click, reply, share, save; see help("),
        ({"sample": 61}, "sample=61: the audience has 12 personas; choose 1 to 12"),
        ({"sample": 0}, "sample=0: give a whole number from 1, or leave it out to ask everybody"),
        ({"seed": -1}, "seed=-1: give a whole number from 0 to 2147483647"),
        ({"control": "perhaps"}, "control='perhaps': give True or False"),
        ({"prompts": "absent"}, "prompts='absent': no such folder"),
        ({"price": 3}, "price=3: two numbers of dollars per million tokens are needed, such as 0.25,2"),
        ({"price": (1, 2, 3)}, "price=(1, 2, 3): two numbers of dollars"),
        ({"price": ("a", "b")}, "price=('a', 'b'): two numbers of dollars"),
        ({"max_cost": -1.0}, "max_cost=-1.0: give dollars, 0 or more, such as 0.50"),
        ({"max_cost": float("nan")}, "max_cost='nan': give dollars"),
        ({"max_cost": 1.0}, "max_cost needs a price, and this model's is not known; add price in dollars"),
        ({"concurrency": 0}, "concurrency=0: give a whole number from 1, the most questions in flight"),
        ({"concurrency": 2.5}, "concurrency=2.5: give a whole number from 1"),
        ({"workers": "many"}, "workers='many': give a whole number from 1, how many workers to ask on"),
        ({"workers": 2}, "workers=2: only engine='openai' spreads over workers; leave workers out"),
        ({"batch": True}, "batch: the scripted engine has no batches; leave it out, or choose engine='openai'"),
        ({"fail_fast": "yes"}, "fail_fast='yes': give True or False"),
        ({"store": 3}, "store=3: give the path of a file"),
        ({"on_reaction": "print"}, "on_reaction='print': give a function that takes one thing"),
        ({"stop": True}, "stop=True: give an asyncio.Event"),
        ({"engine": None}, "engine=None: name one of openai, local, replay, or pass an engine object"),
        ({"engine": ScriptedEngine}, "engine is the class ScriptedEngine; pass an object, as in ScriptedEngine(...)"),
        ({"engine": 3}, "engine=3: name one of openai, local, replay, or pass an engine object"),
        ({"engine": "opnai"}, "unknown engine 'opnai'; did you mean openai?"),
        ({"engine": "local", "embedding_model": "e"}, "embedding_model='e': the local engine embeds with its own"),
        ({"model": "gpt-5"}, "model='gpt-5': the engine object brings its own; leave model out"),
        ({"base_url": "http://127.0.0.1:9"}, "base_url='http://127.0.0.1:9': the engine object brings its own"),
        ({"api_key": "sk-secret"}, "api_key: the engine object brings its own; leave api_key out"),
        ({"rpm": 5}, "rpm=5: the engine object brings its own; leave rpm out"),
        ({"engine": "openai", "rpm": 0}, "rpm=0: give the most requests a minute, 1 or more"),
        ({"engine": "openai", "model": 5}, "model=5: give text"),
    ],
)  # fmt: skip
def test_wrong_values_name_option_value_and_what_is_allowed(
    campaign: Campaign, audience: Audience, engine: ScriptedEngine, options: dict[str, Any], words: str
) -> None:
    """Each is one line in Python's words, raised before anything is asked."""
    with pytest.raises(InputError) as caught:
        run(campaign, audience, **({"engine": engine, **PLAIN} | options))
    assert str(caught.value).startswith(words)
    assert "--" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert engine.calls == 0


def test_a_misspelt_cost_limit_costs_nothing(tested: Run, audience: Audience, engine: ScriptedEngine) -> None:
    """`max_costs` was dropped without a word, and everybody was asked."""
    with pytest.raises(InputError, match=r"^unknown option 'max_costs'; did you mean 'max_cost'\?$"):
        follow_up(tested, "Why?", audience, engine=engine, price=(1000.0, 1000.0), max_costs=0.01)  # type: ignore[call-arg]
    assert engine.calls == 0


DRAFT_ROWS = [{"id": 1, "text": "Send an invoice."}, {"id": 2, "text": "Get paid today.", "headline": "Today"}]
PEOPLE_ROWS = [
    {"id": 7, "name": "Ann", "age": 30, "about": "Sells jam.", "weight": 2.0, "role": "seller"},
    {"id": 8, "name": "Bob", "age": 50, "about": "Buys jam.", "weight": 1.0, "role": None},
]


@pytest.mark.parametrize("make", [pl.DataFrame, pl.LazyFrame, pd.DataFrame], ids=["polars", "lazy", "pandas"])
def test_frames_go_in(make: Callable[[Any], Any], engine: ScriptedEngine) -> None:
    """Drafts and people may be frames; whole numbers as ids become text, further columns become segments."""
    ended = run(make(DRAFT_ROWS), make(PEOPLE_ROWS), engine=engine, **PLAIN)
    assert ended.counts.ok == 4
    assert set(ended.reactions["draft_id"]) == {"1", "2"}
    assert set(ended.reactions["persona_id"]) == {"7", "8"}
    people = {one.id: one for one in plan(make(DRAFT_ROWS), make(PEOPLE_ROWS)).panel}
    assert (people["7"].weight, people["7"].about, people["7"].segments) == (2.0, "Sells jam.", {"role": "seller"})
    assert people["8"].segments == {"role": "unknown"}
    first, second = ended.methods.campaign.drafts
    assert (first.headline, second.headline) == (None, "Today")


def test_records_go_in(campaign: Campaign, audience: Audience, engine: ScriptedEngine) -> None:
    """Lists of people and of drafts, one of either, several audiences and frames beside them."""
    people = list(audience.personas[:3])
    assert run(list(campaign.drafts), people, engine=engine, **PLAIN).counts.ok == 6
    assert run(campaign[0], people[:1], engine=engine, **PLAIN).counts.ok == 1
    several = plan(campaign, [audience, pl.DataFrame(PEOPLE_ROWS), "uk-small-sellers"])
    assert {one.segments["audience"] for one in several.panel} == {"jam-sellers", "people", "uk-small-sellers"}
    assert estimate(pl.DataFrame(DRAFT_ROWS), people, engine="local").reactions == 6


@pytest.mark.parametrize(
    ("drafts", "audience", "words"),
    [
        ([], "uk-small-sellers", "no drafts given; pass at least one"),
        (3, "uk-small-sellers", "drafts are of type int; pass a path, a frame, a Campaign or a list of Draft"),
        ([5], "uk-small-sellers", "drafts: drafts[0] is 5: a mapping of fields is needed"),
        (pl.DataFrame({"words": ["a"]}), "uk-small-sellers", "the frame of drafts:1: there is no column text"),
        (pl.DataFrame({"text": ["a"], "surface": ["moon"]}), "uk-small-sellers", "the frame of drafts:1: draft 'a': "),
        (Draft(id="a", text="b"), None, "no audience given; name one with audience, see"),
        (Draft(id="a", text="b"), 3, "the audience is of type int; pass a name, a path, a frame, an Audience or"),
        (Draft(id="a", text="b"), pl.DataFrame({"age": [9], "about": ["x"]}), "the frame of people:1: age '9' is a"),
        (Draft(id="a", text="b"), pl.DataFrame({"id": [1, 1]}), "the frame of people:2: persona id '1' occurs twice"),
        (Draft(id="a", text="b"), pl.DataFrame({"id": []}), "the frame of people: there are no rows"),
    ],
)  # fmt: skip
def test_what_is_neither_says_what_is(drafts: Any, audience: Any, words: str) -> None:
    """A frame, a list or a number that cannot be used is one line with the row."""
    with pytest.raises(InputError) as caught:
        plan(drafts, audience)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Draft(id="a", text=""), "Draft: text is '': string should have at least 1 character"),
        (lambda: Draft(id="a", txt="b"), "Draft: 'txt' is no field; did you mean text?; allowed: id, text"),  # type: ignore[call-arg]
        (lambda: Draft(text="b"), "Draft: id is missing; add it"),  # type: ignore[call-arg]
        (lambda: Draft(id="a?", text="b"), "Draft: id is 'a?': an id is 1 to 120 letters"),
        (lambda: Persona(id="a", name="A", age=12, about="x"), "Persona: age is 12: input should be greater than or"),
        (lambda: Persona(id="control", name="A", age=20, about="x"), "Persona: id is 'control': the id 'control' is"),
        (lambda: Audience(audience="a", personas=()), "Audience: personas is (): tuple should have at least 1 item"),
        (
            lambda: Campaign(campaign="c", drafts=(Draft(id="a", text="x"), Draft(id="a", text="y"))),
            "Campaign: draft id 'a' occurs twice; give each draft its own id",
        ),
        (
            lambda: Campaign(campaign="c", drafts=({"id": "a", "text": 3},)),  # type: ignore[arg-type]
            "Campaign: drafts[0].text is 3: input should be a valid string",
        ),
    ],
)  # fmt: skip
def test_records_made_by_hand_raise_our_error(make: Callable[[], object], words: str) -> None:
    """A fault in a record names record, field and value; copies and pickles are made as ever."""
    with pytest.raises(InputError) as caught:
        make()
    assert str(caught.value).startswith(words)


def test_records_are_copied_as_ever(audience: Audience) -> None:
    """Pickling, copying and making without checks neither check nor change anything."""
    assert pickle.loads(pickle.dumps(audience)) == audience  # noqa: S301 - made on the line itself
    assert audience.model_copy(update={"audience": "b"}).audience == "b"
    assert Persona.model_construct(id="control").id == "control"
    assert Audience.model_validate(audience.model_dump()) == audience


class Shortest:
    """The least that can be asked: no name, no form, nothing to enter."""

    async def ask(self, question: Question) -> Reply:
        """Answer like anybody."""
        return Reply(text=json.dumps(answer(question)), engine="shortest", model="shortest-1", prompt_tokens=9)


def test_an_engine_needs_no_more_than_ask(campaign: Campaign, audience: Audience) -> None:
    """What an engine object lacks has the defaults of EngineBase; its attributes are read as they are."""
    ended = run(campaign, audience, engine=Shortest(), price=(1.0, 1.0), max_cost=1.0, **PLAIN)
    assert ended.counts.ok == 24
    assert (ended.methods.engine, ended.methods.model, ended.methods.form, ended.methods.batch) == (
        "own", "own", "chat", False,
    )  # fmt: skip
    named = Shortest()
    named.model, named.concurrency = "mine-2", 3  # type: ignore[attr-defined]
    assert run(campaign, audience, engine=named, **PLAIN).methods.model == "mine-2"
    with pytest.raises(InputError, match="the engine own embeds nothing"):
        run(campaign, audience, engine=Shortest(), control=False, embedding_model="e")


class Faulty(EngineBase):
    """An engine with a fault of its own after so many answers."""

    model = "faulty"
    concurrency = 64

    def __init__(self, good: int) -> None:
        self.left = good

    async def ask(self, question: Question) -> Reply:
        """Answer, or fail in a way that no engine of ours does."""
        self.left -= 1
        if self.left < 0:
            raise ZeroDivisionError("a fault of my own")
        await asyncio.sleep(0)
        return Reply(text=json.dumps(answer(question)), engine=self.name, model=self.model)


def test_an_engine_of_ones_own_fails_as_it_does(campaign: Campaign, audience: Audience) -> None:
    """The very exception comes out, not a bundle of 64, and the replies before it are not asked for again."""
    with pytest.raises(ZeroDivisionError, match="a fault of my own") as caught:
        run(campaign, audience, engine=Faulty(10), **PLAIN)
    assert "the same call goes on from there" in caught.value.__notes__[0]
    again = Faulty(14)
    assert run(campaign, audience, engine=again, **PLAIN).counts.from_store == 10
    assert again.left == 0


@pytest.mark.parametrize("listener", ["on_reaction", "on_preference"])
def test_a_listener_of_ones_own_fails_as_it_does(campaign: Campaign, audience: Audience, listener: str) -> None:
    """An exception of a callback ends the run as itself, once what was in flight has come."""

    def choose(question: Question) -> dict[str, Any]:
        return {"because": "Shorter.", "sooner": "neither"} if question.kind == "choice" else answer(question)

    heard: list[object] = []

    def listen(one: object) -> None:
        heard.append(one)
        if len(heard) == 5:
            raise KeyError("mine")

    engine = ScriptedEngine(choose)
    options: dict[str, Any] = {listener: listen, "head_to_head": listener == "on_preference", **PLAIN}
    with pytest.raises(KeyError, match="mine"):
        run(campaign, audience, engine=engine, **options)
    assert len(heard) == 5
    again = ScriptedEngine(choose)
    done = run(campaign, audience, engine=again, **(options | {listener: None}))
    asked = 24 + 24 * (listener == "on_preference")
    assert engine.calls >= 5
    assert engine.calls + again.calls == asked
    assert done.is_complete


@pytest.mark.slow
def test_a_listener_of_notes_fails_as_it_does(server: OpenAIServer, campaign: Campaign, audience: Audience) -> None:
    """What is told of a batch may fail, too, and comes through as it is; the batch goes on at the provider."""

    def listen(note: str) -> None:
        raise LookupError(note)

    options: dict[str, Any] = {"base_url": server.base_url, "model": "m", "api_key": "k", "batch": True, **PLAIN}
    with pytest.raises(LookupError, match="batch batch_1 sent: 24 questions"):
        run(campaign, audience, on_note=listen, **options)
    assert run(campaign, audience, **options).is_complete
    assert len(server.desk.batches) == 1


def test_the_questions_written_down_are_those_that_were_asked(audience: Audience) -> None:
    """A run shows the first question of each kind, the same ones whichever reply comes first."""
    long = Draft(id="long", text="You can now pay in the chat. " * 40, surface="facebook_post")
    short = Draft(id="short", text="Pay in the chat.", surface="facebook_post")

    def glance(question: Question) -> dict[str, Any]:
        return {"first_glance": "stop", "verbatim": "Hm."} if question.kind == "glance" else answer(question)

    def ask(drafts: list[Draft], concurrency: int) -> tuple[dict[str, str], list[Question]]:
        engine = ScriptedEngine(glance)
        ended = run(drafts, audience, engine=engine, concurrency=concurrency, objective="read", **PLAIN)
        return ended.methods.questions, engine.questions

    questions, asked = ask([long, short], 1)
    assert list(questions) == ["system", "glance", "read", "react"]
    assert {one.kind for one in asked} == {"glance", "reading", "reaction"}
    assert questions["system"] == asked[0].system
    assert ask([long, short], 7)[0] == questions
    assert list(ask([short], 1)[0]) == ["system", "react"]
    assert [one.kind for one in asked[:2]] == ["glance", "reading"]


def test_a_kind_is_no_part_of_a_question(campaign: Campaign, audience: Audience) -> None:
    """Two questions that differ in kind alone are equal, and their replies have the same key."""
    task = plan(campaign, audience).tasks[0]
    question = plan(campaign, audience).questionnaire.ask_reaction(task)
    assert question.kind == "reaction"
    assert question == dataclasses.replace(question, kind="other")
    assert "kind" not in question.parameters
