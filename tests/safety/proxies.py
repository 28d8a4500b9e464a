"""A TCP proxy between the tool and a server, which drops or stalls connections when it is told."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

from sqlalchemy import make_url


def closing(client: socket.socket) -> None:
    """Close a connection before it says a word."""
    client.close()


def resetting(client: socket.socket) -> None:
    """Reset a connection."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def closing_later(client: socket.socket) -> None:
    """Close a connection once it has said something."""
    _hear(client)
    client.close()


def resetting_later(client: socket.socket) -> None:
    """Reset a connection once it has said something."""
    _hear(client)
    resetting(client)


def _hear(client: socket.socket) -> None:
    client.settimeout(0.2)  # clients of MySQL wait for its server to begin
    with contextlib.suppress(TimeoutError):
        client.recv(65536)


def starting_up(client: socket.socket) -> None:
    """Answer as a PostgreSQL does that is not ready yet, to clients that want no TLS."""
    fields = b"SFATAL", b"VFATAL", b"C57P03", b"Mthe database system is starting up"
    body = b"\0".join([*fields, b"", b""])
    if client.recv(65536)[4:8] == struct.pack("!I", 80877103):  # may it be TLS?
        client.sendall(b"N")
        client.recv(65536)
    client.sendall(b"E" + struct.pack("!I", len(body) + 3) + body)
    client.close()


class Proxy:
    """Hands bytes on between clients and a server.

    Args:
        url: the server's database.
        listening: begin at once; else ``listen()`` does, and until then nothing answers.
        idle: seconds after which a connection that sends nothing is cut; None: never.
        away: what becomes of connections until ``open()`` is called; None: it is open.

    Attributes:
        forgotten: how many were cut for sending nothing.
        turned_away: how many met what is before ``open()``.
    """

    def __init__(
        self,
        url: str,
        *,
        listening: bool = True,
        idle: float | None = None,
        away: Callable[[socket.socket], None] | None = None,
    ) -> None:
        self._idle = idle
        self._away = away
        self.turned_away = 0
        self.forgotten = 0
        real = make_url(url)
        self._server = ("127.0.0.1", real.port)
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = url.replace(f":{real.port}/", f":{self.port}/")
        self._goes_on = threading.Event()
        self._goes_on.set()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._closed = False
        if listening:
            self.listen()

    def listen(self) -> None:
        """Begin to answer."""
        self._listener.listen(64)
        self._start(self._accept)

    def open(self) -> None:
        """Lead connections to the server from now on."""
        self._away = None

    def stall(self) -> None:
        """Hand no byte on any more; connections stay open, and new ones are accepted."""
        self._goes_on.clear()

    def go_on(self) -> None:
        """Hand on again, what was kept back too."""
        self._goes_on.set()

    def drop(self) -> None:
        """Cut every connection."""
        for each in list(self._sockets):
            _shut(each)

    def close(self) -> None:
        """Cut every connection and take no more."""
        self._closed = True
        _shut(self._listener)
        self._goes_on.set()
        self.drop()
        for thread in list(self._threads):
            thread.join(timeout=5)
        for each in (self._listener, *self._sockets):
            each.close()

    def _start(self, work: Callable[..., None], *given: object) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._away is not None:
                self.turned_away += 1
                with contextlib.suppress(OSError):
                    self._away(client)
                continue
            server = socket.create_connection(self._server)
            self._sockets += [client, server]
            client.settimeout(self._idle)
            self._start(self._hand_on, client, server)
            self._start(self._hand_on, server, client)

    def _hand_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self._goes_on.wait()
                target.sendall(data)
        except TimeoutError:
            self.forgotten += 1
        except OSError:
            pass
        _shut(source)
        _shut(target)


def _shut(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
