"""The report: one file, offline, safe with any text, the same facts in every form."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import fastexcel
import pytest
from conftest import Command, make_audience, make_campaign
from openai_server import PATIENCE, Ask, OpenAIServer

import toolkit
from toolkit.errors import InputError
from toolkit.models import LABEL, Audience, Campaign, Draft
from toolkit.report import save_report
from toolkit.report.saving import FORMATS, make_report, render_report
from toolkit.results import Run

GOLDEN = Path(__file__).parent / "golden" / "report.html"
EVIL = '=HYPERLINK("http://evil.example")<script>alert(1)</script> | **bold** [x](http://evil.example)'


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a finished run of two drafts, the same to every test here: nobody can change it."""
    store = tmp_path_factory.mktemp("report") / "reactions.sqlite"
    with OpenAIServer(key=None) as server:
        options = {"base_url": server.base_url, "model": "m", "store": store, "api_key": "none"}
        return toolkit.run(make_campaign(), make_audience(), rating="direct", **options)


@pytest.fixture(scope="module")
def page(run: Run) -> str:
    """Return its page."""
    return render_report(run, ".html").decode()


@pytest.fixture
def evil(audience: Audience, server: OpenAIServer) -> Run:
    """Return a run whose draft and replies carry markup and formulas."""

    def say(ask: Ask) -> dict[str, str] | None:
        return {"verbatim": EVIL, "objection": EVIL} if ask.path.endswith("chat/completions") else None

    server.script = say
    drafts = Campaign(campaign="evil", drafts=(Draft(id="one", text=EVIL), Draft(id="two", text="Plain words.")))
    return toolkit.run(drafts, audience, base_url=server.base_url, model="m", rating="direct")


def test_the_page_answers_in_a_clients_order(run: Run, page: str) -> None:
    """Decision, drafts, funnel, comparison, voices, segments, rules, health, method, and the label on every table."""
    places = [page.index(f"<h2>{heading}") for heading in re.findall(r"<h2>([^<]+)", page)]
    assert places == sorted(places)
    headings = re.findall(r"<h2>([^<]+)", page)
    assert headings[0] == "The drafts as they will appear"
    assert headings[-4:] == ["Segments", "Limits and rules", "Health of the run", "Method"]
    assert page.index(run.verdict().because[:20]) < page.index("<h2>")
    tables = page.count("<caption>")
    assert tables >= 3
    assert len(re.findall(r"<caption>[^<]*" + re.escape(LABEL), page)) == tables


def test_the_page_is_the_one_that_was_looked_at(audience: Audience, campaign: Campaign, server: OpenAIServer) -> None:
    """A fixed run gives the page kept in tests/golden, charts and dates aside; GOLDEN=1 writes it anew, to look at."""
    options = {"base_url": server.base_url, "model": "m", "rating": "direct", "seed": 7}
    page = render_report(toolkit.run(campaign, audience, **options), ".html").decode()
    for pattern, blank in (
        (r'src="data:[^"]+"', 'src="chart"'),
        (r"\d{4}-\d\d-\d\dT[\d:+]+", "a day"),
        (r"\b[0-9a-f]{12,}\b", "digits"),
        (r"(?s)<style>.*?</style>", ""),
    ):
        page = re.sub(pattern, blank, page)
    if os.environ.get("GOLDEN"):
        GOLDEN.write_text(page)
    assert page == GOLDEN.read_text()


def test_the_page_needs_no_network(page: str) -> None:
    """Nothing is fetched: no address in any source, style or script, and no script at all."""
    assert "<script" not in page
    assert not re.findall(r"""(?:src|href)=["']?(?!data:|#)[^"'\s>]+""", page)
    assert "@import" not in page
    assert "url(" not in page


def test_markup_stays_text(evil: Run) -> None:
    """A script in a draft or a verbatim is letters on the page and in Markdown, and no cell is a formula."""
    page = render_report(evil, ".html").decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    markdown = render_report(evil, ".md").decode()
    assert "<script>" not in markdown
    assert "](http" not in markdown
    book = fastexcel.read_excel(render_report(evil, ".xlsx"))
    said = book.load_sheet("Reactions", header_row=2).to_polars()
    assert EVIL in said["verbatim"].to_list()


def test_every_form_says_the_same(run: Run) -> None:
    """Decision, label and figures agree between JSON, Markdown, Excel and the frames."""
    plain = json.loads(render_report(run, ".json"))
    assert plain["label"] == LABEL
    assert plain["verdict"]["decision"] == run.verdict().decision
    assert plain["scorecard"] == run.scorecard().to_dicts()
    assert plain["synthetic_respondents"] is True
    markdown = render_report(run, ".md").decode()
    assert markdown.count(LABEL) == 2
    assert f"{run.scorecard()['estimate'][0]:.0%}" in markdown
    book = fastexcel.read_excel(render_report(run, ".xlsx"))
    assert book.sheet_names == [
        "Verdict",
        "Scorecard",
        "Comparisons",
        "Evidence",
        "Validation",
        "Segments",
        "Actions",
        "Objections",
        "Reactions",
        "Method",
    ]
    sheet = book.load_sheet("Comparisons", header_row=2).to_polars()
    assert sheet["difference"][0] == pytest.approx(run.compare()["difference"][0], abs=1e-9)


def test_a_run_that_failed_still_has_a_report(audience: Audience, campaign: Campaign, server: OpenAIServer) -> None:
    """Where no reaction could be used, every form is written and says so."""
    server.script = lambda _: "no JSON"
    run = toolkit.run(campaign, audience, base_url=server.base_url, model="m", rating="direct")
    assert run.counts.ok == 0
    for suffix in FORMATS:
        assert render_report(run, suffix)
    assert "Not enough" in render_report(run, ".html").decode()


def test_a_head_to_head_stands_beside_the_verdict(
    page: str, audience: Audience, campaign: Campaign, server: OpenAIServer
) -> None:
    """Strengths with intervals are a table of their own in every form; without one there is none."""
    options = {"base_url": server.base_url, "model": "m", "rating": "direct"}
    paired = toolkit.run(campaign, audience, **options, head_to_head=True)
    with_choices = render_report(paired, ".html").decode()
    assert "<h2>Head-to-head</h2>" in with_choices
    assert "the choice was the same in both orders" in with_choices
    assert "Head-to-head" in render_report(paired, ".md").decode()
    assert [row["draft_id"] for row in json.loads(render_report(paired, ".json"))["strengths"]] == ["plain", "benefit"]
    assert "<h2>Head-to-head</h2>" not in page
    assert "No order effect is possible" in page


def test_segments_are_tested_before_anything_is_claimed(run: Run, page: str) -> None:
    """Each segment key says whether the difference differs between its values, or that there is not enough."""
    tests = json.loads(render_report(run, ".json"))["interactions"]
    assert [test["segment"] for test in tests] == ["role"]
    assert "Does benefit minus plain differ by role?" in page


def test_a_wrong_suffix_is_refused(run: Run, tmp_path: Path) -> None:
    """The line names what is allowed, and nothing is written."""
    with pytest.raises(InputError, match=r"spring\.docx: .*allowed: \.html, \.md, \.xlsx, \.json, \.svg, \.png"):
        save_report(run, tmp_path / "spring.docx")
    assert list(tmp_path.glob("spring*")) == []


@pytest.mark.slow
def test_the_command_writes_several_forms(run: Run, command: Command, tmp_path: Path) -> None:
    """One call, three files; a folder that is no run ends in one line and exit 2."""
    run.save(tmp_path / "run")
    names = [str(tmp_path / f"report{suffix}") for suffix in (".html", ".xlsx", ".svg")]
    shown = command("report", tmp_path / "run", *(part for name in names for part in ("-o", name)))
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.split() == names
    assert all(Path(name).stat().st_size > 1000 for name in names)
    refused = command("report", tmp_path, "-o", "report.html")
    assert refused.returncode == 2
    assert "no run folder" in refused.stderr
    Path(names[0]).write_text("mine")
    kept = command("report", tmp_path / "run", "-o", names[0])
    assert kept.returncode == 2
    assert "the file exists; choose another name, or pass --force" in kept.stderr
    assert Path(names[0]).read_text() == "mine"
    assert command("report", tmp_path / "run", "-o", names[0], "--force").returncode == 0
    assert Path(names[0]).read_text() != "mine"


def test_pictures_are_pictures(run: Run) -> None:
    """PNG and SVG open as such, and the label is drawn into them."""
    assert render_report(run, ".png").startswith(b"\x89PNG")
    svg = render_report(run, ".svg").decode()
    assert svg.startswith("<svg")
    assert "No real people were" in svg


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium: apt-get install chromium")
def test_the_page_opens_in_a_browser(run: Run, tmp_path: Path) -> None:
    """Chromium draws the file and prints it, with no network."""
    save_report(run, tmp_path / "report.html")
    drawn = ["--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    drawn.append(f"--user-data-dir={tmp_path / 'profile'}")
    subprocess.run(
        ["chromium", *drawn, f"--print-to-pdf={tmp_path / 'report.pdf'}", (tmp_path / "report.html").as_uri()],
        check=True, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert make_report(run).label in (tmp_path / "report.html").read_text()
    assert io.BytesIO((tmp_path / "report.pdf").read_bytes()).getbuffer().nbytes > 10_000


ARABIC = "PayPal يتيح لك إرسال الفواتير داخل المحادثة، واحصل على أموالك اليوم."
JAPANESE = "チャットの中で請求書を送れます。今日中に入金されます。"


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run of one Arabic and one Japanese draft, most of it in Arabic."""
    texts = {"عرض": ARABIC, "سؤال": f"{ARABIC} هل أنت مستعد؟", "特典": JAPANESE}
    drafts = tuple(Draft(id=name, text=text, surface="facebook_post", cta="نعم") for name, text in texts.items())
    store = tmp_path_factory.mktemp("abroad") / "reactions.sqlite"
    with OpenAIServer(key=None) as server:
        options = {"base_url": server.base_url, "model": "m", "store": store, "api_key": "none"}
        return toolkit.run(Campaign(campaign="abroad", drafts=drafts), make_audience(), rating="direct", **options)


def test_each_text_names_its_language_and_direction(abroad: Run) -> None:
    """A screen reader and a browser learn which language each draft is in, and from which side it is read."""
    page = render_report(abroad, ".html").decode()
    assert f'<p class="preview-text" lang="ar" dir="rtl">{ARABIC}' in page
    assert '<p class="preview-text" lang="ja" dir="ltr">' in page
    assert '<html lang="en">' in page
    assert "<bdi>عرض</bdi>" in page


def test_sheets_read_from_the_right_where_the_campaign_does(abroad: Run, run: Run) -> None:
    """Most drafts decide for the whole workbook."""
    import openpyxl

    for shown, from_right in ((abroad, True), (run, False)):
        book = openpyxl.load_workbook(io.BytesIO(render_report(shown, ".xlsx")))
        assert {bool(sheet.sheet_view.rightToLeft) for sheet in book} == {from_right}


@pytest.mark.skipif(shutil.which("fc-list") is None, reason="needs fontconfig to know the fonts here")
def test_a_picture_says_which_letters_it_lacks(abroad: Run) -> None:
    """Names that no font here has are empty boxes, and the chart says what to install; others are left alone."""
    from toolkit.report import charts, fonts

    listed = subprocess.run(["fc-list", ":lang=ja"], capture_output=True, text=True, check=True).stdout
    said = fonts.say_lacking(["特典", "Größe"])
    assert ("install Noto Sans CJK" in said) == (not listed.strip())
    assert fonts.say_lacking(["plain", "größer", "Ωμέγα"]) == ""
    chart = charts.chart_rates(abroad.scorecard())
    noted = charts.add_note(chart, "No font here has them.")
    assert noted.title.subtitle[-1] == "No font here has them."
    assert chart.title.subtitle[-1] != "No font here has them."
    assert render_report(abroad, ".png").startswith(b"\x89PNG")
