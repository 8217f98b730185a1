"""The page, started for the first time on a machine: nothing is asked, and it serves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from browsing import find_port, see_served

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--no-browser",)], ids=["browser", "no browser"])
def test_it_serves_without_asking(options: tuple[str, ...], tmp_path: Path) -> None:
    """In an empty home, HTTP answers, whether a browser is to be opened or not; no e-mail address is asked for."""
    home, work, port = tmp_path / "home", tmp_path / "work", find_port()
    home.mkdir()
    work.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "STREAMLIT_"))}
    with subprocess.Popen(
        [sys.executable, "-m", "toolkit", "app", "--port", str(port), *options],
        cwd=work, env={**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), "BROWSER": "true", "DISPLAY": ":0"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        printed = see_served(process, port, "/_stcore/health")
    assert "email" not in printed.lower()


@pytest.mark.slow
def test_it_serves_where_there_is_nobody(tmp_path: Path) -> None:
    """As a service or in a container: no home to write in, no terminal, nothing on stdin, a folder that is read-only.

    The port comes from the surroundings, and no browser is looked for where there is no screen.
    """
    work, port = tmp_path / "work", find_port()
    work.mkdir(mode=0o555)
    names = ("XDG_", "STREAMLIT_", "AUDIENCE_")
    left_out = {"HOME", "TERM", "BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(names) and name not in left_out}
    with subprocess.Popen(
        ["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-m", "toolkit", "app"], cwd=work, start_new_session=True,
        env={**kept, "PYTHONPATH": str(ROOT), "AUDIENCE_PORT": str(port), "HOME": "/dev/null/none"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        printed = see_served(process, port)
    assert "not found" not in printed
    assert "Traceback" not in printed
