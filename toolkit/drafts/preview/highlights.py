"""A text with its fold, its over-long end and the words people named marked in HTML."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from toolkit.files import normalising

FEELINGS = ("liked", "confused", "disliked")
POLARISING = "polarising"
FLAGGED = "flagged"
"""Words that a rule has something to say about, in the place of a feeling."""


@dataclass(frozen=True, slots=True)
class Highlight:
    """A stretch of a text that people named, with the feeling it raised."""

    start: int
    end: int
    """Code point offsets into the text; the end is not included."""
    feeling: str
    """liked, confused, disliked, or polarising where some liked and others disliked the same words; or flagged."""
    people: int
    """How many reactions named it; 0 of flagged words."""

    @property
    def title(self) -> str:
        """What a pointer resting on the words reads."""
        if self.feeling == FLAGGED:
            return "see the note on these words"
        return f"{self.feeling}, named in {self.people} simulated reaction{'' if self.people == 1 else 's'}"


def find_highlights(text: str, quotes: Iterable[tuple[str, str]]) -> list[Highlight]:
    """Return stretches that do not overlap, from (quoted words, feeling) pairs; quotes not in the text are left out.

    Case, composed or decomposed letters, joiners and the kind of quotation marks play no part in finding them.

    Each character takes the feeling that most reactions gave it. Where some liked and others disliked it, the rarer of
    the two at least a third of both, it is polarising.
    """
    votes: list[Counter[str]] = [Counter() for _ in text]
    for words, feeling in quotes:
        for place in range(*(normalising.find_words(text, words) or (0, 0))):
            votes[place][feeling] += 1
    return list(_join_equal([_decide(vote) for vote in votes]))


def mark_text(
    text: str,
    *,
    fold: int | None = None,
    limit: int | None = None,
    highlights: Sequence[Highlight] = (),
    links: Sequence[tuple[int, int]] = (),
) -> Markup:
    """Return safe HTML of a text: the fold as a mark, what passes `limit` struck out, highlights underlined.

    `fold`, `limit` and the ends of `links`, which look as links do, are code point offsets; None leaves them out.
    """
    fold = fold if fold is not None and fold < len(text) else None
    limit = limit if limit is not None and limit < len(text) else None
    edges = {0, len(text), *(place for place in (fold, limit) if place is not None)}
    edges |= {place for highlight in highlights for place in (highlight.start, highlight.end) if place <= len(text)}
    edges |= {place for link in links for place in link}
    places = sorted(edges)
    html = Markup()
    for start, end in itertools.pairwise(places):
        if start == fold:
            html += _FOLD
        is_link = any(first <= start < last for first, last in links)
        html += _mark_piece(text[start:end], start, limit, highlights, is_link=is_link)
    return html


_FOLD = Markup('<span class="fold" role="separator" aria-label="folded from here">See more</span>')


def _mark_piece(piece: str, start: int, limit: int | None, highlights: Sequence[Highlight], *, is_link: bool) -> Markup:
    html = Markup('<span class="preview-tag">{}</span>').format(piece) if is_link else escape(piece)
    named = next((highlight for highlight in highlights if highlight.start <= start < highlight.end), None)
    if named is not None:
        html = Markup('<mark class="{}" title="{}">{}</mark>').format(named.feeling, named.title, html)
    if limit is not None and start >= limit:
        html = Markup('<s class="over" title="over the limit">{}</s>').format(html)
    return html


def _decide(vote: Counter[str]) -> tuple[str, int] | None:
    """Return the feeling of one character and how many named it, or None."""
    if not vote:
        return None
    liked, disliked = vote["liked"], vote["disliked"]
    if min(liked, disliked) * 3 >= liked + disliked > 0:
        return POLARISING, liked + disliked
    feeling = max(FEELINGS, key=lambda name: vote[name])
    return feeling, vote[feeling]


def _join_equal(decided: Sequence[tuple[str, int] | None]) -> Iterator[Highlight]:
    start = 0
    for place in range(1, len(decided) + 1):
        if place == len(decided) or decided[place] != decided[start]:
            named = decided[start]
            if named is not None:
                yield Highlight(start, place, *named)
            start = place
