"""Judge each forecaster on held-out pairs of its domain, and write the cards that ship.

    python benchmarks/domain_cards.py    # writes toolkit/data/outcome_model/cards.json

No figure is of a pair whose group the fit had seen. The held-out answers stand in benchmarks/data, bound to the weights
by a hash; `train_outcome_model.py` and `train_post_model.py` leave them there.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from outcome_model.judging import bound, judge
from outcome_model.pairs import DATA, HELD_OUT, hash_file, load_pairs

from toolkit.results.outcome_model import domains
from toolkit.results.outcome_model.weights import POST_WEIGHTS, WEIGHTS

HELD_OUT_POSTS = DATA / "held_out_posts.npz"


def main() -> None:
    """Write the cards."""
    cards = {
        name: judge_domain(weights, held, odds, won, group) for name, weights, held, odds, won, group in read_held_out()
    }
    domains.CARDS.write_text(json.dumps(cards, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(cards, indent=1))


def read_held_out() -> Iterator[tuple[str, Path, str, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield name, weights, the hash that the answers go with, log odds, winners and groups of each domain."""
    pairs = load_pairs()
    with np.load(HELD_OUT, allow_pickle=False) as stored:
        rows = pairs.counted & pairs.differs
        yield (
            domains.HEADLINES, WEIGHTS, str(stored["weights"]), stored["odds"].astype(np.float64)[rows],
            pairs.b_won[rows], pairs.group[rows],
        )  # fmt: skip
    with np.load(HELD_OUT_POSTS, allow_pickle=False) as stored:
        yield (
            domains.POSTS, POST_WEIGHTS, str(stored["weights"]), stored["odds"].astype(np.float64),
            stored["won"], stored["group"],
        )  # fmt: skip


def judge_domain(weights: Path, held: str, odds: np.ndarray, won: np.ndarray, group: np.ndarray) -> dict[str, object]:
    """Return a card; refuse answers that belong to other weights."""
    if held != hash_file(weights):
        raise SystemExit(f"{weights.name}: the held-out answers belong to other weights; train again")
    chance = 1 / (1 + np.exp(-odds))
    low, high = bound(chance, won, group)
    figures = {
        name: [round(float(value), 4), round(getattr(low, name), 4), round(getattr(high, name), 4)]
        for name, value in vars(judge(chance, won)).items()
    }
    date = dt.datetime.now(dt.UTC).date().isoformat()
    return {"weights": held, "date": date, "pairs": len(won), "groups": len(np.unique(group)), **figures}


if __name__ == "__main__":
    main()
