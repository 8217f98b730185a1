"""Variables: what Meta refuses in a template is an error, and words that nobody filled in are told."""

from __future__ import annotations

import pytest

from toolkit.drafts.lint import lint
from toolkit.models import Draft


def find(text: str, surface: str = "whatsapp_template", **parts: str) -> list[tuple[str, str]]:
    """Return severity and message of each finding about a placeholder."""
    found = lint(Draft(id="a", text=text, surface=surface, **parts))  # type: ignore[arg-type]
    return [(one.severity, one.message) for one in found if one.rule == "style.placeholder"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{1}}, bake on Sunday.", "may not begin with a variable"),
        ("Bake on Sunday, {{1}}", "may not end with a variable"),
        ("Hi {{1}}{{2}}, bake.", "may not stand next to each other"),
        ("Hi {{1}}, it is {{3}} now.", "numbered from 1 without a gap, here 1, 3"),
    ],
)
def test_what_meta_refuses_is_an_error(text: str, said: str) -> None:
    """The rule and its source stand in the finding."""
    ((severity, message),) = find(text)
    assert severity == "error"
    assert said in message
    assert "Meta developer documentation" in message


def test_headers_and_footers_have_their_own_rules() -> None:
    """One variable in the header, none in the footer."""
    found = find("Bake.", headline="{{1}} and {{2}}", description="From {{1}}")
    assert [message.split(" (")[0] for _, message in found] == [
        "a header takes one variable", "a footer takes no variable",
    ]  # fmt: skip


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
