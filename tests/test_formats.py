"""The same drafts from every format and encoding people keep copy in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.drafts import load_drafts
from toolkit.errors import InputError
from toolkit.files.text import decode_text
from toolkit.models import Draft

ROWS: list[dict[str, Any]] = [
    {
        "id": "café",
        "text": "Café au lait \u2013 £3, “today”.\nBring a friend; it is free.",
        "surface": "facebook_post",
        "headline": "Sunday, 10.30",
        "price": "3",
        "buttons": ["Yes, please", "No"],
    },
    {"id": "2", "text": "null"},
]
WANTED = tuple(Draft(**row) for row in ROWS)


def flatten(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows for a table: every column in each, lists joined by a bar."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    cells = [{name: row.get(name) for name in columns} for row in rows]
    return [
        {name: " | ".join(value) if isinstance(value, list) else value for name, value in row.items()} for row in cells
    ]


def write_csv(rows: list[dict[str, Any]], separator: str = ",") -> str:
    """Return the rows as CSV, as the standard library writes it."""
    stream = io.StringIO()
    flat = flatten(rows)
    writer = csv.DictWriter(stream, list(flat[0]), delimiter=separator, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return stream.getvalue()


def write(rows: list[dict[str, Any]], path: Path) -> Path:
    """Write the rows in the format that the suffix names."""
    match path.suffix:
        case ".yaml":
            path.write_text(yaml.safe_dump({"campaign": "c", "drafts": rows}, allow_unicode=True), encoding="utf-8")
        case ".json":
            path.write_text(json.dumps({"campaign": "c", "drafts": rows}), encoding="utf-8")
        case ".jsonl":
            path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
        case ".csv":
            path.write_bytes(write_csv(rows).encode())
        case ".xlsx":
            pl.DataFrame(flatten(rows), infer_schema_length=None).write_excel(path)
        case ".parquet":
            pl.DataFrame(rows, infer_schema_length=None).write_parquet(path)
    return path


@pytest.mark.parametrize("suffix", [".yaml", ".json", ".jsonl", ".csv", ".xlsx", ".parquet"])
def test_every_format_gives_the_same_drafts(suffix: str, tmp_path: Path) -> None:
    """The same rows are the same drafts, line breaks, lists and words such as "null" included."""
    assert load_drafts(write(ROWS, tmp_path / f"drafts{suffix}")).drafts == WANTED


def test_one_draft_from_text_and_front_matter(tmp_path: Path) -> None:
    """A .txt file is a text, and front matter adds the other fields, in YAML."""
    first = WANTED[0]
    (tmp_path / "café.txt").write_text(f"\n{first.text}\n\n", encoding="utf-8")
    bare = load_drafts(tmp_path / "café.txt", surface="facebook_post")[0]
    assert bare == Draft(id="café", text=first.text, surface="facebook_post")
    fields = {name: value for name, value in ROWS[0].items() if name != "text"} | {"objective": "reply"}
    front = yaml.safe_dump(fields, allow_unicode=True)
    (tmp_path / "a.md").write_text(f"---\n{front}---\n{first.text}\n", encoding="utf-8")
    campaign = load_drafts(tmp_path / "a.md")
    assert campaign.drafts == WANTED[:1]
    assert campaign.objective == "reply"


@pytest.mark.parametrize("text", ["---\n---\nHello", "Hello", "Hello\n---\nagain", "\n---\nHello"])
def test_front_matter_is_only_at_the_top(text: str, tmp_path: Path) -> None:
    """Rules further down belong to the text, and front matter may be empty or absent."""
    (tmp_path / "a.md").write_text(text)
    assert load_drafts(tmp_path / "a.md")[0].text == text.removeprefix("---\n---\n").strip()


@pytest.mark.parametrize(
    ("piped", "texts"),
    [
        (yaml.safe_dump({"drafts": ROWS}, allow_unicode=True), [row["text"] for row in ROWS]),
        (json.dumps(ROWS), [row["text"] for row in ROWS]),
        ("Just in: 20 % off.\n", ["Just in: 20 % off."]),
        ("- one\n- two\n", ["- one\n- two"]),
        ("{{ 7*7 }}", ["{{ 7*7 }}"]),
    ],
)
def test_standard_input(piped: str, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` takes a campaign, a list of drafts, or anything else as the text of one draft."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(piped.encode())))
    assert [draft.text for draft in load_drafts("-")] == texts


def test_piped_json_is_read_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tabs and escaped emoji, which YAML reads otherwise, come through a pipe."""
    piped = json.dumps([{"text": "Free 🍞!"}], indent="\t")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(piped.encode())))
    assert [draft.text for draft in load_drafts("-")] == ["Free 🍞!"]


@pytest.mark.parametrize(
    ("piped", "line"),
    [
        ("campaign: c\ndrafts:\n  - text: a\n   x: b\n", 4),
        ('{"drafts": [\n{"text": "a"},]}', 2),
        ('[{"text": "a"\n', 2),
    ],
)
def test_a_broken_campaign_is_no_draft(piped: str, line: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A campaign with a slip in it is refused with its line, not tested as if it were the words of a draft."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(piped.encode())))
    with pytest.raises(InputError, match=f"standard input:{line}: not "):
        load_drafts("-")


def test_empty_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing piped in is refused with the next step."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b" \n")))
    with pytest.raises(InputError, match="standard input is empty; pipe a draft"):
        load_drafts("-")


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "bom-utf-16-le", "bom-utf-16-be", "utf-16-le", "utf-16-be", "cp1252"]


def encode(text: str, encoding: str) -> bytes:
    """Return the text in an encoding, whose byte order mark the prefix "bom-" asks for."""
    marked = encoding.startswith("bom-")
    return (("\ufeff" if marked else "") + text).encode(encoding.removeprefix("bom-"))


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_gives_the_same_drafts(encoding: str, line_break: str, tmp_path: Path) -> None:
    """UTF-8 and UTF-16 with or without mark, Windows-1252, and any line break: the same drafts."""
    for suffix in (".yaml", ".csv", ".jsonl"):
        path = write(ROWS, tmp_path / f"drafts{suffix}")
        text = path.read_text(encoding="utf-8").replace("\n", line_break)
        path.write_bytes(encode(text, encoding))
        assert load_drafts(path).drafts == WANTED, suffix


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_separator(separator: str, tmp_path: Path) -> None:
    """Tables as spreadsheets of different countries save them read alike, in capitals and with blank lines too."""
    path = tmp_path / "DRAFTS.CSV"
    path.write_text(write_csv(ROWS, separator) + "\n\n", encoding="utf-8")
    assert load_drafts(path).drafts == WANTED


LETTERS = st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t")
WORDS = st.text(LETTERS, min_size=1, max_size=30).filter(lambda text: text.strip() != "")
CHOICES = st.lists(WORDS.map(lambda text: text.replace("|", "/").strip()), min_size=1, max_size=3)
DRAFTS = st.lists(
    st.fixed_dictionaries(
        {"id": st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}", fullmatch=True), "text": WORDS},
        optional={
            "surface": st.sampled_from(["sms", "x_post", "facebook_post"]),
            "headline": WORDS,
            "price": WORDS,
            "quick_replies": CHOICES,
        },
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda row: str(row["id"]),
)


@pytest.mark.parametrize("suffix", [".yaml", ".json", ".jsonl", ".csv", ".parquet"])
@settings(
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the file is written anew each time
)
@given(rows=DRAFTS)
def test_any_drafts_are_read_back(suffix: str, rows: list[dict[str, Any]], tmp_path: Path) -> None:
    """Whatever is written is read back equal: quotes, commas, colons, emoji, numbers and marks of every script."""
    wanted = tuple(Draft(**row) for row in rows)
    assert load_drafts(write(rows, tmp_path / f"drafts{suffix}")).drafts == wanted


def try_to(read: Callable[[], object]) -> tuple[object, str]:
    """Return what was read and an empty text, or nothing and the refusal."""
    try:
        return read(), ""
    except InputError as error:
        return None, str(error)


@settings(max_examples=200)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    """No bytes break the reader: they are text without NUL and carriage returns, or one line of refusal."""
    text, refusal = try_to(lambda: decode_text(data, "a.txt"))
    if refusal:
        assert len(refusal.splitlines()) == 1
    else:
        assert not set(str(text)) & {"\x00", "\r"}
        str(text).encode()


@pytest.mark.parametrize("suffix", [".yaml", ".json", ".jsonl", ".csv", ".md", ".txt", ".parquet", ".xlsx"])
@settings(
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the file is written anew each time
)
@given(data=st.one_of(st.binary(max_size=80), st.text("{}[]-:,\"'#&*!|>%@`ab12 \n\t", max_size=80).map(str.encode)))
def test_any_file_is_drafts_or_refused(suffix: str, data: bytes, tmp_path: Path) -> None:
    """A file of any content gives drafts or one line of refusal, never a traceback."""
    path = tmp_path / f"drafts{suffix}"
    path.write_bytes(data)
    drafts, refusal = try_to(lambda: list(load_drafts(path)))
    assert drafts if not refusal else len(refusal.splitlines()) == 1
