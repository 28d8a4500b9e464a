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
    from collections.abc import Iterator
    from types import FrameType

_ENDING = {signal.SIGINT, signal.SIGTERM}


@contextlib.contextmanager
def ends_in_order() -> Iterator[None]:
    """Let SIGTERM end the run the way Ctrl-C does, also in the middle of a long statement.

    Python's handlers wait until the C code of a driver is done. A thread that the signal wakes
    directly cancels the statement, and the handler runs then.
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
    thread = threading.Thread(target=_listen, args=(reader,), name="alembic-db", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writer)
        thread.join(timeout=1)
        os.close(reader)


def _listen(reader: int) -> None:
    while number := os.read(reader, 1):
        # Where nothing has connected there is nothing to cancel, and nothing is imported for it.
        watching = sys.modules.get("alembic_migrate.databases.watching")
        if number[0] in _ENDING and watching is not None:
            watching.cancel_running()
