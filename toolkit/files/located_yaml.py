"""YAML and JSON whose values stay as typed and whose every key knows its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from toolkit.errors import InputError, suggest
from toolkit.models import records

Path = tuple[str | int, ...]
AnyRecord = TypeVar("AnyRecord", bound=BaseModel)
FAST_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C, ten times as fast, where PyYAML was built with it."""
_READ_APART = ("\t", "\ufeff")
"""Tabs and marks of byte order inside a text are where the two parsers differ: the stricter one reads those."""
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_TRUTH = {"true": True, "false": False, "yes": True, "no": False}
_NULL = {"", "~", "null", "Null", "NULL"}
_PLAIN_WORDS = {
    "tuple_type": "a list is needed, one entry to a line that begins with -",
    "dict_type": "a mapping is needed, such as {role: seller}",
    "model_type": "a mapping of fields is needed",
    "too_short": "at least one entry is needed",
    "string_too_short": "some words are needed",
    "string_type": "words are needed",
    "bool_parsing": "true or false is needed",
    "bool_type": "true or false is needed",
    "int_parsing": "a whole number is needed",
    "int_type": "a whole number is needed",
    "float_parsing": "a number is needed",
    "float_type": "a number is needed",
}


@dataclass(frozen=True)
class Located:
    """A parsed document: `value`, and the line of each key and item, by its path from the top."""

    value: Any
    source: str
    lines: Mapping[Path, int] = field(default_factory=dict)

    def place(self, path: Path = ()) -> str:
        """Return FILE:LINE of the nearest thing on the path that has a line."""
        while path and path not in self.lines:
            path = path[:-1]
        line = self.lines.get(path)
        return f"{self.source}:{line}" if line else self.source


def load_document(text: str, source: str, suffix: str) -> Located:
    """Parse JSON where `suffix` is ".json", YAML otherwise; raise InputError with the line of the first fault."""
    if suffix != ".json":
        return load_yaml(text, source)
    try:
        value = parse_json(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{source}:{error.lineno}: not JSON: {error.msg.lower()}; check commas and quotes") from None
    except KeyError as error:
        load_yaml(text, source)  # finds the same fault, and its line
        raise InputError(f"{source}: the key {error.args[0]!r} occurs twice; keep one") from None
    except RecursionError:
        raise InputError(f"{source}: nested too deeply; a campaign or an audience needs a few levels") from None
    try:
        # JSON with tabs is no YAML: then faults are named without their line
        return Located(value, source, load_yaml(text, source).lines)
    except InputError:
        return Located(value, source)


def parse_json(text: str) -> Any:
    """Return a JSON value; raise KeyError where a key occurs twice in one mapping, ValueError where it is not JSON."""
    return json.loads(text, object_pairs_hook=_build_distinct)


def _build_distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for key, value in pairs:
        if key in built:
            raise KeyError(key)
        built[key] = value
    return built


def load_yaml(text: str, source: str) -> Located:
    """Parse one YAML document without running anything: plain scalars stay the text that was typed.

    An alias stands for what its anchor holds, and `<<` merges mappings. Raises InputError with the line for bad syntax,
    a key that occurs twice, a tag, a second document, and an anchor that holds itself or grows without bound.
    """
    if any(mark in text for mark in _READ_APART):
        return _explain(text, source)
    try:
        return _EventReader(text, source).read()
    except (yaml.YAMLError, RecursionError, UnicodeError, _UnusualError):
        return _explain(text, source)


class _UnusualError(Exception):
    """Says that a document has what only the slow parser tells apart: aliases, tags, keys that are no words."""


class _EventReader:
    """Builds a document from the events of the parser in C, without a node for each value."""

    def __init__(self, text: str, source: str) -> None:
        self._parser = FAST_LOADER(text)
        self._source = source
        self._lines: dict[Path, int] = {}

    def read(self) -> Located:
        """Return the document; raise _UnusualError for what is not plain mappings, lists and words."""
        self._next()  # the stream begins
        if isinstance(self._next(), yaml.StreamEndEvent):
            return Located(None, self._source, self._lines)
        value = self._build(self._next(), ())
        if value is None:
            raise _UnusualError  # the two parsers place a document without a word on different lines
        self._next()  # the document ends
        if not isinstance(self._next(), yaml.StreamEndEvent):
            raise _UnusualError
        return Located(value, self._source, self._lines)

    def _next(self) -> Any:
        return self._parser.get_event()

    def _build(self, event: Any, path: Path) -> Any:
        self._lines.setdefault(path, event.start_mark.line + 1)
        kind = type(event)
        if kind is yaml.AliasEvent or event.tag is not None:
            raise _UnusualError
        if kind is yaml.ScalarEvent:
            return None if not event.style and event.value in _NULL else event.value
        if kind is yaml.MappingStartEvent:
            return self._build_mapping(path)
        built: list[Any] = []
        while type(item := self._next()) is not yaml.SequenceEndEvent:
            built.append(self._build(item, (*path, len(built))))
        return built

    def _build_mapping(self, path: Path) -> dict[str, Any]:
        built: dict[str, Any] = {}
        while type(key := self._next()) is not yaml.MappingEndEvent:
            if type(key) is not yaml.ScalarEvent or key.tag is not None or key.value in built or key.value == _MERGE:
                raise _UnusualError
            at: Any = key.start_mark
            self._lines[*path, key.value] = at.line + 1
            built[key.value] = self._build(self._next(), (*path, key.value))
        return built


def _explain(text: str, source: str) -> Located:
    """Parse with the slow parser, whose words for a fault people know."""
    try:
        return _locate(text, source, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(f"{source}:{line}: not YAML: {error.problem}; check indentation, quotes and colons") from None
    except yaml.YAMLError as error:
        raise InputError(f"{source}: not YAML: {' '.join(str(error).split())}; save it as UTF-8 text") from None
    except RecursionError:
        raise InputError(f"{source}: nested too deeply; a campaign or an audience needs a few levels") from None


def _locate(text: str, source: str, loader: Any) -> Located:
    for token in yaml.scan(text, Loader=loader):
        if isinstance(token, yaml.TagToken):
            raise InputError(f"{source}:{token.start_mark.line + 1}: a tag is not allowed here; write the value out")
    documents = list(yaml.compose_all(text, Loader=loader))
    if len(documents) > 1:
        line = documents[1].start_mark.line + 1
        raise InputError(f"{source}:{line}: a second document begins here, after ---; put each into a file of its own")
    builder = _NodeBuilder(source)
    return Located(builder.build(documents[0], ()) if documents else None, source, builder.lines)


class _NodeBuilder:
    """Builds a document from nodes: an alias stands for what its anchor holds, and `<<` merges mappings."""

    def __init__(self, source: str) -> None:
        self.lines: dict[Path, int] = {}
        self._source = source
        self._open: list[yaml.Node] = []
        self._built = 0

    def build(self, node: yaml.Node, path: Path) -> Any:
        """Return the value of a node; raise InputError for what holds itself or grows without bound."""
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self._built += 1
        if self._built > MOST_NODES or any(node is one for one in self._open):
            said = "holds itself" if self._built <= MOST_NODES else f"expands to more than {MOST_NODES:,} values"
            raise InputError(f"{self._source}:{line}: what the anchor here names {said}; write the values out")
        if isinstance(node, yaml.ScalarNode):
            return None if not node.style and node.value in _NULL else node.value
        self._open.append(node)
        value = (
            self._build_mapping(node, path)
            if isinstance(node, yaml.MappingNode)
            else [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        )
        self._open.pop()
        return value

    def _build_mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key == _MERGE and not key_node.style:
                merged = self._merge(value_node, path) | merged
                continue
            if key in own:
                raise InputError(f"{self._source}:{line}: the key {key!r} occurs twice; keep one")
            self.lines[*path, key] = line
            own[key] = self.build(value_node, (*path, key))
        return merged | own

    def _merge(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        """Return the keys of one mapping or several, of which the first wins."""
        merged: dict[str, Any] = {}
        for one in node.value if isinstance(node, yaml.SequenceNode) else (node,):
            if not isinstance(one, yaml.MappingNode):
                line = one.start_mark.line + 1
                raise InputError(f"{self._source}:{line}: << takes a mapping, such as *name; write the keys out")
            merged = self.build(one, path) | merged
        return merged


MOST_NODES = 200_000
"""Values of one file, those of its aliases counted each time."""
_MERGE = "<<"


def check_distinct(noun: str, ids: Iterable[tuple[Any, str]]) -> None:
    """Raise InputError naming both places where an id occurs twice; `ids` are ids, None where unset, and places."""
    seen: dict[str, str] = {}
    for one, place in ids:
        if one is None:
            continue
        name = str(one).strip()
        if name in seen:
            first = "" if seen[name] == place else f", first at {seen[name]}"
            raise InputError(f"{place}: {noun} id {name!r} occurs twice{first}; give each {noun} its own id")
        seen[name] = place


def read_numbers(value: Any) -> Any:
    """Return plain YAML values with whole numbers, decimals and true or false read as such, for free-form settings."""
    if isinstance(value, dict):
        return {key: read_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [read_numbers(item) for item in value]
    if not isinstance(value, str):
        return value
    return _read_scalar(value)


def _read_scalar(value: str) -> bool | int | float | str:
    if value.lower() in _TRUTH:
        return _TRUTH[value.lower()]
    if _INTEGER.fullmatch(value):
        return int(value)
    try:
        return float(value)
    except ValueError:
        return value


def make_record(kind: type[AnyRecord], located: Located, value: Any, path: Path = ()) -> AnyRecord:
    """Return the record, or raise one InputError that names the line of the first fault and what was allowed."""
    try:
        return records.validate_record(kind, value)
    except ValidationError as error:
        fault = error.errors()[0]
        raise InputError(_describe(kind, located, path + tuple(fault["loc"]), fault)) from None


def _describe(kind: type[BaseModel], located: Located, path: Path, fault: Any) -> str:
    where, name = located.place(path), _write_path(path)
    if fault["type"] == "extra_forbidden":
        allowed = _fields_at(kind, tuple(fault["loc"][:-1]))
        return f"{where}: {name} is not a known field{suggest(str(path[-1]), allowed)}; allowed: {', '.join(allowed)}"
    if fault["type"] == "missing":
        return f"{where}: {name} is missing; add it"
    said = _PLAIN_WORDS.get(fault["type"], str(fault["msg"]).removeprefix("Value error, "))
    shown = repr(fault["input"]) if isinstance(fault["input"], (str, int, float, bool, type(None))) else ""
    shown = f" is {shown[:60]}" if shown else ""
    return f"{where}: {name}{shown}: {said[0].lower()}{said[1:]}; correct it and run again"


def _write_path(path: Path) -> str:
    written = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return written.lstrip(".") or "the file"


def _fields_at(kind: type[BaseModel], path: Path) -> list[str]:
    """Return the field names of the record that stands at `path` inside `kind`."""
    for part in path:
        if isinstance(part, str) and part in kind.model_fields:
            inner = [item for item in _inner_types(kind.model_fields[part].annotation) if issubclass(item, BaseModel)]
            if inner:
                kind = inner[0]
    return list(kind.model_fields)


def _inner_types(annotation: Any) -> list[type]:
    arguments = getattr(annotation, "__args__", ())
    found = [annotation] if isinstance(annotation, type) and not arguments else []
    return found + [item for argument in arguments for item in _inner_types(argument)]


def write_yaml(fields: Mapping[str, Any]) -> str:
    """Return fields as YAML in their own order, long text as a block."""
    return yaml.dump(dict(fields), Dumper=_Folded, sort_keys=False, allow_unicode=True, width=100)


class _Folded(yaml.SafeDumper):
    """Writes long text as a block."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    block = len(text) > len("about: ") * 10 and text == text.strip()
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=">" if block else None)


_Folded.add_representer(str, _represent_text)
