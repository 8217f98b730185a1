"""What outlasts a run, in one SQLite file: replies and vectors."""

from toolkit.store.database import Database, make_key
from toolkit.store.replies import Store

__all__ = ["Database", "Store", "make_key"]
