"""Events as lines for a log or a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.masking import mask

if TYPE_CHECKING:
    from alembic_migrate.events import Event

_KINDS = {"warning": "Warning: ", "file": "Wrote "}


def event_line(event: Event, *, several: bool, named: bool = True) -> str:
    """Return one event as text: ``[app] Running upgrade a -> b, message``, ``Warning: ...``.

    Args:
        event: the event; a statement (``sql``) is handed on as it is, the rest is masked.
        several: whether several bases run, so that each line says whose it is; of a tenant it does
            in any case.
        named: whether the project's bases have names.
    """
    text = event.message if event.kind == "sql" else mask(event.message)
    if (tally := event.tally) is not None:
        failed = f", {tally.failed} failed" if tally.failed else ""
        text = f"{text} ({tally.done + tally.failed} of {tally.total}{failed})"
    is_tenant = "/" in (event.base or "")
    front = f"[{owner(event, named=named)}] " if event.base and (several or is_tenant) else ""
    return "\n".join(f"{front}{_KINDS.get(event.kind, '')}{line}" for line in _lines(event, text))


def owner(event: Event, *, named: bool) -> str | None:
    """Return whose an event is: ``app``, ``app/acme``, or ``acme`` where bases have no names."""
    _, _, tenant = (event.base or "").partition("/")
    return event.base if named or not tenant else tenant


def _lines(event: Event, text: str) -> list[str]:
    """Return each line that another process printed by itself; of all else the text as it is."""
    return text.splitlines() if event.kind == "output" else [text]
