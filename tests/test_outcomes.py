"""Real results: read without guessing, kept whole or not at all, counted once, taken back."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from conftest import Command
from hypothesis import given, settings
from hypothesis import strategies as st
from openai_server import OpenAIServer

import toolkit
from toolkit.cli.main import audience as command_group
from toolkit.errors import InputError
from toolkit.files.normalising import hash_text, normalise_text
from toolkit.models import Audience, Campaign, Draft
from toolkit.panel.api import default_store
from toolkit.results import runs
from toolkit.results.trace import describe_tested, record_run
from toolkit.results.track_record.matching import AMBIGUOUS, list_published, load_matches, match_outcomes, split_groups
from toolkit.store.outcome_log import COUNTS, Outcome, Outcomes
from toolkit.validity.outcomes import add_outcomes, export_outcomes, load_outcomes
from toolkit.validity.outcomes.dates import read_date

TODAY = datetime.date(2026, 11, 24)
HEAD = "draft,surface,shown,clicks,date\n"


def read(path: Path, text: str) -> list[Outcome]:
    """Write a CSV file and read its results."""
    path.write_text(text, encoding="utf-8")
    return load_outcomes(path, TODAY)[0]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-11-04", (2026, 11, 4)),
        ("2026/11/4", (2026, 11, 4)),
        ("20261104", (2026, 11, 4)),
        ("2026-11-04T09:30:00Z", (2026, 11, 4)),
        ("2026-11-04 00:00:00", (2026, 11, 4)),
        ("4.11.2026", (2026, 11, 4)),
        ("24/11/2026", (2026, 11, 24)),
        ("11/24/2026", (2026, 11, 24)),
        ("05/05/2026", (2026, 5, 5)),
        ("4 November 2026", (2026, 11, 4)),
        ("Tue, 4 Nov 2026", (2026, 11, 4)),
        ("November 4th, 2026", (2026, 11, 4)),
        ("4-Sept-2026", (2026, 9, 4)),
        (datetime.datetime(2026, 11, 4, 9, tzinfo=datetime.UTC), (2026, 11, 4)),
    ],
)
def test_days_are_read_as_people_write_them(written: object, day: tuple[int, int, int]) -> None:
    """ISO, dots, slashes that can mean one day only, and month names."""
    assert read_date(written) == datetime.date(*day)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("05/06/2026", "2026-06-05 or 2026-05-06"),
        ("5-6-2026", "2026-06-05 or 2026-05-06"),
        ("04/11/26", "write it as 2026-11-24"),
        ("45985", "write it as 2026-11-24"),
        ("31.02.2026", "there is no day"),
        ("2026-13-01", "there is no day"),
        ("4 Ju 2026", "write it as"),
        ("4 Jux 2026", "names no month"),
        ("yesterday", "write it as"),
    ],
)
def test_a_day_that_may_be_another_is_refused(written: str, said: str) -> None:
    """The message says what to write instead."""
    with pytest.raises(ValueError, match=said):
        read_date(written)


@given(st.dates(min_value=datetime.date(1990, 1, 1)))
def test_every_day_comes_back(day: datetime.date) -> None:
    """Whatever unambiguous form a day is written in, it is the same day."""
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%b %d, %Y", "%Y-%m-%dT00:00:00"):
        assert read_date(day.strftime(form).replace(f"{day.year:d}", f"{day.year:04d}")) == day
    assert str(read_date(str(day))) == str(day)


@given(st.text(max_size=40))
def test_no_text_breaks_the_day(text: str) -> None:
    """Anything at all is a day or a ValueError of one line."""
    try:
        read_date(text)
    except ValueError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either outcome is fine, a third is not


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("A,facebook_post,100,101,2026-11-01", ":2: clicks 101 is more than shown 100"),
        ("A,facebook_post,100,-1,2026-11-01", ":2: clicks is '-1'; a whole number"),
        ("A,facebook_post,1.000,1,2026-11-01", ":2: shown is '1.000'; a whole number"),
        ("A,facebook_post,nan,1,2026-11-01", ":2: shown is 'nan'"),
        ("A,facebook_post,,1,2026-11-01", ":2: shown is empty"),
        ("A,facebook_post,100,,2026-11-01", ":2: nothing happened here"),
        ("A,facebok_post,100,1,2026-11-01", "did you mean facebook_post"),
        (",facebook_post,100,1,2026-11-01", ":2: neither draft nor draft_id"),
        ("A,facebook_post,100,1,05/06/2026", "2026-06-05 or 2026-05-06"),
        ("A,facebook_post,100,1,2027-01-01", ":2: date 2027-01-01 lies ahead"),
    ],
)
def test_a_bad_row_is_one_line(tmp_path: Path, row: str, said: str) -> None:
    """File, line, what is wrong and what is allowed; nothing of the file is kept."""
    with pytest.raises(InputError) as caught:
        read(tmp_path / "results.csv", f"{HEAD}{row}\nB,facebook_post,100,1,2026-11-01\n")
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "results.csv"))
    assert "\n" not in str(caught.value)


def test_all_bad_rows_are_named(tmp_path: Path) -> None:
    """The first fault in words, the lines of the others."""
    with pytest.raises(InputError, match=r":3: clicks 9 .*also to be looked at: lines 4, 5"):
        read(tmp_path / "r.csv", HEAD + "A,,10,1,\nB,,5,9,\nC,,x,1,\nD,,5,5,1.1.26\n")


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("words,shown,clicks", "no column draft or draft_id"),
        ("draft,views,clicks", "no column shown"),
        ("draft,shown,clik", "none of clicks, replies, shares, hides"),
        ("draft,shown,clicks,reply", "unknown column 'reply'|columns not read"),
    ],
)
def test_missing_columns_are_named(tmp_path: Path, head: str, said: str) -> None:
    """A table without the columns it takes says which there are."""
    path = tmp_path / "r.csv"
    path.write_text(f"{head}\nA,10,1{',2' if head.count(',') > 2 else ''}\n")
    try:
        _, notes = load_outcomes(path, TODAY)
    except InputError as error:
        assert any(part in str(error) for part in said.split("|"))  # noqa: PT017 - a typo may also be a note
    else:
        assert any(part in notes[0] for part in said.split("|"))


def test_the_same_row_counts_once(tmp_path: Path) -> None:
    """Twice in a file, and a file twice: one result. Other counts in one file are refused, in a later one replace."""
    path, row = tmp_path / "r.csv", "A,facebook_post,100,5,2026-11-01\n"
    results, notes = read(path, HEAD + row + row), load_outcomes(path, TODAY)[1]
    assert len(results) == 1
    assert notes == ["rows that stand twice were counted once: line 3"]
    assert add_outcomes(default_store(), results, "r.csv").added == 1
    again = add_outcomes(default_store(), results, "r.csv")
    assert (again.batch, again.added, again.known) == (None, 0, 1)
    with pytest.raises(InputError, match="other counts; tell them apart with date"):
        read(path, HEAD + row + row.replace("5,2026", "6,2026"))
    changed = add_outcomes(default_store(), read(path, HEAD + row.replace("5,2026", "9,2026")), "r.csv")
    assert changed.replaced == ("A: clicks 5 -> 9",)
    with Outcomes(default_store()) as kept:
        assert [one.clicks for one in kept.list_outcomes()] == [9]
        kept.mark(2, removed=True)
        assert [one.clicks for one in kept.list_outcomes()] == [5]
        kept.mark(2, removed=False)
        assert [one.clicks for one in kept.list_outcomes()] == [9]


def test_every_format_reads_the_same(tmp_path: Path) -> None:
    """CSV, Excel, Parquet and JSON Lines give equal results, numbers and days typed or written."""
    frame = pl.DataFrame(
        {"draft": ["Ünï 🙂", "=1+1"], "shown": [1200, 900], "clicks": [12, 0], "date": [datetime.date(2026, 11, 3)] * 2}
    )
    frame.write_parquet(tmp_path / "r.parquet")
    frame.write_excel(tmp_path / "r.xlsx")
    frame.with_columns(pl.col("date").cast(pl.String)).write_csv(tmp_path / "r.csv")
    frame.with_columns(pl.col("date").cast(pl.String)).write_ndjson(tmp_path / "r.jsonl")
    read_all = [load_outcomes(tmp_path / f"r.{suffix}", TODAY)[0] for suffix in ("csv", "xlsx", "parquet", "jsonl")]
    assert read_all[0] == read_all[1] == read_all[2] == read_all[3]
    assert read_all[0][0].date == "2026-11-03"


counts = st.none() | st.integers(0, 50)
names = st.none() | st.text("abcXYZ =+-@é", min_size=1, max_size=8).map(lambda text: " ".join(text.split()) or None)


@given(
    st.lists(
        st.builds(
            Outcome,
            text=st.text(min_size=1, max_size=30).map(normalise_text).filter(bool),
            experiment=names,
            campaign=names,
            date=st.none() | st.dates(datetime.date(2000, 1, 1), TODAY).map(str),
            shown=st.integers(50, 10**9),
            clicks=st.integers(0, 50),
            **dict.fromkeys(COUNTS[1:], counts),
        ),
        min_size=1,
        max_size=5,
        unique_by=lambda outcome: outcome.key,
    ),
    st.sampled_from([".csv", ".jsonl"]),
)
@settings(max_examples=25)
def test_an_export_reads_back_the_same(tmp_path_factory: pytest.TempPathFactory, rows: list[Outcome], end: str) -> None:
    """Whatever the texts, what was written is what is read, and no cell is a formula."""
    path = export_outcomes(rows, tmp_path_factory.mktemp("export") / f"results{end}")
    assert load_outcomes(path, TODAY)[0] == rows
    if end == ".csv":
        assert not any(line.startswith(("=", "+", "-", "@")) for line in path.read_text("utf-8-sig").splitlines()[1:2])


@pytest.fixture
def run(audience: Audience, campaign: Campaign, server: OpenAIServer) -> toolkit.Run:
    """Return a finished run of two drafts; its trace is in the store."""
    return toolkit.run(campaign, audience, base_url=server.base_url, model="m", rating="direct")


def test_a_finished_run_is_matched_by_its_words(run: toolkit.Run) -> None:
    """Same words with other spaces match; other words, another surface and an ambiguous draft_id do not."""
    text = run.methods.campaign.drafts[0].text
    rows = [
        Outcome(text=normalise_text(f"  {text} ".replace(" ", "  ")), shown=9, clicks=1),
        Outcome(text=text, surface="facebook_post", shown=9, clicks=1),
        Outcome(text="Other words.", shown=9, clicks=1),
        Outcome(draft_id="benefit", shown=9, clicks=1),
        Outcome(draft_hash=run.methods.campaign.drafts[0].digest, shown=9, clicks=1),
    ]
    add_outcomes(default_store(), rows, "rows")
    found = {match.outcome.key: [one.draft_id for one in match.tested] for match in load_matches(default_store())}
    assert [found[row.key] for row in rows] == [["plain"], [], [], ["benefit"], ["plain"]]
    tested = describe_tested(run)
    rates = run.scorecard().filter(pl.col("measure") == "objective_rate")
    assert [one.panel_rate for one in tested] == rates["estimate"].to_list()
    assert tested[0].text_hash == hash_text(text)


def test_several_fitting_drafts_are_not_guessed(run: toolkit.Run) -> None:
    """One text under two headlines is matched only where the result says which."""
    one, other = (
        describe_tested(run)[0].model_copy(
            update={
                "draft_hash": Draft(id="x", text="Same words.", headline=head).digest,
                "headline": head,
                "run_id": head,
            }
        )
        for head in ("First", "Second")
    )
    vague = Outcome(text=run.methods.campaign.drafts[0].text, shown=9, clicks=1)
    assert match_outcomes([vague], [one, other])[0].why_not == AMBIGUOUS
    clear = vague.model_copy(update={"headline": "Second"})
    assert match_outcomes([clear], [one, other])[0].tested == (other,)


def test_a_trace_that_cannot_be_kept_only_warns(run: toolkit.Run, tmp_path: Path) -> None:
    """A broken store costs the match, never the run."""
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"no database at all, but long enough to look like one" * 50)
    said = record_run(run, broken)
    assert said is not None
    assert said.startswith("results cannot be matched to this run")
    assert runs.add_warnings(run, said).methods.warnings[-1] == said


def test_experiments_that_share_words_are_one_group() -> None:
    """Case and punctuation do not part them; a named key is taken as it is."""
    rows = [
        Outcome(text=text, experiment=name, date=day, shown=10, clicks=1)
        for text, name, day in [
            ("Pay now!", "1", "2026-01-01"),
            ("Other", "1", "2026-01-01"),
            ("pay NOW", "2", "2026-01-02"),
            ("Apart", "3", "2026-01-03"),
        ]
    ]
    published = list_published(match_outcomes(rows, []))
    groups = split_groups(published)
    assert groups["experiment 1"] == groups["experiment 2"] != groups["experiment 3"]
    assert len(set(split_groups(published, "date").values())) == 3


def test_the_commands_add_list_take_back_and_bring_back(tmp_path: Path) -> None:
    """From a file into the store and out of it, each step naming the one that undoes it."""
    path = tmp_path / "results.csv"
    path.write_text(HEAD + "A,facebook_post,100,5,2026-11-01\nB,facebook_post,100,9,2026-11-01\n")
    call = CliRunner().invoke
    assert "dry run" in call(command_group, ["outcomes", "add", str(path), "--dry-run"]).output
    assert "0 results in use" in call(command_group, ["outcomes", "list"]).output
    assert "`audience outcomes remove 1` undoes it" in call(command_group, ["outcomes", "add", str(path)]).output
    assert "2 results in use, 0 of them for drafts" in call(command_group, ["outcomes", "list"]).output
    assert "`audience outcomes restore 1`" in call(command_group, ["outcomes", "remove"]).output
    assert json.loads(call(command_group, ["outcomes", "list", "--json"]).output)["results"] == 0
    assert "brought back" in call(command_group, ["outcomes", "restore", "1"]).output
    out = tmp_path / "again.csv"
    assert "2 results" in call(command_group, ["outcomes", "export", "-o", str(out)]).output
    with pytest.raises(InputError, match="the file exists; choose another name, or pass --force"):
        call(command_group, ["outcomes", "export", "-o", str(out)], catch_exceptions=False)
    assert "2 results" in call(command_group, ["outcomes", "export", "-o", str(out), "--force"]).output
    assert "2 already there; nothing new" in call(command_group, ["outcomes", "add", str(out)]).output
    with pytest.raises(InputError, match="no standing batch 7; standing: 1"):
        call(command_group, ["outcomes", "remove", "7"], catch_exceptions=False)


@pytest.mark.slow
def test_a_bad_file_leaves_nothing(command: Command, tmp_path: Path) -> None:
    """Exit 2, one line, and the store as it was."""
    path = tmp_path / "results.csv"
    path.write_text(HEAD + "A,,100,5,\nB,,10,50,\n")
    shown = command("outcomes", "add", path)
    assert shown.returncode == 2
    assert shown.stderr.count("\n") == 1
    assert f"{path}:3: clicks 50 is more than shown 10" in shown.stderr
    with Outcomes(default_store()) as kept:
        assert kept.list_outcomes() == []
        assert kept.list_batches() == []
