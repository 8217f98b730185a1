"""From what the encoder and the counts of wording say of a text to one strength: a small ensemble, read forwards.

Each member has three hidden layers side by side: over the means of the encoder's layers, over every token (its
activities averaged by attention), and over the counts of wording. A line over means and counts speaks beside them, with
as much say as all members together. `benchmarks/train_outcome_model.py` fits them.
"""

from __future__ import annotations

import numpy as np

from toolkit.results.outcome_model.multiplying import multiply
from toolkit.results.outcome_model.weights import Branch, Weights


def find_strengths(weights: Weights, means: np.ndarray, tokens: np.ndarray | None, wording: np.ndarray) -> np.ndarray:
    """Return one strength per text, in log odds, from what `Encoded` holds of it and its counts of wording.

    `tokens` may be None for weights that do not look at single tokens.
    """
    strengths = np.full(len(means), -weights.offset, dtype=np.float32)
    if tokens is not None and weights.tokens.outward.size:
        strengths += _attend(weights, tokens)
    for branch, values in ((weights.means, means), (weights.wording, wording)):
        standard = _standardise(branch, values)
        strengths += standard @ branch.direct
        if branch.outward.size:
            strengths += _activate(branch, standard) @ branch.outward
    return strengths


def _attend(weights: Weights, tokens: np.ndarray) -> np.ndarray:
    """Return what the tokens add: each member's activities, averaged by its attention."""
    tokens = _standardise(weights.tokens, tokens)
    attention = multiply(tokens.reshape(-1, tokens.shape[-1]), weights.attention).reshape(*tokens.shape[:-1], -1)
    attention = np.exp(attention - attention.max(axis=1, keepdims=True))
    attention /= attention.sum(axis=1, keepdims=True)
    active = _activate(weights.tokens, tokens.reshape(-1, tokens.shape[-1]))
    members = active.reshape(*attention.shape, -1)
    pooled = (members * attention[..., np.newaxis]).sum(axis=1).reshape(len(tokens), -1)
    added: np.ndarray = pooled @ weights.tokens.outward
    return added


def _standardise(branch: Branch, values: np.ndarray) -> np.ndarray:
    standard: np.ndarray = (values.astype(np.float32) - branch.centre) / branch.scale
    return standard


def _activate(branch: Branch, values: np.ndarray) -> np.ndarray:
    """Return the hidden units' activities: the Gaussian error linear unit in its tanh form (Hendrycks, Gimpel 2016)."""
    into = multiply(values, branch.inward)
    into += branch.bias
    active: np.ndarray = into * into  # numpy's own powers take ten times as long
    active *= np.float32(0.044715)
    active += 1
    active *= into
    active *= np.float32(np.sqrt(2 / np.pi))
    np.tanh(active, out=active)
    active += 1
    active *= into
    active *= np.float32(0.5)
    return active
