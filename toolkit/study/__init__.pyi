from . import agreement, factors

__all__ = ["agreement", "factors"]
