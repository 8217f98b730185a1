"""A few real people: a form that asks what the panel is asked, their answers, and what they say beside the panel."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from itertools import pairwise, permutations
from pathlib import Path

import polars as pl
import pytest
from conftest import Command
from hypothesis import given
from hypothesis import strategies as st
from openai_server import OpenAIServer
from real_results import make_tested

import toolkit
from toolkit.errors import InputError
from toolkit.models import LABEL, Campaign, Draft
from toolkit.panel.api import default_store
from toolkit.report.saving import render_report
from toolkit.stats.plans import people_needed
from toolkit.store.outcome_log import PersonAnswer
from toolkit.store.test_log import History
from toolkit.validity.outcomes.validating import validate_store
from toolkit.validity.outcomes.wording import list_sentences
from toolkit.validity.people import add_answers, find_people, load_answers
from toolkit.validity.people.answering import read_uploaded_answers
from toolkit.validity.people.forms import COLUMNS, balance_orders, name_form

DRAFTS = (
    Draft(id="plain", text="Take card payments in the chat.", surface="facebook_post"),
    Draft(id="benefit", text="Get paid before </script> your customer changes their mind.", surface="facebook_post"),
)
CAMPAIGN = Campaign(campaign="people", objective="click", drafts=DRAFTS)


def write_row(
    person: str, draft: Draft, action: str = "click", wrong: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Return what a form hands back of one person and one draft."""
    stopped = action != "scroll_past"
    row: dict[str, object] = {
        "people_answers": 1, "form": name_form(CAMPAIGN, "click"), "code": 1, "person": person, "draft_id": draft.id,
        "draft_hash": draft.digest, "surface": draft.surface, "objective": "click", "wording": 0, "position": 1,
        "glance": "stop" if stopped else action, "action": action,
    }  # fmt: skip
    return row | ({"trust": 4, "verbatim": "Plain, and fine."} if stopped else {}) | dict(wrong or {})


def write_answers(path: Path, rows: list[dict[str, object]], delimiter: str = ",") -> Path:
    """Write rows as a form hands them back."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(stream.getvalue(), encoding="utf-8")
    return path


def answer_all(path: Path, likes: list[str]) -> Path:
    """Write the answers of as many people as `likes`, each of whom clicks on the drafts whose initials it has."""
    rows = [
        write_row(f"person{number}", draft, "click" if draft.id[0] in liked else "scroll_past")
        for number, liked in enumerate(likes)
        for draft in DRAFTS
    ]
    return write_answers(path, rows)


@given(st.integers(1, 12))
def test_orders_are_balanced(count: int) -> None:
    """Each draft stands in each place equally often, and follows each other draft equally often."""
    orders = balance_orders(count)
    places = [[order[place] for order in orders].count(draft) for place in range(count) for draft in range(count)]
    assert len(set(places)) == 1
    follows = [pair for order in orders for pair in pairwise(order)]
    assert len({follows.count(pair) for pair in permutations(range(count), 2)}) <= 1


def test_a_form_is_one_file_that_asks_nobody(tmp_path: Path) -> None:
    """It holds every draft escaped, asks no other address, allows nothing but itself, and no draft ends its script."""
    page = toolkit.ask_people(CAMPAIGN, tmp_path / "form.html").read_text(encoding="utf-8")
    assert re.findall(r"""(?:src|href|action)=["'](?!data:|#)""", page) == []
    assert "default-src 'none'" in page
    assert "https://" not in page
    assert page.count("</script>") == 2
    told = json.loads(re.search(r'id="told">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert [one["draft_hash"] for one in told["drafts"]] == [draft.digest for draft in DRAFTS]
    assert len(told["wordings"]) >= 8
    assert "Take part" not in page
    assert "I have read this and want to take part" in page


@pytest.mark.parametrize(
    ("drafts", "path", "objective", "said"),
    [
        (CAMPAIGN, "form.pdf", None, "form.html"),
        (CAMPAIGN, "form.html", "clik", "did you mean click"),
        ([], "form.html", None, "drafts are none"),
        ([Draft(id=f"d{n}", text="So.") for n in range(13)], "form.html", None, "at most 12"),
    ],
)
def test_what_makes_no_form_is_refused(
    tmp_path: Path, drafts: object, path: str, objective: str | None, said: str
) -> None:
    """A path of another kind, an unknown objective, no drafts and too many are each one line."""
    with pytest.raises(InputError, match=re.escape(said)):
        toolkit.ask_people(drafts, tmp_path / path, objective=objective)  # type: ignore[arg-type]


def test_the_command_replaces_no_file_unasked(command: Command, tmp_path: Path) -> None:
    """A report that bears the name of the form stays, unless it may be replaced."""
    form, copy = tmp_path / "form.html", tmp_path / "copy.txt"
    copy.write_text("Get paid in the chat.")
    form.write_text("A report.")
    asked = ("ask-people", copy, "-o", form)
    refused = command(*asked)
    assert (refused.returncode, form.read_text()) == (2, "A report.")
    assert "pass --force to replace it" in refused.stderr
    assert command(*asked, "--force").returncode == 0
    assert "<!doctype html>" in form.read_text(encoding="utf-8")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_answers_come_back(tmp_path: Path, delimiter: str) -> None:
    """As the form wrote them, as a spreadsheet saved them, and several people's one after the other."""
    rows = [write_row("ada", draft, wrong={"verbatim": "'=1+1, said she"}) for draft in DRAFTS]
    first = write_answers(tmp_path / "a.csv", rows, delimiter).read_text()
    other = write_answers(tmp_path / "b.csv", [write_row("ben", DRAFTS[0], "hide")], delimiter).read_text()
    both = tmp_path / "both.txt"
    both.write_text(f"\ufeff{first}\n{other}{first}")
    found = load_answers(both)
    assert [(one.person, one.draft_id, one.action) for one in found] == [
        ("ada", "plain", "click"),
        ("ada", "benefit", "click"),
        ("ben", "plain", "hide"),
    ]
    assert found[0].verbatim == "=1+1, said she"
    assert (found[0].ratings, found[2].ratings) == ({"trust": 4}, {"trust": 4})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"people_answers": 9}, "version '9'"),
        ({"glance": "look"}, "glance 'look'"),
        ({"glance": "hide"}, "does not go with the glance"),
        ({"trust": 6}, "trust 6 is not 1 to 5"),
        ({"code": "x"}, "code 'x' is no whole number"),
        ({"person": ""}, "person is empty"),
        ({"objective": "fly"}, "objective 'fly'"),
    ],
)
def test_a_wrong_answer_is_named_with_its_line(tmp_path: Path, wrong: dict[str, object], said: str) -> None:
    """Nothing of a file with a fault is taken, and the fault is told with FILE:LINE."""
    path = write_answers(tmp_path / "a.csv", [write_row("ada", DRAFTS[0]), write_row("ada", DRAFTS[1], wrong=wrong)])
    with pytest.raises(InputError, match=f"a.csv:3: .*{re.escape(said)}"):
        load_answers(path)


def test_an_upload_is_known_by_its_heading(tmp_path: Path) -> None:
    """The page tells answers of people from results, and names a fault by the file as it was called there."""
    path = answer_all(tmp_path / "answers.csv", ["b", ""])
    found = read_uploaded_answers("mine.csv", path.read_bytes())
    assert found is not None
    assert found == load_answers(path)
    assert read_uploaded_answers("results.csv", b"draft,shown,clicks\na,10,1\n") is None
    with pytest.raises(InputError, match=r"^mine\.csv:3: glance"):
        read_uploaded_answers("mine.csv", path.read_bytes().replace(b",stop,", b",look,"))


def test_the_command_takes_answers_in_and_back_out(command: Command, tmp_path: Path) -> None:
    """`outcomes add` knows answers from results, counts each once, replaces what is corrected, and undoes it."""
    path = answer_all(tmp_path / "answers.csv", ["b", "pb", ""])
    shown = command("outcomes", "add", str(path)).stdout
    assert "3 real people; 0 of 6 answers are about drafts that a run has tested" in shown
    assert "6 added, 0 replaced, 0 already there" in shown
    again = json.loads(command("outcomes", "add", str(path), "--json").stdout)
    assert (again["added"], again["known"], again["batch"], again["people"]) == (0, 6, None, 3)
    answer_all(path, ["b", "b", ""])
    changed = json.loads(command("outcomes", "add", str(path), "--json").stdout)
    assert len(changed["replaced"]) == 1
    listed = command("outcomes", "list").stdout
    assert "6 answers of people" in listed
    assert "6 answers of 3 real people in use." in listed
    assert "0 results in use" in listed
    beside = find_people(default_store(), CAMPAIGN, "click")
    assert beside is not None
    assert [one.reached for one in beside.shares] == [0.0, pytest.approx(2 / 3)]
    for batch in ("2", "1"):
        command("outcomes", "remove", batch)
    assert find_people(default_store(), CAMPAIGN, "click") is None


def test_people_decide_or_say_how_many_more() -> None:
    """A clear lead decides, a small one names how many more, none says that no number does."""
    store = default_store()
    answers = [
        person_answer(n, draft, liked=draft.id[0] in like)
        for n, like in enumerate("bbbbbbbbbbbbbp")
        for draft in DRAFTS
    ]
    add_answers(store, answers, "form")
    beside = find_people(store, CAMPAIGN, "click", {("plain", "benefit"): 0.12})
    assert beside is not None
    (gap,) = beside.gaps
    assert (gap.people, gap.more) == (14, 0)
    assert "chose benefit over plain by 86 points" in gap.say()
    assert "the panel, by 12. That decides for benefit." in gap.say()
    said = [gap.model_copy(update={"panel": panel}).say() for panel in (-0.12, 0.0)]
    assert "; the panel, plain over benefit by 12. " in said[0]
    assert "; the panel sees no difference. " in said[1]
    assert (
        beside.label == "Simulated reactions from AI personas, beside the answers of 14 real people. Directional only."
    )
    add_answers(
        store, [person_answer(n, draft, liked=draft.id == "plain") for n in range(9) for draft in DRAFTS], "form"
    )
    beside = find_people(store, CAMPAIGN, "click")
    assert beside is not None
    assert beside.gaps[0].more is not None
    assert beside.gaps[0].more > 0
    assert "more would decide" in beside.gaps[0].say()
    assert find_people(store, CAMPAIGN, "share") is None


def person_answer(number: int, draft: Draft, *, liked: bool, objective: str = "click") -> PersonAnswer:
    """Return the answer of one of some people."""
    return PersonAnswer(
        form="f", person=f"person{number}", code=1, draft_id=draft.id, draft_hash=draft.digest, surface=draft.surface,
        objective=objective, wording=0, position=1, stopped=liked, action=objective if liked else "scroll_past",
    )  # fmt: skip


def test_the_number_needed_has_its_power() -> None:
    """With as many people as it says, McNemar's test finds a true difference in about four of five draws."""
    import numpy as np
    from statsmodels.stats.contingency_tables import mcnemar

    needed = people_needed(30, 15, 100)
    assert needed is not None
    random = np.random.default_rng(0)
    found = 0
    for ahead, behind in random.multinomial(needed, [0.305 / 1.01, 0.155 / 1.01, 0.55 / 1.01], 2000)[:, :2]:
        found += mcnemar([[0, ahead], [behind, 0]], exact=False, correction=False).pvalue < 0.05
    assert 0.76 <= found / 2000 <= 0.84
    assert people_needed(5, 5, 20) is None


@pytest.mark.slow
def test_a_report_shows_people_beside_the_panel(server: OpenAIServer, tmp_path: Path) -> None:
    """Every form has them under a label of its own, and none says that no real people were asked."""
    run = toolkit.run(CAMPAIGN, "uk-small-sellers", base_url=server.base_url, model="m", rating="direct", sample=12)
    assert LABEL in render_report(run, ".html").decode()
    add_answers(default_store(), load_answers(answer_all(tmp_path / "a.csv", ["b", "b", "p", "b"])), "a.csv")
    said = "beside the answers of 4 real people"
    for form in (".html", ".md"):
        shown = render_report(run, form).decode()
        assert said in shown
        assert "No real people were asked" not in shown
        assert "more would decide" in shown
    plain = json.loads(render_report(run, ".json"))
    assert said in plain["label"]
    assert plain["people"]["people"] == 4
    (tmp_path / "report.xlsx").write_bytes(render_report(run, ".xlsx"))
    sheet = pl.read_excel(tmp_path / "report.xlsx", sheet_name="Real people", read_options={"header_row": 2})
    assert sheet.height == len(plain["people"]["sentences"])
    edited = CAMPAIGN.model_copy(update={"drafts": (DRAFTS[0].model_copy(update={"text": "Other."}), DRAFTS[1])})
    beside = find_people(default_store(), edited, "click")
    assert beside is not None
    assert [one.draft_id for one in beside.shares] == ["benefit"]


def test_the_record_alone_mixes_people_and_panel() -> None:
    """The prediction-powered mean is of drafts across the record: no run has one, and four drafts are the least."""
    store = default_store()
    drafts = [Draft(id=f"d{n}", text=f"Offer number {n} for you.", surface="facebook_post") for n in range(30)]
    rates = {draft.digest: 0.1 + 0.02 * n for n, draft in enumerate(drafts)}
    with History(store) as history:
        tested = [make_tested(one.text, "run", panel=rates[one.digest], draft_id=one.id) for one in drafts]
        history.keep_run(
            [one.model_copy(update={"draft_hash": d.digest}) for one, d in zip(tested, drafts, strict=True)]
        )
    answers = [
        person_answer(number, draft, liked=number < 50 * rates[draft.digest])
        for draft in drafts[2::5]
        for number in range(50)
    ]
    add_answers(store, answers, "form")
    checked = validate_store(store)
    assert checked.people_rate is not None
    assert (checked.people_rate.labels, checked.people_rate.predictions) == (6, 24)
    assert checked.people_rate.low <= 0.39 <= checked.people_rate.high
    assert any(sentence.startswith("Real people who would click") for sentence in list_sentences(checked))
