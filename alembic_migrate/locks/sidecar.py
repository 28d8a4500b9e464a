"""A lock beside a SQLite file, held for a whole run.

``BEGIN IMMEDIATE`` on the database itself is not enough: it ends at every commit, and another
process slips in between two revisions. The sidecar is a SQLite file of its own, held by
``BEGIN EXCLUSIVE``; the system frees it when its process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from alembic_migrate.locks.holder import Holder

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".migration-lock"


class SidecarLock:
    """The lock of one SQLite file.

    Args:
        database: the file.
    """

    def __init__(self, database: Path) -> None:
        database = database.resolve()  # a link to it is another name of the same file
        self.path = database.with_name(database.name + SUFFIX)
        self._note = database.with_name(database.name + SUFFIX + "-holder")
        self._held: sqlite3.Connection | None = None

    def try_acquire(self) -> bool:
        """Take the lock if nobody has it.

        Raises:
            sqlite3.Error: the sidecar cannot be made.
        """
        connection = sqlite3.connect(
            self.path, timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            connection.close()
            if "locked" in str(error):
                return False
            raise
        self._held = connection
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        with contextlib.suppress(OSError):
            note = f"process {os.getpid()} on {socket.gethostname()}, since {since}"
            self._note.write_text(note, encoding="utf-8")
        return True

    def is_held(self) -> bool:
        """Tell whether this process still has it."""
        return self._held is not None and self._held.in_transaction

    def release(self) -> None:
        """Give it back."""
        if self._held is not None:
            with contextlib.suppress(OSError):
                self._note.unlink()
            self._held.close()
            self._held = None

    def holder_now(self) -> Holder | None:
        """Return who has it at this moment; it is not taken for that, and no file is made."""
        holder = self.holder()
        if holder is None:
            return None
        # The note of a process that was killed is still there, its lock is not.
        with contextlib.suppress(sqlite3.Error), contextlib.closing(self._reading()) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master")
            return None
        return holder

    def _reading(self) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?mode=ro"
        return sqlite3.connect(uri, uri=True, timeout=0)

    def holder(self) -> Holder | None:
        """Return who has it, as it noted itself."""
        try:
            return Holder(self._note.read_text(encoding="utf-8"))
        except OSError:
            return None
