"""Questions of one's own on the page: what was added so far, and a form for one more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from toolkit.errors import InputError
from toolkit.models import Campaign, records
from toolkit.ui import keys, state
from toolkit.ui.text import escape, say_here

KINDS: Mapping[records.QuestionKind, str] = {
    "scale": "A place on a scale",
    "yes_no": "Yes or no",
    "choice": "One of several",
    "choices": "Any of several",
    "number": "A number",
    "text": "In their own words",
}
_LONGEST_NAME = 30


def ask_questions() -> None:
    """Let the tester add questions of their own, and take them off again; they are asked in the same call."""
    asked = find_questions()
    label = "Your own questions"
    with st.expander(label, key=keys.OWN_QUESTIONS_PART, on_change="rerun"):
        for place, question in enumerate(asked):
            words, button = st.columns([5, 1])
            words.markdown(f"{escape(question.question)}  \n:small[{escape(_describe(question))}]")
            button.button(
                "Remove", key=keys.name_own_question(question.id), on_click=_remove, args=(place,), width="stretch"
            )
        _ask_one_more(asked)


def find_questions() -> tuple[records.OwnQuestion, ...]:
    """Return the questions of the campaign on the page."""
    kept: list[str] = state.recall(keys.OWN_QUESTIONS) or []
    return tuple(records.OwnQuestion.model_validate_json(one) for one in kept)


def add_to(campaign: Campaign) -> Campaign:
    """Return a campaign with the questions of the page as its own."""
    return campaign.model_copy(update={"questions": find_questions()})


def make_question(fields: Mapping[str, Any], taken: Sequence[str]) -> records.OwnQuestion:
    """Return the question of a filled-in form, its id made of its words; raise InputError saying what is lacking."""
    if not str(fields.get("question") or "").strip():
        raise InputError("type the question first")
    given = {name: value for name, value in fields.items() if value not in (None, "", (), [])}
    return records.OwnQuestion(id=_make_id(str(fields["question"]), taken), **given)


def _make_id(question: str, taken: Sequence[str]) -> str:
    """Return a free id made of the longest word of a question, which is mostly what it is about."""
    words = re.findall(r"[a-z][a-z0-9]{2,}", question.casefold()) or ["question"]
    name = max(words, key=len)[:_LONGEST_NAME]
    free = (one for number in range(1, 100) if (one := name if number == 1 else f"{name}_{number}") not in taken)
    found = next(free)
    return f"own_{found}" if found in records.KEPT_IDS else found


def _ask_one_more(asked: Sequence[records.OwnQuestion]) -> None:
    fields: dict[str, Any] = {}
    fields["question"] = st.text_input(
        "Question", placeholder="How funny is it?", max_chars=500, **state.tie(keys.OWN_WORDS, "")
    )
    kinds = list(KINDS)
    fields["kind"] = st.selectbox("Answer", kinds, format_func=KINDS.__getitem__, **state.tie(keys.OWN_KIND, kinds[0]))
    fields |= _ask_details(fields["kind"])
    everyone = st.checkbox("Ask everybody, also who did not stop", **state.tie(keys.OWN_EVERYONE, first=False))
    fields["ask"] = "everyone" if everyone else "stopped"
    if st.button("Add this question", icon=":material/add:", key=keys.OWN_ADD):
        try:
            question = make_question(fields, [one.id for one in asked])
            records.join_questions((*asked, question))
        except InputError as error:
            st.error(say_here(error))
            return
        state.put(keys.OWN_QUESTIONS, [_write(one) for one in (*asked, question)])
        state.put(keys.OWN_WORDS, "")
        st.rerun()


def _ask_details(kind: str) -> dict[str, Any]:
    """Ask for what belongs to a kind: the ends of a scale, the options, the bounds of a number."""
    if kind == "scale":
        low, high = st.columns(2)
        return {
            "low": low.text_input("1 means", placeholder="not at all", **state.tie(keys.OWN_LOW, "")),
            "high": high.text_input("5 means", placeholder="very much", **state.tie(keys.OWN_HIGH, "")),
        }
    if kind in {"choice", "choices"}:
        options = st.text_area("Options, one a line", **state.tie(keys.OWN_OPTIONS, ""))
        return {"options": [line.strip() for line in options.split("\n") if line.strip()]}
    if kind == "number":
        least, most, unit = st.columns(3)
        return {
            "at_least": least.number_input("At least", value=None, **state.tie(keys.OWN_LEAST)),
            "at_most": most.number_input("At most", value=None, **state.tie(keys.OWN_MOST)),
            "unit": unit.text_input("Unit", placeholder="pounds", **state.tie(keys.OWN_UNIT, "")),
        }
    return {}


def _describe(question: records.OwnQuestion) -> str:
    whom = "everybody" if question.ask == "everyone" else "who stopped"
    options = f": {', '.join(question.options)}" if question.options else ""
    return f"{question.id} · {KINDS[question.kind]}{options} · {whom}"


def _write(question: records.OwnQuestion) -> str:
    return question.model_dump_json(exclude_defaults=True)


def _remove(place: int) -> None:
    kept = find_questions()
    state.put(keys.OWN_QUESTIONS, [_write(one) for number, one in enumerate(kept) if number != place])
