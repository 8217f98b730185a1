"""Other files of the same kinds: languages, separators, titles, totals, days, sheets and spellings."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from click.testing import CliRunner

import toolkit
from toolkit.audiences import editing
from toolkit.cli.importing import import_command
from toolkit.cli.lint import lint as lint_command
from toolkit.cli.outcomes import outcomes as outcomes_group
from toolkit.cli.personas import personas as personas_group
from toolkit.errors import InputError
from toolkit.files.tables import headings

ONE, TWO = "Bake on Sunday.", "Bring a friend."
TODAY = datetime.date(2026, 11, 28)


def write(folder: Path, text: str, name: str = "a.csv", encoding: str = "utf-8") -> Path:
    """Return a file of that text."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def write_book(
    folder: Path, sheets: dict[str, list[list[Any]]], change: Callable[[openpyxl.Workbook], None] | None = None
) -> Path:
    """Return a workbook of those sheets."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if change is not None:
        change(book)
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def read_results(path: Path, **options: Any) -> tuple[list[tuple[Any, ...]], str]:
    """Return draft, shown, clicks and day of each result, and the notes in one text."""
    found, notes = toolkit.load_outcomes(path, TODAY, **options)
    return [(one.text or one.draft_id, one.shown, one.clicks, one.date) for one in found], "; ".join(notes)


DAY = "2026-11-01"
EXPORTS = {
    "Meta, German, decimal commas": (
        (
            "Name der Anzeige;Impressionen;Link-Klicks;Ausgegebener Betrag (EUR);Berichtsbeginn\n"
            "a;120.650;1.201;1.500,20;01.11.2026\nb;95.100;1.102;1.584,20;01.11.2026\n"
            ";215.750;2.303;3.084,40;01.11.2026\n"
        ),
        [("a", 120650, 1201, DAY), ("b", 95100, 1102, DAY)],
        "1 total row without a name left out (line 4)",
    ),
    "Meta, French": (
        (
            "Début des rapports,Nom de la publicité,Impressions,Clics sur un lien\n2026-11-01,a,1000,20\n"
            "2026-11-01,b,1100,21\n"
        ),
        [("a", 1000, 20, DAY), ("b", 1100, 21, DAY)],
        "read as a Meta Ads export: 2 results",
    ),
    "Meta, Spanish": (
        (
            "Inicio del informe,Nombre del anuncio,Impresiones,Clics en el enlace\n2026-11-01,a,1000,20\n"
            "2026-11-01,b,900,2\n"
        ),
        [("a", 1000, 20, DAY), ("b", 900, 2, DAY)],
        "read as a Meta Ads export: 2 results",
    ),
    "Meta, split by age, one part unknown": (
        (
            "Ad name,Age,Impressions,Link clicks,Reporting starts\na,18-24,500,10,2026-11-01\n"
            "a,25-34,500,10,2026-11-01\n"
            "b,18-24,600,11,2026-11-01\nb,25-34,500,,2026-11-01\n"
        ),
        [("a", 1000, 20, DAY)],
        "2 rows left out, clicks unknown there (lines 4, 5)",
    ),
    "Meta, by position": (
        (
            "Reporting starts,Ad name,Platform,Placement,Impressions,Link clicks\n2026-11-01,,,,2400,41\n"
            "2026-11-01,a,facebook,feed,1000,20\n2026-11-01,a,audience_network,an_classic,1200,15\n"
            "2026-11-01,b,instagram,stories,200,6\n"
        ),
        [("a", 2200, 35, DAY), ("b", 200, 6, DAY)],
        "3 rows split by Platform, Placement added up to 2 results",
    ),
    "Google, German": (
        (
            "Anzeigenbericht\n1. November 2026 - 24. November 2026\nAnzeigenstatus;Textzeile 1;Klicks;Impr.;CTR\n"
            f"Aktiviert;{ONE};1.201;120.650;1,00 %\nAktiviert;{TWO};33;9.650;1,00 %\n"
            f"Gesamt: Konto; --;1.234;130.300;1,00 %\n"
        ),
        [(ONE, 120650, 1201, None), (TWO, 9650, 33, None)],
        "title above the table left out (lines 1, 2)",
    ),
    "Google, totals of several kinds": (
        (
            f"Ad status,Description 1,Clicks,Impr.\nEnabled,{ONE},12,650\nEnabled,{TWO},33,1650\n"
            "Total: Account,--,45,2300\nTotal: Search,--,45,2300\nTotal: Display Network,--,0,0\n"
        ),
        [(ONE, 650, 12, None), (TWO, 1650, 33, None)],
        "3 total rows left out (lines 4, 5, 6)",
    ),
    "LinkedIn, days by the title": (
        (
            "Ad Performance Report (in UTC)\nDate Range: 11/01/2026 - 11/24/2026\n\n"
            f"Start Date (in UTC)\tAd Introduction Text\tImpressions\tClicks\n11/01/2026\t{ONE}\t1,000\t20\n"
        ),
        [(ONE, 1000, 20, DAY)],
        "read as a LinkedIn Ads export: 1 result",
    ),
    "X, as it was called before": (
        f"Tweet id,Tweet text,time,impressions,retweets,url clicks\n1,{ONE},2026-11-01 10:00 +0000,1234.0,7.0,22.0\n",
        [(ONE, 1234, 22, DAY)],
        "read as an X export: 1 result",
    ),
    "GA4 with impressions": (
        (
            "# ----\n# Free form 1\n# ----\n\nSession manual ad content,Impressions,Sessions,Clicks\n"
            ",1200,60,61,Grand total\n"
            "plain,600,30,30\nstory,600,30,31\n"
        ),
        [("plain", 600, 30, None), ("story", 600, 31, None)],
        "1 total row left out (line 6)",
    ),
    "a note below": (
        f"draft,shown,clicks\n{ONE},1000,20\n{TWO},1000,21\n\nReport made by Oak on 24 Nov 2026\n",
        [(ONE, 1000, 20, None), (TWO, 1000, 21, None)],
        "note below the table left out (line 5): Report made by Oak",
    ),
    "averages": (
        f"draft,shown,clicks\n{ONE},1000,20\n{TWO},1000,21\nAverage,1000,20.5\nTotal,2000,41\n",
        [(ONE, 1000, 20, None), (TWO, 1000, 21, None)],
        "2 total rows left out (lines 4, 5)",
    ),
    "one column twice": (
        f"draft,Impressions,Impressions,clicks\n{ONE},1000,1000,20\n",
        [(ONE, 1000, 20, None)],
        "columns that stand twice alike read once: Impressions",
    ),
    "lakhs and crores": (f"draft;shown;clicks\n{ONE};1,20,650;20\n", [(ONE, 120650, 20, None)], ""),
    "noughts behind commas": (f"draft;shown;clicks\n{ONE};1000,0;20,0\n", [(ONE, 1000, 20, None)], ""),
    "day numbers": (
        f"draft,shown,clicks,date\n{ONE},1000,20,46327\n",
        [(ONE, 1000, 20, DAY)],
        "days read as the numbers that spreadsheets give them",
    ),
    "years of two digits that a row settles": (
        f"draft,shown,clicks,date\n{ONE},1000,20,01/11/26\n{TWO},1000,21,26/11/26\n",
        [(ONE, 1000, 20, DAY), (TWO, 1000, 21, "2026-11-26")],
        "",
    ),
    "months in several languages": (
        f"draft,shown,clicks,date\n{ONE},1000,20,1. Oktober 2026\n{TWO},1000,21,3 de marzo de 2026\n",
        [(ONE, 1000, 20, "2026-10-01"), (TWO, 1000, 21, "2026-03-03")],
        "",
    ),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("kind", EXPORTS)
def test_exports_of_results(kind: str, encoding: str, tmp_path: Path) -> None:
    """Each is read in any encoding, and what was left out is told."""
    text, wanted, told = EXPORTS[kind]
    rows, notes = read_results(write(tmp_path, text, encoding=encoding))
    assert rows == wanted
    assert told in notes


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("One,1000,2.0%,\nTwo,1000,2.1%,\n", r":2: clicks is '2.0%', a share; name the column of the count"),
        ("One,1.2K,20,\n", r":2: shown is '1.2K'; a whole number"),
        ("One,1.201,20,\n", r":2: shown is '1.201'; a whole number"),
        ("One,1000,20,05/06/2026\nTwo,1000,21,06/05/2026\n", r":2: '05/06/2026' may be two days"),
        ("One,1000,20,26/05/06\nTwo,1000,20,26/05/07\n", r":2: '26/05/06' may be several days; write it as 2026-11-24"),
        ("#REF!,1000,20,\n", None),
    ],
)
def test_what_cannot_be_told_is_refused_with_its_row(rows: str, said: str | None, tmp_path: Path) -> None:
    """Nothing is guessed."""
    path = write(tmp_path, f"draft,shown,clicks,date\n{rows}")
    if said is None:
        assert read_results(path)[0][0][0] == "#REF!"  # a result of a draft of that name; only copy is refused
        return
    with pytest.raises(InputError, match=said):
        read_results(path)


def test_a_cover_a_hidden_sheet_and_group_headings(tmp_path: Path) -> None:
    """The sheet with results is found past an old one and a cover, and merged groups above its headings are a title."""
    rows: list[list[Any]] = [["Post", None, "Counts", None], ["Post copy", "Date published", "Impressions", "Clicks"]]
    data = [
        [ONE, datetime.datetime.fromisoformat("2026-11-01 10:30"), 1000, 20],
        [TWO, datetime.date(2026, 11, 2), 1100, 21],
    ]
    sheets: dict[str, list[list[Any]]] = {
        "old": [["draft", "shown", "clicks"], ["x", 1, 0]],
        "Cover": [["Report"], ["by Ann"]],
        "Data": rows + data,
    }

    def change(book: openpyxl.Workbook) -> None:
        book["old"].sheet_state = "veryHidden"
        book["Data"].merge_cells("A1:B1")
        book["Data"].merge_cells("C1:D1")

    found, notes = read_results(write_book(tmp_path, sheets, change))
    assert found == [(ONE, 1000, 20, DAY), (TWO, 1100, 21, "2026-11-02")]
    assert "sheet 'Data' read; not read: Cover" in notes
    assert "hidden sheets left out: old" in notes


def test_an_old_workbook_fills_merged_cells_and_says_what_it_cannot_tell(tmp_path: Path) -> None:
    """An .xls keeps no word on hidden rows that its reader passes on, and says so."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    rows: list[list[Any]] = [["surface", "id", "text"], [None, "a", ONE], [None, "b", TWO]]
    for line, row in enumerate(rows):
        for place, cell in enumerate(row):
            if cell:
                sheet.write(line, place, cell)
    sheet.write_merge(1, 2, 0, 0, "facebook_post")
    book.save(str(tmp_path / "a.xls"))
    campaign = toolkit.load_drafts(tmp_path / "a.xls")
    assert [draft.surface for draft in campaign] == ["facebook_post", "facebook_post"]
    assert "merged cells filled: row 2 to 3" in campaign.notes
    assert "hidden rows cannot be told in .xls; save it as .xlsx if it has some" in campaign.notes


def test_hidden_columns_are_left_out_and_told(tmp_path: Path) -> None:
    """A column that nobody sees is not tested; where it held the words, the refusal says so."""

    def hide(letter: str) -> Callable[[openpyxl.Workbook], None]:
        return lambda book: setattr(book["S"].column_dimensions[letter], "hidden", True)

    rows: list[list[Any]] = [["id", "text", "old"], ["a", ONE, "x"]]
    campaign = toolkit.load_drafts(write_book(tmp_path, {"S": rows}, hide("C")))
    assert "hidden columns left out: C; show them to have them read" in campaign.notes
    with pytest.raises(InputError, match=r"no column text.*hidden columns left out: B"):
        toolkit.load_drafts(write_book(tmp_path, {"S": rows}, hide("B")))


def test_a_fault_on_a_second_sheet_names_it(tmp_path: Path) -> None:
    """File, sheet and row lead to it."""
    sheets: dict[str, list[list[Any]]] = {
        "Facebook": [["id", "text"], ["a", ONE]],
        "More": [["id", "text", "surface"], ["b", TWO, "Blusky"]],
    }
    with pytest.raises(InputError, match=r"a\.xlsx: sheet 'More', row 2: draft 'b': unknown surface 'Blusky'"):
        toolkit.load_drafts(write_book(tmp_path, sheets))


@pytest.mark.parametrize(
    ("text", "drafts"),
    [
        ("Datum;Kanal;Text\n24.11.2026;Facebook;Eins, zwei.\n", [("facebook_post", "Eins, zwei.")]),
        ("Date;Réseau;Légende\n24/11/2026;LinkedIn;Un, deux.\n", [("linkedin_post", "Un, deux.")]),
        ('Day,Channel,Copy\n1,"Facebook, LinkedIn",One.\n', [("facebook_post", "One."), ("linkedin_post", "One.")]),
        ("Day,Channel,Copy\n1,FB + IG,One.\n", [("facebook_post", "One."), ("instagram_caption", "One.")]),
        ("id|text|owner\na|One, two; three.|x\n", [("messenger_message", "One, two; three.")]),
        ("Campaign,Ad group,Headline 1,Description 1\nS,,,\nS,All,Sell,One.\n", [("messenger_message", "One.")]),
        ("id,text\na,One.,\n", [("messenger_message", "One.")]),
        ('"id;text;owner"\n"a;One.;x"\n', [("messenger_message", "One.")]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16-le"])
def test_calendars_and_bulk_files(text: str, drafts: list[tuple[str, str]], encoding: str, tmp_path: Path) -> None:
    """Other words, other separators, several channels in a cell, rows of campaigns without an ad."""
    campaign = toolkit.load_drafts(write(tmp_path, text, encoding=encoding))
    assert [(draft.surface, draft.text) for draft in campaign] == drafts


def test_json_lists_are_tables(tmp_path: Path) -> None:
    """Copy and people as many tools export them."""
    path = write(tmp_path, json.dumps([{"caption": ONE, "platform": "Facebook"}]), "a.json")
    assert [(draft.surface, draft.text) for draft in toolkit.load_drafts(path)] == [("facebook_post", ONE)]
    people = [{"age": 30, "job": "baker", "email": "a@example.org"}, {"age": "25-34", "job": "nurse"}]
    audience = toolkit.load_audience(write(tmp_path, json.dumps(people), "p.json"))
    assert [(one.age, one.about) for one in audience.personas] == [
        (30, "age: 30. job: baker."),
        (29, "age: 25-34. job: nurse."),
    ]


def test_an_error_of_a_formula_is_no_copy(tmp_path: Path) -> None:
    """#REF! is refused with its row, instead of being tested."""
    with pytest.raises(InputError, match=r"a\.csv:2: text holds #REF!, the error of a formula"):
        toolkit.load_drafts(write(tmp_path, "id,text\na,#REF!\n"))


SURVEYS = {
    "Qualtrics, German": (
        (
            "StartDate,IPAddress,ResponseId,Q1\nStartdatum,IP-Adresse,Antwort-ID,Wie alt sind Sie?\n"
            '"{""ImportId"":""startDate""}",'
            '"{""ImportId"":""ipAddress""}","{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}"\n'
            "2026-11-01,203.0.113.1,R_1,25 bis 34\n2026-11-01,203.0.113.2,R_2,65 und älter\n"
        ),
        [("Person 1", 29, "Wie alt sind Sie? 25 bis 34."), ("Person 2", 70, "Wie alt sind Sie? 65 und älter.")],
    ),
    "Qualtrics with the third row removed": (
        (
            "StartDate,IPAddress,ResponseId,Q1\nStart Date,IP Address,Response ID,How old are you?\n"
            "2026-11-01,203.0.113.1,R_1,31\n2026-11-01,203.0.113.2,R_2,32\n"
        ),
        [("Person 1", 31, "How old are you? 31."), ("Person 2", 32, "How old are you? 32.")],
    ),
    "Microsoft Forms": (
        "ID,Start time,Completion time,Email,Name,How old are you?\n1,11/1/26 10:00,11/1/26 10:05,anonymous,,30\n",
        [("Person 1", 30, "How old are you? 30.")],
    ),
    "Google Forms, German": (
        'Zeitstempel,E-Mail-Adresse,Wie alt sind Sie?\n"2026/11/01 2:00:11 PM MEZ",a@example.org,25\u201334\n',
        [("p001", 29, "Wie alt sind Sie? 25\u201334.")],
    ),
    "REDCap with two visits": (
        "record_id,redcap_event_name,age,sex,form_complete\n1,first,30,1,2\n1,later,,2,2\n2,first,31,2,2\n",
        [("Person 1", 30, "age: 30. sex: 1."), ("Person 2", 31, "age: 31. sex: 2.")],
    ),
    "Prolific": (
        (
            "Submission id,Participant id,Status,Age,Sex\n"
            "65aa65aa65aa65aa65aa65aa,5f5f5f5f5f5f5f5f5f5f5f5f,APPROVED,30,Female\n"
            "65aa65aa65aa65aa65aa65ab,5f5f5f5f5f5f5f5f5f5f5f50,APPROVED,CONSENT_REVOKED,Male\n"
        ),
        [("Person 1", 30, "Age: 30. Sex: Female."), ("Person 2", None, "Sex: Male.")],
    ),
    "GSS": (
        "year,id,age,sex,wtssps\n2024,1,89 or older,female,0.5\n2024,2,No answer,male,0.6\n",
        [("Person 1", 94, "age: 89 or older. sex: female."), ("Person 2", None, "sex: male.")],
    ),
    "decimal commas": ("id;age;weight;job\na;30,0;0,5;clerk\n", [("a", 30, "age: 30,0. job: clerk.")]),
    "missing as R, pandas and SPSS write it": (
        "id,age,region,country\na,30,NA,NA\nb,NaN,north,GB\nc,#NULL!,south,DE\n",
        [
            ("a", 30, "age: 30. country: NA."),
            ("b", None, "region: north. country: GB."),
            ("c", None, "region: south. country: DE."),
        ],
    ),
    "dates of birth": (
        "Kundennummer;Nachname;E-Mail;Geburtsdatum;PLZ;Ort\n1;Muster;a@example.org;01.02.1987;10115;Berlin\n",
        [("Person 1", datetime.datetime.now(datetime.UTC).year - 1987, "Ort: Berlin.")],
    ),
    "a total and a note below": (
        "id,age,job\na,30,clerk\nTotal,1,\n\nExported from Oak on Monday\n",
        [("a", 30, "age: 30. job: clerk.")],
    ),
}


@pytest.mark.parametrize("kind", SURVEYS)
def test_surveys_and_lists_of_people(kind: str, tmp_path: Path) -> None:
    """Questions, codes and ages are read, and no contact and no id reaches a description."""
    text, wanted = SURVEYS[kind]
    audience = toolkit.load_audience(write(tmp_path, text))
    assert [(one.name, one.age, one.about) for one in audience.personas] == wanted


def test_a_codebook_is_no_sheet_of_people(tmp_path: Path) -> None:
    """The sheet with ages is found, and the other named."""
    sheets: dict[str, list[list[Any]]] = {
        "Codebook": [["name", "label"], ["age", "Age in years"]],
        "Data": [["age", "job"], [30, "clerk"], [31, "nurse"]],
    }
    audience = toolkit.load_audience(write_book(tmp_path, sheets))
    assert [one.age for one in audience.personas] == [30, 31]
    assert "sheet 'Data' read; not read: Codebook (sheet names one)" in audience.notes


def test_a_band_that_a_spreadsheet_made_a_day_is_told(tmp_path: Path) -> None:
    """The row is left out with the reason."""
    rows: list[list[Any]] = [
        ["id", "age group", "job"],
        ["a", datetime.datetime.fromisoformat("2026-10-14"), "x"],
        ["b", "25-34", "y"],
    ]
    audience = toolkit.load_audience(write_book(tmp_path, {"S": rows}))
    assert [one.id for one in audience.personas] == ["b"]
    assert "spreadsheets make days of bands such as 10-14 (line 2)" in " ".join(audience.notes)


def test_personal_data_of_a_persona_set_stays_behind(tmp_path: Path) -> None:
    """Names are made up and kept; an address inside is not passed on."""
    agents = {"agent_list": [{"traits": {"age": 22, "contact": "ann@example.org"}, "name": "Ann"}]}
    person = toolkit.load_audience(write(tmp_path, json.dumps(agents), "a.json")).personas[0]
    assert (person.name, person.about) == ("Ann", "Contact: [e-mail left out].")


def test_none_turns_a_suggestion_off(tmp_path: Path) -> None:
    """`--map FIELD=none` is remembered like any other choice."""
    path = write(tmp_path, "title,text,other\nHello,One.,Two.\n")
    assert toolkit.load_drafts(path)[0].headline == "Hello"
    draft = toolkit.load_drafts(path, columns={"headline": "", "text": "other"})[0]
    assert (draft.headline, draft.text) == (None, "Two.")
    headings.save_map(path, {"headline": ""})
    assert headings.load_map(path) == {"headline": ""}


def test_remembered_columns_hold_for_everybody(tmp_path: Path) -> None:
    """What `--map` or the page wrote beside a file counts in Python, too, unless columns are given."""
    copy, people = write(tmp_path, "say,other\nOne.,Two.\n", "c.csv"), write(tmp_path, "id,a1\nx,30\n", "p.csv")
    results = write(tmp_path, "what,eyes,taps\nOne.,1000,20\n", "r.csv")
    headings.save_map(copy, {"text": "say"})
    headings.save_map(people, {"age": "a1"})
    headings.save_map(results, {"draft": "what", "shown": "eyes", "clicks": "taps"})
    assert toolkit.load_drafts(copy)[0].text == "One."
    assert toolkit.load_drafts(copy, columns={"text": "other"})[0].text == "Two."
    assert toolkit.load_audience(people).personas[0].age == 30
    assert toolkit.load_audience(people, columns={}).personas[0].age is None
    assert read_results(results)[0] == [("One.", 1000, 20, None)]


WAYS = {
    "docx": "paste the copy into a .txt", "numbers": "export it as .xlsx or .csv", "sas7bdat": "proc export as .csv",
    "ndjson": "rename it to .jsonl", "zip": "unpack it", "pdf": "ask for the table behind it",
}  # fmt: skip


@pytest.mark.parametrize("suffix", WAYS)
def test_what_cannot_be_read_names_the_way_out(suffix: str, tmp_path: Path) -> None:
    """Copy, people and results alike, in one line."""
    path = write(tmp_path, "anything", f"a.{suffix}")
    for load in (toolkit.load_drafts, toolkit.load_audience, toolkit.load_outcomes):
        with pytest.raises(InputError) as caught:
            load(path)
        assert WAYS[suffix] in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1


def test_a_workbook_with_a_password_says_so(tmp_path: Path) -> None:
    """The bytes that Excel writes of a protected workbook are known, whatever it is read for."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504 + "EncryptedPackage".encode("utf-16-le"))
    for load in (toolkit.load_drafts, toolkit.load_audience, toolkit.load_outcomes):
        with pytest.raises(InputError, match=r"a\.xlsx: the workbook has a password; save a copy without one"):
            load(path)


def test_nothing_is_half_imported(tmp_path: Path) -> None:
    """One bad row keeps no result of its file, and no map; a refused import writes no audience."""
    bad = write(tmp_path, "What,Eyes,Taps\nOne,1000,20\nTwo,1000,2000\n", "r.csv")
    mapped = ["--map", "draft=What", "--map", "shown=Eyes", "--map", "clicks=Taps"]
    done = CliRunner().invoke(outcomes_group, ["add", str(bad), *mapped])
    assert ":3: clicks 2000 is more than shown 1000" in str(done.exception)
    assert json.loads(CliRunner().invoke(outcomes_group, ["list", "--json"]).stdout)["results"] == 0
    assert not headings.load_map(bad)
    people, out = write(tmp_path, "id,age\na,30\nb,abc\n", "p.csv"), tmp_path / "p.yaml"
    done = CliRunner().invoke(import_command, [str(people), "-o", str(out), "--strict"])
    assert ":3: age 'abc' is none" in str(done.exception)
    assert list(tmp_path.glob("*.yaml")) == []


def test_every_import_can_be_taken_back(tmp_path: Path) -> None:
    """Results by their batch, people by their file: the one before stands again, and undoing twice brings it back."""
    call = CliRunner().invoke
    results = write(tmp_path, "draft,shown,clicks\nOne,1000,20\n", "r.csv")
    call(outcomes_group, ["add", str(results)])
    assert json.loads(call(outcomes_group, ["list", "--json"]).stdout)["results"] == 1
    assert "taken back" in call(outcomes_group, ["remove"]).stdout
    assert json.loads(call(outcomes_group, ["list", "--json"]).stdout)["results"] == 0
    one, two, out = write(tmp_path, "age\n30\n", "1.csv"), write(tmp_path, "age\n40\n", "2.csv"), tmp_path / "p.yaml"
    with pytest.raises(InputError, match="no import into this file is known"):
        editing.undo_import(out)
    call(import_command, [str(one), "-o", str(out)])
    call(import_command, [str(two), "-o", str(out), "--force"])
    assert toolkit.load_audience(out).personas[0].age == 40
    assert "what stood there before stands again" in call(personas_group, ["undo", str(out)]).stdout
    assert toolkit.load_audience(out).personas[0].age == 30
    again = call(personas_group, ["undo", str(out)]).stdout
    assert toolkit.load_audience(out).personas[0].age == 40
    assert "brings the import back" not in again, "the import is what stands there now"
    new = tmp_path / "new.yaml"
    call(import_command, [str(one), "-o", str(new)])
    assert "was not there before" in call(personas_group, ["undo", str(new)]).stdout
    assert not new.exists()


def test_columns_of_drafts_and_of_results_are_remembered_side_by_side(tmp_path: Path) -> None:
    """One table holds both: what was named for its drafts is no fault of its results, and neither is forgotten."""
    table = write(tmp_path, "Words,Seen,Taps\nOne coat,1000,20\nTwo coats,1100,30\n", "both.csv")
    call = CliRunner().invoke
    assert call(lint_command, [str(table), "--map", "text=Words", "--surface", "facebook_post"]).exception is None
    mapped = ["--map", "draft=Words", "--map", "shown=Seen", "--map", "clicks=Taps", "--surface", "facebook_post"]
    assert "2 added" in call(outcomes_group, ["add", str(table), *mapped]).stdout
    assert [draft.text for draft in toolkit.load_drafts(table).drafts] == ["One coat", "Two coats"]
    results, _ = toolkit.load_outcomes(table, surface="facebook_post")
    assert [one.clicks for one in results] == [20, 30]


def test_rows_that_a_condition_leaves_out_are_told(tmp_path: Path) -> None:
    """Drafts and results say how many, refuse to be none, and a file without rows refuses the condition."""
    table = write(tmp_path, "text,shown,clicks\nOne coat,1000,20\nTwo coats,1100,30\n", "both.csv")
    left = "1 of 2 rows are not what where asks for"
    assert left in [str(note) for note in toolkit.load_drafts(table, where="shown > 1050").notes]
    mapped = {"draft": "text"}
    _, notes = toolkit.load_outcomes(table, where="shown > 1050", columns=mapped, surface="sms")
    assert left in [str(note) for note in notes]
    with pytest.raises(InputError, match="no draft is left: 2 of 2 rows are not what where asks for; change where"):
        toolkit.load_drafts(table, where="shown > 9000")
    with pytest.raises(InputError, match="no result is left: 2 of 2 rows are not what where asks for; change where"):
        toolkit.load_outcomes(table, where="shown > 9000", columns=mapped, surface="sms")
    with pytest.raises(InputError, match=r"chooses rows of a table; leave it out for \.txt"):
        toolkit.load_drafts(write(tmp_path, "One coat", "one.txt"), where="shown > 1")
