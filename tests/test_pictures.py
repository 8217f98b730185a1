"""A draft's picture reaches models that see; others get its description, and the run says which."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from openai_server import Faults, OpenAIServer
from scripted import ScriptedEngine

import toolkit
from toolkit.drafts.pictures import LARGEST_PICTURE, keep_picture, load_picture
from toolkit.drafts.preview import render_preview
from toolkit.errors import InputError
from toolkit.models import Audience, Campaign
from toolkit.models.records import Brief
from toolkit.store.campaign_log import Campaigns, KeptCampaign
from toolkit.store.campaigns import pictures
from toolkit.store.upkeep import Upkeep

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FILE = """campaign: coat
drafts:
  - id: seen
    text: The coat that sold for forty-five pounds.
    image: coat.png
    alt: A green coat on a hanger.
  - {id: plain, text: A coat for sale.}
"""


@pytest.fixture
def coat(tmp_path: Path) -> Campaign:
    """Return a campaign of two drafts, one with a picture beside the file."""
    (tmp_path / "coat.png").write_bytes(PIXEL)
    (tmp_path / "coat.yaml").write_text(FILE)
    return toolkit.load_drafts(tmp_path / "coat.yaml")


def parts_of(server: OpenAIServer) -> list[list[dict[str, Any]]]:
    """Return the user message of every chat call that came in parts."""
    contents = [ask.body["messages"][1]["content"] for ask in server.requests if "messages" in ask.body]
    return [content for content in contents if isinstance(content, list)]


def test_a_model_that_sees_gets_the_picture(coat: Campaign, audience: Audience, server: OpenAIServer) -> None:
    """The picture goes beside the words, with the draft that has one only, and the run says so."""
    run = toolkit.run(coat, audience, base_url=server.base_url, model="m", rating="direct", control=False)
    sent = parts_of(server)
    assert len(sent) == 12
    url = "data:image/png;base64," + base64.b64encode(PIXEL).decode()
    assert all(parts[1] == {"type": "image_url", "image_url": {"url": url}} for parts in sent)
    assert all("forty-five" in parts[0]["text"] for parts in sent)
    assert "draft 'seen': its picture was sent to the model" in run.methods.warnings


def test_another_picture_asks_again(coat: Campaign, audience: Audience, server: OpenAIServer, tmp_path: Path) -> None:
    """The same picture costs nothing a second time; a changed one asks that draft's reactions again, as another run."""
    options: dict[str, Any] = {"base_url": server.base_url, "model": "m", "rating": "direct", "control": False}
    first = toolkit.run(coat, audience, **options)
    assert toolkit.run(coat, audience, **options).counts.calls == 0
    (tmp_path / "coat.png").write_bytes(PIXEL + b"1")
    changed = toolkit.run(coat, audience, **options)
    assert changed.counts.calls == 12
    assert changed.run_id != first.run_id


def test_a_model_that_refuses_pictures_gets_the_words(coat: Campaign, audience: Audience) -> None:
    """The picture is dropped once, with a warning, and every reaction comes."""
    with OpenAIServer(key=None, faults=dataclasses.replace(Faults(), no_pictures=True)) as server:
        run = toolkit.run(
            coat, audience, base_url=server.base_url, model="m", rating="direct", control=False, concurrency=1
        )
    assert run.is_complete
    assert run.counts.calls == 25
    assert "m refuses pictures; it was dropped for this run" in run.methods.warnings


def test_a_model_of_words_reads_the_description(coat: Campaign, audience: Audience) -> None:
    """A completion model gets the description in its page, no picture, and the run says so."""
    engine = ScriptedEngine(lambda _: ' "Nice coat."\nIt reads it\n', form="completion")
    run = toolkit.run(coat, audience, engine=engine, rating="direct", control=False)
    assert all(question.picture is None for question in engine.questions)
    assert any("A green coat on a hanger." in question.prompt for question in engine.questions)
    assert any("this engine reads text only; its description was read instead" in said for said in run.methods.warnings)


@pytest.mark.parametrize(
    ("name", "content"),
    [("../secret.png", PIXEL), ("notes.png", b"only words"), ("huge.png", PIXEL + b"0" * LARGEST_PICTURE)],
)
def test_only_small_pictures_beside_the_file_are_read(tmp_path: Path, name: str, content: bytes) -> None:
    """A path that leaves the folder, a file that is no picture and one that is too large are left alone."""
    folder = tmp_path / "campaign"
    folder.mkdir()
    (folder / name).write_bytes(content)
    assert load_picture(name, folder) is None
    assert load_picture("https://example.org/a.png", folder) is None
    (folder / "fine.png").write_bytes(PIXEL)
    assert str(load_picture("fine.png", folder)).startswith("data:image/png;base64,")


def test_a_picture_that_is_missing_is_said(coat: Campaign, audience: Audience, tmp_path: Path) -> None:
    """The run goes on with the description and names the file."""
    (tmp_path / "coat.png").unlink()
    engine = ScriptedEngine(lambda _: "nothing usable")
    run = toolkit.run(coat, audience, engine=engine, rating="direct", control=False)
    assert any("coat.png could not be read" in said for said in run.methods.warnings)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"GIF89a and so on", "no JPEG, PNG or WebP"),
        (b"RIFF\x00\x00\x00\x00WAVE", "no JPEG, PNG or WebP"),
        (b"<svg onload=alert(1)>", "no JPEG, PNG or WebP"),
        (PIXEL + b"\0" * LARGEST_PICTURE, "at most 5 MB"),
    ],
)
def test_what_is_no_small_picture_is_not_kept(data: bytes, said: str, tmp_path: Path) -> None:
    """The bytes say what a file is, and a refusal names what to give; nothing is written."""
    with pytest.raises(InputError, match=said):
        keep_picture(data, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_forgotten_campaign_takes_its_picture_along(tmp_path: Path) -> None:
    """What no kept campaign names any more is deleted with the next forgetting; the other's picture stays."""
    store = tmp_path / "store.sqlite"
    folder = pictures.find_folder(store)
    names = [keep_picture(PIXEL + extra, folder) for extra in (b"", b"2")]
    now = datetime.datetime.now(datetime.UTC)
    with Campaigns(store) as kept:
        for campaign, name, age in zip(("one", "two"), names, (40, 0), strict=True):
            content = json.dumps({"slots": {"0": {"name": "A", "text": campaign, "parts": {"image": name}}}})
            left = now - datetime.timedelta(days=age)
            kept.keep(KeptCampaign(id=campaign, title=campaign, content=content, changed=left))
    with Upkeep(store) as upkeep:
        assert "pictures" not in upkeep.prune(datetime.timedelta(days=90)).tables
        assert upkeep.prune(datetime.timedelta(days=30)).tables["pictures"] == 1
    assert [path.name for path in folder.iterdir()] == names[1:]


def test_a_brand_stands_above_its_drafts(tmp_path: Path) -> None:
    """The sender of a preview has the brief's name, as text, and its picture."""
    name = keep_picture(PIXEL, tmp_path)
    draft = toolkit.Draft(id="a", text="Jam today.", surface="facebook_post")
    drawn = str(render_preview(draft, folder=tmp_path, brief=Brief(brand="Jam <b>& Co", avatar=name)))
    assert "Jam &lt;b&gt;&amp; Co" in drawn
    assert drawn.count("data:image/png;base64,") == 1
    assert "data:image" not in str(render_preview(draft, brief=Brief(avatar=name)))
