"""Where drafts appear: what each place holds, hides and lets people do, as dated data."""

from __future__ import annotations

from toolkit.surfaces.catalogue import find_surface, surface_names
from toolkit.surfaces.describing import cut_at_fold, describe_draft, is_folded
from toolkit.surfaces.places import find_limit_place, limits_of, place_fold
from toolkit.surfaces.records import FIELDS, Device, Limit, Surface

__all__ = [
    "FIELDS",
    "Device",
    "Limit",
    "Surface",
    "cut_at_fold",
    "describe_draft",
    "find_limit_place",
    "find_surface",
    "is_folded",
    "limits_of",
    "place_fold",
    "surface_names",
]
