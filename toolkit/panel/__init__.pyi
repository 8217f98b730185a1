from . import api, background, connecting, estimating, live_runs, planning, run_options, session
from .api import arun, estimate, plan, run

__all__ = [
    "api",
    "arun",
    "background",
    "connecting",
    "estimate",
    "estimating",
    "live_runs",
    "plan",
    "planning",
    "run",
    "run_options",
    "session",
]
