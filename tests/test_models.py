"""Records: what identifies a draft, and an audience."""

from __future__ import annotations

import hashlib
import unicodedata

import pytest

from toolkit.models import Audience, Draft, Persona


def test_a_draft_is_known_by_what_people_see() -> None:
    """The id, and how an accent is composed, do not change who a draft is."""
    one = Draft(id="a", text="Café in the chat", cta="Pay")
    assert one.digest == Draft(id="b", text=unicodedata.normalize("NFD", one.text), cta="Pay").digest


@pytest.mark.parametrize(
    "edit", [{"text": "Cafe in the chat"}, {"cta": "Pay now"}, {"surface": "facebook_post"}, {"buttons": ("Yes",)}]
)
def test_any_edit_makes_another_draft(edit: dict[str, object]) -> None:
    """One letter, one part or another surface is another draft."""
    draft = Draft(id="a", text="Café in the chat", cta="Pay")
    assert draft.model_copy(update=edit).digest != draft.digest


def test_an_audience_is_known_by_its_json() -> None:
    """Its SHA-256 is that of the whole audience as JSON, whatever its words look like."""
    words = ('"personas":[]', "Zoë \u2028 <b>", "{}")
    people = tuple(Persona(id=f"p{age}", name=word, age=age, about=word) for age, word in enumerate(words, 30))
    audience = Audience(audience="buyers", description=words[0], personas=people)
    assert audience.digest == hashlib.sha256(audience.model_dump_json().encode()).hexdigest()
