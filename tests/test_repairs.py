"""Replies that cannot be used: asked for once more, then null with a reason, counted. Never "ok" and empty."""

from __future__ import annotations

import json
from typing import Any

import pytest
from scripted import SAYS, ScriptedEngine, reading

import toolkit
from toolkit.drafts.lint.language_id import identify_language
from toolkit.models import Audience, Campaign, Draft, Persona
from toolkit.models.exchange import Question, Reply
from toolkit.questionnaire.answers import BadReply, read_digit, read_object, read_reaction
from toolkit.questionnaire.repairs import ask_again, judge_reply, make_strict

TEXT = "Send a PayPal invoice in the chat and get paid before the weekend."
GERMAN = "Das ist doch wieder nur Werbung, damit kann ich in meinem Alltag wirklich nichts anfangen."
RATINGS = {"relevance": 4, "clarity": 5, "trust": 3, "appeal": 2, "intent": 4}
GOOD = reading(ratings=RATINGS)


def as_text(**fields: Any) -> str:
    """Return a valid reply with some fields replaced."""
    return json.dumps(GOOD | fields, ensure_ascii=False)


def as_reply(text: str = "", **fields: Any) -> Reply:
    """Return what an engine makes of a text."""
    return Reply(text=text, engine="scripted", model="scripted-1", **fields)


FAULTS = {
    "cut": ("failed", "cut", as_reply(as_text()[:90], cut=True)),
    "cut, not said to be": ("failed", "not JSON", as_reply(as_text()[:90])),
    "prose": ("failed", "not JSON", as_reply("Sure! I would tap it.")),
    "nothing": ("failed", "empty", as_reply("")),
    "blanks": ("failed", "empty", as_reply(" \n ")),
    "an empty object": ("failed", "wrong form", as_reply("{}")),
    "a list": ("failed", "wrong form", as_reply("[]")),
    "an unknown action": ("failed", "wrong form", as_reply(as_text(action="dance"))),
    "an empty verbatim": ("failed", "empty", as_reply(as_text(verbatim=" "))),
    "no measure": ("failed", "empty", as_reply(as_text(ratings={}, says=dict.fromkeys(SAYS, "")))),
    "every rating off the scale": ("failed", "empty", as_reply(as_text(ratings=dict.fromkeys(RATINGS, 11), says={}))),
    "another language": ("failed", "other language", as_reply(as_text(verbatim=GERMAN))),
    "the draft again": ("failed", "repeats the draft", as_reply(as_text(verbatim=TEXT.upper()))),
    "the draft in quotes": ("failed", "repeats the draft", as_reply(as_text(verbatim=f"It says: “{TEXT}”"))),
    "a refusal": ("refused", "refused", as_reply(refusal="I cannot help with that.")),
    "a refusal in prose": ("refused", "refused", as_reply("I\u2019m sorry, but I can\u2019t help with that request.")),
    "the content filter": ("refused", "refused", as_reply(refusal="stopped by the endpoint's content filter")),
    "an assistant's voice": ("failed", "refused", as_reply(as_text(verbatim="As an AI, I have no phone."))),
}  # fmt: skip


def ask_one(engine: ScriptedEngine, **options: Any) -> toolkit.Run:
    """Return the run of one persona on one draft."""
    person = Persona(id="maya", name="Maya", age=24, about="Barista in Leeds who sells old clothes online at night.")
    audience = Audience(audience="one", personas=(person,))
    return toolkit.run(Draft(id="a", text=TEXT), audience, engine=engine, rating="direct", control=False, **options)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_repaired_by_a_second_reply(name: str) -> None:
    """Each kind of bad reply is asked for once more; a good second one counts, and the run says what happened."""
    _, reason, bad = FAULTS[name]
    replies = iter([bad, GOOD])
    run = ask_one(ScriptedEngine(lambda _: next(replies)))
    assert run.counts.ok == 1
    assert run.reactions["verbatim"].to_list() == [GOOD["verbatim"]]
    assert run.methods.bad_replies == {reason: 1}
    assert run.methods.unanswered == {}
    assert any(f"(1 {reason}); every second reply was fine" in warning for warning in run.methods.warnings)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_stays_is_null_with_a_reason(name: str) -> None:
    """After the second bad reply the reaction is null, with its reason in the row, in run.json and in a warning."""
    status, reason, bad = FAULTS[name]
    engine = ScriptedEngine(lambda _: bad)
    run = ask_one(engine)
    row = run.reactions.row(0, named=True)
    assert engine.calls == 2
    assert (row["status"], run.counts.ok) == (status, 0)
    assert row["error"]
    assert [row[name] for name in ("stopped", "action", "verbatim", "rating_trust")] == [None] * 4
    assert run.methods.bad_replies == {reason: 2}
    assert run.methods.unanswered == {"refused" if status == "refused" else reason: 1}
    assert any("1 answers are null for it" in warning for warning in run.methods.warnings)


def test_a_refusal_that_stays_is_kept_and_a_failure_is_not() -> None:
    """A model that declined twice is not asked a third time; anything else is asked again by the next run."""
    ask_one(ScriptedEngine(lambda _: FAULTS["a refusal in prose"][2]))
    engine = ScriptedEngine(lambda _: GOOD)
    assert ask_one(engine).counts.refused == 1
    assert engine.calls == 0


@pytest.mark.parametrize("verbatim", [
    "x", ".", "ok", "🙂", "Nah mate, proper dodgy that, innit. Straight in the bin.",
    "Send a PayPal invoice in the chat? My buyers never even open the app, so what good is that to me.",
    "Das ist Werbung.", "Sorry, I can't help with that, my sister does the invoices.",
    "Lol no. Kinda sus tbh, gonna scroll, cba with paypal fees rn, ngl looks spammy af.",
    "zdrw qwx plk mnb vcx asd fgh jkl poi uyt rew",
])  # fmt: skip
def test_what_people_say_is_no_fault(verbatim: str) -> None:
    """Short, rude, slangy and senseless words are a person's own: only what is surely wrong is asked for again."""
    engine = ScriptedEngine(lambda _: GOOD | {"verbatim": verbatim})
    assert ask_one(engine).counts.ok == 1
    assert engine.calls == 1


def test_the_language_of_draft_or_person_is_fine(audience: Audience) -> None:
    """A German draft may be answered in German, and an English one by somebody whose description is German."""
    engine = ScriptedEngine(lambda _: GOOD | {"verbatim": GERMAN})
    draft = Draft(id="a", text="Schick deine Rechnung einfach im Chat und du bekommst dein Geld noch heute.")
    assert toolkit.run(draft, audience, engine=engine, rating="direct", control=False).counts.ok == 12
    about = "Verkauft gebrauchte Kleider auf dem Markt in Köln und schreibt Rechnungen immer noch mit der Hand."
    person = Persona(id="uwe", name="Uwe", age=50, about=about)
    theirs = Audience(audience="de", personas=(person,))
    run = toolkit.run(Draft(id="b", text=TEXT), theirs, engine=engine, rating="direct", control=False)
    assert run.counts.ok == 1


def test_the_second_question_says_what_was_wrong_where_that_helps() -> None:
    """A wrong form, a cut, a foreign or a repeating reply is named; after prose the same is asked as it was."""
    question = Question(prompt="React.")
    for kind, words in [("cut", "be brief"), ("wrong form", "action is not"), ("other language", "language")]:
        again = ask_again(question, BadReply("action is not one of read", kind), "chat")
        assert again.prompt.startswith("React.")
        assert words in again.prompt
    assert ask_again(question, BadReply("the reply is not JSON", "not JSON"), "chat") == question
    assert ask_again(question, BadReply("action is not one of read", "wrong form"), "completion") == question


def test_foreign_words_in_a_draft_silence_nobody(audience: Audience) -> None:
    """An answer in the language of the questions is never in another language, whatever the draft is made of."""
    engine = ScriptedEngine(lambda _: GOOD | {"verbatim": "That would help me with the orders that I get every day."})
    draft = Draft(id="a", text=GERMAN)
    assert toolkit.run(draft, audience, engine=engine, rating="direct", control=False).counts.ok == 12


def test_a_stored_reply_is_read_as_it_was_accepted() -> None:
    """Checks on the words hold for fresh replies; what the store holds stays an answer."""
    ask_one(ScriptedEngine(lambda _: GOOD))
    engine = ScriptedEngine(lambda _: GOOD)
    assert ask_one(engine).counts.from_store == 1
    strict = make_strict(read_reaction, toolkit.panel.api.plan(Draft(id="a", text=TEXT), "uk-small-sellers").tasks[0])
    with pytest.raises(BadReply):
        strict(as_text(verbatim=TEXT))
    assert read_reaction(as_text(verbatim=TEXT)).stopped


def test_a_digit_has_no_refusal_in_it() -> None:
    """A rating by digit is one digit; sorry is a refusal where an object was asked for, and no digit."""
    with pytest.raises(BadReply):
        judge_reply(as_reply("Sorry"), read_digit)
    assert judge_reply(as_reply("Sorry, no."), read_object).refusal == "Sorry, no."


def test_few_failures_are_asked_for_once_more_before_the_end(campaign: Campaign) -> None:
    """Where all but a few came, those few are asked for again; where many failed, nobody is."""
    people = tuple(Persona(id=f"p{at}", name=f"P{at}", age=30, about=f"Sells jam at stall {at}.") for at in range(100))
    audience = Audience(audience="hundred", personas=people)
    bad = {"stall 7.": 3, "stall 42.": 2}

    def answer(question: Question) -> Any:
        for stall, left in bad.items():
            if stall in question.prompt and left > 0:
                bad[stall] -= 1
                return "Sure!"
        return GOOD

    engine = ScriptedEngine(answer)
    heard: list[str] = []
    run = toolkit.run(
        campaign, audience, engine=engine, rating="direct", control=False, concurrency=1,
        on_reaction=lambda one: heard.append(one.status),
    )  # fmt: skip
    assert run.counts.ok == 200
    assert (heard.count("failed"), len(heard)) == (2, 200)
    assert run.counts.calls == 205
    assert run.methods.prompt_tokens == 205 * 100


def test_fail_fast_asks_nothing_more(audience: Audience, campaign: Campaign) -> None:
    """The first failure ends the asking; what came is there, the rest says why it is not, and a resume goes on."""

    def answer(question: Question) -> Any:
        return "Sure!" if "number 5 " in question.prompt else GOOD

    engine = ScriptedEngine(answer)
    options: dict[str, Any] = {"rating": "direct", "control": False, "concurrency": 1}
    run = toolkit.run(campaign, audience, engine=engine, fail_fast=True, **options)
    assert run.counts.ok + run.counts.failed == 24
    assert run.counts.ok == engine.calls - 2
    assert run.methods.stopped is None
    assert not run.is_complete
    assert run.methods.unanswered == {"not asked": 23 - run.counts.ok, "not JSON": 1}
    assert any("end at the first failure, which was: 2 replies" in warning for warning in run.methods.warnings)
    again = ScriptedEngine(lambda _: GOOD)
    assert toolkit.run(campaign, audience, engine=again, fail_fast=True, **options).counts.ok == 24
    assert again.calls == 24 - run.counts.ok


@pytest.mark.parametrize(("text", "language"), [
    (GERMAN, "de"), ("Too short to say", None),
    ("Это сообщение похоже на очередную рекламу, я пролистываю дальше.", "ru"),
    ("I would tap it because it is about the thing that I do every day.", "en"),
    ("Je ne comprends pas pourquoi je devrais payer avec cette application dans ma conversation.", "fr"),
])  # fmt: skip
def test_languages_are_told_only_when_sure(text: str, language: str | None) -> None:
    """A sentence of eight words or more is told; less is nobody's."""
    assert identify_language(text) == language
