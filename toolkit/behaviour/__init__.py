"""How an engine and an audience behave where the right answer is known: gates, and the scorecard they give."""

from toolkit.behaviour.records import Behaviour, Gate
from toolkit.behaviour.running import acheck_behaviour, check_behaviour

__all__ = ["Behaviour", "Gate", "acheck_behaviour", "check_behaviour"]
