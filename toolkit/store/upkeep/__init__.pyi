from .keeping import About, Forgotten, Size, Upkeep

__all__ = ["About", "Forgotten", "Size", "Upkeep"]
