"""What a worker process of dask does: one target at a time, in a process below it.

dask may run several threads in a worker process, and Alembic is process-wide: the work is done by
the same process that ``--jobs`` starts, which keeps what it has loaded for the targets that follow.

dask itself runs a task again when its worker was lost, up to three times. Here each attempt says at
the scheduler that it has begun, and where it finds that said, it is the second run of an attempt:
it does nothing, and answers that a worker was lost.
"""

from __future__ import annotations

import pickle
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alembic_migrate.errors import AlembicMigrateError, ClusterError, Interrupted
from alembic_migrate.fleet.processes import Process
from alembic_migrate.fleet.worker import Answer
from alembic_migrate.masking import mask
from alembic_migrate.version import VERSION

if TYPE_CHECKING:
    from alembic_migrate.events import Event


@dataclass(frozen=True, slots=True)
class Parcel:
    """One attempt at a task, on its way to a worker.

    Attributes:
        run: which run of the command it belongs to.
        attempt: its own name, which no other attempt has.
        label: the target's.
        version: of this package, where the task was made.
        task: pickled; it holds a URL with its password, so no repr shows it.
    """

    run: str
    attempt: str
    label: str
    version: str
    task: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a worker answers.

    Attributes:
        answer: what became of the task; None where a worker was lost that had begun this attempt.
        events: what happened meanwhile.
    """

    answer: Answer | None
    events: tuple[Event, ...] = ()


class _Place:
    """The process below this worker, what it works for, and whose turn it is."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.run: str | None = None
        self.process: Process | None = None

    def ready(self) -> Process:
        if self.process is None or not self.process.alive:
            if self.process is not None:
                self.process.close()
            self.process = Process()
        return self.process

    def leave(self) -> None:
        """Let the process go: another run may have another project, or other revisions."""
        process, self.process = self.process, None
        if process is not None:
            process.close()


_PLACE = _Place()


def ended(run: str) -> str:
    """Return the name of the event that no further work of a run is to begin."""
    return f"{run}-ended"


def do(parcel: Parcel) -> Delivery:
    """Do a task once, in its turn; nothing is raised, for dask would log it."""
    if parcel.version != VERSION:
        return Delivery(Answer(error=other_version(parcel.version, VERSION)))
    try:
        with _PLACE.turn:
            return _do(parcel)
    except AlembicMigrateError as error:
        return Delivery(Answer(error=error))
    except BaseException as error:  # noqa: BLE001 - whoever waits for it hears of it
        return Delivery(Answer(error=ClusterError(mask(f"{type(error).__name__}: {error}"))))


def _do(parcel: Parcel) -> Delivery:
    from distributed import Event as Mark  # noqa: PLC0415 - an extra

    begun = Mark(parcel.attempt)
    if begun.is_set():
        return Delivery(None)
    if _PLACE.run != parcel.run:
        _PLACE.leave()
    _PLACE.run = parcel.run
    process = _PLACE.ready()
    if Mark(ended(parcel.run)).is_set():
        return Delivery(Answer(error=Interrupted("interrupted", hint="nothing changed")))
    begun.set()
    events: list[Event] = []
    answer = process.do(pickle.loads(parcel.task), events.append)  # noqa: S301 - our own command's
    return Delivery(answer, tuple(events))


def end(run: str, *, kill: bool) -> None:
    """Ask the process that works for a run to end in order, or end it; in each worker."""
    if _PLACE.run == run and _PLACE.process is not None and _PLACE.turn.locked():
        if kill:
            _PLACE.process.kill()
        else:
            _PLACE.process.end()


def leave(run: str) -> None:
    """Let the process of a run go, which is over, without keeping the worker's loop waiting."""
    threading.Thread(target=_leave, args=(run,), name="alembic-migrate-fleet").start()


def _leave(run: str) -> None:
    with _PLACE.turn:
        if _PLACE.run == run:
            _PLACE.leave()


def version() -> str:
    """Return the version of this package that a worker has."""
    return VERSION


def other_version(ours: str, theirs: str, worker: str = "a worker") -> ClusterError:
    """Return the error for a worker with another alembic-migrate."""
    return ClusterError(
        f"{worker} has alembic-migrate {theirs}, and this command is {ours}",
        hint=f'on each worker: pip install "alembic-migrate[dask]=={ours}"',
    )
