"""Keeping and forgetting: what is deleted is in no file any more, and nothing grows without a limit."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Command
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.models import Audience, exchange
from toolkit.models.exchange import Reply
from toolkit.panel import live_runs
from toolkit.store import (
    Store,
    approvals,
    campaign_log,
    conversations,
    make_key,
    outcome_log,
    predictions,
    test_log,
    version_log,
)
from toolkit.store.database import VERSION
from toolkit.store.upkeep import About, Upkeep

WORD = "Zwetschgenmus"
"""Stands in everything about the draft that is to be forgotten, and nowhere else."""
PERSON = "p00"
STAYS = "Himbeersaft"
NOW = datetime.datetime(2026, 11, 28, 12, tzinfo=datetime.UTC)
DRAFT = toolkit.Draft(id="jam", text=f"Buy {WORD} today.")
OTHER = toolkit.Draft(id="juice", text=f"Buy {STAYS} today.")


def find_words(store: Path, word: str) -> list[str]:
    """Return the names of the store's files, journals and all, in which a word is."""
    files = [one for one in store.parent.rglob(f"{store.name}*") if one.is_file()]
    return [one.name for one in files if word.encode() in one.read_bytes()]


@pytest.fixture
def store(tmp_path: Path, audience: Audience) -> Path:
    """Return a store in which every part knows two drafts, by way of a run where there is one."""
    path = tmp_path / "kept" / "store.sqlite"
    path.parent.mkdir()
    engine = ScriptedEngine(
        lambda question: reading(verbatim=f"I like {WORD if WORD in question.prompt else STAYS}."), model="m"
    )
    toolkit.run([DRAFT, OTHER], audience, engine=engine, rating="direct", store=path, control=False)
    for draft, word in ((DRAFT, WORD), (OTHER, STAYS)):
        with conversations.Conversations(path) as talks:
            turn = conversations.Turn(
                question="Why?", answer=f"Because of {word}.", model="m", asked="2026-11-01T00:00:00Z"
            )
            talks.keep_turn("run-1", PERSON, draft.id, turn)
            answer = conversations.Answered(persona=PERSON, status="ok", answer=f"{word}!")
            talks.keep_answers("run-1", draft.id, "And you?", [answer], "2026-11-01T00:00:00Z")
        with approvals.Approvals(path) as kept:
            kept.approve(
                approvals.Approval(
                    digest=draft.digest,
                    campaign="spring",
                    draft_id=draft.id,
                    approved_by="Ada",
                    approved_at=NOW,
                    note=word,
                )
            )
        with version_log.Versions(path) as versions:
            versions.add_version(draft, draft.model_copy(update={"text": f"{word}, now."}), made=NOW, note=word)
        with outcome_log.Outcomes(path) as outcomes:
            outcomes.add([outcome_log.Outcome(text=draft.text, shown=10, clicks=1)], "results.csv")
            outcomes.add([outcome_log.Outcome(draft_id=draft.id, group=word, shown=10, clicks=1)], "more.csv")
            said = outcome_log.PersonAnswer(
                form="f", person="ada", code=1, draft_id=draft.id, draft_hash=draft.digest, surface=draft.surface,
                objective="click", wording=0, position=1, stopped=True, action="read", verbatim=f"I like {word}.",
            )  # fmt: skip
            outcomes.add_answers([said], "answers.csv")
        with predictions.PairPredictions(path) as foretold:
            foretold.keep({make_key(word): (0.5, True)})
    with campaign_log.Campaigns(path) as campaigns:
        slots = {str(number): {"name": one.id, "text": one.text} for number, one in enumerate((DRAFT, OTHER))}
        content = {"slots": slots, "order": [0, 1], "removed": None, "values": {}}
        campaigns.keep(
            campaign_log.KeptCampaign(
                id="c", title=f"{DRAFT.text} · 2 drafts", content=json.dumps(content), changed=NOW
            )
        )
    return path


def test_a_forgotten_draft_is_in_no_file(store: Path) -> None:
    """After it nobody finds the words, in the file, its changes or a journal; the other draft's are all there."""
    journal = store.with_name(f"{store.name}.rescued-1-aa.jsonl")
    lost = {"text": f"{WORD} again", "engine": "e", "model": "m", "about": ["draft:jam"]}
    journal.write_text(json.dumps({"key": "aa", "form": "chat", "model": "m", "reply": lost}) + "\n")
    assert find_words(store, WORD)
    with Upkeep(store) as upkeep:
        before = upkeep.measure().tables
        gone = upkeep.forget(About(draft="jam"))
        assert find_words(store, WORD) == []
        after = upkeep.measure().tables
    assert not gone.busy
    assert gone.untold == 0
    assert find_words(store, WORD) == []
    assert find_words(store, STAYS) == ["store.sqlite"]
    for table in ("replies", "runs", "turns", "follow_ups", "approvals", "outcomes", "people_answers"):
        assert 2 * after[table] == before[table] - (table == "replies"), table
    assert after["vectors"] == after["pair_predictions"] == 0
    with campaign_log.Campaigns(store) as campaigns:
        left = campaigns.find("c", "")
        assert left is not None
        assert [slot["name"] for slot in json.loads(left.content)["slots"].values()] == ["juice"]


def test_a_draft_is_forgotten_under_every_name_it_had(tmp_path: Path, audience: Audience) -> None:
    """The same words asked about under another id are the same reply, and go with either name."""
    path = tmp_path / "store.sqlite"
    engine = ScriptedEngine(lambda _: reading(verbatim=f"Oh, {WORD}."), model="m")
    options = {"engine": engine, "rating": "direct", "store": path, "control": False}
    toolkit.run([DRAFT], audience, **options)
    asked = engine.calls
    toolkit.run([DRAFT.model_copy(update={"id": "renamed"})], audience, **options)
    assert engine.calls == asked
    with Upkeep(path) as upkeep:
        assert upkeep.forget(About(draft="renamed")).tables["replies"] == asked
    assert find_words(path, WORD) == []


def test_a_persona_is_forgotten(store: Path) -> None:
    """What one person said is gone, and what all others said stays."""
    with Upkeep(store) as upkeep:
        before = upkeep.measure().tables
        found = upkeep.find_rows(About(persona=PERSON))
        gone = upkeep.forget(About(persona=PERSON))
        after = upkeep.measure().tables
        assert upkeep.find_rows(About(persona=PERSON)) == {}
    assert {"replies", "turns", "follow_ups"} <= set(found)
    assert gone.tables["turns"] == 2
    assert 0 < after["replies"] < before["replies"]
    assert after["turns"] == 0


def test_a_campaign_is_forgotten(store: Path) -> None:
    """Everything about the drafts of a campaign goes with its name."""
    with Upkeep(store) as upkeep:
        campaign = str(upkeep._select_all("SELECT DISTINCT campaign FROM runs")[0]["campaign"])
        upkeep.forget(About(campaign=campaign))
        tables = upkeep.measure().tables
    assert tables["replies"] == tables["runs"] == 0


def test_old_replies_are_told_and_go_by_age(tmp_path: Path) -> None:
    """Replies that do not say what they are about are counted; those older than a limit go, and newer ones stay."""
    path = tmp_path / "store.sqlite"
    with Store(path) as kept:
        for number in range(4):
            kept.keep(bytes([number]), "chat", Reply(text=WORD if number < 2 else STAYS, engine="e", model="m"))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE replies SET arrived = '2026-01-01T00:00:00.000Z' WHERE key < x'02'")
        connection.execute("UPDATE replies SET arrived = '2026-11-27T00:00:00.000Z' WHERE key >= x'02'")
    with Upkeep(path) as upkeep:
        assert upkeep.measure().untold == 4
        assert upkeep.forget(About(draft="jam")).untold == 4
        gone = upkeep.prune(datetime.timedelta(days=90), now=NOW)
        assert gone.tables["replies"] == 2
        assert upkeep.measure().untold == 2
    assert find_words(path, WORD) == []
    assert find_words(path, STAYS)


def test_age_takes_talks_and_traces_and_leaves_decisions(store: Path) -> None:
    """Talks, campaigns of the page and traces of runs grow old; approvals, versions and results stay."""
    with Upkeep(store) as upkeep:
        upkeep.prune(datetime.timedelta(days=1), now=NOW + datetime.timedelta(days=400))
        tables = upkeep.measure().tables
    for table in ("replies", "subjects", "turns", "follow_ups", "runs", "kept_campaigns", "vectors"):
        assert tables[table] == 0, table
    for table in ("approvals", "versions", "outcomes", "people_answers"):
        assert tables[table] > 0, table


def test_a_file_that_is_open_elsewhere_is_told(store: Path) -> None:
    """While somebody reads the store its file keeps the words, and the answer says so."""
    with contextlib.closing(sqlite3.connect(store, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM replies").fetchone()
        with Upkeep(store, patience=0.1) as upkeep:
            assert upkeep.forget(About(draft="jam")).busy
    with Upkeep(store) as upkeep:
        assert not upkeep.forget(About(draft="jam")).busy
    assert find_words(store, WORD) == []


@pytest.mark.parametrize("about", [About(), About(draft="a", persona="b")])
def test_one_thing_at_a_time_is_forgotten(store: Path, about: About) -> None:
    """Nothing named, or two things, is an error before anything is deleted."""
    with Upkeep(store) as upkeep, pytest.raises(toolkit.InputError, match="name one draft"):
        upkeep.forget(about)


@pytest.mark.slow
def test_the_command_measures_exports_and_forgets(store: Path, command: Command, tmp_path: Path) -> None:
    """`audience store` shows the size, writes all rows or those of a draft, and forgets after a word of consent."""
    named = {"AUDIENCE_STORE": str(store)}
    assert json.loads(command("store", "size", "--json", **named).stdout)["tables"]["turns"] == 2
    measured = command("store", "size", **named).stdout
    assert "answers of people: " in measured
    assert "_" not in measured.replace(str(store), "")
    everything, one = tmp_path / "all.jsonl", tmp_path / "one.jsonl"
    assert command("store", "export", "-o", everything, **named).returncode == 0
    assert command("store", "export", "-o", one, "--draft", "jam", **named).returncode == 0
    assert WORD in everything.read_text()
    assert STAYS in everything.read_text()
    assert STAYS not in one.read_text()
    assert command("store", "export", "-o", one, **named).returncode == 2
    refused = command("store", "forget", "--draft", "jam", stdin="n\n", **named)
    assert refused.returncode == 130
    assert refused.stderr.splitlines()[-1].endswith("not confirmed, so nothing was done; --yes confirms beforehand")
    assert find_words(store, WORD)
    done = command("store", "forget", "--draft", "jam", "--yes", **named)
    assert "turns of talks: 1" in done.stdout
    assert find_words(store, WORD) == []
    assert "give a number and d, w, m or y" in command("store", "prune", "--older-than", "soon", **named).stderr
    assert command("store", "prune", "--older-than", "1d", "--yes", **named).returncode == 0
    assert "name exactly one of" in command("store", "forget", "--yes", **named).stderr
    assert "there is no store yet" in command("store", "size", AUDIENCE_STORE=str(tmp_path / "none")).stderr


@pytest.mark.parametrize("part", [Store, approvals.Approvals, test_log.History])
def test_a_store_of_a_newer_version_is_one_line(tmp_path: Path, part: Callable[[Path], object]) -> None:
    """A file whose tables may mean something else is refused by every part, says so, and stays as it is."""
    path = tmp_path / "store.sqlite"
    Store(path).close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as later:
        later.execute(f"PRAGMA user_version={VERSION + 1}")
        later.execute("CREATE TABLE of_later (thing TEXT)")
    before = path.read_bytes()
    with pytest.raises(toolkit.InputError, match="a newer version of audience-toolkit wrote this store") as caught:
        part(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time, in seconds."""
        return self.now


def claim_elsewhere(path: Path, key: bytes, until: float, *, beat: int | None = None) -> None:
    """Take a question in hand as a process of another machine."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as elsewhere:
        elsewhere.execute("INSERT INTO claims VALUES (?, 'elsewhere:1:aa', ?)", (key, until))
        if beat is not None:
            elsewhere.execute("INSERT OR REPLACE INTO beats VALUES ('elsewhere:1:aa', ?)", (beat,))


def test_a_lease_of_the_far_future_ends(tmp_path: Path) -> None:
    """A clock that was set back leaves a lease for years; a minute of silence ends it all the same."""
    path, clock = tmp_path / "store.sqlite", Clock()
    with Store(path, clock=clock) as store:
        claim_elsewhere(path, b"key", 9e12)
        assert not store.claim(b"key")
        clock.now = 59.0
        assert not store.claim(b"key")
        clock.now = 61.0
        assert store.claim(b"key")


@pytest.mark.parametrize("until", [0.0, 9e12])
def test_who_counts_is_alive_whatever_the_clock_says(tmp_path: Path, until: float) -> None:
    """A question is not taken from a process that still counts, though its lease is long over by this clock."""
    path, clock = tmp_path / "store.sqlite", Clock()
    with Store(path, clock=clock) as store:
        claim_elsewhere(path, b"key", until, beat=1)
        for beat in range(2, 9):
            assert not store.claim(b"key")
            clock.now += 50.0
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as elsewhere:
                elsewhere.execute("UPDATE beats SET count = ?", (beat,))
        assert not store.claim(b"key")
        clock.now += 61.0
        assert store.claim(b"key")


def test_nobody_holds_a_question_for_ever(tmp_path: Path) -> None:
    """A process that counts and never answers loses a question after ten minutes: no call is tried for longer."""
    path, clock = tmp_path / "store.sqlite", Clock()
    with Store(path, clock=clock) as store:
        claim_elsewhere(path, b"key", 9e12, beat=0)
        beat = 0
        while not store.claim(b"key"):
            beat += 1
            clock.now += 30.0
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as elsewhere:
                elsewhere.execute("UPDATE beats SET count = ?", (beat,))
        assert 600.0 < clock.now <= 660.0


@pytest.mark.slow
def test_who_waits_for_another_is_told(tmp_path: Path, audience: Audience) -> None:
    """After ten seconds of waiting for a question that another run has in hand, a line says so; then it goes on."""
    path, heard, answers = tmp_path / "store.sqlite", threading.Event(), threading.Event()
    said: list[str | None] = []

    class Patient(ScriptedEngine):
        """Answers once it is told to."""

        async def ask(self, question: exchange.Question) -> Reply:
            """Wait, then return the scripted reply."""
            await asyncio.to_thread(answers.wait)
            return await super().ask(question)

    def hear(trouble: str | None) -> None:
        said.append(trouble)
        if trouble is not None:
            heard.set()

    def go_on() -> None:
        assert heard.wait(60)
        answers.set()

    options = {"rating": "direct", "store": path, "control": False, "sample": 1}
    first = live_runs.LiveRun(
        toolkit.models.Campaign(campaign="c", drafts=(DRAFT,), objective="click"), audience,
        engine=Patient(lambda _: reading(), model="m"), **options,
    )  # fmt: skip
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        deadline = time.monotonic() + 60
        while not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'claims'").fetchone() or not (
            connection.execute("SELECT 1 FROM claims").fetchone()
        ):
            assert time.monotonic() < deadline
    threading.Thread(target=go_on, daemon=True).start()
    second = ScriptedEngine(lambda _: reading(), model="m")
    with exchange.hearing_trouble(hear):
        run = toolkit.run([DRAFT], audience, engine=second, **options)
    assert first.wait(60)
    assert second.calls == 0
    assert set(run.reactions["status"]) == {"ok"}
    assert "another process is asking the same question" in str(next(filter(None, said)))
    assert said[-1] is None


def test_a_run_of_a_newer_version_is_one_line(tmp_path: Path, audience: Audience) -> None:
    """What a later version noted is left out with one line, not one a field; what cannot be read is told with both."""
    engine = ScriptedEngine(lambda _: reading(), model="m")
    run = toolkit.run([DRAFT], audience, engine=engine, rating="direct", control=False, store=tmp_path / "s.sqlite")
    folder = Path(run.save(tmp_path / "run"))
    said = json.loads((folder / "run.json").read_text())
    later = {**said, "version": "99.1.0", "mood": "fine", "weather": "mild"}
    (folder / "run.json").write_text(json.dumps(later))
    noted = [one for one in toolkit.load_run(folder).methods.warnings if one not in run.methods.warnings]
    assert len(noted) == 1
    assert noted[0].startswith("audience-toolkit 99.1.0 wrote this run")
    (folder / "run.json").write_text(json.dumps({**later, "counts": "many"}))
    with pytest.raises(toolkit.InputError, match=r"audience-toolkit 99\.1\.0 wrote this run, .* update") as caught:
        toolkit.load_run(folder)
    assert "\n" not in str(caught.value)
