"""Do personas differ from each other more than each differs from itself? Asked of the embedded model.

Ten personas of `uk-social-feed`, drawn by seed, meet the same drafts several times under one and the same wording, so
that neither draft nor wording can pass for a person. Distances are 1 minus the cosine of the verbatims' embeddings
(all-MiniLM-L6-v2), always between reactions to the same draft.

    python benchmarks/persona_spread.py --repeats 4 --json spread.json
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import t

from toolkit.audiences import load_audience
from toolkit.engines.budget import Budget
from toolkit.engines.embedder import embed_texts
from toolkit.engines.local import LocalEngine
from toolkit.models import LABEL, Draft, Persona
from toolkit.panel.asker import Asker
from toolkit.questionnaire import Prompts, Questionnaire, Reaction, Task
from toolkit.store import Store

FloatArray = npt.NDArray[np.float64]
DRAFTS = (
    Draft(id="invoice", text="No more chasing buyers. Invoice them in the chat and get paid today."),
    Draft(id="repair", surface="facebook_post", text="Free repair evening on Thursday at the library. Bring a lamp."),
    Draft(id="prize", text="Congratulations! You have been chosen for a £500 voucher. Tap now to claim it."),
    Draft(id="allergy", surface="facebook_post", text="Our new menu shows every allergen beside every dish."),
)


def draw_personas(audience: str, count: int, seed: int) -> list[Persona]:
    """Return `count` personas of an audience, drawn without replacement."""
    personas = load_audience(audience).personas
    places = np.random.default_rng(seed).choice(len(personas), size=count, replace=False)
    return [personas[place] for place in sorted(places)]


async def ask_all(personas: Sequence[Persona], repeats: int, wording: int, store: Path) -> list[Reaction]:
    """Return the reactions, persona by persona, draft by draft, repeat by repeat."""
    tasks = [
        Task(persona, draft, wording, repeat) for persona in personas for draft in DRAFTS for repeat in range(repeats)
    ]
    with Store(store) as kept:
        async with LocalEngine() as engine:
            asker = Asker(Questionnaire(Prompts(), "ssr"), engine, kept, Budget(None, None), "spread")
            gate = asyncio.Semaphore(engine.concurrency)

            async def ask(task: Task) -> Reaction:
                async with gate:
                    return await asker.ask(task)

            return list(await asyncio.gather(*(ask(task) for task in tasks)))


def measure_spread(vectors: FloatArray) -> dict[str, float]:
    """Return the figures for unit vectors of shape personas x drafts x repeats x d.

    within: mean distance between repeats of one persona; between: of different personas. nearest: how often the
    nearest reaction of another repeat is by the same persona, against a chance of 1 / personas. Intervals treat the
    persona as the unit: t for `nearest`, leave-one-persona-out jackknife for `ratio`.
    """
    people = vectors.shape[0]
    within, between = list_distances(vectors)
    ratios = np.array([_find_ratio(np.delete(within, one), _drop(between, one)) for one in range(people)])
    error = float(np.sqrt((people - 1) / people * np.square(ratios - ratios.mean()).sum()))
    hits = find_own(vectors).mean(axis=(1, 2))
    reach = float(t.ppf(0.975, people - 1))
    spread, nearest_error = _find_ratio(within, between), float(hits.std(ddof=1) / np.sqrt(people))
    nearest = float(hits.mean())
    return {
        "within": float(within.mean()), "between": float(_upper(between).mean()),
        "ratio": spread, "ratio_low": spread - reach * error, "ratio_high": spread + reach * error,
        "nearest": nearest, "nearest_low": nearest - reach * nearest_error,
        "nearest_high": nearest + reach * nearest_error, "chance": 1 / people,
    }  # fmt: skip


def list_distances(vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean distance within each persona (n), and between each two (n x n), over drafts and repeats."""
    people, _, repeats, _ = vectors.shape
    distances = 1.0 - np.einsum("pdre,qdse->pqdrs", vectors, vectors)
    apart = ~np.eye(repeats, dtype=bool)
    within = np.array([distances[one, one][:, apart].mean() for one in range(people)])
    return within, distances.mean(axis=(2, 3, 4))


def find_own(vectors: FloatArray) -> npt.NDArray[np.bool_]:
    """Return, as personas x drafts x repeats, whether the nearest reaction of another repeat is the persona's own."""
    people, drafts, repeats, _ = vectors.shape
    own = np.zeros((people, drafts, repeats), dtype=bool)
    for draft, repeat in itertools.product(range(drafts), range(repeats)):
        others = np.delete(vectors[:, draft], repeat, axis=1)
        likeness = np.einsum("pe,qse->pqs", vectors[:, draft, repeat], others).max(axis=2)
        own[:, draft, repeat] = likeness.argmax(axis=1) == np.arange(people)
    return own


def describe_words(verbatims: Sequence[str]) -> dict[str, float]:
    """Return how the verbatims are written: words and sentences each, and the share of distinct ones."""
    words = [len(text.split()) for text in verbatims]
    sentences = [len(re.findall(r"[.!?]+(?:\s|$)", text)) for text in verbatims]
    return {
        "words": float(np.mean(words)),
        "one_sentence": float(np.mean(np.array(sentences) == 1)),
        "distinct": len(set(verbatims)) / len(verbatims),
    }


def _find_ratio(within: FloatArray, between: FloatArray) -> float:
    return float(_upper(between).mean() / within.mean())


def _upper(between: FloatArray) -> FloatArray:
    return between[np.triu_indices(len(between), 1)]


def _drop(between: FloatArray, one: int) -> FloatArray:
    return np.delete(np.delete(between, one, axis=0), one, axis=1)


def show_table(result: dict[str, float]) -> None:
    """Print the figures with what they mean."""
    print(f"{'within a persona':34}{result['within']:.3f}")
    print(f"{'between personas':34}{result['between']:.3f}")
    print(f"{'between / within':34}{result['ratio']:.3f}  95 % [{result['ratio_low']:.3f}, {result['ratio_high']:.3f}]")
    nearest = f"{result['nearest']:.1%}  95 % [{result['nearest_low']:.1%}, {result['nearest_high']:.1%}]"
    print(f"{'nearest other repeat is own':34}{nearest}, chance {result['chance']:.1%}")
    print(f"{'words a verbatim':34}{result['words']:.1f}, one sentence {result['one_sentence']:.0%}, ", end="")
    print(f"distinct {result['distinct']:.0%}")


def main() -> None:
    """Ask, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--audience", default="uk-social-feed")
    parser.add_argument("--personas", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=4, help="distinct draws for each persona and draft")
    parser.add_argument("--wording", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="keep figures and verbatims in this file")
    options = parser.parse_args()
    personas = draw_personas(options.audience, options.personas, options.seed)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "replies.sqlite"
        reactions = asyncio.run(ask_all(personas, options.repeats, options.wording, store))
    seconds = time.perf_counter() - started
    if failed := [reaction for reaction in reactions if reaction.answer is None]:
        raise SystemExit(f"{len(failed)} of {len(reactions)} reactions failed: {failed[0].error}")
    verbatims = [reaction.answer.verbatim for reaction in reactions if reaction.answer]
    shape = (len(personas), len(DRAFTS), options.repeats, -1)
    result = measure_spread(embed_texts(verbatims).reshape(shape)) | describe_words(verbatims)
    print(LABEL)
    print(f"{len(personas)} personas x {len(DRAFTS)} drafts x {options.repeats} repeats in {seconds:.0f} s")
    show_table(result)
    if options.json:
        rows = [[reaction.persona_id, reaction.task.draft.id, reaction.task.repeat, text]
                for reaction, text in zip(reactions, verbatims, strict=True)]  # fmt: skip
        options.json.write_text(json.dumps({"figures": result, "verbatims": rows}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
