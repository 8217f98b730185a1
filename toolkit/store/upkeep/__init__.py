"""Keeping and forgetting: how large the store is, what is old, and everything about a draft, a persona or a campaign.

Examples:
    >>> from pathlib import Path
    >>> from toolkit.store.upkeep import About, Upkeep
    >>> with Upkeep(Path("reactions.sqlite")) as upkeep:
    ...     upkeep.forget(About(draft="plain")).rows
    0
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
