"""What long commands tell while they run.

A command that takes ``report`` calls it with one of these; nothing else is printed on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        kind: ``step`` (a revision starts), ``log`` (a line of Alembic's log), ``sql`` (a statement,
            without its parameters), ``file`` (a file was
            written) or ``warning`` (something that works but may not be meant).
        message: the text for people, without a trailing newline.
        base: the base it belongs to, ``base/tenant`` for one of its tenants; or None.
    """

    kind: Literal["step", "log", "sql", "file", "warning"]
    message: str
    base: str | None = None


Report = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Take an event and do nothing: the library's default ``report``."""


def quietly(report: Report) -> Report:
    """Return what tells on what people have to know or asked for, and not each step."""

    def tell(event: Event) -> None:
        if event.kind in {"sql", "warning"}:
            report(event)

    return tell
