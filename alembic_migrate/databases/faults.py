"""Drivers' errors, told in one voice: what happened, to which database, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from alembic_migrate.databases.urls import mask
from alembic_migrate.errors import AlembicMigrateError, DatabaseError, NoSuchDatabase
from alembic_migrate.masking import mask as mask_text

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

_MISSING = "there is no such database on the server"

# What the drivers of PostgreSQL, MySQL and SQLite say, and what it means. The first match counts.
_FAULTS: tuple[tuple[str, str, str], ...] = (
    (
        r"password authentication failed|access denied for user|no password supplied",
        "the server refuses the user or the password",
        "check user and password in the URL; a password with @ : / or % has to be escaped there",
    ),
    (
        r"database \"[^\"]*\" does not exist|unknown database|InvalidCatalogName",
        _MISSING,
        "create it first, or correct the name at the end of the URL",
    ),
    (
        r"translate host|(name or|nodename nor) serv|getaddrinfo|resol|unknown mysql server host",
        "the host name is unknown",
        "check the host in the URL",
    ),
    (
        r"connection refused|could not connect|can't connect|connect call failed|errno 111",
        "nothing answers at that address",
        "is the server running, and are host and port right?",
    ),
    (
        r"timeout expired|timed out|timeouterror|did not answer",
        "the server did not answer in time",
        "is it the right host and port? connect_timeout sets how long to wait, in seconds",
    ),
    (
        r"read-?only|readonly",
        "the database or this connection is read-only",
        "use a URL whose role may write",
    ),
    (
        r"permission denied|insufficient privilege|command denied|insufficientprivilege",
        "the role lacks a right",
        "grant it, or use the URL of a role that has it",
    ),
    (
        r"database is locked|database table is locked",
        "another process holds the SQLite file locked",
        "end the other process, or run again when it has finished",
    ),
    (
        r"unable to open database file",
        "the SQLite file cannot be opened",
        "check that its folder exists and may be written",
    ),
    (
        r"file is not a database|file is encrypted",
        "the file is no SQLite database",
        "check the path in the URL",
    ),
)


def explain(
    error: BaseException, url: URL | None, missing: str | None = None
) -> AlembicMigrateError:
    """Return a driver's error as ours, with the database named and its secrets masked.

    Args:
        error: what the driver or SQLAlchemy raised; one of ours is handed back as it is.
        url: the database, where it is known.
        missing: what to do where there is no such database; None is to create it.
    """
    if isinstance(error, AlembicMigrateError):
        if isinstance(error, DatabaseError) and url is not None:
            error.data.setdefault("database", mask(url))
        return error
    said = first_line(error)
    shown = mask(url) if url is not None else "the database"
    data = {"database": shown} if url is not None else {}
    below = getattr(getattr(error, "orig", None), "__cause__", None)  # aiomysql tells it there
    words = f"{type(error).__name__} {said} {error} {below or ''}"
    for pattern, meaning, hint in _FAULTS:
        if re.search(pattern, words, re.IGNORECASE):
            if meaning == _MISSING:
                said = f"{shown}: {meaning} ({said})"
                return NoSuchDatabase(said, hint=missing or hint, data=data)
            return DatabaseError(f"{shown}: {meaning} ({said})", hint=hint, data=data)
    return DatabaseError(f"{shown}: {said}", data=data)


def first_line(error: BaseException) -> str:
    """Return the first line of what a driver said, its secrets masked.

    SQLAlchemy's wrapping (the statement, the link to its documentation) is left out.
    """
    original = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if not isinstance(original, DBAPIError) and getattr(original, "args", None):
        said = _from_arguments(original)
    else:
        said = str(original)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return mask_text(lines[0] if lines else type(original).__name__)


def _from_arguments(error: BaseException) -> str:
    # MySQL's drivers raise (number, text).
    if len(error.args) == 2 and isinstance(error.args[0], int) and isinstance(error.args[1], str):  # noqa: PLR2004
        return f"{error.args[1]} [{error.args[0]}]"
    return str(error)


def code_of(error: BaseException) -> str | int | None:
    """Return what a server calls an error: PostgreSQL's SQLSTATE, MySQL's number; None: neither."""
    original = getattr(error, "orig", None) or error
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    first = original.args[0] if original.args and not isinstance(original, OSError) else None
    if isinstance(first, dict):  # pg8000's
        state = state or first.get("C")
    # PyMySQL tells a state beside the number, which is the plainer of the two.
    return first if isinstance(first, int) else state


def gave_way(error: BaseException) -> dict[str, bool]:
    """Tell whether a statement gave up waiting for another session, or would have done so for ever.

    Returns:
        ``lock_timeout`` and ``deadlock``: whether it was that.
    """
    code = code_of(error)
    return {"lock_timeout": code in {"55P03", 1205}, "deadlock": code in {"40P01", 1213}}


_DRIVER_MODULES = frozenset(
    {"asyncpg", "psycopg", "psycopg2", "pymysql", "MySQLdb", "aiomysql", "asyncmy", "sqlite3"}
)


def is_database_fault(error: BaseException) -> bool:
    """Tell whether an exception comes from a driver, SQLAlchemy or the network below them."""
    # Not every driver's error reaches us through SQLAlchemy: asyncpg's while connecting do not.
    driver = type(error).__module__.partition(".")[0] in _DRIVER_MODULES
    return driver or isinstance(error, SQLAlchemyError | OSError | TimeoutError)
