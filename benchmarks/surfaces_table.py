"""Writes docs/surfaces.md from the data files: `python benchmarks/surfaces_table.py > docs/surfaces.md`."""

# ruff: noqa: E501 - rows of a Markdown table
from __future__ import annotations

from toolkit.drafts.lint import RULES
from toolkit.drafts.surfaces import Limit, find_surface, surface_names

HEAD = """# Surfaces and rules

This page lists where a draft can appear, and the limits there.

| word | meaning |
|---|---|
| hard | the platform refuses more |
| fold | the rest is hidden until a reader taps |
| recommended | guides advise it |
| ? after a value | there is no first-hand source, so it only warns |

Every value is in `toolkit/data/surfaces/NAME.yaml`, with its source and the day it was checked.

| surface | limits | source, checked |
|---|---|---|
"""

TAIL = """
## A surface of your own

Put a YAML file for each surface into a folder. Name the folder with `--surfaces DIR`, in `AUDIENCE_SURFACES`, or as
`surfaces = "places"` in your team's `audience.toml`. The first of these that is there holds. The file name is the
surface's name. A file with a built-in name wins over the built-in one.

```yaml
# places/shop_shelf.yaml
label: shelf of our shop
layout: listing
source: our own measure
checked: 2026-11-29
fields: [text, headline, price]
actions: [read, click, share]
labels: {add to basket: click, not for me: hide}
limits:
  - {field: headline, value: 40, unit: characters, kind: hard, source: our own measure, checked: 2026-11-29}
```

| field | allowed |
|---|---|
| `layout` | `chat`, `feed`, `advert`, `listing`, `pin`, `caption`, `inbox`, `notification` |
| `actions` | `read`, `react`, `click`, `reply`, `share`, `save`: what people who stopped can do there |
| `labels` | actions in words of your own, each with the action it counts as: one of `actions`, `hide` or `report` |
| `unit` of a limit | `characters`, `columns` (a wide character is two), `graphemes`, `bytes`, `weighted characters` (X), `threads characters`, `message parts` (SMS), `lines`, `items` (of a list) |
| `when`, `unless` | another part; the limit then holds only with it, or only without it |

People may choose a label in their answer. It counts as its action everywhere, and the column `action_label` keeps its
name. Any other field, action or label stops with one line that names the file, the line and what is allowed.

## Rules

`audience lint` gives an error for a hard limit, a retired surface, or copy that aims at a child under 13. All else
is a warning. A warning is a reason to look again, not a ruling, and not legal advice.

Lists of phrases are read in their own language alone. The language is the one that the draft, the campaign or the
audience names, else what the words surely are. The lists are in `toolkit/data/policy/`, dated.

| language | policy lists | labelled lines: flags that are right, faults that are found |
|---|---|---|
| English | all | at least nine in ten, at least eight in ten of each policy |
| German | personal attributes, engagement bait, children, disclosure | 52 of 52 and 52 of 52; set aside: 23 of 23 and 23 of 24 |
| any other | none | not measured |

The German figures are of 152 lines, a third of them set aside before the rules were written. Half are near misses. Of
600 sayings each in German, Spanish, Polish, Portuguese, Italian and Czech, none was flagged. Between 0 and 16 of 600
were taken for English; they hold scraps of it.

Where there is no list, `style.language` says so with the severity `unchecked`: only limits and form were checked. Such a
draft passes. `audience lint --on-unchecked fail` makes it exit 1. In German, a note names the lists that are missing.

`style.direction` names numbers that readers of Arabic or Hebrew see in another order, such as 0100-123-4567 behind an
Arabic word. Its suggestion puts the number between the isolates U+2066 and U+2069, which keep the order.

A campaign raises or silences a rule, with a reason that is shown:

```yaml
lint:
  policy.engagement-bait: {severity: error, because: our page was demoted in May}
  style.caps: {severity: "off", because: the product's name is in capitals}
target_ages: 18-65
```

Your team's own rules are in a `brand.yaml` next to the drafts:

```yaml
brand: Oak
required: [Oak & Sons]
banned:
  - {term: cheap, instead: fair, because: it sounds shoddy}
claims: [the best in Leeds]     # need a link or a named source in the same draft
tone: {exclamation_marks: 0, emoji: 1, sentence_words: 20, reading_grade: 8, avoid: [synergy]}
```

Case, width and composed or decomposed letters make no difference. A term counts as a whole word. In Chinese, Japanese
and Thai, which have no spaces, it counts wherever it stands. For other forms, write a term as a mapping:

```yaml
banned:
  - {term: gratis, anywhere: true}      # also in Gratisversand
  - {term: خصم, inflected: true}        # also with its article, as in الخصم
  - {term: darmowy, inflected: true}    # also darmowa and darmowego
```

In some places an automated sender must say that it is one. California and Germany are examples. No rule can see that
from a draft.

## Rule ids

"""


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
    return HEAD + "\n".join(rows) + "\n" + TAIL + "\n".join(f"- `{rule}`" for rule in RULES)


if __name__ == "__main__":
    print(describe_surfaces())
