from . import answers, pairs, repairs
from .answers import BadReply, read_object
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
    "read_object",
    "repairs",
]
