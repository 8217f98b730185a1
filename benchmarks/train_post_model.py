"""Train the forecaster of shares from pairs of posts, judge it on held-out groups, and write its weights.

    python benchmarks/train_post_model.py PAIRS.parquet                 # judge, and write the weights
    python benchmarks/train_post_model.py PAIRS.parquet --only-judge    # write nothing

PAIRS.parquet has text_a, text_b, b_won and group: two posts by one author about one link, and which was passed on
more. The posts belong to their authors and do not ship: Tan, Lee, Pang (2014), arXiv 1405.1438, says where they are.
Judged by cross-validation, five folds by group. The penalties were chosen on the same folds, among combinations that
differ by less than their intervals. What ships is fitted on everything. Offline, with the local and train extras; some
ten minutes of one core.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from outcome_model.fitting import Texts, encode_texts, fit, fit_temperature, score
from outcome_model.judging import bound, judge
from outcome_model.pairs import DATA, Pairs, assign_folds, hash_file
from outcome_model.post_fitting import PENALTY, count_words, fit_words, load_post_pairs
from scipy import sparse
from train_outcome_model import calibrate

from toolkit.results.outcome_model.posts import measure_posts, weigh_words
from toolkit.results.outcome_model.weights import POST_WEIGHTS, Weights, Words, save_weights

FOLDS = 5
MEMBERS = 0
"""Networks beside the line. Two, on one fold, gave 0.2 points more, at forty times the time."""
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
    texts, bags = encode_texts(pairs.texts, measure_posts), count_words(pairs.texts)
    odds = hold_out(pairs, texts, bags)
    factor = fit_temperature(odds, pairs.b_won)
    show_figures("cross-validation", 1 / (1 + np.exp(-factor * odds)), pairs.b_won, pairs.group)
    if not chosen.only_judge:
        weights, words = fit_both(pairs, texts, bags, np.ones(len(odds), dtype=bool))
        words = replace(words, strengths=words.strengths * factor)
        save_weights(calibrate(weights, texts, factor), POST_WEIGHTS, words)
        _, numbers = np.unique(pairs.group, return_inverse=True)
        held = {"odds": (factor * odds).astype(np.float32), "won": pairs.b_won}
        np.savez_compressed(HELD_OUT_POSTS, **held, group=numbers.astype(np.int32), weights=hash_file(POST_WEIGHTS))


def fit_both(pairs: Pairs, texts: Texts, bags: sparse.csr_array, among: np.ndarray) -> tuple[Weights, Words]:
    """Return networks with their line, and what words add, fitted on the pairs of a mask."""
    return fit(pairs, texts, among, penalty=PENALTY, members=MEMBERS), fit_words(pairs, bags, texts.wording, among)


def hold_out(pairs: Pairs, texts: Texts, bags: sparse.csr_array) -> np.ndarray:
    """Return for every pair the difference in strength by a fit that never saw its group."""
    folds = assign_folds(pairs.group, FOLDS, seed="posts")
    odds = np.zeros(len(pairs.a))
    for fold in range(FOLDS):
        held = folds == fold
        weights, words = fit_both(pairs, texts, bags, ~held)
        strengths = score(texts, weights) + weigh_words(words, pairs.texts)
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
