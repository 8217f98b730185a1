"""A zoo of providers: each animal answers as one kind of endpoint was seen or is documented to answer.

Bodies are written after the source that each animal links to, documentation or an issue's thread; nothing hosted was
asked.
"""

# ruff: noqa: E501 - a link stays on its line

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Literal, Self

from loopback import LoopbackHandler, LoopbackServer

RATINGS = {"relevance": 4, "clarity": 4, "trust": 3, "appeal": 4, "intent": 4}
OBJECT = {
    "first_glance": "stop", "action": "click", "verbatim": "I would look at that for my stall on Sunday.",
    "objection": None, "quotes": [], "ratings": RATINGS,
}  # fmt: skip
TEXT = json.dumps(OBJECT)
USAGE = {"prompt_tokens": 900, "completion_tokens": 90, "total_tokens": 990}


@dataclass(frozen=True, slots=True)
class Visit:
    """One request."""

    number: int
    """From 1."""
    body: Mapping[str, Any]
    path: str
    headers: Mapping[str, str]
    seconds: float
    """Since the animal was let out."""

    @property
    def format(self) -> str | None:
        """The type of the response format."""
        return (self.body.get("response_format") or {}).get("type")

    @property
    def room(self) -> int:
        """The budget of the reply."""
        return int(self.body.get("max_completion_tokens", self.body.get("max_tokens", 0)))


@dataclass(frozen=True, slots=True)
class Answer:
    """What it is answered."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Keeper = Callable[[Visit], Answer]
Fate = Literal["all", "refused", "ends"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Animal:
    """One kind of endpoint, and what becomes of a run of sixteen reactions against it."""

    source: str
    keep: Keeper
    fate: Fate = "all"
    more_calls: int = 4
    """Calls beyond one a reaction, at most; where the run ends, calls in all."""
    tells: Mapping[str, Any] = field(default_factory=dict)
    """What it gives at further addresses, by path."""
    says: str = ""
    """What the error or a warning says, as a regular expression."""


def chat(content: Any, reason: str = "stop", **message: Any) -> Answer:
    """Return a whole answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": reason}
    return Answer({"id": "z", "object": "chat.completion", "model": "m", "choices": [choice], "usage": USAGE})


def says(content: Any, **message: Any) -> Keeper:
    """Return a keeper that answers everything alike."""
    return lambda _: chat(content, **message)


def refuses(status: int, body: Any, **headers: str) -> Keeper:
    """Return a keeper that refuses everything alike."""
    return lambda _: Answer(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


def unless(fits: Callable[[Visit], bool], status: int, body: Any, **headers: str) -> Keeper:
    """Return a keeper that answers what fits and refuses the rest."""
    refuse = refuses(status, body, **headers)
    return lambda visit: chat(TEXT) if fits(visit) else refuse(visit)


def error(message: Any, **more: Any) -> dict[str, Any]:
    """Return an error as OpenAI writes it."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None, **more}}


def _forbid_extras(*names: str) -> Keeper:
    def keep(visit: Visit) -> Answer:
        extras = [name for name in names if name in visit.body]
        detail = [{"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"}
                  for name in extras]  # fmt: skip
        body = {"object": "error", "message": {"detail": detail}, "type": "invalid_request_error"}
        return Answer(body, 422) if extras else chat(TEXT)

    return keep


def _starve(visit: Visit) -> Answer:
    return chat(TEXT) if visit.room > 2_000 else chat("", "length")


def _starve_more(visit: Visit) -> Answer:
    return chat(TEXT) if visit.room > 8_000 else chat("", "length")


def _cap(visit: Visit) -> Answer:
    if visit.room <= 4096:
        return chat(TEXT)
    said = f"max_tokens is too large: {visit.room}. This model supports at most 4096 completion tokens."
    return Answer(error(said, param="max_tokens", code="invalid_value"), 400)


def _short_context(visit: Visit) -> Answer:
    if visit.room + 3000 <= 4096:
        return chat(TEXT)
    said = (
        f"This model's maximum context length is 4096 tokens. However, you requested {visit.room + 3000} tokens "
        f"(3000 in the messages, {visit.room} in the completion). Please reduce the length of either."
    )
    return Answer(error(said, code="context_length_exceeded"), 400)


def _every(number: int, answer: Answer) -> Keeper:
    return lambda visit: answer if visit.number % number == 0 else chat(TEXT)


def _merge_system(visit: Visit) -> Answer:
    roles = {message["role"] for message in visit.body["messages"]}
    return Answer(error("System role not supported"), 500) if "system" in roles else chat(TEXT)


def _pattern(visit: Visit) -> Answer:
    if '"pattern"' in json.dumps(visit.body):
        return Answer(error("JSON schema conversion failed: Pattern must start with '^' and end with '$'"), 400)
    return chat(TEXT)


def _closed(visit: Visit) -> Answer:
    if "additionalProperties" in json.dumps(visit.body.get("response_format")):
        said = 'Invalid JSON payload received. Unknown name "additionalProperties" at response_schema: no such field.'
        return Answer([{"error": {"code": 400, "message": said, "status": "INVALID_ARGUMENT"}}], 400)
    return chat(TEXT)


def _ignore_form(visit: Visit) -> Answer:
    written_out = "fits this schema" in json.dumps(visit.body["messages"])
    return chat(TEXT if written_out else "Well, as a stall holder I think it looks rather handy for my Sundays.")


def _write_events(text: str) -> str:
    pieces = [text[start : start + 40] for start in range(0, len(text), 40)]
    choices: list[dict[str, Any]] = [
        {"index": 0, "delta": {"content": piece}, "finish_reason": None} for piece in pieces
    ]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    return "".join(f"data: {json.dumps({'choices': [choice]})}\n\n" for choice in choices) + "data: [DONE]\n\n"


PYDANTIC = "[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': \"Input should be 'text'\"}]"
RAW = json.dumps(error("logprobs is not supported by this model"))
THOUGHT = "<think>They {might} stop.</think>"
REASONED = {"type": "thinking", "thinking": [{"type": "text", "text": "They {might} stop."}]}
LATER = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int((time.time() + 9000) * 1000))}

ZOO: dict[str, Animal] = {
    # How replies are wrapped.
    "plain": Animal(source="https://platform.openai.com/docs/api-reference/chat/create", keep=says(TEXT), more_calls=0),
    "thoughts in the text": Animal(source="https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/1589", keep=says(THOUGHT + TEXT), more_calls=0),
    "empty thoughts": Animal(source="https://huggingface.co/Qwen/Qwen3-0.6B", keep=says(f"<think>\n\n</think>\n\n{TEXT}"), more_calls=0),
    "thoughts without their start": Animal(
        source="https://huggingface.co/deepseek-ai/DeepSeek-R1", keep=says(f"They {{might}}.\n</think>\n{TEXT}"), more_calls=0
    ),
    "channels": Animal(
        source="https://cookbook.openai.com/articles/openai-harmony",
        keep=says(f"<|channel|>analysis<|message|>Hm.<|end|><|channel|>final<|message|>{TEXT}<|return|>"), more_calls=0,
    ),
    "a fence": Animal(source="https://github.com/browser-use/browser-use/issues/2097", keep=says(f"```JSON\n{TEXT}\n```"), more_calls=0),
    "prose around": Animal(source="https://github.com/bklieger-groq/g1/issues/23", keep=says(f"Here it is:\n{TEXT}\nI hope that helps!"), more_calls=0),
    "parts": Animal(source="https://github.com/microsoft/agent-framework/issues/6978", keep=says([{"type": "text", "text": TEXT}]), more_calls=0),
    "parts with thoughts": Animal(
        source="https://docs.mistral.ai/capabilities/reasoning", keep=says([REASONED, {"type": "text", "text": TEXT}]), more_calls=0
    ),
    "an object for content": Animal(source="https://github.com/abetlen/llama-cpp-python/issues/1314", keep=says(OBJECT), more_calls=0),
    "thoughts beside": Animal(
        source="https://api-docs.deepseek.com/guides/reasoning_model", keep=says(TEXT, reasoning_content="They {might} stop."), more_calls=0
    ),
    "the answer among the thoughts": Animal(
        source="https://github.com/vllm-project/vllm/issues/48863", keep=says(None, reasoning_content=f"Hm.\n{TEXT}"), more_calls=0
    ),
    "a tool call for an answer": Animal(
        source="https://docs.litellm.ai/docs/completion/json_mode", more_calls=0,
        keep=says(None, tool_calls=[{"type": "function", "function": {"name": "reaction", "arguments": TEXT}}]),
    ),
    "half a character": Animal(
        source="https://github.com/UKGovernmentBEIS/inspect_ai/issues/3802", keep=says(TEXT.replace("stall", "stall \\ud83d")), more_calls=0
    ),
    "half a character outside": Animal(source="https://github.com/Aider-AI/aider/issues/3693", more_calls=0, keep=lambda _: Answer(
        json.dumps(chat(TEXT).body).replace("stall", "st\\ud83dall"))),
    "colours": Animal(source="https://github.com/UKGovernmentBEIS/inspect_ai/issues/2316", keep=says(TEXT.replace("stall", "\\u001b[31mstall\\u0000")),
                      more_calls=0),
    "blanks before the answer": Animal(
        source="https://openrouter.ai/docs/api/reference/streaming", keep=lambda _: Answer(f"\n   \n{json.dumps(chat(TEXT).body)}"),
        more_calls=0,
    ),
    "usage as floats and nulls": Animal(source="https://github.com/ollama/ollama/issues/3769", more_calls=0, keep=lambda _: Answer(
        chat(TEXT).body | {"usage": {"prompt_tokens": 900.0, "completion_tokens": None, "prompt_tokens_details": 3}})),
    "no usage": Animal(source="https://github.com/mostlygeek/llama-swap/issues/42", more_calls=0, keep=lambda _: Answer(chat(TEXT).body | {"usage": None})),
    # What is refused about a request.
    "no completion budget": Animal(
        source="https://github.com/zed-industries/zed/issues/57122", keep=_forbid_extras("max_completion_tokens"), says="max_tokens is sent instead"
    ),
    "no budget at all": Animal(source="https://fastapi.tiangolo.com/tutorial/handling-errors/", keep=unless(
        lambda visit: not {"max_tokens", "max_completion_tokens"} & set(visit.body), 422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "max_tokens"], "msg": "Extra inputs"},
                    {"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "Extra inputs"}]})),
    "a smaller budget": Animal(source="https://platform.openai.com/docs/guides/error-codes", keep=_cap, says="at most 4096 tokens"),
    "a short context": Animal(source="https://docs.vllm.ai/en/latest/serving/openai_compatible_server", keep=_short_context, says="at most 1096 tokens"),
    "no pattern": Animal(source="https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/2168", keep=_pattern, more_calls=0),
    "no closed objects": Animal(source="https://ai.google.dev/gemini-api/docs/openai", keep=_closed, says="a plain schema"),
    "no schema": Animal(source="https://api-docs.deepseek.com/guides/json_mode", says="JSON mode", keep=unless(
        lambda visit: visit.format != "json_schema", 400, error("This response_format type is unavailable now"))),
    "no format": Animal(source="https://github.com/ggml-org/llama.cpp/issues/23463", says="the prompt alone", keep=unless(
        lambda visit: visit.format is None, 500, error(PYDANTIC, type="internal_server_error"))),
    "no route for parameters": Animal(source="https://openrouter.ai/docs/features/provider-routing", says="the prompt alone", keep=unless(
        lambda visit: visit.format is None, 404,
        {"error": {"message": "No endpoints found that can handle the requested parameters.", "code": 404}})),
    "no strict": Animal(source="https://github.com/BerriAI/litellm/issues/33987", says="a plain schema", keep=unless(
        lambda visit: not (visit.body.get("response_format") or {}).get("json_schema", {}).get("strict"), 400,
        error("Unsupported value: 'strict' for this model"))),
    "no grammar": Animal(source="https://github.com/ggml-org/llama.cpp/tree/master/tools/server", says="the prompt alone", keep=unless(
        lambda visit: visit.format is None, 400, {"error": "failed to parse grammar"})),
    "a schema that is ignored": Animal(source="https://platform.claude.com/docs/en/api/openai-sdk", keep=_ignore_form,
                                       says="the prompt alone"),
    "no system role": Animal(source="https://ai.google.dev/gemma/docs/core/prompt-structure", keep=_merge_system, says="refuses system"),
    # What is to be asked again.
    "a 502 inside a 200": Animal(source="https://github.com/SWE-agent/mini-swe-agent/issues/902", more_calls=10, keep=_every(
        3, Answer({"error": {"message": "Provider returned error", "code": 502}}))),
    "choices that are null": Animal(source="https://openrouter.ai/docs/api/reference/errors-and-debugging", more_calls=10, keep=_every(
        3, Answer({"id": "z", "choices": None, "usage": None}))),
    "a choice that broke off": Animal(source="https://openrouter.ai/docs/api/reference/errors-and-debugging", more_calls=10, keep=_every(
        3, chat("", "error"))),
    "a form missed by chance": Animal(source="https://github.com/langchain-ai/langchain/issues/31459", more_calls=10, keep=_every(3, Answer(
        error("Failed to generate JSON.", code="json_validate_failed", failed_generation='{"first'), 400))),
    "a wait in the body": Animal(source="https://ai.google.dev/gemini-api/docs/rate-limits", more_calls=10, keep=_every(5, Answer([{"error": {
        "code": 429, "message": "Resource exhausted.", "status": "RESOURCE_EXHAUSTED", "details": [
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.2s"}]}}], 429))),
    "a wait in words": Animal(source="https://platform.openai.com/docs/guides/rate-limits", more_calls=10, keep=_every(5, Answer(
        error("Rate limit reached for m on requests per day. Please try again in 200ms."), 429))),
    "a wait beside a 503": Animal(source="https://huggingface.co/docs/text-generation-inference/reference/api_reference", more_calls=10, keep=_every(
        5, Answer({"error": "Service overloaded"}, 503, {"Retry-After": "0.2"}))),
    "a page in between": Animal(source="https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page", more_calls=10, keep=_every(
        5, Answer("<html><body><h1>502 Bad Gateway</h1></body></html>", 502))),
    "upstream trouble": Animal(source="https://github.com/onyx-dot-app/onyx/issues/10893", more_calls=6, keep=_every(
        7, Answer(error("Error from upstream provider: invalid request"), 400))),
    "a model that is loading": Animal(source="https://github.com/mostlygeek/llama-swap/issues/146", more_calls=4, keep=lambda visit: (
        chat(TEXT) if visit.number > 2 else Answer(error("Loading model", code=503), 503, {"Retry-After": "0.3"}))),
    "an estimated time": Animal(source="https://github.com/huggingface/huggingface_hub/issues/1454", more_calls=4, keep=lambda visit: (
        chat(TEXT) if visit.seconds > 0.5 else Answer({"error": "Model m is currently loading", "estimated_time": 0.6},
                                                      503))),
    "thoughts that take all": Animal(source="https://github.com/64bit/async-openai/issues/424", keep=_starve),
    "thoughts that take even more": Animal(source="https://github.com/jsboige/CoursIA/pull/3663", keep=_starve_more, more_calls=17),
    # What is a refusal of the question.
    "a filter": Animal(source="https://github.com/stanford-crfm/helm/issues/3327", fate="refused", more_calls=0, keep=refuses(400, error(
        "The response was filtered due to the prompt triggering the content management policy.",
        code="content_filter", innererror={"code": "ResponsibleAIPolicyViolation"}))),
    "a filter with status 200": Animal(source="https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter", fate="refused", more_calls=0,
                                       keep=lambda _: chat("", "content_filter")),
    "moderation": Animal(source="https://openrouter.ai/docs/api/reference/errors-and-debugging", fate="refused", more_calls=0, keep=refuses(403, error(
        "m requires moderation on OpenInference. Your input was flagged", metadata={"reasons": ["violence"]}))),
    "an inspection": Animal(source="https://www.alibabacloud.com/help/en/model-studio/error-code", fate="refused", more_calls=0, keep=refuses(
        400, error("Input data may contain inappropriate content.", code="data_inspection_failed"))),
    # What ends a run.
    "no balance": Animal(source="https://api-docs.deepseek.com/quick_start/error_codes", fate="ends", says="Insufficient Balance", more_calls=5,
                         keep=refuses(402, error("Insufficient Balance", type="unknown_error"))),
    "no credit inside a 200": Animal(
        source="https://github.com/langchain-ai/langchainjs/issues/11417", fate="ends", more_calls=5, says="Insufficient credits",
        keep=lambda _: Answer({"error": {"message": "Insufficient credits", "code": 402}}),
    ),
    "no quota": Animal(source="https://platform.openai.com/docs/guides/error-codes", fate="ends", more_calls=5, says="the quota is exhausted",
                       keep=refuses(429, error("You exceeded your current quota", code="insufficient_quota"))),
    "a low balance": Animal(source="https://platform.claude.com/docs/en/api/errors", fate="ends", more_calls=5, says="add credit", keep=refuses(
        400, error("Your credit balance is too low to access the API."))),
    "the quota of the day": Animal(source="https://github.com/Gitlawb/openclaude/issues/936", fate="ends", more_calls=5,
                                   says=r"takes nothing more for [\d,]+ s, until \d\d:\d\d .*free-models-per-day",
                                   keep=lambda _: Answer(error(
                                       "Rate limit exceeded: free-models-per-day", metadata={"headers": LATER}), 429)),
    "the quota of the day, without an hour": Animal(
        source="https://ai.google.dev/gemini-api/docs/rate-limits", fate="ends", more_calls=5, says="takes nothing more",
        keep=refuses(429, error("Quota exceeded for quota metric 'Generate requests per day'"))),
    "a wrong key": Animal(source="https://platform.openai.com/docs/guides/error-codes", fate="ends", more_calls=5, says="the key was refused",
                          keep=refuses(401, error("Incorrect API key provided", code="invalid_api_key"))),
    "a wrong key as 400": Animal(source="https://ai.google.dev/gemini-api/docs/troubleshooting", fate="ends", more_calls=5,
                                 says="the key was refused", keep=refuses(400, [{"error": {
                                     "code": 400, "message": "API key not valid. Please pass a valid API key."}}])),
    "a suspended project": Animal(source="https://developers.cloudflare.com/ai-gateway/", fate="ends", more_calls=5,
                                  says="tenant is suspended", keep=refuses(400, "upstream: tenant is suspended")),
    "an unknown model": Animal(source="https://docs.ollama.com/api/errors", fate="ends", more_calls=5, says="try pulling it first",
                               keep=refuses(404, error('model "m" not found, try pulling it first'))),
    "a model not enabled": Animal(source="https://fastapi.tiangolo.com/tutorial/handling-errors/", fate="ends", more_calls=5, says="not enabled",
                                  keep=refuses(400, {"detail": "The requested model is not enabled for this project"})),
    "too little memory": Animal(source="https://docs.ollama.com/api/errors", fate="ends", more_calls=5, says="free memory", keep=refuses(
        500, {"error": "model requires more system memory (9.2 GiB) than is available (7.1 GiB)"})),
    "an option nobody knows": Animal(source="https://docs.ollama.com/api/errors", fate="ends", more_calls=5, says="num_ctx",
                                     keep=refuses(400, {"error": "invalid options: num_ctx"})),
    "another address": Animal(source="https://pkg.go.dev/net/http#NotFound", fate="ends", more_calls=5, says="--base-url",
                              keep=refuses(404, "404 page not found")),
    "words of an upstream": Animal(source="https://openrouter.ai/docs/api/reference/errors-and-debugging", fate="ends", more_calls=5,
                                   says="tensor is on fire", keep=refuses(400, {"error": {
                                       "message": "Provider returned error", "code": 400, "metadata": {
                                           "raw": json.dumps(error("the tensor is on fire"))}}})),
    "a server that always fails": Animal(source="https://github.com/vllm-project/vllm/blob/main/vllm/v1/engine/exceptions.py", fate="ends", more_calls=5,
                                         says="EngineCore encountered", keep=refuses(
                                             500, error("EngineCore encountered an issue"))),
    "a page for an answer": Animal(source="https://datatracker.ietf.org/doc/html/rfc6585#section-6", fate="ends", more_calls=5, says="--base-url",
                                   keep=lambda _: Answer("<html>Sign in to the network</html>")),
    "colours in an error": Animal(source="https://ecma-international.org/publications-and-standards/standards/ecma-48/", fate="ends", more_calls=5, says="bad \\[bold\\]news",
                                  keep=refuses(400, error("\x1b[31mbad [bold]news\x07"))),
    # Shapes of other houses.
    "a parameter in another spelling": Animal(
        source="https://github.com/n8n-io/n8n/issues/14581", says="max_tokens is sent instead", keep=unless(
            lambda visit: "max_completion_tokens" not in visit.body, 400,
            {"code": "Client specified an invalid argument",
             "error": "Argument not supported on this model: maxCompletionTokens"})),
    "a limit in words": Animal(
        source="https://github.com/charmbracelet/crush/issues/946", says="at most 2048 tokens", keep=unless(
            lambda visit: visit.room <= 2048, 400,
            {"message": "The maximum tokens you requested exceeds the model limit of 2048"})),
    "an argument nobody expects": Animal(
        source="https://github.com/BerriAI/litellm/issues/33987", says="max_tokens is sent instead", keep=unless(
            lambda visit: "max_completion_tokens" not in visit.body, 400,
            {"error": {"message": "AsyncCompletions.create() got an unexpected keyword argument "
                                  "'max_completion_tokens'", "type": None, "param": None, "code": "400"}})),
    "throttling": Animal(
        source="https://github.com/anthropics/claude-code/issues/236", more_calls=10, keep=_every(
            5, Answer({"message": "Too many tokens, please wait before trying again."}, 429))),
    "an overload": Animal(
        source="https://platform.claude.com/docs/en/api/errors", more_calls=10, keep=_every(
            5, Answer({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, 529))),
    "a wait of one second": Animal(
        source="https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota", more_calls=10, keep=_every(
            9, Answer({"error": {"code": "429", "message": "Requests to the ChatCompletions_Create Operation have "
                                                            "exceeded the call rate limit. Please retry after 1 second."
                                 }}, 429))),
    "an overloaded queue": Animal(
        source="https://huggingface.co/docs/text-generation-inference/reference/api_reference", more_calls=10,
        keep=_every(5, Answer({"error": "Model is overloaded", "error_type": "overloaded"}, 429))),
    "a gateway that gave up": Animal(
        source="https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/",
        more_calls=10, keep=_every(5, Answer("error code: 524", 524))),
    "an answer in an answer": Animal(
        source="https://github.com/vybestack/llxprt-code/issues/1002", keep=says(json.dumps(TEXT)), more_calls=0),
    "a call written out": Animal(
        source="https://huggingface.co/NousResearch/Hermes-2-Pro-Llama-3-8B", more_calls=0,
        keep=says(f'<tool_call>\n{{"name": "reaction", "arguments": {TEXT}}}\n</tool_call>')),
    "a word of the template": Animal(
        source="https://github.com/ggml-org/llama.cpp/tree/master/tools/server", keep=says(f"{TEXT}<|im_end|>"),
        more_calls=0),
    "a literal of Python": Animal(
        source="https://github.com/mangiucugna/json_repair", keep=says(repr(OBJECT)), more_calls=0),
    "events that nobody asked for": Animal(
        source="https://github.com/BerriAI/litellm/issues/25766", more_calls=0, keep=lambda _: Answer(_write_events(TEXT))),
    "one event with all": Animal(
        source="https://github.com/liustack/modlens/issues/94", more_calls=0,
        keep=lambda _: Answer(f"data:{json.dumps(chat(TEXT).body)}\n\ndata: [DONE]\n\n")),
    "a filter under its own name": Animal(
        source="https://github.com/HKUDS/Vibe-Trading/pull/308", fate="refused", more_calls=0,
        keep=lambda _: chat(None, "PROHIBITED_CONTENT")),
    "the quota of the day with a short wait": Animal(
        source="https://github.com/UKGovernmentBEIS/inspect_ai/issues/5526", fate="ends", more_calls=5,
        says=r"takes nothing more for [\d,]+ s, until", keep=refuses(429, [{"error": {
            "code": 429, "message": "You exceeded your current quota. Please retry in 36.4s.",
            "status": "RESOURCE_EXHAUSTED", "details": [
                {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [
                    {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "20"}]},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36s"}]}}])),
    "a reset that is written out": Animal(
        source="https://platform.claude.com/docs/en/api/rate-limits", fate="ends", more_calls=5,
        says=r"takes nothing more for [\d,]+ s, until", keep=lambda _: Answer(
            {"type": "error", "error": {"type": "rate_limit_error", "message": "Number of requests has exceeded your limit"}},
            429, {"anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": time.strftime(
                "%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 9000))})),
    "no deployment": Animal(
        source="https://learn.microsoft.com/azure/ai-foundry/openai/how-to/create-resource", fate="ends", more_calls=5,
        says="does not exist.*--model", keep=refuses(404, {"error": {
            "code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."}})),
    "a path without a version": Animal(
        source="https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/618", fate="ends", more_calls=5,
        says="Unexpected endpoint or method.*--base-url",
        keep=lambda _: Answer({"error": "Unexpected endpoint or method. (POST /chat/completions)"})),
    "no model loaded": Animal(
        source="https://lmstudio.ai/docs/developer/openai-compat", fate="ends", more_calls=5, says="No models loaded",
        keep=refuses(404, error("No models loaded. Please load a model in the developer page.",
                                code="model_not_found"))),
    "a list of errors": Animal(
        source="https://developers.cloudflare.com/workers-ai/platform/errors/", fate="ends", more_calls=5,
        says="No such model @cf/m", keep=refuses(400, {"success": False, "result": None, "messages": [], "errors": [
            {"code": 5007, "message": "No such model @cf/m or task"}]})),
    "a body too large": Animal(
        source="https://github.com/cline/cline/issues/2115", fate="ends", more_calls=5, says="Max size.*too short",
        keep=refuses(413, {"error": {"code": "tokens_limit_reached",
                                     "message": "Request body too large for m model. Max size: 800 tokens."}})),
    "a balance below one reply": Animal(
        source="https://github.com/continuedev/continue/issues/11154", fate="ends", more_calls=5,
        says="can only afford 222", keep=refuses(402, {"error": {
            "message": "This request requires more credits, or fewer max_tokens. You requested up to 4000 tokens, "
                       "but can only afford 222.", "code": 402}})),
    "a context that is told": Animal(
        source="https://github.com/ollama/ollama/issues/17889", fate="ends", more_calls=5, says="too short",
        keep=refuses(400, error("the input length exceeds the context length of 4096"))),
}  # fmt: skip


class Zoo:
    """Lets one animal out on a loopback port; `visits` holds what it was asked."""

    def __init__(self, animal: Animal) -> None:
        self.visits: list[Visit] = []
        self._animal = animal
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._gate = threading.Event()
        self._gate.set()

    def __enter__(self) -> Self:
        """Start listening."""
        zoo = self

        class Cage(LoopbackHandler):
            def do_GET(self) -> None:  # noqa: N802 - the standard library's name
                found = self.path in zoo._animal.tells
                zoo._send(self, Answer(zoo._animal.tells.get(self.path, {"error": "not found"}), 200 if found else 404))

            def do_POST(self) -> None:  # noqa: N802 - the standard library's name
                zoo._answer(self)

        self._server = LoopbackServer(Cage)
        self.base_url = f"http://{self._server.address}/v1"
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._server.__exit__(kind, error, trace)

    def hold(self) -> None:
        """Take requests and answer none until `release`."""
        self._gate.clear()

    def release(self) -> None:
        """Answer again."""
        self._gate.set()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers.get("Content-Length") or 0)))
        with self._lock:
            seconds = time.monotonic() - self._began
            visit = Visit(
                len(self.visits) + 1,
                body,
                request.path,
                {name.casefold(): value for name, value in request.headers.items()},
                seconds,
            )
            self.visits.append(visit)
        self._gate.wait()
        self._send(request, self._animal.keep(visit))

    def _send(self, request: BaseHTTPRequestHandler, answer: Answer) -> None:
        content = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        data = content.encode()
        request.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(data)))
        with contextlib.suppress(OSError):  # whoever asked has given up
            request.end_headers()
            request.wfile.write(data)
