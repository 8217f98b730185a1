"""What a file of drafts may get wrong, and the one line each fault gets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.cli.main import main
from toolkit.drafts import load_drafts, merge_campaigns
from toolkit.errors import InputError
from toolkit.files import located_yaml

GOOD = "campaign: c\ndrafts:\n  - id: a\n    text: one\n"
LONG = "y" * 1_000_001

FAULTS: dict[str, tuple[str, str | bytes, tuple[str, ...]]] = {
    "an empty file": ("a.yaml", "", ("a.yaml: ", "empty", "at least one draft")),
    "a price without end": ("a.jsonl", '{"text": "t", "price": 1e999}\n', ("a.jsonl:1: price is inf: ", "no price")),
    "only blanks": ("a.txt", " \n\n", ("a.txt: ", "empty")),
    "an empty table": ("a.csv", "", ("a.csv: ", "empty", "column names")),
    "an empty workbook": ("a.xlsx", b"", ("a.xlsx: ", "empty")),
    "a header without rows": ("a.csv", "id,text\n", ("a.csv: ", "no rows", "at least one draft")),
    "wrong indentation": ("a.yaml", GOOD + "  - id: b\n   text: two\n", ("a.yaml:6: not YAML", "indentation")),
    "a tab": ("a.yaml", GOOD + "\t- id: b\n", ("a.yaml:5: not YAML",)),
    "an anchor that holds itself": ("a.yaml", "drafts: &x\n  - *x\n", ("a.yaml:1: what the anchor", "holds itself")),
    "anchors that grow": (
        "a.yaml",
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{n}: &{n} [{', '.join([f'*{chr(ord(n) - 1)}'] * 9)}]\n" for n in "bcdefgh"),
        ("expands to more than", "write the values out"),
    ),
    "a merge of words": ("a.yaml", "drafts:\n  - <<: words\n    text: t\n", ("a.yaml:2: << takes a mapping",)),
    "a second document": ("a.yaml", "drafts: [{text: t}]\n---\nother: 1\n", ("a.yaml:3: a second document begins",)),
    "a tag": ("a.yaml", "drafts:\n  - text: !!python/name:os.system x\n", ("a.yaml:2: a tag",)),
    "a key that occurs twice": ("a.yaml", GOOD + "    text: two\n", ("a.yaml:5: the key 'text' occurs twice",)),
    "a key twice in JSON": ("a.json", '{"campaign": "c",\n"campaign": "d"}', ("a.json:2: the key 'campaign'",)),
    "a key twice in a line of JSON": ("a.jsonl", '{"text": "a",\r"text": "b"}', ("a.jsonl:", "not a JSON object")),
    "an unknown field of a draft": ("a.yaml", GOOD + "    hedline: x\n", ("a.yaml:5: ", "mean headline", "cta")),
    "an unknown field of a campaign": ("a.yaml", GOOD + "objektive: x\n", ("a.yaml:5: ", "mean objective", "checks")),
    "an unknown field in JSON": ("a.json", '[{"text": "x",\n"hedline": "z"}]', ("a.json:2: ", "mean headline")),
    "a word for a choice": (
        "a.yaml",
        GOOD + "forecast: maybe\n",
        ("a.yaml:5: forecast is 'maybe': true or false is", ""),
    ),
    "a list for a word": ("a.yaml", GOOD + "language: [de, pl]\n", ("a.yaml:5: language: words are needed", "")),
    "an unknown objective": ("a.yaml", GOOD + "objective: buy\n", ("a.yaml:5: objective is 'buy'", "'click'")),
    "no draft": ("a.yaml", "campaign: c\ndrafts: []\n", ("a.yaml:2: drafts needs a list", "each with a text")),
    "a sentence for a campaign": ("a.yaml", "hello\n", ("a.yaml:1: neither a campaign", "docs/files.md")),
    "a sentence for a draft": ("a.yaml", "drafts:\n  - hello\n", ("a.yaml:2: a draft is a mapping", "`- text: ...`")),
    "a number for checks": ("a.yaml", GOOD + "checks: 3\n", ("a.yaml:5: checks is 3: a list is needed",)),
    "a draft without text": ("a.yaml", GOOD + "  - id: b\n", ("a.yaml:5: drafts[1].text is missing; add it",)),
    "a text of blanks": ("a.yaml", GOOD + "  - id: b\n    text: ' '\n", ("a.yaml:6: ", "needs words")),
    "an id with a slash": ("a.yaml", "drafts:\n  - id: a/b\n    text: x\n", ("a.yaml:2: ", "letters, digits")),
    "ids twice in YAML": (
        "a.yaml",
        GOOD + "  - id: a\n    text: x\n",
        ("a.yaml:5: draft id 'a'", "first at", "yaml:3"),
    ),
    "ids twice in CSV": ("a.csv", "id,text\na,x\nb,y\na,z\n", ("a.csv:4: draft id 'a'", "a.csv:2", "its own id")),
    "ids twice in lines": ("a.jsonl", '{"id": 1, "text": "x"}\n' * 2, ("a.jsonl:2: draft id '1'", "a.jsonl:1")),
    "a long draft": ("a.txt", LONG, ("a.txt: ", "1,000,001 characters", "at most 1,000,000", "shorten it")),
    "a long draft in YAML": ("a.yaml", GOOD + f"  - id: b\n    text: {LONG}\n", ("a.yaml:5: draft 'b'", "shorten it")),
    "a long cell": ("a.csv", f"id,text\na,x\nb,{LONG}\n", ("a.csv:3: draft 'b'", "at most 1,000,000")),
    "an unknown surface": ("a.yaml", GOOD + "    surface: facebok_post\n", ("a.yaml:5: ", "mean facebook_post", "sms")),
    "an unknown surface for all": ("a.yaml", "surface: web\n" + GOOD, ("a.yaml:1: unknown surface 'web'", "sms")),
    "an unknown surface in a row": ("a.csv", "text,surface\nx,sms\ny,smss\n", ("a.csv:3: ", "did you mean sms")),
    "an unknown surface in front matter": ("a.md", "---\nsurface: web\n---\nhi\n", ("a.md:2: ", "messenger_message")),
    "an unknown suffix": ("a.docx", "hello", ("a.docx: drafts cannot be read from .docx", ".jsonl, .csv", ".txt")),
    "no suffix": ("notes", "hello", ("notes: drafts cannot be read from this; allowed: .yaml",)),
    "no column of text": ("a.csv", "id,txt\na,x\n", ("a.csv:1: ", "did you mean txt?", "has: id, txt", "call the")),
    "a comma without quotes": ("a.csv", "id,text\na,x\nb,oh, no\n", ("a.csv:3: 3 cells under 2", "double quotes")),
    "a quote left open": ("a.csv", 'id,text\na,x\nb,"oh\n', ("a.csv:3: not CSV", "check the quotes")),
    "a column twice": ("a.csv", "text,text\nx,y\n", ("a.csv:1: the column 'text' occurs twice",)),
    "a broken line": ("a.jsonl", '{"text": "x"}\n\n{"text": \n', ("a.jsonl:3: not a JSON object", '{"text": "..."}')),
    "a list in a line": ("a.jsonl", "[1]\n", ("a.jsonl:1: not a JSON object",)),
    "broken JSON": ("a.json", '{"campaign": "c",\n "drafts": [,]}', ("a.json:2: not JSON", "commas and quotes")),
    "JSON without an end": ("a.json", "[" * 100_000, ("a.json", "check commas|too deeply")),
    "no workbook": ("a.xlsx", b"PK no", ("a.xlsx: not a readable .xlsx table", "export it again")),
    "no workbook, in capitals": ("a.XLSX", b"PK no", ("a.XLSX: not a readable .xlsx table",)),
    "no Parquet": ("a.parquet", b"PAR1", ("a.parquet: not a readable .parquet table", "export it again")),
    "a picture": ("a.txt", b"\x89PNG\r\n\x1a\n\x00\x00", ("a.txt: ", "not a text file", "save it as UTF-8")),
    "an unknown field of front matter": ("a.md", "---\nid: a\nhedline: z\n---\nhi\n", ("a.md:3: ", "mean headline")),
    "front matter without an end": ("a.md", "---\nid: a\nhello\n", ("a.md:1: ", "has no end", "a line ---")),
    "front matter without text": ("a.md", "---\nid: a\n---\n", ("a.md", "some words are needed")),
    "a list for front matter": ("a.md", "---\n- a\n---\nhi\n", ("a.md:2: the front matter is no mapping",)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_one_line(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault names file and line, what is allowed and the next step, in one line of bounded length."""
    monkeypatch.chdir(tmp_path)
    name, content, words = FAULTS[fault]
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as caught:
        load_drafts(name)
    said = str(caught.value)
    assert said.startswith(name)
    for word in words:
        assert any(choice in said for choice in word.split("|")), said
    assert "\n" not in said
    assert len(said) < 600


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    """What is not there and what is no file are told apart."""
    with pytest.raises(InputError, match=r"gone\.yaml: no such file; check the name and the folder"):
        load_drafts(tmp_path / "gone.yaml")
    (tmp_path / "folder.yaml").mkdir()
    for folder in (tmp_path, tmp_path / "folder.yaml"):
        with pytest.raises(InputError, match="this is a folder; name a file in it"):
            load_drafts(folder)


def test_the_last_allowed_character(tmp_path: Path) -> None:
    """A draft of exactly a million characters is read whole from text and from a table."""
    (tmp_path / "a.txt").write_text(LONG[:-1])
    (tmp_path / "a.csv").write_text(f"text\n{LONG[:-1]}\n")
    for name in ("a.txt", "a.csv"):
        assert load_drafts(tmp_path / name)[0].text == LONG[:-1]


def test_surface_of_option_file_and_draft(tmp_path: Path) -> None:
    """The draft's own surface wins over the file's, the file's over the option, and without any it is a message."""
    path = tmp_path / "a.json"
    drafts = [{"text": "one", "surface": "sms"}, {"text": "two"}]
    path.write_text(json.dumps({"surface": "x_post", "drafts": drafts}))
    assert [draft.surface for draft in load_drafts(path, surface="threads_post")] == ["sms", "x_post"]
    path.write_text(json.dumps(drafts))
    assert [draft.surface for draft in load_drafts(path, surface="threads_post")] == ["sms", "threads_post"]
    assert [draft.surface for draft in load_drafts(path)] == ["sms", "messenger_message"]


def test_ids_are_made_from_the_text(tmp_path: Path) -> None:
    """A draft without an id gets one from its words, and equal beginnings are numbered."""
    path = tmp_path / "a.csv"
    path.write_text("text\nBuy now!\nBuy now?\nÄpfel für alle\n!!!\n", encoding="utf-8")
    assert [draft.id for draft in load_drafts(path)] == ["buy-now", "buy-now-2", "äpfel-für-alle", "draft"]


@pytest.mark.parametrize(
    ("price", "shown"),
    [("1250000", "1250000"), ("12345.67", "12345.67"), ("19.9", "19.9"), ("1.0", "1"), ("1e-7", "0.0000001")],
)
def test_a_price_that_is_a_number_keeps_its_digits(tmp_path: Path, price: str, shown: str) -> None:
    """A table and JSON may hold numbers: people read every digit, never 1.25e+06, and of what is no number nothing."""
    path = tmp_path / "flat.jsonl"
    path.write_text(f'{{"id": "a", "text": "A flat.", "price": {price}}}\n{{"id": "b", "text": "B.", "price": NaN}}\n')
    assert [draft.price for draft in load_drafts(path)] == [shown, None]


def test_an_id_of_two_files(tmp_path: Path) -> None:
    """Files tested together may not share an id, nor name two audiences."""
    (tmp_path / "a.yaml").write_text("audience: x\n" + GOOD)
    (tmp_path / "b.yaml").write_text("audience: y\n" + GOOD.replace("id: a", "id: b"))
    a, b = load_drafts(tmp_path / "a.yaml"), load_drafts(tmp_path / "b.yaml")
    with pytest.raises(InputError, match=r"draft id 'a' occurs in two files, .*a\.yaml:4 and .*a\.yaml:4; rename"):
        merge_campaigns([a, a])
    with pytest.raises(InputError, match="pass audience to choose"):
        merge_campaigns([a, b])


@pytest.mark.parametrize(
    ("name", "content", "audience", "words"),
    [
        ("a.csv", "id,txt\na,x\n", "uk-small-sellers", "a.csv:1: there is no column text"),
        ("a.yaml", GOOD + "   x\n", "uk-small-sellers", "a.yaml:5: not YAML"),
        ("a.yaml", GOOD, "uk-smal-sellers", "did you mean uk-small-sellers"),
        ("a.yaml", GOOD, "gone.yaml", "gone.yaml: no such file"),
        ("a.docx", GOOD, "uk-small-sellers", "a.docx: drafts cannot be read from .docx"),
        ("a.yaml", GOOD + "audience: nobody-here\n", None, "unknown audience 'nobody-here'"),
    ],
)
def test_the_command_refuses(
    name: str,
    content: str,
    audience: str | None,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A bad file is exit 2 with one line on standard error, nothing on standard output and no run folder."""
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(content)
    before = sorted(tmp_path.rglob("*"))
    chosen = ["--audience", audience] if audience else []
    with pytest.raises(SystemExit) as left:
        main(["run", name, *chosen, "--engine", "replay", "--out", "out", "--json"])
    assert left.value.code == 2
    shown = capsys.readouterr()
    assert words in shown.err
    assert len(shown.err.splitlines()) == 1
    assert shown.out == ""
    assert sorted(tmp_path.rglob("*")) == before


@settings(max_examples=150)
@given(st.text(alphabet=" \n\t:-[]{},#|>'\"?\\\r\x85\ufeffé🙂ab1", max_size=24))
def test_the_fast_parser_reads_what_the_strict_one_reads(text: str) -> None:
    """Whatever the parser in Python reads, the one in C reads with the same values on the same lines."""
    document = f"drafts:\n  - id: one\n    text: {text}\n  - {text}\n"
    for written in (text, document):
        try:
            strict = located_yaml._explain(written, "x.yaml")
        except InputError:
            continue
        assert located_yaml.load_yaml(written, "x.yaml") == strict


def test_anchors_and_merges_stand_for_what_they_name(tmp_path: Path) -> None:
    """A draft built from another's anchor has its parts, its own words win, and faults keep their lines."""
    path = tmp_path / "a.yaml"
    path.write_text(
        "campaign: jam\ndrafts:\n"
        "  - &base {id: one, text: Plum jam, cta: Buy, link: https://oak.example}\n"
        "  - <<: *base\n    id: two\n    text: Fig jam\n"
    )
    one, two = load_drafts(path).drafts
    assert (two.id, two.text, two.cta, two.link) == ("two", "Fig jam", one.cta, one.link)
    path.write_text(path.read_text() + "    colour: red\n")
    with pytest.raises(InputError, match=r"a\.yaml:7: "):
        load_drafts(path)
