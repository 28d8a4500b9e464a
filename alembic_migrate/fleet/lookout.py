"""What keeps nobody waiting: questions to a scheduler of dask that may not answer any more."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Client

T = TypeVar("T")

PATIENCE = 10.0  # seconds for a scheduler to be there, and for a worker
SILENCE = 30.0  # seconds without an answer after which no more is expected
LOOK = 1.0  # seconds between looking at who is there


def in_time(ask: Callable[[], T], seconds: float) -> T:
    """Return what a question comes to, which is left alone where it takes longer.

    Args:
        ask: asks it, in a thread of its own.
        seconds: how long is waited.

    Raises:
        TimeoutError: it takes longer.
    """
    found: list[T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            found.append(ask())
        except BaseException as error:  # noqa: BLE001 - whoever asked hears of it
            failed.append(error)

    thread = threading.Thread(target=work, name="alembic-migrate-asks", daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError
    return found[0]


class Lookout:
    """Looks at who is there, again and again.

    Args:
        client: of the scheduler.
        tell: is called after each look.

    Attributes:
        workers: how many there were at the last look.
        answered: when the scheduler answered last.
        manned: when there was a worker last.
    """

    def __init__(self, client: Client, tell: Callable[[], None]) -> None:
        self.workers = 0
        self.answered = self.manned = time.monotonic()
        self._client = client
        self._tell = tell
        self._over = threading.Event()
        threading.Thread(target=self._look, name="alembic-migrate-looks", daemon=True).start()

    def leave(self) -> None:
        """Look no more."""
        self._over.set()

    def _look(self) -> None:
        while not self._over.is_set():
            try:
                self.workers = len(self._client.nthreads())
            except Exception:  # noqa: BLE001, S110 - what it means is for its readers to judge
                pass
            else:
                self.answered = time.monotonic()
                self.manned = self.answered if self.workers else self.manned
                self._tell()
            self._over.wait(LOOK)
