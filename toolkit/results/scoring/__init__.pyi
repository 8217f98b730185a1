from . import columns, comparisons, deciding, reaction_rows, rules
from .comparisons import compare
from .deciding import decide
from .interaction_tests import interactions
from .power import count_more_personas
from .reaction_rows import PRIMARY, RATES
from .scorecards import scorecard

__all__ = [
    "PRIMARY",
    "RATES",
    "columns",
    "compare",
    "comparisons",
    "count_more_personas",
    "decide",
    "deciding",
    "interactions",
    "reaction_rows",
    "rules",
    "scorecard",
]
