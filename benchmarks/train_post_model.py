"""Train the forecaster of shares from pairs of posts, judge it on held-out groups, and write its weights.

    python benchmarks/train_post_model.py PAIRS.parquet                 # judge, and write the weights
    python benchmarks/train_post_model.py PAIRS.parquet --only-judge    # write nothing

PAIRS.parquet has text_a, text_b, b_won and group: two posts by one author about one link, and which was passed on
more. The posts belong to their authors and do not ship: Tan, Lee, Pang (2014), arXiv 1405.1438, says where they are.
Judged by cross-validation, five folds by group. Penalties and parts were chosen on the same folds, among some forty
combinations that differ by less than their intervals. What ships is fitted on everything. Offline, with the local and
train extras; some fifteen minutes of one core and 3 GB.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from outcome_model.fitting import Texts, encode_texts, fit_temperature
from outcome_model.judging import bound, judge
from outcome_model.pairs import DATA, Pairs, assign_folds, hash_file
from outcome_model.post_fitting import (
    SHARE,
    Grams,
    count_grams,
    fit_posts,
    load_post_pairs,
    scale_parts,
    score_parts,
)
from train_outcome_model import calibrate

from toolkit.results.outcome_model.posts import measure_posts
from toolkit.results.outcome_model.weights import POST_WEIGHTS, save_post_weights

FOLDS = 5
HELD_OUT_POSTS = DATA / "held_out_posts.npz"
"""For every pair the log odds that B wins, by a fit that never saw its group, whether it did, its group's number, and
the weights they go with. No texts."""


def main() -> None:
    """Judge by cross-validation, then fit on everything."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("pairs", type=Path)
    options.add_argument("--only-judge", action="store_true", help="write no weights")
    chosen = options.parse_args()
    pairs = load_post_pairs(chosen.pairs)
    texts, grams = encode_texts(pairs.texts, measure_posts), count_grams(pairs.texts)
    odds = hold_out(pairs, texts, grams)
    factor = fit_temperature(odds, pairs.b_won)
    show_figures("cross-validation", 1 / (1 + np.exp(-factor * odds)), pairs.b_won, pairs.group)
    if not chosen.only_judge:
        weights = fit_posts(pairs, texts, grams, np.ones(len(odds), dtype=bool))
        line = calibrate(weights.line, texts, SHARE * factor)
        save_post_weights(replace(scale_parts(weights, factor), line=line))
        _, numbers = np.unique(pairs.group, return_inverse=True)
        held = {"odds": (factor * odds).astype(np.float32), "won": pairs.b_won}
        np.savez_compressed(HELD_OUT_POSTS, **held, group=numbers.astype(np.int32), weights=hash_file(POST_WEIGHTS))


def hold_out(pairs: Pairs, texts: Texts, grams: Grams) -> np.ndarray:
    """Return for every pair the difference in strength by a fit that never saw its group."""
    folds = assign_folds(pairs.group, FOLDS, seed="posts")
    odds = np.zeros(len(pairs.a))
    for fold in range(FOLDS):
        held = folds == fold
        strengths = score_parts(fit_posts(pairs, texts, grams, ~held), texts, grams)
        odds[held] = (strengths[pairs.b] - strengths[pairs.a])[held]
        print(f"part {fold + 1} of {FOLDS} is done", flush=True)
    return odds


def show_figures(name: str, chance: np.ndarray, won: np.ndarray, group: np.ndarray) -> None:
    """Print accuracy by confidence, log loss and calibration error, with 95 % intervals over groups."""
    low, high = bound(chance, won, group)
    figures = {
        figure: [round(value, 4), round(asdict(low)[figure], 4), round(asdict(high)[figure], 4)]
        for figure, value in asdict(judge(chance, won)).items()
    }
    print(json.dumps({"figures": name, "pairs": len(won), "groups": len(set(group)), **figures}, indent=1), flush=True)


if __name__ == "__main__":
    main()
