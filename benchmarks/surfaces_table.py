"""Writes docs/surfaces.md from the data files: `python benchmarks/surfaces_table.py > docs/surfaces.md`."""

from __future__ import annotations

from toolkit.drafts.lint import RULES
from toolkit.drafts.surfaces import Limit, find_surface, surface_names

HEAD = """# Surfaces and rules

Where a draft can appear, with the limits that hold there. `hard`: the platform refuses more. `fold`: what follows is
hidden until somebody taps. `recommended`: guides advise it. A value marked ? has no first-hand source and only warns.
Every value stands in `toolkit/data/surfaces/NAME.yaml` with its source and the day it was checked.

| surface | limits | source, checked |
|---|---|---|
"""

TAIL = """
## A surface of your own

Put a YAML file for each into a folder and name it in `AUDIENCE_SURFACES`; the file name is the surface's name, and one
of a built-in name wins. The built-in files are the pattern. `layout` is one of `chat`, `feed`, `advert`, `listing`,
`pin`, `caption`; a limit's `unit` one of `characters`, `graphemes`, `bytes`, `weighted characters` (X), `threads
characters`, `message parts` (SMS), `lines`, `items` (of a list); `when` and `unless` tie a limit to another part.

## Rules

`audience lint` gives an error where a limit is hard, a surface retired or a child under 13 aimed at; all else is a
warning: a reason to look again, not a ruling, and not legal advice. Word lists are English; for other languages only
limits and form are checked, and `style.language` says so. The lists stand in `toolkit/data/policy/`, dated.

A campaign raises or silences a rule, with a reason that is shown:

```yaml
lint:
  policy.engagement-bait: {severity: error, because: our page was demoted in May}
  style.caps: {severity: "off", because: the product's name is in capitals}
target_ages: 18-65
```

A team's own rules stand in a `brand.yaml` beside the drafts:

```yaml
brand: Oak
required: [Oak & Sons]
banned:
  - {term: cheap, instead: fair, because: it sounds shoddy}
claims: [the best in Leeds]     # need a link or a named source in the same draft
tone: {exclamation_marks: 0, emoji: 1, sentence_words: 20, reading_grade: 8, avoid: [synergy]}
```

An automated sender must say that it is one where the law asks for it, as in California and Germany; no rule can see
that from a draft.

Rule ids: """


def describe_limit(limit: Limit) -> str:
    """Return a limit in a few words."""
    where = f" ({limit.device})" if limit.device else ""
    tied = f", with {limit.when}" if limit.when else f", without {limit.unless}" if limit.unless else ""
    doubt = "" if limit.verified else "?"
    return f"{limit.field} {limit.value:,}{doubt} {limit.unit} {limit.kind}{where}{tied}"


def describe_surfaces() -> str:
    """Return the page."""
    rows = []
    for name in surface_names():
        surface = find_surface(name)
        limits = "; ".join(describe_limit(limit) for limit in surface.limits) or "none known"
        if surface.retired:
            limits = f"**retired on {surface.retired:%-d %B %Y}**: use {surface.replacement}"
        source = f"[{surface.source}]({surface.url})" if surface.url else surface.source
        rows.append(f"| `{name}` | {limits} | {source}, {surface.checked:%-d %B %Y} |")
    return HEAD + "\n".join(rows) + "\n" + TAIL + ", ".join(f"`{rule}`" for rule in RULES) + "."


if __name__ == "__main__":
    print(describe_surfaces())
