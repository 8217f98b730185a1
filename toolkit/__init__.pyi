from .audiences import load_audience
from .drafts import load_drafts
from .drafts.kept import load_campaigns, save_campaign
from .drafts.lint import lint
from .errors import (
    BudgetReached,
    CallFailed,
    EngineError,
    EngineUnavailable,
    InputError,
    Interrupted,
    MissingReply,
    StoreUnusable,
    ToolkitError,
)
from .gate import check
from .improve import follow_up, interview, rewrite
from .models import Audience, Campaign, Draft, Persona, Verdict
from .panel import arun, estimate, plan, run
from .panel.screening import Screening, screen
from .report import save_report
from .report.notebook import show
from .results import Run, find_runs, load_run
from .results.outcome_model import predict_pairs
from .results.scoring import compare, interactions, scorecard
from .stats import ratings
from .study import Study, load_study, study
from .validity.outcomes import load_outcomes
from .validity.people import ask_people

__version__: str

__all__ = [
    "Audience",
    "BudgetReached",
    "CallFailed",
    "Campaign",
    "Draft",
    "EngineError",
    "EngineUnavailable",
    "InputError",
    "Interrupted",
    "MissingReply",
    "Persona",
    "Run",
    "Screening",
    "StoreUnusable",
    "Study",
    "ToolkitError",
    "Verdict",
    "__version__",
    "arun",
    "ask_people",
    "check",
    "compare",
    "estimate",
    "find_runs",
    "follow_up",
    "interactions",
    "interview",
    "lint",
    "load_audience",
    "load_campaigns",
    "load_drafts",
    "load_outcomes",
    "load_run",
    "load_study",
    "plan",
    "predict_pairs",
    "ratings",
    "rewrite",
    "run",
    "save_campaign",
    "save_report",
    "scorecard",
    "screen",
    "show",
    "study",
]
