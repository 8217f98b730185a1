"""The prose can be read once: short sentences, measured outside code, tables and generated pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WRITTEN_BY_PROGRAMS = {"api.md", "commands.md", "environment.md"}
"""Pages that hold what the program says of itself; the rest of the written pages is held to the same rules."""
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
    if path.name not in WRITTEN_BY_PROGRAMS
)
LONGEST = 26
LONGEST_MEAN = 15
_INDENT = "    "


def list_sentences(text: str) -> list[str]:
    """Return the sentences of a Markdown text, without headings, tables, code and pictures."""
    text = re.sub(r"<!--.*?-->", "", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE), flags=re.DOTALL)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[[^\]\s]+\.md\]\([^)]*\)", "PAGE", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`[^`]+`", "CODE", text)
    sentences: list[str] = []
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.split("\n") if not line.startswith(("|", "#", _INDENT))]
        for item in re.split(r"(?m)^\s*(?:[-*]|\d+\.)\s+", "\n".join(lines)):
            plain = " ".join(item.replace("**", "").replace(">", " ").split())
            sentences += [one for one in re.split(r"(?<=[.!?])[\"')]?\s+(?=[\"'(]?[A-Z0-9-])", plain) if one]
    return sentences


def count_words(sentence: str) -> int:
    """Return how many words a sentence has; a piece of code is one."""
    return sum(any(letter.isalnum() for letter in word) for word in sentence.split())


def test_sentences_are_told_apart() -> None:
    """The measure itself: code and tables count nothing, an item of a list is a sentence."""
    text = "# Head\n\nOne `a b c` two. Three!\n\n- four five\n- six\n\n| a | b |\n\n```text\nx y z\n```\n\n    code here\n"
    assert [count_words(one) for one in list_sentences(text)] == [3, 1, 2, 1]


def test_the_readme_is_read_once() -> None:
    """A sentence of the README has under 15 words on average, and none has more than 22."""
    counts = {sentence: count_words(sentence) for sentence in list_sentences((ROOT / "README.md").read_text("utf-8"))}
    assert len(counts) > 40
    assert sum(counts.values()) / len(counts) < LONGEST_MEAN
    assert [sentence for sentence, words in counts.items() if words > 22] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_no_long_sentence(page: str) -> None:
    """No sentence of a page is longer than can be read once, and the mean stays short."""
    counts = {sentence: count_words(sentence) for sentence in list_sentences((ROOT / page).read_text("utf-8"))}
    assert counts, page
    assert [sentence for sentence, words in counts.items() if words > LONGEST] == []
    assert sum(counts.values()) / len(counts) < LONGEST_MEAN
