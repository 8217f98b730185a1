"""The folder that a server works in: an agent names files inside it, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from toolkit.errors import InputError
from toolkit.files import resources

_NAME = re.compile(r"[\w.@+ -]{1,120}")
"""A name that holds no way to another folder."""


class WorkingFolder:
    """Finds what an agent names, links resolved, and refuses what lies elsewhere.

    Examples:
        >>> WorkingFolder("examples").find("../README.md", "path")
        Traceback (most recent call last):
        toolkit.errors.InputError: path: '../README.md' is outside the folder that this server works in; ...
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).resolve()

    @property
    def runs(self) -> Path:
        """The folder of run folders."""
        return self.root / "runs"

    def find(self, name: str, field: str) -> Path:
        """Return the path of a file inside; raise InputError for one outside, or one that is not there."""
        path = self.root / name
        if "\0" in name or not resources.is_within_reach(path, self.root):
            raise InputError(
                f"{field}: {name!r} is outside the folder that this server works in; name a file inside it, "
                "or give the text itself"
            )
        if not path.is_file():
            raise InputError(f"{field}: there is no file {name!r} in the folder that this server works in")
        return path

    def find_audience(self, name: str) -> str:
        """Return a bundled or local audience by name as it is, and a path only if it leads inside."""
        if _NAME.fullmatch(name) and ".." not in name and not (self.root / name).exists() and not Path(name).suffix:
            return name
        return str(self.find(name, "audience"))

    def find_run(self, run_id: str) -> Path:
        """Return the folder of a run; raise InputError if this folder holds none of that id."""
        folder = self.runs / run_id
        is_plain = bool(_NAME.fullmatch(run_id)) and ".." not in run_id
        if not is_plain or not (folder / "run.json").is_file() or not resources.is_within_reach(folder, self.root):
            raise InputError(f"run_id: there is no run {run_id[:80]!r} here; list_runs names those there are")
        return folder
