"""Browser sessions without a browser: they speak Streamlit's own protocol, so that a test can hold many at once."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets import Origin, Subprotocol
from websockets.sync.client import ClientConnection, connect

_FRAME = 64 * 1024**2


@contextlib.contextmanager
def open_session(address: str, patience: float = 400.0) -> Iterator[PageSession]:
    """Open a tab at an address such as "127.0.0.1:8501"; what is waited for has `patience` seconds."""
    with connect(
        f"ws://{address}/_stcore/stream", origin=Origin(f"http://{address}"),
        subprotocols=[Subprotocol("streamlit")], max_size=_FRAME, open_timeout=patience,
    ) as connection:  # fmt: skip
        yield PageSession(connection, patience)


class PageSession:
    """One tab: what the server sent it, and what a person does in it."""

    def __init__(self, connection: ClientConnection, patience: float) -> None:
        self.received: list[bytes] = []
        """Every message that came, as it came."""
        self.elements: dict[str, Element] = {}
        """What was drawn last, by its place on the page."""
        self.query = ""
        self.session_id = ""
        self._connection = connection
        self._patience = patience
        self._widgets: dict[str, WidgetState] = {}
        self._fragments: dict[str, tuple[float, float]] = {}
        """When each part of the page that draws itself anew is due, and how often it is."""
        self._page = ""
        self._running = False
        self._fresh: set[str] = set()

    def run(self, query: str = "") -> None:
        """Open the page under an address."""
        self.query = query
        self._send()

    def type_draft(self, name: str, text: str) -> None:
        """Type the words of a draft, by its label such as "Draft A"."""
        editor = self._find(lambda one: one.WhichOneof("type") == "bidi_component" and name in str(one))
        drawn = json.loads(editor.bidi_component.json)
        about = {name: drawn[name] for name in ("campaign", "number", "version")}
        typed = {**about, "entry": name, "base": drawn["text"], "text": text, "at": time.time() * 1000}
        state = WidgetState(id=editor.bidi_component.id, json_value=json.dumps({"typed": typed}))
        self._widgets[state.id] = state
        self._send()

    def press(self, label: str) -> None:
        """Press the button whose label begins so."""
        found = self._find(lambda one: one.WhichOneof("type") == "button" and one.button.label.startswith(label))
        self._send(WidgetState(id=found.button.id, trigger_value=True))

    def has_button(self, label: str) -> bool:
        """Tell whether there is a button whose label begins so."""
        return any(one.startswith(label) for one in self.list_labels())

    def count(self, word: str) -> int:
        """Return how often a word is in what was drawn last."""
        return self.read().count(word)

    def list_labels(self) -> list[str]:
        """Return the labels of all buttons."""
        return [one.button.label for one in self.elements.values() if one.WhichOneof("type") == "button"]

    def wait_for(self, holds: Callable[[PageSession], bool]) -> None:
        """Take messages until something holds, drawing anew what draws itself anew; fail where it never does."""
        until = time.monotonic() + self._patience
        while not (holds(self) and not self._running):
            assert time.monotonic() < until, f"{self.query}: {self.list_labels()}"
            self._take(0.2)
            self._draw_due()

    def read(self) -> str:
        """Return everything that was drawn last, as text."""
        return b" ".join(one.SerializeToString() for one in self.elements.values()).decode(errors="replace")

    def _find(self, fits: Callable[[Element], bool]) -> Element:
        return next(one for one in self.elements.values() if fits(one))

    def _send(self, *triggers: WidgetState, fragment: str = "") -> None:
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash = self.query, self._page
        asked.widget_states.widgets.extend([*self._widgets.values(), *triggers])
        if fragment:
            asked.fragment_id, asked.is_auto_rerun = fragment, True
        else:
            self._running = True  # of a part that is gone since then nothing comes back
        self._connection.send(message.SerializeToString())

    def _take(self, seconds: float) -> None:
        try:
            raw = self._connection.recv(timeout=seconds)
        except TimeoutError:
            return
        assert isinstance(raw, bytes)
        self.received.append(raw)
        message = ForwardMsg.FromString(raw)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._running = True
            self._page = message.new_session.page_script_hash
            self.session_id = message.new_session.initialize.session_id
            self._fresh = set()
        elif kind == "script_finished":
            self._running = False
            if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self.elements = {place: one for place, one in self.elements.items() if place in self._fresh}
                self._fragments = {name: due for name, due in self._fragments.items() if name in self._fresh}
        elif kind == "auto_rerun":
            every = message.auto_rerun.interval
            self._fragments[message.auto_rerun.fragment_id] = (time.monotonic() + every, every)
            self._fresh.add(message.auto_rerun.fragment_id)
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            place = str(list(message.metadata.delta_path))
            self.elements[place] = message.delta.new_element
            self._fresh.add(place)

    def _draw_due(self) -> None:
        for fragment, (due, every) in list(self._fragments.items()):
            if not self._running and time.monotonic() >= due:
                self._fragments[fragment] = (time.monotonic() + every, every)
                self._send(fragment=fragment)
