"""What an agent can read of the toolkit: a guide to its words, and a skill file for gating copy."""

from __future__ import annotations

from toolkit.errors import InputError, suggest
from toolkit.files import resources

GUIDES = {
    "guide": "What each tool does, what a verdict means, and how files look.",
    "skill": "How to test copy in a repository, step by step: a SKILL.md for coding agents.",
}


def read_guide(name: str) -> str:
    """Return a guide by name, as Markdown; raise InputError for a name that there is not.

    Examples:
        >>> read_guide("skill").splitlines()[1]
        'name: audience-toolkit'
    """
    if name not in GUIDES:
        raise InputError(f"there is no guide {name!r}{suggest(name, GUIDES)}; there are: {', '.join(GUIDES)}")
    return resources.read_data("agents", "SKILL.md" if name == "skill" else f"{name}.md")
