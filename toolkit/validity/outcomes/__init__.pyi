from . import calibrating, validating, wording
from .adding import Addition, add_outcomes, export_outcomes, find_batch
from .published import load_published
from .reading import load_outcomes, read_outcome, read_upload

__all__ = [
    "Addition",
    "add_outcomes",
    "calibrating",
    "export_outcomes",
    "find_batch",
    "load_outcomes",
    "load_published",
    "read_outcome",
    "read_upload",
    "validating",
    "wording",
]
