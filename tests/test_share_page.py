"""The page that shares a run, without a browser: what stands on it, the client's answer, links to read it."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest
from openai_server import PATIENCE
from scripted import ScriptedEngine, reading
from streamlit.testing.v1 import AppTest

import toolkit
from toolkit.drafts import kept
from toolkit.models import Audience, Campaign
from toolkit.report import make_report
from toolkit.results import Run
from toolkit.store.approvals import Approvals
from toolkit.store.campaigns import Comment, Comments, Round, Rounds, ShareLinks
from toolkit.store.upkeep import About, Upkeep

SCRIPT = "from toolkit.ui import share_page, state\nstate.begin()\nshare_page.show()"
GUEST = "import streamlit as st\nfrom toolkit.ui import client_view\nclient_view.follow_link()\nst.write('inside')"


@pytest.fixture
def run(campaign: Campaign, audience: Audience, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a finished run, saved where the page looks for it."""
    monkeypatch.chdir(tmp_path)
    engine = ScriptedEngine(lambda question: reading("click" if "today" in question.prompt else "read"))
    found = toolkit.run(campaign, audience, engine=engine, rating="direct")
    found.save(f"runs/{found.run_id}")
    return found


@pytest.fixture
def page(run: Run) -> AppTest:
    """Return the page of that run."""
    opened = AppTest.from_string(SCRIPT, default_timeout=PATIENCE)
    opened.query_params["run"] = run.run_id
    return opened.run()


def press(page: AppTest, label: str) -> AppTest:
    """Press the first button of that label."""
    return next(button for button in page.button if button.label == label).click().run()


def store() -> Path:
    """Return the store of this test."""
    return Path(os.environ["AUDIENCE_STORE"])


def find_frame(page: AppTest) -> str:
    """Return the page of the client that is drawn."""
    return "".join(str(one.proto) for one in page.main if "iframe" in one.type)


def write_answer(run: Run, kind: str, note: str, name: str = "Cy Client") -> str:
    """Return what a client's page composes about the second draft."""
    draft = run.methods.campaign.drafts[1]
    lead = "I approve" if kind == "approve" else "Please change"
    return (
        f'{lead} draft "{draft.id}" of "invoices".\n\n{note}\n\nName: {name}\n'
        f"Answer: {kind} / words {draft.digest[:16]} / run {run.run_id}"
    )


def paste(page: AppTest, text: str) -> AppTest:
    """Paste a client's answer and keep it."""
    page.text_area[0].set_value(text)
    return press(page, "Keep this answer")


def test_the_preview_follows_what_is_typed(page: AppTest) -> None:
    """The name typed stands on the page of the client; an address that is none is told of, and nothing is offered."""
    assert "No clear winner" in find_frame(page) or "invoices" in find_frame(page)
    page.text_input[0].set_value("Spring fair").run()
    assert "Spring fair</p>" in find_frame(page)
    assert len(page.get("download_button")) == 3
    page.text_input[1].set_value("ada at example").run()
    assert "not a mail address" in page.error[0].value.replace("\\", "")
    assert page.get("download_button") == []
    assert not page.exception


def test_a_clients_approval_is_kept(page: AppTest, run: Run) -> None:
    """Pasted, it approves the draft's words under the client's name, and stands on the client's page."""
    paste(page, write_answer(run, "approve", "Go."))
    assert page.success[0].value.replace("\\", "") == "Cy Client approves benefit."
    with Approvals(store()) as found:
        (approval,) = found.find("invoices", run.methods.campaign.drafts[1])
    assert (approval.approved_by, approval.note) == ("Cy Client", "Go. (pasted answer)")
    assert "Approved by <bdi>Cy Client" in find_frame(page.run())


def test_a_requested_change_is_kept_as_a_comment(page: AppTest, run: Run) -> None:
    """It is open, on that draft; a text with no answer, no name or no wish is told of and keeps nothing."""
    for text, said in (
        ("Fine with me.", "holds no answer"),
        (write_answer(run, "change", "Say the price.", name=""), "the answer has no name"),
        (write_answer(run, "change", ""), "does not say which"),
    ):
        paste(page, text)
        assert said in page.error[0].value.replace("\\", "")
    with Comments(store()) as comments:
        assert comments.list_comments("invoices") == []
    paste(page, write_answer(run, "change", "Say the price."))
    with Comments(store()) as comments:
        (asked,) = comments.list_requested("invoices")
    assert (asked.said_by, asked.words, asked.draft_id) == ("Cy Client", "Say the price.", "benefit")


def test_without_sign_in_no_link_is_offered(page: AppTest) -> None:
    """A link to a page that serves one machine alone would lead nowhere."""
    assert not [button for button in page.button if button.label == "Make a link"]
    assert any("this machine alone" in one.value for one in page.caption)


def test_a_link_shows_one_run_until_it_is_taken_back(run: Run) -> None:
    """It draws the client's page alone, with what stands on it; a guessed or revoked one draws nothing of it."""
    with ShareLinks(store()) as links:
        link = links.make("invoices", run.run_id, '{"view": "client", "letterhead": {"title": "Spring"}}', "Ada", "ada")
        assert len(link.token) == 32
        assert links.list_links(run.run_id, "ada") == [link]
        assert links.list_links(run.run_id, "eve") == []
        assert not links.revoke(link.token, "eve")
    guest = AppTest.from_string(GUEST, default_timeout=PATIENCE)
    guest.query_params["link"] = link.token
    guest.run()
    assert "Spring</p>" in find_frame(guest)
    assert not [one for one in guest.markdown if one.value == "inside"]
    with ShareLinks(store()) as links:
        assert links.revoke(link.token, "ada")
    for token in (link.token, "x" * 32):
        guest.query_params["link"] = token
        guest.run()
        assert find_frame(guest) == ""
        assert guest.title[0].value == "Nothing here"
    assert not guest.exception


def test_a_link_is_forgotten_with_its_campaign(run: Run) -> None:
    """To forget a campaign leaves no link to it."""
    with ShareLinks(store()) as links:
        link = links.make("invoices", run.run_id, "{}", "Ada", "")
    with Upkeep(store()) as upkeep:
        upkeep.forget(About(campaign="invoices"))
    with ShareLinks(store()) as links:
        assert links.find(link.token) is None


def test_answers_follow_a_campaign_that_is_renamed(page: AppTest, run: Run) -> None:
    """What is said under its new name is in the reports of its earlier rounds, and a pasted answer is kept under it."""
    now = datetime.datetime.now(datetime.UTC)
    identity = kept.shelf.add_content(store(), {"values": {"campaign-name": "Harvest"}, "slots": []})
    with Rounds(store()) as rounds:
        begun = rounds.begin(Round(campaign=identity, number=0, asked_at=now, asked=True, content="{}"))
        rounds.name_run(identity, begun.number, run.run_id)
    with Comments(store()) as comments:
        comments.add(Comment(campaign="Harvest", draft_id="plain", words="Shorter.", said_by="Bo", said_at=now))
    paste(page, write_answer(run, "change", "Say the price."))
    assert [one.words for one in make_report(run).comments] == ["Shorter.", "Say the price."]
    assert "Harvest</p>" in find_frame(page)
    with Comments(store()) as comments:
        assert len(comments.list_comments("Harvest")) == 2
    with Rounds(store()) as rounds:
        noted = rounds.list_events(identity)
    assert "kept an answer of Cy Client, who asks for a change of benefit" in {one.what for one in noted}
