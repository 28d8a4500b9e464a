"""The limits of a migrating session: how long its statements run, and wait for others' locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from alembic_migrate.databases.settings import set_mysql, set_postgres

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from alembic_migrate.databases.holding import Held
    from alembic_migrate.targets import Target

_POSTGRES_LOCK_TIMEOUT = 5.0  # seconds
_FOR_EVER = 31536000  # seconds, which is the most that MySQL takes
_CHECKS_CLIENTS = {"client_connection_check_interval": "1s"}
_KNOWN = "alembic_migrate_checks_clients"


def lock_timeout(target: Target, connection: Connection) -> float | None:
    """Return how many seconds a statement may wait for another session's lock, or None."""
    configured = target.config["lock_timeout"]
    if configured is not None:
        return float(configured)
    return _POSTGRES_LOCK_TIMEOUT if connection.dialect.name == "postgresql" else None


def limit(connection: Connection, target: Target, beside: Held | None) -> list[str]:
    """Set a session's timeouts: plain settings, which a commit does not take away.

    Args:
        connection: the session's.
        target: has them configured.
        beside: another connection to the server, where what it may refuse is tried; or None.

    Returns:
        The statements that put back what was there before.
    """
    statement, lock = target.config["statement_timeout"], lock_timeout(target, connection)
    if connection.dialect.name == "postgresql":
        wanted = {"lock_timeout": lock, "statement_timeout": statement}
        settings = {k: f"{round(v * 1000)}ms" for k, v in wanted.items() if v is not None}
        if _server_checks_clients(beside):
            settings |= _CHECKS_CLIENTS
        return set_postgres(connection, settings)
    if connection.dialect.name in {"mysql", "mariadb"}:
        numbers: dict[str, float] = {}
        if lock is not None:
            seconds = max(1, round(lock)) if lock else _FOR_EVER
            numbers = {"lock_wait_timeout": seconds, "innodb_lock_wait_timeout": seconds}
        if getattr(connection.dialect, "is_mariadb", False) and statement is not None:
            numbers["max_statement_time"] = float(statement)
        return set_mysql(connection, numbers)
    return []


def _server_checks_clients(beside: Held | None) -> bool:
    """Tell whether the server can notice a dead client in the middle of a statement.

    Where its system cannot, it refuses the setting, and that would spoil a transaction. A session
    that took it is not asked again, whichever tenants it is handed on to.
    """
    try:
        return beside is not None and beside.call(_checks_clients)
    except DBAPIError:
        return False


def _checks_clients(connection: Connection) -> bool:
    known = connection.connection.info
    if _KNOWN not in known:
        set_postgres(connection, _CHECKS_CLIENTS)
        known[_KNOWN] = True
    return True
