"""A run as a record: equal to its copies, readable across versions, each table worked out once."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openai_server import OpenAIServer

import toolkit
from toolkit.errors import InputError
from toolkit.models import Audience, Campaign, Draft
from toolkit.models.chance_link import Link
from toolkit.results import runs
from toolkit.results.archive import shelve
from toolkit.results.scoring import interactions
from toolkit.results.scoring.columns import reactions_schema

CAMPAIGN = Campaign(
    campaign="invoices",
    objective="click",
    drafts=(Draft(id="plain", text="Send an invoice."), Draft(id="benefit", text="Get paid today.")),
)


@pytest.fixture
def run(server: OpenAIServer, audience: Audience) -> toolkit.Run:
    """Return a run of two drafts."""
    return toolkit.run(CAMPAIGN, audience, base_url=server.base_url, model="m", rating="direct")


@pytest.fixture
def reactions() -> pl.DataFrame:
    """Return two drafts, twelve people and six wordings, with the columns that the functions need."""
    rows = [
        {
            "draft_id": draft, "persona_id": str(person), "weight": 1.0, "wording": person % 6, "repeat": 0,
            "segments": {"role": "seller" if person % 2 else "buyer"}, "stopped": True,
            "action": "click" if (person + shift) % 3 else "read", "objective": "click", "rating_trust": 3.0,
        }
        for shift, draft in enumerate(("plain", "benefit"))
        for person in range(12)
    ]  # fmt: skip
    return pl.DataFrame(rows)


def edit_methods(folder: Path, **changes: Any) -> None:
    """Set fields of a run.json, or take out those that are None."""
    found = json.loads((folder / "run.json").read_text())
    for path, value in changes.items():
        *way, name = path.split("__")
        holder = found
        for step in way:
            holder = holder[step]
        if value is None:
            del holder[name]
        else:
            holder[name] = value
    (folder / "run.json").write_text(json.dumps(found))


def test_a_run_is_its_copies(run: toolkit.Run) -> None:
    """A pickled copy is the same run, in a set too; another link leaves it the same."""
    again = pickle.loads(pickle.dumps(run))  # noqa: S301 - written a moment ago
    assert again == run
    assert len({again, run, run.with_link(Link(version=1, slopes={}, results=8, pairs=8, record=""))}) == 1
    assert again.compare().equals(run.compare())
    assert run != run.run_id


@pytest.mark.parametrize("field", ["weather", "settings__weather", "counts__weather"])
def test_a_field_of_a_later_version_is_left_out(run: toolkit.Run, tmp_path: Path, field: str) -> None:
    """A run.json with a field that nobody knows is read, and the run says so."""
    edit_methods(run.save(tmp_path), **{field: "sunny"})
    again = toolkit.load_run(tmp_path)
    assert again.scorecard().equals(run.scorecard())
    assert f"{field.replace('__', '.')!r}, which this version does not know" in again.methods.warnings[-1]


@pytest.mark.parametrize("field", ["form", "silent", "completion_tokens", "counts__calls", "cost_usd"])
def test_a_field_that_an_earlier_version_lacks_is_not_known(run: toolkit.Run, tmp_path: Path, field: str) -> None:
    """A run.json without a field is read, and the run says so."""
    edit_methods(run.save(tmp_path), **{field: None})
    again = toolkit.load_run(tmp_path)
    assert again.verdict() == run.verdict()
    assert f"lacks the field {field.replace('__', '.')!r}" in again.methods.warnings[-1]


def test_a_folder_of_version_0_1_is_read(run: toolkit.Run, tmp_path: Path) -> None:
    """Comparisons without the column `decides` load, and the shelf says what their verdicts say."""
    path = run.save(tmp_path / "old") / "comparisons.parquet"
    pl.read_parquet(path).drop("decides").write_parquet(path)
    edit_methods(path.parent, digests=None)
    assert toolkit.load_run(path.parent).compare().equals(run.compare())
    assert shelve(path.parent).verdict == run.verdict().headline


def test_a_run_without_its_campaign_is_none(run: toolkit.Run, tmp_path: Path) -> None:
    """What a run cannot do without is asked for by name."""
    edit_methods(run.save(tmp_path), campaign=None)
    with pytest.raises(InputError, match="cannot be read"):
        toolkit.load_run(tmp_path)


def test_tables_are_worked_out_once(run: toolkit.Run) -> None:
    """What a reader makes of a table changes neither the next one's nor the verdict."""
    table = run.compare()
    table.replace_column(0, pl.Series("draft_a", ["x"]))
    assert run.compare()["draft_a"].to_list() == ["plain"]
    assert runs.add_warnings(run, "a doubt").tables is run.tables


def test_old_names_still_work(run: toolkit.Run) -> None:
    """The names of version 0.1 do the same and say what they are called now."""
    link = Link(version=1, slopes={"panel": 1.0}, results=8, pairs=8, record="")
    with pytest.warns(DeprecationWarning, match="with_link"):
        assert run.validate(link).methods == run.with_link(link).methods
    with pytest.warns(DeprecationWarning, match="with_predictions"):
        assert run.predict(None).methods == run.methods
    with pytest.warns(DeprecationWarning, match="add_warnings"):
        assert run.warn("a doubt").methods.warnings == ("a doubt",)
    with pytest.warns(DeprecationWarning, match="add_rating_time"):
        assert run.time_rating(1.5).methods.rating_seconds == 1.5


def test_pandas_frames_and_numbered_people_are_taken(reactions: pl.DataFrame) -> None:
    """A pandas frame whose personas are numbers gives what the Polars frame gives."""
    numbered = reactions.with_columns(pl.col("persona_id").cast(pl.Int64))
    for function in (toolkit.scorecard, toolkit.compare, lambda frame: interactions(frame, "role")):
        wanted = function(reactions)
        assert function(reactions.to_pandas()).equals(wanted)
        assert function(numbered).equals(wanted)
        assert function(numbered.lazy()).equals(wanted)
    with pytest.raises(InputError, match="reactions: this int is no table"):
        toolkit.compare(5)  # type: ignore[arg-type]


def test_pairs_from_pandas_are_taken() -> None:
    """The outcome model reads a pandas frame."""
    frame = pl.DataFrame({"text_a": ["Get paid today"], "text_b": ["Get paid today"]})
    assert toolkit.predict_pairs(frame.to_pandas())["p_b_wins"].to_list() == [0.5]


@pytest.mark.parametrize("function", [toolkit.scorecard, toolkit.compare])
def test_an_unknown_draft_is_no_empty_table(reactions: pl.DataFrame, function: Any) -> None:
    """A draft that nobody reacted to is named, with the nearest right one."""
    with pytest.raises(InputError, match="no draft 'plan'; did you mean plain"):
        function(reactions, drafts=["plan", "benefit"])


def test_an_objective_that_is_no_action_is_no_rate_of_zero(reactions: pl.DataFrame) -> None:
    """A frame whose objective is no action is refused."""
    with pytest.raises(InputError, match="no action is the objective 'clicks'; did you mean click"):
        toolkit.compare(reactions.with_columns(objective=pl.lit("clicks")))


@pytest.mark.parametrize("function", [toolkit.scorecard, toolkit.compare, interactions, toolkit.predict_pairs])
def test_an_unknown_option_is_named(reactions: pl.DataFrame, function: Any) -> None:
    """A misspelt option is an error of the toolkit's own."""
    with pytest.raises(InputError, match="unknown option 'draft'"):
        function(reactions, draft=["plain"])


def test_no_schema_of_reactions_lacks_what_the_functions_need(reactions: pl.DataFrame) -> None:
    """The columns that the functions need are those of a run's frame."""
    assert set(reactions.columns) <= set(reactions_schema(["role"]))
