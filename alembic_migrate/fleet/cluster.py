"""The workers of dask.distributed that go through targets, one target each at a time.

Which worker does what is dask's business. What is begun is ours: never more at once than there are
workers, so that a failure or a request to end keeps the rest from beginning.
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from distributed import Event as Mark
from distributed import KilledWorker

from alembic_migrate.commands.each import owned
from alembic_migrate.errors import (
    AlembicMigrateError,
    ClusterError,
    Interrupted,
    MigrationError,
    Terminated,
)
from alembic_migrate.events import Event
from alembic_migrate.fleet import lookout, remote
from alembic_migrate.fleet.connecting import connected, quiet
from alembic_migrate.fleet.lookout import Lookout, in_time
from alembic_migrate.fleet.remote import Delivery, Parcel
from alembic_migrate.fleet.worker import Answer, Task
from alembic_migrate.results import Outcome
from alembic_migrate.version import VERSION

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from distributed import Future

    from alembic_migrate.fleet.running import Going
    from alembic_migrate.targets import Target

_GOES_ON = "what its workers have begun goes on there; run the command again"


@dataclass(frozen=True, slots=True)
class _Flight:
    target: Target
    attempt: str
    again: bool
    began: float
    future: Future[Delivery]


class Cluster:
    """A scheduler of dask, and the caller that waits for what its workers do.

    As with ``Crew`` the caller may be asked to end anywhere.

    Args:
        run: is told what became of each target, and says whether there is more to begin.
        work: what is done in the workers.

    Raises:
        ClusterError: no scheduler answers, or no worker is there, or a worker has another version.
    """

    def __init__(self, run: Going[Any], work: Callable[..., Any]) -> None:
        self._run = run
        self._work = work
        self._name = f"alembic-migrate-{uuid4().hex}"
        self._woken: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._under_way: dict[str, _Flight] = {}
        self._workers = 0
        self._size = 0
        self._given_up = False
        self._latest: float | None = None  # when the processes are to be gone that are to end now
        self._quiet = contextlib.ExitStack()
        self._quiet.enter_context(quiet())
        try:
            self._client = connected(run.fleet.scheduler or "")
        except BaseException:
            self._quiet.close()
            raise
        self._lookout = Lookout(self._client, lambda: self._woken.put(None))

    def go_through(self, waiting: deque[Target]) -> None:
        """Take targets from those that wait while the run goes on, and wait for what was begun."""
        while self._under_way or (waiting and self._run.goes_on):
            try:
                self._take_finished()
                self._look(waiting)
                self._begin(waiting)
                if self._under_way or waiting:
                    with contextlib.suppress(queue.Empty):
                        self._woken.get(timeout=lookout.LOOK)
            except (KeyboardInterrupt, Terminated) as asked:
                self._end(asked)
            except ClusterError as error:
                self._give_up(error, waiting)

    def close(self) -> None:
        """Leave the cluster as it was, where it answers; asked to end meanwhile, as it is."""
        self._lookout.leave()
        with contextlib.suppress(Exception, KeyboardInterrupt, Terminated):
            if self._answers:
                in_time(self._clear, lookout.PATIENCE)
        with contextlib.suppress(Exception, KeyboardInterrupt, Terminated):
            self._client.close(timeout=lookout.PATIENCE if self._answers else lookout.LOOK)
        self._quiet.close()

    def _clear(self) -> None:
        self._client.run(remote.leave, self._name, on_error="ignore")
        Mark(remote.ended(self._name), client=self._client).clear()

    @property
    def _answers(self) -> bool:
        return self._client.status == "running" and not self._given_up

    def _look(self, waiting: deque[Target]) -> None:
        """See how many workers there are; there may be more by now, or nobody answers.

        Raises:
            ClusterError: there is nobody whose answer can be waited for.
        """
        seen, now = self._lookout, time.monotonic()
        if self._client.status != "running":
            raise ClusterError("the connection to dask's scheduler was lost", hint=_GOES_ON)
        if now - seen.answered > lookout.SILENCE:
            said = f"dask's scheduler has not answered for {lookout.SILENCE:.0f} seconds"
            raise ClusterError(said, hint=_GOES_ON)
        if self._latest is not None and now > self._latest:
            raise ClusterError(
                "whether its process has ended is not known: its worker does not say so",
                hint="look where the database is, and run the command again",
            )
        if not seen.workers and seen.answered - seen.manned > lookout.PATIENCE:
            raise ClusterError(
                f"the cluster has had no worker for {lookout.PATIENCE:.0f} seconds",
                hint="what was committed stays; start workers, and run the command again",
            )
        if seen.workers > self._workers and waiting:
            self._grow(seen.workers, waiting[0])

    def _grow(self, workers: int, target: Target) -> None:
        most = self._run.fleet.processes
        more = (workers if most is None else min(workers, most)) - self._size
        self._workers = workers
        if more > 0:
            self._size += self._run.fitting(more, target)

    def _begin(self, waiting: deque[Target]) -> None:
        while waiting and self._run.goes_on and len(self._under_way) < self._size:
            self._submit(waiting[0], again=False, began=time.monotonic())
            waiting.popleft()

    def _submit(self, target: Target, *, again: bool, began: float) -> None:
        attempt = f"{self._name}-{target.label}-{'again' if again else 'first'}"
        task = Task(target, self._work, self._run.fleet.detail)
        parcel = Parcel(self._name, attempt, target.label, VERSION, pickle.dumps(task))
        future = self._client.submit(remote.do, parcel, key=attempt, pure=False, retries=0)
        self._under_way[target.label] = _Flight(target, attempt, again, began, future)
        future.add_done_callback(lambda _: self._woken.put(None))

    def _take_finished(self) -> None:
        for label, flight in list(self._under_way.items()):
            if not flight.future.done():
                continue
            with contextlib.suppress(TimeoutError):  # on its way: it is asked again
                delivery = _delivered(flight)
                if delivery.answer is None and self._may_try_again(flight):
                    self._try_again(flight)
                    continue
                self._take(flight, delivery)
                del self._under_way[label]

    def _may_try_again(self, flight: _Flight) -> bool:
        return self._run.repeatable and not flight.again and self._run.ended is None

    def _try_again(self, flight: _Flight) -> None:
        text = "its worker was lost; it is tried once more"
        self._run.report(Event("warning", text, flight.target.label))
        self._submit(flight.target, again=True, began=flight.began)
        self._forget(flight)

    def _take(self, flight: _Flight, delivery: Delivery) -> None:
        for event in delivery.events:  # one block of lines a target
            self._run.report(event)
        target, answer = flight.target, delivery.answer or Answer(error=_lost(flight))
        result = owned(answer.result, target) if answer.error is None else None
        outcome: Outcome[Any] = Outcome(target.name, result, answer.error, target.tenant)
        self._run.finished(target, outcome, time.monotonic() - flight.began)
        self._forget(flight)

    def _forget(self, flight: _Flight) -> None:
        """Take back what an attempt left at the scheduler."""
        flight.future.release()
        if self._answers:
            with contextlib.suppress(OSError, TimeoutError):
                in_time(Mark(flight.attempt, client=self._client).clear, lookout.PATIENCE)

    def _give_up(self, error: ClusterError, waiting: deque[Target]) -> None:
        """Let what is under way fail, and begin nothing more."""
        self._given_up = True
        for label, flight in list(self._under_way.items()):
            told = ClusterError(f"{flight.target.prefix}{error.message}", hint=error.hint)
            self._take(flight, Delivery(Answer(error=told)))
            del self._under_way[label]
        waiting.clear()

    def _end(self, asked: BaseException) -> None:
        """Ask the processes to end in order; asked once more, end them."""
        again = self._run.ended is not None
        self._run.ended = Interrupted("interrupted", 15 if isinstance(asked, Terminated) else 2)
        if again and self._latest is None:
            self._latest = time.monotonic() + lookout.PATIENCE
        # In a thread of its own: a cluster that does not answer is no reason not to be asked again.
        threading.Thread(target=self._pass_on, args=(again,), daemon=True).start()

    def _pass_on(self, kill: bool) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError):
            Mark(remote.ended(self._name), client=self._client).set()
            self._client.run(remote.end, self._name, kill=kill, on_error="ignore")


def _delivered(flight: _Flight) -> Delivery:
    """Return what a worker answered.

    Raises:
        ClusterError: the scheduler is gone.
        TimeoutError: the answer is still on its way.
    """
    future = flight.future
    if future.status in {"cancelled", "lost"}:
        raise ClusterError("the connection to dask's scheduler was lost", hint=_GOES_ON)
    try:
        return future.result(timeout=lookout.LOOK)
    except KilledWorker:  # a scheduler may be told to try nothing again
        return Delivery(None)
    except TimeoutError:
        raise
    except Exception as error:  # noqa: BLE001 - the worker could not even read what to do
        said = (
            f"{flight.target.prefix}its worker cannot do the work: {type(error).__name__}: {error}"
        )
        hint = f'on each worker: pip install "alembic-migrate[dask]=={VERSION}"'
        return Delivery(Answer(error=ClusterError(said, hint=hint)))


def _lost(flight: _Flight) -> AlembicMigrateError:
    how = ", and so was the one that tried it again" if flight.again else ""
    return MigrationError(
        f"{flight.target.prefix}its worker was lost{how}",
        hint="what was committed stays; look where the database is, and run the command again",
        data={"base": flight.target.name},
    )
