"""What version 0.1 wrote is read by the code of today: runs, stores, recordings, tables of results."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from openai_server import CHAT, OpenAIServer

import toolkit
from toolkit.gate import check_campaign
from toolkit.results import archive
from toolkit.store import Store, approvals, calibration_log, conversations, outcome_log, test_log, version_log
from toolkit.validity.outcomes import export_outcomes

KEPT = Path(__file__).parent / "data" / "version-0.1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the files in a folder of their own, so that nothing is written to them."""
    return Path(shutil.copytree(KEPT, tmp_path / "kept"))


@pytest.fixture
def store(folder: Path) -> Path:
    """Return the store."""
    return folder / "reactions.sqlite"


def test_a_run_is_read_whole(folder: Path) -> None:
    """A run folder gives reactions, tables, a verdict, evidence and strengths, with no warning that it did not have."""
    run = toolkit.load_run(folder / "run")
    assert (run.counts.planned, run.counts.ok, run.reactions.height) == (32, 32, 32)
    assert run.control_reactions.height == 20
    said = json.loads((folder / "run" / "run.json").read_text(encoding="utf-8"))
    assert list(run.methods.warnings) == said["warnings"]
    assert set(run.scorecard(by="role")["value"]) == {"buyer", "seller"}
    assert run.compare().row(0, named=True)["difference"] == pytest.approx(0.97, abs=0.01)
    assert (run.verdict().decision, run.verdict().draft) == ("best", "benefit")
    assert run.strengths()["personas"].to_list() == [16, 16]
    assert run.evidence()["source"].to_list()
    assert toolkit.find_runs(folder) == [folder / "run"]


@pytest.mark.parametrize("suffix", [".html", ".md", ".xlsx", ".json", ".svg"])
def test_its_report_is_written(folder: Path, suffix: str) -> None:
    """Every form of report can be made of it."""
    path = toolkit.save_report(toolkit.load_run(folder / "run"), folder / f"report{suffix}")
    assert path.stat().st_size > 1_000


def test_it_is_saved_again_without_a_loss(folder: Path) -> None:
    """A run that is loaded and saved holds the same reactions, choices and methods."""
    run = toolkit.load_run(folder / "run")
    again = toolkit.load_run(run.save(folder / "again"))
    assert again.reactions.equals(run.reactions)
    assert again.control_reactions.equals(run.control_reactions)
    assert pl.read_parquet(folder / "again" / "reactions.parquet").equals(
        pl.read_parquet(folder / "run" / "reactions.parquet")
    )
    assert run.preferences is not None
    assert again.preferences is not None
    assert again.preferences.equals(run.preferences)
    assert again.methods == run.methods


def test_it_is_listed_among_runs(folder: Path) -> None:
    """The archive knows it."""
    shelved = archive.shelve(folder / "run")
    assert archive.search_shelf([shelved], "jam") == [shelved]


def test_the_store_gives_its_replies(store: Path) -> None:
    """Replies are counted and told by their model."""
    with Store(store) as kept:
        assert kept.count_replies() == 101
        assert kept.latest_model() == ("m", "chat")
        assert len(list(kept.list_replies())) == 101


def test_what_was_asked_is_not_asked_again(folder: Path, store: Path, server: OpenAIServer) -> None:
    """The same run with that store sends no question and reaches the same verdict."""
    run = toolkit.run(
        folder / "jam.yaml", engine="openai", model="m", base_url=server.base_url, embedding_model="e", rating="ssr",
        head_to_head=True, seed=3, store=store,
    )  # fmt: skip
    assert server.count(CHAT) == 0
    assert run.counts.from_store == 32
    assert run.verdict() == toolkit.load_run(folder / "run").verdict()


def test_approvals_and_talks_are_there(store: Path) -> None:
    """Who approved what, what was said in an interview, and what everybody answered."""
    campaign = toolkit.load_drafts(KEPT / "jam.yaml")
    with approvals.Approvals(store) as approved:
        assert [one.approved_by for one in approved.find("jam", campaign.drafts[1])] == ["Ada"]
    with conversations.Conversations(store) as talks:
        ((persona, draft, count),) = talks.list_talks("jam-b7c9ba4c3c10")
        assert (persona, draft, count) == ("p01", "plain", 1)
        assert talks.list_turns("jam-b7c9ba4c3c10", persona, draft)[0].question == "What do you mean?"
        ((draft, question),) = talks.list_questions("jam-b7c9ba4c3c10")
        assert len(talks.list_answers("jam-b7c9ba4c3c10", draft, question)) == 16


def test_versions_results_and_links_are_there(store: Path) -> None:
    """A draft's versions with a retest, the tests of drafts, real results in their batch, and the refitted link."""
    campaign = toolkit.load_drafts(KEPT / "jam.yaml")
    with version_log.Versions(store) as versions:
        original, rewritten = versions.list_versions(campaign.drafts[0])
        assert (original.origin, rewritten.origin, rewritten.tests[0].personas) == ("original", "rewritten", 16)
    with test_log.History(store) as tests:
        assert {one.draft_id for one in tests.list_tested()} == {"plain", "benefit"}
    with outcome_log.Outcomes(store) as results:
        assert {one.draft_id: one.clicks for one in results.list_outcomes()} == {"plain": 48, "benefit": 71}
        assert len(results.list_batches()) == 1
    with calibration_log.Calibrations(store) as links:
        assert (links.find_used().version, links.find_used().results) == (1, 60)


def test_results_are_read_and_written_as_before(folder: Path) -> None:
    """A table of results is read, and reads the same after an export."""
    results, notes = toolkit.load_outcomes(folder / "results.csv")
    assert ([one.clicks for one in results], notes) == ([48, 71], [])
    assert toolkit.load_outcomes(export_outcomes(results, folder / "again.csv")).outcomes == results


def test_a_recording_is_judged(folder: Path) -> None:
    """Every check of the campaign passes from its recording, offline."""
    found = check_campaign(folder / "jam.yaml")
    assert [check.outcome for check in found.checks] == ["passed"] * 3
