"""Drafts, people and reactions go in as frames of any library, rows or texts; tables are split by any column."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

import toolkit
from toolkit import Audience, Campaign, InputError
from toolkit.results import Run

ROOT = Path(__file__).parent.parent
KEPT = Path(__file__).parent / "data" / "version-0.1" / "run"


def relate(rows: list[dict[str, Any]]) -> duckdb.DuckDBPyRelation:
    """Return rows as a relation of DuckDB."""
    return duckdb.from_arrow(pl.DataFrame(rows, infer_schema_length=None).to_arrow())


def keep(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows as they are."""
    return rows


MAKERS: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
    "polars": pl.DataFrame,
    "lazy": pl.LazyFrame,
    "pandas": pd.DataFrame,
    "pyarrow": pa.Table.from_pylist,
    "duckdb": relate,
    "rows": keep,
}
DRAFTS = [{"id": 1, "text": "Send an invoice.", "headline": None}, {"id": 2, "text": "Get paid.", "headline": "Today"}]
PEOPLE = [
    {"id": 7, "name": "Ann", "age": 30.0, "about": "Sells jam.", "weight": 2.0, "role": "seller"},
    {"id": 8, "name": "Bob", "age": None, "about": "Buys jam.", "weight": 1.0, "role": "buyer"},
]
ROWS = [
    {"who": "a1", "job": "potter", "place": "Leeds", "reach": "ann@example.org", "counts": 1.5},
    {"who": "a2", "job": "baker", "place": "York", "reach": "bob@example.org", "counts": 0.5},
]


@pytest.fixture(scope="module")
def run() -> Run:
    """Return a run of 16 people, buyers and sellers."""
    return toolkit.load_run(KEPT)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_drafts_and_people_go_in(make: Callable[[list[dict[str, Any]]], Any]) -> None:
    """Each library's frame gives the same drafts and people; an empty cell is no value, whole numbers are names."""
    planned = toolkit.plan(make(DRAFTS), make(PEOPLE))
    assert [(one.id, one.headline) for one in planned.campaign.drafts] == [("1", None), ("2", "Today")]
    people = {one.id: one for one in planned.panel}
    assert (people["7"].age, people["7"].weight, people["7"].segments) == (30, 2.0, {"role": "seller"})
    assert people["8"].age is None
    assert toolkit.estimate(make(DRAFTS), make(PEOPLE), engine="local").reactions == 4
    assert [found.rule for found in toolkit.lint(make([{"id": "a", "text": "CLICK NOW!!! LIKE AND SHARE!!!"}]))]


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_reactions_go_in(run: Run, make: Callable[[list[dict[str, Any]]], Any]) -> None:
    """Scorecards and comparisons of each library's frame are the run's own."""
    rows = run.reactions.drop("quotes").to_dicts()
    assert_frame_equal(toolkit.scorecard(make(rows), by="role"), run.scorecard(by="role"))
    assert_frame_equal(toolkit.compare(make(rows), by="role"), run.compare(by="role"))


def test_texts_go_in(tmp_path: Path) -> None:
    """A text with spaces is a draft, and so is each text of a list; a path stays a path."""
    assert toolkit.plan("Get paid today, in the chat.", "uk-small-sellers").campaign[0].text.startswith("Get paid")
    listed = toolkit.plan(["Get paid.", "Send an invoice.\nIt is easy."], "uk-small-sellers").campaign
    assert [draft.id for draft in listed] == ["get-paid", "send-an-invoice-it-is"]
    (tmp_path / "brief.txt").write_text("Sell your coat today.", encoding="utf-8")
    files = [ROOT / "examples" / "paypal-invoices.yaml", str(tmp_path / "brief.txt")]
    assert [draft.id for draft in toolkit.plan(files, "uk-small-sellers").campaign] == ["plain", "benefit", "brief"]
    for missing in ("no such folder/spring.yaml", "spring.csv", "spring"):
        with pytest.raises(InputError, match="no such file"):
            toolkit.plan(missing, "uk-small-sellers")


def test_a_campaign_is_made_of_a_frame() -> None:
    """Usual headings are recognised, columns are named where they are called otherwise, and the rest is told."""
    frame = pl.DataFrame({"caption": ["Buy jam.", "Get jam."], "author": ["x", "y"], "button": ["Buy", "Go"]})
    made = Campaign.from_frame(
        frame, columns={"cta": "button"}, campaign="jam", objective="click", checks=[{"lint": "error"}]
    )
    assert [(draft.text, draft.cta) for draft in made] == [("Buy jam.", "Buy"), ("Get jam.", "Go")]
    assert (made.campaign, made.objective) == ("jam", "click")
    assert "columns not used: author" in made.notes
    assert toolkit.check(made).outcome == "passed"
    assert toolkit.plan(made, "uk-small-sellers", sample=2).campaign == made


def test_an_audience_is_made_of_a_frame() -> None:
    """Columns are named, a template or a sentence describes people, and contacts stay behind."""
    told = Audience.from_frame(ROWS, id="who", weight="counts", segments=["place"], sentence="A {job} in {place}.")
    filled = Audience.from_frame(
        pd.DataFrame(ROWS), id="who", weight="counts", segments=["place"], template="A {{ job }} in {{ place }}."
    )
    assert told == filled
    assert [(one.id, one.weight, one.segments, one.about) for one in told.personas] == [
        ("a1", 1.5, {"place": "Leeds"}, "A potter in Leeds."),
        ("a2", 0.5, {"place": "York"}, "A baker in York."),
    ]
    described = Audience.from_frame(ROWS, id="who", about="job", segments=[], audience="makers", language="en")
    assert (described.audience, described.language) == ("makers", ("en",))
    assert [(one.about, one.segments) for one in described.personas] == [("potter", {}), ("baker", {})]
    plain = Audience.from_frame(ROWS, id="who")
    assert "example.org" not in plain.model_dump_json()
    assert any("reach" in note for note in plain.notes)


def test_a_template_may_be_a_file(tmp_path: Path) -> None:
    """A path names a Jinja2 file."""
    path = tmp_path / "people.j2"
    path.write_text("A {{ job }}.", encoding="utf-8")
    assert Audience.from_frame(ROWS, template=path).personas[0].about == "A potter."
    assert Audience.from_frame(ROWS, template=str(path)).personas[0].about == "A potter."


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "a column of ids that is none": (lambda: Audience.from_frame(ROWS, id="wo"), "id='wo'.*did you mean who"),
    "a segment that is none": (lambda: Audience.from_frame(ROWS, segments=["plac"]), "'plac'.*did you mean place"),
    "a column of a sentence": (lambda: Audience.from_frame(ROWS, sentence="A {jbo}."), "'jbo'.*did you mean job"),
    "a contact in a template": (lambda: Audience.from_frame(ROWS, template="{{ reach }}"), "'reach' is left out as"),
    "two descriptions": (lambda: Audience.from_frame(ROWS, about="job", sentence="{job}"), "about names a column"),
    "a wrong language": (lambda: Audience.from_frame(ROWS, about="job", language="??"), "language"),
    "a column of texts that is none": (lambda: Campaign.from_frame(DRAFTS, text="txt"), "'txt'.*did you mean text"),
    "a field that is none": (lambda: Campaign.from_frame(DRAFTS, columns={"cat": "id"}), "'cat'.*did you mean cta"),
    "an objective that is none": (
        lambda: Campaign.from_frame(DRAFTS, objective="buy"),  # type: ignore[arg-type]
        "objective is 'buy'",
    ),
    "no frame of people": (lambda: Audience.from_frame(3), "int is no table"),  # type: ignore[arg-type]
    "no frame of drafts": (lambda: Campaign.from_frame("x.csv"), "str is no table"),  # type: ignore[arg-type]
    "no frame of reactions": (lambda: toolkit.scorecard(3), "int is no table"),  # type: ignore[arg-type]
    "drafts without checks": (lambda: toolkit.check(["Buy jam."]), "there are no checks.*from_frame"),
}


@pytest.mark.parametrize(("call", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_named(call: Callable[[], object], said: str) -> None:
    """The message is one line with what was given and the nearest right one."""
    with pytest.raises(InputError, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_tables_are_split_by_any_column(run: Run) -> None:
    """A column, a column of one's own, and several at once, as a filter of each group would."""
    frame = run.reactions.with_columns(
        half=pl.when(pl.col("persona_id") < "p08").then(pl.lit("first")).otherwise(pl.lit("second"))
    )
    assert toolkit.scorecard(frame, by="model")["value"].unique().to_list() == ["m"]
    cards = toolkit.scorecard(frame, by=["role", "half"])
    assert cards["segment"].unique().to_list() == ["role, half"]
    alone = frame.filter(pl.col("segments").struct.field("role") == "buyer", pl.col("half") == "first")
    columns = ["draft_id", "measure", "estimate", "low", "high", "personas", "reactions"]
    assert_frame_equal(cards.filter(value="buyer, first").select(columns), toolkit.scorecard(alone).select(columns))
    pairs = toolkit.compare(frame, by=("half", "role"))
    assert pairs["value"].to_list() == ["first, buyer", "first, seller", "second, buyer", "second, seller"]
    assert_frame_equal(run.scorecard(by=["role"]), run.scorecard(by="role"))
    assert toolkit.interactions(frame, by=["half"])["segment"].to_list() == ["half"]


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("rol", "no segment key 'rol'; did you mean role"),
        (["role", "modle"], "no segment key 'modle'; did you mean model"),
        ("action", "by='action': it is what people did or said"),
        ("rating_trust", "by='rating_trust': it is what people did or said"),
        ("quotes", "by='quotes': it holds several values a row"),
        ([], "give the name of a segment key or a column"),
        (["role", 3], "give the name of a segment key or a column"),
    ],
)
def test_what_splits_no_audience_is_refused(run: Run, by: Any, said: str) -> None:
    """A name that is none, and a column that says what people did, are errors with what is allowed."""
    for call in (
        lambda: toolkit.scorecard(run.reactions, by=by),
        lambda: toolkit.compare(run.reactions, by=by),
        lambda: toolkit.interactions(run.reactions, by=by),
        lambda: run.scorecard(by=by),
        lambda: run.compare(by=by),
    ):
        with pytest.raises(InputError) as caught:
            call()
        assert said in str(caught.value)


def test_no_library_of_frames_is_imported() -> None:
    """Frames of Polars and rows need neither narwhals nor pandas nor PyArrow."""
    code = (
        "import sys, polars as pl, toolkit\n"
        "toolkit.lint(pl.DataFrame({'text': ['Buy jam.']})), toolkit.lint([{'text': 'Buy jam.'}])\n"
        "print([name for name in ('narwhals', 'pandas', 'pyarrow', 'duckdb') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip() == "[]"
