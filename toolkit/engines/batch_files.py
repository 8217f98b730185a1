"""The lines of a batch: questions as JSON, and what comes back for each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from toolkit.engines import messages as wire
from toolkit.engines.complaints import Complaint, read_complaint
from toolkit.engines.dialect import Dialect
from toolkit.errors import CallFailed
from toolkit.models import exchange

MOST_LINES = 50_000
MOST_BYTES = 200_000_000
"""What one input file may hold (OpenAI, Batch API guide, 2026)."""
_LATER = {"batch_expired", "batch_cancelled"}
_MOST_SAID = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a question of a batch has no reply."""

    said: str
    again: bool
    """Whether sending it again may help."""
    complaint: Complaint | None = None
    """What the endpoint said of the request; None where the batch itself failed."""


def write_line(key: str, question: exchange.Question, model: str, dialect: Dialect | None = None) -> bytes:
    """Return the line of an input file that asks a question, in the dialect of the endpoint."""
    body = wire.write_chat(question, model, dialect)
    line = {"custom_id": key, "method": "POST", "url": f"/v1{wire.CHAT}", "body": body}
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


def split_lines(
    lines: Mapping[str, bytes], most_lines: int = MOST_LINES, most_bytes: int = MOST_BYTES
) -> Iterator[dict[str, bytes]]:
    """Yield the lines in parts that fit into one file each, in order."""
    part: dict[str, bytes] = {}
    size = 0
    for key, line in lines.items():
        if part and (len(part) >= most_lines or size + len(line) > most_bytes):
            yield part
            part, size = {}, 0
        part[key] = line
        size += len(line)
    if part:
        yield part


def read_lines(files: Iterable[bytes], engine: str, model: str) -> tuple[dict[str, exchange.Reply], dict[str, Failure]]:
    """Return replies and failures by key, from output and error files in any order."""
    replies: dict[str, exchange.Reply] = {}
    failures: dict[str, Failure] = {}
    for line in (line for content in files for line in content.splitlines() if line.strip()):
        try:
            fields = json.loads(line)
            key = str(fields["custom_id"])
        except (ValueError, KeyError, TypeError):
            continue
        found = _read_line(fields, engine, model)
        if isinstance(found, exchange.Reply):
            replies[key] = found
        else:
            failures[key] = found
    return replies, failures


def _read_line(fields: Mapping[str, Any], engine: str, model: str) -> exchange.Reply | Failure:
    response = fields.get("response") or {}
    body = response.get("body") or {}
    status = response.get("status_code")
    if status == HTTPStatus.OK:
        try:
            return wire.read_answer(body, engine, model, 0.0)
        except CallFailed as failed:
            words = read_complaint(HTTPStatus.OK, {}, body).words
            return Failure(words[:_MOST_SAID] or str(failed), again=True)
    error = fields.get("error") or body.get("error") or {}
    code = error.get("code") if isinstance(error, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    said = " ".join(str(message or code or "no reason given").split())[:_MOST_SAID]
    passing = status is not None and (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
    )
    complaint = read_complaint(int(status), {}, body) if isinstance(status, int) and isinstance(body, dict) else None
    return Failure(f"the batch answered {status or code}: {said}", again=passing or code in _LATER, complaint=complaint)
