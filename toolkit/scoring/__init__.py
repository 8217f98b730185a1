"""From reactions to scorecards, comparisons and a verdict. Reactions of any age and origin will do."""

from toolkit.scoring.cards import SCORECARD_SCHEMA, control_scorecard, scorecard
from toolkit.scoring.comparing import (
    COMPARISON_SCHEMA,
    LEAST_PERSONAS,
    LEAST_WORDINGS,
    SIGNIFICANCE,
    compare,
    control_compare,
)
from toolkit.scoring.deciding import decide, say_difference, say_estimate
from toolkit.scoring.interacting import INTERACTION_SCHEMA, interactions
from toolkit.scoring.needing import count_more_personas
from toolkit.scoring.rows import PRIMARY, RATES

__all__ = [
    "COMPARISON_SCHEMA",
    "INTERACTION_SCHEMA",
    "LEAST_PERSONAS",
    "LEAST_WORDINGS",
    "PRIMARY",
    "RATES",
    "SCORECARD_SCHEMA",
    "SIGNIFICANCE",
    "compare",
    "control_compare",
    "control_scorecard",
    "count_more_personas",
    "decide",
    "interactions",
    "say_difference",
    "say_estimate",
    "scorecard",
]
