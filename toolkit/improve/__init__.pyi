from . import drafting, interviews, retesting, rewriting, streaming
from .interviews import follow_up, interview
from .objections import Objection, choose_objections, list_objections
from .rewriting import rewrite

__all__ = [
    "Objection",
    "choose_objections",
    "drafting",
    "follow_up",
    "interview",
    "interviews",
    "list_objections",
    "retesting",
    "rewrite",
    "rewriting",
    "streaming",
]
