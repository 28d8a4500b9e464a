"""Waiting inside a run: for another session that still works, or for a table's lock."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from alembic_migrate.errors import LockError
from alembic_migrate.events import Event
from alembic_migrate.locks.holder import how_to_end, who_holds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.bridge.session import StartAgain
    from alembic_migrate.events import Report
    from alembic_migrate.locks.holder import Holder
    from alembic_migrate.targets import Target

_TOLD_AT = 3  # after pauses of 0.5, 1 and 1 seconds
_MOVES = 5  # how often others may move the database before one waits for them


class Waiting:
    """The time that a run may wait for others, at the gate and for the session's lock together.

    What the run itself works meanwhile does not count.

    Args:
        target: what is migrated.
        report: is told whom one waits for, once that takes long.
    """

    def __init__(self, target: Target, report: Report) -> None:
        self._target = target
        self._report = report
        self._left = target.lock_wait
        self._waits = 0
        self._moves = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what the block takes as waiting."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._left -= time.monotonic() - began

    def begin_again(self, why: StartAgain, holder: Holder | None) -> None:
        """Wait a moment for a session that still has the migrating sessions' lock.

        Where nobody has it, and others have only moved the database, there is nothing to wait for.

        Args:
            why: what stood in the way.
            holder: who has the lock; None where nobody has it any more, or nobody is known.

        Raises:
            LockError: the time is over.
        """
        if why.moved and self._moves < _MOVES:
            self._moves += 1
            return
        if self._left <= 0:
            raise self._over(why, holder)
        if self._waits == _TOLD_AT and holder is not None:
            said = "waiting for another session that still migrates this database, up to "
            said += f"{self._target.lock_wait:g} s; {who_holds(holder)}"
            self._report(Event("warning", said, self._target.label))
        with self.counted():
            pause_before_retry(min(self._waits, 1), at_most=self._left)
        self._waits += 1

    def _over(self, why: StartAgain, holder: Holder | None) -> LockError:
        if why.moved:
            return LockError(
                f"{self._target.prefix}others move this database again and again: each time its "
                "version table said something else once the lock was free",
                hint="run again when they have finished",
                data={"holder": None},
            )
        return LockError(
            f"{self._target.prefix}another session still migrates this database, although its "
            "process has ended or has another environment: not free within "
            f"{self._target.lock_wait:g} s; {who_holds(holder)}",
            hint="wait until the server has finished its statement, then run again"
            f"{how_to_end(holder)}",
            data={"holder": holder.text if holder else None},
        )


def pause_before_retry(attempt: int, *, at_most: float = 4.0) -> None:
    """Wait a little longer each time: 0.5, 1, 2, 4 seconds and no more."""
    time.sleep(min(0.5 * 2**attempt, 4.0, at_most))
