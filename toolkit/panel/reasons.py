"""Why answers are missing, told to whoever waits for them: how many, in the provider's own words, and what to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from toolkit.errors import name_option, name_step
from toolkit.questionnaire import Preference, Reaction, shares

_MOST_TOLD = 3
_HINTS: Mapping[str, str] = {
    "no room": f"raise {name_option('max_tokens')}, or lower {name_option('reasoning_effort')}",
    "cut": f"raise {name_option('max_tokens')}, or choose a model that writes less",
    "not JSON": f"choose a {name_option('model')} that keeps to a form; `audience doctor --model NAME` tries it",
    "wrong form": f"choose a {name_option('model')} that keeps to a form; `audience doctor --model NAME` tries it",
    "empty": f"choose a {name_option('model')} that answers; `audience doctor --model NAME` tries it",
    "refused": f"choose a {name_option('model')} that speaks for others",
    "other language": "write the draft in the language of the audience",
    "repeats the draft": f"choose a larger {name_option('model')}: small ones repeat what they read",
    "repeats the description": f"choose a larger {name_option('model')}: small ones repeat what they read",
    "repeats the question": f"choose a larger {name_option('model')}: small ones repeat what they read",
    "call failed": f"{name_step('again')} to ask for them once more",
}


_REFUSED_REQUEST = re.compile(r"\b(?:HTTP|answered) 4(?!08|09|25|29)\d\d\b")
"""How the words of a failed call begin that asking again cannot help."""


def find_reason(one: Reaction | Preference | shares.PollAnswer) -> str:
    """Return in a word or two why something has no answer."""
    if one.status == "refused":
        return "refused"
    if one.unpaid or one.stopped or one.skipped:
        return "not asked"
    if one.missing:
        return "not in the store"
    return one.usage.bad[-1] if one.usage.bad else "call failed"


def say_reasons(answers: Sequence[Reaction | Preference | shares.PollAnswer]) -> Iterator[str]:
    """Yield a line about each of the three most frequent reasons why something that was asked has no answer."""
    failed = [one for one in answers if one.status == "failed"]
    lost = [one for one in failed if not (one.unpaid or one.stopped or one.skipped or one.missing)]
    counts = Counter(_group(one) for one in lost)
    for group, count in counts.most_common(_MOST_TOLD):
        first = next(one for one in lost if _group(one) == group)
        hint = _HINTS.get(find_reason(first), _HINTS["call failed"])
        if find_reason(first) == "call failed" and _REFUSED_REQUEST.search(str(first.error)):
            hint = "`audience doctor --model NAME` asks the endpoint what it takes"
        yield f"{count} of {len(answers)} answers are missing: {first.error}; {hint}"


def count_failures(reactions: Sequence[Reaction]) -> dict[str, int]:
    """Return the most frequent reasons why calls failed, each in the words of its first, with how often it happened."""
    lost = [one for one in reactions if one.has_failed_by_chance]
    firsts: dict[tuple[str, str], str] = {}
    for one in lost:
        firsts.setdefault(_group(one), str(one.error))
    counts = Counter(_group(one) for one in lost)
    return {firsts[group]: count for group, count in counts.most_common(_MOST_TOLD)}


def _group(one: Reaction | Preference | shares.PollAnswer) -> tuple[str, str]:
    """Return what the same reasons have in common: the kind of fault, else the words without their numbers."""
    reason = find_reason(one)
    return reason, "" if one.usage.bad else re.sub(r"\d+", "#", str(one.error))
