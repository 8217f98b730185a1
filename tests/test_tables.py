"""One reader for every table that people keep: what is left out is told, and what is uncertain is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from toolkit.errors import InputError, spell_out
from toolkit.files import tables
from toolkit.files.tables import columnar, workbooks

ROWS = [["id", "text"], ["a", "Bake on Sunday."], ["b", "Bring a friend; it is free, too."]]
WANTED = [{"id": "a", "text": "Bake on Sunday."}, {"id": "b", "text": "Bring a friend; it is free, too."}]


def read(path: Path, purpose: Any = "drafts", **options: Any) -> tuple[list[dict[str, Any]], str]:
    """Return the cells of each row, and the notes in one text."""
    table = tables.load_table(path, purpose, **options)
    return [row.cells for row in table.rows], "; ".join(table.notes)


def write_text(folder: Path, text: str, name: str = "a.csv", encoding: str = "utf-8") -> Path:
    """Return a file of that text."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def write_book(path: Path, sheets: dict[str, list[list[Any]]]) -> openpyxl.Workbook:
    """Save the sheets as a workbook, and return it for changes."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return book


@pytest.mark.parametrize(
    "text",
    [
        'id;text\na;Bake on Sunday.\nb;"Bring a friend; it is free, too."\n',
        'sep=;\nid;text\na;Bake on Sunday.\nb;"Bring a friend; it is free, too."\n',
        'id,text\na,Bake on Sunday.\nb,"Bring a friend; it is free, too."\n',
        "id\ttext\na\tBake on Sunday.\nb\tBring a friend; it is free, too.\n",
        "id|text\na|Bake on Sunday.\nb|Bring a friend; it is free, too.\n",
    ],
)
def test_separators_are_judged_outside_quotes(text: str, tmp_path: Path) -> None:
    """Commas and semicolons inside texts do not count, and Excel's own line names the separator."""
    assert read(write_text(tmp_path, text)) == (WANTED, "")


def test_a_heading_with_commas_does_not_change_the_separator(tmp_path: Path) -> None:
    """Most rows decide, not the headings alone."""
    cells, _ = read(write_text(tmp_path, "id;text;Farbe, Form, Preis, Ort\na;Eins.;x\nb;Zwei.;y\n"))
    assert [row["text"] for row in cells] == ["Eins.", "Zwei."]


def test_known_headings_outweigh_commas_in_texts(tmp_path: Path) -> None:
    """A title makes no separator perfect; then headings that are known decide."""
    cells, _ = read(write_text(tmp_path, "Plan\nid;text\na;One, two, three, four.\nb;Five, six, seven, eight.\n"))
    assert [row["id"] for row in cells] == ["a", "b"]


def test_titles_and_comments_above_the_headings_are_left_out_and_told(tmp_path: Path) -> None:
    """The lines of the rows stay those of the file."""
    text = (
        '# made 24 Nov\n# by a tool, of ours\nReport of spring\n"From, to"\n\nid,text,owner\na,One.,Ann\nb,Two.,Bob\n'
    )
    table = tables.load_table(write_text(tmp_path, text))
    assert [(row.line, row.cells["text"]) for row in table.rows] == [(7, "One."), (8, "Two.")]
    assert "Report of spring" in table.notes[0]
    assert "lines 3, 4" in table.notes[0]


def test_a_number_sign_may_be_a_heading(tmp_path: Path) -> None:
    """A column called # is no comment."""
    assert tables.load_table(write_text(tmp_path, "#,text\n1,One.\n2,Two.\n")).columns == ("#", "text")


def test_an_unquoted_comma_is_refused_with_its_line(tmp_path: Path) -> None:
    """A column of words alone is no title above a wider table."""
    with pytest.raises(InputError, match=r"a\.csv:3: 2 cells under 1 columns; put double quotes"):
        tables.load_table(write_text(tmp_path, "text\nHello\nHello, you\nGoodbye, you\n"))


def test_rows_of_spaces_and_totals_are_left_out_and_told(tmp_path: Path) -> None:
    """In a report any cell may say total, and the row may be wider than the headings."""
    text = "text,clicks\nOne.,3\n  , \nTwo.,4\nTotal of 2 results,7\n,7,Grand total\nTotal: Ads,7\n"
    cells, notes = read(write_text(tmp_path, text), "results")
    assert [row["text"] for row in cells] == ["One.", "Two."]
    assert "1 row of spaces left out (line 3)" in notes
    assert "3 total rows left out (lines 5, 6, 7)" in notes


@pytest.mark.parametrize("text", ["Total recall: see it again.", "Total: freedom", "Summers are back"])
def test_words_that_begin_like_a_total_are_words(text: str, tmp_path: Path) -> None:
    """Only a label that says nothing else is one."""
    for purpose in ("drafts", "results"):
        assert read(write_text(tmp_path, f"text,clicks\n{text},3\n"), purpose)[0] == [{"text": text, "clicks": "3"}]


def test_three_rows_of_headings(tmp_path: Path) -> None:
    """Names stay, questions are kept beside them, and import ids go."""
    ids = '"{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"'
    table = tables.load_table(write_text(tmp_path, f'Q1,Q2\n"How old\nare you?",Where?\n{ids}\n30,Leeds\n'), "people")
    assert [row.cells for row in table.rows] == [{"Q1": "30", "Q2": "Leeds"}]
    assert table.questions == {"Q1": "How old are you?", "Q2": "Where?"}


def test_choices_are_joined_under_their_question(tmp_path: Path) -> None:
    """A second row of headings names the choices; text and workbook give the same."""
    rows: list[list[Any]] = [
        ["ID", "Age?", "Which do you use?", None, None, "Why?"],
        [None, "Response", "Phone", "Tablet", "Other (please specify)", "Open-Ended Response"],
        ["1", "30", "Phone", None, "Watch", "Quick"],
        ["2", "31", None, "Tablet", None, None],
    ]
    write_book(tmp_path / "a.xlsx", {"Sheet": rows})
    text = "\n".join(",".join(cell or "" for cell in row) for row in rows)
    wanted = [
        {"ID": "1", "Age?": "30", "Which do you use?": "Phone, Watch", "Why?": "Quick"},
        {"ID": "2", "Age?": "31", "Which do you use?": "Tablet"},
    ]
    assert read(tmp_path / "a.xlsx", "people")[0] == wanted
    assert read(write_text(tmp_path, text), "people")[0] == wanted


def test_blank_headings_of_a_survey_lose_nothing(tmp_path: Path) -> None:
    """Without a second row, columns without a heading still belong to the question on their left."""
    cells, notes = read(write_text(tmp_path, "id,Uses?,,\na,Phone,Tablet,Watch\nb,,Tablet,\n"), "people")
    assert [row["Uses?"] for row in cells] == ["Phone, Tablet, Watch", "Tablet"]
    assert "joined under: Uses?" in notes


@pytest.mark.parametrize("heading", ['""', "__index_level_0__", "Unnamed: 0"])
def test_row_names_are_left_out(heading: str, tmp_path: Path) -> None:
    """A first column that counts is no column."""
    cells, notes = read(write_text(tmp_path, f"{heading},age\n1,30\n2,31\n"), "people")
    assert cells == [{"age": "30"}, {"age": "31"}]
    assert "it numbers the rows" in notes


def test_hidden_sheets_and_rows_are_left_out_and_told(tmp_path: Path) -> None:
    """The visible sheet is read, with the row numbers that people see."""
    path = tmp_path / "a.xlsx"
    book = write_book(path, {"_lists": [["text"], ["old"]], "Copy": [*ROWS, ["c", "Later."]]})
    book["_lists"].sheet_state = "hidden"
    book["Copy"].row_dimensions[3].hidden = True
    book.save(path)
    table = tables.load_table(path)
    assert [(row.line, row.cells["id"]) for row in table.rows] == [(2, "a"), (4, "c")]
    assert "hidden sheets left out: _lists" in table.notes
    assert "1 row hidden or filtered away left out (row 3)" in table.notes
    assert tables.load_table(path, sheet="_LISTS").rows[0].cells == {"text": "old"}


def test_other_sheets_are_named(tmp_path: Path) -> None:
    """A cover sheet does not hide the table that fits, and an unknown sheet is refused with those there are."""
    path = tmp_path / "a.xlsx"
    write_book(path, {"Cover": [["Spring"], ["by Ann"]], "Copy": ROWS, "More": ROWS})
    cells, notes = read(path, fits=lambda table: "text" in table.columns)
    assert cells == WANTED
    assert "sheet 'Copy' read; not read: Cover, More (sheet names one)" in spell_out(notes)
    with pytest.raises(InputError, match=r"no sheet 'Copi'; did you mean Copy\?; it has: Cover, Copy, More"):
        tables.load_table(path, sheet="Copi")


def test_cells_merged_downwards_are_filled(tmp_path: Path) -> None:
    """Each row has what the merged cell says; a title merged along its row is a title."""
    path = tmp_path / "a.xlsx"
    book = write_book(path, {"S": [["Plan", None], [None, None], ["surface", "text"], ["sms", "a"], [None, "b"]]})
    book["S"].merge_cells("A1:B1")
    book["S"].merge_cells("A4:A5")
    book.save(path)
    cells, notes = read(path)
    assert cells == [{"surface": "sms", "text": "a"}, {"surface": "sms", "text": "b"}]
    assert "merged cells filled: A4:A5" in notes


def test_a_formula_without_a_value_is_refused_with_its_cell(tmp_path: Path) -> None:
    """What a library wrote and no spreadsheet computed is not read as empty."""
    path = tmp_path / "a.xlsx"
    write_book(path, {"S": [["text", "clicks"], ["a", "=1+1"]]})
    with pytest.raises(InputError, match="sheet 'S', cell B2: a formula without a stored value; open and save"):
        tables.load_table(path)


def test_old_and_open_workbooks(tmp_path: Path) -> None:
    """.xls and .ods give the same rows as .xlsx."""
    old = xlwt.Workbook()
    sheet = old.add_sheet("S")
    for line, cells in enumerate([["Plan", ""], *ROWS]):
        for place, cell in enumerate(cells):
            sheet.write(line, place, cell)
    old.save(str(tmp_path / "a.xls"))
    document = OpenDocumentSpreadsheet()
    table = Table(name="S")
    for cells in ROWS:
        row = TableRow()
        for cell in cells:
            held = TableCell(valuetype="string")
            held.addElement(P(text=cell))
            row.addElement(held)
        table.addElement(row)
    document.spreadsheet.addElement(table)
    document.save(str(tmp_path / "a.ods"))
    for name in ("a.xls", "a.ods"):
        assert read(tmp_path / name)[0] == WANTED, name


def test_an_xls_that_is_text_or_a_page(tmp_path: Path) -> None:
    """Sites export text tables under that name; a web page is refused with the way out."""
    assert read(write_text(tmp_path, "id\ttext\na\tBake on Sunday.\n", "a.xls"))[0] == WANTED[:1]
    with pytest.raises(InputError, match=r"a web page, not a workbook; open it in a spreadsheet and save it as \.xlsx"):
        tables.load_table(write_text(tmp_path, "<html><table></table></html>", "b.xls"))


def test_what_cannot_be_read_names_the_way_out(tmp_path: Path) -> None:
    """A password, a format of one program alone, and a sheet where there are none: each in one line."""
    locked = tmp_path / "a.xlsx"
    locked.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(InputError, match="has a password; save a copy without one"):
        tables.load_table(locked)
    with pytest.raises(InputError, match=r"in Numbers, export it as \.xlsx or \.csv"):
        tables.load_table(write_text(tmp_path, "x", "a.numbers"))
    with pytest.raises(InputError, match="sheet='One' is for workbooks"):
        tables.load_table(write_text(tmp_path, "id,text\na,b\n"), sheet="One")


def test_size_is_judged_before_anything_is_read(tmp_path: Path) -> None:
    """Sixty million rows in a small file are refused from its metadata."""
    path = tmp_path / "a.parquet"
    size = columnar.MOST_CELLS + 1
    pl.LazyFrame({"x": pl.Series([1], dtype=pl.Int8)}).select(pl.col("x").repeat_by(size).explode()).sink_parquet(path)
    assert path.stat().st_size < 10**6
    with pytest.raises(InputError, match="50,000,001 rows of 1 columns are too many to hold; draw from it with"):
        tables.load_table(path)


def test_escaped_characters_of_workbooks() -> None:
    """What Excel writes for a carriage return is a line break."""
    assert workbooks.unescape("one_x000D_\ntwo _x0041_") == "one\ntwo A"


def test_labels_and_missing_codes_of_statistics(tmp_path: Path) -> None:
    """Values are shown by their labels, user-missing codes are empty, and a variable keeps its question."""
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = pl.DataFrame({"gender": [1.0, 2.0, 1.0], "age": [30.0, 999.0, 41.0]})
    labels: dict[str, dict[float, str]] = {"gender": {1.0: "Male", 2.0: "Female"}, "age": {999.0: "Refused"}}
    questions = ["Gender", "Age of respondent"]
    pyreadstat.write_sav(
        frame, str(tmp_path / "a.sav"), column_labels=questions, variable_value_labels=labels,
        missing_ranges={"age": [999]},
    )  # fmt: skip
    pyreadstat.write_dta(
        frame,
        str(tmp_path / "a.dta"),
        column_labels=questions,
        variable_value_labels={"gender": {1: "Male", 2: "Female"}},
    )
    table = tables.load_table(tmp_path / "a.sav", "people")
    assert [row.cells for row in table.rows] == [
        {"gender": "Male", "age": 30}, {"gender": "Female"}, {"gender": "Male", "age": 41},
    ]  # fmt: skip
    assert table.questions["age"] == "Age of respondent"
    assert [row.cells["gender"] for row in tables.load_table(tmp_path / "a.dta").rows] == ["Male", "Female", "Male"]


@pytest.mark.parametrize("export", tables.headings.list_exports(), ids=lambda export: export.name)
def test_every_known_export_is_found_by_its_own_headings(export: tables.headings.Export) -> None:
    """Each set of headings in the data leads to its export, whatever their case and order."""
    for names in export.signature:
        columns = [name.upper() for name in reversed(names)]
        found = tables.headings.find_export(export.purpose, columns)  # type: ignore[arg-type]
        assert found is not None
        assert {name.casefold() for name in names} <= {name.casefold() for held in found.signature for name in held}


def test_conditions_choose_rows() -> None:
    """Numbers are compared as numbers, words regardless of case, and what is no condition is refused."""
    test = tables.selecting.read_conditions("age >= 18 and 'Country of birth' = gb", ["AGE", "Country of birth"])
    assert test({"AGE": "18", "Country of birth": "GB"})
    assert not test({"AGE": "9", "Country of birth": "GB"})
    assert not test({"Country of birth": "GB"})
    for expression, said in (
        ("age", "not COLUMN OPERATOR VALUE"),
        ("agee > 1", "no column 'agee'"),
        ("AGE > x", "is none"),
    ):
        with pytest.raises(InputError, match=said):
            tables.selecting.read_conditions(expression, ["AGE"])
