"""What is to be done about a complaint: wait, try again, decline, or end the run, and in which words."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Callable, Mapping
from enum import Enum
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx2
import openai

from toolkit.engines.client import LOSING
from toolkit.engines.complaints import Complaint, read_complaint
from toolkit.engines.concurrency import Traffic
from toolkit.errors import CallFailed, EngineError, EngineUnavailable, name_option

LONGEST_WAIT = 300.0
"""Seconds for which a limit or a model that is being loaded is waited for."""
_NEXT_STEP: dict[type[openai.APIError], str] = {
    openai.AuthenticationError: "the key was refused; set OPENAI_API_KEY to one that this endpoint accepts",
    openai.PermissionDeniedError: f"the key may not use this model; change {name_option('model')} or the key",
    openai.NotFoundError: (
        f"choose a model that the endpoint serves; check {name_option('model')} and {name_option('base_url')}"
    ),
}
_UNREACHED = {"ConnectError", "ConnectTimeout", "ConnectionRefusedError", "ClientConnectorError", "gaierror",
              "ClientConnectorDNSError", "ClientConnectorCertificateError"}  # fmt: skip
"""What the SDK's transports call a connection that never came about."""
_BROKE_OFF = {"ServerDisconnectedError", "ClientPayloadError", "ConnectionResetError", "ClientConnectionResetError"}
"""What they call one that ended before its answer, whatever they wrap it in."""
_EARLY = 425


class Kind(Enum):
    """What a complaint is about."""

    LIMITED = "too many requests"
    SPENT = "the balance or quota is used up"
    PAUSED = "the quota comes back later"
    KEY = "the key was refused"
    FORBIDDEN = "the key may not do this"
    SUSPENDED = "the account or project is suspended"
    MODEL = "the model is not there"
    ADDRESS = "nothing at this address"
    MOVED = "the address moved"
    MEMORY = "the machine cannot hold the model"
    LOADING = "the model is being loaded"
    FILTERED = "the content filter"
    CONTEXT = "the prompt is too long"
    CHANCE = "the model missed the form"
    BROKEN = "the server failed"
    SLOW = "no answer in time"
    UNREACHED = "nothing listens"
    OTHER = "refused"


_PASSING = {Kind.BROKEN, Kind.CHANCE, Kind.SLOW}
_FILTER_CODES = {
    "content_filter", "content_policy_violation", "responsibleaipolicyviolation", "data_inspection_failed",
    "prohibited_content", "moderation", "content_policy", "sensitive_words_detected", "content_moderation",
}  # fmt: skip
_CHANCE_CODES = {"json_validate_failed", "tool_use_failed", "output_parse_failed"}
_SPENT_CODES = {
    "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_balance",
    "insufficient_credits", "insufficient_user_quota", "arrearage",
}  # fmt: skip


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE)


_FILTER = _words(r"""content[ ]management[ ]policy | content[ _](?:filter|policy|moderation)
    | safety[ ](?:system|filter)
    | (?:flagged|blocked)[ ](?:by|as|for).{0,60}(?:moderation|policy|polic|safety|harm) | requires[ ]moderation
    | violat\w+.{0,40}(?:usage|content)[ ]polic | inappropriate[ ]content""")
_CHANCE = _words(r"""failed[ ]to[ ]generate[ ]json | failed_generation | failed[ ]to[ ]parse[ ](?:the[ ])?model
    | failed[ ]to[ ]call[ ]a[ ]function | model[ ](?:output|response).{0,30}(?:not[ ]valid|invalid)""")
_CANNOT_LOAD = _words(r"(?:failed|error|unable|cannot|could[ ]not|can't)\b.{0,24}\bload")
_LOADING = _words(r"""loading[ ]model | model.{0,80}\b(?:is|being)\b.{0,24}\bload | model[ _]loading | is[ ]loading
    | warming[ ]up | cold[ ]start | (?:server|model|endpoint)[ ]is[ ](?:still[ ])?starting | model[ ]is[ ]not[ ]ready
    | model.{0,40}not[ ]loaded[ ]yet""")
_MEMORY = _words(r"""more[ ]system[ ]memory | out[ ]of[ ](?:gpu[ ]|video[ ]|device[ ])?memory
    | (?:insufficient|not[ ]enough|too[ ]little)[ ](?:\w+[ ])?(?:memory|vram|ram)\b""")
_NO_MODEL = _words(r"""\bmodel\b.{0,120}?\b(?:not[ ](?:found|exist|available|enabled|allowed|deployed|supported|served)
    | does[ ]not[ ]exist | doesn't[ ]exist | not[ ]a[ ]valid | is[ ]invalid | unknown | no[ ](?:access|longer)
    | decommissioned | deprecated | retired) | (?:unknown|no[ ]such|invalid|unsupported|not[ ]a[ ]valid)[ ]model
    | (?:not[ ]have[ ]access|no[ ]access)[ ]to[ ](?:the[ ])?model | try[ ]pulling | deployment.{0,40}not[ ]exist""")
_SPENT = _words(r"""insufficient[ _](?:account[ ])?(?:balance|credits?|funds|quota)
    | out[ ]of[ ](?:credits?|funds|quota)
    | credit[ ]balance | exceeded[ ]your[ ](?:current[ ])?(?:\w+[ ])?quota | no[ ](?:more[ ])?credits
    | (?:credits?|balance|quota|budget)[ ](?:\w+[ ]){0,3}(?:exhausted|used[ ]up|depleted|exceeded|too[ ]low)
    | billing[ ](?:hard[ ]limit|not[ ]active|account|details) | payment[ ]required | spend(?:ing)?[ ]limit
    | add[ ]more[ ]credits? | top[ ]up | overdue | arrears | requires[ ]more[ ]credits""")
_SUSPENDED = _words(r"""(?:account|tenant|project|organi[sz]ation|subscription|workspace|user|key|team)\b.{0,40}
    \b(?:suspended|deactivated|disabled|blocked|banned|terminated|closed|locked)""")
_OF_THE_DAY = _words(r"""per[- _]?(?:day|week|month)\b | \b(?:daily|weekly|monthly)\b | perday
    | (?:quota|limit)[ ]of[ ]the[ ]day""")
_NO_KEY = _words(r"""(?:api[ _-]?key|access[ ]token|credentials?)\b.{0,40}
    \b(?:not[ ]valid|invalid|incorrect|missing|expired|revoked|not[ ]found|required|not[ ]provided)
    | (?:invalid|incorrect|missing|expired|no|wrong)[ ](?:api[ _-]?)?(?:key|access[ ]token|credentials?)\b
    | unauthori[sz]ed | authentication[ ](?:failed|required|error)""")
_CONTEXT = _words(r"""context[ _](?:length|window|size) | maximum[ ]context | prompt[ ]is[ ]too[ ]long | max_model_len
    | too[ ]many[ ](?:input[ ]|prompt[ ])?tokens | input[ ](?:is[ ])?too[ ]long | reduce[ ]the[ ]length
    | exceed_context | body[ ]too[ ]large | tokens_limit_reached | exceeds[ ]the[ ]context""")
_NO_PAGE = _words(r"""unexpected[ ]endpoint | page[ ]not[ ]found | invalid[ ]url | no[ ](?:such[ ])?route
    | cannot[ ]post | unknown[ ](?:url|path|request[ ]url)""")


def judge_complaint(complaint: Complaint, *, answered: bool = True) -> Kind:
    """Return what a complaint is about; `answered` tells whether the endpoint ever answered."""
    if complaint.timed_out:
        return Kind.SLOW
    if not complaint.status:
        return Kind.UNREACHED if complaint.unreached and not answered else Kind.BROKEN
    if complaint.status in LOSING:
        return Kind.MOVED
    rules = _RULES + (_REFUSALS if _is_refusal(complaint.status) else ())
    found = (kind for kind, fits in rules if fits(complaint, complaint.words, answered))
    return next(found, None) or _judge_status(complaint)


def _is_refusal(status: int) -> bool:
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR


def _is_limited(complaint: Complaint) -> bool:
    return complaint.status == HTTPStatus.TOO_MANY_REQUESTS


def _is_far(complaint: Complaint) -> bool:
    """Tell whether a limit lifts later than anybody waits; one of the day does so unless it says otherwise."""
    if any("perday" in code for code in complaint.codes):  # Gemini asks to wait for seconds even then
        return True
    if complaint.wait is not None:
        return complaint.wait > LONGEST_WAIT
    return _OF_THE_DAY.search(complaint.words) is not None


_Rule = tuple[Kind, Callable[[Complaint, str, bool], object]]
_RULES: tuple[_Rule, ...] = (
    (Kind.FILTERED, lambda one, words, _: one.codes & _FILTER_CODES or _FILTER.search(words)),
    (Kind.CHANCE, lambda one, words, _: one.codes & _CHANCE_CODES or _CHANCE.search(words)),
    (Kind.MEMORY, lambda _, words, answered: _MEMORY.search(words) and (not answered or "system memory" in words)),
    (Kind.MEMORY, lambda _, words, answered: _CANNOT_LOAD.search(words) and not answered),
    (Kind.LOADING, lambda one, words, _: _LOADING.search(words) and one.status != HTTPStatus.NOT_FOUND),
)
"""What an answer of any status may be about, tried in this order."""
_REFUSALS: tuple[_Rule, ...] = (
    (Kind.PAUSED, lambda one, _, __: _is_limited(one) and _is_far(one)),
    (Kind.LIMITED, lambda one, _, __: _is_limited(one) and one.wait is not None),
    (Kind.SPENT, lambda one, words, _: one.status == HTTPStatus.PAYMENT_REQUIRED
        or one.codes & _SPENT_CODES or _SPENT.search(words)),
    (Kind.LIMITED, lambda one, _, __: _is_limited(one)),
    (Kind.SUSPENDED, lambda _, words, __: _SUSPENDED.search(words)),
    (Kind.KEY, lambda one, words, _: one.status == HTTPStatus.UNAUTHORIZED
        or "invalid_api_key" in one.codes or _NO_KEY.search(words)),
    (Kind.CONTEXT, lambda one, words, _: "context_length_exceeded" in one.codes or _CONTEXT.search(words)),
    (Kind.MODEL, lambda one, words, _: "model_not_found" in one.codes or _NO_MODEL.search(words)),
)  # fmt: skip
"""What a refusal may be about besides."""


def _judge_status(complaint: Complaint) -> Kind:
    status = complaint.status
    if status == HTTPStatus.FORBIDDEN:
        return Kind.FORBIDDEN
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        return Kind.ADDRESS if not complaint.codes or _NO_PAGE.search(complaint.words) else Kind.MODEL
    if status < HTTPStatus.BAD_REQUEST and _NO_PAGE.search(complaint.words):
        return Kind.ADDRESS
    passing = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, _EARLY}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in passing or status < HTTPStatus.BAD_REQUEST:
        return Kind.BROKEN
    return Kind.OTHER


def find_traffic(kind: Kind, complaint: Complaint) -> Traffic:
    """Return what a complaint says of the endpoint's load; OTHER where trying again cannot help."""
    if kind in {Kind.LIMITED, Kind.LOADING} or (kind is Kind.BROKEN and complaint.wait is not None):
        return Traffic.LIMITED
    return Traffic.BROKEN if kind in _PASSING else Traffic.OTHER


def complain(error: openai.APIError) -> Complaint:
    """Return the complaint behind an error of the SDK, read from the answer itself: the SDK keeps few of its words."""
    if isinstance(error, openai.APIStatusError) and error.response.status_code in LOSING:
        return Complaint(status=error.response.status_code, words=_name_target(error.response))
    if isinstance(error, openai.APIStatusError):
        return read_complaint(error.response.status_code, error.response.headers, error.response.content)
    if isinstance(error, openai.APIResponseValidationError):
        return Complaint(status=HTTPStatus.OK, words=" ".join(str(error.message).split()))
    causes = {type(cause).__name__ for cause in _list_causes(error)}
    broke_off = bool(causes & _BROKE_OFF)
    unreached = bool(causes & _UNREACHED) and not broke_off
    timed_out = isinstance(error, openai.APITimeoutError) and not unreached and not broke_off
    words = "the connection broke off" if broke_off else " ".join(str(error.message).split())
    return Complaint(status=0, words="" if timed_out else words, timed_out=timed_out, unreached=unreached)


def _name_target(response: httpx2.Response) -> str:
    """Return where an answer sends a request on to, without query and credentials."""
    target = urlsplit(str(response.request.url.join(response.headers.get("location", ""))))
    path = target.path.removesuffix("/chat/completions").removesuffix("/completions").removesuffix("/embeddings")
    return f"{target.scheme}://{target.netloc.rpartition('@')[2]}{path}"


def _list_causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and cause not in found:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found


def may_be_charged(complaint: Complaint) -> bool:
    """Tell whether the provider may have answered a call, and charged for it, before the complaint came."""
    unsure = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT}
    return not _is_refusal(complaint.status) or complaint.status in unsure


def translate(
    complaint: Complaint, kind: Kind, *, where: str, model: str, answered: bool, seconds: float = 0.0
) -> EngineError:
    """Return the toolkit's own error, in one line: the provider's words, and what to do.

    `seconds` is how long an answer was waited for. Before the first answer of a run every complaint that lasts ends it.
    """
    said = describe(complaint)
    line = _END.get(kind)
    if line is not None:
        words = line.format(where=where, model=repr(model), said=said, when=_say_when(complaint.wait))
        error = EngineUnavailable(words)
        error.is_pause = kind is Kind.PAUSED
        return error
    if kind is Kind.LOADING:
        return EngineUnavailable(
            f"{where} was still loading its model after {LONGEST_WAIT:.0f} s: {said}; start the same command later"
        )
    if kind is Kind.SLOW and not answered:
        return EngineUnavailable(
            f"{where} took the request and gave no answer within {seconds:g} s; "
            f"allow more with {name_option('timeout')}, or ask less at once with {name_option('concurrency')}"
        )
    if kind is Kind.SLOW:
        return CallFailed(f"no answer within {seconds:g} s; allow more with {name_option('timeout')}")
    if not answered:
        refused = "refused the first question" if kind in {Kind.OTHER, Kind.CONTEXT} else "cannot answer"
        return EngineUnavailable(f"{where} {refused}: {_say_status(complaint)}{said}; {_NEXT.get(kind, _ASK_THERE)}")
    return CallFailed(f"{_say_status(complaint)}{said}", free=not may_be_charged(complaint))


def describe(complaint: Complaint) -> str:
    """Return what the provider or the SDK said, in one line that a sentence may go on from."""
    if complaint.timed_out:
        return "no answer in time"
    ended = complaint.words.endswith(".") and not complaint.words.endswith("..")
    return (complaint.words.removesuffix(".") if ended else complaint.words) or f"HTTP {complaint.status}"


_END: Mapping[Kind, str] = {
    Kind.KEY: "{where} refused model {model}: {said}; " + _NEXT_STEP[openai.AuthenticationError],
    Kind.FORBIDDEN: "{where} refused model {model}: {said}; " + _NEXT_STEP[openai.PermissionDeniedError],
    Kind.MODEL: "{where} refused model {model}: {said}; " + _NEXT_STEP[openai.NotFoundError],
    Kind.ADDRESS: "{where} refused model {model}: {said}; " + _NEXT_STEP[openai.NotFoundError],
    Kind.MOVED: "{where} sends requests on to {said}, and what they carry is lost on the way; give the address that "
    "answers itself with " + name_option("base_url"),
    Kind.SPENT: "{where}: the quota is exhausted: {said}; add credit or use another key",
    Kind.PAUSED: "{where} takes nothing more for {when}: {said}; what came is saved: run the same command then",
    Kind.SUSPENDED: "{where}: the account is suspended: {said}; have the provider lift that, or use another key",
    Kind.MEMORY: "{where} cannot load model {model}: {said}; choose a smaller one, or free memory there",
    Kind.UNREACHED: "nothing answers at {where}; start the server or correct " + name_option("base_url"),
}
_ASK_THERE = "`audience doctor --model NAME` asks this endpoint what it takes"
_NEXT: Mapping[Kind, str] = {
    Kind.BROKEN: "look at the server's own log, or try again later",
    Kind.CONTEXT: "the model's context is too short for a question; serve it with a longer one, or choose another",
    Kind.LIMITED: f"try again later, or ask less at once: {name_option('concurrency')}, {name_option('rpm')}",
}


def _say_status(complaint: Complaint) -> str:
    return f"HTTP {complaint.status}: " if complaint.status >= HTTPStatus.BAD_REQUEST and complaint.words else ""


def _say_when(wait: float | None) -> str:
    """Return a time to wait with the hour at which it ends, on the clock of this machine."""
    if wait is None:
        return "today"
    until = datetime.datetime.fromtimestamp(time.time() + wait).astimezone()
    return f"{wait:,.0f} s, until {until:%H:%M} on {until.day} {until:%B}"
