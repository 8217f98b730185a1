"""What the loopback provider is asked and what it answers when no script says otherwise: a hash of the text decides."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import math
import random
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schema_objects import find_definition, make_value

CHAT, COMPLETIONS, EMBEDDINGS, MODELS = "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/models"
DIMENSIONS = 64
_SENTENCES = (
    "I like that it talks about {0} and {1}.",
    "I would scroll on, {0} means little to somebody like me.",
    "I wonder whether {0} really helps with {1}.",
    "I do not trust anything that promises {0} so quickly.",
    "I would tap this to find out more about {0}.",
    "I am not sure what {0} has to do with {1}.",
    "I have been looking for {0}, so this speaks to me.",
    "I find the part on {0} a little dull.",
)
# Prompts carry a boundary that is random in every run; answers and faults must not depend on it.
_RANDOM_TOKEN = re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{8,}\b")
_SCHEMA_START = re.compile(r"^\{", re.MULTILINE)
_SPEAKER = re.compile(r'^\s*(?P<name>.*?)\s*\b(?P<verb>\w+):\s*(?P<quote>"?)$')
_DEED = re.compile(r'^.*\bdoes:[ \t]*"?(\S.*?)"?[ \t]*$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as the server understood it."""

    path: str
    """Such as /v1/chat/completions."""
    model: str
    text: str
    """All message contents, the prompt, or the inputs, joined by line breaks."""
    schema: Mapping[str, Any] | None
    """The schema of the reply: of the response format, or one written out in the text; null without one."""
    body: dict[str, Any]
    number: int
    """Which request this is, from 1."""


def read_ask(path: str, raw: str, number: int) -> Ask:
    """Return what a request asks; whatever is not a JSON object has an empty body."""
    try:
        body = json.loads(raw)
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    text = _read_text(body)
    schema = get_format(body).get("json_schema", {}).get("schema")
    if schema is None and path == CHAT:
        schema = _find_schema(text)
    return Ask(path, str(body.get("model", "")), text, schema, body, number)


def get_format(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the response format, or an empty dict."""
    response_format = body.get("response_format")
    return response_format if isinstance(response_format, dict) else {}


def remove_random_tokens(text: str) -> str:
    """Return the text without long hexadecimal words, which differ from run to run."""
    return _RANDOM_TOKEN.sub("", text)


def make_generator(seed: str) -> random.Random:
    """Return a generator that the seed alone decides."""
    return random.Random(hashlib.sha256(seed.encode()).digest())  # noqa: S311 - repeatable, and nothing secret


def count_tokens(text: str) -> int:
    """Return the tokens that the server bills for a text: a quarter of its characters, rounded up."""
    return -(-len(text) // 4)


def asks_logprobs(body: Mapping[str, Any]) -> bool:
    """Tell whether token probabilities are asked: a flag in chat, a number (0 included) in completions."""
    asked = body.get("logprobs")
    return asked is not None and asked is not False


def write_reply(ask: Ask, scripted: str | dict[str, Any] | None) -> tuple[str, dict[str, float] | None]:
    """Return the content and, where one token answers, its alternatives with their probabilities."""
    generator = make_generator(remove_random_tokens(ask.text))
    if isinstance(scripted, str):
        return scripted, None
    if ask.schema is not None:
        return json.dumps(_fill_schema(ask, ask.schema, scripted or {}, generator), ensure_ascii=False), None
    if asks_logprobs(ask.body):
        chances = scripted or _guess_answer(ask, generator)
        return max(chances, key=lambda token: chances[token]), chances
    if scripted is not None or get_format(ask.body).get("type") == "json_object":
        return json.dumps(scripted or {"answer": _write_sentence(ask.text, generator)}, ensure_ascii=False), None
    if ask.path == COMPLETIONS:
        return _continue_page(ask.text, generator), None
    return _write_sentence(ask.text, generator), None


def report_logprobs(ask: Ask, content: str, first: Mapping[str, float] | None) -> dict[str, Any]:
    """Return the log-probabilities of each token in the form of the endpoint; `first` holds those of the first one."""
    most = int(ask.body.get("top_logprobs" if ask.path == CHAT else "logprobs") or 0)
    if first is not None and content in first:
        steps = [(content, first)]
    else:
        steps = [(token, {token: 0.9, " the": 0.05}) for token in re.findall(r"\s*\w+|\s*[^\w\s]+|\s+$", content)]
    if ask.path == CHAT:
        tokens = [
            _describe_token(token, chances[token]) | {"top_logprobs": _rank(chances, most)} for token, chances in steps
        ]
        return {"content": tokens, "refusal": None}
    return {
        "tokens": [token for token, _ in steps],
        "token_logprobs": [math.log(chances[token]) for token, chances in steps],
        "top_logprobs": [{item["token"]: item["logprob"] for item in _rank(chances, most)} for _, chances in steps],
        "text_offset": [sum(len(token) for token, _ in steps[:index]) for index in range(len(steps))],
    }


def shorten(content: str, reason: str, body: Mapping[str, Any]) -> tuple[str, str]:
    """Return the content up to the first stop and the token limit, with the finish reason."""
    stops = body.get("stop") or []
    for stop in [stops] if isinstance(stops, str) else stops:
        content = content.split(stop, maxsplit=1)[0]
    most = body.get("max_completion_tokens", body.get("max_tokens"))
    if most is not None and count_tokens(content) > most:
        return content[: 4 * most], "length"
    return content, reason


def embed_inputs(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one embedding per input, as base64 of little-endian 32-bit floats where that is asked."""
    inputs = [body["input"]] if isinstance(body["input"], str) else body["input"]
    vectors = [embed_words(text, int(body.get("dimensions") or DIMENSIONS)) for text in inputs]
    encode = _encode_vector if body.get("encoding_format") == "base64" else list
    items = [{"index": index, "embedding": encode(vector)} for index, vector in enumerate(vectors)]
    return [{"object": "embedding"} | item for item in items]


def embed_words(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """Return the unit vector along the sum of one random unit vector per lower-case word."""
    words = re.findall(r"\w+", text.lower()) or [text]
    total = [sum(parts) for parts in zip(*(_embed_word(word, dimensions) for word in words), strict=True)]
    length = math.hypot(*total)
    return [part / length for part in total]


@functools.lru_cache(maxsize=20_000)
def _embed_word(word: str, dimensions: int) -> tuple[float, ...]:
    generator = make_generator(word)
    vector = [generator.gauss(0, 1) for _ in range(dimensions)]
    length = math.hypot(*vector)
    return tuple(part / length for part in vector)


def _encode_vector(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _read_text(body: Mapping[str, Any]) -> str:
    messages = body.get("messages")
    if isinstance(messages, list):
        contents = [message.get("content") for message in messages if isinstance(message, dict)]
        return "\n".join(_read_content(content) for content in contents)
    given = body.get("prompt", body.get("input", ""))
    return "\n".join(map(str, given)) if isinstance(given, list) else str(given)


def _read_content(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _find_schema(text: str) -> dict[str, Any] | None:
    """Return a schema that the text spells out at the start of a line: models follow those, too."""
    for start in _SCHEMA_START.finditer(text):
        try:
            found, _ = json.JSONDecoder().raw_decode(text, start.start())
        except ValueError:
            continue
        if "properties" in found:
            return found  # type: ignore[no-any-return]  # JSON is untyped; the start says it is an object
    return None


def _fill_schema(ask: Ask, schema: Mapping[str, Any], fields: Mapping[str, Any], generator: random.Random) -> Any:
    made = make_value(schema, generator, lambda source: _write_sentence(ask.text, source))
    known = (find_definition(schema, schema["$ref"]) if "$ref" in schema else schema).get("properties", {})
    return made | {name: value for name, value in fields.items() if name in known} if isinstance(made, dict) else made


def _guess_answer(ask: Ask, generator: random.Random) -> dict[str, float]:
    """Return a peaked distribution over A and B where the end of the text offers them, or else over 1 to 5."""
    labels = "AB" if re.search(r"\bA\b.{0,40}\bB\b", ask.text[-400:]) else "12345"
    lead = " " if ask.path == COMPLETIONS and not ask.text[-1:].isspace() else ""
    peak, slope = generator.randrange(len(labels)), generator.uniform(0.5, 2.0)
    weights = [math.exp(-slope * abs(index - peak)) for index in range(len(labels))]
    chances = {lead + label: 0.97 * weight / sum(weights) for label, weight in zip(labels, weights, strict=True)}
    return chances | {" I": 0.02}


def _continue_page(prompt: str, generator: random.Random) -> str:
    """Continue a page of worked examples whose last line is somebody's thoughts or deed."""
    sentence = _write_sentence(prompt, generator)
    speaker = _SPEAKER.match(prompt.rstrip().rsplit("\n", 1)[-1])
    if speaker is None:
        return f" {sentence}\n"
    deed = generator.choice(sorted(set(_DEED.findall(prompt))) or ["taps it"])
    if speaker["verb"] == "does":
        return f"{deed}\n" if speaker["quote"] else f" {deed}\n"
    opening = "" if speaker["quote"] else ' "'
    return f'{opening}{sentence}"\n{speaker["name"]} does: {deed}\n'


def _write_sentence(text: str, generator: random.Random) -> str:
    words = re.findall(r"[^\W\d_]{4,}", remove_random_tokens(text)) or ["this"]
    return generator.choice(_SENTENCES).format(generator.choice(words).lower(), generator.choice(words).lower())


def _rank(chances: Mapping[str, float], most: int) -> list[dict[str, Any]]:
    ranked = sorted((token for token in chances if chances[token] > 0), key=lambda token: -chances[token])
    return [_describe_token(token, chances[token]) for token in ranked[:most]]


def _describe_token(token: str, chance: float) -> dict[str, Any]:
    return {"token": token, "logprob": math.log(chance), "bytes": list(token.encode())}
