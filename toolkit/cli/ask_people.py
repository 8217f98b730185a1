"""`audience ask-people`: the panel's questions for a few real people, on one page that needs no network."""

from __future__ import annotations

import json
from pathlib import Path

import click

from toolkit.cli.options import check_free, encoding_option, option, outside_option, surfaces_option

_SHOWN = 4


@click.command("ask-people")
@click.argument("campaign", metavar="CAMPAIGN")
@option("--out", "-o", required=True, type=click.Path(), metavar="FILE", help="The form to write: .html.")
@option("--objective", metavar="NAME", help="The action that counts as success.  [default: the campaign's]")
@option("--force", is_flag=True, help="Replace FILE if it exists.")
@surfaces_option
@outside_option
@encoding_option
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def ask_people(campaign: str, out: str, objective: str | None, *, force: bool, as_json: bool) -> None:
    """Write a form that asks a few real people the panel's own questions about the drafts.

    The form is one file. It works offline and on a phone, and sends nothing. Give each person a number of their own in
    the link: it decides the order of the drafts and the wording. People hand their answers back as a file or as text;
    `audience outcomes add` reads both. Reports then show them beside the panel.

    Example:  audience ask-people examples/paypal-invoices.yaml -o form.html
    """
    from toolkit.drafts import load_drafts
    from toolkit.validity.people import forms

    loaded = load_drafts(campaign)
    check_free(Path(out), force=force)
    path = forms.ask_people(loaded, out, objective=objective)
    orders = len(forms.balance_orders(len(loaded.drafts)))
    if as_json:
        told = {"form": str(path), "drafts": len(loaded.drafts), "orders": orders}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    links = ", ".join(f"{path.name}#{number}" for number in range(1, _SHOWN + 1))
    click.echo(f"{path}: {len(loaded.drafts)} drafts in {orders} orders")
    click.echo(f"Give each person a number of their own: {links} and so on.")
    click.echo("Take the answers in with `audience outcomes add ANSWERS.csv`.")
