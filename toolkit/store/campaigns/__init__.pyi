from .comments import Comment, Comments
from .rounds import Event, Round, Rounds

__all__ = ["Comment", "Comments", "Event", "Round", "Rounds"]
