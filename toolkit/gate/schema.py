"""The JSON Schema of campaign files, for editors, made from the records; `python -m toolkit.gate.schema` writes it."""

from __future__ import annotations

import json
from typing import Any

from toolkit.files import resources
from toolkit.gate.checks import KINDS, BoundCheck
from toolkit.gate.names import MEASURED
from toolkit.models import Campaign

FILE = resources.DATA / "schemas" / "campaign.schema.json"
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
            "items": {"anyOf": [_describe_check(kind, definitions) for kind in KINDS]},
        },
        "lint": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Override"}},
        **{name: {**written, **_keep_words(definitions["Draft"]["properties"][name])} for name, written in _PAIRS},
    }
    definitions["Draft"]["required"] = ["text"]
    for name, _ in _PAIRS:
        definitions["Draft"]["properties"][name] = schema["properties"][name]
    for name in ("id", "price"):
        definitions["Draft"]["properties"][name] = {"type": ["string", "number"]}
    schema["required"] = ["campaign", "drafts"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "audience-toolkit campaign",
        **{name: value for name, value in schema.items() if name != "title"},
        "$defs": dict(sorted(definitions.items())),
    }


def write_schema() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(make_schema(), indent=2, ensure_ascii=False) + "\n"


def _describe(kind: type[Any], definitions: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = kind.model_json_schema()
    definitions |= found.pop("$defs", {})
    for one in (found, *definitions.values()):
        if "description" in one:
            one["description"] = one["description"].split("\n\nExample")[0]  # an editor shows no Python
    return found


def _describe_check(kind: type[Any], definitions: dict[str, Any]) -> dict[str, Any]:
    found = _describe(kind, definitions)
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
    properties = {name: value for name, value in found["properties"].items() if name not in {"measure", "bounds"}}
    properties |= {measure: {"$ref": "#/$defs/Bounds"} for measure in MEASURED}
    kept = {name: value for name, value in found.items() if name != "required"}
    return {**kept, "properties": properties, "oneOf": [{"required": [measure]} for measure in MEASURED]}


def _keep_words(written: dict[str, Any]) -> dict[str, Any]:
    return {"description": written["description"]} if "description" in written else {}


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(write_schema(), encoding="utf-8")
