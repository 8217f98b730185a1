"""Ten million reactions in a Parquet file: how long a scorecard takes, and how much memory, beside pandas.

The file is written in parts to a temporary folder: ten drafts, 1,000,000 personas under ten wordings, one reaction
each, with the texts that nobody needs to read for a score. Each contender scores it in a process of its own, which
reports its peak resident memory. pandas reads the same columns, averages repeats with `groupby` and hands the same
cells to the same `intervals.cluster_mean`, so the ratio is about the frames alone.

    python benchmarks/ten_million.py
    python benchmarks/ten_million.py --personas 100000 --repeats 10
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

import toolkit
from toolkit.models.records import NEGATIVE
from toolkit.stats import intervals

DRAFTS, WORDINGS, REGIONS, PART = 10, 10, 10, 50_000
ACTIONS = np.array(["scroll_past", "read", "click", "hide"])
RATINGS = ("rating_relevance", "rating_trust")
COLUMNS = (
    "draft_id",
    "persona_id",
    "weight",
    "wording",
    "repeat",
    "stopped",
    "action",
    "objective",
    "status",
    *RATINGS,
)
RATES = ("stop_rate", "objective_rate", "negative_rate")


def write_reactions(folder: Path, personas: int, repeats: int, seed: int, drafts: int = DRAFTS) -> None:
    """Write every persona's reactions, PART personas to a file, so that no more than a part is ever in memory."""
    for first in range(0, personas, PART):
        people = np.arange(first, min(first + PART, personas))
        generator = np.random.default_rng([seed, first])
        weights = generator.lognormal(0.0, 0.5, len(people))
        make_part(people, weights, repeats, generator, drafts).write_parquet(folder / f"part-{first:09}.parquet")


def make_part(
    people: np.ndarray, weights: np.ndarray, repeats: int, generator: np.random.Generator, drafts: int
) -> pl.DataFrame:
    """Return the reactions of some personas: persona by persona, draft by draft, repeat by repeat."""
    place, draft, repeat = (labels.ravel() for labels in np.indices((len(people), drafts, repeats)))
    action = ACTIONS[np.searchsorted([0.5, 0.75, 0.95], generator.random(len(place)) - draft / 100.0)]
    stopped = np.isin(action, ["read", "click"])
    frame = pl.DataFrame(
        {
            "draft_id": draft,
            "persona_id": people[place],
            "weight": weights[place],
            "wording": people[place] % WORDINGS,
            "repeat": repeat,
            "stopped": stopped,
            "action": action,
        } | {name: np.where(stopped, generator.uniform(1.0, 5.0, len(place)), np.nan) for name in RATINGS}
    )  # fmt: skip
    return frame.with_columns(
        pl.format("draft-{}", pl.col("draft_id").cast(pl.String).str.zfill(2)).alias("draft_id"),
        pl.format("persona-{}", "persona_id").alias("persona_id"),
        pl.struct(
            pl.format("role-{}", pl.col("persona_id") % 3).alias("role"),
            pl.format("region-{}", pl.col("persona_id") // WORDINGS % REGIONS).alias("region"),
        ).alias("segments"),
        pl.col(RATINGS).fill_nan(None),
        verbatim=pl.format("What persona {} says of draft {} stays unread.", "persona_id", "draft_id"),
        objective=pl.lit("click"),
        status=pl.lit("ok"),
    )  # fmt: skip


def score_with_toolkit(folder: Path) -> list[float]:
    """Return the estimates of the scorecard."""
    card = toolkit.scorecard(pl.scan_parquet(folder / "*.parquet"))
    return list(card.sort("draft_id", "measure")["estimate"])


def score_with_pandas(folder: Path) -> list[float]:
    """Return the same estimates by way of pandas."""
    import pandas as pd

    rows = pd.read_parquet(folder, columns=list(COLUMNS))
    rows = rows[(rows["status"] == "ok") & (rows["persona_id"] != "control") & rows["action"].notna()]
    key = ["draft_id", "persona_id", "wording"]
    if rows.duplicated([*key, "repeat"]).any():
        raise SystemExit("two reactions share a key")
    made = (rows["stopped"], rows["action"] == rows["objective"], rows["action"].isin(NEGATIVE))
    rows = rows.assign(**{name: column.astype(float) for name, column in zip(RATES, made, strict=True)})
    measures = [*RATES, *RATINGS]
    cells = rows.groupby(key)[["weight", *measures]].mean().reset_index()
    found = {}
    for draft, of_draft in cells.groupby("draft_id"):
        units = pd.factorize(of_draft["persona_id"], sort=True)[0]
        for measure in measures:
            known = of_draft[measure].notna().to_numpy()
            columns = (of_draft[name].to_numpy()[known] for name in (measure, "weight", "wording"))
            name = measure.removeprefix("rating_")
            found[draft, name] = intervals.cluster_mean(*columns, units[known]).estimate
    return [found[key] for key in sorted(found)]


def measure_apart(contender: str, folder: Path) -> dict[str, object]:
    """Run one contender in a process of its own."""
    command = [sys.executable, __file__, "--only", contender, "--folder", str(folder)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def run_here(contender: str, folder: Path) -> None:
    """Score, and print seconds, peak resident memory in bytes, and the estimates."""
    started = time.perf_counter()
    estimates = {"toolkit": score_with_toolkit, "pandas": score_with_pandas}[contender](folder)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak": peak, "estimates": estimates}))


def main() -> None:
    """Write, score twice, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--personas", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", choices=["toolkit", "pandas"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        run_here(options.only, options.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_reactions(folder, options.personas, options.repeats, options.seed)
        size = sum(part.stat().st_size for part in folder.iterdir())
        print(f"{options.personas * DRAFTS * options.repeats:,} reactions, {size / 1e9:.2f} GB of Parquet")
        results = {contender: measure_apart(contender, folder) for contender in ("toolkit", "pandas")}
    for contender, result in results.items():
        print(f"{contender:10}{result['seconds']:8.1f} s {result['peak'] / 2**30:8.2f} GiB at most")
    ours, theirs = results["toolkit"], results["pandas"]
    np.testing.assert_allclose(ours["estimates"], theirs["estimates"], rtol=0, atol=1e-9)
    print(f"pandas / toolkit: {theirs['seconds'] / ours['seconds']:.1f} x the time, ", end="")
    print(f"{theirs['peak'] / ours['peak']:.1f} x the memory; the same estimates to 1e-9")


if __name__ == "__main__":
    main()
