"""Signing in: a page that others can reach asks who they are, through Streamlit's own OpenID Connect."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import CHROMIUM, App, app, browser, find_port, playwright, press, serve, settle, write_drafts
from conftest import Command
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.models import Audience, Campaign
from toolkit.store import approvals

__all__ = ["app", "browser"]


@pytest.mark.slow
def test_others_reach_the_page_only_with_sign_in(command: Command) -> None:
    """An address beyond this machine is refused in one line while nobody has to sign in."""
    found = command("app", "--host", "0.0.0.0", "--no-browser")  # noqa: S104 - what is refused
    assert found.returncode == 2
    assert found.stderr.startswith("audience: --host 0.0.0.0: others could reach the page, and nobody has to sign in;")


@pytest.fixture
def guarded(tmp_path: Path, browser: playwright.Browser) -> Iterator[App]:
    """Serve the page with a provider to sign in with, a finished run in its folder."""
    from oidc_provider import CLIENT, OIDCProvider  # cryptography takes half a second

    port = find_port()
    folder = tmp_path / "work"
    (folder / ".streamlit").mkdir(parents=True)
    with OIDCProvider({"sub": "7", "name": "Ada Lovelace"}) as provider:
        (folder / ".streamlit" / "secrets.toml").write_text(
            f'[auth]\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\ncookie_secret = "{"c" * 40}"\n'
            f'client_id = "{CLIENT}"\nclient_secret = "nothing to hide"\n'
            f'server_metadata_url = "{provider.address}/.well-known/openid-configuration"\n'
        )
        with serve(folder, browser, port) as running:
            yield running


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_who_signs_in_sees_the_page_and_approves_under_that_name(
    guarded: App, campaign: Campaign, audience: Audience
) -> None:
    """Nothing is shown before signing in; afterwards an approval carries the name that the provider gave."""
    engine = ScriptedEngine(lambda question: reading("click" if "today" in question.prompt else "read"))
    toolkit.run(campaign, audience, engine=engine, rating="direct").save(guarded.folder / "runs" / "one")
    page = guarded.open(f"{guarded.url}/runs", wait="people of your organisation")
    assert page.get_by_role("link", name="Runs").count() == 0
    press(page.get_by_role("button", name="Sign in"))
    press(page.get_by_role("link", name="Runs"))
    press(page.get_by_role("button", name="Approve as Ada Lovelace").first)
    page.get_by_text("Approved by Ada Lovelace").first.wait_for()
    with approvals.Approvals(Path(os.environ["AUDIENCE_STORE"])) as kept:
        assert [one.draft_id for one in kept.find("invoices", campaign.drafts[0])] == ["plain"]


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_policy_stops_nothing_that_the_page_needs(app: App) -> None:
    """Typing, charts, the editor and every page draw without one report of something that was stopped."""
    page = app.open()
    stopped: list[str] = []
    page.on("console", lambda said: stopped.append(said.text) if "Content Security" in said.text else None)
    page.on("pageerror", lambda error: stopped.append(str(error)))
    page.reload()
    page.get_by_text("Who will be asked").first.wait_for()
    write_drafts(page, "Send an invoice.", "Get paid today.")
    for name in ("Runs", "Validity", "Audiences", "Settings"):
        page.get_by_role("link", name=name).first.click()
        settle(page)
    assert stopped == []
