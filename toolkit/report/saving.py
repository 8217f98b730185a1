"""A run as one file to read, print, send or compute with: HTML, Markdown, Excel, JSON, a picture, a PDF or slides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from toolkit.errors import A_PATH, A_TEXT, ArgumentKind, InputError, accept_only, name_option, suggest
from toolkit.files import write_atomically
from toolkit.models import Record
from toolkit.report.client import ClientPage, make_client_page
from toolkit.report.client_answers import read_answer
from toolkit.report.content import Report, list_methods, make_report
from toolkit.report.letterheads import PAPERS, Letterhead, Paper, make_letterhead
from toolkit.report.study_content import StudyReport
from toolkit.results import Run
from toolkit.study import Study

__all__ = [
    "FORMATS",
    "Report",
    "check_suffix",
    "list_methods",
    "make_letterhead",
    "make_report",
    "read_answer",
    "render_report",
    "save_report",
]

View = Literal["full", "client"]
VIEWS: tuple[View, ...] = get_args(View)


class Delivery(Record):
    """For whom a file is, and what stands on it."""

    view: View = "full"
    """Whether .html holds the whole report or the one page of a client."""
    letterhead: Letterhead = Letterhead()
    comments: bool = True
    """Whether a client reads what people said about the drafts."""
    paper: Paper = "a4"
    """The size of a PDF."""


def make_page(report: Report, delivery: Delivery) -> str:
    """Return a client's page as HTML."""
    return render_as(report, ".html", delivery.model_copy(update={"view": "client"})).decode()


def say_missing(suffix: str) -> str:
    """Return why a form cannot be written on this machine, with what to install; empty if it can."""
    try:
        if suffix == ".pdf":
            from toolkit.report.printing import require_browser

            require_browser()
        if suffix == ".pptx":
            from toolkit.report import slides

            slides.start_deck("", "", "")
    except InputError as error:
        return str(error)
    return ""


def render_report(run: Run, suffix: str, delivery: Delivery | None = None) -> bytes:
    """Return the report of a run in the form that a file suffix names, such as ".html"; InputError on another."""
    chosen = delivery or Delivery()
    check_suffix(Path(f"report{suffix}"), chosen.view)
    return render_as(make_report(run), suffix, chosen)


def render_as(report: Report, suffix: str, delivery: Delivery) -> bytes:
    """Return a report in the form of a suffix that `check_suffix` has let pass."""
    if suffix in CLIENT_FORMATS and (suffix not in FORMATS or delivery.view == "client"):
        page = make_client_page(report, delivery.letterhead, comments=delivery.comments)
        return CLIENT_FORMATS[suffix](page, delivery.paper)
    return FORMATS[suffix](report)


def check_suffix(path: Path, view: str = "full") -> None:
    """Raise InputError unless a report can be written in the form that the path's suffix names."""
    forms = list(CLIENT_FORMATS) if view == "client" else [*FORMATS, *(set_apart())]
    if path.suffix.lower() not in forms:
        said = f"a client's page has not the suffix {path.suffix!r}" if view == "client" else ""
        said = said or f"no report has the suffix {path.suffix!r}"
        raise InputError(f"{path}: {said}; allowed: {', '.join(forms)}")


def set_apart() -> list[str]:
    """Return the suffixes of what is for clients alone."""
    return [suffix for suffix in CLIENT_FORMATS if suffix not in FORMATS]


_A_RUN = ArgumentKind("a Run or a Study", lambda value: isinstance(value, (Run, Study)))


@accept_only(run=_A_RUN, path=A_PATH, title=A_TEXT, reply_to=A_TEXT)
def save_report(
    run: Run | Study,
    path: str | Path,
    *,
    view: View = "full",
    title: str = "",
    logo: str | Path | bytes | None = None,
    reply_to: str = "",
    comments: bool = True,
    paper: Paper = "a4",
) -> Path:
    """Write the report of a run or a study, whole or not at all, and return its path; the suffix names the form.

    .html, .md, .xlsx and .json hold the whole report, .svg and .png the chart of the rates. .pdf and .pptx are for a
    client, and so is .html with `view="client"`: one page with the recommendation, the drafts, three quotes, what it
    rests on, approvals and comments. A PDF is printed by a Chromium of this machine; slides need the extra `deck`.

    `title`, `logo` (a PNG or JPEG file) and `reply_to` (a mail address) stand on what a client gets. `comments=False`
    leaves out what people said about the drafts. `paper` is the size of a PDF, "a4" or "letter".

    Of a study there are .html, .xlsx, and .pptx with a summary and one slide a campaign.

    Raises InputError on another suffix, on an option that the form does not use, and if the file cannot be written.

    Examples:
        >>> toolkit.save_report(run, "report.md").name
        'report.md'
        >>> toolkit.save_report(run, "client.html", view="client", title="Spring").name
        'client.html'
    """
    path = Path(path)
    given = {"title": title, "logo": logo, "reply_to": reply_to, "comments": comments, "paper": paper}
    if isinstance(run, Study):
        check_study_options([path], view=view, **given)
        write_atomically(path, render_study_as(run, path.suffix.lower(), make_letterhead(title, logo)))
        return path
    delivery = make_delivery([path], view=view, **given)
    write_atomically(path, render_report(run, path.suffix.lower(), delivery))
    return path


def check_study_options(paths: Sequence[Path], **given: Any) -> None:
    """Raise InputError unless a study can be written to these files with these options."""
    forms = tuple(STUDY_FORMATS)
    for path in paths:
        if path.suffix.lower() not in forms:
            raise InputError(
                f"{path}: no report of a study has the suffix {path.suffix!r}; allowed: {', '.join(forms)}"
            )
    unused = next((name for name in ("reply_to",) if given.get(name)), None)
    unused = unused or ("view" if given.get("view", "full") != "full" else None)
    unused = unused or ("comments" if not given.get("comments", True) else None)
    if unused is not None:
        raise InputError(f"{name_option(unused)} is for the page of one run; a study has none: leave it out")


def render_study_as(study: Study, suffix: str, letterhead: Letterhead) -> bytes:
    """Return the report of a study in the form of a suffix that `check_study_options` has let pass."""
    from toolkit.report.study_content import StudyReport

    return STUDY_FORMATS[suffix](StudyReport(study), letterhead)


def _render_study_html(report: StudyReport, _: Letterhead) -> bytes:
    from toolkit.report.study_html import render_study

    return render_study(report).encode()


def _render_study_workbook(report: StudyReport, _: Letterhead) -> bytes:
    from toolkit.report.study_workbook import render_study_workbook

    return render_study_workbook(report)


def _render_study_deck(report: StudyReport, letterhead: Letterhead) -> bytes:
    from toolkit.report.study_deck import render_study_deck

    return render_study_deck(report, title=letterhead.title, logo=letterhead.logo_bytes)


def make_delivery(paths: Sequence[Path], *, view: Any = "full", **given: Any) -> Delivery:
    """Return what is asked for with one or several files; raise InputError for what cannot be done with one of them."""
    for name, value, allowed in (("view", view, VIEWS), ("paper", given["paper"], PAPERS)):
        if value not in allowed:
            raise InputError(f"{name_option(name, value)}{suggest(str(value), allowed)}; allowed: {', '.join(allowed)}")
    for path in paths:
        check_suffix(path, view)
        if path.suffix.lower() in CLIENT_FORMATS and (view == "client" or path.suffix.lower() in set_apart()):
            continue
        unused = next((name for name in ("title", "logo", "reply_to") if given[name]), None)
        unused = unused or ("comments" if not given["comments"] else None)
        if unused is not None:
            raise InputError(
                f"{path}: {name_option(unused)} is for what a client gets; add {name_option('view', 'client')}, "
                f"or write {' or '.join(set_apart())}"
            )
    letterhead = make_letterhead(given["title"], given["logo"], given["reply_to"])
    return Delivery(view=view, letterhead=letterhead, comments=given["comments"], paper=given["paper"])


def _render_html(report: Report) -> bytes:
    from toolkit.report.html import render_html

    return render_html(report).encode()


def _render_markdown(report: Report) -> bytes:
    from toolkit.report.markdown import render_markdown

    return render_markdown(report).encode()


def _render_workbook(report: Report) -> bytes:
    from toolkit.report.workbook import render_workbook

    return render_workbook(report)


def _render_json(report: Report) -> bytes:
    import json

    from toolkit.report.content import to_plain

    return (json.dumps(to_plain(report), ensure_ascii=False, indent=2) + "\n").encode()


def _render_svg(report: Report) -> bytes:
    from toolkit.report.pictures import draw_svg

    return draw_svg(report).encode()


def _render_png(report: Report) -> bytes:
    from toolkit.report.pictures import draw_png

    return draw_png(report)


def _render_client_html(page: ClientPage, _: Paper) -> bytes:
    from toolkit.report.client_html import render_client

    return render_client(page).encode()


def _render_pdf(page: ClientPage, paper: Paper) -> bytes:
    from toolkit.report.client_html import render_client
    from toolkit.report.printing import print_pdf

    return print_pdf(render_client(page, paper=paper))


def _render_deck(page: ClientPage, _: Paper) -> bytes:
    from toolkit.report.deck import render_deck

    return render_deck(page)


FORMATS: dict[str, Callable[[Report], bytes]] = {
    ".html": _render_html,
    ".md": _render_markdown,
    ".xlsx": _render_workbook,
    ".json": _render_json,
    ".svg": _render_svg,
    ".png": _render_png,
}
"""What a report can be written as: .svg and .png hold the chart of the rates alone."""
CLIENT_FORMATS: dict[str, Callable[[ClientPage, Paper], bytes]] = {
    ".html": _render_client_html,
    ".pdf": _render_pdf,
    ".pptx": _render_deck,
}
"""What a client gets."""
STUDY_FORMATS: dict[str, Callable[[StudyReport, Letterhead], bytes]] = {
    ".html": _render_study_html,
    ".xlsx": _render_study_workbook,
    ".pptx": _render_study_deck,
}
"""What the report of a study can be written as."""
