"""What ``upgrade`` would run: where each database is, and the script that leads on from there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect

from alembic_migrate.bridge.asking import ask, lock_holder
from alembic_migrate.bridge.capturing import captured, run_offline
from alembic_migrate.bridge.environment import Request, run_environment
from alembic_migrate.bridge.journal import file_hash
from alembic_migrate.bridge.leftovers import refuse_half_applied
from alembic_migrate.bridge.noting import recording
from alembic_migrate.bridge.planning import Planning
from alembic_migrate.bridge.progress import Progress
from alembic_migrate.bridge.refusals import refuse_empty, refuse_unmanaged
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.databases.state import read_heads
from alembic_migrate.errors import MigrationError
from alembic_migrate.events import Event
from alembic_migrate.plans import Plan, PlannedRevision, PlannedStatement, sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine import Connection

    from alembic_migrate.bridge.environment import Environment
    from alembic_migrate.bridge.recording import Recorder
    from alembic_migrate.events import Report
    from alembic_migrate.findings import LintFinding
    from alembic_migrate.lint.operations import Captured
    from alembic_migrate.targets import Target

    Judge = Callable[[Captured], tuple[LintFinding, ...]]

# Alembic's remark before each revision.
_RUNNING = "-- Running "


def preview(
    target: Target, revision: str, *, tag: str | None, judge: Judge | None, report: Report
) -> tuple[Plan, ...]:
    """Return what ``upgrade`` would run, one plan a database; nothing is changed.

    Args:
        target: the base.
        revision: as ``upgrade`` takes it.
        tag: for the environment script.
        judge: finds what is to be said about a revision; None: nothing is.
        report: is told what happens.

    Raises:
        AlembicMigrateError: what ``upgrade`` would refuse; or the database cannot be read, or the
            environment cannot be run offline. What a revision raises is part of its plan.
    """
    refuse_empty(target, revision)
    scripts = Scripts(target)
    progress = Progress(target, scripts, report)
    with progress.explained(revision):
        heads = tuple(scripts.get_heads())
        places = _Reader(target, scripts, revision, tag).read(report)
    made = []
    for number, place in enumerate(places):
        now = tuple(sorted(place.heads))
        plan = Plan(target.name, place.database, None, revision, now, now, heads)
        plan = replace(plan, tenant=target.tenant, tag=tag)
        if place.steps:
            writer = _Writer(target, scripts, plan, place)
            part = writer.write(number, len(places), report)
            there = part.revisions(judge)
            plan = replace(plan, dialect=part.dialect, after=part.after, revisions=there)
            _tell(target, plan, report)
        made.append(sealed(plan))
    return tuple(made)


def _tell(target: Target, made: Plan, report: Report) -> None:
    """Warn of revisions whose SQL is not all there."""
    for revision in made.revisions:
        for each in revision.unrendered:
            place = f"{revision.file}:{each.line}" if each.line else str(revision.file)
            report(
                Event(
                    "warning",
                    f"revision {revision.revision} cannot be rendered without a connection: "
                    f"{place}: {each.message}",
                    target.name,
                )
            )


@dataclass(frozen=True)
class _Place:
    """One database: its masked URL, its ids, whether it has a version table, what would run."""

    database: str | None
    heads: tuple[str, ...]
    has_table: bool
    steps: bool


class _Reader:
    """Looks where databases are, and refuses what ``upgrade`` would."""

    def __init__(self, target: Target, scripts: Scripts, revision: str, tag: str | None) -> None:
        self.target = target
        self.scripts = scripts
        self.revision = revision
        self.tag = tag

    def read(self, report: Report) -> list[_Place]:
        target = self.target
        if target.environment == "builtin":
            # Where somebody migrates right now, what is half done is not left so.
            if target.config["journal"] and lock_holder(target) is None:
                refuse_half_applied(target, None, self.scripts, "upgrade")
            table, schema = target.version_table, target.version_table_schema
            return [ask(target, lambda c: self._look(c, target.shown_url, table, schema))]
        found: list[_Place] = []

        def work(_heads: Any, context: MigrationContext) -> Iterable[Any]:
            connection = context.connection
            assert connection is not None
            environment: Any = context.environment_context
            url = environment.places[-1].database
            table, schema = context.version_table, context.version_table_schema
            found.append(self._look(connection, url, table, schema))
            return ()

        told = {"tag": self.tag}
        request = Request("current", work, report, reading=True, context=told, options=told)
        run_environment(target, self.scripts, request)
        return found

    def _look(
        self, connection: Connection, url: str | None, table: str, schema: str | None
    ) -> _Place:
        target = self.target
        has_table = inspect(connection).has_table(table, schema=schema)
        heads = read_heads(connection, table, schema)
        shown = f"{schema}.{table}" if schema else table
        steps = upgrades(self.scripts, self.revision).steps(heads, version_table=shown)
        if not heads:
            refuse_unmanaged(target, connection, steps)
        return _Place(url, heads, has_table, bool(steps))


def upgrades(scripts: Scripts, revision: str) -> Planning:
    """Return what finds the steps up to a revision, as it was typed."""

    def plan(heads: Any) -> list[Any]:
        return scripts._upgrade_revs(revision, heads)  # noqa: SLF001 - as Alembic's own command

    return Planning(scripts.target, scripts, "upgrade", revision, plan)


class _Writer:
    """Runs a target's environment offline, from where one of its databases is."""

    def __init__(self, target: Target, scripts: Scripts, wanted: Plan, place: _Place) -> None:
        self.target = target
        self.scripts = scripts
        self.wanted = wanted
        self.place = place

    def write(self, number: int, databases: int, report: Report) -> _Part:
        """Return the part of the script that is for one database.

        Args:
            number: which of the databases that the environment runs, counted from 0.
            databases: how many it runs.
            report: is told what happens.
        """
        target, asked, tag = self.target, self.wanted.asked, self.wanted.tag
        parts: list[_Part] = []

        def work(heads: Any, context: MigrationContext) -> Iterable[Any]:
            steps = upgrades(self.scripts, asked).steps(heads)
            part = _Part(target, recording(context))
            parts.append(part)
            return part.watched(steps, without_table=self.place.has_table)

        start = self.wanted.before
        run_offline(target, self.scripts, work, report, start=start, destination=asked, tag=tag)
        if len(parts) != databases:
            raise MigrationError(
                f"{target.prefix}{target.folder}/env.py runs {databases} databases, and "
                f"{len(parts)} for a script: there is no telling whose SQL is whose",
                hint="let it run the same ones where context.is_offline_mode() is true",
            )
        return parts[number]


class _Part:
    """The script for one database, revision by revision, while it is written.

    Args:
        target: the base.
        recorder: notes what is written.
    """

    def __init__(self, target: Target, recorder: Recorder) -> None:
        self.target = target
        self.after: tuple[str, ...] = ()
        self._recorder = recorder
        self._captured: list[Captured] = []
        self._ends: list[int] = []
        environment: Any = recorder.context.environment_context
        self._environment: Environment = environment
        # What it wrote before its revisions: a BEGIN, where one transaction holds them all.
        before = environment.output.getvalue().strip()
        environment.output.seek(0)
        environment.output.truncate()
        if before:
            recorder.script.append(PlannedStatement(before))

    @property
    def dialect(self) -> str:
        """Return SQLAlchemy's name of the dialect."""
        return self._recorder.context.dialect.name

    def watched(self, steps: list[Any], *, without_table: bool) -> Iterator[Any]:
        """Yield Alembic's steps, each of which is captured when it is run.

        Args:
            steps: what would run.
            without_table: the version table is there; Alembic takes an empty one for none.
        """
        for step in steps:
            begun = len(self._recorder.script)
            step.migration_fn = self._capturing(step, begun, without_table)
            yield step
            # Alembic has moved the version table by now, and has ended the transaction.
            self._ends.append(len(self._recorder.script))
        self.after = self._environment.after or ()

    def _capturing(self, step: Any, begun: int, without_table: bool) -> Callable[..., None]:
        run: Callable[..., None] = step.migration_fn
        written = self._recorder.script

        @wraps(run)  # Alembic asks for its name
        def capture(**_given: Any) -> None:
            if without_table:
                written[begun:] = [each for each in written[begun:] if not _makes_table(each.sql)]
            script = step.revision
            self._captured.append(captured(self.target, self._recorder, script, downgrades=False))

        return capture

    def revisions(self, judge: Judge | None) -> tuple[PlannedRevision, ...]:
        """Return what was written, once Alembic has ended."""
        # What comes after the last revision, a COMMIT, is its own.
        ends = [*self._ends[:-1], len(self._recorder.script)]
        begins = [0, *ends[:-1]]
        return tuple(
            _revision(done, self._recorder.script[begin:end], judge)
            for done, begin, end in zip(self._captured, begins, ends, strict=True)
        )


def _revision(
    done: Captured, written: Sequence[PlannedStatement], judge: Judge | None
) -> PlannedRevision:
    lacking = (*done.without_sql, *((done.unrendered,) if done.unrendered is not None else ()))
    return PlannedRevision(
        revision=done.revision,
        message=done.message,
        file=done.file,
        file_hash=file_hash(str(done.file)),
        statements=tuple(each for each in written if not each.sql.startswith(_RUNNING)),
        findings=judge(done) if judge is not None else (),
        unrendered=tuple(sorted(lacking, key=lambda each: each.line or 0)),
    )


def _makes_table(sql: str) -> bool:
    return sql.startswith("CREATE TABLE ")
