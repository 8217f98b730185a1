"""The options that mean the same in every command, each readable from AUDIENCE_<OPTION> too."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from toolkit.errors import InputError

Command = TypeVar("Command", bound=Callable[..., Any])


def option(name: str, *flags: str, **settings: Any) -> Callable[[Command], Command]:
    """Return a click option that also reads the environment variable AUDIENCE_<OPTION>."""
    variable = "AUDIENCE_" + name.removeprefix("--").split("/")[0].upper().replace("-", "_")
    return click.option(name, *flags, envvar=variable, show_envvar=False, **settings)


def check_free(path: Path, *, force: bool) -> None:
    """Raise InputError where a file to write exists, unless it may be replaced."""
    if path.exists() and not force:
        raise InputError(f"{path}: the file exists; choose another name, or pass --force to replace it")


def settled_paths(argument: str) -> tuple[str, ...]:
    """Return the paths of the team's file, for a command that was given none; raise click's error where it has none."""
    from toolkit.config import load_config

    paths = load_config().list_paths()
    if not paths:
        raise click.MissingParameter(param_hint=f"'{argument}'", param_type="argument", ctx=click.get_current_context())
    return paths


def _allow_outside(context: click.Context, _: click.Parameter, allowed: bool) -> None:  # noqa: FBT001 - click's call
    from toolkit.files import resources

    context.with_resource(resources.allowing_outside(allowed=allowed))


outside_option = option(
    "--allow-outside", is_flag=True, expose_value=False, callback=_allow_outside,
    help="Let your own files name rows, templates, pictures and prompts outside their folder.",
)  # fmt: skip
"""Takes effect while the command runs; no function sees its value."""


def _read_as(context: click.Context, _: click.Parameter, encoding: str | None) -> None:
    if encoding:
        from toolkit.files import resources

        context.with_resource(resources.reading_as(encoding))


encoding_option = option(
    "--encoding", metavar="NAME", expose_value=False, callback=_read_as,
    help="Encoding of files that are neither UTF-8 nor UTF-16, such as cp1250.",
)  # fmt: skip
"""Takes effect while the command runs, as `outside_option` does."""


def _name_surfaces(context: click.Context, _: click.Parameter, folder: str | None) -> None:
    if folder:
        context.with_resource(_setting_variable("AUDIENCE_SURFACES", folder))


@contextlib.contextmanager
def _setting_variable(name: str, value: str) -> Iterator[None]:
    """Set an environment variable while a command runs, for the workers it starts as well."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


surfaces_option = option(
    "--surfaces", type=click.Path(), metavar="DIR", expose_value=False, callback=_name_surfaces,
    help="Folder of surfaces of your own, a YAML file each.",
)  # fmt: skip
"""Takes effect while the command runs, as `outside_option` does."""


class PairsType(click.ParamType[tuple[str, str]]):
    """NAME=VALUE, repeatable."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return name and value."""
        if isinstance(value, tuple):
            return (str(value[0]), str(value[1]))
        name, found, said = str(value).partition("=")
        if not (found and name.strip()):
            self.fail("it is not NAME=VALUE, such as api-version=2025-04-01", param, ctx)
        return name.strip(), said


def _gather_pairs(_: click.Context, __: click.Parameter, pairs: tuple[tuple[str, str], ...]) -> dict[str, str] | None:
    return dict(pairs) or None


REACHING = ("endpoint", "timeout", "header", "query", "max_tokens", "reasoning_effort", "form")
"""Options that say how an endpoint is reached, beside its address and model."""


class ModelType(click.ParamType[str]):
    """The name of a model; several stand in one environment variable with commas between them."""

    name = "NAME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Return the name."""
        return str(value)

    def split_envvar_value(self, rv: str) -> list[str]:
        """Return the names in a variable: a path may hold spaces, and no name a comma."""
        return [name.strip() for name in rv.split(",") if name.strip()]


class NamedPriceType(click.ParamType[tuple[str, tuple[float, float]]]):
    """IN,OUT for every model, or NAME=IN,OUT for one of several."""

    name = "[NAME=]IN,OUT"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, tuple[float, float]]:
        """Return the name, empty for every model, and the two numbers."""
        if isinstance(value, tuple):
            name, dollars = ("", value) if not isinstance(value[0], str) else value
        else:
            name, _, dollars = str(value).rpartition("=")
        return name.strip(), PriceType().convert(dollars, param, ctx)


def _gather_prices(_: click.Context, __: click.Parameter, given: tuple[tuple[str, tuple[float, float]], ...]) -> Any:
    """Return one price for all models as it is, and several by their models."""
    prices = dict(given)
    if len(prices) < len(given):
        raise click.BadParameter("a model has two prices; give each one, as in NAME=0.25,2")
    return prices[""] if list(prices) == [""] else prices or None


def _gather_models(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> Any:
    """Return no name as None, one as it is, and several as they are."""
    return given if len(given) > 1 else next(iter(given), None)


class PriceType(click.ParamType[tuple[float, float]]):
    """Two numbers, IN,OUT: dollars per million prompt and completion tokens."""

    name = "IN,OUT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        """Return the two numbers."""
        if isinstance(value, tuple):
            return (float(value[0]), float(value[1]))
        try:
            prompt, completion = (float(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not IN,OUT in dollars per million tokens, such as 0.25,2", param, ctx)
        return prompt, completion


class EngineChoice(click.Choice[str]):
    """The built-in engines, and those of plugins; packages are looked through only for a name that is not ours."""

    def __init__(self) -> None:
        super().__init__(["openai", "local", "replay"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name."""
        if isinstance(value, str) and value not in self.choices:
            from toolkit.engines import plugins

            names = plugins.list_names()
            return value if value in names else click.Choice(names).convert(value, param, ctx)
        return super().convert(value, param, ctx)


_ASKING = (
    option("--audience", metavar="NAME_OR_PATH", multiple=True, help="Audience to ask; repeatable."),
    option(
        "--engine",
        type=EngineChoice(),
        help="What answers: an endpoint, the embedded model, or stored replies alone.",
    ),
    option(
        "--model",
        type=ModelType(),
        multiple=True,
        callback=_gather_models,
        metavar="[ENDPOINT:]NAME",
        help="Name of the model, or a .gguf file for the local engine; repeatable: people are split over the models.",
    ),
    option(
        "--base-url", metavar="URL", help="Address of an OpenAI-compatible endpoint, such as http://127.0.0.1:11434/v1."
    ),
    option("--endpoint", metavar="NAME", help="A named endpoint, such as openrouter, mistral, azure or ollama."),
    option(
        "--timeout", type=click.FloatRange(min=1), metavar="S", help="Wait S seconds for an answer.  [default: 120]"
    ),
    option(
        "--header",
        type=PairsType(),
        multiple=True,
        callback=_gather_pairs,
        metavar="NAME=VALUE",
        help="Send this header, which is never recorded; repeatable.",
    ),
    option(
        "--query",
        type=PairsType(),
        multiple=True,
        callback=_gather_pairs,
        metavar="NAME=VALUE",
        help="Add this to the address, such as api-version=DATE; repeatable.",
    ),
    option("--max-tokens", type=click.IntRange(min=1), metavar="N", help="Most tokens of a reply, thinking included."),
    option("--reasoning-effort", metavar="LEVEL", help="How much the model thinks: minimal, low, medium, high."),
    option(
        "--form",
        type=click.Choice(["auto", "chat", "page"]),
        help="Ask a local model in a chat, or by a page of worked examples.  [default: auto, by its size]",
    ),
    option(
        "--embedding-model", metavar="NAME", help="Use this model of the endpoint for embeddings, not the local one."
    ),
    option(
        "--sample", type=click.IntRange(min=1), metavar="N", help="Draw N personas from the audience.  [default: all]"
    ),
    option(
        "--repeats",
        type=click.IntRange(1, 100),
        default=1,
        show_default=True,
        metavar="N",
        help="Ask each persona about each draft N times.",
    ),
    option(
        "--seed",
        type=click.IntRange(0, 2**31 - 1),
        default=0,
        show_default=True,
        metavar="N",
        help="Number that decides which personas and wordings are drawn.",
    ),
    option(
        "--concurrency",
        type=click.IntRange(1, 1024),
        metavar="N",
        help="Send at most N requests at once.",
    ),
    option(
        "--rpm",
        type=click.FloatRange(min=1),
        metavar="N",
        help="Send at most N requests a minute.",
    ),
    option(
        "--tpm",
        type=click.FloatRange(min=1),
        metavar="N",
        help="Send at most N tokens a minute.",
    ),
    option("--fail-fast", is_flag=True, help="Stop at the first failure. The answers so far are saved."),
    option("--batch", is_flag=True, help="Use the provider's batch API: half the price, results within 24 hours."),
    option("--yes", "-y", is_flag=True, help="Do not ask for confirmation."),
    option(
        "--workers",
        type=click.IntRange(1, 512),
        metavar="N",
        help="Spread the requests over N Ray workers.",
    ),
    option(
        "--max-cost", type=click.FloatRange(min=0), metavar="USD", help="Stop before the whole command can cost more."
    ),
    option(
        "--price",
        type=NamedPriceType(),
        multiple=True,
        callback=_gather_prices,
        metavar="[NAME=]IN,OUT",
        help="Dollars per million prompt and completion tokens, of every model or of one; repeatable.",
    ),
    option(
        "--rating",
        type=click.Choice(["ssr", "logprob", "direct"]),
        default="ssr",
        show_default=True,
        help="How words become ratings from 1 to 5.",
    ),
    option(
        "--objective",
        type=click.Choice(["read", "react", "click", "reply", "share", "save"]),
        help="The action that counts as success.",
    ),
    option(
        "--language",
        metavar="TAG",
        help="Language of the answers, such as de or pt-BR.  [default: each draft's own]",
    ),
    option("--no-control", is_flag=True, help="Leave out the control reader, who has no persona."),
    option("--head-to-head", is_flag=True, help="Also ask for a choice between every two drafts, in both orders."),
    option("--forecast", is_flag=True, help="Also ask how many of 100 such people would act on each draft."),
    option("--keep-weights", is_flag=True, help="Add up the weights of several audiences as they are."),
    option(
        "--prompts",
        type=click.Path(),
        metavar="DIR",
        help="Folder of templates that replace the built-in ones.",
    ),
    surfaces_option,
    outside_option,
    encoding_option,
)


def _take_one_model(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> Any:
    """Return the one name, or None; raise click's error where there are several."""
    if len(given) > 1:
        raise click.BadParameter("one model does this; name one", context, parameter)
    return _gather_models(context, parameter, given)


def _take_one_price(context: click.Context, parameter: click.Parameter, given: tuple[Any, ...]) -> Any:
    """Return the one price, or None; raise click's error where there are several."""
    if len(given) > 1:
        raise click.BadParameter("one model does this; give one price", context, parameter)
    return next(iter(given), None)


_ONE_MODEL = (
    option(
        "--model",
        type=ModelType(),
        multiple=True,
        callback=_take_one_model,
        metavar="NAME",
        help="Name of the model, or a .gguf file for the local engine.",
    ),
    option(
        "--price",
        type=PriceType(),
        multiple=True,
        callback=_take_one_price,
        metavar="IN,OUT",
        help="Dollars per million prompt and completion tokens.",
    ),
)
"""In place of the two that take several models, for what one model does: click alone would keep the last in silence."""

_FOLDER = (
    option("--out", type=click.Path(), metavar="DIR", help="Folder for the run.  [default: runs/RUN_ID]"),
    option("--dry-run", is_flag=True, help="Show what the run would take. Ask nothing."),
)

_OUTPUT = (
    option("--json", "as_json", is_flag=True, help="Print exactly one JSON object."),
    option("--quiet", "-q", is_flag=True, help="Print the verdict alone. Show no progress."),
    option("--verbose", "-v", is_flag=True, help="Print every reaction as it arrives."),
)


def asking_options(command: Command) -> Command:
    """Add the options of every command that runs a test."""
    return _add(command, _ASKING + _FOLDER + _OUTPUT)


_OF_STUDY = (
    option("--audience", metavar="NAME_OR_PATH", multiple=True, help="Audience to ask; repeatable: each by itself."),
    option(
        "--model",
        type=ModelType(),
        multiple=True,
        callback=_gather_models,
        metavar="[ENDPOINT:]NAME",
        help="Name of a model, or a .gguf file for the local engine; repeatable: each asks everybody by itself.",
    ),
    option(
        "--max-cost", type=click.FloatRange(min=0), metavar="USD",
        help="Stop before the whole study can cost more, earlier commands with the same folder included.",
    ),
    option("--out", type=click.Path(), metavar="DIR", help="Folder for the study.  [default: studies/study]"),
    option(
        "--compare", multiple=True, metavar="TAG",
        help="Compare the levels of a tag of the drafts over campaigns; repeatable.",
    ),
    option(
        "--agreement", multiple=True, type=click.Choice(["model", "repeat", "audience"]),
        help="Say how far models, repeats or audiences agree; repeatable.",
    ),
    option("--dry-run", is_flag=True, help="Show what each run would take. Ask nothing."),
    option("--quiet", "-q", is_flag=True, help="Print one line alone. Show no progress."),
)  # fmt: skip
"""In place of those that mean something else for one run."""


def study_options(command: Command) -> Command:
    """Add the options of a command that makes many runs: those of one run, with words of its own for some."""
    return _add(command, _ASKING + _FOLDER + _OUTPUT + _OF_STUDY)


_OF_SCREENING = (
    option(
        "--keep", type=click.IntRange(min=2), default=6, show_default=True, metavar="N",
        help="Drafts on the shortlist.",
    ),
    option(
        "--people", type=click.IntRange(min=8), default=12, show_default=True, metavar="N",
        help="People who read all drafts, and as many others who read the leading ones.",
    ),
    option(
        "--out", type=click.Path(), metavar="FILE",
        help="Campaign file for the shortlist, .yaml or .json; it remembers who was asked.",
    ),
    option("--dry-run", is_flag=True, help="Show what both looks would take at most. Ask nothing."),
    option("--quiet", "-q", is_flag=True, help="Print the sentence alone. Show no progress."),
)  # fmt: skip
_NOT_OF_SCREENING = {"sample", "head_to_head", "forecast", "no_control", "workers"}


def screening_options(command: Command) -> Command:
    """Add the options of a command that screens drafts: those of a run, but for what a screening never asks."""
    decorated = _add(command, _ASKING + _FOLDER + _OUTPUT + _OF_SCREENING)
    parameters = vars(decorated)["__click_params__"]
    parameters[:] = [one for one in parameters if one.name not in _NOT_OF_SCREENING]
    return decorated


def rewriting_options(command: Command) -> Command:
    """Add the options of a command that asks one model and keeps its own idea of --out."""
    return _add(command, _ASKING + _ONE_MODEL + _OUTPUT)


def _add(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    """Add options; of two of one name, the later takes the place of the earlier."""
    for decorate in reversed(options):
        command = decorate(command)
    made: dict[str | None, click.Parameter] = {}
    for one in reversed(vars(command).get("__click_params__", [])):
        made[one.name] = one
    if made:
        vars(command)["__click_params__"][:] = reversed(made.values())
    return command


def one_model_options(command: Command) -> Command:
    """Add --model and --price of a command that asks one model."""
    return _add(command, _ONE_MODEL)


def shared_parameters(*names: str) -> list[click.Parameter]:
    """Return the named ones of the options that mean the same everywhere, such as "max_cost", for `click.command`."""
    bare = asking_options(lambda: None)
    known: dict[str | None, click.Parameter] = {one.name: one for one in vars(bare)["__click_params__"]}
    return [known[name] for name in names]
