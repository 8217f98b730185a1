"""The page of the record: what is missing, the figures with their intervals, and the label."""

from __future__ import annotations

from openai_server import PATIENCE
from real_results import make_world
from streamlit.testing.v1 import AppTest

from toolkit.api import default_store
from toolkit.models import LABEL

SCRIPT = "from toolkit.ui import validity\nvalidity.show()"


def test_an_empty_record_says_what_to_do() -> None:
    """Without results the page names the next step."""
    page = AppTest.from_string(SCRIPT, default_timeout=PATIENCE).run()
    assert not page.exception
    assert "`audience outcomes add FILE`" in page.info[0].value


def test_the_record_is_a_table_with_sentences() -> None:
    """One row per source, figures with intervals, what they rest on, and the label."""
    make_world(default_store(), experiments=30, skill=0.7)
    page = AppTest.from_string(SCRIPT, default_timeout=PATIENCE).run()
    assert not page.exception
    table = page.dataframe[0].value
    assert table["source"].to_list()[:4] == ["panel", "control reader", "outcome model", "chance"]
    assert " to " in table["right"][0]
    assert any("210 pairs that differ" in line.value for line in page.markdown)
    assert page.caption[0].value == LABEL
