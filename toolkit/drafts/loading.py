"""Drafts and campaigns, from any format that people keep copy in."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.drafts import channels, payloads
from toolkit.errors import A_PATH, InputError, accept_only, name_option, suggest
from toolkit.files import Located, load_yaml, located_yaml, make_record, read_text, resources, tables
from toolkit.models import Campaign, Draft, records

FORMATS = (
    ".yaml", ".yml", ".json", ".jsonl", ".csv", ".xlsx", ".parquet", ".tsv", ".xlsm", ".xls", ".ods", ".md", ".txt",
)  # fmt: skip
_DEFAULT_SURFACE = "messenger_message"
_ID_WORDS = 5
_PLAIN_ID = re.compile(r"[\w][\w .@+-]{0,119}")
_SCHEDULE = ("Date and time", "Message", "Link")
_MOMENT = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}[ T]\d{1,2}:\d{2}")
_CAMPAIGN = re.compile(r"(?:.*\n)?drafts:\s|\s*[\[{]\s*[\[{]?\s*\"(?:campaign|drafts|text|id)\"\s*:", re.DOTALL)
_FRONT_MATTER = re.compile(r"---\n(.*?)^---[ \t]*(?:\n|\Z)(.*)", re.DOTALL | re.MULTILINE)


@accept_only(source=A_PATH)
def load_drafts(
    source: str | Path,
    *,
    surface: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    where: str | None = None,
    encoding: str | None = None,
) -> Campaign:
    """Return the drafts of a file, or of standard input for "-"; its `notes` tell what was left out.

    A mapping with `drafts` is a campaign; a list, a table or JSON Lines are drafts; a `.md` file is one draft
    with front matter, and a `.txt` file one draft unless it is a table. Payloads of the WhatsApp Cloud API and the
    Messenger Send API are drafts, too. `surface` is for drafts whose file names none. In tables, `columns` names the
    column of a field (else those remembered in NAME.map.yaml hold), `sheet` one of a workbook's (all visible ones are
    read otherwise), and `where` a condition. `encoding` is for a file that is neither UTF-8 nor UTF-16.
    Raises InputError naming file, line, what is allowed and the next step.

    Examples:
        >>> [draft.id for draft in toolkit.load_drafts("examples/paypal-invoices.yaml").drafts]
        ['plain', 'benefit']
    """
    if surface is not None:
        _check_surface(surface, name_option("surface"))
    with resources.reading_as(encoding):
        if str(source) == resources.STANDARD_INPUT:
            return _read_standard_input(surface)
        chosen = tables.headings.load_map(source, "drafts") if columns is None else columns
        return _read_file(Path(source), surface, _Wanted(chosen, sheet, where))


def parse_drafts(text: str, source: str) -> Campaign:
    """Return the campaign of a YAML file that is at hand as text; `source` is what errors call it.

    Its relative names stay as they are. Raises InputError as `load_drafts` does.
    """
    return _make_from_document(located_yaml.load_document(text, source, ".yaml"), "drafts", Path(), None)


def merge_campaigns(campaigns: Sequence[Campaign]) -> Campaign:
    """Return one campaign with the drafts of all; raise InputError where ids, objectives or audiences disagree."""
    drafts = [_keep_language(draft, campaign) for campaign in campaigns for draft in campaign.drafts]
    ids = [draft.id for draft in drafts]
    for draft_id in ids:
        if ids.count(draft_id) > 1:
            holders = [one for one in campaigns if any(draft.id == draft_id for draft in one.drafts)]
            places = " and ".join(one.place(draft_id) for one in holders)
            raise InputError(f"draft id {draft_id!r} occurs in two files, {places}; rename one, each is unique")
    shared: dict[str, Any] = {}
    for name in ("audience", "objective"):
        values = {getattr(campaign, name) for campaign in campaigns} - {None}
        if len(values) > 1:
            named = ", ".join(sorted(values))
            raise InputError(f"the files name different {name}s ({named}); pass {name_option(name)} to choose")
        shared[name] = values.pop() if values else None
    models = {campaign.models for campaign in campaigns if campaign.models}
    if len(models) > 1:
        raise InputError(f"the files name different models; pass {name_option('model')} to choose")
    shared["models"] = models.pop() if models else ()
    shared["forecast"] = any(campaign.forecast for campaign in campaigns)
    shared["questions"] = records.join_questions(*(campaign.questions for campaign in campaigns))
    name = "+".join(campaign.campaign for campaign in campaigns)
    checks = tuple(check for campaign in campaigns for check in campaign.checks)
    return Campaign(campaign=name, drafts=tuple(drafts), checks=checks, **shared)


def _keep_language(draft: Draft, campaign: Campaign) -> Draft:
    """Return a draft that names its campaign's language, as it leaves the campaign."""
    if campaign.language is None or draft.language is not None:
        return draft
    return draft.model_copy(update={"language": campaign.language})


def make_drafts(rows: Iterable[Mapping[str, Any]], source: str) -> Campaign:
    """Return the drafts of a frame's rows, one mapping each, under the columns of a table of drafts.

    `source` is what errors call the frame. Raises InputError naming the row, counted from 1.
    """
    numbered = [
        _PlacedRow(number, tables.drop_empty(dict(cells)), f"{source}:{number}") for number, cells in enumerate(rows, 1)
    ]
    found = _make_from_rows(numbered, Path(source), None)
    return Campaign(campaign="drafts", drafts=found.drafts, objective=found.objective)


def make_table_drafts(rows: Iterable[Mapping[str, Any]], source: str, columns: Mapping[str, str]) -> Campaign:
    """Return the drafts of a frame's rows as of a table in a file: headings are recognised, what is not read is noted.

    `columns` names the column of a field.
    """
    numbered = [tables.Row(number, tables.drop_empty(dict(cells))) for number, cells in enumerate(rows, 1)]
    names = tuple(dict.fromkeys(name for row in numbered for name in row.cells))
    return _make_from_tables([tables.LoadedTable(source, names, numbered)], Path(source), None, _Wanted(columns))


class _Wanted(NamedTuple):
    """What of a table is wanted."""

    columns: Mapping[str, str] = {}
    sheet: str | None = None
    where: str | None = None


def _read_file(path: Path, surface: str | None, wanted: _Wanted) -> Campaign:
    suffix = path.suffix.lower()
    if path.is_file() and suffix not in FORMATS:
        way = tables.telling.say_way_out(path)
        said = f"{suffix or 'this'}; {way}" if way else suffix or "this"
        raise InputError(f"{path}: drafts cannot be read from {said}; allowed: {', '.join(FORMATS)}")
    if suffix in tables.SUFFIXES:
        return _make_from_tables(tables.load_tables(path, "drafts", sheet=wanted.sheet), path, surface, wanted)
    text = read_text(path)
    if not text.strip():
        raise InputError(f"{path}: the file is empty; write at least one draft")
    if suffix == ".jsonl":
        return _read_json_lines(text, path, surface, wanted)
    if suffix == ".txt" and tables.is_table_text(text):
        return _make_from_tables(tables.load_tables(path, "drafts"), path, surface, wanted)
    if wanted.where is not None:
        said = name_option("where", wanted.where)
        raise InputError(f"{path}: {said} chooses rows of a table; leave it out for {suffix}")
    if suffix == ".txt":
        return _make_single({"text": text.strip()}, path.stem, Located(None, str(path)), surface)
    if suffix == ".md":
        return _read_front_matter(text, path, surface)
    return _make_from_document(located_yaml.load_document(text, str(path), suffix), path.stem, path.parent, surface)


def _read_json_lines(text: str, path: Path, surface: str | None, wanted: _Wanted) -> Campaign:
    rows = tables.load_json_lines(path, text)
    if rows and all(payloads.find_payloads(row.cells) for row in rows):
        lines: dict[tuple[str | int, ...], int] = {(at,): row.line for at, row in enumerate(rows)}
        return _make_from_payloads([row.cells for row in rows], Located(None, str(path), lines), path.stem)
    names = tuple(dict.fromkeys(name for row in rows for name in row.cells))
    return _make_from_tables([tables.LoadedTable(str(path), names, rows)], path, surface, wanted)


def _read_standard_input(surface: str | None) -> Campaign:
    """Read a campaign, a list of drafts or the text of one draft."""
    text = read_text(resources.STANDARD_INPUT)
    if not text.strip():
        raise InputError("standard input is empty; pipe a draft into the command")
    suffix = ".json" if text.lstrip().startswith(("{", "[")) else ".yaml"
    try:
        document = located_yaml.load_document(text, "standard input", suffix)
    except InputError:
        if _CAMPAIGN.match(text):
            raise
        document = Located(None, "standard input")
    value = document.value
    is_list = isinstance(value, list) and value and all(isinstance(item, dict) and "text" in item for item in value)
    if is_list or (isinstance(value, dict) and "drafts" in value):
        return _make_from_document(document, "drafts", Path(), surface)
    return _make_single({"text": text.strip()}, "draft", Located(None, "standard input"), surface)


def _read_front_matter(text: str, path: Path, surface: str | None) -> Campaign:
    match = _FRONT_MATTER.match(text)
    if match is None and text.startswith("---\n"):
        raise InputError(f"{path}:1: the front matter has no end; close it with a line --- before the draft's text")
    located = load_yaml(match[1], str(path)) if match else Located(None, str(path))
    fields = located.value or {}
    if not isinstance(fields, dict):
        raise InputError(f"{path}:2: the front matter is no mapping; write lines such as `surface: facebook_post`")
    lines = {key: line + 1 for key, line in located.lines.items()}
    body = (match[2] if match else text).strip()
    return _make_single({**fields, "text": body}, path.stem, Located(fields, str(path), lines), surface)


def _make_single(fields: dict[str, Any], name: str, located: Located, surface: str | None) -> Campaign:
    """Return a campaign of one draft; `objective` and `audience` may stand among its fields."""
    shared = {
        key: fields.pop(key)
        for key in ("campaign", "objective", "audience", "lint", "target_ages", "models", "forecast", "questions")
        if key in fields
    }
    draft = _make_draft({"id": _make_id(name), **fields}, located, (), surface)
    campaign = make_record(Campaign, located, {"campaign": name, **shared, "drafts": [draft]})
    lines = {(draft.id, field): line for field, line in _lines_below(located, ()).items() if field}
    return campaign.read_from(located.source, {(draft.id, ""): 1, **lines})


def _lines_below(located: Located, path: tuple[str | int, ...]) -> dict[str, int]:
    """Return the line of each key below a path, and under "" that of the path itself."""
    depth = len(path)
    lines = {str(at[depth]): line for at, line in located.lines.items() if at[:depth] == path and len(at) == depth + 1}
    return {"": located.lines[path], **lines} if path in located.lines else lines


def _make_from_document(document: Located, name: str, folder: Path, surface: str | None) -> Campaign:
    if sent := payloads.find_payloads(document.value):
        return _make_from_payloads(sent, document, name)
    if _is_table(document.value):
        rows = [
            tables.Row(document.lines.get((at,), at + 1), tables.drop_empty(cells))
            for at, cells in enumerate(document.value)
        ]
        names = tuple(dict.fromkeys(name for row in rows for name in row.cells))
        return _make_from_tables(
            [tables.LoadedTable(document.source, names, rows)], Path(document.source), surface, _Wanted()
        )
    value = {"drafts": document.value} if isinstance(document.value, list) else document.value
    top: tuple[str | int, ...] = () if isinstance(document.value, list) else ("drafts",)
    if not isinstance(value, dict):
        raise InputError(f"{document.place()}: neither a campaign nor a list of drafts; see docs/files.md for the form")
    fields = dict(value)
    entries = fields.get("drafts")
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{document.place(('drafts',))}: drafts needs a list of at least one draft, each with a text")
    shared = fields.pop("surface", None)
    if shared is not None:
        _check_surface(shared, document.place(("surface",)))
    shared_pairs = {name: fields.pop(name, None) for name in _SHARED}
    named = [(entry.get("id"), index) for index, entry in enumerate(entries) if isinstance(entry, dict)]
    located_yaml.check_distinct("draft", [(draft_id, document.place((*top, index))) for draft_id, index in named])
    entries = _take_objectives(fields, entries, [document.place((*top, index)) for index in range(len(entries))])
    drafts: list[Draft] = []
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise InputError(f"{document.place((*top, index))}: a draft is a mapping with a text; write `- text: ...`")
        filled = entry if entry.get("id") is not None else {**entry, "id": _free_id(str(entry.get("text", "")), drafts)}
        for kind, pairs in shared_pairs.items():
            filled = filled | _merge_pairs(kind, pairs, filled, document, (*top, index))
        drafts.append(_make_draft(filled, document, (*top, index), shared or surface))
    fields["audience"] = _resolve_audience(fields.get("audience"), folder)
    fields["checks"] = located_yaml.read_numbers(fields.get("checks") or [])
    campaign = make_record(Campaign, document, {"campaign": name, **fields, "drafts": drafts})
    return campaign.read_from(document.source, _find_lines(document, top, drafts), tuple(_doubt_tags(drafts)))


def _is_table(value: Any) -> bool:
    """Whether a list of objects is a table under other names than those of a draft: captions and platforms."""
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        return False
    names = list(dict.fromkeys(str(name) for one in value for name in one))
    return "text" not in names and "text" in tables.headings.find_columns("drafts", names)


def _find_lines(document: Located, top: tuple[str | int, ...], drafts: Sequence[Draft]) -> dict[tuple[str, str], int]:
    """Return the line of each part of each draft, of each check and each lint rule."""
    lines = {("lint", rule): line for rule, line in _lines_below(document, ("lint",)).items()}
    for path, line in document.lines.items():
        if path[:1] == ("checks",):
            lines["checks", ".".join(map(str, path[1:]))] = line
        if path[: len(top)] == top and len(path) in {len(top) + 1, len(top) + 2}:
            lines[drafts[int(path[len(top)])].id, str((*path, "")[len(top) + 1])] = line
    return lines


_SHARED = {"samples": 'variables to words; write `"1": Pablo`', "tags": "factors to levels; write `style: question`"}
"""What a campaign may say once for all its drafts."""


def _merge_pairs(
    name: str, shared: Any, entry: Mapping[str, Any], document: Located, place: tuple[str | int, ...]
) -> dict[str, dict[str, Any]]:
    """Return the samples or tags of a draft: the campaign's, and over them its own."""
    if shared is None and name not in entry:
        return {}
    shared = {} if shared is None else shared
    own = entry.get(name) or {}
    for held, where in ((shared, (name,)), (own, (*place, name))):
        if not isinstance(held, Mapping):
            raise InputError(f"{document.place(where)}: {name} is a mapping of {_SHARED[name]}")
    return {name: {**shared, **own}}


def _gather_tags(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its columns `tags.style`, `tags.length` put together as tags."""
    of_tags = {name: name[len(tables.headings.TAGS) :].strip() for name in cells if tables.headings.is_tag(name)}
    if not of_tags:
        return dict(cells)
    rest = {name: value for name, value in cells.items() if name not in of_tags}
    return {**rest, "tags": {**(rest.get("tags") or {}), **{of_tags[name]: cells[name] for name in of_tags}}}


def _doubt_tags(drafts: Sequence[Draft]) -> Iterator[str]:
    """Yield a note on each tag that only one draft has and that looks like a misspelt one of another."""
    holders: dict[str, list[str]] = {}
    for draft in drafts:
        for factor, _ in draft.tags:
            holders.setdefault(factor, []).append(draft.id)
    for factor, ids in holders.items():
        near = difflib.get_close_matches(factor, [one for one in holders if one != factor], n=1, cutoff=0.75)
        if len(ids) == 1 and near and len(holders[near[0]]) > 1 and ids[0] not in holders[near[0]]:
            yield f"only draft {ids[0]} has the tag {factor!r}; did you mean {near[0]!r}?"


def _make_from_payloads(sent: Sequence[Mapping[str, Any]], document: Located, name: str) -> Campaign:
    drafts: list[Draft] = []
    for index, payload in enumerate(sent):
        try:
            fields = payloads.read_payload(payload)
        except ValueError as error:
            raise InputError(f"{document.place((index,))}: {error}") from None
        if any(draft.id == fields.get("id") for draft in drafts):
            fields.pop("id")
        fields.setdefault("id", _free_id(str(fields["text"]), drafts))
        drafts.append(_make_draft(fields, document, (index,), None))
    kind = "WhatsApp template" if drafts[0].surface == "whatsapp_template" else "Messenger message"
    counted = f"{len(drafts)} draft{'' if len(drafts) == 1 else 's'}"
    notes = [f"read as the payload of a {kind}: {counted}; whom it is sent to is left out"]
    unread = list(dict.fromkeys(part for payload in sent for part in payloads.list_unread(payload)))
    if unread:
        notes.append(f"not read: {', '.join(unread)}")
    lines = {(draft.id, ""): document.lines.get((index,), 1) for index, draft in enumerate(drafts)}
    campaign = make_record(Campaign, document, {"campaign": name, "drafts": drafts})
    return campaign.read_from(document.source, lines, tuple(notes))


def _make_from_tables(
    found: Sequence[tables.LoadedTable], path: Path, surface: str | None, wanted: _Wanted
) -> Campaign:
    """Return the drafts of every table that has a column of words; the others are named."""
    named = [_name_headless(table) for table in found]
    laid = [(table, _find_fields(table, path, wanted, strict=len(named) == 1)) for table in named]
    fitting = [(table, fields) for table, fields in laid if "text" in fields]
    if not fitting:
        _refuse_columns(path, named)
    notes: list[str] = []
    skipped = [str(table.sheet) for table, fields in laid if "text" not in fields]
    several = ", ".join(str(table.sheet) for table, _ in fitting)
    if len(fitting) > 1:
        notes.append(f"sheets read: {several} ({name_option('sheet')} names one)")
    if skipped:
        notes.append(f"sheets without a column of words not read: {', '.join(skipped)}")
    rows: list[_PlacedRow] = []
    unwanted: list[str] = []
    for table, fields in fitting:
        export = tables.headings.find_export("drafts", table.columns)
        label = f"read as {export.label}: " if export is not None else ""
        kept = _keep_rows(table, wanted, unwanted)
        if export is not None and export.spare:
            kept = _drop_wordless(kept, fields, notes)
        unread = [name for name in table.columns if name not in fields.values()]
        notes += table.notes
        if label:
            notes.append(f"{label}{len(kept)} draft{'' if len(kept) == 1 else 's'}")
        if unread:
            words = " (a tag has a column of its own, such as tags.style)" if "tags" in unread else ""
            notes.append(f"columns not used: {', '.join(unread)}{words}")
        renamed = [f"{column} as {name}" for name, column in fields.items() if column != name]
        if renamed:
            notes.append(f"columns read: {', '.join(renamed)}")
        place = f"{path}: sheet {table.sheet!r}, row " if len(found) > 1 else f"{path}:"
        rows += _name_cells(kept, fields, place, notes)
    if unwanted and not rows:
        raise InputError(f"{path}: no draft is left: {unwanted[0]}; change {name_option('where')}")
    return _make_from_rows(rows, path, surface, tuple(dict.fromkeys([*notes, *unwanted])))


class _PlacedRow(NamedTuple):
    """A row under the names of a draft's fields."""

    line: int
    cells: dict[str, Any]
    place: str
    """Where it is, as messages name it."""


def _drop_wordless(rows: Sequence[tables.Row], fields: Mapping[str, str], notes: list[str]) -> list[tables.Row]:
    """Leave out rows without words, where an export has some of campaigns and groups above its ads."""
    bare = [row.line for row in rows if fields["text"] not in row.cells]
    if not bare or len(bare) == len(rows):
        return list(rows)
    notes.append(
        f"{tables.telling.count_noun(len(bare), 'row')} without words left out ({tables.telling.say_lines(bare)})"
    )
    return [row for row in rows if row.line not in bare]


def _name_headless(table: tables.LoadedTable) -> tables.LoadedTable:
    """Give a schedule without headings its own: date and time, message, link, as Hootsuite takes them."""
    columns = table.columns
    if not (1 < len(columns) <= len(_SCHEDULE) and _MOMENT.match(columns[0])):
        return table
    names = _SCHEDULE[: len(columns)]
    first = tables.Row(1, dict(zip(names, columns, strict=True)))
    pairs = tuple(zip(names, columns, strict=True))
    rows = [tables.Row(row.line, {name: row.cells[at] for name, at in pairs if at in row.cells}) for row in table.rows]
    return dataclasses.replace(table, columns=names, rows=[first, *rows])


def _find_fields(table: tables.LoadedTable, path: Path, wanted: _Wanted, *, strict: bool) -> dict[str, str]:
    export = tables.headings.find_export("drafts", table.columns)
    if strict:
        tables.headings.check_map(str(path), "drafts", table.columns, wanted.columns)
    try:
        fields = tables.headings.find_columns("drafts", table.columns, wanted.columns, export)
    except KeyError:
        return {}
    taken = set(fields.values())
    fields |= {name: name for name in table.columns if name not in taken and _holds_tags(table, name)}
    column = fields.get("id", "id")
    if column != "id" and "id" not in wanted.columns:
        ids = [str(row.cells.get(column, "")).strip() for row in table.rows]
        if len(set(ids)) < len(ids) or not all(_PLAIN_ID.fullmatch(one) for one in ids):
            fields.pop("id")
    return fields


def _holds_tags(table: tables.LoadedTable, column: str) -> bool:
    """Whether a column is `tags.style`, or a nested `tags` of JSON Lines or Parquet; words in it are not read."""
    if tables.headings.is_tag(column):
        return True
    cells = [row.cells[column] for row in table.rows if column in row.cells] if column == "tags" else []
    return bool(cells) and all(isinstance(cell, Mapping) for cell in cells)


def _refuse_columns(path: Path, found: Sequence[tables.LoadedTable]) -> None:
    if not any(table.rows for table in found):
        raise InputError(f"{path}: there are no rows; write at least one draft with a text")
    columns = sorted({name for table in found for name in table.columns})
    near, held = suggest("text", columns), ", ".join(columns)
    hidden = [f"; {note}" for table in found for note in table.notes if note.startswith("hidden columns")]
    raise InputError(
        f"{path}:1: there is no column text{near}; it has: {held}{''.join(hidden[:1])}; call the column of words text, "
        f"or name it: {name_option('columns', {'text': 'COLUMN'})}"
    )


def _keep_rows(table: tables.LoadedTable, wanted: _Wanted, unwanted: list[str]) -> list[tables.Row]:
    """Return the rows that are wanted; what to say of the others is added to `unwanted`."""
    if wanted.where is None:
        return table.rows
    test = tables.selecting.read_conditions(wanted.where, table.columns)
    kept = [row for row in table.rows if test(row.cells)]
    if len(kept) < len(table.rows):
        unwanted.append(tables.selecting.say_unwanted(len(table.rows) - len(kept), len(table.rows)))
    return kept


def _name_cells(
    rows: Sequence[tables.Row], fields: Mapping[str, str], place: str, notes: list[str]
) -> list[_PlacedRow]:
    """Return the rows under the names of the fields; one for several channels is one for each."""
    pairs = tuple(fields.items())
    made, split = [], []
    for row in rows:
        cells = _gather_tags({name: row.cells[column] for name, column in pairs if column in row.cells})
        failed = next((name for name, cell in cells.items() if str(cell).lower() in tables.numbers.ERRORS), None)
        if failed is not None:
            raise InputError(
                f"{place}{row.line}: {fields[failed]} holds {cells[failed]}, the error of a formula; correct it and "
                "save the file again"
            )
        places = channels.split_channels(str(cells.get("surface", "")))
        if len(places) > 1:
            split.append(row.line)
            made += [
                _PlacedRow(row.line, {**_tell_apart(cells, at), "surface": at}, f"{place}{row.line}") for at in places
            ]
        else:
            made.append(_PlacedRow(row.line, cells, f"{place}{row.line}"))
    if split:
        notes.append(f"a draft for each channel of a row ({tables.telling.say_lines(split)})")
    return made


def _tell_apart(cells: Mapping[str, Any], surface: str) -> dict[str, Any]:
    return {**cells, "id": f"{cells['id']}-{surface}"} if "id" in cells else dict(cells)


def _make_from_rows(
    rows: Sequence[_PlacedRow], path: Path, surface: str | None, notes: tuple[str, ...] = ()
) -> Campaign:
    if not rows:
        raise InputError(f"{path}: there are no rows; write at least one draft with a text")
    columns = sorted({name for row in rows for name in row.cells})
    if "text" not in columns:
        near, found = suggest("text", columns), ", ".join(columns)
        raise InputError(f"{path}:1: there is no column text{near}; it has: {found}; call the column of words text")
    located_yaml.check_distinct("draft", [(row.cells.get("id"), row.place) for row in rows])
    drafts: list[Draft] = []
    fields: dict[str, Any] = {}
    entries = _take_objectives(fields, [_gather_tags(row.cells) for row in rows], [row.place for row in rows])
    for row, entry in zip(rows, entries, strict=True):
        cells = {name: _split_list(value) if name in records.LIST_FIELDS else value for name, value in entry.items()}
        if isinstance(cells.get("surface"), str):
            cells["surface"] = channels.read_surface(cells["surface"].strip())
        cells.setdefault("id", _free_id(str(cells.get("text", "")), drafts))
        drafts.append(_make_draft(cells, _locate(row), (), surface))
    lines = {(draft.id, ""): row.line for draft, row in zip(drafts, rows, strict=True)}
    document = Located(None, str(path), {(): rows[0].line})
    campaign = make_record(Campaign, document, {"campaign": path.stem, **fields, "drafts": tuple(drafts)})
    return campaign.read_from(str(path), lines, (*notes, *_doubt_tags(drafts)))


def _locate(row: _PlacedRow) -> Located:
    """Return where a row is: FILE:LINE, or a sheet of a workbook that has several."""
    source, colon, line = row.place.rpartition(":")
    is_line = colon and line == str(row.line)
    return Located(None, source, {(): row.line}) if is_line else Located(None, row.place)


def _take_objectives(fields: dict[str, Any], entries: Sequence[Any], places: Sequence[str]) -> list[Any]:
    """Return the drafts without their objective, which becomes the campaign's: drafts that compete share one."""
    named = [
        (str(entry["objective"]), place)
        for entry, place in zip(entries, places, strict=True)
        if isinstance(entry, dict) and entry.get("objective") is not None
    ]
    if fields.get("objective") is not None:
        named.insert(0, (str(fields["objective"]), places[0]))
    for objective, place in named:
        if objective != named[0][0]:
            raise InputError(
                f"{place}: the objective is {objective!r} here and {named[0][0]!r} before; drafts that are compared "
                "share one objective, so give those with another a file of their own"
            )
    if named:
        fields["objective"] = named[0][0]
    return [
        {name: value for name, value in entry.items() if name != "objective"} if isinstance(entry, dict) else entry
        for entry in entries
    ]


def _split_list(value: Any) -> Any:
    return [part.strip() for part in value.split("|")] if isinstance(value, str) else value


def _make_draft(fields: dict[str, Any], located: Located, path: tuple[str | int, ...], surface: str | None) -> Draft:
    text = fields.get("text")
    if isinstance(text, str) and len(text) > records.MOST_CHARACTERS:
        size = f"{len(text):,} characters"
        most = f"at most {records.MOST_CHARACTERS:,}, shorten it"
        raise InputError(f"{located.place(path)}: draft {fields.get('id')!r} has {size}; {most}")
    filled = {**fields, "surface": fields.get("surface") or surface or _DEFAULT_SURFACE}
    draft = make_record(Draft, located, filled, path)
    _check_surface(draft.surface, f"{located.place((*path, 'surface'))}: draft {draft.id!r}")
    return draft


def _check_surface(surface: Any, place: str) -> None:
    from toolkit.drafts.surfaces import surface_names

    names = surface_names()
    if surface not in names:
        near = suggest(str(surface), names)
        raise InputError(f"{place}: unknown surface {surface!r}{near}; allowed: {', '.join(names)}")


def _resolve_audience(audience: Any, folder: Path) -> Any:
    """Return a path relative to the campaign's folder as one from here; names stay names."""
    if not isinstance(audience, str):
        return audience
    beside = folder / audience
    return str(beside) if Path(audience).suffix and beside.exists() else audience


def _make_id(text: str) -> str:
    words = re.findall(r"\w+", text.lower())[:_ID_WORDS]
    return "-".join(words)[:60] or "draft"


def _free_id(text: str, taken: Sequence[Draft]) -> str:
    wanted, ids = _make_id(text), {draft.id for draft in taken}
    return next(name for name in _number(wanted) if name not in ids)


def _number(name: str) -> Iterator[str]:
    yield name
    for count in range(2, 1_000_000):
        yield f"{name}-{count}"
