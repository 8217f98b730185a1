from .audiences import load_audience
from .drafts import load_drafts
from .drafts.lint import lint
from .errors import InputError, ToolkitError
from .gate import check
from .models import Audience, Campaign, Draft, Persona, Verdict
from .panel import arun, estimate, run
from .results import Run, load_run
from .results.outcome_model import predict_pairs
from .results.scoring import compare, scorecard
from .stats import ratings

__all__ = [
    "Audience",
    "Campaign",
    "Draft",
    "InputError",
    "Persona",
    "Run",
    "ToolkitError",
    "Verdict",
    "arun",
    "check",
    "compare",
    "estimate",
    "lint",
    "load_audience",
    "load_drafts",
    "load_run",
    "predict_pairs",
    "ratings",
    "run",
    "scorecard",
]
