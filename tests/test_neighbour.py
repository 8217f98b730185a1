"""A repository that has a package of its own called `toolkit`: its tests see theirs, and the product works there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from installed import Installed
from openai_server import OpenAIServer
from recorded import CAMPAIGN, record, write_campaign

pytestmark = pytest.mark.slow

THEIRS = """\
import toolkit, toolkit.scoring

def test_theirs():
    assert toolkit.OWNER == "theirs"
    assert toolkit.scoring.points(2) == 4

def test_a_late_import():
    from toolkit.gate import keys
    assert keys == ["front", "back"]
"""
PLUGINS = ("-p", "no:cacheprovider", "-p", "no:randomly")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a recorded campaign that passes."""
    return record(write_campaign(tmp_path_factory.mktemp("recorded"))).parent


@pytest.fixture
def repository(tmp_path: Path, recorded: Path) -> Path:
    """Return a repository with a `toolkit` of its own, tests of it, and a campaign with its recording."""
    folder = tmp_path / "repository"
    for name, text in {
        "toolkit/__init__.py": 'OWNER = "theirs"\n',
        "toolkit/scoring.py": "def points(goals):\n    return 2 * goals\n",
        "toolkit/gate.py": 'keys = ["front", "back"]\n',
        "tests/test_theirs.py": THEIRS,
        "pytest.ini": "[pytest]\npythonpath = .\n",
        "settings.yaml": "jobs: [1, 2]\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    shutil.copytree(recorded, folder / "campaigns")
    return folder


@pytest.mark.parametrize("command", [("pytest",), ("-m", "pytest")], ids=["pytest", "python -m pytest"])
@pytest.mark.parametrize("order", [("campaigns", "tests"), ("tests", "campaigns")], ids=["before", "after"])
def test_their_tests_import_theirs(
    installed: Installed, repository: Path, command: tuple[str, ...], order: tuple[str, str]
) -> None:
    """Their tests pass with checks of a campaign before or after them, and the checks pass, too."""
    done = installed.start(repository, *command, *PLUGINS, "-v", *order)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout
    assert "jam.yaml::benefit beats plain PASSED" in done.stdout


def test_their_conftest_imports_theirs(installed: Installed, repository: Path) -> None:
    """A conftest.py that imports theirs before anything is collected changes nothing."""
    (repository / "conftest.py").write_text("import toolkit\nassert toolkit.OWNER == 'theirs'\n")
    (repository / "pytest.ini").write_text("[pytest]\n")
    done = installed.start(repository, "pytest", *PLUGINS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


def test_their_tests_judge_a_campaign(installed: Installed, repository: Path) -> None:
    """The fixture judges by ours inside a test that uses theirs, before and after it."""
    (repository / "tests" / "test_copy.py").write_text(
        "import toolkit\n\ndef test_copy(audience_check):\n"
        '    assert audience_check("campaigns/jam.yaml").outcome == "passed"\n'
        '    from toolkit.scoring import points\n    assert (toolkit.OWNER, points(1)) == ("theirs", 2)\n'
    )
    done = installed.start(repository, "pytest", *PLUGINS, "tests/test_copy.py")
    assert done.returncode == 0, done.stdout + done.stderr


def test_their_tests_run_beside_each_other(installed: Installed, repository: Path) -> None:
    """Under pytest-xdist every worker tells the two apart."""
    done = installed.start(repository, "pytest", *PLUGINS, "-n", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


def test_a_failing_check_is_shown_without_a_traceback(installed: Installed, repository: Path) -> None:
    """What the gate says stands there in its own words, with a neighbour or without."""
    path = repository / "campaigns" / "jam.yaml"
    path.write_text(CAMPAIGN.replace("an invoice", "one invoice"))
    done = installed.start(repository, "pytest", *PLUGINS, "campaigns")
    assert "stale: draft plain: 24 reactions, its text changed" in done.stdout
    path.write_text(CAMPAIGN.replace("beats: plain", "beets: plain"))
    broken = installed.start(repository, "pytest", *PLUGINS, "campaigns")
    assert "did you mean beats" in broken.stdout
    assert "Traceback" not in done.stdout + broken.stdout


def test_without_a_neighbour_the_package_is_loaded_once(installed: Installed, tmp_path: Path, recorded: Path) -> None:
    """A test that imports ours after a campaign was judged gets the very modules that judged it."""
    folder = tmp_path / "plain"
    shutil.copytree(recorded, folder / "campaigns")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_ours.py").write_text(
        "import audience_toolkit_pytest as plugin\n\ndef test_ours(audience_check):\n"
        "    before = dict(plugin._KEPT.modules)\n    import toolkit\n"
        "    assert before['toolkit'] is toolkit\n"
        "    campaign = toolkit.load_drafts('campaigns/jam.yaml')\n"
        "    assert type(campaign) is before['toolkit.models.records'].Campaign\n"
        "    assert audience_check('campaigns/jam.yaml').outcome == 'passed'\n"
    )
    done = installed.start(folder, "pytest", *PLUGINS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_a_session_without_campaigns_loads_nothing_of_ours(installed: Installed, repository: Path) -> None:
    """The plugin is a module beside the package, and no name `toolkit` is imported by it."""
    shutil.rmtree(repository / "campaigns")
    (repository / "tests" / "test_theirs.py").write_text(
        "import sys\n\ndef test_imports():\n"
        "    assert 'audience_toolkit_pytest' in sys.modules\n"
        "    assert not {'toolkit', 'polars', 'numpy', 'pydantic', 'openai', 'lazy_loader'} & set(sys.modules)\n"
    )
    plain = ("-p", "no:hypothesispytest", "-p", "no:xdist")
    done = installed.start(repository, "pytest", *PLUGINS, *plain)
    assert done.returncode == 0, done.stdout


WITHOUT_PRIVILEGES = """\
import ctypes, os, sys
for capability in (1, 2):  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: root's right to read every file
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Starts a command as somebody who may not read every file; for anybody but root that is no change."""


def test_a_file_nobody_may_read_is_left_alone(installed: Installed, repository: Path) -> None:
    """A YAML file without read permission beside the tests is no campaign, and no error."""
    secret = repository / "secret.yaml"
    secret.write_text("campaign: drafts checks\n")
    secret.chmod(0)
    humble = ("-c", WITHOUT_PRIVILEGES, installed.python)
    refused = installed.start(repository, *humble, "-c", "import sys; open(sys.argv[1])", secret)
    assert "PermissionError" in refused.stderr
    done = installed.start(repository, *humble, "-m", "pytest", *PLUGINS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


def test_the_command_judges_there(installed: Installed, repository: Path) -> None:
    """`audience check` and `audience lint` are ours in a repository with a neighbour."""
    done = installed.start(repository, "audience", "check", "campaigns", "--json")
    assert json.loads(done.stdout)["outcome"] == "passed", done.stderr
    assert installed.start(repository, "audience", "lint", "campaigns/jam.yaml").returncode == 0


@pytest.mark.model
def test_the_demo_runs_there(installed: Installed, repository: Path) -> None:
    """The embedded model's server is a process of its own, which finds ours, too."""
    done = installed.start(repository, "audience", "demo", "--sample", "2", "--no-control", OMP_NUM_THREADS="1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_workers_run_there(installed: Installed, repository: Path, server: OpenAIServer) -> None:
    """Ray's workers, which would search the folder first, find ours."""
    done = installed.start(
        repository, "audience", "run", "campaigns/jam.yaml", "--workers", "2", "--base-url", server.base_url,
        "--model", "m", "--rating", "direct", "--no-control", "--json", OPENAI_API_KEY="none",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["ok"] == 48


@pytest.mark.parametrize("start", [Path.unlink, lambda path: path.write_text("x = 1\n")], ids=["none", "other"])
def test_a_plain_file_of_that_name(installed: Installed, repository: Path, start: Callable[[Path], object]) -> None:
    """A folder `toolkit` without `__init__.py`, or one with another, is a neighbour as well."""
    start(repository / "toolkit" / "__init__.py")
    done = installed.start(repository, "audience", "check", "campaigns/jam.yaml")
    assert done.returncode == 0, done.stderr
    assert installed.start(repository, "pytest", *PLUGINS, "campaigns").returncode == 0
