"""The steps of a run as they happen, and what is told when one fails."""

from __future__ import annotations

import functools
import re
import time
import traceback
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from alembic_migrate.databases.connecting import guarded, run_on
from alembic_migrate.databases.faults import explain, first_line, is_database_fault
from alembic_migrate.databases.state import read_heads
from alembic_migrate.discovery.modules import describe
from alembic_migrate.errors import AlembicMigrateError, MigrationError
from alembic_migrate.events import Event, Report
from alembic_migrate.results import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep

    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.targets import Target

_READS = re.compile(r"(SELECT|PRAGMA|SHOW|DESC|EXPLAIN|SAVEPOINT|SET)\b", re.IGNORECASE)
_ROWS = re.compile(r"(INSERT|UPDATE|DELETE|REPLACE|WITH)\b", re.IGNORECASE)
_LONGEST = 100  # characters of a statement that a message quotes
_NO_SCRIPT = (
    "no script can be written of a revision that asks the database; run it there without --sql, or "
    "let it ask context.is_offline_mode() first"
)


class Progress:
    """What ran so far in one run of one target.

    Attributes:
        before: ids in the version table when the run began.
        steps: the revisions that finished.
        running: the revision that runs now, or None.
        transactional: a failure takes back everything of the transaction it happened in.
        offline: a script is written and no database is asked.
    """

    def __init__(self, target: Target, scripts: Scripts, report: Report) -> None:
        self.target = target
        self.scripts = scripts
        self.report = self._noting(report)
        self.statements: list[str] = []
        self.before: tuple[str, ...] = ()
        self.steps: list[Step] = []
        self.running: str | None = None
        self.direction = "upgrade"
        self.transactional = False
        self.offline = False

    def _noting(self, report: Report) -> Report:
        """Return a ``report`` that keeps the statements of the revision that runs."""

        def note(event: Event) -> None:
            # One that a loop repeats for every row is kept once.
            if event.kind == "sql" and self.running and self.statements[-1:] != [event.message]:
                self.statements.append(event.message)
            report(event)

        return note

    def watch(
        self, steps: Iterable[RevisionStep | StampStep], context: MigrationContext
    ) -> list[RevisionStep | StampStep]:
        """Return Alembic's steps, each of which tells when it starts and when it is done."""
        self.transactional = bool(context.impl.transactional_ddl)
        self.offline = bool(context.as_sql)
        return [self._watched(step) for step in steps]

    def _watched(self, step: RevisionStep | StampStep) -> RevisionStep | StampStep:
        run: Callable[..., Any] = step.migration_fn
        identifier = self._id(step)

        @functools.wraps(run)
        def watched(**given: Any) -> None:
            self.running = identifier
            self.statements.clear()
            self.direction = "downgrade" if step.is_downgrade else "upgrade"
            self.report(Event("step", f"Running {step}", self.target.name))
            started = time.perf_counter()
            run(**given)
            seconds = time.perf_counter() - started
            self.steps.append(Step(identifier, step.doc or "", seconds))
            self.running = None

        step.migration_fn = watched
        return step

    @staticmethod
    def _id(step: RevisionStep | StampStep) -> str:
        info = step.info
        ids = info.source_revision_ids if step.is_downgrade else info.destination_revision_ids
        return ", ".join(ids) or "base"

    @contextmanager
    def explained(self, asked: str = "") -> Iterator[None]:
        """Tell what goes wrong meanwhile as one of our errors.

        Args:
            asked: the revision as it was typed.
        """
        try:
            yield
        except AlembicMigrateError:
            raise
        except Exception as error:
            if self.running is not None:
                raise self._failed(self.running, error) from error
            if isinstance(error, CommandError | RevisionError):
                with self.scripts.explained(asked):
                    raise
            url = self.target.configured_url()
            if is_database_fault(error):
                raise explain(error, url) from error
            raise MigrationError(
                f"{self.target.prefix}{describe(error)}",
                hint="--raiseerr shows the whole traceback",
            ) from error

    def _failed(self, revision: str, error: Exception) -> MigrationError:
        script = self.scripts.get_revision(revision.split(", ", maxsplit=1)[0])
        line = _line_in(error, script.path)
        place = f"{script.path}:{line}" if line else str(script.path)
        said = f"{type(error).__name__}: {first_line(error)}"
        after = None if self.offline else self._heads_now()
        facts = {
            "base": self.target.name,
            "revision": revision,
            "file": str(script.path),
            "line": line,
            "before": list(self.before),
            "after": None if after is None else list(after),
        }
        return MigrationError(
            f"{self.target.prefix}revision {revision} failed in {self.direction}(): "
            f"{place}: {said}",
            hint=_NO_SCRIPT if self.offline else self._truth(after, error),
            data=facts,
        )

    def _truth(self, after: tuple[str, ...] | None, error: Exception) -> str:
        if after is None:
            return "what the database holds now could not be read: alembic-db current tells"
        now = ", ".join(after) or "base"
        if set(after) == set(self.before):
            kept = f"nothing was applied: the database is still at {now}"
        else:
            done = ", ".join(step.revision for step in self.steps)
            kept = f"{done} ran before it and was kept: the database is now at {now}"
        # A statement that the database refused is the last one and did nothing.
        ran = self.statements[:-1] if isinstance(error, DBAPIError) else self.statements
        committed = [] if self.transactional else self._committed(ran)
        if not committed:
            return kept
        lines = "\n".join(f"  {statement}" for statement in committed)
        return (
            f"{kept}\nthis database cannot take these statements of {self.running} back; they are "
            f"committed:\n{lines}\nundo them by hand, correct the revision, and run it again"
        )

    def _committed(self, statements: Iterable[str]) -> list[str]:
        """Return the statements of a failed revision that stay, each on one line.

        MySQL commits at each DDL statement what ran before it. Python's SQLite module opens a
        transaction at the first statement that changes rows and keeps it open.
        """
        ran = [" ".join(statement.split()) for statement in statements]
        changes = [statement for statement in ran if not _READS.match(statement)]
        if self.target.url.get_backend_name() == "sqlite":
            changes = list(takewhile(lambda statement: not _ROWS.match(statement), changes))
        while changes and _ROWS.match(changes[-1]):
            changes.pop()
        return [s if len(s) <= _LONGEST else f"{s[: _LONGEST - 3]}..." for s in changes]

    def _heads_now(self) -> tuple[str, ...] | None:
        if self.target.environment != "builtin":
            return None
        target = self.target
        try:
            with guarded(timeout=float(target.config["connect_timeout"]), reading=True):
                return run_on(
                    target.url,
                    lambda c: read_heads(c, target.version_table, target.version_table_schema),
                    target.engine_factory,
                )
        except Exception:  # noqa: BLE001 - the failure that is being told matters more
            return None


def _line_in(error: BaseException, path: str) -> int | None:
    wanted = Path(path).resolve()
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).resolve() == wanted:
            return frame.lineno
    return None
