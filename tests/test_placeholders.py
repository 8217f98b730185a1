"""Words that nobody filled in, and variables of another tool, are told."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.drafts import samples
from toolkit.drafts.lint import lint
from toolkit.drafts.preview import FLAGGED, Highlight, render_preview
from toolkit.drafts.surfaces import describe_draft
from toolkit.models import Draft


def find(text: str, surface: str = "whatsapp_template", **parts: str) -> list[tuple[str, str]]:
    """Return severity and message of each finding about a placeholder."""
    found = lint(Draft(id="a", text=text, surface=surface, **parts))  # type: ignore[arg-type]
    return [(one.severity, one.message) for one in found if one.rule == "style.placeholder"]


def test_variables_in_their_places_are_fine() -> None:
    """Numbered, named, and on surfaces that have none."""
    assert find("Hi {{1}}, bake on {{2}} with us.", headline="Bread for {{1}}") == []
    assert find("Hi {{first_name}}, bake with us.") == []
    assert find("{{1}} says hello", surface="sms") == []


@pytest.mark.parametrize(
    "words", ["TODO", "TBD", "TBC", "lorem ipsum", "Lorem ipsum", "insert link here", "[Insert name]", "[your offer]"]
)
def test_forgotten_words_are_told_everywhere(words: str) -> None:
    """They are a reason to look again, on any surface."""
    assert find(f"Bake on Sunday. {words}.", surface="sms") == [("warning", f"{words!r} was never filled in")]


def test_variables_of_another_tool_are_told() -> None:
    """WhatsApp shows *|FNAME|* as it is."""
    assert find("Hi *|FNAME|*, bake with us.")[0][0] == "warning"
    assert find("Hi {first_name}, bake with us.")[0][0] == "warning"


@pytest.mark.parametrize("variable", ["{{1}}", "{first_name}", "<<Name>>", "*|FNAME|*", "%FIRST_NAME%", "[LINK]"])
def test_nobody_fills_a_variable_of_a_public_post(variable: str) -> None:
    """What everybody reads has no variables, unless a sample says that something fills it."""
    found = find(f"Hi {variable}, bake on Sunday.", "facebook_post")
    assert found == [("warning", f"{variable} is filled by nobody here, people would read it as it is")]
    assert find(f"Hi {variable}, bake on Sunday.", "sms") == []
    name = variable.strip("{}<>*|%[]")
    draft = Draft(id="a", text=f"Hi {variable}, bake.", surface="facebook_post", samples={name: "Ola"})  # type: ignore[arg-type]
    assert [one for one in lint(draft) if one.rule == "style.placeholder"] == []


def test_capitals_in_brackets_may_be_words() -> None:
    """A shout is none of the forms, to lint and to people."""
    draft = Draft(id="a", text="[NEW] Bread, 50%OFF% today.", surface="facebook_post")
    assert [one for one in lint(draft) if one.rule == "style.placeholder"] == []
    assert describe_draft(draft) == draft.text


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("{{1}}", "(a word for you)"), ("{first_name}", "(your name)"), ("*|FNAME|*", "(your name)"),
        ("<<Name>>", "(your name)"), ("%ORDER_DATE%", "(order date)"), ("[LINK]", "(link)"),
        ("{{shopName}}", "(shop name)"),
        ("{{ 7*7 }}", "{{ 7*7 }}"),
    ],
)  # fmt: skip
def test_people_read_plain_words_where_there_is_no_sample(variable: str, words: str) -> None:
    """No person of an audience meets a variable as it is."""
    assert describe_draft(Draft(id="a", text=f"Hi {variable}!")) == f"Hi {words}!"


def test_limits_count_the_longest_sample() -> None:
    """People see the first of several samples, and a name of usual length does not hide a long one."""
    text = f"Hi {{{{name}}}}, {'bake ' * 53}today."
    samples = {"name": ["Al", "Maximiliane von Hohenberg"]}
    draft = Draft(id="a", text=text, surface="x_post", samples=samples)  # type: ignore[arg-type]
    assert describe_draft(draft).startswith("Hi Al, bake")
    found = [one.message for one in lint(draft) if one.rule == "limit.text"]
    assert "with its longest samples" in found[0]
    short = draft.model_copy(update={"samples": (("name", "Al"),)})
    assert [one for one in lint(short) if one.rule == "limit.text"] == []


def test_a_preview_shows_samples_with_its_marks_in_place() -> None:
    """Words that are marked stay marked once a sample stands before them."""
    draft = Draft(id="a", text="Hi {{1}}, bake now.", surface="whatsapp_template", samples={"1": "Ola"})  # type: ignore[arg-type]
    start = draft.text.index("bake")
    drawn = str(render_preview(draft, highlights=[Highlight(start, start + 4, FLAGGED, 0)]))
    assert "Hi Ola, " in drawn
    assert re.search(r">bake</", drawn)


@given(st.text("ab {}[]<>*|%_1AN", max_size=40))
def test_every_offset_is_moved_into_the_filled_text(text: str) -> None:
    """Offsets stay in order and within, and letters outside variables stay under theirs."""
    draft = Draft(id="a", text=f"x{text}", samples={"a": "long words", "1": ""})  # type: ignore[arg-type]
    filled = samples.fill_field(draft, "text")
    places = [filled.place(at) for at in range(len(draft.text) + 1)]
    assert places == sorted(places)
    assert places[-1] == len(filled.text)
    inside = {at for start, end, _, _ in filled.moved for at in range(start, end)}
    assert all(filled.text[places[at]] == letter for at, letter in enumerate(draft.text) if at not in inside)
