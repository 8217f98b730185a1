"""How many calls a second, beside a bare HTTP client, the SDK as it comes, althing and EDSL.

`python benchmarks/throughput.py` measures against a loopback provider that answers in 200 ms, 128 in flight; everything
in processes of its own, one after the other, in rounds; figures are medians over the rounds. `--peers FOLDER` names a
virtual environment with `pip install althing edsl 'openai[aiohttp]'` and is made where it is missing. `--large` asks
100,000 reactions instead, for the memory that they take.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
SECONDS = 0.2
LEAST_RATE, LEAST_OF_BARE, LEAST_OF_PEERS = 200.0, 0.4, 6.0
MOST_CPU_MS, MOST_CALL_KB, MOST_LARGE_MB = 4.0, 4.0, 700.0
PEER_PACKAGES = ("althing", "edsl", "openai[aiohttp]")
Figures = dict[str, float]


@contextlib.contextmanager
def play_provider() -> Iterator[str]:
    """Yield the address of a provider in a process of its own."""
    with subprocess.Popen(
        [sys.executable, str(HERE / "loopback.py"), str(SECONDS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        yield process.stdout.readline().strip()
        process.communicate()


def run_contestant(python: str, name: str, address: str, calls: int, in_flight: int) -> Figures | None:
    """Return the figures of one contestant, None where it cannot run here."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [python, str(HERE / "contestants.py"), name, address, str(calls), str(in_flight)],
            capture_output=True, text=True, check=False, env={**os.environ, "HOME": home}, cwd=home,
        )  # fmt: skip
    if done.returncode:
        print(f"{name}: skipped, it did not run: {done.stderr.strip().splitlines()[-1:]}")
        return None
    figures: Figures = json.loads(done.stdout.strip().splitlines()[-1])
    if figures["answered"] < calls:
        print(f"{name}: {figures['answered']:.0f} of {calls} answered")
    return figures


def find_peers(folder: Path | None) -> str | None:
    """Return the Python that has the peers, installing them where the folder is new; None where that cannot be."""
    if folder is None:
        print("althing and EDSL are left out; add --peers FOLDER to install them into an environment of their own")
        return None
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        made = subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PEER_PACKAGES], check=False)
        if made.returncode:
            print("althing and EDSL are left out: they cannot be installed here")
            return None
    return str(python)


def compare(calls: int, in_flight: int, rounds: int, peers: Path | None) -> bool:
    """Measure everybody in rounds, print medians, and tell whether every aim is met."""
    contestants = [(sys.executable, name) for name in ("toolkit", "bare", "sdk")]
    python = find_peers(peers)
    contestants += [(python, name) for name in ("althing", "edsl")] if python else []
    found: dict[str, list[Figures]] = {}
    with play_provider() as address:
        for _ in range(rounds):
            for each, name in contestants:
                share = calls if name in {"toolkit", "bare"} else calls // 2
                figures = run_contestant(each, name, address, share, in_flight)
                if figures is not None:
                    found.setdefault(name, []).append(figures)
        small, large = (run_contestant(sys.executable, "toolkit", address, n * calls, in_flight) for n in (1, 4))
    rates = {name: statistics.median(one["answered"] / one["seconds"] for one in all_) for name, all_ in found.items()}
    for name, all_ in found.items():
        cpu = statistics.median(one["cpu"] / one["answered"] * 1000 for one in all_)
        print(
            f"{name:8} {rates[name]:7.1f} calls/s {cpu:7.2f} ms of CPU a call, "
            f"ours is {rates['toolkit'] / rates[name]:.2f} times"
        )
    cpu = statistics.median(one["cpu"] / one["answered"] * 1000 for one in found["toolkit"])
    memory = (large["grown_kb"] - small["grown_kb"]) / (3 * calls) if small and large else float("nan")
    if small and large:
        slope = (large["cpu"] - small["cpu"]) / (3 * calls) * 1000
        print(f"toolkit  {slope:7.2f} ms of CPU a further call, without what starts a run")
    print(f"toolkit  {memory:7.2f} kB of peak memory a call, from {calls:,} to {4 * calls:,} calls")
    met = rates["toolkit"] >= max(LEAST_RATE, LEAST_OF_BARE * rates["bare"]) and cpu <= MOST_CPU_MS
    behind = [rates[name] for name in ("althing", "edsl") if name in rates]
    return met and memory <= MOST_CALL_KB and all(rates["toolkit"] >= LEAST_OF_PEERS * rate for rate in behind)


def measure_large(reactions: int, in_flight: int) -> bool:
    """Ask so many reactions, print rate and peak memory, and tell whether the memory is within its aim."""
    with play_provider() as address:
        figures = run_contestant(sys.executable, "toolkit", address, reactions, in_flight)
    if figures is None:
        return False
    peak = figures["peak_kb"] / 1024
    print(
        f"{figures['answered']:,.0f} reactions in {figures['seconds']:.0f} s, "
        f"peak {peak:.0f} MB (at most {MOST_LARGE_MB:.0f})"
    )
    return peak <= MOST_LARGE_MB


def main() -> int:
    """Measure; return 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--in-flight", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--large", type=int, nargs="?", const=100_000, metavar="REACTIONS")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}")
    if options.large:
        return int(not measure_large(options.large, options.in_flight))
    return int(not compare(options.calls, options.in_flight, options.rounds, options.peers))


if __name__ == "__main__":
    sys.exit(main())
