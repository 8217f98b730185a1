"""Questions filled in once for each draft and wording: word for word what filling in each of them gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toolkit.drafts.surfaces import find_surface
from toolkit.errors import InputError
from toolkit.models import Persona
from toolkit.questionnaire import BOUNDARY, Prompts

PEOPLE = [
    Persona(id="ana", name="Ana", age=31, about="Sells jam.\nIs \x01 cautious."),
    Persona(id="ben", name="Bén", about="Fixes bikes.", segments={"role": "buyer"}),
    None,
]
OWN = {
    "plain": "{% include 'person.j2' %}\n\n{{ wording.glance }}\n{{ shown }}",
    "asks who it is": "{% if persona %}Dear {{ persona.name }}!{% endif %}\n{% include 'person.j2' %}",
    "asks in another file": "{% include 'greeting.j2' %}\n{% include 'person.j2' %}",
    "gives a name another meaning": "{% set wording = {'control_reader': 'Somebody.'} %}{% include 'person.j2' %}",
    "shows the person twice": "{% include 'person.j2' %}\n--\n{% include 'person.j2' %}",
    "shows nobody": "{{ shown }}",
    "shows the person now and then": "{% if ratings == 'direct' %}{% include 'person.j2' %}{% endif %}{{ shown }}",
    "changes what it includes": "{% filter upper %}{% include 'person.j2' %}{% endfilter %}",
    "includes by a name": "{% include template_name %}{% include 'person.j2' %}",
}


def make_contexts(prompts: Prompts) -> list[dict[str, Any]]:
    """Return what questions are filled in with: every person under two wordings, on two surfaces, by two methods."""
    return [
        {"persona": person, "wording": wording, "surface": find_surface(surface), "shown": shown, "token": BOUNDARY}
        | {"ratings": rating, "template_name": "draft.j2"}
        for person in PEOPLE
        for wording in prompts.wordings[:2]
        for surface, shown in (("messenger_message", "Pay in the chat."), ("facebook_post", "Hé \x01 now"))
        for rating in ("ssr", "direct")
    ]


@pytest.mark.parametrize("name", ["react.j2", "read.j2", "glance.j2"])
def test_built_in_questions_are_the_same_word_for_word(name: str) -> None:
    """Filled in in parts or in one piece, each question reads the same, a second time too."""
    prompts = Prompts()
    for context in make_contexts(prompts) * 2:
        assert prompts.fill(name, context) == prompts.render(name, **context)


@pytest.mark.parametrize("kind", OWN)
def test_a_team_s_own_question_is_the_same_word_for_word(kind: str, tmp_path: Path) -> None:
    """Whatever a template of one's own does with the person, each person reads what it says of them."""
    (tmp_path / "react.j2").write_text(OWN[kind])
    if "greeting" in OWN[kind]:
        (tmp_path / "greeting.j2").write_text("Hello {{ persona.name if persona else 'you' }}. {{ shown }}")
    prompts = Prompts(tmp_path)
    for context in make_contexts(prompts):
        assert prompts.fill("react.j2", context) == prompts.render("react.j2", **context)


def test_a_person_s_own_template_may_look_at_what_is_shown(tmp_path: Path) -> None:
    """A description of the person that names the draft is filled in for each draft."""
    (tmp_path / "person.j2").write_text("{{ persona.name if persona else 'Sam' }} sees: {{ shown }}\n")
    prompts = Prompts(tmp_path)
    for context in make_contexts(prompts):
        assert prompts.fill("react.j2", context) == prompts.render("react.j2", **context)


def test_a_fault_is_told_as_ever(tmp_path: Path) -> None:
    """An unknown name in a template is one line with the template's name."""
    (tmp_path / "react.j2").write_text("{% include 'person.j2' %}{{ nobody }}")
    prompts = Prompts(tmp_path)
    with pytest.raises(InputError, match=r"react\.j2: the template cannot be filled in: 'nobody' is undefined"):
        prompts.fill("react.j2", make_contexts(prompts)[0])
