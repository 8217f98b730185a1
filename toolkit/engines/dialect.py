"""What one model at one endpoint takes, learned from what it refuses: once, for the rest of the run.

Structured output has four steps: a strict schema, a schema without what endpoints choke on, any JSON object, and the
schema in the prompt alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from toolkit.engines.complaints import Complaint

STRICT, PLAIN, OBJECT, PROMPT = range(4)
"""The steps, from the most that is asked of an endpoint to the least."""
PICTURES, SYSTEM, STREAM = "pictures", "system", "stream"
"""Stand among the refused for pictures, the system role and answers word by word."""
_BUDGETS = ("max_completion_tokens", "max_tokens")
_OPTIONAL = (*_BUDGETS, "top_logprobs", "logprobs", "temperature", "top_p", "seed", "stream_options", STREAM,
             "reasoning_effort", "grammar", "stop")  # fmt: skip
_PLAIN_WORDS = {"stream", "seed", "stop", "grammar", "temperature", "logprobs"}
"""Names that are words of English too, or parts of other talk."""
_REFUSABLE = {400, 404, 405, 415, 422, 500, 501}
"""Statuses with which a schema has been refused."""
_FORMAT = re.compile(
    r"schema|grammar|gbnf|response[ _]?format|json[ _]?(?:object|mode)|structured[ _]?output|guided[ _]|"
    r"requested parameters|output[ _]?format|pattern must|\bregex|additionalproperties|'strict'|\"strict\"",
    re.IGNORECASE,
)
_STRICT_WORD = re.compile(r"'strict'|\"strict\"", re.IGNORECASE)
_NOT_THAT_TYPE = re.compile(
    r"response[ _]?format.{0,12}\btype\b|'?json_schema'?.{0,40}(?:not|un)\s?(?:supported|available)|"
    r"type '?json_schema|unknown variant|"
    r"(?:should be|must be|one of|expected|only).{0,40}json_object",
    re.IGNORECASE,
)
_PICTURE = re.compile(
    r"image_url|input_image|image[ _]inputs?|images? (?:is|are) (?:not|only)|image (?:content|data)|"
    r"multi-?modal|mmproj|"
    r"\bvision\b|(?:support|accept|process|handle|see|read)\w* (?:\w+ ){0,2}(?:image|picture)",
    re.IGNORECASE,
)
_SYSTEM = re.compile(
    r"system[ _](?:role|message|prompt|instruction)s?|developer instruction|'?system'? role|role '?\"?system|"
    r"roles must alternate",
    re.IGNORECASE,
)
_TOO_MANY = re.compile(r"too (?:large|big|high|many)|at most|less than|maximum|exceed|must be <=|range", re.IGNORECASE)
_BUDGET = re.compile(r"max(?:imum)?(?: (?:output|completion|new|generated))? tokens", re.IGNORECASE)
_CONTEXT = re.compile(r"maximum context length|context[ _](?:length|window|size)|max_model_len|n_ctx", re.IGNORECASE)
_NOT_TAKEN = (
    r"(?:not (?:yet |currently )?(?:supported|allowed|permitted|available|implemented|enabled|recogni[sz]ed|valid)|"
    r"unsupported|unknown|unrecogni[sz]ed|deprecated|forbidden|extra)"
)
_TAKES = r"(?:support|accept|allow|take|recogni[sz]e|know|use)"
_CAMEL = re.compile(r"(?<=[a-z])[A-Z](?=[a-z]+)")
"""Where a new word begins in names as Go and JavaScript write them: `topLogprobs` (xAI)."""
_TALK = (
    r"(?:parameter|argument|field|option|property|key|keyword|input|setting)s?\W+(?:supplied|name|provided)?\W*NAME\b",
    rf"\bNAME\b(?: parameter| argument| field| option| value)?:? (?:is |are |was )?{_NOT_TAKEN}",
    rf"(?:not|n't|cannot|never) (?:yet |currently )?{_TAKES}\w* (?:the |a |any )?(?:use of )?(?:\w+ ){{0,2}}NAME\b",
    r"(?:unsupported|unknown|unrecogni[sz]ed|unexpected|unpermitted)(?: \w+){0,3}\W+NAME\b",
    r"\bNAME: (?:extra|input|field|value)",
)
"""How words speak of a parameter as one."""
_LEAST_REPLY = 300
"""Tokens without which no reply is worth asking for."""


@dataclass(slots=True)
class Dialect:
    """Reads complaints and changes how requests are written; `version` counts the changes."""

    model: str
    refused: set[str] = field(default_factory=set)
    step: int = STRICT
    most_tokens: int | None = None
    """The largest budget of a reply that the endpoint takes; None while it took all."""
    version: int = 0
    leaps: bool = False
    """Whether a second refusal of a schema leads to the last step at once: where each try takes hours."""
    lines: list[str] = field(default_factory=list)
    """What was changed, for people."""

    def note_down(self) -> dict[str, Any]:
        """Return what was learned, as JSON takes it."""
        named = {"refused": sorted(self.refused), "step": self.step, "most_tokens": self.most_tokens}
        return {**named, "lines": self.lines}

    def take_over(self, noted: Mapping[str, Any]) -> None:
        """Start from what an earlier run learned; what this version does not understand is left aside."""
        self.refused |= {str(name) for name in noted.get("refused", ())}
        step, most = noted.get("step"), noted.get("most_tokens")
        self.step = step if isinstance(step, int) and STRICT <= step <= PROMPT else self.step
        self.most_tokens = most if isinstance(most, int) and most >= _LEAST_REPLY else None
        self.lines = [str(line) for line in noted.get("lines", ())]

    def is_within(self, other: Dialect) -> bool:
        """Tell whether another dialect already leaves out all that this one does."""
        caps = self.most_tokens is None or self.most_tokens == other.most_tokens
        return self.refused <= other.refused and self.step <= other.step and caps

    def learn(self, complaint: Complaint, body: Mapping[str, Any]) -> Iterator[str]:
        """Change what a complaint asks to change about a body; yield a line about each change, none where it is none.

        Only what the body really holds is ever blamed.
        """
        if complaint.status not in _REFUSABLE:
            return
        changed = list(self._find_changes(complaint, body))
        self.version += bool(changed)
        yield from changed

    def step_down(self, at_least: int | None = None, *, is_ignored: bool = False) -> str:
        """Ask for less structure from now on; return the line about it."""
        does = "ignores" if is_ignored else "refuses"
        refused = {STRICT: "a strict schema", PLAIN: "a schema", OBJECT: "JSON mode"}[self.step]
        least = PROMPT if self.leaps and self.step > STRICT else at_least or 0
        self.step = min(PROMPT, max(self.step + 1, least))
        self.version += 1
        instead = {PLAIN: "a plain schema", OBJECT: "JSON mode with the schema in the prompt"}
        used = instead.get(self.step, "the schema in the prompt alone")
        return f"{self.model} {does} {refused} as response_format; {used} is used instead"

    def _find_changes(self, complaint: Complaint, body: Mapping[str, Any]) -> Iterator[str]:
        named = [name for name in _OPTIONAL if name in body and _is_named(name, complaint)]
        if PICTURES not in self.refused and _has_picture(body) and _PICTURE.search(complaint.words):
            yield self._drop(PICTURES)
            return
        budget = next((name for name in _BUDGETS if name in body), None)
        if budget is not None and self._cap(complaint, body[budget]):
            yield f"{self.model} takes at most {self.most_tokens} tokens a reply; no more is asked for"
            return
        for name in named:
            if name in self.refused:
                continue
            if name == "logprobs" and "top_logprobs" in named:
                self.refused.add("top_logprobs")
            yield self._drop(name)
        if named:
            return
        if "response_format" in body and self._is_about_format(complaint, body["response_format"]):
            no_such_type = body["response_format"].get("type") == "json_schema" and _NOT_THAT_TYPE.search(
                complaint.words
            )
            yield self.step_down(OBJECT if no_such_type else None)
        elif SYSTEM not in self.refused and _has_system(body) and _SYSTEM.search(complaint.words):
            yield self._drop(SYSTEM)

    def _is_about_format(self, complaint: Complaint, sent: Mapping[str, Any]) -> bool:
        by_structure = any(name.split(".")[0] in {"response_format", "text"} for name in complaint.named)
        is_strict = "strict" in sent.get("json_schema", {})
        words = complaint.words if is_strict else _STRICT_WORD.sub("", complaint.words)
        return by_structure or _FORMAT.search(words) is not None

    def _drop(self, name: str) -> str:
        self.refused.add(name)
        if name == "max_completion_tokens" and "max_tokens" not in self.refused:
            return f"{self.model} refuses {name}; max_tokens is sent instead"
        return f"{self.model} refuses {name}; it was dropped for this run"

    def _cap(self, complaint: Complaint, sent: int) -> bool:
        """Learn the largest budget where a complaint is about the number and not about the parameter."""
        words = complaint.words
        numbers = [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", words)]
        if _CONTEXT.search(words) or "context_length_exceeded" in complaint.codes:
            prompt = re.search(r"(\d[\d,]*) (?:tokens )?(?:in|from) (?:the |your )?(?:messages|prompt|input)", words)
            most = max((number for number in numbers), default=0)
            asked = int(prompt[1].replace(",", "")) if prompt else None
            window = next((number for number in numbers if number not in {asked, sent}), most)
            room = window - asked if asked is not None else 0
        elif _speaks_of_budget(complaint) and _TOO_MANY.search(words):
            room = max((number for number in numbers if number < sent), default=0)
        else:
            return False
        if not _LEAST_REPLY <= room < min(sent, self.most_tokens or sent):
            return False
        self.most_tokens = room
        return True


def _speaks_of_budget(complaint: Complaint) -> bool:
    """Tell whether a complaint is about the most tokens of a reply, by a parameter's name or in words (Bedrock)."""
    words = " ".join((complaint.words, *complaint.named))
    return any(one in words for one in _BUDGETS) or _BUDGET.search(words) is not None


def _is_named(name: str, complaint: Complaint) -> bool:
    """Tell whether a complaint names a parameter: by structure, else in words where it stands as a parameter."""
    complaint = replace(complaint, words=_CAMEL.sub(lambda mark: f"_{mark[0].casefold()}", complaint.words))
    if any(one == name or one.split(".")[-1] == name or one.split(".")[0] == name for one in complaint.named):
        return True
    if any(one.split(".")[0] == "response_format" for one in complaint.named):
        return False
    quoted = rf"['\"`\u201c\u2018]{name}['\"`\u201d\u2019]"
    phrases = (one.replace("NAME", name) for one in _TALK)
    if re.search(quoted, complaint.words) or any(re.search(one, complaint.words, re.IGNORECASE) for one in phrases):
        return True
    is_a_word = name in _PLAIN_WORDS or "_" not in name
    return not is_a_word and re.search(rf"(?<![\w.]){name}\b", complaint.words) is not None


def _has_picture(body: Mapping[str, Any]) -> bool:
    return any(isinstance(message.get("content"), list) for message in body.get("messages") or ())


def _has_system(body: Mapping[str, Any]) -> bool:
    return any(message.get("role") == "system" for message in body.get("messages") or ())
