"""What makes a reply unusable, and how it is asked for once more."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

import regex

from toolkit.drafts.surfaces import describe_draft
from toolkit.engines import embedder
from toolkit.files import languages, normalising, templating
from toolkit.models import MEASURES, Draft, Persona, exchange
from toolkit.questionnaire import subjects
from toolkit.questionnaire.answers import Answer, BadReply
from toolkit.questionnaire.own_answers import AskedQuestion, OwnAnswer, say_unusable
from toolkit.questionnaire.questions import BOUNDARY, Task

Parsed = TypeVar("Parsed")

_LEAST_REPEATED = 6
"""Words of a draft that nobody says by chance."""
_MOST_ADDED = 3
"""Words besides the draft's own that make a repeated draft no thought of its own."""
_MOST_SHOWN = 200
_DECLINES = re.compile(
    r"^\W*(?:i\W?m (?:really |very |so )?sorry\b|sorry\b|i (?:can\W?t|cannot|won\W?t|am unable to|must decline)\b|"
    r"as an ai\b|unfortunately, i can)",
    re.IGNORECASE,
)
"""How a model's own refusal begins, where a JSON object was asked for."""
_NOT_A_PERSON = re.compile(r"\bas an? (?:ai|artificial intelligence|(?:large )?language model)\b", re.IGNORECASE)
_SERVICE_TALK = re.compile(
    r"\b(?:i(?:\W?m| am) (?:an ai|a (?:large )?language model|"
    r"not able to (?:assist|simulate|role-?play|pretend|comply))|"
    r"i (?:can\W?t|cannot|am unable to|won\W?t) (?:assist|comply|fulfill?|engage|provide) (?:you )?"
    r"(?:with |in )?(?:this|that|your|the)\b|"
    r"(?:can\W?t|cannot|unable to) (?:help|assist) (?:you )?with (?:this|that|your) request|"
    r"against my (?:guidelines|programming|policies))",
    re.IGNORECASE,
)
"""What assistants say and people do not."""
_PLACEHOLDERS = {"string", "text", "verbatim", "objection", "your thought here", "thought", "answer", "sentence"}
"""What a small model fills a form with when it copies the form."""
_LEAST_COPIED, _MOST_COPIED = 8, 0.8
"""Words that nobody shares with a text by chance, and the share of one's words from which they are not one's own."""
_LEAST_SENTENCE = 4
"""Words of a whole sentence that nobody shares with a text by chance."""
_SENTENCE_END = re.compile(r"[.!?…]+(?=\s|$)|[\u3002\uff0e\uff01\uff1f\uff61\u0964\u0965\u061f\u06d4]+|\n")
_WORD = regex.compile(rf"(?:(?=[{normalising.UNSPACED}])\X)|(?:(?![{normalising.UNSPACED}])[\p{{L}}\p{{M}}\p{{N}}])+")
"""A word, or one character of a script that puts no spaces between words."""
_SIGN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\u30fc\u3005]")
_LETTER = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_SIGNS, _LETTERS = 2, 3
"""Characters that a word takes where none are spaced: Chinese and Japanese, and Thai and its neighbours."""
_MOST_SAYS = 3
"""Copied sentences, of five, with which a reply says nothing about the measures."""
UNSOUND = "unsound"
"""The kind of a bad reply whose reason repeats words of the model: they are told between marks."""
_NOTES = {
    "cut": "it was cut off before its end; be brief",
    "wrong form": "{said}",
    "outside the form": "{said}",
    UNSOUND: "the reason stands between the marks of the fault\n<fault-{mark}>\n{said}\n</fault-{mark}>\n",
    "other language": "it was in another language than the message",
    "repeats the description": "it repeated the person's description instead of speaking as that person",
    "repeats the question": "it repeated the question instead of answering it",
    "repeats the draft": "it repeated the message instead of saying what goes through the person's head",
}
"""What is told where telling helps; what is not here is asked for again as it was."""


class UsableReply(BadReply):  # a signal inside the asking, never shown
    """The reply can be used, but another may be better; of several, the one of the greatest `nearness` stands."""

    nearness: float


class AstrayReply(UsableReply):  # a signal inside the asking, never shown
    """Another draw may speak more of the draft; `nearness` is how much this one does."""

    def __init__(self, nearness: float) -> None:
        super().__init__("the thought is about something else", "astray")
        self.nearness = nearness


class OutsideReply(UsableReply):  # a signal inside the asking, never shown
    """Answers to questions of one's own are missing or outside what the form allows; the fewer, the nearer."""

    def __init__(self, said: str, count: int) -> None:
        super().__init__(said, "outside the form")
        self.nearness = -float(count)


_ASTRAY = -0.05
"""How much nearer to another subject a thought is that is drawn again; one on the line is as good as the next."""
_MORE_ROOM = {"cut": 2, "no room": 4}
"""How many times the room a second reply gets, by what was wrong with the first."""


def judge_reply(reply: exchange.Reply, parse: Callable[[str], object]) -> exchange.Reply:
    """Return the reply, a refusal in prose marked as one; raise BadReply, with the reason, where it cannot be used."""
    if reply.refusal:
        return reply
    try:
        parse(reply.text)
    except BadReply as error:
        if error.kind == "not JSON" and _DECLINES.match(reply.text):
            return replace(reply, refusal=" ".join(reply.text.split())[:_MOST_SHOWN])
        if reply.cut and not reply.text.strip():
            raise BadReply("the model used up its tokens before it said anything", "no room") from None
        if reply.cut:
            raise BadReply(f"{error} (cut at the token limit)", "cut") from None
        raise
    return reply


def make_strict(parse: Callable[[str], Answer], task: Task, asked: str = "") -> Callable[[str], Answer]:
    """Return `parse` with the checks on what is said: some of it, by a person, in their language, in their own words.

    `asked` is the question as the model read it: whoever repeats it answers nothing.
    Replies from the store are read without these, so that what was accepted once stays what it was.
    """

    def parse_strictly(text: str) -> Answer:
        answer = parse(text)
        if answer.stopped and answer.rateable and not (answer.says.keys() & set(MEASURES) or answer.ratings):
            raise BadReply("not one measure is spoken of", "empty")
        if _NOT_A_PERSON.search(answer.verbatim):
            raise BadReply("the verbatim is the model's, not the person's", "refused")
        _check_words(answer.verbatim, task)
        _check_own_words(answer, task, asked)
        outside = say_unusable(answer.own)
        if outside is not None:
            raise OutsideReply(outside, sum(one.state == "unusable" for one in answer.own.values()))
        return answer

    return parse_strictly


def find_borrowed(said: str, draft: Draft, described: str = "", asked: Sequence[str] = ()) -> str | None:
    """Return why words are not a person's own, such as "repeats the draft"; None where they are.

    `described` is who the person is, `asked` what was asked. Replies of earlier versions may hold such words.
    """
    if _SERVICE_TALK.search(said) or _NOT_A_PERSON.search(said):
        return "is the model's, not the person's"
    if " ".join(_list_words(said)) in _PLACEHOLDERS:
        return "is a word of the form"
    parts = "\n".join(filter(None, (draft.text, draft.headline, draft.description, draft.greeting)))
    sources = [("the draft", describe_draft(draft)), ("the draft", parts), ("the description", described)]
    sources += [("the question", question) for question in asked]
    return next((f"repeats {what}" for what, text in sources if _is_copied(said, text) or _is_part(said, text)), None)


def keep_to_draft(parse: Callable[[str], Answer], task: Task) -> Callable[[str], Answer]:
    """Return `parse`, which raises AstrayReply for a thought that is nearer to another subject than to the draft.

    Small models wander off; where no sentence embeddings are installed, nobody can tell.
    """
    if not embedder.is_installed() or not languages.is_english(task.language):
        return parse

    def parse_near(text: str) -> Answer:
        answer = parse(text)
        nearness = subjects.measure_nearness(answer.verbatim, task.draft)
        if nearness < _ASTRAY:
            raise AstrayReply(nearness)
        return answer

    return parse_near


def keep_to_form(asked: AskedQuestion) -> Callable[[str], OwnAnswer]:
    """Return what reads a base model's answer to a question of one's own; it raises OutsideReply for no answer."""

    def parse(text: str) -> OwnAnswer:
        answer = asked.read_completion(text)
        if answer.state == "unusable":
            raise OutsideReply("the completion is none of the answers", 1)
        return answer

    return parse


def ask_again(question: exchange.Question, problem: BadReply | None, form: exchange.Form) -> exchange.Question:
    """Return the question with a line on what was wrong with the last reply, where that helps a model that reads.

    After a reply that was cut there is also more room for the next one.
    """
    if problem is not None and form == "chat" and problem.kind in _MORE_ROOM:
        question = question.leave_room(_MORE_ROOM[problem.kind])
    note = _NOTES.get(problem.kind) if problem is not None and form == "chat" else None
    if note is None:
        return question
    said = note.format(said=templating.flatten_text(str(problem)), mark=BOUNDARY)
    return replace(question, prompt=f"{question.prompt}\n\nAn earlier answer could not be used: {said}. Answer afresh.")


def _check_words(verbatim: str, task: Task) -> None:
    shown = describe_draft(task.draft)
    if _repeats(verbatim, shown) or _repeats(verbatim, task.draft.text):
        raise BadReply("the verbatim repeats the draft", "repeats the draft")
    guess = languages.detect_language(verbatim)
    if guess.language is not None and not _may_speak(guess, task):
        said, wanted = languages.name_language(guess.language), languages.name_language(task.language)
        raise BadReply(f"the verbatim is in {said}, not in {wanted}", "other language")


def _check_own_words(answer: Answer, task: Task, asked: str) -> None:
    """Raise BadReply for an answer that is copied, or that an assistant gave in the person's place."""
    spoken = [("verbatim", answer.verbatim), ("objection", answer.objection or "")]
    for name, said in spoken:
        if _SERVICE_TALK.search(said):
            raise BadReply(f"the {name} is the model's, not the person's", "refused")
        if " ".join(_list_words(said)) in _PLACEHOLDERS:
            raise BadReply(f"the {name} is a word of the form", "repeats the question")
    sources = _list_sources(task, asked)
    for name, said in spoken:
        found = next((what for what, text in sources if _is_copied(said, text)), None)
        if found is not None:
            raise BadReply(f"the {name} repeats {found}", f"repeats {found}")
    for what, text in sources:
        if sum(_is_copied(said, text) for said in answer.says.values()) >= _MOST_SAYS:
            raise BadReply(f"what is said of the measures repeats {what}", f"repeats {what}")


def _list_sources(task: Task, asked: str) -> list[tuple[str, str]]:
    """Return the texts that a reply may be copied from, each under its name; the question holds them all."""
    described = task.persona.about if task.persona else ""
    return [("the draft", describe_draft(task.draft)), ("the description", described), ("the question", asked)]


def _is_copied(said: str, text: str) -> bool:
    """Tell whether nearly all that somebody says stands in a text, in one piece."""
    words = _list_words(said)
    enough = _LEAST_COPIED * _measure_word(words)
    least = max(enough, math.ceil(_MOST_COPIED * len(words)))
    if len(words) < enough or not text:
        return False
    plain = text.casefold()
    if not all(word in plain for word in words[len(words) - least : least]):
        return False  # words in the middle, which every piece long enough holds
    source = f" {' '.join(_list_draft_words(text))} "
    return any(f" {' '.join(words[at : at + least])} " in source for at in range(len(words) - least + 1))


def _is_part(said: str, text: str) -> bool:
    """Tell whether each sentence that somebody says is a whole sentence of a text, and none a short one."""
    spoken = [words for sentence in _SENTENCE_END.split(said) if (words := _list_words(sentence))]
    known = [_list_words(sentence) for sentence in _SENTENCE_END.split(text)] if spoken else []
    return bool(spoken) and all(
        len(words) >= _LEAST_SENTENCE * _measure_word(words) and words in known for words in spoken
    )


def _may_speak(guess: languages.LanguageGuess, task: Task) -> bool:
    """Tell whether words may be in the draft's language, the audience's or the person's; what is unsure may be.

    English, in which everything is asked, is fine unless somebody said which language it is to be: words of another
    language in a draft would silence its readers.
    """
    declared = task.draft.language is not None
    if not declared and not languages.detect_language(task.draft.prose).sure:
        return True
    allowed = {languages.reduce_language(one) for one in (task.language, *task.languages)}
    if not declared:
        allowed.add(languages.ENGLISH)
    if not guess.rules_out(allowed):
        return True
    return task.persona is not None and guess.language is not None and _speaks(task.persona, guess.language)


def _speaks(persona: Persona, language: str) -> bool:
    """Tell whether a description is in a language, or names it: "speaks only Turkish at home"."""
    guess = languages.detect_language(persona.about)
    return (guess.sure and guess.language == language) or languages.is_named(language, persona.about)


def _repeats(verbatim: str, text: str) -> bool:
    """Tell whether somebody only says the draft, give or take a few words."""
    said, words = _list_words(verbatim), _list_draft_words(text)
    size = _measure_word(words)
    if len(words) < _LEAST_REPEATED * size or not len(words) <= len(said) <= len(words) + _MOST_ADDED * size:
        return False
    return f" {' '.join(words)} " in f" {' '.join(said)} "


@lru_cache(maxsize=128)
def _list_draft_words(text: str) -> list[str]:
    return _list_words(text)


@lru_cache(maxsize=64)
def _list_words(text: str) -> list[str]:
    """Return the words of a text; where a script has no spaces between them, its characters."""
    if text.isascii():
        return re.findall(r"[^\W_]+", text.lower())
    return _WORD.findall(normalising.fold_text(text).text)


def _measure_word(words: Sequence[str]) -> int:
    """Return how many items of a list of words make a word: more than one where most are single characters."""
    if "".join(words).isascii():
        return 1
    for pattern, size in ((_SIGN, _SIGNS), (_LETTER, _LETTERS)):
        if 2 * sum(pattern.match(word) is not None for word in words) > len(words):
            return size
    return 1
