"""Events as lines for a log or a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.masking import mask

if TYPE_CHECKING:
    from alembic_migrate.events import Event

_KINDS = {"warning": "Warning: ", "file": "Wrote "}


def event_line(event: Event, *, several: bool) -> str:
    """Return one event as text: ``[app] Running upgrade a -> b, message``, ``Warning: ...``.

    Args:
        event: the event; a statement (``sql``) is handed on as it is, the rest is masked.
        several: whether several bases run, so that each line says whose it is.
    """
    text = event.message if event.kind == "sql" else mask(event.message)
    front = f"[{event.base}] " if several and event.base is not None else ""
    return f"{front}{_KINDS.get(event.kind, '')}{text}"
