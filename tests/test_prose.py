"""The prose can be read once: short sentences, measured outside code, tables and generated pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WRITTEN_BY_PROGRAMS = {"api.md", "commands.md", "environment.md"}
"""Pages that hold what the program says of itself; the rest of the written pages is held to the same rules."""
_SHOWN = re.compile(r'^<div class="output">.*$', re.MULTILINE)
"""What a cell of a notebook showed, on the notebook's page."""
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
    if path.name not in WRITTEN_BY_PROGRAMS
)
LONGEST = 20
LONGEST_MEAN = 15
SHORTEST = 3
"""Words below which an item of a list is a name, no sentence: it does not lower a mean."""
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
    text = "# Head\n\nOne `a b c` two. Three!\n\n- four five\n- six\n\n| a | b |\n\n```text\nx y z\n```\n\n    code\n"
    assert [count_words(one) for one in list_sentences(text)] == [3, 1, 2, 1]


@pytest.mark.parametrize("page", ["README.md", *PAGES])
def test_a_page_is_read_once(page: str) -> None:
    """No sentence has more than twenty words, and the mean of a page is under fifteen."""
    text = _SHOWN.sub("", (ROOT / page).read_text(encoding="utf-8"))
    counts = {sentence: count_words(sentence) for sentence in list_sentences(text)}
    whole = [words for words in counts.values() if words >= SHORTEST]
    assert len(whole) >= SHORTEST
    assert [sentence for sentence, words in counts.items() if words > LONGEST] == []
    assert sum(whole) / len(whole) < LONGEST_MEAN
