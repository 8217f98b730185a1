"""The provider's batch interface: half the price, any order, partly failed, collected by whoever comes next."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openai_server import CHAT, EVERYTHING, Faults, OpenAIServer
from provider_batches import BATCHES, BatchRules
from provider_replies import remove_random_tokens

import toolkit
from toolkit.engines.batch import BatchEngine, Tempo
from toolkit.engines.batch_files import split_lines, write_line
from toolkit.engines.batch_service import BatchService
from toolkit.errors import EngineUnavailable, InputError, Interrupted
from toolkit.models import Audience, Campaign, Draft
from toolkit.models.exchange import Question
from toolkit.store import Store
from toolkit.store.batches import BatchLog

ROOT = Path(__file__).parent.parent
OPTIONS: dict[str, Any] = {"rating": "direct", "control": False}
BRISK = Tempo(gather=0.05, first_look=0.02, longest_look=0.05)


def run_batch(
    server: OpenAIServer, drafts: Campaign | Draft, audience: Audience, store: Path, **options: Any
) -> toolkit.Run:
    """Return a run in batches against the loopback provider, at a brisk tempo."""
    service = BatchService("m", base_url=server.base_url, api_key="none", memory=options.pop("memory", None))
    halt = options.pop("halt", None)
    notes = options.pop("on_note", None)
    engine = BatchEngine(service, BatchLog(store), tempo=BRISK, halt=halt, on_note=notes)
    return toolkit.run(drafts, audience, engine=engine, store=store, halt=halt, **OPTIONS, **options)


def count_lines(server: OpenAIServer) -> Counter[str]:
    """Return how often each question was answered in a batch."""
    return Counter(remove_random_tokens(ask.text) for ask in server.desk.lines)


def test_a_batch_gives_what_single_calls_give(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """One file, one batch, results in any order: the same reactions as by single calls, at the provider's usage."""
    notes: list[str] = []
    batched = run_batch(server, campaign, audience, tmp_path / "a.sqlite", price=(1.0, 2.0), on_note=notes.append)
    assert server.count(CHAT) == 0
    assert len(server.desk.batches) == 1
    assert batched.is_complete
    single = toolkit.run(
        campaign, audience, base_url=server.base_url, model="m", store=tmp_path / "b.sqlite", **OPTIONS
    )
    timing = ["latency_ms", "cost_usd"]
    assert batched.reactions.drop(timing).equals(single.reactions.drop(timing))
    assert batched.methods.cost_usd is not None
    assert batched.methods.cost_usd > 0
    assert notes[0].startswith("batch batch_1 sent: 24 questions")


def test_a_listed_price_is_halved() -> None:
    """A batch costs half the listed price; a price given by hand holds as it is."""
    from toolkit.panel.api import find_price

    whole, half = find_price("openai", "gpt-5-mini"), find_price("openai", "gpt-5-mini", batch=True)
    assert whole is not None
    assert half is not None
    assert half.cost(1000, 1000, 500) == pytest.approx(whole.cost(1000, 1000, 500) / 2)
    assert find_price("openai", price=(1.0, 2.0), batch=True) == find_price("openai", price=(1.0, 2.0))


def test_who_stops_reads_on_in_a_second_batch(server: OpenAIServer, audience: Audience, tmp_path: Path) -> None:
    """A folded draft takes two rounds: glances in the first batch, the readings of those who stopped in the second."""
    server.script = lambda ask: {"first_glance": "stop" if "number 1 " in ask.text else "scroll_past"}
    draft = Draft(id="long", text="A long post about jam. " * 20, surface="facebook_post")
    run = run_batch(server, draft, audience, tmp_path / "store.sqlite")
    sizes = [batch["request_counts"]["total"] for batch in server.desk.batches.values()]
    assert (run.is_complete, sizes) == (True, [12, 1])


def test_bad_replies_are_asked_again_in_the_next_batch(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """Cut and malformed replies go into a later batch; nothing that parsed is asked again."""
    server.faults = Faults(malformed=0.3, seed=1)
    run = run_batch(server, campaign, audience, tmp_path / "store.sqlite")
    sizes = [batch["request_counts"]["total"] for batch in server.desk.batches.values()]
    assert run.counts.ok + run.counts.failed == 24
    assert sizes[0] == 24
    assert 0 < sizes[1] < 24


def test_expired_failed_and_lost_lines_are_sent_again(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """A batch that expires half-way keeps what it answered; the rest goes into further batches, three at most."""
    server.desk.rules = BatchRules(expired=0.2, failed=0.1, lost=0.1, seed=5)
    run = run_batch(server, campaign, audience, tmp_path / "store.sqlite")
    assert "expired" in {batch["status"] for batch in server.desk.batches.values()}
    assert run.counts.ok >= 20
    assert set(count_lines(server).values()) == {1}
    server.desk.rules = BatchRules()
    rest = run_batch(server, campaign, audience, tmp_path / "store.sqlite")
    assert rest.is_complete
    assert set(count_lines(server).values()) == {1}


def test_lines_that_never_get_an_answer_fail(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """Three batches in vain: the reactions failed, with the provider's reason."""
    server.desk.rules = BatchRules(failed=1.0)
    run = run_batch(server, campaign, audience, tmp_path / "store.sqlite")
    assert (run.counts.failed, len(server.desk.batches)) == (24, 3)
    assert run.reactions["error"].unique().to_list() == ["the batch answered 500: The server had an error."]


def test_a_refused_batch_is_one_line(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """A batch that fails its validation ends the run with the provider's reason, and is not waited for again."""
    server.desk.rules = BatchRules(refusal="The model takes no batches.")
    with pytest.raises(EngineUnavailable, match=r"refused batch batch_1: The model takes no batches\."):
        run_batch(server, campaign, audience, tmp_path / "store.sqlite")
    server.desk.rules = BatchRules()
    assert run_batch(server, campaign, audience, tmp_path / "store.sqlite").is_complete


@pytest.mark.parametrize("at_once", [False, True])
def test_a_full_queue_takes_smaller_batches_one_after_the_other(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path, *, at_once: bool
) -> None:
    """No room for 24 lines: smaller batches are sent, never two at once, and each line is answered once."""
    notes: list[str] = []
    server.desk.rules = BatchRules(most_waiting=7, refuses_at_once=at_once)
    run = run_batch(server, campaign, audience, tmp_path / "store.sqlite", on_note=notes.append)
    assert run.is_complete
    assert set(count_lines(server).values()) == {1}
    done = [batch for batch in server.desk.batches.values() if batch["status"] == "completed"]
    assert max(batch["request_counts"]["total"] for batch in done) <= 7
    assert any("queue is full" in note and "90,000 enqueued tokens" in note for note in notes)


def test_a_queue_filled_by_others_is_waited_for(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """Not even one line fits while somebody else's batches wait: the run waits until they are done."""
    server.desk.rules = BatchRules(most_waiting=0)

    def hear(note: str) -> None:
        if "queue is full" in note and len(server.desk.batches) >= 8:
            server.desk.rules = BatchRules()

    run = run_batch(server, campaign, audience, tmp_path / "store.sqlite", on_note=hear)
    assert run.is_complete
    assert set(count_lines(server).values()) == {1}


def test_a_batch_that_is_done_before_its_file_is_named_is_looked_at_again(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """Completed, with its output file still to come: nothing is sent again, and every result is kept."""
    server.desk.rules = BatchRules(unnamed_looks=3)
    run = run_batch(server, campaign, audience, tmp_path / "store.sqlite")
    assert (run.is_complete, len(server.desk.batches)) == (True, 1)
    assert set(count_lines(server).values()) == {1}


def test_a_batch_in_which_every_row_failed_says_why(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """One batch, no reply: the reason stands among the warnings and is told at once, and nothing is sent again."""
    notes: list[str] = []
    server.desk.rules = BatchRules(rejected=True)
    run = run_batch(server, campaign, audience, tmp_path / "store.sqlite", on_note=notes.append)
    assert (run.counts.failed, len(server.desk.batches)) == (24, 1)
    said = [warning for warning in run.methods.warnings if "every question failed" in warning]
    assert len(said) == 1
    assert "Unsupported parameter: 'max_tokens'" in said[0]
    assert any("answers are missing" in one and "audience doctor" in one for one in run.methods.warnings)
    assert "(24 of 24)" in said[0]
    assert said[0] in notes


@pytest.mark.parametrize(
    ("complain", "batches", "says"),
    [
        (lambda body: "This response_format type is unavailable now" if "json_schema" in str(body) else "", 2, "JSON"),
        (
            lambda body: (
                f"Invalid schema for response_format (request req_{abs(hash(str(body)))})"
                if "json_schema" in str(body)
                else ""
            ),
            3,
            "the prompt alone",
        ),
        (lambda body: "failed to parse grammar" if "response_format" in body else "", 3, "the prompt alone"),
        (
            lambda body: (
                "Unsupported parameter: 'max_completion_tokens'. Use 'max_tokens' instead."
                if "max_completion_tokens" in body
                else ""
            ),
            2,
            "max_tokens is sent instead",
        ),
    ],
)
def test_what_rows_are_refused_for_is_learned(
    server: OpenAIServer,
    audience: Audience,
    campaign: Campaign,
    tmp_path: Path,
    complain: Callable[[dict[str, Any]], str],
    batches: int,
    says: str,
) -> None:
    """Rows are written otherwise and sent again; a later run, by batch or not, asks that way from the start."""
    server.desk.rules = BatchRules(complaint=complain)
    store = tmp_path / "store.sqlite"
    with Store(store) as memory:
        run = run_batch(server, campaign, audience, store, memory=memory, sample=4)
        assert (run.is_complete, len(server.desk.batches)) == (True, batches)
        assert any(says in warning for warning in run.methods.warnings)
        again = run_batch(server, campaign, audience, store, memory=memory)
        assert (again.is_complete, len(server.desk.batches)) == (True, batches + 1)
    live = toolkit.run(campaign, audience, base_url=server.base_url, model="m", store=store, seed=3, **OPTIONS)
    assert any(says in warning for warning in live.methods.warnings)


def test_a_batch_of_unusable_replies_is_not_sent_again(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """Twenty-four replies without the form are paid for once: the breaker keeps a second batch from being sent."""
    server.script = lambda _: "I like it."
    run = run_batch(server, campaign, audience, tmp_path / "store.sqlite")
    assert (run.counts.failed, len(server.desk.batches), len(server.desk.lines)) == (24, 1, 24)
    assert any("the last 24 replies were all unusable (not JSON)" in warning for warning in run.methods.warnings)


def test_an_endpoint_without_batches_is_one_line(audience: Audience, campaign: Campaign, tmp_path: Path) -> None:
    """Where there is no such interface the error says so, and engines that have none refuse the option."""
    with (
        OpenAIServer(key=None, support=EVERYTHING - {BATCHES}) as bare,
        pytest.raises(EngineUnavailable, match="has no batch interface; leave batch out"),
    ):
        run_batch(bare, campaign, audience, tmp_path / "store.sqlite")
    with pytest.raises(InputError, match="the local engine has no batches"):
        toolkit.run(campaign, audience, engine="local", batch=True, **OPTIONS)


def interrupt(server: OpenAIServer, campaign: Campaign, audience: Audience, store: Path) -> str:
    """Start a run, interrupt it as soon as its batch is on its way, and return what it says."""
    halt: list[asyncio.Event] = []

    async def work() -> None:
        halt.append(asyncio.Event())
        service = BatchService("m", base_url=server.base_url, api_key="none")

        def hear(note: str) -> None:
            if "in progress" in note:
                halt[0].set()

        engine = BatchEngine(service, BatchLog(store), tempo=BRISK, halt=halt[0], on_note=hear)
        await toolkit.arun(campaign, audience, engine=engine, store=store, halt=halt[0], **OPTIONS)

    with pytest.raises(Interrupted) as caught:
        asyncio.run(work())
    return str(caught.value)


def test_another_process_collects_an_open_batch(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """Interrupted while it waits, the batch goes on; the same test later collects it and sends no other."""
    store = tmp_path / "store.sqlite"
    server.desk.rules = BatchRules(looks=10**6)
    assert "batch_1 goes on at the provider" in interrupt(server, campaign, audience, store)
    server.desk.rules = BatchRules()
    run = run_batch(server, campaign, audience, store)
    assert (run.is_complete, len(server.desk.batches)) == (True, 1)
    assert set(count_lines(server).values()) == {1}


def test_a_larger_test_asks_only_what_the_open_batch_lacks(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """A second draft joins while a batch is open: its questions form a batch of their own."""
    store = tmp_path / "store.sqlite"
    server.desk.rules = BatchRules(looks=10**6)
    interrupt(server, campaign, audience, store)
    server.desk.rules = BatchRules()
    more = (*campaign.drafts, Draft(id="third", text="Third words."))
    run = run_batch(server, campaign.model_copy(update={"drafts": more}), audience, store)
    sizes = [batch["request_counts"]["total"] for batch in server.desk.batches.values()]
    assert (run.is_complete, sizes) == (True, [24, 12])


def test_replies_nobody_asked_for_yet_wait_in_the_store(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """A smaller test collects the batch; what it did not need is there, unpaid, when the larger one comes back."""
    store = tmp_path / "store.sqlite"
    server.desk.rules = BatchRules(looks=10**6)
    interrupt(server, campaign, audience, store)
    server.desk.rules = BatchRules()
    assert run_batch(server, campaign, audience, store, sample=3).counts.ok == 6
    assert run_batch(server, campaign, audience, store).is_complete
    assert len(server.desk.batches) == 1


def test_a_batch_whose_creation_was_not_heard_of_is_found(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """The provider created it and the answer was lost: the next run finds it by the ticket written into it."""
    store = tmp_path / "store.sqlite"
    server.desk.rules = BatchRules(break_after_create=True)
    with pytest.raises(EngineUnavailable, match="nothing answers"):
        run_batch(server, campaign, audience, store)
    made = len(server.desk.batches)
    server.desk.rules = BatchRules()
    assert run_batch(server, campaign, audience, store).is_complete
    assert len(server.desk.batches) == made
    assert set(count_lines(server).values()) == {1}


def test_max_cost_holds_the_worst_case_of_a_batch_before_it_is_sent(
    server: OpenAIServer, audience: Audience, campaign: Campaign, tmp_path: Path
) -> None:
    """Only questions whose worst cases fit together go into one batch, and the server's bill stays under the limit."""
    run = run_batch(server, campaign, audience, tmp_path / "store.sqlite", price=(10.0, 10.0), max_cost=0.2)
    first = next(iter(server.desk.batches.values()))["request_counts"]["total"]
    assert 0 < first < 24
    assert server.billed_tokens * 10 / 1e6 <= 0.2
    assert run.methods.cost_usd == pytest.approx(server.billed_tokens * 10 / 1e6)


def test_files_are_split_at_the_provider_s_limits() -> None:
    """No file holds more lines or bytes than allowed, and none is lost."""
    question = Question(prompt="Ünïcode", schema={"type": "object"})
    lines = {f"{number:02}": write_line(f"{number:02}", question, "m") for number in range(10)}
    parts = list(split_lines(lines, most_lines=4))
    assert [len(part) for part in parts] == [4, 4, 2]
    size = len(lines["00"])
    assert [len(part) for part in split_lines(lines, most_bytes=3 * size + 1)] == [3, 3, 3, 1]
    fields = json.loads(lines["00"])
    assert (fields["custom_id"], fields["method"], fields["url"]) == ("00", "POST", "/v1/chat/completions")
    assert fields["body"]["model"] == "m"


@pytest.mark.slow
def test_the_command_leaves_a_batch_running_and_collects_it_later(tmp_path: Path) -> None:
    """`audience run --batch`, Ctrl-C while it waits: exit 130 and the batch named; the same command collects it."""
    with OpenAIServer(key=None) as server:
        server.desk.rules = BatchRules(looks=10**6)
        command = [sys.executable, "-m", "toolkit", "run", str(ROOT / "examples" / "paypal-invoices.yaml"), "--batch"]
        command += ["--audience", "uk-small-sellers", "--base-url", server.base_url, "--model", "m", "--json"]
        command += ["--rating", "direct", "--out", str(tmp_path / "out"), "--no-control"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, env=environment, cwd=tmp_path, **pipes) as process:
            assert process.stderr is not None
            assert process.stderr.readline().startswith("batch batch_1 sent: 24 questions")
            process.send_signal(signal.SIGINT)
            said = process.stderr.read()
        assert process.returncode == 130
        assert "batch_1 goes on at the provider" in said.strip().splitlines()[-1]
        server.desk.rules = BatchRules()
        done = subprocess.run(command, env=environment, cwd=tmp_path, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["counts"]["ok"] == 24
        assert (len(server.desk.batches), server.count()) == (1, 0)
