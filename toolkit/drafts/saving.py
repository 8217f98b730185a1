"""A campaign as a file, ready for `audience run`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toolkit.errors import InputError, name_option
from toolkit.files import located_yaml, write_atomically
from toolkit.models import Campaign, Draft

FORMATS = (".yaml", ".yml", ".json")


def check_campaign_path(path: Path, *, overwrite: bool = False) -> None:
    """Raise InputError where a campaign cannot be written: another suffix, or a file that exists and may not go."""
    if path.suffix not in FORMATS:
        raise InputError(f"{name_option('path', path)}: drafts are written as {', '.join(FORMATS)}; name the file so")
    if path.exists() and not overwrite:
        raise InputError(f"{name_option('path', path)}: the file exists; choose another name")


def save_campaign(campaign: Campaign, path: Path, *, overwrite: bool = False) -> None:
    """Write a campaign file, whole or not at all; raise InputError where it exists, unless `overwrite`."""
    check_campaign_path(path, overwrite=overwrite)
    fields = campaign.model_dump(mode="json", exclude_defaults=True)
    fields |= {"models": list(campaign.models)} if campaign.models else {}
    fields |= {"forecast": True} if campaign.forecast else {}
    surfaces = {draft.surface for draft in campaign.drafts}
    fields["drafts"] = [
        {"id": draft.id, "surface": draft.surface, **draft.model_dump(mode="json", exclude_defaults=True), **pairs}
        for draft in campaign.drafts
        for pairs in [_write_pairs(draft)]
    ]
    if len(surfaces) == 1:
        fields = {"campaign": campaign.campaign, "surface": surfaces.pop(), **fields}
        fields["drafts"] = [{key: value for key, value in one.items() if key != "surface"} for one in fields["drafts"]]
    text = (
        json.dumps(fields, ensure_ascii=False, indent=2) + "\n"
        if path.suffix == ".json"
        else located_yaml.write_yaml(fields)
    )
    write_atomically(path, text.encode())


def _write_pairs(draft: Draft) -> dict[str, dict[str, Any]]:
    """Return samples and tags as the mappings that a file has, as far as the draft has them."""
    samples = {"samples": _write_samples(draft.samples)} if draft.samples else {}
    return samples | ({"tags": dict(draft.tags)} if draft.tags else {})


def _write_samples(pairs: tuple[tuple[str, str], ...]) -> dict[str, str | list[str]]:
    """Return samples as a file has them: one as it is, several as a list."""
    listed = {name: [words for key, words in pairs if key == name] for name, _ in pairs}
    return {name: words if len(words) > 1 else words[0] for name, words in listed.items()}
