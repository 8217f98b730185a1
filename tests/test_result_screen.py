"""The result on the page: it says what every output says, draws what is looked at, and goes on from what is lacking."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openai_server import PATIENCE
from random_frames import make_run
from scripted import ScriptedEngine, reading
from streamlit.testing.v1 import AppTest
from test_recommendations import make_frame, say

import toolkit
from toolkit.audiences import save_audience
from toolkit.errors import CallFailed
from toolkit.models import Audience, Campaign, exchange
from toolkit.panel.live_runs import LiveRun
from toolkit.report import blocks, charts, make_report, seating, summaries
from toolkit.report.after import After
from toolkit.report.names import ACTION_COLOURS, DRAFT_COLOURS
from toolkit.results import Run, archive, load_run
from toolkit.store import outcome_log
from toolkit.ui import keys

SCRIPT = "from toolkit.ui import runs, state\nstate.begin()\nruns.show()"


def answer(question: exchange.Question) -> dict[str, object] | CallFailed:
    """Tap what gets somebody paid today, hide the rest."""
    return reading("click" if "today" in question.prompt else "hide", objection="It feels like an advert.")


def save(run: Run) -> Run:
    """Save a run where the page finds it."""
    return load_run(run.save("runs/one"))


def open_page(part: str | None = None) -> AppTest:
    """Return the page with its newest run, one of its parts chosen."""
    page = AppTest.from_string(SCRIPT, default_timeout=PATIENCE)
    if part is not None:
        page.session_state[keys.PARTS] = part
    page.run()
    assert not page.exception
    return page


def list_words(page: AppTest) -> str:
    """Return everything that the page says in Markdown, as a reader sees it."""
    said = [*page.header, *page.markdown, *page.caption]
    return "\n".join(re.sub(r"\\(.)", r"\1", one.value) for one in said)


@pytest.fixture
def run(campaign: Campaign, audience: Audience, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a finished run that the page shows."""
    monkeypatch.chdir(tmp_path)
    return save(toolkit.run(campaign, audience, engine=ScriptedEngine(answer), rating="direct"))


def test_the_page_says_the_sentences_of_every_output(run: Run) -> None:
    """The heading is the first sentence; the others, the label and what it rests on follow."""
    told, page = make_report(run).recommendation, open_page()
    assert [re.sub(r"\\(.)", r"\1", one.value) for one in page.header] == [told.sentences[0]]
    words = list_words(page)
    assert all(sentence in words for sentence in told.sentences)
    assert f"{told.label} {told.rests_on}" in words


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("What they said", "What they said"),
        ("Segments", "more than that"),
        ("Evidence", "What else speaks for it"),
        ("Statistics", "Every figure"),
        ("Method", "How it was asked"),
    ],
)
def test_a_part_is_drawn_when_it_is_looked_at(run: Run, part: str, words: str) -> None:
    """The first part is there at once, each other after a press, and what is not looked at is not worked out."""
    assert run.is_complete
    page = open_page()
    heading = {one.value for one in page.subheader}
    assert "Who did what" in heading
    assert words not in list_words(page) + "".join(heading)
    chosen = open_page(part)
    shown = {one.value for one in chosen.subheader}
    assert words in list_words(chosen) + "".join(shown)
    assert "Who did what" not in shown


def break_off(question: exchange.Question) -> dict[str, object] | CallFailed:
    """Answer for one draft alone: the endpoint has gone when the other comes."""
    return CallFailed("HTTP 503: the model has gone") if "today" in question.prompt else reading("read")


def test_a_partial_run_says_so_and_can_be_continued(
    campaign: Campaign, audience: Audience, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its headline counts what it has; Continue puts drafts, people and settings back and asks."""
    monkeypatch.chdir(tmp_path)
    save_audience(audience, Path("personas") / f"{audience.audience}.yaml")
    broken = toolkit.run(campaign, audience, engine=ScriptedEngine(break_off), rating="ssr", sample=8, seed=5)
    methods = broken.methods.model_copy(update={"engine": "openai", "model": "m"})
    held = save(Run(methods=methods, reactions=broken.reactions))
    page = open_page()
    assert re.search(r"^No verdict yet, from 8 of 16 reactions", page.header[0].value.replace("\\", ""))
    next(one for one in page.button if one.label == "Continue this run").click().run()
    assert not page.exception
    session = page.session_state["session"]
    assert session.pressed
    assert [slot.name for slot in session.slots] == list(held.drafts)
    values = session.values
    assert (values[keys.AUDIENCE], values[keys.name_sample(audience.audience)], values[keys.SEED]) == (
        audience.audience,
        8,
        5,
    )
    assert (values[keys.ENGINE], values[keys.MODEL]) == ("openai", "m")


def test_a_run_of_another_audience_is_not_continued(
    campaign: Campaign, audience: Audience, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the page could not ask the very same people it says what does, and has no button."""
    monkeypatch.chdir(tmp_path)
    save(toolkit.run(campaign, audience, engine=ScriptedEngine(break_off), rating="direct"))
    page = open_page()
    assert "Continue this run" not in [one.label for one in page.button]
    assert "Repeat the command that began this run" in list_words(page)


@pytest.mark.usefixtures("run")
def test_what_happened_stands_beside_what_was_said() -> None:
    """As soon as results are kept: each draft with both rates, whether the order held, and the record so far."""
    page = open_page()
    for draft, clicks in (("plain", 30), ("benefit", 90)):
        for name, count in (("shown", 1_000), ("clicks", clicks)):
            key = next(one.key for one in page.number_input if one.key and one.key.endswith(f"{draft}-{name}"))
            page.number_input(key=key).set_value(count)
    next(one for one in page.button if one.label == "Keep these results").click().run()
    assert not page.exception
    words = list_words(page)
    assert "Simulated beside real" in words
    rates = r"9\.0% \([\d.% to]+\) of 1,000 against 3\.0% \([\d.% to]+\) of 1,000\."
    assert re.search(rf"People preferred benefit to plain: {rates} The panel had it so, too\.", words)
    assert "Your record so far" in words
    (table,) = page.table
    rows = table.value.astype(str).map(lambda cell: cell.replace("\\", ""))
    assert "90 clicks of 1,000" in rows.to_string()
    assert "100% (" in rows.to_string()
    next(one for one in page.button if one.label == "Take back").click().run()
    assert "Simulated beside real" not in list_words(page)


def test_results_are_typed_where_the_result_stands(run: Run) -> None:
    """Under Evidence of a result, and not on the list of runs alone, what happened is asked and set beside it."""
    page = AppTest.from_string(
        "from toolkit.ui import result, state\nstate.begin()\nresult.show()", default_timeout=PATIENCE
    )
    page.query_params["run"] = "one"
    page.session_state[keys.PARTS] = "Evidence"
    page.session_state[keys.name_fold("Published? Say what really happened")] = True
    page.run()
    for draft, clicks in (("plain", 30), ("benefit", 90)):
        for name, count in (("shown", 1_000), ("clicks", clicks)):
            page.number_input(key=keys.name_outcome(run.run_id, draft, name)).set_value(count)
    next(one for one in page.button if one.label == "Keep these results").click().run()
    assert not page.exception
    assert "Simulated beside real" in list_words(page)


def keep(run: Run, clicks: dict[str, int]) -> After | None:
    """Keep results of a thousand people a draft and return them beside what the run said."""
    store = Path(os.environ["AUDIENCE_STORE"])
    results = [
        outcome_log.Outcome(draft_hash=draft.digest, draft_id=draft.id, shown=1_000, clicks=clicks[draft.id])
        for draft in run.methods.campaign.drafts
        if draft.id in clicks
    ]
    with outcome_log.Outcomes(store) as kept:
        kept.add(results, "a test")
    return make_report(run).set_beside(store)


def test_a_panel_that_was_wrong_is_told_so(run: Run) -> None:
    """The other order is named as such; a difference by chance is no right and no wrong; nothing kept says nothing."""
    assert make_report(run).set_beside(Path(os.environ["AUDIENCE_STORE"])) is None
    wrong = keep(run, {"plain": 90, "benefit": 30})
    assert wrong is not None
    assert wrong.sentences[0].endswith("The panel had it the other way round.")
    close = keep(run, {"plain": 90, "benefit": 95})
    assert close is not None
    assert close.sentences == ("1 pair of drafts differs by no more than chance among the people who saw them.",)


def test_twenty_drafts_are_six_cards_and_rows() -> None:
    """Those that may be the best come first; the others are rows to open, each with its rates."""
    frame = make_frame(
        {f"draft {letter}": say(1 + number // 4, 1) for number, letter in enumerate("ABCDEFGHIJKLMNOPQRST")}
    )
    report = make_report(make_run(frame))
    drawn = report.list_cards({})
    assert len(drawn) == 20
    standings = [report.recommendation.find(one.draft).standing for one in drawn]
    assert standings == sorted(standings, key=["leader", "not separable", "behind"].index)
    html = str(blocks.render_cards(drawn, 60))
    assert (html.count('class="card"'), html.count("<details")) == (blocks.MOST_CARDS, 20 - blocks.MOST_CARDS)
    assert "60 people. Every bar ends at" in html


def test_hostile_words_stay_words_beside_a_button() -> None:
    """What a persona or a draft is called or says opens no tag and ends no attribute."""
    evil = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'"
    voice = blocks.Voice(name=evil, action=evil, says=evil)
    card = blocks.DraftCard(
        draft=evil, words=("leader",), colour="#000000", preview="<mark title='x'>a</mark>", steps=(), voices=(voice,)
    )
    objection = blocks.ObjectionBlock(text=evil, people=1, names=(evil,))
    pieces = (
        blocks.render_cards([card], 12, may_comment=True),
        blocks.render_voices([voice], evil),
        blocks.render_objections([objection], evil),
    )
    for piece in map(str, pieces):
        assert "<script" not in piece
        assert "<img" not in piece
        assert 'data-quote="&#34;&gt;&lt;script&gt;' in piece
    assert "<mark tabindex" in str(pieces[0])


def test_colours_mean_one_thing_each() -> None:
    """No draft has the colour of an action, and no two drafts in sight have the same."""
    assert not set(DRAFT_COLOURS) & set(ACTION_COLOURS.values())
    assert len(set(DRAFT_COLOURS)) == len(DRAFT_COLOURS) == len(charts.DRAFT_SHAPES)


@pytest.mark.parametrize(
    ("highest", "end"), [(0.0, 0.1), (0.08, 0.1), (0.1, 0.1), (0.301, 0.4), (0.94, 1.0), (1.0, 1.0)]
)
def test_an_axis_ends_where_the_data_end(highest: float, end: float) -> None:
    """At the next tenth, and never past everybody; the chart of the rates does so too."""
    assert blocks.end_scale(highest) == pytest.approx(end)
    rows: dict[str, Any] = {"draft_id": "a", "measure": "objective_rate", "estimate": highest, "low": 0.0}
    card = pl.DataFrame([rows | {"high": highest, "personas": 9, "reactions": 9}])
    drawn = charts.chart_rates(card).to_dict()
    assert drawn["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, pytest.approx(end)]


def test_changes_between_runs_are_said_in_words(run: Run, campaign: Campaign, audience: Audience) -> None:
    """Nothing is called None, and no setting by its name in the code."""
    fewer = toolkit.run(campaign, audience, engine=ScriptedEngine(answer), rating="direct", sample=8, control=False)
    changes = archive.compare_runs(run, fewer).changes
    assert "people drawn: everybody, then 8" in changes
    assert "control reader: yes, then no" in changes


def test_segments_are_said_in_few_sentences() -> None:
    """What depends on a segment is named; for all the rest one sentence is enough."""
    row = {"draft_a": "a", "draft_b": "b", "measure": "objective_rate", "statistic": 1.0}
    tests = pl.DataFrame([
        row | {"segment": "role", "p_value": 0.001, "p_adjusted": 0.002, "verdict": "differs"},
        row | {"segment": "age", "p_value": 0.4, "p_adjusted": 0.8, "verdict": "no difference found"},
        row | {"segment": "town", "p_value": None, "p_adjusted": None, "verdict": "not enough"},
    ])  # fmt: skip
    assert list(summaries.say_interactions(tests)) == [
        "How far b is ahead of a depends on role (adjusted p 0.002).",
        "No difference between drafts is found to depend on age.",
        "Too few people to tell whether a difference depends on town.",
    ]


def test_cost_and_failures_are_told_as_they_come(audience: Audience, campaign: Campaign) -> None:
    """What the replies cost so far, and why others failed, in the provider's words with how many."""
    live = LiveRun(
        campaign, audience, engine=ScriptedEngine(break_off), rating="direct", control=False, price=(50.0, 50.0)
    )
    assert live.wait(PATIENCE)
    progress = live.measure_progress()
    assert progress.reasons == {"HTTP 503: the model has gone": 12}
    assert progress.cost_usd is not None
    assert (progress.answered, progress.failed) == (12, 12)
    assert ("so far" in progress.describe()) == (progress.cost_usd > 0)
    assert progress.has_come
    assert live.last_score.is_empty()  # nobody watched, so nothing was worked out


def test_a_watched_run_reads_each_reaction_once(audience: Audience, campaign: Campaign) -> None:
    """What was heard before is added to, and comes to the same as hearing everything at once."""
    live = LiveRun(campaign, audience, engine=ScriptedEngine(answer), rating="direct", control=False)
    assert live.wait(PATIENCE)
    first = seating.hear_reactions(live.reactions[:10])
    heard = len(first)
    assert seating.hear_reactions(live.reactions[10:], first) == seating.hear_reactions(live.reactions)
    assert heard < len(first)


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("pages", ["[]", "[types.SimpleNamespace(url_path='share')]"])
def test_share_is_offered_where_there_is_a_page_for_it(pages: str) -> None:
    """Improve is always there, Share if it leads somewhere."""
    noted = f"import types\nfrom toolkit.ui import runs, state, ways_on\nstate.begin()\nways_on.note_pages({pages})\n"
    page = AppTest.from_string(f"{noted}runs.show()", default_timeout=PATIENCE).run()
    assert not page.exception
    labels = [one.label for one in page.button]
    assert "Improve a draft" in labels
    assert ("Share" in labels) == ("share" in pages)
