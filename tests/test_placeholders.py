"""Words that nobody filled in, and variables of another tool, are told."""

from __future__ import annotations

import pytest

from toolkit.drafts.lint import lint
from toolkit.models import Draft


def find(text: str, surface: str = "whatsapp_template", **parts: str) -> list[tuple[str, str]]:
    """Return severity and message of each finding about a placeholder."""
    found = lint(Draft(id="a", text=text, surface=surface, **parts))  # type: ignore[arg-type]
    return [(one.severity, one.message) for one in found if one.rule == "style.placeholder"]


def test_variables_in_their_places_are_fine() -> None:
    """Numbered, named, and on surfaces that have none."""
    assert find("Hi {{1}}, bake on {{2}} with us.", headline="Bread for {{1}}") == []
    assert find("Hi {{first_name}}, bake with us.") == []
    assert find("{{1}} says hello", surface="sms") == []


@pytest.mark.parametrize("words", ["TODO", "TBD", "lorem ipsum", "insert link here"])
def test_forgotten_words_are_told_everywhere(words: str) -> None:
    """They are a reason to look again, on any surface."""
    assert find(f"Bake on Sunday. {words}.", surface="sms") == [("warning", f"{words!r} was never filled in")]


def test_variables_of_another_tool_are_told() -> None:
    """WhatsApp shows *|FNAME|* as it is."""
    assert find("Hi *|FNAME|*, bake with us.")[0][0] == "warning"
    assert find("Hi {first_name}, bake with us.")[0][0] == "warning"
