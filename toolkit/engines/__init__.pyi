from . import base, budget, embedder, local, probing, reaching
from .base import Engine, EngineBase
from .budget import Price
from .making import DEFAULT_MODEL, make_batch_engine, make_engine

__all__ = [
    "DEFAULT_MODEL",
    "Engine",
    "EngineBase",
    "Price",
    "base",
    "budget",
    "embedder",
    "local",
    "make_batch_engine",
    "make_engine",
    "probing",
    "reaching",
]
