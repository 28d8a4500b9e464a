"""The end of a session of our own whose process was asked to end."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_NUMBER = {
    "postgresql": "SELECT pg_backend_pid()",
    "mysql": "SELECT CONNECTION_ID()",
    "mariadb": "SELECT CONNECTION_ID()",
}
_PATIENCE = 2.0  # seconds
_KNOWN = "alembic_migrate_number"


def number_of(connection: Connection) -> int | None:
    """Return the server's number of a session, where one is known.

    PostgreSQL's is asked once; drivers of MySQL may connect anew by themselves.
    """
    statement = _NUMBER.get(connection.dialect.name)
    if statement is None:
        return None
    known = connection.connection.info
    if _KNOWN in known:
        return int(known[_KNOWN])
    number = int(connection.execute(text(statement)).scalar_one())
    if connection.dialect.name == "postgresql":
        known[_KNOWN] = number
    return number


def end_session(connection: Connection, number: int) -> None:
    """End a session and wait until it has rolled back: its statement would else run on.

    Args:
        connection: another session of the same role, in AUTOCOMMIT.
        number: the server's number of it; one that has ended already is no error.
    """
    if connection.dialect.name == "postgresql":
        end, there = f"SELECT pg_terminate_backend({number})", "pg_stat_activity WHERE pid"
    else:
        end, there = f"KILL {number}", "information_schema.processlist WHERE id"
    with contextlib.suppress(Exception):  # MySQL's answer to a number that has ended
        connection.exec_driver_sql(end)
    asked = text(f"SELECT count(*) FROM {there} = :number")  # noqa: S608 - ours
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if not connection.execute(asked, {"number": number}).scalar():
            return
        time.sleep(0.05)
