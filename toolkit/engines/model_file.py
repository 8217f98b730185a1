"""What a .gguf file says of itself: how many parameters it holds, and whether it carries a chat template."""

from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MAGIC = b"GGUF"
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _ARRAY = 8, 9
_TEMPLATE, _ALL_TENSORS = "tokenizer.chat_template", "split.tensors.count"
_MOST_TENSORS = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file, as its header describes it."""

    parameters: int = 0
    """How many numbers the model consists of, 0 where the file does not say."""
    has_template: bool = False
    """Whether it says how a chat with it is written."""


def read_model_file(path: Path) -> ModelFile:
    """Return what the header of a .gguf file says; nothing where it is none, which the server then refuses.

    The format is GGUF 2 and 3: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Of a model split over several
    files the first says how many tensors there are, and the others are taken to be as large.
    """
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as memory:
            return _Header(memory).read()
    except (OSError, ValueError, struct.error, UnicodeDecodeError, KeyError, OverflowError):
        return ModelFile()


class _Header:
    """Reads a header front to back."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self._at = 0

    def read(self) -> ModelFile:
        """Return what the header says."""
        if self._take(4) != _MAGIC:
            raise ValueError
        self._number("I")
        tensors, entries = self._number("Q"), self._number("Q")
        if tensors > _MOST_TENSORS:
            raise ValueError
        said: dict[str, Any] = {}
        for _ in range(entries):
            name = self._text()
            value = self._value(self._number("I"))
            if name in {_TEMPLATE, _ALL_TENSORS}:
                said[name] = value
        counted = sum(self._count_tensor() for _ in range(tensors))
        return ModelFile(_scale(counted, tensors, said), bool(said.get(_TEMPLATE)))

    def _count_tensor(self) -> int:
        self._text()
        sizes = [self._number("Q") for _ in range(self._number("I"))]
        self._take(12)  # its type and where it begins
        return math.prod(sizes)

    def _value(self, kind: int) -> Any:
        """Return a number or a text; an array is passed over."""
        if kind == _TEXT:
            return self._text()
        if kind != _ARRAY:
            return self._number(_NUMBERS[kind])
        inner, count = self._number("I"), self._number("Q")
        if inner in _NUMBERS:
            self._take(count * struct.calcsize(_NUMBERS[inner]))
            return None
        skip: Callable[[], object] = self._skip_text if inner == _TEXT else lambda: self._value(inner)
        for _ in range(count):
            skip()
        return None

    def _text(self) -> str:
        return self._take(self._number("Q")).decode("utf-8", "replace")

    def _skip_text(self) -> None:
        memory, at = self._memory, self._at
        self._at = at + 8 + int.from_bytes(memory[at : at + 8], "little")
        if self._at > len(memory):
            raise ValueError

    def _number(self, kind: str) -> Any:
        return struct.unpack(f"<{kind}", self._take(struct.calcsize(kind)))[0]

    def _take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._memory):
            raise ValueError
        taken = self._memory[self._at : end]
        self._at = end
        return taken


def _scale(counted: int, tensors: int, said: Mapping[str, Any]) -> int:
    """Return the parameters of the whole model, of which this file may hold a part."""
    whole = said.get(_ALL_TENSORS)
    if not isinstance(whole, int) or not tensors or whole <= tensors:
        return counted
    return counted * whole // tensors
