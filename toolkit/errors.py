"""Every error the toolkit raises on purpose.

    ToolkitError
    ├── InputError            a file, a name or an option cannot be used       exit 2
    │   └── StoreUnusable     the file that keeps reactions fails              exit 2
    ├── EngineError
    │   ├── EngineUnavailable no reply can be had at all: key, model, address  exit 2
    │   ├── CallFailed        one call got no usable reply; the run goes on
    │   └── MissingReply      the store holds no reply to this question        exit 3
    ├── BudgetReached         the next call could pass the cost limit          exit 4
    └── Interrupted           somebody asked the run to stop                   exit 130

Each message is one line: what is wrong, where, what is allowed, what to do next. It names options in the words of
whoever reads it: `max_cost` in Python, `--max-cost` on the command line, a field on the page. A message holds marks
made by `name_option` and `name_step`. They become words when the message is read, in the vocabulary of the reader.

Examples:
    >>> error = InputError(f"{name_option('max_cost', -1)}: give dollars, 0 or more")
    >>> str(error)
    'max_cost=-1: give dollars, 0 or more'
    >>> error.say(FLAGS)
    '--max-cost -1: give dollars, 0 or more'
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import functools
import inspect
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NamedTuple, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")
_MARK = re.compile("\x0e([a-z_]+)(?:=([^\x0f]*))?\x0f")
_STEP = re.compile("\x0e!([a-z_]+)\x0f")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How one kind of reader calls options and next steps."""

    option: Callable[[str, object], str]
    """Gets an option's Python name and its value, `...` for none; returns both in the reader's words."""
    steps: Mapping[str, str]
    """What to do next, by name: `again` goes on with what was begun, `help` lists the options, `key` gets one,
    `audiences` and `rules` name what there is, `form` shows one, `replace` writes over a file."""


def _say_keyword(name: str, value: object) -> str:
    return name if value is ... else f"{name}={value!r}"


_FLAGS = {
    "api_key": "OPENAI_API_KEY", "columns": "--map", "control": "--no-control", "folder": "--out",
    "objections": "--objection", "path": "--out", "quotas": "--quota", "segments": "--segment",
}  # fmt: skip
"""Options that the command calls otherwise."""


def _say_flag(name: str, value: object) -> str:
    flag = _FLAGS.get(name) or f"--{name.replace('_', '-')}"
    if value is ... or isinstance(value, bool):
        return flag
    if isinstance(value, dict):
        return f"{flag} {' '.join(f'{key}={_quote(str(item))}' for key, item in value.items())}"
    said = ",".join(map(str, value)) if isinstance(value, tuple) else value
    return f"{flag} {_quote(said) if isinstance(said, str) else said}"


def _quote(value: str) -> str:
    """Return several words as a shell takes them; what stands between pointed brackets names a thing, not a text."""
    return repr(value) if " " in value and not value.startswith("<") else value


PYTHON = Vocabulary(
    _say_keyword,
    {
        "again": "make the same call again",
        "audiences": "see toolkit.audiences.list_audiences()",
        "encoding": " (load_drafts, load_audience and load_outcomes take it)",
        "form": "toolkit.load_audience('uk-small-sellers') is one",
        "help": "see help(toolkit.run)",
        "replace": "pass overwrite=True to replace it",
        "rules": "toolkit.drafts.lint.RULES lists them",
        "key": "set OPENAI_API_KEY, or pass api_key, or engine='local', or base_url for a server of your own",
    },
)
"""Keywords: `sample=61`."""
FLAGS = Vocabulary(
    _say_flag,
    {
        "again": "run the same command again",
        "audiences": "see `audience personas list`",
        "encoding": "",
        "form": "see `audience personas show uk-small-sellers --json` for the form",
        "help": "see `audience run --help`",
        "replace": "pass --force to replace it",
        "rules": "`audience lint --rules` lists them",
        "key": "set OPENAI_API_KEY, or pass --engine local, or --base-url for a server of your own",
    },
)
"""Options of the command: `--sample 61`."""
_SPOKEN: ContextVar[Vocabulary] = ContextVar("vocabulary", default=PYTHON)


@contextlib.contextmanager
def speaking(vocabulary: Vocabulary) -> Iterator[None]:
    """Let messages that are read in this context name options in the words of `vocabulary`.

    Tasks started inside keep it. A thread has it only if it runs in a copy of the context.
    """
    before = _SPOKEN.set(vocabulary)
    try:
        yield
    finally:
        _SPOKEN.reset(before)


@contextlib.contextmanager
def needing(extra: str, what: str) -> Iterator[None]:
    """Turn a package missing inside this context into an InputError with the command that adds it.

    `what` is the subject of the message, such as "a chart"; `extra` the name in `pip install 'audience-toolkit[...]'`.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _OWN:
            raise
        raise InputError(f"{what} needs more packages; add them with: {install_command(extra)}") from None


def install_command(extra: str) -> str:
    """Return the command that adds an extra."""
    return f"pip install 'audience-toolkit[{extra}]'"


_OWN = {"toolkit", ""}


def name_option(name: str, value: object = ...) -> str:
    """Return the mark of an option, and its value if one is given, for the message of a ToolkitError."""
    if value is ...:
        return f"\x0e{name}\x0f"
    plain = value if isinstance(value, (str, int, float, tuple, list, dict, type(None))) else str(value)
    return f"\x0e{name}={plain!r}\x0f"


def name_step(name: str) -> str:
    """Return the mark of a next step, such as "again" or "help", for the message of a ToolkitError."""
    return f"\x0e!{name}\x0f"


def spell_out(message: str, vocabulary: Vocabulary | None = None) -> str:
    """Return a message with its marks in words: those of `vocabulary`, else of whoever reads here."""
    words = vocabulary or _SPOKEN.get()
    message = _MARK.sub(lambda mark: words.option(mark[1], _read_value(mark[2])), message)
    return _STEP.sub(lambda mark: words.steps.get(mark[1], PYTHON.steps[mark[1]]), message)


def _read_value(written: str | None) -> object:
    if written is None:
        return ...
    try:
        return ast.literal_eval(written)
    except (ValueError, SyntaxError):  # a number such as nan, or what a list holds
        return written


class ToolkitError(Exception):
    """An expected failure: shown as one line, never as a traceback.

    Examples:
        >>> issubclass(toolkit.EngineUnavailable, toolkit.ToolkitError)
        True
    """

    exit_code = 2

    def __str__(self) -> str:
        return self.say()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    @property
    def option(self) -> str | None:
        """The Python name of the first option that the message is about; None if it is about none."""
        mark = _MARK.search(super().__str__())
        return mark[1] if mark else None

    def say(self, vocabulary: Vocabulary | None = None) -> str:
        """Return the message in the words of `vocabulary`, else of whoever reads here."""
        return spell_out(super().__str__(), vocabulary)


class InputError(ToolkitError):
    """A file, a name or an option cannot be used as given.

    Examples:
        >>> toolkit.load_audience("nobody")
        Traceback (most recent call last):
        toolkit.errors.InputError: unknown audience 'nobody'...
    """


class StoreUnusable(InputError):
    """The file that keeps reactions cannot be read or written.

    Examples:
        >>> toolkit.run(drafts, audience, engine="replay", store="examples")
        Traceback (most recent call last):
        toolkit.errors.StoreUnusable: ...
    """


class Interrupted(ToolkitError):
    """You asked the run to stop; nothing new is asked, and the store has every reply so far.

    Examples:
        >>> toolkit.Interrupted.exit_code
        130
    """

    exit_code = 130


class EngineError(ToolkitError):
    """An engine could not answer; what you catch for any fault of a model or its address.

    Examples:
        >>> issubclass(toolkit.EngineUnavailable, toolkit.EngineError)
        True
    """


class EngineUnavailable(EngineError):
    """No call to this engine can succeed until you change something: the key, the model, the address, the balance.

    Examples:
        >>> toolkit.run(drafts, audience, model="any", base_url="http://127.0.0.1:9/v1", sample=1)
        Traceback (most recent call last):
        toolkit.errors.EngineUnavailable: ...
    """

    is_pause: bool = False
    """True if the endpoint takes nothing more before a later hour, whatever you change."""


class CallFailed(EngineError):
    """One call got no usable reply after its retries; other calls may. The run goes on, and the reaction is "failed".

    Examples:
        >>> raise toolkit.CallFailed("the answer is no JSON")
        Traceback (most recent call last):
        toolkit.errors.CallFailed: the answer is no JSON
    """

    def __init__(self, message: str, *, free: bool = False) -> None:
        super().__init__(message)
        self.free = free
        """True where the provider surely charged nothing for the last attempt: it refused it."""


class MissingReply(EngineError):
    """A replay was asked for a reply that the store does not hold.

    Examples:
        >>> toolkit.MissingReply.exit_code
        3
    """

    exit_code = 3


class BudgetReached(ToolkitError):
    """The worst case of the next call would pass the cost limit; nothing more is asked, and what came is kept.

    Examples:
        >>> toolkit.BudgetReached.exit_code
        4
    """

    exit_code = 4


_FAR_BEHIND = 0.3
"""How much less alike a second name is that is no slip of the same kind."""


def suggest(name: str, allowed: Iterable[str]) -> str:
    """Return "; did you mean X?" for the nearest allowed names, or an empty string."""
    nearest = difflib.get_close_matches(name, list(allowed), n=2, cutoff=0.5)
    alike = [difflib.SequenceMatcher(a=one, b=name).ratio() for one in nearest]
    nearest = [one for one, ratio in zip(nearest, alike, strict=True) if ratio > alike[0] - _FAR_BEHIND]
    return f"; did you mean {' or '.join(nearest)}?" if nearest else ""


def check_options(given: Iterable[str], allowed: Collection[str], function: str) -> None:
    """Raise InputError for the first option that a function does not take, with the nearest one that it does.

    `allowed` may be a TypedDict's `__annotations__`.

    Examples:
        >>> check_options(["concurency"], ["concurrency", "seed"], "run")
        Traceback (most recent call last):
        toolkit.errors.InputError: unknown option 'concurency'; did you mean 'concurrency'?
    """
    for name in given:
        if name not in allowed:
            nearest = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.6)
            hint = f"did you mean {nearest[0]!r}?" if nearest else f"{function} takes: {', '.join(sorted(allowed))}"
            raise InputError(f"unknown option {name!r}; {hint}")


class ArgumentKind(NamedTuple):
    """What an argument may be."""

    wanted: str
    """What to give, in words."""
    fits: Callable[[object], bool]


A_PATH = ArgumentKind("a path", lambda value: isinstance(value, (str, os.PathLike)) and not isinstance(value, bytes))
A_TEXT = ArgumentKind("a text", lambda value: isinstance(value, str))


def accept_only(
    more: Iterable[str] = (), /, **kinds: ArgumentKind
) -> Callable[[Callable[Parameters, Returned]], Callable[Parameters, Returned]]:
    """Return a decorator: an option that the function does not know, or an argument of a wrong kind, is an InputError.

    `more` names the options that the function takes besides its own parameters, as `**options`.

    Examples:
        >>> @accept_only(folder=A_PATH)
        ... def count_files(folder: str) -> int:
        ...     return len(os.listdir(folder))
        >>> count_files(3)
        Traceback (most recent call last):
        toolkit.errors.InputError: count_files: folder is a value of type int; give a path
    """

    def decorate(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
        sorts = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        parameters = inspect.signature(function).parameters
        takes = [name for name, one in parameters.items() if one.kind in sorts]
        known = [*(name for name in takes if name != "self"), *more]

        @functools.wraps(function)
        def call(*arguments: Parameters.args, **options: Parameters.kwargs) -> Returned:
            check_options(options, known, function.__name__)
            for name, value in (*zip(takes, arguments, strict=False), *options.items()):
                if name in kinds and not kinds[name].fits(value):
                    was = "None" if value is None else f"a value of type {type(value).__name__}"
                    raise InputError(f"{function.__name__}: {name} is {was}; give {kinds[name].wanted}")
            return function(*arguments, **options)

        return call

    return decorate
