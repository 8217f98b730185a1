from . import api, asker, background, connecting, estimating, live_runs, planning, session
from .api import arun, estimate, plan, run

__all__ = [
    "api",
    "arun",
    "asker",
    "background",
    "connecting",
    "estimate",
    "estimating",
    "live_runs",
    "plan",
    "planning",
    "run",
    "session",
]
