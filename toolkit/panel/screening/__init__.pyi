from . import looks, standings
from .looks import ascreen, price_screening, screen
from .standings import Screening

__all__ = ["Screening", "ascreen", "looks", "price_screening", "screen", "standings"]
