"""Every option of a run, once: as a type for editors and type checkers, and as a checked record.

`Settings` says what is asked, `Asking` how. The TypedDicts say which function takes which of them.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypedDict, cast, get_args

from pydantic import ValidationError

from toolkit.config import default_store as default_store  # noqa: PLC0414 - handed on
from toolkit.engines import DEFAULT_MODEL, Price, base, budget, plugins, reaching
from toolkit.errors import InputError, name_option, name_step, suggest
from toolkit.models import Campaign, Settings, exchange, records
from toolkit.questionnaire import Preference, Reaction

EngineName = Literal["openai", "local", "replay"]
AnyEngine: TypeAlias = EngineName | base.CanAsk
"""An engine by name, or an object of your own that can be asked: see `toolkit.engines.EngineBase`.

The name of a plugin works, too. Type checkers know the built-in ones alone: `toolkit.engines.plugins.make_plugin`."""
Models: TypeAlias = "Sequence[str | base.CanAsk]"
"""Several models, each NAME or ENDPOINT:NAME, or an engine object of your own."""
Dollars: TypeAlias = tuple[float, float]
"""Dollars per million prompt tokens and per million completion tokens."""
AnyPrice: TypeAlias = "Dollars | Mapping[str, Dollars]"
"""One price for all models, or one a model by its name; under "" that of every other model."""
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
    forecast: bool
    """Whether the model is also asked how many of 100 such people would act; about a tenth of the panel's calls."""
    keep_weights: bool
    """Whether weights of several audiences stay as given, in one unit; else a person of each counts 1 on average."""
    language: str | None
    """The language that everybody answers in, as a BCP 47 tag such as `pl`; each draft's own without it."""
    prompts: str | Path | None
    """A folder of templates that win over the built-in ones."""


class EndpointOptions(TypedDict, total=False):
    """How a model is asked and what it may cost: options of everything that asks, a recording included."""

    model: str | Models | None
    """A name that the endpoint serves, a path to a .gguf file, or for `replay` the model whose replies are stored.

    ENDPOINT:NAME names the endpoint, too. A run takes a list of several, as `models` does."""
    base_url: str | None
    """The endpoint's address; OPENAI_BASE_URL or OpenAI's own without it."""
    api_key: str | None
    """Sent instead of OPENAI_API_KEY; never recorded."""
    price: AnyPrice | None
    """Dollars per million prompt tokens and per million completion tokens; the listed price without it.

    For several models also one a model, such as {"gpt-5-mini": (0.25, 2.0)}."""
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


class EngineOptions(EndpointOptions, total=False):
    """What answers, and what it may cost: options of everything that asks."""

    engine: AnyEngine
    """`openai` for any compatible endpoint, `local`, `replay`, or an object of your own."""


class AskingOptions(EngineOptions, total=False):
    """How it is asked: options of `run` beside those of `SettingsOptions`."""

    models: Models | None
    """Several models in one panel, each NAME or ENDPOINT:NAME: people are split over them."""
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

    progress: bool
    """Whether a bar shows how many answers came: the notebook's own, or a line on standard error."""


class TalkOptions(EngineOptions, total=False):
    """Options of what is asked after a run: `interview`, `follow_up` and `rewrite`."""

    prompts: str | Path | None
    """A folder of templates that win over the built-in ones."""


class PricingOptions(TypedDict, total=False):
    """What decides calls, dollars and minutes of a plan, besides the engine."""

    model: str | Models | None
    models: Models | None
    base_url: str | None
    embedding_model: str | None
    price: AnyPrice | None
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
    "forecast": _YES_OR_NO,
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


_OF_ADDRESS = ("endpoint", "base_url", "api_key", "header", "query")
"""What belongs to one endpoint and must reach no other."""
_TAG = re.compile(r"latest|v?\d.*", re.ASCII)
"""What follows the colon in the name of a model with a version, such as mistral:7b."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """How a run is asked; options as for `toolkit.run`, checked.

    With several models `models` holds their names and `model` is None; `list_models` says how each is asked.
    """

    engine: AnyEngine = "openai"
    model: str | None = None
    models: tuple[str | base.CanAsk, ...] = ()
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    embedding_model: str | None = None
    price: AnyPrice | None = None
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
        _take_models(self)
        _check_engine(self)
        _check_amounts(self)
        _check_kinds(self)
        if self.endpoint is not None:
            preset = reaching.find_preset(self.endpoint)
            object.__setattr__(self, "base_url", preset.find_address(self.base_url))
            object.__setattr__(self, "api_key", preset.find_key(self.api_key))
            is_free = preset.local and not self.models  # of several, each model's own endpoint says so
            object.__setattr__(self, "price", self.price or ((0.0, 0.0) if is_free else None))
        if not self.models:
            object.__setattr__(self, "price", self._find_own_price())
        elif not all(isinstance(one, str) for one in self.models) and not isinstance(self.engine, str):
            raise InputError(f"{name_option('model')}: engine objects stand among the models, or alone as the engine")
        else:
            self.list_models()  # raises InputError for what no model could be asked with

    @property
    def _is_open(self) -> bool:
        """Whether the engine takes any name of a model, so that a campaign's own may be asked."""
        return isinstance(self.engine, str) and self.engine in {"openai", "replay"}

    def _find_own_price(self) -> AnyPrice | None:
        """Return the price of the only model."""
        if not isinstance(self.price, Mapping):
            return self.price
        if self.model is None and self._is_open:
            return self.price  # a campaign may still name its models, see `adopt_models`
        name = self.model or DEFAULT_MODEL if isinstance(self.engine, str) else base.adapt_engine(self.engine).model
        _check_priced(self.price, [name, *([f"{self.endpoint}:{name}"] if self.endpoint else [])])
        for known in (f"{self.endpoint}:{name}", name, ""):
            if known in self.price:
                return self.price[known]
        return None

    def list_models(self) -> tuple[PanelModel, ...]:
        """Return how each model is asked: the only one, or each of several with its own address, key and price.

        Address, key, headers and parameters go to the models that name no endpoint of their own, and to no other.
        """
        if not self.models:
            return (PanelModel("", self),)
        given = [_split_name(one) if isinstance(one, str) else (None, "") for one in self.models]
        ends = {end for end, name in given if name}
        shared = next(iter(ends)) if len(ends) == 1 else None
        names = [one if isinstance(one, str) else base.adapt_engine(one).model for one in self.models]
        _check_names(names)
        if isinstance(self.price, Mapping):
            _check_priced(self.price, [*names, *(name for _, name in given)])
        for name in _OF_ADDRESS if None not in ends and shared is None else ():
            if getattr(self, name) is not None:
                raise InputError(
                    f"{name_option(name)}: no model would be asked with it, for each names an endpoint of its own; "
                    f"leave {name_option(name)} out"
                )
        return tuple(
            PanelModel(name, self._ask_one(one, end, bare, name, is_at_home=end is None or end == shared))
            for one, (end, bare), name in zip(self.models, given, names, strict=True)
        )

    def _ask_one(self, one: str | base.CanAsk, end: str | None, bare: str, name: str, *, is_at_home: bool) -> Asking:
        """Return how one of several models is asked."""
        price = self.price
        if isinstance(price, Mapping):
            price = next((price[known] for known in (name, bare, "") if known in price), None)
        if not isinstance(one, str):
            alone: dict[str, Any] = dict.fromkeys(_OWN_ENGINE)
            return replace(self, **alone, engine=one, models=(), price=price)
        kept: dict[str, Any] = {} if is_at_home else dict.fromkeys(_OF_ADDRESS)
        if end is not None:
            kept["endpoint"] = end
        return replace(self, **kept, model=bare, models=(), price=price)

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
        """The price of a token; None where it is not known, or where several models are asked."""
        if self.models:
            return None
        return find_price(self.engine, self.model, self.base_url, self.price, batch=self.batch)

    @property
    def known_embedding_price(self) -> Price | None:
        """The price of the embedding model's tokens, else that of the asking model's prompts."""
        if self.models:
            return None
        return find_embedding_price(self.engine, self.embedding_model, self.base_url, self.price, self.model)

    def check_affordable(self) -> None:
        """Raise InputError where there is a cost limit and no price to hold it by."""
        if self.max_cost is None:
            return
        for one in self.list_models():
            if one.asking.known_price is None:
                whose, such = ("that of " + one.name, f"{one.name}=0.25,2") if one.name else ("this model's", "0.25,2")
                raise InputError(
                    f"{name_option('max_cost')} needs a price, and {whose} is not known; "
                    f"add {name_option('price')} in dollars per million tokens, such as {such}"
                )

    def find_home(self) -> PanelModel:
        """Return the model whose endpoint embeds: the first that names no endpoint of its own, else the first."""
        voices = self.list_models()
        return next((one for one in voices if one.asking.endpoint == self.endpoint), voices[0])

    def check_single(self, what: str) -> None:
        """Raise InputError if several models are named for what one model answers."""
        if self.models:
            raise InputError(f"{name_option('model')}: {what} is done by one model; name one")

    def adopt_models(self, campaign: Campaign) -> Asking:
        """Return how a campaign is asked: through its own models, unless a model or another engine was chosen."""
        if campaign.models and self._is_open and self.model is None and not self.models:
            return replace(self, models=campaign.models)
        return self.settle_model()

    def settle_model(self) -> Asking:
        """Return it with the usual model named, where prices by name have to be looked up for it."""
        if self.models or not isinstance(self.price, Mapping):
            return self
        return replace(self, model=DEFAULT_MODEL)


@dataclass(frozen=True, slots=True)
class PanelModel:
    """One of the models that a panel is asked through."""

    name: str
    """As it was given, such as "groq:llama-3.3"; empty for the only one."""
    asking: Asking
    """How it is asked, as if it were the only one."""


def _take_models(asking: Asking) -> None:
    """Put the models where they belong: one in `model`, several in `models`; of ENDPOINT:NAME take the endpoint."""
    given: Any = asking.models or None
    named: Any = asking.model
    if named is not None and given is not None:
        raise InputError("model and models are both given; give one of them")
    if named is not None and not isinstance(named, (str, Sequence)) and not _can_ask(named):
        return  # said with the other options that are something else than they take
    if not isinstance(named, str):
        given, named = named if given is None else given, None
    listed = _list_given(given)
    if len(listed) == 1 and isinstance(listed[0], str):
        named, listed = listed[0], ()
    elif len(listed) == 1:
        object.__setattr__(asking, "engine", listed[0])
        listed = ()
    object.__setattr__(asking, "models", listed)
    object.__setattr__(asking, "model", named)
    if named is not None and not listed and asking.engine == "openai":
        end, bare = _split_name(named)
        if end is not None:
            object.__setattr__(asking, "endpoint", end)
            object.__setattr__(asking, "model", bare)


def _list_given(given: Any) -> tuple[str | base.CanAsk, ...]:
    """Return the models that were given; raise InputError for one that is neither a name nor an engine."""
    is_one = given is not None and (isinstance(given, str) or not isinstance(given, Sequence))
    listed = (given,) if is_one else tuple(given or ())
    for one in listed:
        if not (_can_ask(one) or (isinstance(one, str) and one.strip())):
            raise InputError(f"{name_option('model', str(one))}: give names, such as gpt-5-mini or groq:NAME")
    return listed


def _can_ask(value: Any) -> bool:
    """Tell whether a value is an engine object."""
    return not isinstance(value, (str, type)) and callable(getattr(value, "ask", None))


def find_endpoint(name: str) -> str | None:
    """Return the endpoint that the name of a model names, such as "groq" of "groq:llama-3.3"; None for none."""
    return _split_name(name)[0]


def _split_name(name: str) -> tuple[str | None, str]:
    """Return endpoint and model of ENDPOINT:NAME; no endpoint where none of that name is known, or a version follows.

    mistral:7b is a model of a server of your own, not one of Mistral's.
    """
    end, found, bare = name.partition(":")
    is_endpoint = found and bare and end in reaching.list_presets() and not _TAG.fullmatch(bare)
    return (end, bare) if is_endpoint else (None, name)


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{name_option('model', name)}: it is named twice; name each model once")


def _check_priced(price: Mapping[str, Dollars], names: Sequence[str]) -> None:
    """Raise InputError for a price of a model that is not asked."""
    for name in price:
        if name and name not in names:
            near = suggest(name, names)
            raise InputError(f"{name_option('price', name)}: no such model{near}; asked are: {', '.join(names)}")


def make_asking(options: Mapping[str, Any]) -> Asking:
    """Return how to ask; options that say something else are left aside, see `check_options`."""
    names = {one.name for one in fields(Asking)}
    return Asking(**{name: value for name, value in options.items() if name in names})


def pick_settings(options: RunOptions | EstimateOptions) -> SettingsOptions:
    """Return those of a run's options that say what is asked."""
    picked = {name: value for name, value in options.items() if name in SettingsOptions.__annotations__}
    return cast("SettingsOptions", picked)


def find_price(
    engine: object,
    model: str | None = None,
    base_url: str | None = None,
    price: AnyPrice | None = None,
    *,
    batch: bool = False,
    endpoint: str | None = None,
) -> Price | None:
    """Return the price given, the listed one of a model at its maker's endpoint, nothing for `local` and `replay`.

    None where it is not known. A listed price is halved for a batch; one that is given holds as it is.
    """
    if price is not None:
        _check_price(price)
        dollars = price.get(model or DEFAULT_MODEL, price.get("")) if isinstance(price, Mapping) else price
        if dollars is not None:
            return Price(float(dollars[0]), float(dollars[1]))
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
    price: AnyPrice | None = None,
    model: str | None = None,
) -> Price | None:
    """Return an embedding model's listed price at its maker's endpoint, else that of the asking model's prompts."""
    own = find_price(engine, embedding_model, base_url) if embedding_model else None
    return own or find_price(engine, model, base_url, price)


def _check_engine(asking: Asking) -> None:
    engine = asking.engine
    names = get_args(EngineName)
    if isinstance(engine, str):
        plugins.check_name(engine)
        if engine not in names and not asking.models:
            _make_plugin(asking, engine)
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


def _make_plugin(asking: Asking, name: str) -> None:
    """Put the engine of another package in place of its name, made with the options that it takes itself."""
    made = plugins.make_plugin(name, **{option: getattr(asking, option) for option in _OWN_ENGINE})
    object.__setattr__(asking, "engine", made)
    for option in _OWN_ENGINE:
        object.__setattr__(asking, option, None)


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
    if isinstance(price, Mapping):
        for dollars in price.values():
            _check_price(dollars)
        return
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
