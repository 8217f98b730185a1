"""What is wrong with copy, in the forms that people's tools read: SARIF, Code Quality, checkstyle, rdjson, annotations.

Columns count characters, as SARIF is told; rdjson counts bytes of UTF-8, so that its columns are counted anew.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from toolkit.drafts.lint.records import Finding, Severity
from toolkit.errors import InputError
from toolkit.files import markup, read_text
from toolkit.models import LABEL, Record

NAME = "audience-toolkit"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SARIF: Mapping[Severity, str] = {"error": "error", "warning": "warning", "note": "note", "unchecked": "note"}
_GITLAB: Mapping[Severity, str] = {"error": "major", "warning": "minor", "note": "info", "unchecked": "info"}
_RDJSON: Mapping[Severity, str] = {"error": "ERROR", "warning": "WARNING", "note": "INFO", "unchecked": "INFO"}
_CHECKSTYLE: Mapping[Severity, str] = {"error": "error", "warning": "warning", "note": "info", "unchecked": "info"}
_GITHUB: Mapping[Severity, str] = {"error": "error", "warning": "warning", "note": "notice", "unchecked": "notice"}


class Issue(Record):
    """Something to look at in a file, whoever found it."""

    file: str | None
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    rule: str
    severity: Severity
    about: str
    """The draft or the check that it is about."""
    text: str = ""
    """The words in question."""
    message: str
    url: str | None = None

    @property
    def path(self) -> str:
        """The file from the working folder where it lies inside it, with forward slashes."""
        return shorten_path(self.file or "drafts")


def describe_finding(finding: Finding) -> str:
    """Return what is wrong and what to do instead; the part of the draft is named unless it is the text."""
    part = "" if finding.field == "text" or finding.message.startswith(finding.field) else f"{finding.field}: "
    advice = f"; {finding.suggestion}" if finding.suggestion else ""
    return f"{part}{finding.message}{advice}"


def make_issues(findings: Iterable[Finding]) -> list[Issue]:
    """Return findings as issues."""
    shared = ("file", "line", "column", "end_line", "end_column", "rule", "severity", "text", "url")
    return [
        Issue(
            **{name: getattr(finding, name) for name in shared},
            about=finding.draft_id,
            message=describe_finding(finding),
        )
        for finding in findings
    ]


def render_sarif(issues: Sequence[Issue]) -> str:
    """Return SARIF 2.1.0, for code scanning and editors."""
    rules = sorted({issue.rule: issue.url for issue in reversed(issues)}.items())
    places = {rule: place for place, (rule, _) in enumerate(rules)}
    described = [
        {"id": rule, "shortDescription": {"text": rule}, **({"helpUri": url} if url else {})} for rule, url in rules
    ]
    driver = {"name": NAME, "version": version(NAME), "rules": described}
    results = [
        {
            "ruleId": issue.rule,
            "ruleIndex": places[issue.rule],
            "level": _SARIF[issue.severity],
            "message": {"text": f"{issue.about}: {issue.message}"},
            "locations": [{"physicalLocation": _locate(issue)}],
            "partialFingerprints": {"audience/v1": mark},
        }
        for issue, mark in zip(issues, _mark(issues), strict=True)
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    run["properties"] = {"label": LABEL}
    return _write({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


def render_codequality(issues: Sequence[Issue]) -> str:
    """Return a Code Quality report of GitLab; fingerprints stay when lines move."""
    return _write(
        [
            {
                "description": f"{issue.about}: {issue.message}",
                "check_name": issue.rule,
                "fingerprint": mark,
                "severity": _GITLAB[issue.severity],
                "location": {"path": issue.path, "lines": {"begin": issue.line or 1}},
            }
            for issue, mark in zip(issues, _mark(issues), strict=True)
        ]
    )


def render_checkstyle(issues: Sequence[Issue]) -> str:
    """Return XML as checkstyle writes it: a `file` element for each file, in the order of the first issue."""
    root = ElementTree.Element("checkstyle", {"version": "4.3"})
    files: dict[str, ElementTree.Element] = {}
    for issue in issues:
        if issue.path not in files:
            files[issue.path] = ElementTree.SubElement(root, "file", {"name": clean_xml(issue.path)})
        place = {"line": str(issue.line or 1), **({"column": str(issue.column)} if issue.column else {})}
        said = {
            "severity": _CHECKSTYLE[issue.severity],
            "message": clean_xml(f"{issue.about}: {issue.message}"),
            "source": f"{NAME}.{issue.rule}",
        }
        ElementTree.SubElement(files[issue.path], "error", {**place, **said})
    return write_xml(root)


def render_rdjson(issues: Sequence[Issue]) -> str:
    """Return a result in the Reviewdog Diagnostic Format."""
    diagnostics = [
        {
            "message": f"{issue.about}: {issue.message}",
            "location": {"path": issue.path, **_measure(issue)},
            "severity": _RDJSON[issue.severity],
            "code": {"value": issue.rule, **({"url": issue.url} if issue.url else {})},
        }
        for issue in issues
    ]
    return _write({"source": {"name": NAME}, "diagnostics": diagnostics})


def render_github(issues: Sequence[Issue]) -> str:
    """Return workflow commands of GitHub Actions, one a line, files named from the working folder."""
    lines = []
    for issue in issues:
        title = f"{issue.rule} ({issue.about})"
        values = {"file": issue.path, "line": issue.line, "title": title, "col": issue.column}
        lines.append(markup.write_command(_GITHUB[issue.severity], values, issue.message) + "\n")
    return "".join(lines)


FORMATS: Mapping[str, Callable[[Sequence[Issue]], str]] = {
    "sarif": render_sarif,
    "codequality": render_codequality,
    "checkstyle": render_checkstyle,
    "rdjson": render_rdjson,
    "github": render_github,
}
"""A renderer for each form that is a list of issues."""


def shorten_path(file: str) -> str:
    """Return a file from the working folder where it lies inside it, with forward slashes."""
    path = Path(file)
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def clean_xml(text: str) -> str:
    """Return text with what XML 1.0 cannot hold replaced."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def write_xml(root: ElementTree.Element) -> str:
    """Return a document of this element, indented."""
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _locate(issue: Issue) -> dict[str, Any]:
    file: dict[str, Any] = {"uri": quote(issue.path.encode("utf-8", "replace"))}
    if not Path(issue.path).is_absolute():
        file["uriBaseId"] = "%SRCROOT%"
    region = {
        "startLine": issue.line or 1,
        "startColumn": issue.column,
        "endLine": issue.end_line,
        "endColumn": issue.end_column,
    }
    return {"artifactLocation": file, "region": {name: value for name, value in region.items() if value is not None}}


def _measure(issue: Issue) -> dict[str, Any]:
    """Return lines and columns, counted in bytes, as far as they are known."""
    if issue.line is None:
        return {}
    start = {"line": issue.line, **_count_bytes(issue.file, issue.line, issue.column)}
    if issue.end_line is None or issue.end_column is None:
        return {"range": {"start": start}}
    return {
        "range": {
            "start": start,
            "end": {"line": issue.end_line, **_count_bytes(issue.file, issue.end_line, issue.end_column)},
        }
    }


def _count_bytes(file: str | None, line: int, column: int | None) -> dict[str, int]:
    lines = _read_lines(file) if file and column else ()
    if column is None or line > len(lines):
        return {}
    return {"column": len(lines[line - 1][: column - 1].encode("utf-8", "replace")) + 1}


@lru_cache(maxsize=4)
def _read_lines(file: str) -> tuple[str, ...]:
    try:
        return tuple(read_text(file).split("\n"))
    except InputError:
        return ()


def _mark(issues: Sequence[Issue]) -> Iterator[str]:
    """Yield a fingerprint for each issue, which stays when lines move; those that read alike are numbered."""
    seen: Counter[tuple[str, ...]] = Counter()
    for issue in issues:
        told = (issue.path, issue.rule, issue.about, issue.text)
        seen[told] += 1
        written = json.dumps([*told, seen[told]])
        yield hashlib.sha256(written.encode()).hexdigest()[:32]


def _write(value: Any) -> str:
    """Return JSON with lone surrogates escaped, so that every reader takes it."""
    return json.dumps(value, ensure_ascii=True, indent=2) + "\n"
