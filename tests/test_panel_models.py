"""Several models in one panel: who answers for whom, what that costs, and what a verdict then says."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from conftest import Command, make_audience
from openai_server import CHAT, Ask, OpenAIServer
from polars.testing import assert_frame_equal
from recorded import CAMPAIGN, write_campaign
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.cli.show import describe_run, print_run
from toolkit.errors import CallFailed, InputError
from toolkit.gate import check_campaign, record_campaign
from toolkit.gate.recording_file import load_recording
from toolkit.models import Audience, Campaign
from toolkit.models.exchange import Question
from toolkit.panel.live_runs import LiveRun
from toolkit.panel.run_options import Asking
from toolkit.panel.splitting import Split, split_people
from toolkit.report import make_report
from toolkit.results import Run
from toolkit.store import Store
from toolkit.ui.ask import read_models

Rates = Mapping[str, float]
PLAIN, BENEFIT = "Send an invoice in the chat.", "Get paid today, in the chat."
FOR_BENEFIT: Rates = {PLAIN: 0.1, BENEFIT: 0.9}
FOR_PLAIN: Rates = {PLAIN: 0.9, BENEFIT: 0.1}


def make_crowd(count: int = 96) -> Audience:
    """Return so many people of two segments."""
    first = make_audience().personas[0]
    people = [
        first.model_copy(
            update={
                "id": f"p{number:03}",
                "about": f"Sells jam at number {number}.",
                "weight": 1.0,
                "segments": {"role": "seller" if number % 3 else "buyer", "age": "old" if number % 2 else "young"},
            }
        )
        for number in range(count)
    ]
    return Audience(audience="crowd", personas=tuple(people))


def make_pair() -> Campaign:
    """Return two drafts."""
    drafts = [{"id": "plain", "text": PLAIN}, {"id": "benefit", "text": BENEFIT}]
    return Campaign.model_validate(
        {"campaign": "jam", "objective": "click", "drafts": [{**one, "surface": "messenger_message"} for one in drafts]}
    )


def decide(model: str, text: str, rates: Rates) -> str:
    """Return what somebody does: by the model, the person and the draft alone."""
    draft = next(one for one in rates if one in text)
    person = re.search(r"number \d+", text)
    said = f"{model} {person[0] if person else ''} {draft}"
    chance = int(hashlib.sha256(said.encode()).hexdigest()[:8], 16) / 2**32
    return "click" if chance < rates[draft] else "read"


def make_model(name: str, rates: Rates) -> ScriptedEngine:
    """Return a scripted model whose people tap each draft with a given chance."""
    return ScriptedEngine(lambda asked: reading(decide(name, asked.prompt, rates)), model=name)


def ask_models(folder: Path, *rates: Rates, people: int = 96, **options: Any) -> Run:
    """Return a run through one scripted model for each of the rates, called m0, m1 and so on."""
    models = [make_model(f"m{number}", one) for number, one in enumerate(rates)]
    asked: dict[str, Any] = {"rating": "ssr", "control": False, "store": folder / "replies.sqlite"} | options
    return toolkit.run(make_pair(), make_crowd(people), models=models, **asked)


def answer_by_model(rates: Mapping[str, Rates]) -> Callable[[Ask], Any]:
    """Return a script for the loopback provider by which each model has its own mind."""

    def answer(ask: Ask) -> Any:
        return reading(decide(ask.model, ask.text, rates[ask.model]))

    return answer


def count_cells(split: Split, people: Audience, wordings: int) -> Counter[tuple[int, int]]:
    """Return how many people of each wording each model has."""
    ranks = {persona.id: rank for rank, persona in enumerate(people.personas)}
    return Counter((ranks[who] % wordings, model) for who, model in split.of_persona.items())


@pytest.mark.parametrize(("people", "models"), [(96, 2), (97, 3), (30, 3), (7, 2)])
def test_models_share_each_wording_evenly(people: int, models: int) -> None:
    """Within a wording no model has more than one person more than another."""
    crowd = make_crowd(people)
    cells = count_cells(split_people(crowd.personas, [f"m{at}" for at in range(models)], 10), crowd, 10)
    for wording in range(min(10, people)):
        counts = [cells[wording, model] for model in range(models)]
        assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("models", [2, 3])
def test_models_share_segments_as_far_as_counts_allow(models: int) -> None:
    """Models differ by no more than three people of a segment value: wordings are even, and one file may be unlucky."""
    crowd = make_crowd(100)
    split = split_people(crowd.personas, [f"m{at}" for at in range(models)], 10)
    for key, value in (("role", "seller"), ("role", "buyer"), ("age", "old"), ("age", "young")):
        counts = Counter(split.of_persona[one.id] for one in crowd.personas if one.segments[key] == value)
        assert max(counts.values()) - min(counts.values()) <= 3


def test_a_larger_sample_moves_nobody() -> None:
    """Whoever is in a sample has the model that they have in a larger one."""
    crowd, names = make_crowd(90), ["a", "b", "c"]
    few, many = split_people(crowd.personas[:40], names, 10), split_people(crowd.personas, names, 10)
    assert few.of_persona.items() <= many.of_persona.items()


def test_who_has_a_model_keeps_it() -> None:
    """People who are settled stay, and those who join even the counts out."""
    crowd, names = make_crowd(40), ["a", "b"]
    kept = {persona.id: 0 for persona in crowd.personas[:10]}
    split = split_people(crowd.personas, names, 10, kept)
    assert all(split.of_persona[who] == 0 for who in kept)
    assert max(Counter(split.of_persona.values()).values()) <= 25


def test_every_reaction_carries_its_model(tmp_path: Path) -> None:
    """A persona reads both drafts through one model, and the control reader's wordings take turns."""
    run = ask_models(tmp_path, FOR_BENEFIT, FOR_BENEFIT, control=True, people=40)
    people = run.reactions
    assert people.group_by("persona_id").agg(pl.col("model").n_unique())["model"].unique().to_list() == [1]
    assert min(Counter(people["model"]).values()) >= 38
    control = run.control_reactions
    assert set(control["model"]) == {"m0", "m1"}
    assert control.group_by("wording").agg(pl.col("model").n_unique())["model"].max() == 1


def test_head_to_head_asks_the_same_model(tmp_path: Path) -> None:
    """The model that answers for a persona also chooses for them."""
    asked: dict[str, set[str]] = {"m0": set(), "m1": set()}

    def listen(name: str) -> ScriptedEngine:
        def script(question: Question) -> Any:
            person = re.search(r"number \d+", question.prompt)
            asked[name].add(person[0] if person else "")
            return {"sooner": "neither", "because": "Both the same."} if question.kind == "choice" else reading()

        return ScriptedEngine(script, model=name)

    toolkit.run(
        make_pair(), make_crowd(20), models=[listen("m0"), listen("m1")], control=False, head_to_head=True,
        store=tmp_path / "replies.sqlite",
    )  # fmt: skip
    assert not asked["m0"] & asked["m1"]


def test_models_that_disagree_are_unstable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The verdict says so with each one's figure, in every form in which it is told."""
    run = ask_models(tmp_path, FOR_BENEFIT, FOR_PLAIN)
    verdict = run.verdict()
    assert (verdict.decision, verdict.draft) == ("unstable", None)
    assert re.match(r"the models disagree: \w+ against \w+, m0 -?\d+ points, m1 -?\d+ points", verdict.because)
    print_run(run, tmp_path, brief=False)
    told = capsys.readouterr().out
    assert "unstable: the models disagree" in told.lower()
    assert "by model" in told
    described = json.loads(describe_run(run, tmp_path))
    assert described["verdict"]["decision"] == "unstable"
    assert {(row["draft_id"], row["model"]) for row in described["models"]["table"]} == {
        (draft, model) for draft in ("plain", "benefit") for model in ("m0", "m1")
    }
    for suffix in (".html", ".md", ".json", ".xlsx"):
        toolkit.save_report(run, tmp_path / f"report{suffix}")
    for suffix in (".html", ".md"):
        text = (tmp_path / f"report{suffix}").read_text()
        assert "Unstable: the models disagree" in text
        assert "m0" in text
    assert len(json.loads((tmp_path / "report.json").read_text())["models"]) == 4


@pytest.mark.parametrize("people", [12, 24])
def test_unanimous_models_that_disagree_are_unstable(tmp_path: Path, people: int) -> None:
    """Also where all people of a model do the same, so that no test of equal differences can be made."""
    run = ask_models(tmp_path, {PLAIN: 0.0, BENEFIT: 1.0}, {PLAIN: 1.0, BENEFIT: 0.0}, people=people)
    assert run.verdict().decision == "unstable"
    assert "the models disagree" in run.verdict().because


def test_a_sign_that_one_model_turns_is_unstable(tmp_path: Path) -> None:
    """A draft that is ahead in all is not best if one model has it behind."""
    behind: Rates = {PLAIN: 0.5, BENEFIT: 0.45}
    run = ask_models(tmp_path, FOR_BENEFIT, FOR_BENEFIT, behind, people=150)
    leads = [one.difference for one in run.hear_models().pairs[0].leads]  # type: ignore[union-attr]
    assert min(lead for lead in leads if lead is not None) < 0.0
    assert run.compare()["decides"].to_list() == ["B"]
    assert run.verdict().decision == "unstable"


def test_models_that_agree_let_a_draft_win(tmp_path: Path) -> None:
    """The verdict then says for which models it speaks, and what models at large might say."""
    run = ask_models(tmp_path, FOR_BENEFIT, FOR_BENEFIT)
    verdict = run.verdict()
    assert (verdict.decision, verdict.draft) == ("best", "benefit")
    assert re.search(r"speaks for these 2 models: m0 \d+ points, m1 \d+ points", verdict.because)
    assert re.search(r"For models at large: \d+ to \d+ points", verdict.because)
    (pair,) = run.hear_models().pairs  # type: ignore[union-attr]
    row = run.compare().row(0, named=True)
    assert pair.low_at_large is not None
    assert pair.low_at_large < row["low"]


def test_models_that_differ_in_size_alone_agree(tmp_path: Path) -> None:
    """A draft that is surely ahead with every model is best, however far each has it ahead."""
    run = ask_models(tmp_path, {PLAIN: 0.05, BENEFIT: 0.95}, {PLAIN: 0.3, BENEFIT: 0.8}, people=150)
    (pair,) = run.hear_models().pairs  # type: ignore[union-attr]
    assert pair.p_value is not None
    assert pair.p_value < 0.05
    assert run.verdict().decision == "best"


def test_one_model_says_nothing_of_models(tmp_path: Path) -> None:
    """A run through one model has no table of models, and its verdict speaks of none."""
    run = ask_models(tmp_path, FOR_BENEFIT)
    assert run.by_model().is_empty()
    assert "models" not in run.verdict().because
    assert run.methods.models == ()


def test_a_saved_run_keeps_its_models(tmp_path: Path) -> None:
    """What each model did and the verdict come back from the run folder."""
    run = ask_models(tmp_path, FOR_BENEFIT, FOR_PLAIN)
    again = toolkit.load_run(run.save(tmp_path / "run"))
    assert [(one.name, one.personas) for one in again.methods.models] == [
        (one.name, one.personas) for one in run.methods.models
    ]
    assert again.verdict() == run.verdict()
    assert_frame_equal(again.by_model(), run.by_model())


def test_nothing_stored_is_asked_again(tmp_path: Path) -> None:
    """The same run answers from the store, and another model is asked for its own people alone."""
    run = ask_models(tmp_path, FOR_BENEFIT, FOR_BENEFIT, people=40)
    assert run.counts.calls > 0
    assert ask_models(tmp_path, FOR_BENEFIT, FOR_BENEFIT, people=40).counts.calls == 0
    with Store(tmp_path / "replies.sqlite") as store:
        assert {reply.model for _, _, reply in store.list_replies()} == {"m0", "m1"}


def test_a_dead_model_leaves_the_others_answers(tmp_path: Path) -> None:
    """A model that fails ends its own questions, not those of the other, and the verdict is not enough."""
    dead = ScriptedEngine(lambda _: CallFailed("the server is down"), model="dead")
    run = toolkit.run(
        make_pair(), make_crowd(60), models=[make_model("m0", FOR_BENEFIT), dead], control=False,
        store=tmp_path / "replies.sqlite",
    )  # fmt: skip
    people = run.reactions.group_by("model", "status").len().sort("model").rows()
    assert [row[:2] for row in people] == [("dead", "failed"), ("m0", "ok")]
    assert min(row[2] for row in people) >= 56
    assert dead.calls < 56
    assert run.verdict().decision == "not enough"


def test_the_command_splits_people_over_models(command: Command, tmp_path: Path) -> None:
    """--model given twice asks each model for half of the people, at its own price, under one limit."""
    path = write_campaign(tmp_path)
    rates = {"big": FOR_BENEFIT, "small": FOR_PLAIN}
    with OpenAIServer(key=None, models=tuple(rates), script=answer_by_model(rates)) as server:
        asked = (
            "--base-url",
            server.base_url,
            "--model",
            "big",
            "--model",
            "small",
            "--no-control",
            "--rating",
            "direct",
        )
        refused = command("run", str(path), *asked, "--max-cost", "1", "--price", "big=1,2")
        assert refused.returncode == 2
        assert "small=0.25,2" in refused.stderr
        assert server.count(CHAT) == 0
        prices = ("--price", "big=1,2", "--price", "small=10,20", "--max-cost", "1")
        dry = json.loads(command("run", str(path), *asked, *prices, "--dry-run", "--json").stdout)
        done = command("run", str(path), *asked, *prices, "--json", "--out", str(tmp_path / "run"))
        counts = Counter(ask.model for ask in server.requests if ask.path == CHAT)
        partly = command(
            "run", str(path), *asked, "--price", "big=1,2", "--seed", "3", "--out", tmp_path / "partly"
        ).stdout
    assert "cost unknown (add --price small=IN,OUT)" in " ".join(partly.split())
    told = json.loads(done.stdout)
    assert sum(counts.values()) == 48
    assert min(counts.values()) >= 22
    assert {one["name"]: one["calls"] for one in dry["models"]} == counts
    assert {one["name"]: 2 * one["personas"] for one in dry["models"]} == counts
    assert dry["cost_usd"] == pytest.approx(sum(one["cost_usd"] for one in dry["models"]), abs=1e-3)
    shares = {one["name"]: one for one in told["models"]["shares"]}
    assert told["cost_usd"] == pytest.approx(sum(one["cost_usd"] for one in shares.values()))
    for name, (price_in, price_out) in {"big": (1, 2), "small": (10, 20)}.items():
        one = shares[name]
        dollars = (one["prompt_tokens"] * price_in + one["completion_tokens"] * price_out) / 1e6
        assert one["cost_usd"] == pytest.approx(dollars, abs=1e-6)
    assert "the models disagree" in told["verdict"]["because"]


def test_a_campaign_names_its_models(tmp_path: Path) -> None:
    """`models:` splits people as the option does; a model named beside it is asked alone."""
    path = write_campaign(tmp_path, CAMPAIGN.replace("objective: click", "objective: click\nmodels: [big, small]"))
    rates = {"big": FOR_BENEFIT, "small": FOR_BENEFIT}
    with OpenAIServer(key=None, models=tuple(rates), script=answer_by_model(rates)) as server:
        asked: dict[str, Any] = {"base_url": server.base_url, "rating": "direct", "control": False}
        both = toolkit.run(path, store=tmp_path / "a.sqlite", **asked)
        alone = toolkit.run(path, model="big", store=tmp_path / "b.sqlite", **asked)
        planned = toolkit.estimate(path, store=tmp_path / "c.sqlite", base_url=server.base_url, price=(1, 1))
    assert set(both.reactions["model"]) == {"big", "small"}
    assert set(alone.reactions["model"]) == {"big"}
    assert [one.name for one in planned.models] == ["big", "small"]


@pytest.mark.parametrize("model", ["big", "gpt-5-mini"])
def test_prices_go_to_the_models_of_a_campaign(tmp_path: Path, model: str) -> None:
    """A price by name belongs to a model that the campaign names, and without such models to the usual one."""
    named = CAMPAIGN.replace("objective: click", f"objective: click\nmodels: [{model}, small]")
    path = write_campaign(tmp_path, named)
    options: dict[str, Any] = {"base_url": "http://127.0.0.1:9/v1", "rating": "direct", "store": tmp_path / "s.sqlite"}
    planned = toolkit.estimate(path, price={model: (1, 2), "small": (10, 20)}, **options)
    assert planned.cost_usd == pytest.approx(sum(one.cost_usd or 0 for one in planned.models), abs=1e-3)
    partly = toolkit.estimate(path, price={model: (1, 2)}, **options)
    assert [one.cost_usd is None for one in partly.models] == [False, True]
    usual = toolkit.estimate(make_pair(), make_crowd(12), price={"gpt-5-mini": (1, 2)}, **options)
    assert usual.cost_usd
    with pytest.raises(InputError, match=r"no such model; asked are: gpt-5-mini$"):
        toolkit.estimate(make_pair(), make_crowd(12), price={"small": (1, 2)}, **options)


def test_a_model_names_its_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """ENDPOINT:NAME brings address and key; key, header and address of the command go to the others alone."""
    monkeypatch.setenv("GROQ_API_KEY", "groq-key")
    asking = Asking(
        models=["mine", "groq:llama", "ollama:qwen:7b"], base_url="http://127.0.0.1:9/v1", api_key="own-key",
        header={"X-Team": "a"},
    )  # fmt: skip
    mine, groq, ollama = (one.asking for one in asking.list_models())
    assert (mine.model, mine.base_url, mine.api_key, mine.header) == (
        "mine", "http://127.0.0.1:9/v1", "own-key", {"X-Team": "a"},
    )  # fmt: skip
    assert (groq.model, groq.api_key, groq.header) == ("llama", "groq-key", None)
    assert groq.base_url == "https://api.groq.com/openai/v1"
    assert (ollama.model, ollama.endpoint, ollama.known_price is not None) == ("qwen:7b", "ollama", True)


def test_a_version_is_no_endpoint() -> None:
    """A model of a server of one's own whose name begins like an endpoint's keeps its name."""
    asking = Asking(model="mistral:7b", base_url="http://127.0.0.1:11434/v1")
    assert (asking.model, asking.endpoint) == ("mistral:7b", None)
    assert Asking(model="mistral:small").endpoint == "mistral"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"models": ["a", "a"]}, "it is named twice"),
        ({"models": ["a", ""]}, "give names"),
        ({"models": ["a"], "model": "b"}, "model and models are both given"),
        ({"models": ["a", "b"], "price": {"c": (1, 2)}}, "no such model; asked are: a, b"),
        ({"models": ["groq:a", "ollama:b"], "api_key": "k"}, "each names an endpoint of its own"),
        ({"models": ["a", "b"], "max_cost": 1.0, "base_url": "http://127.0.0.1:9"}, "that of a is not known"),
    ],
)
def test_what_cannot_be_asked_is_refused(options: dict[str, Any], words: str) -> None:
    """Each fault is one line, raised before anything is asked."""
    with pytest.raises(InputError, match=re.escape(words)):
        toolkit.run(make_pair(), make_crowd(12), **options)


def test_what_one_model_does_refuses_several(tmp_path: Path) -> None:
    """A follow-up question is answered by one model."""
    run = ask_models(tmp_path, FOR_BENEFIT, people=12)
    with pytest.raises(InputError, match="is done by one model"):
        toolkit.follow_up(run, "Why?", make_crowd(12), draft="plain", model=["a", "b"])


def record_models(path: Path, rates: Mapping[str, Rates], **options: Any) -> None:
    """Record a campaign through the loopback provider's models."""
    with OpenAIServer(key=None, models=tuple(rates), script=answer_by_model(rates)) as server:
        record_campaign(path, engine="openai", base_url=server.base_url, rating="direct", **options)


@pytest.fixture
def campaign_file(tmp_path: Path) -> Path:
    """Return a campaign with checks, of 24 people and two models."""
    return write_campaign(tmp_path, CAMPAIGN.replace("objective: click", "objective: click\nmodels: [big, small]"))


def test_a_recording_keeps_each_model(campaign_file: Path) -> None:
    """Each line says which model answered, and the checks pass on it with no network."""
    record_models(campaign_file, {"big": FOR_BENEFIT, "small": FOR_BENEFIT})
    recording = load_recording(campaign_file.with_name("jam.reactions.jsonl"))
    assert recording is not None
    assert [one.name for one in recording.header.models] == ["big", "small"]
    assert {entry.model for entry in recording.entries} == {"big", "small"}
    assert check_campaign(campaign_file).outcome == "passed"


def test_a_recording_asks_for_nothing_twice(campaign_file: Path) -> None:
    """Recorded again it stays as it is, and somebody who joins the audience moves nobody to another model."""
    rates = {"big": FOR_BENEFIT, "small": FOR_BENEFIT}
    record_models(campaign_file, rates)
    path = campaign_file.with_name("jam.reactions.jsonl")
    before = path.read_bytes()
    record_models(campaign_file, rates)
    assert path.read_bytes() == before
    kept = {entry.persona: entry.model for entry in load_recording(path).entries}  # type: ignore[union-attr]
    write_campaign(campaign_file.parent, campaign_file.read_text(), people=31)
    record_models(campaign_file, rates)
    now = {entry.persona: entry.model for entry in load_recording(path).entries}  # type: ignore[union-attr]
    assert len(now) == 31
    assert kept.items() <= now.items()


def test_checks_are_inconclusive_where_models_disagree(campaign_file: Path) -> None:
    """A draft that beats another with one model alone does not pass."""
    record_models(campaign_file, {"big": {PLAIN: 0.0, BENEFIT: 1.0}, "small": {PLAIN: 0.6, BENEFIT: 0.4}})
    found = check_campaign(campaign_file).checks[-1]
    assert found.outcome == "inconclusive"
    assert "unstable: the models disagree" in found.message


def test_a_recording_of_other_models_is_stale(campaign_file: Path) -> None:
    """Another model in the campaign makes the reactions of the one that left stale, and the command names both."""
    record_models(campaign_file, {"big": FOR_BENEFIT, "small": FOR_BENEFIT})
    campaign_file.write_text(campaign_file.read_text().replace("[big, small]", "[big, other]"))
    found = check_campaign(campaign_file).checks[-1]
    assert found.outcome == "stale"
    assert "other was asked for" in found.message
    assert "--model big --model other" in found.message


def test_recordings_know_how_audiences_are_weighed(tmp_path: Path) -> None:
    """What a recording was told of weights holds for its checks."""
    path = write_campaign(tmp_path)
    record_models(path, {"big": FOR_BENEFIT}, model="big", keep_weights=True)
    recording = load_recording(path.with_name("jam.reactions.jsonl"))
    assert recording is not None
    assert recording.header.keep_weights


@pytest.mark.slow
def test_workers_give_the_same_run(tmp_path: Path) -> None:
    """Spread over Ray workers, each persona has the same model and says the same as in one process."""
    ray = pytest.importorskip("ray")
    ray.shutdown()  # an earlier test of this process may have left one up
    ray.init(num_cpus=2, _node_ip_address="127.0.0.1", include_dashboard=False, log_to_driver=False)
    rates = {"big": FOR_BENEFIT, "small": FOR_PLAIN}
    try:
        with OpenAIServer(key=None, models=tuple(rates), script=answer_by_model(rates)) as server:
            asked: dict[str, Any] = {
                "models": ["big", "small"], "base_url": server.base_url, "rating": "direct", "head_to_head": True,
                "price": {"big": (1.0, 2.0), "small": (10.0, 20.0)},
            }  # fmt: skip
            alone = toolkit.run(make_pair(), make_crowd(40), store=tmp_path / "a.sqlite", **asked)
            spread = toolkit.run(make_pair(), make_crowd(40), store=tmp_path / "b.sqlite", workers=2, **asked)
    finally:
        ray.shutdown()
    assert_frame_equal(spread.reactions.drop("latency_ms"), alone.reactions.drop("latency_ms"))
    assert spread.verdict() == alone.verdict()
    assert spread.methods.cost_usd == pytest.approx(alone.methods.cost_usd)
    for one, other in zip(spread.methods.models, alone.methods.models, strict=True):
        assert (one.name, one.personas, one.cost_usd) == (other.name, other.personas, pytest.approx(other.cost_usd))


def test_batches_ask_each_model(tmp_path: Path) -> None:
    """Each model has a batch of its own, and every reaction the model that answered."""
    rates = {"big": FOR_BENEFIT, "small": FOR_PLAIN}
    with OpenAIServer(key=None, models=tuple(rates), script=answer_by_model(rates)) as server:
        run = toolkit.run(
            make_pair(), make_crowd(20), models=["big", "small"], base_url=server.base_url, rating="direct", batch=True,
            control=False, store=tmp_path / "replies.sqlite",
        )  # fmt: skip
    assert run.is_complete
    assert run.methods.batch
    assert set(run.reactions["model"]) == {"big", "small"}
    assert run.verdict().decision == "unstable"


def test_a_run_of_the_page_splits_people(tmp_path: Path) -> None:
    """What is typed as the model, with a comma, is asked as several models, and the report has their table."""
    rates = {"big": FOR_BENEFIT, "small": FOR_BENEFIT}
    with OpenAIServer(key=None, models=tuple(rates), script=answer_by_model(rates)) as server:
        live = LiveRun(
            make_pair(), make_crowd(24), engine="openai", model=read_models(" big, small "), base_url=server.base_url,
            rating="direct", store=tmp_path / "replies.sqlite",
        )  # fmt: skip
        assert live.wait(60)
    assert live.run is not None, live.problem
    report = make_report(live.run)
    assert report.models.columns == ["draft", "big", "small"]
    assert "This speaks for these 2 models" in report.decision.sentence


def test_a_shared_page_names_no_other_endpoint() -> None:
    """Where whoever runs the page chooses the addresses, a model that names an endpoint is not asked."""
    assert read_models("gpt-5-mini, groq:llama", may_name_endpoints=False) == "gpt-5-mini"
    assert read_models("groq:llama", may_name_endpoints=False) is None
    assert read_models("groq:llama") == "groq:llama"


def test_a_free_server_makes_no_other_model_free() -> None:
    """A server of one's own costs nothing; a model elsewhere in the same panel keeps its price unknown."""
    own, hosted = (one.asking for one in Asking(models=["a", "groq:b"], endpoint="ollama").list_models())
    assert own.known_price is not None
    assert hosted.known_price is None
    assert own.base_url != hosted.base_url


def test_the_report_shows_the_pair_that_models_disagree_on(tmp_path: Path) -> None:
    """Among three drafts the sentence gives the figures of each model for that pair, and the advice says what to do."""
    third = "Ask your buyers for money in the chat."
    drafts = make_pair().model_copy(
        update={"drafts": (*make_pair().drafts, make_pair().drafts[0].model_copy(update={"id": "ask", "text": third}))}
    )
    rates: list[Rates] = [{PLAIN: 0.1, BENEFIT: 0.9, third: 0.3}, {PLAIN: 0.1, BENEFIT: 0.5, third: 0.95}]
    models = [make_model(f"m{number}", one) for number, one in enumerate(rates)]
    run = toolkit.run(drafts, make_crowd(120), models=models, control=False, store=tmp_path / "replies.sqlite")
    decision = make_report(run).decision
    assert decision.headline == "Unstable: the models disagree"
    assert re.search(r"against \d+% for (ask|benefit) ", decision.sentence)
    assert "m0" in decision.sentence
    assert "depends on the model" in decision.advice


def test_a_variable_names_several_models(command: Command, tmp_path: Path) -> None:
    """AUDIENCE_MODEL holds names with commas between them; a dry run says which of them has no price."""
    path = write_campaign(tmp_path)
    asked = ("run", str(path), "--base-url", "http://127.0.0.1:9/v1", "--dry-run", "--price", "big=1,2")
    told = command(*asked, AUDIENCE_MODEL="big, small").stdout
    assert re.search(r"split over 2 models: big \d+, small \d+", told)
    assert "small=IN,OUT" in told
