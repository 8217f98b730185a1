"""Vectors of what was said, by the embedded model or by the endpoint's: each asked for once, within the cost limit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.engines import Engine, budget, embedder
from toolkit.errors import BudgetReached, CallFailed, EngineUnavailable, Interrupted, MissingReply
from toolkit.files import languages
from toolkit.models import exchange, records
from toolkit.questionnaire import Prompts, Reaction, answers
from toolkit.store import Store, make_key

if TYPE_CHECKING:
    import numpy as np

    from toolkit.panel.frame import Embed

BATCH = 256
"""Texts in one request."""
_TOGETHER = 8
"""Requests in flight at once."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """How a run turns texts into vectors, and why some have none."""

    embed: Embed
    """Rows of NaN stand for texts that have no vector."""
    unpaid: str | None = None
    """What the cost limit said where it left no room to ask for all of them."""
    embed_foreign: Embed | None = None
    """What embeds answers in other languages than English, where it is something else."""

    def find_embed(self, language: str) -> Embed:
        """Return what embeds answers in a language."""
        if self.embed_foreign is None or languages.is_english(language):
            return self.embed
        return self.embed_foreign


def check_installed(spoken: Iterable[str]) -> None:
    """Raise InputError where a local embedding that answers in these languages need is missing."""
    english = [languages.is_english(tag) for tag in spoken]
    if any(english):
        embedder.check_installed()
    if not all(english):
        embedder.check_installed_for_many()


async def find_embedding(
    reactions: Sequence[Reaction],
    prompts: Prompts,
    engine: Engine,
    store: Store,
    held: budget.Budget,
    model: str | None,
    questions: Sequence[records.OwnQuestion] = (),
) -> Embedding:
    """Return the embedding of a run; vectors of an endpoint's model are fetched and kept beforehand.

    The worst case of each request is held back in `held` before it is sent. Where it leaves no room, the run goes
    without the vectors that are lacking; the next one asks for those alone.
    """
    if model is None:
        return Embedding(embedder.embed_texts, embed_foreign=embedder.embed_foreign_texts)
    anchors = _list_anchors(prompts, {reaction.task.language for reaction in reactions}, questions)
    said = {sentence for reaction in reactions if reaction.answer for sentence in reaction.answer.says.values()}
    keys = _make_keys([*anchors, *sorted(said)], model)
    desk = _Desk(engine, store, held, model, keys)
    await desk.fetch([text for text in keys if keys[text] not in desk.known])
    has_anchors = all(keys[text] in desk.known for text in anchors)
    return Embedding(desk.embed if has_anchors else _embed_nothing, desk.unpaid)


def list_lacking(
    said: Iterable[str],
    prompts: Prompts,
    store: Store,
    model: str,
    spoken: Iterable[str],
    questions: Sequence[records.OwnQuestion] = (),
) -> list[str]:
    """Return the anchors and sentences whose vectors an endpoint's model was not asked for yet.

    `spoken` names the languages of the answers.
    """
    keys = _make_keys([*_list_anchors(prompts, spoken, questions), *said], model)
    known = store.find_vectors(keys.values())
    return [text for text, key in keys.items() if key not in known]


def _list_anchors(prompts: Prompts, spoken: Iterable[str], questions: Sequence[records.OwnQuestion]) -> list[str]:
    tags = list(spoken)
    every: list[Sequence[Sequence[str]]] = [sets for tag in tags for sets in (prompts.find_anchors(tag) or {}).values()]
    every += [answers.find_anchors(question, tag) or () for question in questions for tag in tags]
    return sorted({sentence for sets in every for sentences in sets for sentence in sentences})


def _make_keys(texts: Iterable[str], model: str) -> dict[str, bytes]:
    return {text: make_key("vector", model, text) for text in texts}


class _Desk:
    """Asks for vectors and keeps each batch as it arrives."""

    def __init__(
        self, engine: Engine, store: Store, held: budget.Budget, model: str, keys: Mapping[str, bytes]
    ) -> None:
        self.known: dict[bytes, np.ndarray] = store.find_vectors(keys.values())
        self.unpaid: str | None = None
        self._engine, self._store, self._budget, self._model, self._keys = engine, store, held, model, keys

    async def fetch(self, texts: Sequence[str]) -> None:
        """Ask for the vectors of all texts; raise the first error once everything in flight has arrived."""
        waiting = iter([texts[start : start + BATCH] for start in range(0, len(texts), BATCH)])
        ended: list[Exception] = []

        async def work() -> None:
            for batch in waiting:
                if ended or self.unpaid is not None:
                    return
                try:
                    await self._fetch_batch(batch)
                except BudgetReached as error:
                    self.unpaid = str(error)
                except Exception as error:  # noqa: BLE001 - raised below, once what is in flight has arrived
                    ended.append(error)

        await asyncio.gather(*(work() for _ in range(_TOGETHER)))
        if ended:
            raise ended[0]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return the vectors of the texts; rows of NaN where there is none."""
        import numpy as np

        unknown = np.full_like(next(iter(self.known.values())), np.nan)
        return np.stack([self.known.get(self._keys[text], unknown) for text in texts])

    async def _fetch_batch(self, texts: Sequence[str]) -> None:
        """Ask with the worst case held back; what became of a request that broke off stays counted."""
        hold = await self._budget.hold_texts(texts)
        try:
            embedded = await self._engine.embed(texts, self._model, hold.renew)
        except (CallFailed, EngineUnavailable, MissingReply, Interrupted) as error:
            if not isinstance(error, CallFailed) or error.free:
                hold.free()
            raise
        else:
            hold.settle(
                exchange.Reply(text="", engine=self._engine.name, model=self._model, prompt_tokens=embedded.tokens)
            )
        finally:
            hold.lose()
        import numpy as np

        keys = [self._keys[text] for text in texts]
        self._store.keep_vectors(keys, embedded.vectors)
        self.known |= {key: np.asarray(vector) for key, vector in zip(keys, embedded.vectors, strict=True)}


def _embed_nothing(texts: Sequence[str]) -> np.ndarray:
    import numpy as np

    return np.full((len(texts), 1), np.nan)
