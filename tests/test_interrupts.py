"""An interrupt, of a script or of a notebook's cell, ends the asking: no new call, what was in flight is kept."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openai_server import PATIENCE, OpenAIServer
from recorded import CAMPAIGN
from test_recordings import write_people

from toolkit.panel.background import GRACE_SECONDS
from toolkit.store import Store

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow

RUN = """
import sys
import toolkit

people = [toolkit.Persona(id=f"p{n:02}", name=f"Person{n}", age=30, about=f"Sells jam at {n}.") for n in range(12)]
audience = toolkit.Audience(audience="jam", description="They sell jam.", source="a test", personas=tuple(people))
drafts = [toolkit.Draft(id="a", text="Send an invoice."), toolkit.Draft(id="b", text="Get paid today.")]
options = {"base_url": "BASE_URL", "model": "m", "rating": "direct", "control": False}
ended = "it ended by itself"
try:
    toolkit.run(drafts, audience, **options, MORE)
except KeyboardInterrupt as error:
    ended = f"interrupted: {error}"
"""


def write_run(server: OpenAIServer, more: str) -> str:
    """Return a script that asks the server and catches the interrupt."""
    return RUN.replace("BASE_URL", server.base_url).replace("MORE", more)


def count_replies(path: Path) -> int:
    """Return how many replies a store holds."""
    with Store(path) as store:
        return store.count_replies()


def start_script(script: str, store: Path) -> subprocess.Popen[str]:
    """Start a script as a process of its own, whose standard output can be read."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "AUDIENCE_STORE": str(store)}
    return subprocess.Popen(
        [sys.executable, "-c", f"{script}\nprint(ended)"], stdout=subprocess.PIPE, text=True, env=environment
    )


def test_ctrl_c_in_a_script_keeps_what_is_in_flight(tmp_path: Path) -> None:
    """Interrupted with five calls in flight: no sixth is made, five replies are kept, KeyboardInterrupt is raised."""
    store = tmp_path / "store.sqlite"
    with OpenAIServer(key=None) as server:
        server.hold()
        with start_script(write_run(server, "concurrency=5"), store) as process:
            server.wait_for(5)
            process.send_signal(signal.SIGINT)
            assert process.stdout is not None
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(GRACE_SECONDS / 5)
            server.release()
            said = process.stdout.read().strip()
        assert said == "interrupted: every reply so far is saved, and the same call goes on from there"
        assert (server.count(), count_replies(store)) == (5, 5)


def test_calls_that_never_end_are_given_up(tmp_path: Path) -> None:
    """Calls in flight that do not come within the grace are dropped; a second Ctrl-C drops them at once."""
    for interrupts in (1, 2):
        store = tmp_path / f"{interrupts}.sqlite"
        with OpenAIServer(key=None) as server:
            server.hold()
            with start_script(write_run(server, "concurrency=5"), store) as process:
                server.wait_for(5)
                for _ in range(interrupts):
                    process.send_signal(signal.SIGINT)
                    if interrupts > 1:
                        with pytest.raises(subprocess.TimeoutExpired):
                            process.wait(0.2)
                assert process.stdout is not None
                assert process.stdout.read().startswith("interrupted")
            assert (server.count(), count_replies(store)) == (5, 0)


def test_requests_that_wait_for_their_turn_are_dropped(tmp_path: Path) -> None:
    """At a limit of requests a minute most wait inside the engine: not one of them is sent after the interrupt."""
    store = tmp_path / "store.sqlite"
    with OpenAIServer(key=None) as server:
        server.hold()
        with start_script(write_run(server, "concurrency=24"), store) as process:
            server.wait_for(16)
            process.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(GRACE_SECONDS / 5)
            server.release()
            assert process.stdout is not None
            assert process.stdout.read().startswith("interrupted")
        assert (server.count(), count_replies(store)) == (16, 16)


def test_ctrl_c_in_a_list_of_recordings_says_what_is_done(tmp_path: Path) -> None:
    """`audience record` of two campaigns, interrupted in the second: the first is written and told, exit 130."""
    write_people(tmp_path)
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(CAMPAIGN.replace("text: ", f"text: Number {name}. "))
    store = tmp_path / "store.sqlite"
    with OpenAIServer(key=None) as server:
        command = [sys.executable, "-m", "toolkit", "record", "one.yaml", "two.yaml", "--base-url", server.base_url]
        command += ["--model", "m", "--rating", "direct", "--concurrency", "5"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "AUDIENCE_STORE": str(store)}
        server.hold_after(24)
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, env=environment, cwd=tmp_path, **pipes) as process:
            server.wait_for(24 + 5)
            process.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(GRACE_SECONDS / 5)
            server.release()
            out, err = process.communicate()
        assert (process.returncode, server.count(), count_replies(store)) == (130, 29, 29)
    assert "one.reactions.jsonl: 24 reactions" in out
    assert "1 of 2 campaigns complete, 1 not begun or cut short; cost unknown" in out
    assert err.strip().splitlines()[-1].startswith("audience: interrupted; the answers so far are saved")
    assert not (tmp_path / "two.reactions.jsonl").exists()


class Notebook:
    """Cells for a real kernel, which runs them one after the other."""

    def __init__(self) -> None:
        import nbformat  # with nbclient it takes a second, which the fast tests spare
        from nbclient import NotebookClient

        self._write_cell = nbformat.v4.new_code_cell
        self._book = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
        self.client = NotebookClient(self._book, kernel_name="python3", allow_errors=True, timeout=PATIENCE)

    async def run(self, source: str) -> str:
        """Run a cell and return what it printed."""
        cell = self._write_cell(source)  # type: ignore[no-untyped-call]
        self._book.cells.append(cell)
        await self.client.async_execute_cell(cell, len(self._book.cells) - 1)
        return "".join(output.get("text", "") for output in cell.outputs)

    async def interrupt(self) -> None:
        """Press the button that interrupts the cell."""
        manager: Any = self.client.km
        await manager.interrupt_kernel()


def test_an_interrupted_cell_asks_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real kernel, interrupted with five calls in flight: these are kept, no other is made, the kernel goes on."""
    store = tmp_path / "store.sqlite"
    monkeypatch.setenv("AUDIENCE_STORE", str(store))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    async def work(server: OpenAIServer, notebook: Notebook) -> None:
        cell = asyncio.ensure_future(notebook.run(write_run(server, "concurrency=5")))
        await asyncio.to_thread(server.wait_for, 5)
        await notebook.interrupt()
        _, unfinished = await asyncio.wait([cell], timeout=GRACE_SECONDS / 5)
        assert unfinished
        server.release()
        await cell
        assert "interrupted: every reply so far is saved" in await notebook.run("print(ended)")
        threads = await notebook.run("import threading; print([thread.name for thread in threading.enumerate()])")
        assert "audience-run" not in threads
        assert (server.count(), count_replies(store)) == (5, 5)
        assert (await notebook.run("print(toolkit.run(drafts, audience, **options).counts.ok)")).strip() == "24"
        assert server.count() == 24

    async def host(server: OpenAIServer) -> None:
        notebook = Notebook()
        async with notebook.client.async_setup_kernel():
            await work(server, notebook)

    with OpenAIServer(key=None) as server:
        server.hold()
        asyncio.run(host(server))
