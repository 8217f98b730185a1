from . import (
    approvals,
    batches,
    calibration_log,
    campaign_log,
    conversations,
    outcome_log,
    predictions,
    shards,
    test_log,
    version_log,
)
from .database import make_key
from .replies import Store

__all__ = [
    "Store",
    "approvals",
    "batches",
    "calibration_log",
    "campaign_log",
    "conversations",
    "make_key",
    "outcome_log",
    "predictions",
    "shards",
    "test_log",
    "version_log",
]
