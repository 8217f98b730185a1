"""What shaped a reaction, as short hashes, one a cause: so that a change can be told by its name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from toolkit.drafts.surfaces import cut_at_fold, find_surface
from toolkit.files import templating
from toolkit.models import Draft, Persona, Record, records
from toolkit.questionnaire import Prompts, Task

_DIGITS = 12
_UNSEEN = {"id", "text", "surface", "image", "tag", "promotional", "tags"}
"""What no reader of a draft is shown, and what is hashed apart."""
_COMPLETION_FILES = ("completion.j2", "wordings.yaml", "anchors.yaml", "questions_completion.j2")


class Shaped(Record):
    """Hashes of everything that shaped one reaction."""

    text: str
    """The words of the draft, as shown."""
    parts: str
    """Its surface, picture and further parts."""
    persona: str
    """Name, age and description of the persona, as shown; weights and segments shape no reaction."""
    prompts: str = ""
    """The user's own prompt files; empty where there are none."""
    model: str
    """The model and the form it was asked in."""
    settings: str
    """How words became ratings."""
    questions: str = ""
    """The questions of one's own that were asked besides; empty where there are none."""
    built_in: str
    """The toolkit's own prompts, and how it shows the surface: a release may change them, and the reaction stays
    valid."""


@dataclass(frozen=True)
class HowAsked:
    """What the reactions of a recording have in common besides drafts and personas."""

    model: str
    form: str
    rating: str
    embedding_model: str | None
    prompts: Prompts
    folder: Path | None
    """The user's own prompts."""
    pictures: Mapping[str, str]
    """By draft id, the pictures that could be read."""
    models: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Of several models, by persona id, the one that answers and the form it is asked in."""
    own: Sequence[records.OwnQuestion] = ()
    """Questions of one's own, asked besides."""

    def shape(self, draft: Draft, persona: Persona) -> Shaped:
        """Return the hashes of a reaction of this persona to this draft."""
        place = (id(draft), id(persona))
        known = self._shapes.get(place)
        if known is None:
            shared = self._shared
            if persona.id in self.models:
                shared = {**shared, "model": digest(list(self.models[persona.id]))}
            shaped = Shaped(**self._of_draft(draft), persona=self._of_persona(persona), **shared)
            known = self._shapes[place] = (shaped, draft, persona)  # held, so that nothing else ever has their ids
        return known[0]

    @cached_property
    def own_files(self) -> dict[str, str]:
        """SHA-256 of the user's own prompt files, by name."""
        names = self._files.items()
        return {name: digest for name, digest in names if self.folder and (self.folder / name).is_file()}

    @cached_property
    def _files(self) -> dict[str, str]:
        """SHA-256 of every prompt file in use, by name; questions of one's own take some more."""
        return self.prompts.hashes | (self.prompts.question_hashes if self.own else {})

    @cached_property
    def _shared(self) -> dict[str, str]:
        return {
            "prompts": digest(self.own_files) if self.own_files else "",
            "model": digest([self.model, self.form]),
            "settings": digest([self.rating, self.embedding_model]),
            **({"questions": digest([_describe_question(one) for one in self.own])} if self.own else {}),
        }

    @cached_property
    def _built_in_files(self) -> dict[str, str]:
        is_asked = (lambda name: name in _COMPLETION_FILES) if self.form == "completion" else _is_of_chat
        files = self._files.items()
        return {name: digest for name, digest in files if name not in self.own_files and is_asked(name)}

    def _of_language(self, draft: Draft) -> dict[str, str]:
        """Return the hashes of what asks for another language than English and rates it, where a draft needs it."""
        return self.prompts.hash_languages([Task(None, draft, 0, 0).language])

    @cached_property
    def _shapes(self) -> dict[tuple[int, int], tuple[Shaped, Draft, Persona]]:
        return {}

    @cached_property
    def _drafts(self) -> dict[str, tuple[Draft, dict[str, str]]]:
        return {}

    @cached_property
    def _people(self) -> dict[str, tuple[Persona, str]]:
        return {}

    def _of_draft(self, draft: Draft) -> dict[str, str]:
        known = self._drafts.get(draft.id)
        if known is None or known[0] is not draft:
            known = self._drafts[draft.id] = (draft, self._hash_draft(draft))
        return known[1]

    def _of_persona(self, persona: Persona) -> str:
        known = self._people.get(persona.id)
        if known is None or known[0] is not persona:
            shown = [templating.clean_text(persona.name), persona.age, templating.clean_text(persona.about)]
            known = self._people[persona.id] = (persona, digest(shown))
        return known[1]

    def _hash_draft(self, draft: Draft) -> dict[str, str]:
        parts = draft.model_dump(exclude=_UNSEEN, exclude_defaults=True)
        shown = {name: _clean(value) for name, value in parts.items()}
        picture = self.pictures.get(draft.id) if self.form == "chat" else None
        surface = find_surface(draft.surface)
        return {
            "text": digest(templating.clean_text(draft.text).strip()),
            "parts": digest(
                [
                    draft.surface,
                    shown,
                    digest(picture) if picture else None,
                    *([surface.deeds] if surface.labels else []),
                ]
            ),
            "built_in": digest(
                [
                    self._built_in_files | self._of_language(draft),
                    surface.label,
                    sorted(surface.actions),
                    cut_at_fold(draft),
                ]
            ),
        }


def digest(value: Any) -> str:
    """Return twelve digits of the SHA-256 of a plain value."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _describe_question(question: records.OwnQuestion) -> dict[str, Any]:
    return question.model_dump(mode="json", exclude_defaults=True)


def _is_of_chat(name: str) -> bool:
    return name not in {"completion.j2", "questions_completion.j2"}


def _clean(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return templating.clean_text(value).strip() if isinstance(value, str) else value
