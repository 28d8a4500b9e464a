"""What long commands tell while they run.

A command that takes ``report`` calls it with one of these; nothing else is printed on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of several targets are finished.

    Attributes:
        done: those that came through.
        failed: those that did not.
        total: all of them.
    """

    done: int
    failed: int
    total: int


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        kind: ``step`` (a revision starts), ``log`` (a line of Alembic's log), ``sql`` (a statement,
            without its parameters), ``file`` (a file was written), ``warning`` (something that
            works but may not be meant), ``output`` (what the project's own Python printed in
            another process), ``done`` or ``failed`` (one of several targets is finished).
        message: the text for people, without a trailing newline.
        base: the base it belongs to, ``base/tenant`` for one of its tenants; or None.
        tally: how far many targets are; None where there is one, or nothing has changed.
    """

    kind: Literal["step", "log", "sql", "file", "warning", "output", "done", "failed"]
    message: str
    base: str | None = None
    tally: Tally | None = None


Report = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Take an event and do nothing: the library's default ``report``."""


def quietly(report: Report) -> Report:
    """Return what tells on what people have to know or asked for, and not each step."""

    def tell(event: Event) -> None:
        if event.kind in {"sql", "warning", "output"}:
            report(event)

    return tell
