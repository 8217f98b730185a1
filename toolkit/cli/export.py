"""`audience export`: drafts as the payloads that the platforms take, or as one campaign file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli.options import check_free, encoding_option, option
from toolkit.cli.table_options import draft_options, read_map, say_notes
from toolkit.errors import InputError, suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.models import Campaign, Draft

_PAYLOADS = (".json", ".jsonl")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:_[A-Z]{2,3})?")
_CAMPAIGNS = (".yaml", ".yml")


@click.command()
@click.argument("drafts", nargs=-1, required=True, metavar="DRAFTS...")
@option("--out", "-o", type=click.Path(), metavar="FILE", help="File to write.  [default: print the payloads]")
@click.option("--draft", "chosen", multiple=True, metavar="ID", help="Only this draft; repeatable.")
@option("--language", default="en_US", show_default=True, metavar="CODE", help="Language of WhatsApp templates.")
@option("--surface", metavar="NAME", help="Surface of drafts that name none.")
@draft_options
@encoding_option
@option("--force", is_flag=True, help="Replace FILE if it exists.")
def export(
    drafts: tuple[str, ...],
    out: str | None,
    chosen: tuple[str, ...],
    language: str,
    surface: str | None,
    mapped: tuple[str, ...],
    sheet: str | None,
    where: str | None,
    *,
    force: bool,
) -> None:
    """Write drafts as payloads of WhatsApp and Messenger.

    A WhatsApp template is of the Cloud API, a Messenger message of the Send API.

    FILE.json holds one payload or a list, FILE.jsonl one a line. FILE.yaml is a campaign, from any table of drafts.
    `audience lint` and `audience run` read each of them again. You add who receives it.

    Example:  audience export examples/paypal-invoices.yaml --draft plain
    """
    from toolkit.drafts import load_drafts, merge_campaigns, payloads, save_campaign
    from toolkit.files import write_atomically

    if not _LANGUAGE.fullmatch(language):
        raise InputError(f"--language {language}: not a code of a language, such as en_US, pt_BR or fil")
    campaigns = []
    for source in drafts:
        columns = read_map(source, mapped, "drafts")
        campaigns.append(load_drafts(source, surface=surface, columns=columns, sheet=sheet, where=where))
        say_notes(source, campaigns[-1].notes)
    campaign = campaigns[0] if len(campaigns) == 1 else merge_campaigns(campaigns)
    kept = _choose(campaign, chosen)
    path = Path(out) if out else None
    _check_path(path, force=force)
    if path is not None and path.suffix.lower() in _CAMPAIGNS:
        save_campaign(campaign.model_copy(update={"drafts": tuple(kept)}), path, overwrite=force)
        click.echo(f"{path}: a campaign of {len(kept)} draft{'' if len(kept) == 1 else 's'}")
        return
    made = []
    for draft in kept:
        try:
            made.append(payloads.write_payload(draft, language))
        except ValueError as error:
            raise InputError(f"{error}; choose others with --draft, or write a .yaml file") from None
        unwritten = payloads.list_unwritten(draft)
        if unwritten:
            click.echo(f"{draft.id}: not in the payload: {', '.join(unwritten)}", err=True)
    if path is None or path.suffix.lower() == ".json":
        text = json.dumps(made[0] if len(made) == 1 else made, ensure_ascii=False, indent=2) + "\n"
    else:
        text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in made)
    if path is None:
        click.echo(text, nl=False)
        return
    write_atomically(path, text.encode())
    click.echo(f"{path}: {len(made)} payload{'' if len(made) == 1 else 's'}")


def _choose(campaign: Campaign, chosen: Sequence[str]) -> list[Draft]:
    """Return the drafts of some ids, or all."""
    known = {draft.id: draft for draft in campaign.drafts}
    unknown = next((one for one in chosen if one not in known), None)
    if unknown is not None:
        raise InputError(f"--draft {unknown!r}{suggest(unknown, known)}; the drafts are: {', '.join(known)}")
    return [known[one] for one in chosen] or list(campaign.drafts)


def _check_path(path: Path | None, *, force: bool) -> None:
    if path is None:
        return
    if path.suffix.lower() not in (*_PAYLOADS, *_CAMPAIGNS):
        allowed = ", ".join((*_PAYLOADS, *_CAMPAIGNS))
        raise InputError(f"--out {path}: drafts cannot be written to {path.suffix or 'this'}; allowed: {allowed}")
    check_free(path, force=force)
