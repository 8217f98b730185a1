"""What ships keeps its promises: audiences, examples, prompts, wordings and anchors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from toolkit.audiences import list_audiences, load_audience
from toolkit.drafts import load_drafts
from toolkit.drafts.surfaces import cut_at_fold, describe_draft, find_surface
from toolkit.errors import InputError
from toolkit.files.templating import clean_text, render_text
from toolkit.models import MEASURES, Draft, Persona
from toolkit.questionnaire import Prompts, Questionnaire, Task
from toolkit.questionnaire.prompts import LEAST_WORDINGS

ROOT = Path(__file__).parent.parent
SIZES = {"parents-of-under-13s": 24, "uk-small-sellers": 12, "uk-social-feed": 96}
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
PERSON = Persona(id="ann", name="Ann", age=30, about="Bakes bread in Hull.")


def test_the_promised_audiences_ship() -> None:
    """Exactly the audiences that documents name can be asked for by name, with a test here for each."""
    assert {path.stem for path in (ROOT / "personas").glob("*.yaml")} == set(SIZES)
    assert set(SIZES) <= {name for name, _ in list_audiences()}


@pytest.mark.parametrize("name", SIZES)
def test_a_shipped_audience(name: str) -> None:
    """It has its size and its source, and distinct people of 13 or more, each with a weight and segments."""
    audience = load_audience(ROOT / "personas" / f"{name}.yaml")
    people = audience.personas
    assert audience.audience == name
    assert len(people) == SIZES[name]
    assert min(len(audience.source), len(audience.description)) > 40
    assert len({persona.name for persona in people}) == len(people)
    assert len({persona.about for persona in people}) == len(people)
    assert all(persona.age >= 13 and persona.weight > 0 for persona in people)
    assert len(audience.segment_keys) >= 2
    assert all(set(persona.segments) == set(audience.segment_keys) for persona in people)
    assert all(len(persona.about.split()) >= 30 for persona in people)


@pytest.mark.parametrize("name", SIZES)
def test_segments_of_age_hold_the_age(name: str) -> None:
    """Where a segment is an age band of the persona, the persona's age lies in it."""
    for persona in load_audience(ROOT / "personas" / f"{name}.yaml").personas:
        low, high = re.fullmatch(r"(\d+)(?:-(\d+)|\+)", persona.segments.get("age", "13+")).groups()  # type: ignore[union-attr]
        assert int(low) <= persona.age <= int(high or 120), persona.id


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_shipped_example(path: Path) -> None:
    """It is a campaign of rival drafts whose audience ships and whose objective can be met, one of them retired."""
    campaign = load_drafts(path)
    assert len(campaign) >= 2
    assert campaign.audience in SIZES
    for draft in campaign:
        surface = find_surface(draft.surface)
        assert (surface.retired is None) == (path.stem != "customer-chat")
        assert campaign.objective in surface.actions


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("name", SIZES)
def test_every_question_holds_person_and_draft_whole(name: str, path: Path) -> None:
    """Every template, for every persona and example draft, carries the description and the draft word for word."""
    asked = Questionnaire(Prompts(), "ssr")
    people = load_audience(ROOT / "personas" / f"{name}.yaml").personas
    for number, persona in enumerate(people):
        for draft in load_drafts(path):
            task = Task(persona, draft, wording=number % len(asked.prompts.wordings), repeat=0)
            whole = describe_draft(draft)
            prompts = [
                asked.ask_reaction(task).prompt,
                asked.ask_reading(task).prompt,
                asked.ask_digit(task, "trust", "I do not know.").prompt,
                asked.ask_thought(task).prompt,
            ]
            assert all(whole in prompt for prompt in prompts)
            glance = asked.ask_glance(task).prompt
            assert cut_at_fold(draft) in glance
            assert all(persona.name in prompt and persona.about in prompt for prompt in (*prompts, glance))


def test_every_wording_asks_every_question() -> None:
    """Each wording fills in each template, with and without a persona, and no two read alike."""
    draft = Draft(id="d", text="Fresh bread at seven.")
    for rating in ("ssr", "direct"):
        asked = Questionnaire(Prompts(), rating)  # type: ignore[arg-type]
        places = range(len(asked.prompts.wordings))
        for reader in (PERSON, None):
            prompts = [asked.ask_reaction(Task(reader, draft, place, 0)).prompt for place in places]
            thoughts = [asked.ask_thought(Task(reader, draft, place, 0)).prompt for place in places]
            assert len(set(prompts)) == len(prompts)
            assert len(set(thoughts)) == len(thoughts)


def test_wordings_are_enough_and_alike() -> None:
    """There are at least eight, with distinct ids and the same parts, none far longer than another."""
    wordings = Prompts().wordings
    assert len(wordings) >= LEAST_WORDINGS >= 8
    assert len({wording["id"] for wording in wordings}) == len(wordings)
    for wording in wordings:
        assert set(wording) == set(wordings[0])
        assert all(value.strip() for value in wording.values())
        assert all(way_out in wording["glance"] for way_out in ("past", "hide", "report", "read"))
    lengths = [len(wording["glance"] + wording["read"]) for wording in wordings]
    assert max(lengths) < 2 * min(lengths)


@pytest.mark.parametrize("measure", MEASURES)
def test_anchors_are_complete(measure: str) -> None:
    """Each measure has several sets of five distinct sentences, and no two sets share one."""
    sets = Prompts().anchors[measure]
    assert len(sets) >= 4
    assert all(len(sentences) == 5 for sentences in sets)
    sentences = [sentence for one in sets for sentence in one]
    assert len(set(sentences)) == len(sentences)
    assert all(sentence.strip() for sentence in sentences)


def test_anchors_are_of_the_known_measures() -> None:
    """No measure is missing and none is there that nothing rates, each with as many sets as the others."""
    anchors = Prompts().anchors
    assert set(anchors) == set(MEASURES)
    assert len({len(sets) for sets in anchors.values()}) == 1


@pytest.mark.parametrize(
    "text",
    [
        "{{ 7*7 }}",
        "{% for x in range(9) %}x{% endfor %}",
        "{# gone #}",
        "{{ persona.about }}",
        "{% raw %}",
        "a }} b {{ c",
    ],
)
def test_a_draft_is_no_template(text: str) -> None:
    """Template marks in a persona are words like any other; in a draft they are, or are read in plain words."""
    asked = Questionnaire(Prompts(), "direct")
    persona = PERSON.model_copy(update={"about": f"Writes {text} on walls."})
    task = Task(persona, Draft(id="d", text=text), 0, 0)
    for question in (
        asked.ask_reaction(task),
        asked.ask_glance(task),
        asked.ask_reading(task),
        asked.ask_thought(task),
    ):
        told = "(persona about)" if text == "{{ persona.about }}" else text
        assert text in question.prompt
        assert told in question.prompt
        assert question.prompt.count(persona.about) == 1
        assert "49" not in question.prompt


def test_unseen_characters_are_taken_out() -> None:
    """Control, zero-width and direction characters go; letters, line breaks and joined emoji stay."""
    assert clean_text("pa\u200by\u202e no\x00w\r\n👩\u200d🍳 e\u0301") == "pay now\n👩\u200d🍳 \u00e9"


ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ row.__init__.__globals__ }}",
    "{{ '{0.__class__.__mro__}'.format(1) }}",
    "{{ row.update({'name': 'x'}) }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ self.__init__.__globals__ }}",
    "{% for number in range(10000000) %}x{% endfor %}",
    "{% import 'os' as os %}",
    "{{ nobody }}",
    "{{ row.nothing }}",
    "{{ 1 / 0 }}",
    "{{ 'a' + 1 }}",
    "{{ [1][5] + 1 }}",
    "{% if %}",
]


@pytest.mark.parametrize("source", ESCAPES)
def test_a_template_cannot_leave_the_sandbox(source: str) -> None:
    """Attribute tricks, undefined names and broken syntax are one line that names the template."""
    with pytest.raises(InputError, match=r"^own\.j2.*correct the template$") as caught:
        render_text(source, {"row": {"name": "Ann"}}, name="own.j2")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "source", ["{{ persona.__class__ }}", "{{ persno.name }}", "{% include '../pyproject.toml' %}"]
)
def test_a_users_template_is_sandboxed_too(source: str, tmp_path: Path) -> None:
    """A prompt that wins over a built-in one reaches nothing but what it is given."""
    (tmp_path / "person.j2").write_text(source)
    asked = Questionnaire(Prompts(tmp_path), "direct")
    with pytest.raises(InputError, match=r"^react\.j2.*correct the template"):
        asked.ask_reaction(Task(PERSON, Draft(id="d", text="Hello"), 0, 0))


def test_a_users_folder_wins(tmp_path: Path) -> None:
    """A template of the same name is used instead, may include one of its own, and changes its hash alone."""
    (tmp_path / "person.j2").write_text("Be {{ persona.name }}. {% include 'tone.j2' %}")
    (tmp_path / "tone.j2").write_text("Speak softly.")
    (tmp_path / "README.md").write_text("Ours.")
    own, built_in = Prompts(tmp_path), Prompts()
    prompt = Questionnaire(own, "direct").ask_reaction(Task(PERSON, Draft(id="d", text="Hello"), 0, 0)).prompt
    assert "Be Ann. Speak softly." in prompt
    assert "Hello" in prompt
    changed = {name for name, digest in own.hashes.items() if built_in.hashes.get(name) != digest}
    assert changed == {"person.j2", "tone.j2", "README.md"}


@pytest.mark.parametrize(("name", "words"), [("reakt.j2", r"did you mean react\.j2"), ("wording.yaml", "wordings")])
def test_a_misnamed_prompt_is_refused(name: str, words: str, tmp_path: Path) -> None:
    """A file that would silently change nothing is named, with the nearest built-in one and all there are."""
    (tmp_path / name).write_text("Hello")
    with pytest.raises(InputError, match=rf"{name}: no prompt has this name.*{words}.*allowed: .*react\.j2"):
        Prompts(tmp_path)


def test_a_users_wordings_and_anchors_are_checked(tmp_path: Path) -> None:
    """Too few wordings, incomplete anchors, lists and broken YAML are refused by the name of the file."""
    wordings = yaml.safe_load((ROOT / "prompts" / "wordings.yaml").read_text(encoding="utf-8"))["wordings"]
    (tmp_path / "wordings.yaml").write_text(yaml.safe_dump({"wordings": wordings[:7]}))
    with pytest.raises(InputError, match="7 wordings; at least 8"):
        _ = Prompts(tmp_path).wordings
    del wordings[8]["read"]
    (tmp_path / "wordings.yaml").write_text(yaml.safe_dump({"wordings": wordings}))
    with pytest.raises(InputError, match=r"wordings\.yaml: wording 9 lacks 'read'"):
        _ = Prompts(tmp_path).wordings
    for trust in ([["no", "yes"]], "no", [5], [[1, 2, 3, 4, 5]]):
        (tmp_path / "anchors.yaml").write_text(yaml.safe_dump(Prompts().anchors | {"trust": trust}))
        with pytest.raises(InputError, match=r"anchors\.yaml: trust needs one or more sets of five"):
            _ = Prompts(tmp_path).anchors
    (tmp_path / "anchors.yaml").write_text(yaml.safe_dump(Prompts().anchors | {"humour": Prompts().anchors["trust"]}))
    with pytest.raises(InputError, match=r"anchors\.yaml: nobody rates 'humour'.*; allowed: relevance"):
        _ = Prompts(tmp_path).anchors
    for content in ("- a\n", "a: [\n"):
        (tmp_path / "anchors.yaml").write_text(content)
        with pytest.raises(InputError, match=r"anchors\.yaml"):
            _ = Prompts(tmp_path).anchors
