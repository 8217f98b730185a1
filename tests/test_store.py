"""The store: kept the moment it arrives, found under the same parts only."""

from __future__ import annotations

import contextlib
import importlib
import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import toolkit.store
from toolkit.errors import InputError
from toolkit.models.exchange import Reply
from toolkit.store import Store, make_key
from toolkit.store.batches import BatchLog
from toolkit.store.database import Database
from toolkit.store.outcome_log import Outcome, Outcomes

REPLY = Reply(text="Ünïcode 🙂", engine="openai", model="m", prompt_tokens=3, top={"4": -0.1})


@given(st.lists(st.text(), max_size=5), st.lists(st.text(), max_size=5))
def test_keys_differ_unless_all_parts_are_equal(one: list[str], other: list[str]) -> None:
    """Two lists of parts share a key only when they are the same list."""
    assert (make_key(*one) == make_key(*other)) == (one == other)


def test_key_parts_do_not_run_together() -> None:
    """The text "Rate 1" at repeat 0 is not "Rate " at repeat 10."""
    assert make_key("Rate 1", "0") != make_key("Rate ", "10")


def test_kept_replies_come_back_whole(tmp_path: Path) -> None:
    """A reply is found again, equal, by another store on the same file."""
    with Store(tmp_path / "store.sqlite") as store:
        store.keep(b"key", "chat", REPLY)
        with Store(tmp_path / "store.sqlite") as other:
            assert other.find(b"key") == REPLY
            assert other.find(b"another") is None
            assert other.latest_model() == ("m", "chat")
            assert other.latest_model("unknown") is None


def test_first_reply_stays(tmp_path: Path) -> None:
    """A second reply under the same key does not replace the first."""
    with Store(tmp_path / "store.sqlite") as store:
        store.keep(b"key", "chat", REPLY)
        store.keep(b"key", "chat", Reply(text="later", engine="openai", model="m"))
        assert store.find(b"key") == REPLY
        assert store.count_replies() == 1


@pytest.mark.slow
def test_a_killed_process_loses_nothing_it_kept(tmp_path: Path) -> None:
    """What was kept before kill -9 is there afterwards."""
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from toolkit.models.exchange import Reply\nfrom toolkit.store import Store\n"
        "store = Store(Path(sys.argv[1]))\n"
        "for number in range(20): store.keep(bytes([number]), 'chat', Reply(text=str(number), engine='e', model='m'))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = tmp_path / "store.sqlite"
    killed = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert killed.returncode == -9
    with Store(path) as store:
        assert store.count_replies() == 20


def test_broken_store_is_one_line(tmp_path: Path) -> None:
    """A file that is no database is refused in one line that names it and the way out."""
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"not a database at all, but long enough to be read as one" * 50)
    with pytest.raises(InputError, match=r"store\.sqlite.*AUDIENCE_STORE") as caught:
        Store(path)
    assert "\n" not in str(caught.value)


def test_no_two_parts_of_a_store_share_a_table() -> None:
    """All of them lie in one file, so that a name taken twice would be another one's table."""
    for part in Path(toolkit.store.__path__[0]).glob("*.py"):
        importlib.import_module(f"toolkit.store.{part.stem}")
    owners = [part.schema for part in Database.__subclasses__()]
    tables = [name for schema in owners for name in re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", schema)]
    assert len(owners) > 5
    assert len(tables) == len(set(tables))


@pytest.mark.parametrize("sends_first", [True, False])
def test_a_batch_sent_and_a_batch_of_results_share_a_file(tmp_path: Path, *, sends_first: bool) -> None:
    """A provider's batch and results of people stand side by side, whichever came first."""
    path = tmp_path / "store.sqlite"
    for part in (BatchLog, Outcomes) if sends_first else (Outcomes, BatchLog):
        part(path).close()
    with BatchLog(path) as log, Outcomes(path) as results:
        log.announce("ticket", "here", ["key"])
        results.add([Outcome(text="Jam.", shown=10, clicks=1)], "jam.csv")
        assert [batch.ticket for batch in log.list_open("here")] == ["ticket"]
        assert [batch.source for batch in results.list_batches()] == ["jam.csv"]


def test_batches_under_their_earlier_name_are_found(tmp_path: Path) -> None:
    """A file in which the provider's batches stood under the name of the results' is put right, nothing lost."""
    path = tmp_path / "store.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as earlier:
        earlier.executescript(BatchLog.schema.replace("sent_batches", "batches"))
        earlier.execute("INSERT INTO batches (ticket, place) VALUES ('ticket', 'here')")
        earlier.commit()
    with Outcomes(path) as results, BatchLog(path) as log:
        assert results.list_batches() == []
        assert [batch.ticket for batch in log.list_open("here")] == ["ticket"]


def test_write_ahead_mode(tmp_path: Path) -> None:
    """The file is in write-ahead mode, so readers never wait for a writer."""
    path = tmp_path / "store.sqlite"
    Store(path).close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_store_poisoned_by_an_earlier_version_is_read(tmp_path: Path) -> None:
    """Half characters, colours and rows that no reply can be made of: all the others are read, and those anew."""
    path = tmp_path / "store.sqlite"
    sound = Reply(text="fine", engine="e", model="m")
    with Store(path) as store:
        for name in ("sound", "torn", "list", "strange", "empty"):
            store.keep(make_key(name), "chat", sound)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for name, reply in {
            "torn": {"text": "half \ud83d and \x1b[31mred", "engine": "e", "model": "m"},
            "list": {"text": ["a", "b"], "engine": "e", "model": "m"},
            "strange": {"text": "kept", "engine": "e", "model": "m", "of_a_later_version": 1},
        }.items():
            connection.execute("UPDATE replies SET reply = ? WHERE key = ?", (json.dumps(reply), make_key(name)))
        connection.execute("UPDATE replies SET reply = '{' WHERE key = ?", (make_key("empty"),))
        connection.commit()
    with Store(path) as store:
        assert {reply.text for _, _, reply in store.list_replies()} == {"fine", "half  and [31mred", "kept"}
        assert len(store.list_latest("m", 10)) == 3
        assert [store.find(make_key(name)) for name in ("list", "empty")] == [None, None]
        store.keep(make_key("empty"), "chat", sound)
        assert store.find(make_key("empty")) == sound
