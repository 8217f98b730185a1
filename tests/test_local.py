"""The embedded language model, for real: two personas, from prompt to verdict."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import platformdirs
import pytest

import toolkit
from toolkit.engines.local import LocalEngine, count_threads, find_model
from toolkit.models import Audience, Campaign
from toolkit.models.exchange import Question

pytestmark = [pytest.mark.model, pytest.mark.slow]


def is_running(pid: int) -> bool:
    """Return whether a process still runs."""
    return subprocess.run(["ps", "-p", str(pid)], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("named", "threads"), [("3", 3), ("2,4", 2), ("", None), ("0", None), ("many", None), ("-1", None)]
)
def test_threads_can_be_limited(named: str, threads: int | None) -> None:
    """OMP_NUM_THREADS says how many threads the model has; what is no number leaves it to the cores there are."""
    usable = count_threads({})
    assert 1 <= usable <= 8
    assert count_threads({"OMP_NUM_THREADS": named}) == (threads or usable)


def test_two_people_react(audience: Audience, campaign: Campaign) -> None:
    """Two personas say something in words, do something the surface allows, and get a rating of intent or null."""
    run = toolkit.run(campaign, audience, engine="local", sample=2, control=False, seed=7)
    assert run.counts.ok == 4
    assert run.reactions["verbatim"].str.len_chars().min() >= 20
    assert (
        run.reactions["action"]
        .is_in(["scroll_past", "read", "react", "click", "reply", "share", "hide", "report"])
        .all()
    )
    assert run.reactions["says_clarity"].null_count() == 4
    stopped = run.reactions.filter("stopped")
    assert stopped["rating_intent"].drop_nulls().is_between(1, 5).all()
    assert run.verdict().decision == "not enough"
    assert any("near chance" in warning for warning in run.methods.warnings)


def test_the_same_again_asks_nothing(audience: Audience, campaign: Campaign) -> None:
    """The embedded model's replies are kept like any other's, and replay gives them back."""
    first = toolkit.run(campaign, audience, engine="local", sample=1, control=False)
    again = toolkit.run(campaign, audience, engine="local", sample=1, control=False)
    replayed = toolkit.run(campaign, audience, engine="replay", sample=1, control=False)
    assert (again.counts.calls, replayed.counts.calls) == (0, 0)
    assert again.reactions.equals(first.reactions)
    assert replayed.reactions.equals(first.reactions)


@pytest.mark.parametrize("rating", ["logprob", "direct"])
def test_other_ratings(audience: Audience, campaign: Campaign, rating: str) -> None:
    """Digits and token probabilities rate intent from 1 to 5 or leave it null."""
    run = toolkit.run(campaign, audience, engine="local", sample=1, control=False, rating=rating)
    assert run.counts.ok == 2
    assert run.reactions["rating_intent"].drop_nulls().is_between(1, 5).all()
    assert run.reactions["rating_trust"].null_count() == 2


def test_the_server_stops_with_the_engine() -> None:
    """The server listens on loopback while the engine is open and is gone afterwards."""

    async def ask() -> int:
        engine = LocalEngine()
        async with engine:
            assert engine._process is not None
            pid = engine._process.pid
            reply = await engine.ask(Question(prompt="The capital of France is", max_tokens=4))
            assert reply.text
            assert is_running(pid)
        return pid

    assert not is_running(asyncio.run(ask()))


def test_a_damaged_model_file_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's SHA-256 is checked at every start, and a file that differs is replaced.

    It is a copy in a cache of its own: the machine's is read by whatever else runs on it.
    """
    sound = find_model(None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    damaged = platformdirs.user_cache_path("audience-toolkit", ensure_exists=True) / sound.name
    assert damaged.is_relative_to(tmp_path)
    shutil.copy(sound, damaged)
    with damaged.open("r+b") as stream:
        stream.write(b"damaged!")
    assert find_model(None) == damaged
    assert damaged.read_bytes()[:4] == b"GGUF"


def test_no_model_file_is_refused(tmp_path: Path) -> None:
    """A file that is no model ends with one line, not with a hang."""
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF but nothing else")

    async def start() -> None:
        async with LocalEngine(str(broken)):
            pass

    with pytest.raises(toolkit.ToolkitError, match="did not start"):
        asyncio.run(start())
