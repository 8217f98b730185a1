"""The grid on Ray workers: the same run as in one process, one budget, and a killed worker's share redone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from conftest import ROOT, Command
from openai_server import CHAT, Ask, Faults, OpenAIServer
from provider_replies import make_generator, remove_random_tokens
from provider_zoo import TEXT, Animal, Zoo, says

import toolkit
from toolkit.errors import Interrupted
from toolkit.models import Audience, Campaign, Draft
from toolkit.questionnaire import Prompts, Reaction
from toolkit.store import Store
from toolkit.store.shards import find_shards, merge_left_shards

MARK = b"AUDIENCE_TEST_CLUSTER"
OPTIONS = {"rating": "direct", "model": "m", "seed": 3}
LEFT_OUT = ("latency_ms",)


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """Start one local cluster for all tests here; its processes carry a mark by which a test finds them."""
    ray = pytest.importorskip("ray")
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", MARK.decode(): str(os.getpid())}
    options = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    ray.init(num_cpus=2, _node_ip_address="127.0.0.1", **options)
    yield
    ray.shutdown()
    del os.environ[MARK.decode()]


@pytest.fixture
def crowd(audience: Audience) -> Audience:
    """Return 74 personas."""
    people = [
        persona.model_copy(update={"id": f"{persona.id}-{copy}", "about": f"{persona.about} House {copy}."})
        for copy in range(7)
        for persona in audience.personas
    ]
    return audience.model_copy(update={"personas": tuple(people[:74])})


def find_workers() -> list[int]:
    """Return the process ids of this cluster's workers."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if b"ray::GridWorker" in title and b"%s=%d" % (MARK, os.getpid()) in environment:
            found.append(int(folder.name))
    return found


def kill_after(count: int, killed: list[int]) -> Callable[[Reaction], None]:
    """Return a listener that kills one worker with -9 once so many reactions came."""
    seen = []

    def listen(reaction: Reaction) -> None:
        seen.append(reaction)
        if len(seen) == count:
            killed.append(find_workers()[0])
            os.kill(killed[0], signal.SIGKILL)

    return listen


def break_some(ask: Ask) -> str | None:
    """Answer one question in a hundred, by its words alone, with an object of the wrong form, until told of it."""
    is_told = "An earlier answer could not be used" in ask.text
    drawn = make_generator(remove_random_tokens(ask.text)).random()
    return '{"verbatim": 5}' if drawn < 0.01 and not is_told else None


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_a_killed_worker_loses_nothing(crowd: Audience, campaign: Campaign, tmp_path: Path) -> None:
    """With 429s, 500s, cut and broken replies and one worker killed, everything arrives, equal to one process's run.

    Which replies are spoilt only the words of a question decide, so one that is asked again, because the worker that
    asked first was killed, is answered as it was.
    """
    faults = Faults(rate_429=0.1, rate_500=0.05, cut=0.01, lasting_cut=True, retry_after=0.05, seed=5)
    third = Draft(id="third", text="Let people pay you in the chat.")
    drafts = campaign.model_copy(update={"drafts": (*campaign.drafts, third)})
    asking = {**OPTIONS, "price": (1.0, 2.0), "concurrency": 16}
    with OpenAIServer(key=None, latency=0.05, faults=faults, script=break_some) as server:
        alone = toolkit.run(drafts, crowd, store=tmp_path / "alone.sqlite", base_url=server.base_url, **asking)
        least = server.count(CHAT)
    killed: list[int] = []
    store = tmp_path / "many.sqlite"
    many = {"workers": 2, "on_reaction": kill_after(60, killed)}
    with OpenAIServer(key=None, latency=0.05, faults=faults, script=break_some) as server:
        together = toolkit.run(drafts, crowd, store=store, base_url=server.base_url, **many, **asking)
        assert server.count(CHAT) <= least + 16, "what was stored was asked for again"
        again = toolkit.run(drafts, crowd, store=store, base_url=server.base_url, **asking)
    assert len(killed) == 1
    assert set(alone.methods.bad_replies) >= {"cut", "wrong form"}
    assert (alone.counts.planned, alone.counts.failed, together.counts.failed) == (222, 0, 0)
    assert together.reactions.drop(LEFT_OUT).equals(alone.reactions.drop(LEFT_OUT))
    assert (together.run_id, together.verdict()) == (alone.run_id, alone.verdict())
    assert again.counts.from_store == again.counts.planned
    assert not find_shards(store).parent.exists()


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_one_budget_for_all_workers(audience: Audience, campaign: Campaign, tmp_path: Path) -> None:
    """The server's own count of billed tokens stays under --max-cost, and the run says that it was stopped."""
    with OpenAIServer(key=None, latency=0.02) as server:
        limit = 0.02
        run = toolkit.run(
            campaign, audience, store=tmp_path / "s.sqlite", workers=2, base_url=server.base_url, price=(1.0, 1.0),
            max_cost=limit, concurrency=8, **OPTIONS,
        )  # fmt: skip
        billed = server.billed_tokens / 1_000_000
    assert run.methods.stopped is not None
    assert 0 < run.counts.ok < run.counts.planned
    assert billed <= limit
    assert run.methods.cost_usd == pytest.approx(billed)


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_a_halt_ends_all_workers(crowd: Audience, campaign: Campaign, tmp_path: Path) -> None:
    """Told to halt with eight calls in flight, workers let these finish, ask next to nothing more, and lose nothing."""
    store = tmp_path / "s.sqlite"

    async def ask(server: OpenAIServer) -> None:
        halt = asyncio.Event()
        asking = {**OPTIONS, "base_url": server.base_url, "concurrency": 8, "store": store, "control": False}
        asking["workers"] = 2
        run = asyncio.ensure_future(toolkit.arun(campaign, crowd, halt=halt, **asking))
        await asyncio.to_thread(server.wait_for, 8)
        halt.set()
        server.release()
        with pytest.raises(Interrupted):
            await run

    with OpenAIServer(key=None, latency=0.2) as server:
        server.hold()
        asyncio.run(ask(server))
        assert 8 <= server.count() < 40
        asked = server.count()
        run = toolkit.run(campaign, crowd, store=store, base_url=server.base_url, control=False, **OPTIONS)
        assert run.is_complete
        assert server.count() == asked + run.counts.calls == 148


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_workers_stop_when_every_reply_is_unusable(crowd: Audience, campaign: Campaign, tmp_path: Path) -> None:
    """Each worker ends after as many calls in vain as its own share in flight allows; the run says why."""
    with OpenAIServer(key=None, script=lambda _: "I like it.") as server:
        asking = {**OPTIONS, "base_url": server.base_url, "store": tmp_path / "s.sqlite", "concurrency": 8}
        run = toolkit.run(campaign, crowd, workers=2, **asking)
        assert server.count() <= 2 * (20 + 4)
    assert run.counts.failed == 148
    assert any("replies were all unusable (not JSON)" in warning for warning in run.methods.warnings)


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_head_to_head_on_workers(audience: Audience, campaign: Campaign, server: OpenAIServer, tmp_path: Path) -> None:
    """Choices between two drafts are spread too, and equal those of one process."""
    asking = {**OPTIONS, "base_url": server.base_url, "head_to_head": True, "control": False}
    alone = toolkit.run(campaign, audience, store=tmp_path / "a.sqlite", **asking)
    together = toolkit.run(campaign, audience, store=tmp_path / "b.sqlite", workers=2, **asking)
    assert alone.preferences is not None
    assert together.preferences is not None
    assert together.preferences.equals(alone.preferences)


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_an_endpoint_that_is_away_is_one_line(audience: Audience, campaign: Campaign, tmp_path: Path) -> None:
    """What no worker can get round ends the run with the engine's own line."""
    with pytest.raises(toolkit.ToolkitError, match=r"nothing answers at http://127\.0\.0\.1:9/v1"):
        toolkit.run(campaign, audience, store=tmp_path / "s", workers=1, base_url="http://127.0.0.1:9/v1", **OPTIONS)


def test_what_a_killed_run_left_is_taken_in(tmp_path: Path, server: OpenAIServer, audience: Audience) -> None:
    """Shards of a process that is gone are merged before anything is asked; those of a living one are left alone."""
    draft = Draft(id="d", text="Hello")
    asking = {**OPTIONS, "base_url": server.base_url, "control": False}
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    path = tmp_path / "s.sqlite"
    dead, living = (find_shards(path, owner) / "0000.sqlite" for owner in (gone.pid, os.getppid()))
    for shard in (dead, living):
        shard.parent.mkdir(parents=True)
    toolkit.run(draft, audience, store=dead, **asking)
    toolkit.run(draft.model_copy(update={"text": "Bye"}), audience, store=living, **asking)
    asked = server.count(CHAT)
    run = toolkit.run(draft, audience, store=path, **asking)
    assert (run.counts.from_store, server.count(CHAT)) == (12, asked)
    assert living.exists()
    assert not dead.parent.exists()
    with Store(path) as store:
        merge_left_shards(store, path)
        assert store.count_replies() == 12


@pytest.mark.slow
def test_without_ray_one_line_says_how_to_get_it(process: Command, tmp_path: Path) -> None:
    """Where Ray is not installed, --workers is exit 2 with the command that installs it."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'ray' else found(name, *more)\n"
    )
    (tmp_path / "work" / "d.txt").write_text("Pay here.")
    asked = ("run", "d.txt", "--audience", "uk-small-sellers", "--rating", "direct", "--workers", "2")
    shown = process(*asked, PYTHONPATH=f"{hidden}{os.pathsep}{ROOT}", OPENAI_API_KEY="x")
    assert shown.returncode == 2
    assert shown.stderr.strip() == (
        "audience: --workers 2: Ray is not installed; install it with: pip install 'audience-toolkit[ray]'"
    )


@pytest.mark.parametrize(("engine", "said"), [("local", "only --engine openai"), ("replay", "only --engine openai")])
def test_only_an_endpoint_spreads(engine: str, said: str, command: Command, tmp_path: Path) -> None:
    """The embedded model and a replay gain nothing from workers, and say so."""
    (tmp_path / "work" / "d.txt").write_text("Pay here.")
    shown = command("run", "d.txt", "--audience", "uk-small-sellers", "--engine", engine, "--workers", "2")
    assert shown.returncode == 2
    assert said in shown.stderr


def test_prompts_travel(tmp_path: Path) -> None:
    """A plan's prompts can be sent to another process, a team's own folder included."""
    import pickle

    (tmp_path / "draft.j2").write_text("Mine: {{ shown }}")
    sent = pickle.loads(pickle.dumps(Prompts(tmp_path)))  # noqa: S301 - made on the line itself
    assert sent.source("draft.j2") == "Mine: {{ shown }}"
    assert sent.hashes == Prompts(tmp_path).hashes


def test_frames_read_as_one(tmp_path: Path) -> None:
    """Shards of a run's table, written chunk by chunk, are one frame in the order of their names."""
    for number in range(12):
        pl.DataFrame({"n": [number]}).write_parquet(tmp_path / f"{number:06}.parquet")
    assert pl.read_parquet(tmp_path / "*.parquet")["n"].to_list() == list(range(12))


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_workers_reach_the_endpoint_as_one_process_does(audience: Audience, campaign: Campaign, tmp_path: Path) -> None:
    """Header, parameter, timeout, budget, effort and the key of a named endpoint reach every request of a worker."""
    with Zoo(Animal(source="", keep=says(TEXT))) as zoo:
        run = toolkit.run(
            campaign, audience, store=tmp_path / "s.sqlite", workers=2, endpoint="lmstudio", base_url=zoo.base_url,
            timeout=77, header={"X-Gateway": "gateway-secret-4"}, query={"api-version": "1"}, max_tokens=777,
            reasoning_effort="low", **OPTIONS,
        )  # fmt: skip
    assert run.counts.ok == run.counts.planned
    assert len(zoo.visits) >= run.counts.planned
    for visit in zoo.visits:
        assert (visit.headers["x-gateway"], visit.path) == ("gateway-secret-4", "/v1/chat/completions?api-version=1")
        assert float(visit.headers["x-stainless-read-timeout"]) == 77
        assert (visit.room, visit.body["reasoning_effort"]) == (777, "low")
    assert not any(b"gateway-secret" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
