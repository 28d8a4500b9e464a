"""Waiting inside a run: for another session that still works, or for a table's lock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from alembic_migrate.errors import LockError
from alembic_migrate.events import Event
from alembic_migrate.locks.holder import how_to_end, who_holds

if TYPE_CHECKING:
    from alembic_migrate.events import Report
    from alembic_migrate.locks.holder import Holder
    from alembic_migrate.targets import Target

_TOLD_AT = 3  # after pauses of 0.5, 1 and 1 seconds


def wait_for_session(
    target: Target, holder: Holder | None, report: Report, *, deadline: float, waits: int
) -> None:
    """Wait a moment for a session that still has the migrating sessions' lock.

    Args:
        target: what is migrated.
        holder: who has it; None where nobody has it any more, or nobody is known.
        report: is told whom one waits for, once that takes long.
        deadline: until when to wait, by the monotonic clock.
        waits: how often it was waited already.

    Raises:
        LockError: the time is over.
    """
    seconds = target.lock_wait
    if time.monotonic() >= deadline:
        raise LockError(
            f"{target.prefix}another session still migrates this database, although its process "
            f"has ended or has another environment: not free within {seconds:g} s; "
            f"{who_holds(holder)}",
            hint="wait until the server has finished its statement, then run again"
            f"{how_to_end(holder)}",
            data={"holder": holder.text if holder else None},
        )
    if waits == _TOLD_AT and holder is not None:
        said = "waiting for another session that still migrates this database, up to "
        report(Event("warning", f"{said}{seconds:g} s; {who_holds(holder)}", target.label))
    pause_before_retry(min(waits, 1))


def pause_before_retry(attempt: int) -> None:
    """Wait a little longer each time: 0.5, 1, 2, 4 seconds and no more."""
    time.sleep(min(0.5 * 2**attempt, 4.0))
