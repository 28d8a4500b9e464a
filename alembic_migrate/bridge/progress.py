"""The steps of a run as they happen, and what is told when one fails."""

from __future__ import annotations

import functools
import signal
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from alembic_migrate.bridge.journal import DONE, FAILED, HALF
from alembic_migrate.bridge.records import announcement, function_of, is_run
from alembic_migrate.bridge.sites import Sites
from alembic_migrate.bridge.truth import Position, Truth, look
from alembic_migrate.databases.executed import Statements
from alembic_migrate.databases.faults import explain, first_line, gave_way, is_database_fault
from alembic_migrate.databases.sharing import shared_line
from alembic_migrate.discovery.modules import describe, line_in
from alembic_migrate.errors import (
    AlembicMigrateError,
    ConfigError,
    Interrupted,
    LockError,
    MigrationError,
    Terminated,
)
from alembic_migrate.events import Event, Report
from alembic_migrate.history.literal import is_literal_file
from alembic_migrate.results import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep
    from sqlalchemy.engine import Connection

    from alembic_migrate.bridge.guarding import Guard
    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.targets import Target

_HURRY = 3.0  # seconds for what is asked after a signal
_NO_SCRIPT = (
    "no script can be written of a revision that asks the database; run it there without --sql, or "
    "let it ask context.is_offline_mode() first"
)


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
        self._ending: BaseException | None = None

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
        self, steps: Iterable[RevisionStep | StampStep], context: MigrationContext
    ) -> list[RevisionStep | StampStep]:
        """Return Alembic's steps, each of which tells when it starts and when it is done."""
        self.offline = bool(context.as_sql)
        return [self._watched(step, context) for step in steps]

    def _watched(
        self, step: RevisionStep | StampStep, context: MigrationContext
    ) -> RevisionStep | StampStep:
        run = function_of(step, context.connection, self.target, self.report)
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
            self.running = replace(begun, seconds=time.perf_counter() - started)

        @functools.wraps(step.migration_fn)
        def watched(**given: Any) -> None:
            self._ending = None
            try:
                work(**given)
            except (KeyboardInterrupt, Terminated, LockError) as error:
                self._ending = error
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
        return self.guard.escapes.looked_for(connection)

    @staticmethod
    def _id(step: RevisionStep | StampStep) -> str:
        info = step.info
        ids = info.source_revision_ids if step.is_downgrade else info.destination_revision_ids
        return ", ".join(ids) or "base"

    @contextmanager
    def _as_it_began(self) -> Iterator[None]:
        """Let what ended a revision be told, and not that it could not be rolled back then."""
        try:
            yield
        except Exception as error:
            if self._ending is None:
                raise
            raise self._ending from error

    @contextmanager
    def explained(self, asked: str = "") -> Iterator[None]:
        """Tell what goes wrong meanwhile as one of our errors.

        Args:
            asked: the revision as it was typed.
        """
        try:
            with self._as_it_began():
                yield
        except AlembicMigrateError as error:
            if error.data.get("lost") and "after" not in error.data:
                truth = self._look()
                error.hint = f"{truth.told()}\nrun the command again"
                error.data |= truth.as_data()
            # One of ours may arise inside a revision too: a check of foreign keys.
            told = (
                isinstance(error, LockError | ConfigError | Interrupted) or "revision" in error.data
            )
            if self.running is None or told:
                raise
            raise self._failed(self.running.revision, error) from error
        except Exception as error:
            if self.running is not None:
                raise self._failed(self.running.revision, error) from error
            if isinstance(error, CommandError | RevisionError):
                with self.scripts.explained(asked):
                    raise
            url = self.target.configured_url()
            if is_database_fault(error):
                raise explain(error, url, self.target.how_to_make) from error
            raise MigrationError(
                f"{self.target.prefix}{describe(error)}",
                hint="--raiseerr shows the whole traceback",
            ) from error
        except (KeyboardInterrupt, Terminated) as asked_to_end:
            raise self._interrupted(asked_to_end) from asked_to_end

    def _failed(self, revision: str, error: Exception) -> MigrationError:
        script = self.scripts.get_revision(revision.split(", ", maxsplit=1)[0])
        line = line_in(error, script.path) or shared_line(error)
        place = f"{script.path}:{line}" if line else str(script.path)
        said = f"{type(error).__name__}: {first_line(error)}"
        if self.guard is not None and self.guard.refusal is not None:
            said = self.guard.refusal
        if isinstance(error, AlembicMigrateError):
            said = error.message
        facts: dict[str, Any] = {
            "base": self.target.name,
            "revision": revision,
            "file": str(script.path),
            "line": line,
            **gave_way(error),
        }
        hint = _NO_SCRIPT
        if not self.offline:
            truth = self._look(lost=self._lost_midway(error))
            hint, facts = self._told(truth), facts | truth.as_data()
            blocked = self.guard.session.blocked_by if self.guard is not None else None
            if facts["lock_timeout"] and blocked:
                facts["blocked_by"] = blocked
                hint += f"\nit was kept waiting by {blocked}"
            self._note_end(truth)
        return MigrationError(
            f"{self.target.prefix}revision {revision} failed in {self.direction}(): "
            f"{place}: {said}",
            hint=hint,
            data=facts,
        )

    def _interrupted(self, error: BaseException) -> Interrupted:
        number = signal.SIGTERM if isinstance(error, Terminated) else signal.SIGINT
        verb = "terminated" if isinstance(error, Terminated) else "interrupted"
        if self.offline or (self.running is None and not self.steps):
            return Interrupted(f"{self.target.prefix}{verb}", number, hint="nothing changed")
        ended = self.guard is not None and self.guard.session.end()
        lost = None if ended else self.statements.unknown
        truth = self._look(lost=lost, seconds=_HURRY)
        self._note_end(truth)
        at = f" while revision {self.running.revision} ran" if self.running else ""
        return Interrupted(
            f"{self.target.prefix}{verb}{at}", number, hint=self._told(truth), data=truth.as_data()
        )

    def _told(self, truth: Truth) -> str:
        """Return what a failure left, and the way out where the journal keeps it in mind."""
        noted = self.guard is not None and self.guard.journal is not None
        if not (noted and truth.is_half and self.running):
            return truth.told()
        resolve = f"alembic-db resolve{self.target.flag} {self.running.revision}"
        return (
            f"{truth.told()}\nupgrade refuses to go on until you say that it is mended: "
            f"{resolve} --not-applied, or --applied where you completed it"
        )

    def _note_end(self, truth: Truth) -> None:
        if self.running is not None and self.guard is not None:
            with suppress(Exception):  # what failed matters more than its row
                self.guard.ended(HALF if truth.is_half else FAILED)

    def _lost_midway(self, error: BaseException) -> str | None:
        """Return the statement that may be finished although the connection was cut under it."""
        lost = self.statements.unknown
        if lost is None or not (isinstance(error, DBAPIError) and error.connection_invalidated):
            return None
        if self.guard is not None:
            self.guard.session.end()
        return lost

    def _look(self, *, lost: str | None = None, seconds: float | None = None) -> Truth:
        done = tuple(step.revision for step in self.steps)
        left = (tuple(self.statements.kept), tuple(self.statements.perhaps), lost)
        sites = self.sites.all(self.before)
        if not sites:
            return Truth(Position(self.before, None, known=False), done, *left)
        *others, (position, new) = [
            look(site, (), seconds) if self.guard is None else self.guard.look_at(site, seconds)
            for site in sites
        ]
        with suppress(Exception):  # the version table may name anything
            done = self._still_done(done, position.after)
        return Truth(position, done, *left, new, tuple(other for other, _ in others))

    def _still_done(self, done: tuple[str, ...], after: tuple[str, ...] | None) -> tuple[str, ...]:
        """Return the finished revisions without those that one transaction for all took back."""
        if after is None:
            return done
        applied = self.scripts.applied(after)
        up = self.direction == "upgrade"
        return tuple(each for each in done if (each in applied) == up)
