"""How many targets are worked on at once, which of them, and when to stop."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, get_args

from alembic_migrate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.targets import Target

Executor = Literal["processes", "dask"]

# A target's run holds its lock on one connection and migrates on another.
CONNECTIONS_EACH = 2


@dataclass(frozen=True, slots=True)
class Fleet:
    """How a verb goes through many targets.

    Attributes:
        jobs: processes that work at once; with 1 it is this process, one target after the other.
            None is 1, or with dask as many as the cluster has workers.
        canary: so many tenants of each base go first, and where one of them fails no other is
            tried.
        max_failures: no further target is begun once so many have failed; None is the first one,
            or with ``keep_going`` however many.
        shard: ``i/n``, the part ``i`` (from 0) of ``n`` parts that are the same on every machine.
        connections: to databases, at most so many at once; None is as many as ``jobs`` needs and
            the server has free.
        detail: with several processes each statement and each line of a log is told of, too.
        executor: where the processes are: on this machine, or below the workers of dask.
        scheduler: the address of dask's scheduler, as in ``tcp://10.0.0.1:8786``.

    Raises:
        UsageError: a number is too small, ``shard`` is no part of a whole, or ``executor`` and
            ``scheduler`` do not go together or need what is not installed.
    """

    jobs: int | None = None
    canary: int = 0
    max_failures: int | None = None
    shard: str | None = None
    connections: int | None = None
    detail: bool = False
    executor: Executor = "processes"
    scheduler: str | None = None

    def __post_init__(self) -> None:
        least = {"jobs": 1, "canary": 0, "max_failures": 1, "connections": CONNECTIONS_EACH}
        for name, smallest in least.items():
            value = getattr(self, name)
            if value is not None and value < smallest:
                flag = f"--{name.replace('_', '-')}"
                raise UsageError(f"{flag} {value}: it is {smallest} at least")
        if self.shard is not None:
            _part(self.shard)
        _check(self.executor, self.scheduler)

    def of_shard(self, targets: Sequence[Target]) -> tuple[Target, ...]:
        """Return the targets of this shard; which one a target is in depends on its name alone."""
        if self.shard is None:
            return tuple(targets)
        part, parts = _part(self.shard)
        return tuple(each for each in targets if _number(each.label) % parts == part)

    @property
    def several(self) -> bool:
        """Whether other processes than this one do the work."""
        return self.executor == "dask" or (self.jobs or 1) > 1

    @property
    def processes(self) -> int | None:
        """How many processes are asked for and the budget of connections allows; None: no limit."""
        jobs = 1 if self.jobs is None and self.executor == "processes" else self.jobs
        budget = self.connections and max(1, self.connections // CONNECTIONS_EACH)
        return min((each for each in (jobs, budget) if each is not None), default=None)


def _check(executor: str, scheduler: str | None) -> None:
    if executor not in get_args(Executor):
        raise UsageError(f"--executor {executor}: it is {' or '.join(get_args(Executor))}")
    if executor == "dask" and scheduler is None:
        raise UsageError(
            "--executor dask: which scheduler is not said",
            hint="--executor dask --scheduler tcp://HOST:8786",
        )
    if executor != "dask" and scheduler is not None:
        raise UsageError(
            f"--scheduler {scheduler}: only dask has one",
            hint=f"--executor dask --scheduler {scheduler}",
        )
    if executor == "dask" and find_spec("distributed") is None:
        raise UsageError(
            "--executor dask: dask is not installed",
            hint='pip install "alembic-migrate[dask]"',
        )


def _part(shard: str) -> tuple[int, int]:
    part, slash, parts = shard.partition("/")
    if not (slash and part.isdecimal() and parts.isdecimal() and int(part) < int(parts)):
        raise UsageError(
            f"--shard {shard}: it is I/N, with I from 0 to N - 1",
            hint="the first of four is --shard 0/4; in an indexed job of Kubernetes: "
            '--shard "$JOB_COMPLETION_INDEX/4"',
        )
    return int(part), int(parts)


def _number(label: str) -> int:
    return int.from_bytes(hashlib.sha256(label.encode()).digest()[:8])
