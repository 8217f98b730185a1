"""A run from the store alone is the run itself, byte for byte, and needs no network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openai_server import Faults, OpenAIServer

import toolkit
from toolkit.models import Audience, Campaign

MAY_DIFFER = {
    "engine", "started", "asking_seconds", "rating_seconds",
    "counts", "control_counts", "head_to_head_counts", "cost_usd", "cost_unknown_usd",
    "prompt_tokens", "completion_tokens", "cached_tokens", "bad_replies", "warnings",
}  # fmt: skip
"""Who answered, when, and what this run itself asked and paid: `docs/engine.md` says so."""
FRAMES = ("reactions.parquet", "scorecard.parquet", "comparisons.parquet")


@pytest.mark.parametrize(
    "rating", ["direct", *(pytest.param(name, marks=pytest.mark.slow) for name in ("ssr", "logprob"))]
)
def test_a_replay_is_the_run_byte_for_byte(tmp_path: Path, audience: Audience, campaign: Campaign, rating: str) -> None:
    """Replies that came late, cut, malformed or as refusals, in any order: the replay writes the same bytes."""
    options: dict[str, Any] = {"rating": rating, "repeats": 2, "sample": 4 if rating == "ssr" else None}
    spoilt = {"malformed": 0.05, "cut": 0.03} if rating != "logprob" else {}
    faults = Faults(**spoilt, refusal=0.3, stall=0.2, stall_seconds=0.05, seed=4)
    with OpenAIServer(key=None, faults=faults) as server:
        asking = options | {"base_url": server.base_url, "model": "m", "concurrency": 16}
        run = toolkit.run(campaign, audience, **asking)
        if not run.is_complete:
            server.faults = Faults()
            run = toolkit.run(campaign, audience, **asking)
        asked = server.count()
    assert run.is_complete
    assert asked > run.counts.planned
    again = toolkit.run(campaign, audience, engine="replay", **options)
    one, other = run.save(tmp_path / "one"), again.save(tmp_path / "other")
    for name in FRAMES:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    methods = [json.loads((folder / "run.json").read_text()) for folder in (one, other)]
    assert {name for name in methods[0] if methods[0][name] != methods[1][name]} <= MAY_DIFFER
    assert again.counts.calls == 0
    assert again.counts.from_store == again.counts.planned
