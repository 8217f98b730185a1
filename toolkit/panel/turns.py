"""Whose turn it is: a few pieces of work go on at once, the others wait in a line that is fair to everybody."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from toolkit.errors import InputError


@dataclass(eq=False, slots=True)
class Ticket:
    """A place in the line, then a turn."""

    owner: str
    begin: Callable[[], None]
    """Called once, when the turn comes."""


class Turns:
    """Gives `most` turns at once; who has fewer turns goes first, then who came first.

    So somebody who asks for ten waits behind somebody who asks for one. Raises InputError where `most_waiting` wait in
    all, or `most_each` of one owner.
    """

    def __init__(self, most: int, *, most_waiting: int, most_each: int) -> None:
        self._most = most
        self._most_waiting = most_waiting
        self._most_each = most_each
        self._lock = threading.RLock()
        self._going: list[Ticket] = []
        self._waiting: list[Ticket] = []

    def enter(self, ticket: Ticket) -> None:
        """Take a turn, at once or in the line; `begin` is called when it comes. Give it back with `leave`."""
        with self._lock:
            self._check_room(ticket.owner)
            self._waiting.append(ticket)
            self._let_in()

    def leave(self, ticket: Ticket) -> bool:
        """Give a turn or a place in the line back; tell whether it was a place, so that `begin` is called no more."""
        with self._lock:
            waited = ticket in self._waiting
            for held in (self._going, self._waiting):
                if ticket in held:
                    held.remove(ticket)
            self._let_in()
        return waited

    def find_place(self, ticket: Ticket) -> int | None:
        """Return the place in the line, 1 for the next; None for who does not wait."""
        with self._lock:
            order = self._sort()
            return order.index(ticket) + 1 if ticket in order else None

    def _check_room(self, owner: str) -> None:
        if len(self._going) < self._most:
            return
        own = sum(one.owner == owner for one in self._waiting)
        if own >= self._most_each:
            raise InputError(f"{own} runs of yours wait already; wait for one to end, or stop one")
        if len(self._waiting) >= self._most_waiting:
            raise InputError(f"{len(self._waiting)} runs wait already, the most there can; try again in a while")

    def _let_in(self) -> None:
        while self._waiting and len(self._going) < self._most:
            chosen = self._sort()[0]
            self._waiting.remove(chosen)
            self._going.append(chosen)
            chosen.begin()

    def _sort(self) -> list[Ticket]:
        """Return who waits, the next first: each owner's first before anybody's second."""
        held = Counter(one.owner for one in self._going)
        ranked = []
        for came, ticket in enumerate(self._waiting):
            ranked.append((held[ticket.owner], came, ticket))
            held[ticket.owner] += 1
        return [ticket for *_, ticket in sorted(ranked, key=lambda one: one[:2])]
