from .comments import Comment, Comments

__all__ = ["Comment", "Comments"]
