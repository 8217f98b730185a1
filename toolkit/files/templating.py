"""Text of others in templates: sandboxed, cleaned, and kept to one line where one is asked for."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import jinja2
import regex
from jinja2.sandbox import ImmutableSandboxedEnvironment

from toolkit.errors import InputError
from toolkit.files.budgeted import Filler, is_plain, serve_rows

_BREAK = regex.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_ROLES = "(?:system|developer|user|assistant|human|ai|bot)"
_UNSEEN = regex.compile(
    r"""[[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]--[\n\t\u200c\u200d\ufe0e\ufe0f]]
    |(?<![\p{Arabic}\p{Syriac}\p{Mongolian}]\p{M}{0,3})(?<!\p{InSC=Virama})\u200c  # it spells Persian and Indic words
    |\u200c(?![\p{Arabic}\p{Syriac}\p{Mongolian}]|\p{InSC=Consonant}|\p{InSC=Vowel_Independent})
    |(?<![\p{So}\p{Sk}\p{Mn}])\u200d  # the joiner belongs inside an emoji, and after a mark
    |(?<![^\s\p{Default_Ignorable_Code_Point}])[\ufe0e\ufe0f]  # one selector, after what it selects""",
    regex.VERSION1 | regex.VERBOSE,
)
_LAYOUT = str.maketrans("", "", "\n\t")
FAULTS = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What filling in a template can raise: its own errors, and those of an expression such as {{ 1 / 0 }}."""


class EmptyCell(jinja2.Undefined):
    """An empty cell of a table in a template: prints as nothing, equals an empty text, and is not `defined`."""

    def __eq__(self, other: object) -> bool:
        return other == "" or isinstance(other, EmptyCell)

    def __hash__(self) -> int:
        return hash("")


EMPTY = EmptyCell()
"""What a template sees of a column whose cell is empty."""


def render_text(template_source: str, context: Mapping[str, Any], *, name: str) -> str:
    """Return a user's template, given as text, filled in under the same sandbox; `name` stands in messages."""
    return compile_text(template_source, name=name)(context)


def compile_text(template_source: str, *, name: str) -> Callable[[Mapping[str, Any]], str]:
    """Return what fills in a user's template, compiled once for all rows; both raise InputError as `render_text`.

    A template that could take for ever is filled in within a budget of time and output.
    """
    try:
        environment = make_environment(None)
        if not is_plain(environment, template_source):  # asked first: to compile it works out what it can
            return Filler(template_source, name).fill
        template = environment.from_string(template_source)
    except FAULTS as error:
        raise describe_fault(name, error) from None

    def fill(context: Mapping[str, Any]) -> str:
        try:
            return template.render(context).strip()
        except FAULTS as error:
            raise describe_fault(name, error) from None

    return fill


def serve() -> None:
    """Fill in a user's template in a process of its own."""
    serve_rows(make_environment(None).from_string, EMPTY, _tell_fault)


def _tell_fault(name: str, error: Exception) -> str:
    if not isinstance(error, FAULTS):
        raise error
    return str(describe_fault(name, error))


@lru_cache(maxsize=128)
def clean_text(text: str) -> str:
    """Return untrusted text in composed Unicode form, without control characters and those that nobody sees.

    Zero-width and tag characters, fillers, bidirectional overrides and runs of variation selectors go: each can carry
    words to a model that no reader of the draft would find. Line breaks and tabs stay, and so do the joiner and the
    one selector inside an emoji, and the one joiner or non-joiner that spells a word of Persian, Hindi or Sinhala.
    """
    if text.isascii() and text.translate(_LAYOUT).isprintable():
        return text  # the same, in a tenth of the time
    return _UNSEEN.sub("", unicodedata.normalize("NFC", _BREAK.sub("\n", text)))


def flatten_text(text: str) -> str:
    """Return untrusted text, cleaned, on one line."""
    return " / ".join(line for line in map(str.strip, clean_text(text).split("\n")) if line)


def keep_within(text: str, words: Sequence[str]) -> str:
    """Return untrusted text, cleaned, in which no line can pass for one of the page's own.

    A base model goes on with a page of worked examples and knows no marks. A line that begins like a person (NAME,
    AGE:) or a role of a chat, or that one of the page's `words` begins or ends, is joined to the line before it.
    """
    own = f"(?:{'|'.join(regex.escape(word) for word in words)})"
    person, begun, ended = r"[^\n:]*,\s*\d+\s*:", rf"{own}\b[^\n:]*:", rf"[^\n:]*\b{own}(?:\s+\w)?\s*(?::|$)"
    entry = rf"\n\s*(?={person}|{_ROLES}\s*:|{begun}|{ended})"
    return regex.sub(entry, " / ", clean_text(text), flags=regex.IGNORECASE | regex.MULTILINE)


def make_environment(loader: jinja2.BaseLoader | None, *, is_own: bool = False) -> jinja2.Environment:
    """Return the sandbox in which every template is filled in: an unknown name is an error.

    With `is_own`, for templates that ship with the toolkit alone, there is no sandbox, which takes half of the time.
    """
    kind = jinja2.Environment if is_own else ImmutableSandboxedEnvironment
    environment = kind(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=False,  # one run asks with one set of prompts, and four files a question need no second look
    )
    environment.filters["clean"] = clean_text
    environment.filters["line"] = flatten_text
    environment.filters["within"] = keep_within
    return environment


def describe_fault(name: str, error: Exception) -> InputError:
    """Return the one line that tells what is wrong with the template called `name`."""
    line = f":{error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
    return InputError(
        f"{name}{line}: the template cannot be filled in: {' '.join(str(error).split())}; correct the template"
    )
