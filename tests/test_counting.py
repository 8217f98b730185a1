"""Lengths as platforms count them: their own published examples, and what must hold for any text."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from link_texts import make_texts, make_texts_of_scripts

from toolkit.drafts.counts import (
    Unit,
    count_emoji,
    count_units,
    count_weighted,
    find_place,
    measure_message,
    split_graphemes,
)
from toolkit.drafts.links import find_links

NODE = Path(__file__).parent / "node"
TWITTER = NODE / "node_modules" / "twitter-text"
UNITS: list[Unit] = ["characters", "graphemes", "bytes", "weighted characters", "threads characters", "lines"]

# From twitter-text's conformance file (weighted lengths with discounted emoji) and X's page on counting characters.
PUBLISHED_BY_X = [
    ("This is a test.", 15),
    ("http://test.com", 23),
    ("https://test.com", 23),
    ("test.com", 23),
    ("Test https://test.com test https://test.com test.com test", 86),
    ("https://example.com/very/long/path", 23),
    ("Hi http://test.co", 26),
    ("ÁB", 2),
    ("cafe\u0301", 4),
    ("\U0001f47e", 2),
    ("\U0001f64b\U0001f3fd", 2),
    ("\U0001f468\u200d\U0001f3a4", 2),
    ("\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", 2),
    ("H\U0001f431☺\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", 7),
    ("\U0001f637\U0001f47e\U0001f621\U0001f525\U0001f4a9", 10),
    ("1\u20e3", 2),
    ("Unicode 9.0 emoji: \U0001f920; \U0001f483; \U0001f483\U0001f3fe", 29),
    ("randomurl" * 6 + "randomurls.com", 68),
    ("故人西辞黄鹤楼" * 20 + "故人", 284),
]


@pytest.mark.parametrize(("text", "weight"), PUBLISHED_BY_X)
def test_x_counts_its_own_examples(text: str, weight: int) -> None:
    """X's published examples weigh what X says."""
    assert count_weighted(text) == weight


# twitter-text 3.1.0 on what writers of copy put beside a link.
LINKS_ON_X = [
    ("oak.ai", 23),
    ("oak.de", 23),
    ("gov.uk", 23),
    ("linktr.ee/coat", 23),
    ("rb.gy/a", 23),
    ("oak.comです", 27),
    ("https://oak.com/coatです", 27),
    ("(https://oak.com/a_(b))", 25),
    ("https://oak.com/coat).", 25),
    ("oak.com/coat!", 24),
    ("bücher.de", 23),
    ("例え.jp", 7),
    ("https://例え.jp", 23),
    ("oak.中国", 23),
    ("https://intranet/" + "a" * 40, 57),
    ("https://oak.music/" + "a" * 40, 58),
    ("@oak.com", 8),
    ("shop.com.tr", 23),
    ("詳しくはhttps://example.com/aをご覧ください。", 8 + 23 + 16),
    ("me@oak.com", 10),
    ("in.It", 23),
    ("https://t.co/abc/def", 27),
]


@pytest.mark.parametrize(("text", "weight"), LINKS_ON_X)
def test_x_counts_links_wherever_they_stand(text: str, weight: int) -> None:
    """Every ending, brackets, letters of other scripts and short addresses weigh as the library of X has it."""
    assert count_weighted(text) == weight


@pytest.mark.skipif(not TWITTER.is_dir() and not os.environ.get("CI"), reason="needs npm: npm --prefix tests/node ci")
@pytest.mark.parametrize(
    "texts",
    [make_texts(2_000, seed=20261128), make_texts_of_scripts(300, seed=21)],
    ids=["around links", "in a dozen scripts"],
)
def test_counts_agree_with_the_library_of_x(texts: list[str]) -> None:
    """Two thousand texts around links, and three hundred of a dozen scripts, weigh what twitter-text 3.1.0 says."""
    asked = subprocess.run(
        ["node", NODE / "count.js"], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    wrong = [
        (text, count_weighted(text), weight)
        for text, weight in zip(texts, json.loads(asked.stdout), strict=True)
        if count_weighted(text) != weight
    ]
    assert wrong == []


@pytest.mark.parametrize("text", ["日_x.com", "oak.com ", "a.com/(a", "-.com日", "com."])
def test_links_are_found_in_step_with_the_text(text: str) -> None:
    """Fifty thousand characters that almost form links are counted within a second or two."""
    started = time.process_time()
    count_weighted(text * (50_000 // len(text)))
    assert time.process_time() - started < 3


@pytest.mark.parametrize(("text", "weight"), [("a\ufe0f", 3), ("⌘\ufe0f", 4), ("☐\ufe0f", 4), ("☑\ufe0f", 2)])
def test_only_emoji_are_discounted_on_x(text: str, weight: int) -> None:
    """A variation selector is free after an emoji only."""
    assert count_weighted(text) == weight


@pytest.mark.parametrize("text", ["e.g. this", "Mr.Smith", "at 7 p.m.", "me@example.com", "half.done", "$19.com pays"])
def test_what_only_looks_like_a_link_is_none(text: str) -> None:
    """Abbreviations, addresses of people and missing spaces are no links."""
    assert list(find_links(text)) == []


def test_a_link_ends_before_punctuation() -> None:
    """The full stop after a link, and the bracket around it, belong to the sentence."""
    text = "See (https://example.org/a?b=1), or example.co.uk/jam."
    assert [text[start:end] for start, end in find_links(text)] == ["https://example.org/a?b=1", "example.co.uk/jam"]


def test_threads_counts_the_bytes_of_emoji() -> None:
    """An emoji costs its UTF-8 bytes on Threads, a letter one whatever its accent."""
    assert count_units("Jam \U0001f44b", "threads characters") == 4 + 4
    assert count_units("Žižkov 果醬", "threads characters") == 9
    assert count_units("\U0001f44b\U0001f3fd", "threads characters") == 8


# 3GPP TS 23.038: 160 septets or 70 16-bit units in one message, 153 or 67 in each of several.
@pytest.mark.parametrize(
    ("text", "alphabet", "characters", "parts"),
    [
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 153, "GSM-7", 307, 3),
        ("Grüße, Øystein: £5 @ ¿qué?", "GSM-7", 26, 1),
        ("ё" * 70, "UCS-2", 70, 1),
        ("ё" * 71, "UCS-2", 71, 2),
        ("ё" * 135, "UCS-2", 135, 3),
        ("\U0001f600" * 35, "UCS-2", 70, 1),
        ("\U0001f600" * 36, "UCS-2", 72, 2),
        ("ç", "UCS-2", 1, 1),
        ("", "GSM-7", 0, 0),
    ],
)
def test_text_messages_travel_in_parts(text: str, alphabet: str, characters: int, parts: int) -> None:
    """Alphabet, length and parts follow the standard; an extension character counts two and is never torn."""
    assert measure_message(text) == (alphabet, characters, parts)


def test_people_see_graphemes() -> None:
    """Families, flags, skin tones and accents are one each; a line break of two code points is one, too."""
    text = "e\u0301\U0001f468\u200d\U0001f469\u200d\U0001f466\U0001f1ec\U0001f1e7\U0001f44b\U0001f3fd\r\n"
    assert len(split_graphemes(text)) == 5
    assert count_emoji(text) == 3
    assert count_emoji("5 * 3 # ©") == 0


def test_wide_characters_take_the_room_of_two() -> None:
    """A fold after 125 letters comes after 62 Japanese characters; half-width ones are as narrow as letters."""
    from toolkit.drafts.surfaces import find_surface, place_fold

    post = find_surface("instagram_caption")
    assert place_fold("a" * 200, post) == 125
    assert place_fold("果" * 200, post) == 62
    assert place_fold("ｱ" * 200, post) == 125
    assert count_units("果醬 ab", "columns") == 7
    assert count_units("果" * 21, "lines") == 2


def test_long_lines_wrap() -> None:
    """A line of 41 characters takes two lines of a chat, and an empty one still takes one."""
    assert count_units("a" * 41 + "\n\nb", "lines") == 4


@given(st.text(), st.integers(1, 30), st.sampled_from(UNITS))
def test_a_place_cuts_no_grapheme_and_fits(text: str, value: int, unit: Unit) -> None:
    """What stands before the place fits, the next grapheme would not, and nothing is torn apart."""
    place = find_place(text, value, unit)
    if place is None:
        assert count_units(text, unit) <= value
        return
    before, after = split_graphemes(text[:place]), split_graphemes(text[place:])
    assert before + after == split_graphemes(text)
    assert len(before) == 1 or count_units(text[:place], unit) <= value


def test_a_million_characters_are_placed_at_once() -> None:
    """The longest draft there can be does not keep anybody waiting."""
    assert find_place("jam é " * 160_000, 280, "weighted characters") == 280
