"""What outlasts a run, in one SQLite file: replies and vectors, approvals."""

from toolkit.store.approvals import Approval, Approvals
from toolkit.store.database import Database, make_key
from toolkit.store.replies import Store

__all__ = ["Approval", "Approvals", "Database", "Store", "make_key"]
