"""Uploads are judged before they are read, held to a limit, and read where they hold up nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Log, find_port, has_raised
from page_sessions import open_session

from toolkit.audiences import uploads
from toolkit.cli import upload_limits
from toolkit.drafts import load_drafts
from toolkit.errors import InputError
from toolkit.ui import apart

ROOT = Path(__file__).parent.parent
MEGABYTE = 1024**2
ROWS = b"id,name,about\n" + b"\n".join(b"%d,Ada,Sells jam." % number for number in range(6_000))


def take_for_ever(data: bytes) -> None:
    """Read a file that has no end, and that lies in a folder for as long as it is read."""
    Path(tempfile.mkdtemp()).joinpath("people.csv").write_bytes(data)
    while True:
        len(data)


def take_all_memory(data: bytes) -> None:
    """Read a file that becomes ever larger."""
    held = [data]
    while True:
        held.append(bytes(64 * MEGABYTE))


def test_a_file_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What takes too long, or all memory, is one line with the file's name; nothing of it is left behind."""
    monkeypatch.setattr(apart, "MOST_SECONDS", 1)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    for work in (take_for_ever, take_all_memory):
        with pytest.raises(InputError, match=r"^evil.csv: reading it takes more than 1 s, or all memory"):
            apart.call_apart("evil.csv", work, b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_read_elsewhere_as_it_is_here() -> None:
    """A long table comes back whole, and a fault of it is the same line as here, with the file's own name."""
    data = b"id,text\n" + b"\n".join(b"d%d,Come and see jam %d" % (number, number) for number in range(9_000))
    assert not apart.is_light("drafts.csv", data)
    assert apart.call_apart("a.csv", os.getpid) != os.getpid()
    (table,) = apart.read_apart("drafts.csv", data, apart.load_uploaded, purpose="drafts")
    assert (len(table.rows), table.columns) == (9_000, ("id", "text"))
    assert len(apart.read_apart("drafts.csv", data, load_drafts).drafts) == 9_000
    broken = data + b'\n"open'
    with pytest.raises(InputError, match=r"^drafts.csv:\d+: not CSV") as told:
        apart.read_apart("drafts.csv", broken, load_drafts)
    assert "/" not in str(told.value)
    with pytest.raises(InputError, match=r"^people.csv: 6,000 rows; from 1 to 5,000 can be read here"):
        apart.call_apart("people.csv", uploads.read_table, "people.csv", ROWS)


def test_a_table_too_wide_for_the_page_is_refused() -> None:
    """Rows times columns have a limit, for people and for results."""
    wide = ",".join(f"c{number}" for number in range(1_000))
    data = "\n".join([wide, *[",".join("1" * 1_000)] * 1_001]).encode()
    with pytest.raises(InputError, match=r"^t.csv: 1,000 columns; leave out"):
        uploads.read_table("t.csv", data)
    with pytest.raises(InputError, match=r"t.csv: 1,001,000 cells are too many for the page"):
        apart.read_apart("t.csv", data, apart.load_uploaded, purpose="results")


@pytest.mark.parametrize(
    ("held", "size", "status"),
    [
        ({}, None, 411),
        ({}, 21 * MEGABYTE, 413),
        ({"me": {"a": 20 * MEGABYTE, "b": 20 * MEGABYTE, "c": 20 * MEGABYTE}}, 1 * MEGABYTE, 413),
        ({"me": {str(number): 1 for number in range(20)}}, 1, 429),
        ({str(number): {"a": 20 * MEGABYTE} for number in range(30)}, 1, 503),
        ({"other": {str(number): 3 * MEGABYTE for number in range(20)}}, 20 * MEGABYTE, None),
        ({"me": {"new": 20 * MEGABYTE, "b": 20 * MEGABYTE, "c": 20 * MEGABYTE}}, 20 * MEGABYTE, None),
    ],
)
def test_an_upload_is_judged_by_its_size(held: dict[str, dict[str, int]], size: int | None, status: int | None) -> None:
    """A file too large, too many of one session or of all are refused; another session's count for it alone."""
    read, sent = [], []

    async def page(scope: object, *_: object) -> None:
        read.append(scope)

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    length = [] if size is None else [(b"content-length", str(size).encode())]
    scope = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/me/new", "headers": length}
    asyncio.run(upload_limits.UploadLimits(page, lambda: held)(scope, None, send))  # type: ignore[arg-type]
    assert (sent[0]["status"] if sent else None) == status
    assert len(read) == (status is None)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Serve the page."""
    port = find_port()
    with subprocess.Popen(
        [sys.executable, "-m", "toolkit", "app", "--port", str(port), "--no-browser"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        log = Log(process)
        try:
            log.wait_for("127.0.0.1")
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            log.wait_for_end()
    assert not has_raised(log.text), log.text


def upload(address: str, session: str, file: str, data: bytes) -> tuple[int, str]:
    """Upload a file as the browser does; return status and line."""
    frame = "edge"
    head = f'--{frame}\r\nContent-Disposition: form-data; name="f"; filename="{file}.csv"\r\n\r\n'.encode()
    body = head + data + f"\r\n--{frame}--\r\n".encode()
    with contextlib.closing(http.client.HTTPConnection(address, timeout=120)) as connection:
        connection.request("GET", "/_stcore/health")
        with connection.getresponse() as found:
            found.read()
            cookie = str(found.headers["Set-Cookie"] or "").partition(";")[0]
        connection.putrequest("PUT", f"/_stcore/upload_file/{session}/{file}")
        for name, value in {
            "Content-Type": f"multipart/form-data; boundary={frame}", "Content-Length": str(len(body)),
            "Cookie": cookie, "X-Xsrftoken": cookie.partition("=")[2], "Expect": "100-continue",
        }.items():  # fmt: skip
            connection.putheader(name, value)
        connection.endheaders()
        with contextlib.suppress(ConnectionError):  # refused before it was read
            connection.send(body)
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode()


@pytest.mark.slow
def test_who_uploads_too_much_is_refused_and_nobody_else(address: str) -> None:
    """A session reaches its limit while another's first file is taken."""
    with open_session(address) as greedy, open_session(address) as other:
        for page in (greedy, other):
            page.run()
            page.wait_for(lambda one: bool(one.session_id))
        data = bytes(19 * MEGABYTE)
        said = [upload(address, greedy.session_id, f"f{number}", data)[0] for number in range(4)]
        assert said == [204, 204, 204, 413]
        assert upload(address, other.session_id, "f0", data)[0] == 204
        assert upload(address, other.session_id, "f1", bytes(21 * MEGABYTE))[0] == 413
