"""Values that fit a JSON schema, chosen by a seeded generator: what a structured model would be allowed to say."""

from __future__ import annotations

import importlib
import random
import re
import string
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]
Sentence = Callable[[random.Random], str]

DEEPEST = 6
"""Nesting beyond which recursive schemas are closed with null and with as few items as allowed."""
_TRIES = 300
_LETTERS = string.ascii_letters + string.digits + string.punctuation + " "
_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S", "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W",
}  # fmt: skip
# The standard library's own parser, because a second reader of regular expressions would read them differently.
_parser: Any = importlib.import_module("re._parser")


def make_value(schema: Schema, generator: random.Random, sentence: Sentence) -> Any:
    """Return a value that fits `schema`; `sentence` writes free text.

    Knows type (also as a list), enum, const, anyOf, oneOf, $ref, properties, items and the bounds on numbers, strings
    and arrays. Raises ValueError where no string for a pattern is found.
    """
    return _Maker(schema, generator, sentence).make(schema, 0)


def find_strict_fault(schema: Any) -> str | None:
    """Return why `schema` is not allowed with `strict`, or None: every object closed, all its properties required."""
    if isinstance(schema, list):
        return next((fault for item in schema if (fault := find_strict_fault(item))), None)
    if not isinstance(schema, Mapping):
        return None
    properties = schema.get("properties")
    if isinstance(properties, Mapping) or schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return "'additionalProperties' is required to be supplied and to be false"
        if set(schema.get("required", ())) != set(properties or ()):
            return "'required' is required to be an array that includes every key in properties"
    # Children are schemas or maps of names to schemas; names are skipped so that a field may be called "type".
    children = [*(properties or {}).values(), *(schema.get("$defs") or {}).values()]
    children += [schema.get(keyword) for keyword in ("items", "anyOf", "oneOf")]
    return find_strict_fault(children)


def make_matching(pattern: str, generator: random.Random, fits: Callable[[str], bool] = bool) -> str:
    """Return text in which `pattern` is found and which `fits`; raise ValueError after some hundred attempts."""
    parsed = _parser.parse(pattern)
    for attempt in range(_TRIES):
        text = _Pattern(generator, most_more=3 + attempt).write(parsed)
        if re.search(pattern, text) and fits(text):
            return text
    raise ValueError(f"no text found for the pattern {pattern!r}; use a simpler one")


class _Maker:
    """Walks one schema."""

    def __init__(self, root: Schema, generator: random.Random, sentence: Sentence) -> None:
        self._root = root
        self._generator = generator
        self._sentence = sentence

    def make(self, schema: Schema, depth: int) -> Any:
        if "$ref" in schema:
            return self.make(find_definition(self._root, schema["$ref"]), depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._generator.choice(list(schema["enum"]))
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return self.make(self._choose_branch(schema[keyword], depth), depth)
        return self._make_typed(schema, depth)

    def _choose_branch(self, branches: list[Schema], depth: int) -> Schema:
        closing = [branch for branch in branches if branch.get("type") == "null"]
        return self._generator.choice(closing if depth > DEEPEST and closing else branches)

    def _make_typed(self, schema: Schema, depth: int) -> Any:
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = "null" if depth > DEEPEST and "null" in kind else self._generator.choice(kind)
        if kind == "object":
            return {name: self.make(item, depth + 1) for name, item in schema.get("properties", {}).items()}
        if kind == "array":
            return self._make_array(schema, depth)
        if kind in {"integer", "number"}:
            return self._make_number(schema, whole=kind == "integer")
        if kind == "string":
            return self._make_string(schema)
        return None if kind == "null" else self._generator.random() < 0.5

    def _make_array(self, schema: Schema, depth: int) -> list[Any]:
        least = int(schema.get("minItems", 0))
        most = least if depth > DEEPEST else min(int(schema.get("maxItems", least + 2)), least + 2)
        return [self.make(schema.get("items", {}), depth + 1) for _ in range(self._generator.randint(least, most))]

    def _make_number(self, schema: Schema, *, whole: bool) -> int | float:
        step = schema.get("multipleOf", 1 if whole else 0.5)
        low, high = schema.get("minimum"), schema.get("maximum")
        if "exclusiveMinimum" in schema:
            low = schema["exclusiveMinimum"] + step
        if "exclusiveMaximum" in schema:
            high = schema["exclusiveMaximum"] - step
        if low is None:
            low = 1 if high is None else min(1, high)
        if high is None:
            high = max(5, low + 4 * step)
        first, last = -(-low // step), high // step
        if last < first:
            return int(low) if whole else float(low)
        value = self._generator.randint(int(first), int(last)) * step
        return int(value) if whole else value

    def _make_string(self, schema: Schema) -> str:
        least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
        text = self._sentence(self._generator)
        while len(text) < least:
            text += " " + self._sentence(self._generator)
        text = text[:most]
        pattern = schema.get("pattern")
        if pattern is None or re.search(pattern, text):
            return text
        return make_matching(pattern, self._generator, lambda made: least <= len(made) <= (most or len(made)))


def find_definition(root: Schema, reference: str) -> Schema:
    """Return the part of `root` that a local reference such as `#/$defs/Quote` names."""
    found: Any = root
    for part in reference.removeprefix("#").split("/")[1:]:
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found  # type: ignore[no-any-return]  # schemas are untyped JSON


class _Pattern:
    """Writes text along a parsed regular expression; anchors and lookarounds write nothing and are checked after."""

    def __init__(self, generator: random.Random, most_more: int) -> None:
        self._generator = generator
        self._most_more = most_more
        self._groups: dict[int, str] = {}

    def write(self, parsed: Any) -> str:
        return "".join(self._write_one(str(operation), argument) for operation, argument in parsed)

    def _write_one(self, operation: str, argument: Any) -> str:
        writers: dict[str, Callable[[Any], str]] = {
            "LITERAL": chr,
            "NOT_LITERAL": lambda code: self._generator.choice(_LETTERS.replace(chr(code), "")),
            "ANY": lambda _: self._generator.choice(_LETTERS),
            "IN": lambda items: self._generator.choice(sorted(_list_characters(items))),
            "BRANCH": lambda branches: self.write(self._generator.choice(branches[1])),
            "SUBPATTERN": lambda group: self._write_group(group[0], group[-1]),
            "GROUPREF": lambda number: self._groups.get(number, ""),
            "ATOMIC_GROUP": self.write,
            "MAX_REPEAT": lambda repeat: self._write_repeated(*repeat),
            "MIN_REPEAT": lambda repeat: self._write_repeated(*repeat),
            "POSSESSIVE_REPEAT": lambda repeat: self._write_repeated(*repeat),
        }
        return writers[operation](argument) if operation in writers else ""

    def _write_group(self, number: int | None, inside: Any) -> str:
        text = self.write(inside)
        if number is not None:
            self._groups[number] = text
        return text

    def _write_repeated(self, least: Any, most: Any, inside: Any) -> str:
        times = self._generator.randint(int(least), min(int(most), int(least) + self._most_more))
        return "".join(self.write(inside) for _ in range(times))


def _list_characters(items: Any) -> set[str]:
    characters: set[str] = set()
    for operation, argument in items:
        if str(operation) == "LITERAL":
            characters.add(chr(argument))
        elif str(operation) == "RANGE":
            characters.update(map(chr, range(argument[0], min(argument[1], argument[0] + 128) + 1)))
        elif str(operation) == "CATEGORY":
            characters.update(re.findall(_CATEGORIES[str(argument)], _LETTERS))
    negated = any(str(operation) == "NEGATE" for operation, _ in items)
    return set(_LETTERS) - characters if negated else characters
