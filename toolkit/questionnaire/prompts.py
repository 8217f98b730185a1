"""Prompts: sandboxed Jinja2 templates, wordings and anchors, each of which a user's folder may override."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import jinja2
import jinja2.meta
import jinja2.nodes
import yaml

from toolkit.errors import InputError, name_option, suggest
from toolkit.files import languages, located_yaml, resources, templating
from toolkit.models import MEASURES
from toolkit.questionnaire.own_answers import AskedQuestion

LEAST_WORDINGS = 8
PAIR_FILES = ("pair.j2", "pair_completion.j2", "pairs.yaml")
"""What only a head-to-head asks with: no part of the identity of any other run."""
SHARE_FILES = ("shares.j2", "shares_completion.j2", "shares_system.j2", "shares.yaml")
"""What only a forecast of shares asks with: no part of the identity of any other run."""
LATER_FILES = (
    "interview_system.j2", "memory.j2", "interview.j2", "follow_up.j2", "interview_completion.j2",
    "rewrite.j2", "rewrite_system.j2", "rewrite_completion.j2", "people.j2", "people_system.j2",
)  # fmt: skip
"""What is asked only before or after a run: no part of the identity of any."""
QUESTION_FILES = ("questions.j2", "questions_completion.j2")
"""What only questions of one's own are asked with: no part of the identity of any other run."""
_PERSON = "person.j2"
_PERSON_MARK = f"\x01{secrets.token_hex(8)}\x01"
"""Stands for the person in a filled template; nobody can write it into a draft."""
_MOST_KEPT = 512
_SCOPES = (
    jinja2.nodes.Assign, jinja2.nodes.AssignBlock, jinja2.nodes.Macro, jinja2.nodes.Import, jinja2.nodes.FromImport,
    jinja2.nodes.CallBlock, jinja2.nodes.For, jinja2.nodes.With, jinja2.nodes.Extends, jinja2.nodes.Block,
    jinja2.nodes.FilterBlock, jinja2.nodes.EvalContextModifier,
)  # fmt: skip
"""What may give a name another meaning, or change what an included template says."""
_PARTS = ("glance", "read", "control_reader", "lead", "post", "thinks", "does")
_LEVELS = 5
_LANGUAGE_FILE = "language.j2"
_READ_FIELDS: Mapping[str, tuple[str, ...]] = {
    "glance.j2": ("first_glance", "verbatim"),
    "react.j2": ("first_glance", "action", "verbatim", "objection", "quotes", "says", "ratings"),
    "pair.j2": ("because", "sooner"),
    "shares.j2": ("because", "of_100"),
    "interview.j2": ("answer",),
    "follow_up.j2": ("answer",),
}
"""The fields that are read of a reply, by the form that asks for them; those of a reaction for any other."""
_OTHER_FORMS = (
    "system.j2", "person.j2", "draft.j2", "memory.j2", "rewrite.j2", "language.j2", "questions.j2", "rate.j2",
    "interview_system.j2", "rewrite_system.j2", "shares_system.j2", "completion.j2", "pair_completion.j2",
    "shares_completion.j2", "interview_completion.j2", "rewrite_completion.j2", "questions_completion.j2",
    "people.j2", "people_system.j2",
)  # fmt: skip
"""Templates that ask for no fields, or for those of a draft."""
_FIELD = re.compile(r"""\s*[-*]\s+[`"']?(?P<name>[a-z][a-z0-9]*(?:_[a-z0-9]+)*)[`"']?\s*:(?P<rest>.*)""")
"""A line of a form: "- verbatim: what you think"."""
_RATED = re.compile(r"(?:^|[.;])\s*([a-z][a-z_]*):")
"""What a line that asks for several ratings calls each of them."""
_ANCHORS = re.compile(r"anchors\.[a-z]{2,3}\.yaml")
"""Anchor sentences in another language than English: no part of the identity of a run in English."""


class Prompts:
    """The templates, wordings and anchor sentences of one run.

    Files in `folder` win over the built-in ones of the same name.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise InputError(
                f"{name_option('prompts', folder)}: no such folder; give one that holds templates to use instead"
            )
        if folder is not None:
            _check_names(folder)
            _check_fields(folder)
            for path in folder.iterdir():
                resources.find_named(path.name, folder, str(name_option("prompts", folder)))
        self._folder = folder
        self._folders = [place for place in (folder, resources.find_resource("prompts")) if place is not None]
        self._foreign_anchors: dict[str, dict[str, list[list[str]]] | None] = {}
        self._environment = templating.make_environment(jinja2.FileSystemLoader(self._folders), is_own=folder is None)
        self._apart: dict[str, bool] = {}
        self._shared: dict[tuple[Any, ...], tuple[tuple[str, str] | None, Any, Any]] = {}
        self._people: dict[tuple[Any, ...], tuple[str, Any, Any, Any]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return (Prompts, (self._folder,))

    def render(self, name: str, **context: Any) -> str:
        """Return the template `name` filled in; an undefined name or forbidden access is an InputError."""
        try:
            return self._environment.get_template(name).render(**context).strip()
        except templating.FAULTS as error:
            raise templating.describe_fault(name, error) from None

    def fill(self, name: str, context: Mapping[str, Any]) -> str:
        """Return what `render` returns, for a question about a draft: what it shares with others is filled in once.

        That is all but the description of the person, where no other part of the template looks at who is asked.
        """
        if not self._has_person_apart(name):
            return self.render(name, **context)
        try:
            shared = self._fill_shared(name, context)
            return self.render(name, **context) if shared is None else self._add_person(shared, context)
        except templating.FAULTS:
            return self.render(name, **context)

    def _fill_shared(self, name: str, context: Mapping[str, Any]) -> tuple[str, str] | None:
        """Return what stands before and after the person; None where they stand there more than once, or never."""
        wording, surface, others = _split_context(context)
        place = (name, id(wording), id(surface), *others)
        known = self._shared.get(place)
        if known is None:
            parts = self._without_person.get_template(name).render(context).split(_PERSON_MARK)
            shared = (parts[0], parts[1]) if len(parts) == 2 else None  # noqa: PLR2004 - before and after
            _make_room(self._shared)
            known = self._shared[place] = (shared, wording, surface)  # held, so that nothing else has their ids
        return known[0]

    def _add_person(self, shared: tuple[str, str], context: Mapping[str, Any]) -> str:
        wording, surface, _ = _split_context(context)
        person = context["persona"]
        place = (id(person), id(wording), id(surface), context["token"])
        known = self._people.get(place)
        if known is None:
            text = self._environment.get_template(_PERSON).render(context)
            _make_room(self._people)
            known = self._people[place] = (text, person, wording, surface)
        return f"{shared[0]}{known[0]}{shared[1]}".strip()

    def _has_person_apart(self, name: str) -> bool:
        """Tell whether a template shows the person by including person.j2 alone, and looks at them nowhere else.

        A team's own template may do anything, so it is read before it is trusted.
        """
        if name not in self._apart:
            try:
                others = self._read_names(name, {_PERSON})
                own = self._read_names(_PERSON, set())
            except (*templating.FAULTS, InputError):
                others = own = None
            known = {"persona", "wording", "surface", "token"}
            self._apart[name] = others is not None and own is not None and "persona" not in others and own <= known
        return self._apart[name]

    def _read_names(self, name: str, left_out: set[str]) -> set[str] | None:
        """Return the names that a template and what it includes look up; None where it does more than look up."""
        tree = self._environment.parse(self.source(name))
        if next(tree.find_all(_SCOPES), None) is not None:
            return None
        if not all(one.with_context for one in tree.find_all(jinja2.nodes.Include)):
            return None
        names = jinja2.meta.find_undeclared_variables(tree)
        for included in jinja2.meta.find_referenced_templates(tree):
            if included in left_out:
                continue
            inner = None if included is None else self._read_names(included, {*left_out, name})
            if inner is None:
                return None
            names |= inner
        return names

    @cached_property
    def _without_person(self) -> jinja2.Environment:
        """The same templates with a mark in the place of the person."""
        mark = jinja2.DictLoader({_PERSON: _PERSON_MARK})
        return templating.make_environment(jinja2.ChoiceLoader([mark, jinja2.FileSystemLoader(self._folders)]))

    def source(self, name: str) -> str:
        """Return the text of a prompt file."""
        for folder in self._folders:
            if (folder / name).is_file():
                return (folder / name).read_text(encoding="utf-8")
        raise InputError(
            f"prompts/{name} is missing; reinstall audience-toolkit or add it to the folder of {name_option('prompts')}"
        )

    @cached_property
    def wordings(self) -> tuple[Mapping[str, str], ...]:
        """The equivalent phrasings of the same questions, in file order; at least eight."""
        entries = self._load_yaml("wordings.yaml").get("wordings") or []
        if len(entries) < LEAST_WORDINGS:
            raise InputError(f"prompts/wordings.yaml has {len(entries)} wordings; at least {LEAST_WORDINGS} are needed")
        for number, entry in enumerate(entries, 1):
            lacking = [part for part in _PARTS if not isinstance(entry, dict) or not isinstance(entry.get(part), str)]
            if lacking:
                raise InputError(
                    f"prompts/wordings.yaml: wording {number} lacks {lacking[0]!r}; each needs: {', '.join(_PARTS)}"
                )
        return tuple(entries)

    @cached_property
    def pairs(self) -> tuple[str, ...]:
        """The equivalent ways to ask which of two drafts, in file order; at least eight."""
        return self._load_sentences("pairs.yaml", "pairs")

    @cached_property
    def shares(self) -> tuple[str, ...]:
        """The equivalent ways to ask for shares of people, in file order; at least eight."""
        return self._load_sentences("shares.yaml", "shares")

    def _load_sentences(self, file: str, name: str) -> tuple[str, ...]:
        entries = self._load_yaml(file).get(name)
        sentences = entries if isinstance(entries, list) else []
        if len(sentences) < LEAST_WORDINGS or not all(isinstance(one, str) and one.strip() for one in sentences):
            raise InputError(f"prompts/{file}: a list of at least {LEAST_WORDINGS} sentences is needed under {name!r}")
        return tuple(sentences)

    @cached_property
    def anchors(self) -> dict[str, list[list[str]]]:
        """For each measure, sets of five sentences from the lowest level to the highest."""
        return self._load_anchors("anchors.yaml")

    def find_anchors(self, language: str) -> dict[str, list[list[str]]] | None:
        """Return the anchor sentences in a language, its BCP 47 tag given; None where there are none."""
        code = languages.reduce_language(language)
        if code == languages.ENGLISH:
            return self.anchors
        if code not in self._foreign_anchors:
            name = f"anchors.{code}.yaml"
            known = any((folder / name).is_file() for folder in self._folders)
            self._foreign_anchors[code] = self._load_anchors(name) if known else None
        return self._foreign_anchors[code]

    def list_rated(self) -> list[str]:
        """Return the languages that there are anchor sentences in, English first."""
        found = {path.name.split(".")[1] for folder in self._folders for path in folder.glob("anchors.*.yaml")}
        return [languages.ENGLISH, *sorted(found)]

    def add_language(self, prompt: str, language: str, others: Iterable[str] = ()) -> str:
        """Return a prompt that asks for answers in a language; for English it stays as it is."""
        code = languages.reduce_language(language)
        if code == languages.ENGLISH:
            return prompt
        more = [languages.name_language(one) for one in others if languages.reduce_language(one) != code]
        told = self.render(_LANGUAGE_FILE, language=languages.name_language(language), others=" or ".join(more))
        return f"{prompt}\n\n{told}"

    def add_questions(self, prompt: str, asked: Sequence[AskedQuestion], token: str) -> str:
        """Return a prompt that also asks questions of one's own; without any it stays as it is."""
        if not asked:
            return prompt
        return f"{prompt}\n\n{self.render(QUESTION_FILES[0], questions=asked, token=token)}"

    def _load_anchors(self, file: str) -> dict[str, list[list[str]]]:
        sets = self._load_yaml(file)
        for name in sets:
            if name not in MEASURES:
                allowed = f"allowed: {', '.join(MEASURES)}"
                raise InputError(f"prompts/{file}: nobody rates {name!r}{suggest(name, MEASURES)}; {allowed}")
        for measure in MEASURES:
            if not _are_sets_of_five(sets.get(measure)):
                raise InputError(f"prompts/{file}: {measure} needs one or more sets of five sentences")
        return sets

    @cached_property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of every prompt file in use, by name, without those of a head-to-head, a forecast and later talks."""
        names = {path.name for folder in self._folders for path in folder.iterdir() if path.is_file()}
        others = (*PAIR_FILES, *SHARE_FILES, *LATER_FILES, *QUESTION_FILES)
        asked = {name for name in names.difference(others) if not _is_of_language(name)}
        return {name: self._digest(name) for name in sorted(asked)}

    def hash_languages(self, used: Iterable[str]) -> dict[str, str]:
        """Return the SHA-256 of the files that questions and ratings in these languages take besides, by name."""
        codes = {languages.reduce_language(language) for language in used} - {languages.ENGLISH}
        files = [_LANGUAGE_FILE] if codes else []
        files += [f"anchors.{code}.yaml" for code in sorted(codes) if self.find_anchors(code) is not None]
        return {name: self._digest(name) for name in sorted(files)}

    @cached_property
    def pair_hashes(self) -> dict[str, str]:
        """SHA-256 of the files that a head-to-head asks with, by name."""
        return {name: self._digest(name) for name in PAIR_FILES}

    @cached_property
    def share_hashes(self) -> dict[str, str]:
        """SHA-256 of the files that a forecast of shares asks with, by name."""
        return {name: self._digest(name) for name in SHARE_FILES}

    @cached_property
    def question_hashes(self) -> dict[str, str]:
        """SHA-256 of the files that questions of one's own are asked with, by name."""
        return {name: self._digest(name) for name in QUESTION_FILES}

    def _digest(self, name: str) -> str:
        return hashlib.sha256(self.source(name).encode()).hexdigest()

    def _load_yaml(self, name: str) -> dict[str, Any]:
        try:
            loaded = yaml.load(self.source(name), Loader=located_yaml.FAST_LOADER)  # noqa: S506 - a safe loader
        except yaml.YAMLError as error:
            raise InputError(f"prompts/{name}: not YAML: {' '.join(str(error).split())}") from None
        if not isinstance(loaded, dict):
            raise InputError(f"prompts/{name}: a mapping is needed; see the built-in file for its form")
        return loaded


def _split_context(context: Mapping[str, Any]) -> tuple[Any, Any, tuple[str, ...]]:
    """Return wording, surface, and the texts of a question about a draft."""
    return context["wording"], context["surface"], (context["shown"], context["token"], context["ratings"])


def _make_room(kept: dict[tuple[Any, ...], Any]) -> None:
    if len(kept) >= _MOST_KEPT:
        kept.clear()


def _are_sets_of_five(sets: Any) -> bool:
    return (
        isinstance(sets, list)
        and bool(sets)
        and all(isinstance(one, list) and len(one) == _LEVELS for one in sets)
        and all(isinstance(sentence, str) for one in sets for sentence in one)
    )


def _is_of_language(name: str) -> bool:
    return name == _LANGUAGE_FILE or _ANCHORS.fullmatch(name) is not None


def _check_fields(folder: Path) -> None:
    """Raise InputError for a form of the folder that asks for a field, or a rating, that nobody reads."""
    own = [path for path in sorted(folder.glob("*.j2")) if path.name not in _OTHER_FORMS and path.is_file()]
    for path in own:
        known = _READ_FIELDS.get(path.name, _READ_FIELDS["react.j2"])
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), 1):
            found = _FIELD.match(line)
            if found is None:
                continue
            name = found["name"]
            if name not in known:
                _refuse_field(path, number, name, known)
            for rated in _RATED.findall(found["rest"]) if name in {"says", "ratings"} else ():
                if rated not in MEASURES:
                    _refuse_field(path, number, rated, MEASURES)


def _refuse_field(path: Path, number: int, name: str, known: Sequence[str]) -> NoReturn:
    raise InputError(
        f"{name_option('prompts')}: {path}:{number}: the form asks for {name!r}, which nobody reads"
        f"{suggest(name, known)}; allowed: {', '.join(known)}; to ask for more, write it under questions: in the "
        "campaign"
    )


def _check_names(folder: Path) -> None:
    """Raise InputError for a prompt file whose name is no built-in one and that no template of the folder includes."""
    allowed = sorted(path.name for path in resources.find_resource("prompts").iterdir() if path.is_file())
    templates = "".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("*.j2")))
    for path in sorted([*folder.glob("*.j2"), *folder.glob("*.yaml")]):
        if path.name not in allowed and path.name not in templates and not _is_of_language(path.name):
            near = suggest(path.name, allowed)
            where = name_option("prompts")
            raise InputError(f"{where}: {path}: no prompt has this name{near}; allowed: {', '.join(allowed)}")
