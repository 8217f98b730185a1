"""Who the drafts are shown to: audiences are found, imported, drawn, checked and edited here.

Examples:
    >>> from toolkit.audiences import load_audience
    >>> load_audience("uk-small-sellers").personas[0].name
    'Maya'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
