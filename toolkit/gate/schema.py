"""The JSON Schema of campaign files, for editors, made from the records; `python -m toolkit.gate.schema` writes it."""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import textwrap
from collections.abc import Iterator
from typing import Any

from toolkit.files import resources
from toolkit.gate.checks import KINDS, BoundCheck
from toolkit.gate.names import MEASURED
from toolkit.models import Campaign, Record

FILE = resources.DATA / "schemas" / "campaign.schema.json"
_OWN = "#/$defs/OwnBoundCheck"
_SURFACE = {"type": "string", "description": "Where drafts appear that do not say so themselves."}
_LEVEL = {"type": ["string", "number", "boolean"]}
_PAIRS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("samples", {"type": "object", "additionalProperties": {"type": ["string", "number", "array"]}}),
    ("tags", {"type": "object", "additionalProperties": _LEVEL}),
)
"""What is written as a mapping, for one draft or for all of a campaign, and kept as pairs."""


def make_schema() -> dict[str, Any]:
    """Return the schema: a campaign as it is written, with a pattern for each kind of check."""
    definitions: dict[str, Any] = {}
    schema = _describe(Campaign, definitions)
    schema["properties"] |= {
        "surface": _SURFACE,
        "checks": {
            "type": "array",
            "description": "What must hold for the campaign to pass.",
            "items": {"anyOf": [*(_describe_check(kind, definitions) for kind in KINDS), {"$ref": _OWN}]},
        },
        "lint": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Override"}},
        **{name: {**written, **_keep_words(definitions["Draft"]["properties"][name])} for name, written in _PAIRS},
    }
    definitions["Draft"]["required"] = ["text"]
    definitions["OwnBoundCheck"] = _write_own(definitions["BoundCheck"])
    _loosen_question(definitions["OwnQuestion"]["properties"])
    for name, _ in _PAIRS:
        definitions["Draft"]["properties"][name] = schema["properties"][name]
    for name in ("id", "price"):
        definitions["Draft"]["properties"][name] = {"type": ["string", "number"]}
    schema["required"] = ["campaign", "drafts"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "audience-toolkit campaign",
        **{name: value for name, value in schema.items() if name != "title"},
        # Without questions, a key that is no measure is a slip.
        "if": {"not": {"required": ["questions"]}},
        "then": {"properties": {"checks": {"items": {"not": {"$ref": _OWN}}}}},
        "$defs": dict(sorted(definitions.items())),
    }


def _loosen_question(properties: dict[str, Any]) -> None:
    """Allow what a file may write shorter: other words for a kind, plain lists of anchors, numbers as options."""
    properties["kind"]["enum"] = [*properties["kind"]["enum"], "yes/no", "several choices", "free text"]
    one_set = {"type": "array", "items": {"type": "string"}}
    sets = {"anyOf": [one_set, {"type": "array", "items": one_set}]}
    words = {"description": properties["anchors"]["description"]}
    properties["anchors"] = {"anyOf": [*sets["anyOf"], {"type": "object", "additionalProperties": sets}], **words}
    properties["options"]["items"] = {"type": ["string", "number"]}


def write_schema() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(make_schema(), indent=2, ensure_ascii=False) + "\n"


def _describe(kind: type[Any], definitions: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = kind.model_json_schema()
    definitions |= found.pop("$defs", {})
    kinds = {record.__name__: record for record in _list_records(Record)}
    for one in (found, *definitions.values()):
        _describe_fields(one, kinds)
    for one in (found, *definitions.values()):
        if "description" in one:
            one["description"] = one["description"].split("\n\nExample")[0]  # an editor shows no Python
    return found


def _list_records(kind: type[Record]) -> Iterator[type[Record]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _list_records(narrower)


def _describe_fields(schema: dict[str, Any], kinds: dict[str, type[Record]]) -> None:
    """Give each field the docstring under it; pydantic can, and would read every record's source on each start."""
    kind = kinds.get(schema.get("title", ""))
    for base in kind.__mro__ if kind else ():
        if issubclass(base, Record):
            for name, said in _read_docstrings(base):
                if name in schema["properties"]:
                    schema["properties"][name].setdefault("description", said)


def _read_docstrings(kind: type[Record]) -> Iterator[tuple[str, str]]:
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0].body  # type: ignore[attr-defined]
    for field, under in itertools.pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(under, ast.Expr)
            and isinstance(under.value, ast.Constant)
            and isinstance(under.value.value, str)
        ):
            yield field.target.id, inspect.cleandoc(under.value.value)


def _describe_check(kind: type[Any], definitions: dict[str, Any]) -> dict[str, Any]:
    found = _describe(kind, definitions)
    found["properties"].pop("own", None)
    if kind is BoundCheck:
        found = _write_measures(found)
    for name in ("draft", "beats", "not_worse_than"):
        if name in found["properties"]:
            found["properties"][name] = {"type": ["string", "number"], **_keep_words(found["properties"][name])}
    if "where" in found["properties"]:
        found["properties"]["where"]["additionalProperties"] = {"type": ["string", "number", "boolean"]}
    definitions[kind.__name__] = found
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _write_measures(found: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a bound as it is written: the measure is the key under which the bounds stand."""
    others = {name: value for name, value in found["properties"].items() if name not in {"measure", "bounds", "own"}}
    properties = others | {measure: {"$ref": "#/$defs/Bounds"} for measure in MEASURED}
    kept = {name: value for name, value in found.items() if name != "required"}
    return {**kept, "properties": properties, "oneOf": [{"required": [measure]} for measure in MEASURED]}


def _write_own(bound: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a bound on a question of one's own: its key is any name that is not known otherwise."""
    others = {name: value for name, value in bound["properties"].items() if name not in MEASURED}
    kept = {name: value for name, value in bound.items() if name != "oneOf"}
    return {
        **kept,
        "description": "An answer to a question of the campaign keeps to its bounds, among all or within a segment.",
        "properties": others,
        "additionalProperties": {"$ref": "#/$defs/Bounds"},
        "not": {"anyOf": [*({"required": [name]} for name in MEASURED), {"propertyNames": {"enum": list(others)}}]},
    }


def _keep_words(written: dict[str, Any]) -> dict[str, Any]:
    return {"description": written["description"]} if "description" in written else {}


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(write_schema(), encoding="utf-8")
