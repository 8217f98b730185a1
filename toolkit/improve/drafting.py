"""Make people up from evidence: each rests on rows that stand in a file, drafted to quotas and raked to margins.

Who is wanted, the rows and the quotas are untrusted text, between marks named with a random token. Every quote is
looked for in the rows that were shown. A person without one that stands there is asked for once more, then left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Unpack

from toolkit.audiences import privacy, vetting
from toolkit.audiences.sources import margins as population
from toolkit.audiences.sources import source_rows
from toolkit.engines import Price, budget
from toolkit.errors import A_TEXT, BudgetReached, InputError, accept_only, name_option, name_step
from toolkit.files import templating
from toolkit.models import Audience, Draft, Persona, exchange, records
from toolkit.panel import background, connecting, run_options, session
from toolkit.questionnaire import BOUNDARY, BadReply, Prompts, Task, Usage, answers
from toolkit.stats.weighting import Raked, rake

FIRST = 3
"""People who are shown before any other is asked for."""
ROWS_EACH = 12
"""Rows that one person is drafted from."""
MOST_PEOPLE = 500
_MOST_ABOUT = 2_000
_LEAST_ABOUT = 40
_MOST_QUOTES = 4
_MOST_WHO = 400
_REPLY_TOKENS = 320
"""A typical reply, for the price."""
_MOST_TOKENS = 1_500
_INITIALS = "ABCDEFGHIJKLMNOPRSTVWYZ"
_TAKES = tuple(run_options.TalkOptions.__annotations__)
_SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "about": {"type": "string"},
        "quotes": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"row": {"type": "integer"}, "text": {"type": "string"}},
                "required": ["row", "text"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["name", "age", "about", "quotes"],
    "additionalProperties": False,
}

Show = Callable[[tuple["DraftedPerson", ...]], bool]
"""Shown the first people; returns whether the others are to be drafted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commission:
    """One person to draft: the quota to fill and the rows to rest on."""

    number: int
    place: Mapping[str, str]
    rows: tuple[source_rows.SourceRow, ...]

    @property
    def ages(self) -> tuple[int, int] | None:
        """The youngest and the oldest age of the quota; None without one of ages."""
        band = self.place.get(population.AGE)
        return None if band is None else population.read_band(band)

    @property
    def initial(self) -> str:
        """The letter that the name begins with, so that not everybody is called the same."""
        return _INITIALS[self.number * 7 % len(_INITIALS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftedPerson:
    """A person who was made up, or why there is none."""

    commission: Commission
    status: str
    """ok, dropped, refused or failed."""
    persona: Persona | None = None
    cited: tuple[records.Cited, ...] = ()
    error: str | None = None
    is_unpaid: bool = False
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePlan:
    """Whom to draft from what."""

    who: str
    source: source_rows.SourceRows
    commissions: tuple[Commission, ...]
    margins: population.Margins | None
    on_empty: population.OnEmpty

    def price(self, price: Price | None, prompts: Prompts) -> float | None:
        """Return the dollars that the drafting is expected to take; None where the price is not known."""
        if price is None:
            return None
        asked = [_ask(prompts, self.who, commission) for commission in self.commissions]
        tokens = sum(budget.estimate_tokens(one.system) + budget.estimate_tokens(one.prompt) for one in asked)
        return price.cost(tokens, _REPLY_TOKENS * len(asked))


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftedPeople:
    """An audience that was made up from evidence, and what is to be known of it."""

    audience: Audience
    raked: Raked | None
    """None without margins."""
    margins: population.Margins | None
    """The margins as they were reached, with the levels that were merged."""
    doubts: tuple[vetting.Doubt, ...]
    dropped: tuple[str, ...]
    """Who was left out, and why, in one line each."""
    cost_usd: float | None

    def say_raking(self) -> str:
        """Return how the weights were made, in sentences; empty without margins."""
        if self.raked is None or self.margins is None:
            return ""
        raked, people = self.raked, len(self.audience.personas)
        reached = (
            f"every margin is met to {100 * raked.gap:.1f} points"
            if raked.converged
            else f"margins are missed by up to {100 * raked.gap:.1f} points, because weights stay from 0.3 to 3"
        )
        return (
            f"Weights are raked to {', '.join(self.margins.shares)} in {raked.rounds} "
            f"round{'s' if raked.rounds != 1 else ''}: {reached}. They run from {min(raked.weights):.2f} to "
            f"{max(raked.weights):.2f}; {people} people count as {raked.effective:.1f}."
        )


def plan_people(
    who: str,
    source: source_rows.SourceRows,
    size: int,
    *,
    margins: population.Margins | None = None,
    seed: int = 0,
    on_empty: population.OnEmpty = "merge",
) -> PeoplePlan:
    """Return whom to draft: quotas are filled exactly, and every row is dealt before any is dealt again."""
    who = " ".join(templating.clean_text(who).split())
    if not who or len(who) > _MOST_WHO:
        raise InputError(f"say who is wanted in 1 to {_MOST_WHO} characters, such as 'people who resell clothes'")
    if not FIRST <= size <= MOST_PEOPLE:
        raise InputError(f"{name_option('size', size)}: give a whole number from {FIRST} to {MOST_PEOPLE}")
    fitted = margins.fit(size, on_empty) if margins is not None else None
    places = population.deal_places(fitted, size, seed) if fitted is not None else [{} for _ in range(size)]
    commissions = tuple(
        Commission(number=number, place=place, rows=source.deal(number, ROWS_EACH, seed))
        for number, place in enumerate(places)
    )
    return PeoplePlan(who=who, source=source, commissions=commissions, margins=fitted, on_empty=on_empty)


async def ask_people(
    plan: PeoplePlan,
    connection: connecting.Connection,
    name: str,
    show: Show,
    on_person: Callable[[DraftedPerson], None] | None = None,
) -> DraftedPeople | None:
    """Draft the first people, show them, then draft the others; None if `show` says no.

    Every reply is kept, so the same call goes on where it ended. Raises BudgetReached where the limit leaves no room,
    EngineUnavailable where no reply can be had, and InputError where nobody could be drafted.
    """
    async with connecting.open_line(connection) as line:
        if line.asker.form == "completion":
            raise InputError(
                "this model goes on with a page and fills in no form, so it cannot quote rows; choose "
                f"{name_option('form', 'chat')} or {name_option('engine', 'openai')}"
            )
        flow = session.Flow(line.concurrency, connection.asking.stop, breaker=line.breaker)
        ask = partial(_draft, line, plan.who)
        first = await flow.ask_all(plan.commissions[:FIRST], ask, _fail, on_person)
        _check_paid(first)
        if not show(tuple(first)):
            return None
        drafted = [*first, *await flow.ask_all(plan.commissions[FIRST:], ask, _fail, on_person)]
        _check_paid(drafted)
        spent = round(line.budget.spent, 6) if line.budget.price is not None else None
        model = line.engine.model
    return _conclude(plan, drafted, name, model, spent)


@accept_only(_TAKES, who=A_TEXT)
def draft_people(
    who: str,
    source: source_rows.SourceRows,
    *,
    size: int = 40,
    show: Show,
    name: str = "drafted",
    margins: population.Margins | None = None,
    seed: int = 0,
    on_empty: population.OnEmpty = "merge",
    **options: Unpack[run_options.TalkOptions],
) -> DraftedPeople | None:
    """Have people made up from evidence; `show` sees the first three and decides whether the others follow.

    **Parameters**

    - `who`: whom the people stand for, such as "people who resell clothes in Leeds".
    - `source`: the rows, from `toolkit.audiences.sources.source_rows.read_rows`.
    - `size`: how many people, 3 to 500.
    - `show`: called with the first three; returns whether to go on.
    - `name`: name of the audience.
    - `margins`: shares to fill and to weight to, from `toolkit.audiences.sources.margins.load_margins`.
    - `seed`: decides which rows and which quotas meet.
    - `on_empty`: "merge" joins a level that nobody is in with its neighbour, "refuse" raises InputError.
    - The other options say what is asked and what it may cost, as for `toolkit.interview`.

    Returns None if `show` says no.
    """
    plan = plan_people(who, source, size, margins=margins, seed=seed, on_empty=on_empty)
    connection = connecting.make_connection(options)
    drafted: DraftedPeople | None = background.run_blocking(lambda: ask_people(plan, connection, name, show))
    return drafted


def _ask(prompts: Prompts, who: str, commission: Commission, refused: str | None = None) -> exchange.Question:
    prompt = prompts.render(
        "people.j2",
        who=who,
        place=commission.place,
        rows=commission.rows,
        ages=commission.ages,
        initial=commission.initial,
        refused=refused,
        token=BOUNDARY,
    )
    system = prompts.render("people_system.j2")
    return exchange.Question(kind="other", system=system, prompt=prompt, schema=_SCHEMA, max_tokens=_MOST_TOKENS)


async def _draft(line: connecting.Line, who: str, commission: Commission) -> DraftedPerson:
    """Return a person whose quotes stand in the rows; a fault is told to the model once."""
    usage, refused = Usage(), None
    about = Draft(id="people", text=who)
    for _ in range(2):
        question = _ask(line.prompts, who, commission, refused)
        reply = await line.find_reply(Task(None, about, 0, commission.number), question, _read, usage)
        if isinstance(reply, connecting.Unanswered):
            status = "refused" if reply.refused else "failed"
            return DraftedPerson(commission=commission, status=status, error=reply.why, usage=usage)
        said = _read(reply.text)
        refused, cited = _find_fault(said, commission)
        if refused is None:
            return DraftedPerson(
                commission=commission, status="ok", persona=_make(said, commission), cited=cited, usage=usage
            )
    return DraftedPerson(commission=commission, status="dropped", error=refused, usage=usage)


def _fail(commission: Commission, error: str, unasked: session.Unasked) -> DraftedPerson:
    return DraftedPerson(commission=commission, status="failed", error=error, is_unpaid=unasked == "unpaid")


def _check_paid(drafted: Sequence[DraftedPerson]) -> None:
    unpaid = next((one for one in drafted if one.is_unpaid), None)
    if unpaid is not None:
        raise BudgetReached(unpaid.error or "")


def _read(text: str) -> dict[str, Any]:
    """Return the fields of a reply, cleaned."""
    fields = answers.read_object(text, ("name", "age", "about", "quotes"))
    name, age, about, quotes = (fields.get(field) for field in ("name", "age", "about", "quotes"))
    if not isinstance(name, str) or not isinstance(about, str) or not name.strip() or not about.strip():
        raise BadReply("name or about is empty")
    if isinstance(age, bool) or not isinstance(age, int):
        raise BadReply("age is no whole number")
    if not isinstance(quotes, list) or not all(isinstance(one, dict) for one in quotes):
        raise BadReply("quotes is no list of rows and texts")
    told = [(one.get("row"), one.get("text")) for one in quotes]
    if not all(isinstance(row, int) and isinstance(said, str) for row, said in told):
        raise BadReply("a quote has no row or no text")
    return {"name": _tidy(name), "age": age, "about": _tidy(about), "quotes": told}


def _tidy(text: str) -> str:
    return " ".join(privacy.redact(templating.clean_text(text)).split())


def _find_fault(said: Mapping[str, Any], commission: Commission) -> tuple[str | None, tuple[records.Cited, ...]]:
    """Return what is wrong with a person, in one line, and the quotes that stand in the rows."""
    low, high = commission.ages or (13, 100)
    if not low <= said["age"] <= high:
        return f"the age {said['age']} is not from {low} to {high}", ()
    if not _LEAST_ABOUT <= len(said["about"]) <= _MOST_ABOUT:
        return f"about has {len(said['about'])} characters, not {_LEAST_ABOUT} to {_MOST_ABOUT}", ()
    cited = []
    for number, text in said["quotes"][:_MOST_QUOTES]:
        row = source_rows.find_quote(text, number, commission.rows)
        if row is None:
            shown = source_rows.tidy_quote(text)[:80]
            return f"the quote “{shown}” does not stand in row {number}, or has fewer than four words", ()
        cited.append(records.Cited(row=row.number, quote=source_rows.tidy_quote(text)))
    if not cited:
        return "there is no quote", ()
    return None, tuple(cited)


def _make(said: Mapping[str, Any], commission: Commission) -> Persona:
    return Persona(
        id=_make_id(said["name"]),
        name=said["name"][:60],
        age=said["age"],
        segments=dict(commission.place),
        about=said["about"],
    )


def _make_id(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "person"


def _conclude(
    plan: PeoplePlan, drafted: Sequence[DraftedPerson], name: str, model: str, spent: float | None
) -> DraftedPeople:
    """Return the audience of those who were drafted, weighted and vetted."""
    kept, seen = [], Counter[str]()
    for one in drafted:
        if one.persona is not None:
            seen[one.persona.id] += 1
            number = seen[one.persona.id]
            own = one.persona.id if number == 1 else f"{one.persona.id}-{number}"
            kept.append((one.persona.model_copy(update={"id": own}), one.cited))
    dropped = tuple(f"person {one.commission.number + 1}: {one.error}" for one in drafted if one.persona is None)
    if not kept:
        raise InputError(f"nobody could be drafted: {dropped[0]}; choose a larger model, or {name_step('again')}")
    people = [persona for persona, _ in kept]
    raked, reached = None, plan.margins
    if reached is not None:
        reached = reached.keep([persona.segments for persona in people], plan.on_empty)
        places = [reached.place(persona.segments) for persona in people]
        raked = rake(places, reached.shares)
        people = [
            persona.model_copy(update={"weight": weight, "segments": place})
            for persona, weight, place in zip(people, raked.weights, places, strict=True)
        ]
    source = plan.source
    origin = f"made up by {model} from {len(source.rows):,} rows of {source.name} (SHA-256 {source.digest[:12]})"
    weighted = "" if reached is None else f"; weighted to {reached.source or 'margins given'}"
    audience = Audience(
        audience=name,
        description=plan.who,
        source=f"{origin}{weighted}",
        personas=tuple(people),
        evidence={persona.id: cited for persona, (_, cited) in zip(people, kept, strict=True)},
    )
    return DraftedPeople(
        audience=audience,
        raked=raked,
        margins=reached,
        doubts=tuple(vetting.find_doubts(audience)),
        dropped=dropped,
        cost_usd=spent,
    )
