"""Waiting for a database that is still starting, and for nothing else."""

from __future__ import annotations

import errno
import re
import socket
import time
from typing import TYPE_CHECKING

from alembic_migrate.databases.connecting import guarded, run_on
from alembic_migrate.databases.faults import code_of, explain, is_database_fault
from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import URL

    from alembic_migrate.databases.connecting import EngineFactory
    from alembic_migrate.databases.timeouts import ConnectTimeout

_PAUSE = 0.5  # seconds

# PostgreSQL's "cannot connect now"; what its drivers, and MySQL's, call no connection, and one that
# is lost.
_NOT_YET = frozenset({"57P03", "08001", "08003", "08006", 2002, 2003, 2006, 2013, 2055})
_NOBODY_THERE = frozenset(
    {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ETIMEDOUT}
)
# libpq has neither type nor code for what happens before a session is there.
_LIBPQ_SAYS = pattern(
    r"connection refused|no route to host|host is unreachable|timeout expired|timed out"
    r"|server closed the connection unexpectedly|connection reset|eof detected|unexpected eof"
    r"|temporary failure in name resolution|no such file or directory\s+is the server running"
    r"|the database system is (starting up|shutting down|not yet accepting|in recovery)",
    re.IGNORECASE,
)
# The same type, although the server has answered.
_ANSWERED = "rejected SSL upgrade"


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
            starting = is_starting(error, url)
            if not is_database_fault(error) and not starting:
                raise
            if not starting or time.monotonic() >= deadline:
                raise explain(error, url) from error
            time.sleep(_PAUSE)
        else:
            return


def is_starting(error: BaseException, url: URL) -> bool:
    """Tell whether an error while connecting may mean a server that is not up yet.

    A proxy before one whose server is not up accepts a connection, and closes or resets it, or
    says nothing. A wrong password, an unknown database or host is an answer.

    Args:
        error: what the driver or SQLAlchemy raised.
        url: the database.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return cause.errno == socket.EAI_AGAIN
    code = code_of(error)
    if code is not None:
        forbidden = any(isinstance(cause, PermissionError) for cause in causes)
        return code in _NOT_YET and not forbidden
    for cause in causes:
        if isinstance(cause, OSError):
            return _is_nobody_there(cause, url)
    original = causes[0]
    if type(original).__module__.partition(".")[0] == "pg8000":
        return str(original) == "network error"  # the other end has closed
    return _LIBPQ_SAYS.search(str(original)) is not None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give a driver's error, what it comes from, and so on."""
    cause: BaseException | None = getattr(error, "orig", None) or error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _is_nobody_there(error: OSError, url: URL) -> bool:
    if isinstance(error, TimeoutError):
        return True
    if isinstance(error, ConnectionError):
        return _ANSWERED not in str(error)
    if error.errno == errno.ENOENT:
        return _is_socket(url)  # else it is a certificate that is missing
    # asyncio puts several addresses' errors into one without a number.
    numbers = [error.errno] if error.errno else map(int, re.findall(r"\[Errno (\d+)\]", str(error)))
    return any(number in _NOBODY_THERE for number in numbers) or _is_cut_short(error)


def _is_cut_short(error: OSError) -> bool:
    from ssl import SSLEOFError  # noqa: PLC0415 - beside its only use

    return isinstance(error, SSLEOFError)


def _is_socket(url: URL) -> bool:
    host = url.query.get("host") or url.host
    named = "unix_socket" in url.query or "unix_sock" in url.query
    return named or not host or str(host).startswith("/")
