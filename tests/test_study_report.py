"""The report of a study: a page, a workbook and a deck with the study's own tables, and one slide a campaign."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pptx
import pytest
from conftest import Command, make_audience
from provider_replies import remove_random_tokens
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.errors import InputError
from toolkit.models import LABEL, Campaign, Draft
from toolkit.models.exchange import Question
from toolkit.report import save_report
from toolkit.study import Study

EVIL = "<script>alert(1)</script>"
NAMES = ("apples", "books", "coats", "doors", "eggs")


def answer(question: Question) -> dict[str, Any]:
    """Answer by chance that only the question decides; questions are tapped more often."""
    chance = int(hashlib.sha256(remove_random_tokens(question.prompt).encode()).hexdigest()[:8], 16) / 2**32
    return reading("click" if chance < (0.7 if "?" in question.prompt.split("Send")[0] else 0.4) else "read")


def make_campaign(name: str) -> Campaign:
    """Return a campaign of a question and a claim."""
    drafts = (
        Draft(id="ask", text=f"Still waiting for your {name}?", tags={"style": "question"}),
        Draft(id="tell", text=f"Send {name} today.", tags={"style": "claim"}),
    )
    return Campaign(campaign=name, objective="click", drafts=drafts)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Return a finished study of five campaigns with two models, the same to every test here."""
    folder = tmp_path_factory.mktemp("study")
    models = [ScriptedEngine(answer, model=name) for name in ("one", "two")]
    return toolkit.study(
        [make_campaign(name) for name in NAMES],
        audiences=make_audience(),
        models=models,
        rating="direct",
        control=False,
        folder=folder / "spring",
        store=folder / "replies.sqlite",
    )


def test_the_page_has_the_studys_tables(study: Study, tmp_path: Path) -> None:
    """Every run's verdict and leading rate, the kinds of drafts in words and figures, agreement, and the label."""
    page = save_report(study, tmp_path / "study.html").read_text(encoding="utf-8")
    for row in study.verdicts().iter_rows(named=True):
        assert f"<bdi>{row['campaign']}</bdi>" in page
        assert f"<b>{row['objective_rate']:.0%}</b> <small>{row['low']:.0%} to {row['high']:.0%}</small>" in page
    (compared,) = study.compare("style").iter_rows(named=True)
    assert f"<td>{round(100 * compared['difference']):+d}</td>" in page
    assert compared["verdict"] in page
    assert "one and two would have said the same in" in page
    assert "5 campaigns, 1 audience and 2 models make 10 runs, of up to 12 people." in page
    assert page.count(LABEL) >= 5
    assert "<script" not in page


def test_the_workbook_has_every_table(study: Study, tmp_path: Path) -> None:
    """Its sheets read back as the study's own frames."""
    path = save_report(study, tmp_path / "study.xlsx")
    book = fastexcel.read_excel(path)
    assert book.sheet_names == [
        "Summary", "Verdicts", "Scorecard", "Kinds of drafts", "By campaign", "Agreement", "Method",
    ]  # fmt: skip
    verdicts = book.load_sheet("Verdicts", header_row=2).to_polars()
    assert verdicts["campaign"].to_list() == study.verdicts()["campaign"].to_list()
    assert verdicts["objective_rate"].to_list() == pytest.approx(study.verdicts()["objective_rate"].to_list(), abs=1e-3)
    assert book.load_sheet("Scorecard", header_row=2).to_polars().height == study.scorecard().height
    assert book.load_sheet("Summary", header_row=None).to_polars().row(0)[0] == LABEL


def test_the_deck_has_one_slide_a_campaign(study: Study, tmp_path: Path) -> None:
    """After the summary and the kinds of drafts; charts hold the scorecard's rates, and each slide has the label."""
    deck = pptx.Presentation(str(save_report(study, tmp_path / "study.pptx", title="Spring")))
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    assert titles[2:] == list(NAMES)
    assert titles[1] == "Which kinds of drafts do better"
    card = study.scorecard().filter(pl.col("measure") == "objective_rate")
    for slide, name in zip(list(deck.slides)[2:], NAMES, strict=True):
        (frame,) = [shape for shape in slide.shapes if shape.has_chart]
        plot = frame.chart.plots[0]
        assert list(plot.categories) == ["ask", "tell"]
        for series in plot.series:
            rows = card.filter((pl.col("campaign") == name) & (pl.col("model") == series.name))
            assert list(series.values) == pytest.approx(rows["estimate"].to_list())
    for slide in deck.slides:
        assert LABEL in [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
        assert "audience-toolkit" in slide.notes_slide.notes_text_frame.text
    (kinds,) = [shape for shape in deck.slides[1].shapes if shape.has_chart]
    (compared,) = study.compare("style").iter_rows(named=True)
    assert list(kinds.chart.plots[0].series[0].values) == pytest.approx([compared["difference"]])


def test_the_command_takes_a_study(study: Study, command: Command, tmp_path: Path) -> None:
    """A study's folder is reported as a run's is; what is for one run is refused."""
    out = tmp_path / "work"
    done = command("report", study.folder, "-o", "study.html", "-o", "study.pptx")
    assert (done.returncode, done.stdout) == (0, "study.html\nstudy.pptx\n"), done.stderr
    assert (out / "study.html").stat().st_size > 5_000
    house = {"AUDIENCE_LOGO": "nowhere.png", "AUDIENCE_REPLY_TO": "ada@example.org", "AUDIENCE_VIEW": "client"}
    assert command("report", study.folder, "-o", "study.xlsx", **house).returncode == 0
    refused = command("report", study.folder, "-o", "study.pdf")
    assert refused.returncode == 2
    assert "no report of a study has the suffix '.pdf'; allowed: .html, .xlsx, .pptx" in refused.stderr
    with pytest.raises(InputError, match="view is for the page of one run"):
        save_report(study, tmp_path / "client.html", view="client")


def test_a_study_that_failed_says_so(tmp_path: Path) -> None:
    """Hostile words and lacking runs: the page tells what is lacking, as text; the deck has no slide without a run."""

    def fail(question: Question) -> dict[str, Any] | Exception:
        return RuntimeError(EVIL) if "bad" in question.prompt else answer(question)

    campaigns = [
        Campaign(
            campaign=name, objective="click", drafts=(Draft(id="one", text=text), Draft(id="two", text=f"{text}!"))
        )
        for name, text in ((f"good {EVIL}", f"Good {EVIL}"), ("bad", "A bad thing."))
    ]
    found = toolkit.study(
        campaigns, audiences=make_audience(), engine=ScriptedEngine(fail), rating="direct", control=False,
        folder=tmp_path / "study", store=tmp_path / "replies.sqlite",
    )  # fmt: skip
    page = save_report(found, tmp_path / "study.html").read_text(encoding="utf-8")
    assert "What is lacking" in page
    assert "<script" not in page
    deck = pptx.Presentation(io.BytesIO(save_report(found, tmp_path / "study.pptx").read_bytes()))
    assert [slide.shapes.title.text_frame.text for slide in deck.slides][1:] == [
        row["campaign"] for row in found.verdicts().iter_rows(named=True) if row["folder"]
    ]
