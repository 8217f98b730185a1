"""Processor time of `audience run` from its start to its first request, imports included.

    python benchmarks/first_request.py --rounds 5
    python benchmarks/first_request.py --code ../earlier ../later    # checkouts, side by side

Each run starts in an empty home against a server that takes the first request and answers nothing; the processor time
is read from /proc at that moment, so this runs on Linux alone.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 120.0


def read_processor_seconds(process: int) -> float:
    """Return the processor seconds that a process took so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_post(server: socket.socket) -> None:
    """Return once a POST came; whatever is asked before is not found."""
    while True:
        connection, _ = server.accept()
        with connection:
            connection.settimeout(PATIENCE_SECONDS)
            if connection.recv(65_536).startswith(b"POST"):
                return
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def measure(code: Path) -> tuple[float, float]:
    """Return processor and wall-clock seconds of one run of a checkout, up to its first request."""
    with socket.create_server(("127.0.0.1", 0)) as server, tempfile.TemporaryDirectory() as home:
        server.settimeout(PATIENCE_SECONDS)
        command = [sys.executable, "-m", "toolkit", "run", str(code / "examples" / "paypal-invoices.yaml")]
        command += ["--audience", "uk-small-sellers", "--model", "m", "--rating", "direct", "--out", f"{home}/out"]
        command += ["--base-url", f"http://127.0.0.1:{server.getsockname()[1]}/v1"]
        place = {"PYTHONPATH": str(code), "HOME": home, "AUDIENCE_STORE": f"{home}/store.sqlite"}
        began = time.perf_counter()
        with subprocess.Popen(
            command, cwd=home, env={**os.environ, **place, "OPENAI_API_KEY": "k"}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            try:
                wait_for_post(server)
                return read_processor_seconds(process.pid), time.perf_counter() - began
            finally:
                process.kill()


def main() -> None:
    """Print the median of each checkout; the rounds take turns, and the first of each warms the disk's cache."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--code", type=Path, nargs="+", default=[HERE])
    options = parser.parse_args()
    places = [code.resolve() for code in options.code]
    found: dict[Path, list[tuple[float, float]]] = {code: [] for code in places}
    for turn in range(options.rounds + 1):
        for code in places:
            figures = measure(code)
            if turn:
                found[code].append(figures)
    for code, all_ in found.items():
        processor, wall = (statistics.median(one[place] for one in all_) for place in (0, 1))
        print(f"{code}: {processor:.2f} s of processor time, {wall:.2f} s of wall clock, to the first request")


if __name__ == "__main__":
    main()
