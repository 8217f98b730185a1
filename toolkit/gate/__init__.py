"""The gate: campaigns checked in CI, offline, with statistics. Everything loads on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.gate.checking import check_campaign, list_checks
    from toolkit.gate.fetching import Preview, RecordingOutcome, preview_recording, record_campaign
    from toolkit.gate.outcomes import CampaignOutcome, CheckOutcome, choose_exit_code
    from toolkit.gate.replaying import Shelf
    from toolkit.gate.sniffing import choose_campaigns, is_campaign_with_checks, is_meant_as_campaign

_HOMES = {
    "CampaignOutcome": "outcomes",
    "CheckOutcome": "outcomes",
    "Preview": "fetching",
    "RecordingOutcome": "fetching",
    "Shelf": "replaying",
    "check_campaign": "checking",
    "choose_campaigns": "sniffing",
    "choose_exit_code": "outcomes",
    "is_campaign_with_checks": "sniffing",
    "is_meant_as_campaign": "sniffing",
    "list_checks": "checking",
    "preview_recording": "fetching",
    "record_campaign": "fetching",
}

__all__ = [
    "CampaignOutcome",
    "CheckOutcome",
    "Preview",
    "RecordingOutcome",
    "Shelf",
    "check_campaign",
    "choose_campaigns",
    "choose_exit_code",
    "is_campaign_with_checks",
    "is_meant_as_campaign",
    "list_checks",
    "preview_recording",
    "record_campaign",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"toolkit.gate.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'toolkit.gate' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
