"""Several processes that go through targets, one target each at a time."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from alembic_migrate.commands.each import owned
from alembic_migrate.errors import AlembicMigrateError, Interrupted, Terminated
from alembic_migrate.fleet.processes import Process
from alembic_migrate.fleet.worker import Answer, Task
from alembic_migrate.garbage import libraries
from alembic_migrate.results import Outcome

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from alembic_migrate.events import Event
    from alembic_migrate.fleet.running import Going
    from alembic_migrate.targets import Target


class _Finished(NamedTuple):
    target: Target
    answer: Answer
    events: list[Event]
    seconds: float


class Crew:
    """Processes, a thread for each that waits for it, and the caller that waits for all.

    The caller may be asked to end anywhere: what it has to know of it keeps where nothing that is
    done twice or not at all makes it wait for ever.

    Args:
        run: is told what became of each target, and says whether there is more to begin.
        work: what is done in the processes.
        size: how many there are.
        detail: they tell of each statement, too.
    """

    def __init__(
        self, run: Going[Any], work: Callable[..., Any], size: int, *, detail: bool
    ) -> None:
        self._run = run
        self._work = work
        self._detail = detail
        self._asked: queue.SimpleQueue[Target | None] = queue.SimpleQueue()
        self._woken: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._finished: dict[str, _Finished] = {}
        self._under_way: set[str] = set()
        self._processes: dict[int, Process] = {}
        self._threads = [
            threading.Thread(target=self._serve, args=(number,), name="alembic-migrate-fleet")
            for number in range(size)
        ]

    def go_through(self, waiting: deque[Target]) -> None:
        """Take targets from those that wait while the run goes on, and wait for what was begun."""
        libraries.are_imported()  # this process does nothing but wait, maybe for hours
        for thread in self._threads:
            thread.start()
        self._begin(waiting)
        while self._under_way:
            try:
                self._take_finished()
                self._begin(waiting)
                if self._under_way:
                    self._woken.get()
            except (KeyboardInterrupt, Terminated) as asked:
                self._end(asked)
        for _ in self._threads:
            self._asked.put(None)
        while any(thread.is_alive() for thread in self._threads):
            try:
                for thread in self._threads:
                    thread.join()
            except (KeyboardInterrupt, Terminated) as asked:
                self._end(asked)
        self._take_finished()

    def _begin(self, waiting: deque[Target]) -> None:
        while waiting and self._run.goes_on and len(self._under_way) < len(self._threads):
            target = waiting.popleft()
            self._asked.put(target)
            self._under_way.add(target.label)

    def _take_finished(self) -> None:
        for label in list(self._finished):
            self._take(self._finished[label])
            self._under_way.discard(label)
            del self._finished[label]

    def _take(self, ended: _Finished) -> None:
        for event in ended.events:  # one block of lines a target
            self._run.report(event)
        target, answer = ended.target, ended.answer
        result = owned(answer.result, target) if answer.error is None else None
        outcome: Outcome[Any] = Outcome(target.name, result, answer.error, target.tenant)
        self._run.finished(target, outcome, ended.seconds)

    def _end(self, asked: BaseException) -> None:
        """Ask the processes to end in order; asked once more, end them."""
        again = self._run.ended is not None
        self._run.ended = Interrupted("interrupted", 15 if isinstance(asked, Terminated) else 2)
        for process in list(self._processes.values()):
            if again:
                process.kill()
            else:
                process.end()

    def _serve(self, number: int) -> None:
        while (target := self._asked.get()) is not None:
            began = time.monotonic()
            events: list[Event] = []
            try:
                task = Task(target, self._work, self._detail)
                answer = self._process(number).do(task, events.append)
            except AlembicMigrateError as error:
                answer = Answer(error=error)
            except BaseException as error:  # noqa: BLE001 - whoever waits for it hears of it
                answer = Answer(error=AlembicMigrateError(f"{type(error).__name__}: {error}"))
            seconds = time.monotonic() - began
            self._finished[target.label] = _Finished(target, answer, events, seconds)
            self._woken.put(None)
        if (last := self._processes.get(number)) is not None:
            last.close()

    def _process(self, number: int) -> Process:
        process = self._processes.get(number)
        if process is None or not process.alive:
            if process is not None:
                process.close()
            process = self._processes[number] = Process()
        return process
