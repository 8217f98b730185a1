from . import judging, matching, pairing, places, standing, weighing, worth

__all__ = ["judging", "matching", "pairing", "places", "standing", "weighing", "worth"]
