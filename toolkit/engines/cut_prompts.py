"""Prompts that a server cut without a word, seen by the tokens that it counted.

Ollama keeps the end of a prompt that is longer than its context, about half of it in some versions (ollama #17889), and
answers as if nothing had happened. Its count of prompt tokens is then too small for the words that were sent, or is the
same round number for prompts of different lengths.
"""

from __future__ import annotations

from toolkit.engines import token_counts

LEAST_CONTEXT = 1_000
"""Counts below this are no cut prompts: servers were seen to leave out what they had in their cache."""
ROOM = 4_000
"""Tokens that a reply in a form may take beside its question."""
_ROUND, _NEAR = 256, 8
_MUCH_LESS = 1.4
_DIFFERENT = 1.05


class CutWatch:
    """Looks at one answer after the other.

    Examples:
        >>> watch = CutWatch()
        >>> watch.is_cut("so many words " * 500, 1_900), watch.is_cut("so many words " * 1_000, 2_050)
        (False, True)
    """

    def __init__(self) -> None:
        self._lengths: dict[int, int] = {}

    def is_cut(self, sent: str, counted: int) -> bool:
        """Tell whether a server that counted so many prompt tokens cannot have read all that was sent."""
        if counted < LEAST_CONTEXT:
            return False
        if counted < len(sent.split()):  # no word is less than a token
            return True
        if counted % _ROUND > _NEAR:
            return False
        length = self._lengths.setdefault(counted, len(sent))
        differs = max(length, len(sent)) > _DIFFERENT * min(length, len(sent))
        return differs or token_counts.estimate_tokens(sent) > _MUCH_LESS * counted


def advise_context(tokens: int) -> str:
    """Return how to serve a model with a context that holds a question of so many tokens and its reply."""
    wanted = 1 << (tokens + ROOM - 1).bit_length()
    return f"serve it with a longer context: OLLAMA_CONTEXT_LENGTH={wanted} for Ollama, -c {wanted} for llama.cpp"
