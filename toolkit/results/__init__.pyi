from . import archive, evidence, predictions, runs, said
from .evidence import Evidence, find_evidence, say_disagreement
from .runs import Run, find_runs, load_run
from .trace import conclude_run

__all__ = [
    "Evidence",
    "Run",
    "archive",
    "conclude_run",
    "evidence",
    "find_evidence",
    "find_runs",
    "load_run",
    "predictions",
    "runs",
    "said",
    "say_disagreement",
]
