from . import archive, evidence, predictions, run_folders, runs, said, share_forecasts
from .evidence import Evidence
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
    "run_folders",
    "runs",
    "said",
    "share_forecasts",
]
