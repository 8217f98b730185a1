"""What the SDK raises, judged: try again, wait, or give up, and in which words. The one border for foreign errors."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import openai

from toolkit.engines.concurrency import Traffic
from toolkit.engines.messages import PICTURES
from toolkit.errors import CallFailed, EngineError, EngineUnavailable, name_option

_NEXT_STEP: dict[type[openai.APIError], str] = {
    openai.AuthenticationError: "the key was refused; set OPENAI_API_KEY to one that this endpoint accepts",
    openai.PermissionDeniedError: f"the key may not use this model; change {name_option('model')} or the key",
    openai.NotFoundError: (
        f"choose a model that the endpoint serves; check {name_option('model')} and {name_option('base_url')}"
    ),
}
_PASSING = (openai.InternalServerError, openai.ConflictError, openai.APIResponseValidationError)
_OPTIONAL = (
    "response_format", "max_completion_tokens", "top_logprobs", "logprobs", "temperature", "top_p", "seed",
    "stream_options", "stream",
)  # fmt: skip
_MOST_SAID = 200


def judge_error(error: openai.APIError, *, answered: bool) -> Traffic:
    """Return what an error says of the endpoint's load; OTHER where trying again cannot help.

    `answered` tells whether the endpoint ever answered: a first connection that fails will go on failing.
    """
    if isinstance(error, openai.RateLimitError):
        return Traffic.OTHER if is_quota(error) else Traffic.LIMITED
    if isinstance(error, openai.APITimeoutError):
        return Traffic.BROKEN
    if isinstance(error, openai.APIConnectionError):
        return Traffic.BROKEN if answered else Traffic.OTHER
    passing = isinstance(error, _PASSING)
    passing |= isinstance(error, openai.APIStatusError) and error.status_code == HTTPStatus.REQUEST_TIMEOUT
    return Traffic.BROKEN if passing else Traffic.OTHER


def find_headers(error: openai.APIError) -> Mapping[str, str]:
    """Return the headers of the answer behind an error; none where there was no answer."""
    return error.response.headers if isinstance(error, openai.APIStatusError) else {}


def translate_error(error: openai.APIError, *, where: str, model: str, answered: bool) -> EngineError:
    """Return the toolkit's own error, in one line."""
    said = describe_error(error)
    if type(error) in _NEXT_STEP:
        return EngineUnavailable(f"{where} refused model {model!r}: {said}; {_NEXT_STEP[type(error)]}")
    if isinstance(error, openai.RateLimitError) and is_quota(error):
        return EngineUnavailable(f"{where}: the quota is exhausted: {said}; add credit or use another key")
    if isinstance(error, openai.APIConnectionError) and not answered:
        return EngineUnavailable(f"nothing answers at {where}; start the server or correct {name_option('base_url')}")
    return CallFailed(f"{type(error).__name__}: {said}", free=not may_be_charged(error))


def describe_error(error: openai.APIError) -> str:
    """Return what the provider or the SDK said, in one line of at most 200 characters."""
    return " ".join(str(getattr(error, "message", error)).split())[:_MOST_SAID]


def may_be_charged(error: openai.APIError) -> bool:
    """Tell whether the provider may have answered a call, and charged for it, before the error came."""
    if not isinstance(error, openai.APIStatusError):
        return True
    unsure = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT}
    return error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or error.status_code in unsure


def is_quota(error: openai.APIError) -> bool:
    """Tell whether the account is out of credit, which no waiting mends."""
    return "insufficient_quota" in {error.code, error.type}


def find_refused_parameter(error: openai.APIStatusError) -> str | None:
    """Return the optional parameter that a 400 or 422 complains of, or None."""
    named = str(error.param or "").split(".")[0]
    if named in _OPTIONAL:
        return named
    said = str(error.message)
    if "image" in said.lower():
        return PICTURES
    return next((name for name in _OPTIONAL if name in said), None)
