from . import coverage, editing, importing, privacy, sampling, streaming, uploads, vetting
from .loading import list_audiences, load_audience, save_audience, write_audience

__all__ = [
    "coverage",
    "editing",
    "importing",
    "list_audiences",
    "load_audience",
    "privacy",
    "sampling",
    "save_audience",
    "streaming",
    "uploads",
    "vetting",
    "write_audience",
]
