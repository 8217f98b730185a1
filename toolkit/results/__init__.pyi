from . import archive, evidence, predictions, runs, said, share_forecasts
from .evidence import Evidence, say_disagreement
from .runs import Run, find_runs, load_run
from .trace import conclude_run

__all__ = [
    "Evidence",
    "Run",
    "archive",
    "conclude_run",
    "evidence",
    "find_runs",
    "load_run",
    "predictions",
    "runs",
    "said",
    "say_disagreement",
    "share_forecasts",
]
