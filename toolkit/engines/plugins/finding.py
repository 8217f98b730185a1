"""Finds engines of other packages by name, and makes one of what a user chose.

An entry point of the group `audience_toolkit.engines` names a class or a function. It is called with the options that
were given, such as `model`, and returns an object that can be asked: see `toolkit.engines.EngineBase`.
"""

from __future__ import annotations

import inspect
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from toolkit.engines.base import Engine, adapt_engine
from toolkit.errors import InputError, name_option, suggest

GROUP = "audience_toolkit.engines"
BUILT_IN = ("openai", "local", "replay")
"""Engines that come with the toolkit; a plugin never takes the place of one."""
_SECRET = ("api_key", "header", "query")
"""Options whose values no message repeats."""


def find_plugins() -> dict[str, list[EntryPoint]]:
    """Return the entry points of each engine that a package brings, by name; nothing of them is imported."""
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        if entry.name not in BUILT_IN:
            found.setdefault(entry.name, []).append(entry)
    return dict(sorted(found.items()))


def list_names() -> tuple[str, ...]:
    """Return the names of all engines: the built-in ones, then those of plugins."""
    return (*BUILT_IN, *find_plugins())


def check_name(name: str) -> None:
    """Raise InputError unless an engine has that name; other packages are looked through only if none of ours does."""
    if name not in BUILT_IN and name not in find_plugins():
        names = list_names()
        raise InputError(f"unknown engine {name!r}{suggest(name, names)}; allowed: {', '.join(names)}")


def make_plugin(name: str, **options: Any) -> Engine:
    """Return the engine that a package brings under a name, made with those options that are not None.

    Raises InputError for an unknown name, a package that cannot be loaded, and an option that the engine does not take.
    An error of the engine's own comes through as it is.
    """
    check_name(name)
    if name in BUILT_IN:
        raise InputError(f"{name_option('engine', name)} comes with the toolkit and is no plugin; name it as it is")
    entry = _choose(name, find_plugins()[name])
    make = _load(entry)
    given = {option: value for option, value in options.items() if value is not None}
    for option, value in given.items():
        if (takes := _list_options(make)) is not None and option not in takes:
            held = f"it takes: {', '.join(takes)}" if takes else "it takes no options"
            shown = name_option(option, ... if option in _SECRET else value)
            raise InputError(f"{shown}: the engine {name} takes none; {held}")
    made = make(**given) if callable(make) else make
    if isinstance(made, type) or not callable(getattr(made, "ask", None)):
        raise InputError(f"{_say_where(entry)}: it made no engine: an object with `ask` is needed, see docs/engine.md")
    adapted = adapt_engine(made)
    if adapted.name != name:
        raise InputError(f"{_say_where(entry)}: the engine calls itself {adapted.name!r}; give it name = {name!r}")
    return adapted


def describe_plugins() -> dict[str, str]:
    """Return each plugin's name with its package, or with why it cannot be used."""
    said = {}
    for name, entries in find_plugins().items():
        try:
            _load(_choose(name, entries))
        except InputError as error:
            said[name] = f"unusable: {error}"
        else:
            said[name] = _say_package(entries[0])
    return said


def _list_options(make: Any) -> list[str] | None:
    """Return the options that make an engine; None where any may be given, or nobody can tell."""
    if not callable(make):
        return []
    try:
        parameters = inspect.signature(make).parameters.values()
    except ValueError:  # a class written in C says nothing
        return None
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters)
    return None if takes_any else [one.name for one in parameters]


def _choose(name: str, entries: list[EntryPoint]) -> EntryPoint:
    packages = sorted({_say_package(entry) for entry in entries})
    if len({entry.value for entry in entries}) > 1:
        raise InputError(f"{name_option('engine', name)}: {' and '.join(packages)} both bring it; uninstall one")
    return entries[0]


def _load(entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except Exception as error:  # noqa: BLE001 - somebody else's code may fail in any way
        said = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        raise InputError(f"{_say_where(entry)}: it cannot be loaded: {said}; install the package again") from None


def _say_where(entry: EntryPoint) -> str:
    return f"{name_option('engine', entry.name)} of {_say_package(entry)}"


def _say_package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else entry.value
