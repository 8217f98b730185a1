"""Errors name options in the words of whoever reads them: keywords, flags, or fields of a page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from conftest import make_audience, make_campaign
from recorded import write_campaign
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.audiences import save_audience
from toolkit.drafts import check_campaign_path
from toolkit.drafts.lint import rules
from toolkit.errors import FLAGS, InputError, ToolkitError, name_option, speaking
from toolkit.gate import record_campaign
from toolkit.models import Audience, Campaign
from toolkit.ui.text import say_here
from toolkit.validity.behaviour import check_behaviour

PEOPLE = "id,name,age,email,weight\n1,Ada,30,ada@example.com,1\n2,Bo,abc,bo@example.com,2\n"
DRAFTS = "id,words\na,One.\nb,Two.\n"
RESULTS = "draft,shown,clicks\na,10,3\n"
ASKED: dict[str, Any] = {"rating": "direct", "control": False}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write tables with faults into an empty folder, and work there."""
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_text(PEOPLE)
    Path("drafts.csv").write_text(DRAFTS)
    Path("results.csv").write_text(RESULTS)
    Path("empty.yaml").write_text("")
    Path("there.yaml").write_text("audience: x\n")
    Path("about.j2").write_text("{{ email }} wrote.")
    pl.DataFrame({"id": [1, 2], "about": ["Sells jam.", "Buys jam."]}).write_parquet("people.parquet")
    write_campaign(tmp_path / "gate")
    return tmp_path


def people(path: str = "people.csv", **options: Any) -> Audience:
    """Read people."""
    return toolkit.load_audience(path, **options)


def ask(**options: Any) -> toolkit.Run:
    """Run on people of no file."""
    engine = ScriptedEngine(lambda _: reading(ratings={}))
    return toolkit.run(make_campaign(), make_audience(), **{**ASKED, "engine": engine, **options})


BAD: dict[str, Callable[[], object]] = {
    "a condition that is none": lambda: people(where="age >> 3"),
    "a condition on no column": lambda: people(where="height > 3"),
    "a condition on words": lambda: people(where="name > Ada"),
    "a condition that nobody fulfils": lambda: people(where="age > 90"),
    "a condition on a drawn parquet": lambda: people("people.parquet", where="id = 1", sample=1),
    "a sheet of a text": lambda: people(sheet="One"),
    "a column that is not there": lambda: people(columns={"age": "years"}),
    "a row at fault, strictly": lambda: people(strict=True),
    "a sentence of no column": lambda: people(sentence="Somebody."),
    "a sentence of a hidden column": lambda: people(sentence="{email} wrote."),
    "a template of a hidden column": lambda: people(template="about.j2"),
    "an empty audience": lambda: people("empty.yaml"),
    "an unknown audience": lambda: people("nobody"),
    "a quota of no segment": lambda: people(quotas={"role=seller": 3}),
    "more than there are": lambda: people(sample=40),
    "an audience that exists": lambda: save_audience(make_audience(), "there.yaml"),
    "a campaign that exists": lambda: check_campaign_path(Path("there.yaml")),
    "a campaign of no form": lambda: check_campaign_path(Path("there.doc")),
    "drafts without words": lambda: toolkit.load_drafts("drafts.csv", columns={"id": "id"}, where="id = a"),
    "drafts of a field that is none": lambda: toolkit.load_drafts("drafts.csv", columns={"nothing": "words"}),
    "drafts of a sheet": lambda: toolkit.load_drafts("drafts.csv", sheet="One"),
    "drafts of no condition": lambda: toolkit.load_drafts("drafts.csv", where="words"),
    "results of no column": lambda: toolkit.load_outcomes("results.csv", columns={"nothing": "a"}),
    "results without a draft": lambda: toolkit.load_outcomes("people.csv"),
    "a rule that is none": lambda: toolkit.lint(make_campaign(), select=("nothing.like.it",)),
    "a pattern of no rule": lambda: rules.check_rule("nothing"),
    "no audience": lambda: toolkit.plan(make_campaign()),
    "a run into a file": lambda: ask().save("there.yaml"),
    "a run among other files": lambda: ask().save("."),
    "a folder of no run": lambda: toolkit.load_run("gate"),
    "a limit without a price": lambda: ask(max_cost=1.0),
    "a sample of too many": lambda: ask(sample=99),
    "no dollars": lambda: ask(max_cost=-1),
    "workers for one's own engine": lambda: ask(workers=2),
    "a batch of the local engine": lambda: ask(engine="local", batch=True),
    "workers with a key": lambda: ask(engine="openai", model="m", api_key="k", workers=2),
    "an endpoint that is none": lambda: ask(engine="openai", endpoint="olama"),
    "a header that is none": lambda: ask(engine="openai", model="m", header="X"),
    "a replay of nothing": lambda: ask(engine="replay"),
    "a model that is no file": lambda: ask(engine="local", model="x.gguf"),
    "an unnamed model": lambda: ask(engine="openai", base_url="http://127.0.0.1:9/v1"),
    "an address where nobody answers": lambda: ask(engine="openai", model="m", base_url="http://127.0.0.1:9/v1"),
    "a recording without a key": lambda: record_campaign("gate/jam.yaml", engine="openai"),
    "a baseline that is none": lambda: record_campaign("gate/jam.yaml", engine="replay", baseline="nothing"),
    "a check of no policy": lambda: toolkit.check("gate/jam.yaml", on_stale="perhaps"),  # type: ignore[arg-type]
    "a check of no rule": lambda: toolkit.check("gate/jam.yaml", select=("nothing.like.it",)),
    "a rewrite of no objection": lambda: toolkit.rewrite(ask(), "plain", objections=(40,)),
    "a rewrite for nothing": lambda: toolkit.rewrite(ask(), "plain", engine=ScriptedEngine(lambda _: {})),
    "an interview with nobody": lambda: toolkit.interview(ask(), "nobody", "Why?", make_audience()),
    "behaviour of too few": lambda: check_behaviour("nobody"),
    "an estimate of no limit": lambda: toolkit.estimate(make_campaign(), make_audience(), max_cost=-1),
}


@pytest.mark.parametrize("what", BAD)
def test_python_reads_no_flags(what: str) -> None:
    """Whatever is wrong, the one line names keywords and functions; on a page it names no flag either."""
    with pytest.raises(ToolkitError) as raised:
        BAD[what]()
    said = str(raised.value)
    assert "\n" not in said
    assert "--" not in said
    assert not any(mark in said for mark in "\x0e\x0f")
    assert "\\-\\-" not in say_here(raised.value)


@pytest.mark.parametrize(
    ("what", "python", "flags"),
    [
        ("a condition that is none", "where='age >> 3': >", "--where 'age >> 3': >"),
        ("a sheet of a text", "sheet='One' is for", "--sheet One is for"),
        ("drafts of a field that is none", "columns={'nothing': 'words'}: no", "--map nothing=words: no field"),
        ("a row at fault, strictly", "leave strict out", "leave --strict out"),
        ("a sentence of a hidden column", "keep=('email',)", "--keep email"),
        ("an audience that exists", "pass overwrite=True", "pass --force"),
        ("a campaign that exists", "path='there.yaml': the file exists", "--out there.yaml: the file exists"),
        ("a pattern of no rule", "toolkit.drafts.lint.RULES lists them", "`audience lint --rules` lists them"),
        ("an empty audience", "toolkit.load_audience('uk-small-sellers') is one", "`audience personas show"),
    ],
)
def test_each_reader_has_words_of_their_own(what: str, python: str, flags: str) -> None:
    """The same error says a keyword in Python and a flag in the command."""
    with pytest.raises(InputError) as raised:
        BAD[what]()
    assert python in str(raised.value)
    assert flags in raised.value.say(FLAGS)


def test_notes_are_read_in_the_words_of_the_reader() -> None:
    """What reading left out names `keep` in Python and `--keep` in the command."""
    notes = people().notes
    assert any("keep brings a column back" in note for note in notes)
    with speaking(FLAGS):
        assert any("--keep brings a column back" in note for note in people().notes)
    assert json.dumps(notes).isascii()
    assert "--" not in " ".join(notes)


def test_a_map_is_written_as_it_is_given() -> None:
    """A mapping is a mapping in Python and FIELD=COLUMN in the command; a value of several words is quoted."""
    error = InputError(name_option("columns", {"text": "Post text"}))
    assert str(error) == "columns={'text': 'Post text'}"
    assert error.say(FLAGS) == "--map text='Post text'"
    assert InputError(name_option("where", "age > 3")).say(FLAGS) == "--where 'age > 3'"


def test_campaigns_keep_their_notes(campaign: Campaign) -> None:
    """Notes of a campaign are spelt when they are read, not when they are kept."""
    placed = campaign.read_from("a.xlsx", {}, (f"sheet 'One' read ({name_option('sheet')} names one)",))
    assert placed.notes == ("sheet 'One' read (sheet names one)",)
    with speaking(FLAGS):
        assert placed.notes == ("sheet 'One' read (--sheet names one)",)
