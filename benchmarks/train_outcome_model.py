"""Train the outcome model from the data in benchmarks/data, judge it on held-out groups, and write its weights.

    python benchmarks/train_outcome_model.py                 # judge, and write toolkit/data/outcome_model/weights.npz
    python benchmarks/train_outcome_model.py --only-judge    # write nothing

Judged twice. 15 % of the groups are kept aside: no choice of method or feature was made on them. On the rest, five
folds by group; the network's shape was chosen on the first two of them. What ships is fitted on everything. Offline,
with the local and train extras; some forty minutes of one core, and the same numbers every time on one machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from outcome_model.fitting import Texts, encode_texts, fit, fit_temperature, score
from outcome_model.judging import bound, judge
from outcome_model.pairs import HELD_OUT, Pairs, assign_folds, hash_file, load_pairs

from toolkit.results.outcome_model.weights import WEIGHTS, Branch, Weights, save_weights

FOLDS = 5
CHOSEN_ON = (0, 1)
"""The folds that the shape of the network was chosen on."""
KEPT_ASIDE = 0.15


def main() -> None:
    """Judge by cross-validation and on the groups kept aside, then fit on everything."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only-judge", action="store_true", help="write no weights")
    options.add_argument("--out", type=Path, default=WEIGHTS, help="where the weights go")
    chosen = options.parse_args()
    pairs = load_pairs()
    train(pairs, encode_texts(pairs.texts), None if chosen.only_judge else chosen.out)


def train(pairs: Pairs, texts: Texts, out: Path | None) -> None:
    """Print the figures, then write weights fitted on every pair, and what was said of held-out pairs."""
    aside = assign_folds(pairs.group, 1000, seed="final") < 1000 * KEPT_ASIDE
    differences = cross_validate(pairs, texts, ~aside)
    temperature = show_figures(pairs, differences, ~aside, "cross-validation")
    unseen = ~aside & ~np.isin(assign_folds(pairs.group, FOLDS, seed="cv"), CHOSEN_ON)
    show_figures(pairs, differences, unseen, "cross-validation, folds that no choice was made on", temperature)
    kept = find_differences(pairs, score(texts, fit(pairs, texts, ~aside)))
    show_figures(pairs, kept, aside, "kept aside", temperature)
    odds = np.where(aside, kept, differences)
    growth = find_growth(pairs, odds, aside)
    print(json.dumps({"growth of the slope from fits on 68 % to fits on 85 %": round(growth, 3)}))
    if out is not None:
        temperature *= growth
        save_weights(calibrate(fit(pairs, texts, np.ones(len(aside), dtype=bool)), texts, temperature), out)
        odds = temperature * odds
        np.savez_compressed(HELD_OUT, odds=odds.astype(np.float32), weights=hash_file(out))


def cross_validate(pairs: Pairs, texts: Texts, among: np.ndarray) -> np.ndarray:
    """Return every pair's difference in strength by a fit that never saw its group."""
    folds = assign_folds(pairs.group, FOLDS, seed="cv")
    differences = np.zeros(len(pairs.a))
    for fold in range(FOLDS):
        found = fit(pairs, texts, among & (folds != fold))
        held_out = folds == fold
        differences[held_out] = find_differences(pairs, score(texts, found))[held_out]
        print(f"fold {fold + 1} of {FOLDS} is done", file=sys.stderr, flush=True)
    return differences


def find_differences(pairs: Pairs, strengths: np.ndarray) -> np.ndarray:
    """Return how much stronger B is than A, for every pair."""
    return np.asarray(strengths[pairs.b] - strengths[pairs.a])


def find_growth(pairs: Pairs, differences: np.ndarray, aside: np.ndarray) -> float:
    """Return how many times steeper log odds are for pairs kept aside, whose fit saw more, than in cross-validation.

    Of all pairs that differ, of both files. What ships has seen more still, so it is made steeper by as much.
    """
    kept, seen = (
        fit_temperature(differences[rows], pairs.b_won[rows])
        for rows in (aside & pairs.differs, ~aside & pairs.differs)
    )
    return kept / seen


def calibrate(weights: Weights, texts: Texts, temperature: float) -> Weights:
    """Return the weights in log odds, with the offset that gives the headlines strength 0 on average."""
    views = {
        view: replace(branch, outward=branch.outward * temperature, direct=branch.direct * temperature)
        for view, branch in vars(weights).items()
        if isinstance(branch, Branch)
    }
    scaled = replace(weights, **views)
    return replace(scaled, offset=float(score(texts, scaled).mean()))


def show_figures(
    pairs: Pairs, differences: np.ndarray, among: np.ndarray, name: str, temperature: float | None = None
) -> float:
    """Print the figures on pairs that differ and on all pairs of the first file, and return the temperature used."""
    differing = among & pairs.counted & pairs.differs
    factor = temperature or fit_temperature(differences[differing], pairs.b_won[differing])
    chance = 1 / (1 + np.exp(-factor * differences))
    shown: dict[str, Any] = {"figures": name}
    for kind, rows in (("differ", differing), ("all", among & pairs.counted & (pairs.z != 0))):
        low, high = bound(chance[rows], pairs.b_won[rows], pairs.group[rows])
        shown[kind] = {
            figure: [round(value, 4), round(asdict(low)[figure], 4), round(asdict(high)[figure], 4)]
            for figure, value in asdict(judge(chance[rows], pairs.b_won[rows])).items()
        } | {"pairs": int(rows.sum()), "groups": len(set(pairs.group[rows]))}
    print(json.dumps(shown, indent=1), flush=True)
    return factor


if __name__ == "__main__":
    main()
