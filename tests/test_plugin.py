"""The pytest plugin: campaigns with checks as test files, run by a pytest of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from recorded import CAMPAIGN, record, write_campaign

from toolkit.gate import check_campaign

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True, scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Load all that judging takes: pytester forgets the modules a run inside this process loads, and numpy minds."""
    check_campaign(record(write_campaign(tmp_path_factory.mktemp("loaded"))))


@pytest.fixture
def campaigns(pytester: pytest.Pytester) -> Path:
    """Return a folder with a recorded campaign that passes."""
    return record(write_campaign(pytester.path / "campaigns")).parent


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run pytest on the campaigns in this process, with nothing of this suite's own settings."""
    return pytester.runpytest_inprocess("campaigns", "-p", "no:cacheprovider", "-p", "no:randomly", *options)


def test_each_check_is_an_item(pytester: pytest.Pytester, campaigns: Path) -> None:
    """A campaign that holds passes check by check, under the checks' own words, and the label stands at the end."""
    assert campaigns.is_dir()
    result = run(pytester, "-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*jam.yaml::benefit beats plain PASSED*", "Simulated reactions from AI personas.*"])


def test_checks_are_chosen_by_their_words(pytester: pytest.Pytester, campaigns: Path) -> None:
    """`-k` knows what a check claims."""
    assert campaigns.is_dir()
    run(pytester, "-k", "beats").assert_outcomes(passed=1, deselected=2)


def test_checks_are_chosen_by_their_marker(pytester: pytest.Pytester, campaigns: Path) -> None:
    """`-m audience` runs the checks alone and `-m "not audience"` none of them, under strict markers."""
    pytester.makepyfile(test_own="def test_own(): pass")
    (campaigns.parent / "test_own.py").rename(campaigns / "test_own.py")
    run(pytester, "-m", "audience", "--strict-markers").assert_outcomes(passed=3, deselected=1)
    run(pytester, "-m", "not audience", "--strict-markers").assert_outcomes(passed=1, deselected=3)


@pytest.mark.parametrize(
    ("paths", "collected"),
    [
        ("campaigns", 3),
        ("./campaigns/jam.yaml", 3),
        ("campaigns/*.yaml", 3),
        ("**/*.yaml", 3),
        ("*.yaml", 0),
        ("elsewhere campaigns/j?m.*", 3),
        ("camp", 0),
        ("campaigns/**/copy/*.yaml", 0),
    ],
)
def test_a_team_says_where_campaigns_are(
    pytester: pytest.Pytester, campaigns: Path, paths: str, collected: int
) -> None:
    """`audience_paths` names folders, files and globs; what lies elsewhere is not collected."""
    pytester.makeini(f"[pytest]\naudience_paths = {paths}\n")
    run(pytester).assert_outcomes(passed=collected)
    pytester.runpytest_inprocess("campaigns/jam.yaml", "-p", "no:cacheprovider").assert_outcomes(passed=3)
    assert campaigns.is_dir()


def test_a_file_nobody_may_read_stops_no_test(pytester: pytest.Pytester, campaigns: Path) -> None:
    """A YAML file that is a dead link, or that cannot be opened, leaves all other tests alone."""
    (campaigns / "gone.yaml").symlink_to("nowhere.yaml")
    (campaigns / "loop.yaml").symlink_to("loop.yaml")
    secret = campaigns / "secret.yaml"
    secret.write_text(CAMPAIGN)
    secret.chmod(0)
    result = run(pytester)
    assert result.parseoutcomes()["passed"] >= 3
    result.stdout.no_fnmatch_line("*PermissionError*")


def test_a_failure_says_why_and_where(pytester: pytest.Pytester, campaigns: Path) -> None:
    """A stale check names the reactions, the line and, at the end, the command that renews them; no traceback."""
    path = campaigns / "jam.yaml"
    path.write_text(CAMPAIGN.replace("an invoice", "one invoice"))
    result = run(pytester)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["campaigns/jam.yaml:14: benefit beats plain", "stale: draft plain: 24 reactions, its text changed*"]
    )
    result.stdout.fnmatch_lines(["Renew what is stale: audience record campaigns/jam.yaml"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*plugin.py*")


def test_inconclusive_is_expected_unless_strict(pytester: pytest.Pytester) -> None:
    """What cannot be told is an xfail with its reason, and a failure under --audience-strict."""
    record(write_campaign(pytester.path / "campaigns", people=5))
    result = run(pytester, "-rx")
    result.assert_outcomes(passed=1, xfailed=2)
    result.stdout.fnmatch_lines(["XFAIL campaigns/jam.yaml::benefit beats plain - *at least 8 personas*"])
    run(pytester, "--audience-strict").assert_outcomes(passed=1, failed=2)


def test_a_broken_campaign_is_an_error_not_a_gap(pytester: pytest.Pytester, campaigns: Path) -> None:
    """A campaign whose YAML or checks are at fault stops the collection with its one line."""
    (campaigns / "jam.yaml").write_text(CAMPAIGN.replace("beats: plain", "beets: plain"))
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*jam.yaml:15: *did you mean beats*"])
    (campaigns / "jam.yaml").write_text(f"{CAMPAIGN}  - [\n")
    run(pytester).assert_outcomes(errors=1)


def test_other_yaml_is_left_alone(pytester: pytest.Pytester, campaigns: Path) -> None:
    """Campaigns without checks, audiences and whatever else is YAML are not collected."""
    (campaigns / "jam.yaml").write_text(CAMPAIGN.split("checks:")[0])
    (campaigns / "other.yaml").write_text("jobs: [1, 2]\n")
    assert run(pytester).ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_test_in_python_uses_the_fixture(pytester: pytest.Pytester, campaigns: Path) -> None:
    """`audience_check` returns the outcome of a campaign."""
    assert campaigns.is_dir()
    pytester.makepyfile(
        """
        def test_copy(audience_check):
            outcome = audience_check("campaigns/jam.yaml")
            assert outcome.outcome == "passed"
            assert [check.outcome for check in outcome.checks] == ["passed"] * 3
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider", "test_a_test_in_python_uses_the_fixture.py").assert_outcomes(
        passed=1
    )


@pytest.mark.slow
def test_checks_run_beside_each_other(pytester: pytest.Pytester, campaigns: Path) -> None:
    """Under pytest-xdist each worker judges what it was given, and the label is said once."""
    record(write_campaign(campaigns / "more"))
    result = pytester.runpytest_subprocess("campaigns", "-n", "2", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=6)
    assert result.stdout.str().count("No real people were asked") == 1


@pytest.mark.slow
def test_the_last_failed_run_again(pytester: pytest.Pytester, campaigns: Path) -> None:
    """`--lf` runs the check that failed, and no other."""
    (campaigns / "jam.yaml").write_text(CAMPAIGN.replace("an invoice", "one invoice"))
    pytester.runpytest_subprocess("campaigns").assert_outcomes(passed=2, failed=1)
    pytester.runpytest_subprocess("campaigns", "--lf").assert_outcomes(failed=1)


@pytest.mark.slow
def test_nothing_heavy_loads_without_a_campaign(pytester: pytest.Pytester) -> None:
    """A session without campaigns, YAML files or not, loads the plugin and none of what it needs to judge."""
    pytester.makefile(".yaml", other="jobs: [1, 2]")
    pytester.makepyfile(
        """
        import sys

        def test_imports():
            heavy = {"polars", "numpy", "pydantic", "openai", "streamlit", "yaml", "scipy", "jinja2"}
            assert {"audience_toolkit_pytest", "toolkit.pytest_plugin"} & set(sys.modules)
            assert heavy & set(sys.modules) == set()
        """
    )
    plain = [sys.executable, "-m", "pytest", "-q", "-p", "no:hypothesispytest", "-p", "no:xdist"]
    found = subprocess.run(plain, cwd=pytester.path, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
