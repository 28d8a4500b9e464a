"""Waiting for a database that is still starting, and for nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from alembic_migrate.databases.connecting import guarded, run_on
from alembic_migrate.databases.faults import explain, is_database_fault, is_starting

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from alembic_migrate.databases.connecting import EngineFactory
    from alembic_migrate.databases.timeouts import ConnectTimeout

_PAUSE = 0.5  # seconds


def wait_until_up(
    url: URL | None, factory: EngineFactory | None, *, seconds: float, timeout: ConnectTimeout
) -> None:
    """Wait until a database takes connections.

    Args:
        url: the database; None where none is known.
        factory: makes the engine, or None.
        seconds: how long to wait; 0 does not even look.
        timeout: how long one attempt may take.

    Raises:
        DatabaseError: nobody answers within these seconds, or the answer is another one than that
            it is still starting.
    """
    deadline = time.monotonic() + seconds
    while url is not None and seconds > 0:
        try:
            with guarded(timeout=timeout, reading=True):
                run_on(url, lambda _connection: None, factory)
        except Exception as error:
            if not is_database_fault(error) and not is_starting(error):
                raise
            if not is_starting(error) or time.monotonic() >= deadline:
                raise explain(error, url) from error
            time.sleep(_PAUSE)
        else:
            return
