"""The team's file: where it is found, what it settles, and what it may not hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolkit.cli.main import audience as command_group
from toolkit.config import load_config
from toolkit.drafts.lint import lint
from toolkit.errors import InputError

COPY = "campaign: c\nsurface: facebook_post\ndrafts:\n  - text: BUY GREAT FRESH JAM, tag a friend. It is cheap.\n"


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a team with a campaign two folders below, where we stand."""
    folder = tmp_path / "campaigns" / "spring"
    folder.mkdir(parents=True)
    (folder / "c.yaml").write_text(COPY)
    monkeypatch.chdir(folder)
    return tmp_path


def call(*arguments: str) -> Result:
    """Run the command here."""
    return CliRunner().invoke(command_group, list(arguments), standalone_mode=False)


def rules(*arguments: str) -> set[str]:
    """Return the rules that the command finds broken."""
    return {one["rule"] for one in json.loads(call("lint", "c.yaml", "--json", *arguments).stdout)["findings"]}


@pytest.mark.parametrize("name", ["audience.toml", "pyproject.toml"])
def test_settings_are_found_upwards(team: Path, name: str) -> None:
    """A rule that the team silences is silent two folders below, from the command and from Python."""
    before = rules()
    assert {"style.caps", "policy.engagement-bait"} <= before
    head = "tool.audience." if name == "pyproject.toml" else ""
    (team / name).write_text(f"[{head}rules.'style.caps']\nseverity = 'off'\nbecause = 'our name is in capitals'\n")
    assert rules() == before - {"style.caps"}
    assert {finding.rule for finding in lint("c.yaml")} == before - {"style.caps"}


def test_a_campaign_wins_over_the_team(team: Path) -> None:
    """What a campaign says of a rule holds for it, whatever the team settled."""
    (team / "audience.toml").write_text("[rules.'style.caps']\nseverity = 'off'\nbecause = 'our name'\n")
    own = COPY.replace("drafts:", "lint:\n  style.caps: {severity: error, because: not here}\ndrafts:")
    Path("c.yaml").write_text(own)
    assert [(one.severity, "not here" in one.message) for one in lint("c.yaml") if one.rule == "style.caps"] == [
        ("error", True)
    ]


def test_a_brand_file_is_inherited(team: Path) -> None:
    """A folder without a brand file has the team's; one of its own wins."""
    (team / "house.yaml").write_text("brand: Oak\nbanned: [cheap]\n")
    (team / "audience.toml").write_text("brand = 'house.yaml'\n")
    assert "style.brand-banned" in rules()
    Path("brand.yaml").write_text("brand: Elm\n")
    assert "style.brand-banned" not in rules()


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit on warnings of the nearest source holds, and `config` says which that is."""
    (team / "audience.toml").write_text("max-warnings = 0\non-stale = 'warn'\n")
    assert call("lint", "c.yaml").return_value == 1
    monkeypatch.setenv("AUDIENCE_MAX_WARNINGS", "9")
    assert call("lint", "c.yaml").return_value == 0
    assert call("lint", "c.yaml", "--max-warnings", "1").return_value == 1
    told = json.loads(call("config", "--json").stdout)
    assert told["settings"]["max_warnings"] == {"value": "9", "from": "AUDIENCE_MAX_WARNINGS"}
    assert told["settings"]["on_stale"] == {"value": "warn", "from": str(team / "audience.toml")}
    assert told["settings"]["on_inconclusive"] == {"value": "warn", "from": "default"}


def test_paths_and_excludes(team: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a path the team's are taken, without what they exclude; with none, the argument is missing."""
    monkeypatch.chdir(team)
    assert "Missing argument" in str(call("lint").exception.format_message())  # type: ignore[union-attr]
    old = team / "campaigns" / "old"
    old.mkdir()
    (old / "d.yaml").write_text(COPY)
    (team / "audience.toml").write_text("paths = ['campaigns']\nexclude = ['**/old/*']\n")
    assert call("lint").stdout.splitlines()[-1].startswith("1 draft, ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("on-stal = 'warn'", "unknown setting 'on_stal'; did you mean on_stale"),
        ("api-key = 'sk-1'", "a key never stands in a file"),
        ("openai_token = 'sk-1'", "a key never stands in a file"),
        ("on-stale = 'explode'", "on-stale: input should be 'fail' or 'warn'"),
        ("[rules.'style.caps']\nseverity = 'off'", "rules.style.caps.because: field required"),
        ("paths = [", "not TOML"),
    ],
)
def test_a_faulty_file_is_one_line(team: Path, text: str, said: str) -> None:
    """What nobody knows, a key, and bad TOML are told with the file and what to do."""
    (team / "audience.toml").write_text(text)
    with pytest.raises(InputError, match=r"audience\.toml: ") as refused:
        load_config()
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_unknown_rule_is_told(team: Path) -> None:
    """A rule that there is not is refused with the nearest one."""
    (team / "audience.toml").write_text("[rules.'style.cap']\nseverity = 'off'\nbecause = 'loud'\n")
    with pytest.raises(InputError, match=r"audience.toml: unknown rule 'style.cap'; did you mean style.caps"):
        lint("c.yaml")
