"""Questions of one's own, each kind from the file through prompt, schema, answers, recording and gate."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openai_server import PATIENCE, OpenAIServer
from recorded import CAMPAIGN, write_campaign
from schema_objects import find_strict_fault, make_value
from scripted import ScriptedEngine, reading
from streamlit.testing.v1 import AppTest

import toolkit
from toolkit.drafts import load_drafts
from toolkit.errors import InputError
from toolkit.gate import check_campaign, record_campaign
from toolkit.models import Audience, Campaign, Draft, records
from toolkit.models.exchange import Question
from toolkit.questionnaire import Prompts, Questionnaire, Task
from toolkit.questionnaire.own_answers import AskedQuestion
from toolkit.report import summaries
from toolkit.ui import caching, keys

ROOT = Path(__file__).parent.parent
HUMOUR = ["It is not funny at all.", "It is hardly funny.", "A bit funny.", "It is quite funny.", "It is hilarious."]
ASKED: list[dict[str, Any]] = [
    {"id": "humour", "question": "How funny is it?", "anchors": HUMOUR},
    {"id": "rude", "question": "How rude is it?", "points": 7, "low": "not at all", "high": "very"},
    {"id": "forward", "kind": "yes_no", "question": "Would you pass it on?", "ask": "everyone"},
    {"id": "mood", "kind": "choice", "question": "Which mood is it in?", "options": ["calm", "loud"]},
    {"id": "seen", "kind": "choices", "question": "What does it tell?", "options": ["price", "place", "time"]},
    {"id": "worth", "kind": "number", "question": "What is it worth?", "at_least": 1, "at_most": 10, "unit": "pounds"},
    {"id": "lacking", "kind": "text", "question": "What is missing?"},
]
GIVEN: dict[str, Any] = {
    "humour": "It is quite funny.", "rude": 2, "forward": True, "mood": "calm", "seen": ["price", "time"], "worth": 10,
    "lacking": "The price.",
}  # fmt: skip
IN_FILE = CAMPAIGN.partition("checks:")[0] + "questions:\n"


def make_question(**fields: Any) -> records.OwnQuestion:
    """Return a question, asked under an id of its own."""
    return records.OwnQuestion(**{"id": "own", "question": "What do you say?", **fields})


def ask(campaign: Campaign, audience: Audience, **fields: Any) -> tuple[toolkit.Run, ScriptedEngine]:
    """Return the run in which everybody gives the same reply, and the engine that was asked."""
    engine = ScriptedEngine(lambda _: reading(**{"answers": GIVEN, **fields}))
    return toolkit.run(campaign.replace_questions(tuple(records.OwnQuestion(**one) for one in ASKED)), audience,
                       engine=engine, control=False), engine  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "given", "state", "value"),
    [
        ({}, 4, "answered", 4.0),
        ({}, "4", "answered", 4.0),
        ({}, "4/5", "answered", 4.0),
        ({"points": 10}, "10/10", "answered", 10.0),
        ({"points": 10}, "10 out of 10", "answered", 10.0),
        ({"points": 10}, "4/5", "unusable", None),
        ({}, 11, "unusable", None),
        ({}, 2.5, "unusable", None),
        ({}, True, "unusable", None),
        ({}, None, "not sure", None),
        ({}, "Not sure.", "not sure", None),
        ({"kind": "yes_no"}, "No.", "answered", False),
        ({"kind": "yes_no"}, "Not sure", "not sure", None),
        ({"kind": "yes_no"}, "I don't know", "not sure", None),
        ({"kind": "yes_no"}, "No idea", "not sure", None),
        ({"kind": "yes_no"}, "perhaps", "unusable", None),
        ({"kind": "yes_no"}, 1, "unusable", None),
        ({"kind": "choice", "options": ["calm", "loud"]}, " Calm.", "answered", "calm"),
        ({"kind": "choice", "options": ["calm", "loud"]}, "not sure", "not sure", None),
        ({"kind": "choice", "options": ["calm", "Not sure"]}, "not sure", "answered", "Not sure"),
        ({"kind": "choice", "options": ["calm", "loud"]}, "It is calm and I like it", "unusable", None),
        ({"kind": "choice", "options": ["1", "2"]}, 2, "answered", "2"),
        ({"kind": "choices", "options": ["a", "b", "c"]}, ["c", "a", "a"], "answered", ("a", "c")),
        ({"kind": "choices", "options": ["a", "b", "c"]}, [], "answered", ()),
        ({"kind": "choices", "options": ["a", "b", "c"]}, ["a", "d"], "unusable", None),
        ({"kind": "choices", "options": ["a", "b", "c"]}, ["not sure"], "not sure", None),
        ({"kind": "number", "at_least": 1, "at_most": 10}, "10/10", "answered", 10.0),
        ({"kind": "number", "at_least": 1, "at_most": 10}, 11, "unusable", None),
        ({"kind": "number", "unit": "pounds"}, "£1,200.50", "answered", 1200.5),
        ({"kind": "number", "unit": "pounds"}, "12 pounds", "answered", 12.0),
        ({"kind": "number"}, "10-15", "unusable", None),
        ({"kind": "number"}, "about a tenner", "unusable", None),
        ({"kind": "text"}, " The price. ", "answered", "The price."),
        ({"kind": "text"}, "", "not sure", None),
        ({"kind": "text"}, 3, "unusable", None),
    ],
)
def test_an_answer_is_never_forced(fields: dict[str, Any], given: Any, state: str, value: Any) -> None:
    """An answer is what was said, or unsure, or unusable: "not sure" is not no, and 10 out of 10 is not 1."""
    read = AskedQuestion(make_question(**fields)).read(given)
    assert (read.state, read.value) == (state, value)


@pytest.mark.parametrize("fields", [*ASKED, {"id": "any", "kind": "number", "question": "How many?"}])
def test_whatever_fits_the_schema_is_an_answer(fields: dict[str, Any]) -> None:
    """No value that the strict schema allows is unusable, whatever a model writes for words."""
    words = itertools.cycle(["10/10", " ", "Not sure", "It is calm.", "{}", "\n", "0"])
    for by_sentence in {False, "anchors" in fields}:
        asked = AskedQuestion(records.OwnQuestion(**fields), by_sentence)
        generator = random.Random(7)  # noqa: S311 - the same values at every run
        given = [make_value(asked.write_schema(), generator, lambda _: next(words)) for _ in range(60)]
        assert {asked.read(one).state for one in given} <= {"answered", "not sure"}
        assert any(asked.read(one).state == "answered" for one in given)


def test_every_kind_comes_back_typed(campaign: Campaign, audience: Audience) -> None:
    """Each kind is in the prompt and the strict schema of the one call, and comes back as a column of its type."""
    run, engine = ask(campaign, audience)
    question = engine.questions[0]
    assert engine.calls == 24
    assert all(one["question"] in question.prompt for one in ASKED)
    assert find_strict_fault(question.schema) is None
    assert question.schema is not None
    assert list(question.schema["properties"]["answers"]["properties"]) == [one["id"] for one in ASKED]
    row = run.reactions.row(0, named=True)
    assert {name: row[f"answer_{name}"] for name in ("rude", "forward", "mood", "seen", "worth", "lacking")} == {
        "rude": 2.0, "forward": True, "mood": "calm", "seen": ["price", "time"], "worth": 10.0, "lacking": "The price.",
    }  # fmt: skip
    assert row["says_humour"] == "It is quite funny."
    assert row["answer_humour"] == pytest.approx(sum(at * p for at, p in enumerate(row["pmf_humour"], 1)))
    assert [row["pmf_humour"].index(max(row["pmf_humour"])), row["status_humour"]] == [3, "answered"]
    kinds = {name: run.reactions.schema[f"answer_{name}"] for name in ("humour", "forward", "mood", "seen")}
    assert kinds == {"humour": pl.Float64, "forward": pl.Boolean, "mood": pl.String, "seen": pl.List(pl.String)}


def test_direct_ratings_ask_for_the_number(campaign: Campaign, audience: Audience) -> None:
    """A scale with anchors is a number under direct ratings, with its outer anchors as the ends."""
    own = campaign.replace_questions((make_question(id="humour", anchors=HUMOUR),))
    engine = ScriptedEngine(lambda _: reading(ratings=dict.fromkeys(records.MEASURES, 3), answers={"humour": 4}))
    run = toolkit.run(own, audience, engine=engine, rating="direct", control=False)
    assert f"from 1 ({HUMOUR[0]}) to 5 ({HUMOUR[-1]})" in engine.questions[0].prompt
    assert run.reactions["answer_humour"].to_list() == [4.0] * 24
    assert run.scorecard().filter(measure="humour")["estimate"].to_list() == [4.0, 4.0]


def test_who_scrolls_past_answers_what_everyone_is_asked(campaign: Campaign, audience: Audience) -> None:
    """Questions for everyone keep the answers of those who left; the others have none, and no status."""
    run, _ = ask(campaign, audience, first_glance="scroll_past")
    assert run.reactions["answer_forward"].to_list() == [True] * 24
    assert run.reactions.select("answer_rude", "status_rude", "says_humour").null_count().row(0) == (24, 24, 24)


def test_a_folded_draft_asks_everyone_at_the_glance(audience: Audience) -> None:
    """At the glance stand the questions for everyone alone; who opens the rest is asked again, and that counts."""
    own = tuple(records.OwnQuestion(**one) for one in ASKED)
    draft = Draft(id="long", text="Sell your coat today. " * 60, surface="facebook_post")
    folded = Campaign(campaign="coats", objective="click", drafts=(draft,), questions=own)
    glance = {"first_glance": "stop", "verbatim": "Oh.", "answers": {"forward": False}}
    engine = ScriptedEngine(lambda one: glance if one.kind == "glance" else reading(answers=GIVEN))
    run = toolkit.run(folded, audience, engine=engine, control=False)
    schemas = {one.kind: one.schema for one in engine.questions}
    assert list((schemas["glance"] or {})["properties"]["answers"]["properties"]) == ["forward"]
    assert run.reactions["answer_forward"].to_list() == [True] * 12


def test_what_is_outside_is_asked_for_once_more(campaign: Campaign, audience: Audience) -> None:
    """A rating of 11 is asked for again, told why, then null and counted; the rest of the reply stands."""
    own = campaign.replace_questions((make_question(id="rude"), make_question(id="mood", kind="yes_no")))
    engine = ScriptedEngine(lambda _: reading(answers={"rude": 11, "mood": "Not sure"}))
    run = toolkit.run(own, audience, engine=engine, control=False, sample=2)
    assert engine.calls == 8
    assert "the answer to rude is missing or not one that the form allows" in engine.questions[-1].prompt
    assert run.reactions["status"].to_list() == ["ok"] * 4
    assert run.reactions.select("answer_rude", "status_rude").unique().rows() == [(None, "unusable")]
    assert run.reactions.select("answer_mood", "status_mood").unique().rows() == [(None, "not sure")]
    assert "question 'rude': 4 answers were outside" in " ".join(run.methods.warnings)


def test_a_good_second_answer_stands(campaign: Campaign, audience: Audience) -> None:
    """Of two replies, the one with fewer answers outside the form is kept."""
    own = campaign.replace_questions((make_question(id="rude"),))
    levels = itertools.cycle([9, 4])
    engine = ScriptedEngine(lambda _: reading(answers={"rude": next(levels)}))
    run = toolkit.run(own, audience, engine=engine, control=False, sample=1, concurrency=1)
    assert run.reactions["answer_rude"].to_list() == [4.0, 4.0]


def test_scorecards_and_comparisons_take_them(campaign: Campaign, audience: Audience, tmp_path: Path) -> None:
    """Each kind has its measures with counts and intervals, saved and read back; a frame alone tells the same."""
    run, _ = ask(campaign, audience)
    card = {row["measure"]: row for row in run.scorecard().filter(draft_id="plain").iter_rows(named=True)}
    told = {name: card[name]["estimate"] for name in ("rude", "forward", "mood=calm", "mood=loud", "seen=place")}
    assert told == {"rude": 2.0, "forward": 1.0, "mood=calm": 1.0, "mood=loud": 0.0, "seen=place": 0.0}
    assert (card["worth"]["estimate"], card["worth.median"]["estimate"]) == (10.0, 10.0)
    assert card["rude"]["high"] <= 7.0
    assert card["worth"]["high"] <= 10.0
    assert not [name for name in card if "lacking" in name]
    assert toolkit.scorecard(run.reactions).equals(run.scorecard())
    assert toolkit.compare(run.reactions, measure="humour")["measure"].to_list() == ["humour"]
    with pytest.raises(InputError, match="unknown measure 'humor'; did you mean humour"):
        run.compare(measure="humor")
    read = toolkit.load_run(run.save(tmp_path / "run"))
    assert read.reactions.equals(run.reactions)
    assert read.methods.campaign.questions == run.methods.campaign.questions


def test_a_median_is_weighted_and_has_an_interval(campaign: Campaign, audience: Audience) -> None:
    """The median of a number is that of the people, not pulled by one who says a thousand."""
    own = campaign.replace_questions((make_question(id="worth", kind="number"),))
    said = itertools.cycle([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1000])
    engine = ScriptedEngine(lambda _: reading(answers={"worth": next(said)}))
    run = toolkit.run(own, audience, engine=engine, control=False, concurrency=1)
    median = run.scorecard().filter(measure="worth.median").row(0, named=True)
    assert median["estimate"] <= 11
    assert median["low"] <= median["estimate"] <= median["high"]


def test_questions_of_an_audience_are_asked_too(campaign: Campaign, audience: Audience) -> None:
    """Those of the audience join the campaign's; one id for two questions is refused."""
    asking = audience.model_copy(update={"questions": (make_question(id="often", kind="yes_no"),)})
    engine = ScriptedEngine(lambda _: reading(answers={"often": False, "rude": 1}))
    run = toolkit.run(campaign.replace_questions((make_question(id="rude"),)), asking, engine=engine, control=False)
    assert [one.id for one in run.methods.campaign.questions] == ["rude", "often"]
    with pytest.raises(InputError, match="'often' is asked in two ways"):
        toolkit.plan(campaign.replace_questions((make_question(id="often"),)), asking)


def test_an_estimate_counts_them(campaign: Campaign, audience: Audience) -> None:
    """In a form questions take tokens and no calls; a base model takes a call for each, and no list."""
    own = campaign.replace_questions(tuple(records.OwnQuestion(**one) for one in ASKED))
    plain, more = (toolkit.estimate(one, audience, engine="openai", model="m") for one in (campaign, own))
    assert plain.calls == more.calls
    assert plain.prompt_tokens < more.prompt_tokens
    assert plain.completion_tokens < more.completion_tokens
    without = own.replace_questions(tuple(one for one in own.questions if one.kind != "choices"))
    page = ScriptedEngine(lambda _: "", form="completion")
    assert (
        toolkit.estimate(without, audience, engine=page).calls
        == 7 * toolkit.estimate(campaign, audience, engine=page).calls
    )
    with pytest.raises(InputError, match="'seen' is of kind choices"):
        toolkit.estimate(own, audience, engine=page)


def test_an_endpoint_embeds_own_anchors(campaign: Campaign, audience: Audience) -> None:
    """With an embedding model of the endpoint, sentences are rated by the question's own anchors, too."""
    own = campaign.replace_questions((records.OwnQuestion(**ASKED[0]),))
    engine = ScriptedEngine(lambda _: reading(answers={"humour": HUMOUR[4]}))
    run = toolkit.run(own, audience, engine=engine, control=False, sample=2, embedding_model="letters")
    assert run.reactions["answer_humour"].min() > 3
    plain = toolkit.run(campaign, audience, engine=engine, control=False, sample=2, embedding_model="letters")
    assert plain.run_id != run.run_id


def test_without_questions_nothing_changes(campaign: Campaign, audience: Audience) -> None:
    """Prompt, schema and hashes are those of a toolkit that knows no questions of one's own."""
    task = Task(audience.personas[0], campaign.drafts[0], 0, 0)
    prompts = Prompts()
    plain = Questionnaire(prompts, "ssr").ask_reaction(task)
    own = Questionnaire(prompts, "ssr", {}, (make_question(),)).ask_reaction(task)
    assert own.prompt.startswith(plain.prompt)
    assert "answers" not in plain.prompt
    assert "answers" not in (plain.schema or {})["properties"]
    assert not [name for name in prompts.hashes if name.startswith("questions")]
    assert "questions" not in campaign.model_dump_json()
    assert "questions" not in audience.model_dump_json()


def test_a_base_model_answers_one_by_one(campaign: Campaign, audience: Audience) -> None:
    """A model that goes on with a page is asked each question under a grammar; lists are refused with one line."""
    own = tuple(records.OwnQuestion(**one) for one in ASKED if one["id"] != "seen")
    answers = {"humour": " 4\n", "rude": " not sure\n", "Would you": " yes\n", "mood": " loud\n", "worth": " 10\n"}

    def script(question: Question) -> str:
        if question.kind == "thought":
            return ' "That would help me a lot."\nShe then: taps it\n'
        asked = question.prompt.rsplit("Asked:", 1)[-1]
        return next((answer for word, answer in answers.items() if word in asked), ' "The price is missing."\n')

    engine = ScriptedEngine(script, form="completion")
    answers |= {"funny": answers.pop("humour")}
    run = toolkit.run(campaign.replace_questions(own), audience, engine=engine, control=False, sample=2)
    row = run.reactions.row(0, named=True)
    assert [row[f"answer_{one.id}"] for one in own] == [4.0, None, True, "loud", 10.0, "The price is missing."]
    assert row["status_rude"] == "not sure"
    assert {one.kind for one in engine.questions} == {"thought", "answer"}
    whole = campaign.replace_questions(tuple(records.OwnQuestion(**one) for one in ASKED))
    with pytest.raises(InputError, match="'seen' is of kind choices"):
        toolkit.run(whole, audience, engine=engine, control=False)


def test_a_base_model_can_only_say_what_is_allowed() -> None:
    """The grammar holds the points, the options, or the whole numbers between the bounds, and "not sure"."""
    for fields, last in (({"points": 7}, '"7"'), ({"kind": "number", "at_least": 0, "at_most": 50}, '"50"')):
        assert AskedQuestion(make_question(**fields)).write_grammar().endswith(f'{last} | "not sure") "\\n"')
    assert '"calm" | "loud"' in AskedQuestion(make_question(kind="choice", options=["calm", "loud"])).write_grammar()
    assert '"yes" | "no"' in AskedQuestion(make_question(kind="yes_no")).write_grammar()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  - {id: humour, kind: scale, question: How funny?, low: dull}", "needs both low and high"),
        ("  - {id: humour, kind: scal, question: How funny?}", "kind"),
        ("  - {id: trust, question: How funny?}", "'trust' has a meaning already"),
        ("  - {id: mood, kind: choice, question: Which?}", "needs options, at least two"),
        ("  - {id: mood, kind: choice, question: Which?, options: [a, A]}", "two options read alike"),
        ("  - {id: mood, kind: yes/no, question: Which?, unit: pounds}", "unit belongs to a question of kind number"),
        ("  - {id: mood, kind: number, question: Which?, at_least: 5, at_most: 2}", "at_least must be below at_most"),
        ("  - {id: mood, question: Which?, scale: 3}", "'scale'|scale is not a known field"),
        ("  - {id: Mood!, question: Which?}", "small letters, digits or _"),
        ("  - {id: mood, question: Which?, anchors: [[a, b], [a, b, c]]}", "the same number in all"),
    ],
)
def test_a_fault_is_told_in_one_line(tmp_path: Path, line: str, said: str) -> None:
    """Each fault names the file, the line of the question, and what is allowed."""
    path = write_campaign(tmp_path, IN_FILE + line + "\n")
    with pytest.raises(InputError, match=said) as fault:
        load_drafts(path)
    assert str(fault.value).startswith(f"{path}:{len(IN_FILE.splitlines()) + 1}: questions[0]")
    assert "\n" not in str(fault.value)


QUESTIONS = "".join(f"  - {json.dumps(one)}\n" for one in ASKED)
CHECKS = """\
checks:
  - rude: {at_most: 3}
  - {draft: benefit, forward: {at_least: 0.6}}
  - mood=calm: {at_least: 0.5}
  - seen=place: {at_most: 0.4}
  - worth: {at_least: 5}
  - no_segment_below: {key: role, measure: worth, value: 2}
  - humour: {at_least: 4.9}
"""


def test_the_gate_judges_them_from_a_recording(tmp_path: Path) -> None:
    """Checks of every kind are judged offline, with numbers; the recording holds what was answered."""
    path = write_campaign(tmp_path, IN_FILE + QUESTIONS + CHECKS)
    engine = ScriptedEngine(lambda _: reading(answers=GIVEN | {"rude": None}))
    record_campaign(path, engine=engine)
    entry = json.loads(path.with_name("jam.reactions.jsonl").read_text().splitlines()[1])
    assert entry["answers"]["seen"] == ["price", "time"]
    assert entry["unsure"] == ["rude"]
    found = check_campaign(path, on_inconclusive="pass")
    outcomes = {one.check: one.outcome for one in found.checks}
    assert list(outcomes.values()) == ["inconclusive", *["passed"] * 5, "failed"]
    assert "no persona stopped whose reaction tells" in found.checks[0].message
    assert "forward 100%" in found.checks[1].message


def test_a_check_may_be_about_a_question_of_the_audience(tmp_path: Path) -> None:
    """The gate finds a question that the audience file asks."""
    path = write_campaign(tmp_path, IN_FILE.removesuffix("questions:\n") + "checks:\n  - forward: {at_least: 0.5}\n")
    people = tmp_path / "jam-sellers.yaml"
    people.write_text(people.read_text() + 'questions:\n  - {id: forward, kind: yes_no, question: "Passed on?"}\n')
    record_campaign(path, engine=ScriptedEngine(lambda _: reading(answers={"forward": True})))
    assert check_campaign(path).outcome == "passed"


def test_a_changed_question_makes_a_recording_stale(tmp_path: Path) -> None:
    """Another wording of a question is noticed, told by its name, and is no reason for anything else to be stale."""
    path = write_campaign(tmp_path, IN_FILE + QUESTIONS + CHECKS)
    record_campaign(path, engine=ScriptedEngine(lambda _: reading(answers=GIVEN)))
    path.write_text(path.read_text().replace("How rude is it?", "How rude do you find it?"))
    found = check_campaign(path)
    assert found.outcome == "stale"
    assert "questions: 48 reactions, what is asked besides changed" in found.checks[0].message


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("  - humor: {at_least: 3}", "'humor' is no check; did you mean humour"),
        ("  - rude: {at_least: 8}", "rude runs from 1 to 7, and 8 is outside"),
        ("  - forward: {at_least: 3}", "forward runs from 0 to 1"),
        ("  - no_segment_below: {key: role, measure: rued, value: 2}", "'rued' is no measure; did you mean rude"),
        ("  - {rude: {at_least: 3}, forward: {at_least: 0.5}}", "one check bounds rude and forward"),
    ],
)
def test_a_check_of_no_question_is_refused(tmp_path: Path, check: str, said: str) -> None:
    """A check names its line, the nearest right question and the scale."""
    path = write_campaign(tmp_path, IN_FILE + QUESTIONS + "checks:\n" + check + "\n")
    with pytest.raises(InputError, match=said) as fault:
        check_campaign(path)
    line = len((IN_FILE + QUESTIONS).splitlines()) + 2
    assert str(fault.value).startswith(f"{path}:{line}:")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("- humour: how funny it is.", "asks for 'humour', which nobody reads"),
        ("- verbatm: what you think.", "'verbatm', which nobody reads; did you mean verbatim"),
        ("- says: two sentences. trust: whether you believe it. humour: how funny it is.", "asks for 'humour'"),
    ],
)
def test_a_form_that_asks_for_what_nobody_reads_is_refused(tmp_path: Path, line: str, said: str) -> None:
    """A team's own form may not ask for a field outside the schema; one line names the place and the way to ask it."""
    (tmp_path / "after_stopping.j2").write_text(f"- action: what you do.\n{line}\n")
    with pytest.raises(InputError, match=said) as fault:
        Prompts(tmp_path)
    assert "after_stopping.j2:2" in str(fault.value)
    assert "under questions: in the campaign" in str(fault.value)


def test_every_built_in_form_is_read(tmp_path: Path) -> None:
    """A copy of all built-in prompts is no fault."""
    for path in (ROOT / "prompts").iterdir():
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    assert Prompts(tmp_path).hashes == Prompts().hashes


def test_reports_show_them_with_counts(campaign: Campaign, audience: Audience, tmp_path: Path) -> None:
    """HTML, Markdown, JSON and the workbook tell each question's figures, counts and quotes, escaped."""
    run, _ = ask(campaign, audience, answers=GIVEN | {"rude": None, "lacking": "<b>The price.</b>"})
    for suffix in (".html", ".md", ".json", ".xlsx"):
        toolkit.save_report(run, tmp_path / f"report{suffix}")
    page, text = ((tmp_path / f"report{suffix}").read_text() for suffix in (".html", ".md"))
    for one in ASKED:
        assert one["question"] in page
        assert one["question"] in text
    assert "12 not sure" in page
    assert "&lt;b&gt;The price.&lt;/b&gt;" in page
    assert "| draft | calm | loud | counts |" in text
    assert "| plain | 100% (74% to 100%) | 0% (0% to 26%) | 12 answered |" in text.replace("\\", "")
    told = json.loads((tmp_path / "report.json").read_text())["answers"]
    assert [one["question"]["id"] for one in told] == [one["id"] for one in ASKED]
    sheet = pl.read_excel(tmp_path / "report.xlsx", sheet_name="Reactions", read_options={"header_row": 2})
    assert sheet["answer_seen"].unique().to_list() == ["price; time"]
    listed = pl.read_excel(tmp_path / "report.xlsx", sheet_name="Own questions", read_options={"header_row": 2})
    assert set(listed["question"]) == {one["id"] for one in ASKED}


def test_the_csv_holds_the_answers(campaign: Campaign, audience: Audience) -> None:
    """Several options are one cell; what only scores them is left to the Parquet file."""
    run, _ = ask(campaign, audience)
    table = pl.read_csv(summaries.write_table(run.reactions))
    assert table["answer_seen"].unique().to_list() == ["price; time"]
    assert not [name for name in table.columns if name.startswith(("chosen_", "bounds_", "pmf_"))]


def find_field(fields: Iterable[Any], key: str) -> Any:
    """Return the field that was first known by a key; one that was given another value is another to the browser."""
    return next(field for field in fields if field.key and field.key.split("~")[0] == key)


def test_a_question_is_added_on_the_page(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The page adds a question and takes one off; what it asks holds the question, and the result shows the answers."""
    monkeypatch.setenv("AUDIENCE_BASE_URL", server.base_url)
    monkeypatch.setenv("AUDIENCE_MODEL", "m")
    monkeypatch.chdir(tmp_path)
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE).run()
    find_field(page.button, keys.OWN_ADD).click().run()
    assert "type the question first" in page.error[0].value
    for words, kind in (("How rude is it?", "scale"), ("Would you pass it on?", "yes_no")):
        find_field(page.text_input, keys.OWN_WORDS).set_value(words)
        find_field(page.selectbox, keys.OWN_KIND).set_value(kind)
        page = find_field(page.button, keys.OWN_ADD).click().run()
    page = find_field(page.button, keys.name_own_question("rude")).click().run()
    session = page.session_state["session"]
    assert [json.loads(one)["id"] for one in session.values[keys.OWN_QUESTIONS]] == ["would"]
    for slot, text in zip(session.slots, ("Send an invoice in the chat.", "Get paid today."), strict=False):
        session.type_text(slot.number, text)
    find_field(page.run().slider, keys.name_sample("uk-small-sellers")).set_value(2).run()
    find_field(page.button, keys.START).click().run()
    live = caching.live_runs_of_process().find(session.live)
    assert live is not None
    assert live.wait(PATIENCE)
    assert [one.id for one in live.plan.own] == ["would"]
    page.session_state[keys.PARTS] = "Your questions"
    page.run()
    assert not page.exception
    assert "Your own questions" in [one.value for one in page.subheader]
