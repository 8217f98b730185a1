"""A run folder is whole or not there, is checked on reading, and trusts no name in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai_server import PATIENCE
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.errors import InputError
from toolkit.files import markup
from toolkit.improve import interviews
from toolkit.models import Audience, Campaign, Draft, Persona
from toolkit.results import archive
from toolkit.store.conversations import Turn

ROOT = Path(__file__).parent.parent
FOLDER_FILES = {"run.json", "reactions.parquet", "scorecard.parquet", "comparisons.parquet"}
EVIL = "@everyone #1 GH-2 https://evil.example www.evil.example <img src=x onerror=alert(1)> [a](javascript:b) ![c](d)"


@pytest.fixture
def runs(audience: Audience, campaign: Campaign) -> list[toolkit.Run]:
    """Return two runs of different inputs, with different files."""
    others = campaign.model_copy(
        update={"campaign": "others", "drafts": (*campaign.drafts, Draft(id="third", text="Ask to be paid."))}
    )
    return [ask(one, audience, action) for one, action in ((campaign, "click"), (others, "read"))]


def ask(campaign: Campaign, audience: Audience, action: str = "click") -> toolkit.Run:
    """Return a run in which everybody does the same."""
    engine = ScriptedEngine(lambda _: reading(action, ratings={}))
    return toolkit.run(campaign, audience, engine=engine, rating="direct", control=False)


def read_ids(folder: Path) -> set[str]:
    """Return the run ids that the files of a folder name."""
    run = toolkit.load_run(folder)
    return {run.run_id, *run.reactions["run_id"].unique()}


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9 is of POSIX")
def test_kills_in_saving_leave_no_folder_of_two_runs(runs: list[toolkit.Run], tmp_path: Path) -> None:
    """Killed with -9 at any moment of replacing a run, the folder is always one of the two, whole."""
    folder, sources = tmp_path / "today", [run.save(tmp_path / run.run_id) for run in runs]
    runs[0].save(folder)
    found: Counter[str] = Counter()
    for lines in range(2, 300, 10):
        command = [sys.executable, str(ROOT / "tests" / "saving.py"), *map(str, (folder, *reversed(sources), lines))]
        done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, timeout=PATIENCE)
        assert done.returncode == -signal.SIGKILL
        (run_id,) = read_ids(folder)
        assert archive.shelve(folder).run_id == run_id
        found[run_id] += 1
    assert set(found) == {run.run_id for run in runs}


@pytest.mark.parametrize("name", sorted(FOLDER_FILES - {"run.json"}))
def test_a_file_of_another_run_is_found_out(name: str, runs: list[toolkit.Run], tmp_path: Path) -> None:
    """Whichever file of another run stands there, the folder does not load, and says which file it is."""
    one, other = (run.save(tmp_path / run.run_id) for run in runs)
    shutil.copy(other / name, one / name)
    with pytest.raises(InputError, match=f"{name} is not the file that run.json was written with"):
        toolkit.load_run(one)
    if name != "reactions.parquet":
        with pytest.raises(InputError, match=name):
            archive.shelve(one)


def test_a_digest_left_out_is_found_out(runs: list[toolkit.Run], tmp_path: Path) -> None:
    """A run.json that vouches for some files alone vouches for none."""
    folder = runs[0].save(tmp_path / "one")
    record = json.loads((folder / "run.json").read_text())
    del record["digests"]["reactions.parquet"]
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=r"no digest of reactions\.parquet"):
        toolkit.load_run(folder)


def test_a_folder_without_digests_loads(runs: list[toolkit.Run], tmp_path: Path) -> None:
    """Version 0.1 wrote none."""
    folder = runs[0].save(tmp_path / "one")
    record = json.loads((folder / "run.json").read_text())
    del record["digests"]
    (folder / "run.json").write_text(json.dumps(record))
    assert toolkit.load_run(folder) == runs[0]


def test_what_somebody_put_beside_a_run_stays(runs: list[toolkit.Run], tmp_path: Path) -> None:
    """A report and a folder of notes are still there after the run was replaced, and nothing else is."""
    folder = tmp_path / "today"
    runs[0].save(folder)
    (folder / "report.html").write_text("a report")
    (folder / "notes").mkdir()
    (folder / "notes" / "one.txt").write_text("a note")
    runs[1].save(folder)
    assert read_ids(folder) == {runs[1].run_id}
    assert (folder / "report.html").read_text() == "a report"
    assert (folder / "notes" / "one.txt").read_text() == "a note"
    assert {path.name for path in tmp_path.iterdir()} == {"today"}


def test_the_folder_one_works_in_stays_the_same(
    runs: list[toolkit.Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saved to "." the run is written into the folder, which is not replaced under anybody's feet."""
    monkeypatch.chdir(tmp_path)
    for run in runs:
        run.save(".")
        assert {path.name for path in Path().iterdir()} == FOLDER_FILES
        assert read_ids(Path()) == {run.run_id}


def test_a_link_to_a_folder_stays_a_link(runs: list[toolkit.Run], tmp_path: Path) -> None:
    """Saved through a symbolic link, the run replaces the one that the link leads to."""
    runs[0].save(tmp_path / "real")
    (tmp_path / "today").symlink_to(tmp_path / "real")
    runs[1].save(tmp_path / "today")
    assert (tmp_path / "today").is_symlink()
    assert read_ids(tmp_path / "real") == {runs[1].run_id}


def test_a_folder_that_is_being_written_is_no_run(runs: list[toolkit.Run], tmp_path: Path) -> None:
    """What a killed process left beside is not listed."""
    whole = runs[0].save(tmp_path / "one")
    runs[1].save(tmp_path / ".one.0123.part")
    assert toolkit.find_runs(tmp_path) == [whole]


@pytest.fixture
def private() -> Iterator[None]:
    """Let new files be one's own."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("private")
def test_files_follow_the_umask(runs: list[toolkit.Run], audience: Audience, tmp_path: Path) -> None:
    """Under umask 077 runs, reports and audiences are for nobody else."""
    from toolkit.audiences import save_audience

    folder = runs[0].save(tmp_path / "one")
    report = toolkit.save_report(runs[0], tmp_path / "report.html")
    save_audience(audience, tmp_path / "people.yaml")
    made = [folder, *folder.iterdir(), report, tmp_path / "people.yaml"]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in made} == {0}


def test_a_store_is_its_owner_s_alone(tmp_path: Path) -> None:
    """Whatever the umask, replies and what waits to become one are read by nobody else, in an old store too."""
    from toolkit.store import Store

    path = tmp_path / "kept" / "replies.sqlite"
    path.parent.mkdir()
    path.touch(0o644)
    with Store(path):
        beside = list(path.parent.iterdir())
        assert path in beside
        assert {stat.S_IMODE(one.stat().st_mode) for one in beside} == {0o600}


@pytest.mark.parametrize(
    "name",
    ["../../evil", "/etc/evil", "a/b", "a\\b", "", ".", "..", "a\nb", "<script>", "](x)", "@all", "x" * 200, "~"],
)
def test_a_run_id_is_no_path_and_no_markup(name: str, runs: list[toolkit.Run], tmp_path: Path) -> None:
    """A run of others whose id could lead elsewhere is refused in one line, on the shelf too."""
    folder = runs[0].save(tmp_path / "one")
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | {"run_id": name}))
    for read in (toolkit.load_run, archive.shelve):
        with pytest.raises(InputError, match=r"the run cannot be read: run.json: run_id: a run id is 1 to 120"):
            read(folder)


@pytest.mark.parametrize("words", EVIL.split(" ", 4))
def test_a_report_in_markdown_disarms_what_others_wrote(
    words: str, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """Mentions call nobody, addresses are no links and tags are text, wherever words of others stand."""
    draft = campaign.drafts[0].model_copy(update={"text": f"Hi {EVIL}"})
    hostile = campaign.model_copy(update={"campaign": "evil", "drafts": (draft, campaign.drafts[1])})
    engine = ScriptedEngine(
        lambda _: reading("read", verbatim=f"I think {EVIL} is odd.", objection=f"Why {EVIL}?", ratings={})
    )
    run = toolkit.run(hostile, audience, engine=engine, rating="direct", control=False)
    told = toolkit.save_report(run, tmp_path / "report.md").read_text(encoding="utf-8")
    assert "onerror" in told
    assert words not in told


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("mail me@x.com", "mail me@\u200bx.com"), ("#12 and GH-12", "\\#\u200b12 and GH\\-\u200b12"),
        ("http://a", "http:\u200b//a"), ("WWW.a.com", "WWW\u200b.a.com"), ("1. One", "1\\. One"), ("a & b", "a \\& b"),
        ("£5 at 50%, no # there", "£5 at 50%, no \\# there"), ("$a$", "\\$a\\$"),
    ],
)  # fmt: skip
def test_words_in_markdown_call_and_link_nothing(words: str, shown: str) -> None:
    """A mark that nobody sees stands where a platform would look for a name or an address."""
    assert markup.escape_markdown(words) == shown


def test_a_transcript_disarms_names() -> None:
    """Names of others in the Markdown of a talk are text; what was said stands in a block of its own."""
    eve = Persona(id="eve", name=f"Eve {EVIL}", age=30, about="Somebody.")
    turn = Turn(question=EVIL, answer=f"Hm.\n{EVIL}", model=EVIL, asked="2026-01-01T00:00")
    told = interviews.write_transcript("run", eve, "draft", [turn])
    shown = [line for line in told.splitlines() if not line.startswith("    ")]
    assert all(words not in "\n".join(shown) for words in EVIL.split(" ", 4))
    assert sum(EVIL in line for line in told.splitlines()) == 2
