"""Linting in the language of the draft: lists of its own, or a word that there are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Command

import toolkit
from toolkit.drafts.lint import lint
from toolkit.models import Draft

LINES = [
    line.split("\t")
    for line in (Path(__file__).parent / "data" / "lint_lines_de.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def find_rules(text: str) -> dict[str, str]:
    """Return the rules that a post breaks, each with its severity."""
    return {one.rule: one.severity for one in lint(Draft(id="a", text=text, surface="facebook_post"))}


@pytest.mark.parametrize("aside", [False, True])
@pytest.mark.parametrize("policy", sorted({line[0] for line in LINES}))
def test_german_policies_are_precise_and_find_most(policy: str, *, aside: bool) -> None:
    """Of 152 labelled lines nine in ten flags are right and eight in ten faults are found, also of those set aside."""
    found = [
        (label, f"policy.{policy}" in find_rules(text))
        for wanted in ("flag", "pass")
        for place, (label, text) in enumerate([(line[1], line[2]) for line in LINES if line[:2] == [policy, wanted]])
        if (place % 3 == 2) == aside
    ]
    right, flagged = found.count(("flag", True)), sum(hit for _, hit in found)
    assert len(LINES) >= 150
    assert right >= 0.9 * flagged
    assert right >= 0.8 * sum(label == "flag" for label, _ in found)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Do niedzieli wszystko tańsze o jedną trzecią, także buty dla dzieci.", "no policy list for Polish"),
        ("Envía la factura por el chat y cobra hoy mismo.", "no policy list for Spanish"),
        ("近所の人が探しているのは、あなたの物置にあるものです。", "no policy list for Japanese"),
        ("Envío gratis hoy", "the language cannot be told"),
    ],
)
def test_what_no_rule_has_read_is_said(text: str, named: str) -> None:
    """A language without lists is named in words, and its drafts are told apart from those with nothing to find."""
    found = [one for one in lint(Draft(id="a", text=text, surface="facebook_post")) if one.rule == "style.language"]
    assert [(one.severity, named in one.message) for one in found] == [("unchecked", True)]


def test_german_says_which_lists_it_lacks() -> None:
    """Four policies are read in German; the note says that two and the reading grade are not."""
    found = lint(Draft(id="a", text="Unsere Marmelade kommt aus dem Garten.", surface="facebook_post"))
    assert [(one.rule, one.severity) for one in found] == [("style.language", "note")]
    assert "no list for self perception and invoice scam" in found[0].message


@pytest.mark.parametrize(
    "text",
    [
        "Wir sehen uns, bis so bald!",
        "bis so bald",
        "Ein Gift ist das nicht, sondern ein Geschenk: like, mag, will.",
        "Hit of the week: nowa kolekcja już jest, smash hit dla każdego.",
    ],
)
def test_phrases_count_in_their_own_language_alone(text: str) -> None:
    """German and Polish words that English lists know raise no alarm."""
    assert not [rule for rule in find_rules(text) if rule.startswith("policy.")]


@pytest.mark.parametrize("text", ["Tag a friend.", "Hate your belly? Drink this tea.", "New boots #sp"])
def test_short_english_is_still_read(text: str) -> None:
    """A few words that English alone has are enough."""
    assert [rule for rule in find_rules(text) if rule.startswith("policy.")]


def test_continuous_integration_chooses(command: Command, tmp_path: Path) -> None:
    """Unread copy passes unless --on-unchecked fail is given, and the summary counts it."""
    path = tmp_path / "pl.txt"
    path.write_text("Do niedzieli wszystko tańsze o jedną trzecią, także buty dla dzieci.", encoding="utf-8")
    done = command("lint", path)
    assert (done.returncode, "1 not read for policy" in done.stdout) == (0, True)
    assert command("lint", path, "--on-unchecked", "fail").returncode == 1
    assert json.loads(command("lint", path, "--json").stdout)["findings"][0]["severity"] == "unchecked"
    for form in ("github", "sarif", "codequality", "checkstyle", "rdjson", "junit"):
        assert "no policy list for Polish" in command("lint", path, "--format", form).stdout
    english = tmp_path / "en.txt"
    english.write_text("Plum jam from our garden. Reply with how many jars you would like.")
    assert command("lint", english, "--on-unchecked", "fail").returncode == 0


def test_a_check_says_what_it_did_not_read(tmp_path: Path) -> None:
    """The gate passes such a draft, and counts it beside errors and warnings."""
    path = tmp_path / "c.yaml"
    path.write_text(
        "campaign: c\nsurface: facebook_post\nchecks: [{lint: warning}]\n"
        "drafts:\n  - text: Envía la factura por el chat y cobra hoy mismo.\n",
        encoding="utf-8",
    )
    judged = toolkit.check(path)
    assert (judged.outcome, judged.checks[0].message) == (
        "passed", "1 draft, 0 errors, 0 warnings, 1 not read for policy",
    )  # fmt: skip


def test_a_team_may_raise_it(tmp_path: Path) -> None:
    """The rule is raised or silenced like any other, with a reason."""
    path = tmp_path / "c.yaml"
    path.write_text(
        "campaign: c\nsurface: facebook_post\nlint:\n"
        "  style.language: {severity: error, because: every language is read here}\n"
        "drafts:\n  - text: Envía la factura por el chat y cobra hoy mismo.\n",
        encoding="utf-8",
    )
    assert [one.severity for one in lint(toolkit.load_drafts(path))] == ["error"]


@pytest.mark.parametrize(
    ("text", "turned"),
    [
        ("اتصل بنا على 0100-123-4567 الآن", ["0100-123-4567"]),
        ("اتصل بنا على +20 100 123 4567 الآن", ["+20 100 123 4567"]),
        ("التاريخ 2026-11-28", ["2026-11-28"]),
        ("اتصل على \u20660100-123-4567\u2069 الآن", []),
        ("السعر 1,250.50 والوقت 10:30", []),
        ("التاريخ 28/11/2026", []),
        ("התקשרו 03-123-4567 היום", []),
        ("התקשרו 03 123 4567 היום", ["03 123 4567"]),
        ("Call 0100-123-4567 اليوم", []),
        ("PayPal يرحب بكم على 0100-123-4567 اليوم", ["0100-123-4567"]),
        ("0100 123 4567 اليوم", ["0100 123 4567"]),
        ("موقع Oak 12-14 اليوم", []),
    ],
)
def test_numbers_that_read_backwards_are_told(text: str, turned: list[str]) -> None:
    """As the bidirectional algorithm has it, with the isolates that keep them in order."""
    found = [one for one in lint(Draft(id="a", text=text, surface="sms")) if one.rule == "style.direction"]
    assert [one.text for one in found] == turned
    assert all(f"\u2066{one.text}\u2069" in (one.suggestion or "") for one in found)


def test_the_isolates_mend_it() -> None:
    """Copy that takes the suggestion is told nothing more."""
    text = "اتصل بنا على 0100-123-4567 الآن"
    mended = text.replace("0100-123-4567", "\u20660100-123-4567\u2069")
    assert "style.direction" not in find_rules(mended)
