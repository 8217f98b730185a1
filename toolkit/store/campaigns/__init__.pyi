from .comments import Comment, Comments
from .rounds import Event, Round, Rounds
from .share_links import ShareLink, ShareLinks

__all__ = ["Comment", "Comments", "Event", "Round", "Rounds", "ShareLink", "ShareLinks"]
