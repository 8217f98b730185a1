"""A whole run on a scripted engine: what is asked, what is kept, what comes out."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.errors import CallFailed, EngineUnavailable, InputError
from toolkit.models import Audience, Campaign, Draft
from toolkit.models.exchange import Question, Reply
from toolkit.results.scoring.columns import reactions_schema

OPTIONS: dict[str, Any] = {"rating": "direct", "control": False}
RATINGS = {"relevance": 4, "clarity": 5, "trust": 3, "appeal": 2, "intent": 4}


def answer_direct(question: Question) -> dict[str, Any]:
    """Tap the benefit, scroll past the plain draft."""
    stops = "Get paid today" in question.prompt
    return reading("click" if stops else "read", first_glance="stop" if stops else "scroll_past", ratings=RATINGS)


def test_a_run_has_the_contract_columns(audience: Audience, campaign: Campaign) -> None:
    """Reactions, scorecard and comparisons carry exactly the promised columns."""
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), **OPTIONS)
    assert dict(run.reactions.schema) == reactions_schema(["role"])
    assert run.scorecard().columns == [
        "draft_id",
        "segment",
        "value",
        "measure",
        "estimate",
        "low",
        "high",
        "personas",
        "reactions",
    ]
    expected = [
        "draft_a",
        "draft_b",
        "segment",
        "value",
        "measure",
        "difference",
        "low",
        "high",
        "p_value",
        "p_adjusted",
        "detectable",
        "verdict",
        "decides",
    ]
    assert run.compare().columns == expected
    assert run.reactions.height == 24


def test_a_run_names_itself_in_a_line(audience: Audience, campaign: Campaign) -> None:
    """What a notebook or a debugger shows of a run stays short, however many people it has."""
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), **OPTIONS)
    assert repr(run) == f"Run({run.run_id!r}, drafts=['plain', 'benefit'], reactions={run.reactions.height})"


def test_a_clear_difference_is_called(audience: Audience, campaign: Campaign) -> None:
    """Where everybody taps one draft and passes the other, the verdict names the draft, with counts."""
    verdict = toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), **OPTIONS).verdict()
    assert (verdict.decision, verdict.draft) == ("best", "benefit")
    assert "audience of 12" in verdict.because


def test_nothing_different_is_too_close(audience: Audience, campaign: Campaign) -> None:
    """Where everybody does the same with both drafts, the verdict is too close to call."""
    engine = ScriptedEngine(lambda _: reading(ratings=RATINGS))
    verdict = toolkit.run(campaign, audience, engine=engine, **OPTIONS).verdict()
    assert (verdict.decision, verdict.draft) == ("too close to call", None)


def test_seven_personas_are_not_enough(audience: Audience, campaign: Campaign) -> None:
    """Under eight personas nothing is called, however clear it looks."""
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), sample=7, **OPTIONS)
    assert run.verdict().decision == "not enough"


def test_one_draft_has_no_rival(audience: Audience) -> None:
    """A single draft is scored and says that there is nothing to compare it with."""
    run = toolkit.run(Draft(id="only", text="Hello"), audience, engine=ScriptedEngine(answer_direct), **OPTIONS)
    assert run.verdict().decision == "single draft"
    assert run.compare().is_empty()


def test_the_second_run_asks_nothing(audience: Audience, campaign: Campaign) -> None:
    """The same test again sends no question and gives the same reactions."""
    first = toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), **OPTIONS)
    engine = ScriptedEngine(answer_direct)
    second = toolkit.run(campaign, audience, engine=engine, **OPTIONS)
    assert engine.calls == 0
    assert second.counts.from_store == 24
    assert second.reactions.equals(first.reactions)
    assert second.run_id == first.run_id


def test_an_edited_persona_alone_is_asked_again(audience: Audience, campaign: Campaign) -> None:
    """One word of one persona changes: its two reactions are asked for, nobody else's."""
    toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), **OPTIONS)
    edited = audience.personas[3].model_copy(update={"about": "Lives at number 3 and sells honey."})
    people = (*audience.personas[:3], edited, *audience.personas[4:])
    engine = ScriptedEngine(answer_direct)
    run = toolkit.run(campaign, audience.model_copy(update={"personas": people}), engine=engine, **OPTIONS)
    assert run.counts.from_store == 22
    assert [("honey" in question.prompt) for question in engine.questions] == [True, True]


def test_a_new_weight_asks_nothing(audience: Audience, campaign: Campaign) -> None:
    """Weights and segments shape no reply, so changing them asks nobody."""
    toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), **OPTIONS)
    people = tuple(persona.model_copy(update={"weight": 2.5}) for persona in audience.personas)
    engine = ScriptedEngine(answer_direct)
    toolkit.run(campaign, audience.model_copy(update={"personas": people}), engine=engine, **OPTIONS)
    assert engine.calls == 0


def test_repeats_are_distinct_draws(audience: Audience, campaign: Campaign) -> None:
    """Each repeat is asked for by itself and kept under its own key."""
    engine = ScriptedEngine(answer_direct)
    run = toolkit.run(campaign, audience, engine=engine, repeats=3, **OPTIONS)
    assert engine.calls == 72
    assert sorted(run.reactions["repeat"].unique()) == [0, 1, 2]


def test_wordings_are_spread_evenly(audience: Audience, campaign: Campaign) -> None:
    """Personas share the wordings evenly, and one persona reads all drafts under the same."""
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), **OPTIONS)
    per_persona = run.reactions.group_by("persona_id").agg(pl.col("wording").n_unique())
    assert per_persona["wording"].to_list() == [1] * 12
    counts = Counter(run.reactions["wording"].to_list())
    assert max(counts.values()) - min(counts.values()) <= 2


def test_file_order_changes_nothing(audience: Audience, campaign: Campaign) -> None:
    """Personas in another order get the same wordings, questions and numbers."""
    toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), **OPTIONS)
    engine = ScriptedEngine(answer_direct)
    shuffled = audience.model_copy(update={"personas": audience.personas[::-1]})
    toolkit.run(campaign, shuffled, engine=engine, **OPTIONS)
    assert engine.calls == 0


def test_a_folded_draft_is_glanced_at_first(audience: Audience) -> None:
    """Above the fold first; the rest only for those who stop."""
    text = "A long post about jam. " * 20 + "The secret is at the end."
    draft = Draft(id="long", text=text, surface="facebook_post")

    def glance(question: Question) -> dict[str, Any]:
        if "secret" not in question.prompt:
            stops = "number 1 " in question.prompt
            return {"first_glance": "stop" if stops else "hide", "verbatim": "Jam again."}
        return reading(ratings=RATINGS)

    engine = ScriptedEngine(glance)
    run = toolkit.run(draft, audience, engine=engine, **OPTIONS)
    assert engine.calls == 13
    row = run.reactions.filter(persona_id="p01").row(0, named=True)
    assert (row["stopped"], row["action"], row["rating_trust"]) == (True, "click", 3.0)
    passed = run.reactions.filter(persona_id="p02").row(0, named=True)
    assert (passed["stopped"], passed["action"], passed["rating_trust"]) == (False, "hide", None)
    assert "secret" not in row["fold_text"]


def test_the_control_reader_stays_apart(audience: Audience, campaign: Campaign) -> None:
    """Control rows have weight 0, an id of their own, and no part in the audience's estimates."""
    engine = ScriptedEngine(
        lambda question: reading("click" if "typical" in question.prompt else "read", ratings=RATINGS)
    )
    run = toolkit.run(campaign, audience, engine=engine, rating="direct")
    assert "control" not in run.reactions["persona_id"]
    control = run.control_reactions
    assert control.height == 2 * control["wording"].n_unique()
    assert control["weight"].unique().to_list() == [0.0]
    assert run.counts.planned == 24
    rates = run.scorecard().filter(measure="objective_rate")["estimate"].to_list()
    assert rates == [0.0, 0.0]


def test_refusals_are_counted_and_null(audience: Audience, campaign: Campaign) -> None:
    """A refusal is no answer, no failure, and is not asked for again."""
    refusal = Reply(text="", refusal="I cannot help with that.", engine="scripted", model="scripted-1")
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(lambda _: refusal), **OPTIONS)
    assert (run.counts.refused, run.counts.ok, run.is_complete) == (24, 0, True)
    assert run.reactions["action"].null_count() == 24
    engine = ScriptedEngine(lambda _: refusal)
    toolkit.run(campaign, audience, engine=engine, **OPTIONS)
    assert engine.calls == 0


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"first_glance": "stop"', "I love it!",
     '{"first_glance": "maybe", "action": "click", "verbatim": "x"}',
     '{"first_glance": "stop", "action": "click", "verbatim": "  ", "objection": null, "quotes": [], "ratings": {}}',
     '{"first_glance": "stop", "action": "scroll_past", "verbatim": "x", "objection": null, "quotes": []}'],
)  # fmt: skip
def test_a_bad_reply_is_no_reaction(audience: Audience, campaign: Campaign, text: str) -> None:
    """A reply without the form is asked for once more, then failed, null, and never kept."""
    engine = ScriptedEngine(lambda _: text)
    run = toolkit.run(campaign, audience, engine=engine, sample=4, **OPTIONS)
    assert engine.calls == 16
    assert (run.counts.failed, run.counts.ok, run.is_complete) == (8, 0, False)
    again = ScriptedEngine(answer_direct)
    assert toolkit.run(campaign, audience, engine=again, sample=4, **OPTIONS).counts.ok == 8
    assert again.calls == 8


@pytest.mark.parametrize("rating", [0, 6, 11, -1, 3.5, "4", True, None])
def test_a_rating_off_the_scale_is_null(audience: Audience, campaign: Campaign, rating: object) -> None:
    """A number outside 1 to 5 is unknown, never a rating."""
    engine = ScriptedEngine(lambda _: reading(ratings=RATINGS | {"trust": rating}))
    run = toolkit.run(campaign, audience, engine=engine, **OPTIONS)
    assert run.reactions["rating_trust"].null_count() == 24
    assert run.reactions["rating_clarity"].unique().to_list() == [5.0]


def test_a_failed_call_is_retried_by_the_next_run(audience: Audience, campaign: Campaign) -> None:
    """What failed is a row with its reason, and the same call asks for it alone."""

    def fail_some(question: Question) -> Any:
        return CallFailed("the line went dead") if "number 5 " in question.prompt else answer_direct(question)

    run = toolkit.run(campaign, audience, engine=ScriptedEngine(fail_some), **OPTIONS)
    assert run.counts.failed == 2
    assert run.reactions.filter(status="failed")["error"].unique().to_list() == ["the line went dead"]
    engine = ScriptedEngine(answer_direct)
    assert toolkit.run(campaign, audience, engine=engine, **OPTIONS).is_complete
    assert engine.calls == 2


def test_a_dead_engine_ends_the_run_and_keeps_what_came(audience: Audience, campaign: Campaign) -> None:
    """When no call can succeed any more the error comes up, and the replies so far are kept."""
    seen: list[str] = []

    def die(question: Question) -> Any:
        seen.append(question.prompt)
        return EngineUnavailable("the quota is exhausted") if len(seen) > 10 else answer_direct(question)

    with pytest.raises(EngineUnavailable, match="quota"):
        toolkit.run(campaign, audience, engine=ScriptedEngine(die), concurrency=1, **OPTIONS)
    engine = ScriptedEngine(answer_direct)
    toolkit.run(campaign, audience, engine=engine, **OPTIONS)
    assert engine.calls == 14


def test_max_cost_is_never_passed(audience: Audience, campaign: Campaign) -> None:
    """The worst case is held back before each call; what was not asked is failed and resumable."""

    def answer_at_length(question: Question) -> Reply:
        text = json.dumps(answer_direct(question))
        return Reply(text=text, engine="scripted", model="scripted-1", prompt_tokens=1000, completion_tokens=500)

    engine = ScriptedEngine(answer_at_length)
    options = OPTIONS | {"price": (1.0, 10.0), "max_cost": 0.05}
    run = toolkit.run(campaign, audience, engine=engine, concurrency=8, **options)
    cost = run.methods.cost_usd
    assert cost is not None
    assert 0 < cost <= 0.05
    assert run.methods.stopped is not None
    assert sum("max_cost" in warning for warning in run.methods.warnings) == 1
    assert run.counts.ok == engine.calls
    assert run.counts.failed == 24 - engine.calls


def test_max_cost_needs_a_price(audience: Audience, campaign: Campaign) -> None:
    """A limit without a price is refused before anything is asked."""
    engine = ScriptedEngine(answer_direct)
    with pytest.raises(InputError, match=r"max_cost needs a price, .*; add price in dollars"):
        toolkit.run(campaign, audience, engine=engine, max_cost=1.0, **OPTIONS)
    assert engine.calls == 0


def test_what_is_no_draft_is_one_line(audience: Audience) -> None:
    """A number in a list is refused in our words."""
    with pytest.raises(InputError, match=r"drafts\[0\] is 5: a mapping of fields is needed"):
        toolkit.run([5], audience, engine=ScriptedEngine(answer_direct), **OPTIONS)  # type: ignore[list-item]


@pytest.mark.parametrize("concurrency", [0, 1.5, "4"])
def test_concurrency_is_a_whole_number(audience: Audience, campaign: Campaign, concurrency: object) -> None:
    """What is no number of questions in flight is refused before anything is asked."""
    with pytest.raises(InputError, match="a whole number from 1"):
        toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), concurrency=concurrency, **OPTIONS)


@pytest.mark.parametrize("limit", [float("nan"), -0.5])
def test_max_cost_is_an_amount(audience: Audience, campaign: Campaign, limit: float) -> None:
    """What is no amount of dollars is refused before anything is asked."""
    engine = ScriptedEngine(answer_direct)
    with pytest.raises(InputError, match="give dollars, 0 or more"):
        toolkit.run(campaign, audience, engine=engine, price=(1.0, 2.0), max_cost=limit, **OPTIONS)
    assert engine.calls == 0


def test_a_folder_that_cannot_be_made_is_one_line(audience: Audience, campaign: Campaign, tmp_path: Path) -> None:
    """A run is not written below a file, nor where the system refuses; the line says so and where to go on."""
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), **OPTIONS)
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="file is a file; name a folder"):
        run.save(tmp_path / "file" / "run")
    with pytest.raises(InputError, match=r"(?i)name too long; name another folder"):
        run.save(tmp_path / ("x" * 300))
    with pytest.raises(InputError, match=r"cannot be written: .*every answer is kept"):
        run.save(Path("/proc/run"))


def test_invented_quotes_are_dropped(audience: Audience, campaign: Campaign) -> None:
    """A quote that does not stand in the draft cannot be highlighted and is not kept."""
    quotes = [{"text": "in the chat", "feeling": "liked"}, {"text": "free money", "feeling": "disliked"}]
    engine = ScriptedEngine(lambda _: reading(ratings=RATINGS, quotes=quotes))
    run = toolkit.run(campaign, audience, engine=engine, **OPTIONS)
    assert run.reactions["quotes"].to_list()[0] == [{"text": "in the chat", "feeling": "liked"}]


def test_the_boundary_is_random_and_shapes_no_key(audience: Audience, campaign: Campaign) -> None:
    """Each run marks drafts with its own code, which a draft cannot know and the store does not see."""
    first, second = ScriptedEngine(answer_direct), ScriptedEngine(answer_direct, model="scripted-2")
    toolkit.run(campaign, audience, engine=first, **OPTIONS)
    toolkit.run(campaign, audience, engine=second, **OPTIONS)
    codes = [engine.questions[0].prompt.split("<draft-")[1].split(">")[0] for engine in (first, second)]
    assert codes[0] != codes[1]
    assert all(
        len(code) == 12 and code in engine.questions[-1].prompt
        for code, engine in zip(codes, (first, second), strict=True)
    )


def test_logprob_ratings(audience: Audience, campaign: Campaign) -> None:
    """With token probabilities the rating is their mean; too little mass on the scale is null."""

    def answer(question: Question) -> Any:
        if not question.top_logprobs:
            return reading()
        thin = "how far you trust it" in question.prompt
        top = {"1": -4.0, "the": -0.05} if thin else {"4": -0.693147, " 5": -0.693147}
        return Reply(text="4", engine="scripted", model="scripted-1", top=top)

    run = toolkit.run(campaign, audience, engine=ScriptedEngine(answer), rating="logprob", control=False)
    assert run.reactions["rating_appeal"].to_list() == pytest.approx([4.5] * 24)
    assert run.reactions["rating_trust"].null_count() == 24


def test_logprob_needs_probabilities(audience: Audience, campaign: Campaign) -> None:
    """An engine without token probabilities cannot rate by them, and the error names the other ways."""
    engine = ScriptedEngine(lambda question: "4" if question.top_logprobs else reading())
    with pytest.raises(EngineUnavailable, match="choose rating='ssr' or direct"):
        toolkit.run(campaign, audience, engine=engine, rating="logprob", control=False)


def test_embeddings_of_the_endpoint_are_kept(audience: Audience, campaign: Campaign) -> None:
    """Vectors of the endpoint's model are asked for once."""
    options: dict[str, Any] = {"control": False, "embedding_model": "letters"}
    first = ScriptedEngine(lambda _: reading())
    run = toolkit.run(campaign, audience, engine=first, **options)
    assert run.reactions["rating_trust"].null_count() == 0
    assert run.counts.calls == 25
    second = ScriptedEngine(lambda _: reading())
    toolkit.run(campaign, audience, engine=second, **options)
    assert second.calls == 0


def test_several_audiences_in_one_call(audience: Audience, campaign: Campaign) -> None:
    """Two audiences make one run, told apart by the segment "audience"."""
    other = audience.model_copy(update={"audience": "honey-sellers"})
    run = toolkit.run(campaign, [audience, other], engine=ScriptedEngine(answer_direct), **OPTIONS)
    assert run.counts.planned == 48
    assert run.scorecard(by="audience")["value"].unique().sort().to_list() == ["honey-sellers", "jam-sellers"]


def test_on_reaction_hears_each_one(audience: Audience, campaign: Campaign) -> None:
    """The callback gets every reaction as it arrives."""
    heard: list[str] = []
    toolkit.run(
        campaign,
        audience,
        engine=ScriptedEngine(answer_direct),
        on_reaction=lambda one: heard.append(one.name),
        **OPTIONS,
    )
    assert Counter(heard) == {f"Person{number}": 2 for number in range(12)}


def test_it_works_inside_a_running_loop(audience: Audience, campaign: Campaign) -> None:
    """`toolkit.run` in a notebook's loop, and `await toolkit.arun`, give the same."""

    async def notebook() -> tuple[toolkit.Run, toolkit.Run]:
        plain = toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), **OPTIONS)
        return plain, await toolkit.arun(campaign, audience, engine=ScriptedEngine(answer_direct), **OPTIONS)

    plain, awaited = asyncio.run(notebook())
    assert plain.reactions.equals(awaited.reactions)


def test_a_saved_run_loads_back(tmp_path: Path, audience: Audience, campaign: Campaign) -> None:
    """The folder holds the four files, and the run that comes back says the same."""
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), rating="direct")
    folder = run.save(tmp_path / "today")
    assert sorted(path.name for path in folder.iterdir()) == [
        "comparisons.parquet", "reactions.parquet", "run.json", "scorecard.parquet",
    ]  # fmt: skip
    loaded = toolkit.load_run(folder)
    assert loaded.reactions.equals(run.reactions)
    assert loaded.methods == run.methods
    assert loaded.verdict() == run.verdict()


def test_a_run_never_overwrites_other_files(tmp_path: Path, audience: Audience, campaign: Campaign) -> None:
    """A folder that holds anything but a run is left alone."""
    (tmp_path / "thesis.txt").write_text("years of work")
    run = toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), **OPTIONS)
    with pytest.raises(InputError, match="name a new or empty one"):
        run.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["thesis.txt"]


def test_estimate_asks_nothing(audience: Audience, campaign: Campaign) -> None:
    """An estimate counts calls and tokens, prices them, and says what could be told apart."""
    estimate = toolkit.estimate(campaign, audience, price=(1.0, 2.0))
    assert estimate.calls == 24 + 20
    assert estimate.cost_usd is not None
    assert estimate.cost_usd == pytest.approx((estimate.prompt_tokens + 2 * estimate.completion_tokens) / 1e6, abs=1e-4)
    assert estimate.detectable_difference is not None
    assert estimate.personas_for_5_points is not None
    assert estimate.personas_for_5_points > 1000


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sample": 13}, "choose 1 to 12"),
        ({"objective": "buy"}, "objective='buy': choose one of read, react"),
        ({"objective": "save"}, "nobody can 'save' on a messenger_message"),
        ({"rating": "stars"}, "rating='stars': choose one of ssr, logprob, direct"),
        ({"repeats": 0}, "repeats=0: give a whole number from 1 to 100; see help(toolkit.run)"),
        ({"engine": "opnai"}, "did you mean openai"),
        ({"engine": "replay"}, "the store holds no replies"),
        ({"engine": "openai"}, "OPENAI_API_KEY"),
        ({"engine": "openai", "base_url": "http://127.0.0.1:9/v1"}, "model is missing"),
        ({"engine": "local", "model": "absent.gguf"}, "no such .gguf file"),
        ({"prompts": "absent"}, "no such folder"),
    ],
)  # fmt: skip
def test_bad_options_are_one_line(audience: Audience, campaign: Campaign, options: dict[str, Any], words: str) -> None:
    """An option that cannot be used says what is allowed, in one line, before anything is asked."""
    engine = {"engine": ScriptedEngine(answer_direct)}
    with pytest.raises(toolkit.ToolkitError) as caught:
        toolkit.run(campaign, audience, **(engine | OPTIONS | options))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_asking_and_rating_are_timed_apart(campaign: Campaign, audience: Audience) -> None:
    """Ratings by embedding come after the asking and have a time of their own; other ratings take none."""
    embedded = toolkit.run(
        campaign, audience, engine=ScriptedEngine(lambda _: reading()), embedding_model="letters"
    ).methods
    direct = toolkit.run(campaign, audience, engine=ScriptedEngine(answer_direct), rating="direct").methods
    assert embedded.asking_seconds is not None
    assert embedded.rating_seconds is not None
    assert direct.rating_seconds is None
