"""Somebody else's money: what a person spends a day with this machine's key, over sessions, runs and restarts."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.engines import budget
from toolkit.models import Audience, exchange
from toolkit.panel import live_runs
from toolkit.store.upkeep import DailyPurse, Spending

DRAFTS = [toolkit.Draft(id="a", text="Send it."), toolkit.Draft(id="b", text="Send it today.")]
CAMPAIGN = toolkit.models.Campaign(campaign="c", drafts=tuple(DRAFTS), objective="click")
TOKENS = {"prompt_tokens": 1_000, "completion_tokens": 1_000}


class Charged(ScriptedEngine):
    """Answers for a thousand tokens each way, which costs two cents at the price of the tests."""

    async def ask(self, question: exchange.Question) -> exchange.Reply:
        """Return the scripted reply with its usage."""
        reply = await super().ask(question)
        return exchange.Reply(text=reply.text, engine="scripted", model=self.model, **TOKENS)


def start(store: Path, audience: Audience, purse: budget.Purse, model: str, **options: object) -> live_runs.LiveRun:
    """Start a run that is paid from a purse."""
    engine = Charged(lambda _: reading(ratings={}), model=model)
    given = {"engine": engine, "rating": "direct", "store": store, "control": False, "price": (10.0, 10.0), **options}
    with budget.paid_from(purse):
        return live_runs.LiveRun(CAMPAIGN, audience, **given)


def test_a_day_has_a_limit_over_all_runs(tmp_path: Path, audience: Audience) -> None:
    """Two runs at once and a third one later never spend more than the day's share; another person has their own."""
    store = tmp_path / "store.sqlite"
    for_ada = [DailyPurse(store, "ada", "2026-11-28", 0.30) for _ in range(3)]
    together = [start(store, audience, purse, f"m{number}") for number, purse in enumerate(for_ada[:2])]
    for live in together:
        assert live.wait(120)
    later = start(store, audience, for_ada[2], "m2")
    assert later.wait(120)
    with Spending(store) as spending:
        spent = spending.find("ada", "2026-11-28")
    runs = [live.run for live in (*together, later)]
    assert 0.1 < spent <= 0.30 + 1e-9
    assert spent == pytest.approx(sum(run.reactions["cost_usd"].sum() for run in runs if run is not None))
    assert any(
        "you may spend $0.30 a day" in str(live.problem or live.reactions[-1].error) for live in (*together, later)
    )
    other = start(store, audience, DailyPurse(store, "grace", "2026-11-28", 10.0), "m3")
    assert other.wait(120)
    assert other.run is not None
    assert set(other.run.reactions["status"]) == {"ok"}


def test_a_key_that_is_not_shared_is_not_spent(tmp_path: Path, audience: Audience) -> None:
    """Without a share nothing is asked, and the one line says how to go on."""
    live = start(
        tmp_path / "store.sqlite", audience, DailyPurse(tmp_path / "store.sqlite", "ada", "2026-11-28", 0.0), "m"
    )
    assert live.wait(120)
    assert "type a key of your own" in str(live.problem or live.reactions[0].error)
    with Spending(tmp_path / "store.sqlite") as spending:
        assert spending.find("ada", "2026-11-28") == 0.0


def test_what_has_no_price_cannot_be_counted(tmp_path: Path, audience: Audience) -> None:
    """A model whose price nobody knows is not asked with somebody else's key."""
    purse = DailyPurse(tmp_path / "store.sqlite", "ada", "2026-11-28", 5.0)
    live = start(tmp_path / "store.sqlite", audience, purse, "unheard-of", price=None)
    assert live.wait(120)
    assert "the price of this model is not known" in str(live.problem or live.reactions[0].error)


def test_what_broke_off_stays_counted(tmp_path: Path) -> None:
    """A process that is ended between asking and answer has spent the worst case; what is settled is exact."""
    purse = DailyPurse(tmp_path / "store.sqlite", "ada", "2026-11-28", 1.0)
    assert purse.hold(0.6)
    assert not purse.hold(0.6)
    purse.settle(0.6, 0.1)
    assert purse.hold(0.6)
    with Spending(tmp_path / "store.sqlite") as spending:
        assert spending.find("ada", "2026-11-28") == pytest.approx(0.7)
