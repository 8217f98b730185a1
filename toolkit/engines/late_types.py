"""The SDK's record types, each loaded once somebody looks at it: together they are most of what `import openai` takes.

A run sends plain JSON and reads plain JSON, so it looks at next to none.
"""

from __future__ import annotations

import ast
import importlib
import importlib.machinery
import importlib.util
import sys
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

_SDK = "openai"
_LATE = (
    "openai.types",
    "openai.types.chat",
    "openai.types.responses",
    "openai.types.shared",
    "openai.types.shared_params",
)
"""Packages whose own code does nothing but hand out what their modules hold."""


class _LateModule(ModuleType):
    """A package that loads a module of its own when somebody looks for a name that the module holds."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        module, original = self._places.get(name, (name, None))
        try:
            loaded = importlib.import_module(f"{self.__name__}.{module}")
        except ModuleNotFoundError:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None
        value = loaded if original is None else getattr(loaded, original)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._places})

    @cached_property
    def _places(self) -> dict[str, tuple[str, str]]:
        """By name that the package hands out, the module that holds it and its name there."""
        return _read_places(Path(str(self.__file__)))


def _read_places(path: Path) -> dict[str, tuple[str, str]]:
    tree = ast.parse(path.read_bytes())
    return {
        alias.asname or alias.name: (statement.module, alias.name)
        for statement in tree.body
        if isinstance(statement, ast.ImportFrom) and statement.level == 1 and statement.module
        for alias in statement.names
    }


def defer_types() -> None:
    """Let the SDK's types load late; where the SDK is loaded already, or is laid out otherwise, nothing changes."""
    if _SDK in sys.modules or any(name in sys.modules for name in _LATE):
        return
    found = importlib.util.find_spec(_SDK)
    places = found.submodule_search_locations if found is not None else None
    for name in _LATE:
        spec = importlib.machinery.PathFinder.find_spec(name, list(places)) if places else None
        if spec is None or spec.origin is None or spec.submodule_search_locations is None:
            return
        module = _LateModule(name)
        module.__spec__, module.__loader__, module.__package__ = spec, spec.loader, name
        module.__file__, module.__path__ = spec.origin, list(spec.submodule_search_locations)
        sys.modules[name] = module
        places = spec.submodule_search_locations if name == _LATE[0] else places
