"""Train the outcome model from the data in benchmarks/data, judge it on held-out groups, and write its weights.

    python benchmarks/train_outcome_model.py                 # judge, and write toolkit/data/outcome_model/weights.npz
    python benchmarks/train_outcome_model.py --only-judge    # write nothing

Judged twice. 15 % of the groups are kept aside: no choice of method or feature was made on them. On the rest, five
folds by group, the penalty of each chosen by three folds inside it. What ships is fitted on everything. Deterministic,
offline, with the local extra; some three minutes of processor time.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from outcome_model.fitting import Columns, fit_pairs, fit_temperature, get_differences, make_columns
from outcome_model.judging import bound, judge
from outcome_model.pairs import Pairs, assign_folds, load_pairs

from toolkit.outcome_model.encoding import SIZE, embed_distinct
from toolkit.outcome_model.features import feature_names, measure_wording
from toolkit.outcome_model.weights import WEIGHTS, Weights, save_weights

FOLDS, INNER_FOLDS = 5, 3
KEPT_ASIDE = 0.15
PENALTIES = (1200.0, 2400.0, 4800.0)


def main() -> None:
    """Judge by cross-validation and on the groups kept aside, then fit on everything."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only-judge", action="store_true", help="write no weights")
    options.add_argument("--out", type=Path, default=WEIGHTS, help="where the weights go")
    chosen = options.parse_args()
    pairs = load_pairs()
    columns = make_columns(embed_distinct(pairs.texts), measure_wording(pairs.texts))
    aside = assign_folds(pairs.group, 1000, seed="final") < 1000 * KEPT_ASIDE
    differences, penalties = cross_validate(pairs, columns, ~aside)
    temperature = show_figures(pairs, differences, ~aside, "cross-validation")
    penalty = float(np.median(penalties))
    kept = get_differences(pairs, columns, fit_pairs(pairs, columns, ~aside, penalty))
    show_figures(pairs, kept, aside, "kept aside", temperature)
    print(json.dumps({"penalties": penalties, "penalty": penalty, "temperature": temperature}))
    if not chosen.only_judge:
        found = fit_pairs(pairs, columns, np.ones(len(aside), dtype=bool), penalty)
        save_weights(to_weights(pairs, columns, found * temperature), chosen.out)


def cross_validate(pairs: Pairs, columns: Columns, among: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """Return every pair's difference in strength by a fit that never saw its group, and the penalties chosen."""
    folds = assign_folds(pairs.group, FOLDS, seed="cv")
    differences, penalties = np.zeros(len(pairs.a)), []
    for fold in range(FOLDS):
        learned, held_out = among & (folds != fold), among & (folds == fold)
        penalties.append(choose_penalty(pairs, columns, learned, seed=f"inner {fold}"))
        found = fit_pairs(pairs, columns, learned, penalties[-1])
        differences[held_out] = get_differences(pairs, columns, found)[held_out]
    return differences, penalties


def choose_penalty(pairs: Pairs, columns: Columns, among: np.ndarray, seed: str) -> float:
    """Return the penalty with the least held-out log loss on pairs that differ, inside the pairs of a mask."""
    folds = assign_folds(pairs.group, INNER_FOLDS, seed)
    rows = among & pairs.counted & pairs.differs
    losses = []
    for penalty in PENALTIES:
        differences = np.zeros(len(pairs.a))
        for fold in range(INNER_FOLDS):
            found = fit_pairs(pairs, columns, among & (folds != fold), penalty)
            differences[folds == fold] = get_differences(pairs, columns, found)[folds == fold]
        factor = fit_temperature(differences[rows], pairs.b_won[rows])
        signed = factor * np.where(pairs.b_won, differences, -differences)[rows]
        losses.append(float(np.logaddexp(0, -signed).mean()))
    return PENALTIES[int(np.argmin(losses))]


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
    print(json.dumps(shown, indent=1))
    return factor


def to_weights(pairs: Pairs, columns: Columns, found: np.ndarray) -> Weights:
    """Return the coefficients in raw units, with the offset that gives the headlines strength 0 on average."""
    raw = found / columns.scale
    strengths = embed_distinct(pairs.texts[:1]) @ raw[:SIZE] + measure_wording(pairs.texts[:1]) @ raw[SIZE:]
    offset = float(strengths[0] - columns.values[0] @ found)
    if len(raw) != SIZE + len(feature_names()):
        raise ValueError(f"{len(raw)} coefficients for {SIZE} dimensions and {len(feature_names())} features")
    return Weights(raw[:SIZE], raw[SIZE:], offset)


if __name__ == "__main__":
    main()
