"""How many targets are worked on at once, which of them, and when to stop."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic_migrate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.targets import Target

# A target's run holds its lock on one connection and migrates on another.
CONNECTIONS_EACH = 2


@dataclass(frozen=True, slots=True)
class Fleet:
    """How a verb goes through many targets.

    Attributes:
        jobs: processes that work at once; with 1 it is this process, one target after the other.
        canary: so many tenants of each base go first, and where one of them fails no other is
            tried.
        max_failures: no further target is begun once so many have failed; None is the first one,
            or with ``keep_going`` however many.
        shard: ``i/n``, the part ``i`` (from 0) of ``n`` parts that are the same on every machine.
        connections: to databases, at most so many at once; None is as many as ``jobs`` needs and
            the server has free.
        detail: with several processes each statement and each line of a log is told of, too.

    Raises:
        UsageError: a number is too small, or ``shard`` is no part of a whole.
    """

    jobs: int = 1
    canary: int = 0
    max_failures: int | None = None
    shard: str | None = None
    connections: int | None = None
    detail: bool = False

    def __post_init__(self) -> None:
        least = {"jobs": 1, "canary": 0, "max_failures": 1, "connections": CONNECTIONS_EACH}
        for name, smallest in least.items():
            value = getattr(self, name)
            if value is not None and value < smallest:
                flag = f"--{name.replace('_', '-')}"
                raise UsageError(f"{flag} {value}: it is {smallest} at least")
        if self.shard is not None:
            _part(self.shard)

    def of_shard(self, targets: Sequence[Target]) -> tuple[Target, ...]:
        """Return the targets of this shard; which one a target is in depends on its name alone."""
        if self.shard is None:
            return tuple(targets)
        part, parts = _part(self.shard)
        return tuple(each for each in targets if _number(each.label) % parts == part)

    @property
    def processes(self) -> int:
        """How many processes the budget of connections allows."""
        if self.connections is None:
            return self.jobs
        return max(1, min(self.jobs, self.connections // CONNECTIONS_EACH))


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
