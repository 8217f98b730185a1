"""A process that starts runs and can be killed: toolkit loaded once, then a child for each line of JSON it reads.

It prints the child's process id and, once the child is gone, its exit status; minus nine means kill -9.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from openai_server import PATIENCE

ROOT = Path(__file__).parent.parent


class Killable:
    """The process, seen from a test."""

    def __init__(self, store: Path) -> None:
        self.store = store

    def __enter__(self) -> Self:
        """Start it."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "AUDIENCE_STORE": str(self.store)}
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let it end."""
        self._process.communicate(timeout=PATIENCE)

    def start(self, **options: Any) -> int:
        """Start a run with the options of `run_grid` and return its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(options) + "\n")
        self._process.stdin.flush()
        return int(self._read())

    def wait(self) -> int:
        """Wait for the run to end, and return its exit status."""
        return int(self._read())

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def run_grid(base_url: str, personas: int, largest_file: int | None = None, **options: Any) -> int:
    """Ask so many personas about two drafts; return 0 when everything came, 3 when something did not."""
    import toolkit

    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    people = [
        {"id": f"p{number:04}", "name": f"Person{number}", "age": 30, "about": f"Sells jam at stall {number}."}
        for number in range(personas)
    ]
    audience = toolkit.Audience.model_validate(
        {"audience": "jam-sellers", "description": "They sell jam.", "source": "a test", "personas": people}
    )
    drafts = [toolkit.Draft(id="plain", text="Send an invoice."), toolkit.Draft(id="benefit", text="Get paid today.")]
    try:
        run = toolkit.run(drafts, audience, base_url=base_url, model="m", rating="direct", control=False, **options)
    except toolkit.ToolkitError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0 if run.is_complete else 3


def _serve() -> None:
    import toolkit.engines.openai
    import toolkit.panel.session  # noqa: F401 - both loaded before the first child, so that each starts at once

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(run_grid(**json.loads(line)))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
