"""Cards of HTML without a template engine: they are for a notebook, which has neither our styles nor our scripts."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

LABEL = "Simulated reactions from AI personas. No real people were asked. Directional only."
_NO_MATHS = 'class="tex2jax_ignore mathjax_ignore"'
"""A notebook reads what stands between two dollar signs as a formula, which prices are not."""
_QUIET = "opacity:.7;font-size:.9em"
_CELL = "text-align:left;vertical-align:top;padding:.15em .9em .15em 0;white-space:normal"
_MOST_ROWS = 12
_MOST_NOTES = 8
_MOST_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class CardTable:
    """Rows under their headings; of many the first are shown, and how many there are."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    caption: str = ""


def render_card(
    title: str,
    *,
    text: str = "",
    facts: Mapping[str, str] | None = None,
    tables: Iterable[CardTable] = (),
    notes: Iterable[str] = (),
) -> str:
    """Return the HTML of a card: title, sentence, facts, tables, notes and the label. Every word is escaped.

    Texts of more than 160 characters are cut; of many rows or notes the first are shown, with their number.
    """
    parts = [f"<strong>{_escape(title)}</strong>"]
    if text:
        parts.append(f"<div>{_escape(text, whole=True)}</div>")
    told = " · ".join(f"{_escape(name)} <strong>{_escape(value)}</strong>" for name, value in (facts or {}).items())
    if told:
        parts.append(f'<div style="margin:.3em 0">{told}</div>')
    parts += map(_render_table, tables)
    listed = list(notes)
    told = "".join(f"<li>{_escape(note)}</li>" for note in listed[:_MOST_NOTES])
    if told:
        parts.append(f'<ul style="margin:.3em 0;{_QUIET}">{told}{_tell_more(len(listed), _MOST_NOTES, "li")}</ul>')
    parts.append(f'<div style="margin-top:.4em;{_QUIET}">{LABEL}</div>')
    return f'<div {_NO_MATHS} style="max-width:60em;line-height:1.4">{"".join(parts)}</div>'


def _render_table(table: CardTable) -> str:
    head = "".join(f'<th style="{_CELL};border-bottom:1px solid">{_escape(name)}</th>' for name in table.columns)
    rows = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{_escape(cell)}</td>' for cell in row) + "</tr>"
        for row in table.rows[:_MOST_ROWS]
    )
    caption = f'<div style="{_QUIET}">{_escape(table.caption)}</div>' if table.caption else ""
    more = _tell_more(len(table.rows), _MOST_ROWS, "div")
    return f'{caption}<table style="border-collapse:collapse;margin:.3em 0">{head}{rows}</table>{more}'


def _tell_more(count: int, shown: int, tag: str) -> str:
    return f'<{tag} style="{_QUIET}">and {count - shown:,} more</{tag}>' if count > shown else ""


def _escape(value: object, *, whole: bool = False) -> str:
    text = "" if value is None else str(value)
    if not whole and len(text) > _MOST_CHARACTERS:
        text = f"{text[:_MOST_CHARACTERS].rstrip()}…"
    return html.escape(text)
