"""The page of runs, without a browser: approve a draft, say what happened, set two runs side by side."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import toolkit_runs
from openai_server import PATIENCE
from scripted import ScriptedEngine, reading
from streamlit.testing.v1 import AppTest

import toolkit
from toolkit.audiences import save_audience
from toolkit.models import Audience, Campaign, exchange
from toolkit.report import make_report
from toolkit.report.saving import FORMATS
from toolkit.results import load_run
from toolkit.store import approvals, outcome_log
from toolkit.ui import keys

SCRIPT = "from toolkit.ui import runs, state\nstate.begin()\nruns.show()"


def answer(question: exchange.Question) -> dict[str, object]:
    """Answer as an audience that taps what gets it paid today."""
    return reading("click" if "today" in question.prompt else "read")


@pytest.fixture
def page(campaign: Campaign, audience: Audience, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    """Return the page with one finished run."""
    monkeypatch.chdir(tmp_path)
    toolkit.run(campaign, audience, engine=ScriptedEngine(answer), rating="direct").save("runs/one")
    return AppTest.from_string(SCRIPT, default_timeout=PATIENCE).run()


def press(page: AppTest, label: str) -> AppTest:
    """Press the first button of that label."""
    return next(button for button in page.button if button.label == label).click().run()


def store() -> Path:
    """Return the store of this test."""
    return Path(os.environ["AUDIENCE_STORE"])


def test_a_draft_is_approved_by_name_and_taken_back(page: AppTest, campaign: Campaign) -> None:
    """No name is refused; a name approves these words; taking back leaves nothing."""
    press(page, "Approve these words")
    assert [error.value for error in page.error] == ["Type your name. An approval needs one."]
    page.text_input[1].set_value("Ada")
    press(page, "Approve these words")
    assert not page.exception
    with approvals.Approvals(store()) as kept:
        assert [one.approved_by for one in kept.find("invoices", campaign.drafts[0])] == ["Ada"]
    press(page, "Take back")
    with approvals.Approvals(store()) as kept:
        assert kept.find("invoices", campaign.drafts[0]) == []


def test_what_happened_is_kept_and_taken_back(page: AppTest, campaign: Campaign) -> None:
    """Results are bound to the drafts' words; more clicks than people are refused with the draft's name."""
    page.number_input(key=next_key(page, "plain-shown")).set_value(100)
    page.number_input(key=next_key(page, "plain-clicks")).set_value(101)
    press(page, "Keep these results")
    assert page.error[0].value.replace("\\", "").startswith("plain: clicks 101 is more than shown 100")
    page.number_input(key=next_key(page, "plain-clicks")).set_value(7)
    press(page, "Keep these results")
    assert not page.exception
    with outcome_log.Outcomes(store()) as kept:
        found = kept.list_outcomes()
    assert [(one.draft_hash, one.shown, one.clicks) for one in found] == [(campaign.drafts[0].digest, 100, 7)]
    press(page, "Take back")
    with outcome_log.Outcomes(store()) as kept:
        assert kept.list_outcomes() == []


def test_a_table_of_results_is_uploaded_and_taken_back(page: AppTest, campaign: Campaign) -> None:
    """What reading it found is shown first, faults name the file, and keeping it can be undone."""
    words = campaign.drafts[0].text
    uploader = page.file_uploader[0]
    uploader.set_value(("bad.csv", b"draft,shown,clicks\nx,1,5\n", "text/csv")).run()
    assert "bad.csv:2: clicks 5 is more than shown 1" in page.error[0].value.replace("\\", "")
    table = f'Post text,Impressions,Clicks,Likes\n"{words.upper()} https://t.co/abc",100,7,3\n'
    page.file_uploader[0].set_value(("posts.csv", table.encode(), "text/csv")).run()
    said = page.info[0].value.replace("\\", "")
    assert "Of 1 in the table, 1 of tested drafts" in said
    assert "past a shortened link and case" in said
    assert "columns not read: Likes" in said
    press(page, "Keep the results of the table")
    assert not page.exception
    with outcome_log.Outcomes(store()) as kept:
        assert [(one.shown, one.clicks) for one in kept.list_outcomes()] == [(100, 7)]
    press(page, "Take back")
    with outcome_log.Outcomes(store()) as kept:
        assert kept.list_outcomes() == []


def test_an_empty_form_says_what_it_takes(page: AppTest) -> None:
    """Nothing typed in keeps nothing."""
    press(page, "Keep these results")
    assert page.error[0].value.startswith("You typed no counts.")


def test_a_search_without_a_find_says_so(page: AppTest) -> None:
    """Words that no run has leave the page standing."""
    page.text_input[0].set_value("nobody wrote this").run()
    assert not page.exception
    assert [info.value for info in page.info] == ["No run has all these words."]


def next_key(page: AppTest, ending: str) -> str:
    """Return the key of the number field that ends so."""
    return next(field.key for field in page.number_input if field.key and field.key.endswith(ending))


def read_html(page: AppTest) -> str:
    """Return what the page draws in HTML of our own: previews, funnels, objections, voices."""
    return "\n".join(element.proto.body for element in page.get("html"))


def test_those_who_said_something_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A saved run names people as its audience does, not by their ids."""
    monkeypatch.chdir(tmp_path)
    toolkit_runs.save_run(tmp_path / "runs" / "one")
    page = AppTest.from_string(SCRIPT, default_timeout=PATIENCE)
    page.session_state[keys.PARTS] = "What they said"
    page.run()
    assert not page.exception
    drawn = read_html(page)
    people = toolkit.load_audience("uk-social-feed").personas
    assert [person.id for person in people if f">{person.id}" in drawn] == []
    assert len([person.name for person in people if person.name in drawn]) >= 3


def test_people_whose_file_is_gone_or_edited_are_told_apart(page: AppTest, audience: Audience) -> None:
    """Without the audience's file people keep their ids, after an edit their new names; a sentence says which."""
    gone = f"{audience.audience}: no longer in ./personas, so people are called by their ids."
    assert gone in [caption.value.replace("\\", "") for caption in page.caption]
    renamed = [person.model_copy(update={"name": f"New {person.id}"}) for person in audience.personas]
    save_audience(audience.model_copy(update={"personas": tuple(renamed)}), Path("personas/jam-sellers.yaml"))
    page.run()
    assert "New p" in read_html(page)
    assert any("edited since this run" in caption.value for caption in page.caption)


@pytest.mark.slow
def test_an_approval_stands_in_the_report(page: AppTest) -> None:
    """Who approved a draft is in the report that is saved afterwards, in every form, until it is taken back."""
    run = load_run("runs/one")
    page.text_input[1].set_value("Ada <b>")
    press(page, "Approve these words")
    for suffix in (".html", ".md", ".json"):
        text = FORMATS[suffix](make_report(run)).decode()
        assert "Ada" in text
        assert "Ada <b>" not in text or suffix == ".json"
    assert len(FORMATS[".xlsx"](make_report(run))) > 0
    press(page, "Take back")
    assert "Ada" not in FORMATS[".html"](make_report(run)).decode()
