"""The record on published experiments that ships: whole, current, shown by the command without a store."""

from __future__ import annotations

import hashlib
import json

import pytest
from conftest import Command

from toolkit.models import LABEL
from toolkit.models.chance_link import SOURCES
from toolkit.results.outcome_model.weights import WEIGHTS
from toolkit.validity.outcomes import load_published
from toolkit.validity.outcomes.published import AskedPanel, PublishedGap
from toolkit.validity.outcomes.validating import BASELINES


def make_panel(*pairs: tuple[int, float | None]) -> AskedPanel:
    """Return a panel that favoured the second draft by these gaps; the control reader never spoke."""
    gaps = tuple(PublishedGap(won=won, panel=gap, control=None) for won, gap in pairs)
    return AskedPanel(date="2026-11-25", model="m", audience="a", people=8, pairs=gaps)


def test_the_record_that_ships_is_of_the_weights_that_ship() -> None:
    """New weights without new figures would show the record of another model."""
    assert load_published().weights == hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()


def test_it_reads_as_a_record_on_ones_own_results_does() -> None:
    """Every source in its order, the panel's pairs counted, where the figures come from said."""
    published = load_published()
    record = published.combine()
    assert list(record.sources) == [*SOURCES, *BASELINES]
    assert published.panel is not None
    asked = len(published.panel.pairs)
    assert record.sources["panel"].pairs == asked
    assert record.missing == record.needed - asked
    assert "Upworthy Research Archive" in record.notes[0]
    assert record.label == LABEL


def test_a_panel_is_right_where_it_favours_the_better_draft() -> None:
    """Right, wrong, right, and one without opinion, which is half: 2.5 of 4; the silent reader is unknown."""
    panel = make_panel((1, 0.2), (1, -0.2), (0, -0.1), (0, 0.0), (1, None))
    judged = panel.judge("panel")
    assert (judged.pairs, judged.accuracy) == (4, 2.5 / 4)
    assert judged.low is not None
    assert judged.high is not None
    assert judged.low < 2.5 / 4 < judged.high
    assert panel.judge("control").accuracy is None


@pytest.mark.slow
def test_the_command_shows_it_and_needs_no_results(command: Command) -> None:
    """In an empty folder: findings in sentences and two tables within 80 columns; as JSON; --group is refused."""
    shown = command("outcomes", "validate", "--published", COLUMNS="80")
    assert shown.returncode == 0
    assert "The outcome model was right in 74%" in shown.stdout
    tables = shown.stdout.split("\n\n")[1:3]
    assert all(len(line) <= 80 and "…" not in line for table in tables for line in table.splitlines())
    assert LABEL in shown.stdout
    record = json.loads(command("outcomes", "validate", "--published", "--json").stdout)
    assert record["sources"]["outcome_model"]["pairs"] == record["differing"]
    refused = command("outcomes", "validate", "--published", "--group", "date")
    assert refused.returncode == 2
    assert refused.stderr == "audience: --published has its own groups; leave out --group\n"
    assert "validate --published" in command("outcomes", "validate").stdout
