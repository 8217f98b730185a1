"""Endpoints by name: where they are, which variable holds their key, and what is known of them.

Examples:
    >>> from toolkit.engines.presets import find_preset
    >>> find_preset("ollama").address
    'http://127.0.0.1:11434/v1'
"""

from __future__ import annotations

import os
from functools import cache

import yaml

from toolkit.errors import InputError, name_option, suggest
from toolkit.files import resources
from toolkit.models import Record

_PRESETS = resources.DATA / "endpoints.yaml"


class Preset(Record):
    """One named endpoint of the dated data file."""

    name: str
    address: str | None = None
    """None where it holds a name of your own: see `form`."""
    form: str | None = None
    """What such an address looks like."""
    key: str | None = None
    """The environment variable that holds the key; None where none is needed."""
    local: bool = False
    """Whether it is a server of your own, which costs nothing."""
    notes: tuple[str, ...] = ()
    link: str

    def find_address(self, given: str | None) -> str:
        """Return the address that is given, or the preset's own; raise InputError where neither is there."""
        address = given or self.address
        if address is None:
            raise InputError(
                f"{name_option('endpoint', self.name)} needs {name_option('base_url')}, such as {self.form}"
            )
        return address

    def find_key(self, given: str | None) -> str | None:
        """Return the key that is given, else that of the preset's variable, else what the SDK finds itself."""
        if given is None and self.local:
            return os.environ.get("OPENAI_API_KEY") or "none"
        return given or (os.environ.get(self.key) if self.key else None)


@cache
def list_presets() -> dict[str, Preset]:
    """Return the named endpoints, by name."""
    loaded = yaml.safe_load(_PRESETS.read_text(encoding="utf-8"))
    return {name: Preset.model_validate({"name": name, **entry}) for name, entry in loaded.items()}


def find_preset(name: str) -> Preset:
    """Return a named endpoint; raise InputError for a name that there is not."""
    presets = list_presets()
    if name not in presets:
        said = name_option("endpoint", name)
        raise InputError(f"{said}: no such endpoint{suggest(name, presets)}; allowed: {', '.join(presets)}")
    return presets[name]
