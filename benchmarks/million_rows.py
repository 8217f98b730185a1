"""How long and how much memory a draw with quotas takes from five million rows: python benchmarks/million_rows.py.

Writes the table beside nothing of yours (a temporary folder), then draws in a process of its own, as the command does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

DRAW = """
import json, resource, sys, time
began = time.perf_counter()
from toolkit.audiences import load_audience
from toolkit.audiences.streaming import Draw
loaded = time.perf_counter()
quotas = {"buyer": 500, "seller": 500}
columns = {"id": "caseid", "weight": "wt"}
people = load_audience(
    sys.argv[1], segments=["role", "region"], columns=columns, draw=Draw(seed=7, key="role", quotas=quotas)
).personas
done = time.perf_counter()
used = resource.getrusage(resource.RUSAGE_SELF)
peak = int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) / 1024  # ru_maxrss is the parent's, too
print(json.dumps({"people": len(people), "weight": sum(one.weight for one in people),
                  "import_seconds": round(loaded - began, 2), "draw_seconds": round(done - loaded, 2),
                  "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
                  "peak_mb": round(peak)}))
"""


def write_rows(path: Path, count: int) -> None:
    """Write a table of people with ids, ages, regions, roles and weights."""
    import numpy as np
    import polars as pl

    generator = np.random.default_rng(1)
    pl.DataFrame(
        {
            "caseid": pl.int_range(count, eager=True).cast(pl.String).str.zfill(9),
            "age": generator.integers(18, 90, count),
            "region": generator.choice(["north", "south", "east", "west"], count),
            "role": generator.choice(["buyer", "seller"], count, p=[0.9, 0.1]),
            "wt": generator.gamma(2.0, 1.0, count) + 0.001,
        }
    ).write_parquet(path)


def main() -> None:
    """Write the table, draw three times, print each."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.parquet"
        write_rows(path, options.rows)
        print(f"{options.rows:,} rows, {path.stat().st_size / 2**20:.0f} MB")
        for _ in range(3):
            shown = subprocess.run(
                [sys.executable, "-c", DRAW, str(path)], capture_output=True, text=True, check=True
            ).stdout
            print(json.dumps(json.loads(shown)))


if __name__ == "__main__":
    main()
