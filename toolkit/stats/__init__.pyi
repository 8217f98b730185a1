from . import (
    bradley_terry,
    calibration,
    cells,
    corrections,
    intervals,
    lexical,
    moderation,
    plans,
    prediction_powered,
    rankings,
    ratings,
)
from .bootstraps import bootstrap_interval

__all__ = [
    "bootstrap_interval",
    "bradley_terry",
    "calibration",
    "cells",
    "corrections",
    "intervals",
    "lexical",
    "moderation",
    "plans",
    "prediction_powered",
    "rankings",
    "ratings",
]
