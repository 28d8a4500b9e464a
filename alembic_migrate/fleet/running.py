"""One verb over many targets: canaries first, several at once, and each with an end of its own."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from alembic_migrate.commands.each import failure, owned
from alembic_migrate.errors import AlembicMigrateError, BasesFailed, Interrupted
from alembic_migrate.events import Event, Tally
from alembic_migrate.fleet.limits import CONNECTIONS_EACH
from alembic_migrate.fleet.order import stages
from alembic_migrate.results import Outcome

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from alembic_migrate.events import Report
    from alembic_migrate.fleet.cluster import Cluster
    from alembic_migrate.fleet.limits import Fleet
    from alembic_migrate.targets import Target

T = TypeVar("T")

# Returns, by label, what is known of targets without working on each of them.
Beforehand = Callable[[Sequence["Target"]], Mapping[str, Outcome[T]]]


class Going(Generic[T]):
    """One verb over many targets.

    Args:
        targets: what to work on, in the order in which it is told of them.
        work: does one of them: ``work(target, report=report)``. With several processes it is called
            there, so it can be pickled.
        fleet: how many at once, and when to stop.
        keep_going: go on with the others where one fails.
        report: is told what happens; of several at once, one after the other.
        beforehand: returns, by label, what is known of targets without working on each of them.
        repeatable: work that was done, or half done, may be done once more.

    Attributes:
        outcomes: what became of each target so far, by label.
        ended: the request to end that came meanwhile, or None.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        work: Callable[..., T],
        *,
        fleet: Fleet,
        keep_going: bool,
        report: Report,
        beforehand: Beforehand[T] | None = None,
        repeatable: bool = False,
    ) -> None:
        self.targets = targets
        self.work = work
        self.fleet = fleet
        self.keep_going = keep_going or (fleet.max_failures or 0) > 1
        self.report = report
        self.outcomes: dict[str, Outcome[T]] = {}
        self.repeatable = repeatable
        self._beforehand = beforehand
        self._most = fleet.max_failures or (len(targets) if keep_going else 1)
        self.ended: Interrupted | None = None
        self._cluster: Cluster | None = None
        self._failed: set[str] = set()
        tenants = any(target.tenant is not None for target in targets)
        self._is_fleet = len(targets) > 1 and (tenants or fleet.several)

    def results(self) -> tuple[T, ...]:
        """Do the work, and return what it returned in the order of the targets.

        Raises:
            AlembicMigrateError: the one target failed.
            BasesFailed: some of several failed; it holds what happened to each.
        """
        try:
            self._go_through_stages()
        finally:
            if self._cluster is not None:
                self._cluster.close()
        if self._failed or self.ended is not None:
            raise self._failure()
        found = (self.outcomes[target.label].result for target in self.targets)
        return tuple(result for result in found if result is not None)

    def _go_through_stages(self) -> None:
        for stage in stages(self.targets, self.fleet.canary):
            before = len(self._failed)
            self._go_through(stage.targets)
            if not self.goes_on or (stage.canary and len(self._failed) > before):
                break

    @property
    def goes_on(self) -> bool:
        """Whether further targets are to be begun."""
        return self.ended is None and len(self._failed) < self._most

    def _failure(self) -> AlembicMigrateError:
        outcomes = [
            self.outcomes.get(target.label) or Outcome(target.name, tenant=target.tenant)
            for target in self.targets
        ]
        if len(outcomes) == 1 and outcomes[0].error is not None:
            return outcomes[0].error
        if not self._failed:
            untried = sum(outcome.result is None for outcome in outcomes)
            error = BasesFailed(
                f"interrupted: {len(outcomes) - untried} of {len(outcomes)} done, "
                f"{untried} not tried",
                tuple(outcomes),
            )
            error.named = any(target.is_named for target in self.targets)
        else:
            error = failure(outcomes, self.targets, keep_going=self.keep_going)
        if self.ended is not None:
            error.exit_status = self.ended.exit_status
        return error

    def _go_through(self, targets: Sequence[Target]) -> None:
        known = self._beforehand(targets) if self._beforehand is not None else {}
        for target in targets:
            if target.label in known:
                self._note(target, known[target.label])
        waiting = deque(target for target in targets if target.label not in known)
        if self.fleet.executor == "dask":
            if waiting and self.goes_on:
                self._go_through_elsewhere(waiting)
            return
        size = min(self.fleet.processes or 1, len(waiting))
        if size > 1:
            size = self.fitting(size, waiting[0])
        if size > 1 and self.goes_on:
            from alembic_migrate.fleet.crew import Crew  # noqa: PLC0415 - for several at once

            Crew(self, self.work, size, detail=self.fleet.detail).go_through(waiting)
        with self._keeping():
            while waiting and self.goes_on:
                self._do_here(waiting.popleft())

    def _keeping(self) -> AbstractContextManager[None]:
        if not self._is_fleet:
            return nullcontext()
        from alembic_migrate.databases.keeping import keeping  # noqa: PLC0415 - imports SQLAlchemy

        return keeping()

    def _go_through_elsewhere(self, waiting: deque[Target]) -> None:
        from alembic_migrate.fleet.cluster import Cluster  # noqa: PLC0415 - imports dask

        if self._cluster is None:
            self._cluster = Cluster(self, self.work)
        self._cluster.go_through(waiting)

    def fitting(self, size: int, target: Target) -> int:
        """Return how many processes a database's server has connections for, one at least."""
        from alembic_migrate.bridge.asking import room_for  # noqa: PLC0415 - for several at once

        room = room_for(target)
        fitting = size if room is None else max(1, min(size, room // CONNECTIONS_EACH))
        if fitting < size:
            self.report(
                Event(
                    "warning",
                    f"the server has {room} connections free, and each process needs "
                    f"{CONNECTIONS_EACH}: {fitting} at once in place of {size}",
                )
            )
        return fitting

    def _do_here(self, target: Target) -> None:
        began = time.monotonic()
        try:
            result = owned(self.work(target, report=self.report), target)
            outcome = Outcome(target.name, result, tenant=target.tenant)
        except AlembicMigrateError as error:
            outcome = Outcome(target.name, error=error, tenant=target.tenant)
            if isinstance(error, Interrupted):
                self.ended = error
        self.finished(target, outcome, time.monotonic() - began)

    def finished(self, target: Target, outcome: Outcome[T], seconds: float) -> None:
        """Note what became of a target, and tell it where there may be many."""
        self._note(target, outcome)
        if self._is_fleet:
            failed = len(self._failed)
            tally = Tally(len(self.outcomes) - failed, failed, len(self.targets))
            kind: Literal["done", "failed"] = "done" if outcome.error is None else "failed"
            self.report(Event(kind, f"{kind} in {seconds:.1f} s", target.label, tally))

    def _note(self, target: Target, outcome: Outcome[T]) -> None:
        if outcome.error is not None:
            self._failed.add(target.label)
        self.outcomes[target.label] = outcome


def run(
    targets: Sequence[Target],
    work: Callable[..., T],
    *,
    fleet: Fleet,
    keep_going: bool,
    report: Report,
    beforehand: Beforehand[T] | None = None,
    repeatable: bool = False,
) -> tuple[T, ...]:
    """Do work on every target, and return what it returned in their order; as ``Going`` does."""
    going = Going(
        targets,
        work,
        fleet=fleet,
        keep_going=keep_going,
        report=report,
        beforehand=beforehand,
        repeatable=repeatable,
    )
    return going.results()
