"""What people look at in a notebook: tables with their main columns first, and charts with intervals.

Examples:
    >>> from toolkit.report import notebook
    >>> notebook.show([{"draft_id": "plain", "estimate": 0.25, "measure": "stop_rate"}]).cells.columns
    ['draft', 'measure', 'estimate']
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
