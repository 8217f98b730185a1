"""Confirmation before a costly run. Never asked in a pipe or in CI."""

from __future__ import annotations

import os
import sys

import click

from toolkit.errors import Interrupted
from toolkit.panel import estimating

ASK_ABOVE_USD = 1.0


def may_ask(*, quiet: bool, as_json: bool) -> bool:
    """Tell whether a person at a terminal can read and answer a question."""
    seen = sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")
    return seen and not quiet and not as_json


def confirm(estimate: estimating.Estimate, *, yes: bool) -> None:
    """Show what a run will take. Above a dollar, ask; raise Interrupted unless the answer is yes."""
    takes, _ = estimating.say_estimate(estimate)
    click.echo(f"{takes}.", err=True)
    room = estimating.say_room(estimate)
    if room is not None:
        click.echo(f"{room}.", err=True)
    if yes or (estimate.cost_usd or 0.0) <= ASK_ABOVE_USD:
        return
    if not click.confirm("Go on?", err=True):
        raise Interrupted("nothing was asked; --yes skips this question, --max-cost sets a limit")
