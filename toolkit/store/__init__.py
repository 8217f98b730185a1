"""What outlasts a run, in one SQLite file: replies and vectors, approvals."""

from toolkit.store.approvals import Approval, Approvals
from toolkit.store.database import Database, make_key
from toolkit.store.replies import Store
from toolkit.store.shards import find_shards, merge_left_shards, merge_shards

__all__ = [
    "Approval",
    "Approvals",
    "Database",
    "Store",
    "find_shards",
    "make_key",
    "merge_left_shards",
    "merge_shards",
]
