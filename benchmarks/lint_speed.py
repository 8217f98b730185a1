"""How long it takes to lint ten thousand drafts, each different: run it with `python benchmarks/lint_speed.py`."""

from __future__ import annotations

import sys
import time

from toolkit.drafts.lint import lint
from toolkit.models import Draft

DRAFTS = 10_000
MOST_SECONDS = 5.0
TEXTS = (
    "Zip gone? Lining torn? Our Leeds workshop mends coats and dresses for resale. Send a photo, get price {number}.",
    "Are you a proud Sikh looking for love? Meet others tonight, table {number}.",
    "You choose every person your child can talk to, and you can read list {number} at any time. Reply YES.",
    "Invoice {number} for the blue coat is ready. Pay in the chat: https://example.org/{number}",
    "LAST CHANCE!!! Tag a friend and share if you agree, number {number} 🎉🎉🎉",
    (
        "The coat you never wear could be somebody's first day at a new job. {number} people sold one last week, and "
        "most of them had the money the same evening because the buyer lived near by. List yours in two minutes."
    ),
)
SURFACES = ("messenger_message", "click_to_messenger_ad", "facebook_post", "x_post", "sms")


def make_drafts(count: int) -> list[Draft]:
    """Return the drafts: six kinds of copy on five surfaces, no two alike."""
    return [
        Draft(
            id=f"draft-{number}",
            text=TEXTS[number % len(TEXTS)].format(number=number),
            surface=SURFACES[number % len(SURFACES)],
            headline="A price from one photo" if number % 3 == 0 else None,
        )
        for number in range(count)
    ]


def main(count: int = DRAFTS) -> int:
    """Lint, print the time, and return 1 where it took too long."""
    drafts = make_drafts(count)
    started = time.perf_counter()
    findings = lint(drafts)
    seconds = time.perf_counter() - started
    print(f"{count:,} drafts, {len(findings):,} findings, {seconds:.2f} seconds (at most {MOST_SECONDS:.0f})")
    return int(seconds > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
