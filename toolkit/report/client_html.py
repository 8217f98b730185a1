"""A client's page as one HTML file: one screen, one printed page, no network, nothing in it that a draft could run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from toolkit.drafts.preview import load_style, make_environment, render_preview
from toolkit.files import resources
from toolkit.models import Draft
from toolkit.report.client import ClientPage, shorten
from toolkit.report.letterheads import Paper

_TEMPLATES = resources.DATA / "client"
_MOST_REMARKS = 3
_PARTS = (
    ("text", "Text"), ("headline", "Headline"), ("description", "Description"), ("cta", "Button"), ("link", "Link"),
    ("alt", "Picture"), ("price", "Price"), ("place", "Place"), ("greeting", "First message"),
    ("ice_breakers", "Questions to tap"), ("buttons", "Buttons"), ("quick_replies", "Quick replies"),
)  # fmt: skip


def render_client(page: ClientPage, *, paper: Paper | None = None) -> str:
    """Return the page; every text of drafts, personas and people is escaped.

    `paper` lays it out as it is printed, on a screen, too: a browser that is to print it can measure what fits.
    """
    style, script = _load_styles(paper or "auto"), _read("client.js")
    approvals = page.report.approvals
    return _environment().get_template("client.html.j2").render(
        page=page,
        paper=paper is not None,
        label=page.report.label,
        policy=_write_policy(style, script),
        style=Markup(style),  # noqa: S704 - ours
        script=Markup(script),  # noqa: S704 - ours
        previews={card.draft.id: render_preview(card.draft, folder=page.folder) for card in page.shown},
        approved={card.draft.id: [one for one in approvals if one.draft_id == card.draft.id] for card in page.cards},
        mail={"approve": _write_mail(page, "I approve draft"), "change": _write_mail(page, "Please change draft")},
        place=lambda share, wide=0: f"{min(100 * share / page.scale, 100.0 - wide):.2f}",
        wide=lambda low, high: f"{max(100 * (high - low) / page.scale, 0.5):.2f}",
        parts=list_parts,
        shorten=shorten,
        most_remarks=_MOST_REMARKS,
    )  # fmt: skip


def list_parts(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yield every part of a draft that people read, as (what it is called, its words)."""
    for name, called in _PARTS:
        value = getattr(draft, name)
        if value:
            yield called, value if isinstance(value, str) else "\n".join(value)


def _write_policy(style: str, script: str) -> str:
    """Return what the page may do: its own style and script by their digests, pictures that it holds, nothing else."""
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _write_mail(page: ClientPage, said: str) -> str:
    """Return a mail to begin with where no script runs."""
    run = page.report.run
    body = f'{said} "" of "{run.methods.campaign.campaign}".\r\n\r\nName: \r\nRun: {run.run_id}'
    subject = quote(f"{page.title}: my answer")
    return f"mailto:{quote(page.letterhead.reply_to, safe='@')}?subject={subject}&body={quote(body)}"


@lru_cache(maxsize=3)
def _load_styles(size: str) -> str:
    paper = _read("paper.css")
    printed = (
        f"@page {{ size: {size}; margin: 12mm; }}\n@media print {{ html {{ {paper} }} }}\nhtml.paper {{ {paper} }}"
    )
    return f"{load_style()}\n{_read('client.css')}\n{printed}"


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return make_environment(_TEMPLATES)
