"""Ask them why: a talk with one persona about a draft it has reacted to, and one question put to everybody.

Persona, draft, reaction, earlier turns and question are untrusted text: each stands between marks of its own, named
with a random token, and the question alone is asked. Replies are kept in the store like those of a run, so nothing
is paid for twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Unpack

import polars as pl

from toolkit.drafts.surfaces import describe_draft, find_surface
from toolkit.errors import A_TEXT, ArgumentKind, EngineUnavailable, InputError, accept_only
from toolkit.files import languages, markup, templating
from toolkit.improve.people import find_people as find_people  # noqa: PLC0414 - handed out with what asks them
from toolkit.improve.people import list_asked
from toolkit.improve.streaming import hear_spoken, overhear, write_spoken
from toolkit.models import LABEL, Draft, Persona, Record, exchange
from toolkit.panel import api, background, connecting, run_options, session
from toolkit.questionnaire import BOUNDARY, BadReply, Prompts, Task, Usage, answers, repairs
from toolkit.results import Run
from toolkit.stats import lexical
from toolkit.store import conversations

MOST_ASKED = 2_000
"""Characters of a question."""
NOTE = "An AI persona answers in character. No real person said this."
_MOST_REMEMBERED = 12
_TAKES = tuple(run_options.TalkOptions.__annotations__)
_DID: Mapping[str, str] = {
    "scroll_past": "you scrolled past it", "read": "you read it and did nothing more", "react": "you reacted to it",
    "click": "you tapped it", "reply": "you replied", "share": "you shared it", "save": "you saved it",
    "hide": "you hid it", "report": "you reported it",
}  # fmt: skip
_SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string", "pattern": r"\S"}},
    "required": ["answer"],
    "additionalProperties": False,
}
_FORGOTTEN = "I do not remember it."
_GRAMMAR = r'root ::= [A-Z] [^"\n]{10,240} [.!?] "\""'
_ANY_SCRIPT = rf'root ::= [^"\n .,;:] [^"\n]{{5,240}} [{languages.SENTENCE_ENDS}] "\""'
_SPOKEN_TOKENS, _ANY_TOKENS = 90, 300
"""Of an answer in English, and in a language where a character may be a token or two."""
_A_RUN = ArgumentKind("a Run", lambda value: isinstance(value, Run))


class Quote(Record):
    """Words of a draft that a persona named."""

    text: str
    feeling: str


class Memory(Record):
    """What a persona did with a draft, and thought of it."""

    action: str
    verbatim: str
    objection: str | None = None
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Guest:
    """A persona to talk with about one draft."""

    persona: Persona
    draft: Draft
    wording: int = 0
    memory: Memory | None = None
    """None where its reaction failed: it then has nothing to go back to."""

    @property
    def language(self) -> str:
        """The language to answer in, as a BCP 47 tag: the draft's."""
        return Task(self.persona, self.draft, self.wording, 0).language


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer, or why there is none."""

    persona: str
    status: str
    """ok, refused or failed."""
    answer: str | None = None
    error: str | None = None
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """One question put to everybody, with what they answered."""

    run_id: str
    draft: str
    question: str
    answers: tuple[conversations.Answered, ...]
    cost_usd: float | None = None
    """Dollars spent on it now; null where the price is not known."""

    @property
    def heard(self) -> list[conversations.Answered]:
        """The usable answers."""
        return [one for one in self.answers if one.status == "ok"]

    @property
    def missing(self) -> int:
        """How many gave no usable answer."""
        return len(self.answers) - len(self.heard)

    def themes(self) -> list[lexical.Theme]:
        """Return the answers, those that say the same as one, the most common first."""
        heard = self.heard
        return lexical.group_sentences([one.answer or "" for one in heard], [one.persona for one in heard])

    def table(self, people: Mapping[str, Persona]) -> pl.DataFrame:
        """Return one row per persona asked: who, what they said, and the theme it belongs to."""
        theme_of = {member: theme.text for theme in self.themes() for member in theme.members}
        keys = sorted({key for persona in people.values() for key in persona.segments})
        rows = [
            {
                "run_id": self.run_id, "draft_id": self.draft, "question": self.question, "persona_id": one.persona,
                "name": people[one.persona].name if one.persona in people else one.persona,
                **{f"segments_{key}": people[one.persona].segments.get(key) if one.persona in people else None
                   for key in keys},
                "status": one.status, "answer": one.answer, "theme": theme_of.get(one.persona), "error": one.error,
                "label": LABEL,
            }
            for one in self.answers
        ]  # fmt: skip
        return pl.DataFrame(rows, infer_schema_length=None)


def invite(run: Run, persona_id: str, draft_id: str, people: Mapping[str, Persona]) -> Guest:
    """Return the persona with its reaction to the draft as memory; raise InputError where it is not of this run."""
    draft = next((one for one in run.methods.campaign.drafts if one.id == draft_id), None)
    if draft is None:
        raise InputError(f"draft {draft_id!r} is not in this run; it has: {', '.join(run.drafts)}")
    if persona_id not in people:
        raise InputError(
            f"persona {persona_id!r} is not in the audience any more; put the audience file of the run in ./personas"
        )
    of_persona = (pl.col("persona_id") == persona_id) & (pl.col("draft_id") == draft_id)
    rows = run.reactions.filter(of_persona).sort("repeat").head(1).to_dicts()
    if not rows:
        raise InputError(f"persona {persona_id!r} was not asked about {draft_id!r} in this run")
    row = rows[0]
    person = people[persona_id]
    return Guest(person, draft, row["wording"], _remember(row, draft, person, list_asked(run)))


def find_asked(run: Run, people: Mapping[str, Persona]) -> list[str]:
    """Return the ids of the personas of a run that can still be talked with, in asking order."""
    asked = run.reactions["persona_id"].unique(maintain_order=True)
    return [persona for persona in asked if persona in people]


class Interview:
    """Writes the questions of a talk."""

    def __init__(self, prompts: Prompts) -> None:
        self._prompts = prompts

    def ask(
        self, guest: Guest, question: str, turns: Sequence[conversations.Turn], form: exchange.Form
    ) -> exchange.Question:
        """Return the next question of a talk; the last twelve turns are remembered."""
        recent = list(turns[-_MOST_REMEMBERED:])
        if form == "completion":
            return self._complete("interview", guest, question, recent)
        return self._chat("interview", guest, question=question, turns=recent)

    def ask_everybody(self, guest: Guest, question: str, form: exchange.Form) -> exchange.Question:
        """Return the one question that everybody is asked."""
        if form == "completion":
            return self._complete("follow_up", guest, question, [])
        return self._chat("follow_up", guest, question=question)

    def _chat(self, kind: exchange.Kind, guest: Guest, **context: Any) -> exchange.Question:
        prompt = self._prompts.render(
            f"{kind}.j2",
            persona=guest.persona,
            wording=self._prompts.wordings[guest.wording % len(self._prompts.wordings)],
            surface=find_surface(guest.draft.surface),
            shown=describe_draft(guest.draft),
            memory=guest.memory,
            did=_DID[guest.memory.action] if guest.memory else "",
            token=BOUNDARY,
            **context,
        )
        return exchange.Question(
            kind=kind,
            system=self._prompts.render("interview_system.j2"),
            prompt=self._prompts.add_language(prompt, guest.language),
            schema=_SCHEMA,
            max_tokens=1_500,
        )

    def _complete(
        self, kind: exchange.Kind, guest: Guest, question: str, turns: Sequence[conversations.Turn]
    ) -> exchange.Question:
        persona, told, grammar, most = guest.persona, "", _GRAMMAR, _SPOKEN_TOKENS
        if not languages.is_english(guest.language):
            told, grammar = f" Thinks and speaks in {languages.name_language(guest.language)}.", _ANY_SCRIPT
            most = _ANY_TOKENS
        prompt = self._prompts.render(
            "interview_completion.j2",
            person=write_spoken(f"{persona.called}: {persona.about}{told}"),
            called=write_spoken(persona.name),
            post=write_spoken(describe_draft(guest.draft)),
            thought=write_spoken(guest.memory.verbatim if guest.memory else _FORGOTTEN),
            turns=[{"question": write_spoken(one.question), "answer": write_spoken(one.answer)} for one in turns],
            question=write_spoken(question),
        )
        return exchange.Question(
            kind=kind, prompt=prompt, grammar=grammar, stop=('"', "\n"), max_tokens=most,
            sampling={"temperature": 0.7, "top_p": 0.9},
        )  # fmt: skip


async def answer(
    line: connecting.Line,
    guest: Guest,
    question: str,
    turns: Sequence[conversations.Turn] = (),
    tell: Callable[[str], None] | None = None,
) -> Said:
    """Return what the persona says next, told to `tell` as it comes; BudgetReached and EngineUnavailable escape."""
    asked = check_question(question)
    written = Interview(line.prompts).ask(guest, asked, turns, line.asker.form)
    if tell is not None:
        written = replace(written, on_text=overhear(tell, line.asker.form))
    return await _ask(line, guest, written, asked)


async def talk(
    run: Run,
    persona_id: str,
    draft_id: str,
    question: str,
    people: Mapping[str, Persona],
    connection: connecting.Connection,
    *,
    tell: Callable[[str], None] | None = None,
) -> conversations.Turn:
    """Ask one persona of a run one more question, keep the turn with the run, and return it.

    What was said before about the draft is remembered. `tell` is called with the answer so far while it comes, where
    the endpoint sends it word by word; only a whole answer is kept. Raises InputError, BudgetReached or
    EngineUnavailable, the last also where the model declines or gives no usable answer.
    """
    guest = invite(run, persona_id, draft_id, people)
    asked = check_question(question)
    with conversations.Conversations(connection.store_path) as kept:
        turns = kept.list_turns(run.run_id, persona_id, draft_id)
        async with connecting.open_line(connection) as line:
            said = await answer(line, guest, asked, turns, tell)
            if said.answer is None:
                raise EngineUnavailable(f"{guest.persona.name} gave no answer: {said.error}; ask again, or differently")
            turn = conversations.Turn(
                question=asked, answer=said.answer, model=line.engine.model, asked=connecting.read_clock()
            )
        kept.keep_turn(run.run_id, persona_id, draft_id, turn)
    return turn


async def ask_everybody(
    run: Run,
    draft_id: str,
    question: str,
    people: Mapping[str, Persona],
    connection: connecting.Connection,
    *,
    stop: asyncio.Event | None = None,
    on_answer: Callable[[Said], None] | None = None,
) -> FollowUp:
    """Put one question to everybody who saw a draft, one call each; keep the answers with the run.

    Whoever answered the same question before is not asked again. Where the cost limit or `stop` ends it, what was not
    answered counts as failed, and the same call goes on from there.
    """
    asked = check_question(question)
    guests = [(persona, invite(run, persona, draft_id, people)) for persona in find_asked(run, people)]
    if not guests:
        raise InputError(
            "nobody of this run is in the audience any more; put the audience file of the run in ./personas"
        )
    async with connecting.open_line(connection) as line:
        interview = Interview(line.prompts)

        async def ask(guest: tuple[str, Guest]) -> Said:
            written = interview.ask_everybody(guest[1], asked, line.asker.form)
            return replace(await _ask(line, guest[1], written, asked), persona=guest[0])

        said = await session.Flow(line.concurrency, stop).ask_all(guests, ask, _fail, on_answer)
        cost = round(line.budget.spent, 6) if line.budget.price is not None else None
    answers = [
        conversations.Answered(persona=one.persona, status=one.status, answer=one.answer, error=one.error)
        for one in said
    ]
    with conversations.Conversations(connection.store_path) as kept:
        kept.keep_answers(run.run_id, draft_id, asked, answers, connecting.read_clock())
    return FollowUp(run_id=run.run_id, draft=draft_id, question=asked, answers=tuple(answers), cost_usd=cost)


@accept_only(_TAKES, run=_A_RUN, persona=A_TEXT, question=A_TEXT)
def interview(
    run: Run,
    persona: str,
    question: str,
    audience: api.AudienceLike = None,
    *,
    draft: str | None = None,
    **options: Unpack[run_options.TalkOptions],
) -> conversations.Turn:
    """Ask one persona of a run a question about a draft; what was said before is remembered.

    **Parameters**

    - `run`: the run that the persona took part in.
    - `persona`: the persona's id in the run.
    - `question`: what you want to know, in at most 2,000 characters.
    - `audience`: whom the run asked, in any form that `run` takes; found by the names that the run recorded if left
      out.
    - `draft`: the id of the draft to talk about; the first of the run if left out.
    - `engine`, `model`, `base_url`, `api_key`, `endpoint`: what answers, as for `run`.
    - `timeout`, `header`, `query`, `max_tokens`, `reasoning_effort`: how it is asked, as for `run`.
    - `price`, `max_cost`: dollars per million tokens, and dollars that this cannot pass.
    - `concurrency`, `rpm`, `tpm`, `store`, `prompts`: as for `run`. The store also keeps the talk.

    Raises InputError for anything that cannot be used, before anything is asked; BudgetReached where `max_cost` leaves
    no room; EngineUnavailable where no answer can be had, also if the model declines.

    Examples:
        >>> import json, tempfile
        >>> from toolkit.engines import EngineBase
        >>> from toolkit.models.exchange import Reply
        >>> class Sceptic(EngineBase):
        ...     model = "sceptic-1"
        ...     async def ask(self, question):
        ...         said = {"first_glance": "stop", "action": "read", "verbatim": "Hm.", "objection": "It is long."}
        ...         if question.kind == "interview":
        ...             said = {"answer": "I do not know who sent it."}
        ...         ratings = dict.fromkeys(["relevance", "clarity", "trust", "appeal", "intent"], 2)
        ...         text = json.dumps({"quotes": [], "ratings": ratings} | said)
        ...         return Reply(text=text, engine=self.name, model=self.model)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     options = {"engine": Sceptic(), "store": f"{folder}/replies.sqlite"}
        ...     tested = toolkit.run("examples/paypal-invoices.yaml", "uk-small-sellers", rating="direct", **options)
        ...     turn = toolkit.interview(tested, "maya", "What put you off?", **options)
        >>> turn.answer
        'I do not know who sent it.'
    """
    connection = connecting.make_connection(options)
    people = _find_people_of(run, audience)
    turn: conversations.Turn = background.run_blocking(
        lambda: talk(run, persona, draft or run.drafts[0], question, people, connection)
    )
    return turn


@accept_only(_TAKES, run=_A_RUN, question=A_TEXT)
def follow_up(
    run: Run,
    question: str,
    audience: api.AudienceLike = None,
    *,
    draft: str | None = None,
    **options: Unpack[run_options.TalkOptions],
) -> FollowUp:
    """Put one question to everybody of a run, one call each; `themes` of what comes back groups their answers.

    Whoever answered the same question before is not asked again. Where the cost limit ends it, what was not answered
    counts as failed, and the same call goes on from there.

    **Parameters**

    - `run`: the run whose people are asked.
    - `question`: what you want to know, in at most 2,000 characters.
    - `audience`: whom the run asked, in any form that `run` takes; found by the names that the run recorded if left
      out.
    - `draft`: the id of the draft that it is about; the first of the run if left out.
    - `engine`, `model`, `base_url`, `api_key`, `endpoint`: what answers, as for `run`.
    - `timeout`, `header`, `query`, `max_tokens`, `reasoning_effort`: how it is asked, as for `run`.
    - `price`, `max_cost`: dollars per million tokens, and dollars that this cannot pass.
    - `concurrency`: most questions in flight.
    - `rpm`, `tpm`, `store`, `prompts`: as for `run`.

    Raises InputError for anything that cannot be used, before anything is asked, and EngineUnavailable where no answer
    can be had.

    Examples:
        >>> toolkit.follow_up(None, "What put you off?", max_costs=0.01)
        Traceback (most recent call last):
        toolkit.errors.InputError: unknown option 'max_costs'; did you mean 'max_cost'?
    """
    connection = connecting.make_connection(options)
    people = _find_people_of(run, audience)
    asked: FollowUp = background.run_blocking(
        lambda: ask_everybody(run, draft or run.drafts[0], question, people, connection)
    )
    return asked


def _find_people_of(run: Run, audience: api.AudienceLike) -> dict[str, Persona]:
    names = [str(one["audience"]) for one in run.methods.audiences]
    return find_people(api.resolve_audiences(names if audience is None else audience))


def say_deed(action: str) -> str:
    """Return what somebody did in the past tense, such as "scrolled past it"."""
    return _DID.get(action, action).removeprefix("you ")


def check_question(question: str) -> str:
    """Return the question, trimmed; raise InputError where it is empty or too long to be one."""
    asked = templating.clean_text(question).strip()
    if not asked:
        raise InputError("the question is empty; write what you want to know")
    if len(asked) > MOST_ASKED:
        raise InputError(f"the question has {len(asked):,} characters; ask in at most {MOST_ASKED:,}")
    return asked


def write_transcript(run_id: str, persona: Persona, draft_id: str, turns: Sequence[conversations.Turn]) -> str:
    """Return a conversation as Markdown, with its label; what was said is indented and stays as it is."""
    called, about, run = map(markup.escape_markdown, (persona.called, draft_id, run_id))
    head = [f"# {called}, about {about}", "", f"Run {run}. {NOTE} {LABEL}", ""]
    body = [
        part
        for turn in turns
        for part in (
            f"**Asked** ({turn.asked[:16].replace('T', ' ')}, {markup.escape_markdown(turn.model)})", "",
            _indent(turn.question), "", f"**{markup.escape_markdown(persona.name)}**", "", _indent(turn.answer), "",
        )
    ]  # fmt: skip
    return "\n".join([*head, *body])


def estimate_cost(
    run: Run, draft_id: str, question: str, people: Mapping[str, Persona], connection: connecting.Connection
) -> float | None:
    """Return about how many dollars a question to everybody costs, at four characters a token; null if unknown."""
    price = connection.asking.known_price
    if price is None:
        return None
    interview_ = Interview(connection.load_prompts())
    guests = [invite(run, persona, draft_id, people) for persona in find_asked(run, people)]
    asked = [interview_.ask_everybody(guest, question or "Why?", "chat") for guest in guests]
    return price.cost(sum(len(one.system + one.prompt) for one in asked) // 4, 60 * len(asked))


async def _ask(line: connecting.Line, guest: Guest, question: exchange.Question, asked: str) -> Said:
    usage = Usage()
    read = _read_spoken if line.asker.form == "completion" else _read_answer

    def parse(text: str) -> str:
        said = read(text)
        fault = repairs.find_borrowed(said, guest.draft, guest.persona.about, [asked])
        if fault is not None:
            raise BadReply(f"the answer {fault}", fault if fault.startswith("repeats") else "refused")
        return said

    reply = await line.find_reply(Task(guest.persona, guest.draft, guest.wording, 0), question, parse, usage)
    if isinstance(reply, connecting.Unanswered):
        status = "refused" if reply.refused else "failed"
        return Said(persona=guest.persona.id, status=status, error=reply.why, usage=usage)
    try:
        return Said(persona=guest.persona.id, status="ok", answer=parse(reply.text), usage=usage)
    except BadReply as error:  # a reply that an earlier version kept
        return Said(persona=guest.persona.id, status="failed", error=str(error), usage=usage)


def _fail(guest: tuple[str, Guest], error: str, unasked: session.Unasked) -> Said:  # noqa: ARG001 - the words say why
    return Said(persona=guest[0], status="failed", error=error)


def _read_answer(text: str) -> str:
    said = answers.read_object(text, ("answer",)).get("answer")
    if not isinstance(said, str) or not said.strip():
        raise BadReply("answer is empty")
    return said.strip()


def _read_spoken(text: str) -> str:
    said = hear_spoken(text)
    if not any(letter.isalpha() for letter in said):
        raise BadReply("the completion holds no answer")
    return said


def _remember(row: Mapping[str, Any], draft: Draft, person: Persona, asked: Sequence[str]) -> Memory | None:
    """Return what somebody did and thought; words that were not their own are not remembered."""
    if row["status"] != "ok":
        return None
    verbatim, objection = row["verbatim"] or "", row.get("objection")
    if verbatim and repairs.find_borrowed(verbatim, draft, person.about, asked):
        verbatim = _FORGOTTEN
    if objection and repairs.find_borrowed(objection, draft, person.about, asked):
        objection = None
    quotes = tuple(Quote(**quote) for quote in row.get("quotes") or ())
    return Memory(action=row["action"], verbatim=verbatim, objection=objection, quotes=quotes)


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
