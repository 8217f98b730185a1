from .objects import NoObjectError, find_object
from .reasoning import drop_reasoning

__all__ = ["NoObjectError", "drop_reasoning", "find_object"]
