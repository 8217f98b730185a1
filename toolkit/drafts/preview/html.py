"""Our own HTML templates: one environment, so that everything they are given is escaped everywhere alike."""

from __future__ import annotations

from pathlib import Path

import jinja2
from markupsafe import Markup

from toolkit.files import languages
from toolkit.models import records


def make_environment(folder: Path) -> jinja2.Environment:
    """Return the environment of a folder of templates: values are escaped, and an unknown name is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["writing"] = describe_writing
    environment.filters["day"] = records.say_day
    environment.filters["percent"] = lambda share: f"{share:.0%}"
    return environment


def describe_writing(text: str, language: str | None = None) -> Markup:
    """Return the attributes `lang` and `dir` of an element with this text: its named language, else what it surely is.

    Where nobody can tell, the first letter that has a direction decides that alone.
    """
    guess = None if language else languages.detect_language(text)
    tag = language or (guess.language if guess is not None and guess.sure else None)
    if tag is None:
        return Markup('dir="auto"')
    return Markup('lang="{}" dir="{}"').format(tag, "rtl" if languages.reads_from_right(tag) else "ltr")
