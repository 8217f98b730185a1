"""What people may upload to the page: judged by what a request says of itself, before a byte of the file is read."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable

from toolkit.cli.door import Application, Message, Receive, Send, refuse

MOST_FILE = 20 * 1024**2
"""Bytes of one file."""
MOST_EACH = 60 * 1024**2
"""Bytes that one browser session may have uploaded at a time."""
MOST_FILES = 20
"""Files that it may."""
MOST_ALL = 600 * 1024**2
"""Bytes of all sessions together."""
_FRAME = 64 * 1024
"""What the request holds beside the file."""
_UPLOAD = re.compile(r"/_stcore/upload_file/(?P<session>[^/]+)/(?P<file>[^/]+)/?")
_TOO_LARGE, _LENGTH_REQUIRED, _TOO_MANY, _FULL = 413, 411, 429, 503
Held = Callable[[], dict[str, dict[str, int]]]
"""Returns the bytes of each file that is held, by session and file."""


class UploadLimits:
    """An ASGI middleware that refuses an upload beyond the limits of a file, of a session and of all together."""

    def __init__(self, app: Application, held: Held) -> None:
        self._app = app
        self._held = held
        self._coming: dict[str, Counter[str]] = defaultdict(Counter)
        """Bytes on their way, by session and file."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hand a request on, or refuse it in one line."""
        found = _UPLOAD.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        session, file, size = found["session"], found["file"], _find_length(scope)
        refusal = self._find_refusal(session, file, size)
        if refusal is not None:
            await refuse(scope, send, *refusal)
            return
        self._coming[session][file] += size or 0
        try:
            await self._app(scope, receive, send)
        finally:
            self._coming[session][file] -= size or 0
            self._coming[session] += Counter()  # drops what is at nothing
            if not self._coming[session]:
                del self._coming[session]

    def _find_refusal(self, session: str, file: str, size: int | None) -> tuple[int, str] | None:
        if size is None:
            return _LENGTH_REQUIRED, "The upload does not say how large it is."
        if size > MOST_FILE + _FRAME:
            return _TOO_LARGE, f"The file is larger than {MOST_FILE // 1024**2} MB."
        held: dict[str, Counter[str]] = {one: Counter(files) for one, files in self._held().items()}
        for one, coming in self._coming.items():
            held[one] = held.get(one, Counter()) + coming
        own = Counter(held.get(session, Counter()))
        before = own.pop(file, 0)
        if len(own) >= MOST_FILES:
            return _TOO_MANY, f"You uploaded {MOST_FILES} files. Take some away, or open the page anew."
        if own.total() + size > MOST_EACH + _FRAME:
            return _TOO_LARGE, f"You uploaded {MOST_EACH // 1024**2} MB. Take some away, or open the page anew."
        if sum(files.total() for files in held.values()) - before + size > MOST_ALL:
            return _FULL, "Too much is uploaded at the moment. Try again in a few minutes."
        return None


def _find_length(scope: Message) -> int | None:
    said = [value for name, value in scope["headers"] if name.lower() == b"content-length"]
    return int(said[0]) if len(said) == 1 and said[0].isdigit() else None
