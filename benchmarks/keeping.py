"""What it takes to keep a reply: python benchmarks/keeping.py [REPLIES].

Replies of the usual length are kept one by one, and together as a run keeps them, 128 in flight. Together, each is told
as kept once it is on the disk. The fraction of a claim is in neither.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from toolkit.models.exchange import Reply
from toolkit.store import Store, make_key

IN_FLIGHT = 128
Kept = Sequence[tuple[bytes, Reply]]


def make_replies(count: int) -> Kept:
    """Return replies of the usual length, each about a draft and a person."""
    return [
        (
            make_key("reply", str(number)),
            Reply(
                text=f"{number} " + "That would save me chasing people for money. " * 16,
                engine="openai",
                model="m",
                endpoint="example.org/v1",
                question=make_key("question", str(number)).hex(),
                about=("draft:plain", "digest:ab12", f"persona:p{number}", "campaign:jam"),
            ),
        )
        for number in range(count)
    ]


def keep_one_by_one(store: Store, replies: Kept) -> None:
    """Commit each reply by itself; the disk may lag behind."""
    for key, reply in replies:
        store.keep(key, "chat", reply)


def keep_together(store: Store, replies: Kept) -> None:
    """Keep as a run does: so many wait at once, and each until its reply is on the disk."""
    waiting = iter(replies)

    async def work() -> None:
        for key, reply in waiting:
            await store.keep_together(key, "chat", reply)

    async def work_all() -> None:
        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))

    asyncio.run(work_all())


def main(count: int) -> None:
    """Print processor and wall-clock time a reply, each way."""
    ways: dict[str, Callable[[Store, Kept], None]] = {"one by one": keep_one_by_one, "together": keep_together}
    for name, keep in ways.items():
        with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store.sqlite") as store:
            replies = make_replies(count)
            began = time.perf_counter(), time.process_time()
            keep(store, replies)
            wall, processor = time.perf_counter() - began[0], time.process_time() - began[1]
            assert store.count_replies() == count  # noqa: S101 - a benchmark that loses replies measures nothing
        print(
            f"{name}: {processor / count * 1e6:.0f} us of processor time a reply, {wall / count * 1e6:.0f} us of wall"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000)
