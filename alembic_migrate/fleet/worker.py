"""A process that works on one target after another, as its parent asks.

What it has loaded of a base, revisions and models, it keeps for the tenants that follow.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import traceback
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any

from alembic_migrate import garbage
from alembic_migrate.errors import AlembicMigrateError, Interrupted, Terminated
from alembic_migrate.fleet.frames import receive, send
from alembic_migrate.masking import mask
from alembic_migrate.signals import ends_in_order
from alembic_migrate.unneeded import left_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alembic_migrate.events import Event
    from alembic_migrate.targets import Target

_STDIN, _STDOUT, _STDERR = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work: ``work(target, report=...)`` is called in the worker.

    Attributes:
        target: what to work on.
        work: does it.
        detail: each statement and each line of a log is told of, too.
    """

    target: Target
    work: Callable[..., Any]
    detail: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a task: a result or an error."""

    result: Any = None
    error: AlembicMigrateError | None = None


class Worker:
    """Does tasks, and keeps what their targets have in common.

    Args:
        tell: gets each event of the work.
    """

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell
        self._bases: dict[str, Target] = {}

    def _tell_main(self, event: Event) -> None:
        if event.kind not in {"sql", "log"}:
            self._tell(event)

    def do(self, task: Task) -> Answer:
        """Do a task; whatever it raises is its answer."""
        target = task.target
        known = self._bases.setdefault(target.name, target)
        if target.tenant is not None:
            target = replace(
                known,
                tenant=target.tenant,
                behind=target.behind,
                compiled=target.compiled,
                warnings=[],
            )
        try:
            return Answer(task.work(target, report=self._tell if task.detail else self._tell_main))
        except AlembicMigrateError as error:
            error.add_note(traceback.format_exc())
            return Answer(error=error)
        except Terminated:
            return Answer(error=Interrupted("terminated", signal.SIGTERM, hint="nothing changed"))
        except BaseException as error:  # noqa: BLE001 - one failed target never takes others along
            said = mask(f"{type(error).__name__}: {error}")
            told = AlembicMigrateError(said, hint="--raiseerr shows where it came from.")
            told.add_note(traceback.format_exc())
            return Answer(error=told)


def main() -> None:
    """Answer the parent's tasks until it has no more; SIGTERM ends the one under way in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all: the parent decides
    requests, answers = _streams()
    with garbage.looked_for_seldom(), left_out():
        garbage.libraries.are_to_stay()
        _answer(requests, answers)


def _answer(requests: IO[bytes], answers: IO[bytes]) -> None:
    one_at_a_time = threading.Lock()  # the lock's connection has a thread of its own

    def tell(message: Event | Answer) -> None:
        # Without a parent it is finished, too.
        with contextlib.suppress(OSError), _undisturbed(), one_at_a_time:
            send(answers, message)

    from alembic_migrate.databases.keeping import keeping  # noqa: PLC0415 - imports SQLAlchemy

    worker = Worker(tell)
    with contextlib.suppress(EOFError, OSError, Terminated), ends_in_order(), keeping():
        while True:
            answer = worker.do(receive(requests))
            sys.stdout.flush()  # a line that has not ended
            tell(answer)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let SIGTERM wait meanwhile: half a message would be none. Only the main thread gets it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
    if asked:
        raise Terminated


def _streams() -> tuple[IO[bytes], IO[bytes]]:
    """Take stdin and stdout for the parent; what the project's own Python prints goes to stderr."""
    requests, answers = os.fdopen(os.dup(_STDIN), "rb"), os.fdopen(os.dup(_STDOUT), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, _STDIN)
    os.close(nothing)
    os.dup2(_STDERR, _STDOUT)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # in its order among what programs print
    return requests, answers
