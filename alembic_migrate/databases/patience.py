"""Work that is waited for only so long, since a network that stalls never says that it does."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Silent(TimeoutError):
    """A database did not answer in time; whether it did what was asked is not known."""


class Worker:
    """A thread that does one piece of work after another; who asks waits only so long.

    Once a piece took too long the worker is lost: it gets no other, and nobody waits for it, the
    end of the process included.

    Args:
        on_lost: is called once, when it is.

    Attributes:
        lost: whether it is.
    """

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self._on_lost = on_lost
        self._pieces: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self.lost = False
        self._ended = False
        threading.Thread(target=self._run, name="alembic-migrate-worker", daemon=True).start()

    def do(self, work: Callable[[], T], seconds: float) -> T:
        """Do a piece of work in the caller's context, and return what it returns.

        Args:
            work: the piece; what it raises is raised here.
            seconds: how long to wait for it, and for those before it.

        Raises:
            Silent: it took longer, or another one did before it; or the thread has ended.
        """
        if self.lost or self._ended:
            raise Silent("no answer any more")
        answer: Future[T] = Future()
        context = copy_context()
        self._pieces.put(lambda: _fill(answer, lambda: context.run(work)))
        wait([answer], timeout=seconds)
        if answer.done() and not self.lost:
            return answer.result()
        if not self.lost:
            self.lost = True
            self._on_lost()
        raise Silent(f"no answer within {seconds:g} s")

    def end(self, work: Callable[[], None]) -> None:
        """Let the thread do a last piece of work, without waiting for it, and end."""
        self._ended = True
        self._pieces.put(work)
        self._pieces.put(None)

    def _run(self) -> None:
        while (piece := self._pieces.get()) is not None:
            piece()


def _fill(answer: Future[T], work: Callable[[], T]) -> None:
    try:
        answer.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
        answer.set_exception(error)


def within(seconds: float, work: Callable[[], T]) -> T:
    """Do work in a thread of its own and return what it returns.

    Raises:
        Silent: it takes longer than these seconds; the thread is left alone.
    """
    worker = Worker(lambda: None)
    try:
        return worker.do(work, seconds)
    finally:
        worker.end(lambda: None)
