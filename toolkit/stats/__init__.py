"""Intervals, p-values and plans for numbers that come from personas under several wordings.

The wording is a random factor: with it ignored, more personas make false verdicts more frequent, not less.
So every interval here is clustered on the wordings, and the persona, never the call, is the unit.
"""

from toolkit.stats.bootstraps import bootstrap_interval
from toolkit.stats.cells import ROUNDING, FloatArray
from toolkit.stats.corrections import benjamini_hochberg, holm
from toolkit.stats.interactions import Interaction, equal_means
from toolkit.stats.intervals import (
    Interval,
    cluster_mean,
    effective_size,
    exact_interval,
    leave_one_out,
    limit_difference,
    score_interval,
)
from toolkit.stats.plans import TYPICAL, Components, detectable_difference, personas_needed, variance_components

__all__ = [
    "ROUNDING",
    "TYPICAL",
    "Components",
    "FloatArray",
    "Interaction",
    "Interval",
    "benjamini_hochberg",
    "bootstrap_interval",
    "cluster_mean",
    "detectable_difference",
    "effective_size",
    "equal_means",
    "exact_interval",
    "holm",
    "leave_one_out",
    "limit_difference",
    "personas_needed",
    "score_interval",
    "variance_components",
]
