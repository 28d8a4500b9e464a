"""Poolers between a session and its server, which may give each transaction another session."""

from __future__ import annotations

from typing import Any

from alembic_migrate.errors import ConfigError


def told_number(raw: Any) -> int | None:
    """Return the number of the server's process as the driver got it at login, a pooler's own one.

    Args:
        raw: the driver's connection to PostgreSQL.
    """
    raw = getattr(raw, "_connection", raw)  # SQLAlchemy's wrapping of asynchronous drivers
    if hasattr(raw, "get_server_pid"):  # asyncpg
        return int(raw.get_server_pid())
    if hasattr(raw, "get_backend_pid"):  # psycopg2
        return int(raw.get_backend_pid())
    if key := getattr(raw, "_backend_key_data", None):  # pg8000: the number, and a secret
        return int.from_bytes(key[:4], "big")
    info = getattr(raw, "info", None)  # psycopg
    number = getattr(info, "backend_pid", None)
    return int(number) if number is not None else None


def no_session(kept: str) -> ConfigError:
    """Return the refusal of a pooler in between.

    Args:
        kept: what has to last as long as the session.
    """
    return ConfigError(
        "a connection pooler stands between this machine and PostgreSQL, and a pooler in "
        f"transaction mode cannot hold {kept}",
        hint="give a URL that leads to the server itself:\n"
        'migrate_url = "postgresql+psycopg://user:${PASSWORD}@server:5432/name"\n'
        'or, where the pooler is in session mode: pooler = "session"',
    )
