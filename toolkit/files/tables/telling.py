"""What to say of a table: lines, counts, and what to do with a file that cannot be read."""

from __future__ import annotations

from pathlib import Path

_WAYS_OUT = {
    ".numbers": "in Numbers, export it as .xlsx or .csv",
    ".gsheet": "in Google Sheets, download it as .xlsx",
    ".docx": "paste the copy into a .txt, or its table into an .xlsx",
    ".doc": "paste the copy into a .txt, or its table into an .xlsx",
    ".pdf": "ask for the table behind it as .xlsx or .csv",
    ".sas7bdat": "in SAS, export it with proc export as .csv",
    ".xpt": "in SAS or R, export it as .csv",
    ".rds": "in R, write it with write.csv or arrow::write_parquet",
    ".rdata": "in R, write it with write.csv or arrow::write_parquet",
    ".por": "in SPSS, save it as .sav",
    ".xlsb": "in Excel, save it as .xlsx",
    ".feather": "write it as .parquet",
    ".pages": "paste the copy into a .txt file",
    ".odt": "paste the copy into a .txt, or its table into an .ods",
    ".rtf": "paste the copy into a .txt, or its table into an .xlsx",
    ".pptx": "paste the copy into a .txt, or its table into an .xlsx",
    ".key": "paste the copy into a .txt, or its table into an .xlsx",
    ".html": "open it in a spreadsheet and save it as .xlsx",
    ".xml": "export it as .csv or .xlsx",
    ".ndjson": "rename it to .jsonl",
    ".tab": "rename it to .tsv",
    ".zip": "unpack it and name the table in it",
    ".gz": "unpack it and name the table in it",
    ".sas7bcat": "in SAS, export the data with proc export as .csv",
    ".jmp": "in JMP, export it as .csv",
    ".sqlite": "export the table as .csv",
    ".db": "export the table as .csv",
    ".accdb": "in Access, export the table as .xlsx",
    ".mdb": "in Access, export the table as .xlsx",
    ".arrow": "write it as .parquet",
    ".avro": "write it as .parquet",
    ".orc": "write it as .parquet",
}


def say_way_out(path: Path) -> str | None:
    """Return what to do with a format that cannot be read, or None where nothing is known of it."""
    return _WAYS_OUT.get(path.suffix.lower())


def say_lines(lines: list[int], noun: str = "line") -> str:
    """Return "line 3" or "lines 3, 4 and 12 more"."""
    most = 10
    shown = ", ".join(str(line) for line in lines[:most])
    more = f" and {len(lines) - most} more" if len(lines) > most else ""
    return f"{noun}{'s' if len(lines) > 1 else ''} {shown}{more}"


def count_noun(count: int, noun: str) -> str:
    """Return "1 row" or "3 rows"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
