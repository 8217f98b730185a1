"""The page's script, run without a browser: what is offered, refused and remembered."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from openai_server import PATIENCE, OpenAIServer
from streamlit.testing.v1 import AppTest

from toolkit.engines.retry_policy import _NEXT_STEP
from toolkit.models import LABEL
from toolkit.ui.ask import choose_key
from toolkit.ui.caching import live_runs_of_process
from toolkit.ui.session import Session
from toolkit.ui.text import say_here

ROOT = Path(__file__).parent.parent


@pytest.fixture
def page(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    """Return the page, with the loopback provider as this machine's endpoint."""
    monkeypatch.setenv("AUDIENCE_BASE_URL", server.base_url)
    monkeypatch.setenv("AUDIENCE_MODEL", "m")
    monkeypatch.chdir(tmp_path)
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE).run()


def session_of(page: AppTest) -> Session:
    """Return what the page's session holds."""
    held: Session = page.session_state["session"]
    return held


def find_field(fields: Sequence[Any], key: str) -> Any:
    """Return the field that was first known by a key; one that was given another value is another to the browser."""
    return next(field for field in fields if field.key and field.key.split("~")[0] == key)


def words_of(page: AppTest) -> list[str]:
    """Return the words of the drafts on the page, in order."""
    return [slot.text for slot in session_of(page).slots]


def write(page: AppTest, *texts: str) -> AppTest:
    """Put words into the first drafts, as their editors do."""
    for slot, text in zip(session_of(page).slots, texts, strict=False):
        session_of(page).type_text(slot.number, text)
    return page.run()


def test_the_page_begins_empty_with_a_way_on(page: AppTest) -> None:
    """Two empty drafts, the label, what to do, and a button that asks nobody yet but says so."""
    assert not page.exception
    assert words_of(page) == ["", ""]
    assert LABEL in [caption.value for caption in page.caption]
    assert page.button(key="remove-0").disabled is False
    assert "Write a draft, or start from an example." in [words.value for words in page.markdown]
    ask = page.button(key="start")
    assert (ask.label, ask.disabled) == ("Ask 12 people", False)
    ask.click().run()
    assert "**Write a draft first**, or start from an example." in [words.value for words in page.markdown]
    assert session_of(page).live is None


def test_the_button_says_what_it_takes(page: AppTest) -> None:
    """People, cost and time stand on the button; what the panel can tell stands under it."""
    write(page, "Get paid in the chat.", "Invoice them in the chat.")
    assert any(button.label.startswith("Ask 12 people, cost unknown, ") for button in page.button)
    assert any("5 points apart" in caption.value for caption in page.caption)
    page.slider[0].set_value(1).run()
    assert any(button.label.startswith("Ask 1 person, ") for button in page.button)
    assert any(caption.value.startswith("1 person: too few") for caption in page.caption)


@pytest.mark.slow
def test_a_press_outlives_a_broken_off_run_of_the_script(page: AppTest) -> None:
    """A press that a run of the script did not come to is taken by the next one, and once."""
    write(page, "Get paid in the chat.")
    session_of(page).press()
    page.run()
    assert not page.exception
    first = session_of(page).live
    assert first is not None
    page.run()
    assert session_of(page).live == first
    assert live_runs_of_process().find(first).wait(PATIENCE)


def test_first_words_are_drawn_before_the_page_follows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The preview of a draft that was empty stands on the page when the page as a whole is drawn anew."""
    monkeypatch.chdir(tmp_path)
    script = """
import streamlit as st
from toolkit.ui import state, writing
state.find_session().type_text(0, "Get paid in the chat.")
try:
    writing.write_draft(0, "messenger_message", "phone", None, locked=False)
except BaseException as broken_off:
    st.text(type(broken_off).__name__)
"""
    page = AppTest.from_string(script, default_timeout=PATIENCE).run()
    assert [text.value for text in page.text] == ["RerunException"]
    assert any("Get paid in the chat." in drawn.proto.body for drawn in page.get("html"))


def test_a_press_is_forgotten_with_its_page(page: AppTest) -> None:
    """A press that was never taken asks nobody once somebody comes back from another page."""
    write(page, "Get paid in the chat.")
    session_of(page).press()
    session_of(page).enter("runs")
    session_of(page).press()
    page.run()
    assert not page.exception
    assert session_of(page).live is None


def test_an_example_fills_the_page(page: AppTest) -> None:
    """One press brings drafts, surface, objective and audience; parts without a field are kept and shown."""
    page.button(key="example-click-to-messenger-ad").click().run()
    assert not page.exception
    assert find_field(page.selectbox, "ask-surface").value == "click_to_messenger_ad"
    assert all(words_of(page))
    assert "\n" in page.text_area(key="part-2-ice_breakers").value
    assert page.text_input(key="part-2-headline").value


def test_what_is_opened_is_not_left_covered(page: AppTest) -> None:
    """The list of examples closes once one of them was pressed."""
    page.session_state["start-from"] = True
    page.run()
    page.button(key="example-messenger-message").click().run()
    assert not page.exception
    assert page.session_state["start-from"] is False


def test_drafts_for_a_retired_place_say_so(page: AppTest) -> None:
    """They stay where their file says, not in the first of the list; the place is offered while it is theirs."""
    page.button(key="example-customer-chat").click().run()
    assert not page.exception
    place = find_field(page.selectbox, "ask-surface")
    assert (place.value, "greeting of a website chat" in place.options) == ("customer_chat", True)
    find_field(page.selectbox, "ask-surface").set_value("messenger_message").run()
    assert "greeting of a website chat" not in find_field(page.selectbox, "ask-surface").options


def test_a_choice_that_went_is_replaced_in_sight() -> None:
    """The browser is told what takes its place; else it would go on showing the old one."""
    script = """
import streamlit as st
from toolkit.ui import state
names = st.session_state.get("names", ["one", "two"])
state.keep_choice("ask-one", names)
st.selectbox("Which?", names, **state.tie("ask-one"))
"""
    page = AppTest.from_string(script, default_timeout=PATIENCE).run()
    page.selectbox(key="ask-one").set_value("two").run()
    page.session_state["names"] = ["three", "one"]
    page.run()
    shown = find_field(page.selectbox, "ask-one")
    assert (shown.proto.set_value, shown.value) == (True, "three")


def test_a_removed_draft_comes_back(page: AppTest) -> None:
    """Removing is undone with its words; the last draft cannot be removed; six is the most."""
    write(page, "", "Keep me.")
    page.button(key="remove-1").click().run()
    assert words_of(page) == [""]
    assert page.button(key="remove-0").disabled
    next(button for button in page.button if button.label == "Bring B back").click().run()
    assert words_of(page) == ["", "Keep me."]
    for _ in range(4):
        next(button for button in page.button if button.label == "Add a draft").click().run()
    assert len(words_of(page)) == 6
    assert next(button for button in page.button if button.label == "Add a draft").disabled


def test_two_drafts_of_one_name_are_refused(page: AppTest) -> None:
    """The page says what is wrong in one line, and the words stay."""
    write(page, "One.", "Two.")
    page.text_input(key="name-1").set_value("A").run()
    assert page.error[0].value == "the name 'A' occurs twice; give each draft its own"
    assert words_of(page) == ["One.", "Two."]


def test_a_typed_address_never_gets_this_machines_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the environment goes to the environment's address alone."""
    assert choose_key("", "http://elsewhere.example/v1") == "none"
    monkeypatch.setenv("AUDIENCE_BASE_URL", "http://own.example/v1")
    assert choose_key("", "http://own.example/v1") is None
    assert choose_key("typed", "http://elsewhere.example/v1") == "typed"


def test_where_nothing_answers_the_drafts_are_at_hand(page: AppTest) -> None:
    """The problem is said in the words of the page, over the drafts and the button, which are not folded away."""
    write(page, "Get paid in the chat.")
    page.text_input(key="ask-url").set_value("http://127.0.0.1:9/v1").run()
    page.button(key="start").click().run()
    assert live_runs_of_process().find(session_of(page).live).wait(PATIENCE)
    page.run()
    assert not page.exception
    said = page.error[0].value.replace("\\", "")
    assert (
        said == "nothing answers at http://127.0.0.1:9/v1/; start the server or correct the address under What answers"
    )
    folded = next(fold for fold in page.expander if fold.label.startswith("Drafts and audience"))
    assert folded.proto.expanded


def test_the_page_names_no_option_of_the_command() -> None:
    """What engines and limits say is said in the page's own words."""
    for said in (*_NEXT_STEP.values(), "spent; raise max_cost and make the same call again"):
        assert "--" not in say_here(said).replace("\\", "")


def test_an_empty_folder_of_runs_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The page of runs names the next step."""
    monkeypatch.chdir(tmp_path)
    script = "from toolkit.ui import runs, state\nstate.begin()\nruns.show()"
    page = AppTest.from_string(script, default_timeout=PATIENCE).run()
    assert not page.exception
    assert "`audience demo`" in page.info[0].value


def test_a_link_to_a_run_that_is_gone_says_so(page: AppTest) -> None:
    """An address of a run that this process does not know leads to an empty form and one line."""
    page.query_params["live"] = "of-another-day"
    page.run()
    assert not page.exception
    assert page.info[0].value.startswith("The run of this link is no longer in memory")
    assert "live" not in page.query_params


@pytest.mark.parametrize("name", ["../../etc", "..", "/etc", ".hidden", "no-such-run", "a" * 500, "<b>x</b>"])
def test_only_runs_of_the_folder_are_opened(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever an address asks for, nothing outside the folder of runs is read; the refusal is one line."""
    (tmp_path / "work" / "runs").mkdir(parents=True)
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "work")
    page = AppTest.from_string("from toolkit.ui import result\nresult.show()", default_timeout=PATIENCE)
    page.query_params["run"] = name
    page.run()
    assert not page.exception
    assert len(page.error) == 1
    assert "there is no run" in page.error[0].value


def test_a_file_that_does_not_fit_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """More drafts or places than the page tests at once are not opened, and the drafts that stand there stay."""
    monkeypatch.chdir(tmp_path)
    script = """
from toolkit.ui import state, writing
state.begin()
writing._open_upload("many.csv", b"id,text\\n" + b"".join(b"d%d,Text %d.\\n" % (n, n) for n in range(40)))
writing._open_upload("two.csv", b"id,text,surface\\na,One.,sms\\nb,Two.,x_post\\n")
"""
    page = AppTest.from_string(script, default_timeout=PATIENCE).run()
    assert not page.exception
    assert "holds 40 drafts" in page.error[0].value
    assert "drafts for several places" in page.error[1].value
    assert words_of(page) == ["", ""]


@pytest.mark.slow
def test_a_late_address_brings_no_old_run_back(page: AppTest) -> None:
    """An edit and a second press count for more than the address of the run before, which may come after them."""
    write(page, "Get paid in the chat.")
    page.button(key="start").click().run()
    first = session_of(page).live
    assert first is not None
    assert live_runs_of_process().find(first).wait(PATIENCE)
    page.run()
    write(page, "Get paid today.")
    page.button(key="start").click().run()
    second = session_of(page).live
    assert second not in {None, first}
    page.query_params["live"] = first
    page.run()
    assert not page.exception
    assert (session_of(page).live, words_of(page)[0]) == (second, "Get paid today.")
    assert live_runs_of_process().find(second).wait(PATIENCE)


@pytest.mark.slow
def test_a_link_shows_what_was_chosen_for_its_run(page: AppTest) -> None:
    """Opened anew, the address of a run leads to its audience, its number of people and its engine, without the key."""
    write(page, "Get paid in the chat.")
    find_field(page.selectbox, "ask-audience").set_value("parents-of-under-13s").run()
    page.slider[0].set_value(7).run()
    page.text_input(key="ask-key").set_value("secret").run()
    page.button(key="start").click().run()
    again = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    again.query_params["live"] = session_of(page).live
    again.run()
    assert live_runs_of_process().find(session_of(page).live).wait(PATIENCE)
    again.run()
    assert not again.exception
    assert find_field(again.selectbox, "ask-audience").value == "parents-of-under-13s"
    assert again.slider[0].value == 7
    assert find_field(again.text_input, "ask-key").value == ""


def reload(page: AppTest) -> AppTest:
    """Return the page as it is drawn in another session, or tab, at the same address."""
    again = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    for name in page.query_params:
        again.query_params[name] = page.query_params[name]
    return again.run()


def test_everything_typed_is_there_after_a_reload(page: AppTest) -> None:
    """Words, names, parts and choices come back, the key does not; a stranger's page shows nothing of them."""
    assert "campaign" not in page.query_params
    write(page, "Get paid in the chat.", "Get paid today.")
    page.text_input(key="name-1").set_value("today").run()
    page.text_input(key="ask-key").set_value("secret").run()
    find_field(page.selectbox, "ask-surface").set_value("click_to_messenger_ad").run()
    find_field(page.selectbox, "ask-audience").set_value("uk-social-feed").run()
    page.text_input(key="part-0-headline").set_value("Paid today").run()
    page.slider[0].set_value(7).run()
    again = reload(page)
    assert not again.exception
    assert words_of(again) == ["Get paid in the chat.", "Get paid today."]
    assert find_field(again.text_input, "name-1").value == "today"
    assert find_field(again.text_input, "part-0-headline").value == "Paid today"
    assert find_field(again.selectbox, "ask-audience").value == "uk-social-feed"
    assert again.slider[0].value == 7
    assert find_field(again.text_input, "ask-key").value == ""
    assert b"secret" not in Path(os.environ["AUDIENCE_STORE"]).read_bytes()
    stranger = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE).run()
    assert words_of(stranger) == ["", ""]


def test_two_tabs_of_one_campaign_lose_no_word(page: AppTest) -> None:
    """Each takes over what the other changed; a draft that both changed is there in both wordings."""
    write(page, "One.", "Two.")
    other = reload(page)
    write(other, "One, edited.")
    page.run()
    assert words_of(page) == ["One, edited.", "Two."]
    session_of(other).type_text(1, "Two, by the other.")
    session_of(page).type_text(1, "Two, by us.")
    other.run()
    page.run()
    assert words_of(page) == ["One, edited.", "Two, by us.", "Two, by the other."]
    other.run()
    assert words_of(other) == words_of(page)


def test_earlier_drafts_are_found_by_their_words(page: AppTest) -> None:
    """The list names them, the last first; one press brings them back, another begins an empty page."""
    write(page, "Spring market on Sunday.")
    page.session_state["your-drafts"] = True
    page.run()
    next(button for button in page.button if button.label == "Start anew").click().run()
    assert words_of(page) == ["", ""]
    write(page, "Invoice in a chat.")
    page.session_state["your-drafts"] = True
    page.run()
    kept = [button for button in page.button if (button.key or "").startswith("kept-")]
    assert [button.label.replace("\\", "") for button in kept] == [
        "Invoice in a chat. · 1 draft",
        "Spring market on Sunday. · 1 draft",
    ]
    kept[1].click().run()
    assert not page.exception
    assert words_of(page)[0] == "Spring market on Sunday."
