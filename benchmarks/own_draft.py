"""Are thoughts about the draft that they were asked about? Asked of the embedded model.

Personas of `uk-social-feed` meet ten drafts on ten subjects. A thought is about its own draft where, of all ten, that
draft's embedding (all-MiniLM-L6-v2) is nearest to the thought's: one in ten by chance. Time is the processor time of
the model's server, so that other work on the machine counts little.

    python benchmarks/own_draft.py --personas 8 --json own.json
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import t

import toolkit
from toolkit.drafts.surfaces import describe_draft
from toolkit.engines.embedder import embed_texts
from toolkit.models import LABEL, Draft
from toolkit.results import Run

FloatArray = npt.NDArray[np.float64]
POST, PAGE = "facebook_post", "marketplace_listing"
DRAFTS = (
    Draft(id="invoice", text="No more chasing buyers. Invoice them in the chat and get paid today."),
    Draft(id="repair", surface=POST, text="Free repair evening on Thursday at the library. Bring a lamp."),
    Draft(id="prize", text="Congratulations! You have been chosen for a £500 voucher. Tap now to claim it."),
    Draft(id="allergy", surface=POST, text="Our new menu shows every allergen beside every dish."),
    Draft(id="video", text="Your children can now video chat with their grandparents, and you choose who may call."),
    Draft(id="swim", surface=POST, text="Swimming lessons for adults who never learned. Mondays at seven, no mirrors."),
    Draft(
        id="bicycle", surface=PAGE, text="Women's bicycle, ridden twice, new tyres. Collect from Leeds.", price="£120"
    ),
    Draft(
        id="vaccine", surface=POST, text="Flu jabs are ready. Book a time at your surgery before the clinic fills up."
    ),
    Draft(id="train", text="Your train on Friday is cancelled. Choose another one here or get your money back."),
    Draft(id="tomato", surface=POST, text="Three tomatoes that grow on a balcony, and the pots that they like."),
)


def measure_nearness(thoughts: FloatArray, drafts: FloatArray, reach: float) -> dict[str, float]:
    """Return how often a thought's nearest draft is its own; `thoughts` is people x drafts x d, both of unit length.

    The interval treats the persona as the unit.
    """
    likeness = np.einsum("pde,qe->pdq", thoughts, drafts)
    hits = (likeness.argmax(axis=2) == np.arange(len(drafts))).mean(axis=1)
    share, error = float(hits.mean()), float(hits.std(ddof=1) / np.sqrt(len(hits)))
    own = np.einsum("pde,de->pd", thoughts, drafts)
    return {
        "own": share, "own_low": share - reach * error, "own_high": share + reach * error, "chance": 1 / len(drafts),
        "likeness": float(own.mean()),
    }  # fmt: skip


def arrange_thoughts(run: Run) -> tuple[list[str], list[str]]:
    """Return the personas' ids, and their verbatims persona by persona, draft by draft."""
    rows = run.reactions.select("persona_id", "draft_id", "verbatim", "status").to_dicts()
    said = {(row["persona_id"], row["draft_id"]): row["verbatim"] for row in rows if row["status"] == "ok"}
    people = list(dict.fromkeys(row["persona_id"] for row in rows))
    whole = [one for one in people if all((one, draft.id) in said for draft in DRAFTS)]
    return whole, [said[one, draft.id] for one in whole for draft in DRAFTS]


def main() -> None:
    """Ask, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--audience", default="uk-social-feed")
    parser.add_argument("--personas", type=int, default=8)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--prompts", type=Path, help="a folder of templates to measure instead of the built-in ones")
    parser.add_argument("--store", type=Path, help="keep replies in this file, and go on from it")
    parser.add_argument("--json", type=Path, help="keep figures and thoughts in this file")
    options = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        run = toolkit.run(
            list(DRAFTS), options.audience, engine="local", objective="read", sample=options.personas, control=False,
            seed=options.seed, prompts=options.prompts, store=options.store or Path(folder) / "replies.sqlite",
        )  # fmt: skip
    seconds = time.perf_counter() - started
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    people, thoughts = arrange_thoughts(run)
    vectors = embed_texts(thoughts).reshape(len(people), len(DRAFTS), -1)
    drafts = embed_texts([describe_draft(draft) for draft in DRAFTS])
    result = measure_nearness(vectors, drafts, float(t.ppf(0.975, len(people) - 1))) | {
        "seconds": seconds, "server_seconds": spent.ru_utime + spent.ru_stime, "calls": float(run.counts.calls),
        "prompt_tokens": float(run.methods.prompt_tokens), "cached_tokens": float(run.methods.cached_tokens),
        "completion_tokens": float(run.methods.completion_tokens),
        "words": float(np.mean([len(thought.split()) for thought in thoughts])),
    }  # fmt: skip
    print(LABEL)
    print(f"{len(people)} personas x {len(DRAFTS)} drafts; {run.counts.ok} of {run.counts.planned} reactions usable")
    for name, value in result.items():
        print(f"{name:20}{value:10.3f}")
    if options.json:
        rows = [[one, draft.id, thoughts[row * len(DRAFTS) + column]]
                for row, one in enumerate(people) for column, draft in enumerate(DRAFTS)]  # fmt: skip
        options.json.write_text(json.dumps({"figures": result, "thoughts": rows}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
