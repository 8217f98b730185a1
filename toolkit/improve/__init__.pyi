from . import interviews, retesting, rewriting, streaming
from .objections import Objection, choose_objections, list_objections

__all__ = ["Objection", "choose_objections", "interviews", "list_objections", "retesting", "rewriting", "streaming"]
