"""Who keeps a statement waiting, asked from another connection while it waits."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

    from alembic_migrate.databases.holding import Held

_BLOCKERS = text(
    "SELECT pid, application_name, coalesce(host(client_addr), 'a local socket') "
    "FROM pg_stat_activity WHERE pid = ANY(pg_blocking_pids(:pid)) ORDER BY xact_start LIMIT 1"
)


class Blockers:
    """Looks now and then whether a session waits, and remembers for whom.

    Args:
        connection: the one to ask on.
        pid: the session that may wait.
        pause: seconds between two looks.
    """

    def __init__(self, connection: Held, pid: int, pause: float) -> None:
        self._connection = connection
        self._pid = pid
        self._pause = pause
        self._end = threading.Event()
        self.last: str | None = None

    @contextlib.contextmanager
    def watching(self) -> Iterator[Blockers]:
        """Look until the end of the block."""
        thread = threading.Thread(target=self._look, name="alembic-migrate-blockers", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._end.set()
            thread.join(timeout=5)

    def _look(self) -> None:
        # Where the connection is lost there is nothing more to see.
        with contextlib.suppress(Exception):
            while not self._end.wait(self._pause):
                self.last = self._connection.call(self._ask) or self.last

    def _ask(self, connection: Connection) -> str | None:
        row = connection.execute(_BLOCKERS, {"pid": self._pid}).first()
        if row is None:
            return None
        pid, application, address = row
        called = f" ({application})" if application else ""
        return f"process {pid}{called} from {address}; SELECT pg_terminate_backend({pid}); ends it"
