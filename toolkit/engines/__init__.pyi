from . import budget, embedder, local, reaching, token_counts
from .base import Engine
from .budget import Budget, Price
from .making import DEFAULT_MODEL, check_embedding_model, make_batch_engine, make_engine

__all__ = [
    "DEFAULT_MODEL",
    "Budget",
    "Engine",
    "Price",
    "budget",
    "check_embedding_model",
    "embedder",
    "local",
    "make_batch_engine",
    "make_engine",
    "reaching",
    "token_counts",
]
