"""From a reply to its object: whatever stands around it is seen through, and nothing is ever added to it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.engines.replies import NoObjectError, drop_reasoning, find_object
from toolkit.models.exchange import Reply, clean_words
from toolkit.questionnaire import BadReply, answers, pairs

NAMES = ("first_glance", "verbatim", "action")
OBJECT = {"first_glance": "stop", "verbatim": 'I would {look} at it, "maybe".', "action": "click"}
TEXT = json.dumps(OBJECT)
WRAPPED = {
    "alone": TEXT,
    "byte order mark": f"\ufeff{TEXT}",
    "null characters": TEXT + "\x00\x00",
    "fence": f"```json\n{TEXT}\n```",
    "fence in capitals": f"```JSON\n{TEXT}\n```",
    "fence of another name": f"~~~jsonc\n{TEXT}\n~~~",
    "fence that never closes": f"```json\n{TEXT}",
    "prose before": f"Sure! Here is the JSON:\n\n{TEXT}",
    "prose after": f"{TEXT}\n\nI hope this helps! :-}}",
    "braces in prose": f"As {{the person}} I say: {TEXT} {{end}}",
    "thoughts": f'<think>\nThey {{probably}} stop. {{"action": "hide"}}\n</think>\n\n{TEXT}',
    "empty thoughts": f"<think>\n\n</think>\n\n{TEXT}",
    "thoughts with an attribute, in capitals": f"<THINKING mode='x'>hm {{</THINKING>{TEXT}",
    "thoughts opened by the template": f"They {{would}} stop.\n</think>\n{TEXT}",
    "thoughts after": f"{TEXT}\n<think>Was that right? {{no}}</think>",
    "thoughts twice": f'<think>a</think> so <think>{{"b": 1}}</think>{TEXT}',
    "a lost closing mark": f"{TEXT}</think>",
    "brackets": f"[THINK]hm {{x}}[/THINK]{TEXT}",
    "channels": f"<|channel|>analysis<|message|>hm {{x}}<|end|><|channel|>final<|message|>{TEXT}<|return|>",
    "special tokens": f"<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>{TEXT}<|END_RESPONSE|>",
    "another family's marks": f"◁think▷{{x}}◁/think▷{TEXT}",
    "nothing but thoughts": f"<think>{TEXT}</think>",
    "the end of a template": f"{TEXT}<|im_end|>\n</s>",
    "a trailing comma": f"{TEXT[:-1]},}}",
    "a list of one": f"[{TEXT}]",
    "twice the same": f"{TEXT}\n{TEXT}",
    "a list of the same": f"[{TEXT}, {TEXT}]",
    "text in text": json.dumps(TEXT),
    "wrapped in its name": json.dumps({"reaction": OBJECT}),
    "a tool call": json.dumps({"name": "reaction", "arguments": OBJECT}),
    "a tool call with text": json.dumps({"name": "reaction", "arguments": TEXT}),
    "the schema first": f"{json.dumps({'type': 'object', 'properties': {}})}\n{TEXT}",
    "single quotes": str(OBJECT).replace("'I would {look} at it, \"maybe\".'", json.dumps(OBJECT["verbatim"])),
    "a comment": TEXT.replace(', "action"', ', // what they do\n "action"'),
    "other cases": TEXT.replace("first_glance", "firstGlance").replace("action", "Action"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRAPPED)
def test_the_object_is_found(name: str) -> None:
    """Each way of wrapping an object gives the object itself, value for value."""
    assert find_object(WRAPPED[name], NAMES) == OBJECT


UNREADABLE = {
    "nothing": ("", "empty"),
    "blanks": (" \n\t ", "empty"),
    "prose": ("Sure! I would tap it.", "not JSON"),
    "prose with braces": ("I {would} tap {it}.", "not JSON"),
    "cut in a text": (TEXT[:50], "not JSON"),
    "cut before its end": (TEXT[:-1], "not JSON"),
    "cut in its thoughts": ("<think>They would", "empty"),
    "a list": ("[]", "wrong form"),
    "a number": ("4", "wrong form"),
    "two that differ": (f"{TEXT}\n{TEXT.replace('click', 'hide')}", "wrong form"),
    "a list of two": (f"[{TEXT}, {TEXT.replace('click', 'hide')}]", "wrong form"),
    "far too deep": ("[" * 100_000, "not JSON"),
    "deep": ('{"a":' * 900 + "1" + "}" * 900, "wrong form"),
    "many braces": ("{" * 50_000, "not JSON"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_not_certain_is_not_read(name: str) -> None:
    """What was cut, differs or is no object has a reason instead of a value."""
    text, kind = UNREADABLE[name]
    with pytest.raises(NoObjectError) as caught:
        find_object(text, NAMES)
    assert caught.value.kind == kind


@given(st.text(max_size=80) | st.text(alphabet='{}[]":,\\ab1 \n', max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever a model writes, there is an object or a reason."""
    with contextlib.suppress(NoObjectError):
        assert isinstance(find_object(text, NAMES), dict)


@given(
    st.dictionaries(st.sampled_from(NAMES), st.text(max_size=30), min_size=1),
    st.sampled_from([("", ""), ("<think>{}</think>", ""), ("Well: ", " there"), ("```json\n", "\n```"), ("[", "]")]),
)
def test_no_word_is_added_or_lost(fields: dict[str, str], around: tuple[str, str]) -> None:
    """Whatever the fields say, it comes through the wrapping as it was, but for what no screen can show."""
    found = find_object(json.dumps(fields).join(around), NAMES)
    assert found == {name: clean_words(value) for name, value in fields.items()}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("I like it \ud83d and look.", "I like it  and look."),
        ("\ud83d\ude42 joined", "\U0001f642 joined"),
        ("a\x00b\x07c", "abc"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\x9b1;4mloud", "1;4mloud"),
        ("\x1b]0;title\x07words", "]0;titlewords"),
        ("left\u202eright", "leftright"),
        ("\ufeffstart", "start"),
        ("a\r\nb\u2028c\td", "a\nb\nc\td"),
        ("\u0645\u06cc\u200c\u062e 👩\u200d💻 é", "\u0645\u06cc\u200c\u062e 👩\u200d💻 é"),
    ],
)
def test_words_are_cleaned(text: str, clean: str) -> None:
    """Controls, colours, half characters and turned writing go; joiners inside words and emoji stay."""
    assert clean_words(text) == clean
    reply = Reply(text=text, refusal=text, engine="e", model="m")
    assert (reply.text, reply.refusal) == (clean, clean)
    assert find_object(json.dumps({"verbatim": text}))["verbatim"] == clean


def make_reading(**fields: Any) -> str:
    """Return a whole reading with some fields replaced or, where they are None here, left out."""
    whole: dict[str, Any] = {"first_glance": "stop", "action": "click", "verbatim": "Handy.", "objection": None}
    whole |= {"quotes": [], "says": {"trust": "I trust it."}} | fields
    return json.dumps({name: value for name, value in whole.items() if value != ...})


def test_fields_are_read_as_models_write_them() -> None:
    """Words in any case, a flattened `says` and "none" for no objection are understood."""
    text = make_reading(first_glance="Stop", action="Scroll past", says=...)
    with pytest.raises(BadReply, match="action"):
        answers.read_reaction(text)
    read = answers.read_reaction(
        make_reading(action="CLICK", says=..., says_trust="I trust it.", clarity="Clear.", objection="None.")
    )
    assert (read.action, read.objection, read.says) == ("click", None, {"trust": "I trust it.", "clarity": "Clear."})
    rated = answers.read_reaction(make_reading(ratings={"Trust": 4, "clarity": "3", "appeal": 9, "intent": "high"}))
    assert rated.ratings == {"trust": 4}
    assert answers.read_reaction(make_reading(says='{"trust": "I do."}')).says == {"trust": "I do."}
    assert pairs.read_choice('{"because": "Shorter.", "sooner": "a"}', ("A", "B")).place == 0


def test_a_lacking_field_is_never_made_up() -> None:
    """A reading without action, verbatim or quotes is no reading, however much else it says."""
    for name in ("action", "verbatim", "quotes", "first_glance"):
        with pytest.raises(BadReply):
            answers.read_reaction(make_reading(**{name: ...}))


def test_answer_and_thoughts_are_told_apart() -> None:
    """What is thought aloud is kept apart from what is answered."""
    assert drop_reasoning("plain") == ("plain", "")
    answer, thoughts = drop_reasoning("<think>a</think>b")
    assert (answer.strip(), "a" in thoughts) == ("b", True)
