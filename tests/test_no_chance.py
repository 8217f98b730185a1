"""Outside its validated domains the outcome model gives no chance: not in any output that a person or program reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
from conftest import Command
from openai_server import PATIENCE, Ask, OpenAIServer
from streamlit.testing.v1 import AppTest

import toolkit
from toolkit.drafts.surfaces import find_surface, surface_names
from toolkit.models.records import OBJECTIVES
from toolkit.report.saving import render_report
from toolkit.results.outcome_model import domains

TEXTS = ("You Will Not Believe What This Seller Did Next", "A seller sends an invoice")
ELSEWHERE = [
    ("facebook_post", "share"),
    ("marketplace_listing", "reply"),
    ("x_post", "click"),
    ("facebook_post", "click"),
]
CHANCE = re.compile(r"\d\s?%")


def show_what_speaks(folder: str) -> None:
    """Draw the part of the result page that shows evidence: a script of its own for the test."""
    import toolkit
    from toolkit.report.content import make_report
    from toolkit.ui.results import show_evidence

    show_evidence(make_report(toolkit.load_run(folder)))


def say(ask: Ask) -> dict[str, object] | None:
    """Have everybody act on the plain draft alone."""
    if not ask.path.endswith("chat/completions"):
        return None
    return {"first_glance": "stop", "action": "hide" if TEXTS[0] in ask.text else "read"}


@pytest.mark.slow
@pytest.mark.parametrize(("surface", "objective"), ELSEWHERE)
def test_no_output_gives_a_chance_where_nothing_was_measured(
    command: Command, server: OpenAIServer, tmp_path: Path, surface: str, objective: str
) -> None:
    """Terminal, `--json`, run.json, all reports and the page say "no forecast", and none has a figure beside it."""
    server.script = say
    drafts = tmp_path / "drafts.yaml"
    rows = [{"id": f"d{place}", "text": text, "surface": surface} for place, text in enumerate(TEXTS)]
    drafts.write_text(json.dumps({"campaign": "elsewhere", "objective": objective, "drafts": rows}))
    folder = tmp_path / "run"
    asked = ("run", str(drafts), "--audience", "uk-small-sellers", "--base-url", server.base_url, "--rating", "direct")
    asked = (*asked, "--model", "m", "--sample", "12", "--out", str(folder))
    gap = f"gives no forecast: {domains.say_gap(surface, objective)}"
    told = json.loads(command(*asked, "--json", OPENAI_API_KEY="none").stdout)
    check_rows(told["evidence"], gap)
    terminal = command(*asked, OPENAI_API_KEY="none", COLUMNS="400").stdout
    (line,) = [line for line in terminal.splitlines() if line.startswith("outcome model")]
    assert gap in line
    assert not CHANCE.search(line)
    run = toolkit.load_run(folder)
    assert run.methods.predictions is None
    check_rows(run.evidence().to_dicts(), gap)
    check_rows(json.loads(render_report(run, ".json"))["evidence"], gap)
    (tmp_path / "report.xlsx").write_bytes(render_report(run, ".xlsx"))
    sheet = pl.read_excel(tmp_path / "report.xlsx", sheet_name="Evidence", read_options={"header_row": 2})
    assert sheet.filter(source="outcome_model").select("probability", "low", "high").row(0) == (None, None, None)
    (line,) = [
        line for line in render_report(run, ".md").decode().splitlines() if "outcome model gives" in line.lower()
    ]
    assert not CHANCE.search(line)
    cells = re.search(
        r'<tr><th scope="row">outcome model</th>(.*?)</tr>', render_report(run, ".html").decode(), re.DOTALL
    )
    assert cells is not None
    assert gap in cells[1]
    assert not CHANCE.search(cells[1])
    page = AppTest.from_function(show_what_speaks, args=(str(folder),), default_timeout=PATIENCE).run()
    assert not page.exception
    (shown,) = [str(one.proto.body) for one in page.get("html") if "evidence" in str(one.proto.body)]
    (item,) = [one for one in re.findall(r"<li>(.*?)</li>", shown, re.DOTALL) if "outcome model" in one.lower()]
    assert gap in item
    assert not CHANCE.search(item)


def check_rows(rows: list[dict[str, object]], gap: str) -> None:
    """Check that the model's row has no chance, and that what is weighed together is so without it."""
    (model,) = [row for row in rows if row["source"] == "outcome_model"]
    assert (model["favours"], model["probability"], model["low"], model["high"]) == (None, None, None, None)
    assert gap in str(model["sentence"])
    assert all(row["count"] == len(("panel", "control")) for row in rows if row["source"] == "combined")
    (panel,) = [row for row in rows if row["source"] == "panel"]
    assert "no chance that people agree" in str(panel["sentence"]) or panel["favours"] is None
    assert not re.search(r"\d\s?%", str(panel["sentence"]))


def test_no_pair_elsewhere_has_a_chance() -> None:
    """`predict_pairs` says one half and abstains at every surface and objective that no card covers."""
    places = [
        (surface, objective)
        for surface in surface_names()
        for objective in {*find_surface(surface).actions, *OBJECTIVES}
        if domains.find_domain(surface, objective) is None
    ]
    pairs = pl.DataFrame(places, schema=["surface", "objective"], orient="row")
    said = toolkit.predict_pairs(pairs.with_columns(text_a=pl.lit(TEXTS[0]), text_b=pl.lit(TEXTS[1])))
    assert said["p_b_wins"].to_list() == [0.5] * len(places)
    assert said["abstains"].all()
    covered = {one.name for one in domains.load_domains().values()}
    assert covered == set(domains.load_cards())
