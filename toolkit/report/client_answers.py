"""The text that a client sends back, read again: an approval or requested changes, bound to the words of one draft."""

from __future__ import annotations

import re
from typing import Literal

from toolkit.errors import InputError
from toolkit.models import Campaign, Draft, Record

LONGEST_ANSWER = 20_000
"""Characters of a pasted mail that are looked through."""
_MARK = re.compile(r"^Answer: (approve|change) / words ([0-9a-f]{16}) / run (\S+)$", re.MULTILINE)
_NAME = re.compile(r"^Name:[ \t]*(.*)$", re.MULTILINE)
_QUOTED = re.compile(r"^(?:[ \t]*>)+[ \t]?", re.MULTILINE)
_LONGEST_NAME, _LONGEST_NOTE = 120, 1_000


class ClientAnswer(Record):
    """What one client decided about one draft."""

    kind: Literal["approve", "change"]
    draft: Draft
    said_by: str
    """Empty if the client gave no name."""
    note: str
    run_id: str


def read_answer(text: str, campaign: Campaign) -> ClientAnswer:
    """Return the answer in a text, such as a mail with a greeting, that speaks of one of these drafts as they stand.

    Raises InputError if it holds no answer, several, or one about other words.
    """
    plain = _QUOTED.sub("", text[:LONGEST_ANSWER].replace("\r\n", "\n"))
    marks = list(dict.fromkeys(_MARK.findall(plain)))
    if not marks:
        raise InputError('the text holds no answer; paste it whole, with its line that begins with "Answer:"')
    if len(marks) > 1:
        raise InputError("the text holds several answers; paste one at a time")
    kind, words, run_id = marks[0]
    draft = next((one for one in campaign.drafts if one.digest.startswith(words)), None)
    if draft is None:
        raise InputError("the answer is about words that are not in this round: a draft was edited since")
    end = _MARK.search(plain)
    before = plain[: end.start()] if end else plain
    names = list(_NAME.finditer(before))
    name = names[-1][1].strip() if names else ""
    note = before[: names[-1].start()] if names else before
    lead = re.search(r'^(?:I approve|Please change) draft ".*?" of ".*"\.$', note, re.MULTILINE)
    note = note[lead.end() :] if lead else note
    return ClientAnswer(
        kind="approve" if kind == "approve" else "change",
        draft=draft,
        said_by=" ".join(name.split())[:_LONGEST_NAME],
        note=note.strip()[:_LONGEST_NOTE],
        run_id=run_id,
    )
