"""SIGTERM and SIGINT: the running statement is cancelled, and the run ends in order."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, NoReturn

from alembic_migrate.errors import Terminated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_ENDING = {signal.SIGINT, signal.SIGTERM}
_PATIENCE = 2.0  # seconds between cancelling a statement and cutting its connection


@contextlib.contextmanager
def ends_in_order() -> Iterator[None]:
    """Let SIGTERM end the run the way Ctrl-C does, also in the middle of a long statement.

    Python's handlers wait until the C code of a driver is done. A thread that the signal wakes
    directly cancels the statement, and the handler runs then. Where the network stalls there is no
    answer to that either: the connection is cut.
    """

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Terminated

    try:
        before: Any = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not the main thread, which alone may do this
        yield
        return
    try:
        with _cancelling():
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _cancelling() -> Iterator[None]:
    reader, writer = os.pipe()
    if hasattr(os, "set_blocking"):  # not on Windows before Python 3.12, which does not ask for it
        os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    over = threading.Event()
    _begin(_listen, reader, over)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        over.set()
        os.close(writer)


def _begin(work: Callable[..., None], *given: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=given, name="alembic-db", daemon=True)
    thread.start()
    return thread


def _listen(reader: int, over: threading.Event) -> None:
    asked = False
    while number := os.read(reader, 1):
        if number[0] in _ENDING:
            if not asked:
                _begin(_hush_pools, over)
            asked = True
            _begin(_end_statements, over)
    os.close(reader)


def _hush_pools(over: threading.Event) -> None:
    """Keep SQLAlchemy from showing the traceback of a second signal that meets it disconnecting."""
    import logging  # noqa: PLC0415 - for signals alone

    log = logging.getLogger("sqlalchemy.pool")
    before = log.level
    log.setLevel(logging.CRITICAL)
    over.wait()
    log.setLevel(before)


def _end_statements(over: threading.Event) -> None:
    """Cancel what runs; where that does not end it in time, nothing answers, and it is cut."""
    # Where nothing has connected there is nothing to cancel, and nothing is imported for it.
    watching = sys.modules.get("alembic_migrate.databases.watching")
    if watching is not None:
        _begin(watching.cancel_running)  # a driver asks the server to do it, and waits for it too
    sockets = sys.modules.get("alembic_migrate.databases.sockets")
    if sockets is not None and not over.wait(_PATIENCE):
        sockets.cut_all()
