"""The sockets below drivers' connections: watched for a dead peer, and cut where nothing answers.

Every driver keeps its socket elsewhere; of one where it is not found (or of SQLite, which has none)
nothing is done.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Nothing heard for 30 + 6 * 10 seconds: the peer, or the network to it, is gone. Left alone a
# system waits for hours, and what forgets idle connections on the way never says so.
_KEEPING = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 6, "TCP_USER_TIMEOUT": 90_000}
# Where there is no poll, select: for one look neither makes anything in the system, as epoll does.
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)
_SAID_OTHERWISE = ("keepalives", "tcp_user_timeout", "tcp_keepalive")


def watch_peer(raw: Any, parameters: Mapping[str, Any]) -> None:
    """Let the system notice that nobody is at the other end of a connection any more.

    Args:
        raw: the driver's connection.
        parameters: what it was made with; where they say how it is kept alive, that holds.
    """
    if any(name.startswith(_SAID_OTHERWISE) for name in parameters):
        return
    with contextlib.suppress(Exception), _socket_of(raw) as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPING.items():
            if hasattr(socket, name):  # not every system has each
                found.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def cut(raw: Any) -> None:
    """Cut a connection without a goodbye: who waits for an answer on it gets an error at once."""
    with contextlib.suppress(Exception), _socket_of(raw) as found:
        found.shutdown(socket.SHUT_RDWR)


def has_news(raw: Any) -> bool:
    """Tell whether something waits to be read from a connection, its end included.

    Args:
        raw: the driver's connection, on which nobody waits for an answer.

    Returns:
        True too where its socket is not found.
    """
    with (
        contextlib.suppress(Exception),
        _socket_of(raw) as found,
        _Selector() as selector,
    ):
        selector.register(found, selectors.EVENT_READ)
        return bool(selector.select(0))
    return True


def _socket_of(raw: Any) -> socket.socket:
    """Return a duplicate of a connection's socket; to close it leaves the connection alone.

    Raises:
        Exception: none is found.
    """
    raw = getattr(raw, "_connection", raw)  # SQLAlchemy's wrapping of asynchronous drivers
    stream = getattr(raw, "_writer", None)  # aiomysql, asyncmy
    transport = getattr(raw, "_transport", None) or getattr(stream, "transport", None)  # asyncpg
    if transport is not None:
        raw = transport.get_extra_info("socket")
    # pg8000's, PyMySQL's; psycopg's connections, the old one's too, tell it themselves.
    holder = getattr(raw, "_usock", None) or getattr(raw, "_sock", None) or raw
    return socket.fromfd(holder.fileno(), socket.AF_INET, socket.SOCK_STREAM)


class Opened:
    """The connections that one part of the program works on."""

    def __init__(self) -> None:
        self._raw: dict[int, Any] = {}

    def add(self, raw: Any) -> None:
        """Note a connection."""
        self._raw[id(raw)] = raw

    def cut(self) -> None:
        """Cut them all."""
        for raw in list(self._raw.values()):
            cut(raw)


_all: list[Opened] = []
_guard = threading.Lock()


@contextlib.contextmanager
def cuttable() -> Iterator[Opened]:
    """Hand out what connections are noted in that ``cut_all`` is to reach until the block ends."""
    opened = Opened()
    with _guard:
        _all.append(opened)
    try:
        yield opened
    finally:
        with _guard:
            _all.remove(opened)


def cut_all() -> None:
    """Cut what is worked on now; to be called from another thread, or before giving up."""
    with _guard:
        opened = list(_all)
    for each in opened:
        each.cut()
