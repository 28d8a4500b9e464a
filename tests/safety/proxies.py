"""A TCP proxy between the tool and a server, which drops or stalls connections when it is told."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

from sqlalchemy import make_url


class Proxy:
    """Hands bytes on between clients and a server.

    Args:
        url: the server's database.
        listening: begin at once; else ``listen()`` does, and until then nothing answers.
        idle: seconds after which a connection that sends nothing is cut; None: never.

    Attributes:
        forgotten: how many were.
    """

    def __init__(self, url: str, *, listening: bool = True, idle: float | None = None) -> None:
        self._idle = idle
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

    def stall(self) -> None:
        """Hand no byte on any more; connections stay open, and new ones are accepted."""
        self._goes_on.clear()

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
