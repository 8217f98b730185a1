"""Every option of a run, once: as a type for editors and type checkers, and as a checked record.

`Settings` says what is asked, `Asking` how. The TypedDicts say which function takes which of them.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypedDict, cast, get_args

import platformdirs
from pydantic import ValidationError

from toolkit.engines import DEFAULT_MODEL, Price, base, budget, reaching
from toolkit.errors import InputError, name_option, name_step, suggest
from toolkit.models import Settings, exchange, records
from toolkit.questionnaire import Preference, Reaction

EngineName = Literal["openai", "local", "replay"]
AnyEngine: TypeAlias = EngineName | base.CanAsk
"""An engine by name, or an object of your own that can be asked: see `toolkit.engines.EngineBase`."""
OnReaction = Callable[[Reaction], None]
OnPreference = Callable[[Preference], None]
OnNote = Callable[[str], None]


class SettingsOptions(TypedDict, total=False):
    """What is asked: options of `plan`, and of `run` beside those of `AskingOptions`."""

    objective: records.Objective | None
    """The action that counts as success; without it the campaign's, else `click` where every surface has it."""
    rating: records.Rating
    """How words become ratings: `ssr` by similarity, `logprob` by token probabilities, `direct` by the model itself."""
    sample: int | None
    """How many personas are drawn; all without it."""
    repeats: int
    """Independent answers per persona and draft, 1 to 100."""
    seed: int
    """Decides the draw, the wordings and, where the model takes one, the sampling."""
    control: bool
    """Whether a reader with no persona answers too; yes unless said otherwise."""
    head_to_head: bool
    """Whether personas also choose between every two drafts, in both orders."""
    keep_weights: bool
    """Whether weights of several audiences stay as given, in one unit; else a person of each counts 1 on average."""
    language: str | None
    """The language that everybody answers in, as a BCP 47 tag such as `pl`; each draft's own without it."""
    prompts: str | Path | None
    """A folder of templates that win over the built-in ones."""


class EngineOptions(TypedDict, total=False):
    """What answers, and what it may cost: options of everything that asks."""

    engine: AnyEngine
    """`openai` for any compatible endpoint, `local`, `replay`, or an object of your own."""
    model: str | None
    """A name that the endpoint serves, a path to a .gguf file, or for `replay` the model whose replies are stored."""
    base_url: str | None
    """The endpoint's address; OPENAI_BASE_URL or OpenAI's own without it."""
    api_key: str | None
    """Sent instead of OPENAI_API_KEY; never recorded."""
    price: tuple[float, float] | None
    """Dollars per million prompt tokens and per million completion tokens; the listed price without it."""
    max_cost: float | None
    """Dollars that the bill cannot pass."""
    concurrency: int | None
    """Most questions in flight."""
    rpm: float | None
    """Most requests a minute."""
    tpm: float | None
    """Most tokens a minute."""
    endpoint: str | None
    """A named endpoint such as `openrouter` or `ollama`: address and variable of the key, see data/endpoints.yaml."""
    timeout: float | None
    """Seconds to wait for one answer, 120 without it."""
    header: Mapping[str, str] | None
    """Sent with every request; never recorded."""
    query: Mapping[str, str] | None
    """Parameters of the address, such as Azure's `api-version`."""
    max_tokens: int | None
    """Most tokens of a reply in a form, thinking included."""
    reasoning_effort: str | None
    """How much a reasoning model thinks: minimal, low, medium, high, or what the model knows."""
    form: exchange.FormName | None
    """How a model is asked: in a `chat`, by a `page` of worked examples, or `auto`, by what suits a local one."""
    store: str | Path | None
    """The file that keeps replies; AUDIENCE_STORE or one in the user's data folder without it."""


class AskingOptions(EngineOptions, total=False):
    """How it is asked: options of `run` beside those of `SettingsOptions`."""

    embedding_model: str | None
    """A model of the endpoint that embeds instead of the local one."""
    fail_fast: bool
    """Whether nothing more is asked after the first failure."""
    batch: bool
    """Whether questions go through the provider's batch interface: half the price, within a day."""
    workers: int | None
    """Ray workers to spread the asking over, with the extra `ray`."""
    on_reaction: OnReaction | None
    """Called with each reaction as it arrives."""
    on_preference: OnPreference | None
    """Called with each choice between two drafts as it arrives."""
    on_note: OnNote | None
    """Told what was sent in batches, and how far they are."""
    stop: asyncio.Event | None
    """Once set, calls in flight are ended and the run is one of what came."""
    halt: asyncio.Event | None
    """Once set, nothing more is asked, calls in flight may arrive, and Interrupted is raised."""


class RunOptions(SettingsOptions, AskingOptions, total=False):
    """All options of `run` and `arun`."""


class TalkOptions(EngineOptions, total=False):
    """Options of what is asked after a run: `interview`, `follow_up` and `rewrite`."""

    prompts: str | Path | None
    """A folder of templates that win over the built-in ones."""


class PricingOptions(TypedDict, total=False):
    """What decides calls, dollars and minutes of a plan, besides the engine."""

    model: str | None
    base_url: str | None
    embedding_model: str | None
    price: tuple[float, float] | None
    concurrency: int | None
    store: str | Path | None
    batch: bool
    endpoint: str | None
    max_cost: float | None
    max_tokens: int | None
    reasoning_effort: str | None
    form: exchange.FormName | None


class EstimateOptions(SettingsOptions, PricingOptions, total=False):
    """Options of `estimate`."""

    engine: AnyEngine


_WHOLE_FROM_1 = "give a whole number from 1"
_YES_OR_NO = "give True or False"
_SETTINGS_TAKE = {
    "objective": f"choose one of {', '.join(records.OBJECTIVES)}",
    "rating": f"choose one of {', '.join(get_args(records.Rating))}",
    "sample": f"{_WHOLE_FROM_1}, or leave it out to ask everybody",
    "repeats": "give a whole number from 1 to 100",
    "seed": f"give a whole number from 0 to {2**31 - 1}",
    "control": _YES_OR_NO,
    "head_to_head": _YES_OR_NO,
    "keep_weights": _YES_OR_NO,
    "language": "give a BCP 47 tag such as de, pt-BR or zh-Hant",
    "prompts": "give a folder",
}
_OWN_ENGINE = ("model", "base_url", "api_key", "rpm", "tpm", "endpoint", "timeout", "header", "query", "form")
"""What an engine object brings itself."""


def make_settings(options: SettingsOptions, objective: records.Objective) -> Settings:
    """Return the settings; `objective` holds unless one is given. Raise InputError naming option and value."""
    given: dict[str, Any] = {**options, "objective": options.get("objective") or objective}
    try:
        return records.validate_record(Settings, given)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise InputError(f"{name_option(name, given[name])}: {_SETTINGS_TAKE[name]}; {name_step('help')}") from None


@dataclass(frozen=True, kw_only=True)
class Asking:
    """How a run is asked; options as for `toolkit.run`, checked."""

    engine: AnyEngine = "openai"
    model: str | None = None
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    embedding_model: str | None = None
    price: tuple[float, float] | None = None
    max_cost: float | None = None
    concurrency: int | None = None
    rpm: float | None = None
    tpm: float | None = None
    endpoint: str | None = None
    timeout: float | None = None
    header: Mapping[str, str] | None = field(default=None, repr=False)
    query: Mapping[str, str] | None = field(default=None, repr=False)
    max_tokens: int | None = None
    reasoning_effort: str | None = None
    form: exchange.FormName | None = None
    store: str | Path | None = None
    fail_fast: bool = False
    batch: bool = False
    workers: int | None = None
    on_reaction: OnReaction | None = field(default=None, repr=False)
    on_preference: OnPreference | None = field(default=None, repr=False)
    on_note: OnNote | None = field(default=None, repr=False)
    stop: asyncio.Event | None = field(default=None, repr=False)
    halt: asyncio.Event | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _check_engine(self)
        _check_amounts(self)
        _check_kinds(self)
        if self.endpoint is not None:
            preset = reaching.find_preset(self.endpoint)
            object.__setattr__(self, "base_url", preset.find_address(self.base_url))
            object.__setattr__(self, "api_key", preset.find_key(self.api_key))
            object.__setattr__(self, "price", self.price or ((0.0, 0.0) if preset.local else None))

    @property
    def engine_name(self) -> str:
        """What the engine is called."""
        return self.engine if isinstance(self.engine, str) else base.adapt_engine(self.engine).name

    @property
    def store_path(self) -> Path:
        """The file that keeps replies, conversations and versions."""
        return Path(self.store) if self.store else default_store()

    @property
    def has_key_of_preset(self) -> bool:
        """Whether the key is the one that the named endpoint finds by itself, so that another process would, too."""
        return self.endpoint is not None and self.api_key == reaching.find_preset(self.endpoint).find_key(None)

    @property
    def known_price(self) -> Price | None:
        """The price of a token; None where it is not known."""
        return find_price(self.engine, self.model, self.base_url, self.price, batch=self.batch)

    @property
    def known_embedding_price(self) -> Price | None:
        """The price of the embedding model's tokens, else that of the asking model's prompts."""
        return find_embedding_price(self.engine, self.embedding_model, self.base_url, self.price, self.model)

    def check_affordable(self) -> None:
        """Raise InputError where there is a cost limit and no price to hold it by."""
        if self.max_cost is not None and self.known_price is None:
            raise InputError(
                f"{name_option('max_cost')} needs a price, and this model's is not known; "
                f"add {name_option('price')} in dollars per million tokens, such as 0.25,2"
            )


def make_asking(options: Mapping[str, Any]) -> Asking:
    """Return how to ask; options that say something else are left aside, see `check_options`."""
    names = {one.name for one in fields(Asking)}
    return Asking(**{name: value for name, value in options.items() if name in names})


def pick_settings(options: RunOptions | EstimateOptions) -> SettingsOptions:
    """Return those of a run's options that say what is asked."""
    picked = {name: value for name, value in options.items() if name in SettingsOptions.__annotations__}
    return cast("SettingsOptions", picked)


def default_store() -> Path:
    """Return the file that keeps reactions: AUDIENCE_STORE, or one in the user's data folder."""
    named = os.environ.get("AUDIENCE_STORE")
    return Path(named) if named else platformdirs.user_data_path("audience-toolkit") / "reactions.sqlite"


def find_price(
    engine: object,
    model: str | None = None,
    base_url: str | None = None,
    price: tuple[float, float] | None = None,
    *,
    batch: bool = False,
    endpoint: str | None = None,
) -> Price | None:
    """Return the price given, the listed one of a model at its maker's endpoint, nothing for `local` and `replay`.

    None where it is not known. A listed price is halved for a batch; one that is given holds as it is.
    """
    if price is not None:
        _check_price(price)
        return Price(float(price[0]), float(price[1]))
    if isinstance(engine, str) and engine in {"local", "replay"}:
        return Price(0.0, 0.0)
    if endpoint is not None:
        preset = reaching.find_preset(endpoint)
        if preset.local:
            return Price(0.0, 0.0)
        base_url = preset.find_address(base_url)
    if engine == "openai" and _is_official(base_url or os.environ.get("OPENAI_BASE_URL")):
        listed = budget.find_listed_price(model or DEFAULT_MODEL)
        return listed.halve() if listed and batch else listed
    return None


def _is_official(base_url: str | None) -> bool:
    """Tell whether an address is the model maker's own, for which prices are listed."""
    return not base_url or base_url.rstrip("/") == reaching.OFFICIAL


def find_embedding_price(
    engine: object,
    embedding_model: str | None,
    base_url: str | None = None,
    price: tuple[float, float] | None = None,
    model: str | None = None,
) -> Price | None:
    """Return an embedding model's listed price at its maker's endpoint, else that of the asking model's prompts."""
    own = find_price(engine, embedding_model, base_url) if embedding_model else None
    return own or find_price(engine, model, base_url, price)


def _check_engine(asking: Asking) -> None:
    engine = asking.engine
    names = get_args(EngineName)
    if isinstance(engine, str):
        if engine not in names:
            raise InputError(f"unknown engine {engine!r}{suggest(engine, names)}; allowed: {', '.join(names)}")
        return
    allowed = f"name one of {', '.join(names)}, or pass an engine object"
    if isinstance(engine, type):
        raise InputError(f"engine is the class {engine.__name__}; pass an object, as in {engine.__name__}(...)")
    if not callable(getattr(engine, "ask", None)):
        raise InputError(f"{name_option('engine', engine)}: {allowed}; {name_step('help')}")
    for name in _OWN_ENGINE:
        if getattr(asking, name) is not None:
            value = ... if name in {"api_key", "header", "query"} else getattr(asking, name)
            raise InputError(
                f"{name_option(name, value)}: the engine object brings its own; leave {name_option(name)} out, "
                "or name an engine instead of passing an object"
            )


def _check_amounts(asking: Asking) -> None:
    """Raise InputError for the first number that is none, or that no run can keep to."""
    for name, least, what in (
        ("max_cost", 0.0, "give dollars, 0 or more, such as 0.50"),
        ("rpm", 1.0, "give the most requests a minute, 1 or more"),
        ("tpm", 1.0, "give the most tokens a minute, 1 or more"),
        ("timeout", 1.0, "give seconds, 1 or more"),
    ):
        value = getattr(asking, name)
        if value is not None and not (_is_number(value) and least <= value < math.inf):
            raise InputError(f"{name_option(name, value)}: {what}")
    for name, what in (
        ("concurrency", "the most questions in flight"),
        ("workers", "how many workers to ask on"),
        ("max_tokens", "the most tokens of a reply"),
    ):
        value = getattr(asking, name)
        if value is not None and not (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
            raise InputError(f"{name_option(name, value)}: {_WHOLE_FROM_1}, {what}")
    if asking.price is not None:
        _check_price(asking.price)


def _check_price(price: Any) -> None:
    is_pair = isinstance(price, (tuple, list)) and len(price) == len(("in", "out"))
    if not (is_pair and all(_is_number(part) and 0 <= part < math.inf for part in price)):
        raise InputError(
            f"{name_option('price', price)}: two numbers of dollars per million tokens are needed, such as 0.25,2"
        )


def _check_kinds(asking: Asking) -> None:
    """Raise InputError for the first option that is something else than it takes."""
    _check_pairs(asking)
    _check_form(asking)
    for name in ("model", "base_url", "api_key", "embedding_model", "endpoint", "reasoning_effort"):
        value = getattr(asking, name)
        if value is not None and not isinstance(value, str):
            raise InputError(f"{name_option(name, ... if name == 'api_key' else value)}: give text")
    if asking.store is not None and not isinstance(asking.store, (str, os.PathLike)):
        raise InputError(f"{name_option('store', asking.store)}: give the path of a file")
    for name in ("fail_fast", "batch"):
        if not isinstance(getattr(asking, name), bool):
            raise InputError(f"{name_option(name, getattr(asking, name))}: {_YES_OR_NO}")
    for name in ("on_reaction", "on_preference", "on_note"):
        value = getattr(asking, name)
        if value is not None and not callable(value):
            raise InputError(f"{name_option(name, value)}: give a function that takes one thing")
    for name in ("stop", "halt"):
        value = getattr(asking, name)
        if value is not None and not isinstance(value, asyncio.Event):
            raise InputError(f"{name_option(name, value)}: give an asyncio.Event")


def _check_form(asking: Asking) -> None:
    forms = get_args(exchange.FormName)
    if asking.form is not None and asking.form not in forms:
        raise InputError(f"{name_option('form', asking.form)}: choose one of {', '.join(forms)}")
    if asking.form == "page" and asking.batch:
        raise InputError(f"{name_option('form', 'page')}: batches hold chats; leave it or {name_option('batch')} out")


def _check_pairs(asking: Asking) -> None:
    """Raise InputError for headers and parameters that could not be sent."""
    for name in ("header", "query"):
        given = getattr(asking, name)
        if given is not None and not (isinstance(given, Mapping) and all(map(_is_plain, (*given, *given.values())))):
            raise InputError(f"{name_option(name)}: give names and values as text without line breaks")


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
