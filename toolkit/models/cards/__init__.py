"""What a notebook shows of a record: a small card of HTML with everything escaped and the label on it.

Examples:
    >>> from toolkit.models import cards
    >>> "&lt;b&gt;" in cards.render_card("<b>", facts={"people": "60"})
    True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
