"""Results into the store, all of a file or nothing, and out of it again."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from toolkit.errors import InputError
from toolkit.files import write_atomically
from toolkit.models import Record
from toolkit.store import outcome_log

EXPORTS = (".csv", ".jsonl")
_FORMULA = re.compile(r"[=+\-@]")
_COLUMNS = ("draft", "draft_id", "headline", "surface", *outcome_log.KEYS, "date", "shown", *outcome_log.COUNTS)


class Addition(Record):
    """What adding a file did, or with a dry run would do."""

    batch: int | None
    """Number of the batch; null where nothing was kept."""
    added: int
    """Results that were not there."""
    replaced: tuple[str, ...]
    """What was there with other counts, in words, one line each."""
    known: int
    """Results that were there already, with the same counts."""


def add_outcomes(
    store: Path, outcomes: Sequence[outcome_log.Outcome], source: str, *, dry_run: bool = False
) -> Addition:
    """Keep results in the store. One that is there already with other counts is replaced by the new counts."""
    with outcome_log.Outcomes(store) as kept:
        standing = {outcome.key: outcome for outcome in kept.list_outcomes()}
        fresh = [outcome for outcome in outcomes if outcome.key not in standing]
        changed = [one for one in outcomes if one.key in standing and one.counts != standing[one.key].counts]
        news = [*fresh, *changed]
        return Addition(
            batch=kept.add(news, source) if news and not dry_run else None,
            added=len(fresh),
            replaced=tuple(_say_change(standing[one.key], one) for one in changed),
            known=len(outcomes) - len(news),
        )


def find_batch(kept: outcome_log.Outcomes, batch: int | None, *, removed: bool) -> outcome_log.AddedBatch:
    """Return a batch by its number, or the latest; `removed` says which kind is meant."""
    batches = [one for one in kept.list_batches() if (one.removed is not None) == removed]
    chosen = batches[-1:] if batch is None else [one for one in batches if one.batch == batch]
    if not chosen:
        numbers = ", ".join(str(one.batch) for one in batches) or "none"
        kind = "taken back" if removed else "standing"
        raise InputError(f"no {kind} batch{'' if batch is None else f' {batch}'}; {kind}: {numbers}")
    return chosen[0]


def export_outcomes(outcomes: Sequence[outcome_log.Outcome], path: Path) -> Path:
    """Write results so that `load_outcomes` reads the same again: .csv, safe in spreadsheets, or .jsonl."""
    suffix = path.suffix.lower()
    if suffix not in EXPORTS:
        raise InputError(f"{path}: results cannot be written to {suffix or 'this'}; allowed: {', '.join(EXPORTS)}")
    rows = [_as_row(outcome) for outcome in outcomes]
    stream = io.StringIO(newline="")
    if suffix == ".csv":
        writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _guard(value) for name, value in row.items()} for row in rows)
        data = stream.getvalue().encode("utf-8-sig")
    else:
        import json

        data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    write_atomically(path, data)
    return path


def say_draft(outcome: outcome_log.Outcome) -> str:
    """Return the draft of a result in a few words."""
    named = outcome.draft_id or outcome.text or (outcome.draft_hash or "")[:12]
    most = 40
    return named if len(named) <= most else f"{named[: most - 1]}…"


def _as_row(outcome: outcome_log.Outcome) -> dict[str, str | int]:
    fields = outcome.model_dump(exclude_none=True)
    draft = fields.pop("text", None) or fields.pop("draft_hash", None)
    fields.pop("draft_hash", None)
    return {**({"draft": draft} if draft else {}), **fields}


def _guard(value: str | int) -> str | int:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _say_change(old: outcome_log.Outcome, new: outcome_log.Outcome) -> str:
    names = ("shown", *outcome_log.COUNTS)
    changes = [
        f"{name} {was if was is not None else 'unknown'} -> {now if now is not None else 'unknown'}"
        for name, was, now in zip(names, old.counts, new.counts, strict=True)
        if was != now
    ]
    return f"{say_draft(new)}: {', '.join(changes)}"
