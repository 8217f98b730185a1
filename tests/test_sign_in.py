"""Signing in: a page that others can reach asks who they are, through Streamlit's own OpenID Connect."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import CHROMIUM, ROOT, App, Log, app, browser, find_port, playwright, press, serve, settle, write_drafts
from conftest import Command
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.models import Audience, Campaign
from toolkit.store import approvals
from toolkit.store.campaigns import ShareLinks

__all__ = ["app", "browser"]


@pytest.mark.slow
def test_others_reach_the_page_only_with_sign_in(process: Command) -> None:
    """An address beyond this machine is refused in one line while nobody has to sign in."""
    found = process("app", "--host", "0.0.0.0", "--no-browser")  # noqa: S104 - what is refused
    assert found.returncode == 2
    assert found.stderr.startswith("audience: --host 0.0.0.0: others could reach the page, and nobody has to sign in;")


@pytest.fixture
def guarded(tmp_path: Path, browser: playwright.Browser) -> Iterator[App]:
    """Serve the page with a provider to sign in with, a finished run in its folder."""
    with serve_guarded(tmp_path, browser) as running:
        yield running


@contextlib.contextmanager
def serve_guarded(tmp_path: Path, browser: playwright.Browser, rules: str = "", **claims: str) -> Iterator[App]:
    """Serve the page with a provider that signs in Ada Lovelace, with further rules of who comes in."""
    from oidc_provider import CLIENT, OIDCProvider  # cryptography takes half a second

    port = find_port()
    folder = tmp_path / "work"
    (folder / ".streamlit").mkdir(parents=True)
    with OIDCProvider({"sub": "7", "name": "Ada Lovelace", **claims}) as provider:
        (folder / ".streamlit" / "secrets.toml").write_text(
            f'[auth]\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\ncookie_secret = "{"c" * 40}"\n'
            f'client_id = "{CLIENT}"\nclient_secret = "nothing to hide"\n'
            f'server_metadata_url = "{provider.address}/.well-known/openid-configuration"\n{rules}'
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


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_stranger_who_signs_in_sees_nothing(tmp_path: Path, browser: playwright.Browser) -> None:
    """Whom the provider signs in and nobody named gets one sentence and the way out, and no page."""
    with serve_guarded(tmp_path, browser, 'allowed_domains = ["example.org"]\n', email="ada@elsewhere.org") as running:
        page = running.open(f"{running.url}/settings", wait="people of your organisation")
        press(page.get_by_role("button", name="Sign in"))
        page.get_by_text("you are not among those who may use this page").wait_for()
        assert page.get_by_role("link", name="Runs").count() == 0
        assert page.get_by_text("Kept on this machine").count() == 0


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_link_shows_a_stranger_who_signs_in_one_result(
    tmp_path: Path, browser: playwright.Browser, campaign: Campaign, audience: Audience
) -> None:
    """With the link they read the client's page, which works, and nothing else; once taken back, not even that."""
    engine = ScriptedEngine(lambda question: reading("click" if "today" in question.prompt else "read"))
    run = toolkit.run(campaign, audience, engine=engine, rating="direct")
    with ShareLinks(Path(os.environ["AUDIENCE_STORE"])) as links:
        link = links.make("invoices", run.run_id, '{"view": "client"}', "Bo", "")
    with serve_guarded(tmp_path, browser, 'allowed_domains = ["example.org"]\n', email="ada@elsewhere.org") as running:
        run.save(running.folder / "runs" / run.run_id)
        address = f"{running.url}/?link={link.token}"
        page = running.open(address, wait="people of your organisation")
        press(page.get_by_role("button", name="Sign in"))
        page.get_by_text("you are not among those who may use this page").wait_for()
        page.goto(address)
        shown = page.frame_locator("iframe")
        shown.get_by_role("link", name="Approve").click()
        shown.get_by_label("The text to send back").wait_for()
        assert page.get_by_role("link", name="Runs").count() == 0
        page.goto(f"{running.url}/runs")
        page.get_by_text("you are not among those who may use this page").wait_for()
        with ShareLinks(Path(os.environ["AUDIENCE_STORE"])) as links:
            links.revoke(link.token, "")
        page.goto(address)
        page.get_by_text("you are not among those who may use this page").wait_for()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_another_way_to_start_it_opens_nothing(tmp_path: Path, browser: playwright.Browser) -> None:
    """`streamlit run app.py`, which listens to everybody, shows one line in place of the page."""
    port = find_port()
    flags = ["--server.port", str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    with subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.address", "0.0.0.0", *flags],  # noqa: S104
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        log = Log(process)
        try:
            log.wait_for("URL:")
            page = App(f"http://127.0.0.1:{port}", tmp_path, browser).open(wait="Others could reach this page")
            assert page.get_by_role("link", name="Runs").count() == 0
        finally:
            for context in browser.contexts:
                context.close()
            process.terminate()
            log.wait_for_end()
