"""What `throughput.py` measures, each in a process of its own: `python contestants.py NAME ADDRESS CALLS IN_FLIGHT`.

Prints one JSON object: seconds, processor seconds and answers, all of the asking alone, the process's peak memory, and
for the toolkit by how much the peak grew once personas and packages were loaded.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

TEXT = "Send a PayPal invoice without leaving the chat."
ABOUT = "Lives at number {number} and sells jam from a stall near the station; careful with money, quick to doubt. "
Send = Callable[[], Awaitable[str]]


def run_toolkit(address: str, calls: int, in_flight: int) -> dict[str, float]:
    """Ask one reaction a call, as `toolkit.run` does it: prompts, store, frame, methods and all."""
    import openai  # noqa: F401 - loaded before the clock starts, as for the others

    from toolkit import Audience, Draft, Persona, run

    people = tuple(
        Persona(id=f"p{number}", name=f"Person{number}", age=20 + number % 60, about=ABOUT.format(number=number) * 3)
        for number in range(calls)
    )
    audience = Audience(audience="jam", personas=people)
    with tempfile.TemporaryDirectory() as folder:
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun = time.perf_counter(), time.process_time()
        done = run(
            Draft(id="plain", text=TEXT), audience, engine="openai", model="m", base_url=f"{address}/v1", api_key="k",
            rating="direct", control=False, concurrency=in_flight, store=Path(folder) / "replies.sqlite",
        )  # fmt: skip
        return measure(begun, done.counts.ok) | {"grown_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held}


def run_bare(address: str, calls: int, in_flight: int) -> dict[str, float]:
    """Ask with nothing but aiohttp."""
    import aiohttp

    async def ask() -> dict[str, float]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, headers={"Authorization": "Bearer k"}) as session:

            async def send() -> str:
                async with session.post(f"{address}/v1/chat/completions", json=make_body()) as response:
                    return read_content(json.loads(await response.read()))

            return await keep_in_flight(send, calls, in_flight)

    return asyncio.run(ask())


def run_sdk(address: str, calls: int, in_flight: int) -> dict[str, float]:
    """Ask with the official SDK as it comes: its own records, its default transport."""
    import openai

    async def ask() -> dict[str, float]:
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="k", max_retries=0) as client:

            async def send() -> str:
                answer = await client.chat.completions.create(**make_body())
                return answer.choices[0].message.content or ""

            return await keep_in_flight(send, calls, in_flight)

    return asyncio.run(ask())


def run_edsl(address: str, calls: int, in_flight: int) -> dict[str, float]:  # noqa: ARG001 - it decides by itself
    """Ask one free-text question of as many agents."""
    os.environ.update(OPENAI_API_KEY="k", OPENAI_BASE_URL=f"{address}/v1")
    from edsl import Agent, AgentList, Model, QuestionFreeText

    agents = AgentList(
        [Agent(name=f"p{number}", traits={"persona": ABOUT.format(number=number)}) for number in range(calls)]
    )
    question = QuestionFreeText(question_name="q", question_text=f"React to: {TEXT}")
    model = Model("gpt-4o-mini", service_name="openai")
    model.rpm, model.tpm = 10_000_000, 10_000_000_000
    begun = time.perf_counter(), time.process_time()
    results = (
        question.by(agents).by(model).run(disable_remote_inference=True, disable_remote_cache=True, progress_bar=False)
    )
    return measure(begun, sum(bool(answer) for answer in results.select("answer.q").to_list()))


def run_althing(address: str, calls: int, in_flight: int) -> dict[str, float]:
    """Ask one question of as many personas, from its command line: it has no other way that a user would take."""
    os.environ.update(OPENAI_API_KEY="sk-k", OPENAI_BASE_URL=address)
    from althing.main import main

    with tempfile.TemporaryDirectory() as folder:
        people = [
            {"name": f"P{number}", "age": 30, "background": ABOUT.format(number=number)} for number in range(calls)
        ]
        personas, instrument, out = (Path(folder) / name for name in ("personas.yaml", "instrument.yaml", "out.json"))
        personas.write_text(json.dumps({"personas": people}))
        instrument.write_text(json.dumps({"instrument": {"version": 1, "questions": [{"text": f"React to: {TEXT}"}]}}))
        arguments = ["panel", "run", "--model", "gpt-4o-mini", "--personas", str(personas), "--no-synthesis"]
        arguments += ["--instrument", str(instrument), "--max-concurrent", str(in_flight), "--output-format", "json"]
        printed = sys.stdout
        begun = time.perf_counter(), time.process_time()
        with out.open("w") as sys.stdout:
            main(arguments)
        sys.stdout = printed
        answered = set(re.findall(r'"persona": "(P\d+)"', out.read_text()))
        return measure(begun, len(answered))


def make_body() -> dict[str, Any]:
    """Return a request of the size that a reaction takes."""
    messages = [{"role": "system", "content": "x" * 1500}, {"role": "user", "content": "y" * 1500}]
    return {"model": "m", "messages": messages, "max_completion_tokens": 2000}


def read_content(answer: dict[str, Any]) -> str:
    """Return the text of an answer."""
    return str(answer["choices"][0]["message"]["content"])


async def keep_in_flight(send: Send, calls: int, in_flight: int) -> dict[str, float]:
    """Send so many, so many at a time."""
    waiting = iter(range(calls))
    answered = 0

    async def work() -> None:
        nonlocal answered
        for _ in waiting:
            content = await send()
            answered += bool(content)

    begun = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    return measure(begun, answered)


def measure(begun: tuple[float, float], answered: int) -> dict[str, float]:
    """Return what passed since `begun`, a time and a processor time."""
    return {
        "seconds": time.perf_counter() - begun[0],
        "cpu": time.process_time() - begun[1],
        "answered": answered,
        "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


RUNNERS = {"toolkit": run_toolkit, "bare": run_bare, "sdk": run_sdk, "edsl": run_edsl, "althing": run_althing}

if __name__ == "__main__":
    name, address, calls, in_flight = sys.argv[1:5]
    sys.stdout.write(json.dumps(RUNNERS[name](address, int(calls), int(in_flight))) + "\n")
