"""What scorecards and comparisons cost, beside pandas and DuckDB: python benchmarks/compare_speed.py.

A Parquet file of so many people who each meet so many drafts is read and judged by each contender, one after the other,
every time in a process of its own that reports processor time, wall clock and peak memory. pandas and DuckDB make the
estimates, and neither intervals nor tests. Their figures are held against ours. `--before FOLDER` measures another
checkout of this project beside this one, and its intervals and p-values are held against ours too.

    python benchmarks/compare_speed.py --personas 250000 --drafts 20 --rounds 3
    python benchmarks/compare_speed.py --personas 1000000 --drafts 10 --before ../earlier
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import polars as pl

TASKS = ("scorecard", "compare", "segments")
OURS, BEFORE = "toolkit", "before"
OTHERS = ("pandas", "duckdb")
SEGMENT = "region"
COLUMNS = ("draft_id", "persona_id", "weight", "action", "objective", "status")
RATINGS = ("relevance", "trust")
NEGATIVE = ("hide", "report")
CLOSE_TO_OURS, CLOSE_TO_OTHERS = 1e-12, 1e-9
Figures = dict[str, float | None]


def judge_here(task: str, folder: Path) -> Figures:
    """Return estimates, interval ends and p-values of a task by the toolkit that is imported."""
    import toolkit

    rows = pl.scan_parquet(folder / "*.parquet")
    if task == "scorecard":
        found, names = toolkit.scorecard(rows), ("draft_id", "measure")
        kept = ("estimate", "low", "high")
    else:
        found, names = toolkit.compare(rows, SEGMENT if task == "segments" else None), ("draft_a", "draft_b", "value")
        kept = ("difference", "low", "high", "p_value")
    return {
        "|".join((*(str(row[name]) for name in names), column)): row[column]
        for row in found.iter_rows(named=True)
        for column in kept
    }


def judge_with_pandas(task: str, folder: Path) -> Figures:
    """Return the estimates by way of pandas."""
    import pandas as pd

    ratings = [f"rating_{name}" for name in RATINGS] if task == "scorecard" else []
    extra = {"scorecard": ["stopped", *ratings], "segments": ["segments"]}.get(task, [])
    rows = pd.read_parquet(folder, columns=[*COLUMNS, *extra])
    rows = rows[(rows["status"] == "ok") & (rows["persona_id"] != "control") & rows["action"].notna()]
    rows["value"] = rows["segments"].str[SEGMENT] if task == "segments" else "all"
    columns = {"objective_rate": rows["action"] == rows["objective"]}
    if task == "scorecard":
        columns |= {"stop_rate": rows["stopped"], "negative_rate": rows["action"].isin(NEGATIVE)}
        columns |= {name: rows[f"rating_{name}"] for name in RATINGS}
    found: Figures = {}
    keys = [rows["draft_id"], rows["value"]]
    for measure, column in columns.items():
        known = rows["weight"] * column.notna()
        sums = (rows["weight"] * column).groupby(keys).sum() / known.groupby(keys).sum()
        found |= _name(sums.to_dict(), task, measure)
    return found


def judge_with_duckdb(task: str, folder: Path) -> Figures:
    """Return the estimates by way of DuckDB."""
    import duckdb

    value = f"segments.{SEGMENT}" if task == "segments" else "'all'"
    columns = {"objective_rate": "(action = objective)::INT"}
    if task == "scorecard":
        columns |= {"stop_rate": "stopped::INT", "negative_rate": f"(action IN {NEGATIVE})::INT"}
        columns |= {name: f"rating_{name}" for name in RATINGS}
    means = ", ".join(
        f"sum(weight * {column}) / sum(weight) FILTER ({column} IS NOT NULL)" for column in columns.values()
    )
    rows = duckdb.sql(
        f"SELECT draft_id, {value} AS value, {means} FROM read_parquet('{folder}/*.parquet') "  # noqa: S608 - our own
        "WHERE status = 'ok' AND persona_id <> 'control' GROUP BY ALL"
    ).fetchall()
    found: Figures = {}
    for place, measure in enumerate(columns, start=2):
        found |= _name({(row[0], row[1]): row[place] for row in rows}, task, measure)
    return found


def _name(rates: dict[tuple[str, str], float], task: str, measure: str) -> Figures:
    """Return rates, or the differences of every pair of them, under the names that our own figures have."""
    if task == "scorecard":
        return {f"{draft}|{measure}|estimate": rate for (draft, _), rate in rates.items()}
    values = sorted({value for _, value in rates})
    drafts = sorted({draft for draft, _ in rates})
    return {
        f"{a}|{b}|{value}|difference": rates[b, value] - rates[a, value]
        for a, b in itertools.combinations(drafts, 2)
        for value in values
    }


JUDGES = {OURS: judge_here, BEFORE: judge_here, "pandas": judge_with_pandas, "duckdb": judge_with_duckdb}


def run_here(contender: str, task: str, folder: Path) -> None:
    """Do one task; print what it took and what came out."""
    for package in ("toolkit", "scipy.special") if contender in {OURS, BEFORE} else (contender,):
        importlib.import_module(package)
    begun, used = time.perf_counter(), time.process_time()
    figures = JUDGES[contender](task, folder)
    print(
        json.dumps(
            {
                "cpu": time.process_time() - used,
                "wall": time.perf_counter() - begun,
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "figures": figures,
            }
        )
    )


def measure_apart(contender: str, task: str, folder: Path, before: Path | None) -> dict[str, Any]:
    """Run one contender in a process of its own, which imports before the clock starts."""
    command = [sys.executable, __file__, "--only", contender, "--task", task, "--folder", str(folder)]
    root = before if contender == BEFORE else Path(__file__).parent.parent
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return dict(json.loads(done.stdout))


def check_figures(ours: Figures, theirs: Figures, closeness: float) -> int:
    """Return how many figures agree; exit where one does not."""
    for name, figure in theirs.items():
        own = ours[name]
        if (own is None) != (figure is None) or (own is not None and abs(own - (figure or 0.0)) > closeness):
            raise SystemExit(f"{name}: {own} here, {figure} there")
    return len(theirs)


def find_contenders(before: Path | None) -> list[str]:
    """Return who can be measured here."""
    found = [OURS, *([BEFORE] if before else [])]
    for name in OTHERS:
        try:
            version(name)
        except PackageNotFoundError:
            print(f"{name} is left out: it is not installed")
        else:
            found.append(name)
    return found


def main() -> None:
    """Write the reactions, measure in rounds, print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--personas", type=int, default=250_000)
    parser.add_argument("--drafts", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--before", type=Path, help="the folder of another checkout")
    parser.add_argument("--only", choices=list(JUDGES), help=argparse.SUPPRESS)
    parser.add_argument("--task", choices=TASKS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        run_here(options.only, options.task, options.folder)
        return
    from ten_million import write_reactions  # not for the contenders: another checkout may not have what it needs

    contenders = find_contenders(options.before)
    packages = ", ".join(f"{name} {version(name)}" for name in ("polars", "numpy", *OTHERS) if name in sys.modules
                         or name in contenders)  # fmt: skip
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_reactions(folder, options.personas, 1, 7, options.drafts)
        print(
            f"{options.personas * options.drafts:,} reactions of {options.personas:,} people to {options.drafts} drafts"
        )
        for task in options.tasks:
            measure_task(task, contenders, folder, options)


def measure_task(task: str, contenders: list[str], folder: Path, options: argparse.Namespace) -> None:
    """Measure one task in rounds, and print a line for each contender."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
    for _ in range(options.rounds):
        for name in contenders:
            found[name].append(measure_apart(name, task, folder, options.before))
    ours = found[OURS][0]["figures"]
    took = {
        name: [statistics.median(one[kind] for one in all_) for kind in ("cpu", "wall", "peak")]
        for name, all_ in found.items()
    }
    for name, (cpu, wall, peak) in took.items():
        closeness = CLOSE_TO_OTHERS if name in OTHERS else CLOSE_TO_OURS
        agree = check_figures(ours, found[name][0]["figures"], closeness)
        print(
            f"{task:10}{name:8} {cpu:8.2f} s of CPU {wall:8.2f} s {peak / 1e9:6.2f} GB; "
            f"{cpu / took[OURS][0]:6.1f} x ours; {agree:,} figures agree to {closeness:.0e}",
            flush=True,
        )


if __name__ == "__main__":
    main()
