"""The page's script, run without a browser: what is offered, refused and remembered."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from openai_server import PATIENCE, OpenAIServer
from streamlit.testing.v1 import AppTest

from toolkit.drafts.kept import content
from toolkit.engines.retry_policy import _NEXT_STEP
from toolkit.models import LABEL
from toolkit.models.records import make_draft
from toolkit.panel import api
from toolkit.store import campaign_log
from toolkit.store.campaigns import Rounds
from toolkit.ui.ask import choose_key
from toolkit.ui.caching import find_findings, live_runs_of_process, rounds_of_process
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


def open_part(page: AppTest, part: str) -> AppTest:
    """Choose a part of the open campaign: Brief, Drafts, Result or Share."""
    page.run()
    find_field(page.get("button_group"), "campaign-part").set_value(part).run()
    return page


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


def test_a_new_visitor_begins_with_the_place_used_last(page: AppTest) -> None:
    """A fresh home begins with a Facebook post; the place chosen last is there for whoever comes next."""
    assert find_field(page.selectbox, "ask-surface").value == "facebook_post"
    find_field(page.selectbox, "ask-surface").set_value("sms").run()
    write(page, "Get paid in the chat.")
    other = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE).run()
    other.button(key="new-campaign").click().run()
    assert find_field(other.selectbox, "ask-surface").value == "sms"


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


def test_words_may_come_before_anything_is_drawn() -> None:
    """A tab tells of late words while nothing of its page was drawn yet: they are told again, and nothing breaks."""
    page = AppTest.from_string("from toolkit.ui import state; state.take_late(); state.take_typed('edit-0')").run()
    assert not page.exception


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
    assert words_of(page)[0] == "Get paid in the chat."
    assert page.button(key="start").label.startswith("Ask ")


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
    open_part(page, "Drafts")
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
    open_part(again, "Drafts")
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


def press(page: AppTest, label: str) -> AppTest:
    """Press the button of that label."""
    found = next(button for button in page.button if button.label.replace("\\", "") == label)
    found.click().run()
    assert not page.exception
    return page


def test_earlier_campaigns_are_found_by_their_words(page: AppTest) -> None:
    """The list names them, the last first, and opens at once for whoever comes back; a search finds one by a word."""
    write(page, "Spring market on Sunday.")
    press(page, "All campaigns")
    press(page, "New campaign")
    assert words_of(page) == ["", ""]
    write(page, "Invoice in a chat.")
    again = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE).run()
    names = [button.label for button in again.button if (button.key or "").startswith("open-of-")]
    assert names == ["Invoice in a chat", "Spring market on Sunday"]
    find_field(again.text_input, "home-words").set_value("MARKET").run()
    assert [button.label for button in again.button if (button.key or "").startswith("open-of-")] == names[1:]
    press(again, "Spring market on Sunday")
    assert words_of(again)[0] == "Spring market on Sunday."


def test_a_campaign_is_named_copied_tagged_and_put_away(page: AppTest) -> None:
    """Each is done from the list, and what is archived is listed apart; the words stay in both copies."""
    write(page, "Spring market on Sunday.")
    find_field(page.text_input, "campaign-name").set_value("Spring").run()
    identity = session_of(page).kept_id
    press(page, "All campaigns")
    page.session_state[f"more-of-{identity}"] = True
    page.run()
    page.text_input(key=f"tags-of-{identity}").set_value("market, #spring").run()
    page.text_input(key=f"name-of-{identity}").set_value("Spring market").run()
    page.button(key=f"copy-of-{identity}").click().run()
    assert (session_of(page).name, words_of(page)[0]) == ("Spring market copy", "Spring market on Sunday.")
    press(page, "All campaigns")
    page.session_state[f"more-of-{identity}"] = True
    page.run()
    page.button(key=f"archive-of-{identity}").click().run()
    names = [button.label for button in page.button if (button.key or "").startswith("open-of-")]
    assert names == ["Spring market copy"]
    page.toggle[0].set_value(True).run()
    names = [button.label for button in page.button if (button.key or "").startswith("open-of-")]
    assert names == ["Spring market"]
    assert any("#market · #spring" in caption.value.replace("\\", "") for caption in page.caption)


def test_steps_are_undone_and_done_again(page: AppTest) -> None:
    """Words, a name and a removed draft go back one by one, and forth again until something new is typed."""
    write(page, "One.", "Two.")
    page.text_input(key="name-1").set_value("second").run()
    page.button(key="remove-0").click().run()
    assert [slot.name for slot in session_of(page).slots] == ["second"]
    page.button(key="undo").click().run()
    assert [slot.name for slot in session_of(page).slots] == ["A", "second"]
    page.button(key="undo").click().run()
    assert [slot.name for slot in session_of(page).slots] == ["A", "B"]
    page.button(key="redo").click().run()
    assert [slot.name for slot in session_of(page).slots] == ["A", "second"]
    write(page, "One, again.")
    assert page.button(key="redo").disabled
    page.button(key="undo").click().run()
    assert words_of(page) == ["One.", "Two."]


@pytest.mark.slow
def test_rounds_stand_on_a_line_with_their_drafts(page: AppTest) -> None:
    """Two rounds are v1 and v2 with what changed; the first one's drafts come back, and no later word is lost."""
    write(page, "Get paid in the chat.")
    page.button(key="start").click().run()
    assert live_runs_of_process().find(session_of(page).live).wait(PATIENCE)
    open_part(page, "Drafts")
    write(page, "Get paid in the chat today.")
    page.button(key="start").click().run()
    assert live_runs_of_process().find(session_of(page).live).wait(PATIENCE)
    open_part(page, "Drafts")
    write(page, "Never asked about.")
    open_part(page, "Result")
    assert not page.exception
    rounds = find_field(page.get("button_group"), f"round-of-{session_of(page).kept_id}")
    assert rounds.options == ["v1", "v2 (now)"]
    page.session_state["round-changes"] = True
    page.run()
    assert any("<ins>today</ins>" in html.proto.body.replace(" ", "") for html in page.get("html"))
    rounds.set_value(1).run()
    page.session_state["round-changes"] = True
    page.run()
    press(page, "Use these drafts again")
    assert words_of(page) == ["Get paid in the chat."]
    assert session_of(page).name.startswith("Facebook post, ")
    open_part(page, "Result")
    rounds = find_field(page.get("button_group"), f"round-of-{session_of(page).kept_id}")
    assert rounds.options[2].startswith("v3, not asked")
    rounds.set_value(3).run()
    page.session_state["round-changes"] = True
    page.run()
    press(page, "Use these drafts again")
    assert words_of(page) == ["Never asked about."]


def open_result(campaign: str) -> AppTest:
    """Return the result of a campaign in a session of its own."""
    other = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    other.query_params["campaign"] = campaign
    return open_part(other.run(), "Result")


def test_an_unfinished_round_is_asked_on(page: AppTest, server: OpenAIServer) -> None:
    """Another tab finds a run that goes on; a round whose run nobody remembers is asked on, and stays that round."""
    write(page, "Come to the market.")
    server.hold()
    page.button(key="start").click().run()
    server.wait_for(1)
    campaign = str(session_of(page).kept_id)
    other = open_result(campaign)
    assert session_of(other).live == session_of(page).live
    press(other, "Stop")
    server.release()
    assert live_runs_of_process().find(session_of(page).live).wait(PATIENCE)
    with Rounds(api.default_store()) as rounds:
        rounds.name_run(campaign, 1, "")
    rounds_of_process().clear()
    again = press(open_result(campaign), "Ask the rest")
    assert live_runs_of_process().find(session_of(again).live).wait(PATIENCE)
    with Rounds(api.default_store()) as rounds:
        assert [one.number for one in rounds.list_rounds(campaign)] == [1]


def test_a_missing_must_have_is_marked_while_writing(page: AppTest) -> None:
    """The brief is asked for in a part of its own, is there after a reload, and each draft is checked against it."""
    write(page, "Come to the market.")
    open_part(page, "Brief")
    find_field(page.text_area, "brief-must-haves").set_value("Sunday\n10 a.m.").run()
    again = reload(page)
    held = session_of(again)
    assert held.values["brief-must-haves"] == "Sunday\n10 a.m."
    assert find_brief_notes(again) == ["Sunday", "10 a.m."]


def find_brief_notes(page: AppTest) -> list[str]:
    """Return the must-haves that the first draft is said to lack."""
    held = session_of(page)
    brief = content.read_brief(held.values)
    found = find_findings(make_draft(held.slots[0].describe("messenger_message")), None, brief)
    return [one.message.split('"')[1] for one in found if one.rule == "brief.must-have"]


def test_two_people_choose_between_their_words(page: AppTest) -> None:
    """A draft that both changed is shown once, with what the other made of it, and each choice leaves what it says."""
    for choice, left in (("ours", ["Ours."]), ("theirs", ["Theirs."]), ("both", ["Ours.", "Theirs."])):
        press(page, "All campaigns") if session_of(page).kept_id else None
        press(page, "New campaign") if session_of(page).at_list else None
        write(page, "One.")
        other = reload(page)
        session_of(other).type_text(session_of(other).slots[0].number, "Theirs.")
        session_of(page).type_text(session_of(page).slots[0].number, "Ours.")
        other.run()
        page.run()
        rival = next(slot for slot in session_of(page).slots if slot.rival is not None)
        assert any("at the same time" in words.value for words in page.markdown)
        page.button(key=f"rival-{choice}-{rival.number}").click().run()
        assert [slot.text for slot in session_of(page).own_slots if slot.text] == left
        assert not any(slot.rival is not None for slot in session_of(page).slots)
        other.run()
        assert [slot.text for slot in session_of(other).own_slots if slot.text] == left


def test_who_comes_later_reads_what_the_other_changed(page: AppTest) -> None:
    """A draft that a colleague edited is taken over, and the page says who changed which."""
    write(page, "One.", "Two.")
    with campaign_log.Campaigns(api.default_store()) as log:
        held = log.find(str(session_of(page).kept_id), "")
        assert held is not None
        kept_content = json.loads(held.content)
        next(slot for slot in kept_content["slots"].values() if slot["name"] == "A")["text"] = "One, by Ada."
        edited = json.dumps({**kept_content, "by": "Ada"})
        assert log.keep(held.model_copy(update={"content": edited, "version": held.version + 1}))
    page.run()
    assert words_of(page) == ["One, by Ada.", "Two."]
    assert "Ada changed A." in [one.value.replace("\\", "") for one in page.info]


def test_people_comment_on_a_draft(page: AppTest) -> None:
    """A comment needs words and a name; a requested change is listed until it is settled; the history names who."""
    write(page, "Come to the market.")
    open_part(page, "Share")
    send = next(button for button in page.button if button.label == "Comment")
    send.click().run()
    assert page.error[0].value.startswith("Type your words and your name")
    page.text_area(key="remark-words-A").set_value("Say when.")
    page.text_input(key="remark-name-A").set_value("Ada")
    page.checkbox(key="remark-change-A").check()
    next(button for button in page.button if button.label == "Comment").click().run()
    assert not page.exception
    assert any("Ada** requests a change: Say when" in words.value for words in page.markdown)
    assert any("Ada requested a change of A" in words.value for words in page.markdown)
    page.button(key="settle-1").click().run()
    assert page.button(key="settle-1").label == "Reopen"
    write(page, "Come to the market on Sunday.")
    assert any("about earlier words" in caption.value for caption in page.caption)
