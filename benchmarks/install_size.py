"""How large an installation is and how long it takes: python benchmarks/install_size.py SOURCE...

Each source, a checkout or anything else that pip installs, goes into a fresh virtual environment of its own. What pip
has downloaded before it takes from its cache, so run it twice and read the second. The size is the sum of the sizes of
all files that pip adds, what it compiles included; pip itself and the empty environment are not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def measure(source: str, folder: Path) -> dict[str, object]:
    """Install one source and return its size in MB (2^20), seconds by the clock and of the processor."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    empty = add_up(folder)
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", source]
    subprocess.run(pip, check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    size = add_up(folder) - empty
    return {
        "source": source,
        "mb": round(size / 2**20),
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(spent, 1),
    }


def add_up(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def main() -> None:
    """Install each source, one after the other, and print what it took."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("sources", nargs="+")
    for number, source in enumerate(parser.parse_args().sources):
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(source, Path(folder) / str(number))), flush=True)


if __name__ == "__main__":
    main()
