"""Text of other people on our pages."""

from __future__ import annotations

from toolkit.errors import ToolkitError, Vocabulary

_ANSWERS = "under What answers"
_HERE = (
    ("set OPENAI_API_KEY, or pass --engine local, or --base-url for a server of your own",
     f"type one {_ANSWERS}, choose the embedded model, or give the address of a server of your own"),
    ("set OPENAI_API_KEY to one", f"type one {_ANSWERS}"),
    ("choose another with --model", f"choose another model {_ANSWERS}"),
    ("serves with --model, and check --base-url", f"serves, and check the address, both {_ANSWERS}"),
    ("correct --base-url", f"correct the address {_ANSWERS}"),
    ("check --base-url", f"check the address {_ANSWERS}"),
    ("--model is missing", f"the model is missing {_ANSWERS}"),
    ("run the same command with a higher --max-cost to go on", "raise the limit under Settings and ask again"),
    ("add --price IN,OUT in dollars per million tokens", "type both prices under Settings"),
    ("draft id ", "the name "),
    ("give each draft its own id", "give each draft its own"),
    ("pass --force to replace it", "tick the box to replace it"),
    ("--max-cost", "the cost limit"),
)  # fmt: skip
"""What messages call the options of the command, and how the pages say it."""


def escape(text: str) -> str:
    """Return text that Markdown shows as it is: names, warnings and verbatims are not ours."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()#+-.!|~<>$:" else sign for sign in text)


def _name_field(name: str, value: object) -> str:
    field = _FIELDS.get(name, name.replace("_", " "))
    return field if value is ... else f"{field} ({value})"


_FIELDS = {
    "max_cost": "the cost limit", "price": "both prices under Settings", "concurrency": "the questions in flight",
    "sample": "the number of people", "model": f"the model {_ANSWERS}", "base_url": f"the address {_ANSWERS}",
    "api_key": f"the key {_ANSWERS}", "engine": f"the engine {_ANSWERS}", "audience": "the audience",
}  # fmt: skip
PAGE = Vocabulary(_name_field, {"again": "ask again", "help": "change it on the page"})
"""How the pages call the options of a run."""


def say_here(problem: object) -> str:
    """Return a message in the words of the pages, as Markdown that shows it as it is."""
    said = problem.say(PAGE) if isinstance(problem, ToolkitError) else str(problem)
    for command, page in _HERE:
        said = said.replace(command, page)
    return escape(said)
