"""What was paid for is never lost and never paid for twice: kills, signals, full disks, locked and damaged stores."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from killable import Killable
from openai_server import OpenAIServer
from provider_replies import remove_random_tokens
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.errors import StoreUnusable
from toolkit.models import Audience, Campaign
from toolkit.models.exchange import Question, Reply
from toolkit.panel import api
from toolkit.panel.run_options import Asking
from toolkit.panel.session import carry_out
from toolkit.store import Store
from toolkit.store.owners import is_alive

ROOT = Path(__file__).parent.parent
REPLY = Reply(text="Ünïcode 🙂", engine="openai", model="m", prompt_tokens=3)
OPTIONS: dict[str, Any] = {"rating": "direct", "control": False}


def count_questions(server: OpenAIServer) -> Counter[str]:
    """Return how often each question was asked."""
    return Counter(remove_random_tokens(ask.text) for ask in server.requests)


def count_replies(path: Path) -> int:
    """Return how many replies a store holds."""
    with Store(path) as store:
        return store.count_replies()


@pytest.mark.slow
def test_ten_kills_lose_no_reply_and_repeat_only_what_was_in_flight(tmp_path: Path) -> None:
    """Killed with -9 ten times at random points, everything comes in the end; repeats are at most kills x in flight.

    The server lets a random number of replies go and keeps back the next, so no run can end before it is killed.
    """
    kills, in_flight, reactions = 10, 8, 300
    source = random.Random(7)  # noqa: S311 - repeatable, and nothing secret
    replies = [source.randrange(1, 2 * reactions // kills) for _ in range(kills)]
    assert sum(replies) < reactions
    path = tmp_path / "store.sqlite"
    with OpenAIServer(key=None, latency=0.02) as server, Killable(path) as process:
        options = {"base_url": server.base_url, "personas": reactions // 2, "concurrency": in_flight}
        for count in replies:
            server.hold_after(count)
            child = process.start(**options)
            server.wait_until_held()
            os.kill(child, signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
            server.wait_until_idle()
        assert 0 < count_replies(path) < reactions
        server.release()
        process.start(**options)
        assert process.wait() == 0
        asked = count_questions(server)
    assert count_replies(path) == len(asked) == reactions
    assert sum(asked.values()) - reactions <= kills * in_flight


@pytest.mark.slow
def test_two_processes_on_one_store_share_the_work(tmp_path: Path) -> None:
    """The same test in two processes at once: every question is asked once, and both get everything."""
    path = tmp_path / "store.sqlite"
    with OpenAIServer(key=None, latency=0.02) as server, Killable(path) as one, Killable(path) as other:
        for process in (one, other):
            process.start(base_url=server.base_url, personas=60, concurrency=6)
        assert (one.wait(), other.wait()) == (0, 0)
        asked = count_questions(server)
    assert set(asked.values()) == {1}
    assert count_replies(path) == len(asked) == 120


@pytest.mark.slow
def test_a_file_that_may_not_grow_costs_nothing_that_was_paid(tmp_path: Path) -> None:
    """The store reaches the largest file the system allows: exit 2, and every reply that came is there next time."""
    path = tmp_path / "store.sqlite"
    with OpenAIServer(key=None) as server, Killable(path) as process:
        options = {"base_url": server.base_url, "personas": 60, "concurrency": 6}
        process.start(**options, largest_file=60_000)
        assert process.wait() == 2
        came = server.count()
        process.start(**options)
        assert process.wait() == 0
        assert set(count_questions(server).values()) == {1}
    assert 0 < came < 120
    assert not list(tmp_path.glob("*.rescued-*"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_what_is_in_flight(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM: nothing new is asked, what is in flight is kept, exit 130, one line; the same goes on."""
    path = tmp_path / "store.sqlite"
    with OpenAIServer(key=None) as server:
        server.hold()
        command = [
            sys.executable,
            "-m",
            "toolkit",
            "run",
            str(ROOT / "examples" / "paypal-invoices.yaml"),
            "--audience",
        ]
        command += ["uk-small-sellers", "--base-url", server.base_url, "--model", "m", "--rating", "direct"]
        command += ["--concurrency", "5", "--out", str(tmp_path / "out"), "--no-control"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "AUDIENCE_STORE": str(path)}
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path) as process:
            server.wait_for(5)
            process.send_signal(number)
            assert process.stderr is not None
            assert "waiting for the requests in flight" in process.stderr.readline()
            server.release()
            (said,) = process.stderr.read().strip().splitlines()
        assert process.returncode == 130
        assert said.startswith("audience: interrupted; 5 of 24 answers are saved, and the same command continues")
        assert not (tmp_path / "out").exists()
        assert (server.count(), count_replies(path)) == (5, 5)
        done = subprocess.run(command, env=environment, cwd=tmp_path, check=False, capture_output=True)
        assert (done.returncode, server.count()) == (0, 24)


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file grow past so many bytes, as on a volume that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_ends_the_run_and_keeps_what_was_in_flight(
    tmp_path: Path, audience: Audience, campaign: Campaign
) -> None:
    """The file can grow no more: replies in flight go to a journal, no new call is made, the next run takes them in."""
    path = tmp_path / "store.sqlite"
    plan = api.plan(campaign, audience, **OPTIONS)
    long = reading(verbatim="Long. " * 2_000, ratings={})
    engine = ScriptedEngine(lambda _: long)
    with (
        largest_file(200_000),
        Store(path) as store,
        pytest.raises(StoreUnusable, match=r"free space.*the next run takes in") as caught,
    ):
        asyncio.run(carry_out(plan, engine, store, Asking(engine=engine, concurrency=4)))
    assert "\n" not in str(caught.value)
    assert 0 < engine.calls < 24
    with Store(path) as store:
        assert store.count_replies() == engine.calls
        again = ScriptedEngine(lambda _: long)
        run = asyncio.run(carry_out(plan, again, store, Asking(engine=again)))
    assert (run.is_complete, again.calls) == (True, 24 - engine.calls)
    assert list(tmp_path.iterdir()) == [path]


def test_replies_survive_where_nothing_can_be_written_beside_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No journal fits beside the store, here for its long name: the temporary folder takes it, the store finds it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    path = tmp_path / f"{'s' * 240}.sqlite"
    replies: dict[bytes, Reply] = {}
    with largest_file(300_000), Store(path) as store:
        while store.trouble is None:
            key = str(len(replies)).encode()
            replies[key] = store.keep(key, "chat", Reply(text="x" * 50_000, engine="e", model="m"))
            assert len(replies) < 100
        assert str(tmp_path / "elsewhere") in str(store.trouble)
    with Store(path) as store:
        assert {key: store.find(key) for key in replies} == replies
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_journal_cut_short_gives_its_whole_lines(tmp_path: Path) -> None:
    """A process killed while it wrote a journal leaves half a line: the whole ones are taken in, the half is not."""
    path = tmp_path / "store.sqlite"
    line = json.dumps(
        {"key": "ab" * 32, "form": "chat", "model": "m", "reply": {"text": "x", "engine": "e", "model": "m"}}
    )
    (tmp_path / "store.sqlite.rescued-1-a.jsonl").write_text(f"{line}\n{line[: len(line) // 2]}")
    with Store(path) as store:
        assert store.count_replies() == 1
        found = store.find(bytes.fromhex("ab" * 32))
    assert found == Reply(text="x", engine="e", model="m")


def test_a_locked_store_is_one_line(tmp_path: Path) -> None:
    """Another program that holds the file is named as the reason, before anything is asked."""
    path = tmp_path / "store.sqlite"
    with Store(path, patience=0.05) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnusable, match=r"store\.sqlite: .*another program holds it.*AUDIENCE_STORE"):
            store.claim(b"key")
        store.keep(b"key", "chat", REPLY)
        other.execute("COMMIT")
        other.close()
    with Store(path) as store:
        assert store.find(b"key") == REPLY


def test_an_exclusive_lock_refuses_to_open(tmp_path: Path) -> None:
    """A file held exclusively from before is refused in one line, too."""
    path = tmp_path / "store.sqlite"
    Store(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnusable, match="another program holds it"):
        Store(path, patience=0.05)
    other.close()


def spoil_by_garbage(path: Path) -> None:
    """Overwrite the middle of the file."""
    data = bytearray(path.read_bytes())
    data[4096 : len(data) - 4096] = random.Random(7).randbytes(len(data) - 8192)  # noqa: S311 - repeatable
    path.write_bytes(bytes(data))


def spoil_by_cutting(path: Path) -> None:
    """Drop the second half of the file."""
    os.truncate(path, path.stat().st_size // 2)


def spoil_by_replacing(path: Path) -> None:
    """Put another file in its place."""
    path.write_bytes(b"Dear diary. " * 1_000)


@pytest.mark.parametrize("spoil", [spoil_by_garbage, spoil_by_cutting, spoil_by_replacing])
def test_a_damaged_store_is_one_line_and_stays_as_it_is(
    tmp_path: Path, audience: Audience, campaign: Campaign, spoil: Callable[[Path], None]
) -> None:
    """Garbage, half a file, another file: one line that names it, nothing asked, the file untouched."""
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        for number in range(200):
            store.keep(number.to_bytes(32, "big"), "chat", Reply(text="x" * 500, engine="e", model="m"))
    spoil(path)
    before = path.read_bytes()
    engine = ScriptedEngine(lambda _: reading(ratings={}))
    with pytest.raises(StoreUnusable, match=r"store\.sqlite: .*move it away") as caught:
        toolkit.run(campaign, audience, engine=engine, store=path, **OPTIONS)
    assert "\n" not in str(caught.value)
    assert engine.calls == 0
    assert path.read_bytes() == before


_AS_NOBODY = """
import os, sys
from pathlib import Path
import toolkit
from toolkit.store import Store
from toolkit.models.exchange import Reply
import toolkit.engines.replay
if os.getuid() == 0:
    os.setegid(65534); os.seteuid(65534)
try:
    with Store(Path(sys.argv[1])) as store:
        print(store.count_replies())
        store.claim(b"key")
except toolkit.ToolkitError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("locked", ["file", "folder"])
def test_a_read_only_place_can_be_read_and_refuses_the_rest(locked: str) -> None:
    """Where nothing may be written, stored replies can still be replayed; a new question is one line, unpaid."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "store"
        folder.mkdir()
        Path(name).chmod(0o755)
        path = folder / "reactions.sqlite"
        with Store(path) as store:
            store.keep(b"old", "chat", REPLY)
        path.chmod(0o444)
        folder.chmod(0o555 if locked == "folder" else 0o777)
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, str(path)], check=False, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        folder.chmod(0o755)
    count, refusal = done.stdout.splitlines()
    assert count == "1"
    assert "reactions.sqlite: the store of reactions cannot be used" in refusal
    assert "it may not be written" in refusal


def test_a_claim_is_left_to_the_living(tmp_path: Path) -> None:
    """A question in hand is not taken by another store until its owner closes, keeps a reply, or is dead."""
    path = tmp_path / "store.sqlite"
    with Store(path) as one, Store(path) as other:
        assert one.claim(b"key")
        assert one.claim(b"key")
        assert not other.claim(b"key")
        one.release(b"key")
        assert other.claim(b"key")
        other.keep(b"key", "chat", REPLY)
        assert not one.claim(b"key")
        assert one.claim(b"more")
        one.close()
        assert other.claim(b"more")


def test_a_dead_owner_is_known(tmp_path: Path) -> None:
    """The process that held a question is gone: at once another has it. Of another machine only its lease can tell."""
    with subprocess.Popen([sys.executable, "-c", "pass"]) as gone:
        pass
    machine = os.uname().nodename
    assert not is_alive(f"{machine}:{gone.pid}:aa")
    assert is_alive(f"{machine}:{os.getppid()}:aa")
    assert is_alive("elsewhere:1:aa")
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as elsewhere:
            for key, until in ((b"leased", 9e12), (b"over", 0.0)):
                elsewhere.execute("INSERT INTO claims VALUES (?, 'elsewhere:1:aa', ?)", (key, until))
        assert not store.claim(b"leased")
        assert store.claim(b"over")


def test_two_drafts_of_one_text_are_asked_once(audience: Audience) -> None:
    """The same question twice in a run waits for its own answer, so a replay of the run gives the same."""
    drafts = [toolkit.Draft(id=name, text="Same words.") for name in ("a", "b")]
    said: list[Question] = []

    def answer(question: Question) -> dict[str, Any]:
        said.append(question)
        return reading(verbatim=f"Thought {len(said)}.", ratings={})

    run = toolkit.run(drafts, audience, engine=ScriptedEngine(answer), concurrency=8, **OPTIONS)
    assert len(said) == 12
    replies = run.reactions.group_by("persona_id").agg(pl.col("verbatim").n_unique())
    assert set(replies["verbatim"].to_list()) == {1}
