"""Who holds a lock, as far as the server tells, and which statement would end it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holder:
    """A session that holds a lock.

    Attributes:
        text: who it is: its number, application, address and since when.
        ending: the statement that would end it; we never run it ourselves.
    """

    text: str
    ending: str | None = None
