"""Which campaigns a change touches, in a repository with branches."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from recorded import CAMPAIGN, record, write_campaign

from toolkit.cli.main import audience as command_group
from toolkit.drafts import touched
from toolkit.errors import InputError

Git = Callable[..., None]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Return a function that runs Git in a repository with three recorded campaigns on main, where we stand."""

    def run(*arguments: str) -> None:
        named = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *named, *arguments], cwd=tmp_path, check=True, capture_output=True)

    for name in ("bread", "honey mead", "jam"):
        record(write_campaign(tmp_path / name, CAMPAIGN.replace("campaign: jam", f"campaign: {name}")))
    (tmp_path / ".gitignore").write_text("build/\n")
    record(write_campaign(tmp_path / "build"))
    run("init", "-b", "main")
    run("add", ".")
    run("commit", "-m", "Begin")
    run("checkout", "-b", "change")
    monkeypatch.chdir(tmp_path)
    return run


def call(*arguments: str) -> Result:
    """Run the command here."""
    return CliRunner().invoke(command_group, list(arguments), standalone_mode=False)


def checked(*arguments: str) -> list[str]:
    """Return the files that a check judged."""
    return [one["file"] for one in json.loads(call("check", ".", "--json", *arguments).stdout)["campaigns"]]


def test_ignored_files_are_left_out(git: Git) -> None:
    """A folder stands for the campaigns in it that Git does not ignore."""
    git("status")
    assert checked() == ["bread/jam.yaml", "honey mead/jam.yaml", "jam/jam.yaml"]


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("honey mead/jam.yaml", "an invoice", "one invoice"),
        ("honey mead/jam-sellers.yaml", "Sells jam", "Bakes bread"),
        ("honey mead/jam.reactions.jsonl", "{", " {"),
        ("honey mead/brand.yaml", "", "brand: Oak\n"),
    ],
)
def test_what_a_campaign_hangs_on_is_followed(git: Git, path: str, old: str, new: str) -> None:
    """A change of the file, its audience, its recording or its brand file chooses the campaign, committed or not."""
    assert checked("--changed-since", "main") == []
    changed = Path(path)
    changed.write_text((changed.read_text() if changed.exists() else "").replace(old, new) or new)
    assert checked("--changed-since", "main") == ["honey mead/jam.yaml"]
    git("add", ".")
    git("commit", "-m", "Change")
    assert checked("--changed-since", "main") == ["honey mead/jam.yaml"]
    assert checked("--changed-since", "HEAD") == []


def test_only_the_branch_counts(git: Git) -> None:
    """What changed on main since the branch left it is not the branch's."""
    git("checkout", "main")
    Path("bread/jam.yaml").write_text(CAMPAIGN.replace("an invoice", "one invoice"))
    git("commit", "-am", "Change on main")
    git("checkout", "change")
    Path("jam/jam.yaml").write_text(CAMPAIGN.replace("paid today", "paid at once"))
    assert checked("--changed-since", "main") == ["jam/jam.yaml"]
    assert call("lint", ".", "--changed-since", "main").stdout.startswith("2 drafts, ")


def test_an_unknown_ref_is_one_line(git: Git) -> None:
    """A name that Git does not know, an option in its place, and a folder outside Git are told with the next step."""
    git("status")
    for ref in ("mian", "--output=x"):
        with pytest.raises(InputError, match="Git knows no such commit"):
            touched.find_changed(ref)
    with pytest.raises(InputError, match="no Git repository"):
        touched.find_changed("main", Path("/proc"))


def test_a_pattern_stands_for_the_files_that_fit_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`**` reaches every folder below, a real name with brackets is no pattern, and nothing found is an error."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.yaml", "deep/b.yaml", "deep/er/c d.yaml", "deep/[1].yaml", "deep/er/note.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert touched.expand(["**/*.yaml"]) == ["a.yaml", "deep/[1].yaml", "deep/b.yaml", "deep/er/c d.yaml"]
    assert touched.expand(["deep/[1].yaml", "a.yaml"]) == ["deep/[1].yaml", "a.yaml"]
    with pytest.raises(InputError, match="no file fits this pattern"):
        touched.expand(["nowhere/*.yaml"])
