"""A run folder of many reactions, answered by script: `python benchmarks/big_run.py FOLDER [PERSONAS]`."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import toolkit
from toolkit.models import Audience, Campaign, Draft, Persona
from toolkit.models.exchange import Question, Reply

TEXTS = {
    "plain": "Send a PayPal invoice without leaving the chat. It takes a minute and costs nothing extra.",
    "benefit": "No more chasing buyers. Invoice them in the chat and get paid today, before the parcel leaves.",
    "question": "Still waiting for your money? Send an invoice in the chat and see it paid.",
    "proof": "Sellers who invoice in the chat are paid sooner. Try it on your next sale.",
}
_OBJECTIONS = (
    "I do not trust links in {place}, they look like {thing}.",
    "The fee for {thing} is not named anywhere.",
    "I would rather use {thing} that I know from {place}.",
    "It says nothing of what happens when {thing} goes wrong.",
    "It sounds like every other advert in {place}.",
    "I sell too little in {place} to need {thing}.",
)
_PLACES = ("the chat", "my feed", "a group", "the inbox", "this app", "the market", "town", "the post")
_THINGS = ("an invoice", "a payment", "my bank", "a refund", "the parcel", "a buyer", "a scam", "the account")
_ACTIONS = ("scroll_past", "scroll_past", "read", "react", "click", "click", "reply", "share", "save", "hide", "report")


class ScriptedReader:
    """Answers every question by chance, with a seed."""

    name = "scripted"
    form = "chat"
    model = "scripted-1"
    concurrency = 32

    def __init__(self, seed: int = 7) -> None:
        self.warnings: list[str] = []
        self.calls = 0
        self._chance = random.Random(seed)  # noqa: S311 - no secret hangs on it

    async def __aenter__(self) -> Self:
        """Open nothing."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close nothing."""

    async def ask(self, question: Question) -> Reply:
        """Return a whole reaction; quotes are words of the draft that stands in the question."""
        self.calls += 1
        await asyncio.sleep(0)
        text = next((text for text in TEXTS.values() if text in question.prompt), TEXTS["plain"])
        return Reply(
            text=json.dumps(self._react(text)),
            engine=self.name,
            model=self.model,
            prompt_tokens=900,
            completion_tokens=120,
        )

    async def embed(self, texts: Sequence[str], model: str) -> list[list[float]]:
        """Refuse: ratings are given by digit here."""
        raise NotImplementedError(f"{len(texts)} texts for {model}")

    def _react(self, text: str) -> dict[str, Any]:
        chance = self._chance
        action = chance.choice(_ACTIONS)
        words = text.split()
        start = chance.randrange(len(words) - 3)
        place, thing = chance.choice(_PLACES), chance.choice(_THINGS)
        leaves = action in {"scroll_past", "hide", "report"}
        quote = {
            "text": " ".join(words[start : start + 3]),
            "feeling": chance.choice(("liked", "confused", "disliked")),
        }
        objects = (
            chance.choice(_OBJECTIONS).format(place=place, thing=thing)
            + f" {chance.choice(_PLACES)} {chance.randrange(900)}"
        )
        return {
            "first_glance": action if leaves else "stop",
            "action": "read" if action == "scroll_past" else action,
            "verbatim": f"In {place} I would think of {thing} first, number {chance.randrange(10_000)}.",
            "objection": chance.choice((objects, objects, None)),
            "quotes": [quote],
            "ratings": {name: chance.randint(1, 5) for name in ("relevance", "clarity", "trust", "appeal", "intent")},
        }


def make_audience(personas: int) -> Audience:
    """Return that many personas in two segments."""
    people = [
        Persona(
            id=f"p{number:05}",
            name=f"Person {number}",
            age=18 + number % 60,
            weight=1 + number % 3,
            segments={"role": ("seller", "buyer", "both")[number % 3], "region": f"region {number % 9}"},
            about=f"Lives at number {number}, sells jam on Saturdays and reads the local group in the evening.",
        )
        for number in range(personas)
    ]
    return Audience(audience="many", description="People by the thousand.", source="a script", personas=tuple(people))


def make_big_run(folder: Path, personas: int = 2_500) -> Path:
    """Ask every persona about four drafts and save the run inside `folder`."""
    campaign = Campaign(
        campaign="many", objective="click", drafts=tuple(Draft(id=name, text=text) for name, text in TEXTS.items())
    )
    with tempfile.TemporaryDirectory() as place:
        store = Path(place) / "store.sqlite"
        run = toolkit.run(campaign, make_audience(personas), engine=ScriptedReader(), rating="direct", store=store)
    return run.save(folder / run.run_id)


if __name__ == "__main__":
    print(make_big_run(Path(sys.argv[1]), *map(int, sys.argv[2:])))
