"""The functions behind `import toolkit`: files in, runs out, with sensible defaults."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
from pydantic import ValidationError

from toolkit.audiences import load_audience
from toolkit.drafts import load_drafts
from toolkit.drafts.surfaces import find_surface
from toolkit.engines import DEFAULT_MODEL, Engine, Price, budget, check_embedding_model, make_batch_engine, make_engine
from toolkit.errors import InputError
from toolkit.files import Located, make_record
from toolkit.models import Audience, Campaign, Draft, Settings, exchange, records
from toolkit.panel.background import run_blocking
from toolkit.panel.estimating import Estimate, estimate_plan
from toolkit.panel.planning import Plan, make_plan
from toolkit.panel.session import OnPreference, OnReaction, carry_out
from toolkit.panel.unanswered import Outstanding, find_outstanding
from toolkit.questionnaire import Prompts
from toolkit.results import Run, conclude_run
from toolkit.store import Store, shards

if TYPE_CHECKING:
    from toolkit.audiences import streaming

_LATEST_REPLIES = 200
"""Stored replies of a model that tell how long its next ones will be."""

DraftsLike = Campaign | Draft | Sequence[Draft] | str | Path
AudienceLike = Audience | str | Path | Sequence[Audience | str | Path] | None


def default_store() -> Path:
    """Return the file that keeps reactions: AUDIENCE_STORE, or one in the user's data folder."""
    named = os.environ.get("AUDIENCE_STORE")
    return Path(named) if named else platformdirs.user_data_path("audience-toolkit") / "reactions.sqlite"


def plan(
    drafts: DraftsLike,
    audience: AudienceLike = None,
    *,
    objective: str | None = None,
    rating: str = "ssr",
    sample: int | None = None,
    repeats: int = 1,
    seed: int = 0,
    control: bool = True,
    head_to_head: bool = False,
    prompts: str | Path | None = None,
) -> Plan:
    """Return what a run would ask. Arguments as for `run`."""
    campaign = _as_campaign(drafts)
    audiences = _as_audiences(
        audience if audience is not None else campaign.audience, _make_draw(audience, sample, seed)
    )
    settings = _make_settings(
        objective=objective or campaign.objective or default_objective(campaign),
        rating=rating,
        sample=sample,
        repeats=repeats,
        seed=seed,
        control=control,
        head_to_head=head_to_head,
    )
    return make_plan(campaign, audiences, settings, Prompts(Path(prompts) if prompts else None))


SETTINGS = frozenset(inspect.signature(plan).parameters) - {"drafts", "audience"}
"""Of a run's options, those that say what is asked; the others are those of `ask_plan`, and say how."""


async def arun(
    drafts: DraftsLike,
    audience: AudienceLike = None,
    *,
    store: str | Path | None = None,
    **options: Any,
) -> Run:
    """Test drafts on an audience and return the run; see `run`, of which this is the form for async code.

    Setting `stop` ends the calls in flight and returns what came; `halt` waits for them and may raise Interrupted.
    """
    settings = {name: options.pop(name) for name in SETTINGS & options.keys()}
    path = Path(store) if store else default_store()
    return conclude_run(await ask_plan(plan(drafts, audience, **settings), store=path, **options), path)


async def ask_plan(
    planned: Plan,
    *,
    engine: str | Engine = "openai",
    model: str | None = None,
    base_url: str | None = None,
    embedding_model: str | None = None,
    concurrency: int | None = None,
    price: tuple[float, float] | None = None,
    max_cost: float | None = None,
    store: str | Path | None = None,
    on_reaction: OnReaction | None = None,
    on_preference: OnPreference | None = None,
    api_key: str | None = None,
    rpm: float | None = None,
    tpm: float | None = None,
    fail_fast: bool = False,
    stop: asyncio.Event | None = None,
    halt: asyncio.Event | None = None,
    batch: bool = False,
    on_note: Callable[[str], None] | None = None,
    workers: int | None = None,
) -> Run:
    """Ask what a plan lists and return the run; options as for `run`."""
    _check_limits(engine, concurrency, rpm, tpm)
    known = find_price(engine, model, base_url, price, batch=batch)
    check_cost_limit(max_cost, known)
    path = Path(store) if store else default_store()
    named = {"model": model, "base_url": base_url, "api_key": api_key}
    common: dict[str, Any] = {
        "price": known,
        "max_cost": max_cost,
        "concurrency": None if batch else concurrency,
        "embedding_model": _find_embedding_model(planned, engine, embedding_model),
        "embedding_price": find_embedding_price(engine, embedding_model, base_url, price, model),
        "on_reaction": on_reaction,
        "on_preference": on_preference,
    }
    with Store(path) as kept:
        shards.merge_left_shards(kept, path)
        if workers is not None:
            _check_workers(workers, engine, api_key, fail_fast=fail_fast, batch=batch)
            where = {"name": engine, "model": model, "base_url": base_url, "rpm": rpm, "tpm": tpm}
            return await _spread(planned, kept, path, workers=workers, engine=where, **common)
        if batch:
            _check_batch(engine)
            asked = make_batch_engine(store=path, halt=halt, on_note=on_note, **named)
        else:
            asked = _open(engine, kept, rpm=rpm, tpm=tpm, **named)
        return await carry_out(planned, asked, kept, stop=stop, fail_fast=fail_fast, halt=halt, **common)


def _open(engine: str | Engine, kept: Store, **named: Any) -> Engine:
    return make_engine(engine, store=kept, **named) if isinstance(engine, str) else engine


async def _spread(planned: Plan, kept: Store, path: Path, **options: Any) -> Run:
    from toolkit.panel.ray import carry_out_on_workers

    place = await asyncio.to_thread(path.absolute)
    return await carry_out_on_workers(planned, kept, store_path=place, **options)


def run(drafts: DraftsLike, audience: AudienceLike = None, **options: Any) -> Run:
    """Test drafts on an audience and return the run; works inside a notebook's running loop too.

    `drafts` is what `load_drafts` returns, a path, or drafts; `audience` an audience, a name, a path, or several of
    these, whose personas are then told apart by the segment "audience". What the campaign file says of audience and
    objective holds where nothing is passed.

    Options: `engine` ("openai", "local", "replay", or an engine object), `model`, `base_url`, `embedding_model`,
    `objective`, `rating` ("ssr", "logprob", "direct"), `sample` (personas drawn), `repeats`, `seed`, `control`,
    `head_to_head` (also choose between every two drafts, in both orders), `concurrency` (most questions in flight),
    `rpm` and `tpm` (most requests and tokens a minute), `fail_fast` (ask nothing more after the first failure), `price`
    (dollars per million prompt and completion tokens), `max_cost` (dollars), `prompts` (a folder of templates that win
    over the built-in ones), `store` (a file), `api_key` (instead of OPENAI_API_KEY; never recorded), `on_reaction`
    (called with each reaction as it arrives), `on_preference` (the same for each choice between two drafts)
    and `workers` (Ray workers to spread the asking over, with the extra `ray`).

    Raises InputError for anything that cannot be used, before anything is asked, and EngineUnavailable where no reply
    can be had. Reactions that failed are rows with status "failed": see `run.is_complete`.
    """
    finished: Run = run_blocking(lambda: arun(drafts, audience, **options))
    return finished


def estimate(
    drafts: DraftsLike,
    audience: AudienceLike = None,
    *,
    engine: str = "openai",
    model: str | None = None,
    base_url: str | None = None,
    embedding_model: str | None = None,
    price: tuple[float, float] | None = None,
    concurrency: int | None = None,
    store: str | Path | None = None,
    batch: bool = False,
    **settings: Any,
) -> Estimate:
    """Return calls, tokens, dollars, minutes and the detectable difference of a run, with nothing asked.

    Reactions and vectors that the store holds are taken off, for an endpoint's models; the local engine's are not
    looked up. Other arguments as for `run`.
    """
    about: dict[str, Any] = {"model": model, "base_url": base_url, "embedding_model": embedding_model, "price": price}
    about |= {"concurrency": concurrency, "store": store, "batch": batch}
    return price_plan(plan(drafts, audience, **settings), engine, **about)


def price_plan(
    planned: Plan,
    engine: str,
    *,
    model: str | None = None,
    base_url: str | None = None,
    embedding_model: str | None = None,
    price: tuple[float, float] | None = None,
    concurrency: int | None = None,
    store: str | Path | None = None,
    batch: bool = False,
) -> Estimate:
    """Return what a plan would take beyond what the store holds; arguments as for `estimate`."""
    path = Path(store) if store else default_store()
    embeds = _find_embedding_model(planned, engine, embedding_model) if engine != "replay" else None
    known = path if engine == "openai" and path.is_file() else Path(":memory:")
    form: exchange.Form = "completion" if engine == "local" else "chat"
    with Store(known) as kept:
        voice = model or DEFAULT_MODEL
        outstanding: Outstanding = run_blocking(lambda: find_outstanding(planned, kept, voice, form, embeds))
        replies = kept.list_latest(voice, _LATEST_REPLIES)
    return estimate_plan(
        planned,
        engine,
        find_price(engine, model, base_url, price, batch=batch),
        concurrency,
        outstanding=outstanding,
        replies=replies,
        batch=batch,
        embedding_price=find_embedding_price(engine, embeds, base_url, price, model),
    )


def find_price(
    engine: str | Engine,
    model: str | None = None,
    base_url: str | None = None,
    price: tuple[float, float] | None = None,
    *,
    batch: bool = False,
) -> Price | None:
    """Return the price given, the listed one of a model at its maker's endpoint, nothing for `local` and `replay`.

    None where it is not known. A listed price is halved for a batch; one that is given holds as it is.
    """
    if price is not None:
        if len(price) != len(("in", "out")) or not all(0 <= float(part) < float("inf") for part in price):
            raise InputError(f"--price {price}: two numbers of dollars per million tokens are needed, such as 0.25,2")
        return Price(float(price[0]), float(price[1]))
    if engine in {"local", "replay"}:
        return Price(0.0, 0.0)
    if engine == "openai" and not (base_url or os.environ.get("OPENAI_BASE_URL")):
        listed = budget.find_listed_price(model or DEFAULT_MODEL)
        return listed.halve() if listed and batch else listed
    return None


def find_embedding_price(
    engine: str | Engine,
    embedding_model: str | None,
    base_url: str | None = None,
    price: tuple[float, float] | None = None,
    model: str | None = None,
) -> Price | None:
    """Return an embedding model's listed price at its maker's endpoint, else that of the asking model's prompts."""
    own = find_price(engine, embedding_model, base_url) if embedding_model else None
    return own or find_price(engine, model, base_url, price)


def _find_embedding_model(planned: Plan, engine: str | Engine, named: str | None) -> str | None:
    """Return the endpoint's model that embeds for a plan; None where ratings are made without vectors.

    Raises InputError where the engine has no endpoint to ask it of.
    """
    check_embedding_model(engine if isinstance(engine, str) else engine.name, named)
    return named if planned.settings.rating == "ssr" else None


def _check_workers(workers: int, engine: Any, api_key: str | None, *, fail_fast: bool, batch: bool) -> None:
    """Raise InputError where a run cannot be spread over workers."""
    if engine != "openai":
        raise InputError(f"--workers {workers}: only --engine openai spreads over workers; leave --workers out")
    if api_key is not None:
        raise InputError("workers take the key from their own environment; set OPENAI_API_KEY instead of api_key")
    if batch:
        raise InputError(
            f"--workers {workers}: a batch waits on the provider's machines; leave --workers or --batch out"
        )
    if fail_fast:
        raise InputError(f"--workers {workers}: workers do not stop together; leave --fail-fast or --workers out")


def check_cost_limit(max_cost: float | None, price: Price | None) -> None:
    """Raise InputError where a limit is no amount, or there is no price to hold it by."""
    if max_cost is not None and not max_cost >= 0.0:
        raise InputError(f"--max-cost is {max_cost:g}: give dollars, 0 or more, such as 0.50")
    if max_cost is not None and price is None:
        raise InputError(
            "--max-cost needs a price, and this model's is not known; add --price IN,OUT in dollars per million tokens"
        )


def _check_batch(engine: str | Engine) -> None:
    if engine != "openai":
        name = engine if isinstance(engine, str) else engine.name
        raise InputError(f"--batch: the {name} engine has no batches; leave it out, or pass --engine openai")


def _check_limits(engine: str | Engine, concurrency: int | None, rpm: float | None, tpm: float | None) -> None:
    if concurrency is not None and not (isinstance(concurrency, int) and concurrency >= 1):
        raise InputError(f"concurrency is {concurrency!r}: give the most questions in flight, a whole number from 1")
    for name, value in (("rpm", rpm), ("tpm", tpm)):
        if value is None:
            continue
        if not isinstance(engine, str):
            raise InputError(
                f"{name} goes to the engine itself where one is passed: OpenAIEngine(..., {name}={value:g})"
            )
        if not 1 <= value < float("inf"):
            raise InputError(f"{name} is {value:g}: give the most a minute, 1 or more")


def _as_campaign(drafts: DraftsLike) -> Campaign:
    if isinstance(drafts, Campaign):
        return drafts
    if isinstance(drafts, (str, Path)):
        return load_drafts(drafts)
    if isinstance(drafts, Draft):
        drafts = [drafts]
    if not drafts:
        raise InputError("no drafts given; pass at least one")
    return make_record(Campaign, Located(None, "drafts"), {"campaign": "drafts", "drafts": tuple(drafts)})


def _as_audiences(audience: AudienceLike, draw: streaming.Draw | None) -> list[Audience]:
    if audience is None:
        raise InputError("no audience given; name one with --audience, see `audience personas list`")
    if isinstance(audience, Audience):
        return [audience]
    if isinstance(audience, (str, Path)):
        return [load_audience(audience, draw=draw)]
    return [one for item in audience for one in _as_audiences(item, draw)]


def _make_draw(audience: AudienceLike, sample: int | None, seed: int) -> streaming.Draw | None:
    """Return the draw of a run's sample, for tables too large to hold."""
    if sample is None:
        return None
    from toolkit.audiences import streaming

    several = isinstance(audience, Sequence) and not isinstance(audience, str) and len(audience) > 1
    return streaming.Draw(seed=seed, sample=sample, several=several, only_from=streaming.MANY)


def default_objective(campaign: Campaign) -> records.Objective:
    """Return "click" where every surface allows it, as the first thing most drafts ask for, else "read"."""
    return "click" if all("click" in find_surface(draft.surface).actions for draft in campaign.drafts) else "read"


def _make_settings(**settings: Any) -> Settings:
    try:
        return Settings(**settings)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise InputError(f"{name} is {settings[name]!r}: {first['msg'].lower()}; see `audience run --help`") from None
