"""The steps of a run as they happen."""

from __future__ import annotations

import functools
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from alembic_migrate.bridge.journal import DONE, FAILED
from alembic_migrate.bridge.records import announcement, function_of, is_run
from alembic_migrate.bridge.sites import Sites
from alembic_migrate.bridge.telling import explained
from alembic_migrate.databases.executed import Statements
from alembic_migrate.databases.keeping import hand_on
from alembic_migrate.errors import LockError, Terminated
from alembic_migrate.events import Event, Report
from alembic_migrate.history.literal import is_literal_file
from alembic_migrate.results import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep
    from sqlalchemy.engine import Connection

    from alembic_migrate.bridge.guarding import Guard
    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.targets import Target

S = TypeVar("S", bound="RevisionStep | StampStep")


class Progress:
    """What ran so far in one run of one target.

    Attributes:
        before: ids in the version table when the run began.
        running: the revision that runs now, or None. It runs until the next one begins: what fails
            in between (a commit, a deferred constraint, the version table) is its failure too.
        offline: a script is written and no database is asked.
        statements: what the run executes; empty where that is not watched.
        guard: is told when a revision begins and how it ended; None where nothing is changed.
        sites: the databases that the environment script works on.
        look: is shown the connection before each revision, as the one before has left it.
        ending: what ended a revision that was asked to end; None where none was.
    """

    def __init__(self, target: Target, scripts: Scripts, report: Report) -> None:
        self.target = target
        self.scripts = scripts
        self.report = report
        self.before: tuple[str, ...] = ()
        self.running: Step | None = None
        self.direction = "upgrade"
        self.offline = False
        self.statements = Statements()
        self.guard: Guard | None = None
        self.sites = Sites(target)
        self.look: Callable[[Connection], None] | None = None
        self._finished: list[Step] = []
        self._attempt = 0
        self.ending: BaseException | None = None
        self._left = 0
        self._is_literal = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """The revisions that finished."""
        return tuple(self._finished)

    def finish(self) -> None:
        """Note that what runs has come to its end."""
        if self.running is not None:
            self._finished.append(self.running)
            self._ended(DONE)

    def begin_again(self, *, keep: bool) -> None:
        """Forget what runs: it was taken back, and unless ``keep`` what finished before it too."""
        self._ended(FAILED)
        if not keep:
            del self._finished[self._attempt :]
        self._attempt = len(self._finished)

    def _ended(self, outcome: str) -> None:
        ended, self.running = self.running, None  # what fails from here on is not its failure
        if ended is not None and self.guard is not None:
            self.guard.ended(outcome)

    def watch(
        self,
        steps: Iterable[S],
        context: MigrationContext,
        run_of: Callable[[S], Callable[..., Any]] | None = None,
    ) -> list[S]:
        """Return Alembic's steps, each of which tells when it starts and when it is done.

        Args:
            steps: what is to be done.
            context: where.
            run_of: gives what a step calls, in place of its own function.
        """
        self.offline = bool(context.as_sql)
        steps = list(steps)
        self._left, self._is_literal = len(steps), True
        return [self._watched(step, context, run_of) for step in steps]

    def _watched(
        self,
        step: S,
        context: MigrationContext,
        run_of: Callable[[S], Callable[..., Any]] | None,
    ) -> S:
        if run_of is None:
            run = function_of(step, context.connection, self.target, self.report)
        else:
            run = run_of(step)
        begun = Step(self._id(step), step.doc or "", 0.0)

        def work(**given: Any) -> None:
            self.finish()
            if self.look is not None and context.connection is not None:
                self.look(context.connection)
            self.direction = "downgrade" if step.is_downgrade else "upgrade"
            if self.guard is not None:
                self.guard.begins(begun.revision, self.direction, step)
            self.running = begun
            self.report(Event("step", announcement(step), self.target.label))
            started = time.perf_counter()
            if self.guard is None:
                run(**given)
            else:
                with self._escapes_looked_for(step, context.connection):
                    run(**given)
                self.guard.came_through()
                self._left -= 1
                if self._is_literal and not self._left and context.connection is not None:
                    hand_on(context.connection)
            self.running = replace(begun, seconds=time.perf_counter() - started)

        @functools.wraps(step.migration_fn)
        def watched(**given: Any) -> None:
            self.ending = None
            try:
                work(**given)
            except (KeyboardInterrupt, Terminated, LockError) as error:
                self.ending = error
                raise

        step.migration_fn = watched
        return step

    def _escapes_looked_for(
        self, step: RevisionStep | StampStep, connection: Connection | None
    ) -> AbstractContextManager[None]:
        """Look for the end of a revision's transaction, where that costs less than to read it.

        One that calls nothing but ``op`` executes nothing that is not seen. It is read once for all
        tenants, whom it saves a statement each.
        """
        assert self.guard is not None
        if self.target.tenant is not None and is_run(step) and step.is_upgrade:
            literal: dict[str, bool] = self.target.shared("literal", dict)
            path = str(step.revision.path)
            if path not in literal:
                literal[path] = is_literal_file(Path(path))
            if literal[path]:
                return nullcontext()
        self._is_literal = False
        return self.guard.escapes.looked_for(connection)

    @staticmethod
    def _id(step: RevisionStep | StampStep) -> str:
        info = step.info
        ids = info.source_revision_ids if step.is_downgrade else info.destination_revision_ids
        return ", ".join(ids) or "base"

    def explained(self, asked: str = "") -> AbstractContextManager[None]:
        """Tell what goes wrong meanwhile as one of our errors; as ``telling.explained``."""
        return explained(self, asked)
