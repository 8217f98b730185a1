"""Real results: what was published and what happened, and what that says about panel, control reader and model."""

from toolkit.outcomes.adding import Addition, add_outcomes, export_outcomes, find_batch
from toolkit.outcomes.matching import count_matched
from toolkit.outcomes.reading import load_outcomes, read_outcome
from toolkit.outcomes.recording import conclude_run, hash_text

__all__ = [
    "Addition",
    "add_outcomes",
    "conclude_run",
    "count_matched",
    "export_outcomes",
    "find_batch",
    "hash_text",
    "load_outcomes",
    "read_outcome",
]
