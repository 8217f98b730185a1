"""A key never reaches a log, an error, the store, a run folder, a report or the screen, whatever a provider does."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from conftest import ROOT, Command
from echo_server import EchoServer

from toolkit.engines.redaction import Secrets, mask_url

KEY = "sk-canary-0123456789-Zz_never.seen"
PASSWORD = "pa55-w0rd-canary"  # noqa: S105 - to be looked for
SCRIPT = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, filename="debug.log")
from toolkit.cli.main import main
for line in sys.stdin:
    try:
        main(line.split())
    except SystemExit as ended:
        print("exit", ended.code, flush=True)
    except Exception:
        logging.exception("crashed")
        print("exit crashed", flush=True)
"""


def search(folder: Path, secret: str) -> list[str]:
    """Return every file under a folder that holds the secret, archives and compressed tables looked into."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        held = [path.read_bytes()]
        if path.suffix == ".parquet":
            held.append(str(pl.read_parquet(path).to_dicts()).encode())
        if zipfile.is_zipfile(io.BytesIO(held[0])):
            with zipfile.ZipFile(path) as archive:
                held += [archive.read(name) for name in archive.namelist()]
        if any(secret.encode() in data for data in held):
            found.append(str(path.relative_to(folder)))
    return found


@contextlib.contextmanager
def start(folder: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start a process that runs one `audience` command a line, with every package logging all it can."""
    more = {"PYTHONPATH": str(ROOT), "PYTHONASYNCIODEBUG": "1", "OPENAI_LOG": "debug", **environment}
    with (
        (folder / "stderr").open("w", encoding="utf-8") as stderr,
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True, cwd=folder,
            env={**os.environ, **more},
        ) as process,
    ):  # fmt: skip
        yield process


def type_in(process: subprocess.Popen[str], line: str) -> str:
    """Run one command and return what it printed, up to its exit code."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()
    said = []
    while not said or not said[-1].startswith("exit"):
        said.append(process.stdout.readline())
        assert said[-1], "the process ended"
    return "".join(said)


@pytest.mark.slow
def test_the_key_is_nowhere(tmp_path: Path) -> None:
    """Success, refusal, failure, nonsense and a dropped line, on a provider that repeats the key at all times."""
    (tmp_path / "d.yaml").write_text("drafts:\n  - {id: a, text: Pay here.}\n  - {id: b, text: Pay there.}\n")
    printed = ""
    store = str(tmp_path / "s.sqlite")
    with EchoServer() as echo, start(tmp_path, OPENAI_API_KEY=KEY, AUDIENCE_STORE=store) as process:
        url = f"http://{echo.address}/v1"
        run = f"run d.yaml --audience uk-small-sellers --base-url {url} --model m --rating direct --no-control --sample"
        exits = {}
        for mode, more in {
            "ok": "8 -v", "401": "9", "403": "9", "404": "9 --json", "400": "9 -v", "500": "9 --json", "text": "9 -q",
            "broken": "9 -v", "dropped": "9",
        }.items():  # fmt: skip
            echo.mode = mode
            said = type_in(process, f"{run} {more} --out run-{mode}")
            exits[mode] = said.split()[-1]
            printed += said
        for echo.mode in ("ok", "500"):
            printed += type_in(process, f"doctor --base-url {url} --json")
        printed += type_in(process, "report run-ok -o r.html -o r.md -o r.xlsx -o r.json")
    assert exits["ok"] == "0"
    assert {exits[mode] for mode in ("401", "403", "404")} == {"2"}
    assert any(KEY in said for said in echo.heard)
    assert "HTTP" in (tmp_path / "debug.log").read_text(), "the packages logged nothing, so nothing was looked at"
    assert KEY not in printed
    assert search(tmp_path, KEY) == []


@pytest.mark.slow
def test_credentials_in_an_address_are_masked(tmp_path: Path) -> None:
    """A password before the host and a key in the query show as ***, in errors, logs, the doctor's words and files."""
    (tmp_path / "d.txt").write_text("Pay here.")
    printed = ""
    store = str(tmp_path / "s.sqlite")
    with EchoServer() as echo, start(tmp_path, OPENAI_API_KEY=KEY, AUDIENCE_STORE=store) as process:
        urls = (f"http://me:{PASSWORD}@{echo.address}/v1", f"http://{echo.address}/v1?api_key={PASSWORD}")
        for url in urls:
            for mode in ("ok", "404"):
                echo.mode = mode
                run = f"run d.txt --audience uk-small-sellers --rating direct --no-control -v --base-url {url}"
                printed += type_in(process, run) + type_in(process, f"{run} --model m --sample 8")
                printed += type_in(process, f"doctor --base-url {url}")
    assert "***" in printed + (tmp_path / "stderr").read_text()
    for secret in (PASSWORD, KEY):
        assert secret not in printed
        assert search(tmp_path, secret) == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:word@host:8000/v1", "http://***@host:8000/v1"),
        ("https://token@host/v1", "https://***@host/v1"),
        ("https://host/v1?api_key=abcd&api-version=2024-10-21", "https://host/v1?api_key=***&api-version=2024-10-21"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
    ],
)
def test_an_address_shows_without_its_credentials(url: str, shown: str) -> None:
    """What names a key is ***; the rest of the address stays."""
    assert mask_url(url) == shown


def test_short_and_ordinary_words_are_no_secrets() -> None:
    """The "none" of a server of one's own is taken out of no sentence."""
    assert Secrets("none").mask("none of them") == "none of them"
    assert (
        Secrets(f" {KEY}\n", "http://me:a%21bcd@h/v1").mask(f"{KEY}, a!bcd, a%21bcd, bWU6YSFiY2Q=")
        == "***, ***, ***, ***"
    )


def test_logs_are_masked_while_the_engine_is_open(caplog: pytest.LogCaptureFixture) -> None:
    """Messages, their arguments and tracebacks of the packages below lose the key; other logs stay as they are."""
    caplog.set_level(logging.DEBUG)
    below = logging.getLogger("openai._base_client")
    with Secrets(KEY).mask_logs():
        try:
            int(KEY)
        except ValueError:
            below.exception("sent %s", {"Authorization": KEY})
    below.debug("later: %s", "as it is")
    assert KEY not in caplog.text
    assert "later: as it is" in caplog.text


def test_a_key_that_no_header_carries_is_refused(command: Command, tmp_path: Path) -> None:
    """A key with other letters than a key has is one line that does not repeat it."""
    (tmp_path / "work" / "d.txt").write_text("Pay here.")
    broken = "sk-caf\u00e9-0123456789"
    asking = ("run", "d.txt", "--audience", "uk-small-sellers", "--rating", "direct")
    shown = command(*asking, OPENAI_API_KEY=broken)
    assert shown.returncode == 2
    assert "copy it again" in shown.stderr
    assert broken not in shown.stderr + shown.stdout
    assert shown.stderr.count("\n") == 1
