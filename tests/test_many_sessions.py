"""Many people on one page at once: everybody gets a result, of their own words alone, and memory stays as it is."""

from __future__ import annotations

import concurrent.futures
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Log, find_port, has_raised
from conftest import make_audience
from openai_server import Ask, OpenAIServer
from page_sessions import open_session

from toolkit.audiences import save_audience
from toolkit.models import Persona

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")

PEOPLE = 20
PATIENCE = 420.0
"""Seconds that everybody has to be ready."""
_ROOT = Path(__file__).parent.parent
_WORD = re.compile(r"\bcanary[a-z]{4}\b")


class Sharing:
    """A page that is served, with the provider behind it."""

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.address = f"127.0.0.1:{port}"
        self._process = process

    def measure(self) -> float:
        """Return the memory of the page's process in megabytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1024


def repeat_words(ask: Ask) -> dict[str, Any] | None:
    """Answer with the word that the draft holds; fail where words of two sessions are in one request."""
    words = set(_WORD.findall(ask.text))
    if ask.path.endswith("/embeddings") or not words:
        return None
    assert len(words) == 1, words
    return {"verbatim": f"I see {words.pop()} and wonder what it costs."}


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Sharing]:
    """Serve the page from a folder with an audience of twenty people, which is the one it suggests."""
    people = [
        Persona(id=f"p{number}", name=f"Person{number}", about=f"Lives at number {number} and sells jam.")
        for number in range(PEOPLE)
    ]
    (tmp_path / "personas").mkdir()
    suggested = make_audience().model_copy(update={"audience": "uk-small-sellers", "personas": tuple(people)})
    save_audience(suggested, tmp_path / "personas" / "uk-small-sellers.yaml")
    port = find_port()
    with OpenAIServer(key=None, script=repeat_words) as server:
        environment = {
            **os.environ, "PYTHONPATH": str(_ROOT), "AUDIENCE_BASE_URL": server.base_url, "AUDIENCE_MODEL": "m",
            "AUDIENCE_ENGINE": "openai", "OPENAI_API_KEY": "none",
        }  # fmt: skip
        with subprocess.Popen(
            [sys.executable, "-m", "toolkit", "app", "--port", str(port), "--no-browser"],
            cwd=tmp_path, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process:  # fmt: skip
            log = Log(process)
            try:
                log.wait_for("127.0.0.1")
                yield Sharing(port, process)
            finally:
                process.terminate()
                log.wait_for_end()
    assert not has_raised(log.text), log.text


def name_word(number: int) -> str:
    """Return a word that only the session of that number uses."""
    letters = "abcdefghij"
    return "canary" + "".join(letters[int(digit)] for digit in f"{number:04}")


def use(shared: Sharing, number: int, together: threading.Barrier) -> bool:
    """Test two drafts from a tab of one's own, all at one time; tell whether the run had to wait in line."""
    word = name_word(number)
    with open_session(shared.address) as page:
        page.run("campaign=new")
        page.wait_for(lambda one: one.has_button("Fill in an example"))
        page.type_draft("Draft A", f"Buy {word} jam from Anna today.")
        page.wait_for(lambda one: one.has_button(f"Ask {PEOPLE} people"))
        page.type_draft("Draft B", f"Anna makes {word} jam, and you get it by Friday.")
        page.wait_for(lambda one: one.count(word) >= 4)
        together.wait()
        page.press(f"Ask {PEOPLE} people")
        page.wait_for(lambda one: "live=" in one.query)
        page.wait_for(lambda one: one.has_button("Ask them why"))
        drawn = page.read()
        assert f"I see {word}" in drawn
        everything = b" ".join(page.received).decode(errors="replace")
    assert set(_WORD.findall(everything)) == {word}
    assert "Traceback" not in everything
    return "in the line" in everything


def use_at_once(shared: Sharing, first: int, sessions: int) -> int:
    """Let so many people test at once; return how many waited in line."""
    together = threading.Barrier(sessions, timeout=PATIENCE)
    with concurrent.futures.ThreadPoolExecutor(sessions) as people:
        return sum(people.map(lambda number: use(shared, number, together), range(first, first + sessions)))


@pytest.mark.slow
def test_more_people_than_runs_at_once_each_get_their_own(shared: Sharing) -> None:
    """Ten press Ask at once and eight runs go on at a time: two wait in line, and all see their words alone."""
    assert use_at_once(shared, 0, 10) >= 2


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
def test_thirty_people_at_once_and_memory_stays(shared: Sharing) -> None:
    """Thirty at once, six times: no error, no word of one in another, and no more memory at 180 than at 90."""
    used = []
    for first in range(0, 180, 30):
        assert use_at_once(shared, first, 30) >= 22
        used.append(round(shared.measure()))
    assert used[-1] <= used[2] * 1.05, used
