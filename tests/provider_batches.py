"""Files and batches of the loopback provider: JSON lines in, answers in any order out, some lines failed or expired."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from provider_replies import CHAT, Ask, make_generator, read_ask, remove_random_tokens

FILES, BATCHES = "/v1/files", "/v1/batches"
MOST_LINES = 50_000
_FULL = "Enqueued token limit reached for m in organization o. Limit: 90,000 enqueued tokens. Try again later."
Answer = Callable[[Ask, int], tuple[int, dict[str, Any]]]
"""What a line gets: status and body, for a question and how often it was asked."""


@dataclass
class BatchRules:
    """How batches fare. Rates are probabilities from 0 to 1, drawn from the seed, the line and how often it came."""

    looks: int = 1
    """How often a batch is looked at before it is over."""
    expired: float = 0
    """Lines that the day was too short for; any makes the batch expire."""
    failed: float = 0
    """Lines answered with a server error."""
    lost: float = 0
    """Lines that stand in no file."""
    refusal: str | None = None
    """Why whole batches fail their validation."""
    most_waiting: int | None = None
    """Lines that may wait in the queue, of all batches that are not over; a batch that finds no room fails."""
    refuses_at_once: bool = False
    """Whether a batch that finds no room is refused as it is created, and not only looked at later."""
    rejected: bool = False
    """Whether every line is answered with a lasting error."""
    complaint: Callable[[dict[str, Any]], str] = lambda _: ""
    """What the body of a line is refused for; empty if it is answered."""
    unnamed_looks: int = 0
    """How often a batch is completed, with the name of its output file still to come."""
    break_after_create: bool = False
    """Whether the answer to the creation of a batch is lost."""
    seed: int = 0


@dataclass
class Desk:
    """Keeps files and batches; `answer` is how the provider answers one line."""

    answer: Answer
    rules: BatchRules = field(default_factory=BatchRules)
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: list[Ask] = field(default_factory=list)
    """Every line that was answered and billed."""
    _times: dict[str, int] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a request for a file or a batch."""
        route = request.path.removeprefix("/v1/").split("/")
        match request.method, *route:
            case "POST", "files":
                return await self._take_file(request)
            case "GET", "files", name, "content" if name in self.files:
                return web.Response(body=self.files[name])
            case "POST", "batches":
                return self._create(await request.json(), request)
            case "GET", "batches":
                return web.json_response(
                    {"object": "list", "data": list(self.batches.values())[::-1], "has_more": False}
                )
            case "GET", "batches", name if name in self.batches:
                return web.json_response(self._look(self.batches[name]))
        return web.json_response({"error": {"message": f"No such object: {request.path}"}}, status=404)

    async def _take_file(self, request: web.Request) -> web.Response:
        form = await request.post()
        upload = form.get("file")
        if form.get("purpose") != "batch" or not isinstance(upload, web.FileField):
            return _refuse("'purpose' must be batch, and 'file' a file.")
        name = f"file-{len(self.files) + 1}"
        self.files[name] = upload.file.read()
        return web.json_response(_describe_file(name, self.files[name]))

    def _create(self, body: dict[str, Any], request: web.Request) -> web.Response:
        expected = {"endpoint": CHAT, "completion_window": "24h"}
        if (
            any(body.get(name) != value for name, value in expected.items())
            or body.get("input_file_id") not in self.files
        ):
            return _refuse(f"Invalid batch: {body}")
        name = f"batch_{len(self.batches) + 1}"
        if self.rules.refuses_at_once and self._is_full(self.files[body["input_file_id"]].count(b"\n")):
            return _refuse(_FULL, "token_limit_exceeded")
        total = self.files[body["input_file_id"]].count(b"\n")
        self.batches[name] = {
            "id": name, "object": "batch", "created_at": 0, "status": "validating", "errors": None, **body,
            "request_counts": {"total": total, "completed": 0, "failed": 0}, "looks": 0,
        }  # fmt: skip
        if self.rules.break_after_create and request.transport is not None:
            request.transport.abort()
        return web.json_response(self.batches[name])

    def _look(self, batch: dict[str, Any]) -> dict[str, Any]:
        batch["looks"] += 1
        if batch["status"] in {"validating", "in_progress"}:
            batch["status"] = "in_progress"
            if batch["looks"] >= self.rules.looks:
                self._finish(batch)
        hidden = batch["looks"] < self.rules.looks + self.rules.unnamed_looks
        return {name: value for name, value in batch.items() if not (hidden and name == "output_file_id")}

    def _is_full(self, lines: int) -> bool:
        waiting = [batch for batch in self.batches.values() if batch["status"] in {"validating", "in_progress"}]
        more = sum(batch["request_counts"]["total"] for batch in waiting)
        return self.rules.most_waiting is not None and lines + more > self.rules.most_waiting

    def _finish(self, batch: dict[str, Any]) -> None:
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        fault, code = self.rules.refusal or _find_fault(lines), "invalid"
        if self._is_full(0):
            fault, code = _FULL, "token_limit_exceeded"
        if fault:
            batch |= {"status": "failed", "errors": {"object": "list", "data": [{"code": code, "message": fault}]}}
            return
        output, errors, expired = [], [], False
        make_generator(str(self.rules.seed)).shuffle(lines)
        for line in lines:
            fate = self._draw(line)
            if fate == "expired":
                expired = True
                said = {
                    "code": "batch_expired",
                    "message": "This request could not be executed before the window ended.",
                }
                errors.append({"id": "r", "custom_id": line["custom_id"], "response": None, "error": said})
            elif fate != "lost":
                status, body = self._answer_line(line, fate)
                response = {"status_code": status, "request_id": "r", "body": body}
                answered = {"id": "r", "custom_id": line["custom_id"], "response": response, "error": None}
                (output if status == 200 else errors).append(answered)
        batch["request_counts"] |= {"completed": len(output), "failed": len(errors)}
        for kind, found in (("output_file_id", output), ("error_file_id", errors)):
            if found:
                batch[kind] = f"file-{len(self.files) + 1}"
                self.files[batch[kind]] = "".join(json.dumps(line) + "\n" for line in found).encode()
        batch["status"] = "expired" if expired else "completed"

    def _draw(self, line: dict[str, Any]) -> str:
        text = remove_random_tokens(json.dumps(line["body"]))
        self._times[text] = self._times.get(text, 0) + 1
        generator = make_generator(f"{self.rules.seed}:{self._times[text]}:{text}")
        if self.rules.rejected or self.rules.complaint(line["body"]):
            return "rejected"
        fates = ("expired", "failed", "lost")
        return next((fate for fate in fates if generator.random() < getattr(self.rules, fate)), "")

    def _answer_line(self, line: dict[str, Any], fate: str) -> tuple[int, dict[str, Any]]:
        if fate == "failed":
            return 500, {"error": {"message": "The server had an error.", "type": "server_error", "code": None}}
        if fate == "rejected":
            told = self.rules.complaint(line["body"])
            said = told or "Unsupported parameter: 'max_tokens' is not supported with this model."
            return 400, {"error": {"message": said, "type": "invalid_request_error", "code": None}}
        body = json.dumps(line["body"])
        ask = read_ask(line["url"], body, len(self.lines) + 1)
        self.lines.append(ask)
        return self.answer(ask, self._times[remove_random_tokens(body)])


def _find_fault(lines: list[dict[str, Any]]) -> str | None:
    ids = [line.get("custom_id") for line in lines]
    if len(set(ids)) != len(ids) or len(ids) > MOST_LINES:
        return "Every line needs a custom_id of its own, and a file holds 50,000 lines."
    if any(line.get("method") != "POST" or line.get("url") != CHAT for line in lines):
        return "Every line needs the method POST and the batch's endpoint as url."
    if len({line["body"].get("model") for line in lines}) > 1:
        return "All lines need one model."
    return None


def _describe_file(name: str, content: bytes) -> dict[str, Any]:
    return {"id": name, "object": "file", "bytes": len(content), "created_at": 0, "filename": "x", "purpose": "batch",
            "status": "processed"}  # fmt: skip


def _refuse(said: str, code: str | None = None) -> web.Response:
    return web.json_response({"error": {"message": said, "type": "invalid_request_error", "code": code}}, status=400)
