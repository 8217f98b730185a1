"""Train the outcome model from the data in benchmarks/data, judge it on held-out groups, and write its weights.

    python benchmarks/train_outcome_model.py                 # judge and write toolkit/data/outcome_model/weights.npz
    python benchmarks/train_outcome_model.py --only-judge    # five-fold cross-validation by group, nothing written

Deterministic. Needs the local extra.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from outcome_model.fitting import fit_logistic, fit_temperature
from outcome_model.judging import bound, judge
from outcome_model.pairs import Pairs, assign_folds, load_pairs

from toolkit.outcome_model.encoding import embed_distinct
from toolkit.outcome_model.features import measure_wording
from toolkit.outcome_model.weights import WEIGHTS, Weights, save_weights

FOLDS = 5
PENALTY_EMBEDDING, PENALTY_WORDING = 400.0, 100.0


def main() -> None:
    """Judge by cross-validation, then fit on everything."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only-judge", action="store_true", help="write nothing")
    options.add_argument("--out", type=Path, default=WEIGHTS, help="where the weights go")
    chosen = options.parse_args()
    pairs = load_pairs()
    embedding, wording = embed_distinct(pairs.texts), measure_wording(pairs.texts)
    mean, scale = wording.mean(axis=0), wording.std(axis=0) + 1e-9
    columns = np.hstack([embedding, (wording - mean) / scale])
    temperature = judge_by_group(pairs, columns)
    if not chosen.only_judge:
        found = fit(pairs, columns, np.ones(len(pairs.a), dtype=bool))
        size = embedding.shape[1]
        save_weights(Weights(found[:size], mean, scale, found[size:], temperature), chosen.out)


def fit(pairs: Pairs, columns: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return the coefficients fitted on the pairs of a mask that differ."""
    rows = np.flatnonzero(among & pairs.differs)
    penalty = np.full(columns.shape[1], PENALTY_WORDING)
    penalty[:384] = PENALTY_EMBEDDING
    differences = columns[pairs.b[rows]] - columns[pairs.a[rows]]
    return fit_logistic(differences, pairs.b_won[rows].astype(float), np.ones(len(rows)), penalty)


def judge_by_group(pairs: Pairs, columns: np.ndarray) -> float:
    """Print the cross-validated figures and return the temperature fitted on the held-out pairs."""
    folds = assign_folds(pairs.group, FOLDS, seed=0)
    strength = np.zeros(len(pairs.a))
    for fold in range(FOLDS):
        held_out = folds == fold
        found = fit(pairs, columns, ~held_out)
        strength[held_out] = ((columns[pairs.b] - columns[pairs.a]) @ found)[held_out]
    differing = pairs.counted & pairs.differs
    temperature = fit_temperature(strength[differing], pairs.b_won[differing])
    chance = 1 / (1 + np.exp(-temperature * strength))
    for name, rows in (("differ", differing), ("all", pairs.counted & (pairs.z != 0))):
        low, high = bound(chance[rows], pairs.b_won[rows], pairs.group[rows])
        figures = {"pairs": int(rows.sum()), **asdict(judge(chance[rows], pairs.b_won[rows]))}
        print(json.dumps({name: figures, "low": asdict(low), "high": asdict(high)}, indent=1))
    return temperature


if __name__ == "__main__":
    main()
