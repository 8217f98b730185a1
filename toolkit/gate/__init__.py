"""Campaign copy checked in CI: recorded reactions are replayed offline and judged with statistics.

Examples:
    >>> from toolkit.gate import check
    >>> check("examples/reading-club.yaml").outcome
    'passed'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
