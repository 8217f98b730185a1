"""What measures are called for people."""

from __future__ import annotations

from toolkit.models import MEASURES

NAMES = {
    "stop_rate": "stopped",
    "objective_rate": "reached the objective",
    "negative_rate": "hid or reported",
    **{measure: measure for measure in MEASURES},
}
