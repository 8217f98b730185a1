from .keeping import About, Forgotten, Size, Upkeep
from .spending import DailyPurse, Spending

__all__ = ["About", "DailyPurse", "Forgotten", "Size", "Spending", "Upkeep"]
