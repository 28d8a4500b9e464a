"""How many more connections a server takes.

Source: PostgreSQL's manual, "Connection Settings" and ``pg_database.datconnlimit``; MySQL's,
``max_connections`` and ``max_user_connections``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_POSTGRESQL = text("""
    WITH taken AS (
        SELECT count(*) AS everywhere,
               count(*) FILTER (WHERE datname = current_database()) AS here,
               count(*) FILTER (WHERE usename = current_user) AS mine
        FROM pg_stat_activity WHERE backend_type = 'client backend'
    )
    SELECT least(
        current_setting('max_connections')::int
            - current_setting('superuser_reserved_connections')::int
            - coalesce(current_setting('reserved_connections', true), '0')::int - everywhere,
        nullif((SELECT datconnlimit FROM pg_database WHERE datname = current_database()), -1)
            - here,
        nullif((SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user), -1) - mine
    ) FROM taken
""")
_MYSQL = text("""
    SELECT @@max_connections, @@max_user_connections,
        (SELECT count(*) FROM information_schema.processlist),
        (SELECT count(*) FROM information_schema.processlist
         WHERE user = substring_index(CURRENT_USER(), '@', 1))
""")


def free_connections(connection: Connection) -> int | None:
    """Return how many connections more this role may open now; None where nobody counts them.

    On MySQL a role without PROCESS sees its own sessions alone, and what it is told is too much.
    """
    backend = connection.dialect.name
    if backend == "postgresql":
        return max(0, int(connection.execute(_POSTGRESQL).scalar_one()))
    if backend in {"mysql", "mariadb"}:
        most, of_user, all_sessions, mine = map(int, connection.execute(_MYSQL).one())
        free = most - all_sessions
        return max(0, min(free, of_user - mine) if of_user else free)
    return None
