"""Text of other people on our pages."""

from __future__ import annotations

from toolkit.errors import ToolkitError, Vocabulary, spell_out

_ANSWERS = "under What answers"
_HERE = (
    ("set OPENAI_API_KEY to one", f"type one {_ANSWERS}"),
    ("run the same command with a higher --max-cost to go on", "raise the limit under Settings and ask again"),
    ("raise max_cost and make the same call again", "raise the limit under Settings and ask again"),
    ("draft id ", "the name "),
    ("give each draft its own id", "give each draft its own"),
    ("--max-cost", "the cost limit"),
    ("max_cost", "the cost limit"),
)  # fmt: skip
"""What messages call the options of the command, and how the pages say it."""


def escape(text: str) -> str:
    """Return text that Markdown shows as it is: names, warnings and verbatims are not ours."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()#+-.!|~<>$:" else sign for sign in text)


def _name_field(name: str, value: object) -> str:
    field = _FIELDS.get(name, name.replace("_", " "))
    return field if value is ... or name in _CHOSEN else f"{field} ({value})"


_FIELDS = {
    "max_cost": "the cost limit", "price": "both prices under Settings", "concurrency": "the questions in flight",
    "sample": "the number of people", "model": f"the model {_ANSWERS}", "base_url": f"the address {_ANSWERS}",
    "keep": "the list of personal columns to keep", "sheet": "the list Sheet", "columns": "the lists of columns",
    "sentence": "the sentence", "where": "the condition",
    "encoding": "its encoding",
    "api_key": f"the key {_ANSWERS}", "engine": f"the engine {_ANSWERS}", "audience": "the audience",
}  # fmt: skip
_CHOSEN = {"keep", "sheet", "columns"}
"""Chosen from lists on the page: what a command would write there says nothing."""
_KEY = f"type one {_ANSWERS}, choose the embedded model, or give the address of a server of your own"
_STEPS = {
    "encoding": "",
    "again": "ask again", "help": "change it on the page", "key": _KEY, "replace": "tick the box to replace it",
    "audiences": "choose one from the list", "form": "copy one that is here to see the form",
    "rules": "see the page about lint rules in the documentation",
}  # fmt: skip
PAGE = Vocabulary(_name_field, _STEPS)
"""How the pages call the options of a run."""


def say_here(problem: object) -> str:
    """Return a message in the words of the pages, as Markdown that shows it as it is."""
    said = problem.say(PAGE) if isinstance(problem, ToolkitError) else spell_out(str(problem), PAGE)
    for command, page in _HERE:
        said = said.replace(command, page)
    return escape(said)
