"""A study crosses campaigns, audiences and models, goes on where it ended, and keeps one budget."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.engines import EngineBase
from toolkit.models import Audience, Campaign, Draft, Persona
from toolkit.models.exchange import Question, Reply
from toolkit.study import CellRecord, Study, astudy

ROOT = Path(__file__).parent.parent
RATINGS = dict.fromkeys(("relevance", "clarity", "trust", "appeal", "intent"), 4)
Make = Callable[..., Study]


def rated(action: str = "click") -> dict[str, Any]:
    """Return a reply with ratings by the model itself."""
    return {key: value for key, value in reading(action).items() if key != "says"} | {"ratings": RATINGS}


def make_people(name: str, count: int, **segments: str) -> Audience:
    """Return an audience of so many people."""
    people = [
        Persona(id=f"p{number}", name=f"Person {number}", age=30 + number, segments=segments, about=f"Sells {name}.")
        for number in range(count)
    ]
    return Audience(audience=name, personas=tuple(people))


def make_campaigns(*names: str) -> list[Campaign]:
    """Return campaigns of two drafts each."""
    texts = {"plain": "Send an invoice.", "question": "Still waiting for your money?"}
    return [
        Campaign(campaign=name, drafts=tuple(Draft(id=one, text=f"{said} {name}") for one, said in texts.items()))
        for name in names
    ]


def script(question: Question) -> dict[str, Any]:
    """Let questions win."""
    return rated("click" if "waiting" in question.prompt else "read")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that makes a study in a folder of the test, with a store of its own."""

    def start(campaigns: Any, **options: Any) -> Study:
        given = {"audiences": make_people("jam", 4), "rating": "direct", "control": False, "engine": None, **options}
        if given["engine"] is None:
            given["engine"] = ScriptedEngine(script)
        if "models" in given:
            del given["engine"]
        folder, store = tmp_path / "study", tmp_path / "replies.sqlite"
        return toolkit.study(campaigns, **{"folder": folder, "store": store, **given})

    return start


def test_everything_is_crossed(make: Make) -> None:
    """Two campaigns, audiences and models are eight runs, whose rows carry all three names."""
    audiences = [make_people("jam", 3, place="Leeds"), make_people("coats", 2, size="large")]
    models = [ScriptedEngine(script, model=name) for name in ("one/1", "two:2")]
    study = make(make_campaigns("spring", "autumn"), audiences=audiences, models=models, control=True)
    verdicts = study.verdicts()
    assert verdicts.select("campaign", "audience", "model").rows() == [
        (campaign, audience, model)
        for campaign in ("spring", "autumn")
        for audience in ("jam", "coats")
        for model in ("one/1", "two:2")
    ]
    assert set(verdicts["state"]) == {"done"}
    counts = study.reactions.group_by("campaign", "audience", "model").len().collect()
    assert sorted(counts["len"]) == [4, 4, 4, 4, 6, 6, 6, 6]
    assert study.reactions.collect_schema()["segments"] == pl.Struct({"place": pl.String, "size": pl.String})
    assert study.reactions.filter(pl.col("persona_id") == "control").collect().is_empty()
    assert set(study.control_reactions.collect()["persona_id"]) == {"control"}
    assert len(list(study.runs())) == len(study) == 8


def test_the_tables_are_those_of_the_runs(make: Make) -> None:
    """A scorecard of a study is that of each run, and the verdict names the leader with its interval."""
    study = make(make_campaigns("spring"), audiences=make_people("jam", 6, place="Leeds"))
    (run,) = study.runs()
    assert study.scorecard().drop("campaign", "audience", "model").equals(run.scorecard())
    assert study.scorecard("place").drop("campaign", "audience", "model").equals(run.scorecard("place"))
    (row,) = study.verdicts().rows(named=True)
    (rate,) = run.scorecard().filter(draft_id="question", measure="objective_rate").rows(named=True)
    assert (row["leader"], row["objective_rate"], row["low"]) == ("question", rate["estimate"], rate["low"])
    assert (row["decision"], row["people"]) == (run.verdict().decision, 6)
    card = study._repr_html_()
    assert f"{row['low']:.0%} to {row['high']:.0%}" in card
    assert study.label in card
    with pytest.raises(toolkit.InputError, match=r"by='plaice'.*did you mean place"):
        study.scorecard("plaice")


def test_a_run_that_is_made_is_not_made_again(make: Make) -> None:
    """The same call asks nothing; an edited campaign is asked anew, and its old run stays."""
    first = make(make_campaigns("spring", "autumn"))
    engine = ScriptedEngine(script)
    second = make(make_campaigns("spring", "autumn"), engine=engine)
    assert engine.calls == 0
    assert second.verdicts().equals(first.verdicts())
    spring, autumn = make_campaigns("spring", "autumn")
    edited = spring.model_copy(update={"drafts": (spring.drafts[0], Draft(id="question", text="Still waiting?"))})
    third = make([edited, autumn], engine=engine)
    assert engine.calls == 4
    assert third.cells[0].folder != first.cells[0].folder
    assert third.cells[1] == first.cells[1]
    assert len(toolkit.find_runs(third.folder / "runs")) == 3
    assert third.reactions.collect().height == 16
    assert toolkit.load_study(third.folder).verdicts().equals(third.verdicts())


def test_reactions_that_are_gone_are_written_anew(make: Make) -> None:
    """The runs hold everything: parts that somebody removed, or that a crash left out, come back without a question."""
    first = make(make_campaigns("spring"))
    rows = first.reactions.collect()
    shutil.rmtree(first.folder / "reactions")
    engine = ScriptedEngine(script)
    assert make(make_campaigns("spring"), engine=engine).reactions.collect().equals(rows)
    assert engine.calls == 0


def test_another_model_adds_its_runs(make: Make) -> None:
    """A study grows: what it has of the first model stands, and the second alone is asked."""
    one, two = ScriptedEngine(script, model="one"), ScriptedEngine(script, model="two")
    make(make_campaigns("spring"), models=[one])
    study = make(make_campaigns("spring"), models=[one, two])
    assert (one.calls, two.calls) == (8, 8)
    assert [cell.model for cell in study.cells] == ["one", "two"]
    smaller = make(make_campaigns("spring"), models=[two])
    assert set(smaller.reactions.collect()["model"]) == {"two"}


def test_other_settings_are_told_in_one_line(make: Make) -> None:
    """A folder made with other settings is left alone."""
    make(make_campaigns("spring"))
    with pytest.raises(toolkit.InputError, match=r"other settings: repeats was 1 and is 2; give the same") as caught:
        make(make_campaigns("spring"), repeats=2)
    assert "\n" not in str(caught.value)


def test_a_failed_part_stops_no_other(make: Make) -> None:
    """One campaign whose every call breaks is told at the end; the others are whole, and the same call mends it."""

    def break_one(question: Question) -> Any:
        if "autumn" in question.prompt:
            raise ValueError("the engine's own fault")
        return script(question)

    told: list[CellRecord] = []
    study = make(make_campaigns("spring", "autumn", "winter"), engine=ScriptedEngine(break_one), on_cell=told.append)
    assert [cell.state for cell in study.cells] == ["done", "failed", "done"]
    assert sorted(cell.campaign for cell in told) == ["autumn", "spring", "winter"]
    (problem,) = study.problems()
    assert "ValueError: the engine's own fault" in str(problem.problem)
    assert study.verdicts()["because"][1] == problem.problem
    assert make(make_campaigns("spring", "autumn", "winter")).is_complete


def test_nothing_at_all_is_an_error(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no run could be made, the reason is raised as a run raises it."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(toolkit.EngineUnavailable, match="OPENAI_API_KEY"):
        make(make_campaigns("spring", "autumn"), models=["gpt-5-mini"])


def test_what_the_caller_raises_comes_through(make: Make) -> None:
    """An error of one's own callback ends the study, and the answers so far are kept."""

    def complain(_: object) -> None:
        raise RuntimeError("not like this")

    with pytest.raises(RuntimeError, match="not like this"):
        make(make_campaigns("spring", "autumn"), on_reaction=complain)
    assert make(make_campaigns("spring", "autumn")).is_complete


def test_a_halt_keeps_what_came(make: Make, tmp_path: Path) -> None:
    """Whoever halts a study gets Interrupted; the index stands, and the same call asks for the rest alone."""
    engine, came = ScriptedEngine(script), []

    async def halted() -> None:
        halt = asyncio.Event()

        def count(reaction: object) -> None:
            came.append(reaction)
            if len(came) == 5:
                halt.set()

        await astudy(
            make_campaigns("spring", "autumn", "winter"),
            audiences=make_people("jam", 4),
            engine=engine,
            rating="direct",
            control=False,
            folder=tmp_path / "study",
            store=tmp_path / "replies.sqlite",
            halt=halt,
            on_reaction=count,
        )

    with pytest.raises(toolkit.Interrupted):
        asyncio.run(halted())
    assert "waiting" in {cell.state for cell in toolkit.load_study(tmp_path / "study").cells}
    asked = engine.calls
    assert make(make_campaigns("spring", "autumn", "winter"), engine=engine).is_complete
    assert engine.calls == 24
    assert asked < 24


def test_one_budget_holds_for_all_runs_and_calls(make: Make) -> None:
    """The limit is of the whole study: a second call with the same one spends nothing more."""
    price, campaigns = (10.0, 100.0), make_campaigns("spring", "autumn", "winter")
    study = make(campaigns, price=price, max_cost=0.25)
    assert study.stopped is not None
    assert "max_cost=0.25 is reached" in study.stopped
    spent = study.cost_usd
    assert spent is not None
    assert 0.0 < spent <= 0.25
    engine = ScriptedEngine(script)
    again = make(campaigns, price=price, max_cost=0.25, engine=engine)
    assert (engine.calls, again.cost_usd) == (0, spent)
    whole = make(campaigns, price=price, max_cost=10.0)
    assert whole.is_complete
    assert whole.cost_usd == pytest.approx(24 * (100 * 10 + 20 * 100) / 1e6)
    assert whole.stopped is None
    assert whole.verdicts()["cost_usd"].to_list() == pytest.approx([8 * 0.003] * 3)


def test_calls_of_a_process_that_died_count(make: Make, tmp_path: Path) -> None:
    """What a killed process had sent counts with the most it can have cost, and half a line with nothing."""
    make(make_campaigns("spring"), price=(10.0, 100.0), max_cost=1.0)
    ledger = tmp_path / "study" / "ledger.txt"
    with ledger.open("a") as written:
        written.write("hold 0.5\nhold 0.25\ntook 0.25 0.003\nhold 0.4")
    engine = ScriptedEngine(script)
    study = make(make_campaigns("spring", "autumn"), price=(10.0, 100.0), max_cost=0.55, engine=engine)
    assert engine.calls == 0
    assert "up to $0.5000 went to calls without an answer" in str(study.stopped)


class Crowd(EngineBase):
    """Counts how many questions are in flight."""

    model = "crowd"
    concurrency = 32

    def __init__(self) -> None:
        self.in_flight: list[int] = [0]
        self._now = 0

    async def ask(self, question: Question) -> Reply:
        """Answer after a turn of the loop."""
        self._now += 1
        self.in_flight.append(self._now)
        await asyncio.sleep(0.001)
        self._now -= 1
        return await ScriptedEngine(script).ask(question)


def test_cells_share_one_limit_of_questions(make: Make) -> None:
    """Several runs go on at once, and all together keep within the limit."""
    crowd = Crowd()
    make(make_campaigns(*(f"c{number}" for number in range(6))), engine=crowd, concurrency=20)
    assert max(crowd.in_flight) == 20


@pytest.mark.parametrize(
    ("campaigns", "options", "said"),
    [
        ([], {}, "no campaigns given"),
        ("nothing-*.yaml", {}, r"nothing-\*\.yaml: no file fits this pattern"),
        ("docs", {}, "docs: no campaign among 0 YAML files"),
        (
            ["examples/paypal-invoices.yaml", "examples/paypal-*.yaml"],
            {},
            r"'paypal-invoices' is there twice: ex",
        ),
        (make_campaigns("spring"), {"audiences": None}, r"campaign 'spring' \(an object\) names no audience"),
        (make_campaigns("spring"), {"audiences": []}, "no audience given"),
        (make_campaigns("spring"), {"audiences": [make_people("a", 2)] * 2}, "audience='a': it is named twice"),
        (make_campaigns("spring"), {"models": ["one", "one"]}, "model='one': it is named twice"),
        (make_campaigns("spring"), {"models": ["one"], "price": {"two": (1, 1)}}, "price='two': no such model"),
        (make_campaigns("spring"), {"concurency": 3}, "unknown option 'concurency'; did you mean 'concurrency'"),
        (make_campaigns("spring"), {"workers": 2}, "workers: a study asks from one process"),
        (make_campaigns("spring"), {"sample": 9}, "sample=9: the audience has 4 personas"),
        (make_campaigns("spring"), {"max_cost": 1.0}, "max_cost needs a price"),
        (make_campaigns("x" * 300), {}, "the name is too long for a folder"),
        (make_campaigns("spring"), {"folder": "docs"}, "docs.*holds other files"),
    ],
)
def test_bad_input_is_one_line(
    campaigns: Sequence[Campaign] | str, options: dict[str, Any], said: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be used is said before anything is asked."""
    monkeypatch.chdir(ROOT)
    with pytest.raises(toolkit.InputError, match=said) as caught:
        make(campaigns, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("first", ["toolkit.study", "toolkit.study.studies", "toolkit"])
def test_the_room_can_be_called(first: str) -> None:
    """`toolkit.study(...)` works whichever of room and function was found first."""
    code = (
        f"import {first}, toolkit, inspect\n"
        "from toolkit.study import Study, load_study\n"
        "assert 'campaigns' in inspect.signature(toolkit.study).parameters\n"
        "assert toolkit.study.Study is Study is toolkit.Study\n"
        "try: toolkit.study([])\n"
        "except toolkit.InputError as error: print(error)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.startswith("no campaigns given")
