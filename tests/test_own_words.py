"""Copies, refusals and echoes of the form are not people: they are asked for again, and then null with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from scripted import SAYS, ScriptedEngine, reading
from test_repairs import TEXT

import toolkit
from toolkit.models import Audience, Draft, Persona

ABOUT = "Barista in Leeds who sells old clothes online at night and looks after two small children by day."
LONG = f"{TEXT} No fees until the end of May, and your buyers need no app of their own."
GOOD = reading(ratings={"trust": 3}, says=SAYS)

COPIED: dict[str, tuple[str, dict[str, Any]]] = {
    "half the draft": ("repeats the draft", {"verbatim": "No fees until the end of May, and your buyers need no app."}),
    "the draft with a word before": (
        "repeats the draft", {"verbatim": "Well: send a PayPal invoice in the chat and get paid before the weekend."}
    ),
    "the description": ("repeats the description", {"verbatim": ABOUT}),
    "the description as an objection": ("repeats the description", {"objection": f"She is a {ABOUT}"}),
    "the draft as an objection": ("repeats the draft", {"objection": TEXT}),
    "the draft as every sentence": ("repeats the draft", {"says": dict.fromkeys(SAYS, TEXT)}),
    "a word of the form": ("repeats the question", {"verbatim": "String"}),
    "a service's refusal": ("refused", {"verbatim": "I'm sorry, but I cannot assist with that request."}),
    "a refusal as an objection": ("refused", {"objection": "I am not able to simulate a person."}),
}  # fmt: skip


def ask(engine: ScriptedEngine) -> toolkit.Run:
    """Return the run of one persona on one draft."""
    audience = Audience(audience="one", personas=(Persona(id="maya", name="Maya", age=24, about=ABOUT),))
    return toolkit.run(Draft(id="a", text=LONG), audience, engine=engine, rating="direct", control=False)


@pytest.mark.parametrize("name", COPIED)
def test_what_is_not_ones_own_is_asked_again(name: str) -> None:
    """A second reply in own words counts; a second copy is null, with its reason among those of the run."""
    reason, fields = COPIED[name]
    replies = iter([GOOD | fields, GOOD])
    assert ask(ScriptedEngine(lambda _: next(replies))).methods.bad_replies == {reason: 1}
    engine = ScriptedEngine(lambda _: GOOD | fields, model="another")
    run = ask(engine)
    assert (engine.calls, run.counts.ok) == (2, 0)
    assert run.methods.unanswered == {reason: 1}


def test_the_question_repeated_is_no_answer() -> None:
    """A model that says the question again says nothing for the person."""

    def answer(question: Any) -> Any:
        said = next(line for line in question.prompt.splitlines() if "scroll past it" in line)
        return GOOD | {"verbatim": said}

    assert ask(ScriptedEngine(answer)).methods.unanswered == {"repeats the question": 1}


@pytest.mark.parametrize(
    "verbatim",
    [
        "No fees until the end of May? And then? That is how they always get you.",
        "I look after two small children by day, when would I send an invoice in a chat.",
        "Sorry, I can't help with that, my sister does the invoices.",
        "I cannot help laughing at that.",
        "My buyers need no app, fine, but I do.",
    ],
)
def test_people_may_take_up_words(verbatim: str) -> None:
    """Whoever quotes a part and says something about it, or speaks of themselves, is heard."""
    engine = ScriptedEngine(lambda _: GOOD | {"verbatim": verbatim})
    assert ask(engine).counts.ok == 1
    assert engine.calls == 1
