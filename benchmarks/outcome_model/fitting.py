"""The fit of the outcome model: small networks and a line that give each text a strength, on differences of two.

Needs the train extra (torch). The product reads what is fitted here without torch: `results/outcome_model/network.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.optimize import minimize, minimize_scalar
from torch.nn import functional

from outcome_model.pairs import Pairs
from toolkit.results.outcome_model.encoding import WIDTH, encode_distinct
from toolkit.results.outcome_model.features import measure_wording
from toolkit.results.outcome_model.network import find_strengths
from toolkit.results.outcome_model.weights import Branch, Weights

UNDECIDED = 0.5
"""A pair that does not differ counts this much at most, in proportion to how sure its counts make the winner."""
_LEAST_WEIGHT = 0.05
MEMBERS = 5
HIDDEN = {"means": 64, "tokens": 256, "wording": 32}
"""Hidden units over each view of a text."""
_DROPPED = {"means": 0.6, "tokens": 0.5, "wording": 0.6}
"""Share of a view's inputs that a step of training does not see."""
_DROPPED_HIDDEN = 0.6
_LOUDNESS = {"means": 5.0 / (7 * WIDTH) ** 0.5, "tokens": 0.6, "wording": 1.0}
"""Spread of a view's standardised inputs."""
PENALTY = {"means": 4800.0, "wording": 100.0}
"""Ridge terms of the line, for inputs of spread 1."""
_PAIRS_A_STEP, _PASSES, _RATE, _DECAY = 128, 3, 2e-3, 1e-2


@dataclass(frozen=True)
class Texts:
    """What a fit sees of every text; tokens of all texts one after the other, in half precision."""

    means: np.ndarray
    tokens: np.ndarray
    starts: np.ndarray
    """Where each text's tokens begin, and where the last one's end."""
    wording: np.ndarray

    @cached_property
    def scales(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """What is subtracted from each view's inputs, and what they are divided by.

        Wording and tokens are given equal spread each; of a layer's mean the 384 together, on average.
        """
        spread = {
            "means": np.repeat(np.sqrt(self.means.reshape(len(self.means), -1, WIDTH).var(axis=0).mean(axis=1)), WIDTH),
            "tokens": self.tokens.std(axis=0, dtype=np.float32) + 1e-3,
            "wording": self.wording.std(axis=0) + 1e-9,
        }
        return {
            view: (getattr(self, view).mean(axis=0, dtype=np.float32), value.astype(np.float32) / _LOUDNESS[view])
            for view, value in spread.items()
        }

    def pick_tokens(self, text: int) -> np.ndarray:
        """Return the tokens of one text."""
        return self.tokens[self.starts[text] : self.starts[text + 1]]


def encode_texts(texts: Sequence[str], measure: Callable[[Sequence[str]], np.ndarray] = measure_wording) -> Texts:
    """Return what the encoder and the counts of wording make of the texts."""
    means: dict[int, np.ndarray] = {}
    tokens: dict[int, np.ndarray] = {}
    for encoded in encode_distinct(texts):
        means |= dict(zip(encoded.places, encoded.means, strict=True))
        tokens |= dict(zip(encoded.places, encoded.tokens.astype(np.float16), strict=True))
    lengths = [len(tokens[place]) for place in range(len(texts))]
    return Texts(
        means=np.array([means[place] for place in range(len(texts))]),
        tokens=np.concatenate([tokens[place] for place in range(len(texts))]),
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        wording=measure(texts),
    )


class Member(torch.nn.Module):
    """One network of the ensemble, as it is trained."""

    def __init__(self, texts: Texts) -> None:
        """Begin with every text equally strong."""
        super().__init__()
        inputs = {view: getattr(texts, view).shape[1] for view in HIDDEN}
        self.inward = torch.nn.ModuleDict({view: torch.nn.Linear(inputs[view], HIDDEN[view]) for view in HIDDEN})
        self.outward = torch.nn.ParameterDict({view: torch.zeros(HIDDEN[view]) for view in HIDDEN})
        self.attention = torch.nn.Parameter(torch.zeros(inputs["tokens"]))

    def forward(self, views: dict[str, torch.Tensor], real: torch.Tensor) -> torch.Tensor:
        """Return one strength per text; `real` says which of the padded tokens are."""
        weight = (views["tokens"] @ self.attention).masked_fill(~real, -torch.inf).softmax(dim=1)
        strength = torch.zeros(len(real))
        for view, values in views.items():
            seen = functional.dropout(values, _DROPPED[view], self.training)
            active = functional.gelu(self.inward[view](seen), approximate="tanh")
            active = (active * weight[..., None]).sum(dim=1) if view == "tokens" else active
            strength = strength + functional.dropout(active, _DROPPED_HIDDEN, self.training) @ self.outward[view]
        return strength


def fit(
    pairs: Pairs,
    texts: Texts,
    among: np.ndarray,
    *,
    penalty: Mapping[str, float] = PENALTY,
    members: int = MEMBERS,
) -> Weights:
    """Return the line and an ensemble of networks, fitted on every pair of a mask, each weighted by its information.

    A pair that differs has its winner as its label. One that does not has the probability of each winner, and counts
    the less the nearer that is to one half. Members differ by their random start and their order of pairs.
    """
    weight = np.where(pairs.differs, 1.0, UNDECIDED * np.abs(2 * pairs.belief - 1))
    rows = np.flatnonzero(among & (weight > _LEAST_WEIGHT))
    label = np.where(pairs.differs, pairs.b_won, pairs.belief)
    line = fit_line(pairs, texts, rows, weight, label, penalty)
    return to_weights([_fit_member(pairs, texts, rows, weight, label, seed) for seed in range(members)], texts, line)


def fit_line(
    pairs: Pairs,
    texts: Texts,
    rows: np.ndarray,
    weight: np.ndarray,
    label: np.ndarray,
    penalty: Mapping[str, float],
) -> dict[str, np.ndarray]:
    """Return one coefficient per standardised input of each view that the line reads: ridge logistic regression."""
    flat = standardise(texts)
    root = np.concatenate([np.full(flat[view].shape[1], penalty[view] ** 0.5 * _LOUDNESS[view]) for view in flat])
    values = np.hstack(list(flat.values()))
    differences = ((values[pairs.b[rows]] - values[pairs.a[rows]]) / root).astype(np.float32)
    counts, target = weight[rows].astype(np.float32), label[rows].astype(np.float32)

    def loss_and_slope(found: np.ndarray) -> tuple[float, np.ndarray]:
        found = found.astype(np.float32)
        odds = differences @ found
        loss = (counts * (np.logaddexp(0, odds) - target * odds)).sum() + found @ found / 2
        slope = differences.T @ (counts * (1 / (1 + np.exp(-odds)) - target)) + found
        return float(loss), slope.astype(np.float64)

    start = np.zeros(len(root))
    best = minimize(loss_and_slope, start, jac=True, method="L-BFGS-B", options={"maxiter": 200, "ftol": 1e-8})
    means, wording = np.split(best.x / root, [flat["means"].shape[1]])
    return {"means": means, "wording": wording}


def standardise(texts: Texts) -> dict[str, np.ndarray]:
    """Return the views that are one row a text, standardised."""
    scales = texts.scales
    return {
        view: ((getattr(texts, view) - scales[view][0]) / scales[view][1]).astype(np.float32)
        for view in ("means", "wording")
    }


def _fit_member(
    pairs: Pairs, texts: Texts, rows: np.ndarray, weight: np.ndarray, label: np.ndarray, seed: int
) -> Member:
    torch.manual_seed(seed)
    member, read = Member(texts), make_reader(texts)
    optimiser = torch.optim.AdamW(member.parameters(), lr=_RATE, weight_decay=_DECAY)
    steps = [chosen for _ in range(_PASSES) for chosen in torch.randperm(len(rows)).split(_PAIRS_A_STEP)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=len(steps) + 1)
    for chosen in steps:
        step = rows[chosen.numpy()]
        distinct, place = np.unique(np.concatenate([pairs.a[step], pairs.b[step]]), return_inverse=True)
        strength = member(*read(distinct))[torch.from_numpy(place)]
        odds = strength[len(step) :] - strength[: len(step)]
        target, counts = (torch.from_numpy(values[step].astype(np.float32)) for values in (label, weight))
        loss = functional.binary_cross_entropy_with_logits(odds, target, weight=counts)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return member


def make_reader(texts: Texts) -> Callable[[np.ndarray], tuple[dict[str, torch.Tensor], torch.Tensor]]:
    """Return what gives the standardised views of chosen texts, tokens padded, and which tokens are real."""
    flat = {view: torch.from_numpy(values) for view, values in standardise(texts).items()}
    centre, scale = texts.scales["tokens"]

    def read(chosen: np.ndarray) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        lengths = np.diff(texts.starts)[chosen]
        real = np.arange(lengths.max()) < lengths[:, None]
        tokens = np.zeros((*real.shape, len(centre)), dtype=np.float32)
        tokens[real] = (np.concatenate([texts.pick_tokens(text) for text in chosen]) - centre) / scale
        views = {view: values[chosen] for view, values in flat.items()}
        return views | {"tokens": torch.from_numpy(tokens)}, torch.from_numpy(real)

    return read


def to_weights(members: Sequence[Member], texts: Texts, line: Mapping[str, np.ndarray]) -> Weights:
    """Return the mean of some members, and the line beside it, as one set of weights."""

    def join(view: str) -> Branch:
        centre, scale = texts.scales[view]
        return Branch(
            centre=centre,
            scale=scale,
            inward=_join([to_array(member.inward[view].weight).T for member in members], np.zeros((len(centre), 0))),
            bias=_join([to_array(member.inward[view].bias) for member in members], np.zeros(0)),
            outward=_join([to_array(member.outward[view]) / len(members) for member in members], np.zeros(0)),
            direct=line.get(view, np.zeros(len(centre))).astype(np.float32),
        )

    attention = _join([to_array(member.attention)[:, None] for member in members], np.zeros((texts.tokens.shape[1], 0)))
    return Weights(join("means"), join("tokens"), attention, join("wording"), offset=0.0)


def _join(parts: Sequence[np.ndarray], none: np.ndarray) -> np.ndarray:
    """Return arrays side by side; `none` where there is no member."""
    return np.concatenate([*parts], axis=-1) if parts else none


def to_array(values: torch.Tensor) -> np.ndarray:
    """Return a tensor's numbers."""
    return np.asarray(values.detach().numpy(), dtype=np.float32)


def score(texts: Texts, weights: Weights) -> np.ndarray:
    """Return every text's strength, by the code that ships."""
    strengths = np.zeros(len(texts.means))
    for places in _group(np.diff(texts.starts)):
        needed = weights.tokens.outward.size > 0
        tokens = np.stack([texts.pick_tokens(place) for place in places]) if needed else None
        strengths[places] = find_strengths(weights, texts.means[places], tokens, texts.wording[places])
    return strengths


def _group(lengths: np.ndarray, most: int = 64) -> Iterator[np.ndarray]:
    """Yield places of equal length, some at a time."""
    for length in np.unique(lengths):
        places = np.flatnonzero(lengths == length)
        yield from np.split(places, range(most, len(places), most))


def fit_temperature(difference: np.ndarray, won: np.ndarray) -> float:
    """Return the factor that makes held-out differences in strength log odds: one number, by maximum likelihood."""
    signed = np.where(won, difference, -difference)

    def loss(log_factor: float) -> float:
        return float(np.logaddexp(0, -np.exp(log_factor) * signed).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-4, 4), method="bounded").x))
