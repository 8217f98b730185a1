"""What the pytest plugin adds to a session without campaigns: pairs of sessions, with it and without.

python benchmarks/plugin_cost.py --pairs 15
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def time_session(folder: Path, *options: str) -> float:
    """Return the seconds of one pytest session of one test."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print the median of the differences and of the ratios, pair by pair."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--pairs", type=int, default=15)
    pairs = parser.parse_args().pairs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_nothing.py").write_text("def test_nothing():\n    assert True\n")
        (folder / "settings.yaml").write_text("jobs: [1, 2]\n")
        time_session(folder)
        timed = [(time_session(folder), time_session(folder, "-p", "no:audience")) for _ in range(pairs)]
    added = statistics.median(with_plugin - without for with_plugin, without in timed)
    ratio = statistics.median(with_plugin / without for with_plugin, without in timed)
    print(f"{pairs} pairs: the plugin adds {added * 1000:.0f} ms (median), a ratio of {ratio:.2f}")


if __name__ == "__main__":
    main()
