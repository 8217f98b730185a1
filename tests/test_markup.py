"""Untrusted text in Markdown and in the log of a CI job."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from toolkit.files.markup import escape_markdown, write_command


def decode(escaped: str) -> str:
    """Undo the escapes as the runner does, the percent sign last."""
    for code, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        escaped = escaped.replace(code, sign)
    return escaped


@given(st.text(), st.text())
def test_a_workflow_command_carries_any_text(title: str, message: str) -> None:
    """Any title and message stay one line, cannot end the command early, and come out as they went in."""
    line = write_command("error", {"file": "a.yaml", "line": 3, "title": title, "col": None}, message)
    assert "\n" not in line
    assert "\r" not in line
    head, _, told = line.removeprefix("::error file=a.yaml,line=3,title=").partition("::")
    assert not set(head) & {",", ":"}
    assert decode(head) == title
    assert decode(told) == message


def test_a_command_without_properties_has_no_space() -> None:
    """A command with nothing but a message is written as the runner reads it."""
    assert write_command("warning", {"file": None}, "50% of\nall") == "::warning::50%25 of%0Aall"


@given(st.text())
def test_markdown_stays_on_one_line_of_one_cell(text: str) -> None:
    """Escaped text breaks out of no table cell and opens no tag."""
    escaped = escape_markdown(text)
    assert "\n" not in escaped
    assert "|" not in escaped.replace("\\|", "")
    assert "<" not in escaped.replace("\\<", "")
