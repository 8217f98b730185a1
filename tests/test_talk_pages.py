"""The pages that ask why, improve and edit audiences, run without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from openai_server import PATIENCE, Ask, OpenAIServer
from streamlit.testing.v1 import AppTest

import toolkit
from toolkit.audiences import privacy, uploads
from toolkit.errors import InputError
from toolkit.models import LABEL, Campaign, Draft
from toolkit.store import conversations, version_log

SOUND = "Be paid in the chat, with PayPal, for £3."
DRAFT = Draft(id="plain", text="Send a PayPal invoice in the chat for £3.")
HOSTILE = "<script>window.hacked=1</script> **bold** $x$ \u202e\u05d0 " + "x" * 100_000


def reply(ask: Ask) -> dict[str, Any] | None:
    """Answer as personas who object, talk and as an editor who keeps the facts."""
    properties = (ask.schema or {}).get("properties", {})
    if "changed" in properties:
        return {"text": SOUND, "changed": "It says what it is for."}
    if "answer" in properties:
        return {"answer": "Because I have been cheated before."}
    return {"objection": "It does not say what it is for."} if "objection" in properties else None


@pytest.fixture
def place(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Work in an empty folder, with the loopback provider as this machine's endpoint."""
    server.script = reply
    monkeypatch.setenv("AUDIENCE_BASE_URL", server.base_url)
    monkeypatch.setenv("AUDIENCE_MODEL", "m")
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run_id(place: Path, server: OpenAIServer) -> str:
    """Keep a run of one draft on the bundled audience."""
    campaign = Campaign(campaign="one", objective="click", drafts=(DRAFT,))
    run = toolkit.run(
        campaign, "uk-small-sellers", base_url=server.base_url, model="m", rating="direct", control=False, sample=8
    )
    run.save(place / "runs" / run.run_id)
    return run.run_id


def open_page(name: str) -> AppTest:
    """Return a page of the app, drawn once."""
    script = f"from toolkit.ui import state, {name}\nstate.begin()\n{name}.show()"
    page = AppTest.from_string(script, default_timeout=PATIENCE).run()
    assert not page.exception, page.exception
    return page


def wait_for(page: AppTest, prefix: str) -> AppTest:
    """Draw the page again once its job is over."""
    for name, job in page.session_state["session"].jobs.items():
        if name.startswith(prefix):
            assert job.wait(PATIENCE)
    page.run()
    assert not page.exception, page.exception
    return page


def press(page: AppTest, label: str) -> AppTest:
    """Press the first button whose label begins so."""
    next(button for button in page.button if button.label.startswith(label)).click().run()
    assert not page.exception, page.exception
    return page


def words(page: AppTest) -> str:
    """Return everything that the page says."""
    parts = [*page.text, *page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.subheader]
    return "\n".join(str(part.value) for part in parts)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("name", ["why", "improve"])
def test_without_a_run_the_next_step_is_named(name: str) -> None:
    """Nobody has reacted yet: the page says what to do first."""
    assert "No run yet" in open_page(name).info[0].value


def test_a_persona_is_asked_and_the_talk_is_reopened(run_id: str) -> None:
    """The answer stands on the page with the label, and is there again in another session."""
    page = open_page("why")
    assert LABEL in page.caption[0].value
    assert "It does not say" not in words(page)
    page.chat_input[0].set_value("What put you off?").run()
    wait_for(page, "talk")
    assert "Because I have been cheated before." in words(page)
    assert "AI persona" in words(page)
    again = open_page("why")
    assert "Because I have been cheated before." in words(again)
    with conversations.Conversations(toolkit.panel.api.default_store()) as kept:
        assert len(kept.list_talks(run_id)) == 1


@pytest.mark.usefixtures("run_id")
def test_everybody_is_asked_and_answers_are_grouped(server: OpenAIServer) -> None:
    """One press, one call a persona, one theme with everybody's name; a second press asks nobody."""
    page = open_page("why")
    page.segmented_control(key="ask-whom").set_value("Everybody").run()
    page.text_input(key="ask-everybody").set_value("What would help?").run()
    before = server.count()
    press(page, "Ask 8 people")
    wait_for(page, "everybody")
    assert server.count() - before == 8
    said = words(page)
    assert "8 of 8 answered" in said
    assert "8 people" in said
    press(page, "Ask 8 people")
    wait_for(page, "everybody")
    assert server.count() - before == 8


@pytest.mark.usefixtures("run_id")
def test_what_goes_wrong_in_a_talk_is_one_line(server: OpenAIServer) -> None:
    """An answer that cannot be used is said, and the question stays on the page."""
    server.script = lambda _: "nonsense"
    page = open_page("why")
    page.chat_input[0].set_value("What put you off?").run()
    wait_for(page, "talk")
    assert "gave no answer" in page.error[0].value
    assert "What put you off?" in words(page)


def test_a_draft_is_rewritten_linted_and_tested_again(run_id: str, server: OpenAIServer, place: Path) -> None:
    """Objection chosen, version with its difference and lint, both tested for the price of one, history and undo."""
    page = open_page("improve")
    assert page.checkbox[0].label == "It does not say what it is for\\."
    assert page.checkbox[0].value
    press(page, "Rewrite it")
    wait_for(page, "rewrite")
    assert "plain\\-v1" in words(page)
    assert any("<ins>" in str(element.proto.body) for element in page.get("html"))
    before = server.count()
    press(page, "Test both again on the same 8")
    wait_for(page, "retest")
    assert server.count() - before == 8
    said = words(page)
    assert "8 from the store" in said
    assert "regression to the mean" in said
    assert len(list((place / "runs").iterdir())) == 2
    before = server.count()
    press(page, "Test both on 4 people not asked before")
    wait_for(page, "retest")
    assert server.count() - before == 8
    assert "no part in the objections" in words(page)
    with version_log.Versions(toolkit.panel.api.default_store()) as kept:
        version = kept.list_versions(DRAFT)[1]
    assert [tested.fresh for tested in version.tests] == [False, True]
    press(page, "Take it back")
    assert "taken back" in words(page)
    assert not any(button.label.startswith("Test both") for button in page.button)
    press(page, "Bring it back")
    assert any(button.label.startswith("Test both") for button in page.button)
    assert run_id


@pytest.mark.usefixtures("run_id")
def test_a_rewrite_that_cannot_be_used_is_said(server: OpenAIServer) -> None:
    """The page names what was wrong and what to do, and keeps no version."""
    server.script = lambda ask: {"text": "Get paid.", "changed": ""} if "changed" in str(ask.schema) else None
    page = open_page("improve")
    press(page, "Rewrite it")
    wait_for(page, "rewrite")
    assert "No usable rewrite" in page.warning[0].value
    assert "write it by hand" in page.warning[0].value
    assert not any(button.label.startswith("Test both") for button in page.button)


def test_an_audience_is_edited_and_saved_as_a_copy(place: Path) -> None:
    """Bundled people are duplicated, edited, deleted and brought back; saving writes a new file in ./personas."""
    page = open_page("audiences")
    page.selectbox(key="ask-edited").set_value("uk-small-sellers").run()
    assert "12 of 12 personas" in words(page)
    page.button(key="copy-maya").click().run()
    assert "13 of 13 personas" in words(page)
    assert page.text_input(key="save-name-uk-small-sellers").proto.default == "uk-small-sellers-copy"
    page.button(key="drop-pete").click().run()
    assert "12 of 12 personas" in words(page)
    press(page, "Undo")
    assert "13 of 13 personas" in words(page)
    page.button(key="open-maya-2").click().run()
    page.text_input(key="ask-person-age").set_value("12")
    page.text_input(key="ask-person-id").set_value("pete")
    page.text_area(key="ask-person-segments").set_value("role seller")
    press(page, "Keep")
    faults = "\n".join(error.value for error in page.error)
    assert "13 to 120" in faults
    assert "one segment a line" in faults
    assert page.text_input(key="ask-person-age").value == "12"
    page.text_input(key="ask-person-age").set_value("33")
    page.text_area(key="ask-person-segments").set_value("role: seller")
    press(page, "Keep")
    assert "'pete' is taken" in page.error[0].value.replace("\\", "")
    page.text_input(key="ask-person-id").set_value("maya-33")
    page.text_input(key="ask-person-name").set_value("Maya <b>B</b>")
    press(page, "Keep")
    press(page, "Save the audience")
    saved = toolkit.load_audience(place / "personas" / "uk-small-sellers-copy.yaml")
    assert [one.age for one in saved.personas if one.id == "maya-33"] == [33]
    page.button(key="drop-maya-33").click().run()
    press(page, "Save the audience")
    assert "tick the box" in page.error[0].value
    page.checkbox(key="save-replace-uk-small-sellers-copy").check().run()
    press(page, "Save the audience")
    assert len(toolkit.load_audience(place / "personas" / "uk-small-sellers-copy.yaml").personas) == 12


@pytest.mark.usefixtures("place")
def test_what_is_typed_about_somebody_stays_theirs() -> None:
    """It is there after a look elsewhere, is kept where Undo took its persona, and goes into no other audience."""
    page = open_page("audiences")
    page.selectbox(key="ask-edited").set_value("uk-small-sellers").run()
    page.button(key="copy-maya").click().run()
    page.button(key="open-maya-2").click().run()
    page.text_input(key="ask-person-name").set_value("Maja").run()
    for view in ("Who is missing", "People"):
        page.segmented_control(key="ask-audience-view").set_value(view).run()
    assert page.text_input(key="ask-person-name").value == "Maja"
    press(page, "Undo")
    press(page, "Keep")
    assert "13 of 13 personas" in words(page)
    press(page, "Discard")
    page.button(key="open-maya").click().run()
    assert "Edit maya" in words(page)
    page.selectbox(key="ask-edited").set_value("parents-of-under-13s").run()
    assert "Edit maya" not in words(page)


@pytest.mark.usefixtures("place")
def test_another_table_is_looked_at_anew() -> None:
    """Name, columns and template of one table are not taken for those of the next; of the same one they stay."""
    script = """
import streamlit as st
from toolkit.audiences import uploads
from toolkit.ui import audience_importing, state
state.begin()
tables = {"a.csv": b"caseid,age\\n1,30\\n2,31\\n", "b.csv": b"age,weight\\n30,2\\n31,3\\n"}
name = st.session_state.get("which", "a.csv")
st.write(str(audience_importing.ask_columns(uploads.read_table(name, tables[name]))))
"""
    page = AppTest.from_string(script, default_timeout=PATIENCE).run()
    page.text_input(key="ask-import-audience").set_value("mine").run()
    assert page.text_input(key="ask-import-audience").value == "mine"
    page.session_state["which"] = "b.csv"
    page.run()
    assert not page.exception
    assert page.text_input(key="ask-import-audience").value == "b"
    assert page.selectbox(key="ask-import-weight").value == "weight"
    page.selectbox(key="ask-import-weight").set_value("(none)").run()
    assert "'weight': ''" in words(page)


def test_personal_columns_are_shown_and_kept_only_by_choice() -> None:
    """The import lists what stays behind, and a sentence with columns in braces describes people."""
    script = """
import streamlit as st
from toolkit.audiences import uploads
from toolkit.ui import audience_importing, state
state.begin()
table = uploads.read_table("a.csv", b"age,job,email\\n30,baker,a@example.org\\n31,nurse,b@example.org\\n")
sentence, keep = audience_importing.ask_words(table)
audience = uploads.make_audience(table, "a", table.template, [], dict(table.suggested), keep=keep, sentence=sentence)
audience_importing.show_three(audience)
audience_importing.show_notes(audience)
"""
    page = AppTest.from_string(script, default_timeout=PATIENCE).run()
    assert not page.exception
    assert "example.org" not in " ".join(element.value for element in page.text)
    assert "email" in page.info[0].value
    page.multiselect(key="ask-import-keep").set_value(["email"]).run()
    assert "a@example.org" in page.text[0].value
    page.text_input(key="ask-import-sentence").set_value("A {job} of {age}.").run()
    assert page.text[0].value == "A baker of 30."


def test_a_column_that_is_not_wanted_is_not_taken_for_its_name() -> None:
    """A table's own weight counts for nothing where none was chosen."""
    table = uploads.read_table("a.csv", b"name,age,weight\nAda,30,2\nBob,31,5\n")
    audience = uploads.make_audience(table, "a", "{{ name }}", [], {"weight": "", "name": ""})
    assert [(persona.weight, persona.name) for persona in audience.personas] == [(1.0, "p001"), (1.0, "p002")]


def test_a_bundled_name_is_never_written_over(place: Path) -> None:
    """Neither a bundled name nor a path is a name to save under."""
    page = open_page("audiences")
    page.selectbox(key="ask-edited").set_value("uk-small-sellers").run()
    for name, line in (("uk-small-sellers", "comes with the program"), ("../evil", "a name is small letters")):
        page.text_input(key="save-name-uk-small-sellers").set_value(name)
        press(page, "Save the audience")
        assert line in page.error[0].value.replace("\\", "")
    assert not (place / "personas").exists()


@pytest.mark.usefixtures("place")
def test_search_and_coverage_say_who_is_there_and_who_is_not() -> None:
    """A word narrows the cards; two segments crossed name the empty pairs; a wanted share is compared."""
    page = open_page("audiences")
    page.selectbox(key="ask-edited").set_value("uk-small-sellers").run()
    page.text_input(key="ask-cards-words").set_value("barista").run()
    assert "1 of 12 personas" in words(page)
    page.segmented_control(key="ask-audience-view").set_value("Who is missing").run()
    assert not page.exception
    said = words(page)
    assert "count as" in said
    assert "wanted" in said
    assert "Only one is" in said or "Nobody is" in said


def test_hostile_people_are_shown_as_text(place: Path) -> None:
    """Markup, scripts, right-to-left text and a hundred thousand characters make no element and no error."""
    about = HOSTILE[:19_000]
    people = [{"id": "eve", "name": HOSTILE[:40], "age": 30, "segments": {"<b>role": "<i>x"}, "about": about}]
    people.append({"id": "bob", "name": "-", "age": 40, "segments": {}, "about": "Plain."})
    (place / "personas").mkdir()
    text = yaml.safe_dump({"audience": "evil", "personas": people}, allow_unicode=True)
    (place / "personas" / "evil.yaml").write_text(text)
    page = open_page("audiences")
    page.selectbox(key="ask-edited").set_value("evil").run()
    assert not page.exception
    assert not any("<script>" in str(element.proto.body) for element in page.get("html"))
    assert not any("<script>" in element.value for element in page.markdown)
    page.segmented_control(key="ask-audience-view").set_value("Who is missing").run()
    assert not page.exception


def test_rows_become_people_through_a_template() -> None:
    """Columns are suggested, faults are said in terms of the file's own name, sizes are bounded."""
    rows = "caseid,age,job,town\n" + "".join(f"{number},{20 + number},baker,Leeds\n" for number in range(4))
    table = uploads.read_table("My buyers!.csv", rows.encode())
    assert table.stem == "my-buyers"
    assert table.suggested == {"id": "caseid", "age": "age"}
    made = uploads.make_audience(table, "buyers", "A {{ job }} in {{ town }}.", ["town"], dict(table.suggested))
    assert made.personas[0].about == "A baker in Leeds."
    with pytest.raises(InputError, match="the template"):
        uploads.make_audience(table, "buyers", "{{ nothing }}", [], dict(table.suggested))
    with pytest.raises(InputError, match=r"allowed: \.csv, \.xlsx, \.parquet"):
        uploads.read_table("x.exe", b"MZ")
    with pytest.raises(InputError, match=r"buyers\.xlsx: not a readable"):
        uploads.read_table("buyers.xlsx", b"PK\x03\x04 not really")
    with pytest.raises(InputError, match="from 1 to 5,000"):
        uploads.read_table("b.csv", ("a\n" + "1\n" * (uploads.MOST_ROWS + 1)).encode())


CUSTOMERS = "name,age,email,mobile,town,spent\n" + "".join(
    f"Ann{number},3{number},c{number}@example.org,07700 9{number:05},{('Leeds', 'York')[number % 2]},{number}\n"
    for number in range(8)
)


def test_contacts_of_real_people_stay_out_of_descriptions() -> None:
    """Columns of e-mail addresses and phone numbers are left out, whatever they are called; others are counted."""
    table = uploads.read_table("customers.csv", CUSTOMERS.replace("email,mobile", "reach,line").encode())
    assert dict(table.left_out) == {"name": "names", "reach": "e-mail addresses", "line": "telephone numbers"}
    audience = uploads.make_audience(table, "a", table.template, [], {"age": ""})
    assert audience.personas[0].about == "age: 30. town: Leeds. spent: 0."
    assert not any(privacy.find_in_text(persona.about) for persona in audience.personas)
    named = uploads.read_table(
        "n.csv", b"name,Date of birth,E-Mail,surname,mailings\nAda,1990,x,Low,3\nBob,1991,y,Ray,4\n"
    )
    assert list(named.left_out) == ["name", "Date of birth", "E-Mail", "surname"]
    with pytest.raises(InputError, match="'reach' is left out as personal"):
        uploads.make_audience(table, "a", "Write to {{ reach }}.", [], {})
    written = uploads.make_audience(table, "a", "Write to {{ reach }}.", [], {}, keep=["reach"])
    assert all(privacy.find_in_text(persona.about) for persona in written.personas)


@pytest.mark.usefixtures("place")
def test_the_page_says_what_is_sent_of_a_table() -> None:
    """It says where the table goes, names the columns it omits, and warns of a contact in a description."""
    script = """
from toolkit.audiences import uploads
from toolkit.ui import audience_importing, state
state.begin()
audience_importing.show_import()
table = uploads.read_table("customers.csv", CUSTOMERS)
audience = uploads.make_audience(table, "a", "Write to {{ email }}.", [], {}, keep=["email"])
audience_importing.show_personal(audience)
audience_importing.show_notes(audience)
""".replace("CUSTOMERS", repr(CUSTOMERS.encode()))
    page = AppTest.from_string(script, default_timeout=PATIENCE).run()
    assert not page.exception
    said = words(page)
    assert "nothing leaves" not in said
    assert "Names and descriptions are sent to the model that answers." in said
    assert "Left out as personal: name (names), mobile (telephone numbers)" in page.info[0].value.replace("\\", "")
    assert "an e-mail or IP address or a telephone number: 8" in said
    assert "the list of personal columns to keep brings a column back" in page.info[0].value
    assert "--" not in page.info[0].value.replace("\\", "")
