"""LiteLLM's proxy, in an environment of its own, stands between the toolkit and a real chat model."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Log
from test_small_chat_model import LEAST_USABLE, MODEL, find_small_model, read_drafts, serving

from toolkit.engines import reaching
from toolkit.models import Audience, Campaign

pytestmark = [pytest.mark.model, pytest.mark.nightly, pytest.mark.timeout(3_000)]
KEY = "sk-of-the-proxy"
START_SECONDS = 600.0


@pytest.fixture(scope="module")
def litellm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the proxy's command: LITELLM_COMMAND names one that is installed, else it is installed now."""
    named = os.environ.get("LITELLM_COMMAND")
    if named:
        return Path(named)
    folder = tmp_path_factory.mktemp("litellm") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", "litellm[proxy]"], check=True)
    return folder / "bin" / "litellm"


@pytest.fixture(scope="module")
def proxy(litellm: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a proxy before the small chat model."""
    folder = tmp_path_factory.mktemp("proxy")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serving(find_small_model()) as address:
        (folder / "config.yaml").write_text(
            f"model_list:\n  - model_name: {MODEL}\n    litellm_params:\n      model: openai/{MODEL}\n"
            f"      api_base: {address}\n      api_key: none\ngeneral_settings:\n  master_key: {KEY}\n"
        )
        command: list[str | Path] = [
            litellm,
            "--config",
            folder / "config.yaml",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder
        ) as process:
            log = Log(process, START_SECONDS)
            try:
                log.wait_for("Uvicorn running on")
                reaching.list_models(f"http://127.0.0.1:{port}/v1", KEY)
                yield f"http://127.0.0.1:{port}/v1"
            finally:
                process.terminate()


def test_a_chat_goes_through_the_proxy(campaign: Campaign, audience: Audience, proxy: str, tmp_path: Path) -> None:
    """Readings and choices come through LiteLLM's proxy as they do without it, four in five usable at least."""
    reach: dict[str, Any] = {
        "model": MODEL, "base_url": proxy, "api_key": KEY, "store": tmp_path / "replies.sqlite", "price": (0.0, 0.0),
        "concurrency": 2, "max_tokens": 400, "timeout": 600.0,
    }  # fmt: skip
    run = read_drafts(campaign, audience, reach)
    pairs = run.methods.head_to_head_counts
    assert pairs is not None
    assert run.counts.ok + pairs.ok >= LEAST_USABLE * (run.counts.planned + pairs.planned), run.methods.bad_replies
