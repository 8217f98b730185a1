"""Persona sets that come as JSON: TinyTroupe, EDSL, Character Cards, and lists of objects with a persona."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMES = ("name", "full_name")
_ABOUT = ("persona", "about", "input persona", "description")


def find_people(value: Any) -> list[dict[str, Any]] | None:  # noqa: PLR0911 - one return for each kind of set
    """Return the people of a document, each with about and, where they stand, id, name, age; None for no set.

    A made-up name is kept; instructions, versions and embeddings are not part of a person.
    """
    if not isinstance(value, (Mapping, list)):
        return None
    if isinstance(value, list):
        people = [find_people(one) for one in value]
        return [one[0] for one in people if one] if people and all(one is not None for one in people) else None
    if isinstance(value.get("agent_list"), list):
        return [_read_edsl(one) for one in value["agent_list"] if isinstance(one, Mapping)]
    if value.get("edsl_class_name") == "Agent" or (isinstance(value.get("traits"), Mapping)):
        return [_read_edsl(value)]
    if value.get("type") == "TinyPerson" and isinstance(value.get("persona"), Mapping):
        return [_describe(value["persona"])]
    if str(value.get("spec", "")).startswith("chara_card") and isinstance(value.get("data"), Mapping):
        return [_read_card(value["data"])]
    if {"char_name", "char_persona"} <= set(value):
        return [{"name": str(value["char_name"]), "about": str(value["char_persona"])}]
    if "personas" in value or "audience" in value or "rows" in value:
        return None
    about = next((value[name] for name in _ABOUT if isinstance(value.get(name), str)), None)
    return [{**_describe(value), "about": about}] if about else None


def _read_edsl(agent: Mapping[str, Any]) -> dict[str, Any]:
    traits = agent.get("traits")
    made = _describe(traits if isinstance(traits, Mapping) else {})
    name = agent.get("name")
    return {**made, "name": str(name)} if name else made


def _read_card(card: Mapping[str, Any]) -> dict[str, Any]:
    name = str(card.get("name", ""))
    words = [str(card[part]) for part in ("description", "personality", "scenario") if card.get(part)]
    text = " ".join(words).replace("{{char}}", name).replace("{{user}}", "the reader")
    return {"name": name, "about": text}


def _describe(traits: Mapping[str, Any]) -> dict[str, Any]:
    """Return name, age and, in sentences, everything else."""
    name = next((str(traits[key]) for key in _NAMES if traits.get(key)), None)
    skipped = {*_NAMES, "age", "id", "uuid"}
    about = " ".join(_say(key, value) for key, value in traits.items() if key not in skipped and value)
    made = {"about": about, "name": name, "age": traits.get("age"), "id": traits.get("id") or traits.get("uuid")}
    return {key: value for key, value in made.items() if value is not None}


def _say(key: str, value: Any) -> str:
    words = key.replace("_", " ").strip()
    if key == "persona" and isinstance(value, str):
        return value if value.endswith((".", "!", "?")) else f"{value}."
    return f"{words[:1].upper()}{words[1:]}: {write_value(value)}."


def write_value(value: Any) -> str:
    """Return a value of any shape in words."""
    if isinstance(value, Mapping):
        parts = ((key, held) for key, held in value.items() if held)
        return "; ".join(f"{str(key).replace('_', ' ')}: {write_value(held)}" for key, held in parts)
    if isinstance(value, (list, tuple)):
        return ", ".join(write_value(one) for one in value)
    return str(value).rstrip(".")
