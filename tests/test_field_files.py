"""Every kind of file that people of this field keep: what it is read as, from Python and by the command."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import toolkit
from toolkit.audiences import privacy
from toolkit.cli.main import main
from toolkit.errors import InputError

FILES = Path(__file__).parent / "data" / "files"
ONE = "List your coat in two minutes."
TWO = "The coat you never wear could be somebody\u2019s first day at a new job."


@dataclass(frozen=True)
class Copy:
    """What a file of drafts is read as."""

    drafts: tuple[tuple[str, str], ...]
    """Surface and first words of each draft."""
    told: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    """What lint says of it, errors alone."""


@dataclass(frozen=True)
class People:
    """What a file of people is read as."""

    count: int
    first: dict[str, Any]
    told: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    """What no name and no description holds."""
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Results:
    """What a file of results is read as: draft or its id, shown, clicks, shares; or why it is refused."""

    rows: tuple[tuple[str, int, int | None, int | None], ...] = ()
    told: tuple[str, ...] = ()
    refused: str = ""


COPY = {
    "buffer.csv": Copy(
        (("messenger_message", ONE), ("messenger_message", TWO)),
        ("read as a Buffer schedule: 2 drafts", "columns not used: Image URL, Tags, Posting Time"),
    ),
    "calendar.csv": Copy(
        (("facebook_post", ONE), ("linkedin_post", TWO)),
        ("read as a content calendar: 2 drafts", "columns not used: Date, Owner, Status", "Channel as surface"),
    ),
    "calendar.xlsx": Copy((("facebook_post", ONE),), ("columns not used: Date", "Channel as surface")),
    "whatsapp_template.json": Copy(
        (("whatsapp_template", "Hi {{1}}, list your coat"),), ("payload of a WhatsApp template: 1 draft",)
    ),
    "send_api.json": Copy((("messenger_message", ONE),), ("payload of a Messenger message: 1 draft",)),
    "wa_body.yaml": Copy(
        (("whatsapp_template", "{{1}}, list"), ("whatsapp_template", "Hi {{1}}{{2}}")),
        errors=("begins with a variable", "ends with a variable", "numbers run from 1 without a gap"),
    ),
    "x_txt_err.txt": Copy((("x_post", "List your coat."),), errors=("at most 280 weighted characters",)),
    "two_sheets_err.xlsx": Copy(
        (("facebook_post", ONE), ("x_post", "List your coat.")),
        ("sheets read: Facebook, X",),
        ("at most 280 weighted characters",),
    ),
    "two_sheets.xlsx": Copy((("facebook_post", ONE), ("linkedin_post", TWO)), ("sheets read: Facebook, LinkedIn (",)),
    "hidden_first_sheet.xlsx": Copy(
        (("messenger_message", TWO), ("messenger_message", ONE)), ("hidden sheets left out: _lists",)
    ),
    "hidden_row.xlsx": Copy(
        (("messenger_message", ONE), ("messenger_message", TWO)), ("1 row hidden or filtered away left out (row 3)",)
    ),
    "merged_surface.xlsx": Copy(
        (("facebook_post", ONE), ("facebook_post", TWO), ("linkedin_post", ONE)), ("merged cells filled: A2:A3",)
    ),
    "title_row.xlsx": Copy(
        (("facebook_post", ONE), ("facebook_post", TWO)), ("title above the table left out (line 1): Social calendar",)
    ),
    "sep_semis.csv": Copy((("facebook_post", ONE), ("facebook_post", TWO))),
    "semis_commahead.csv": Copy(
        (("messenger_message", ONE), ("messenger_message", TWO)),
        ("columns not used: Gr\u00f6\u00dfe, Farbe, Preis, Ort",),
    ),
}
CONTACTS = ("203.0.113", "anna.smith", "Smith", "Anna", "51.5")
PEOPLE = {
    "qualtrics_q.csv": People(
        12,
        {"name": "Person 1", "age": 20, "about": "Which describes you best? Buyer. How old are you? 20."},
        ("read as a Qualtrics export", "IPAddress (IP addresses)", "RecipientEmail (e-mail addresses)"),
        (*CONTACTS, "R_0", "ImportId", "anonymous"),
        {"age": "How old are you?"},
    ),
    "qualtrics_clean.csv": People(
        12,
        {"name": "Person 1", "age": 20, "about": "role: Buyer. age: 20. Q5_TEXT: Likes bargains"},
        ("RecipientLastName (names)", "LocationLatitude (coordinates)", "bookkeeping of the export: StartDate"),
        (*CONTACTS, "R_0"),
    ),
    **{
        f"surveymonkey.{suffix}": People(
            12,
            {"age": 21, "about": "How old are you? 18-24. What do you sell? old coats."},
            ("choices of each question (line 2)", "joined under: Which channels do you use?"),
            ("203.0.113", "118052219", "446111201", "UNNAMED"),
        )
        for suffix in ("csv", "xlsx")
    },
    "blankhead.csv": People(
        2,
        {"age": 30, "about": "age: 30. Which channels? Facebook, WhatsApp, TikTok."},
        ("columns without a heading joined under: Which channels?",),
    ),
    "limesurvey_codes.csv": People(
        12, {"age": 30, "weight": 1.0, "about": "G01Q01[SQ001]: Yes."}, ("ipaddr (IP addresses)",), ("203.0.113",)
    ),
    "google_forms.csv": People(
        12,
        {"age": 21, "about": "How old are you? 18-24. Which of these do you use? (tick all): Facebook."},
        ("left out as bookkeeping of the export: Timestamp",),
        ("14:00",),
    ),
    "typeform.csv": People(
        12, {"name": "Person 1", "age": 30, "about": "How old are you? 30."}, ("# (platform ids)",), ("a1b2c3", "0000")
    ),
    "redcap_raw.csv": People(
        12,
        {"id": "1", "age": 30, "about": "age: 30. sex: 1."},
        ("bookkeeping of the export: record_id",),
        ("complete",),
    ),
    "ess.sav": People(
        12,
        {"age": 20, "weight": 0.5, "about": "Country: GB. Gender: Male."},
        ("values shown by their labels: gndr, agea, polintr",),
        ("Refusal", "999", "Not available"),
    ),
    "ess.dta": People(
        12, {"age": 20, "weight": 0.5, "about": "cntry: GB. gndr: Male."}, ("'999' is a code",), ("999",)
    ),
    "r_write_csv.csv": People(
        12,
        {"age": 30, "weight": 0.5, "about": "age: 30. sex: f."},
        ("it numbers the rows", "read as empty: NA (1)"),
        ("NA",),
    ),
    "nemotron.parquet": People(
        12,
        {"id": "0" * 31 + "7", "name": "Jo Sample", "about": "Jo Sample is a practical manager"},
        ("zipcode (postcodes)",),
        ("45402",),
    ),
    "personahub.jsonl": People(3, {"age": None, "about": "A market gardener who restores bicycles"}),
    "Lisa.agent.json": People(1, {"name": "Lisa Carter", "age": 28, "about": "Gender: Female."}),
    "edsl_agents.json": People(
        3,
        {"name": "p0", "age": 22, "about": "A nurse who resells coats. Hobbies: a, b."},
        never=("Answer honestly", "1.0.9"),
    ),
    "psam_p06.csv": People(10, {"age": 41, "weight": 12.0}, ("2 under 18 left out",), ("2023GQ", "1019518", "03701")),
}
RESULTS = {
    "meta_en.csv": Results(
        ((ONE, 120650, 1201, 11), (TWO, 120650, 1201, 20)),
        ("read as a Meta Ads export: 2 results", "1 total row without a name left out (line 2)", "Reach"),
    ),
    "meta_de.csv": Results(
        (("coat - plain", 120650, 1201, None), ("coat - story", 120650, 1201, None)),
        ("read as a Meta Ads export: 2 results", "1 total row without a name left out (line 2)"),
    ),
    "google_ads.csv": Results(
        (("List it in two minutes.", 120650, 1201, None),),
        (
            "title above the table left out (lines 1, 2)",
            "1 total row left out (line 6)",
            "shown is unknown there (line 5)",
        ),
    ),
    "x.csv": Results(
        ((f"{ONE} https://t.co/abc", 1234, 22, 7), (TWO, 855, 13, 9)), ("read as an X export: 2 results", "Shares")
    ),
    "tiktok.xlsx": Results(
        ((ONE, 12065, 120, None),), ("1 total row left out (line 4)", "shown is unknown there (line 3)")
    ),
    "ga4.csv": Results(refused="never how often a draft was shown; add the export of the ad platform instead"),
    "exp_plain.csv": Results((("Sell your coat in two minutes", 20000, 280, None),)),
    "exp_total.csv": Results(
        (("Sell your coat in two minutes", 20000, 280, None),), ("6 total rows left out (lines 4, 7, 10, 13, 16, 19)",)
    ),
    "formula_counts.xlsx": Results(refused="sheet 'Sheet', cell C2: a formula without a stored value"),
    "us_dates.csv": Results((("One coat", 1000, 20, None), ("Two coats", 1000, 20, None))),
}


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Return the exit code of the command and what it wrote to either output."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main([str(one) for one in arguments])
    written = capsys.readouterr()
    return int(str(left.value.code)), written.out, written.err


def test_every_file_is_in_the_table() -> None:
    """No sample is forgotten."""
    kept = {path.name for path in FILES.iterdir()} - {"README.md"}
    assert kept == {*COPY, *PEOPLE, *RESULTS}


@pytest.mark.parametrize("name", COPY)
def test_copy(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Drafts, what is told, and what lint says, alike from Python and by the command."""
    wanted = COPY[name]
    campaign = toolkit.load_drafts(FILES / name)
    assert [draft.surface for draft in campaign.drafts] == [surface for surface, _ in wanted.drafts]
    for draft, (_, words) in zip(campaign.drafts, wanted.drafts, strict=True):
        assert draft.text.startswith(words)
    errors = [finding.message for finding in toolkit.lint(campaign) if finding.severity == "error"]
    code, out, err = call(capsys, "lint", FILES / name, "--json")
    printed = [one["message"] for one in json.loads(out)["findings"] if one["severity"] == "error"]
    assert len(errors) == len(printed) == len(wanted.errors)
    for message in wanted.errors:
        assert any(message in one for one in errors)
        assert any(message in one for one in printed)
    assert code == (1 if wanted.errors else 0)
    for words in wanted.told:
        assert any(words in note for note in campaign.notes), campaign.notes
        assert words in err


@pytest.mark.parametrize("name", PEOPLE)
def test_people(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """People, what is told, and no personal datum in what a model would read, alike from Python and by the command."""
    wanted = PEOPLE[name]
    audience = toolkit.load_audience(FILES / name, columns=wanted.options)
    out = tmp_path / "people.yaml"
    flags = [part for own, column in wanted.options.items() for part in (f"--{own}", column)]
    code, said, err = call(capsys, "personas", "import", FILES / name, "-o", out, *flags)
    assert code == 0, err
    written = toolkit.load_audience(out)
    assert written.personas == audience.personas
    assert len(audience.personas) == wanted.count
    first = audience.personas[0]
    for own, value in wanted.first.items():
        held = getattr(first, own)
        assert held.startswith(value) if own == "about" else held == value
    for words in wanted.told:
        assert any(words in note for note in audience.notes), audience.notes
        assert words in err
    for persona in audience.personas:
        assert not privacy.find_in_text(f"{persona.name} {persona.about}")
        assert not [words for words in wanted.never if words in f"{persona.name} {persona.about}"]
    assert "Traceback" not in said + err


@pytest.mark.parametrize("name", RESULTS)
def test_results(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Results and what is told, alike from Python and by the command; a refusal keeps nothing."""
    wanted = RESULTS[name]
    code, out, err = call(capsys, "outcomes", "add", FILES / name, "--json")
    if wanted.refused:
        with pytest.raises(InputError) as caught:
            toolkit.load_outcomes(FILES / name)
        for said in (str(caught.value), err):
            assert wanted.refused in said
            assert len(said.strip().splitlines()) == 1
        assert code == 2
        assert json.loads(call(capsys, "outcomes", "list", "--json")[1])["results"] == 0
        return
    found, notes = toolkit.load_outcomes(FILES / name)
    rows = [(one.text or one.draft_id, one.shown, one.clicks, one.shares) for one in found]
    assert rows[: len(wanted.rows)] == list(wanted.rows)
    assert code == 0, err
    assert json.loads(out)["added"] == len(found)
    for words in wanted.told:
        assert any(words in note for note in notes), notes
        assert any(words in note for note in json.loads(out)["notes"])


def test_totals_change_no_result() -> None:
    """Six experiments with totals are the six without."""
    plain, _ = toolkit.load_outcomes(FILES / "exp_plain.csv")
    with_totals, _ = toolkit.load_outcomes(FILES / "exp_total.csv")
    assert plain == with_totals


def test_both_files_of_a_survey_give_the_same_people() -> None:
    """CSV and workbook of one survey are alike."""
    one, other = (toolkit.load_audience(FILES / f"surveymonkey.{suffix}") for suffix in ("csv", "xlsx"))
    assert one.personas == other.personas
    assert (
        one.personas[1].about
        == "How old are you? 25-34. Which channels do you use? Facebook, WhatsApp. What do you sell? old coats."
    )


@pytest.mark.parametrize("name", ["psam_p06.csv", "google_forms.csv", "nemotron.parquet"])
def test_what_the_command_says_of_columns_holds(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A column is said to be the id only where the ids of people come from it."""
    out = tmp_path / "people.yaml"
    _, said, _ = call(capsys, "personas", "import", FILES / name, "-o", out)
    ids = [persona.id for persona in toolkit.load_audience(out).personas]
    assert ("id: column" in said) == (ids[0] != "p001")


def test_a_template_sees_every_column(tmp_path: Path) -> None:
    """The column taken as id, an empty cell, and a heading with a line break can be used."""
    shutil.copy(FILES / "typeform.csv", tmp_path)
    (tmp_path / "typeform.j2").write_text("{{ row['How old are you?'] }} uses [{{ row.Facebook }}]")
    about = [persona.about for persona in toolkit.load_audience(tmp_path / "typeform.csv").personas]
    assert about[:2] == ["30 uses []", "31 uses [Facebook]"]
