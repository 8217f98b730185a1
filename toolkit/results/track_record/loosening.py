"""What platforms do to words that are published, undone one step at a time."""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Callable, Sequence

from toolkit.files import normalising
from toolkit.store import test_log

_LINK = re.compile(r"\s*\bhttps?://(?:t\.co|bit\.ly|lnkd\.in|ow\.ly|buff\.ly|fb\.me|tinyurl\.com|goo\.gl|amzn\.to)/\S*")
_SIGNS = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"',
    "\u00bb": '"', "\u2013": "-", "\u2014": "-", "\u00a0": " ",
})  # fmt: skip
_TAGS = re.compile(r"(?:\s*#\w+)+\s*$")
_CUT = re.compile(r"\s*(?:\u2026|\.\.\.)(?:\s*(?:see |read |show )?more)?$", re.IGNORECASE)
_LEAST_LEFT = 15
"""Characters that a cut text must keep to be known by them."""
_NEAR = 0.5

STEPS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("a shortened link", lambda text: _LINK.sub("", text)),
    ("typographic signs", lambda text: text.translate(_SIGNS)),
    ("entities", html.unescape),
    ("case", str.casefold),
    ("a cut", lambda text: text),
    ("hashtags", lambda text: _TAGS.sub("", text)),
)
"""What is looked past, in this order; each step keeps those before it."""


def find_loosely(text: str, tested: Sequence[test_log.Tested]) -> tuple[list[test_log.Tested], tuple[str, ...]]:
    """Return the tests of the one draft that a text is of, and what had to be looked past; none where several fit."""
    wanted = text
    held = [one.text or "" for one in tested]
    past: list[str] = []
    for name, loosen in STEPS:
        before = [wanted, *held]
        wanted = normalising.normalise_text(loosen(wanted))
        held = [normalising.normalise_text(loosen(one)) for one in held]
        is_cut = name == "a cut" and bool(_CUT.search(wanted))
        if is_cut or [wanted, *held] != before:
            past.append(name)
        start = _CUT.sub("", wanted)
        found = [
            one
            for one, words in zip(tested, held, strict=True)
            if words == wanted or (is_cut and len(start) >= _LEAST_LEFT and words.startswith(start))
        ]
        if found:
            return (found, _say(text, found[0].text or "", past)) if _is_one(found) else ([], ())
    return [], ()


def find_nearest(text: str, tested: Sequence[test_log.Tested]) -> test_log.Tested | None:
    """Return the tested draft whose words are most like a text's, None where none is like it."""
    texts = {one.text: one for one in tested if one.text}
    near = difflib.get_close_matches(text, list(texts), n=1, cutoff=_NEAR)
    return texts[near[0]] if near else None


def find_nearest_id(draft_id: str, tested: Sequence[test_log.Tested]) -> test_log.Tested | None:
    """Return the tested draft whose id is most like a name, such as that of an ad; None where none is like it."""
    ids = {one.draft_id.casefold(): one for one in tested}
    near = difflib.get_close_matches(draft_id.casefold(), list(ids), n=1, cutoff=_NEAR)
    return ids[near[0]] if near else None


def _is_one(found: Sequence[test_log.Tested]) -> bool:
    return len({one.draft_hash for one in found}) == 1


def _say(published: str, tested: str, past: Sequence[str]) -> tuple[str, ...]:
    """Return the steps without which the two texts would differ still."""
    steps = [(name, loosen) for name, loosen in STEPS if name in past]
    needed = []
    for left_out, _ in steps:
        one, other = published, tested
        for name, loosen in steps:
            if name != left_out:
                one, other = (normalising.normalise_text(loosen(text)) for text in (one, other))
        cut = left_out != "a cut" and bool(_CUT.search(one)) and other.startswith(_CUT.sub("", one))
        if one != other and not cut:
            needed.append(left_out)
    return tuple(needed)
