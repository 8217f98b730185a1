"""Many campaigns, audiences and models as one piece of work with one budget, which goes on where it ended.

The room can be called: `toolkit.study(...)` does what its function `study` does. What else it hands out is imported
from it, as in `from toolkit.study import astudy`.

Examples:
    >>> from toolkit.study import study
    >>> study([], folder="studies/spring")
    Traceback (most recent call last):
    toolkit.errors.InputError: no campaigns given; pass paths, patterns, folders or Campaign objects
"""

import inspect
import sys
from types import ModuleType
from typing import Any

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


class _Room(ModuleType):
    """A room that can be called: whoever imported it finds it as `toolkit.study`, where the function is looked for."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Do as `study` does."""
        return self.study(*arguments, **options)

    @property
    def __signature__(self) -> inspect.Signature:
        """What `study` takes."""
        return inspect.signature(self.study)


sys.modules[__name__].__class__ = _Room
