"""How precise each policy of the linter is, and how much it finds: python benchmarks/lint_precision.py.

On labelled lines of the project's own: those that the rules were written with, and those set aside, which were labelled
before they were run and never tuned on. Intervals are Clopper and Pearson's, 95 %.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import toolkit
from toolkit.stats import intervals

DATA = Path(__file__).parent.parent / "tests" / "data"
PARTS = {"written with": ("lint_lines.tsv", "personal_attributes.tsv"), "set aside": ("lint_lines_aside.tsv",)}


def read_lines(name: str) -> list[tuple[str, str, str]]:
    """Return policy, label and text of each line."""
    rows = [line.split("\t") for line in (DATA / name).read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    named = [["personal-attributes", *row] if len(row) == len(("label", "text")) else row for row in rows]
    return [(policy, label, text) for policy, label, text in named]


def say_share(hits: int, total: int) -> str:
    """Return a share with its count and interval."""
    low, high = intervals.exact_interval(hits / total, total)
    return f"{hits / total:.2f} ({hits} of {total}; {low:.2f} to {high:.2f})"


def main() -> None:
    """Print a row for each policy and part, then the lines that are judged wrongly."""
    wrong = []
    for part, names in PARTS.items():
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for policy, label, text in (row for name in names for row in read_lines(name)):
            draft = toolkit.Draft(id="one", text=text, surface="facebook_post")
            hit = any(finding.rule == f"policy.{policy}" for finding in toolkit.lint([draft]))
            right, flagged, faults = counts[policy]
            is_fault = label == "flag"
            counts[policy] = [right + (hit and is_fault), flagged + hit, faults + is_fault]
            if hit != is_fault:
                wrong.append(f"{part}\t{policy}\t{label}\t{text}")
        for policy, (right, flagged, faults) in sorted(counts.items()):
            print(f"| {policy} | {part} | {say_share(right, flagged)} | {say_share(right, faults)} |")
    print("\n".join(wrong))


if __name__ == "__main__":
    main()
