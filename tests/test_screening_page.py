"""Many drafts on the page: pasted, screened by a few people, and the shortlist put into the campaign."""

from __future__ import annotations

from pathlib import Path

import pytest
from openai_server import PATIENCE, OpenAIServer
from streamlit.testing.v1 import AppTest

from toolkit.drafts import kept
from toolkit.models import LABEL
from toolkit.panel import api
from toolkit.ui import keys
from toolkit.ui.screening import split_texts
from toolkit.ui.session import Session

ROOT = Path(__file__).parent.parent


def find_field(page: AppTest, kind: str, key: str) -> object:
    """Return the field that was first known by a key."""
    return next(one for one in page.get(kind) if one.key and one.key.split("~")[0] == key)


def reload(page: AppTest) -> AppTest:
    """Return the page of the same campaign in a session of its own."""
    again = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    again.query_params["campaign"] = page.session_state["session"].kept_id
    return again.run()


def test_pasted_drafts_are_screened_and_the_shortlist_is_tested(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Eight pasted lines become eight drafts, two of them the campaign's; the people of the screening sit out."""
    monkeypatch.setenv("AUDIENCE_BASE_URL", server.base_url)
    monkeypatch.setenv("AUDIENCE_MODEL", "m")
    monkeypatch.chdir(tmp_path)
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE).run()
    session: Session = page.session_state["session"]
    session.put(keys.AUDIENCE, "uk-social-feed")
    session.put(keys.MANY_KEEP, 2)
    page.run()
    page.session_state["paste-many"] = True
    page.run()
    pasted = "\n".join(f"Sell your coat today, says line {number}." for number in range(8))
    find_field(page, "text_area", keys.MANY_WORDS).set_value(pasted).run()  # type: ignore[attr-defined]
    page.button(key=keys.MANY_TAKE).click().run()
    assert "8 drafts to screen" in [one.value for one in page.subheader]
    (listed,) = kept.list_kept(api.default_store())
    assert (listed.name, listed.waiting) == ("Sell your coat today, says line", 8)
    start = page.button(key=keys.MANY_START)
    assert start.label.startswith("Screen 8 drafts, ")
    start.click().run()
    (job,) = session.jobs.values()
    assert job.wait(PATIENCE)
    assert job.problem is None
    page.run()
    assert any("of 8 drafts are on the shortlist, after 24 people" in one.value for one in page.markdown)
    assert [one.value for one in page.caption].count(LABEL) == 2
    asked = server.count()
    page = reload(page)
    session = page.session_state["session"]
    assert not session.jobs
    assert any("of 8 drafts are on the shortlist, after 24 people" in one.value for one in page.markdown)
    assert any("none of the 24 people of the screening is asked here" in one.value for one in page.caption)
    assert not [one for one in page.button if one.key == keys.MANY_START]
    assert server.count() == asked
    page.button(key=keys.MANY_TEST).click().run()
    assert not page.exception
    assert [slot.name for slot in session.slots] == sorted(job.outcome.kept)
    assert "8 drafts to screen" not in [one.value for one in page.subheader]
    assert any("none of the 24 people of the screening is asked here" in one.value for one in page.caption)
    assert page.button(key=keys.START).label.startswith("Ask 72 people")
    page = reload(page)
    (table,) = page.dataframe
    assert len(table.value) == 8


def test_pasted_drafts_are_lines_or_paragraphs() -> None:
    """A blank line anywhere makes paragraphs of the drafts; else each line is one."""
    assert split_texts("one\ntwo\n") == ["one", "two"]
    assert split_texts("one\nmore of one\n \ntwo\r\n") == ["one\nmore of one", "two"]
    assert split_texts(" ") == []
