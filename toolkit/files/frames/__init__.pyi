from .taking import GIVE, find_frame, name_kind, read_rows, take_frame

__all__ = ["GIVE", "find_frame", "name_kind", "read_rows", "take_frame"]
