"""The page of the record: what is missing, the figures with their intervals, and the label."""

from __future__ import annotations

import pytest
from openai_server import PATIENCE
from real_results import make_world
from streamlit.testing.v1 import AppTest

from toolkit.models import LABEL
from toolkit.panel import api
from toolkit.store import outcome_log
from toolkit.validity.outcomes import add_outcomes

SCRIPT = "from toolkit.ui import validity\nvalidity.show()"


def test_without_results_the_published_record_stands_there() -> None:
    """The page names the next step, and shows how often each source was right about published experiments."""
    page = AppTest.from_string(SCRIPT, default_timeout=PATIENCE).run()
    assert not page.exception
    assert "`audience outcomes add FILE`" in page.info[0].value
    assert [heading.value for heading in page.subheader] == [
        "About your audience", "Where a forecast is given", "About published experiments",
    ]  # fmt: skip
    assert any("8,548 pairs" in table.value.to_csv() for table in page.table)
    assert any("The outcome model was right in 74%" in line.value for line in page.markdown)
    assert any("Upworthy Research Archive" in line.value for line in page.markdown)


@pytest.mark.slow
def test_the_record_is_a_table_with_sentences() -> None:
    """Findings first; one row per source, figures with intervals, what they rest on, and the label."""
    make_world(api.default_store(), experiments=30, skill=0.7)
    page = AppTest.from_string(SCRIPT, default_timeout=PATIENCE).run()
    assert not page.exception
    assert page.markdown[0].value.startswith("The panel was right in ")
    table = page.dataframe[0].value
    assert table["source"].to_list()[:4] == ["panel", "control reader", "outcome model", "chance"]
    assert " to " in table["right"][0]
    assert any("210 pairs that differ" in line.value for line in page.markdown)
    assert page.caption[0].value == LABEL


def test_one_pair_says_nothing_and_how_many_would() -> None:
    """Two results are no record: no chart of them, and how many more pairs it takes."""
    shown = {"surface": "facebook_post", "experiment": "one", "shown": 1_000}
    results = [
        outcome_log.Outcome(text="Get paid today.", clicks=31, **shown),
        outcome_log.Outcome(text="Send an invoice.", clicks=58, **shown),
    ]
    add_outcomes(api.default_store(), results, "a test")
    page = AppTest.from_string(SCRIPT, default_timeout=PATIENCE).run()
    assert not page.exception
    words = [line.value for line in page.markdown]
    assert words[0] == "Too few results to say how often anything was right\\."
    assert any("210 pairs that differ" in line for line in words)
    assert len(page.get("vega_lite_chart")) == 1
