"""The functions behind `import toolkit`: files in, runs out, with sensible defaults."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from toolkit.engines import DEFAULT_MODEL, Engine, base, make_batch_engine, reaching
from toolkit.errors import InputError, check_options, name_option
from toolkit.models import exchange
from toolkit.panel.background import run_blocking
from toolkit.panel.connecting import make_tuning, open_engine
from toolkit.panel.estimating import Estimate, estimate_plan, join_estimates
from toolkit.panel.planning import Plan, make_plan
from toolkit.panel.resolving import (
    AudienceLike,
    DraftsLike,
    OneAudience,
    default_objective,
    resolve,
    resolve_audiences,
    settle_settings,
)
from toolkit.panel.run_options import (
    AnyEngine,
    Asking,
    AskingOptions,
    EstimateOptions,
    OnNote,
    PricingOptions,
    RunOptions,
    SettingsOptions,
    default_store,
    find_embedding_price,
    find_price,
    make_asking,
    make_settings,
    pick_settings,
)
from toolkit.panel.session import carry_out
from toolkit.panel.sharing import Share, join_share
from toolkit.panel.splitting import split_plan
from toolkit.panel.unanswered import Outstanding, find_outstanding
from toolkit.store import Store, shards

if TYPE_CHECKING:
    from toolkit.results import Run

__all__ = [
    "Asking",
    "AskingOptions",
    "AudienceLike",
    "DraftsLike",
    "EstimateOptions",
    "OneAudience",
    "RunOptions",
    "SettingsOptions",
    "Share",
    "arun",
    "ask_plan",
    "ask_together",
    "default_objective",
    "default_store",
    "estimate",
    "find_price",
    "make_asking",
    "make_settings",
    "open_shared",
    "plan",
    "price_asking",
    "price_plan",
    "resolve_audiences",
    "run",
    "settle_settings",
]

_LATEST_REPLIES = 200
"""Stored replies of a model that tell how long its next ones will be."""


def plan(drafts: DraftsLike, audience: AudienceLike = None, **options: Unpack[SettingsOptions]) -> Plan:
    """Return what a run would ask, with nothing asked: the panel, every question, what it can tell apart.

    `drafts`, `audience` and the options are those of `run` that say what is asked: `objective`, `rating`, `sample`,
    `repeats`, `seed`, `control`, `head_to_head`, `forecast`, `keep_weights`, `language`, `prompts`. Raises InputError
    for anything that cannot be used.

    Examples:
        >>> planned = toolkit.plan("examples/paypal-invoices.yaml", "uk-small-sellers", sample=6, control=False)
        >>> len(planned.panel), len(planned.tasks)
        (6, 12)
    """
    check_options(options, SettingsOptions.__annotations__, "plan")
    found = resolve(drafts, audience, options)
    return make_plan(found.campaign, found.audiences, found.settings)


async def arun(drafts: DraftsLike, audience: AudienceLike = None, **options: Unpack[RunOptions]) -> Run:
    """Test drafts on an audience and return the run; the form of `run` for async code, with the same options.

    Setting the event `stop` ends the calls in flight and returns what came; `halt` waits for them and may raise
    Interrupted.

    Examples:
        >>> import asyncio
        >>> asyncio.run(toolkit.arun("examples/paypal-invoices.yaml", "uk-small-sellers", sampel=6))
        Traceback (most recent call last):
        toolkit.errors.InputError: unknown option 'sampel'; did you mean 'sample'?
    """
    check_options(options, RunOptions.__annotations__, "arun")
    asking = make_asking(options)
    wanted = options.get("progress", False)
    if not isinstance(wanted, bool):
        raise InputError(f"{name_option('progress', wanted)}: give True or False")
    planned = plan(drafts, audience, **pick_settings(options))
    asking = asking.adopt_models(planned.campaign)
    if not wanted:
        finished = await _ask(planned, asking)
    else:
        from toolkit.panel.progress_bar import show_progress

        with show_progress(planned, asking.on_reaction, asking.on_preference) as (hear, hear_choice):
            finished = await _ask(planned, replace(asking, on_reaction=hear, on_preference=hear_choice))
    from toolkit.results import conclude_run

    return conclude_run(finished, asking.store_path)


def run(drafts: DraftsLike, audience: AudienceLike = None, **options: Unpack[RunOptions]) -> Run:
    """Test drafts on an audience and return the run; works inside a notebook's running loop too.

    **Parameters**

    - `drafts`: what `load_drafts` returns, a path, a Draft or a list of them, or a Polars or pandas frame with the
      columns id, text, surface and so on.
    - `audience`: an Audience, its name or path, a list of Persona, or a frame of people with the columns id, name,
      age, about and weight, where any further column is a segment. Several audiences are told apart by the
      segment "audience". The campaign's own if left out.
    - `objective`: the action that counts as success; the campaign's own if left out.
    - `rating`: "ssr" (by similarity, with embeddings), "logprob" (by token probabilities) or "direct" (by the model).
    - `sample`: how many personas are drawn; everybody if left out.
    - `repeats`: independent answers per persona and draft, 1 to 100.
    - `seed`: decides the draw and the wordings.
    - `control`: whether a reader with no persona answers too.
    - `head_to_head`: whether personas also choose between every two drafts, in both orders.
    - `forecast`: whether the model is also asked how many of 100 such people would act on each draft.
    - `keep_weights`: whether weights of several audiences stay as given; else a person of each counts 1 on average.
    - `language`: the language of the answers, as a BCP 47 tag such as "pl"; each draft's own if left out.
    - `prompts`: a folder of templates that win over the built-in ones.
    - `engine`: "openai", "local", "replay", the name of a plugin, or an object of your own, see
      `toolkit.engines.EngineBase`.
    - `model`, `base_url`, `api_key`: which model, where, with which key; the key is never recorded.
    - `models`: several models, each NAME or ENDPOINT:NAME; people are split over them, see docs/method.md. The
      campaign's own if left out. `model` takes such a list, too.
    - `endpoint`: a named endpoint such as "openrouter" or "ollama", which brings address and key.
    - `timeout`: seconds to wait for one answer.
    - `header`, `query`: names and values sent with every request; a header is kept nowhere.
    - `max_tokens`, `reasoning_effort`: most tokens of a reply, thinking included, and how much the model thinks.
    - `embedding_model`: a model of the endpoint that embeds in place of the local one.
    - `form`: "chat", "page" (of worked examples) or "auto", by what suits a local model.
    - `price`: dollars per million prompt and completion tokens, such as (0.25, 2.0); the listed one if left out. Of
      several models, {"NAME": (0.25, 2.0)} gives one its own.
    - `max_cost`: dollars that the bill cannot pass.
    - `concurrency`: most questions in flight.
    - `rpm`, `tpm`: most requests and most tokens a minute.
    - `store`: the file that keeps replies; nothing in it is asked again.
    - `fail_fast`: whether nothing more is asked after the first failure.
    - `batch`: whether to use the provider's batch interface: half the price, within a day.
    - `workers`: Ray workers to spread the asking over, with the extra `ray`.
    - `on_reaction`, `on_preference`, `on_note`: called with each reaction, each choice, and what was sent in batches.
    - `progress`: whether a bar shows how many answers came.
    - `stop`, `halt`: asyncio events that end the run, see `arun`.

    Raises InputError for anything that cannot be used, before anything is asked, and EngineUnavailable where no reply
    can be had. An error of your own engine or callback comes through as it is; replies that came before it are kept,
    and the same call goes on from there. Reactions that failed are rows with status "failed": see `run.is_complete`.

    Examples:
        An engine of your own needs no key. This one has everybody like everything.

        >>> import json, tempfile
        >>> from toolkit.engines import EngineBase
        >>> from toolkit.models.exchange import Reply
        >>> class Fan(EngineBase):
        ...     model = "fan-1"
        ...     async def ask(self, question):
        ...         ratings = dict.fromkeys(["relevance", "clarity", "trust", "appeal", "intent"], 5)
        ...         said = {"first_glance": "stop", "action": "click", "verbatim": "I like it.", "objection": None}
        ...         text = json.dumps(said | {"quotes": [], "ratings": ratings})
        ...         return Reply(text=text, engine=self.name, model=self.model)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = f"{folder}/replies.sqlite"
        ...     tested = toolkit.run("examples/paypal-invoices.yaml", "uk-small-sellers", engine=Fan(), rating="direct",
        ...                          sample=3, control=False, store=store)
        >>> tested.counts.ok, tested.reactions["action"].unique().to_list()
        (6, ['click'])
    """
    check_options(options, RunOptions.__annotations__, "run")
    finished: Run = run_blocking(lambda: arun(drafts, audience, **options))
    return finished


async def ask_plan(planned: Plan, **options: Unpack[AskingOptions]) -> Run:
    """Ask what a plan lists and return the run; options as for `run`."""
    check_options(options, AskingOptions.__annotations__, "ask_plan")
    return await _ask(planned, make_asking(options).settle_model())


async def ask_together(planned: Plan, asking: Asking, store: Store, share: Share) -> Run:
    """Ask what a plan lists, beside other runs that ask the same engines, and return the run.

    The engines of the share are entered, one for each of the models that `asking` names.
    """
    asking = _settle_embedding(planned, asking)
    return await carry_out(planned, [join_share(one) for one in share.engines], store, asking, share)


def _settle_embedding(planned: Plan, asking: Asking) -> Asking:
    """Return how it is asked, with the endpoint's embedding model only where ratings need one."""
    asking.check_affordable()
    if asking.embedding_model is not None:
        _check_embedding(asking.engine_name, asking.embedding_model)
    return asking if planned.settings.rating == "ssr" else replace(asking, embedding_model=None)


async def _ask(planned: Plan, asking: Asking) -> Run:
    asking = _settle_embedding(planned, asking)
    path = asking.store_path
    with Store(path) as kept:
        shards.merge_left_shards(kept, path)
        if asking.workers is not None:
            return await _spread(planned, asking, kept)
        if asking.batch:
            return await _ask_in_batches(planned, asking, kept)
        engines = [open_engine(one.asking, kept) for one in asking.list_models()]
        return await carry_out(planned, engines, kept, asking)


def open_shared(asking: Asking, store: Store) -> Engine:
    """Return the engine that several runs are to ask, not yet entered; through batches where that is wanted."""
    if not asking.batch:
        return open_engine(asking, store)
    _check_batch(asking)
    return _make_batch(asking, store)


def _check_batch(asking: Asking) -> None:
    if asking.engine != "openai":
        raise InputError(
            f"{name_option('batch')}: the {asking.engine_name} engine has no batches; leave it out, "
            f"or choose {name_option('engine', 'openai')}"
        )


def _make_batch(one: Asking, kept: Store) -> Engine:
    return make_batch_engine(
        model=one.model, base_url=one.base_url, api_key=one.api_key, store=one.store_path,
        timeout=one.timeout, header=one.header, query=one.query, memory=kept,
        halt=one.halt, on_note=one.on_note,
    )  # fmt: skip


async def _ask_in_batches(planned: Plan, asking: Asking, kept: Store) -> Run:
    _check_batch(asking)
    notes = _Notes(asking.on_note)
    engines = [_make_batch(replace(one.asking, on_note=notes.take), kept) for one in asking.list_models()]
    try:
        return await carry_out(planned, engines, kept, replace(asking, concurrency=None))
    except Exception as error:
        if notes.error is not None and notes.error is not error:
            raise notes.error from None
        raise


class _Notes:
    """Hands notes on, and remembers what the listener raised: the engine ends the run for it."""

    def __init__(self, tell: OnNote | None) -> None:
        self.error: Exception | None = None
        self._tell = tell

    def take(self, note: str) -> None:
        """Hand a note on."""
        if self._tell is None:
            return
        try:
            self._tell(note)
        except Exception as error:
            self.error = error
            raise


async def _spread(planned: Plan, asking: Asking, kept: Store) -> Run:
    from toolkit.panel.ray import carry_out_on_workers

    _check_workers(asking)
    return await carry_out_on_workers(planned, kept, asking)


def estimate(drafts: DraftsLike, audience: AudienceLike = None, **options: Unpack[EstimateOptions]) -> Estimate:
    """Return calls, tokens, dollars, minutes and the detectable difference of a run, with nothing asked.

    `drafts`, `audience` and options as for `run`: all that say what is asked, and of those that say how `engine`,
    `model`, `models`, `base_url`, `endpoint`, `embedding_model`, `price` (dollars per million tokens), `concurrency`,
    `store`, `batch`, `max_cost`, `max_tokens` and `reasoning_effort`. Under a `max_cost` it also says whether replies
    keep their room for what a model thinks before it answers. Reactions and vectors that the store holds are taken off,
    for an endpoint's models; the local engine's are not looked up. Raises InputError for anything that cannot be used.

    Examples:
        >>> takes = toolkit.estimate("examples/paypal-invoices.yaml", "uk-small-sellers", engine="local", sample=6)
        >>> takes.reactions, takes.cost_usd
        (12, 0.0)
    """
    check_options(options, EstimateOptions.__annotations__, "estimate")
    asking = make_asking(options)
    planned = plan(drafts, audience, **pick_settings(options))
    asking = asking.adopt_models(planned.campaign)
    return _price(planned, asking, asking.engine)


def price_plan(planned: Plan, engine: AnyEngine | str, **options: Unpack[PricingOptions]) -> Estimate:
    """Return what a plan would take beyond what the store holds; options as for `estimate`, settings apart.

    `engine` may also be the name of one that nothing is known of.
    """
    check_options(options, PricingOptions.__annotations__, "price_plan")
    return _price(planned, make_asking(options).settle_model(), engine)


def price_asking(planned: Plan, asking: Asking) -> Estimate:
    """Return what a plan would take if it were asked in this way."""
    return _price(planned, asking, asking.engine)


def _price(planned: Plan, asking: Asking, engine: AnyEngine | str) -> Estimate:
    if not asking.models:
        return _price_one(planned, asking, engine)
    voices = asking.list_models()
    split = split_plan(planned, [one.name for one in voices])
    shares = [
        replace(
            planned,
            tasks=tuple(task for task in planned.tasks if split.find(task) == number),
            pairings=tuple(one for one in planned.pairings if split.find(one.task) == number),
        )
        for number in range(len(voices))
    ]
    found = [
        _price_one(share, one.asking, engine if isinstance(one.asking.engine, str) else one.asking.engine)
        for share, one in zip(shares, voices, strict=True)
    ]
    return join_estimates(planned, split, found)


def _price_one(planned: Plan, asking: Asking, engine: AnyEngine | str) -> Estimate:
    name, voice, form = _hear(engine, asking)
    planned.check_form(form)
    embeds = asking.embedding_model if planned.settings.rating == "ssr" and name != "replay" else None
    if embeds is not None:
        _check_embedding(name, embeds)
    path = asking.store_path
    is_kept = (name == "openai" or not isinstance(engine, str)) and path.is_file()
    with Store(path if is_kept else Path(":memory:")) as kept:
        at_place, tuning = _find_endpoint(engine, asking), make_tuning(asking)
        look_up = partial(find_outstanding, planned, kept, voice, form, embeds, endpoint=at_place, tuning=tuning)
        outstanding: Outstanding = run_blocking(look_up)
        replies = kept.list_latest(voice, _LATEST_REPLIES)
    price, at = asking.price, asking.base_url
    return estimate_plan(
        planned,
        name,
        find_price(engine, asking.model, at, price, batch=asking.batch),
        asking.concurrency,
        outstanding=outstanding,
        replies=replies,
        batch=asking.batch,
        embedding_price=find_embedding_price(engine, embeds, at, price, asking.model),
        limit=asking.max_cost,
        tuning=tuning,
    )


def _find_endpoint(engine: AnyEngine | str, asking: Asking) -> str | None:
    """Return the place whose stored replies would answer; None where those of any would."""
    if not isinstance(engine, str):
        return base.adapt_engine(engine).endpoint
    if engine != "openai":
        return "local" if engine == "local" else None
    return reaching.name_endpoint(asking.base_url or os.environ.get("OPENAI_BASE_URL"))


def _hear(engine: AnyEngine | str, asking: Asking) -> tuple[str, str, exchange.Form]:
    """Return the name of an engine, the model that would answer, and the form it takes questions in."""
    if isinstance(engine, str):
        return engine, asking.model or DEFAULT_MODEL, _find_form(engine, asking)
    adapted = base.adapt_engine(engine)
    return adapted.name, adapted.model, adapted.form


def _find_form(engine: str, asking: Asking) -> exchange.Form:
    if engine != "local":
        return "completion" if asking.form == "page" else "chat"
    if asking.model is None:
        return "completion"
    from toolkit.engines import local  # brings the SDK along, which a replay goes without

    return local.choose_form(local.find_model(asking.model), asking.form)


def _check_embedding(engine: str, model: str) -> None:
    """Raise InputError where an embedding model is named for an engine that asks no endpoint for vectors."""
    if engine == "local":
        named = name_option("embedding_model", model)
        raise InputError(f"{named}: the local engine embeds with its own model; leave the option out")


def _check_workers(asking: Asking) -> None:
    """Raise InputError where a run cannot be spread over workers."""
    named = name_option("workers", asking.workers)
    leave = f"leave {name_option('workers')} out"
    if any(one.asking.engine != "openai" for one in asking.list_models()):
        raise InputError(f"{named}: only {name_option('engine', 'openai')} spreads over workers; {leave}")
    if asking.api_key is not None and not asking.has_key_of_preset:
        raise InputError(
            "workers take the key from their own environment; set OPENAI_API_KEY there, and leave "
            f"{name_option('api_key')} out"
        )
    if asking.batch:
        raise InputError(
            f"{named}: a batch waits on the provider's machines; {leave}, or leave {name_option('batch')} out"
        )
    if asking.fail_fast:
        raise InputError(f"{named}: workers do not stop together; {leave}, or leave {name_option('fail_fast')} out")
