"""Who holds a lock, as far as the server tells, and which statement would end it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holder:
    """A session that holds a lock.

    Attributes:
        text: who it is: its number, application, address and since when.
        ending: the statement that would end it; not for us to run.
        number: the server's number of it, where it has one.
    """

    text: str
    ending: str | None = None
    number: int | None = None


def who_holds(holder: Holder | None) -> str:
    """Return who holds a lock, as the end of a sentence."""
    return f"it is held by {holder.text}" if holder else "its holder is not known"


def how_to_end(holder: Holder | None) -> str:
    """Return what ends a holder that is stuck, as the end of a sentence; empty where unknown."""
    return f"; if it is stuck, this ends it: {holder.ending}" if holder and holder.ending else ""
