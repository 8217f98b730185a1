"""What a box tells of what was typed into it, so that no word is lost however late it comes."""

from __future__ import annotations

from toolkit.models import Record


class Telling(Record):
    """The words of one box, typed onto the words that it was given."""

    entry: str
    """Names the box and the words that it was given; the tab keeps what was typed under it until it was taken over."""
    campaign: str
    """The id of the campaign that the box stood on."""
    number: int
    """The draft of that campaign."""
    version: int
    """The version of the draft that the box was given, as the session of that time counted."""
    base: str
    """The words that were taken over from it, or that it was given."""
    text: str
    """What it holds."""
    at: float
    """Milliseconds since 1970 on the clock of the browser; never the same twice in an entry."""
    is_new: bool = False
    """Whether the campaign was not kept yet when the box was drawn."""

    def continues(self, text: str, before: Telling | None) -> bool:
        """Whether it was typed on from `text`, be it what the box was given, told last, or a step between.

        >>> typed = {"entry": "a", "campaign": "c", "number": 0, "version": 0, "at": 1}
        >>> Telling(base="We", text="We open today", **typed).continues("We open", None)
        True
        """
        if text == self.base or (before is not None and text == before.text):
            return True
        return self.text.startswith(text) and text.startswith(self.base)

    def is_part_of(self, text: str) -> bool:
        """Whether `text` was typed on from it, so that it has all its words."""
        return text.startswith(self.text) and self.text.startswith(self.base)
