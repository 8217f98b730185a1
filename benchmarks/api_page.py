"""Write docs/api.md: a heading for every public name; the site fills in signature and docstring.

python benchmarks/api_page.py > docs/api.md
"""

from __future__ import annotations

import inspect

import toolkit

HEAD = """# API

Every public name of `import toolkit`, with its docstring. [Python](python.md) shows them at work.
"""
KINDS = ("Functions", "Records", "Errors", "Modules", "Values")


def find_kind(value: object) -> str:
    """Return under which heading a public name stands."""
    if inspect.ismodule(value):
        return "Modules"
    if inspect.isclass(value):
        return "Errors" if issubclass(value, BaseException) else "Records"
    return "Functions" if callable(value) else "Values"


def describe_name(name: str, kind: str) -> str:
    """Return what the page says of a name: a directive, or a line for a plain value, which has no docstring."""
    if kind == "Values":
        value = getattr(toolkit, name)
        heading = f'<h3 id="toolkit.{name}"><code>toolkit.{name}</code></h3>'  # Markdown would set __version__ in bold
        return f"{heading}\n\nA value of type `{type(value).__name__}`."
    return f"::: toolkit.{name}"


def describe_names() -> str:
    """Return the page."""
    parts = [HEAD]
    for kind in KINDS:
        names = [name for name in toolkit.__all__ if find_kind(getattr(toolkit, name)) == kind]
        if names:
            parts += [f"## {kind}\n", *[f"{describe_name(name, kind)}\n" for name in sorted(names, key=str.lower)]]
    return "\n".join(parts).rstrip()


if __name__ == "__main__":
    print(describe_names())
