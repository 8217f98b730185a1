"""What a model thinks aloud, told from what it answers.

Reasoning models mark their thoughts by the template of their family: tags (DeepSeek, Qwen: `<think>`), brackets
(Magistral: `[THINK]`), channels (gpt-oss: `<|channel|>analysis`), special tokens (Command: `<|START_THINKING|>`).
Servers without the right parser pass them on in the text, the opening mark often lost to the prompt.
"""

from __future__ import annotations

import re

_NAMES = r"(?:seed:)?(?:think|thinking|thought|thoughts|reasoning|reflection|analysis|scratchpad)"
_OPEN = rf"(?:<{_NAMES}\b[^<>]*>|\[(?:think|thinking|reasoning)\]|◁think▷|<\|(?:start|begin)_(?:of_)?think\w*\|>)"
_CLOSE = rf"(?:</{_NAMES}\s*>|\[/(?:think|thinking|reasoning)\]|◁/think▷|<\|end_(?:of_)?think\w*\|>)"
_FLAGS = re.IGNORECASE | re.DOTALL
_WHOLE = re.compile(rf"{_OPEN}.*?{_CLOSE}", _FLAGS)
_OPENED, _CLOSED = re.compile(_OPEN, _FLAGS), re.compile(_CLOSE, _FLAGS)
_ANSWER_CHANNEL = re.compile(r"<\|channel\|>\s*(?:final|response)\b[^<]*<\|message\|>", _FLAGS)
_OTHER_CHANNEL = re.compile(
    r"(?:<\|start\|>\s*assistant\s*)?<\|channel\|>\s*\w+[^<]*<\|message\|>.*?(?:<\|end\|>|<\|call\|>|(?=<\|start\|>)|$)",
    _FLAGS,
)


def drop_reasoning(text: str) -> tuple[str, str]:
    """Return the answer and the reasoning of a reply, either of them "" where there is none."""
    if not _may_hold_thoughts(text):
        return text, ""
    answers = list(_ANSWER_CHANNEL.finditer(text))
    if answers:
        return text[answers[-1].end() :], text[: answers[-1].start()]
    thoughts: list[str] = []

    def take(match: re.Match[str]) -> str:
        thoughts.append(match[0])
        return " "

    text = _WHOLE.sub(take, _OTHER_CHANNEL.sub(take, text))
    closings = list(_CLOSED.finditer(text))
    if closings:  # the template had opened it in the prompt
        before, after = text[: closings[-1].start()], text[closings[-1].end() :]
        if after.strip():
            return after, "".join([*thoughts, before])
        text = before
    opening = _OPENED.search(text)
    if opening is not None:  # it ran out of tokens while it thought
        thoughts.append(text[opening.end() :])
        text = text[: opening.start()]
    return text, "".join(thoughts)


def _may_hold_thoughts(text: str) -> bool:
    """Tell whether a text has what a mark needs: most replies have not, and this is a tenth of the search."""
    if "<" in text or "\u25c1" in text:
        return True
    plain = text.casefold() if "[" in text else ""
    return "think" in plain or "reasoning" in plain
