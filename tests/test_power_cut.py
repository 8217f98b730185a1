"""Replies kept together: what is told as kept outlasts a power cut, a disk that fails, and a caller who leaves."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from toolkit.errors import StoreUnusable
from toolkit.models.exchange import Reply
from toolkit.store import Store
from toolkit.store.disk_waits import MOST_TOGETHER, wait_for_disk


def make_reply(number: int) -> Reply:
    """Return a reply of the usual length, about a draft and a person, asked at an endpoint."""
    about = ("draft:plain", f"persona:p{number}")
    return Reply(text=f"{number} " + "x" * 700, engine="e", model="m", question="ab" * 32, about=about)


def make_key(number: int) -> bytes:
    """Return a key of the usual length."""
    return number.to_bytes(32, "big")


class Disk:
    """What would be left after a power cut: the files as they were when the disk was last waited for."""

    def __init__(self, path: Path, left: Path) -> None:
        self._path, self._left = path, left
        self.waits = 0

    def wait(self, descriptor: int) -> None:
        """Copy the store as it goes to the disk, then wait for the disk."""
        folder = self._left / str(self.waits)
        folder.mkdir()
        for name in (self._path.name, f"{self._path.name}-wal"):
            shutil.copyfile(self._path.with_name(name), folder / name)
        wait_for_disk(descriptor)
        self.waits += 1

    def find_left(self) -> Path:
        """Return the store that a power cut now would leave."""
        return self._left / str(self.waits - 1) / self._path.name


def test_a_power_cut_loses_no_reply_that_was_told_as_kept(tmp_path: Path) -> None:
    """Each reply stands in the file as it was at the last wait for the disk before it was told as kept."""
    path, left = tmp_path / "store.sqlite", tmp_path / "left"
    left.mkdir()
    disk = Disk(path, left)
    told: dict[Path, list[int]] = {}

    async def ask(store: Store, number: int) -> None:
        for _ in range(number % 7):
            await asyncio.sleep(0)
        assert await store.claim_together(make_key(number))
        assert await store.keep_together(make_key(number), "chat", make_reply(number)) == make_reply(number)
        told.setdefault(disk.find_left(), []).append(number)

    async def ask_all(store: Store) -> None:
        for start in range(0, 60, 20):
            await asyncio.gather(*(ask(store, number) for number in range(start, start + 20)))

    with Store(path, wait_for_disk=disk.wait) as store:
        asyncio.run(ask_all(store))
    assert sorted(number for numbers in told.values() for number in numbers) == list(range(60))
    for copy, numbers in told.items():
        with Store(copy) as found:
            assert [found.find(make_key(number)) for number in numbers] == [make_reply(number) for number in numbers]
            assert found.find_anywhere(bytes.fromhex("ab" * 32)) is not None


def test_replies_that_come_together_wait_for_the_disk_once(tmp_path: Path) -> None:
    """As many as go together take one wait, and all of them are there."""
    waits: list[int] = []

    async def keep_all(store: Store) -> None:
        keys = range(MOST_TOGETHER)
        await asyncio.gather(*(store.keep_together(make_key(one), "chat", make_reply(one)) for one in keys))

    with Store(tmp_path / "store.sqlite", wait_for_disk=waits.append) as store:
        asyncio.run(keep_all(store))
        assert len(waits) == 1
        assert store.count_replies() == MOST_TOGETHER


def test_a_disk_that_fails_sends_replies_to_the_journal(tmp_path: Path) -> None:
    """Nobody is told that a reply is kept by a disk that fails: trouble says so, and the journal has the reply."""

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    path = tmp_path / "store.sqlite"
    with Store(path, wait_for_disk=fail) as store:
        assert asyncio.run(store.keep_together(b"key", "chat", make_reply(1))) == make_reply(1)
        assert isinstance(store.trouble, StoreUnusable)
        assert "input/output error" in str(store.trouble)
        assert list(tmp_path.glob("*.rescued-*.jsonl"))
    with Store(path) as store:
        assert store.find(b"key") == make_reply(1)


def test_the_reply_that_was_there_first_stands(tmp_path: Path) -> None:
    """A key that holds a reply keeps it, and whoever comes later is told of it."""
    with Store(tmp_path / "store.sqlite") as store:
        store.keep(b"key", "chat", make_reply(1))
        assert asyncio.run(store.keep_together(b"key", "chat", make_reply(2))) == make_reply(1)
        assert store.count_replies() == 1


def test_a_caller_who_leaves_loses_no_reply_and_leaves_no_claim(tmp_path: Path) -> None:
    """Cancelled at once, a reply is kept nevertheless, and a question is not taken in hand."""

    async def leave(store: Store) -> None:
        kept = asyncio.ensure_future(store.keep_together(b"kept", "chat", make_reply(1)))
        claimed = asyncio.ensure_future(store.claim_together(b"claimed"))
        await asyncio.sleep(0)
        kept.cancel()
        claimed.cancel()
        await asyncio.gather(kept, claimed, return_exceptions=True)

    path = tmp_path / "store.sqlite"
    with Store(path) as store, Store(path) as other:
        asyncio.run(leave(store))
        assert other.find(b"kept") == make_reply(1)
        assert other.claim(b"claimed")


def test_a_question_is_in_one_hand_alone(tmp_path: Path) -> None:
    """Of two stores on one file that want the same questions at once, each question goes to one."""

    async def claim_all(stores: tuple[Store, Store]) -> list[bool]:
        wanted = (store.claim_together(make_key(number)) for number in range(12) for store in stores)
        return list(await asyncio.gather(*wanted))

    path = tmp_path / "store.sqlite"
    with Store(path) as one, Store(path) as other:
        taken = asyncio.run(claim_all((one, other)))
    assert [taken[place] + taken[place + 1] for place in range(0, 24, 2)] == [1] * 12


def test_what_waits_is_kept_before_the_store_closes(tmp_path: Path) -> None:
    """A store that closes while a reply waits for its turn keeps it first; in memory nothing waits for a disk."""

    async def close(store: Store) -> None:
        kept = asyncio.ensure_future(store.keep_together(b"key", "chat", make_reply(1)))
        await asyncio.sleep(0)
        store.close()
        assert await kept == make_reply(1)

    path = tmp_path / "store.sqlite"
    asyncio.run(close(Store(path)))
    with Store(path) as store, Store(Path(":memory:")) as nowhere:
        assert store.find(b"key") == make_reply(1)
        assert asyncio.run(nowhere.keep_together(b"key", "chat", make_reply(2))) == make_reply(2)


@pytest.mark.parametrize("error", [PermissionError(13, "no"), FileNotFoundError(2, "gone")])
def test_a_file_without_a_log_needs_no_wait(tmp_path: Path, error: OSError) -> None:
    """Where SQLite keeps no write-ahead log it waits by itself; any other fault of the disk is told."""

    def fail(_: int) -> None:
        raise error

    with Store(tmp_path / "store.sqlite", wait_for_disk=fail) as store:
        asyncio.run(store.keep_together(b"key", "chat", make_reply(1)))
        assert (store.trouble is None) == isinstance(error, FileNotFoundError)
