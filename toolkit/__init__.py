"""Speak to the audience before the audience: personas react to drafts, and statistics say what that is worth.

Everything here loads on first use, so `import toolkit` costs nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit import ratings
    from toolkit.api import arun, estimate, run
    from toolkit.errors import InputError, ToolkitError
    from toolkit.files.audiences import load_audience
    from toolkit.files.drafts import load_drafts
    from toolkit.gate.checking import check
    from toolkit.linting import lint
    from toolkit.models import Audience, Campaign, Draft, Persona, Verdict
    from toolkit.outcome_model import predict_pairs
    from toolkit.runs import Run, load_run
    from toolkit.scoring import compare, scorecard

_HOMES = {
    "Audience": "toolkit.models",
    "Campaign": "toolkit.models",
    "Draft": "toolkit.models",
    "InputError": "toolkit.errors",
    "Persona": "toolkit.models",
    "Run": "toolkit.runs",
    "ToolkitError": "toolkit.errors",
    "Verdict": "toolkit.models",
    "arun": "toolkit.api",
    "check": "toolkit.gate.checking",
    "compare": "toolkit.scoring",
    "estimate": "toolkit.api",
    "lint": "toolkit.linting",
    "load_audience": "toolkit.files.audiences",
    "load_drafts": "toolkit.files.drafts",
    "load_run": "toolkit.runs",
    "predict_pairs": "toolkit.outcome_model",
    "run": "toolkit.api",
    "scorecard": "toolkit.scoring",
}

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


def __getattr__(name: str) -> Any:
    if name == "ratings":
        return importlib.import_module("toolkit.ratings")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'toolkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
