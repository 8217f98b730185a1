from . import answers, pairs, repairs, shares
from .answers import BadReply
from .pairs import Preference
from .prompts import Prompts
from .questions import BOUNDARY, Questionnaire, Task
from .reaction import Reaction, Usage

__all__ = [
    "BOUNDARY",
    "BadReply",
    "Preference",
    "Prompts",
    "Questionnaire",
    "Reaction",
    "Task",
    "Usage",
    "answers",
    "pairs",
    "repairs",
    "shares",
]
