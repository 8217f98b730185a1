from . import chance_link, exchange, records
from .records import LABEL, MEASURES, Audience, Campaign, Draft, Persona, Record, Settings, Verdict

__all__ = [
    "LABEL",
    "MEASURES",
    "Audience",
    "Campaign",
    "Draft",
    "Persona",
    "Record",
    "Settings",
    "Verdict",
    "chance_link",
    "exchange",
    "records",
]
