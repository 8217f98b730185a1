"""A draft written anew from what people held against it: by the same engine, held to its facts and limits.

Draft, objections and wish are untrusted text between marks. What comes back is used only where it differs, fits the
surface's hard limits, keeps every link, price, number, name and placeholder, and states no new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Unpack

from toolkit.drafts import diff, facts
from toolkit.drafts.lint import lint
from toolkit.drafts.surfaces import find_surface
from toolkit.errors import ArgumentKind, BudgetReached, InputError, accept_only, check_options
from toolkit.files import templating
from toolkit.improve.objections import Objection, choose_objections, list_objections
from toolkit.improve.streaming import hear_spoken, write_spoken
from toolkit.models import Draft, Record, exchange, records
from toolkit.panel import background, connecting, run_options
from toolkit.questionnaire import BOUNDARY, BadReply, Prompts, Task, Usage, answers, repairs
from toolkit.results import Run

MOST_WISHED = 1_000
"""Characters of a wish."""
NEXT_STEP = "answer fewer objections, choose a stronger model, or write it by hand"
BASE_MODEL = "A base model wrote this: it wanders and makes things up. Read every word before you use any of it."
_MOST_REWRITTEN = 20_000
_MOST_TOKENS = 4_000
_SPOKEN = {"type": "string", "pattern": r"\S"}
_A_RUN = ArgumentKind("a Run", lambda value: isinstance(value, Run))


class Rewrite(Record):
    """A new version, or why there is none."""

    draft: Draft | None
    """Null where no usable version came."""
    note: str = ""
    """What the model says it changed."""
    problem: str | None = None
    """What was wrong with what came, in one line."""
    over_budget: bool = False
    """Whether the cost limit left no room to ask."""
    cost_usd: float | None = None
    """Dollars spent on it now; null where the price is not known."""
    unanswered: tuple[str, ...] = ()
    """Objections left out, because they are copied from the draft or what a model says of itself."""


class Rewriter:
    """Writes the questions of a rewrite."""

    def __init__(self, prompts: Prompts) -> None:
        self._prompts = prompts

    def ask(self, draft: Draft, objections: Sequence[str], wish: str, refused: str | None = None) -> exchange.Question:
        """Ask a chat model for every worded part of the draft anew."""
        parts = _list_parts(draft)
        prompt = self._prompts.render(
            "rewrite.j2",
            surface=find_surface(draft.surface),
            parts={name: " | ".join(value) if isinstance(value, tuple) else value for name, value in parts.items()},
            objections=objections,
            wish=wish,
            limits=list(_say_limits(draft)),
            facts=[fact.text for fact in facts.find_facts(_join(draft))],
            refused=refused,
            token=BOUNDARY,
        )
        schema = {
            "type": "object",
            "properties": {
                **{name: _shape_of(value) for name, value in parts.items()},
                "changed": {"type": "string"},
            },
            "required": [*parts, "changed"],
            "additionalProperties": False,
        }
        system = self._prompts.render("rewrite_system.j2")
        return exchange.Question(kind="rewrite", system=system, prompt=prompt, schema=schema, max_tokens=_MOST_TOKENS)

    def complete(self, draft: Draft, objections: Sequence[str], wish: str) -> exchange.Question:
        """Ask a base model to go on with a page of rewritten messages; only the text is written anew."""
        reasons = " ".join(write_spoken(reason) for reason in [*objections[:3], wish] if reason)
        post = write_spoken(draft.text)
        prompt = self._prompts.render("rewrite_completion.j2", post=post, objection=reasons or "It does not hold me.")
        most = max(60, min(2 * len(post), 600))
        grammar = rf'root ::= [^"\n]{{10,{most}}} "\""'
        return exchange.Question(
            kind="rewrite", prompt=prompt, grammar=grammar, stop=('"', "\n"), max_tokens=most // 2,
            sampling={"temperature": 0.7, "top_p": 0.9},
        )  # fmt: skip


async def write_anew(line: connecting.Line, draft: Draft, objections: Sequence[str], wish: str = "") -> Rewrite:
    """Return the draft written anew, or why none could be used; only BudgetReached and EngineUnavailable escape.

    A chat model whose version has a fault is told so once and asked again. The new draft keeps id, surface and every
    part that holds no words. An objection that is nobody's own is not answered: the version says which.
    """
    wish = check_wish(wish)
    borrowed = tuple(one for one in objections if repairs.find_borrowed(one, draft) is not None)
    objections = [one for one in objections if one not in borrowed]
    if not objections and not wish:
        why = "every objection is copied from the draft or the model's own; " if borrowed else ""
        raise InputError(f"there is nothing to rewrite for: {why}choose an objection, or say what you wish")
    written = await _write_anew(line, draft, objections, wish)
    return written.model_copy(update={"unanswered": borrowed})


async def _write_anew(line: connecting.Line, draft: Draft, objections: Sequence[str], wish: str) -> Rewrite:
    if len(_join(draft)) > _MOST_REWRITTEN:
        raise InputError(f"draft {draft.id!r} is longer than {_MOST_REWRITTEN:,} characters; shorten it by hand first")
    rewriter, usage, asked = Rewriter(line.prompts), Usage(), (wish,)
    if line.asker.form == "completion":
        parse = partial(_read_text, draft=draft, asked=asked)
        return await _try(line, draft, rewriter.complete(draft, objections, wish), parse, usage)
    first = await _try(line, draft, rewriter.ask(draft, objections, wish), partial(_read_parts, draft=draft), usage)
    fault = find_fault(draft, first.draft, *asked) if first.draft else None
    if fault is None:
        return first
    sound = partial(_read_sound, draft=draft, asked=asked)
    return await _try(line, draft, rewriter.ask(draft, objections, wish, fault), sound, usage)


async def ask_rewrite(
    draft: Draft, objections: Sequence[Objection], wish: str, connection: connecting.Connection
) -> Rewrite:
    """Open the connection, write the draft anew, and say what that cost."""
    async with connecting.open_line(connection) as line:
        try:
            written = await write_anew(line, draft, [one.text for one in objections], wish)
        except BudgetReached as error:
            written = Rewrite(draft=None, problem=str(error), over_budget=True)
        spent = round(line.budget.spent, 6) if line.budget.price is not None else None
    return written.model_copy(update={"cost_usd": spent})


def rewrite_draft(
    draft: Draft, objections: Sequence[Objection], *, wish: str = "", **options: Unpack[run_options.TalkOptions]
) -> Rewrite:
    """Write a draft anew from objections to it, whichever run they are of; options as for `rewrite`."""
    check_options(options, ("wish", *run_options.TalkOptions.__annotations__), "rewrite_draft")
    connection = connecting.make_connection(options)
    written: Rewrite = background.run_blocking(lambda: ask_rewrite(draft, objections, wish, connection))
    return written


@accept_only(run_options.TalkOptions.__annotations__, run=_A_RUN)
def rewrite(
    run: Run,
    draft: str | None = None,
    *,
    objections: Sequence[int | Objection] = (),
    wish: str = "",
    **options: Unpack[run_options.TalkOptions],
) -> Rewrite:
    """Have a draft of a run written anew from what people held against it.

    The new version keeps every link, price, number, name and placeholder, makes up none, and fits the limits of its
    surface. A version that does not is asked for once more. If that fails too, `draft` is None and `problem` says why.

    **Parameters**

    - `run`: the run whose people raised the objections.
    - `draft`: the id of the draft; the first of the run if left out.
    - `objections`: which to answer, by number as `list_objections` counts them, or themselves; all if left out.
    - `wish`: what else you want of the wording, in at most 1,000 characters.
    - `engine`, `model`, `base_url`, `api_key`, `endpoint`: what writes, as for `run`.
    - `timeout`, `header`, `query`, `max_tokens`, `reasoning_effort`: how it is asked, as for `run`.
    - `price`, `max_cost`: dollars per million tokens, and dollars that this cannot pass; at it `over_budget` is true.
    - `concurrency`, `rpm`, `tpm`, `store`, `prompts`: as for `run`.

    Raises InputError for anything that cannot be used, before anything is asked, and EngineUnavailable where no reply
    can be had.

    Examples:
        >>> import json, tempfile
        >>> from toolkit.engines import EngineBase
        >>> from toolkit.models import Draft
        >>> from toolkit.models.exchange import Reply
        >>> class Editor(EngineBase):
        ...     model = "editor-1"
        ...     async def ask(self, question):
        ...         said = {"first_glance": "stop", "action": "read", "verbatim": "Hm.", "objection": "It is long."}
        ...         if question.kind == "rewrite":
        ...             said = {"text": "Pay for it in the chat.", "changed": "Shorter."}
        ...         ratings = dict.fromkeys(["relevance", "clarity", "trust", "appeal", "intent"], 3)
        ...         text = json.dumps({"quotes": [], "ratings": ratings} | said)
        ...         return Reply(text=text, engine=self.name, model=self.model)
        >>> draft = Draft(id="long", text="From now on you can pay for it right here in the chat.")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     options = {"engine": Editor(), "store": f"{folder}/replies.sqlite"}
        ...     tested = toolkit.run(draft, "uk-small-sellers", rating="direct", sample=2, **options)
        ...     written = toolkit.rewrite(tested, "long", **options)
        >>> written.draft.text
        'Pay for it in the chat.'
    """
    name = draft if draft is not None else run.drafts[0]
    listed = list_objections(run, name)
    numbers = [one for one in objections if isinstance(one, int)]
    given = [one for one in objections if isinstance(one, Objection)]
    chosen = choose_objections(listed, numbers) if numbers or not given else []
    before = next(one for one in run.methods.campaign.drafts if one.id == name)
    return rewrite_draft(before, [*chosen, *given], wish=add_brief(wish, run), **options)


def add_brief(wish: str, run: Run) -> str:
    """Return the wish with the brief of the run's campaign after it, as far as there is room for it."""
    brief = run.methods.campaign.brief
    if brief is None or len(wish) >= MOST_WISHED:
        return wish
    return f"{wish.strip()} {brief.describe()}".strip()[:MOST_WISHED]


def find_fault(before: Draft, after: Draft, *asked: str) -> str | None:
    """Return why a new version cannot be used, in one line, or None: the first of what is wrong.

    `asked` is what the writer wishes: what it mentions is not made up. An objection is no source of facts: it is the
    word of a model.
    """
    old, new = _join(before), _join(after)
    if _squeeze(old) == _squeeze(new):
        return "it says the same as before"
    lost = facts.find_lost(old, new)
    if lost:
        return f"it loses the {lost[0].kind} {lost[0].text!r}" + _count_more(len(lost))
    label = find_surface(before.surface).label
    sources = [old, before.price or "", before.place or "", before.link or "", label, *asked]
    invented = facts.find_invented("\n".join(sources), new)
    if invented:
        return f"it makes up the {invented[0].kind} {invented[0].text!r}" + _count_more(len(invented))
    known = {finding.field for finding in lint(before) if finding.severity == "error"}
    for finding in lint(after):
        if finding.severity == "error" and finding.field not in known:
            return finding.message
    return None


def check_wish(wish: str) -> str:
    """Return the wish, trimmed; raise InputError where it is too long."""
    wish = templating.clean_text(wish).strip()
    if len(wish) > MOST_WISHED:
        raise InputError(f"the wish has {len(wish):,} characters; say it in at most {MOST_WISHED:,}")
    return wish


async def _try(line: connecting.Line, draft: Draft, question: exchange.Question, parse: Any, usage: Usage) -> Rewrite:
    reply = await line.find_reply(Task(None, draft, 0, 0), question, parse, usage)
    if isinstance(reply, connecting.Unanswered):
        refused = "the model declined: " if reply.refused else ""
        return Rewrite(draft=None, problem=f"{refused}{reply.why}; {NEXT_STEP}")
    written: Rewrite = parse(reply.text)
    return written


def _read_parts(text: str, draft: Draft) -> Rewrite:
    """Read a chat model's reply: every worded part of the draft, and what was changed."""
    fields = answers.read_object(text, (*_list_parts(draft), "changed"))
    parts: dict[str, Any] = {}
    for name in _list_parts(draft):
        value = fields.get(name)
        if name in records.LIST_FIELDS:
            if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
                raise BadReply(f"{name} is not a list of texts")
            parts[name] = tuple(templating.clean_text(item).strip() for item in value)
        elif not isinstance(value, str) or not value.strip():
            raise BadReply(f"{name} is empty")
        else:
            parts[name] = templating.clean_text(value).strip()
    note = fields.get("changed")
    said = " ".join(templating.clean_text(note).split()) if isinstance(note, str) else ""
    return Rewrite(draft=draft.model_copy(update=parts), note=said[:600])


def _read_sound(text: str, draft: Draft, asked: Sequence[str]) -> Rewrite:
    written = _read_parts(text, draft)
    fault = find_fault(draft, written.draft, *asked) if written.draft else None
    if fault is not None:
        raise BadReply(fault, repairs.UNSOUND)
    return written


def _read_text(text: str, draft: Draft, asked: Sequence[str]) -> Rewrite:
    """Read a base model's completion; a fault is a bad reply at once, since it cannot be told."""
    said = hear_spoken(templating.clean_text(text))
    if not any(letter.isalpha() for letter in said):
        raise BadReply("the completion holds no text")
    after = draft.model_copy(update={"text": said})
    fault = find_fault(draft, after, *asked)
    if fault is not None:
        raise BadReply(fault, repairs.UNSOUND)
    return Rewrite(draft=after, note=BASE_MODEL)


def _list_parts(draft: Draft) -> dict[str, str | tuple[str, ...]]:
    return {name: getattr(draft, name) for name in diff.WORDED if getattr(draft, name)}


def _shape_of(value: str | tuple[str, ...]) -> dict[str, Any]:
    return {"type": "array", "items": _SPOKEN} if isinstance(value, tuple) else _SPOKEN


def _join(draft: Draft) -> str:
    parts = _list_parts(draft).values()
    return "\n".join("\n".join(value) if isinstance(value, tuple) else value for value in parts)


def _say_limits(draft: Draft) -> list[str]:
    """Return the limits on the draft's worded parts in words, the one that hides text included."""
    does = {"hard": "at most", "recommended": "best at most", "fold": "before it is folded away,"}
    return [
        f"{limit.field}: {does[limit.kind]} {limit.value:,} {limit.unit}"
        for limit in find_surface(draft.surface).limits
        if limit.field in _list_parts(draft) and limit.holds_for(draft)
    ]


def _squeeze(text: str) -> str:
    return " ".join(templating.clean_text(text).split())


def _count_more(count: int) -> str:
    return f" and {count - 1} more" if count > 1 else ""
