"""What outlasts a run, in one SQLite file: replies and vectors, approvals, conversations, versions of drafts."""

from toolkit.store.approvals import Approval, Approvals
from toolkit.store.conversations import Answered, Conversations, Turn
from toolkit.store.database import Database, make_key
from toolkit.store.replies import Store
from toolkit.store.shards import find_shards, merge_left_shards, merge_shards
from toolkit.store.versions import Tested, Version, Versions

__all__ = [
    "Answered",
    "Approval",
    "Approvals",
    "Conversations",
    "Database",
    "Store",
    "Tested",
    "Turn",
    "Version",
    "Versions",
    "find_shards",
    "make_key",
    "merge_left_shards",
    "merge_shards",
]
