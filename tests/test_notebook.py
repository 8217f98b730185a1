"""In a notebook: what objects show, tables to look at, charts, the bar, and the example notebooks."""

from __future__ import annotations

import dataclasses
import html.parser
import io
import re
import runpy
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import polars as pl
import pytest
from conftest import make_audience, make_campaign
from scripted import ScriptedEngine
from test_prose import LONGEST, count_words, list_sentences
from toolkit_runs import answer

import toolkit
from toolkit import Audience, Campaign, InputError
from toolkit.models import LABEL
from toolkit.results import Run

ROOT = Path(__file__).parent.parent
KEPT = Path(__file__).parent / "data" / "version-0.1" / "run"
HOSTILE = "<script>alert(1)</script> & \"'<img src=x onerror=alert(2)> costs $5 or $6"
PAGES = runpy.run_path(str(ROOT / "benchmarks" / "notebook_pages.py"))
NOTEBOOKS = PAGES["list_notebooks"]()


@pytest.fixture(scope="module")
def run() -> Run:
    """Return a run of 16 people, buyers and sellers."""
    return toolkit.load_run(KEPT)


class _Elements(html.parser.HTMLParser):
    """Collects the elements and the words of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Collect an element, and any attribute that would run."""
        self.names.add(tag)
        self.names |= {name for name, _ in attributes if name.startswith("on")}

    def handle_data(self, data: str) -> None:
        """Collect words."""
        self.words.append(data)


def read(shown: Any) -> _Elements:
    """Return what a notebook would draw of an object."""
    parser = _Elements()
    parser.feed(shown._repr_html_())
    return parser


def make_hostile(run: Run) -> dict[str, Any]:
    """Return everything that has a card or a table, with words that would break out of HTML."""
    person = toolkit.Persona(id="p", name=HOSTILE, about=HOSTILE, segments={HOSTILE: HOSTILE})
    campaign = Campaign(campaign=HOSTILE, drafts=(toolkit.Draft(id="a", text=HOSTILE, headline=HOSTILE),))
    methods = run.methods.model_copy(update={"warnings": (HOSTILE,), "model": HOSTILE})
    verdict = run.verdict().model_copy(update={"because": HOSTILE, "draft": HOSTILE})
    said = run.reactions.with_columns(verbatim=pl.lit(HOSTILE)).rename({"error": HOSTILE})
    return {
        "audience": Audience(audience=HOSTILE, description=HOSTILE, source=HOSTILE, personas=(person,)),
        "campaign": campaign,
        "run": dataclasses.replace(run, methods=methods),
        "verdict": verdict,
        "table": toolkit.show(said.with_columns(pl.lit("x").alias(HOSTILE)), HOSTILE),
    }


def test_hostile_words_stay_words(run: Run) -> None:
    """Names, copy and answers reach no element, no attribute and no formula; the label is on each."""
    for name, shown in make_hostile(run).items():
        drawn = read(shown)
        assert not drawn.names & {"script", "img", "onerror"}, name
        words = " ".join(drawn.words)
        assert "<script>alert(1)</script>" in words, name
        assert LABEL in words, name
        assert "mathjax_ignore" in shown._repr_html_()


def test_a_run_shows_its_verdict_and_rates(run: Run) -> None:
    """The card has the decision, the reason, each draft with its interval and people, and that nothing is validated."""
    words = " ".join(read(run).words)
    for told in (
        "benefit is best",
        "97 points, 89 to 100",
        "3% (0% to 11%)",
        "16 personas",
        "32 of 32",
        "not validated",
    ):
        assert told in words, told
    assert "chance" not in words.lower()


def test_others_show_what_they_hold(run: Run) -> None:
    """An audience counts its segments, a campaign lists its drafts, an estimate says price and lead."""
    audience = " ".join(read(make_audience()).words)
    assert "people" in audience
    assert "role" in audience
    campaign = " ".join(read(make_campaign()).words)
    assert all(draft.text in campaign for draft in make_campaign())
    estimate = toolkit.estimate(make_campaign(), make_audience(), model="gpt-5-mini", price=(1.0, 2.0), rating="direct")
    shown = " ".join(read(estimate).words)
    assert f"{estimate.calls:,}" in shown
    assert f"${estimate.cost_usd:,.2f}" in shown
    assert "points would be called best" in shown
    assert run.verdict().headline in " ".join(read(run.verdict()).words)


def test_tables_are_rounded_with_the_main_columns_first(run: Run) -> None:
    """Shares are in per cent, ratings stay numbers, the frame behind keeps its digits and columns."""
    shown = run.show("comparisons", by="role")
    assert shown.cells.columns[:6] == ["A", "B", "segment", "value", "measure", "difference"]
    assert shown.cells["difference"].to_list() == ["+100%", "+93%"] or shown.cells["difference"][0].startswith("+")
    assert shown.frame.equals(run.compare(by="role"))
    cards = run.show()
    assert "segment" not in cards.cells.columns
    assert cards.cells.row(1)[:3] == ("plain", "reached the objective", "3%")
    assert re.fullmatch(r"\d\.\d\d", cards.cells.filter(measure="trust")["estimate"][0])
    people = run.show("reactions").cells
    assert people.columns[:2] == ["draft", "persona"]
    assert "role" in people.columns
    assert LABEL in repr(cards)
    assert "32 rows" not in repr(cards)
    assert "The first 60 of 96 rows" in toolkit.show(pl.concat([run.reactions] * 3))._repr_html_()


def test_any_frame_is_shown() -> None:
    """Rows, and columns that nobody knows."""
    shown = toolkit.show([{"style": "question", "rate": 0.123456}], "Styles")
    assert shown.cells.to_dicts() == [{"style": "question", "rate": "0.12"}]
    assert "Styles" in shown._repr_html_()


@pytest.mark.parametrize("what", ["drafts", "ratings", "differences", "segments"])
def test_charts_carry_intervals_and_the_label(run: Run, what: str) -> None:
    """Each has its marks of low and high, and says that nobody was asked."""
    drawn = run.plot(what).to_dict()
    assert LABEL in " ".join(drawn["title"]["subtitle"])
    assert "low" in str(drawn)
    assert "high" in str(drawn)


def test_segments_are_those_asked_for(run: Run) -> None:
    """A key, several, and another measure on its own scale."""
    one = str(run.plot("segments", by="role").to_dict())
    assert "buyer (role)" in one
    both = str(run.plot("segments", by=["role", "model"]).to_dict())
    assert "buyer, m (role, model)" in both
    assert "trust, 1 to 5" in str(run.plot("segments", by="role", measure="trust").to_dict())


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda run: run.plot("draft"), "did you mean drafts"),
        (lambda run: run.plot(by="role"), "only what='segments' is split"),
        (lambda run: run.plot("segments", measure="trsut"), "did you mean trust"),
        (lambda run: run.plot("segments", by="rol"), "did you mean role"),
        (lambda run: run.show("scorecards"), "did you mean scorecard"),
        (lambda run: run.show(measure="trsut"), "did you mean trust"),
        (lambda run: run.show("reactions", by="role"), "takes neither by nor measure"),
        (lambda _: toolkit.show(3), "int is no table"),
    ],
)
def test_what_cannot_be_shown_is_named(run: Run, call: Callable[[Run], object], said: str) -> None:
    """A wrong word names the nearest right one."""
    with pytest.raises(InputError, match=re.escape(said)):
        call(run)


def test_a_bar_counts_what_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On standard error, to its end, beside one's own listener; silent unless asked for."""
    heard: list[object] = []
    options: dict[str, Any] = {"rating": "direct", "control": False, "sample": 4, "store": tmp_path / "a.sqlite"}
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))  # loaded, and no kernel runs
    ended = toolkit.run(
        make_campaign(), make_audience(), engine=ScriptedEngine(answer), progress=True, on_reaction=heard.append,
        **options,
    )  # fmt: skip
    assert len(heard) == ended.counts.planned == 8
    assert "8/8" in shown.getvalue()
    assert "answers" in shown.getvalue()
    shown.truncate(0)
    toolkit.run(make_campaign(), make_audience(), engine=ScriptedEngine(answer), **options)
    assert "8/8" not in shown.getvalue()
    with pytest.raises(InputError, match="progress='yes': give True or False"):
        toolkit.run(make_campaign(), make_audience(), engine=ScriptedEngine(answer), progress="yes", **options)  # type: ignore[arg-type]


def test_a_card_needs_no_package_of_the_extra() -> None:
    """A run shows its card, and a table a plain one, without Altair and Great Tables."""
    code = (
        "import sys, toolkit\n"
        "sys.modules['great_tables'] = sys.modules['altair'] = None\n"
        f"run = toolkit.load_run({str(KEPT)!r})\n"
        "run._repr_html_()\n"
        "print('too close' in run.show()._repr_html_() or 'reached the objective' in run.show()._repr_html_())\n"
        "try: run.show().gt\n"
        "except toolkit.InputError as error: print(error)\n"
        "try: run.plot()\n"
        "except toolkit.InputError as error: print(error)\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    plain, table, chart = shown.strip().splitlines()
    assert plain == "True"
    assert "audience-toolkit[notebook]" in table
    assert "audience-toolkit[charts]" in chart


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_page_is_its_notebook(path: Path) -> None:
    """The page in the documentation has the notebook's words, code and outputs: benchmarks/notebook_pages.py."""
    page = ROOT / "docs" / "notebooks" / f"{path.stem}.md"
    assert page.read_text(encoding="utf-8") == PAGES["write_page"](path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_words_of_a_notebook_are_plain(path: Path) -> None:
    """They are read once, and the label stands on top."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    assert LABEL in cells[0].source
    for cell in cells:
        assert all(count_words(sentence) <= LONGEST for sentence in list_sentences(cell.source)), cell.source


@pytest.mark.slow
def test_the_notebooks_run_in_a_kernel() -> None:
    """Each runs from top to bottom, and shows what it shows in the repository; pictures may differ by a font."""
    for path in NOTEBOOKS:
        kept = nbformat.read(path, as_version=4)
        again = PAGES["run_notebook"](path)
        for before, after in zip(kept.cells, again.cells, strict=True):
            assert list(map(name_output, before.get("outputs", []))) == list(map(name_output, after.get("outputs", [])))


def name_output(output: Any) -> object:
    """Return what an output says, of a picture that it is one."""
    data = dict(output.get("data", {}))
    data = {kind: "a picture" if kind == "image/svg+xml" else value for kind, value in data.items()}
    return data or output.get("text")
