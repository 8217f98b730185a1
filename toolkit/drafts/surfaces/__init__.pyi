from .catalogue import find_surface, surface_names
from .describing import cut_at_fold, describe_draft, is_folded
from .places import find_limit_place, limits_of, place_fold
from .records import FIELDS, Device, Limit, Surface

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
