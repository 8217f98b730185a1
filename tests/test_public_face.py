"""What `import toolkit` hands out, and the names of version 0.1, which work for one version more."""

from __future__ import annotations

import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import toolkit
from toolkit import errors

ROOT = Path(__file__).parent.parent
MOVES = tomllib.loads((ROOT / "toolkit" / "data" / "moved.toml").read_text(encoding="utf-8"))
PROMISED = {
    "Audience",
    "Campaign",
    "Draft",
    "Persona",
    "Run",
    "Study",
    "Verdict",
    "__version__",
    "arun",
    "ask_people",
    "check",
    "compare",
    "estimate",
    "find_runs",
    "follow_up",
    "interactions",
    "interview",
    "lint",
    "load_audience",
    "load_drafts",
    "load_outcomes",
    "load_run",
    "load_study",
    "plan",
    "predict_pairs",
    "ratings",
    "rewrite",
    "run",
    "save_report",
    "scorecard",
    "study",
}
"""The public names besides the errors: none is taken away without a word in the changelog."""


def start(code: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run code in an interpreter that has imported nothing yet."""
    return subprocess.run([sys.executable, *flags, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)


def test_the_face_is_the_one_decided() -> None:
    """The promised names and every error of the tree are public, and dir() shows them."""
    tree = {name for name, one in vars(errors).items() if inspect.isclass(one) and issubclass(one, errors.ToolkitError)}
    assert PROMISED | tree <= set(toolkit.__all__)
    assert dir(toolkit) == list(toolkit.__all__)


def test_results_are_loaded_with_a_path_alone(tmp_path: Path) -> None:
    """`load_outcomes` takes a name as text; what it returns unpacks into results and notes."""
    table = tmp_path / "spring.csv"
    table.write_text("draft,shown,clicks,mood\nGet paid today.,1200,48,fine\n")
    results, notes = toolkit.load_outcomes(str(table), surface="messenger_message")
    assert [(one.shown, one.clicks, one.surface) for one in results] == [(1200, 48, "messenger_message")]
    assert notes == ["columns not read: mood"]


def test_runs_are_found_by_the_name_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`find_runs` takes text, and without any the folder that the command writes to."""
    monkeypatch.chdir(tmp_path)
    assert toolkit.find_runs() == []
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "runs" / "a" / "run.json").touch()
    assert toolkit.find_runs() == toolkit.find_runs("runs") == [Path("runs/a")]


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Neither a typing error nor a private name is looked for as a module of long ago."""
    for name in ("scorcard", "_scorecard", "__wrapped__"):
        with pytest.raises(AttributeError, match=name):
            getattr(toolkit, name)
    with pytest.raises(ModuleNotFoundError):
        __import__("toolkit.scorcard")


OLD = {
    "import toolkit; toolkit.scoring.interactions": "toolkit.results.scoring",
    "from toolkit.scoring import interactions": "toolkit.results.scoring",
    "from toolkit.scoring.comparing import compare": "toolkit.results.scoring.comparisons",
    "import toolkit.interviewing": "toolkit.improve.interviews",
    "from toolkit.interviewing import follow_up": "toolkit.improve.interviews",
    "import toolkit; toolkit.rewriting.rewrite_draft": "toolkit.improve.rewriting",
    "import toolkit; toolkit.api.ask_plan": "toolkit.panel.api",
    "from toolkit import api": "toolkit.panel.api",
    "from toolkit.runs import Run": "toolkit.results.runs",
    "from toolkit.asking import Asker, Reaction": "toolkit.panel.asker",
    "from toolkit.models import NEGATIVE": "toolkit.models.records.NEGATIVE",
    "from toolkit.outcome_model import score_texts": "toolkit.results.outcome_model",
    "from toolkit.outcome_model.weights import WEIGHTS": "toolkit.results.outcome_model.weights",
    "from toolkit.linting import RULES, lint": "toolkit.drafts.lint",
    "from toolkit.engines.base import Question, Reply": "toolkit.models.exchange.Question",
    "import toolkit.outcomes": "toolkit.validity.outcomes",
    "from toolkit.outcomes.validating import validate_matches": "toolkit.validity.outcomes.validating",
    "from toolkit.files.drafts import load_drafts": "toolkit.load_drafts",
    "import toolkit; toolkit.files.audiences.load_audience": "toolkit.audiences.loading",
    "from toolkit.surfaces import find_surface": "toolkit.drafts.surfaces",
    "from toolkit.stats import holm": "toolkit.stats.corrections.holm",
    "import toolkit; toolkit.stats.cluster_mean": "toolkit.stats.intervals.cluster_mean",
    "from toolkit.store import Versions": "toolkit.store.version_log.Versions",
    "from toolkit.store.outcomes import Outcome": "toolkit.store.outcome_log",
    "from toolkit.behaviour import check_behaviour": "toolkit.validity.behaviour",
    "from toolkit.rendering import render_preview, render_funnel": "toolkit.drafts.preview",
    "from toolkit.budget import Budget": "toolkit.engines.budget",
    "from toolkit.prompts import Prompts": "toolkit.questionnaire.prompts",
}
"""What scripts of version 0.1 say, and the place that the warning names."""


@pytest.mark.slow
@pytest.mark.parametrize(("code", "place"), OLD.items(), ids=OLD)
def test_an_old_name_works_and_says_where_it_went(code: str, place: str) -> None:
    """In a fresh interpreter the old name is found, and one line of warning names the new place."""
    done = start(code, "-W", "always::DeprecationWarning")
    assert done.returncode == 0, done.stderr
    assert f"has moved to {place};" in done.stderr
    assert "<string>:1: DeprecationWarning" in done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "import toolkit; toolkit.ratings.ssr",
        "from toolkit.ratings import ssr; import toolkit; assert ssr is toolkit.ratings.ssr",
        "import toolkit.ratings; toolkit.ratings.ssr",
        "import toolkit; toolkit.stats.bootstrap_interval",
        "import toolkit; assert toolkit.report.save_report is toolkit.save_report",
        "from toolkit.models import Draft; import toolkit; assert toolkit.Draft is Draft",
        "from toolkit.engines.base import Engine",
        "from toolkit import stats, errors; errors.InputError",
    ],
)
def test_what_stays_is_found_without_a_word(code: str) -> None:
    """Public modules and rooms are reached with `import toolkit` alone, and nothing warns."""
    done = start(code, "-W", "error::DeprecationWarning:__main__")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_every_old_module_leads_somewhere() -> None:
    """Each module that version 0.1 had is found, once, and the places that stand in the table exist."""
    names = sorted({*MOVES["moved"], *MOVES["kept"]})
    places = sorted({place for found in (MOVES["moved"], MOVES["kept"]) for some in found.values() for place in some})
    code = (
        "import importlib, warnings\nwarnings.simplefilter('ignore')\n"
        f"for name in {names + places!r}: importlib.import_module('toolkit.' + name)\n"
        "import toolkit.results.runs, toolkit.runs\nassert toolkit.runs.Run is toolkit.results.runs.Run\n"
    )
    done = start(code)
    assert done.returncode == 0, done.stderr


def test_a_foreign_package_of_that_name_is_left_alone(tmp_path: Path) -> None:
    """Once another `toolkit` is imported in its place, old names of this one are not found in that one."""
    (tmp_path / "toolkit").mkdir()
    (tmp_path / "toolkit" / "__init__.py").touch()
    code = (
        "import sys, toolkit\n"
        "for name in [name for name in sys.modules if name.split('.')[0] == 'toolkit']: del sys.modules[name]\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        f"import toolkit\nassert toolkit.__file__.startswith({str(tmp_path)!r})\n"
        "try: import toolkit.scoring\nexcept ModuleNotFoundError: print('not found')\n"
    )
    assert start(code).stdout == "not found\n"
