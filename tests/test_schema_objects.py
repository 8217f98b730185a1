"""Whatever the schema, the loopback provider finds a value that fits it."""

from __future__ import annotations

import random
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schema_objects import find_strict_fault, make_matching, make_value


def make_object_schema(fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a strict object schema with these fields."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


PATTERNS = [
    r"^[^{}<>]{1,80}$",
    r"^(yes|no)( please)?$",
    r"\d{3}",
    r"^\w+@\w+\.(com|org)$",
    r"^(?!I ).+$",
    r"^([ab])x\1$",
]
STRINGS = st.fixed_dictionaries(
    {"type": st.just("string")}, optional={"minLength": st.integers(0, 60)}
) | st.sampled_from([{"type": "string", "pattern": pattern, "maxLength": 80} for pattern in PATTERNS])
NUMBERS = st.tuples(st.sampled_from(["integer", "number"]), st.integers(-9, 9), st.integers(0, 9)).map(
    lambda drawn: {"type": drawn[0], "minimum": drawn[1], "maximum": drawn[1] + drawn[2]}
)
LEAVES = (
    STRINGS
    | NUMBERS
    | st.sampled_from(
        [{"type": "boolean"}, {"type": ["string", "null"]}, {"const": 3}, {"type": "integer", "maximum": 0}]
    )
    | st.lists(st.text() | st.integers(), min_size=1, unique=True).map(lambda members: {"enum": members})
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: (
        st.dictionaries(st.text(min_size=1), inner, max_size=4).map(make_object_schema)
        | st.tuples(inner, st.integers(0, 3)).map(
            lambda drawn: {"type": "array", "items": drawn[0], "minItems": drawn[1], "maxItems": drawn[1] + 1}
        )
        | inner.map(lambda schema: {"anyOf": [schema, {"type": "null"}]})
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(schema=SCHEMAS, seed=st.integers(0, 99))
def test_values_fit_any_schema(schema: dict[str, Any], seed: int) -> None:
    """Whatever the schema, the value made for it is valid, and its schema counts as strict."""
    value = make_value(schema, random.Random(seed), lambda _: "I like this.")  # noqa: S311 - repeatable
    jsonschema.validate(value, schema)
    assert find_strict_fault(schema) is None


def test_recursive_schema_ends() -> None:
    """A schema that refers to itself gets a finite value."""
    child = {"anyOf": [{"$ref": "#/$defs/Node"}, {"$ref": "#/$defs/Node"}, {"type": "null"}]}
    node = make_object_schema({"left": child, "middle": child, "right": child})
    schema = {"$ref": "#/$defs/Node", "$defs": {"Node": node}}
    for seed in range(20):
        jsonschema.validate(make_value(schema, random.Random(seed), lambda _: "word"), schema)  # noqa: S311 - repeatable


@pytest.mark.parametrize("pattern", PATTERNS)
def test_text_matches_its_pattern(pattern: str) -> None:
    """Text made for a pattern is different for different seeds and always found by it."""
    texts = {make_matching(pattern, random.Random(seed)) for seed in range(30)}  # noqa: S311 - repeatable
    assert all(re.search(pattern, text) for text in texts)
    assert len(texts) > 1


def test_impossible_pattern_is_an_error() -> None:
    """A pattern that nothing matches raises instead of returning text that does not fit."""
    with pytest.raises(ValueError, match="no text found"):
        make_matching(r"^a(?=b)c$", random.Random(0))  # noqa: S311 - repeatable


def test_open_schema_is_not_strict() -> None:
    """An object that allows other fields, or leaves one optional, is not strict, however deep it lies."""
    inner = {"type": "object", "properties": {"a": {"type": "null"}}, "required": [], "additionalProperties": False}
    assert "required" in (find_strict_fault(make_object_schema({"items": inner})) or "")
    assert "additionalProperties" in (find_strict_fault({"type": "array", "items": {"type": "object"}}) or "")
