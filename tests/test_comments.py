"""One comment on a pull request: what changed, what it came to, and one comment however often the job runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from recorded import CAMPAIGN, record, write_campaign

from toolkit.gate import check_campaign, comments
from toolkit.models import LABEL

ROOT = Path(__file__).parent.parent
STEP = next(
    step
    for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    if step.get("name") == "Comment on the pull request"
)
GH = f"""#!{sys.executable}
import json, os, pathlib, sys
words = sys.argv[1:]
kept = pathlib.Path(os.environ["KEPT"])
held = json.loads(kept.read_text()) if kept.exists() else []
place = next(word for word in words if word.startswith("repos/"))
if "--method" not in words:
    if os.environ.get("REFUSE"):
        sys.exit(1)
    print("\\n".join(str(number) for number, _ in enumerate(held, 1)))
    sys.exit(0)
body = pathlib.Path(next(word for word in words if word.startswith("body=@"))[6:]).read_text()
if os.environ.get("REFUSE"):
    sys.exit(1)
if words[words.index("--method") + 1] == "PATCH":
    held[int(place.rsplit("/", 1)[1]) - 1] = body
else:
    held.append(body)
kept.write_text(json.dumps(held))
"""


def git(folder: Path, *words: str) -> None:
    """Run Git in a folder."""
    named = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *named, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository whose one recorded campaign lost a word since `main`."""
    path = record(write_campaign(tmp_path / "campaigns"))
    git(tmp_path, "init", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "Begin")
    git(tmp_path, "checkout", "-b", "edit")
    path.write_text(CAMPAIGN.replace("an invoice", "one <b>invoice</b>"))
    git(tmp_path, "commit", "-am", "Edit")
    return path


def test_the_comment_shows_before_after_verdict_and_folds_what_passed(repository: Path) -> None:
    """A changed word is struck out with its successor beside it; what is stale stands open, what passed is folded."""
    found = comments.render_comment([check_campaign(repository)], "main")
    assert found.startswith(comments.MARK)
    assert (
        "- plain, text: Send <del>an</del> <ins><b>one \\<b\\></b></ins>invoice<ins><b>\\</b\\></b></ins> in" in found
    )
    assert "**benefit beats plain**: draft plain: 24 reactions, its text changed" in found
    opened, folded = found.split("<details>")
    assert "| benefit beats plain | stale |" in opened
    assert "2 of 3 checks passed</summary>" in folded
    assert "| stale |" not in folded
    assert LABEL in found


def test_without_a_change_the_verdict_has_its_interval(tmp_path: Path) -> None:
    """A campaign that passes leads with its comparison, estimate and interval; no draft is shown as changed."""
    found = comments.render_comment([check_campaign(record(write_campaign(tmp_path)))])
    verdict = re.search(r"\*\*benefit beats plain\*\*: .*", found)
    assert verdict is not None
    assert re.search(r"\d+ points \\\(\\\+\d+ to \\\+\d+\\\)", verdict[0])
    assert "<del>" not in found


def test_a_comment_fits_however_many_campaigns(tmp_path: Path) -> None:
    """Two thousand campaigns make one comment that says how many are left out."""
    one = check_campaign(record(write_campaign(tmp_path)))
    found = comments.render_comment([one] * 2000)
    assert len(found) < 65_536
    assert re.search(r"\d+ more campaigns did not fit here", found)


def post(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the Action's step with a `gh` that keeps the comments in a file."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "gh").write_text(GH)
    (tools / "gh").chmod(0o755)
    own = {
        "PATH": f"{tools}:{os.environ['PATH']}", "RUNNER_TEMP": str(folder), "KEPT": str(folder / "kept.json"),
        "GH_TOKEN": "t", "NUMBER": "7", "GITHUB_REPOSITORY": "team/copy",
    }  # fmt: skip
    bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEP["run"]]
    return subprocess.run(bash, env=own | environment, capture_output=True, text=True, check=False)


def test_the_comment_is_one_however_often_the_job_runs(tmp_path: Path) -> None:
    """The second run writes over the first; without a token nothing is posted, and a refusal fails no job."""
    file = tmp_path / "audience-comment.md"
    file.write_text(f"{comments.MARK}\nfirst")
    assert post(tmp_path, GH_TOKEN="").returncode == 0
    assert not (tmp_path / "kept.json").exists()
    for said in ("first", "second"):
        file.write_text(f"{comments.MARK}\n{said}")
        done = post(tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads((tmp_path / "kept.json").read_text()) == [f"{comments.MARK}\n{said}"]
    refused = post(tmp_path, REFUSE="1")
    assert refused.returncode == 0
    assert refused.stdout.startswith("::notice::The comment was not written")


def test_the_step_runs_only_where_it_is_asked_for() -> None:
    """A comment is an input that is off, on pull requests alone, and its values come by the environment."""
    assert "inputs.comment == 'true' && github.event.pull_request.number" in STEP["if"]
    assert "${{" not in STEP["run"]
