"""The documentation, for tests: examples in pages and docstrings, to be run, and the site that is built from it."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
SETTINGS = ".zensical.toml"
_BLOCK = re.compile(r"^( *)```python\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_SECTION = re.compile(r"^Examples?:[ ]*\n((?:[ ]+.*\n|\n)+)", re.MULTILINE)


class Block(NamedTuple):
    """Python code of a page."""

    page: Path
    line: int
    code: str


def list_blocks(page: Path) -> list[Block]:
    """Return the Python blocks of a Markdown page, each with the line on which its code begins."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text[: found.start(2)].count("\n") + 1, textwrap.dedent(found[2]))
        for found in _BLOCK.finditer(text)
    ]


def find_example(documented: object) -> str | None:
    """Return the code of the example in something's own docstring: a doctest, or a section called Example."""
    text = (documented.__doc__ and inspect.getdoc(documented)) or ""
    section = _SECTION.search(text + "\n")
    if section is None:
        return text if ">>>" in text else None
    code = textwrap.dedent(section[1]).strip("\n")
    fenced = _BLOCK.search(code + "\n")
    return fenced[2] if fenced else code


def build_site(folder: Path) -> Path:
    """Build the site strictly in a folder of its own, and return where its pages are."""
    shutil.copy(ROOT / SETTINGS, folder)
    shutil.copytree(ROOT / "docs", folder / "docs")
    (folder / "toolkit").symlink_to(ROOT / "toolkit")
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--clean", "--strict", "--config-file", SETTINGS],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / ".site"
