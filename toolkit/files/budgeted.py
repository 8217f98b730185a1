"""A user's template within a budget of time and output, in a process of its own that can be ended.

A sandbox keeps a template from files and from Python. It does not keep it from working: two nested ranges take a
day, and a long repeat takes all memory. So a template that could do so is filled in by a child process, which is ended
once it takes too long. A plain template, which names columns and chooses between words, is filled in here: what it
takes grows with its own length and that of the row alone.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import select
import struct
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

from jinja2 import Environment, Undefined, nodes

from toolkit.errors import InputError

MOST_CHARACTERS = 100_000
"""Of what a template may make of one row: a description is a few hundred."""
MOST_SECONDS = 5.0
"""That a template may take for one row: it takes a few millionths of that."""
MOST_SECONDS_ALTOGETHER = 120.0
"""That it may take for all rows together, which is enough for a million."""
_FREE_SECONDS = 0.005
"""Of each row that count for nothing: what it takes to ask."""
_START_SECONDS = 60.0
_MOST_BYTES = 1 << 30
_LENGTH = struct.Struct(">I")
_EMPTY, _ROW = "\0empty", "\0row"
_SAFE = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.If,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Test, nodes.Tuple,
    nodes.List, nodes.Add, nodes.Sub, nodes.Div, nodes.FloorDiv, nodes.Neg, nodes.Pos, nodes.Filter, nodes.Call,
    nodes.For,
)  # fmt: skip
_FILTERS = {"clean", "line", "upper", "lower", "capitalize", "title", "trim", "default", "d", "int", "float", "round",
            "string", "length", "count", "first", "last", "abs", "list", "items", "dictsort"}  # fmt: skip
"""Filters whose output is about as long as their input."""
_METHODS = {"items", "keys", "values", "strip", "lower", "upper", "title", "capitalize", "split"}
_KEPT = ("PATH", "SYSTEMROOT", "LANG", "LD_LIBRARY_PATH")
"""Of the environment; keys of endpoints are none of a template's business."""
_CHILD = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from toolkit.files import templating; templating.serve()"
)


def is_plain(environment: Environment, source: str) -> bool:
    """Tell whether a template takes time and room that grow with its own length and that of the row alone."""
    tree = environment.parse(source)
    return all(isinstance(node, _SAFE) and _is_harmless(node) for node in (tree, *tree.find_all(nodes.Node)))


def _is_harmless(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Filter):
        return node.name in _FILTERS
    if isinstance(node, nodes.Call):
        bare = not (node.args or node.kwargs or node.dyn_args or node.dyn_kwargs)
        return bare and isinstance(node.node, nodes.Getattr) and node.node.attr in _METHODS
    if isinstance(node, nodes.For):
        return not (node.recursive or any(True for part in node.body for _ in _find_loops(part)))
    return True


def _find_loops(node: nodes.Node) -> Iterator[nodes.For]:
    if isinstance(node, nodes.For):
        yield node
    yield from node.find_all(nodes.For)


class Filler:
    """Fills in one template, row by row, in a child process that starts with the first row and ends with this."""

    def __init__(self, source: str, name: str, *, seconds: float = MOST_SECONDS) -> None:
        self._source = source
        self._name = name
        self._seconds = seconds
        self._left = MOST_SECONDS_ALTOGETHER
        self._child: subprocess.Popen[bytes] | None = None

    def fill(self, context: Mapping[str, Any]) -> str:
        """Return the template filled in; raise InputError for a fault, and where the budget is spent."""
        child = self._child or self._start()
        began = time.monotonic()
        answer = self._ask(child, pickle.dumps(_pack(context)), min(self._seconds, max(self._left, 0.01)))
        self._left -= max(time.monotonic() - began - _FREE_SECONDS, 0.0)
        if "error" in answer:
            raise InputError(answer["error"])
        return str(answer["text"])

    def _start(self) -> subprocess.Popen[bytes]:
        paths = json.dumps([path or str(Path.cwd()) for path in sys.path])
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        child = subprocess.Popen(  # noqa: S603 - this Python
            [sys.executable, "-I", "-c", _CHILD, paths],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=kept,
        )  # fmt: skip
        weakref.finalize(self, _end, child)
        self._child = child
        self._ask(child, pickle.dumps((self._source, self._name)), _START_SECONDS)
        return child

    def _ask(self, child: subprocess.Popen[bytes], message: bytes, seconds: float) -> dict[str, Any]:
        assert child.stdin is not None  # noqa: S101 - both are pipes
        assert child.stdout is not None  # noqa: S101
        try:
            _write(child.stdin, message)
            answer = _read(child.stdout) if _wait(child, seconds) else None
        except OSError:
            answer = None
        if answer is None:
            child.kill()
            self._child = None
            raise InputError(
                f"{self._name}: the template takes more than {seconds:g} s for a row, or all memory; take out nested "
                "loops and long repeats"
            )
        found: dict[str, Any] = json.loads(answer)
        return found


def _wait(child: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait until the child answers or ends; tell whether it did within so many seconds."""
    assert child.stdout is not None  # noqa: S101 - a pipe
    if os.name == "posix":
        return bool(select.select([child.stdout], [], [], seconds)[0])
    timer = threading.Timer(seconds, child.kill)  # no pipe can be waited for there: a child that is ended closes it
    timer.daemon = True
    timer.start()
    cast("io.BufferedReader", child.stdout).peek(1)
    timer.cancel()
    return True


def serve_rows(compile_template: Callable[[str], Any], empty: Any, tell: Callable[[str, Exception], str]) -> None:
    """Fill in rows until nobody asks any more: what the child process does.

    `tell` returns the one line of a fault of the template with a name, and raises what is none.
    """
    _limit()
    source, name = pickle.loads(_read(sys.stdin.buffer) or b"")  # noqa: S301 - from the process that started this one
    _write(sys.stdout.buffer, b"{}")
    template: Any = None
    while (message := _read(sys.stdin.buffer)) is not None:
        try:
            if template is None:  # what can be worked out beforehand is, in here
                template = compile_template(source)
            context = _unpack(pickle.loads(message), empty)  # noqa: S301 - from the same process
            answer = _fill(template, context, name)
        except MemoryError:
            answer = {"error": f"{name}: the template takes all memory for a row; take out long repeats"}
        except Exception as error:  # noqa: BLE001 - `tell` knows which it may be
            answer = {"error": tell(name, error)}
        _write(sys.stdout.buffer, json.dumps(answer).encode())


def _fill(template: Any, context: Mapping[str, Any], name: str) -> dict[str, str]:
    parts, length = [], 0
    for part in template.generate(context):
        parts.append(part)
        length += len(part)
        if length > MOST_CHARACTERS:
            said = f"{name}: the template makes more than {MOST_CHARACTERS:,} characters of a row; shorten it"
            return {"error": said}
    return {"text": "".join(parts).strip()}


def _limit() -> None:
    """Keep this process from taking all memory, and from working on once nobody can end it."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
        most = int(MOST_SECONDS_ALTOGETHER + _START_SECONDS)
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))


class _RowView(dict[str, Any]):
    """The cells of a row as the child knows them; an empty one reads as nothing."""

    def __init__(self, cells: Mapping[str, Any], columns: list[str], empty: Any) -> None:
        super().__init__(cells)
        self._columns = frozenset(columns)
        self._nothing = empty

    def __missing__(self, name: str) -> Any:
        if name in self._columns:
            return self._nothing
        raise KeyError(name)


def _pack(context: Mapping[str, Any]) -> dict[str, Any]:
    packed: dict[str, Any] = {}
    for name, value in context.items():
        if isinstance(value, Undefined):
            packed[name] = (_EMPTY,)
        elif isinstance(value, Mapping):
            packed[name] = (_ROW, dict(value), list(getattr(value, "_columns", ())))
        else:
            packed[name] = value
    return packed


def _unpack(packed: Mapping[str, Any], empty: Any) -> dict[str, Any]:
    context = {}
    for name, value in packed.items():
        mark = value[0] if isinstance(value, tuple) and value else None
        context[name] = empty if mark == _EMPTY else _RowView(value[1], value[2], empty) if mark == _ROW else value
    return context


def _write(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(_LENGTH.pack(len(message)) + message)
    pipe.flush()


def _read(pipe: IO[bytes]) -> bytes | None:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = pipe.read(length)
    return body if len(body) == length else None


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
