"""Our own HTML templates: one environment, so that everything they are given is escaped everywhere alike."""

from __future__ import annotations

from pathlib import Path

import jinja2


def make_environment(folder: Path) -> jinja2.Environment:
    """Return the environment of a folder of templates: values are escaped, and an unknown name is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda share: f"{share:.0%}"
    return environment
