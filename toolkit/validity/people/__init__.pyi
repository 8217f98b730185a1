from . import answering, beside, forms
from .answering import add_answers, holds_answers, load_answers
from .beside import PeopleBeside, find_people
from .forms import ask_people

__all__ = [
    "PeopleBeside",
    "add_answers",
    "answering",
    "ask_people",
    "beside",
    "find_people",
    "forms",
    "holds_answers",
    "load_answers",
]
