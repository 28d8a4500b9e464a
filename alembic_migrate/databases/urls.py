"""Database URLs: parsed with errors that help, and shown without their secrets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from alembic_migrate.errors import ConfigError
from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

PLACEHOLDER = "driver://user:pass@localhost/dbname"

_AUTHORITY = pattern(r"^[\w+]+://([^/?#]*)")
_SECRET_KEYS = pattern(r"pass|secret|token|key$|pwd|odbc_connect", re.IGNORECASE)
_DRIVERS = {
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
    "pymysql": "pymysql",
    "aiomysql": "aiomysql",
    "asyncmy": "asyncmy",
    "asyncpg": "asyncpg",
    "aiosqlite": "aiosqlite",
    "mariadb": "mariadb",
    "oracledb": "oracledb",
    "cx_Oracle": "cx_Oracle",
    "pyodbc": "pyodbc",
    "pymssql": "pymssql",
    "pg8000": "pg8000",
}
_ALTERNATIVES = {
    "MySQLdb": "mysql+pymysql://",
    "psycopg2": "postgresql+psycopg://",
}


def parse_url(value: str | URL, where: str) -> URL:
    """Return a URL.

    Args:
        value: the URL as configured.
        where: what configured it, for messages.

    Raises:
        ConfigError: it is a placeholder, has an unknown dialect, a port that is not a number, or a
            character in its password that has to be escaped. The message holds no secret.
    """
    if not isinstance(value, str):
        return _with_dialect(value, where)
    text = value.strip()
    if not text:
        raise ConfigError(f"the database URL of {where} is empty", hint=_URL_HINT)
    if text == PLACEHOLDER:
        raise ConfigError(
            f"the database URL of {where} is still the placeholder of alembic init", hint=_URL_HINT
        )
    _refuse_unescaped(text, where)
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - not for what needs no database
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        url = make_url(text)
    except ValueError:
        raise ConfigError(
            f"the port in the database URL of {where} is not a number",
            hint=_URL_HINT,
        ) from None
    except ArgumentError:
        raise ConfigError(
            f"the database URL of {where} cannot be read: it has no dialect:// at its start",
            hint=_URL_HINT,
        ) from None
    return _with_dialect(url, where)


_URL_HINT = 'for example: url = "postgresql+psycopg://user:${PASSWORD}@host:5432/name"'


def _refuse_unescaped(text: str, where: str) -> None:
    match = _AUTHORITY.match(text)
    if match is None or text.startswith("sqlite"):
        return
    authority = match.group(1)
    rest = text[match.end() :]  # a /, ? or # in a password makes the authority end there
    port = authority.rpartition(":")[2]
    misplaced = "@" not in authority and "@" in rest and ":" in authority and not port.isdigit()
    # ... and one in a user makes it end there.
    misplaced |= "@" not in authority and bool(re.match(r"/[^?]*:[^?]*@", rest))
    if authority.count("@") > 1 or misplaced:
        raise ConfigError(
            f"the user or the password in the database URL of {where} holds a character that has "
            "to be escaped there",
            hint="write @ as %40, : as %3A, / as %2F and % as %25; or keep the password in a "
            "variable of its own, which is escaped for you: "
            'url = "postgresql+psycopg://user:${PASSWORD}@host/name"',
        )


def _with_dialect(url: URL, where: str) -> URL:
    from sqlalchemy.exc import NoSuchModuleError  # noqa: PLC0415 - not for what needs no database

    try:
        url.get_dialect()
    except NoSuchModuleError:
        hint = "known dialects: postgresql, mysql, mariadb, sqlite, oracle, mssql; others need "
        hint += "their package installed"
        if url.drivername.partition("+")[0] == "postgres":
            hint = "write postgresql:// instead of postgres://"
        raise ConfigError(
            f"the database URL of {where} has an unknown dialect or driver: {url.drivername}",
            hint=hint,
        ) from None
    except ImportError as error:
        raise missing_driver(error, url) from None
    return url


def missing_driver(error: ImportError, url: URL) -> ConfigError:
    """Return the error for a driver that is not installed, with the line that installs it."""
    module = error.name or url.get_driver_name()
    package = _DRIVERS.get(module, module)
    hint = f"install it: pip install '{package}'"
    if module in _ALTERNATIVES:
        hint += f"; or choose another driver in the URL: {_ALTERNATIVES[module]}"
    return ConfigError(
        f"the driver of {url.drivername}:// is not installed: there is no module {module}",
        hint=hint,
    )


def mask(url: URL) -> str:
    """Return a URL as text, with its password and secret query values as ``***``."""
    query = {
        key: ("***" if _SECRET_KEYS.search(key) else value) for key, value in url.query.items()
    }
    shown = url.set(query=query)
    try:
        return shown.render_as_string(hide_password=True)
    except UnicodeEncodeError:
        # A path that this locale could not decode.
        name = (url.database or "").encode("utf-8", "backslashreplace").decode()
        return shown.set(database=name).render_as_string(hide_password=True)


def is_async(url: URL) -> bool:
    """Tell whether the URL's driver is an asynchronous one."""
    return bool(url.get_dialect().is_async)


def sqlite_file(url: URL) -> Path | None:
    """Return the file of a SQLite URL; None for other databases and for those in memory."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    if url.database.startswith("file:"):
        return None
    return Path(url.database)


def sqlite_place(url: URL) -> Path | None:
    """Return the file of a SQLite URL as ``sqlite_file`` does, and of one with a ``file:`` URI."""
    from urllib.parse import parse_qs, unquote, urlsplit  # noqa: PLC0415 - hardly ever needed

    named = url.get_backend_name() == "sqlite" and (url.database or "").startswith("file:")
    if not named:
        return sqlite_file(url)
    parts = urlsplit(str(url.database))
    in_memory = "memory" in (url.query.get("mode"), parse_qs(parts.query).get("mode", [""])[-1])
    if in_memory or parts.path in {"", ":memory:"}:
        return None
    return Path(unquote(parts.path))


def identity(url: URL) -> tuple[object, ...]:
    """Return what makes two URLs name one database: backend, host, port, database, and no user.

    A user of its own may see a schema of its own: who compares version tables adds the user.
    """
    file = sqlite_place(url)
    if file is not None:
        return ("sqlite", str(file.resolve()))
    if url.get_backend_name() == "sqlite":
        return ("sqlite", url.database, id(url))
    backend = url.get_backend_name().replace("mariadb", "mysql")
    default = {"postgresql": 5432, "mysql": 3306}.get(backend)
    socket = url.query.get("unix_socket") or url.query.get("host")
    return (backend, url.host or "localhost", url.port or default, url.database, socket)
