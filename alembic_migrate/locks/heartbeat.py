"""A sign of life on a connection that only holds a lock.

Firewalls and address translators on the way forget what is idle for some minutes, in silence.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.databases.holding import Held

PAUSE = 30.0  # seconds


@contextlib.contextmanager
def beating(connection: Held) -> Iterator[None]:
    """Ask something on a connection now and then, until the end of the block."""
    end = threading.Event()

    def beat() -> None:
        # Whoever asks whether the lock is held learns that it is lost.
        with contextlib.suppress(Exception):
            while not end.wait(PAUSE):
                connection.call(lambda c: c.exec_driver_sql("SELECT 1").all())

    thread = threading.Thread(target=beat, name="alembic-migrate-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
