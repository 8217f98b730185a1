from .records import Behaviour, Gate
from .running import acheck_behaviour, check_behaviour, count_questions

__all__ = ["Behaviour", "Gate", "acheck_behaviour", "check_behaviour", "count_questions"]
