"""Finished runs for tests of pages: people who differ, made by a scripted engine."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
from pathlib import Path

from scripted import ScriptedEngine, reading

import toolkit
from toolkit.files.resources import find_resource
from toolkit.models.exchange import Question


def answer(question: Question) -> dict[str, object]:
    """Answer by chance that only the question decides: some tap, some read, some object, some hide it."""
    chance = int(hashlib.sha256(question.prompt.encode()).hexdigest()[:8], 16) / 2**32
    action = "click" if chance < 0.45 else "read" if chance < 0.75 else "share" if chance < 0.9 else "hide"
    objection = "It does not say what it costs." if chance > 0.6 else None
    return reading(action, objection=objection, quotes=[{"text": "in the chat", "feeling": "liked"}])


def save_run(folder: Path, people: int = 24, *, days_ago: int = 0) -> Path:
    """Save a run of the example campaign on so many of the bundled feed audience, begun so many days ago."""
    campaign = toolkit.load_drafts(find_resource("examples", "paypal-invoices.yaml"))
    engine = ScriptedEngine(answer)
    run = toolkit.run(campaign, "uk-social-feed", engine=engine, rating="direct", sample=people, repeats=1)
    began = datetime.datetime.fromisoformat(run.methods.started) - datetime.timedelta(days=days_ago)
    methods = run.methods.model_copy(update={"started": began.isoformat(timespec="seconds")})
    return dataclasses.replace(run, methods=methods).save(folder)
