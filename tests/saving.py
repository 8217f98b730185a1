"""A process that replaces a run folder by two runs in turn until it is killed: FOLDER ONE OTHER LINES.

It kills itself with -9 after so many lines of the code that saves, so that every moment of it is met in time.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from toolkit.results import run_folders


def save_until_killed(folder: Path, sources: list[Path], lines: int) -> None:
    """Replace the folder by each source in turn, for ever."""
    runs = [{path.name: path.read_bytes() for path in source.iterdir()} for source in sources]
    left = itertools.count(lines, -1)

    def trace(frame: FrameType, *_: Any) -> Any:
        if frame.f_code.co_filename == run_folders.__file__ and next(left) <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    for files in itertools.cycle(runs):
        run_folders.write_folder(folder, files, list(files))


if __name__ == "__main__":
    save_until_killed(Path(sys.argv[1]), [Path(sys.argv[2]), Path(sys.argv[3])], int(sys.argv[4]))
