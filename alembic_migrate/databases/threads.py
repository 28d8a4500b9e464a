"""Threads of drivers that outlive the event loop they worked for."""

from __future__ import annotations

import threading
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WAIT_SECONDS = 1.0


@contextmanager
def quiet_threads() -> Iterator[None]:
    """Let no thread of aiosqlite's complain that its event loop is closed.

    After a connection that failed its thread is still there when ``asyncio.run()`` ends, and would
    write a traceback to stderr beside the error that is told.
    """
    usual = threading.excepthook

    def hook(args: threading.ExceptHookArgs) -> None:
        frames = traceback.extract_tb(args.exc_traceback)
        if "closed" not in str(args.exc_value) or not any(
            "aiosqlite" in f.filename for f in frames
        ):
            usual(args)

    before = set(threading.enumerate())
    threading.excepthook = hook
    try:
        yield
    finally:
        for thread in set(threading.enumerate()) - before:
            if _is_aiosqlite(thread):
                thread.join(_WAIT_SECONDS)
        threading.excepthook = usual


def _is_aiosqlite(thread: threading.Thread) -> bool:
    # Its connection is the thread, or since 0.22 the target of one.
    owner = getattr(thread, "_target", None) or type(thread)
    return str(getattr(owner, "__module__", "")).startswith("aiosqlite")
