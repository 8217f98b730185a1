"""What a client gets: a page and a deck with the report's own figures, every answer in them, inert with any text."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import hashlib
import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pptx
import pytest
from conftest import Command, make_audience, make_campaign
from hostile import PAYLOADS
from provider_replies import remove_random_tokens
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.errors import InputError
from toolkit.models import LABEL, Campaign, Draft
from toolkit.models.exchange import Question
from toolkit.panel import api
from toolkit.report import make_report, save_report, saving
from toolkit.report.client import make_client_page
from toolkit.report.client_answers import read_answer
from toolkit.report.client_html import render_client
from toolkit.report.letterheads import make_letterhead
from toolkit.report.printing import find_browser, print_pdf
from toolkit.results import Run
from toolkit.store.approvals import Approval, Approvals
from toolkit.store.campaigns import Comment, Comments

NOW = datetime.datetime(2026, 11, 29, 9, 5, tzinfo=datetime.UTC)
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


def answer(question: Question) -> dict[str, Any]:
    """Answer by chance that only the question decides; most hide the draft "plain"."""
    chance = int(hashlib.sha256(remove_random_tokens(question.prompt).encode()).hexdigest()[:8], 16) / 2**32
    pushed = 0.7 if "Send an invoice" in question.prompt else 0.1
    action = "hide" if chance < pushed else "click" if chance < 0.8 else "read"
    return reading(action, verbatim=f"I would {action} that.", objection="It does not say what it costs.")


def make_run(campaign: Campaign, **options: Any) -> Run:
    """Return a run of a campaign with people who differ."""
    return toolkit.run(campaign, make_audience(), engine=ScriptedEngine(answer), rating="direct", **options)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a finished run of two drafts, the same to every test here."""
    return make_run(make_campaign(), store=tmp_path_factory.mktemp("client") / "replies.sqlite")


def approve(run: Run, draft: Draft, **fields: Any) -> None:
    """Keep an approval of a draft."""
    name = run.methods.campaign.campaign
    given = {"digest": draft.digest, "campaign": name, "draft_id": draft.id, "approved_by": "Ada", "approved_at": NOW}
    with Approvals(api.default_store()) as kept:
        kept.approve(Approval(**(given | fields)))


def comment(run: Run, words: str, **fields: Any) -> None:
    """Keep a comment on the first draft."""
    campaign = run.methods.campaign
    given = {"campaign": campaign.campaign, "draft_id": campaign.drafts[0].id, "said_by": "Bo", "said_at": NOW}
    with Comments(api.default_store()) as kept:
        kept.add(Comment(words=words, **(given | fields)))


def open_deck(run: Run, path: Path, **options: Any) -> Any:
    """Return the saved deck of a run, read again."""
    return pptx.Presentation(str(save_report(run, path / "client.pptx", **options)))


def read_deck(deck: Any) -> str:
    """Return every text of a deck's slides."""
    return "\n".join(_list_texts(deck))


def _list_texts(deck: Any) -> Iterator[str]:
    for slide in deck.slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                yield shape.text_frame.text
            if shape.has_table:
                yield from (cell.text_frame.text for row in shape.table.rows for cell in row.cells)


class _Attributes(HTMLParser):
    """Gathers the names of all attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Note them."""
        self.names += [name for name, _ in attrs]


def list_attributes(page: str) -> list[str]:
    """Return the name of every attribute of a page, as a browser reads it."""
    parser = _Attributes()
    parser.feed(page)
    return parser.names


def find_charts(deck: Any) -> list[Any]:
    """Return the charts of a deck in their frames."""
    return [shape for slide in deck.slides for shape in slide.shapes if shape.has_chart]


def test_the_page_says_what_the_report_says(run: Run) -> None:
    """Recommendation, label, every rate with its interval and count of people stand in it, and three quotes."""
    report = make_report(run)
    page = render_client(make_client_page(report))
    recommendation = report.recommendation
    assert f"<h1>{recommendation.headline}</h1>" in page
    for sentence in recommendation.sentences[1:]:
        assert sentence in page
    assert page.count(LABEL) >= 3
    rates = report.scorecard.filter(pl.col("measure").is_in(["objective_rate", "negative_rate"]))
    assert rates.height == 4
    for row in rates.iter_rows(named=True):
        assert f"<b>{row['estimate']:.0%}</b> <small>{100 * row['low']:.0f}\N{EN DASH}{row['high']:.0%}</small>" in page
    assert len(re.findall("<blockquote>", page)) == 3
    assert f"{run.methods.personas} simulated people of jam-sellers" in page
    assert run.methods.model in page
    assert f"put in {run.methods.wordings} wordings" in page


def test_quotes_name_people_and_no_ids(run: Run, tmp_path: Path) -> None:
    """A client reads who spoke in words, on the page as in the deck; an id says nothing to anybody."""
    page = render_client(make_client_page(make_report(run)))
    deck = open_deck(run, tmp_path)
    notes = "".join(slide.notes_slide.notes_text_frame.text for slide in deck.slides)
    for written in (page, read_deck(deck) + notes):
        assert re.search(r"\b(seller|buyer)(</bdi>)?, would ", written)
        assert not re.search(r"\bp\d\d\b", written)


@pytest.mark.parametrize(
    ("segments", "who"),
    [
        ({"age": "50-64", "role": "seller"}, "seller, 50 to 64"),
        ({"role": "mother", "child": "6-9", "attitude": "wary"}, "mother, child 6 to 9"),
        ({"age": "65+", "nation": "wales"}, "wales, 65 or over"),
        ({"has_shop": "no", "trust": "low"}, "has shop no, trust low"),
        ({"role": None}, "a simulated person"),
        ({}, "a simulated person"),
    ],
)
def test_segments_are_told_as_a_person(run: Run, segments: dict[str, str | None], who: str) -> None:
    """What somebody is comes first, the age last; what says nothing alone stands with its name."""
    reactions = run.reactions.with_columns(segments=pl.lit(segments or None, allow_object=False))
    quotes = make_client_page(make_report(dataclasses.replace(run, reactions=reactions))).quotes
    assert {quote.who for quote in quotes} == {who}


def test_the_page_may_run_its_own_script_and_fetch_nothing(run: Run) -> None:
    """Its policy names its style and script by their digests, and there is no address in it but the answer's mail."""
    page = render_client(make_client_page(make_report(run), make_letterhead(logo=PIXEL, reply_to="ada@example.org")))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    rules = policy[1].replace("&#39;", "'")
    assert rules.startswith("default-src 'none';")
    for tag in ("style", "script"):
        (text,) = re.findall(rf"(?s)<{tag}>(.*?)</{tag}>", page)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in rules
    assert "unsafe" not in rules
    assert " style=" not in page
    assert not re.search(r'(?:src|href|action)="(?!data:image/|mailto:|#)', page)
    assert "url(" not in page
    assert 'href="mailto:ada@example.org?subject=' in page


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    """Drafts, replies, names, notes and comments with markup are text in the page and in the deck."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'</textarea></script>"
    drafts = (Draft(id="one", text=evil, headline=evil, cta=evil[:20]), Draft(id="two", text=PAYLOADS["escape codes"]))
    hostile = toolkit.run(
        Campaign(campaign=evil, objective="click", drafts=drafts),
        make_audience(),
        engine=ScriptedEngine(lambda _: reading("click", verbatim=evil, objection=evil)),
        rating="direct",
    )
    approve(hostile, drafts[0], approved_by=evil, note=evil)
    comment(hostile, evil, said_by=evil, quote=evil)
    page = render_client(make_client_page(make_report(hostile)))
    assert len(re.findall("<script", page)) == 1
    assert "<img" not in page
    assert not [name for name in list_attributes(page) if name.startswith("on") or name in {"style", "srcdoc"}]
    assert page.count("&lt;script&gt;") > 8
    deck = open_deck(hostile, tmp_path)
    assert read_deck(deck).count("<script>") > 8


@pytest.mark.parametrize("kind", ["page", "deck", ".html", ".md", ".json"])
def test_approvals_and_comments_are_in_every_output(run: Run, tmp_path: Path, kind: str) -> None:
    """Who approved which draft and who asked for what stands there; an approval of other words does not."""
    first, second = run.methods.campaign.drafts
    approve(run, second, note="Go.")
    approve(run, first, digest="0" * 64, approved_by="Cy")
    comment(run, "Say the price.", asks_change=True)
    if kind == "page":
        said = render_client(make_client_page(make_report(run)))
    elif kind == "deck":
        said = read_deck(open_deck(run, tmp_path))
    else:
        said = save_report(run, tmp_path / f"report{kind}").read_text(encoding="utf-8")
    assert ('"approved_at": "2026-11-29T09:05:00Z"' if kind == ".json" else "Ada, 29 November 2026, 09:05 UTC") in said
    assert "Go." in said
    assert "Cy" not in said
    assert "Bo" in said
    assert "Say the price." in said


def test_comments_can_be_left_out(run: Run, tmp_path: Path) -> None:
    """What a team says among itself need not reach a client."""
    comment(run, "The client will hate it.")
    path = save_report(run, tmp_path / "client.html", view="client", comments=False)
    assert "hate it" not in path.read_text(encoding="utf-8")
    assert "hate it" not in read_deck(open_deck(run, tmp_path, comments=False))


def test_the_deck_has_charts_with_the_scorecards_data(run: Run, tmp_path: Path) -> None:
    """Reopened, the native chart holds each rate, and its error bars each interval; its words tell both."""
    report = make_report(run)
    (frame,) = find_charts(open_deck(run, tmp_path))
    plot = frame.chart.plots[0]
    assert list(plot.categories) == list(run.drafts)
    for series, measure in zip(plot.series, ("objective_rate", "negative_rate"), strict=True):
        rows = report.scorecard.filter(pl.col("measure") == measure).to_dicts()
        assert list(series.values) == pytest.approx([row["estimate"] for row in rows])
        bars = series._element.find(f"{CHART}errBars")
        below, above = (
            [float(value.text) for value in bars.find(f"{CHART}{side}").iter(f"{CHART}v")] for side in ("minus", "plus")
        )
        assert below == pytest.approx([row["estimate"] - row["low"] for row in rows], abs=1e-6)
        assert above == pytest.approx([row["high"] - row["estimate"] for row in rows], abs=1e-6)
        told = frame._element.xpath(".//p:cNvPr")[0].get("descr")
        assert all(f"{row['estimate']:.0%} ({row['low']:.0%} to {row['high']:.0%})" in told for row in rows)


def test_every_slide_has_the_label_and_the_method(run: Run, tmp_path: Path) -> None:
    """The label is on each slide; the notes name model and wordings, and hold the drafts whole."""
    deck = open_deck(run, tmp_path, logo=PIXEL, title="Spring")
    assert len(deck.slides) == 5
    for slide in deck.slides:
        texts = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
        assert LABEL in texts
        assert run.methods.model in slide.notes_slide.notes_text_frame.text
        pictured = [shape for shape in slide.shapes if shape.shape_type == 13]
        assert [shape._element.xpath(".//p:cNvPr")[0].get("descr") for shape in pictured] == ["Logo"]
    notes = "\n".join(slide.notes_slide.notes_text_frame.text for slide in deck.slides)
    assert all(draft.text in notes for draft in run.methods.campaign.drafts)
    assert deck.core_properties.title == "Spring"
    assert "AI-generated" in deck.core_properties.keywords


def test_many_drafts_keep_one_page(tmp_path: Path) -> None:
    """Of eight drafts three are drawn, the figures of all are told, and the deck shows each."""
    drafts = tuple(Draft(id=f"d{number}", text=f"Send an invoice in the chat, number {number}.") for number in range(8))
    many = make_run(Campaign(campaign="many", objective="click", drafts=drafts))
    page = make_client_page(make_report(many))
    drawn = render_client(page)
    assert len(page.shown) == 3
    assert drawn.count('class="card') == 3 + 1
    assert all(f"<bdi>{draft.id}</bdi>" in drawn for draft in drafts)
    deck = open_deck(many, tmp_path)
    assert all(draft.text in read_deck(deck) for draft in drafts)
    assert [len(frame.chart.plots[0].categories) for frame in find_charts(deck)] == [8]


def test_a_deck_without_a_usable_reaction_says_so(tmp_path: Path) -> None:
    """A run in which nothing could be used has a page and a deck, and no chart."""
    empty = toolkit.run(
        make_campaign(), make_audience(), engine=ScriptedEngine(lambda _: "I cannot do that."), rating="direct"
    )
    assert "No reaction could be used." in render_client(make_client_page(make_report(empty)))
    assert find_charts(open_deck(empty, tmp_path)) == []


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("client.docx", {}, "no report has the suffix '.docx'; allowed: .html, .md, .xlsx, .json, .svg, .png, .pdf"),
        ("client.xlsx", {"view": "client"}, "a client's page has not the suffix '.xlsx'; allowed: .html, .pdf, .pptx"),
        ("report.html", {"logo": PIXEL}, "logo is for what a client gets; add view='client', or write .pdf or .pptx"),
        ("client.html", {"view": "cleint"}, "view='cleint'; did you mean client?; allowed: full, client"),
        ("client.pdf", {"paper": "a5"}, "paper='a5'; did you mean a4?; allowed: a4, letter"),
        ("client.pptx", {"logo": b"GIF89a"}, "logo: not a picture that can be used; give a PNG or JPEG file"),
        ("client.pptx", {"logo": "nowhere.png"}, "nowhere.png'?: the picture cannot be read"),
        ("client.pptx", {"reply_to": "ada at example"}, "not a mail address, such as ada@example.org"),
        ("client.pptx", {"title": "x" * 200}, "200 characters; at most 120 fit at the top of a page"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    run: Run, tmp_path: Path, name: str, options: dict[str, Any], said: str
) -> None:
    """The message names what was given and what is allowed, and no file is written."""
    with pytest.raises(InputError, match=said if "?" in said and "did" not in said else re.escape(said)) as raised:
        save_report(run, tmp_path / name, **options)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_without_a_browser_the_message_says_what_to_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Chromium anywhere: one line names what to install, and how to print without."""
    for name in ("PATH", "HOME", "PLAYWRIGHT_BROWSERS_PATH"):
        monkeypatch.setenv(name, str(tmp_path))
    assert find_browser() is None
    with pytest.raises(InputError, match=r"none is on this machine; install one, .*write client\.html and print it"):
        save_report(run, tmp_path / "client.pdf")


def test_playwrights_browser_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that only Playwright knows of serves as well."""
    browser = tmp_path / "chromium-1200" / "chrome-linux64" / "chrome"
    browser.parent.mkdir(parents=True)
    browser.write_text("#!/bin/sh\n", encoding="utf-8")
    browser.chmod(0o755)
    for name in ("PATH", "HOME", "PLAYWRIGHT_BROWSERS_PATH"):
        monkeypatch.setenv(name, str(tmp_path))
    assert find_browser() == browser


def test_a_browser_that_fails_is_told_of(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it complained of last stands in the one line."""
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\necho 'cannot open display' >&2\nexit 1\n", encoding="utf-8")
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(InputError, match="printed no PDF: cannot open display; write client"):
        save_report(run, tmp_path / "client.pdf")


def test_a_browser_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its time and no more, with what it started, and leaves no folder behind."""
    browser, begun = tmp_path / "chromium", tmp_path / "begun"
    browser.write_text(f"#!/bin/sh\nsleep 300 &\necho $! > {begun}\nwait\n", encoding="utf-8")
    browser.chmod(0o755)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    with pytest.raises(InputError, match="printed nothing within 3 seconds; write client"):
        print_pdf("<p>", browser=browser, patience=3)
    deadline = time.monotonic() + 10
    while is_running(int(begun.read_text(encoding="utf-8"))):
        assert time.monotonic() < deadline
    assert list((tmp_path / "tmp").iterdir()) == []


def is_running(process: int) -> bool:
    """Whether a process still does something; one that nobody has waited for yet does not."""
    status = Path(f"/proc/{process}/stat")
    return status.is_file() and status.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"


def test_the_command_writes_what_a_client_gets(run: Run, command: Command, tmp_path: Path) -> None:
    """One call writes page and deck with the letterhead; a flag for clients alone is refused with a report."""
    run.save(tmp_path / "work" / "run")
    (tmp_path / "work" / "logo.png").write_bytes(PIXEL)
    done = command(
        "report", "run", "-o", "client.html", "-o", "client.pptx", "--view", "client", "--title", "Spring", "--logo",
        "logo.png", "--reply-to", "ada@example.org",
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "client.html\nclient.pptx\n"), done.stderr
    page = (tmp_path / "work" / "client.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in page
    assert ">Spring</p>" in page
    refused = command("report", "run", "-o", "report.md", "--title", "Spring")
    assert refused.returncode == 2
    assert "report.md: --title is for what a client gets; add --view client" in refused.stderr
    both = command("report", "run", "-o", "both.md", "-o", "both.pptx", "--title", "Spring")
    assert both.returncode == 0, both.stderr
    house = {"AUDIENCE_LOGO": "logo.png", "AUDIENCE_REPLY_TO": "ada@example.org", "AUDIENCE_VIEW": "client"}
    plain = command("report", "run", "-o", "plain.md", **house)
    assert plain.returncode == 0, plain.stderr
    assert command("report", "run", "-o", "house.html", **house).returncode == 0
    assert "mailto:ada@example.org" in (tmp_path / "work" / "house.html").read_text(encoding="utf-8")


def test_an_answer_is_read_from_a_mail(run: Run) -> None:
    """Quoted, with a greeting and a signature, it names draft, client and note; other words are refused."""
    campaign = run.methods.campaign
    draft = campaign.drafts[1]
    text = (
        f'I approve draft "{draft.id}" of "{campaign.campaign}".\n\nGo ahead.\nBut soon.\n\nName: Ada Client\n'
        f"Answer: approve / words {draft.digest[:16]} / run {run.run_id}"
    )
    mail = "Hello,\r\n\r\n" + "".join(f"> {line}\r\n" for line in text.split("\n")) + "\r\nBest, Ada\r\n"
    for pasted in (text, mail):
        found = read_answer(pasted, campaign)
        assert (found.kind, found.draft, found.said_by) == ("approve", draft, "Ada Client")
        assert found.note == "Go ahead.\nBut soon."
    with pytest.raises(InputError, match="a draft was edited since"):
        read_answer(text.replace(draft.digest[:16], "0" * 16), campaign)
    with pytest.raises(InputError, match="holds no answer"):
        read_answer("I approve it.", campaign)
    with pytest.raises(InputError, match="several answers"):
        read_answer(text + "\n" + text.replace("approve /", "change /"), campaign)


def test_each_form_is_offered_once() -> None:
    """What is for clients alone is no form of the report, and the other way round."""
    assert saving.set_apart() == [".pdf", ".pptx"]
    assert set(saving.CLIENT_FORMATS) & set(saving.FORMATS) == {".html"}
