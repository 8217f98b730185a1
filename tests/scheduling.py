"""Which worker runs which tests: everything with a browser on one, one after the other, and begun before all else.

Files whose tests share what takes long to make stay on one worker, too, which makes it once; they are begun next.

pytest-xdist has groups for that, but with pytest 9.2 its `--dist=loadgroup` tells the groups no more
(pytest-xdist issue 1386), so the files are named here.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

BROWSER_FILES = {
    "test_browser.py",
    "test_client_browser.py",
    "test_imports_browser.py",
    "test_keyboard.py",
    "test_never_lost.py",
    "test_page_quality.py",
    "test_page_walk.py",
    "test_people_browser.py",
    "test_result_browser.py",
    "test_sign_in.py",
    "test_site_browser.py",
    "test_talk_browser.py",
    "test_upkeep_browser.py",
    "test_walk.py",
    "test_zoom.py",
}
SHARED_FILES = {
    "test_door.py": "a page that is served",
    "test_false_verdicts.py": "simulated runs, judged in several ways",
    "test_neighbour.py": "an environment with the wheel in it",
    "test_plugin.py": "the packages that judge, which pytester would forget",
    "test_report.py": "a finished run and its page",
    "test_typing.py": "an environment with the wheel in it",
    "test_wheel.py": "a wheel, unpacked",
    "test_workers.py": "a Ray cluster",
}
"""File names, and what the tests of each share: files that share the same thing stay together."""


class BrowserFirst(LoadScopeScheduling):
    """Hands out the browser's tests as one unit, a shared file as one, every other test alone; in collected order."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file = find_file(nodeid)
        return "browser" if file in BROWSER_FILES else SHARED_FILES.get(file, nodeid)


def find_file(nodeid: str) -> str:
    """Return the file name of a test."""
    return nodeid.partition("::")[0].rpartition("/")[2]


def put_slow_first(items: list[pytest.Item]) -> None:
    """Sort tests: the browser's, shared files, those marked slow, the rest, so that workers end at about one time."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    file = find_file(item.nodeid)
    if file in BROWSER_FILES or file in SHARED_FILES:
        return 0 if file in BROWSER_FILES else 1
    return 2 if item.get_closest_marker("slow") or item.get_closest_marker("model") else 3


def check_files(items: list[pytest.Item]) -> None:
    """Refuse a test with a browser in a file that is not named here."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()) and find_file(item.nodeid) not in BROWSER_FILES:
            raise pytest.UsageError(f"{item.nodeid} drives a browser: name its file in tests/scheduling.py")
