from . import calibrating, matching, validating, wording
from .adding import Addition, add_outcomes, export_outcomes, find_batch
from .matching import count_matched
from .published import load_published
from .reading import load_outcomes, read_outcome

__all__ = [
    "Addition",
    "add_outcomes",
    "calibrating",
    "count_matched",
    "export_outcomes",
    "find_batch",
    "load_outcomes",
    "load_published",
    "matching",
    "read_outcome",
    "validating",
    "wording",
]
