"""A TCP proxy between the tool and a server, which drops or stalls connections when it is told."""

from __future__ import annotations

import contextlib
import socket
import threading

from sqlalchemy import make_url


class Proxy:
    """Hands bytes on between clients and a server.

    Args:
        url: the server's database.
        open: listen at once; else ``listen()`` does, and until then nothing answers.
    """

    def __init__(self, url: str, *, open: bool = True) -> None:
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
        if open:
            self.listen()

    def listen(self) -> None:
        """Begin to answer."""
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        """Hand no byte on any more; connections stay open, and new ones are accepted."""
        self._goes_on.clear()

    def drop(self) -> None:
        """Cut every connection."""
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Cut every connection and take no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._goes_on.set()
        self.drop()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            self._sockets += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._hand_on, args=(source, target), daemon=True).start()

    def _hand_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self._goes_on.wait()
                target.sendall(data)
        except OSError:
            pass
        finally:
            for each in (source, target):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
