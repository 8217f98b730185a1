"""Runs in the background: what came can be read, a stop keeps it, and a run outlives whoever watched it."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openai_server import PATIENCE, Ask, OpenAIServer
from provider_rules import Faults
from scripted import ScriptedEngine, reading

from toolkit.errors import CallFailed, InputError
from toolkit.models import Audience, Campaign, exchange
from toolkit.panel.live_runs import MOST_RUNNING, MOST_WAITING_EACH, LiveRun, LiveRuns
from toolkit.panel.session import STOPPED
from toolkit.report import make_report
from toolkit.results import load_run

OPTIONS: dict[str, Any] = {"engine": "openai", "model": "m", "rating": "direct", "concurrency": 4}


def test_a_run_in_the_background_ends_like_any_other(audience: Audience, campaign: Campaign) -> None:
    """Every reaction can be read, and the finished run holds them all."""
    live = LiveRun(campaign, audience, engine=ScriptedEngine(lambda _: reading(ratings={})), rating="direct")
    assert live.wait(PATIENCE)
    assert live.run is not None
    assert live.run.is_complete
    progress = live.measure_progress()
    assert (progress.answered, progress.planned, progress.share) == (24, 24, 1.0)
    assert progress.control_answered == progress.control_planned == 20


def test_stopping_ends_the_calls_in_flight_and_keeps_what_came(audience: Audience, campaign: Campaign) -> None:
    """Stop with calls held back: none is left waiting, what came is the run, and going on asks the rest alone."""
    with OpenAIServer(key=None) as server:
        server.replies_before_hold = 6
        live = LiveRun(campaign, audience, base_url=server.base_url, **OPTIONS)
        server.wait_for(10)
        live.stop()
        assert live.wait(PATIENCE)
        server.wait_until_idle()
        came, asked = sum(one.task.persona is not None for one in live.reactions), server.count()
        run = live.run
        assert run is not None
        assert run.methods.stopped == STOPPED
        assert run.counts.ok >= 6
        assert run.counts.ok + run.counts.failed == 24
        server.release()
        assert server.count() == asked
        again = live.go_on()
        assert again.wait(PATIENCE)
        assert again.run is not None
        assert again.run.is_complete
        assert again.run.counts.from_store == came
        assert again.run.run_id == run.run_id


def test_a_run_goes_on_within_other_limits(audience: Audience, campaign: Campaign) -> None:
    """A limit that left no room is not the one that holds when it was raised, or taken away, since then."""
    engine = ScriptedEngine(lambda _: reading(ratings={}))
    live = LiveRun(campaign, audience, engine=engine, rating="direct", price=(1.0, 1.0), max_cost=0.0)
    again = live.go_on() if live.wait(PATIENCE) else live
    free = again.go_on(limits={}) if again.wait(PATIENCE) else again
    assert free.wait(PATIENCE)
    kept = [one.run.counts.ok for one in (live, again, free) if one.run is not None]
    assert kept == [0, 0, 24]


def test_a_run_that_nobody_watches_goes_on_and_is_saved(
    audience: Audience, campaign: Campaign, server: OpenAIServer, tmp_path: Path
) -> None:
    """With every handle gone, as of a closed browser tab, it is found again by its link, and in the end on disk.

    What the outcome model says is kept with it, here of posts on X, judged by shares.
    """
    runs = LiveRuns(tmp_path / "runs")
    server.hold()
    posts = tuple(draft.model_copy(update={"surface": "x_post"}) for draft in campaign.drafts)
    posted = campaign.model_copy(update={"drafts": posts, "objective": "share"})
    link = runs.start(posted, audience, base_url=server.base_url, **OPTIONS)
    server.wait_for(4)
    gc.collect()
    server.release()
    live = runs.find(link)
    assert live is not None
    assert live.wait(PATIENCE)
    assert live.run is not None
    assert live.unsaved is None
    saved = load_run(tmp_path / "runs" / live.run.run_id)
    assert saved.counts.ok == 24
    assert saved.methods.predictions is not None


def test_links_cannot_be_guessed_and_lead_to_one_run_each(audience: Audience, campaign: Campaign) -> None:
    """Two runs of the same drafts have links of their own; another text, or none, leads nowhere."""
    runs = LiveRuns()
    engine = ScriptedEngine(lambda _: reading(ratings={}))
    links = [runs.start(campaign, audience, engine=engine, rating="direct") for _ in range(2)]
    assert links[0] != links[1]
    assert all(len(link) >= 24 for link in links)
    assert runs.find(links[0]) is not runs.find(links[1])
    assert runs.find(None) is runs.find("") is runs.find(links[0][:-1]) is None
    for link in links:
        live = runs.find(link)
        assert live is not None
        assert live.wait(PATIENCE)


def test_runs_beyond_the_most_wait_in_line(
    audience: Audience, campaign: Campaign, server: OpenAIServer, tmp_path: Path
) -> None:
    """The most go on at once; others tell their place, begin as runs end, and one that is stopped asks nothing."""
    runs = LiveRuns()
    server.hold()

    def start(seed: int, owner: str) -> LiveRun:
        options = {**OPTIONS, "store": tmp_path / f"{seed}.sqlite", "concurrency": 1}
        live = runs.find(runs.start(campaign, audience, owner=owner, base_url=server.base_url, **options))
        assert live is not None
        return live

    # each with a store of its own: nobody waits for another's answer to the same question
    going = [start(seed, "ada") for seed in range(MOST_RUNNING)]
    waiting = [start(20 + seed, owner) for seed, owner in enumerate(("ada", "ada", "grace"))]
    server.wait_for(MOST_RUNNING)
    assert [live.measure_progress().place for live in going] == [None] * MOST_RUNNING
    assert [live.measure_progress().place for live in waiting] == [2, 3, 1]
    assert waiting[2].measure_progress().describe() == "waiting for other runs to end: number 1 in the line"
    asked = server.count()
    waiting[0].stop()
    assert waiting[0].wait(PATIENCE)
    assert server.count() == asked
    assert [live.measure_progress().place for live in waiting] == [None, 2, 1]
    server.release()
    for live in (*going, *waiting[1:]):
        assert live.wait(PATIENCE)
        assert live.run is not None, live.problem
        assert live.run.is_complete
    again = waiting[0].go_on()
    assert again.wait(PATIENCE)
    assert again.run is not None
    assert again.run.is_complete


def test_a_line_has_an_end(audience: Audience, campaign: Campaign, server: OpenAIServer, tmp_path: Path) -> None:
    """One person may have a few runs in it; more are refused in one line, and another person's is taken."""
    runs = LiveRuns()
    server.hold()
    options = {**OPTIONS, "base_url": server.base_url, "concurrency": 1}
    links = [
        runs.start(campaign, audience, owner="ada", **{**options, "store": tmp_path / f"{number}.sqlite"})
        for number in range(MOST_RUNNING + MOST_WAITING_EACH)
    ]
    with pytest.raises(InputError, match=f"{MOST_WAITING_EACH} runs of yours wait already"):
        runs.start(campaign, audience, owner="ada", **options)
    other = runs.find(runs.start(campaign, audience, owner="grace", **options))
    assert other is not None
    assert other.measure_progress().place == 1
    lives = [*filter(None, map(runs.find, links)), other]
    for live in reversed(lives):
        live.stop()
    for live in lives:
        assert live.wait(PATIENCE)
    server.release()


def test_a_run_that_cannot_be_saved_says_so(audience: Audience, campaign: Campaign, tmp_path: Path) -> None:
    """Where the folder cannot be written the result is there all the same, with one line about it."""
    (tmp_path / "runs").write_text("a file where the folder should be", encoding="utf-8")
    engine = ScriptedEngine(lambda _: reading(ratings={}))
    live = LiveRun(campaign, audience, folder=tmp_path / "runs", engine=engine, rating="direct")
    assert live.wait(PATIENCE)
    assert live.run is not None
    assert live.unsaved is not None
    assert "download it" in live.unsaved


def test_figures_come_before_the_end(audience: Audience, campaign: Campaign, server: OpenAIServer) -> None:
    """While it goes on, the scorecard is of what came; at the end it is the run's own."""
    answered = threading.Semaphore(0)

    def count(_: Ask) -> None:
        answered.release()

    server.script = count
    live = LiveRun(campaign, audience, base_url=server.base_url, **OPTIONS)
    for _ in range(10):
        assert answered.acquire(timeout=PATIENCE)
    server.hold()
    early = live.score(lambda: 1.0)
    assert early["personas"].max() <= 12  # type: ignore[operator]
    server.release()
    assert live.wait(PATIENCE)
    assert live.run is not None
    assert live.score(lambda: 1e9).equals(live.run.scorecard())


def test_stopping_twice_or_too_late_is_harmless(audience: Audience, campaign: Campaign) -> None:
    """A stop after the end changes nothing."""
    live = LiveRun(campaign, audience, engine=ScriptedEngine(lambda _: reading(ratings={})), rating="direct")
    assert live.wait(PATIENCE)
    live.stop()
    live.stop()
    assert live.run is not None
    assert live.run.is_complete


def test_what_cannot_be_planned_is_refused_at_once(audience: Audience, campaign: Campaign) -> None:
    """A sample larger than the audience raises InputError before any thread starts."""
    with pytest.raises(InputError, match="12 personas"):
        LiveRun(campaign, audience, sample=13, **OPTIONS)


def test_a_dead_endpoint_is_one_line(audience: Audience, campaign: Campaign) -> None:
    """Where nothing answers there is no run, and the problem says what to do."""
    live = LiveRun(campaign, audience, base_url="http://127.0.0.1:9/v1", **OPTIONS)
    assert live.wait(PATIENCE)
    assert live.run is None
    assert live.problem is not None
    assert "nothing answers at" in live.problem
    assert "\n" not in live.problem


def test_a_typed_key_reaches_the_endpoint_and_no_record(
    audience: Audience, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key passed wins over the machine's, and the methods statement does not hold it."""
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-machine")
    with OpenAIServer(key="typed-by-hand") as server:
        live = LiveRun(campaign, audience, base_url=server.base_url, api_key="typed-by-hand", **OPTIONS)
        assert live.wait(PATIENCE)
    assert live.run is not None
    assert live.run.counts.ok == 24
    assert "typed-by-hand" not in live.run.methods.model_dump_json()
    assert "typed-by-hand" not in repr(live)


def test_what_goes_wrong_is_told_while_it_is_tried_again(audience: Audience, campaign: Campaign) -> None:
    """An endpoint that breaks off is told in the provider's words before a call is given up, and forgotten after."""
    with OpenAIServer(key=None) as server:
        server.replies_before_hold = 6
        live = LiveRun(campaign, audience, base_url=server.base_url, **OPTIONS)
        server.wait_for(10)
        server.faults = Faults(rate_500=1.0)
        server.release()
        wait_until(lambda: live.measure_progress().trouble is not None)
        progress = live.measure_progress()
        assert "trying again" in str(progress.trouble)
        assert "waiting for the endpoint" in progress.describe()
        server.faults = Faults()
        wait_until(lambda: live.measure_progress().trouble is None)
        assert live.wait(PATIENCE)
        assert live.run is not None
        assert live.run.is_complete


def test_failures_are_no_progress(audience: Audience, campaign: Campaign) -> None:
    """A reaction that was given up is counted apart, and its reason stands beside the progress."""

    def answer(question: exchange.Question) -> dict[str, object] | CallFailed:
        if "today" in question.prompt:
            return CallFailed("InternalServerError: the model has gone")
        return reading(ratings={})

    live = LiveRun(campaign, audience, engine=ScriptedEngine(answer), rating="direct", control=False)
    assert live.wait(PATIENCE)
    progress = live.measure_progress()
    assert (progress.answered, progress.failed, progress.share) == (12, 12, 0.5)
    assert "12 failed" in progress.describe()
    assert progress.trouble == "InternalServerError: the model has gone"
    assert live.run is not None
    assert make_report(live.run).headline.endswith(", from 12 of 24 reactions")


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; fail if it never does."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)
