"""A function of the toolkit in a process of its own, which is ended once it takes too long or too much memory.

A file of a stranger may take a minute and a gigabyte to read, whatever its size. Read here, it would hold up everybody
else whom this process serves. So a file that came through the browser is read apart, a few at a time.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

from toolkit.errors import InputError, ToolkitError
from toolkit.files import tables

MOST_SECONDS = 10
"""Of computing that a call may take: the largest table that the page takes needs a third of that."""
MOST_WAITED = 120.0
"""Seconds by the clock, on a machine that is busy with other things."""
MOST_BYTES = 2 << 30
"""Of memory, what a library only reserves included."""
AT_ONCE = 2
"""Calls that go on at once; others wait."""
LIGHT = 100_000
"""Bytes of text that are read here: what takes them the longest takes less than starting a process."""
MOST_CELLS = 1_000_000
"""Rows times columns of a table that came through the browser."""
Returned = TypeVar("Returned")
_TEXTS = {".csv", ".tsv", ".txt", ".md", ".json", ".jsonl", ".yaml", ".yml"}
_KEPT = ("PATH", "SYSTEMROOT", "LANG", "LD_LIBRARY_PATH", "HOME")
"""Of the environment; keys of endpoints are none of a file's business."""
_FOLDERS = ("TMPDIR", "TEMP", "TMP")
_CHILD = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from toolkit.ui import apart; apart.serve()"
_turns = threading.BoundedSemaphore(AT_ONCE)


def call_apart(name: str, work: Callable[..., Returned], *given: Any, **options: Any) -> Returned:
    """Return what a module's function returns for plain arguments, worked out apart; `name` is the file's.

    Raises what the function raises of the toolkit's own errors, and InputError where the budget is spent.
    """
    message = pickle.dumps((work.__module__, work.__qualname__, given, options, MOST_SECONDS))
    paths = json.dumps([path or str(Path.cwd()) for path in sys.path])
    kept = {one: os.environ[one] for one in _KEPT if one in os.environ}
    with _turns, tempfile.TemporaryDirectory() as folder:  # one that is ended cannot tidy up what it laid there
        child = subprocess.Popen(  # noqa: S603 - this Python
            [sys.executable, "-I", "-c", _CHILD, paths],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**kept, **dict.fromkeys(_FOLDERS, folder), "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        with child:
            try:
                answer, _ = child.communicate(message, timeout=MOST_WAITED)
            except subprocess.TimeoutExpired:
                child.kill()
                answer = b""
    if child.returncode != 0 or not answer:
        raise InputError(
            f"{name[:80]}: reading it takes more than {MOST_SECONDS} s, or all memory; make the file smaller"
        )
    error, found = pickle.loads(answer)  # noqa: S301 - from the process that was started for it
    if error is not None:
        raise error
    returned: Returned = found
    return returned


def read_apart(name: str, data: bytes, work: Callable[..., Returned], **options: Any) -> Returned:
    """Return what a function makes of a file, given its path first; one of little text is read here.

    Errors name the file as it was called where it came from.
    """
    if is_light(name, data):
        return _read(name, data, work, options)
    read: Returned = call_apart(name, _read_named, name, data, work.__module__, work.__qualname__, options)
    return read


def load_uploaded(path: Path, purpose: Literal["drafts", "people", "results"]) -> list[tables.LoadedTable]:
    """Return every table of a file that came through the browser; raise InputError for one too large for a page."""
    if path.suffix.lower() == ".jsonl":
        rows = tables.load_json_lines(path, path.read_bytes().decode(errors="replace"))
        names = dict.fromkeys(name for row in rows for name in row.cells)
        found = [tables.LoadedTable(path.name, tuple(names), rows)]
    else:
        found = tables.load_tables(path, purpose)
    cells = sum(table.cell_count for table in found)
    if cells > MOST_CELLS:
        raise InputError(f"{path}: {cells:,} cells are too many for the page; use the command on this file")
    return found


def is_light(name: str, data: bytes) -> bool:
    """Tell whether a file is so little text that it may be read here."""
    return len(data) <= LIGHT and Path(name).suffix.lower() in _TEXTS


def _read_named(name: str, data: bytes, module: str, function: str, options: dict[str, Any]) -> Any:
    return _read(name, data, getattr(importlib.import_module(module), function), options)


def _read(name: str, data: bytes, work: Callable[..., Returned], options: dict[str, Any]) -> Returned:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder).joinpath(f"{Path(name).stem[:80] or 'upload'}{Path(name).suffix.lower()}")
        path.write_bytes(data)
        try:
            return work(path, **options)
        except InputError as error:
            raise InputError(str(error).replace(str(path), name[:80])) from None


def serve() -> None:
    """Answer one call: what the child process does."""
    module, name, given, options, seconds = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    _limit(seconds)
    work = getattr(importlib.import_module(module), name)
    answer: tuple[ToolkitError | None, Any]
    try:
        answer = (None, work(*given, **options))
    except ToolkitError as error:
        answer = (error, None)
    sys.stdout.buffer.write(pickle.dumps(answer))


def _limit(seconds: int) -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
        spent = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
        resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, spent + seconds))
