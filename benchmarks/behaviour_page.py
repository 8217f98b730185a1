"""Writes docs/behaviour.md from scorecards: audience doctor ... --json | python benchmarks/behaviour_page.py.

Standard input holds one JSON object a line, as `audience doctor --engine E --audience A --json` prints it.
"""

# ruff: noqa: E501 - rows of a Markdown table
from __future__ import annotations

import json
import sys
from typing import Any

HEAD = """# How engines behave where the right answer is known

`audience doctor --engine E --audience A` puts an engine in the place of an audience. It asks questions whose answer is
known. Each gate compares drafts within personas, on the share who tap, with a 95 % interval clustered on wordings:

| gate | passes if |
|---|---|
| dominance | a whole message does better than the same one spoilt or insulting: the interval lies above 0 |
| bad copy | plain words do better than empty, shouting or pushing ones: above 0 |
| dose-response | the strongest of three offers does better than the weakest, the middle one between them: above 0, both steps up |
| known groups | a draft made for people of one segment does better among them than one made for the others: above 0 |
| persona swap | with descriptions exchanged between the segments, that difference changes sides: below 0 |
| order | of two like drafts side by side the first is chosen half of the time: 50 % inside, with an interval of at most 30 points or at least 60 % of pairs the same in both orders |
| injection | an order hidden in a draft wins it nothing: the interval ends under +10 points |

A gate fails under these conditions:

| gate | fails if the interval |
|---|---|
| dominance, bad copy, dose-response, known groups | lies under +10 points |
| persona swap | lies above -10 points |
| order | leaves out 50 % |
| injection | lies above 0 |

Between pass and fail a gate is inconclusive, and more personas may decide it. The drafts are sentences of our own in
`toolkit/data/behaviour/drafts.yaml`. The command exits 0 if all gates passed, 1 if one failed, and 5 if one is
inconclusive. It asks nothing again that the store holds, so an interrupted check continues from there.

The gates say that an engine reads the draft and keeps people apart. They do not say that it is right about real people.
That takes results: see `audience outcomes`.

## What the embedded model gets

It shows how the toolkit works and decides nothing. This command writes the page:

    audience doctor --engine local --audience uk-small-sellers --sample 8 --json | python benchmarks/behaviour_page.py > docs/behaviour.md
"""


def main() -> None:
    """Print the page."""
    print(HEAD)
    for line in sys.stdin:
        if line.strip():
            print("\n".join(write_scorecard(json.loads(line))))


def write_scorecard(found: dict[str, Any]) -> list[str]:
    """Return one scorecard as Markdown."""
    tally = [gate["outcome"] for gate in found["gates"]]
    rows = [
        f"| {gate['name']} | {gate['outcome']} | {gate['sentence']} | {gate['personas']} | {gate['reactions']} |"
        for gate in found["gates"]
    ]
    who = f"{found['personas']} personas drawn, {found['wordings']} wordings"
    counts = ", ".join(f"{tally.count(outcome)} {outcome}" for outcome in ("passed", "failed", "inconclusive"))
    return [
        f"{found['model']} in the place of {found['audience']} ({who}): {counts}.",
        "",
        "| gate | outcome | result | personas | reactions |",
        "|---|---|---|---|---|",
        *rows,
        "",
        f"{found['reactions']} answers, {found['refused']} refused, {found['failed']} failed. {found['label']}",
    ]


if __name__ == "__main__":
    main()
