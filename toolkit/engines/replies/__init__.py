"""From what a model wrote to the JSON object in it, whatever stands around.

>>> find_object("Here it is: {'answer': 'Yes.'}", ["answer"])
{'answer': 'Yes.'}
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
