"""The gate: campaigns checked against their recordings, offline, with a reason and a next step for each check."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from recorded import CAMPAIGN, lively, write_campaign
from scripted import ScriptedEngine

import toolkit
from toolkit.errors import InputError
from toolkit.gate import (
    check_campaign,
    choose_campaigns,
    is_meant_as_campaign,
    list_checks,
    preview_recording,
    record_campaign,
)
from toolkit.gate.finding_files import is_campaign_with_checks
from toolkit.gate.judging import Sample, judge_least, judge_most

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a campaign and its audience of `people` and returns the campaign's file."""
    return lambda text=CAMPAIGN, people=24: write_campaign(tmp_path, text, people)


def outcomes(path: Path, **options: object) -> dict[str, str]:
    """Return the outcome of each check by its name."""
    return {one.check: one.outcome for one in check_campaign(path, **options).checks}


def test_a_recorded_campaign_passes_offline(write: Write) -> None:
    """Recorded once, each check is judged from the file alone, and its message holds numbers with counts."""
    path = write()
    record_campaign(path, engine=ScriptedEngine(lively), rating="direct")
    found = check_campaign(path)
    assert found.outcome == "passed"
    assert found.exit_code == 0
    assert [one.line for one in found.checks] == [11, 12, 14]
    assert found.checks[2].check == "benefit beats plain"
    assert "24 personas, 48 reactions" in found.checks[2].message


def test_one_word_makes_what_it_touches_stale(write: Write) -> None:
    """After an edit, only checks of that draft are stale; the message counts the reactions and names the command."""
    path = write()
    record_campaign(path, engine=ScriptedEngine(lively), rating="direct")
    path.write_text(CAMPAIGN.replace("an invoice", "one invoice"))
    found = check_campaign(path)
    assert [one.outcome for one in found.checks] == ["passed", "passed", "stale"]
    assert found.checks[2].message == (f"draft plain: 24 reactions, its text changed; renew: audience record {path}")
    assert found.exit_code == 1
    assert check_campaign(path, on_stale="warn").exit_code == 0


def test_only_what_changed_is_asked_again(write: Write) -> None:
    """Recording anew after an edit asks for that draft's reactions, and up to date it asks for nothing."""
    path = write()
    record_campaign(path, engine=ScriptedEngine(lively), rating="direct")
    path.write_text(CAMPAIGN.replace("an invoice", "one invoice"))
    engine = ScriptedEngine(lively)
    renewed = record_campaign(path, engine=engine)
    assert (renewed.kept, renewed.asked, engine.calls) == (24, 24, 24)
    before = path.with_name("jam.reactions.jsonl").read_bytes()
    assert record_campaign(path).asked == 0
    assert path.with_name("jam.reactions.jsonl").read_bytes() == before
    assert check_campaign(path).outcome == "passed"


def test_few_personas_decide_nothing(write: Write) -> None:
    """Under eight personas a check is inconclusive, says how many are needed, and exits 5 or, if told so, 1."""
    path = write(people=5)
    record_campaign(path, engine=ScriptedEngine(lively), rating="direct")
    found = check_campaign(path)
    assert found.outcome == "inconclusive"
    assert "at least 8 personas under 6 wordings are needed: record at least 3 more personas" in found.checks[2].message
    assert found.exit_code == 5
    assert check_campaign(path, on_inconclusive="fail").exit_code == 1


def test_nothing_recorded_is_stale(write: Write) -> None:
    """Without a recording every check but lint is stale, with the command that makes one."""
    path = write()
    found = check_campaign(path)
    assert [one.outcome for one in found.checks] == ["passed", "stale", "stale"]
    assert found.checks[1].message.endswith(f"renew: audience record {path}")


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("stop_rate:", "stop_rte:", 13, "did you mean stop_rate"),
        ("at_least", "at_lest", 13, "did you mean at_least"),
        ("beats: plain", "beats: plane", 15, "did you mean plain"),
        ("beats: plain", "beats: benefit", 14, "itself"),
        ("lint: error", "lint: eror", 11, "'error' or 'warning'"),
        ("lint: error", "lint: error\n    max_cost: 3", 12, "one check for each"),
        ("beats: plain", "beats: plain\n    where: {rle: seller}", 14, "did you mean role"),
        ("beats: plain", "beats: plain\n    where: {role: sellr}", 14, "did you mean seller"),
        ("beats: plain", "beats: plain\n    measure: trust", 16, "objective_rate"),
        ("at_least: 0.5", "at_least: 50", 13, "runs from 0 to 1"),
        ("{at_least: 0.5}", "0.5", 13, "write a mapping"),
        ("{at_least: 0.5}", "{at_least: 0.5, at_most: 0.2}", 13, "swap them"),
    ],
)
def test_a_faulty_check_is_told_with_its_line(write: Write, before: str, after: str, line: int, said: str) -> None:
    """An unknown key, draft, segment or value is one line with FILE:LINE and the nearest right one."""
    path = write(CAMPAIGN.replace(before, after))
    with pytest.raises(InputError) as refused:
        check_campaign(path)
    assert str(refused.value).startswith(f"{path}:{line}: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_lint_alone_needs_no_audience_and_no_recording(write: Write) -> None:
    """A campaign that checks only its wording passes without an audience, and warnings alone do not fail it."""
    path = write(CAMPAIGN.split("  - draft: benefit\n    stop")[0].replace("audience: jam-sellers.yaml\n", ""))
    assert outcomes(path) == {"lint: error": "passed"}


def test_what_lint_finds_is_told_where_no_check_asks(write: Write) -> None:
    """Without a lint check its findings are warnings, and fail nothing."""
    path = write(CAMPAIGN.replace("  - lint: error\n", "").replace("Get paid today", "GET PAID TODAY NOW!!!"))
    found = check_campaign(path)
    assert any("style." in warning for warning in found.warnings)
    assert [one.outcome for one in found.checks] == ["stale", "stale"]


def test_a_recording_edited_by_hand_is_refused(write: Write) -> None:
    """One changed answer in the file ends in one line that names it."""
    path = write()
    record_campaign(path, engine=ScriptedEngine(lively), rating="direct")
    recording = path.with_name("jam.reactions.jsonl")
    lines = recording.read_text().splitlines()
    lines[3] = lines[3].replace('"stopped": true', '"stopped": false')
    recording.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match=r"jam\.reactions\.jsonl:4: this reaction was edited by hand or damaged"):
        check_campaign(path)


def test_campaigns_with_checks_are_told_from_other_files(write: Write, tmp_path: Path) -> None:
    """A campaign with checks is one; an audience, a campaign without checks and a broken file are not."""
    path = write()
    assert is_campaign_with_checks(path)
    assert not is_campaign_with_checks(tmp_path / "jam-sellers.yaml")
    assert not is_campaign_with_checks(tmp_path / "missing.yaml")
    for text in (
        CAMPAIGN.split("checks:", maxsplit=1)[0],
        "campaign: [drafts: checks: {",
        "# campaign drafts checks\na: 1",
    ):
        path.write_text(text)
        assert not is_campaign_with_checks(path)


def test_the_public_name(write: Write) -> None:
    """`toolkit.check` is the gate as an object."""
    path = write()
    record_campaign(path, engine=ScriptedEngine(lively), rating="direct")
    assert toolkit.check(path).outcome == "passed"
    header = json.loads(path.with_name("jam.reactions.jsonl").read_text().split("\n")[0])
    assert header["label"] == "Simulated reactions from AI personas. No real people were asked. Directional only."
    assert outcomes(path) == {
        "lint: error": "passed",
        "benefit stop_rate at least 0.5": "passed",
        "benefit beats plain": "passed",
    }


@pytest.mark.parametrize(
    ("function", "options", "said"),
    [
        (
            check_campaign,
            {"on_inconclusve": "fail"},
            "unknown option 'on_inconclusve'; did you mean 'on_inconclusive'?",
        ),
        (check_campaign, {"repeats": 99}, "unknown option 'repeats'"),
        (check_campaign, {"rating": "nonsense"}, "unknown option 'rating'"),
        (check_campaign, {"objective": "fly"}, "unknown option 'objective'"),
        (check_campaign, {"on_stale": "explode"}, "on_stale is 'explode'; allowed: fail, warn"),
        (check_campaign, {"on_inconclusive": "pas"}, "on_inconclusive is 'pas'; did you mean pass?"),
        (record_campaign, {"max_costs": 0.01}, "unknown option 'max_costs'; did you mean 'max_cost'?"),
        (preview_recording, {"concurency": 3}, "unknown option 'concurency'; did you mean 'concurrency'?"),
        (toolkit.lint, {"brnd": "brand.yaml"}, "unknown option 'brnd'; did you mean 'brand'?"),
    ],
)
def test_an_option_that_nobody_knows_is_refused(
    write: Write, function: Callable[..., object], options: dict[str, object], said: str
) -> None:
    """A misspelt option, and one that belongs to another function, is told with the nearest right name."""
    path = write()
    with pytest.raises(InputError) as refused:
        function(path, **options)
    assert said in str(refused.value)


def test_policies_are_those_of_the_command(write: Write) -> None:
    """An inconclusive check exits 1, 5 or 0, as the command's own three words have it."""
    path = write(people=5)
    record_campaign(path, engine=ScriptedEngine(lively), rating="direct")
    codes = {policy: check_campaign(path, on_inconclusive=policy).exit_code for policy in ("fail", "warn", "pass")}
    assert codes == {"fail": 1, "warn": 5, "pass": 0}


def test_a_bound_is_a_measure_and_its_bounds(write: Write) -> None:
    """However it is written, a bound holds one measure; a second in the same check, and an unknown key, are told."""
    path = write()
    check = list_checks(path)[1].check
    assert (check.measure, check.bounds.at_least, check.bounds.at_most) == ("stop_rate", 0.5, None)
    path.write_text(CAMPAIGN.replace("{at_least: 0.5}", "{at_least: 0.5}\n    clarity: {at_least: 3}"))
    with pytest.raises(InputError, match=r"jam.yaml:14: one check bounds stop_rate and clarity"):
        list_checks(path)
    path.write_text(CAMPAIGN.replace("{at_least: 0.5}", "{at_least: 0.5}\n    were: {role: seller}"))
    with pytest.raises(InputError, match=r"jam.yaml:14: .*were.* did you mean where.*stop_rate"):
        list_checks(path)


def test_a_folder_stands_for_its_campaigns(write: Write, tmp_path: Path) -> None:
    """Audiences and other YAML beside campaigns are left out; one file named alone is taken at its word."""
    path = write()
    (tmp_path / "broken.yml").write_text(f"{CAMPAIGN}  - [\n")
    others = [str(tmp_path / "jam-sellers.yaml")]
    chosen = [str(tmp_path / "broken.yml"), str(path)]
    assert choose_campaigns([str(tmp_path)]) == (chosen, others)
    assert choose_campaigns([*chosen, *others]) == (chosen, others)
    assert choose_campaigns(others) == (others, [])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no campaign with checks among 0 YAML files"):
        choose_campaigns([str(tmp_path / "empty")])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("misspelt.yaml", CAMPAIGN.replace("checks:", "chekcs:"), "did you mean checks"),
        ("pointer.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git lfs pull"),
        ("drafts.yaml", CAMPAIGN.replace("drafts:", "draft:"), "drafts needs a list"),
        ("jam.yaml", CAMPAIGN.split("checks:", maxsplit=1)[0], "there are no checks"),
    ],
)
def test_a_campaign_that_lost_its_checks_fails_in_a_folder(
    write: Write, tmp_path: Path, name: str, text: str, said: str
) -> None:
    """Misspelt or deleted checks, and a file that Git LFS keeps elsewhere, are not left out in silence."""
    path = write()
    record_campaign(path, engine=ScriptedEngine(lively), rating="direct")
    path.with_name("good.yaml").write_text(CAMPAIGN)
    faulty = tmp_path / name
    faulty.write_text(text)
    assert str(faulty) in choose_campaigns([str(tmp_path)])[0]
    with pytest.raises(InputError, match=said):
        check_campaign(faulty)


def test_a_file_that_cannot_be_read_stops_nobody(write: Write, tmp_path: Path) -> None:
    """The gate names it as a fault of its own; test collection, to which it may be anybody's, passes it by."""
    path = write()
    secret = tmp_path / "secret.yaml"
    secret.symlink_to("/proc/self/mem")
    assert choose_campaigns([str(tmp_path)])[0] == [str(path), str(secret)]
    assert not is_meant_as_campaign(secret)
    with pytest.raises(InputError, match="cannot be read"):
        check_campaign(secret)


def test_asking_whether_a_file_is_a_campaign_is_light(write: Write) -> None:
    """Test collection may ask it of every file: it loads neither polars nor numpy nor pydantic."""
    code = (
        "import sys\nfrom toolkit.gate.finding_files import is_campaign_with_checks\n"
        f"assert is_campaign_with_checks({str(write())!r})\n"
        "print([name for name in ('polars', 'numpy', 'pydantic', 'click', 'openai') if name in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent
    )
    assert shown.stdout.strip() == "[]"


def repeat_sample(count: int, mean: float, spread: float, *, is_share: bool = False) -> Sample:
    """Return values that lie evenly on both sides of a mean, under ten wordings that do not differ."""
    numbers = np.arange(count)
    values = mean + spread * np.where(numbers // 10 % 2, 1.0, -1.0)
    return Sample(values, np.ones(count), numbers % 10, numbers, count, 10, is_share=is_share)


def test_the_personas_named_would_decide() -> None:
    """A sample like the one found, with as many personas more as were asked for, decides; with half of them it may not.

    Half of the named ones more would be found in fewer than four recordings out of five; here the spread is exact, so
    that the larger sample decides and the small one does not.
    """
    small = repeat_sample(40, 0.1, 0.5)
    judged = judge_least(small, 0.0)
    assert judged.outcome == "inconclusive"
    assert judged.more is not None
    larger = repeat_sample(20 * round((40 + judged.more) / 20), 0.1, 0.5)
    assert judge_least(larger, 0.0).outcome == "passed"
    assert judge_most(larger, 0.0).outcome == "failed"


def test_what_more_personas_cannot_decide_is_said() -> None:
    """At the bound itself, and where wordings differ more than the gap, no number is named."""
    assert judge_least(repeat_sample(40, 0.0, 0.5), 0.0).more is None
    numbers = np.arange(200)
    shifts = np.where(numbers % 10 < 5, 0.5, -0.5)
    apart = Sample(0.05 + shifts, np.ones(200), numbers % 10, numbers, 200, 10)
    judged = judge_least(apart, 0.0)
    assert (judged.outcome, judged.more) == ("inconclusive", None)


def test_unanimity_is_not_certainty() -> None:
    """Twelve of twelve do not show that nine in ten would; some more, as unanimous, do."""
    judged = judge_least(repeat_sample(12, 1.0, 0.0, is_share=True), 0.9)
    assert judged.outcome == "inconclusive"
    assert judged.more == 24
    assert judge_least(repeat_sample(36, 1.0, 0.0, is_share=True), 0.9).outcome == "passed"
    assert judge_least(repeat_sample(35, 1.0, 0.0, is_share=True), 0.9).outcome == "inconclusive"


def test_drafts_that_move_nobody_are_not_known_to_be_alike() -> None:
    """Where nobody acts on either draft, twelve personas leave room for a loss of 26 points; 72 show less than five."""
    few, enough = (replace(repeat_sample(count, 0.0, 0.0), is_difference=True) for count in (12, 72))
    judged = judge_least(few, -0.05, stable=True)
    assert (judged.outcome, judged.more) == ("inconclusive", 60)
    assert judge_least(enough, -0.05, stable=True).outcome == "passed"
    assert judge_least(replace(few, values=few.values + 1.0), 0.0, stable=True).outcome == "passed"


def test_an_unstable_difference_decides_nothing() -> None:
    """A mean that one wording carries is inconclusive for a comparison, though its interval is on one side."""
    numbers = np.arange(120)
    values = np.where(numbers % 6 == 0, 0.9, -0.02) + 0.001 * (numbers // 6 % 2)
    sample = Sample(values, np.where(numbers % 6 == 0, 9.0, 1.0), numbers % 6, numbers, 120, 6)
    signs = {judge_least(sample, 0.0).outcome, judge_least(sample, 0.0, stable=True).outcome}
    assert judge_least(sample, 0.0, stable=True).outcome == "inconclusive"
    assert signs <= {"inconclusive", "passed"}


def test_many_segments_do_not_make_failures_likelier() -> None:
    """With a tenth of the error to each of ten, an estimate just below its bound is inconclusive, not failed."""
    sample = repeat_sample(40, -0.19, 0.5)
    assert judge_least(sample, 0.0).outcome == "failed"
    assert judge_least(sample, 0.0, fail_alpha=0.005).outcome == "inconclusive"
